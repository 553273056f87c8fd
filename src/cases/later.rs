//! Cases added to an index after its segment was made, and finding terms in both.

use rustc_hash::FxHashMap;

use super::bm25::{ALL_FIELDS, FieldWeights};
use super::case::Case;
use super::segment::{CaseReader, CaseTerm, Facts, Segment};
use crate::features::interner::{Interner, LookUp};
use crate::features::lexicon::Terms;
use crate::features::vocabulary::TermKind;

/// Cases added since the segment was made. Their numbers and those of their new terms follow those of the segment.
#[derive(Default)]
pub(crate) struct Later {
    /// Empty places are cases that were removed again.
    pub(crate) cases: Vec<Option<Added>>,
    pub(crate) by_id: FxHashMap<String, u32>,
    pub(crate) terms: Interner,
    pub(crate) numbers: Vec<bool>,
    pub(crate) lists: FxHashMap<u32, Vec<(u32, u8)>>,
}

/// One of them.
pub(crate) struct Added {
    pub(crate) case: Case,
    pub(crate) row: Box<[CaseTerm]>,
    pub(crate) facts: Facts,
}

impl Later {
    /// Takes a case out again; the first of these cases has the number `first`.
    pub(crate) fn take(&mut self, id: &str, first: u32) -> Option<Added> {
        let at = self.by_id.remove(id)?;
        let added = self.cases.get_mut(at as usize).and_then(Option::take)?;
        for t in &added.row {
            if let Some(list) = self.lists.get_mut(&t.term) {
                list.retain(|p| p.0 != first + at);
            }
        }
        Some(added)
    }

    /// Adds a case, its facts still unknown; gives its number and its words per field.
    pub(crate) fn append(&mut self, base: &Segment, reader: &mut CaseReader, case: Case) -> (u32, [u32; 4]) {
        let mut row = Vec::new();
        let mut terms = Grow { base, later: &mut self.terms };
        let first = base.terms();
        let numbers = &mut self.numbers;
        let mark = |term: u32| {
            if let Some(new) = term.checked_sub(first) {
                if numbers.len() <= new as usize {
                    numbers.resize(new as usize + 1, false);
                }
                numbers[new as usize] = true;
            }
        };
        let lengths = reader.read(&case, &mut terms, mark, &mut row);
        row.sort_unstable_by_key(|t| t.term);
        let weights = FieldWeights::new(lengths, base.mean_lengths());
        let number = (base.cases() + self.cases.len()) as u32;
        for t in &row {
            self.lists.entry(t.term).or_default().push((number, weights.impact(t.counts, ALL_FIELDS)));
        }
        self.by_id.insert(case.id.clone(), self.cases.len() as u32);
        self.cases.push(Some(Added { case, row: row.into(), facts: Facts::default() }));
        (number, lengths)
    }
}

/// Finds terms in the segment or numbers them after its own.
struct Grow<'i> {
    base: &'i Segment,
    later: &'i mut Interner,
}

impl Terms for Grow<'_> {
    fn word(&mut self, stem: &str) -> Option<u32> {
        let new = || self.later.add_text(TermKind::Word, stem) + self.base.terms();
        Some(self.base.find(TermKind::Word, stem).unwrap_or_else(new))
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        let new = || self.later.add_pair(first, second) + self.base.terms();
        Some(self.base.find_pair(first, second).unwrap_or_else(new))
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        let new = || self.later.add_text(TermKind::Chars, gram) + self.base.terms();
        Some(self.base.find(TermKind::Chars, gram).unwrap_or_else(new))
    }
}

/// Finds terms in the segment or among the later ones.
pub(crate) struct Find<'i> {
    pub(crate) base: &'i Segment,
    pub(crate) later: LookUp<'i>,
}

impl Terms for Find<'_> {
    fn word(&mut self, stem: &str) -> Option<u32> {
        let later = |n| n + self.base.terms();
        self.base.find(TermKind::Word, stem).or_else(|| self.later.word(stem).map(later))
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        let later = |n| n + self.base.terms();
        self.base.find_pair(first, second).or_else(|| self.later.pair(first, second).map(later))
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        let later = |n| n + self.base.terms();
        self.base.find(TermKind::Chars, gram).or_else(|| self.later.chars(gram).map(later))
    }
}
