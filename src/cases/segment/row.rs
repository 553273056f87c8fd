//! The terms of a case, as they are written and read.
//!
//! A query reads the rows of thirty cases, hundreds of terms each, and is interested in one term of ten. So terms and
//! counts lie apart: a block of terms is read without a branch that depends on them (steps of one to four bytes, four to
//! a byte of lengths, after Lemire, Kurz and Rupp, "`Stream VByte`", 2018), and only what the query has is looked up.
//!
//! ```text
//! terms, bytes of the unusual counts      numbers
//! half a byte per term                    place in USUAL; UNUSUAL for counts written out
//! two bits per term                       bytes of the step to it, less one
//! per unusual term                        step to its place (number), mask of the fields, their counts
//! steps between terms                     low byte first
//! ```
//! Reading never trusts the bytes: what does not fit ends the row.

use super::code::{read_number, write_number};
use super::{CaseTerm, FieldCounts};

/// Counts that nearly all terms have.
pub(super) const USUAL: [FieldCounts; 15] = [
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [0, 2, 0, 0],
    [0, 1, 1, 0],
    [0, 0, 2, 0],
    [0, 0, 0, 1],
    [0, 1, 0, 1],
    [1, 2, 0, 0],
    [1, 1, 0, 1],
    [1, 0, 0, 1],
    [1, 0, 1, 0],
    [0, 3, 0, 0],
    [0, 1, 2, 0],
];
const UNUSUAL: u8 = USUAL.len() as u8;

/// Terms read at once.
const BLOCK: usize = 64;
/// Terms to a byte of lengths.
const GROUP: usize = 4;

const FACTOR: u32 = 0xCD61_3E31;

/// Finds usual counts: by the upper bits of a product, chosen so that each has a place of its own.
const CODES: [(u32, u8); 32] = {
    let mut out = [(0, UNUSUAL); 32];
    let mut code = 0;
    while code < USUAL.len() {
        let place = place_of(u32::from_le_bytes(USUAL[code]));
        assert!(out[place].1 == UNUSUAL);
        out[place] = (u32::from_le_bytes(USUAL[code]), code as u8);
        code += 1;
    }
    out
};

const fn place_of(counts: u32) -> usize {
    (counts.wrapping_mul(FACTOR) >> 27) as usize
}

/// The place of counts in [`USUAL`], or [`UNUSUAL`].
#[inline]
pub(super) fn code_of(counts: FieldCounts) -> u8 {
    let counts = u32::from_le_bytes(counts);
    let (known, code) = CODES[place_of(counts)];
    if known == counts { code } else { UNUSUAL }
}

/// Writes rows; kept between them to save allocations.
#[derive(Default)]
pub(crate) struct RowWriter {
    codes: Vec<u8>,
    lengths: Vec<u8>,
    unusual: Vec<u8>,
    steps: Vec<u8>,
}

impl RowWriter {
    /// Writes the terms of a case, in growing order.
    pub(crate) fn write(&mut self, row: &[CaseTerm], out: &mut Vec<u8>) {
        let Self { codes, lengths, unusual, steps } = self;
        codes.clear();
        lengths.clear();
        unusual.clear();
        // Every step is written as four bytes, and the next over those that it leaves.
        steps.resize(steps.len().max(4 * row.len()), 0);
        let (mut next_term, mut next_unusual, mut end) = (0, 0, 0);
        for (group, terms) in row.chunks(GROUP).enumerate() {
            let (mut group_codes, mut group_lengths) = (0u16, 0u8);
            for (i, t) in terms.iter().enumerate() {
                let code = code_of(t.counts);
                group_codes |= u16::from(code) << (4 * i);
                if code == UNUSUAL {
                    let at = GROUP * group + i;
                    write_number((at - next_unusual) as u32, unusual);
                    next_unusual = at + 1;
                    unusual.push(t.counts.iter().enumerate().fold(0, |mask, (f, &c)| mask | u8::from(c > 0) << f));
                    unusual.extend(t.counts.iter().filter(|&&c| c > 0));
                }
                let step = t.term - next_term;
                next_term = t.term + 1;
                let bytes = (step | 1).ilog2() / 8;
                group_lengths |= (bytes as u8) << (2 * i);
                steps[end..end + 4].copy_from_slice(&step.to_le_bytes());
                end += bytes as usize + 1;
            }
            codes.extend(group_codes.to_le_bytes());
            lengths.push(group_lengths);
        }
        write_number(row.len() as u32, out);
        write_number(unusual.len() as u32, out);
        for part in [&codes[..row.len().div_ceil(2)], lengths, unusual, &steps[..end]] {
            out.extend_from_slice(part);
        }
    }
}

/// For every byte of lengths: at which bit each of its steps begins, and how many bytes they take.
const PLACES: [([u8; GROUP], u8); 256] = {
    let mut out = [([0; GROUP], 0); 256];
    let mut lengths = 0;
    while lengths < 256 {
        let (mut byte, mut i) = (0, 0);
        while i < GROUP {
            out[lengths].0[i] = byte * 8;
            byte += (lengths >> (2 * i) & 3) as u8 + 1;
            i += 1;
        }
        out[lengths].1 = byte;
        lengths += 1;
    }
    out
};

/// What a step of so many bytes, less one, keeps of four.
const KEPT: [u32; 4] = [0xff, 0xffff, 0x00ff_ffff, u32::MAX];

/// The terms of a case, read as they are asked for.
#[derive(Debug)]
pub(crate) struct RowReader<'s> {
    codes: &'s [u8],
    lengths: &'s [u8],
    unusual: &'s [u8],
    steps: &'s [u8],
    /// The place of the next unusual term.
    next_unusual: usize,
    /// Terms not yet read.
    left: usize,
    next_term: u32,
    /// One more than the largest term there is.
    end: u32,
    /// The terms last read, and the place of the first of them.
    block: [u32; BLOCK],
    block_len: usize,
    block_start: usize,
}

impl<'s> RowReader<'s> {
    /// Over a written row whose terms lie below `end`; empty where the bytes are none.
    pub(crate) fn new(bytes: &'s [u8], end: u32) -> Self {
        let (left, [codes, lengths, unusual, steps]) = parts(bytes).unwrap_or_default();
        let mut out = Self {
            codes,
            lengths,
            unusual,
            steps,
            next_unusual: 0,
            left,
            next_term: 0,
            end,
            block: [0; BLOCK],
            block_len: 0,
            block_start: 0,
        };
        out.find_unusual(0);
        out
    }

    /// Gives the terms that are `wanted`, in growing order. Answered without branching, `wanted` costs next to nothing.
    #[inline]
    pub(crate) fn each(mut self, wanted: impl Fn(u32) -> bool, mut visit: impl FnMut(CaseTerm)) {
        while self.fill() {
            let terms = &self.block[..self.block_len];
            let mut found = (0u32..).zip(terms).fold(0u64, |found, (at, &t)| found | u64::from(wanted(t)) << at);
            while found != 0 {
                let at = found.trailing_zeros() as usize;
                found &= found - 1;
                visit(CaseTerm { term: self.block[at % BLOCK], counts: self.counts(self.block_start + at) });
            }
        }
    }

    /// Reads the next block; false at the end.
    fn fill(&mut self) -> bool {
        self.block_start += self.block_len;
        let count = self.left.min(BLOCK);
        let mut next = self.next_term;
        for group in self.block.as_chunks_mut::<GROUP>().0.iter_mut().take(count.div_ceil(GROUP)) {
            let Some((&lengths, rest)) = self.lengths.split_first() else { break };
            self.lengths = rest;
            let steps = match self.steps.first_chunk::<16>() {
                Some(steps) => u128::from_le_bytes(*steps),
                None => last_steps(self.steps),
            };
            let (places, bytes) = PLACES[usize::from(lengths)];
            self.steps = self.steps.get(usize::from(bytes)..).unwrap_or_default();
            // Each term one more than what the steps up to it sum to: so only one sum waits for the group before.
            let [a, b, c, d]: [u64; GROUP] = std::array::from_fn(|i| {
                1 + u64::from((steps >> places[i]) as u32 & KEPT[usize::from(lengths >> (2 * i) & 3)])
            });
            let ends = [a, a + b, a + b + c, (a + b) + (c + d)];
            for (term, end) in group.iter_mut().zip(ends) {
                *term = (u64::from(next) + end - 1).min(u32::MAX.into()) as u32;
            }
            next = (u64::from(next) + ends[GROUP - 1]).min(u32::MAX.into()) as u32;
        }
        self.next_term = next;
        self.left -= count;
        let terms = &self.block[..count];
        // Terms grow, so only the last may be too large.
        self.block_len = if terms.last().is_some_and(|&t| t >= self.end) {
            self.left = 0;
            terms.partition_point(|&t| t < self.end)
        } else {
            count
        };
        self.block_len > 0
    }

    /// The counts of the term at a place; places are asked for in growing order.
    #[inline]
    fn counts(&mut self, place: usize) -> FieldCounts {
        let code = self.codes.get(place / 2).map_or(0, |c| c >> (place % 2 * 4) & 0xf);
        match USUAL.get(usize::from(code)) {
            Some(&usual) => usual,
            None => self.written_out(place).unwrap_or_default(),
        }
    }

    /// The counts of an unusual term.
    fn written_out(&mut self, place: usize) -> Option<FieldCounts> {
        loop {
            let here = self.next_unusual;
            let (&fields, rest) = self.unusual.split_first()?;
            self.unusual = rest;
            let mut counts = [0; 4];
            for (f, count) in counts.iter_mut().enumerate() {
                if fields >> f & 1 == 1 {
                    let (&c, rest) = self.unusual.split_first()?;
                    self.unusual = rest;
                    *count = c;
                }
            }
            self.find_unusual(here + 1);
            if here >= place {
                return (here == place).then_some(counts);
            }
        }
    }

    /// Reads the place of the next unusual term, counted from `from`.
    fn find_unusual(&mut self, from: usize) {
        self.next_unusual = read_number(&mut self.unusual).map_or(usize::MAX / 2, |step| from + step as usize);
    }
}

/// The last steps of a row, where fewer than 16 bytes are left.
#[cold]
fn last_steps(steps: &[u8]) -> u128 {
    let mut last = [0; 16];
    for (to, &from) in last.iter_mut().zip(steps) {
        *to = from;
    }
    u128::from_le_bytes(last)
}

/// How many terms a row has, and its parts.
fn parts(mut bytes: &[u8]) -> Option<(usize, [&[u8]; 4])> {
    let terms = read_number(&mut bytes)? as usize;
    let unusual = read_number(&mut bytes)? as usize;
    let (codes, bytes) = bytes.split_at_checked(terms.div_ceil(2))?;
    let (lengths, bytes) = bytes.split_at_checked(terms.div_ceil(GROUP))?;
    let (unusual, steps) = bytes.split_at_checked(unusual)?;
    Some((terms, [codes, lengths, unusual, steps]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back(terms in prop::collection::btree_map(prop_oneof![0u32..400, 0..u32::MAX], prop_oneof![Just([0, 1, 0, 0]), any::<[u8; 4]>()], 0..300), wanted in 1u32..5) {
            let row: Vec<CaseTerm> = terms.into_iter().map(|(term, counts)| CaseTerm { term, counts }).collect();
            let mut out = Vec::new();
            RowWriter::default().write(&row, &mut out);
            let mut some = Vec::new();
            RowReader::new(&out, u32::MAX).each(|t| t % wanted == 0, |t| some.push(t));
            prop_assert_eq!(some, row.into_iter().filter(|t| t.term % wanted == 0).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(prop_oneof![0u8..9, any::<u8>()], 0..200)) {
            let mut last = None;
            // A forged row gives growing terms all the same.
            RowReader::new(&bytes, 5000).each(|_| true, |t| {
                assert!(t.term < 5000 && last.is_none_or(|l| l < t.term));
                last = Some(t.term);
            });
        }
    }
}
