//! The probability that a candidate is about the same claim: a linfa-logistic model over lexical features.
//!
//! Every feature is a share or a logarithm, none a raw score, so that weights learned on one case base hold on another
//! of other size and language. Title and claim count as one "short side" by their better value: people write either,
//! and learning from free pairs (a title searches for its own claim) hides one of the two.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::candidates::Candidate;
pub use super::likeness::FEATURES;
use super::likeness::FeatureRow;
use crate::error::Result;
use crate::learn::calibrate::Platt;
use crate::learn::dense::DenseModel;

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
