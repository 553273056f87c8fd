//! One logistic regression per narrative over shared sparse rows, behind linfa's `ParamGuard`, `Fit` and `Predict`.
//!
//! Multi-label by nature: a text may carry several narratives or none. A softmax over narratives was rejected because
//! it must give every text to somebody. Labels are independent problems, so rayon takes one per thread and the result
//! does not depend on the number of threads.

use linfa::ParamGuard;
use linfa::dataset::{AsTargets, DatasetBase, Records};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::newton::{Stop, minimise};
use super::objective::Objective;
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
            tolerance: 1e-2,
            max_steps: 100,
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

    /// Most Newton steps, at least 1.
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

/// One fitted label.
pub(crate) struct FittedLabel {
    /// A weight per feature.
    pub(crate) weights: Vec<f64>,
    pub(crate) bias: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) converged: bool,
}

impl OneVsRestValidParams {
    /// Fits one label. Rows of weight 0 are left out. A label without positives gets a bias and no weights.
    pub(crate) fn fit_label(&self, rows: &SparseRows, positive: &[bool], weights: &[f32]) -> FittedLabel {
        let total = |want: bool| -> f64 {
            positive.iter().zip(weights).filter(|&(&p, _)| p == want).map(|(_, &w)| f64::from(w)).sum()
        };
        let (pos, neg) = (total(true), total(false));
        if pos <= 0.0 || neg <= 0.0 {
            let bias = if pos > 0.0 { 4.0 } else { -4.0 };
            return FittedLabel { weights: vec![0.0; rows.nfeatures()], bias, gradient_norm: 0.0, converged: true };
        }
        let temper = match self.class_weight {
            ClassWeight::Equal => 0.0,
            ClassWeight::Balanced => 1.0,
            ClassWeight::Tempered(t) => t,
        };
        let class = |side: f64| ((pos + neg) / (2.0 * side)).powf(temper);
        let (cp, cn) = (class(pos), class(neg));
        let costs: Vec<f64> =
            positive.iter().zip(weights).map(|(&p, &w)| f64::from(w) * if p { cp } else { cn }).collect();
        let objective = Objective { rows, positive, costs: &costs, alpha: self.alpha, intercept: self.intercept };
        let found = minimise(&objective, Stop { tolerance: self.tolerance, steps: self.max_steps });
        let mut weights = found.variables;
        let bias = weights.pop().unwrap_or(0.0);
        FittedLabel { weights, bias, gradient_norm: found.gradient_norm, converged: found.converged }
    }
}

/// Linear models of all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModels {
    /// A row per label, a column per feature.
    pub weights: Array2<f64>,
    /// A bias per label.
    pub bias: Array1<f64>,
    /// The largest gradient norm left over all labels.
    pub gradient_norm: f64,
    /// Whether every label reached the tolerance.
    pub converged: bool,
}

impl Fit<SparseRows, Array2<bool>, Error> for OneVsRestValidParams {
    type Object = LinearModels;

    /// Fits every column of the targets. Row weights of the dataset are used where given.
    fn fit(&self, dataset: &DatasetBase<SparseRows, Array2<bool>>) -> Result<LinearModels> {
        let (rows, targets) = (dataset.records(), dataset.targets().as_targets());
        if rows.nsamples() != targets.nrows() {
            return Err(TrainingProblem::Shape { rows: rows.nsamples(), targets: targets.nrows() }.into());
        }
        let weights = dataset.weights().map_or_else(|| vec![1.0; rows.nsamples()], <[f32]>::to_vec);
        let fitted: Vec<FittedLabel> = (0..targets.ncols())
            .into_par_iter()
            .map(|label| self.fit_label(rows, &targets.column(label).to_vec(), &weights))
            .collect();
        let mut out = LinearModels {
            weights: Array2::zeros((fitted.len(), rows.nfeatures())),
            bias: fitted.iter().map(|f| f.bias).collect(),
            gradient_norm: fitted.iter().map(|f| f.gradient_norm).fold(0.0, f64::max),
            converged: fitted.iter().all(|f| f.converged),
        };
        for (mut row, label) in out.weights.rows_mut().into_iter().zip(fitted) {
            row.assign(&Array1::from(label.weights));
        }
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
