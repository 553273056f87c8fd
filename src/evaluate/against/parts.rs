//! Where a model gained and where it lost: language by language, narrative by narrative. A gain over all texts can be the
//! sum of a gain in one language and a loss in another.

use rustc_hash::FxHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

use super::paired::{Difference, Pair, differences};
use crate::evaluate::labels::Labels;
use crate::evaluate::per_narrative::{NarrativeFigures, per_narrative};
use crate::evaluate::predict::Judged;
use crate::evaluate::slices::language;

/// Most narratives listed that lost, and as many that gained.
const LISTED: usize = 10;

/// Accuracy in one language.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InLanguage {
    /// Its code; `?` for records without one.
    pub value: String,
    /// Texts that carry a narrative.
    pub texts: usize,
    /// Accuracy of the best.
    pub accuracy: Difference,
}

/// Every language, most texts first.
pub fn by_language(known: &[Pair<&Judged>], seed: u64) -> Vec<InLanguage> {
    let mut parts: BTreeMap<&str, Vec<Pair<&Judged>>> = BTreeMap::new();
    for &pair in known {
        parts.entry(language(pair.new)).or_default().push(pair);
    }
    let accuracy = |sample: &[&&Judged]| {
        vec![Some(sample.iter().filter(|j| j.is_right()).count() as f64 / sample.len().max(1) as f64)]
    };
    let mut out: Vec<InLanguage> = parts
        .into_iter()
        .filter_map(|(value, texts)| {
            let found = differences(&texts, |j| &j.example.group, seed, &[("accuracy", false)], accuracy);
            Some(InLanguage { value: value.to_owned(), texts: texts.len(), accuracy: *found.get("accuracy")? })
        })
        .collect();
    out.sort_by(|a, b| b.texts.cmp(&a.texts).then_with(|| a.value.cmp(&b.value)));
    out
}

/// How one model finds a narrative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Found {
    /// Whether the model knows it.
    pub known: bool,
    /// Share of the texts that carry it for which it is suggested or matched.
    pub recall: f64,
    /// F1 of that and the precision.
    pub f1: f64,
}

impl From<&NarrativeFigures> for Found {
    fn from(n: &NarrativeFigures) -> Self {
        Self { known: n.known, recall: n.recall.unwrap_or(0.0), f1: n.f1.unwrap_or(0.0) }
    }
}

/// A narrative that the models do not find equally well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NarrativeChange {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Texts that carry it.
    pub texts: usize,
    /// How each model finds it.
    #[serde(flatten)]
    pub found: Pair<Found>,
}

impl NarrativeChange {
    /// New less old.
    pub fn gain(&self) -> f64 {
        self.found.new.f1 - self.found.old.f1
    }

    /// The gain counted over its texts: a large narrative that loses somewhat stands before one of two texts that loses all.
    fn weight(&self) -> f64 {
        self.gain() * self.texts as f64
    }
}

/// Narratives whose F1 fell or rose.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NarrativeChanges {
    /// Narratives that test texts carry.
    pub looked_at: usize,
    /// How many fell.
    pub fell: usize,
    /// How many rose.
    pub rose: usize,
    /// Those that lost most: by the difference in F1 times their texts.
    pub lost: Vec<NarrativeChange>,
    /// Those that gained most.
    pub gained: Vec<NarrativeChange>,
}

/// Compares how each narrative is found that a text carries. `none` are texts that carry none: a decision on one of them is
/// wrong.
pub fn by_narrative(labels: Pair<&Labels>, known: &[Pair<&Judged>], none: &[Pair<&Judged>]) -> NarrativeChanges {
    let new = per_narrative(labels.new, &news(known), &news(none));
    let old = per_narrative(labels.old, &olds(known), &olds(none));
    let before: FxHashMap<&str, &NarrativeFigures> = old.iter().map(|n| (n.id.as_str(), n)).collect();
    let mut all: Vec<NarrativeChange> = new
        .iter()
        .filter(|n| n.texts > 0)
        .map(|n| {
            let old = before.get(n.id.as_str()).copied();
            NarrativeChange {
                id: n.id.clone(),
                // Only the model that knows it has its name.
                name: if n.known { n.name.clone() } else { old.unwrap_or(n).name.clone() },
                texts: n.texts,
                found: Pair { new: Found::from(n), old: old.map(Found::from).unwrap_or_default() },
            }
        })
        .collect();
    let looked_at = all.len();
    all.sort_by(|a, b| a.weight().total_cmp(&b.weight()).then_with(|| a.id.cmp(&b.id)));
    let lost: Vec<NarrativeChange> = all.iter().filter(|n| n.gain() < 0.0).cloned().collect();
    let gained: Vec<NarrativeChange> = all.into_iter().rev().filter(|n| n.gain() > 0.0).collect();
    let first = |of: &[NarrativeChange]| of.iter().take(LISTED).cloned().collect();
    NarrativeChanges { looked_at, fell: lost.len(), rose: gained.len(), lost: first(&lost), gained: first(&gained) }
}

fn news<'j>(pairs: &[Pair<&'j Judged>]) -> Vec<&'j Judged> {
    pairs.iter().map(|p| p.new).collect()
}

fn olds<'j>(pairs: &[Pair<&'j Judged>]) -> Vec<&'j Judged> {
    pairs.iter().map(|p| p.old).collect()
}
