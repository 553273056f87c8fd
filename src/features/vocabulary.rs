//! The terms a model knows: numbered, found by hash.
//!
//! Three kinds share one numbering: word stems, pairs of stems, character n-grams. On disk a vocabulary is plain
//! text, one term a line after a header, so that anyone can read what a model looks at; in memory it is that text
//! plus tables of numbers (`term_table`). A prefix tree or `fst`
//! was rejected: nothing here needs ranges or prefixes, and a look-up costs more.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::term_table::TermTable;

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
    words: TermTable,
    /// Where n-grams are found.
    grams: TermTable,
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
        let mut vocabulary = Self { text, starts, kinds, words: TermTable::default(), grams: TermTable::default() };
        let term = |id: u32| vocabulary.term(TermId(id));
        if !vocabulary.range(TermKind::Pair).skip(1).all(|id| term(id - 1) < term(id)) {
            return None;
        }
        let table = |kind| TermTable::new(vocabulary.range(kind), term);
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
