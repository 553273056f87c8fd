//! The searchable terms of all cases: an inverted index for finding candidates, a forward index for judging them.
//!
//! Kept in memory and grown case by case, so that a case is findable the moment it is added; frequencies are exact at
//! all times, nothing is retrained. A text index library was rejected: ranking needs exact per-field counts of every
//! candidate, and the index must be usable as a library call in under a millisecond without a folder on disk.

use rustc_hash::FxHashMap;

use super::case::{Case, Field};
use crate::features::lexicon::{Interner, Lexicon, Reading};
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

/// One case of one term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    pub(crate) case: CaseNo,
    pub(crate) counts: FieldCounts,
}

/// All cases and their terms.
pub struct CaseIndex {
    cases: Vec<Case>,
    by_id: FxHashMap<String, CaseNo>,
    pub(crate) terms: Interner,
    pub(crate) postings: Vec<Vec<Posting>>,
    forward: Vec<Box<[CaseTerm]>>,
    /// Per term whether it is a number.
    numbers: Vec<bool>,
    /// Words per field of each case.
    lengths: Vec<[u32; 4]>,
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
    row: FxHashMap<u32, FieldCounts>,
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
            postings: Vec::new(),
            forward: Vec::new(),
            numbers: Vec::new(),
            lengths: Vec::new(),
            totals: [0; 4],
            live: 0,
            generation: 0,
            writer: Writer {
                short: Lexicon::new(&short_settings()),
                long: Lexicon::new(&long_settings()),
                analysis: Analysis::default(),
                reading: Reading::default(),
                row: FxHashMap::default(),
            },
        }
    }
}

impl CaseIndex {
    /// An index of the given cases. Of cases with one id the last counts.
    pub fn new(cases: impl IntoIterator<Item = Case>) -> Self {
        let mut index = Self::default();
        for case in cases {
            index.add(case);
        }
        index
    }

    /// Adds a case; one with the same id is replaced and given back.
    pub fn add(&mut self, case: Case) -> Option<Case> {
        let replaced = self.remove(&case.id);
        let number = CaseNo(self.cases.len() as u32);
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
                let count = u8::try_from(reading.count(term)).unwrap_or(u8::MAX);
                row.entry(term).or_default()[field as usize] = count;
            }
        }
        let mut row: Vec<CaseTerm> = self.writer.row.iter().map(|(&term, &counts)| CaseTerm { term, counts }).collect();
        row.sort_unstable_by_key(|t| t.term);
        self.postings.resize_with(self.terms.len(), Vec::new);
        for &CaseTerm { term, counts } in &row {
            self.postings[term as usize].push(Posting { case: number, counts });
        }
        for (total, &length) in self.totals.iter_mut().zip(&lengths) {
            *total += u64::from(length);
        }
        self.forward.push(row.into_boxed_slice());
        self.lengths.push(lengths);
        self.by_id.insert(case.id.clone(), number);
        self.cases.push(case);
        self.live += 1;
        self.generation += 1;
        replaced
    }

    /// Removes a case and gives it back.
    pub fn remove(&mut self, id: &str) -> Option<Case> {
        let number = self.by_id.remove(id)?;
        let at = number.index();
        for &CaseTerm { term, .. } in &std::mem::take(&mut self.forward[at]) {
            self.postings[term as usize].retain(|p| p.case != number);
        }
        for (total, length) in self.totals.iter_mut().zip(std::mem::take(&mut self.lengths[at])) {
            *total -= u64::from(length);
        }
        self.live -= 1;
        self.generation += 1;
        Some(std::mem::take(&mut self.cases[at]))
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

    /// Numbers of all cases, in order of adding.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = CaseNo> {
        (0..self.cases.len()).filter(|&i| !self.cases[i].id.is_empty()).map(|i| CaseNo(i as u32))
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
        let live = |i: &CaseIndex| i.postings.iter().map(Vec::len).sum::<usize>();
        assert_eq!(live(&grown), live(&fresh));
    }
}
