//! One logistic regression per narrative over shared sparse rows, behind linfa's `ParamGuard`, `Fit` and `Predict`.
//!
//! Multi-label by nature: a text may carry several narratives or none. A softmax over narratives was rejected because
//! it must give every text to somebody. Labels are independent problems that share the passes over the rows (`lanes`);
//! the result does not depend on the number of threads.

use linfa::ParamGuard;
use linfa::dataset::{AsTargets, DatasetBase, Records};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};

use super::gram::{Gram, LANES, Lanes, Scratch};
use super::lanes;
use super::problem::Problem;
use super::subspace::{Minimum, Start, Stop};
use crate::error::{Error, Result, TrainingProblem};
use crate::features::sparse::SparseRows;

/// How much a positive row counts against a negative one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClassWeight {
    /// All rows as they are weighted.
    Equal,
    /// Positive and negative rows weigh the same in sum, as scikit-learn's `class_weight="balanced"`.
    Balanced,
    /// As [`ClassWeight::Balanced`] to this power: 0 is equal, 1 balanced, between them tempered.
    Tempered(f64),
}

/// Unchecked settings; see the setters for ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct OneVsRestParams(OneVsRestValidParams);

/// Checked settings.
#[derive(Debug, Clone, PartialEq)]
pub struct OneVsRestValidParams {
    alpha: f64,
    intercept: bool,
    class_weight: ClassWeight,
    tolerance: f64,
    max_steps: usize,
}

impl Default for OneVsRestParams {
    fn default() -> Self {
        Self(OneVsRestValidParams {
            alpha: 1.0 / 30.0,
            intercept: true,
            class_weight: ClassWeight::Balanced,
            tolerance: 2e-3,
            max_steps: 1000,
        })
    }
}

impl OneVsRestParams {
    /// Strength of the L2 penalty, above 0 (scikit-learn's `1 / C`).
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }

    /// Whether to fit an intercept (never penalised).
    #[must_use]
    pub fn with_intercept(mut self, intercept: bool) -> Self {
        self.0.intercept = intercept;
        self
    }

    /// How positives are weighed against negatives.
    #[must_use]
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.0.class_weight = class_weight;
        self
    }

    /// Stop when the gradient norm fell to this share of that at zero; in (0, 1).
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Most rounds of the solver, at least 1.
    #[must_use]
    pub fn max_steps(mut self, steps: usize) -> Self {
        self.0.max_steps = steps;
        self
    }
}

impl ParamGuard for OneVsRestParams {
    type Checked = OneVsRestValidParams;
    type Error = TrainingProblem;

    fn check_ref(&self) -> std::result::Result<&Self::Checked, TrainingProblem> {
        let require = |ok: bool, name, range| if ok { Ok(()) } else { Err(TrainingProblem::Setting { name, range }) };
        require(self.0.alpha.is_finite() && self.0.alpha > 0.0, "alpha", "a number above 0")?;
        require(self.0.tolerance > 0.0 && self.0.tolerance < 1.0, "tolerance", "between 0 and 1")?;
        require(self.0.max_steps > 0, "max_steps", "at least 1")?;
        if let ClassWeight::Tempered(t) = self.0.class_weight {
            require((0.0..=1.0).contains(&t), "class_weight", "between 0 (equal) and 1 (balanced)")?;
        }
        Ok(&self.0)
    }

    fn check(self) -> std::result::Result<Self::Checked, TrainingProblem> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl OneVsRestValidParams {
    /// Fits labels `0..count` over shared rows. `row(label, i)` says whether row i is a positive of the label, and its
    /// weight; rows of weight 0 are left out. `start` may give weights to begin at. `settle` makes what is kept of each label, on any thread, in any order.
    pub(crate) fn solve<R: Send>(
        &self,
        gram: &Gram,
        count: usize,
        row: &(impl Fn(usize, usize) -> (bool, f32) + Sync),
        start: &(impl Fn(usize) -> Option<Start> + Sync),
        settle: &(impl Fn(usize, Minimum) -> R + Sync),
    ) -> Vec<R> {
        let stop = Stop { tolerance: self.tolerance, rounds: self.max_steps };
        lanes::solve(gram, stop, count, &|l| (self.problem(gram.rows(), |i| row(l, i)), start(l)), settle)
    }

    fn problem(&self, rows: usize, row: impl Fn(usize) -> (bool, f32)) -> Problem {
        let (mut signs, mut costs) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let (mut pos, mut neg) = (0.0, 0.0);
        for (positive, weight) in (0..rows).map(row) {
            let cost = f64::from(weight);
            *(if positive { &mut pos } else { &mut neg }) += cost;
            signs.push(if positive { 1.0 } else { -1.0 });
            costs.push(cost);
        }
        let temper = match self.class_weight {
            ClassWeight::Equal => 0.0,
            ClassWeight::Balanced => 1.0,
            ClassWeight::Tempered(t) => t,
        };
        if pos > 0.0 && neg > 0.0 {
            let class = |side: f64| ((pos + neg) / (2.0 * side)).powf(temper);
            let (cp, cn) = (class(pos), class(neg));
            for (cost, sign) in costs.iter_mut().zip(&signs) {
                *cost *= if *sign > 0.0 { cp } else { cn };
            }
        }
        Problem { signs, costs, alpha: self.alpha, intercept: self.intercept }
    }
}

/// The weights of labels fitted as sums of rows, given feature by feature: the first label of a block of
/// [`LANES`], the feature, and the block's weights.
pub(crate) fn weights_of(gram: &Gram, sums: &[Vec<f64>], mut each: impl FnMut(usize, usize, &[f64])) {
    let mut scratch = Scratch::new();
    let mut lanes = vec![Lanes::zero(); gram.rows()];
    for (block, sums) in sums.chunks(LANES).enumerate() {
        for (l, sum) in sums.iter().enumerate() {
            lanes.iter_mut().zip(sum).for_each(|(to, &a)| to[l] = a);
        }
        gram.transpose_times(&lanes, &mut scratch, |f, w| each(block * LANES, f as usize, &w[..sums.len()]));
    }
}

/// Linear models of all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModels {
    /// A row per label, a column per feature.
    pub weights: Array2<f64>,
    /// A bias per label.
    pub bias: Array1<f64>,
    /// The objective of each label at its minimum.
    pub value: Array1<f64>,
    /// The largest gradient norm left over all labels.
    pub gradient_norm: f64,
    /// Whether every label reached the tolerance.
    pub converged: bool,
    /// Products with the matrix of rows (there and back) that all labels together needed.
    pub products: usize,
}

impl Fit<SparseRows, Array2<bool>, Error> for OneVsRestValidParams {
    type Object = LinearModels;

    /// Fits every column of the targets. Row weights of the dataset are used where given.
    fn fit(&self, dataset: &DatasetBase<SparseRows, Array2<bool>>) -> Result<LinearModels> {
        let (rows, targets) = (dataset.records(), dataset.targets().as_targets());
        if rows.nsamples() != targets.nrows() {
            return Err(TrainingProblem::Shape { rows: rows.nsamples(), targets: targets.nrows() }.into());
        }
        let weights = dataset.weights();
        let row = |label: usize, i: usize| (targets[(i, label)], weights.map_or(1.0, |w| w[i]));
        let gram = Gram::new(rows);
        let fitted = self.solve(&gram, targets.ncols(), &row, &|_| None, &|_, minimum| minimum);
        let mut out = LinearModels {
            weights: Array2::zeros((fitted.len(), rows.nfeatures())),
            bias: fitted.iter().map(|f| f.bias).collect(),
            value: fitted.iter().map(|f| f.value).collect(),
            gradient_norm: fitted.iter().map(|f| f.gradient_norm).fold(0.0, f64::max),
            converged: fitted.iter().all(|f| f.converged),
            products: fitted.iter().map(|f| f.products).sum(),
        };
        let sums: Vec<Vec<f64>> = fitted.into_iter().map(|f| f.a).collect();
        weights_of(&gram, &sums, |first, feature, lanes| {
            for (l, &w) in lanes.iter().enumerate() {
                out.weights[(first + l, feature)] = w;
            }
        });
        Ok(out)
    }
}

impl PredictInplace<SparseRows, Array2<f64>> for LinearModels {
    /// The linear score of every row (rows) for every label (columns).
    fn predict_inplace<'a>(&'a self, x: &'a SparseRows, y: &mut Array2<f64>) {
        for (mut scores, row) in y.rows_mut().into_iter().zip(x.iter()) {
            for ((score, weights), bias) in scores.iter_mut().zip(self.weights.rows()).zip(&self.bias) {
                let dense = weights.as_slice().unwrap_or(&[]);
                *score = row.dot(dense) + bias;
            }
        }
    }

    fn default_target(&self, x: &SparseRows) -> Array2<f64> {
        Array2::zeros((x.nsamples(), self.bias.len()))
    }
}
