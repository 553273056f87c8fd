//! Reliability: do answers with a stated probability of 80 % turn out right in 80 of 100?

use serde::Serialize;

use super::metrics::{expected_calibration_error, wilson};

/// Answers whose stated probability lies between two tenths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Lower end, inclusive.
    pub from: f64,
    /// Upper end, exclusive but for 1.
    pub to: f64,
    /// Answers in it.
    pub texts: usize,
    /// Their mean stated probability.
    pub probability: f64,
    /// The share that is right.
    pub right: f64,
    /// 95 % interval of that share (Wilson).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A reliability diagram (DeGroot and Fienberg, "The Comparison and Evaluation of Forecasters", 1983) and two figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Expected calibration error over ten bins, 0 is best.
    pub ece: f64,
    /// Mean squared gap between probability and outcome (Brier, "Verification of forecasts expressed in terms of
    /// probability", 1950), 0 is best.
    pub brier: f64,
    /// The bins that hold answers.
    pub bins: Vec<Bin>,
}

/// From stated probabilities and whether each answer was right.
pub fn reliability(answers: &[(f64, bool)]) -> Reliability {
    let (probabilities, outcomes): (Vec<f64>, Vec<bool>) = answers.iter().copied().unzip();
    let truth = |o: bool| f64::from(u8::from(o));
    let squares: f64 = answers.iter().map(|&(p, o)| (p - truth(o)).powi(2)).sum();
    let bins = (0..10)
        .filter_map(|b| {
            let (from, to) = (f64::from(b) / 10.0, f64::from(b + 1) / 10.0);
            let inside: Vec<_> = answers.iter().filter(|a| (b == 0 || a.0 >= from) && (b == 9 || a.0 < to)).collect();
            let texts = inside.len();
            let right = inside.iter().filter(|a| a.1).count();
            let (low, high) = wilson(right, texts);
            (texts > 0).then(|| Bin {
                from,
                to,
                texts,
                probability: inside.iter().map(|a| a.0).sum::<f64>() / texts as f64,
                right: right as f64 / texts as f64,
                low,
                high,
            })
        })
        .collect();
    Reliability {
        ece: expected_calibration_error(&probabilities, &outcomes),
        brier: squares / answers.len().max(1) as f64,
        bins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_weighted_gap_of_the_bins() {
        let answers = [(0.1, false), (0.15, true), (0.92, true), (1.0, true), (0.3, false), (0.399, true)];
        let r = reliability(&answers);
        assert_eq!(r.bins.iter().map(|b| b.texts).collect::<Vec<_>>(), [2, 2, 2]);
        let gap: f64 = r.bins.iter().map(|b| b.texts as f64 * (b.probability - b.right).abs()).sum();
        assert!((r.ece - gap / 6.0).abs() < 1e-12);
        let squares = 0.01 + 0.7225 + 0.0064 + 0.0 + 0.09 + 0.361_201;
        assert!((r.brier - squares / 6.0).abs() < 1e-12);
    }
}
