//! Which cases a text repeats, and which passages show it.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::appearances::{AppearanceRow, KnownAppearance};
use super::candidates::{ALL_FIELDS, Candidate, FieldMask, Query};
use super::case::Field;
use super::chance::with_chance;
use super::index::{CaseIndex, CaseNo};
use super::likeness::{FeatureRow, features, may_hold_claim};
use super::passages::{OwnPassages, Passage, add_meanings, align, sentences_of};
use super::ranker::Ranker;
use super::verbatim::WORD_FOR_WORD;
use super::why::{Difference, SharedTerm, Side, differences, shared};
use crate::document::Language;
use crate::text::analyser::{Analysis, sentences};
use crate::text::token::Sentence;

/// Candidates the ranker looks at.
pub(crate) const RANKED: usize = 30;

/// Candidates of a passage of a long text: it is short, so its case stands far in front or is not there.
const PASSAGE: usize = 10;

/// Lists whose first case has less are not held against chance: they are no answer anyway.
const LEAST_DOUBTED: f64 = 0.02;
/// First cases of which one has to share more with the text than chance explains.
const DOUBTED: usize = 3;

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
    /// Probability that text and case are about the same claim; `stance` tells whether the text makes or denies it.
    pub score: f64,
    /// Passages that match, best first.
    pub passages: Vec<Passage>,
    /// Words of the text that the case has, too, most telling first.
    pub terms: Vec<SharedTerm>,
    /// What the passages that match best say differently.
    pub differs: Vec<Difference>,
    /// The most alike of the texts that were judged to repeat the case; absent where none is much alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appearance: Option<KnownAppearance>,
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
        query.knows(self.ranker.translations.as_ref(), self.ranker.appearances.as_ref());
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

    /// As [`CaseBase::related`], for a text that is already analysed and cut into sentences. The analysis stays as it is.
    pub(crate) fn related_to(
        &self,
        query: &mut Query,
        text: &str,
        (analysis, marked): (&mut Analysis, &[Sentence]),
        top: usize,
    ) -> Vec<Related> {
        if top == 0 || self.index.is_empty() {
            return Vec::new();
        }
        query.knows(self.ranker.translations.as_ref(), self.ranker.appearances.as_ref());
        let told = analysis.language;
        query.prepare(&self.index, text, analysis, marked);
        let ranked = self.rank(query, top);
        let related = self.show(query, ranked, text, (analysis, marked));
        analysis.language = told;
        related
    }

    /// Ranked cases with the passages that match the given ones of the text.
    fn show(
        &self,
        query: &mut Query,
        ranked: Vec<(Candidate, f64)>,
        text: &str,
        (analysis, marked): (&Analysis, &[Sentence]),
    ) -> Vec<Related> {
        let idf = |term| self.index.idf(term);
        let mut own = sentences_of(marked, analysis, &query.lexicon, &query.reading, &idf);
        let meanings = query.view.meanings.iter().map(|m| (analysis.tokens[m.token].start, m.term, idf(m.term)));
        add_meanings(&mut own, meanings);
        let own = OwnPassages::new(own);
        let mut compared = Analysis::default();
        ranked
            .into_iter()
            .map(|(candidate, score)| {
                let read = query.fields.read(&self.index, candidate.case);
                let case = &read.case;
                let passages = align(&read.sentences, &own);
                // A disproof speaks of a claim; of course it differs.
                let compared_with = |p: &&(f64, Passage)| p.0 >= LEAST_COMPARED && p.1.of() != Field::Disproof;
                let differs = passages.first().filter(compared_with).map_or_else(Vec::new, |(_, p)| {
                    let ours = Side { text, passage: (p.start, p.end), language: query.language };
                    let passage = (p.field_start, p.field_end);
                    let theirs = Side { text: &case.field(p.of()), passage, language: case.own_language() };
                    differences(ours, theirs, &mut compared)
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
                    appearance: query.compared.nearest(&case.id),
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

    /// As [`CaseBase::rank_ids`], and the probability of the best case that is none of `left_out`: what is said where no
    /// case fits.
    pub fn rank_with_and_without(
        &self,
        query: &mut Query,
        text: &str,
        language: Option<Language>,
        (top, left_out): (usize, &FxHashSet<String>),
    ) -> (Vec<(&str, f64)>, Option<f64>) {
        let ranked = self.rank_ids(query, text, language, top);
        if ranked.is_empty() {
            return (ranked, None);
        }
        let wanted = |c: &Candidate| !left_out.contains(self.index.id(c.case));
        let without = self.rank_all(query, (RANKED + left_out.len(), 0), wanted);
        let without = without.first().map(|r| r.1);
        (ranked, without)
    }

    /// The `top` best cases for a prepared query, with their probability.
    fn rank(&self, query: &mut Query, top: usize) -> Vec<(Candidate, f64)> {
        let mut ranked = self.rank_all(query, (RANKED, top), |_| true);
        ranked.truncate(top);
        ranked
    }

    /// All cases that the whole text or one of its passages finds and `wanted` holds for: `k` of the whole, and more where
    /// more are asked for, which change nothing about those.
    fn rank_all(
        &self,
        query: &mut Query,
        (k, top): (usize, usize),
        wanted: impl Fn(&Candidate) -> bool,
    ) -> Vec<(Candidate, f64)> {
        let mut held = Vec::new();
        let mut ranked = self.rank_view(query, k, &wanted, &mut held);
        if top > k {
            let more = self.rank_view(query, top, &wanted, &mut held).into_iter();
            let more: Vec<_> = more.filter(|m| ranked.iter().all(|r| r.0.case != m.0.case)).collect();
            ranked.extend(more);
        }
        for passage in 0..query.passages() {
            query.swap(passage);
            for (candidate, probability) in self.rank_view(query, PASSAGE, &wanted, &mut held) {
                match ranked.iter_mut().find(|r| r.0.case == candidate.case) {
                    Some(known) => known.1 = known.1.max(probability),
                    None => ranked.push((candidate, probability)),
                }
            }
            query.swap(passage);
        }
        let looks = 1.0 + query.passages() as f64;
        for (candidate, probability) in &mut ranked {
            *probability = one_of(looks, *probability);
            if held.contains(&candidate.case) {
                *probability = probability.max(WORD_FOR_WORD);
            }
        }
        Ranker::sort(&mut ranked);
        ranked
    }

    /// The cases that what is looked at finds; those whose claims the text holds word for word are added to `held`.
    fn rank_view(
        &self,
        query: &mut Query,
        k: usize,
        wanted: &impl Fn(&Candidate) -> bool,
        held: &mut Vec<CaseNo>,
    ) -> Vec<(Candidate, f64)> {
        let mut found = query.candidates(&self.index, ALL_FIELDS, k);
        found.retain(wanted);
        let rows = rows(&self.index, query, &found, ALL_FIELDS);
        let likely = found.iter().zip(&rows).filter(|(_, row)| may_hold_claim(&row.0)).map(|(c, _)| c.case);
        held.extend(likely.filter(|&case| query.holds(self.index.case(case).stated_claim())));
        let mut ranked = self.ranker.rank(&found, &rows);
        self.doubt(query, &mut ranked);
        ranked
    }

    /// Holds ranked cases against chance. By what one of the first shares with the text, and the same for all, so that their
    /// order stays. Not where the first is in another language: few words are shared then, and the ranker knows that.
    fn doubt(&self, query: &mut Query, ranked: &mut [(Candidate, f64)]) {
        let is_across = |case| query.same_language(&self.index, case) == Some(false);
        if ranked.first().is_none_or(|r| r.1 < LEAST_DOUBTED || is_across(r.0.case)) {
            return;
        }
        let mut surprise = f64::NEG_INFINITY;
        for (candidate, _) in ranked.iter().take(DOUBTED) {
            if query.compared.is_near(self.index.id(candidate.case)) {
                return;
            }
            surprise = surprise.max(query.surprise(&self.index, candidate.case));
        }
        for (_, probability) in ranked {
            *probability = with_chance(*probability, surprise);
        }
    }
}

/// The feature rows of candidates by their own words, and by their appearances where any are known.
pub(crate) fn rows(
    index: &CaseIndex,
    query: &Query,
    found: &[Candidate],
    mask: FieldMask,
) -> Vec<(FeatureRow, Option<AppearanceRow>)> {
    let mut known = query.compared.rows(index, found).into_iter();
    features(index, query, found, mask).into_iter().map(|row| (row, known.next())).collect()
}

/// The probability of the best of `looks` at a text. Whoever looks oftener finds more that is alike by chance: the odds are
/// shared.
fn one_of(looks: f64, probability: f64) -> f64 {
    probability / (probability + looks * (1.0 - probability))
}
