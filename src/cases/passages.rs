//! Passages of a text and of a case that say the same: their sentences, compared as bags of words.

use rustc_hash::FxHashMap;
use serde::Serialize;
use std::sync::Arc;

use super::case::{Case, Field};
use super::index::{CaseIndex, CaseNo};
use super::segment::long_settings;
use crate::features::lexicon::{Lexicon, Reading};
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::{CharOffset, Sentence};

/// Fields whose passages are shown, in this order where they match alike.
const FIELDS: [Field; 3] = [Field::Claim, Field::Title, Field::Disproof];

/// Least idf-weighted overlap of two passages that is worth showing.
const LEAST_OVERLAP: f64 = 0.12;

/// A passage of the text and the passage of the case that it matches, as code-point offsets, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Passage {
    /// Start in the text.
    pub start: u32,
    /// End in the text.
    pub end: u32,
    /// The field of the case.
    pub field: &'static str,
    /// Start in the field.
    pub field_start: u32,
    /// End in the field.
    pub field_end: u32,
}

impl Passage {
    /// The field of the case.
    pub fn of(&self) -> Field {
        Field::ALL.into_iter().find(|f| f.name() == self.field).unwrap_or(Field::Claim)
    }
}

/// The best pair of passages per field with their overlap, best first.
pub(crate) fn align(theirs: &[Vec<Words>; 3], own: &OwnPassages) -> Vec<(f64, Passage)> {
    let mut found = Vec::new();
    let mut shared = vec![0.0; own.passages.len()];
    for (field, theirs) in FIELDS.iter().zip(theirs) {
        let mut best: Option<(f64, Passage)> = None;
        for theirs in theirs {
            shared.fill(0.0);
            for &(term, idf) in &theirs.terms {
                own.with(term).for_each(|i| shared[i] += idf);
            }
            for (ours, &shared) in own.passages.iter().zip(&shared).filter(|&(_, &s)| s > 0.0) {
                // idf-weighted Dice overlap of the two sentences.
                let overlap = 2.0 * shared / (ours.total + theirs.total);
                if overlap >= LEAST_OVERLAP && best.is_none_or(|(b, _)| overlap > b) {
                    let passage = Passage {
                        start: ours.start,
                        end: ours.end,
                        field: field.name(),
                        field_start: theirs.start,
                        field_end: theirs.end,
                    };
                    best = Some((overlap, passage));
                }
            }
        }
        found.extend(best);
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

/// The sentences of the text, and which of them hold a word.
pub(crate) struct OwnPassages {
    passages: Vec<Words>,
    /// Word and sentence, sorted.
    by_term: Vec<(u32, u32)>,
}

impl Words {
    /// Adds a term that the word at a place of the text means.
    fn add(&mut self, term: u32, idf: f64) {
        if let Err(place) = self.terms.binary_search_by_key(&term, |t| t.0) {
            self.terms.insert(place, (term, idf));
        }
    }
}

/// Adds what words mean in other languages: places in the text, terms, and their idf.
pub(crate) fn add_meanings(sentences: &mut [Words], meanings: impl Iterator<Item = (CharOffset, u32, f64)>) {
    for (start, term, idf) in meanings {
        let at = sentences.partition_point(|w| w.end <= start.0);
        if let Some(words) = sentences.get_mut(at) {
            words.add(term, idf);
        }
    }
}

impl OwnPassages {
    pub(crate) fn new(passages: Vec<Words>) -> Self {
        let numbered = passages.iter().enumerate();
        let mut by_term: Vec<_> = numbered.flat_map(|(i, w)| w.terms.iter().map(move |t| (t.0, i as u32))).collect();
        by_term.sort_unstable();
        Self { passages, by_term }
    }

    fn with(&self, term: u32) -> impl Iterator<Item = usize> {
        let from = self.by_term.partition_point(|t| t.0 < term);
        self.by_term[from..].iter().take_while(move |t| t.0 == term).map(|t| t.1 as usize)
    }
}

/// The distinct known words of a sentence.
#[derive(Debug)]
pub(crate) struct Words {
    start: u32,
    end: u32,
    /// Terms in growing order, with their idf.
    terms: Vec<(u32, f64)>,
    total: f64,
}

/// The sentences of an analysed text as bags of words.
pub(crate) fn sentences_of(
    marked: &[Sentence],
    analysis: &Analysis,
    lexicon: &Lexicon,
    reading: &Reading,
    idf: &dyn Fn(u32) -> f64,
) -> Vec<Words> {
    let mut out = Vec::new();
    let mut next = 0;
    for sentence in marked {
        let from = next + analysis.tokens[next..].partition_point(|t| t.start < sentence.start);
        next = from + analysis.tokens[from..].partition_point(|t| t.start < sentence.end);
        let mut terms: Vec<u32> =
            (from..next).map(|i| lexicon.word_of(reading, i)).filter(|&w| w != u32::MAX).collect();
        terms.sort_unstable();
        terms.dedup();
        let terms: Vec<(u32, f64)> = terms.into_iter().map(|t| (t, idf(t))).collect();
        let total = terms.iter().map(|t| t.1).sum();
        out.push(Words { start: sentence.start.0, end: sentence.end.0, terms, total });
    }
    out
}

/// Memory for reading the sentences of cases without forgetting the text they are compared with.
pub(crate) struct FieldReader {
    lexicon: Lexicon,
    analysis: Analysis,
    reading: Reading,
    /// Cases already read: the same few are related to many texts.
    remembered: FxHashMap<CaseNo, Arc<CaseRead>>,
}

/// A case and the sentences of its claim, title and disproof as bags of words.
pub(crate) struct CaseRead {
    pub(crate) case: Case,
    pub(crate) sentences: [Vec<Words>; 3],
}

/// Cases that are remembered, a few kilobytes each.
const REMEMBERED: usize = 4096;

impl Default for FieldReader {
    fn default() -> Self {
        let lexicon = Lexicon::new(&long_settings());
        Self { lexicon, analysis: Analysis::default(), reading: Reading::default(), remembered: FxHashMap::default() }
    }
}

impl FieldReader {
    /// Reads a case, or gives it as it was read before.
    pub(crate) fn read(&mut self, index: &CaseIndex, case: CaseNo) -> Arc<CaseRead> {
        let Self { lexicon, analysis, reading, remembered } = self;
        if let Some(known) = remembered.get(&case) {
            return Arc::clone(known);
        }
        let record = index.case(case).into_owned();
        let sentences = FIELDS.map(|field| {
            let text = record.field(field);
            analysis.analyse(&text, record.own_language());
            lexicon.read(analysis, &mut index.look_up(), reading);
            sentences_of(&sentences(&text), analysis, lexicon, reading, &|term| index.idf(term))
        });
        let read = Arc::new(CaseRead { case: record, sentences });
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(case, Arc::clone(&read));
        read
    }
}
