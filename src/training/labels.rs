//! From the narrative ids that records name to numbers in the taxonomy.
//!
//! A label that is not in the taxonomy is an error with the id that was probably meant. Folding labels silently (case,
//! spaces) was rejected: the same file would mean different things with and without a taxonomy, and elsewhere.

use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{BadRecord, Place, RecordProblem};
use crate::model::taxonomy::{NarrativeNo, SUGGESTED, Taxonomy, folded};

/// Looks labels up.
pub(super) struct Labels {
    pub(super) taxonomy: Taxonomy,
    numbers: FxHashMap<String, NarrativeNo>,
    /// Without a taxonomy: rarer spellings, with the usual one.
    spellings: FxHashMap<String, String>,
    near: FxHashMap<String, Option<String>>,
}

impl Labels {
    /// The labels of a taxonomy.
    pub(super) fn of(taxonomy: Taxonomy) -> Self {
        let numbers = taxonomy.numbers().map(|n| (taxonomy.narrative(n).id.clone(), n)).collect();
        Self { taxonomy, numbers, spellings: FxHashMap::default(), near: FxHashMap::default() }
    }

    /// Without a taxonomy the ids in the records, sorted, are a flat one. Of spellings that differ only in case,
    /// spaces or hyphens the most frequent is kept (ties: the first in order).
    pub(super) fn found<'r>(labels: impl Iterator<Item = &'r String>) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in labels {
            *counts.entry(label).or_default() += 1;
        }
        let mut usual: FxHashMap<String, (&str, usize)> = FxHashMap::default();
        for (&label, &n) in &counts {
            let best = usual.entry(folded(label)).or_insert((label, n));
            if n > best.1 {
                *best = (label, n);
            }
        }
        let (mut ids, mut spellings) = (Vec::new(), FxHashMap::default());
        for &label in counts.keys() {
            match usual.get(&folded(label)) {
                Some(&(best, _)) if best != label => {
                    spellings.insert(label.to_owned(), best.to_owned());
                }
                _ => ids.push(label.to_owned()),
            }
        }
        Self { spellings, ..Self::of(Taxonomy::flat(ids)) }
    }

    /// The numbers of the labels of record `id`, in growing order, each once; what is not known is added to `bad`.
    pub(super) fn resolve(
        &mut self,
        id: &str,
        labels: &[String],
        place: &Place,
        bad: &mut Vec<BadRecord>,
    ) -> Vec<NarrativeNo> {
        let mut out = BTreeSet::new();
        for label in labels {
            if let Some(&n) = self.numbers.get(label.as_str()) {
                out.insert(n);
                continue;
            }
            let (id, narrative) = (id.to_owned(), label.clone());
            let problem = match self.spellings.get(label) {
                Some(usual) => RecordProblem::LabelSpelling { id, narrative, usual: usual.clone() },
                None => RecordProblem::UnknownNarrative { id, near: self.near(label), narrative },
            };
            bad.push(BadRecord { place: place.clone(), problem });
        }
        out.into_iter().collect()
    }

    fn near(&mut self, label: &str) -> Option<String> {
        if self.near.len() >= SUGGESTED && !self.near.contains_key(label) {
            return None;
        }
        let taxonomy = &self.taxonomy;
        self.near.entry(label.to_owned()).or_insert_with(|| taxonomy.near(label)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarer_spellings_are_told_the_usual_one() {
        let labels: Vec<String> = ["tides", "Tides ", "tides", "cloud_seeding", "clouds"].map(String::from).into();
        let mut found = Labels::found(labels.iter());
        assert_eq!(found.taxonomy.len(), 3);
        let place = Place { source: "t.jsonl".into(), line: 2 };
        let mut bad = Vec::new();
        let numbers = found.resolve("r", &labels, &place, &mut bad);
        assert_eq!(numbers, [NarrativeNo(0), NarrativeNo(1), NarrativeNo(2)]);
        assert_eq!(bad.len(), 1);
        let said = bad[0].to_string();
        assert!(said.starts_with("t.jsonl:2") && said.contains("\"Tides \"") && said.contains("\"tides\""), "{said}");
    }
}
