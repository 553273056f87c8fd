//! Labels that look like slips, where no taxonomy says which ids there are.
//!
//! Without `--narratives` every id found is a narrative, and so is every slip: `anecdotes` beside `anecdote`, or two ids in
//! one string. With a taxonomy such an id is an error, and here it can only be asked: two ids that differ in a letter may both
//! be meant. So only a rare one beside a frequent one is named.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Kind};
use super::unit::Unit;
use crate::model::manifest::PROTOTYPE;
use crate::model::taxonomy::{NarrativeNo, edits, folded};
use crate::training::data::TrainingData;

/// An id in at least this many records is no slip, and one in fewer may be one.
const FREQUENT: usize = PROTOTYPE;

/// How many times as frequent the id meant must be.
const TIMES: usize = 4;

/// Fewest letters of an id that is compared: short ones are near each other by chance.
const SHORTEST: usize = 4;

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    if !data.places.narratives.is_empty() {
        return Vec::new();
    }
    let mut carriers: Vec<(usize, Option<&Unit<'_>>)> = vec![(0, None); data.taxonomy.len()];
    for unit in units {
        for n in unit.labels {
            let (count, first) = &mut carriers[n.index()];
            *count += 1;
            first.get_or_insert(unit);
        }
    }
    let ids: Vec<Label<'_>> = data.taxonomy.numbers().map(|n| Label::new(data, n, carriers[n.index()].0)).collect();
    let known: FxHashMap<&str, &Label<'_>> = ids.iter().map(|id| (id.folded.as_str(), id)).collect();
    let named = |(id, carriers): (&Label<'_>, &(usize, Option<&Unit<'_>>))| {
        let what = joined(id, &known).or_else(|| misspelt(id, &ids))?;
        Some(Finding::new(Kind::LabelTypo, Some(carriers.1?.place), id.id, what))
    };
    ids.iter().zip(&carriers).filter_map(named).collect()
}

/// A narrative id as it is compared.
struct Label<'d> {
    id: &'d str,
    folded: String,
    digits: String,
    /// Records that carry it.
    count: usize,
}

impl<'d> Label<'d> {
    fn new(data: &'d TrainingData, n: NarrativeNo, count: usize) -> Self {
        let id = &data.taxonomy.narrative(n).id;
        Self { id, folded: folded(id), digits: id.chars().filter(|c| c.is_numeric()).collect(), count }
    }
}

/// Said of an id that lists others.
fn joined(id: &Label<'_>, known: &FxHashMap<&str, &Label<'_>>) -> Option<String> {
    let parts: Vec<&str> = id.id.split([',', ';', '|']).map(str::trim).filter(|p| !p.is_empty()).collect();
    let there = parts.iter().any(|p| known.get(folded(p).as_str()).is_some_and(|k| k.id != id.id));
    let list = || parts.iter().map(|p| format!("\"{p}\"")).collect::<Vec<_>>().join(", ");
    (parts.len() > 1 && there).then(|| format!("holds several ids in one string; write a list: [{}]", list()))
}

/// Said of a rare id that is nearly a frequent one.
fn misspelt(id: &Label<'_>, ids: &[Label<'_>]) -> Option<String> {
    let letters = id.folded.chars().count();
    if id.count >= FREQUENT || letters < SHORTEST {
        return None;
    }
    let allowed = if letters < 8 { 1 } else { 2 };
    let frequent = ids.iter().filter(|o| o.count >= FREQUENT.max(TIMES * id.count) && o.digits == id.digits);
    let near = frequent.filter(|o| o.folded.chars().count().abs_diff(letters) <= allowed);
    let distances = near.map(|o| (edits(&id.folded, &o.folded), o)).filter(|(distance, _)| *distance <= allowed);
    let (_, meant) = distances.min_by_key(|(distance, o)| (*distance, std::cmp::Reverse(o.count), o.id))?;
    let records = if id.count == 1 { "record" } else { "records" };
    Some(format!("is in {} {records}, and \"{}\" in {}; is that the one meant?", id.count, meant.id, meant.count))
}
