//! Distinct strings, found by hash.
//!
//! All lie in one buffer behind one open-addressing table, because a map of boxed strings spends most of the time to a
//! first answer in the allocator, and afterwards waits for memory: frequent strings come early and here lie together.

use rustc_hash::FxHasher;
use std::hash::Hasher;

/// A free place in the table.
const FREE: u32 = u32::MAX;

/// Distinct strings, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    /// Where each string ends in `text`; it begins where the one before ends.
    ends: Vec<usize>,
    /// Upper half of the hash, and which string it is. At most half full; its length is a power of two.
    table: Vec<(u32, u32)>,
}

impl Strings {
    /// A string by its number.
    pub(crate) fn at(&self, i: u32) -> &str {
        let start = (i as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[i as usize]]
    }

    /// The place of a string in the table, or the free place where it belongs.
    #[inline]
    fn slot(&self, text: &str, hash: u64) -> usize {
        let (mask, tag) = (self.table.len() - 1, (hash >> 32) as u32);
        let mut slot = hash as usize & mask;
        loop {
            let (known, i) = self.table[slot];
            if i == FREE || known == tag && self.at(i) == text {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The number of a string, if it is there.
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let i = self.table[self.slot(text, hash(text))].1;
        (i != FREE).then_some(i)
    }

    /// The number of a string; a new one gets the next number.
    #[inline]
    pub(crate) fn add(&mut self, text: &str) -> u32 {
        if self.table.len() < 2 * (self.ends.len() + 1) {
            self.grow();
        }
        let hash = hash(text);
        let slot = self.slot(text, hash);
        if self.table[slot].1 == FREE {
            self.table[slot] = ((hash >> 32) as u32, self.ends.len() as u32);
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
        self.table[slot].1
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(64);
        self.table.clear();
        self.table.resize(size, (0, FREE));
        for i in 0..self.ends.len() as u32 {
            let hash = hash(self.at(i));
            let mut slot = hash as usize & (size - 1);
            while self.table[slot].1 != FREE {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = ((hash >> 32) as u32, i);
        }
    }

    /// All strings in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|i| self.at(i))
    }
}

fn hash(text: &str) -> u64 {
    let mut h = FxHasher::default();
    h.write(text.as_bytes());
    h.finish()
}
