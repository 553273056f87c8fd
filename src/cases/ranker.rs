//! The probability that a candidate is about the same claim: linfa-logistic models over the features of `likeness`.
//!
//! Pointwise: each candidate is right or wrong by itself. Pairwise and listwise objectives were tried and rejected; what
//! they gave is in `docs/related-cases.md`.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::appearances::{self, AppearanceRow, Appearances};
use super::candidates::Candidate;
use super::likeness::{FEATURES, FeatureRow, is_across};
use super::translations::Translations;
use crate::error::Result;
use crate::learn::calibrate::Platt;
use crate::learn::dense::DenseModel;
use crate::learn::logistic::sigmoid;

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
    /// Where texts are known that repeat a case: weighs what the others say, as log-odds, together with how alike the text is
    /// to those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// How much of `within` was learned here, from 0 to 1, and of `across` where that has no scorer of its own; the rest is the
    /// bundled ranker's. Nothing where all was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Meanings of words in other languages, where the cases taught any; kept in a file of its own.
    #[serde(skip)]
    pub translations: Option<Arc<Translations>>,
    /// Texts judged to repeat a case, where it learned from any; kept in a file of its own.
    #[serde(skip)]
    pub appearances: Option<Arc<Appearances>>,
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

/// From the log-odds by the case's own words and the features of [`appearances`] to a probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// A weight for the log-odds, then one for each of [`appearances::FEATURES`].
    pub model: DenseModel,
    /// From its score to a probability.
    pub calibration: Platt,
    /// What each of them moves the log-odds by when it is one standard deviation above its mean.
    pub importance: Vec<f64>,
}

/// A judged example for learning: the features of one candidate and whether it is the same claim.
#[derive(Clone)]
pub(crate) struct Example {
    /// Numbers the query it came from, to keep a query on one side of a split.
    pub(crate) query: usize,
    pub(crate) row: FeatureRow,
    /// Where texts are known that repeat a case.
    pub(crate) known: Option<AppearanceRow>,
    pub(crate) same: bool,
    /// The right cases of its query are left out, or there are none.
    pub(crate) without: bool,
    /// Says how sure to be, but not what to look at: a text that repeats no case tells nothing of which case is better.
    pub(crate) calibrates: bool,
}

impl Ranker {
    /// The log-odds by a case's own words.
    fn log_odds(&self, row: &FeatureRow) -> f64 {
        let scorer = self.across.as_ref().filter(|_| is_across(row)).unwrap_or(&self.within);
        scorer.calibration.log_odds(scorer.model.score(row))
    }

    /// The probability for the feature rows of a candidate.
    pub(crate) fn probability(&self, row: &FeatureRow, known: Option<&AppearanceRow>) -> f64 {
        let by_words = self.log_odds(row);
        match (&self.known, known) {
            (Some(k), Some(known)) => k.calibration.probability(k.model.score(&with_known(by_words, known))),
            _ => sigmoid(by_words),
        }
    }

    /// Whether it fits the features of this program.
    pub(crate) fn is_sound(&self) -> bool {
        [Some(&self.within), self.across.as_ref()]
            .into_iter()
            .flatten()
            .all(|s| [s.model.weights.len(), s.importance.len()] == [FEATURES.len(); 2])
            && self.known.iter().all(|k| [k.model.weights.len(), k.importance.len()] == [WITH_KNOWN; 2])
    }

    /// Candidates with their probability, in the order of [`Ranker::sort`].
    pub(crate) fn rank(
        &self,
        found: &[Candidate],
        rows: &[(FeatureRow, Option<AppearanceRow>)],
    ) -> Vec<(Candidate, f64)> {
        let each = found.iter().zip(rows);
        let mut ranked: Vec<_> = each.map(|(&c, (row, known))| (c, self.probability(row, known.as_ref()))).collect();
        Self::sort(&mut ranked);
        ranked
    }

    /// Most probable first; ties by the first score.
    pub(crate) fn sort(ranked: &mut [(Candidate, f64)]) {
        ranked.sort_by(|(a, p), (b, q)| q.total_cmp(p).then(b.score.total_cmp(&a.score)).then(a.case.cmp(&b.case)));
    }

    /// Fits all scorers. The log-odds are those of what was fitted by its `share`, and of a `bundled` ranker by the rest; across
    /// languages only where nothing was fitted.
    pub(crate) fn fit(examples: &[Example], bundled: Option<(&Self, f64)>) -> Result<Self> {
        // Cases found by their appearances alone say nothing of how a case is found by its words.
        let by_words = examples.iter().filter(|e| e.known.is_none_or(|k| !appearances::only(&k)));
        let (across, within): (Vec<&Example>, Vec<&Example>) = by_words.partition(|e| is_across(&e.row));
        let enough = |of: &[&Example]| of.iter().filter(|e| e.same).count() >= FEWEST;
        let (within, across) = if enough(&across) && !within.iter().any(|e| e.same) {
            // Cases of claims alone: their versions teach for all.
            let across = Scorer::fit(&across, DenseModel::fit_increasing)?;
            (across.clone(), Some(across))
        } else if enough(&across) {
            let (within, across) = rayon::join(
                || Scorer::fit(&within, DenseModel::fit),
                // Few words are shared across languages, and a plain fit plays them against each other.
                || Scorer::fit(&across, DenseModel::fit_increasing),
            );
            (within?, Some(across?))
        } else {
            (Scorer::fit(&[within, across].concat(), DenseModel::fit)?, None)
        };
        let mut ranker = Self { within, across, known: None, share: None, translations: None, appearances: None };
        if let Some((bundled, share)) = bundled {
            ranker.across = ranker.across.or_else(|| Some(ranker.within.mixed(bundled.across.as_ref()?, share)));
            ranker.within = ranker.within.mixed(&bundled.within, share);
            ranker.share = Some(share);
        }
        ranker.known = ranker.fit_known(examples)?;
        Ok(ranker)
    }

    /// Fits what weighs the known appearances, where there are any.
    fn fit_known(&self, examples: &[Example]) -> Result<Option<Known>> {
        let row = |e: &Example| Some((with_known(self.log_odds(&e.row), e.known.as_ref()?), e.same));
        // Lists without a right case say how sure to be; as wrong examples for the weights they would make every known
        // case suspect.
        let answered = examples.iter().filter(|e| !e.without);
        let (rows, labels): (Vec<[f64; WITH_KNOWN]>, Vec<bool>) = answered.filter_map(row).unzip();
        if rows.is_empty() {
            return Ok(None);
        }
        // More alike or oftener repeated can only speak for a case.
        let model = DenseModel::fit_increasing(&Array2::from(rows.clone()), &labels, 1.0)?;
        let scored = examples.iter().filter_map(|e| row(e).map(|(row, same)| (model.score(&row), same)));
        let (scores, outcomes): (Vec<f64>, Vec<bool>) = scored.unzip();
        let calibration = Platt::fit(&scores, &outcomes).unwrap_or(Platt::IDENTITY);
        let importance = model.weights.iter().zip(deviations(&rows)).map(|(w, d)| w * d).collect();
        Ok(Some(Known { model, calibration, importance }))
    }
}

/// The log-odds by the case's own words, and the features of its appearances.
const WITH_KNOWN: usize = appearances::FEATURES.len() + 1;

fn with_known(log_odds: f64, known: &AppearanceRow) -> [f64; WITH_KNOWN] {
    std::array::from_fn(|i| if i == 0 { log_odds } else { known[i - 1] })
}

/// One in so many queries calibrates.
pub(crate) const HELD_OUT: usize = 5;

/// Fewest right pairs across languages for a scorer of their own.
const FEWEST: usize = 50;

impl Scorer {
    /// Fits weights on all but one in [`HELD_OUT`] queries, calibrates on the rest and on what only calibrates, then refits the
    /// weights on all queries.
    fn fit(examples: &[&Example], fit: Fit) -> Result<Self> {
        let held_out = |e: &&Example| e.calibrates || e.query % HELD_OUT == HELD_OUT - 1;
        let (test, train): (Vec<&Example>, Vec<&Example>) = examples.iter().copied().partition(held_out);
        let all: Vec<&Example> = examples.iter().copied().filter(|e| !e.calibrates).collect();
        let (part, model) = rayon::join(|| fit_dense(&train, fit), || fit_dense(&all, fit));
        let part = part?;
        let scores: Vec<f64> = test.iter().map(|e| part.score(&e.row)).collect();
        let outcomes: Vec<bool> = test.iter().map(|e| e.same).collect();
        let calibration = Platt::fit(&scores, &outcomes).unwrap_or(Platt::IDENTITY);
        let model = model?;
        let rows: Vec<FeatureRow> = all.iter().map(|e| e.row).collect();
        let importance = model.weights.iter().zip(deviations(&rows)).map(|(w, d)| w * d).collect();
        Ok(Self { model, calibration, importance })
    }

    /// The mean of the log-odds of both, this one's with weight `share`.
    fn mixed(&self, other: &Self, share: f64) -> Self {
        let [own, others] = [(self, share), (other, 1.0 - share)].map(|(s, share)| {
            let slope = -s.calibration.a * share;
            let bias = s.model.bias * slope - s.calibration.b * share;
            (s.model.weights.iter().map(move |w| w * slope), bias, s.importance.iter().map(move |i| i * slope))
        });
        let sum = |a: (f64, f64)| a.0 + a.1;
        let model = DenseModel { weights: own.0.zip(others.0).map(sum).collect(), bias: own.1 + others.1 };
        Self { model, calibration: Platt::IDENTITY, importance: own.2.zip(others.2).map(sum).collect() }
    }
}

/// The standard deviation of each column.
fn deviations<const N: usize>(rows: &[[f64; N]]) -> [f64; N] {
    let n = rows.len().max(1) as f64;
    let mean = |of: &dyn Fn(&[f64; N]) -> f64| rows.iter().map(of).sum::<f64>() / n;
    std::array::from_fn(|j| {
        let middle = mean(&|r| r[j]);
        mean(&|r| (r[j] - middle).powi(2)).sqrt()
    })
}

/// A way to fit the weights: inputs, labels, penalty.
type Fit = fn(&Array2<f64>, &[bool], f64) -> Result<DenseModel>;

fn fit_dense(examples: &[&Example], fit: Fit) -> Result<DenseModel> {
    let inputs = Array2::from_shape_fn((examples.len(), FEATURES.len()), |(i, j)| examples[i].row[j]);
    let labels: Vec<bool> = examples.iter().map(|e| e.same).collect();
    fit(&inputs, &labels, 1.0)
}
