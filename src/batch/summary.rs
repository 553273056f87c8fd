//! What a run came to.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::assess::Outcome;
use crate::error::RecordProblem;
use crate::ingest::feeder::Encoded;
use crate::model::classifier::Decision;

/// Documents that carry a narrative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Matched.
    #[serde(rename = "match")]
    pub matched: u64,
    /// Suggested.
    pub suggest: u64,
}

/// Counts of a run: `read = scored + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Records read.
    pub read: u64,
    /// Assessments written, those of repetitions included.
    pub scored: u64,
    /// Records reported as bad.
    pub rejected: u64,
    /// Assessments that refer to an earlier document.
    pub repeated: u64,
    /// Groups of documents that repeat one another.
    pub groups: u64,
    /// What is in the inputs and is no document, such as the images of a web archive.
    pub left_out: u64,
    /// Hidden files and folders of the input folders, which are not read.
    pub hidden: u64,
    /// Bytes of text assessed, those of repetitions included.
    pub text_bytes: u64,
    /// Assessments by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Documents by narrative without children; repetitions count as their first document does, which is only by outcome.
    pub narratives: BTreeMap<String, Carried>,
    /// Documents by language.
    pub languages: BTreeMap<String, u64>,
    /// Rejected records by kind.
    pub errors: BTreeMap<String, u64>,
    /// Inputs whose records were not UTF-8, by what they were read as.
    pub encodings: BTreeMap<String, Encoded>,
    /// Seconds this run took; a resumed one counts from its own start.
    pub seconds: f64,
    /// Records that an earlier run had read before this one resumed.
    pub resumed_from: u64,
}

impl Summary {
    /// Whether nothing got lost.
    pub fn adds_up(&self) -> bool {
        self.read == self.scored + self.rejected && self.scored == self.outcomes.values().sum::<u64>()
    }

    pub(crate) fn outcome(&mut self, outcome: Outcome) {
        self.scored += 1;
        count(&mut self.outcomes, outcome.name());
    }

    pub(crate) fn language(&mut self, code: &str) {
        count(&mut self.languages, code);
    }

    pub(crate) fn narrative(&mut self, id: &str, decision: Decision) {
        if !self.narratives.contains_key(id) {
            self.narratives.insert(id.to_owned(), Carried::default());
        }
        if let Some(carried) = self.narratives.get_mut(id) {
            *(if decision == Decision::Match { &mut carried.matched } else { &mut carried.suggest }) += 1;
        }
    }

    pub(crate) fn error(&mut self, problem: &RecordProblem) {
        self.rejected += 1;
        count(&mut self.errors, problem.kind());
    }
}

/// Adds one, without a copy of a name that is known.
fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
