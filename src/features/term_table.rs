//! The numbers of known terms, found by open addressing.
//!
//! Nearly all terms are words and n-grams of up to eight bytes: those are compared as one number, without a look at their text,
//! which would wait for memory twice more at every word that was never met.

use rustc_hash::FxHasher;
use std::hash::Hasher;
use std::ops::Range;

/// Numbers of terms: of short ones by their bytes, so that one look at memory is enough; of longer ones by hash.
#[derive(Debug, Clone, Default)]
pub(super) struct TermTable {
    short: ShortTable,
    long: Table,
}

impl TermTable {
    /// A table of terms by their numbers; `None` if two are the same.
    pub(super) fn new<'t>(numbers: Range<u32>, term: impl Fn(u32) -> &'t str) -> Option<Self> {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for id in numbers {
            match key(term(id)) {
                Some(key) => short.push((key, id)),
                None => long.push(id),
            }
        }
        Some(Self { short: ShortTable::new(&short)?, long: Table::new(&long, term)? })
    }

    /// The number of a term, `text` giving those that are known.
    pub(super) fn get<'t>(&self, term: &str, text: impl Fn(u32) -> &'t str) -> Option<u32> {
        match key(term) {
            Some(key) => self.short.get(key),
            None => self.long.get(term, |id| text(id) == term),
        }
    }
}

/// The bytes of a term of up to eight as a number, different for every term and never 0; `None` for longer ones, and for the
/// few that are none of ours.
fn key(term: &str) -> Option<u64> {
    let bytes = term.as_bytes();
    if bytes.len() > 8 || matches!(bytes.last(), None | Some(0)) {
        return None;
    }
    Some(bytes.iter().rev().fold(0, |key, &b| key << 8 | u64::from(b)))
}

/// Keys and their numbers, key 0 being free; two thirds full at most.
#[derive(Debug, Clone, Default)]
struct ShortTable(Vec<[u32; 3]>);

impl ShortTable {
    fn new(entries: &[(u64, u32)]) -> Option<Self> {
        if entries.is_empty() {
            return Some(Self::default());
        }
        let mut table = Self(vec![[0; 3]; entries.len() / 2 * 3 + 2]);
        for &(key, id) in entries {
            let Err(free) = table.find(key) else { return None };
            table.0[free] = [key as u32, (key >> 32) as u32, id];
        }
        Some(table)
    }

    /// The number of a key, or where it belongs.
    fn find(&self, key: u64) -> Result<u32, usize> {
        let mixed = u128::from(key) * 0x9E37_79B9_7F4A_7C15;
        let hash = (mixed as u64) ^ (mixed >> 64) as u64;
        let mut slot = ((u128::from(hash) * self.0.len() as u128) >> 64) as usize;
        loop {
            let [low, high, id] = self.0[slot];
            let found = u64::from(high) << 32 | u64::from(low);
            if found == key {
                return Ok(id);
            }
            if found == 0 {
                return Err(slot);
            }
            slot = if slot + 1 == self.0.len() { 0 } else { slot + 1 };
        }
    }

    fn get(&self, key: u64) -> Option<u32> {
        if self.0.is_empty() { None } else { self.find(key).ok() }
    }
}

/// Numbers of terms by hash, each below half of its hash: most look-ups of what is not known end without a look at any text.
/// At most half full; its length is a power of two.
#[derive(Debug, Clone, Default)]
struct Table(Vec<u64>);

const FREE: u64 = u64::MAX;

/// The half of a hash that stands with a number in the table.
fn upper(hash: u64) -> u64 {
    hash & 0xffff_ffff_0000_0000
}

fn hash(term: &str) -> u64 {
    let mut h = FxHasher::default();
    h.write(term.as_bytes());
    h.finish()
}

impl Table {
    /// A table of terms by their numbers; `None` if two are the same.
    fn new<'t>(numbers: &[u32], term: impl Fn(u32) -> &'t str) -> Option<Self> {
        if numbers.is_empty() {
            return Some(Self::default());
        }
        let size = (numbers.len() * 2).next_power_of_two();
        let mut slots = vec![FREE; size];
        for &id in numbers {
            let hash = hash(term(id));
            let mut slot = hash as usize & (size - 1);
            while slots[slot] != FREE {
                if upper(slots[slot]) == upper(hash) && term(slots[slot] as u32) == term(id) {
                    return None;
                }
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = upper(hash) | u64::from(id);
        }
        Some(Self(slots))
    }

    /// The number of a term, of which `is` holds.
    fn get(&self, term: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.0.len().checked_sub(1)?;
        let hash = hash(term);
        let mut slot = hash as usize & mask;
        loop {
            let found = self.0[slot];
            if found == FREE {
                return None;
            }
            if upper(found) == upper(hash) && is(found as u32) {
                return Some(found as u32);
            }
            slot = (slot + 1) & mask;
        }
    }
}
