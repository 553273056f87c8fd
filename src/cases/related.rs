//! Which cases a text repeats, and which passages show it.

use serde::Serialize;

use super::candidates::{ALL_FIELDS, Candidate, Query};
use super::case::{Case, Field};
use super::index::CaseIndex;
use super::ranker::{Ranker, features};
use crate::document::Language;
use crate::features::lexicon::{Lexicon, Reading};
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::Sentence;

/// Candidates the ranker looks at.
pub(crate) const RANKED: usize = 30;

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
    /// The `top` cases that `text` most probably repeats, best first. Cases that share no term are never named.
    pub fn related(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<Related> {
        self.related_to(query, text, &sentences(text), language, top)
    }

    /// As [`CaseBase::related`], for a text whose sentences are already known.
    pub(crate) fn related_to(
        &self,
        query: &mut Query,
        text: &str,
        marked: &[Sentence],
        language: Option<Language>,
        top: usize,
    ) -> Vec<Related> {
        let ranked = self.rank(query, text, marked, language, top);
        if ranked.is_empty() {
            return Vec::new();
        }
        let own = passages(marked, &query.analysis, &query.lexicon, &query.reading, &|t| query.idf(t));
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
                    passages: self.align(query, &own, case),
                }
            })
            .collect()
    }

    /// Ids and scores only, for evaluation and TREC runs.
    pub fn rank_ids(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<(&str, f64)> {
        let ranked = self.rank(query, text, &sentences(text), language, top);
        ranked.into_iter().map(|(c, p)| (self.index.case(c.case).id.as_str(), p)).collect()
    }

    fn rank(
        &self,
        query: &mut Query,
        text: &str,
        marked: &[Sentence],
        language: Option<Language>,
        top: usize,
    ) -> Vec<(Candidate, f64)> {
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        query.prepare(&self.index, text, marked, language);
        let found = query.candidates(&self.index, ALL_FIELDS, RANKED.max(top));
        let rows = features(&self.index, query, &found, ALL_FIELDS);
        let ranked = self.ranker.rank(&found, &rows);
        ranked.into_iter().take(top).map(|r| (r.candidate, r.probability)).collect()
    }

    /// The best pair of passages per field, best first.
    fn align(&self, query: &mut Query, own: &[Words], case: &Case) -> Vec<Passage> {
        let mut found = Vec::new();
        for field in [Field::Claim, Field::Title, Field::Disproof] {
            let text = case.field(field);
            let theirs = query.read_field(&self.index, &text, case.own_language());
            let mut best: Option<(f64, Passage)> = None;
            for theirs in &theirs {
                for ours in own {
                    let overlap = ours.overlap(theirs);
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
        found.into_iter().map(|f| f.1).collect()
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

impl Words {
    /// idf-weighted Dice overlap with another sentence.
    fn overlap(&self, other: &Self) -> f64 {
        let (mut a, mut b, mut shared) = (self.terms.as_slice(), other.terms.as_slice(), 0.0);
        while let (Some(&(x, idf)), Some(&(y, _))) = (a.first(), b.first()) {
            match x.cmp(&y) {
                std::cmp::Ordering::Less => a = &a[1..],
                std::cmp::Ordering::Greater => b = &b[1..],
                std::cmp::Ordering::Equal => {
                    shared += idf;
                    (a, b) = (&a[1..], &b[1..]);
                }
            }
        }
        let whole = self.total + other.total;
        if whole > 0.0 { 2.0 * shared / whole } else { 0.0 }
    }
}

/// The sentences of an analysed text as bags of words.
pub(crate) fn passages(
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
