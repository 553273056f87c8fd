//! The searchable terms of all cases: an inverted index for finding candidates, a forward index for judging them.
//!
//! Kept in memory and grown case by case, so that a case is findable the moment it is added; frequencies are exact at
//! all times, nothing is retrained. A text index library was rejected: ranking needs exact per-field counts of every
//! candidate, and the index must be usable as a library call in under a millisecond without a folder on disk.

use rustc_hash::FxHashMap;

use super::case::{Case, Field};
use super::postings::Postings;
use crate::features::interner::Interner;
use crate::features::lexicon::{Lexicon, Reading};
use crate::features::tfidf::FeatureSettings;
use crate::features::vocabulary::TermKind;
use crate::text::analyser::Analysis;
use crate::text::token::TokenKind;

/// The number of a case in a [`CaseIndex`], in order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNo(pub u32);

impl CaseNo {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How often a term stands in each field of a case (255 at most), fields in the order of [`Field::ALL`].
pub(crate) type FieldCounts = [u8; 4];

/// One term of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseTerm {
    pub(crate) term: u32,
    pub(crate) counts: FieldCounts,
}

/// All cases and their terms.
pub struct CaseIndex {
    cases: Vec<Case>,
    by_id: FxHashMap<String, CaseNo>,
    pub(crate) terms: Interner,
    pub(crate) postings: Postings,
    forward: Vec<Box<[CaseTerm]>>,
    /// Per term whether it is a number.
    numbers: Vec<bool>,
    /// Words per field of each case.
    lengths: Vec<[u32; 4]>,
    /// Distinct numbers of each case: in its title, in its claim, in either.
    number_counts: Vec<[u32; 3]>,
    totals: [u64; 4],
    live: usize,
    /// Changes whenever a case is added or removed.
    generation: u64,
    writer: Writer,
}

/// What adding a case needs: memories of words with and without n-grams, and room to count in.
struct Writer {
    short: Lexicon,
    long: Lexicon,
    analysis: Analysis,
    reading: Reading,
    /// Term, field and count.
    row: Vec<(u32, u8, u8)>,
}

/// What is indexed of a short field: stems, pairs, character n-grams of 3 and 4.
pub(crate) fn short_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (3, 4), ..FeatureSettings::default() }
}

/// What is indexed of a long field: stems and pairs. Its n-grams would be most of the index and say little.
pub(crate) fn long_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (1, 0), ..FeatureSettings::default() }
}

/// A disproof is indexed up to this many bytes; what a case is about stands in front.
const LONGEST_FIELD: usize = 6_000;

impl Default for CaseIndex {
    fn default() -> Self {
        Self {
            cases: Vec::new(),
            by_id: FxHashMap::default(),
            terms: Interner::default(),
            postings: Postings::default(),
            forward: Vec::new(),
            numbers: Vec::new(),
            lengths: Vec::new(),
            number_counts: Vec::new(),
            totals: [0; 4],
            live: 0,
            generation: 0,
            writer: Writer {
                short: Lexicon::new(&short_settings()),
                long: Lexicon::new(&long_settings()),
                analysis: Analysis::default(),
                reading: Reading::default(),
                row: Vec::new(),
            },
        }
    }
}

impl CaseIndex {
    /// An index of the given cases. Of cases with one id the last counts.
    pub fn new(cases: impl IntoIterator<Item = Case>) -> Self {
        Self::with_replaced(cases).0
    }

    /// As [`CaseIndex::new`], with the cases that gave way to a later one of the same id.
    pub fn with_replaced(cases: impl IntoIterator<Item = Case>) -> (Self, Vec<Case>) {
        let mut index = Self::default();
        let mut replaced = Vec::new();
        for case in cases {
            if let Some(&old) = index.by_id.get(&case.id) {
                replaced.push(index.clear(old).1);
            }
            index.append(case);
        }
        index.postings = Postings::new(&index.forward, index.terms.len());
        (index, replaced)
    }

    /// Joins what a saved index holds: terms, which of them are numbers, the lists of all terms, and per case its
    /// record, the words of its fields and its terms.
    pub(crate) fn from_parts(
        terms: Interner,
        numbers: Vec<bool>,
        postings: Postings,
        cases: impl Iterator<Item = ((Case, [u32; 4]), Box<[CaseTerm]>)>,
    ) -> Self {
        let mut index = Self { terms, postings, numbers, ..Self::default() };
        for ((case, lengths), row) in cases {
            index.push(case, lengths, row);
        }
        index
    }

    /// Adds a case; one with the same id is replaced and given back.
    pub fn add(&mut self, case: Case) -> Option<Case> {
        let replaced = self.remove(&case.id);
        let number = self.append(case);
        self.postings.add(number, &self.forward[number.index()], self.terms.len());
        replaced
    }

    /// Removes a case and gives it back.
    pub fn remove(&mut self, id: &str) -> Option<Case> {
        let number = self.by_id.remove(id)?;
        let (row, case) = self.clear(number);
        self.postings.remove(&row);
        Some(case)
    }

    /// Reads a case and gives it the next number; its terms are not listed yet.
    fn append(&mut self, case: Case) -> CaseNo {
        let mut lengths = [0; 4];
        self.writer.row.clear();
        for field in Field::ALL {
            let text = case.field(field);
            let text = &text[..text.floor_char_boundary(LONGEST_FIELD)];
            let Writer { short, long, analysis, reading, row } = &mut self.writer;
            analysis.analyse(text, case.own_language());
            let lexicon = if field == Field::Disproof { long } else { short };
            lexicon.read(analysis, &mut self.terms, reading);
            self.numbers.resize(self.terms.len(), false);
            for (number, _) in analysis.tokens.iter().enumerate().filter(|(_, t)| t.kind == TokenKind::Number) {
                let term = lexicon.word_of(reading, number) as usize;
                if let Some(mark) = self.numbers.get_mut(term) {
                    *mark = true;
                }
            }
            lengths[field as usize] = reading.words as u32;
            for &term in &reading.terms {
                row.push((term, field as u8, u8::try_from(reading.count(term)).unwrap_or(u8::MAX)));
            }
        }
        self.writer.row.sort_unstable();
        let mut row: Vec<CaseTerm> = Vec::with_capacity(self.writer.row.len());
        for &(term, field, count) in &self.writer.row {
            if row.last().is_none_or(|t| t.term != term) {
                row.push(CaseTerm { term, counts: [0; 4] });
            }
            if let Some(last) = row.last_mut() {
                last.counts[usize::from(field)] = count;
            }
        }
        self.push(case, lengths, row.into_boxed_slice())
    }

    /// Gives a case that is read the next number.
    fn push(&mut self, case: Case, lengths: [u32; 4], row: Box<[CaseTerm]>) -> CaseNo {
        let number = CaseNo(self.cases.len() as u32);
        let mut number_counts = [0; 3];
        for t in row.iter().filter(|t| self.is_number(t.term)) {
            let [title, claim, ..] = t.counts.map(|c| u32::from(c > 0));
            for (sum, here) in number_counts.iter_mut().zip([title, claim, title | claim]) {
                *sum += here;
            }
        }
        self.number_counts.push(number_counts);
        for (total, &length) in self.totals.iter_mut().zip(&lengths) {
            *total += u64::from(length);
        }
        self.forward.push(row);
        self.lengths.push(lengths);
        self.by_id.insert(case.id.clone(), number);
        self.cases.push(case);
        self.live += 1;
        self.generation += 1;
        number
    }

    /// Empties the place of a case and gives its terms and its record.
    fn clear(&mut self, number: CaseNo) -> (Box<[CaseTerm]>, Case) {
        let at = number.index();
        for (total, length) in self.totals.iter_mut().zip(std::mem::take(&mut self.lengths[at])) {
            *total -= u64::from(length);
        }
        self.live -= 1;
        self.generation += 1;
        (std::mem::take(&mut self.forward[at]), std::mem::take(&mut self.cases[at]))
    }

    /// Tells whether anything changed since it last was this number.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// A case by its number.
    ///
    /// # Panics
    /// If the number is not from this index.
    pub fn case(&self, number: CaseNo) -> &Case {
        &self.cases[number.index()]
    }

    /// A case by its id.
    pub fn by_id(&self, id: &str) -> Option<&Case> {
        self.by_id.get(id).map(|&n| self.case(n))
    }

    /// All cases in order of adding.
    pub fn iter(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|c| !c.id.is_empty())
    }

    /// Whether a number still names a case.
    pub(crate) fn is_live(&self, number: CaseNo) -> bool {
        !self.cases[number.index()].id.is_empty()
    }

    /// Numbers of all cases, in order of adding.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = CaseNo> {
        (0..self.cases.len() as u32).map(CaseNo).filter(|&n| self.is_live(n))
    }

    /// One more than the largest case number ever given.
    pub(crate) fn capacity(&self) -> usize {
        self.cases.len()
    }

    pub(crate) fn terms_of(&self, case: CaseNo) -> &[CaseTerm] {
        &self.forward[case.index()]
    }

    pub(crate) fn lengths(&self, case: CaseNo) -> [u32; 4] {
        self.lengths[case.index()]
    }

    /// Mean words per field.
    pub(crate) fn mean_lengths(&self) -> [f64; 4] {
        self.totals.map(|t| (t as f64 / self.live.max(1) as f64).max(1.0))
    }

    /// Distinct numbers in the title, the claim, or both of a case.
    pub(crate) fn numbers_in(&self, case: CaseNo, [title, claim]: [bool; 2]) -> u32 {
        let [in_title, in_claim, in_either] = self.number_counts[case.index()];
        match (title, claim) {
            (true, true) => in_either,
            (true, false) => in_title,
            (false, true) => in_claim,
            (false, false) => 0,
        }
    }

    /// Whether a term is a stem made of digits.
    pub(crate) fn is_number(&self, term: u32) -> bool {
        self.numbers.get(term as usize).copied().unwrap_or(false)
    }

    pub(crate) fn kind(&self, term: u32) -> TermKind {
        self.terms.kind(term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, claim: &str) -> Case {
        Case { id: id.into(), claim: claim.into(), language: "en".into(), ..Case::default() }
    }

    #[test]
    fn a_replaced_or_removed_case_leaves_no_trace() {
        let mut grown = CaseIndex::new([case("a", "The moon is made of cheese"), case("b", "Cheese cures colds")]);
        assert!(grown.add(case("a", "The earth is flat")).is_some());
        assert!(grown.remove("b").is_some());
        assert!(grown.remove("b").is_none());
        assert_eq!((grown.len(), grown.by_id("a").unwrap().claim.as_str()), (1, "The earth is flat"));
        let fresh = CaseIndex::new([case("a", "The earth is flat")]);
        assert_eq!(grown.totals, fresh.totals);
        let live = |i: &CaseIndex| (0..i.postings.terms() as u32).map(|t| i.postings.df(t)).sum::<usize>();
        assert_eq!(live(&grown), live(&fresh));
        let (built, replaced) =
            CaseIndex::with_replaced([case("a", "old"), case("b", "x"), case("a", "The earth is flat")]);
        assert_eq!((built.len(), replaced[0].claim.as_str()), (2, "old"));
        assert_eq!(built.by_id("a").unwrap().claim, "The earth is flat");
    }
}
