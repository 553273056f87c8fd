//! From fused scores to probabilities and thresholds, on texts the scores were not learned from.
//!
//! In two steps: a narrative's own Platt curve (its level's where it has few examples) makes each narrative's score a
//! probability, and two curves per level (`model::curves`), one for the best narrative of a text and one for the others,
//! make it as sure as it is right. One step alone was rejected: curves per narrative know nothing of being the best of
//! many, and one curve for all knows nothing of narratives whose scores run high.
//!
//! Where there are texts that carry nothing, these curves are told how far a text spreads anything and how much of it is
//! known. Without such texts both were rejected: whether a text carries anything is no question then, and what they say by
//! chance about which narrative it is does not hold later.
//!
//! Where texts have dates, the second step is fitted on what models said of later texts than any they knew. Models go
//! live before the texts they judge are written, and on those they are right less often than on texts held out from
//! the middle of their time: by curves fitted there they came out too sure.

use super::out_of_fold::OutOfFold;
use super::rows::Row;
use crate::learn::calibrate::Platt;
use crate::learn::logistic::sigmoid;
use crate::learn::thresholds::{Raise, Thresholds, for_precision};
use crate::model::classifier::lift_parents;
use crate::model::curves::{Curve, Curves, LevelCurves, OfText};
use crate::model::manifest::{PROTOTYPE, Settings};
use crate::model::taxonomy::Taxonomy;

/// Fewest positive examples for a calibration and thresholds of a narrative's own.
pub(super) const OWN: usize = 25;
/// Ranks of the narratives that the curve of the others is fitted to: further ones are hardly ever right.
const OTHERS: std::ops::Range<usize> = 1..5;
/// Fewest texts that carry nothing for the curves to be told of texts as a whole.
const FEWEST_NONE: usize = 50;
/// What they are told otherwise.
const NOTHING: OfText = OfText { spreads: 0.0, known: 0.0 };

/// The fitted curves.
pub(super) struct Calibration {
    /// Per narrative, applied to its fused score.
    pub(super) own: Vec<Platt>,
    /// Per level, applied after that.
    pub(super) curves: Curves,
}

/// What is said of held-out texts.
pub(super) struct Said {
    /// Row numbers of the texts.
    pub(super) probes: Vec<usize>,
    /// Text by text, fused scores or probabilities of the narratives side by side.
    pub(super) scores: Vec<Vec<f64>>,
    /// What is known of each text as a whole.
    pub(super) of_text: Vec<OfText>,
}

impl Calibration {
    /// Fits the curves to fused scores: that of a narrative to all held-out texts, those of its rank to `later` ones where
    /// there are any.
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
        let open = judged.probes.iter().filter(|&&probe| rows[probe].labels.is_empty()).count() >= FEWEST_NONE;
        let curve = |level: bool, ranks: std::ops::Range<usize>| {
            let (mut said, mut right) = (Vec::new(), Vec::new());
            for ((row, &probe), &of_text) in probabilities.iter().zip(&judged.probes).zip(&judged.of_text) {
                for k in ranked(row, |k| leaf[k] == level, ranks.clone()) {
                    said.push((row[k], if open { of_text } else { NOTHING }));
                    right.push(rows[probe].carries(k));
                }
            }
            Curve::fit(&said, &right).unwrap_or(Curve::IDENTITY)
        };
        let of_level = |level| LevelCurves { best: curve(level, 0..1), others: curve(level, OTHERS) };
        let curves = Curves { leaves: of_level(true), parents: of_level(false) };
        Self { own, curves }
    }

    /// Calibrated probabilities of the fused scores of a text, parents as they come.
    pub(super) fn of_each(&self, scores: &[f64], of_text: OfText, leaf: &[bool]) -> Vec<f64> {
        let mut row: Vec<f64> = scores.iter().zip(&self.own).map(|(&s, own)| own.log_odds(s)).collect();
        let curves = self.curves.of(&row, leaf, of_text);
        row.iter_mut().zip(leaf).for_each(|(p, &leaf)| *p = sigmoid(curves.log_odds(*p, leaf)));
        row
    }

    /// Calibrated probabilities of fused scores, parents lifted.
    pub(super) fn probabilities(&self, taxonomy: &Taxonomy, said: &Said) -> Vec<Vec<f64>> {
        let leaf: Vec<bool> = taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect();
        let calibrated = said.scores.iter().zip(&said.of_text).map(|(scores, &of_text)| {
            let mut row = self.of_each(scores, of_text, &leaf);
            lift_parents(taxonomy, &mut row);
            row
        });
        calibrated.collect()
    }
}

/// The narratives of these ranks by value among those that `keep` holds for; of equal ones the first comes first.
fn ranked(values: &[f64], keep: impl Fn(usize) -> bool, ranks: std::ops::Range<usize>) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..values.len()).filter(|&k| keep(k)).collect();
    kept.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    kept.into_iter().take(ranks.end).skip(ranks.start).collect()
}

/// The narrative with the highest value among those that `keep` holds for; of equal ones the first.
pub(super) fn best_of(values: &[f64], keep: impl Fn(usize) -> bool) -> Option<usize> {
    ranked(values, keep, 0..1).first().copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The curve of the best of two narratives where `none` of 400 texts carry nothing and those that carry one spread it.
    fn best(none: usize) -> Curve {
        let taxonomy = Taxonomy::flat(["a".to_owned(), "b".to_owned()]);
        let rows: Vec<Row> =
            (0..400).map(|i| Row::labelled(if i < none { vec![] } else { vec![i as u32 % 2] })).collect();
        let noise = |i: usize| (i as f64 * 0.618_034).fract() - 0.5;
        // The scores know the topic, more surely where they are right, and nothing of whether it is spread.
        let score = |i: usize| {
            let right = !i.is_multiple_of(5);
            let best = noise(i) + if right { 1.0 } else { 0.5 };
            if i.is_multiple_of(2) == right { vec![best, -1.0] } else { vec![-1.0, best] }
        };
        let of_text = |i: usize| OfText { spreads: if i < none { -1.0 } else { 1.0 } + 2.0 * noise(7 * i), known: 0.5 };
        let said = Said {
            probes: (0..400).collect(),
            scores: (0..400).map(score).collect(),
            of_text: (0..400).map(of_text).collect(),
        };
        Calibration::fit(&taxonomy, &rows, &said, None).curves.leaves.best
    }

    #[test]
    fn curves_are_told_of_texts_as_a_whole_where_some_carry_nothing() {
        assert!(best(200).spreads > 0.2, "{:?}", best(200));
        assert!(best(FEWEST_NONE).spreads > 0.0);
        assert!(best(FEWEST_NONE - 1).spreads.abs() < 1e-9);
    }

    #[test]
    fn of_equal_narratives_the_first_is_the_best() {
        let values = [0.2, 0.7, 0.1, 0.7, 0.9];
        assert_eq!(best_of(&values, |k| k < 4), Some(1));
        assert_eq!(ranked(&values, |_| true, 1..4), [1, 3, 0]);
        assert_eq!(best_of(&values, |_| false), None);
    }
}
