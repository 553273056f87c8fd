//! The second step of calibration: from the probability of a narrative by itself to one that knows its rank in the text, and
//! the text as a whole.
//!
//! The best of many narratives is right less often than its own probability says, because the largest of many errors is
//! taken; so the best of a level has a curve of its own, and one serves all others.
//!
//! Fusion asks of every narrative whether a text carries it, and for most that is no question: the topic is another one.
//! There it learns that whether a text spreads anything matters little. For the best narratives it matters most: a denial, a
//! headline on the same event and the claim itself have the topic in common. So the curves are told how far the text spreads
//! anything, and how much of it is known: a short text has few terms, each weighs much, and the same score rests on less.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::learn::calibrate::{Beta, FEWEST};
use crate::learn::dense::DenseModel;

/// What is known of a text as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct OfText {
    /// The linear score of "spreads any narrative".
    pub(crate) spreads: f64,
    /// How much of it is known, from 0 for nothing towards 1.
    pub(crate) known: f64,
}

/// Terms at which a text is half known; a headline has about as many.
pub(crate) const HALF: f64 = 100.0;

impl OfText {
    /// From the linear scores of a text, "spreads any" last, and the number of its different terms that the model knows.
    pub(crate) fn new(scores: &[f64], terms: usize) -> Self {
        let terms = terms as f64;
        Self { spreads: scores.last().copied().unwrap_or(0.0), known: terms / (terms + HALF) }
    }
}

/// A beta curve, moved by what is known of the text as a whole. More of any input never gives less.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// From the probability of a narrative by itself.
    pub beta: Beta,
    /// Weight of the linear score of "spreads any narrative".
    pub spreads: f64,
    /// Weight of the known share of the text, which goes from 0 to 1.
    pub known: f64,
}

impl Curve {
    /// Leaves probabilities as they are.
    pub const IDENTITY: Self = Self { beta: Beta::IDENTITY, spreads: 0.0, known: 0.0 };

    /// Fits the curve to narratives of texts: their probabilities by themselves, the texts (or 0 everywhere, so that they do
    /// not count), and whether the texts carry them. `None` with fewer than [`FEWEST`] of a kind, or when nothing is learned.
    pub(crate) fn fit(said: &[(f64, OfText)], right: &[bool]) -> Option<Self> {
        let positives = right.iter().filter(|&&r| r).count();
        if positives < FEWEST || right.len() - positives < FEWEST {
            return None;
        }
        let row = |&(p, OfText { spreads, known }): &(f64, OfText)| {
            let [low, high] = Beta::inputs(p);
            [low, high, spreads, known]
        };
        let rows: Vec<[f64; 4]> = said.iter().map(row).collect();
        let model = DenseModel::fit_increasing(&Array2::from(rows), right, 0.1).ok()?;
        let [a, b, spreads, known] = model.weights[..] else { return None };
        let finite = [a, b, spreads, known, model.bias].iter().all(|x| x.is_finite());
        (a + b > 0.0 && finite).then_some(Self { beta: Beta { a, b, c: model.bias }, spreads, known })
    }

    /// The beta curve for a text.
    fn of(&self, of_text: OfText) -> Beta {
        let moved = self.spreads * of_text.spreads + self.known * of_text.known;
        Beta { c: self.beta.c + moved, ..self.beta }
    }
}

/// The curves of a level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelCurves {
    /// For the best narrative of a text.
    pub best: Curve,
    /// For all others; none of them becomes surer than the best.
    pub others: Curve,
}

impl LevelCurves {
    /// Leaves probabilities as they are.
    pub const IDENTITY: Self = Self { best: Curve::IDENTITY, others: Curve::IDENTITY };
}

/// The curves of both levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// For narratives without children.
    pub leaves: LevelCurves,
    /// For parents.
    pub parents: LevelCurves,
}

/// What the curves are for one text; parents first, then narratives without children.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurvesOfText {
    others: [Beta; 2],
    /// The log-odds of the best by itself, and what its curve makes of them.
    best: [(f64, f64); 2],
}

impl Curves {
    /// The curves for a text, by the log-odds of its narratives by themselves.
    pub(crate) fn of(&self, odds: &[f64], leaves: &[bool], of_text: OfText) -> CurvesOfText {
        let mut best = [f64::NEG_INFINITY; 2];
        for (&odds, &leaf) in odds.iter().zip(leaves) {
            let best = &mut best[usize::from(leaf)];
            *best = best.max(odds);
        }
        let levels = [&self.parents, &self.leaves];
        CurvesOfText {
            others: levels.map(|l| l.others.of(of_text)),
            best: [0, 1].map(|l| (best[l], levels[l].best.of(of_text).log_odds(best[l]))),
        }
    }
}

impl CurvesOfText {
    /// The log-odds of a narrative that has these by itself; never less for more.
    #[inline(always)]
    pub(crate) fn log_odds(&self, odds: f64, leaf: bool) -> f64 {
        let level = usize::from(leaf);
        let (best, most) = self.best[level];
        let others = self.others[level].log_odds(odds);
        if odds >= best || others > most { most } else { others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::logistic::sigmoid;

    const TRUTH: Curve = Curve { beta: Beta { a: 1.3, b: 0.4, c: -0.8 }, spreads: 0.7, known: 1.5 };

    /// Probabilities, texts and outcomes that follow a curve.
    fn drawn(truth: Curve) -> (Vec<(f64, OfText)>, Vec<bool>) {
        // Evenly spread stand-ins for random draws, so that the test is the same every time.
        let spread = |i: u32, step: f64| (f64::from(i) * step).fract();
        let text = |i| OfText { spreads: 4.0 * spread(i, 0.754_877) - 2.0, known: spread(i, 0.569_84) };
        let said: Vec<(f64, OfText)> = (0..8000).map(|i| (spread(i, 0.618_034), text(i))).collect();
        let right = |(i, &(p, of_text)): (usize, &(f64, OfText))| {
            spread(i as u32, 0.414_214) < sigmoid(truth.of(of_text).log_odds((p / (1.0 - p)).ln()))
        };
        let outcomes = said.iter().enumerate().map(right).collect();
        (said, outcomes)
    }

    #[test]
    fn a_curve_is_recovered_with_what_it_owes_to_the_text() {
        let (said, right) = drawn(TRUTH);
        let fitted = Curve::fit(&said, &right).unwrap();
        for spreads in [-1.5, 0.0, 1.5] {
            let of_text = OfText { spreads, known: 0.6 };
            for odds in [-3.0, -1.0, 0.0, 1.0, 3.0] {
                let [is, should] = [fitted, TRUTH].map(|c| sigmoid(c.of(of_text).log_odds(odds)));
                assert!((is - should).abs() < 0.03, "{fitted:?}: {is} for {should}");
            }
        }
    }

    #[test]
    fn what_is_the_same_everywhere_does_not_count() {
        let (mut said, right) = drawn(Curve { spreads: 0.0, known: 0.0, ..TRUTH });
        for s in &mut said {
            s.1 = OfText { spreads: 0.0, known: 0.0 };
        }
        let fitted = Curve::fit(&said, &right).unwrap();
        assert!(fitted.spreads.abs() < 1e-9 && fitted.known.abs() < 1e-9, "{fitted:?}");
        assert!(Curve::fit(&said, &vec![true; said.len()]).is_none());
    }

    #[test]
    fn the_order_of_a_level_is_kept_and_its_best_has_a_curve_of_its_own() {
        let others = Curve { beta: Beta { a: 0.3, b: 0.2, c: 1.0 }, ..TRUTH };
        let curves = Curves { leaves: LevelCurves { best: TRUTH, others }, parents: LevelCurves::IDENTITY };
        let odds: Vec<f64> = (0..200).map(|i| f64::from(i) / 10.0 - 12.0).collect();
        let leaves: Vec<bool> = (0..200).map(|i| i % 4 > 0).collect();
        let of_text = OfText { spreads: 0.5, known: 0.3 };
        let told = curves.of(&odds, &leaves, of_text);
        for level in [false, true] {
            let of_level = odds.iter().zip(&leaves).filter(|o| *o.1 == level);
            let said: Vec<f64> = of_level.map(|(&o, &l)| told.log_odds(o, l)).collect();
            assert!(said.windows(2).all(|w| w[0] <= w[1]) && said.iter().all(|o| o.is_finite()));
        }
        let best = odds[199];
        assert!((told.log_odds(best, true) - TRUTH.of(of_text).log_odds(best)).abs() < 1e-12);
        // A level without a narrative, and odds far beyond what a number can hold as a probability, are no trouble.
        let none = curves.of(&[1e300, -1e300], &[true, true], of_text);
        assert!(none.log_odds(1e300, true) > 2.0 && none.log_odds(-1e300, true) < 0.0);
        assert!(none.log_odds(1e300, true).is_finite());
    }
}
