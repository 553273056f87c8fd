//! Parts of the data that are done better or worse: by language, by length, and the worst of many.
//!
//! A slice is called bad only when the whole interval of its accuracy less that of all other texts lies below zero
//! (Newcombe, "Interval estimation for the difference between independent proportions", 1998): where the other texts are
//! few, their accuracy is uncertain as well. Slices are ordered by the errors that would vanish if the slice were as good
//! as the rest, so a big slice that is somewhat worse stands before a tiny one that fails. With many slices looked at,
//! about one in forty looks bad by chance; their number is given.

use serde::Serialize;
use std::collections::BTreeMap;

use super::headline::{Brief, brief};
use super::labels::Labels;
use super::metrics::wilson;
use super::predict::Judged;
use crate::learn::split::{day, iso};

/// Fewest texts of a slice that is judged, and of all that are not in it.
const FEWEST: usize = 10;
/// Most slices listed.
const LISTED: usize = 15;
/// Word counts at which a new class of length begins.
const LENGTHS: [usize; 6] = [0, 20, 50, 100, 200, 500];

/// Figures of a part of the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    /// What it is: a language code, a class of length.
    pub value: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Brief,
    /// 95 % interval of the accuracy (Wilson; texts of one group count as independent here).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A slice that is worse than the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstSlice {
    /// What the slices were cut by.
    pub by: &'static str,
    /// Which one it is.
    pub value: String,
    /// Its texts.
    pub texts: usize,
    /// Accuracy of the best in it.
    pub accuracy: f64,
    /// Accuracy of the best in all other texts.
    pub elsewhere: f64,
    /// Errors that would vanish if it were as good as the rest.
    pub excess_errors: f64,
}

/// The bad slices, and how many were looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorstSlices {
    /// Slices with at least ten texts, outside of which are at least ten.
    pub looked_at: usize,
    /// The bad ones.
    pub found: Vec<WorstSlice>,
}

fn slice(labels: &Labels, value: String, texts: &[&Judged]) -> Slice {
    let right = texts.iter().filter(|j| j.is_right()).count();
    let (low, high) = wilson(right, texts.len());
    Slice { value, figures: brief(labels, texts.iter().copied()), low, high }
}

/// By language as the records say it, most texts first; records without one are under `?`.
pub fn by_language(labels: &Labels, known: &[&Judged]) -> Vec<Slice> {
    let mut parts: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for j in known {
        parts.entry(language(j)).or_default().push(j);
    }
    let mut out: Vec<Slice> = parts.into_iter().map(|(l, texts)| slice(labels, l.to_owned(), &texts)).collect();
    out.sort_by(|a, b| b.figures.texts.cmp(&a.figures.texts).then_with(|| a.value.cmp(&b.value)));
    out
}

pub(super) fn language(j: &Judged) -> &str {
    if j.example.language.is_empty() { "?" } else { &j.example.language }
}

/// By number of words, shortest first.
pub fn by_length(labels: &Labels, known: &[&Judged]) -> Vec<Slice> {
    let mut parts: BTreeMap<usize, Vec<&Judged>> = BTreeMap::new();
    for j in known {
        parts.entry(length_class(j.words)).or_default().push(j);
    }
    parts.into_iter().map(|(class, texts)| slice(labels, length_name(class), &texts)).collect()
}

fn length_class(words: usize) -> usize {
    LENGTHS.iter().rposition(|&from| words >= from).unwrap_or(0)
}

fn length_name(class: usize) -> String {
    match LENGTHS.get(class + 1) {
        Some(next) => format!("{}–{} words", LENGTHS[class], next - 1),
        None => format!("{} words or more", LENGTHS[class]),
    }
}

/// What a text is filed under, cut by cut.
fn keys(labels: &Labels, j: &Judged) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("language", language(j).to_owned()),
        ("length", length_name(length_class(j.words))),
        ("number of narratives", if j.gold.len() > 1 { "two or more" } else { "one" }.to_owned()),
    ];
    if let Some(source) = j.example.sources.first() {
        out.push(("source", source.clone()));
    }
    if let Some(day) = day(&j.example.published) {
        out.push(("year", iso(day)[..4].to_owned()));
    }
    for &g in &j.gold {
        let label = labels.label(g);
        out.push(("narrative", label.name.clone()));
        if label.root != g {
            let root = &labels.label(label.root).name;
            out.push(("parent", root.clone()));
            out.push(("parent and language", format!("{root} · {}", language(j))));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The slices in which the best narrative is wrong clearly more often than in all other texts.
pub fn worst(labels: &Labels, known: &[&Judged]) -> WorstSlices {
    let mut counts: BTreeMap<(&'static str, String), (usize, usize)> = BTreeMap::new();
    let mut all = (0, 0);
    for j in known {
        let right = usize::from(j.is_right());
        all = (all.0 + 1, all.1 + right);
        for key in keys(labels, j) {
            let c = counts.entry(key).or_default();
            *c = (c.0 + 1, c.1 + right);
        }
    }
    let judged = counts.into_iter().filter(|(_, (texts, _))| *texts >= FEWEST && all.0 - *texts >= FEWEST);
    let (mut looked_at, mut found) = (0, Vec::new());
    for ((by, value), (texts, right)) in judged {
        looked_at += 1;
        let rest = (all.0 - texts, all.1 - right);
        if is_worse((texts, right), rest) {
            let (accuracy, elsewhere) = (right as f64 / texts as f64, rest.1 as f64 / rest.0 as f64);
            let excess_errors = elsewhere * texts as f64 - right as f64;
            found.push(WorstSlice { by, value, texts, accuracy, elsewhere, excess_errors });
        }
    }
    found.sort_by(|a, b| b.excess_errors.total_cmp(&a.excess_errors).then_with(|| a.value.cmp(&b.value)));
    found.truncate(LISTED);
    WorstSlices { looked_at, found }
}

/// Whether the share of right ones is clearly lower than in the rest: the upper end of Newcombe's 95 % interval of the
/// difference is below 0. Both are counts of texts, above 0, and of right ones.
fn is_worse((texts, right): (usize, usize), (others, others_right): (usize, usize)) -> bool {
    let (share, rest) = (right as f64 / texts as f64, others_right as f64 / others as f64);
    let (high, low) = (wilson(right, texts).1, wilson(others_right, others).0);
    rest - share > (high - share).hypot(rest - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::Outcome;
    use crate::evaluate::example::Example;
    use crate::model::classifier::Decision;

    fn in_language(language: &str) -> Judged {
        Judged {
            example: Example { language: language.into(), ..Example::default() },
            gold: Vec::new(),
            unanswerable: Vec::new(),
            ranked: Vec::new(),
            best_root: None,
            strongest: Decision::Weak,
            outcome: Outcome::Unknown,
            words: 30,
            fold: 0,
        }
    }

    #[test]
    fn a_slice_is_judged_beside_ten_other_texts_only() {
        let looked_at = |others: usize| {
            let texts: Vec<Judged> = (0..40 + others).map(|i| in_language(if i < 40 { "de" } else { "en" })).collect();
            worst(&Labels::default(), &texts.iter().collect::<Vec<_>>()).looked_at
        };
        // Two languages; all texts are of one length and number of narratives.
        assert_eq!([2, 9, 10].map(looked_at), [0, 0, 2]);
    }

    #[test]
    fn the_rest_must_be_sure_enough_too() {
        // Against a large rest, the slice's own interval decides.
        assert!(is_worse((40, 20), (10_000, 7000)) && !is_worse((40, 24), (10_000, 7000)));
        // The same shares, of ten others only.
        assert!(!is_worse((40, 20), (10, 7)));
        // Newcombe's own example (a), 56 of 70 and 48 of 80: the difference is 0.0524 to 0.3339.
        assert!(is_worse((80, 48), (70, 56)) && !is_worse((70, 56), (80, 48)));
        assert!(!is_worse((10, 5), (10, 5)));
    }

    #[test]
    fn classes_of_length_meet_without_gap() {
        assert_eq!(length_name(length_class(19)), "0–19 words");
        assert_eq!(length_name(length_class(20)), "20–49 words");
        assert_eq!(length_name(length_class(9999)), "500 words or more");
    }
}
