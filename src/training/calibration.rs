//! From fused scores to probabilities and thresholds, on texts the scores were not learned from.
//!
//! In two steps: a narrative's own Platt curve (its level's where it has few examples) makes each narrative's score a
//! probability, and one beta curve per level makes the best narrative of a text as sure as it is right. One step alone
//! was rejected: curves per narrative know nothing of being the best of many, and one curve for all knows nothing of
//! narratives whose scores run high.
//!
//! Where texts have dates, the second step is fitted on what models said of later texts than any they knew. Models go
//! live before the texts they judge are written, and on those they are right less often than on texts held out from
//! the middle of their time: by curves fitted there they came out too sure.

use super::out_of_fold::OutOfFold;
use super::rows::Row;
use crate::learn::calibrate::{Beta, Platt};
use crate::learn::thresholds::{Raise, Thresholds, for_precision};
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

/// What is said of held-out texts.
pub(super) struct Said {
    /// Row numbers of the texts.
    pub(super) probes: Vec<usize>,
    /// Text by text, fused scores or probabilities of the narratives side by side.
    pub(super) scores: Vec<Vec<f64>>,
}

impl Calibration {
    /// Fits the curves to fused scores: those of a narrative to all held-out texts, that of the best narrative to `later`
    /// ones where there are any.
    pub(super) fn fit(taxonomy: &Taxonomy, rows: &[Row], held_out: &Said, later: Option<&Said>) -> Self {
        let column = |keep: &dyn Fn(usize) -> bool| gather(rows, &held_out.probes, &held_out.scores, keep);
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
        let judged = later.unwrap_or(held_out);
        let probabilities: Vec<Vec<f64>> = judged.scores.iter().map(|s| own_probabilities(&own, s)).collect();
        let curve = |level: bool| {
            let (mut said, mut right) = (Vec::new(), Vec::new());
            for (row, &probe) in probabilities.iter().zip(&judged.probes) {
                if let Some(k) = best_of(row, |k| leaf[k] == level) {
                    said.push(row[k]);
                    right.push(rows[probe].carries(k));
                }
            }
            Beta::fit(&said, &right).unwrap_or(Beta::IDENTITY)
        };
        let best = BestCalibration { leaves: curve(true), parents: curve(false) };
        Self { own, best }
    }

    /// Calibrated probabilities of fused scores, parents lifted.
    pub(super) fn probabilities(&self, taxonomy: &Taxonomy, scores: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let calibrated = scores.iter().map(|scores| {
            let mut row = own_probabilities(&self.own, scores);
            for (k, p) in row.iter_mut().enumerate() {
                *p = self.best.of(taxonomy.is_leaf(NarrativeNo(k as u32))).probability(*p);
            }
            lift_parents(taxonomy, &mut row);
            row
        });
        calibrated.collect()
    }
}

/// The narrative with the highest value among those that `keep` holds for; of equal ones the first.
pub(super) fn best_of(values: &[f64], keep: impl Fn(usize) -> bool) -> Option<usize> {
    let kept = (0..values.len()).filter(|&k| keep(k));
    kept.max_by(|&a, &b| values[a].total_cmp(&values[b]).then(b.cmp(&a)))
}

fn own_probabilities(own: &[Platt], scores: &[f64]) -> Vec<f64> {
    scores.iter().zip(own).map(|(&s, c)| c.probability(s)).collect()
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
    let column = |keep: &dyn Fn(usize) -> bool| gather(rows, &unseen.probes.rows, probabilities, keep);
    let leaf: Vec<bool> = taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect();
    let target = settings.target_precision;
    let pooled = [false, true].map(|level| {
        let (p, o) = column(&|k| leaf[k] == level);
        Thresholds::choose(&p, &o, target)
    });
    let out: Vec<Thresholds> = (0..taxonomy.len())
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
    let probes = probabilities.iter().zip(&unseen.probes.rows);
    let background: Vec<&[f64]> = probes.filter(|&(_, &r)| rows[r].labels.is_empty()).map(|(p, _)| &**p).collect();
    let raise = Raise::against(&background, &out, settings.false_alarms).unwrap_or_default().max(Raise::default());
    out.iter().map(|t| t.raised(raise)).collect()
}

/// Values of the kept narratives, probe by probe, and whether each probe carries the narrative.
fn gather(rows: &[Row], probes: &[usize], values: &[Vec<f64>], keep: &dyn Fn(usize) -> bool) -> (Vec<f64>, Vec<bool>) {
    let mut out = (Vec::new(), Vec::new());
    for (row, &probe) in values.iter().zip(probes) {
        for (k, &value) in row.iter().enumerate().filter(|&(k, _)| keep(k)) {
            out.0.push(value);
            out.1.push(rows[probe].carries(k));
        }
    }
    out
}
