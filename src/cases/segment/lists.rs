//! From the terms of each case to the cases of each term.

use super::CaseTerm;
use super::code::write_list;
use super::layout::put_len;
use super::row::{USUAL, code_of};
use crate::cases::bm25::{ALL_FIELDS, FieldWeights};

/// Cases gathered at once: as many as the processor's cache holds, since they are met term by term in no order.
const GATHERED: usize = 1 << 20;

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
            next.push(sum);
            sum += df as usize;
        }
        postings.resize(sum, (0u32, 0u8));
        let end = first + next.len();
        for (number, case) in (0u32..).zip(&mut cases) {
            case.take(end as u32, |term, impact| {
                let at = &mut next[term as usize - first];
                postings[*at] = (number, impact);
                *at += 1;
            });
        }
        let mut start = 0;
        for (term, &end) in (first..).zip(&next) {
            put_len(out, starts + 8 * term, from);
            write_list(&postings[start..end], cases.len(), out);
            start = end;
        }
        first = end;
    }
    put_len(out, starts + 8 * df.len(), from);
}
