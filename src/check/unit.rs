//! The records of all kinds seen alike: a text with its narratives, group, language and outlets.

use crate::error::Place;
use crate::model::taxonomy::{NarrativeNo, Taxonomy};
use crate::training::data::TrainingData;

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Case,
    Text,
    Background,
}

/// One record.
#[derive(Debug, Clone)]
pub(super) struct Unit<'d> {
    pub(super) sort: Sort,
    pub(super) place: &'d Place,
    pub(super) id: &'d str,
    /// What the model learns from: the claim (without one the title) or the text.
    pub(super) text: &'d str,
    /// Narratives, in growing order.
    pub(super) labels: &'d [NarrativeNo],
    /// The labels as the record has them.
    pub(super) named: &'d [String],
    /// The group it is split by: its own id where it names none.
    pub(super) group: &'d str,
    pub(super) language: &'d str,
    pub(super) published: &'d str,
    pub(super) outlets: Vec<&'d str>,
    /// The disproof of a case.
    pub(super) disproof: &'d str,
}

/// All records: cases, then texts, then background; the order that out-of-fold records are numbered in.
pub(super) fn units(data: &TrainingData) -> Vec<Unit<'_>> {
    let cases = data.cases.iter().zip(&data.places.cases).map(|((c, labels), place)| Unit {
        sort: Sort::Case,
        place,
        id: &c.id,
        text: c.stated_claim(),
        labels,
        named: &c.narratives,
        group: c.split_group(),
        language: &c.language,
        published: &c.published,
        outlets: filled(c.outlets.iter()),
        disproof: &c.disproof,
    });
    let labelled = data.texts.iter().zip(&data.places.texts).map(|((t, l), p)| (Sort::Text, t, l.as_slice(), p));
    let none: &[NarrativeNo] = &[];
    let background = data.background.iter().zip(&data.places.background).map(|(t, p)| (Sort::Background, t, none, p));
    let texts = labelled.chain(background).map(|(sort, t, labels, place)| Unit {
        sort,
        place,
        id: &t.id,
        text: &t.text,
        labels,
        named: &t.narratives,
        group: if t.group.is_empty() { &t.id } else { &t.group },
        language: &t.language,
        published: &t.published,
        outlets: filled(std::iter::once(&t.source)),
        disproof: "",
    });
    cases.chain(texts).collect()
}

fn filled<'d>(names: impl Iterator<Item = &'d String>) -> Vec<&'d str> {
    names.map(|n| n.trim()).filter(|n| !n.is_empty()).collect()
}

/// The narratives of a record as people read them: `"a", "b"` or `none`. Labels that are not in the taxonomy, or are
/// spelled otherwise there, are among them: that is an error of its own, and the record carries them nonetheless.
pub(super) fn listed(taxonomy: &Taxonomy, unit: &Unit<'_>) -> String {
    let mut names: Vec<&str> = unit.labels.iter().map(|&n| taxonomy.narrative(n).id.as_str()).collect();
    for name in unit.named {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return "none".into();
    }
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// `"id" (file:line)`.
pub(super) fn named(unit: &Unit<'_>) -> String {
    format!("\"{}\" ({})", unit.id, unit.place)
}
