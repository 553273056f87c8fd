//! Decision thresholds: the lowest probability at which enough of the decisions are right.

use serde::{Deserialize, Serialize};

/// From which probability a narrative is suggested for review, and from which it counts as a match.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Thresholds {
    /// `suggest` from here.
    pub review: f64,
    /// `match` from here; never below `review`.
    pub confirmed: f64,
}

/// Precision the two decisions are chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetPrecision {
    /// Of `suggest`.
    pub review: f64,
    /// Of `match`.
    pub confirmed: f64,
}

impl Default for TargetPrecision {
    fn default() -> Self {
        Self { review: 0.5, confirmed: 0.85 }
    }
}

/// Fewest decisions a threshold must rest on.
const FEWEST: usize = 8;

/// The lowest threshold from which the share of right decisions is at least `precision`, if any rests on at least
/// eight decisions.
pub fn for_precision(probabilities: &[f64], outcomes: &[bool], precision: f64) -> Option<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let (mut right, mut best) = (0usize, None);
    for (n, &i) in order.iter().enumerate() {
        right += usize::from(outcomes[i]);
        let next_differs = order.get(n + 1).is_none_or(|&j| probabilities[j] < probabilities[i]);
        if next_differs && n + 1 >= FEWEST && right as f64 >= precision * (n + 1) as f64 {
            best = Some(probabilities[i]);
        }
    }
    best
}

impl Thresholds {
    /// Chooses both thresholds on out-of-fold probabilities. Where the data cannot show a target precision, the
    /// calibrated probability itself is the best estimate of it, so the threshold is the target. Never below half the
    /// target: many sure decisions must not carry along some that are hardly ever right.
    pub fn choose(probabilities: &[f64], outcomes: &[bool], target: TargetPrecision) -> Self {
        let pick = |precision: f64| {
            for_precision(probabilities, outcomes, precision).unwrap_or(precision).max(precision / 2.0)
        };
        let review = pick(target.review);
        Self { review, confirmed: pick(target.confirmed).max(review) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_threshold_that_holds() {
        let p: Vec<f64> = (0..100).map(|i| f64::from(i) / 100.0).collect();
        let y: Vec<bool> = (0..100).map(|i| i >= 50 && i % 10 != 0).collect();
        let t = for_precision(&p, &y, 0.9).unwrap();
        assert!((t - 0.51).abs() < 0.011, "{t}");
        let chosen = p.iter().zip(&y).filter(|&(&q, _)| q >= t);
        let (right, all) = chosen.fold((0.0, 0.0), |(r, n), (_, &o)| (r + if o { 1.0 } else { 0.0 }, n + 1.0));
        assert!(right / all >= 0.9);
        assert_eq!(for_precision(&p, &[false; 100], 0.5), None);
    }
}
