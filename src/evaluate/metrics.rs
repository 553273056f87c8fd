//! Figures over predictions, as the literature defines them.

use std::collections::BTreeMap;

/// F1 from counts of right, wrong and missed decisions; `None` when there was nothing to decide.
pub fn f1(right: usize, wrong: usize, missed: usize) -> Option<f64> {
    let all = 2 * right + wrong + missed;
    (all > 0).then(|| 2.0 * right as f64 / all as f64)
}

/// Mean F1 over all classes that occur in either list; 0 for empty lists.
pub fn macro_f1<L: Ord + Copy>(gold: &[L], predicted: &[L]) -> f64 {
    let mut counts: BTreeMap<L, (usize, usize, usize)> = BTreeMap::new();
    for (&g, &p) in gold.iter().zip(predicted) {
        if g == p {
            counts.entry(g).or_default().0 += 1;
        } else {
            counts.entry(p).or_default().1 += 1;
            counts.entry(g).or_default().2 += 1;
        }
    }
    let sum: f64 = counts.values().filter_map(|&(r, w, m)| f1(r, w, m)).sum();
    if counts.is_empty() { 0.0 } else { sum / counts.len() as f64 }
}

/// Share of predictions that are right; 0 for none.
pub fn accuracy<L: PartialEq>(gold: &[L], predicted: &[L]) -> f64 {
    let right = gold.iter().zip(predicted).filter(|(g, p)| g == p).count();
    if gold.is_empty() { 0.0 } else { right as f64 / gold.len() as f64 }
}

/// Expected calibration error over ten bins of equal width (Guo et al., "On Calibration of Modern Neural Networks",
/// 2017): the mean gap between stated probability and share of right ones, weighted by how many say so.
pub fn expected_calibration_error(probabilities: &[f64], outcomes: &[bool]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for (&p, &o) in probabilities.iter().zip(outcomes) {
        // The bin of 1 is the last; probabilities are never negative.
        let bin = (1..10).rfind(|&b| p >= b as f64 / 10.0).unwrap_or(0);
        bins[bin].0 += p;
        bins[bin].1 += f64::from(u8::from(o));
    }
    let gap: f64 = bins.iter().map(|b| (b.0 - b.1).abs()).sum();
    if outcomes.is_empty() { 0.0 } else { gap / outcomes.len() as f64 }
}

/// Label ranking average precision of one text (Tsoumakas, Katakis and Vlahavas, "Mining Multi-label Data", 2010): per
/// label it carries, the share of carried labels among those ranked no lower; labels that were not ranked add nothing.
///
/// `ranks` are those of the carried labels, from 1, in growing order; `carried` is how many there are.
pub fn label_ranking_average_precision(ranks: &[usize], carried: usize) -> f64 {
    // Rust's sum of nothing is -0, and would be printed so.
    if carried == 0 || ranks.is_empty() {
        return 0.0;
    }
    let sum: f64 = ranks.iter().zip(1..).map(|(&rank, found)| f64::from(found) / rank as f64).sum();
    sum / carried as f64
}

/// `share` (0 to 1) of a number of things, rounded.
#[expect(clippy::cast_sign_loss, reason = "a count times a share of at least 0 is at least 0")]
pub fn portion(all: usize, share: f64) -> usize {
    (all as f64 * share.clamp(0.0, 1.0)).round() as usize
}

/// The 95 % interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", 1927);
/// `(0, 1)` for none of none.
pub fn wilson(right: usize, all: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (all as f64, right as f64 / all as f64);
    let centre = p + Z * Z / (2.0 * n);
    let reach = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((centre - reach) / whole).max(0.0), ((centre + reach) / whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // Worked by hand from the definitions.
        let (gold, predicted) = ([0, 0, 1, 2, 2], [0, 1, 1, 2, 0]);
        assert!((macro_f1(&gold, &predicted) - 0.611_111_111_111_111).abs() < 1e-12);
        assert!((accuracy(&gold, &predicted) - 0.6).abs() < 1e-12);
        assert!((expected_calibration_error(&[0.85, 0.95, 0.15], &[true, true, false]) - 0.35 / 3.0).abs() < 1e-12);
        // Carried labels at ranks 1 and 3, a third not ranked at all: (1/1 + 2/3) / 3.
        assert!((label_ranking_average_precision(&[1, 3], 3) - 5.0 / 9.0).abs() < 1e-12);
        assert_eq!(format!("{:.4}", label_ranking_average_precision(&[], 3)), "0.0000");
        // Wilson's interval for 8 of 10, as tables give it.
        let (low, high) = wilson(8, 10);
        assert!((low - 0.4902).abs() < 1e-4 && (high - 0.9433).abs() < 1e-4, "{low} {high}");
    }
}
