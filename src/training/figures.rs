//! The figures of the model card, all on what models say of texts they have not seen.
//!
//! The headline figures and the weak spots are those of `evaluate`, by the same code: a card with its own definitions
//! would print other numbers under the same names.

use std::collections::BTreeMap;

use super::calibration::{Said, best_of};
use super::data::TrainingData;
use super::out_of_fold::OutOfFold;
use super::rows::Row;
use crate::assess::Outcome;
use crate::evaluate::bootstrap::Interval;
use crate::evaluate::example::Example;
use crate::evaluate::headline::headline;
use crate::evaluate::labels::{LabelNo, Labels};
use crate::evaluate::metrics;
use crate::evaluate::predict::{Judged, Scored};
use crate::evaluate::slices;
use crate::learn::thresholds::Thresholds;
use crate::model::classifier::Decision;
use crate::model::manifest::{Bounds, Metrics, Weakness, Weaknesses};
use crate::model::taxonomy::{NarrativeNo, Taxonomy};
use unicode_segmentation::UnicodeSegmentation;

/// What texts that carry nothing are called where they do not state a kind.
const BACKGROUND: &str = "background";

/// What was held out, and what is said of it.
pub(super) struct Figures<'a> {
    pub(super) data: &'a TrainingData,
    pub(super) rows: &'a [Row],
    pub(super) unseen: &'a OutOfFold,
    /// Probe by probe, a probability per narrative.
    pub(super) probabilities: &'a [Vec<f64>],
    /// Probabilities of the later half of the texts by models that know nothing later.
    pub(super) later: Option<&'a Said>,
    pub(super) thresholds: &'a [Thresholds],
}

impl Figures<'_> {
    /// All figures. `seed` draws the intervals.
    pub(super) fn metrics(&self, seed: u64) -> Metrics {
        let labels = Labels::new(&self.data.taxonomy);
        let judged = self.judged(&labels);
        let bounds = |i: Interval| Bounds { value: i.value, low: i.low, high: i.high };
        // The card states the calibration error of the parents already, over the background as well (`best`).
        let headline = headline(&labels, &judged, seed).into_iter().filter(|(name, _)| *name != "ece_parent");
        let intervals = headline.map(|(n, i)| (n.to_owned(), bounds(i))).collect();
        let known: Vec<&Judged> = judged.iter().collect();
        let worst = slices::worst(&labels, &known);
        let found = worst.found.into_iter().map(|w| Weakness {
            by: w.by.to_owned(),
            value: w.value,
            texts: w.texts,
            accuracy: w.accuracy,
            elsewhere: w.elsewhere,
        });
        let weaknesses = Some(Weaknesses { looked_at: worst.looked_at, found: found.collect() });
        Metrics { out_of_fold: self.out_of_fold(), intervals, weaknesses }
    }

    /// The held-out texts that carry a narrative, as `evaluate` has them.
    fn judged(&self, labels: &Labels) -> Vec<Judged> {
        let taxonomy = &self.data.taxonomy;
        let judged = |(row, &probe): (&Vec<f64>, &usize)| {
            let record = self.rows[probe].record?;
            let (example, carried) = match record.checked_sub(self.data.cases.len()) {
                None => (Example::from(&self.data.cases[record].0), &self.data.cases[record].1),
                Some(text) => {
                    let (text, carried) = self.data.texts.get(text)?;
                    (Example::from(text), carried)
                }
            };
            let mut gold: Vec<LabelNo> = carried.iter().map(|n| LabelNo(n.0)).collect();
            gold.sort_by(|&a, &b| labels.label(a).id.cmp(&labels.label(b).id));
            gold.dedup();
            let decision = |k: usize| Decision::of(row[k], self.thresholds[k]);
            let mut order: Vec<NarrativeNo> = taxonomy.numbers().collect();
            order.sort_by(|&a, &b| row[b.index()].total_cmp(&row[a.index()]).then(a.cmp(&b)));
            let leaves = order.iter().filter(|&&n| taxonomy.is_leaf(n)).map(|n| Scored {
                label: LabelNo(n.0),
                probability: row[n.index()],
                decision: decision(n.index()),
            });
            let strongest = (0..row.len()).map(decision).max().unwrap_or(Decision::Weak);
            Some(Judged {
                words: example.text.unicode_words().count(),
                example,
                gold,
                unanswerable: Vec::new(),
                ranked: leaves.collect(),
                best_root: (order.iter().find(|&&n| taxonomy.parent(n).is_none()))
                    .map(|n| (LabelNo(n.0), row[n.index()])),
                strongest,
                outcome: if strongest == Decision::Weak { Outcome::Unknown } else { Outcome::Known },
                fold: self.rows[probe].fold.unwrap_or(0),
            })
        };
        let judged = self.probabilities.iter().zip(&self.unseen.probes.rows).filter_map(judged);
        judged.filter(|j| !j.gold.is_empty()).collect()
    }

    fn out_of_fold(&self) -> BTreeMap<String, f64> {
        let Self { data, rows, unseen, probabilities, thresholds, later } = *self;
        let taxonomy: &Taxonomy = &data.taxonomy;
        let mut out = BTreeMap::new();
        let is_leaf = |k: usize| taxonomy.is_leaf(NarrativeNo(k as u32));
        self.best(&unseen.probes.rows, probabilities, "", &mut out);
        if let Some(later) = later {
            self.best(&later.probes, &later.scores, "later texts, ", &mut out);
        }
        // Texts that carry nothing, all of them and by what they state to be: texts, those with a match, with a suggestion.
        let mut alarms: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
        let (mut right, mut wrong, mut missed) = (0, 0, 0);
        for (row, &probe) in probabilities.iter().zip(&unseen.probes.rows) {
            let decided = |pick: fn(&Thresholds) -> f64| {
                row.iter().zip(thresholds).enumerate().filter(move |(_, (p, t))| **p >= pick(t)).map(|(k, _)| k)
            };
            let labels = &rows[probe].labels;
            for k in (0..taxonomy.len()).filter(|&k| is_leaf(k)) {
                let said = row[k] >= thresholds[k].review;
                match (said, rows[probe].carries(k)) {
                    (true, true) => right += 1,
                    (true, false) => wrong += 1,
                    (false, true) => missed += 1,
                    (false, false) => {}
                }
            }
            if labels.is_empty() {
                let matched = u32::from(decided(|t| t.confirmed).next().is_some());
                let suggested = u32::from(decided(|t| t.review).next().is_some());
                let sort = &*rows[probe].sort;
                for name in if sort == BACKGROUND { vec![BACKGROUND] } else { vec![BACKGROUND, sort] } {
                    let counts = alarms.entry(name).or_default();
                    counts.iter_mut().zip([1, matched, suggested]).for_each(|(c, n)| *c += n);
                }
            }
        }
        for (name, [texts, matched, suggested]) in alarms.into_iter().map(|(n, c)| (n, c.map(f64::from))) {
            out.insert(format!("{name}: texts"), texts);
            out.insert(format!("{name}: share with a match"), matched / texts);
            out.insert(format!("{name}: share with a match or suggestion"), suggested / texts);
        }
        // Where labels name parents only, there is nothing that the narratives could be right about.
        if right + missed == 0 {
            return out;
        }
        let share = |a: usize, b: usize| if b > 0 { a as f64 / b as f64 } else { 0.0 };
        out.insert("suggested or matched: precision".into(), share(right, right + wrong));
        out.insert("suggested or matched: recall".into(), share(right, right + missed));
        out.insert("suggested or matched: micro-F1".into(), metrics::f1(right, wrong, missed).unwrap_or(0.0));
        out
    }

    /// How often the best narrative and parent of held-out texts are right, and how sure they are; of no texts, their number
    /// alone.
    fn best(&self, probes: &[usize], probabilities: &[Vec<f64>], of: &str, out: &mut BTreeMap<String, f64>) {
        let Self { rows, data: TrainingData { taxonomy, .. }, .. } = *self;
        let is_leaf = |k: usize| taxonomy.is_leaf(NarrativeNo(k as u32));
        let has_parents = (0..taxonomy.len()).any(|k| !is_leaf(k));
        for (level, leaf) in [("narratives", true), ("parents", false)] {
            if !leaf && !has_parents {
                continue;
            }
            let (mut gold, mut said, mut sure, mut right) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for (row, &probe) in probabilities.iter().zip(probes) {
                let labels: Vec<usize> =
                    rows[probe].labels.iter().map(|&l| l as usize).filter(|&k| is_leaf(k) == leaf).collect();
                let Some(best) = best_of(row, |k| is_leaf(k) == leaf) else { continue };
                if let Some(&first) = labels.first() {
                    // A text with several narratives counts as right for any of them.
                    gold.push(if labels.contains(&best) { best } else { first });
                    said.push(best);
                }
                sure.push(row[best]);
                right.push(labels.contains(&best));
            }
            out.insert(format!("{of}{level}: texts"), gold.len() as f64);
            if gold.is_empty() {
                continue;
            }
            out.insert(format!("{of}{level}: accuracy of the best"), metrics::accuracy(&gold, &said));
            out.insert(format!("{of}{level}: macro-F1 of the best"), metrics::macro_f1(&gold, &said));
            out.insert(
                format!("{of}{level}: calibration error of the best"),
                metrics::expected_calibration_error(&sure, &right),
            );
        }
    }
}
