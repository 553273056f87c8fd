//! Platt calibration: a score becomes the share of such scores that are right.
//!
//! `probability = 1 / (1 + exp(a·score + b))`, fitted by linfa's implementation of Platt, "Probabilistic outputs for
//! support vector machines" (1999) in the numerically safe form of Lin, Lin and Weng (2007). Isotonic regression was
//! rejected: with a dozen positives per narrative it learns the noise.

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattParams, platt_newton_method};
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use super::dense::DenseModel;
use super::logistic::{ln_sigmoids, sigmoid};

/// Beta calibration: from one probability to a better one, by `σ(a · ln p - b · ln(1 - p) + c)` with `a` and `b` not
/// negative (Kull, Silva Filho and Flach, "Beta calibration", 2017).
///
/// Platt's curve is symmetric. The best of many narratives is not: near 1 it is too sure, because the largest of many
/// errors is taken, and in the middle it is not sure enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta {
    /// Weight of `ln p`.
    pub a: f64,
    /// Weight of `-ln(1 - p)`.
    pub b: f64,
    /// Offset in log-odds.
    pub c: f64,
}

impl Beta {
    /// Leaves a probability as it is.
    pub const IDENTITY: Self = Self { a: 1.0, b: 1.0, c: 0.0 };

    /// `ln p` and `-ln(1 - p)`, of a probability that is kept off 0 and 1.
    pub(crate) fn inputs(p: f64) -> [f64; 2] {
        let p = p.clamp(1e-9, 1.0 - 1e-9);
        [p.ln(), -(-p).ln_1p()]
    }

    /// The log-odds of the calibrated probability of one that is given as log-odds, too.
    #[inline(always)]
    pub(crate) fn log_odds(self, odds: f64) -> f64 {
        /// The log-odds of 1 in 10⁹: as far off 0 and 1 as `inputs` keeps a probability.
        const FAR: f64 = 20.723_265_835_946_41;
        let odds = if odds > FAR { FAR } else { odds };
        let [low, high] = ln_sigmoids(if odds < -FAR { -FAR } else { odds });
        self.a * low + self.b * high + self.c
    }
}

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

    /// Fits scores against outcomes. `None` with fewer than [`FEWEST`] of a kind, or
    /// when higher scores would mean lower probabilities (then the scores carry nothing to calibrate).
    pub fn fit(scores: &[f64], outcomes: &[bool]) -> Option<Self> {
        let positives = outcomes.iter().filter(|&&o| o).count();
        if positives < FEWEST || outcomes.len() - positives < FEWEST {
            return None;
        }
        let params = PlattParams::<f64, ()>::default().maxiter(200).check().ok()?;
        let fitted = platt_newton_method(ArrayView1::from(scores), ArrayView1::from(outcomes), &params);
        // Its line search gives up on some large problems; there the smoothing of its targets does not matter anyway.
        let (a, b) = fitted.ok().or_else(|| {
            let inputs = Array2::from_shape_fn((scores.len(), 1), |(i, _)| scores[i]);
            let model = DenseModel::fit(&inputs, outcomes, 1e-3).ok()?;
            Some((-model.weights[0], -model.bias))
        })?;
        (a < 0.0 && a.is_finite() && b.is_finite()).then_some(Self { a, b })
    }

    /// The probability of a score.
    pub fn probability(&self, score: f64) -> f64 {
        sigmoid(self.log_odds(score))
    }

    /// The log-odds of that probability.
    #[inline]
    pub(crate) fn log_odds(&self, score: f64) -> f64 {
        -(self.a * score + self.b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beta_curves_bend_and_keep_the_order() {
        let curve = Beta { a: 1.3, b: 0.4, c: 0.2 };
        for odds in [-19.0, -2.5, -0.0, 0.0, 0.7, 12.0] {
            let [low, high] = Beta::inputs(sigmoid(odds));
            let (told, by_probability) = (curve.log_odds(odds), curve.a * low + curve.b * high + curve.c);
            // A probability near 1 says less about its log-odds than about itself.
            assert!((told - by_probability).abs() < 1e-7 * (1.0 + told.abs()), "{odds}: {told}");
            assert!((Beta::IDENTITY.log_odds(odds) - odds).abs() < 1e-9, "{odds}");
        }
        let all = [-1e300, -30.0, -2.5, -0.0, 0.7, 12.0, 30.0, 1e300].map(|odds| curve.log_odds(odds));
        assert!(all.windows(2).all(|w| w[0] <= w[1]) && all.iter().all(|o| o.is_finite()), "{all:?}");
    }

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
