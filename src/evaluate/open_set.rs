//! Texts that carry no known narrative: does the model say so?

use serde::Serialize;
use std::collections::BTreeMap;

use super::bootstrap::{Interval, intervals};
use super::metrics::expected_calibration_error;
use super::predict::Judged;
use super::selective::{Answer, Reached, selective};
use crate::assess::Outcome;
use crate::model::classifier::Decision;

/// How many texts have their best probability in a tenth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tenth {
    /// Texts that carry a narrative.
    pub known: usize,
    /// Texts that carry none.
    pub none: usize,
}

/// What was said of texts that carry none, beside those that do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenSet {
    /// Texts that carry none.
    pub texts: usize,
    /// Texts that carry a narrative, for comparison.
    pub known_texts: usize,
    /// Share of the texts that carry none for which something is suggested or matched.
    pub suggested: f64,
    /// Share for which something is matched.
    pub matched: f64,
    /// Expected calibration error of the best narrative over all texts of both kinds; of those that carry none every answer is
    /// wrong. A probability counts the chance that a text carries nothing, so over texts that carry something it is too low.
    pub ece: f64,
    /// Outcomes of the texts that carry none.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Probability that a text with a narrative has a higher best probability than one without.
    pub auroc: Option<Interval>,
    /// Coverage at 80 % and 90 % precision when any answer to a text that carries none is wrong.
    pub reached: Vec<Reached>,
    /// Best probabilities, tenth by tenth from 0.
    pub histogram: Vec<Tenth>,
}

/// Area under the ROC curve by ranks (Mann and Whitney, 1947; Hanley and McNeil, "The meaning and use of the area under a
/// receiver operating characteristic curve", 1982); ties count half. `None` without texts of both kinds.
pub fn auroc(scores: &[(f64, bool)]) -> Option<f64> {
    let mut order = scores.to_vec();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = order.iter().filter(|s| s.1).count() as f64;
    let negatives = order.len() as f64 - positives;
    let (mut wins, mut below) = (0.0, 0.0);
    for tie in order.chunk_by(|a, b| a.0 >= b.0) {
        let up = tie.iter().filter(|s| s.1).count() as f64;
        let down = tie.len() as f64 - up;
        wins += up * (below + down / 2.0);
        below += down;
    }
    (positives > 0.0 && negatives > 0.0).then(|| wins / (positives * negatives))
}

/// Compares texts with a narrative to texts without; `None` without the latter.
pub fn open_set(known: &[&Judged], none: &[&Judged], seed: u64) -> Option<OpenSet> {
    if none.is_empty() {
        return None;
    }
    let share = |test: &dyn Fn(&Judged) -> bool| none.iter().filter(|j| test(j)).count() as f64 / none.len() as f64;
    let mut outcomes = BTreeMap::new();
    for j in none {
        *outcomes.entry(j.outcome).or_default() += 1;
    }
    let both: Vec<(&Judged, bool)> = known.iter().map(|j| (*j, true)).chain(none.iter().map(|j| (*j, false))).collect();
    let mut histogram = vec![Tenth { known: 0, none: 0 }; 10];
    for (j, known) in &both {
        let tenth = &mut histogram[(1..10).rfind(|&t| j.confidence() >= t as f64 / 10.0).unwrap_or(0)];
        *(if *known { &mut tenth.known } else { &mut tenth.none }) += 1;
    }
    let answers: Vec<Answer> =
        both.iter().map(|(j, k)| Answer { confidence: j.confidence(), right: *k && j.is_right(), known: *k }).collect();
    let (stated, right): (Vec<f64>, Vec<bool>) = answers.iter().map(|a| (a.confidence, a.right)).unzip();
    let area = |sample: &[&(&Judged, bool)]| {
        vec![auroc(&sample.iter().map(|(j, known)| (j.confidence(), *known)).collect::<Vec<_>>())]
    };
    Some(OpenSet {
        texts: none.len(),
        known_texts: known.len(),
        suggested: share(&|j| j.strongest >= Decision::Suggest),
        matched: share(&|j| j.strongest == Decision::Match),
        ece: expected_calibration_error(&stated, &right),
        outcomes,
        auroc: intervals(&both, |b| &b.0.example.group, seed, area).into_iter().next().flatten(),
        reached: if known.is_empty() { Vec::new() } else { selective(&answers).reached },
        histogram,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::example::Example;
    use crate::evaluate::labels::LabelNo;
    use crate::evaluate::predict::Scored;

    #[test]
    fn of_texts_that_carry_none_every_answer_counts_as_wrong() {
        let judged = |gold: &[u32], said: u32, probability: f64| Judged {
            example: Example::default(),
            gold: gold.iter().map(|&g| LabelNo(g)).collect(),
            unanswerable: Vec::new(),
            ranked: vec![Scored { label: LabelNo(said), probability, decision: Decision::Weak }],
            best_root: None,
            strongest: Decision::Weak,
            outcome: Outcome::Unknown,
            words: 5,
            fold: 0,
        };
        let (right, wrong) = (judged(&[0], 0, 0.75), judged(&[0], 1, 0.55));
        let none = [judged(&[], 0, 0.25), judged(&[], 1, 0.35)];
        let found = open_set(&[&right, &wrong], &none.iter().collect::<Vec<_>>(), 1).unwrap();
        // Each in a bin of its own: gaps of 0.25, 0.55, 0.25 and 0.35.
        assert!((found.ece - 1.4 / 4.0).abs() < 1e-12, "{}", found.ece);
    }

    #[test]
    fn pairs_won_and_ties_half() {
        // Pairs (positive, negative): 0.9>0.5, 0.9>0.2, 0.5=0.5, 0.5>0.2: 3.5 of 4.
        let scores = [(0.9, true), (0.5, true), (0.5, false), (0.2, false)];
        assert_eq!(auroc(&scores), Some(3.5 / 4.0));
        assert_eq!(auroc(&[(0.9, true)]), None);
    }
}
