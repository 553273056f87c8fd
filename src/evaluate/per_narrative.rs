//! How well each narrative is found.

use serde::Serialize;

use super::labels::Labels;
use super::metrics::f1;
use super::predict::Judged;
use crate::model::classifier::Decision;

/// Figures of one narrative without children.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NarrativeFigures {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether the model knows it.
    pub known: bool,
    /// Whether a model that was tested had it as a prototype, with too few examples to know it well.
    pub prototype: bool,
    /// Texts that carry it.
    pub texts: usize,
    /// Texts for which it is suggested or matched.
    pub decided: usize,
    /// Share of those that carry it; null when it is never decided.
    pub precision: Option<f64>,
    /// Share of the texts that carry it for which it is suggested or matched; null when none carries it.
    pub recall: Option<f64>,
    /// F1 of the two; null when there was nothing to decide.
    pub f1: Option<f64>,
    /// Share of matches that carry it; null without a match.
    pub match_precision: Option<f64>,
    /// Share of the texts that carry it of which it is the best.
    pub best: Option<f64>,
}

/// The figures of every narrative that is carried or decided, those with most texts first. `none` are texts that carry
/// none: a decision on one of them is wrong.
pub fn per_narrative(labels: &Labels, known: &[&Judged], none: &[&Judged]) -> Vec<NarrativeFigures> {
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let mut counts = vec![[0usize; 6]; labels.numbers().count()];
    for j in known.iter().chain(none) {
        for g in &j.gold {
            counts[g.index()][0] += 1;
        }
        for s in j.ranked.iter().filter(|s| s.decision >= Decision::Suggest) {
            let (carried, c) = (usize::from(j.gold.contains(&s.label)), &mut counts[s.label.index()]);
            c[1] += 1;
            c[2] += carried;
            if s.decision == Decision::Match {
                c[3] += 1;
                c[4] += carried;
            }
        }
        if let Some(best) = j.best().filter(|_| j.is_right()) {
            counts[best.label.index()][5] += 1;
        }
    }
    let mut out: Vec<NarrativeFigures> = labels
        .numbers()
        .filter_map(|n| {
            let (label, [texts, decided, right, matched, matched_right, best]) = (labels.label(n), counts[n.index()]);
            (texts + decided > 0).then(|| NarrativeFigures {
                id: label.id.clone(),
                name: label.name.clone(),
                known: label.known,
                prototype: label.prototype,
                texts,
                decided,
                precision: share(right, decided),
                recall: share(right, texts),
                f1: f1(right, decided - right, texts - right),
                match_precision: share(matched_right, matched),
                best: share(best, texts),
            })
        })
        .collect();
    out.sort_by(|a, b| b.texts.cmp(&a.texts).then_with(|| a.id.cmp(&b.id)));
    out
}
