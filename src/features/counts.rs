//! Counts of terms in the fields of a record.

/// A count for each of up to four fields.
pub(crate) type FieldCounts = [u8; 4];

/// Counts terms field by field and gives them term by term.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// By term; zero outside `terms`. One number would hold a field each, if it were sure not to overflow.
    counts: Vec<[u16; 4]>,
    /// Terms in the order they were met.
    terms: Vec<u32>,
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
    pub(crate) fn add(&mut self, term: u32, field: usize, times: u16) {
        let counts = &mut self.counts[term as usize];
        if *counts == [0; 4] {
            self.terms.push(term);
        }
        counts[field] = counts[field].saturating_add(times);
    }

    /// Gives every counted term, 255 standing for more, and forgets it.
    #[inline]
    pub(crate) fn drain(&mut self, mut each: impl FnMut(u32, FieldCounts)) {
        for term in self.terms.drain(..) {
            let counts = std::mem::take(&mut self.counts[term as usize]);
            each(term, counts.map(|c| c.min(u16::from(u8::MAX)) as u8));
        }
    }
}
