//! The tree of narratives.

use rustc_hash::FxHashMap;
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
        let (taxonomy, _, bad) = Self::mended(records);
        if bad.is_empty() { Ok(taxonomy) } else { Err(Error::Records(bad)) }
    }

    /// Builds the tree from what is sound, for whoever wants to go on and list further problems: a repeated id is left
    /// out, a missing or circular parent dropped. Gives the place of each narrative kept, and all that was wrong.
    pub fn mended(records: Vec<(Place, Narrative)>) -> (Self, Vec<Place>, Vec<BadRecord>) {
        let mut bad = Vec::new();
        let (mut places, mut narratives): (Vec<Place>, Vec<Narrative>) = (Vec::new(), Vec::new());
        let mut spellings: FxHashMap<String, usize> = FxHashMap::default();
        for (place, n) in records {
            let spelling = folded(&n.id);
            if let Some(&first) = spellings.get(&spelling) {
                let (first, other) = (places[first].clone(), narratives[first].id.clone());
                let problem = if other == n.id {
                    RecordProblem::DuplicateId { id: n.id, first }
                } else {
                    RecordProblem::SimilarId { id: n.id, other, first }
                };
                bad.push(BadRecord { place, problem });
            } else {
                spellings.insert(spelling, narratives.len());
                places.push(place);
                narratives.push(n);
            }
        }
        let numbers: FxHashMap<&str, u32> = narratives.iter().map(|n| n.id.as_str()).zip(0..).collect();
        let mut parents = vec![None; narratives.len()];
        for (i, n) in narratives.iter().enumerate() {
            let Some(parent) = n.parent.as_deref().filter(|p| !p.trim().is_empty()) else { continue };
            if let Some(&p) = numbers.get(parent) {
                parents[i] = Some(NarrativeNo(p));
            } else {
                // Each search walks all ids; after many a mistake the rest are as plain without a suggestion.
                let search = bad.len() < SUGGESTED;
                let near = search.then(|| nearest(parent, narratives.iter().map(|n| n.id.as_str()))).flatten();
                let problem = RecordProblem::MissingParent { id: n.id.clone(), parent: parent.to_owned(), near };
                bad.push(BadRecord { place: places[i].clone(), problem });
            }
        }
        for i in circular(&parents) {
            parents[i] = None;
            let problem = RecordProblem::ParentCycle(narratives[i].id.clone());
            bad.push(BadRecord { place: places[i].clone(), problem });
        }
        (Self::linked(narratives, parents), places, bad)
    }

    /// A flat taxonomy of the given ids, each its own name.
    pub fn flat(ids: impl IntoIterator<Item = String>) -> Self {
        let narratives: Vec<Narrative> = ids.into_iter().map(|id| Narrative { id, ..Narrative::default() }).collect();
        let parents = vec![None; narratives.len()];
        Self::linked(narratives, parents)
    }

    fn linked(mut narratives: Vec<Narrative>, parents: Vec<Option<NarrativeNo>>) -> Self {
        // An answer has to call it something.
        for n in narratives.iter_mut().filter(|n| n.name.trim().is_empty()) {
            n.name.clone_from(&n.id);
        }
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

/// Unknown ids for which the nearest known one is looked for.
pub(crate) const SUGGESTED: usize = 50;

/// An id with what people vary by accident taken out: case, and blanks or underscores for hyphens.
pub(crate) fn folded(id: &str) -> String {
    let words: Vec<&str> =
        id.split(|c: char| c.is_whitespace() || c == '_' || c == '-').filter(|w| !w.is_empty()).collect();
    words.join("-").to_lowercase()
}

/// The narratives that are their own ancestors, in order. Each is walked once: every walk stops where an earlier one
/// went, so that a hundred thousand narratives in one chain take no longer than they are many.
fn circular(parents: &[Option<NarrativeNo>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let mut walk = vec![NEW; parents.len()];
    let mut out = Vec::new();
    for start in 0..parents.len() {
        let mut at = Some(start);
        while let Some(i) = at.filter(|&i| walk[i] == NEW) {
            walk[i] = start;
            at = parents[i].map(NarrativeNo::index);
        }
        // Back on this very walk: from here on round it is a cycle.
        if let Some(meeting) = at.filter(|&i| walk[i] == start) {
            let mut i = meeting;
            loop {
                out.push(i);
                match parents[i].map(NarrativeNo::index) {
                    Some(next) if next != meeting => i = next,
                    _ => break,
                }
            }
        }
    }
    out.sort_unstable();
    out
}

pub(crate) fn nearest<'a>(wrong: &str, ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let wrong = folded(wrong);
    let letters = wrong.chars().count();
    ids.filter_map(|id| {
        let allowed = 1 + id.chars().count() / 5;
        let plain = folded(id);
        // Texts that differ in length by more cannot be that few edits apart.
        let distance = (plain.chars().count().abs_diff(letters) <= allowed).then(|| edits(&wrong, &plain))?;
        (distance <= allowed).then_some((distance, id))
    })
    .min()
    .map(|(_, id)| id.to_owned())
}

/// Levenshtein distance.
pub(crate) fn edits(a: &str, b: &str) -> usize {
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
        assert!(
            said(&[("nato-war", None), ("NATO war ", None)]).contains("differs from \"nato-war\" at n.jsonl:1 only")
        );
    }

    #[test]
    fn a_hundred_thousand_narratives_in_one_chain() {
        let ids: Vec<String> = (0..100_000).map(|i| format!("n{i}")).collect();
        let mut chain: Vec<(&str, Option<&str>)> =
            ids.iter().enumerate().map(|(i, id)| (id.as_str(), i.checked_sub(1).map(|p| ids[p].as_str()))).collect();
        assert_eq!(Taxonomy::new(records(&chain)).unwrap().ancestors(NarrativeNo(99_999)).count(), 99_999);
        chain[0].1 = Some("n2");
        let (kept, _, bad) = Taxonomy::mended(records(&chain));
        assert_eq!((kept.len(), bad.len()), (100_000, 3));
    }
}
