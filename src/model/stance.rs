//! Whether a text spreads narratives or only speaks of them: it reports, debunks, or has nothing.
//!
//! The linear score of "spreads any narrative" learned just that, so a calibration and two bounds are the whole model,
//! and the words that make the score explain the probability without a remainder. Counts of quotation marks, digits
//! or exclamation marks were rejected as further inputs: they help a little in cross-validation, but they learn the
//! habits of whoever wrote the texts and no word shows them. So was a list of words of attribution: the score has
//! learned them, in every training language.

use serde::{Deserialize, Serialize};

use crate::learn::calibrate::Platt;

/// What a text does with the narratives it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub enum Stance {
    /// It puts them forward as true.
    Spreads,
    /// It reports on them or debunks them, or has nothing of them.
    Reports,
    /// Neither label is right often enough at such probabilities.
    Unclear,
}

/// From the linear score of "spreads any narrative" to a label. Fitted on out-of-fold scores only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StanceModel {
    /// Turns the linear score into the probability that the text spreads.
    pub calibration: Platt,
    /// `reports` up to this probability of spreading, at most 0.5.
    pub reports_to: f64,
    /// `spreads` from this probability, at least 0.5.
    pub spreads_from: f64,
    /// The share of right decisions out of fold that the two bounds were chosen for.
    pub precision: f64,
}

impl StanceModel {
    /// The probability that a text with this linear score spreads.
    pub fn probability(&self, score: f64) -> f64 {
        self.calibration.probability(score)
    }

    /// What a probability of spreading means.
    pub fn label(&self, probability: f64) -> Stance {
        if probability >= self.spreads_from {
            Stance::Spreads
        } else if probability <= self.reports_to {
            Stance::Reports
        } else {
            Stance::Unclear
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_unclear_and_a_higher_score_is_a_higher_probability() {
        let model =
            StanceModel { calibration: Platt { a: -1.5, b: 0.3 }, reports_to: 0.3, spreads_from: 0.6, precision: 0.9 };
        let labels = [0.0, 0.3, 0.31, 0.59, 0.6, 1.0].map(|p| model.label(p));
        let (s, r, u) = (Stance::Spreads, Stance::Reports, Stance::Unclear);
        assert_eq!(labels, [r, r, u, u, s, s]);
        assert!(model.probability(1.0) > model.probability(0.5));
        assert!((model.probability(0.2) - 0.5).abs() < 1e-12);
    }
}
