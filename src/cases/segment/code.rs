//! How rows and lists are written: variable-length numbers, terms of a case, cases of a term.
//!
//! Reading never trusts the bytes: what does not fit ends the row or the list. A general-purpose compressor was
//! rejected: a query reads a few kilobytes out of hundreds of megabytes, from the middle.

use super::{CaseTerm, FieldCounts};

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

/// Counts that most terms have, by their code; the last code is followed by the counts.
const USUAL: [FieldCounts; 7] =
    [[0, 0, 1, 0], [0, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]];
const UNUSUAL: u32 = USUAL.len() as u32;
/// Bits of the code.
const CODE: u32 = 3;
/// Steps between terms that do not fit beside the code are split off into a number of their own.
const LARGE: u32 = (1 << (32 - CODE)) - 1;

/// Writes the terms of a case, in growing order.
pub(crate) fn write_row(row: &[CaseTerm], out: &mut Vec<u8>) {
    let mut next = 0;
    for t in row {
        let step = t.term - next;
        next = t.term + 1;
        let code = USUAL.iter().position(|u| *u == t.counts).map_or(UNUSUAL, |at| at as u32);
        if step < LARGE {
            write_number(step << CODE | code, out);
        } else {
            write_number(LARGE << CODE | code, out);
            write_number(step - LARGE, out);
        }
        if code == UNUSUAL {
            let fields = t.counts.iter().enumerate().fold(0u8, |mask, (f, &c)| mask | u8::from(c > 0) << f);
            out.push(fields);
            out.extend(t.counts.iter().filter(|&&c| c > 0));
        }
    }
}

/// The terms of a case, read as they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct RowReader<'s> {
    bytes: &'s [u8],
    next: u32,
    /// One more than the largest term there is.
    end: u32,
}

impl<'s> RowReader<'s> {
    /// Over a written row whose terms lie below `end`.
    pub(crate) fn new(bytes: &'s [u8], end: u32) -> Self {
        Self { bytes, next: 0, end }
    }

    #[inline(never)]
    fn unusual(&mut self) -> Option<FieldCounts> {
        let (&fields, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        let mut counts = [0; 4];
        for (f, count) in counts.iter_mut().enumerate() {
            if fields >> f & 1 == 1 {
                let (&c, rest) = self.bytes.split_first()?;
                self.bytes = rest;
                *count = c;
            }
        }
        Some(counts)
    }
}

impl Iterator for RowReader<'_> {
    type Item = CaseTerm;

    #[inline]
    fn next(&mut self) -> Option<CaseTerm> {
        let coded = read_number(&mut self.bytes)?;
        let mut step = coded >> CODE;
        if step == LARGE {
            step = step.checked_add(read_number(&mut self.bytes)?)?;
        }
        let term = self.next.checked_add(step)?;
        if term >= self.end {
            self.bytes = &[];
            return None;
        }
        self.next = term + 1;
        let counts = match USUAL.get((coded & ((1 << CODE) - 1)) as usize) {
            Some(&usual) => usual,
            None => self.unusual()?,
        };
        Some(CaseTerm { term, counts })
    }
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
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn numbers_come_back(n in any::<u32>()) {
            let mut out = Vec::new();
            write_number(n, &mut out);
            prop_assert_eq!(read_number(&mut out.as_slice()), Some(n));
        }

        #[test]
        fn rows_come_back(terms in prop::collection::btree_map(prop_oneof![0u32..400, 0..u32::MAX], prop_oneof![Just([0, 1, 0, 0]), any::<[u8; 4]>()], 0..40)) {
            let row: Vec<CaseTerm> = terms.into_iter().filter(|t| t.1 != [0; 4]).map(|(term, counts)| CaseTerm { term, counts }).collect();
            let mut out = Vec::new();
            write_row(&row, &mut out);
            prop_assert_eq!(RowReader::new(&out, u32::MAX).collect::<Vec<_>>(), row);
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
            let row: Vec<CaseTerm> = RowReader::new(&bytes, 5000).collect();
            let distinct: BTreeSet<u32> = row.iter().map(|t| t.term).collect();
            prop_assert!(distinct.len() == row.len() && row.iter().all(|t| t.term < 5000));
            if let Some(list) = List::new(&bytes, cases) {
                let mut sums = vec![0; cases.next_multiple_of(CHUNK)];
                list.add(7, &mut sums);
                list.read();
            }
        }
    }
}
