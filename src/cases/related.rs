//! Which cases a text repeats, and which passages show it.

use serde::Serialize;

use super::candidates::{ALL_FIELDS, Candidate, Query};
use super::case::{Case, Field};
use super::index::CaseIndex;
use super::ranker::{Ranker, features};
use crate::document::Language;
use crate::features::lexicon::{Lexicon, LookUp, Reading};
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::{CharOffset, Sentence};

/// Candidates the ranker looks at.
pub(crate) const RANKED: usize = 50;

/// Least idf-weighted overlap of two passages that is worth showing.
const LEAST_OVERLAP: f64 = 0.12;

/// A debunked case that a text may repeat, as the assessment shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Related {
    /// Its id.
    pub id: String,
    /// Its headline, or its claim where it has none.
    pub title: String,
    /// Where the debunk can be read.
    pub url: String,
    /// When it was published.
    pub published: String,
    /// The narratives it belongs to.
    pub narratives: Vec<String>,
    /// Probability that text and case make the same claim.
    pub score: f64,
    /// Passages that match, best first.
    pub passages: Vec<Passage>,
}

/// A passage of the text and the passage of the case that it matches, as code-point offsets, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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

/// A base of cases and what ranks them.
pub struct CaseBase {
    /// The cases.
    pub index: CaseIndex,
    /// The ranker.
    pub ranker: Ranker,
}

impl CaseBase {
    /// The `top` cases that `text` most probably repeats, best first. Cases that share no word are never named.
    pub fn related(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<Related> {
        let ranked = self.rank(query, text, language, top);
        if ranked.is_empty() {
            return Vec::new();
        }
        let marked: Vec<_> = sentences(text);
        let mut passages = PassageFinder::new();
        ranked
            .into_iter()
            .map(|(candidate, score)| {
                let case = self.index.case(candidate.case);
                Related {
                    id: case.id.clone(),
                    title: if case.title.is_empty() { &case.claim } else { &case.title }.clone(),
                    url: case.url.clone(),
                    published: case.published.clone(),
                    narratives: case.narratives.clone(),
                    score,
                    passages: passages.find(&self.index, query, &marked, case),
                }
            })
            .collect()
    }

    /// Ids and scores only, for evaluation and TREC runs.
    pub fn rank_ids(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<(&str, f64)> {
        let ranked = self.rank(query, text, language, top);
        ranked.into_iter().map(|(c, p)| (self.index.case(c.case).id.as_str(), p)).collect()
    }

    fn rank(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<(Candidate, f64)> {
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        query.prepare(&self.index, text, language);
        let found = query.candidates(&self.index, ALL_FIELDS, RANKED.max(top));
        let rows = features(&self.index, query, &found, ALL_FIELDS);
        let ranked = self.ranker.rank(&found, &rows);
        ranked.into_iter().take(top).map(|r| (r.candidate, r.probability)).collect()
    }
}

/// Aligns sentences of the text with sentences of a case.
struct PassageFinder {
    lexicon: Lexicon,
    analysis: Analysis,
    reading: Reading,
}

impl PassageFinder {
    fn new() -> Self {
        Self {
            lexicon: Lexicon::new(&super::index::long_settings()),
            analysis: Analysis::default(),
            reading: Reading::default(),
        }
    }

    /// The best passage per field, best first; at most three.
    fn find(&mut self, index: &CaseIndex, query: &Query, marked: &[Sentence], case: &Case) -> Vec<Passage> {
        let own: Vec<Vec<u32>> =
            marked.iter().map(|s| words(&query.analysis, &query.lexicon, &query.reading, s)).collect();
        let mut found = Vec::new();
        for field in [Field::Claim, Field::Title, Field::Disproof] {
            let text = case.field(field);
            self.analysis.analyse(&text, case.own_language());
            self.lexicon.read(&self.analysis, &mut LookUp(&index.terms), &mut self.reading);
            let mut best: Option<(f64, Passage)> = None;
            for theirs in sentences(&text) {
                let field_words = words(&self.analysis, &self.lexicon, &self.reading, &theirs);
                for (ours, own_words) in marked.iter().zip(&own) {
                    let overlap = dice(index, query, own_words, &field_words);
                    if overlap >= LEAST_OVERLAP && best.is_none_or(|(b, _)| overlap > b) {
                        let CharOffset(start) = ours.start;
                        let passage = Passage {
                            start,
                            end: ours.end.0,
                            field: field.name(),
                            field_start: theirs.start.0,
                            field_end: theirs.end.0,
                        };
                        best = Some((overlap, passage));
                    }
                }
            }
            found.extend(best);
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().map(|f| f.1).collect()
    }
}

/// The distinct known words of a sentence, sorted.
fn words(analysis: &Analysis, lexicon: &Lexicon, reading: &Reading, sentence: &Sentence) -> Vec<u32> {
    let from = analysis.tokens.partition_point(|t| t.start < sentence.start);
    let tokens = analysis.tokens[from..].iter().take_while(|t| t.start < sentence.end);
    let mut out: Vec<u32> = tokens.enumerate().map(|(i, _)| lexicon.word_of(reading, from + i)).collect();
    out.sort_unstable();
    out.dedup();
    out.retain(|&w| w != u32::MAX);
    out
}

/// idf-weighted Dice overlap of two sorted word lists.
fn dice(index: &CaseIndex, query: &Query, a: &[u32], b: &[u32]) -> f64 {
    let total = |w: &[u32]| w.iter().map(|&t| query.idf(index, t)).sum::<f64>();
    let shared: f64 = a.iter().filter(|t| b.binary_search(t).is_ok()).map(|&t| query.idf(index, t)).sum();
    let whole = total(a) + total(b);
    if whole > 0.0 { 2.0 * shared / whole } else { 0.0 }
}
