//! The figures a model is judged by, each with its interval.

use serde::Serialize;
use std::collections::BTreeMap;

use super::bootstrap::{Interval, intervals};
use super::labels::{LabelNo, Labels};
use super::metrics::{expected_calibration_error, f1, label_ranking_average_precision, macro_f1};
use super::predict::Judged;

/// Name of a figure in JSON, its name for people, and what it says.
pub const FIGURES: [(&str, &str, &str); 10] = [
    ("accuracy", "Accuracy of the best", "share of texts whose most probable narrative is one they carry"),
    ("macro_f1_best", "Macro-F1 of the best", "every narrative counts the same, however rare"),
    ("micro_f1", "Micro-F1 of decisions", "over all narratives suggested or matched"),
    ("macro_f1", "Macro-F1 of decisions", "the same, averaged over narratives"),
    ("samples_f1", "Samples-F1 of decisions", "the same, averaged over texts"),
    ("lrap", "LRAP", "how high the carried narratives are ranked"),
    ("ece_best", "Calibration error of the best", "mean gap between stated probability and share right; 0 is best"),
    ("parent_accuracy", "Accuracy of the best parent", "share of texts whose best parent narrative is right"),
    ("parent_macro_f1", "Macro-F1 of the best parent", "every parent counts the same"),
    ("ece_parent", "Calibration error of the best parent", "the same gap for parents; 0 is best"),
];

/// Whether the smaller of two values of a figure is the better.
pub fn less_is_better(figure: &str) -> bool {
    matches!(figure, "ece_best" | "ece_parent")
}

/// Figures by name, with 95 % intervals.
pub type Figures = BTreeMap<&'static str, Interval>;

/// What the figures need of one text; small, because it is drawn a thousand times.
#[derive(Debug, Clone)]
pub struct Tally {
    group: String,
    gold: Vec<LabelNo>,
    best: Option<(LabelNo, f64)>,
    decided: Vec<LabelNo>,
    lrap: f64,
    /// The parents of the narratives carried, the first by id of the narrative first; and the parent said, with its
    /// probability.
    roots: (Vec<LabelNo>, Option<(LabelNo, f64)>),
}

impl Tally {
    /// Reduces a judged text; `None` if it carries nothing.
    pub fn new(labels: &Labels, judged: &Judged) -> Option<Self> {
        judged.gold.first()?;
        let ranks: Vec<usize> =
            (judged.ranked.iter().zip(1..)).filter(|(s, _)| judged.gold.contains(&s.label)).map(|(_, r)| r).collect();
        Some(Self {
            group: judged.example.group.clone(),
            best: judged.best().map(|b| (b.label, b.probability)),
            decided: judged.decided().collect(),
            lrap: label_ranking_average_precision(&ranks, judged.gold.len()),
            roots: (judged.gold.iter().map(|&g| labels.label(g).root).collect(), judged.best_root),
            gold: judged.gold.clone(),
        })
    }

    /// The group of its text.
    pub fn group(&self) -> &str {
        &self.group
    }

    fn is_right(&self) -> bool {
        self.best.is_some_and(|b| self.gold.contains(&b.0))
    }

    fn has_right_root(&self) -> bool {
        self.roots.1.is_some_and(|said| self.roots.0.contains(&said.0))
    }
}

/// Right, wrong and missed decisions of one text.
fn decisions(t: &Tally) -> (usize, usize, usize) {
    let right = t.decided.iter().filter(|d| t.gold.contains(d)).count();
    (right, t.decided.len() - right, t.gold.len() - right)
}

/// All figures of a sample, in the order of [`FIGURES`]; `None` where one does not apply.
///
/// For macro-F1 of the best, a text with several narratives counts under the first by id; texts without an answer are
/// answers of a class of their own. Macro-F1 of decisions averages over narratives that were carried or decided.
pub fn figures(tallies: &[&Tally], parents: bool) -> Vec<Option<f64>> {
    if tallies.is_empty() {
        return vec![None; FIGURES.len()];
    }
    let mean = |value: &dyn Fn(&Tally) -> f64| tallies.iter().map(|t| value(t)).sum::<f64>() / tallies.len() as f64;
    let accuracy = mean(&|t| f64::from(u8::from(t.is_right())));
    let gold: Vec<Option<LabelNo>> = tallies.iter().map(|t| t.gold.first().copied()).collect();
    let said: Vec<Option<LabelNo>> = tallies.iter().map(|t| t.best.map(|b| b.0)).collect();
    let mut all = (0, 0, 0);
    let mut per: BTreeMap<LabelNo, (usize, usize, usize)> = BTreeMap::new();
    let mut samples = 0.0;
    for t in tallies {
        let (right, wrong, missed) = decisions(t);
        all = (all.0 + right, all.1 + wrong, all.2 + missed);
        samples += f1(right, wrong, missed).unwrap_or(0.0);
        for d in &t.decided {
            let counts = per.entry(*d).or_default();
            *(if t.gold.contains(d) { &mut counts.0 } else { &mut counts.1 }) += 1;
        }
        for g in t.gold.iter().filter(|g| !t.decided.contains(g)) {
            per.entry(*g).or_default().2 += 1;
        }
    }
    let macro_decided = per.values().filter_map(|c| f1(c.0, c.1, c.2)).sum::<f64>() / per.len().max(1) as f64;
    let (root_gold, root_said): (Vec<_>, Vec<_>) =
        tallies.iter().map(|t| (t.roots.0.first().copied(), t.roots.1.map(|said| said.0))).unzip();
    vec![
        Some(accuracy),
        Some(macro_f1(&gold, &said)),
        f1(all.0, all.1, all.2),
        Some(macro_decided),
        Some(samples / tallies.len() as f64),
        Some(mean(&|t| t.lrap)),
        calibration_error(tallies.iter().filter_map(|t| Some((t.best?.1, t.is_right())))),
        parents.then(|| mean(&|t| f64::from(u8::from(t.has_right_root())))),
        parents.then(|| macro_f1(&root_gold, &root_said)),
        calibration_error(tallies.iter().filter_map(|t| Some((t.roots.1?.1, t.has_right_root()))).filter(|_| parents)),
    ]
}

/// Expected calibration error of answers, each with its probability and whether it is right; `None` of no answer.
fn calibration_error(answers: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let (sure, right): (Vec<f64>, Vec<bool>) = answers.unzip();
    (!sure.is_empty()).then(|| expected_calibration_error(&sure, &right))
}

/// The figures of judged texts with their intervals; texts that carry nothing are left out.
pub fn headline<'j>(labels: &Labels, judged: impl IntoIterator<Item = &'j Judged>, seed: u64) -> Figures {
    let tallies: Vec<Tally> = judged.into_iter().filter_map(|j| Tally::new(labels, j)).collect();
    let parents = labels.has_parents();
    let found = intervals(&tallies, Tally::group, seed, |sample| figures(sample, parents));
    FIGURES.iter().zip(found).filter_map(|(f, interval)| Some((f.0, interval?))).collect()
}

/// Figures without intervals, for parts of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Brief {
    /// Texts that carry a narrative.
    pub texts: usize,
    /// Accuracy of the best, 0 to 1.
    pub accuracy: f64,
    /// Macro-F1 of the best.
    pub macro_f1_best: f64,
    /// Micro-F1 of decisions.
    pub micro_f1: f64,
    /// Label ranking average precision.
    pub lrap: f64,
}

/// The most important figures of part of the data.
pub fn brief<'j>(labels: &Labels, judged: impl IntoIterator<Item = &'j Judged>) -> Brief {
    let tallies: Vec<Tally> = judged.into_iter().filter_map(|j| Tally::new(labels, j)).collect();
    let found = figures(&tallies.iter().collect::<Vec<_>>(), false);
    let at = |i: usize| found[i].unwrap_or(0.0);
    Brief { texts: tallies.len(), accuracy: at(0), macro_f1_best: at(1), micro_f1: at(2), lrap: at(5) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(
        gold: &[u32],
        best: Option<(u32, f64)>,
        decided: &[u32],
        ranks: &[usize],
        roots: (&[u32], u32, f64),
    ) -> Tally {
        let numbers = |v: &[u32]| v.iter().map(|&n| LabelNo(n)).collect::<Vec<_>>();
        Tally {
            group: String::new(),
            gold: numbers(gold),
            best: best.map(|(n, p)| (LabelNo(n), p)),
            decided: numbers(decided),
            lrap: label_ranking_average_precision(ranks, gold.len()),
            roots: (numbers(roots.0), Some((LabelNo(roots.1), roots.2))),
        }
    }

    #[test]
    fn four_texts_worked_by_hand() {
        let texts = [
            tally(&[0], Some((0, 0.95)), &[0], &[1], (&[8], 8, 0.96)),
            tally(&[0, 1], Some((1, 0.85)), &[1, 2], &[1, 3], (&[7, 8], 8, 0.9)),
            tally(&[2], Some((0, 0.45)), &[], &[2], (&[9], 8, 0.5)),
            // Too short for an answer.
            tally(&[1], None, &[], &[], (&[8], 8, 0.31)),
        ];
        let found = figures(&texts.iter().collect::<Vec<_>>(), true);
        let expected = [
            // Texts 1 and 2.
            0.5,
            // Gold 0 0 2 1, said 0 1 0 -: class 0 right 1, wrong 1, missed 1: 1/2; all others 0; four classes.
            0.5 / 4.0,
            // Right 2, wrong 1, missed 3.
            4.0 / 8.0,
            // 0: right 1, missed 1: 2/3. 1: right 1, missed 1: 2/3. 2: wrong 1, missed 1: 0.
            (2.0 / 3.0 + 2.0 / 3.0) / 3.0,
            // 1, 2·1/(2+1+1), 0, 0.
            (1.0 + 0.5) / 4.0,
            // 1, (1 + 2/3)/2, 1/2, 0.
            (1.0 + 5.0 / 6.0 + 0.5) / 4.0,
            // Gaps 0.05, 0.15 and 0.45 over three answers.
            0.65 / 3.0,
            // The second text carries a narrative of the parent said, too.
            0.75,
            // Gold 8 7 9 8, said 8: 8: right 2, wrong 2: 2/3; 7 and 9: 0.
            (2.0 / 3.0) / 3.0,
            // Right at 0.96 and 0.9 of one bin: a gap of 0.14 together; wrong at 0.5: 0.5; right at 0.31: 0.69.
            (0.14 + 0.5 + 0.69) / 4.0,
        ];
        for ((value, expected), figure) in found.into_iter().zip(expected).zip(FIGURES) {
            assert!((value.unwrap() - expected).abs() < 1e-12, "{}: {value:?} {expected}", figure.0);
        }
    }
}
