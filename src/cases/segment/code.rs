//! How numbers and the cases of a term are written.
//!
//! Reading never trusts the bytes: what does not fit ends the list. A general-purpose compressor was rejected: a query
//! reads a few kilobytes out of hundreds of megabytes, from the middle.

/// Writes seven bits a byte, the lowest first.
pub(crate) fn write_number(mut n: u32, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads what [`write_number`] wrote; nothing where the bytes end or the number is too large.
#[inline]
pub(crate) fn read_number(bytes: &mut &[u8]) -> Option<u32> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    if first < 0x80 {
        return Some(u32::from(first));
    }
    let mut n = u32::from(first & 0x7f);
    for shift in [7, 14, 21, 28] {
        let (&b, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift == 28 && b > 0x0f {
            return None;
        }
        n |= u32::from(b & 0x7f) << shift;
        if b < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Cases that one part of a dense list covers.
pub(crate) const CHUNK: usize = 256;

/// A list whose term is in more than one of so many cases is written in parts.
const DENSE: usize = 96;

/// Writes the cases of a term, in growing order, with their impacts; `cases` is how many there are in all.
pub(crate) fn write_list(list: &[(u32, u8)], cases: usize, out: &mut Vec<u8>) {
    write_number(list.len() as u32, out);
    out.push(list.iter().map(|l| l.1).max().unwrap_or(0));
    if !is_dense(list.len(), cases) {
        let mut next = 0;
        for &(case, impact) in list {
            write_number(case - next, out);
            out.push(impact);
            next = case + 1;
        }
        return;
    }
    let mut next = 0;
    for part in list.chunk_by(|a, b| a.0 as usize / CHUNK == b.0 as usize / CHUNK) {
        let chunk = part[0].0 / CHUNK as u32;
        write_number(chunk - next, out);
        next = chunk + 1;
        out.push((part.len() - 1) as u8);
        out.extend(part.iter().map(|p| p.0 as u8));
        out.extend(part.iter().map(|p| p.1));
    }
}

fn is_dense(df: usize, cases: usize) -> bool {
    df > cases / DENSE
}

/// The cases of a term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'s> {
    /// How many there are.
    pub(crate) df: u32,
    /// The largest impact.
    pub(crate) most: u8,
    dense: bool,
    bytes: &'s [u8],
}

impl<'s> List<'s> {
    /// An empty one.
    pub(crate) const NONE: List<'static> = List { df: 0, most: 0, dense: false, bytes: &[] };

    /// Reads the head of a written list, of an index of so many cases.
    #[inline]
    pub(crate) fn new(mut bytes: &'s [u8], cases: usize) -> Option<Self> {
        let df = read_number(&mut bytes)?;
        let (&most, bytes) = bytes.split_first()?;
        (df as usize <= cases).then(|| Self { df, most, dense: is_dense(df as usize, cases), bytes })
    }

    /// Adds the impact of every case, `weight` times, to its place in `sums`, whose length is a multiple of [`CHUNK`].
    /// False where the list does not fit.
    #[inline]
    pub(crate) fn add(&self, weight: u32, sums: &mut [u32]) -> bool {
        if self.dense { self.add_dense(weight, sums).is_some() } else { self.add_sparse(weight, sums).is_some() }
    }

    fn add_sparse(&self, weight: u32, sums: &mut [u32]) -> Option<()> {
        let mut bytes = self.bytes;
        let mut next = 0usize;
        for _ in 0..self.df {
            let case = next + read_number(&mut bytes)? as usize;
            let (&impact, rest) = bytes.split_first()?;
            bytes = rest;
            let sum = sums.get_mut(case)?;
            *sum = sum.wrapping_add(weight * u32::from(impact));
            next = case + 1;
        }
        Some(())
    }

    fn add_dense(&self, weight: u32, sums: &mut [u32]) -> Option<()> {
        let (chunks, _) = sums.as_chunks_mut::<CHUNK>();
        let mut bytes = self.bytes;
        let mut left = self.df as usize;
        let mut next = 0usize;
        while left > 0 {
            let chunk = next + read_number(&mut bytes)? as usize;
            let (&len, rest) = bytes.split_first()?;
            let len = usize::from(len) + 1;
            let (cases, rest) = rest.split_at_checked(len)?;
            let (impacts, rest) = rest.split_at_checked(len)?;
            bytes = rest;
            let sums = chunks.get_mut(chunk)?;
            for (&case, &impact) in cases.iter().zip(impacts) {
                let sum = &mut sums[usize::from(case)];
                *sum = sum.wrapping_add(weight * u32::from(impact));
            }
            left = left.checked_sub(len)?;
            next = chunk + 1;
        }
        Some(())
    }

    /// All cases with their impacts, where the list fits.
    pub(crate) fn read(&self) -> Option<Vec<(u32, u8)>> {
        let mut out = Vec::with_capacity(self.df as usize);
        let mut bytes = self.bytes;
        let mut next = 0u32;
        while out.len() < self.df as usize {
            let at = next.checked_add(read_number(&mut bytes)?)?;
            next = at.checked_add(1)?;
            let (&first, rest) = bytes.split_first()?;
            bytes = rest;
            if !self.dense {
                out.push((at, first));
                continue;
            }
            let len = usize::from(first) + 1;
            let (cases, rest) = bytes.split_at_checked(len)?;
            let (impacts, rest) = rest.split_at_checked(len)?;
            bytes = rest;
            let start = at.checked_mul(CHUNK as u32)?;
            out.extend(cases.iter().zip(impacts).map(|(&c, &i)| (start + u32::from(c), i)));
        }
        (bytes.is_empty() && out.len() == self.df as usize).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn numbers_come_back(n in any::<u32>()) {
            let mut out = Vec::new();
            write_number(n, &mut out);
            prop_assert_eq!(read_number(&mut out.as_slice()), Some(n));
        }

        #[test]
        fn lists_come_back(cases in prop::collection::btree_set(0u32..2000, 0..400), total in 2000usize..40_000) {
            let list: Vec<(u32, u8)> = cases.into_iter().map(|c| (c, (c * 7 % 255) as u8 + 1)).collect();
            let mut out = Vec::new();
            write_list(&list, total, &mut out);
            let read = List::new(&out, total).unwrap();
            prop_assert_eq!(read.read().unwrap(), &list[..]);
            let mut sums = vec![0; 2048];
            prop_assert!(read.add(3, &mut sums));
            let expected: BTreeMap<u32, u32> = list.iter().map(|l| (l.0, 3 * u32::from(l.1))).collect();
            let got: BTreeMap<u32, u32> = (0..).zip(sums).filter(|s| s.1 > 0).collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200), cases in 1usize..2000) {
            if let Some(list) = List::new(&bytes, cases) {
                let mut sums = vec![0; cases.next_multiple_of(CHUNK)];
                list.add(7, &mut sums);
                list.read();
            }
        }
    }
}
