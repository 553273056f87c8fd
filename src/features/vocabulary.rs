//! The terms a model knows: numbered, found by hash.
//!
//! Three kinds share one numbering: word stems, pairs of stems, character n-grams. On disk a vocabulary is plain
//! text, one term a line after a header, so that anyone can read what a model looks at; in memory it is that text
//! plus open-addressing tables of numbers. A prefix tree or `fst`
//! was rejected: nothing here needs ranges or prefixes, and a look-up costs more.

use rustc_hash::FxHasher;
use std::cmp::Ordering;
use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

/// The number of a term in a [`Vocabulary`]: a column of the feature matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub u32);

impl TermId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which block of features a term belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermKind {
    /// One word stem.
    Word,
    /// Two word stems in a row, `first second`.
    Pair,
    /// A character n-gram of a word; a space stands for the edge of the word.
    Chars,
}

const KINDS: [TermKind; 3] = [TermKind::Word, TermKind::Pair, TermKind::Chars];

/// First line of a vocabulary file.
const HEADER: &str = "leitmotif vocabulary 2";

/// A numbered set of terms.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    text: Arc<str>,
    /// Byte offset of each term in `text`, and one past the last (terms end with a line feed).
    starts: Vec<u32>,
    /// First number of each kind, and the total.
    kinds: [u32; 4],
    /// Where words are found. Pairs are found by the numbers of their words, so no table holds them.
    words: Numbers,
    /// Where n-grams are found.
    grams: Numbers,
}

impl Vocabulary {
    /// Numbers the given terms in their order: words, then pairs, then n-grams.
    ///
    /// `None` for more than 4 GB of terms, a word or n-gram given twice, or pairs that do not grow in byte order. Terms
    /// must not contain a line feed; no token or n-gram does.
    pub fn new(words: &[String], pairs: &[String], chars: &[String]) -> Option<Self> {
        let kinds = [words, pairs, chars];
        let [words, pairs, chars] = kinds.map(<[String]>::len);
        let mut text = format!("{HEADER} {words} {pairs} {chars}\n");
        for term in kinds.into_iter().flatten() {
            text.push_str(term);
            text.push('\n');
        }
        Self::parse(text.into())
    }

    /// Reads what [`Vocabulary::as_text`] gave; `None` if it is not such a text.
    pub fn parse(text: Arc<str>) -> Option<Self> {
        let header = text.lines().next()?;
        let counts: Vec<u32> =
            header.strip_prefix(HEADER)?.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [words, pairs, chars] = counts.try_into().ok()?;
        let total = words.checked_add(pairs)?.checked_add(chars)?;
        let kinds = [0, words, words + pairs, total];
        let mut starts = Vec::with_capacity(total as usize + 1);
        starts.push(u32::try_from(header.len() + 1).ok()?);
        let _fits = u32::try_from(text.len()).ok()?;
        for (i, _) in text.bytes().enumerate().skip(header.len() + 1).filter(|&(_, b)| b == b'\n') {
            starts.push(i as u32 + 1);
        }
        if starts.len() != total as usize + 1 || *starts.last()? as usize != text.len() {
            return None;
        }
        let mut vocabulary = Self { text, starts, kinds, words: Numbers::default(), grams: Numbers::default() };
        let term = |id: u32| vocabulary.term(TermId(id));
        if !vocabulary.range(TermKind::Pair).skip(1).all(|id| term(id - 1) < term(id)) {
            return None;
        }
        let table = |kind| Numbers::new(vocabulary.range(kind), term);
        (vocabulary.words, vocabulary.grams) = (table(TermKind::Word)?, table(TermKind::Chars)?);
        Some(vocabulary)
    }

    /// The text form: a header with the three counts, then a term a line.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.kinds[3] as usize
    }

    /// Whether it knows no term.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a kind's terms.
    pub fn range(&self, kind: TermKind) -> Range<u32> {
        self.kinds[kind as usize]..self.kinds[kind as usize + 1]
    }

    /// The kind of a term.
    pub fn kind(&self, id: TermId) -> TermKind {
        *KINDS.iter().rfind(|&&k| self.kinds[k as usize] <= id.0).unwrap_or(&TermKind::Word)
    }

    /// A term as text.
    ///
    /// # Panics
    /// If the number is not one of this vocabulary.
    pub fn term(&self, id: TermId) -> &str {
        &self.text[self.starts[id.index()] as usize..self.starts[id.index() + 1] as usize - 1]
    }

    /// The number of a term, if known.
    pub fn get(&self, kind: TermKind, term: &str) -> Option<TermId> {
        let table = match kind {
            TermKind::Word => &self.words,
            TermKind::Chars => &self.grams,
            TermKind::Pair => return self.search(kind, term),
        };
        table.get(term, |id| self.term(TermId(id))).map(TermId)
    }

    /// The number of a term of a kind that is in byte order, by halving.
    fn search(&self, kind: TermKind, term: &str) -> Option<TermId> {
        let Range { mut start, mut end } = self.range(kind);
        while start < end {
            let middle = start + (end - start) / 2;
            match self.term(TermId(middle)).cmp(term) {
                Ordering::Equal => return Some(TermId(middle)),
                Ordering::Less => start = middle + 1,
                Ordering::Greater => end = middle,
            }
        }
        None
    }
}

/// Numbers of terms: of short ones by their bytes, so that one look at memory is enough; of longer ones by hash.
#[derive(Debug, Clone, Default)]
struct Numbers {
    short: ShortTable,
    long: Table,
}

impl Numbers {
    /// A table of terms by their numbers; `None` if two are the same.
    fn new<'t>(numbers: Range<u32>, term: impl Fn(u32) -> &'t str) -> Option<Self> {
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
    fn get<'t>(&self, term: &str, text: impl Fn(u32) -> &'t str) -> Option<u32> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn new(words: &[&str], pairs: &[&str], chars: &[&str]) -> Option<Vocabulary> {
        let [words, pairs, chars] = [words, pairs, chars].map(|t| t.iter().map(|&s| s.to_owned()).collect::<Vec<_>>());
        Vocabulary::new(&words, &pairs, &chars)
    }

    fn sample() -> Vocabulary {
        new(&["war", "nato"], &["nato war"], &["na", " n", "war"]).unwrap()
    }

    #[test]
    fn terms_are_numbered_as_given_and_found_again() {
        let v = sample();
        assert_eq!(v.len(), 6);
        assert_eq!(v.term(TermId(0)), "war");
        for id in 0..6 {
            let id = TermId(id);
            assert_eq!(v.get(v.kind(id), v.term(id)), Some(id));
        }
        assert_ne!(v.get(TermKind::Word, "war"), v.get(TermKind::Chars, "war"));
        assert_eq!(v.get(TermKind::Word, "peace"), None);
    }

    proptest::proptest! {
        #[test]
        fn every_term_is_found_and_no_other(
            terms in proptest::collection::btree_set("[ab é\0😀]{0,9}", 0..60), others in proptest::collection::vec("[ab é\0😀]{0,9}", 20)
        ) {
            let terms: Vec<String> = terms.into_iter().filter(|t| !t.contains('\n')).collect();
            let v = Vocabulary::new(&terms, &[], &terms).unwrap();
            let asked = terms.iter().chain(&others);
            for text in asked {
                let place = terms.iter().position(|t| t == text).map(|i| TermId(i as u32));
                proptest::prop_assert_eq!(v.get(TermKind::Word, text), place);
                let gram = place.map(|id| TermId(id.0 + terms.len() as u32));
                proptest::prop_assert_eq!(v.get(TermKind::Chars, text), gram);
            }
        }
    }

    #[test]
    fn a_term_given_twice_is_refused() {
        assert!(new(&["war", "nato", "war"], &[], &[]).is_none());
        assert!(new(&[], &["b a", "a b"], &[]).is_none());
        assert!(new(&[], &[], &["na", "na"]).is_none());
    }

    #[test]
    fn text_form_is_stable_and_damage_is_noticed() {
        let v = sample();
        let again = Vocabulary::parse(v.as_text().into()).unwrap();
        assert_eq!(again.as_text(), v.as_text());
        for bad in [
            "",
            "leitmotif vocabulary 2 1 0 0\n",
            "leitmotif vocabulary 2 2 0 0\na\na\n",
            "leitmotif vocabulary 2 1 0 0\na",
        ] {
            assert!(Vocabulary::parse(bad.into()).is_none(), "{bad:?}");
        }
    }
}
