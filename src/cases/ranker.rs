//! The probability that a candidate is about the same claim: linfa-logistic models over the features of `likeness`.
//!
//! Pointwise: each candidate is right or wrong by itself. Pairwise and listwise objectives were tried and rejected; what
//! they gave is in `docs/related-cases.md`.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::candidates::Candidate;
use super::likeness::{FEATURES, FeatureRow, is_across};
use super::translations::Translations;
use crate::error::Result;
use crate::learn::calibrate::Platt;
use crate::learn::dense::DenseModel;

/// The fitted ranker.
///
/// Between two languages words agree by their meanings and names alone, so the same share of words says more than
/// within one language: a model of its own weighs those candidates, where versions of cases taught one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranker {
    /// For cases in the language of the text, or in an unknown one.
    pub within: Scorer,
    /// For cases in another language; without it they are judged like all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across: Option<Scorer>,
    /// Meanings of words in other languages, where the cases taught any; kept in a file of its own.
    #[serde(skip)]
    pub translations: Option<Arc<Translations>>,
}

/// From features to a probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scorer {
    /// Weights over [`FEATURES`].
    pub model: DenseModel,
    /// From its score to a probability.
    pub calibration: Platt,
    /// What each feature moves the log-odds by when it is one standard deviation above its mean.
    pub importance: Vec<f64>,
}

/// A judged example for learning: the features of one candidate and whether it is the same claim.
#[derive(Clone)]
pub(crate) struct Example {
    /// Numbers the query it came from, to keep a query on one side of a split.
    pub(crate) query: usize,
    pub(crate) row: FeatureRow,
    pub(crate) same: bool,
    /// Says how sure to be, but not what to look at: a text that repeats no case tells nothing of which case is better.
    pub(crate) calibrates: bool,
}

impl Ranker {
    /// The ranker's probability for a feature row.
    pub(crate) fn probability(&self, row: &FeatureRow) -> f64 {
        let scorer = self.across.as_ref().filter(|_| is_across(row)).unwrap_or(&self.within);
        scorer.calibration.probability(scorer.model.score(row))
    }

    /// Whether it fits the features of this program.
    pub(crate) fn is_sound(&self) -> bool {
        [Some(&self.within), self.across.as_ref()]
            .into_iter()
            .flatten()
            .all(|s| [s.model.weights.len(), s.importance.len()] == [FEATURES.len(); 2])
    }

    /// Candidates with their probability, most probable first; ties by the first score.
    pub(crate) fn rank(&self, found: &[Candidate], rows: &[FeatureRow]) -> Vec<(Candidate, f64)> {
        let mut ranked: Vec<_> = found.iter().zip(rows).map(|(&c, row)| (c, self.probability(row))).collect();
        ranked.sort_by(|(a, p), (b, q)| q.total_cmp(p).then(b.score.total_cmp(&a.score)).then(a.case.cmp(&b.case)));
        ranked
    }

    /// Fits both scorers.
    pub(crate) fn fit(examples: &[Example]) -> Result<Self> {
        let (across, within): (Vec<&Example>, Vec<&Example>) = examples.iter().partition(|e| is_across(&e.row));
        let enough = across.iter().filter(|e| e.same).count() >= FEWEST_ACROSS;
        if !enough {
            return Ok(Self {
                within: Scorer::fit(&examples.iter().collect::<Vec<_>>(), DenseModel::fit)?,
                across: None,
                translations: None,
            });
        }
        let (within, across) = rayon::join(
            || Scorer::fit(&within, DenseModel::fit),
            // Few words are shared across languages, and a plain fit plays them against each other.
            || Scorer::fit(&across, DenseModel::fit_increasing),
        );
        Ok(Self { within: within?, across: Some(across?), translations: None })
    }
}

/// Fewest right pairs across languages for a scorer of their own.
const FEWEST_ACROSS: usize = 50;

impl Scorer {
    /// Fits weights on four fifths of the queries, calibrates on the rest and on what only calibrates, then refits the
    /// weights on all queries.
    fn fit(examples: &[&Example], fit: Fit) -> Result<Self> {
        let held_out = |e: &&Example| e.calibrates || e.query % 5 == 4;
        let (test, train): (Vec<&Example>, Vec<&Example>) = examples.iter().copied().partition(held_out);
        let all: Vec<&Example> = examples.iter().copied().filter(|e| !e.calibrates).collect();
        let (part, model) = rayon::join(|| fit_dense(&train, fit), || fit_dense(&all, fit));
        let part = part?;
        let scores: Vec<f64> = test.iter().map(|e| part.score(&e.row)).collect();
        let outcomes: Vec<bool> = test.iter().map(|e| e.same).collect();
        let calibration = Platt::fit(&scores, &outcomes).unwrap_or(Platt::IDENTITY);
        let model = model?;
        let importance = model.weights.iter().zip(deviations(&all)).map(|(w, d)| w * d).collect();
        Ok(Self { model, calibration, importance })
    }
}

/// The standard deviation of each feature.
fn deviations(examples: &[&Example]) -> Vec<f64> {
    let n = examples.len().max(1) as f64;
    let mean = |of: &dyn Fn(&FeatureRow) -> f64| examples.iter().map(|e| of(&e.row)).sum::<f64>() / n;
    let deviation = |j: usize| {
        let middle = mean(&|r| r[j]);
        mean(&|r| (r[j] - middle).powi(2)).sqrt()
    };
    (0..FEATURES.len()).map(deviation).collect()
}

/// A way to fit the weights: inputs, labels, penalty.
type Fit = fn(&Array2<f64>, &[bool], f64) -> Result<DenseModel>;

fn fit_dense(examples: &[&Example], fit: Fit) -> Result<DenseModel> {
    let inputs = Array2::from_shape_fn((examples.len(), FEATURES.len()), |(i, j)| examples[i].row[j]);
    let labels: Vec<bool> = examples.iter().map(|e| e.same).collect();
    fit(&inputs, &labels, 1.0)
}
