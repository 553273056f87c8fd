//! Parts of the data that are done better or worse: by language, by length, and the worst of many.
//!
//! A slice is called bad only when its whole Wilson interval lies below the accuracy of all other texts. Slices are
//! ordered by the errors that would vanish if the slice were as good as the rest, so a big slice that is somewhat worse
//! stands before a tiny one that fails. With many slices looked at, about one in forty looks bad by chance; their number is
//! given.

use serde::Serialize;
use std::collections::BTreeMap;

use super::headline::{Brief, brief};
use super::labels::Labels;
use super::metrics::wilson;
use super::predict::Judged;
use crate::learn::split::{day, iso};

/// Fewest texts of a slice that is judged.
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
    /// Slices with at least ten texts.
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

fn language(j: &Judged) -> &str {
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
    let judged = counts.into_iter().filter(|(_, (texts, _))| *texts >= FEWEST && *texts < all.0);
    let (mut looked_at, mut found) = (0, Vec::new());
    for ((by, value), (texts, right)) in judged {
        looked_at += 1;
        let elsewhere = (all.1 - right) as f64 / (all.0 - texts) as f64;
        if wilson(right, texts).1 < elsewhere {
            let excess_errors = elsewhere * texts as f64 - right as f64;
            let accuracy = right as f64 / texts as f64;
            found.push(WorstSlice { by, value, texts, accuracy, elsewhere, excess_errors });
        }
    }
    found.sort_by(|a, b| b.excess_errors.total_cmp(&a.excess_errors).then_with(|| a.value.cmp(&b.value)));
    found.truncate(LISTED);
    WorstSlices { looked_at, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_length_meet_without_gap() {
        assert_eq!(length_name(length_class(19)), "0–19 words");
        assert_eq!(length_name(length_class(20)), "20–49 words");
        assert_eq!(length_name(length_class(9999)), "500 words or more");
    }
}
