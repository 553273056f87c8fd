//! From the terms of each case to the cases of each term.

use super::CaseTerm;
use super::code::write_list;
use super::layout::put_len;
use super::row::{USUAL, code_of};
use crate::cases::bm25::{ALL_FIELDS, FieldWeights};

/// Cases gathered at once: as many as the processor's cache holds, since they are met term by term in no order.
const GATHERED: usize = 1 << 22;

/// Rows whose next term is read at once: each waits for memory, and so they wait together.
const TOGETHER: usize = 64;

/// The rest of the row of a case.
pub(super) struct Rest<'r> {
    row: &'r [CaseTerm],
    weights: FieldWeights,
    /// By the code of the usual counts.
    impacts: [u8; USUAL.len()],
}

impl<'r> Rest<'r> {
    /// A whole row, in growing order.
    pub(super) fn new(row: &'r [CaseTerm], weights: FieldWeights) -> Self {
        Self { row, weights, impacts: USUAL.map(|counts| weights.impact(counts, ALL_FIELDS)) }
    }

    #[inline]
    fn has_below(&self, end: u32) -> bool {
        self.row.first().is_some_and(|t| t.term < end)
    }

    /// Takes the terms below `end` with their impacts.
    #[inline]
    fn take(&mut self, end: u32, mut each: impl FnMut(u32, u8)) {
        let mut taken = 0;
        for t in self.row.iter().take_while(|t| t.term < end) {
            let usual = self.impacts.get(usize::from(code_of(t.counts))).copied();
            each(t.term, usual.unwrap_or_else(|| self.weights.impact(t.counts, ALL_FIELDS)));
            taken += 1;
        }
        self.row = &self.row[taken..];
    }
}

/// Writes the list of every term, and at `starts` where each begins and the last ends. `df` tells how many cases have it.
pub(super) fn write_lists(mut cases: Vec<Rest<'_>>, df: &[u32], starts: usize, out: &mut Vec<u8>) {
    let from = out.len();
    let (mut next, mut postings) = (Vec::new(), Vec::new());
    let mut first = 0;
    while first < df.len() {
        next.clear();
        let mut sum = 0;
        for &df in &df[first..] {
            if sum > 0 && sum + df as usize > GATHERED {
                break;
            }
            next.push(sum as u32);
            sum += df as usize;
        }
        postings.resize(sum, (0u32, 0u8));
        let end = first + next.len();
        for (part, cases) in cases.chunks_mut(TOGETHER).enumerate() {
            let mut some =
                cases.iter().rev().fold(0u64, |some, case| some << 1 | u64::from(case.has_below(end as u32)));
            while some != 0 {
                let at = some.trailing_zeros() as usize;
                some &= some - 1;
                cases[at].take(end as u32, |term, impact| {
                    let place = &mut next[term as usize - first];
                    postings[*place as usize] = ((part * TOGETHER + at) as u32, impact);
                    *place += 1;
                });
            }
        }
        let mut start = 0;
        for (term, &end) in (first..).zip(&next) {
            put_len(out, starts + 8 * term, from);
            write_list(&postings[start..end as usize], cases.len(), out);
            start = end as usize;
        }
        first = end;
    }
    put_len(out, starts + 8 * df.len(), from);
}
