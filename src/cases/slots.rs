//! Which terms a text has: asked for every term of every candidate, so it answers "no" by one bit nearly always.

/// Which terms the query has, and their places: asked for every term of every candidate.
pub(crate) struct Slots {
    /// A bit by the lowest bits of a term: clear for nearly every term the query does not have.
    filter: Box<[u64; FILTER]>,
    /// Open addressing, at most a quarter full: term and place.
    table: Vec<(u32, u32)>,
}

/// Words of 64 bits in [`Slots::filter`].
const FILTER: usize = 512;

impl Default for Slots {
    fn default() -> Self {
        Self { filter: Box::new([0; FILTER]), table: Vec::new() }
    }
}

impl Slots {
    /// Takes the terms in the order of their places.
    pub(crate) fn assign(&mut self, terms: impl ExactSizeIterator<Item = u32>) {
        self.filter.fill(0);
        self.table.clear();
        self.table.resize((4 * terms.len() + 1).next_power_of_two(), (u32::MAX, u32::MAX));
        for (place, term) in (0u32..).zip(terms) {
            self.filter[term as usize / 64 % FILTER] |= 1 << (term % 64);
            let mut at = self.start(term);
            while self.table[at].1 != u32::MAX {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = (term, place);
        }
    }

    fn start(&self, term: u32) -> usize {
        (term.wrapping_mul(0x9E37_79B9) >> 7) as usize & (self.table.len() - 1)
    }

    #[inline]
    pub(crate) fn get(&self, term: u32) -> Option<usize> {
        if self.may_have(term) { self.find(term) } else { None }
    }

    /// Whether it may be one of them: true for all of them and for few others. Does not branch.
    #[inline]
    pub(crate) fn may_have(&self, term: u32) -> bool {
        self.filter[term as usize / 64 % FILTER] >> (term % 64) & 1 == 1
    }

    fn find(&self, term: u32) -> Option<usize> {
        let mut at = self.start(term);
        loop {
            let (known, place) = *self.table.get(at)?;
            if place == u32::MAX {
                return None;
            }
            if known == term {
                return Some(place as usize);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }
}
