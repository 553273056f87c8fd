//! What can be answered, and how precisely, when only answers above some probability are given.
//!
//! Risk and coverage as El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification" (2010); the
//! area under the curve (AURC) as Geifman, Uziel and El-Yaniv, "Bias-Reduced Uncertainty Estimation" (2019).

use serde::Serialize;

/// Precision for which coverage is reported.
pub const TARGETS: [f64; 2] = [0.8, 0.9];
/// Most points of a curve; a plot shows no more.
const POINTS: usize = 200;

/// An answer: its probability, whether it is right, and whether there was anything to find in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Stated probability, 0 where no answer was given.
    pub confidence: f64,
    /// Whether it is right.
    pub right: bool,
    /// Whether the text carries a narrative at all.
    pub known: bool,
}

/// What answering from a threshold on comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Share of the texts that carry a narrative which are answered.
    pub coverage: f64,
    /// Share of all answers that are right; an answer to a text that carries none is wrong.
    pub precision: f64,
    /// The lowest probability answered.
    pub threshold: f64,
}

/// The largest coverage at a precision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reached {
    /// The precision wanted.
    pub precision: f64,
    /// Share of the texts that carry a narrative which can be answered at it; 0 when it is never reached.
    pub coverage: f64,
    /// From this probability on; null when it is never reached.
    pub threshold: Option<f64>,
}

/// The curve and its figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selective {
    /// Area under the risk–coverage curve: the mean share of wrong answers over all coverages; 0 is best.
    pub aurc: f64,
    /// Coverage at 80 % and 90 % precision.
    pub reached: Vec<Reached>,
    /// From the surest answer on; at most 200 points.
    pub curve: Vec<Point>,
}

/// The curve of some answers. Answers of equal probability are given together.
pub fn selective(answers: &[Answer]) -> Selective {
    let known = answers.iter().filter(|a| a.known).count();
    let mut order: Vec<&Answer> = answers.iter().collect();
    order.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let (mut right, mut covered, mut area, mut from) = (0, 0, 0.0, 0);
    let mut curve = Vec::new();
    for (i, answer) in order.iter().enumerate() {
        right += usize::from(answer.right);
        covered += usize::from(answer.known);
        if order.get(i + 1).is_some_and(|next| next.confidence >= answer.confidence) {
            continue;
        }
        let precision = right as f64 / (i + 1) as f64;
        area += (1.0 - precision) * (i + 1 - from) as f64;
        from = i + 1;
        // Probability 0 is no answer.
        if answer.confidence > 0.0 {
            let coverage = covered as f64 / known.max(1) as f64;
            curve.push(Point { coverage, precision, threshold: answer.confidence });
        }
    }
    let reached = TARGETS.map(|target| {
        let best = curve.iter().rev().find(|p| p.precision >= target && p.coverage > 0.0);
        Reached { precision: target, coverage: best.map_or(0.0, |p| p.coverage), threshold: best.map(|p| p.threshold) }
    });
    Selective { aurc: area / answers.len().max(1) as f64, reached: reached.to_vec(), curve: thinned(curve) }
}

fn thinned(curve: Vec<Point>) -> Vec<Point> {
    let (step, last) = (curve.len().div_ceil(POINTS).max(1), curve.len().saturating_sub(1));
    curve.into_iter().enumerate().filter(|(i, _)| i % step == 0 || *i == last).map(|(_, p)| p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(confidence: f64, right: bool, known: bool) -> Answer {
        Answer { confidence, right, known }
    }

    #[test]
    fn the_largest_coverage_at_a_precision() {
        let answers = [
            answer(0.9, true, true),
            answer(0.8, true, true),
            answer(0.7, false, false),
            answer(0.6, true, true),
            answer(0.6, true, true),
            answer(0.2, false, true),
            answer(0.0, false, true),
        ];
        let s = selective(&answers);
        // Four right of five from 0.6 on; four of six texts with a narrative are covered.
        assert_eq!((s.reached[0].coverage, s.reached[0].threshold), (4.0 / 6.0, Some(0.6)));
        assert_eq!((s.reached[1].coverage, s.reached[1].threshold), (2.0 / 6.0, Some(0.8)));
        // Risks 0, 0, 1/3, then 1/5 twice (a tie), 2/6, 3/7.
        let area = (1.0 / 3.0 + 2.0 / 5.0 + 2.0 / 6.0 + 3.0 / 7.0) / 7.0;
        assert!((s.aurc - area).abs() < 1e-12);
        assert_eq!(s.curve.last().map(|p| p.threshold), Some(0.2));
        assert_eq!(selective(&[answer(0.0, false, true)]).reached[0].threshold, None);
    }
}
