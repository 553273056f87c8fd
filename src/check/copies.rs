//! Equal and nearly equal texts: with different narratives they contradict each other, in different groups they leak
//! from training into the figures, and a disproof equal to a claim stands in the wrong field.

use rustc_hash::{FxHashMap, FxHashSet};

use super::finding::{Finding, Kind};
use super::unit::{Unit, listed, named};
use crate::features::minhash::{NEAR, near_duplicates};
use crate::text::normalise::normalise;
use crate::training::data::TrainingData;

/// Fewest characters of a text that is compared for likeness: short ones ("Fake news about Ukraine") are like others
/// without being versions of them.
const SHORTEST: usize = 40;

/// A field of a record that holds text.
#[derive(Clone, Copy)]
struct Part {
    unit: usize,
    disproof: bool,
}

pub(super) fn find(data: &TrainingData, units: &[Unit<'_>]) -> Vec<Finding> {
    let search = Search { data, units };
    let mut classes: FxHashMap<String, usize> = FxHashMap::default();
    let mut members: Vec<Vec<Part>> = Vec::new();
    for (number, unit) in units.iter().enumerate() {
        for (disproof, text) in [(false, unit.text), (true, unit.disproof)] {
            let plain = normalise(text).split_whitespace().collect::<Vec<_>>().join(" ");
            if !plain.is_empty() {
                let class = *classes.entry(plain).or_insert_with(|| {
                    members.push(Vec::new());
                    members.len() - 1
                });
                members[class].push(Part { unit: number, disproof });
            }
        }
    }
    let mut texts = vec![""; members.len()];
    for (text, &class) in &classes {
        texts[class] = text;
    }
    let mut out: Vec<(usize, Finding)> = members.iter().flat_map(|m| search.equal(m)).collect();
    let long: Vec<usize> = (0..texts.len()).filter(|&c| texts[c].chars().count() >= SHORTEST).collect();
    let long_texts: Vec<&str> = long.iter().map(|&c| texts[c]).collect();
    // Of each record, the nearest other per kind: a cluster of ten is nine findings and not forty-five.
    let mut nearest: FxHashMap<(usize, Kind), (f64, Finding)> = FxHashMap::default();
    for pair in near_duplicates(&long_texts, NEAR) {
        let (first, second) = (members[long[pair.first]][0], members[long[pair.second]][0]);
        for finding in search.near(first, second, pair.similarity) {
            let key = (first.unit.max(second.unit), finding.kind);
            if nearest.get(&key).is_none_or(|(s, _)| *s < pair.similarity) {
                nearest.insert(key, (pair.similarity, finding));
            }
        }
    }
    out.extend(nearest.into_iter().map(|((unit, _), (_, finding))| (unit, finding)));
    out.sort_by_key(|(unit, finding)| (finding.kind, *unit));
    out.into_iter().map(|(_, finding)| finding).collect()
}

struct Search<'a> {
    data: &'a TrainingData,
    units: &'a [Unit<'a>],
}

impl Search<'_> {
    fn labels(&self, unit: &Unit<'_>) -> String {
        listed(&self.data.taxonomy, unit)
    }

    /// Findings about parts with one and the same text, each with the number of its record.
    fn equal(&self, parts: &[Part]) -> Vec<(usize, Finding)> {
        let mut out = Vec::new();
        let mut add = |unit: usize, kind, what| {
            let u = &self.units[unit];
            out.push((unit, Finding::new(kind, Some(u.place), u.id, what)));
        };
        let of = |disproof: bool| parts.iter().filter(move |p| p.disproof == disproof).map(|p| p.unit);
        if let Some(first) = of(false).next() {
            let a = &self.units[first];
            for later in of(false).skip(1) {
                let b = &self.units[later];
                if b.labels != a.labels {
                    let (own, other) = (self.labels(b), self.labels(a));
                    add(
                        later,
                        Kind::LabelConflict,
                        format!("is labelled {own}, the same text in {} {other}", named(a)),
                    );
                } else if b.group != a.group {
                    add(later, Kind::Duplicate, format!("has the text of {}", named(a)));
                }
            }
            for case in of(true) {
                add(case, Kind::ClaimAsDisproof, format!("its disproof is the claim or text of {}", named(a)));
            }
        }
        // One disproof may stand in a hundred cases; it is one finding.
        let groups: FxHashSet<&str> = of(true).map(|u| self.units[u].group).collect();
        if let Some(first) = of(true).next().filter(|_| groups.len() > 1) {
            let what =
                format!("has the same disproof as {} other cases, in {} groups", of(true).count() - 1, groups.len());
            add(first, Kind::CopiedDisproof, what);
        }
        out
    }

    /// Findings about two parts that are nearly equal.
    fn near(&self, first: Part, second: Part, similarity: f64) -> Vec<Finding> {
        let (earlier, later) = if first.unit <= second.unit { (first, second) } else { (second, first) };
        let (a, b) = (&self.units[earlier.unit], &self.units[later.unit]);
        let percent = (similarity * 100.0).floor();
        let finding = |kind, what| Finding::new(kind, Some(b.place), b.id, what);
        let mut out = Vec::new();
        match (earlier.disproof, later.disproof) {
            (false, false) => {
                if a.labels != b.labels {
                    let (own, other) = (self.labels(b), self.labels(a));
                    let what = format!("is labelled {own}, and {} {other}; {percent} % alike", named(a));
                    out.push(finding(Kind::NearConflict, what));
                }
                if a.group != b.group {
                    out.push(finding(Kind::Leak, format!("is {percent} % like {}", named(a))));
                }
            }
            (true, true) if a.group != b.group => {
                out.push(finding(
                    Kind::CopiedDisproof,
                    format!("its disproof is {percent} % like that of {}", named(a)),
                ));
            }
            (true, true) => {}
            _ => {
                let what = if earlier.unit == later.unit {
                    format!("its disproof is {percent} % like its own claim")
                } else if later.disproof {
                    format!("its disproof is {percent} % like the claim or text of {}", named(a))
                } else {
                    format!("its claim or text is {percent} % like the disproof of {}", named(a))
                };
                out.push(finding(Kind::ClaimAsDisproof, what));
            }
        }
        out
    }
}
