//! Counts of terms in the fields of a record.

/// A count for each of up to four fields; 255 stands for more.
pub(crate) type FieldCounts = [u8; 4];

/// Counts terms field by field and gives them term by term.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// By term; zero outside `terms`.
    counts: Vec<FieldCounts>,
    /// Terms in the order they were met, and room behind them.
    terms: Vec<u32>,
    len: usize,
}

impl Counter {
    /// Makes room for terms below `end`.
    pub(crate) fn reserve(&mut self, end: usize) {
        if self.counts.len() < end {
            self.counts.resize(end, [0; 4]);
        }
    }

    /// Counts a term, for which there is room, so many more times.
    #[inline]
    pub(crate) fn add(&mut self, term: u32, field: usize, times: u8) {
        self.add_all(&[term], field, times);
    }

    /// Counts terms, for which there is room, so many more times each. Which of them are new cannot be foreseen, so that is
    /// decided without a branch.
    #[inline]
    pub(crate) fn add_all(&mut self, terms: &[u32], field: usize, times: u8) {
        if self.terms.len() < self.len + terms.len() {
            self.terms.resize(2 * (self.len + terms.len()), 0);
        }
        for &term in terms {
            let counts = &mut self.counts[term as usize];
            self.terms[self.len] = term;
            self.len += usize::from(*counts == [0; 4]);
            counts[field] = counts[field].saturating_add(times);
        }
    }

    /// Gives every counted term and forgets it.
    #[inline]
    pub(crate) fn drain(&mut self, mut each: impl FnMut(u32, FieldCounts)) {
        for &term in &self.terms[..self.len] {
            each(term, std::mem::take(&mut self.counts[term as usize]));
        }
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_term_is_given_once_with_its_counts(records in prop::collection::vec(prop::collection::vec((0u32..40, 0usize..4, 1u8..200), 0..100), 1..4)) {
            let mut counter = Counter::default();
            counter.reserve(40);
            for record in records {
                let mut expected: BTreeMap<u32, [u32; 4]> = BTreeMap::new();
                for (term, field, times) in record {
                    counter.add(term, field, times);
                    expected.entry(term).or_default()[field] += u32::from(times);
                }
                let mut got = Vec::new();
                counter.drain(|term, counts| got.push((term, counts.map(u32::from))));
                got.sort_unstable();
                let expected: Vec<_> = expected.into_iter().map(|(t, counts)| (t, counts.map(|c| c.min(255)))).collect();
                prop_assert_eq!(got, expected);
            }
        }
    }
}
