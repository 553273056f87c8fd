//! Numbers terms as they come: for learning a vocabulary and for an index that grows.
//!
//! All strings lie in one buffer behind one open-addressing table, because a map of boxed strings spends most of the
//! time to a first answer in the allocator.

use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

use super::lexicon::Terms;
use super::vocabulary::TermKind;

/// Numbers terms as they come.
#[derive(Debug, Default)]
pub struct Interner {
    words: Strings,
    chars: Strings,
    pairs: FxHashMap<(u32, u32), u32>,
    kinds: Vec<TermKind>,
}

impl Terms for Interner {
    fn word(&mut self, stem: &str) -> Option<u32> {
        Some(self.add_text(TermKind::Word, stem))
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        Some(self.add_pair(first, second))
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        Some(self.add_text(TermKind::Chars, gram))
    }
}

impl Interner {
    /// The number of a stem or n-gram, the next one for a new text.
    pub(crate) fn add_text(&mut self, kind: TermKind, text: &str) -> u32 {
        let strings = if kind == TermKind::Word { &mut self.words } else { &mut self.chars };
        strings.number(text, &mut self.kinds, kind)
    }

    /// The number of a pair of stems, the next one for a new pair.
    pub(crate) fn add_pair(&mut self, first: u32, second: u32) -> u32 {
        let fresh = self.kinds.len() as u32;
        let number = *self.pairs.entry((first, second)).or_insert(fresh);
        if number == fresh {
            self.kinds.push(TermKind::Pair);
        }
        number
    }

    /// Terms numbered so far.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether nothing was numbered yet.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kind of a term.
    pub fn kind(&self, term: u32) -> TermKind {
        self.kinds[term as usize]
    }

    /// Stems with their numbers.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words.iter()
    }

    /// Pairs of stem numbers with their own.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = ((u32, u32), u32)> {
        self.pairs.iter().map(|(&p, &n)| (p, n))
    }

    /// Character n-grams with their numbers.
    pub(crate) fn grams(&self) -> impl Iterator<Item = (&str, u32)> {
        self.chars.iter()
    }
}

/// Looks terms up in an interner without adding any.
pub(crate) struct LookUp<'i>(pub(crate) &'i Interner);

impl Terms for LookUp<'_> {
    fn word(&mut self, stem: &str) -> Option<u32> {
        self.0.words.get(stem)
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        self.0.pairs.get(&(first, second)).copied()
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        self.0.chars.get(gram)
    }
}

/// A free place in the table.
const FREE: u32 = u32::MAX;

/// Distinct strings with a number each.
#[derive(Debug, Default)]
struct Strings {
    text: String,
    /// Where each string ends in `text`; it begins where the one before ends.
    ends: Vec<usize>,
    numbers: Vec<u32>,
    /// Upper half of the hash, and which string it is. At most half full; its length is a power of two.
    table: Vec<(u32, u32)>,
}

impl Strings {
    fn at(&self, i: u32) -> &str {
        let start = (i as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[i as usize]]
    }

    /// The place of a string in the table, or the free place where it belongs.
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

    fn get(&self, text: &str) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let i = self.table[self.slot(text, hash(text))].1;
        (i != FREE).then(|| self.numbers[i as usize])
    }

    /// The number of a string; a new one gets the next number and its kind is noted.
    fn number(&mut self, text: &str, kinds: &mut Vec<TermKind>, kind: TermKind) -> u32 {
        if self.table.len() < 2 * (self.ends.len() + 1) {
            self.grow();
        }
        let hash = hash(text);
        let slot = self.slot(text, hash);
        let i = self.table[slot].1;
        if i != FREE {
            return self.numbers[i as usize];
        }
        let number = kinds.len() as u32;
        kinds.push(kind);
        self.table[slot] = ((hash >> 32) as u32, self.ends.len() as u32);
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.numbers.push(number);
        number
    }

    fn grow(&mut self) {
        self.resize((self.table.len() * 2).max(64));
    }

    fn resize(&mut self, size: usize) {
        self.table.clear();
        self.table.resize(size, (0, FREE));
        for i in 0..self.ends.len() as u32 {
            let hash = hash(self.at(i));
            let slot = self.slot(self.at(i), hash);
            self.table[slot] = ((hash >> 32) as u32, i);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers.iter().enumerate().map(|(i, &n)| (self.at(i as u32), n))
    }
}

fn hash(text: &str) -> u64 {
    let mut h = FxHasher::default();
    h.write(text.as_bytes());
    h.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_term_keeps_its_number_and_is_found_again(terms in prop::collection::vec(("[a-cя]{0,3}", any::<bool>()), 0..300)) {
            let mut interner = Interner::default();
            let mut model: FxHashMap<(String, bool), u32> = FxHashMap::default();
            for (text, word) in terms {
                let fresh = model.len() as u32;
                let expected = *model.entry((text.clone(), word)).or_insert(fresh);
                let number = if word { interner.word(&text) } else { interner.chars(&text) };
                prop_assert_eq!(number, Some(expected));
            }
            prop_assert_eq!(interner.len(), model.len());
            let mut look_up = LookUp(&interner);
            for ((text, word), number) in &model {
                let found = if *word { look_up.word(text) } else { look_up.chars(text) };
                prop_assert_eq!(found, Some(*number));
            }
            prop_assert_eq!(look_up.word("zzz"), None);
            prop_assert_eq!(interner.words().count() + interner.grams().count(), model.len());
        }
    }
}
