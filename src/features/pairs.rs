//! Pairs of numbers with a number each.

/// A free place in the table.
const FREE: u32 = u32::MAX;

/// Distinct pairs with a number each, in a table at most three quarters full whose length is a power of two.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs {
    len: usize,
    /// Pairs and their numbers; [`FREE`] for none.
    table: Vec<((u32, u32), u32)>,
}

impl Pairs {
    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        let size = ((self.len + more) * 4 / 3 + 1).next_power_of_two().max(64);
        if size > self.table.len() {
            let old = std::mem::replace(&mut self.table, vec![((0, 0), FREE); size]);
            for entry in old.into_iter().filter(|e| e.1 != FREE) {
                let slot = self.slot(entry.0);
                self.table[slot] = entry;
            }
        }
    }

    /// Where a pair stands if nothing else does.
    #[inline]
    fn home(&self, (first, second): (u32, u32)) -> usize {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let hash = u64::from(first).wrapping_mul(FACTOR).wrapping_add(second.into()).wrapping_mul(FACTOR);
        (hash >> 32) as usize & (self.table.len() - 1)
    }

    /// The place of a pair in the table, or the free place where it belongs.
    fn slot(&self, pair: (u32, u32)) -> usize {
        let mut slot = self.home(pair);
        while self.table[slot].1 != FREE && self.table[slot].0 != pair {
            slot = (slot + 1) & (self.table.len() - 1);
        }
        slot
    }

    /// Numbers of the pairs that stand where they should, for a table that is not empty. The table is larger than the
    /// processor's cache, so all places are asked for before any answer is waited for.
    pub(crate) fn look(&self, pairs: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        out.clear();
        out.extend(pairs.iter().map(|&pair| {
            let (known, number) = self.table[self.home(pair)];
            (known == pair && number != FREE).then_some(number)
        }));
    }

    /// Numbers of the pairs that are there.
    pub(crate) fn get_all(&self, pairs: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        if self.table.is_empty() {
            out.clear();
            out.resize(pairs.len(), None);
            return;
        }
        self.look(pairs, out);
        for (number, &pair) in out.iter_mut().zip(pairs).filter(|(number, _)| number.is_none()) {
            *number = self.get(pair);
        }
    }

    pub(crate) fn get(&self, pair: (u32, u32)) -> Option<u32> {
        let number = self.table.get(if self.table.is_empty() { 0 } else { self.slot(pair) })?.1;
        (number != FREE).then_some(number)
    }

    /// The number of a pair, for which there is room; a new one gets that of `fresh`.
    pub(crate) fn number(&mut self, pair: (u32, u32), fresh: impl FnOnce() -> u32) -> u32 {
        let slot = self.slot(pair);
        if self.table[slot].1 == FREE {
            self.table[slot] = (pair, fresh());
            self.len += 1;
        }
        self.table[slot].1
    }

    /// All pairs and their numbers, in the memory of the table.
    pub(crate) fn into_vec(self) -> Vec<((u32, u32), u32)> {
        let mut all = self.table;
        all.retain(|e| e.1 != FREE);
        all
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ((u32, u32), u32)> {
        self.table.iter().copied().filter(|e| e.1 != FREE)
    }
}
