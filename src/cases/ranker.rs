//! The probability that a candidate is about the same claim: a linfa-logistic model over lexical features.
//!
//! Every feature is a share or a logarithm, none a raw score, so that weights learned on one case base hold on another
//! of other size and language. Title and claim count as one "short side" by their better value: people write either,
//! and learning from free pairs (a title searches for its own claim) hides one of the two.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::candidates::{Candidate, FieldMask, Query, SATURATED, saturate};
use super::case::Field;
use super::index::CaseIndex;
use crate::error::Result;
use crate::features::vocabulary::TermKind;
use crate::learn::calibrate::Platt;
use crate::learn::dense::DenseModel;

/// The features, in order.
pub const FEATURES: [&str; 18] = [
    "BM25 of words, all fields, by its maximum",
    "BM25 of words, title and claim, by its maximum",
    "BM25 of character n-grams, title and claim, by its maximum",
    "BM25 of word pairs, by its maximum",
    "share of the text's idf found in the case",
    "share of the claim's or title's idf found in the text",
    "the same for character n-grams",
    "largest idf of a shared word, by the largest possible",
    "log of shared words in title and claim",
    "first score by that of the best candidate",
    "lead of the first score over the next candidate",
    "reciprocal rank of the first score",
    "log of the words of title and claim",
    "log of the text's total idf",
    "best overlap of one sentence with title or claim",
    "numbers of the claim found in the text",
    "the claim has numbers, the text has others",
    "same language",
];

/// A row of feature values.
pub(crate) type FeatureRow = [f64; FEATURES.len()];

/// The fitted ranker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranker {
    /// Weights over [`FEATURES`].
    pub model: DenseModel,
    /// From its score to a probability.
    pub calibration: Platt,
}

/// One ranked candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) candidate: Candidate,
    pub(crate) probability: f64,
}

/// What the features of one field are summed from.
#[derive(Default, Clone, Copy)]
struct Side {
    words: f64,
    shared: f64,
    grams: f64,
    shared_grams: f64,
}

/// Divides, giving 0 for nothing out of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Feature rows of the candidates of a prepared query.
pub(crate) fn features(index: &CaseIndex, query: &Query, found: &[Candidate], mask: FieldMask) -> Vec<FeatureRow> {
    let total = |kind: TermKind| -> f64 {
        query.terms.iter().filter(|t| t.kind == kind).map(|t| t.idf * t.weight).sum::<f64>()
    };
    let (words, pairs, grams) = (total(TermKind::Word), total(TermKind::Pair), total(TermKind::Chars));
    let highest = (1.0 + (index.len() as f64 + 0.5) / 0.5).ln();
    let best = found.first().map_or(1.0, |c| c.score);
    // Per query term: whether it stands in the title (1) or claim (2) of the candidate at hand.
    let mut marks = vec![0u8; query.terms.len()];
    let mut rows = Vec::with_capacity(found.len());
    for (rank, candidate) in found.iter().enumerate() {
        let lengths = index.lengths(candidate.case);
        let (mut bm25, mut short, mut gram, mut pair) = (0.0, 0.0, 0.0, 0.0);
        let (mut shared_idf, mut largest, mut shared_short) = (0.0, 0.0f64, 0usize);
        let (mut title, mut claim) = (Side::default(), Side::default());
        let short_mask = [mask[0], mask[1], false, false];
        marks.fill(0);
        for ct in index.terms_of(candidate.case) {
            let kind = index.kind(ct.term);
            let idf = query.idf(ct.term);
            let slot = query.slots[ct.term as usize];
            let known = (slot != u32::MAX).then(|| query.terms[slot as usize]);
            for (side, field) in [(&mut title, Field::Title as usize), (&mut claim, Field::Claim as usize)] {
                if ct.counts[field] > 0 && mask[field] {
                    let hit = if known.is_some() { idf } else { 0.0 };
                    match kind {
                        TermKind::Word => (side.words, side.shared) = (side.words + idf, side.shared + hit),
                        TermKind::Chars => {
                            (side.grams, side.shared_grams) = (side.grams + idf, side.shared_grams + hit);
                        }
                        TermKind::Pair => {}
                    }
                    if known.is_some() {
                        marks[slot as usize] |= 1 << field;
                    }
                }
            }
            let Some(term) = known else { continue };
            let weight = term.idf * term.weight;
            let everywhere = saturate(query.frequency(candidate.case, ct.counts, mask));
            let in_short = saturate(query.frequency(candidate.case, ct.counts, short_mask));
            match kind {
                TermKind::Word if everywhere > 0.0 => {
                    bm25 += weight * everywhere;
                    short += weight * in_short;
                    shared_idf += weight;
                    largest = largest.max(term.idf);
                    shared_short += usize::from(in_short > 0.0);
                }
                TermKind::Pair => pair += weight * everywhere,
                TermKind::Chars => gram += weight * in_short,
                TermKind::Word => {}
            }
        }
        let sides = [title, claim];
        let coverage = sides.iter().map(|s| share(s.shared, s.words)).fold(0.0, f64::max);
        let gram_coverage = sides.iter().map(|s| share(s.shared_grams, s.grams)).fold(0.0, f64::max);
        let short_words =
            f64::from(if mask[0] { lengths[0] } else { 0 }) + f64::from(if mask[1] { lengths[1] } else { 0 });
        let (agree, conflict) = numbers(index, query, *candidate, short_mask);
        let next = found.get(rank + 1).map_or(0.0, |c| c.score);
        let language = match (query.analysis.language, index.case(candidate.case).own_language()) {
            (Some(a), Some(b)) => f64::from(u8::from(a == b)),
            _ => 0.5,
        };
        rows.push([
            share(bm25, words * SATURATED),
            share(short, words * SATURATED),
            share(gram, grams * SATURATED),
            share(pair, pairs * SATURATED),
            share(shared_idf, words),
            coverage,
            gram_coverage,
            largest / highest,
            (1.0 + shared_short as f64).ln(),
            share(candidate.score, best),
            share(candidate.score - next, best),
            1.0 / (rank + 1) as f64,
            (1.0 + short_words).ln(),
            (1.0 + words).ln(),
            best_sentence(query, &marks, sides.map(|s| s.words)),
            agree,
            conflict,
            language,
        ]);
    }
    rows
}

/// The largest idf-weighted Dice overlap of one sentence of the text with the title or the claim.
fn best_sentence(query: &Query, marks: &[u8], totals: [f64; 2]) -> f64 {
    let mut best = 0.0f64;
    for sentence in &query.sentences {
        let (mut own, mut shared) = (0.0, [0.0; 2]);
        for &slot in sentence {
            let idf = query.terms[slot as usize].idf;
            own += idf;
            for (side, sum) in shared.iter_mut().enumerate() {
                if marks[slot as usize] & (1 << side) != 0 {
                    *sum += idf;
                }
            }
        }
        for (sum, total) in shared.iter().zip(totals) {
            best = best.max(share(2.0 * sum, own + total));
        }
    }
    best
}

/// The share of the case's numbers that the text has, and whether both have numbers but none in common.
fn numbers(index: &CaseIndex, query: &Query, candidate: Candidate, mask: FieldMask) -> (f64, f64) {
    let (mut all, mut shared) = (0u32, 0u32);
    for ct in index.terms_of(candidate.case) {
        let here = (0..4).any(|f| mask[f] && ct.counts[f] > 0);
        if here && index.is_number(ct.term) {
            all += 1;
            shared += u32::from(query.slots[ct.term as usize] != u32::MAX);
        }
    }
    let conflict = all > 0 && shared == 0 && query.has_numbers();
    (share(f64::from(shared), f64::from(all)), f64::from(u8::from(conflict)))
}

/// A judged example for learning: the features of one candidate and whether it is the same claim.
pub(crate) struct Example {
    /// Numbers the query it came from, to keep a query on one side of a split.
    pub(crate) query: usize,
    pub(crate) row: FeatureRow,
    pub(crate) same: bool,
}

impl Ranker {
    /// The ranker's probability for a feature row.
    pub(crate) fn probability(&self, row: &FeatureRow) -> f64 {
        self.calibration.probability(self.model.score(row))
    }

    /// Orders candidates by probability, ties by the first score.
    pub(crate) fn rank(&self, found: &[Candidate], rows: &[FeatureRow]) -> Vec<Ranked> {
        let mut ranked: Vec<Ranked> = found
            .iter()
            .zip(rows)
            .map(|(&candidate, row)| Ranked { candidate, probability: self.probability(row) })
            .collect();
        ranked.sort_by(|a, b| {
            (b.probability.total_cmp(&a.probability))
                .then(b.candidate.score.total_cmp(&a.candidate.score))
                .then(a.candidate.case.cmp(&b.candidate.case))
        });
        ranked
    }

    /// Fits weights on four fifths of the queries, calibrates on the rest, then refits the weights on all.
    pub(crate) fn fit(examples: &[Example]) -> Result<Self> {
        let held_out = |e: &&Example| e.query % 5 == 4;
        let (test, train): (Vec<&Example>, Vec<&Example>) = examples.iter().partition(held_out);
        let part = fit_dense(&train)?;
        let scores: Vec<f64> = test.iter().map(|e| part.score(&e.row)).collect();
        let outcomes: Vec<bool> = test.iter().map(|e| e.same).collect();
        let calibration = Platt::fit(&scores, &outcomes).unwrap_or(Platt::IDENTITY);
        Ok(Self { model: fit_dense(&examples.iter().collect::<Vec<_>>())?, calibration })
    }
}

fn fit_dense(examples: &[&Example]) -> Result<DenseModel> {
    let inputs = Array2::from_shape_fn((examples.len(), FEATURES.len()), |(i, j)| examples[i].row[j]);
    let labels: Vec<bool> = examples.iter().map(|e| e.same).collect();
    DenseModel::fit(&inputs, &labels, 1.0)
}
