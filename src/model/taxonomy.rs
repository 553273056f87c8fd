//! The tree of narratives.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::error::{BadRecord, Error, Place, RecordProblem, Result};
use crate::record::record;

record! {
    /// A recurring storyline, as files hold it.
    pub struct Narrative {
        /// A slug that never changes.
        pub id: String,
        /// What the storyline says, in a short sentence.
        pub name: String,
        /// Id of the narrative it is a form of.
        pub parent: Option<String>,
        /// What is claimed, in what forms, and what it is often confused with.
        pub description: String,
        /// The name in other languages, by ISO 639 code.
        pub names: BTreeMap<String, String>,
    }
}

/// The number of a narrative in a [`Taxonomy`]: a column of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NarrativeNo(pub u32);

impl NarrativeNo {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Narratives and who is whose parent. Checked: ids unique, parents present, no cycle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taxonomy {
    narratives: Vec<Narrative>,
    parents: Vec<Option<NarrativeNo>>,
    leaves: Vec<bool>,
}

impl Taxonomy {
    /// Checks records and builds the tree; all problems are listed, each with its place.
    pub fn new(records: Vec<(Place, Narrative)>) -> Result<Self> {
        let mut bad = Vec::new();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, (place, n)) in records.iter().enumerate() {
            if let Some(&first) = numbers.get(n.id.as_str()) {
                let problem = RecordProblem::DuplicateId { id: n.id.clone(), first: records[first].0.clone() };
                bad.push(BadRecord { place: place.clone(), problem });
            } else {
                numbers.insert(&n.id, i);
            }
        }
        let mut parents = vec![None; records.len()];
        for (i, (place, n)) in records.iter().enumerate() {
            let Some(parent) = n.parent.as_deref().filter(|p| !p.trim().is_empty()) else { continue };
            if let Some(&p) = numbers.get(parent) {
                parents[i] = Some(NarrativeNo(p as u32));
            } else {
                let near = nearest(parent, numbers.keys().copied());
                let problem = RecordProblem::MissingParent { id: n.id.clone(), parent: parent.to_owned(), near };
                bad.push(BadRecord { place: place.clone(), problem });
            }
        }
        for i in 0..records.len() {
            let mut at = parents[i];
            for _ in 0..records.len() {
                match at {
                    Some(p) if p.index() == i => break,
                    Some(p) => at = parents[p.index()],
                    None => break,
                }
            }
            if at.is_some_and(|p| p.index() == i) {
                let problem = RecordProblem::ParentCycle(records[i].1.id.clone());
                bad.push(BadRecord { place: records[i].0.clone(), problem });
            }
        }
        if !bad.is_empty() {
            return Err(Error::Records(bad));
        }
        Ok(Self::linked(records.into_iter().map(|r| r.1).collect(), parents))
    }

    /// A flat taxonomy of the given ids, each its own name.
    pub fn flat(ids: impl IntoIterator<Item = String>) -> Self {
        let narratives: Vec<Narrative> =
            ids.into_iter().map(|id| Narrative { name: id.clone(), id, ..Narrative::default() }).collect();
        let parents = vec![None; narratives.len()];
        Self::linked(narratives, parents)
    }

    fn linked(narratives: Vec<Narrative>, parents: Vec<Option<NarrativeNo>>) -> Self {
        let mut leaves = vec![true; narratives.len()];
        for parent in parents.iter().flatten() {
            leaves[parent.index()] = false;
        }
        Self { narratives, parents, leaves }
    }

    /// Number of narratives.
    pub fn len(&self) -> usize {
        self.narratives.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.narratives.is_empty()
    }

    /// All numbers in order.
    pub fn numbers(&self) -> impl Iterator<Item = NarrativeNo> + use<> {
        (0..self.narratives.len() as u32).map(NarrativeNo)
    }

    /// The record of a narrative.
    ///
    /// # Panics
    /// If the number is not from this taxonomy.
    pub fn narrative(&self, number: NarrativeNo) -> &Narrative {
        &self.narratives[number.index()]
    }

    /// All records in order.
    pub fn records(&self) -> &[Narrative] {
        &self.narratives
    }

    /// The parent of a narrative.
    pub fn parent(&self, number: NarrativeNo) -> Option<NarrativeNo> {
        self.parents[number.index()]
    }

    /// Parent, grandparent and so on.
    pub fn ancestors(&self, number: NarrativeNo) -> impl Iterator<Item = NarrativeNo> + '_ {
        std::iter::successors(self.parent(number), |&p| self.parent(p))
    }

    /// Whether it has no children.
    pub fn is_leaf(&self, number: NarrativeNo) -> bool {
        self.leaves[number.index()]
    }

    /// The number of an id.
    pub fn find(&self, id: &str) -> Option<NarrativeNo> {
        self.narratives.iter().position(|n| n.id == id).map(|i| NarrativeNo(i as u32))
    }

    /// The id most like a wrong one, if one is like it: same but for case and spaces, or few letters apart.
    pub fn near(&self, id: &str) -> Option<String> {
        nearest(id, self.narratives.iter().map(|n| n.id.as_str()))
    }
}

fn nearest<'a>(wrong: &str, ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let plain = |s: &str| s.to_lowercase().replace([' ', '_'], "-").trim_matches('-').to_owned();
    let wrong = plain(wrong);
    ids.map(|id| (edits(&wrong, &plain(id)), id))
        .min()
        .filter(|&(distance, id)| distance <= 1 + id.chars().count() / 5)
        .map(|(_, id)| id.to_owned())
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let next = (diagonal + usize::from(ca != cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(pairs: &[(&str, Option<&str>)]) -> Vec<(Place, Narrative)> {
        let record = |(i, &(id, parent)): (usize, &(&str, Option<&str>))| {
            let place = Place { source: "n.jsonl".into(), line: i + 1 };
            (place, Narrative { id: id.into(), parent: parent.map(Into::into), ..Narrative::default() })
        };
        pairs.iter().enumerate().map(record).collect()
    }

    #[test]
    fn trees_are_linked() {
        let t = Taxonomy::new(records(&[("a", None), ("b", Some("a")), ("c", Some("b"))])).unwrap();
        let ids: Vec<_> = t.ancestors(NarrativeNo(2)).map(|n| t.narrative(n).id.clone()).collect();
        assert_eq!(ids, ["b", "a"]);
        assert_eq!(t.numbers().map(|n| t.is_leaf(n)).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let said = |pairs: &[(&str, Option<&str>)]| Taxonomy::new(records(pairs)).unwrap_err().to_string();
        assert!(said(&[("a", Some("a"))]).contains("n.jsonl:1: the narrative \"a\" is its own ancestor"));
        let cycle = said(&[("a", Some("b")), ("b", Some("a")), ("c", Some("b"))]);
        assert!(cycle.contains(":1:") && cycle.contains(":2:") && !cycle.contains(":3:"));
        assert!(said(&[("nato-aggression", None), ("b", Some("Nato agression"))]).contains("mean \"nato-aggression\""));
        assert!(said(&[("a", None), ("a", None)]).contains("already used at n.jsonl:1"));
    }
}
