//! Which cases a text repeats, and which passages show it.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::candidates::{ALL_FIELDS, Candidate, PASSAGE_FIELDS, Query};
use super::case::Field;
use super::index::CaseIndex;
use super::likeness::features;
use super::ranker::Ranker;
use super::why::{Difference, SharedTerm, Side, differences, shared};
use crate::document::Language;
use crate::features::lexicon::{Lexicon, Reading};
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::Sentence;

/// Candidates the ranker looks at.
pub(crate) const RANKED: usize = 30;

/// Least idf-weighted overlap of two passages that is worth showing.
const LEAST_OVERLAP: f64 = 0.12;

/// Least overlap of two passages whose differences are worth naming: below, they say different things anyway.
const LEAST_COMPARED: f64 = 0.4;

/// A debunked case that a text may repeat, as the assessment shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
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
    /// Words of the text that the case has, too, most telling first.
    pub terms: Vec<SharedTerm>,
    /// What the passages that match best say differently.
    pub differs: Vec<Difference>,
}

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
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        let marked = sentences(text);
        self.read(query, text, &marked, language);
        self.answer(query, text, &marked, (top, 0.0))
    }

    /// Reads a text against the index, for [`CaseBase::answer`].
    pub(crate) fn read(&self, query: &mut Query, text: &str, marked: &[Sentence], language: Option<Language>) {
        query.translations.clone_from(&self.ranker.translations);
        query.prepare_text(&self.index, text, marked, language);
    }

    /// The best cases for the text last given to [`CaseBase::read`], of those at least as probable as `least`.
    pub(crate) fn answer(
        &self,
        query: &mut Query,
        text: &str,
        marked: &[Sentence],
        (top, least): (usize, f64),
    ) -> Vec<Related> {
        let mut ranked = self.rank(query, top);
        ranked.retain(|r| r.1 >= least);
        // Lent out, since showing reads fields of cases with the same memory.
        let analysis = query.take_own_analysis();
        let shown = self.show(query, ranked, text, (&analysis, marked));
        query.give_back(analysis);
        shown
    }

    /// As [`CaseBase::related`], for a text that is already analysed and cut into sentences.
    pub(crate) fn related_to(
        &self,
        query: &mut Query,
        text: &str,
        (analysis, marked): (&Analysis, &[Sentence]),
        top: usize,
    ) -> Vec<Related> {
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        query.translations.clone_from(&self.ranker.translations);
        query.prepare(&self.index, text, analysis, marked);
        let ranked = self.rank(query, top);
        self.show(query, ranked, text, (analysis, marked))
    }

    /// Ranked cases with the passages that match the given ones of the text.
    fn show(
        &self,
        query: &mut Query,
        ranked: Vec<(Candidate, f64)>,
        text: &str,
        (analysis, marked): (&Analysis, &[Sentence]),
    ) -> Vec<Related> {
        let mut own = passages(marked, analysis, &query.lexicon, &query.reading, &|t| self.index.idf(t));
        for (token, term) in query.meanings() {
            let Some(token) = analysis.tokens.get(token) else { continue };
            let at = own.partition_point(|w| w.end <= token.start.0);
            if let Some(words) = own.get_mut(at)
                && let Err(place) = words.terms.binary_search_by_key(&term, |t| t.0)
            {
                words.terms.insert(place, (term, self.index.idf(term)));
            }
        }
        let own = OwnPassages::new(own);
        let mut compared = Analysis::default();
        ranked
            .into_iter()
            .map(|(candidate, score)| {
                let case = self.index.case(candidate.case);
                let passages = align(&query.passages_of(&self.index, candidate.case), &own);
                let differs = passages.first().filter(|p| p.0 >= LEAST_COMPARED).map_or_else(Vec::new, |(_, p)| {
                    let field = Field::ALL.into_iter().find(|f| f.name() == p.field).unwrap_or(Field::Claim);
                    let ours = Side { text, passage: (p.start, p.end), language: query.language };
                    let passage = (p.field_start, p.field_end);
                    let theirs = Side { text: &case.field(field), passage, language: case.own_language() };
                    // A disproof speaks of a claim; of course it differs.
                    if field == Field::Disproof { Vec::new() } else { differences(ours, theirs, &mut compared) }
                });
                let passages = passages.into_iter().map(|p| p.1).collect();
                Related {
                    id: case.id.clone(),
                    title: if case.title.is_empty() { &case.claim } else { &case.title }.clone(),
                    url: case.url.clone(),
                    published: case.published.clone(),
                    narratives: case.narratives.clone(),
                    score,
                    passages,
                    terms: shared(&self.index, query, text, analysis, candidate.case),
                    differs,
                }
            })
            .collect()
    }

    /// Ids and scores only, for evaluation and TREC runs.
    pub fn rank_ids(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<(&str, f64)> {
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        self.read(query, text, &sentences(text), language);
        let ranked = self.rank(query, top);
        ranked.into_iter().map(|(c, p)| (self.index.id(c.case), p)).collect()
    }

    /// Ids of the best cases by the first score alone, which the ranker has to beat.
    pub fn index_ids(&self, query: &mut Query, text: &str, language: Option<Language>, top: usize) -> Vec<&str> {
        query.translations = None;
        query.first_stage(&self.index, text, language, top)
    }

    /// Probability of the best case that is none of `left_out`: what is said where no case fits.
    pub fn best_without(
        &self,
        query: &mut Query,
        text: &str,
        language: Option<Language>,
        left_out: &FxHashSet<String>,
    ) -> Option<f64> {
        self.read(query, text, &sentences(text), language);
        let mut found = query.candidates(&self.index, ALL_FIELDS, RANKED + left_out.len());
        found.retain(|c| !left_out.contains(self.index.id(c.case)));
        let rows = features(&self.index, query, &found, ALL_FIELDS);
        self.ranker.rank(&found, &rows).first().map(|r| r.probability)
    }

    /// The `top` best cases for a prepared query, with their probability.
    fn rank(&self, query: &mut Query, top: usize) -> Vec<(Candidate, f64)> {
        let found = query.candidates(&self.index, ALL_FIELDS, RANKED.max(top));
        let rows = features(&self.index, query, &found, ALL_FIELDS);
        let ranked = self.ranker.rank(&found, &rows);
        ranked.into_iter().take(top).map(|r| (r.candidate, r.probability)).collect()
    }
}

/// The best pair of passages per field with their overlap, best first.
fn align(theirs: &[Vec<Words>; 3], own: &OwnPassages) -> Vec<(f64, Passage)> {
    let mut found = Vec::new();
    let mut shared = vec![0.0; own.passages.len()];
    for (field, theirs) in PASSAGE_FIELDS.iter().zip(theirs) {
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
struct OwnPassages {
    passages: Vec<Words>,
    /// Word and sentence, sorted.
    by_term: Vec<(u32, u32)>,
}

impl OwnPassages {
    fn new(passages: Vec<Words>) -> Self {
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
