//! Platt calibration: a score becomes the share of such scores that are right.
//!
//! `probability = 1 / (1 + exp(a·score + b))`, fitted by linfa's implementation of Platt, "Probabilistic outputs for
//! support vector machines" (1999) in the numerically safe form of Lin, Lin and Weng (2007). Isotonic regression was
//! rejected: with a dozen positives per narrative it learns the noise.

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattParams, platt_newton_method};
use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use super::logistic::sigmoid;

/// Fewest examples of each kind for a calibration of its own.
pub const FEWEST: usize = 8;

/// A fitted calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platt {
    /// Slope; negative, so that a higher score is a higher probability.
    pub a: f64,
    /// Offset.
    pub b: f64,
}

impl Platt {
    /// Takes a log-odds score as it is.
    pub const IDENTITY: Self = Self { a: -1.0, b: 0.0 };

    /// Fits scores against outcomes. `None` with fewer than [`FEWEST`] of a kind, when the fit does not converge, or
    /// when higher scores would mean lower probabilities (then the scores carry nothing to calibrate).
    pub fn fit(scores: &[f64], outcomes: &[bool]) -> Option<Self> {
        let positives = outcomes.iter().filter(|&&o| o).count();
        if positives < FEWEST || outcomes.len() - positives < FEWEST {
            return None;
        }
        let params = PlattParams::<f64, ()>::default().maxiter(200).check().ok()?;
        let (a, b) = platt_newton_method(ArrayView1::from(scores), ArrayView1::from(outcomes), &params).ok()?;
        (a < 0.0 && a.is_finite() && b.is_finite()).then_some(Self { a, b })
    }

    /// The probability of a score.
    pub fn probability(&self, score: f64) -> f64 {
        sigmoid(-(self.a * score + self.b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovers_a_known_calibration() {
        let scores: Vec<f64> = (0..4000).map(|i| f64::from(i) / 500.0 - 4.0).collect();
        let truth = Platt { a: -1.5, b: 0.7 };
        // An evenly spread stand-in for a random draw, so that the test is the same every time.
        let outcomes: Vec<bool> = scores
            .iter()
            .enumerate()
            .map(|(i, &s)| (i as f64 * 0.618_033_988_75).fract() < truth.probability(s))
            .collect();
        let fitted = Platt::fit(&scores, &outcomes).unwrap();
        assert!((fitted.a - truth.a).abs() < 0.1 && (fitted.b - truth.b).abs() < 0.1, "{fitted:?}");
    }

    #[test]
    fn refuses_what_cannot_be_calibrated() {
        assert_eq!(Platt::fit(&[1.0, 2.0], &[true, false]), None);
        let scores: Vec<f64> = (0..40).map(f64::from).collect();
        let reversed: Vec<bool> = (0..40).map(|i| i < 20).collect();
        assert_eq!(Platt::fit(&scores, &reversed), None);
    }
}
