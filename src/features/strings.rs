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
    /// Short strings and their numbers, so that nearly every look-up waits for memory once.
    short: Table<Key>,
    /// Hashes of the others.
    long: Table<[u64; 1]>,
}

/// A string of at most 15 bytes, and their number in the last byte.
type Key = [u64; 2];

#[inline]
fn key(text: &str) -> Option<Key> {
    let bytes = text.as_bytes();
    let len = bytes.len();
    let length = (len as u64) << 56;
    // What is read twice is the same bytes in the same place.
    Some(match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) if len < 16 => {
            let rest = u64::from_le_bytes(*last).checked_shr(8 * (16 - len as u32)).unwrap_or(0);
            [u64::from_le_bytes(*first), rest | length]
        }
        (Some(_), _) => return None,
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                let last = u64::from(u32::from_le_bytes(*last)) << (8 * (len - 4));
                [u64::from(u32::from_le_bytes(*first)) | last, length]
            }
            _ => [bytes.iter().rev().fold(0, |word, &b| word << 8 | u64::from(b)), length],
        },
    })
}

/// What stands for a longer string.
fn hash_of(text: &str) -> [u64; 1] {
    let mut h = FxHasher::default();
    h.write(text.as_bytes());
    [h.finish()]
}

fn hash(words: &[u64]) -> u64 {
    let mut h = FxHasher::default();
    for &word in words {
        h.write_u64(word);
    }
    h.finish()
}

/// Numbers by key, [`FREE`] for none. At most half full; its length is a power of two.
#[derive(Debug, Default)]
struct Table<K> {
    len: usize,
    slots: Vec<(K, u32)>,
}

impl<K: Copy + Default + PartialEq + AsRef<[u64]>> Table<K> {
    fn get(&self, key: &K, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let number = self.slots[self.slot(key, is)].1;
        (number != FREE).then_some(number)
    }

    /// Where a key stands if nothing else does.
    #[inline]
    fn home(&self, key: &K) -> usize {
        hash(key.as_ref()) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The place of a key that `is` the one meant, or the free place where it belongs.
    #[inline]
    fn slot(&self, key: &K, is: impl Fn(u32) -> bool) -> usize {
        let mut slot = self.home(key);
        loop {
            let (known, number) = &self.slots[slot];
            if *number == FREE || known == key && is(*number) {
                return slot;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The number of a key, which is `fresh` if it is new.
    #[inline]
    fn add(&mut self, key: K, fresh: u32, is: impl Fn(u32) -> bool) -> u32 {
        if self.slots.len() < 2 * (self.len + 1) {
            self.grow();
        }
        let slot = self.slot(&key, is);
        let slot = &mut self.slots[slot];
        if slot.1 == FREE {
            *slot = (key, fresh);
            self.len += 1;
        }
        slot.1
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let old = std::mem::replace(&mut self.slots, vec![(K::default(), FREE); size]);
        for entry in old.into_iter().filter(|e| e.1 != FREE) {
            let slot = self.slot(&entry.0, |_| false);
            self.slots[slot] = entry;
        }
    }
}

fn part<'t>(text: &'t str, ends: &[usize], i: u32) -> &'t str {
    let start = (i as usize).checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[i as usize]]
}

impl Strings {
    /// A string by its number.
    fn at(&self, i: u32) -> &str {
        part(&self.text, &self.ends, i)
    }

    /// The number of a string, if it is there.
    pub(crate) fn get(&self, text: &str) -> Option<u32> {
        match key(text) {
            Some(key) => self.short.get(&key, |_| true),
            None => self.long.get(&hash_of(text), |i| self.at(i) == text),
        }
    }

    /// Numbers of those strings that are found at once. The table is larger than the processor's cache, so all places are
    /// asked for before any answer is waited for.
    pub(crate) fn look<'t>(&self, texts: impl Iterator<Item = &'t str>, out: &mut Vec<Option<u32>>) {
        out.clear();
        out.extend(texts.map(|text| {
            let key = key(text)?;
            let (known, number) = self.short.slots.get(self.short.home(&key))?;
            (*known == key && *number != FREE).then_some(*number)
        }));
    }

    /// The number of a string; a new one gets the next number.
    #[inline]
    pub(crate) fn add(&mut self, text: &str) -> u32 {
        let fresh = self.ends.len() as u32;
        let number = if let Some(key) = key(text) {
            self.short.add(key, fresh, |_| true)
        } else {
            let Self { long, text: all, ends, .. } = self;
            long.add(hash_of(text), fresh, |i| part(all, ends, i) == text)
        };
        if number == fresh {
            self.text.push_str(text);
            self.ends.push(self.text.len());
        }
        number
    }

    /// All strings in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|i| self.at(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_told_apart_and_found_again(texts in prop::collection::vec("[abя\0]{0,20}", 0..200)) {
            let mut strings = Strings::default();
            let mut known: Vec<String> = Vec::new();
            for text in &texts {
                let expected = known.iter().position(|k| k == text);
                prop_assert_eq!(strings.get(text), expected.map(|n| n as u32));
                prop_assert_eq!(strings.add(text) as usize, expected.unwrap_or(known.len()));
                if expected.is_none() {
                    known.push(text.clone());
                }
            }
            let mut found = Vec::new();
            strings.look(texts.iter().map(String::as_str), &mut found);
            prop_assert!(found.iter().zip(&texts).all(|(n, text)| n.is_none() || *n == strings.get(text)));
            prop_assert!(strings.iter().eq(known.iter().map(String::as_str)));
        }

        #[test]
        fn keys_are_the_bytes(text in "[a-zя]{0,9}") {
            let mut bytes = text.clone().into_bytes();
            let expected = (bytes.len() < 16).then(|| {
                bytes.resize(15, 0);
                bytes.push(text.len() as u8);
                let (words, _) = bytes.as_chunks::<8>();
                [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
            });
            prop_assert_eq!(key(&text), expected);
        }
    }
}
