//! Which texts a model learns from, with what weight, and which of them stand in for what users will paste.

use std::collections::BTreeSet;

use super::data::TrainingData;
use crate::document::Language;
use crate::features::space::Sample;
use crate::learn::split::{day, grouped_folds, timed_folds};
use crate::model::manifest::{FoldsBy, Settings};
use crate::model::taxonomy::{NarrativeNo, Taxonomy};
use crate::record::TextRecord;

/// What a training text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowKind {
    /// A claim, a text or a background text: what users paste.
    Probe,
    /// The title of a record.
    Title,
    /// The disproof of a case.
    Disproof,
    /// Name or description of a narrative.
    Description,
    /// A passage of a probe: scored like a held-out text, but nothing is learned from it.
    Passage,
}

/// One training text.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) language: Option<Language>,
    /// Its narratives and all their ancestors, by number.
    pub(super) labels: Vec<u32>,
    /// Weight in the models of single narratives.
    pub(super) weight: f32,
    /// Whether it spreads a narrative at all, and its weight in learning that; a disproof speaks of a narrative
    /// without spreading it.
    pub(super) spreads: bool,
    pub(super) spreads_weight: f32,
    pub(super) kind: RowKind,
    /// Number of its record, counting cases, then texts, then background; `None` for descriptions.
    pub(super) record: Option<usize>,
    /// What figures call such texts: `claims`, `disproofs`, `texts`, `background`, or the kind a background text states.
    pub(super) sort: String,
    /// The fold it is held out in; `None` for descriptions, which always train.
    pub(super) fold: Option<usize>,
}

/// A disproof counts up to this many bytes: what it is about stands in front.
const DISPROOF: usize = 600;

/// A record, reduced to what training needs of it.
struct Unit<'d> {
    group: &'d str,
    language: &'d str,
    published: &'d str,
    labels: &'d [NarrativeNo],
    sort: &'d str,
    texts: Vec<(RowKind, &'d str, f64)>,
}

/// The weight of disproofs as examples of their narrative, where the settings leave it open, too.
pub(super) fn disproof_weight(settings: &Settings, data: &TrainingData) -> f64 {
    settings.disproof_weight.unwrap_or(if data.background.is_empty() { 0.4 } else { 0.0 })
}

/// The group of each record, counting cases, then texts, then background.
pub(super) fn groups(data: &TrainingData) -> Vec<&str> {
    let texts = data.texts.iter().map(|t| &t.0).chain(&data.background);
    data.cases.iter().map(|c| c.0.split_group()).chain(texts.map(text_group)).collect()
}

fn text_group(text: &TextRecord) -> &str {
    if text.group.is_empty() { &text.id } else { &text.group }
}

/// All rows, and by what their folds are made.
pub(super) fn rows(data: &TrainingData, settings: &Settings) -> (Vec<Row>, FoldsBy) {
    let mut units: Vec<Unit<'_>> = Vec::new();
    let disproof_weight = disproof_weight(settings, data);
    for (case, labels) in &data.cases {
        let (main, title) = (case.stated_claim(), case.title.as_str());
        let disproof = &case.disproof[..case.disproof.floor_char_boundary(DISPROOF)];
        units.push(Unit {
            group: case.split_group(),
            language: &case.language,
            published: &case.published,
            labels,
            sort: "claims",
            texts: vec![
                (RowKind::Probe, main, 1.0),
                (RowKind::Title, if title == main { "" } else { title }, settings.title_weight),
                (RowKind::Disproof, disproof, disproof_weight),
            ],
        });
    }
    let texts = data.texts.iter().map(|(t, labels)| (t, labels.as_slice(), "texts"));
    for (text, labels, files) in texts.chain(data.background.iter().map(|t| (t, &[][..], "background"))) {
        // What carries nothing is of the kind it states, wherever it stands.
        let sort = text.stated_kind().filter(|_| labels.is_empty()).unwrap_or(files);
        units.push(Unit {
            group: text_group(text),
            language: &text.language,
            published: &text.published,
            labels,
            sort,
            texts: vec![(RowKind::Probe, &text.text, 1.0), (RowKind::Title, &text.title, settings.title_weight)],
        });
    }
    let groups: Vec<&str> = units.iter().map(|u| u.group).collect();
    let firsts: Vec<Option<u32>> = units.iter().map(|u| u.labels.first().map(|l| l.0)).collect();
    let (folds, by) = folds(&units, &groups, &firsts, settings);
    let mut out = Vec::new();
    for (record, (unit, fold)) in units.iter().zip(folds).enumerate() {
        let labels = with_ancestors(&data.taxonomy, unit.labels);
        let filled = unit.texts.iter().filter(|t| !t.1.trim().is_empty());
        for &(kind, text, weight) in filled.filter(|t| t.2 > 0.0 || t.0 == RowKind::Disproof) {
            out.push(Row {
                text: text.to_owned(),
                language: Language::lenient(unit.language),
                labels: labels.clone(),
                weight: weight as f32,
                spreads: !labels.is_empty() && kind != RowKind::Disproof,
                spreads_weight: if kind == RowKind::Title { weight as f32 } else { 1.0 },
                kind,
                record: Some(record),
                sort: if kind == RowKind::Disproof { "disproofs" } else { unit.sort }.to_owned(),
                fold: Some(fold),
            });
        }
    }
    if settings.description_weight > 0.0 {
        descriptions(&data.taxonomy, settings.description_weight as f32, &mut out);
    }
    (out, by)
}

/// Records with a label of which this share is dated are held out by time.
const DATED: f64 = 0.8;

fn folds(units: &[Unit<'_>], groups: &[&str], labels: &[Option<u32>], settings: &Settings) -> (Vec<usize>, FoldsBy) {
    let days: Vec<Option<u32>> = units.iter().map(|u| day(u.published)).collect();
    let of =
        |dated: bool| days.iter().zip(labels).filter(|(d, l)| l.is_some() && (!dated || d.is_some())).count() as f64;
    let by = settings.folds_by.unwrap_or(if of(true) >= DATED * of(false) { FoldsBy::Time } else { FoldsBy::Group });
    let mut folds = match by {
        FoldsBy::Time => timed_folds(groups, &days, labels, settings.folds, settings.seed),
        FoldsBy::Group => grouped_folds(groups, labels, settings.folds, settings.seed),
    };
    // A large group may leave its neighbours empty.
    let filled: BTreeSet<usize> = folds.iter().copied().collect();
    let numbers: Vec<usize> = filled.into_iter().collect();
    for fold in &mut folds {
        *fold = numbers.partition_point(|n| n < fold);
    }
    (folds, by)
}

fn descriptions(taxonomy: &Taxonomy, weight: f32, out: &mut Vec<Row>) {
    for n in taxonomy.numbers() {
        let record = taxonomy.narrative(n);
        let mut texts: Vec<(Option<Language>, &str)> = vec![(None, &record.description)];
        if record.name != record.id {
            texts.push((None, &record.name));
        }
        texts
            .extend(record.names.iter().filter(|(_, n)| **n != record.name).map(|(l, n)| (Language::lenient(l), &**n)));
        for (language, text) in texts.into_iter().filter(|t| !t.1.trim().is_empty()) {
            out.push(Row {
                text: text.to_owned(),
                language,
                labels: with_ancestors(taxonomy, &[n]),
                weight,
                spreads: true,
                spreads_weight: 0.0,
                kind: RowKind::Description,
                record: None,
                sort: "descriptions".to_owned(),
                fold: None,
            });
        }
    }
}

fn with_ancestors(taxonomy: &Taxonomy, labels: &[NarrativeNo]) -> Vec<u32> {
    let mut out: Vec<u32> =
        labels.iter().flat_map(|&l| std::iter::once(l).chain(taxonomy.ancestors(l))).map(|n| n.0).collect();
    out.sort_unstable();
    out.dedup();
    out
}

impl Row {
    /// A text that carries the given narratives, for tests that look at nothing else of it.
    #[cfg(test)]
    pub(super) fn labelled(labels: Vec<u32>) -> Self {
        Self {
            text: String::new(),
            language: None,
            labels,
            weight: 1.0,
            spreads: true,
            spreads_weight: 1.0,
            kind: RowKind::Probe,
            record: Some(0),
            sort: "texts".into(),
            fold: Some(0),
        }
    }

    pub(super) fn sample(&self) -> Sample<'_> {
        Sample { text: &self.text, language: self.language }
    }

    pub(super) fn carries(&self, narrative: usize) -> bool {
        self.labels.binary_search(&(narrative as u32)).is_ok()
    }

    /// Whether the row is a positive of a column of the linear model: a narrative, or (the last) "spreads any".
    pub(super) fn is_positive(&self, column: usize, narratives: usize) -> bool {
        if column == narratives { self.spreads } else { self.carries(column) }
    }

    /// Its weight in that column.
    pub(super) fn weight_in(&self, column: usize, narratives: usize) -> f32 {
        if column == narratives { self.spreads_weight } else { self.weight }
    }
}
