//! The probability that a candidate is about the same claim: a linfa-logistic model over lexical features.
//!
//! Every feature is a share or a logarithm, none a raw score, so that weights learned on one case base hold on another
//! of other size and language. Title and claim count as one "short side" by their better value: people write either,
//! and learning from free pairs (a title searches for its own claim) hides one of the two.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::candidates::{Candidate, FieldMask, Query, SATURATED, saturate};
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

/// Divides, giving 0 for nothing out of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Feature rows of the candidates of a prepared query.
pub(crate) fn features(index: &CaseIndex, query: &mut Query, found: &[Candidate], mask: FieldMask) -> Vec<FeatureRow> {
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
        let short_mask = [mask[0], mask[1], false, false];
        let (mut shared_words, mut shared_grams) = ([0.0; 2], [0.0; 2]);
        let mut shared_numbers = 0u32;
        let totals = query.totals(index, candidate.case);
        marks.fill(0);
        for ct in index.terms_of(candidate.case) {
            let Some(slot) = query.slot(ct.term) else { continue };
            let term = query.terms[slot];
            for field in 0..2 {
                if ct.counts[field] > 0 && mask[field] {
                    match term.kind {
                        TermKind::Word => shared_words[field] += term.idf,
                        TermKind::Chars => shared_grams[field] += term.idf,
                        TermKind::Pair => {}
                    }
                    marks[slot] |= 1 << field;
                }
            }
            if marks[slot] != 0 && term.kind == TermKind::Word && index.is_number(ct.term) {
                shared_numbers += 1;
            }
            let weight = term.idf * term.weight;
            let everywhere = saturate(query.frequency(candidate.case, ct.counts, mask));
            let in_short = saturate(query.frequency(candidate.case, ct.counts, short_mask));
            match term.kind {
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
        let whole = |sums: [f64; 2]| [0, 1].map(|f| if mask[f] { sums[f] } else { 0.0 });
        let (words_in, grams_in) = (whole(totals.words), whole(totals.grams));
        let covered = |shared: [f64; 2], whole: [f64; 2]| share(shared[0], whole[0]).max(share(shared[1], whole[1]));
        let short_words =
            f64::from(if mask[0] { lengths[0] } else { 0 }) + f64::from(if mask[1] { lengths[1] } else { 0 });
        let numbers = index.numbers_in(candidate.case, [mask[0], mask[1]]);
        let conflict = numbers > 0 && shared_numbers == 0 && query.has_numbers();
        let next = found.get(rank + 1).map_or(0.0, |c| c.score);
        let language = match (query.language, index.language(candidate.case)) {
            (Some(a), Some(b)) => f64::from(u8::from(a == b)),
            _ => 0.5,
        };
        rows.push([
            share(bm25, words * SATURATED),
            share(short, words * SATURATED),
            share(gram, grams * SATURATED),
            share(pair, pairs * SATURATED),
            share(shared_idf, words),
            covered(shared_words, words_in),
            covered(shared_grams, grams_in),
            largest / highest,
            (1.0 + shared_short as f64).ln(),
            share(candidate.score, best),
            share(candidate.score - next, best),
            1.0 / (rank + 1) as f64,
            (1.0 + short_words).ln(),
            (1.0 + words).ln(),
            best_sentence(query, &marks, words_in),
            share(f64::from(shared_numbers), f64::from(numbers)),
            f64::from(u8::from(conflict)),
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
