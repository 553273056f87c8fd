//! A small dense logistic model: linfa-logistic with its two traps closed.
//!
//! linfa-logistic 0.8 loses precision on unscaled inputs, so inputs are standardised here and the standardisation is
//! folded into the weights; and it calls whichever class is larger the positive one, so the sign is read from the
//! fitted labels instead of assumed. Used for fusion and for the ranker of related cases, where features are few.

use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use super::logistic::{ln_sigmoids, sigmoid};
use crate::error::Result;

/// `score = bias + Σ weightᵢ · inputᵢ`, on inputs as they come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseModel {
    /// A weight per input.
    pub weights: Vec<f64>,
    /// The intercept.
    pub bias: f64,
}

/// Gradient per example at which a fit is done.
const GRADIENT: f64 = 1e-7;

impl DenseModel {
    /// The linear score (log-odds) of one row of inputs.
    pub fn score(&self, inputs: &[f64]) -> f64 {
        self.bias + self.weights.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>()
    }

    /// The score as a probability.
    pub fn probability(&self, inputs: &[f64]) -> f64 {
        sigmoid(self.score(inputs))
    }

    /// Mean negative log-likelihood of the labels of examples, in nats.
    pub fn loss(&self, inputs: &Array2<f64>, labels: &[bool]) -> f64 {
        let scores = inputs.dot(&Array1::from(self.weights.clone())) + self.bias;
        // ln(1 + exp(-z)) for a label that holds, ln(1 + exp(z)) for one that does not.
        let losses =
            scores.iter().zip(labels).map(|(&score, &label)| -ln_sigmoids(if label { score } else { -score })[0]);
        losses.sum::<f64>() / labels.len().max(1) as f64
    }

    /// Fits on `inputs` (a row per example) and their labels, with L2 penalty `alpha` on standardised inputs.
    ///
    /// With labels of one kind only there is nothing to fit: the model then always says that kind with the odds that
    /// Laplace's rule gives.
    pub fn fit(inputs: &Array2<f64>, labels: &[bool], alpha: f64) -> Result<Self> {
        let positives = labels.iter().filter(|&&l| l).count();
        if positives == 0 || positives == labels.len() {
            let odds = (positives as f64 + 1.0) / ((labels.len() - positives) as f64 + 1.0);
            return Ok(Self { weights: vec![0.0; inputs.ncols()], bias: odds.ln() });
        }
        let mean = inputs.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(inputs.ncols()));
        let deviation = inputs.std_axis(Axis(0), 0.0).mapv(|s| if s > 1e-9 { s } else { 1.0 });
        let standard = (inputs - &mean) / &deviation;
        let dataset = Dataset::new(standard, Array1::from(labels.to_vec()));
        // The loss is a sum over examples, and so is its gradient.
        let tolerance = (GRADIENT * labels.len() as f64).max(1e-6);
        let fitted = LogisticRegression::default()
            .alpha(alpha)
            .max_iterations(500)
            .gradient_tolerance(tolerance)
            .fit(&dataset)?;
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let weights = fitted.params() * sign / &deviation;
        let bias = sign * fitted.intercept() - weights.dot(&mean);
        Ok(Self { weights: weights.to_vec(), bias })
    }

    /// As [`DenseModel::fit`], without negative weights: for inputs of which more can only mean more. The most negative
    /// weights, down to half of the worst, are set to 0 and the others are fitted again until none is negative.
    ///
    /// Scores of unseen texts are small and alike, so a plain fit may play one similarity against another; on a text that
    /// repeats a stored one word for word, where all are large, that turns into nonsense.
    pub fn fit_increasing(inputs: &Array2<f64>, labels: &[bool], alpha: f64) -> Result<Self> {
        let mut kept: Vec<usize> = (0..inputs.ncols()).collect();
        loop {
            let part = Self::fit(&inputs.select(Axis(1), &kept), labels, alpha)?;
            let worst = part.weights.iter().copied().fold(0.0, f64::min);
            if worst < 0.0 {
                let mut weights = part.weights.iter();
                kept.retain(|_| weights.next().is_none_or(|&w| w > worst / 2.0));
                continue;
            }
            let mut weights = vec![0.0; inputs.ncols()];
            kept.iter().zip(&part.weights).for_each(|(&to, &w)| weights[to] = w);
            return Ok(Self { weights, bias: part.bias });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn positive_means_true_whichever_class_is_larger() {
        for flip in [false, true] {
            let inputs = array![[0.0, 900.0], [1.0, 1000.0], [2.0, 950.0], [3.0, 1000.0], [4.0, 1100.0]];
            let labels: Vec<bool> = (0..5).map(|i| if flip { i > 0 } else { i > 3 }).collect();
            let model = DenseModel::fit(&inputs, &labels, 0.1).unwrap();
            assert!(model.score(&[4.0, 1000.0]) > model.score(&[0.0, 1000.0]), "flip {flip}");
        }
    }

    #[test]
    fn increasing_fits_have_no_negative_weight_and_still_learn() {
        // The second input is the first with noise: a plain fit subtracts it.
        let noise = |i: usize| (i as f64 * 0.618).fract() - 0.5;
        let inputs = Array2::from_shape_fn((60, 2), |(i, j)| i as f64 + j as f64 * 60.0 * noise(i));
        let labels: Vec<bool> = (0..60).map(|i| i as f64 - 30.0 * noise(i) > 30.0).collect();
        assert!(DenseModel::fit(&inputs, &labels, 0.1).unwrap().weights[1] < 0.0);
        let model = DenseModel::fit_increasing(&inputs, &labels, 0.1).unwrap();
        assert!(model.weights.iter().all(|&w| w >= 0.0));
        assert!(model.score(&[50.0, 50.0]) > 0.0 && model.score(&[10.0, 10.0]) < 0.0);
    }

    #[test]
    fn the_loss_is_the_mean_of_the_logarithms() {
        let model = DenseModel { weights: vec![1.5, -0.5], bias: 0.3 };
        let inputs = array![[0.2, 1.0], [-4.0, 2.0], [60.0, 0.0]];
        let p: Vec<f64> = inputs.outer_iter().map(|row| model.probability(&row.to_vec())).collect();
        let by_hand = -(p[0].ln() + (1.0 - p[1]).ln() + p[2].ln()) / 3.0;
        assert!((model.loss(&inputs, &[true, false, true]) - by_hand).abs() < 1e-9);
        // A sure error costs as much as it is sure of, and stays a number.
        assert!((model.loss(&array![[1000.0, 0.0]], &[false]) - 1500.3).abs() < 1e-6);
    }

    #[test]
    fn one_kind_of_label_is_no_error() {
        let model = DenseModel::fit(&array![[1.0], [2.0]], &[false, false], 1.0).unwrap();
        assert!(model.probability(&[1.0]) < 0.3);
    }
}
