//! Likely mislabelled records, by confident learning on out-of-fold probabilities.

use rustc_hash::{FxHashMap, FxHashSet};

use super::confident::{Doubt, doubts};
use super::finding::{Finding, Kind};
use super::unit::{Unit, units};
use crate::error::Result;
use crate::model::manifest::Settings;
use crate::model::taxonomy::NarrativeNo;
use crate::training::data::TrainingData;
use crate::training::fit::{Means, Watch, out_of_fold_probabilities};

/// Trains out of fold with the given means, and names the records whose labels a model
/// that has not seen them contradicts, the surest first.
///
/// Takes about as long as training. The model is no judge: on a narrative it does not understand it will be wrong
/// about records that are right.
pub fn find(data: &TrainingData, settings: &Settings, means: Means<'_>, watch: Watch<'_>) -> Result<Vec<Finding>> {
    let scored = out_of_fold_probabilities(data, settings, means, watch)?;
    let units = units(data);
    let taxonomy = &data.taxonomy;
    let probabilities: Vec<&[f64]> = scored.iter().map(|s| s.probabilities.as_slice()).collect();
    let labels: Vec<Vec<usize>> =
        scored.iter().map(|s| units[s.record].labels.iter().map(|n| n.index()).collect()).collect();
    let leaves: Vec<usize> = taxonomy.numbers().filter(|&n| taxonomy.is_leaf(n)).map(NarrativeNo::index).collect();
    let above = |a: usize, b: usize| taxonomy.ancestors(NarrativeNo(b as u32)).any(|n| n.index() == a);
    let id = |k: usize| &taxonomy.narrative(NarrativeNo(k as u32)).id;
    let finding = |d: &Doubt, others: usize| {
        let unit: &Unit<'_> = &units[scored[d.record].record];
        let p = |k: usize| (scored[d.record].probabilities[k] * 100.0).round();
        let given =
            d.given.map_or("carries no narrative".into(), |k| format!("is labelled \"{}\" ({} %)", id(k), p(k)));
        let more = if others > 0 { format!("; so are {others} more of its group") } else { String::new() };
        let what = format!("{given}, held-out model says \"{}\" ({} %){more}", id(d.likely), p(d.likely));
        Finding::new(Kind::Mislabelled, Some(unit.place), unit.id, what)
    };
    // An article in five languages is one doubt.
    let mut doubts = doubts(&probabilities, &labels, &leaves, &above);
    let key = |d: &Doubt| (units[scored[d.record].record].group, d.given, d.likely);
    let mut counts: FxHashMap<_, usize> = FxHashMap::default();
    for d in &doubts {
        *counts.entry(key(d)).or_default() += 1;
    }
    let mut seen = FxHashSet::default();
    doubts.retain(|d| seen.insert(key(d)));
    Ok(doubts.iter().map(|d| finding(d, counts[&key(d)] - 1)).collect())
}
