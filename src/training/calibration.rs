//! From fused scores to probabilities and thresholds, on texts the scores were not learned from.
//!
//! In two steps: a narrative's own Platt curve (its level's where it has few examples) makes each narrative's score a
//! probability, and one beta curve per level makes the best narrative of a text as sure as it is right. One step alone
//! was rejected: curves per narrative know nothing of being the best of many, and one curve for all knows nothing of
//! narratives whose scores run high.

use super::fit::gather;
use super::out_of_fold::OutOfFold;
use super::rows::Row;
use crate::learn::calibrate::{Beta, Platt};
use crate::learn::thresholds::{Thresholds, for_precision, limit_false_alarms};
use crate::model::classifier::lift_parents;
use crate::model::manifest::{BestCalibration, PROTOTYPE, Settings};
use crate::model::taxonomy::{NarrativeNo, Taxonomy};

/// Fewest positive examples for a calibration and thresholds of a narrative's own.
pub(super) const OWN: usize = 25;

/// The fitted curves.
pub(super) struct Calibration {
    /// Per narrative, applied to its fused score.
    pub(super) own: Vec<Platt>,
    /// Per level, applied after that.
    pub(super) best: BestCalibration,
}

/// Fits the curves, and gives the calibrated probabilities probe by probe, parents lifted.
pub(super) fn fit(
    taxonomy: &Taxonomy,
    rows: &[Row],
    unseen: &OutOfFold,
    scores: &[Vec<f64>],
) -> (Calibration, Vec<Vec<f64>>) {
    let column = |keep: &dyn Fn(usize) -> bool| gather(rows, unseen, scores, keep);
    let leaf: Vec<bool> = taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect();
    let pooled = [false, true].map(|level| {
        let (scores, outcomes) = column(&|k| leaf[k] == level);
        Platt::fit(&scores, &outcomes).unwrap_or(Platt::IDENTITY)
    });
    let own: Vec<Platt> = (0..taxonomy.len())
        .map(|k| {
            let (scores, outcomes) = column(&|i| i == k);
            let own = outcomes.iter().filter(|&&o| o).count() >= OWN;
            own.then(|| Platt::fit(&scores, &outcomes)).flatten().unwrap_or(pooled[usize::from(leaf[k])])
        })
        .collect();
    let mut probabilities: Vec<Vec<f64>> =
        scores.iter().map(|row| row.iter().zip(&own).map(|(&s, c)| c.probability(s)).collect()).collect();
    let curve = |level: bool| {
        let (mut said, mut right) = (Vec::new(), Vec::new());
        for (row, &probe) in probabilities.iter().zip(&unseen.probes) {
            let of_level = (0..row.len()).filter(|&k| leaf[k] == level);
            if let Some(k) = of_level.max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a))) {
                said.push(row[k]);
                right.push(rows[probe].carries(k));
            }
        }
        Beta::fit(&said, &right).unwrap_or(Beta::IDENTITY)
    };
    let best = BestCalibration { leaves: curve(true), parents: curve(false) };
    for row in &mut probabilities {
        for (k, p) in row.iter_mut().enumerate() {
            *p = best.of(taxonomy.is_leaf(NarrativeNo(k as u32))).probability(*p);
        }
        lift_parents(taxonomy, row);
    }
    (Calibration { own, best }, probabilities)
}

/// Thresholds per narrative where it has enough examples, those of its level otherwise, never below the target
/// precision for a prototype; raised where too much of the
/// background would reach them.
pub(super) fn thresholds(
    taxonomy: &Taxonomy,
    rows: &[Row],
    unseen: &OutOfFold,
    probabilities: &[Vec<f64>],
    settings: &Settings,
) -> Vec<Thresholds> {
    let column = |keep: &dyn Fn(usize) -> bool| gather(rows, unseen, probabilities, keep);
    let leaf: Vec<bool> = taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect();
    let target = settings.target_precision;
    let pooled = [false, true].map(|level| {
        let (p, o) = column(&|k| leaf[k] == level);
        Thresholds::choose(&p, &o, target)
    });
    let mut out: Vec<Thresholds> = (0..taxonomy.len())
        .map(|k| {
            let level = pooled[usize::from(leaf[k])];
            let (p, o) = column(&|i| i == k);
            let examples = o.iter().filter(|&&x| x).count();
            if examples < PROTOTYPE {
                // The level's thresholds rest on narratives that are known better.
                let review = level.review.max(target.review);
                return Thresholds { review, confirmed: level.confirmed.max(target.confirmed).max(review) };
            }
            if examples < OWN {
                return level;
            }
            // Half way to the level's: a threshold that rests on thirty texts is a rough estimate.
            let own = |precision: f64, pooled: f64| {
                for_precision(&p, &o, precision).map_or(pooled, |own| f64::midpoint(own, pooled).max(precision / 2.0))
            };
            let review = own(target.review, level.review);
            Thresholds { review, confirmed: own(target.confirmed, level.confirmed).max(review) }
        })
        .collect();
    let probes = probabilities.iter().zip(&unseen.probes);
    let background: Vec<&[f64]> = probes.filter(|&(_, &r)| rows[r].labels.is_empty()).map(|(p, _)| &**p).collect();
    limit_false_alarms(&mut out, &background, settings.false_alarms);
    out
}
