//! Learns whether a text spreads or reports: calibration and bounds of the stance, and how well they do.
//!
//! Claims and labelled texts spread; disproofs speak of the same narrative and do not; nor does a background text.
//! But nobody asks for the stance of a recipe, so a background text counts only where the model nearly suggests a
//! narrative for it. Counting all of it was rejected: the easy ones far from any narrative bend the calibration where
//! it matters. So was going by the kinds that background texts may state: few collections have them.

use std::collections::{BTreeMap, BTreeSet};

use super::out_of_fold::OutOfFold;
use super::rows::{Row, RowKind};
use crate::evaluate::metrics;
use crate::learn::calibrate::Platt;
use crate::learn::thresholds::{Thresholds, for_precision};
use crate::model::stance::{Stance, StanceModel};

/// Share of right decisions the bounds are chosen for.
const PRECISION: f64 = 0.9;
/// A label is never given below this probability, however many surer decisions are right.
const LEAST: f64 = 2.0 / 3.0;
/// A background text is near a narrative from this share of its review threshold.
const NEAR: f64 = 0.5;
/// Fewest texts in a language for a figure of its own.
const FEWEST: usize = 8;

/// A text whose stance is known.
struct Example<'r> {
    /// Out-of-fold linear score of "spreads any narrative".
    score: f64,
    spreads: bool,
    row: &'r Row,
}

/// The stance model and its figures by name; `None` without enough texts that spread and texts that do not.
///
/// `probabilities` are the calibrated out-of-fold ones, probe by probe. Calibration and bounds behind the figures are
/// in turn fitted without the fold they are measured on.
pub(super) fn fit(
    rows: &[Row],
    unseen: &OutOfFold,
    probabilities: &[Vec<f64>],
    thresholds: &[Thresholds],
) -> Option<(StanceModel, BTreeMap<String, f64>)> {
    let mut near = vec![false; rows.len()];
    for (&row, probabilities) in unseen.probes.rows.iter().zip(probabilities) {
        near[row] = probabilities.iter().zip(thresholds).any(|(&p, t)| p >= NEAR * t.review);
    }
    let examples: Vec<Example<'_>> = (rows.iter().zip(&unseen.spreads).zip(near))
        .filter(|((row, _), near)| match row.kind {
            RowKind::Probe => *near || row.spreads,
            RowKind::Disproof => true,
            RowKind::Title | RowKind::Description | RowKind::Passage => false,
        })
        .filter_map(|((row, &score), _)| Some(Example { score: score?, spreads: row.spreads, row }))
        .collect();
    let all: Vec<&Example<'_>> = examples.iter().collect();
    Some((fit_on(&all)?, figures(&all)))
}

fn fit_on(examples: &[&Example<'_>]) -> Option<StanceModel> {
    let scores: Vec<f64> = examples.iter().map(|e| e.score).collect();
    let spreads: Vec<bool> = examples.iter().map(|e| e.spreads).collect();
    let calibration = Platt::fit(&scores, &spreads)?;
    let bound = |probabilities: &[f64], right: &[bool]| {
        for_precision(probabilities, right, PRECISION).unwrap_or(PRECISION).max(LEAST)
    };
    let probabilities: Vec<f64> = scores.iter().map(|&s| calibration.probability(s)).collect();
    let others: Vec<f64> = probabilities.iter().map(|p| 1.0 - p).collect();
    let reports: Vec<bool> = spreads.iter().map(|s| !s).collect();
    Some(StanceModel {
        calibration,
        reports_to: 1.0 - bound(&others, &reports),
        spreads_from: bound(&probabilities, &spreads),
        precision: PRECISION,
    })
}

/// What was said of an example by a stance model that has not seen its fold.
struct Said<'e> {
    example: &'e Example<'e>,
    probability: f64,
    label: Stance,
}

fn figures(examples: &[&Example<'_>]) -> BTreeMap<String, f64> {
    let folds: BTreeSet<Option<usize>> = examples.iter().map(|e| e.row.fold).collect();
    let mut said = Vec::new();
    for fold in folds {
        let (held_out, seen): (Vec<&Example<'_>>, Vec<&Example<'_>>) =
            examples.iter().partition(|e| e.row.fold == fold);
        let Some(model) = fit_on(&seen) else { continue };
        said.extend(held_out.into_iter().map(|example| {
            let probability = model.probability(example.score);
            Said { example, probability, label: model.label(probability) }
        }));
    }
    let mut out = BTreeMap::new();
    let share = |part: usize, all: usize| if all > 0 { part as f64 / all as f64 } else { 0.0 };
    let accuracy = |said: &[&Said<'_>]| {
        let right = said.iter().filter(|s| (s.probability >= 0.5) == s.example.spreads).count();
        share(right, said.len())
    };
    let given = |said: &[&Said<'_>], label: Stance| said.iter().filter(|s| s.label == label).count();
    let all: Vec<&Said<'_>> = said.iter().collect();
    out.insert("stance: texts".into(), all.len() as f64);
    out.insert("stance: accuracy at even odds".into(), accuracy(&all));
    let (probabilities, spreads): (Vec<f64>, Vec<bool>) =
        said.iter().map(|s| (s.probability, s.example.spreads)).unzip();
    out.insert("stance: calibration error".into(), metrics::expected_calibration_error(&probabilities, &spreads));
    out.insert("stance: share unclear".into(), share(given(&all, Stance::Unclear), all.len()));
    for (label, name, spreads) in [(Stance::Spreads, "spreads", true), (Stance::Reports, "reports", false)] {
        let right = said.iter().filter(|s| s.label == label && s.example.spreads == spreads).count();
        out.insert(format!("stance: precision of {name}"), share(right, given(&all, label)));
    }
    for (sort, said) in by(&said, |e| e.row.sort.clone()) {
        out.insert(format!("stance of {sort}: texts"), said.len() as f64);
        out.insert(format!("stance of {sort}: share called spreads"), share(given(&said, Stance::Spreads), said.len()));
        out.insert(format!("stance of {sort}: share called reports"), share(given(&said, Stance::Reports), said.len()));
    }
    let language = |e: &Example<'_>| e.row.language.map_or_else(|| "unknown".to_owned(), |l| l.to_string());
    for (language, said) in by(&said, language).into_iter().filter(|(_, s)| s.len() >= FEWEST) {
        out.insert(format!("stance in {language}: texts"), said.len() as f64);
        out.insert(format!("stance in {language}: accuracy at even odds"), accuracy(&said));
    }
    out
}

fn by<'s>(said: &'s [Said<'s>], key: impl Fn(&Example<'_>) -> String) -> BTreeMap<String, Vec<&'s Said<'s>>> {
    let mut out: BTreeMap<String, Vec<&Said<'_>>> = BTreeMap::new();
    for s in said {
        out.entry(key(s.example)).or_default().push(s);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::out_of_fold::Asked;
    use super::*;
    use crate::document::Language;

    fn row(spreads: bool, kind: RowKind, fold: usize) -> Row {
        Row {
            record: None,
            text: String::new(),
            language: Language::lenient("en"),
            labels: if spreads { vec![0] } else { Vec::new() },
            weight: 1.0,
            spreads,
            spreads_weight: 1.0,
            kind,
            sort: "claims".into(),
            fold: Some(fold),
        }
    }

    /// Rows with their scores; every probe without a label gets the probability `near` for the one narrative.
    fn fitted(texts: &[(bool, RowKind, f64)], near: f64) -> Option<(StanceModel, BTreeMap<String, f64>)> {
        let rows: Vec<Row> = texts.iter().enumerate().map(|(i, t)| row(t.0, t.1, i % 4)).collect();
        let probes: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].kind == RowKind::Probe).collect();
        let probabilities = vec![vec![near]; probes.len()];
        let spreads = texts.iter().map(|t| Some(t.2)).collect();
        let unseen = OutOfFold {
            probes: Asked { rows: probes, ..Asked::default() },
            passages: Asked::default(),
            spreads,
            mean: Vec::new(),
        };
        fit(&rows, &unseen, &probabilities, &[Thresholds { review: 0.4, confirmed: 0.8 }])
    }

    /// Claims from -1 up, others from 1 down, so that they overlap in the middle.
    fn overlapping(other: RowKind) -> Vec<(bool, RowKind, f64)> {
        let claims = (0..100).map(|i| (true, RowKind::Probe, f64::from(i) / 20.0 - 1.0));
        claims.chain((0..100).map(|i| (false, other, 1.0 - f64::from(i) / 20.0))).collect()
    }

    #[test]
    fn labels_hold_the_precision_and_the_overlap_is_unclear() {
        let texts = overlapping(RowKind::Disproof);
        let (model, figures) = fitted(&texts, 0.0).unwrap();
        for (label, spreads) in [(Stance::Spreads, true), (Stance::Reports, false)] {
            let given = texts.iter().filter(|t| model.label(model.probability(t.2)) == label);
            let (right, all) = given.fold((0, 0), |(r, n), t| (r + u32::from(t.0 == spreads), n + 1));
            assert!(all > 50 && f64::from(right) >= PRECISION * f64::from(all), "{label:?}: {right} of {all}");
        }
        assert_eq!(model.label(model.probability(0.0)), Stance::Unclear);
        assert!((figures["stance: texts"] - 200.0).abs() < 0.5 && figures["stance: accuracy at even odds"] > 0.7);
    }

    #[test]
    fn background_counts_where_a_narrative_is_nearly_suggested() {
        let texts = overlapping(RowKind::Probe);
        assert!(fitted(&texts, 0.2).is_some());
        assert!(fitted(&texts, 0.19).is_none(), "no counter-example is left");
    }

    #[test]
    fn without_counter_examples_there_is_no_stance() {
        let claims: Vec<_> = overlapping(RowKind::Probe).into_iter().filter(|t| t.0).collect();
        assert!(fitted(&claims, 0.9).is_none());
    }
}
