//! Decision thresholds: the lowest probability at which enough of the decisions are right.

use serde::{Deserialize, Serialize};

use super::logistic::sigmoid;

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

/// Largest shares of background texts (which carry nothing) that may reach a decision for any narrative.
///
/// Precision alone does not protect those who merely report or criticise: it depends on how many texts of each kind the
/// trainer happened to collect, and the better the model, the lower the thresholds at which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FalseAlarms {
    /// Of `suggest`, `match` included.
    pub review: f64,
    /// Of `match`.
    pub confirmed: f64,
}

impl Default for FalseAlarms {
    fn default() -> Self {
        Self { review: 0.08, confirmed: 0.02 }
    }
}

/// Fewest background texts to measure a share of false alarms on.
const BACKGROUND: usize = 50;

/// Steps of log-odds by which thresholds are raised, or lowered where negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// Of `suggest`.
    pub review: f64,
    /// Of `match`.
    pub confirmed: f64,
}

impl Raise {
    /// The smallest steps with which no more than the allowed share of the `background` texts reaches a decision;
    /// `background` gives for each text its probability per narrative. `None` with too few texts to measure it.
    pub fn against(background: &[&[f64]], thresholds: &[Thresholds], limits: FalseAlarms) -> Option<Self> {
        if background.len() < BACKGROUND {
            return None;
        }
        let step = |of: fn(&Thresholds) -> f64, limit: f64| {
            let excess = |row: &&[f64]| {
                let over = row.iter().zip(thresholds.iter()).map(|(&p, t)| log_odds(p) - log_odds(of(t)));
                over.fold(f64::NEG_INFINITY, f64::max)
            };
            let mut excesses: Vec<f64> = background.iter().map(excess).collect();
            excesses.sort_by(|a, b| b.total_cmp(a));
            // The first that must stay below; a hair above it, so that it does.
            #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
            let allowed = (limit * excesses.len() as f64) as usize;
            excesses.get(allowed).map_or(0.0, |e| e + 1e-6)
        };
        Some(Self { review: step(|t| t.review, limits.review), confirmed: step(|t| t.confirmed, limits.confirmed) })
    }

    /// The smallest steps with which decisions are right as often as they are meant to be; none where no step does.
    /// `said` gives probabilities, the thresholds they are held against, and whether they are right.
    pub fn to_precision(said: &[(f64, Thresholds, bool)], target: TargetPrecision) -> Self {
        let right: Vec<bool> = said.iter().map(|s| s.2).collect();
        let step = |of: fn(&Thresholds) -> f64, precision: f64| {
            let over: Vec<f64> = said.iter().map(|(p, t, _)| log_odds(*p) - log_odds(of(t))).collect();
            for_precision(&over, &right, precision).unwrap_or(0.0)
        };
        Self { review: step(|t| t.review, target.review), confirmed: step(|t| t.confirmed, target.confirmed) }
    }

    /// The steps that bring the lowest thresholds to half of the target, below which none is ever set.
    pub fn to_floor(thresholds: &[Thresholds], target: TargetPrecision) -> Self {
        let step = |of: fn(&Thresholds) -> f64, precision: f64| {
            let lowest = thresholds.iter().map(of).fold(f64::INFINITY, f64::min);
            (log_odds(precision / 2.0) - log_odds(lowest)).min(0.0)
        };
        Self { review: step(|t| t.review, target.review), confirmed: step(|t| t.confirmed, target.confirmed) }
    }

    /// The larger step for each decision.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { review: self.review.max(other.review), confirmed: self.confirmed.max(other.confirmed) }
    }
}

/// The log-odds of a probability, which is kept off 0 and 1.
pub(crate) fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
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
    /// The same, raised.
    #[must_use]
    pub fn raised(self, by: Raise) -> Self {
        let review = sigmoid(log_odds(self.review) + by.review);
        Self { review, confirmed: sigmoid(log_odds(self.confirmed) + by.confirmed).max(review) }
    }

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
    fn false_alarms_stay_within_their_limits() {
        let rows: Vec<Vec<f64>> =
            (0..200).map(|i| vec![f64::from(i) / 200.0, f64::from(i * 7 % 200) / 250.0]).collect();
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let before = [Thresholds { review: 0.2, confirmed: 0.6 }, Thresholds { review: 0.4, confirmed: 0.5 }];
        let limits = FalseAlarms { review: 0.1, confirmed: 0.03 };
        let raised = |background: &[&[f64]], limits| {
            let by = Raise::against(background, &before, limits).unwrap_or_default().max(Raise::default());
            before.map(|t| t.raised(by))
        };
        let after = raised(&rows, limits);
        let share = |of: fn(&Thresholds) -> f64| {
            let alarm = |row: &&&[f64]| row.iter().zip(&after).any(|(p, t)| *p >= of(t));
            rows.iter().filter(alarm).count() as f64 / 200.0
        };
        let (review, confirmed) = (share(|t| t.review), share(|t| t.confirmed));
        assert!(review <= 0.1 && review > 0.05 && confirmed <= 0.03 && confirmed > 0.0, "{review} {confirmed}");
        assert!(after.iter().zip(&before).all(|(a, b)| a.review >= b.review && a.confirmed >= a.review));
        // Kept limits and few texts change nothing.
        let same = [raised(&rows, FalseAlarms { review: 1.0, confirmed: 1.0 }), raised(&rows[..20], limits)];
        assert!(same.iter().all(|same| same.iter().zip(&before).all(|(a, b)| (a.review - b.review).abs() < 1e-9)));
    }

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
