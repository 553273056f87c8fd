//! Which records train and which test: by group, by time, by source.
//!
//! A random split flatters: the same article, its translations and its copies stand on both sides. Here a group is never
//! cut. Splitting by time asks how the model does next month, by source how it does on an outlet it has never read.

use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

use super::bootstrap::SplitMix;
use super::example::Example;
use super::metrics::portion;
use crate::error::{EvaluationProblem, Result};
use crate::learn::split::{day, grouped_folds, iso};

/// What keeps training and test apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitBy {
    /// Groups: every record is tested once, by a model that saw nothing of its group.
    Group,
    /// Time: the newest are tested by a model of the older.
    Time,
    /// Sources: every source is tested once, by a model that saw nothing of it.
    Source,
}

impl SplitBy {
    /// As the command line and JSON write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Time => "time",
            Self::Source => "source",
        }
    }
}

/// How to split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitSettings {
    /// What keeps the sides apart.
    pub by: SplitBy,
    /// Parts for groups and sources, at least 2.
    pub folds: usize,
    /// Share of the records that is tested in a split by time, between 0 and 1.
    pub holdout: f64,
    /// Seed of the draws.
    pub seed: u64,
}

/// Numbers of the records of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Train on these.
    pub train: Vec<usize>,
    /// Test these.
    pub test: Vec<usize>,
    /// Of the records that carry nothing: train on these.
    pub train_none: Vec<usize>,
    /// Test these.
    pub test_none: Vec<usize>,
}

/// All parts, and what the reader should know about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Each is trained and tested on its own.
    pub parts: Vec<Part>,
    /// What could not be split as asked.
    pub notes: Vec<String>,
}

/// Splits records that carry narratives and records that carry none. `firsts` has the number of a record's first
/// narrative, so that folds hold some of each.
pub fn split(known: &[Example], firsts: &[Option<u32>], none: &[Example], s: &SplitSettings) -> Result<Parts> {
    if s.folds < 2 || s.folds > 50 {
        return Err(EvaluationProblem::Setting { name: "--folds", range: "between 2 and 50" }.into());
    }
    if !(s.holdout > 0.0 && s.holdout < 1.0) {
        return Err(EvaluationProblem::Setting { name: "--holdout", range: "above 0 and below 1" }.into());
    }
    let mut out = match s.by {
        SplitBy::Group => by_group(known, firsts, s)?,
        SplitBy::Time => by_time(known, s)?,
        SplitBy::Source => by_source(known, s)?,
    };
    if out.parts.iter().any(|p| p.train.is_empty()) {
        return Err(EvaluationProblem::NothingToTrain { by: s.by.name() }.into());
    }
    split_none(none, s, &mut out);
    Ok(out)
}

fn by_group(known: &[Example], firsts: &[Option<u32>], s: &SplitSettings) -> Result<Parts> {
    let groups: Vec<&str> = known.iter().map(|e| &*e.group).collect();
    let distinct = groups.iter().collect::<BTreeSet<_>>().len();
    if distinct < s.folds {
        return Err(EvaluationProblem::TooFew { what: "groups", found: distinct, folds: s.folds }.into());
    }
    let folds = grouped_folds(&groups, firsts, s.folds, s.seed);
    Ok(Parts { parts: (0..s.folds).map(|f| sides(&folds, f)).collect(), notes: Vec::new() })
}

/// The records of a fold are tested, the others trained on.
fn sides(folds: &[usize], fold: usize) -> Part {
    let (test, train) = (0..folds.len()).partition(|&i| folds[i] == fold);
    Part { train, test, ..Part::default() }
}

/// The newest groups are tested: as many dates as it takes to reach the share. A group is as old as its oldest record,
/// and records of one date stay together.
fn by_time(known: &[Example], s: &SplitSettings) -> Result<Parts> {
    let mut dates: FxHashMap<&str, u32> = FxHashMap::default();
    let mut unreadable = 0;
    for e in known.iter().filter(|e| !e.published.trim().is_empty()) {
        let Some(day) = day(&e.published) else {
            unreadable += 1;
            continue;
        };
        let date = dates.entry(&e.group).or_insert(day);
        *date = (*date).min(day);
    }
    let dated = known.iter().filter(|e| dates.contains_key(&*e.group)).count();
    let mut per_date: BTreeMap<u32, usize> = BTreeMap::new();
    for e in known {
        if let Some(date) = dates.get(&*e.group) {
            *per_date.entry(*date).or_default() += 1;
        }
    }
    if per_date.len() < 2 {
        return Err(EvaluationProblem::NoDates.into());
    }
    let (mut tested, mut cut) = (0, 0);
    // The oldest date always trains.
    for (&date, records) in per_date.iter().skip(1).rev() {
        if tested > 0 && tested as f64 >= s.holdout * dated as f64 {
            break;
        }
        tested += records;
        cut = date;
    }
    let (test, train) = (0..known.len()).partition(|&i| dates.get(&*known[i].group).is_some_and(|&d| d >= cut));
    let mut notes = vec![format!("Texts first published on or after {} are tested, older ones trained on.", iso(cut))];
    if unreadable > 0 {
        notes.push(format!("{unreadable} dates could not be read (write them YYYY-MM-DD) and count as none."));
    }
    if dated < known.len() {
        notes.push(format!("{} records without a date are trained on and not tested.", known.len() - dated));
    }
    Ok(Parts { parts: vec![Part { train, test, ..Part::default() }], notes })
}

/// Sources are dealt into folds. A record is tested with its first source, and not trained on where any of its sources
/// or its group is tested.
fn by_source(known: &[Example], s: &SplitSettings) -> Result<Parts> {
    let (with, without): (Vec<usize>, Vec<usize>) = (0..known.len()).partition(|&i| !known[i].sources.is_empty());
    let firsts: Vec<&str> = with.iter().map(|&i| &*known[i].sources[0]).collect();
    let distinct = firsts.iter().collect::<BTreeSet<_>>().len();
    if distinct < s.folds {
        return Err(EvaluationProblem::TooFew { what: "sources", found: distinct, folds: s.folds }.into());
    }
    let dealt = grouped_folds(&firsts, &vec![None; firsts.len()], s.folds, s.seed);
    let (mut parts, mut held_back) = (Vec::new(), 0);
    for fold in 0..s.folds {
        let tested: BTreeSet<usize> = with.iter().zip(&dealt).filter(|(_, f)| **f == fold).map(|(&i, _)| i).collect();
        let sources: BTreeSet<&str> = tested.iter().map(|&i| &*known[i].sources[0]).collect();
        let groups: BTreeSet<&str> = tested.iter().map(|&i| &*known[i].group).collect();
        let overlaps = |i: usize| {
            groups.contains(&*known[i].group) || known[i].sources.iter().any(|s| sources.contains(s.as_str()))
        };
        let rest: Vec<usize> = (0..known.len()).filter(|i| !tested.contains(i)).collect();
        let train: Vec<usize> = rest.iter().copied().filter(|&i| !overlaps(i)).collect();
        held_back += rest.len() - train.len();
        parts.push(Part { train, test: tested.into_iter().collect(), ..Part::default() });
    }
    let mut notes = Vec::new();
    if held_back > 0 {
        notes.push(format!(
            "{held_back} times in {} folds a record was not trained on because its group or another of its sources was \
             tested.",
            s.folds
        ));
    }
    if !without.is_empty() {
        notes.push(format!("{} records without a source are trained on and not tested.", without.len()));
    }
    Ok(Parts { parts, notes })
}

/// Texts that carry none are dealt by group whatever the split: few of them have a date or a source.
fn split_none(none: &[Example], s: &SplitSettings, out: &mut Parts) {
    if none.is_empty() {
        return;
    }
    let groups: Vec<&str> = none.iter().map(|e| &*e.group).collect();
    // The number of folds of which one is nearest to the share held out.
    let gap = |folds: &usize| (1.0 / *folds as f64 - s.holdout).abs();
    let nearest = (2..=50).min_by(|a, b| gap(a).total_cmp(&gap(b))).unwrap_or(2);
    let folds = if s.by == SplitBy::Time { nearest } else { s.folds };
    let dealt = grouped_folds(&groups, &vec![None; groups.len()], folds, s.seed);
    for (fold, part) in out.parts.iter_mut().enumerate() {
        let own = sides(&dealt, fold);
        (part.train_none, part.test_none) = (own.train, own.test);
    }
    if s.by != SplitBy::Group {
        let by = s.by.name();
        out.notes.push(format!("Background texts are split by group, not by {by}."));
    }
}

/// The first `share` of some records, by groups in a seeded order, so that a smaller share lies within a larger one.
pub fn share_of(records: &[usize], examples: &[Example], share: f64, seed: u64) -> Vec<usize> {
    let groups: BTreeSet<&str> = records.iter().map(|&i| &*examples[i].group).collect();
    let mut order: Vec<&str> = groups.into_iter().collect();
    shuffle(&mut order, seed);
    order.truncate(portion(order.len(), share).max(1));
    let kept: BTreeSet<&str> = order.into_iter().collect();
    records.iter().copied().filter(|&i| kept.contains(&*examples[i].group)).collect()
}

/// A seeded shuffle (Fisher and Yates).
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut random = SplitMix::new(seed);
    for i in (1..items.len()).rev() {
        items.swap(i, random.below(i + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<Example> {
        (0..60)
            .map(|i| Example {
                id: format!("{i}"),
                group: format!("g{}", i / 2),
                published: if i < 4 { String::new() } else { format!("2020-01-{:02}", i / 2) },
                sources: match i % 3 {
                    0 => Vec::new(),
                    1 => vec![format!("s{}", i % 7)],
                    _ => vec![format!("s{}", i % 7), "common".into()],
                },
                ..Example::default()
            })
            .collect()
    }

    fn settings(by: SplitBy) -> SplitSettings {
        SplitSettings { by, folds: 5, holdout: 0.2, seed: 3 }
    }

    #[test]
    fn a_group_is_never_on_both_sides() {
        let (all, none) = (examples(), examples());
        for by in [SplitBy::Group, SplitBy::Time, SplitBy::Source] {
            let parts = split(&all, &[None; 60], &none, &settings(by)).unwrap().parts;
            for part in &parts {
                for (train, test) in [(&part.train, &part.test), (&part.train_none, &part.test_none)] {
                    assert!(!train.is_empty() && !test.is_empty(), "{by:?}");
                    let trained: BTreeSet<&str> = train.iter().map(|&i| &*all[i].group).collect();
                    assert!(test.iter().all(|&i| !trained.contains(&*all[i].group)), "{by:?}");
                }
            }
        }
    }

    #[test]
    fn groups_are_tested_once_and_time_runs_forward() {
        let all = examples();
        let groups = split(&all, &[None; 60], &[], &settings(SplitBy::Group)).unwrap();
        let mut tested: Vec<usize> = groups.parts.iter().flat_map(|p| p.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..60).collect::<Vec<_>>());
        let time = split(&all, &[None; 60], &[], &settings(SplitBy::Time)).unwrap();
        let newest = time.parts[0].train.iter().map(|&i| &all[i].published).max().unwrap();
        assert!(time.parts[0].test.iter().all(|&i| all[i].published > *newest));
        // A fifth of 56 dated records, in pairs.
        assert_eq!(time.parts[0].test.len(), 12);
        assert!(time.notes.iter().any(|n| n.starts_with("4 records without a date")));
    }

    #[test]
    fn a_tested_source_is_not_trained_on() {
        let all = examples();
        let sources = split(&all, &[None; 60], &[], &settings(SplitBy::Source)).unwrap();
        for part in &sources.parts {
            let tested: BTreeSet<&str> = part.test.iter().map(|&i| &*all[i].sources[0]).collect();
            assert!(part.train.iter().all(|&i| all[i].sources.iter().all(|s| !tested.contains(s.as_str()))));
        }
        assert!(split(&all[..3], &[None; 3], &[], &settings(SplitBy::Source)).is_err());
    }

    #[test]
    fn a_smaller_share_lies_within_a_larger() {
        let all = examples();
        let records: Vec<usize> = (0..60).collect();
        let parts = [0.125, 0.25, 0.5, 1.0].map(|share| share_of(&records, &all, share, 1));
        assert_eq!(parts.each_ref().map(Vec::len), [8, 16, 30, 60]);
        for pair in parts.windows(2) {
            assert!(pair[0].iter().all(|i| pair[1].contains(i)));
        }
    }
}
