//! Assessments as lines of JSON, as rows of CSV, and as rows of a flat table.
//!
//! The tables have a row per document and narrative, so that a spreadsheet can count and filter; a document without
//! narratives has one row, so that none is missing.

use serde::{Deserialize, Serialize};

use crate::assess::{Assessment, NarrativeAssessment};
use crate::model::classifier::Decision;
use crate::model::stance::Stance;

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// An assessment a line.
    Jsonl,
    /// A row per document and narrative.
    Csv,
    /// The same as Apache Parquet.
    Parquet,
}

/// A column of the flat table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "CSV has no types"))]
    pub(crate) is_number: bool,
}

const fn text(name: &'static str) -> Column {
    Column { name, is_number: false }
}

const fn number(name: &'static str) -> Column {
    Column { name, is_number: true }
}

/// Columns of the flat table.
pub(crate) const COLUMNS: [Column; 19] = [
    text("id"),
    text("language"),
    text("outcome"),
    text("near_duplicate_of"),
    text("narrative"),
    text("name"),
    text("parent"),
    number("probability"),
    text("decision"),
    number("passage_start"),
    number("passage_end"),
    text("evidence"),
    text("stance"),
    number("stance_probability"),
    text("related"),
    text("related_title"),
    text("related_url"),
    number("related_score"),
    text("input"),
];

/// A row of the flat table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(Option<String>),
    Number(Option<f64>),
}

/// Values in the order of [`COLUMNS`].
pub(crate) type Flat = [Cell; COLUMNS.len()];

/// Writes assessments.
pub(crate) struct Renderer {
    shape: Shape,
    /// One after the other, in the shape of the output.
    pub(crate) bytes: Vec<u8>,
    /// Of a Parquet output.
    pub(crate) rows: Vec<Flat>,
}

impl Renderer {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, bytes: Vec::new(), rows: Vec::new() }
    }

    /// What stands before the first assessment.
    pub(crate) fn head(shape: Shape) -> Vec<u8> {
        let mut out = Vec::new();
        if shape == Shape::Csv {
            put_row(&mut out, COLUMNS.iter().map(|c| Some(c.name.to_owned())));
        }
        out
    }

    /// Adds an assessment, with what is known `about` the document as a JSON object if that is wanted.
    pub(crate) fn add(&mut self, assessment: &Assessment, about: &[u8]) {
        if self.shape == Shape::Jsonl {
            // An assessment holds only text, numbers and lists; its serialisation cannot fail.
            let _ = serde_json::to_writer(&mut self.bytes, assessment);
            if !about.is_empty() {
                self.bytes.pop();
                self.bytes.extend_from_slice(b",\"input\":");
                self.bytes.extend_from_slice(about);
                self.bytes.push(b'}');
            }
            self.bytes.push(b'\n');
            return;
        }
        let narratives = assessment.narratives.iter().map(Some);
        let none = assessment.narratives.is_empty().then_some(None);
        for narrative in narratives.chain(none) {
            let row = flat(assessment, narrative, about);
            if self.shape == Shape::Parquet {
                self.rows.push(row);
                continue;
            }
            let cells = row.into_iter().map(|cell| match cell {
                Cell::Text(text) => text,
                Cell::Number(number) => number.map(|n| n.to_string()),
            });
            put_row(&mut self.bytes, cells);
        }
    }
}

fn flat(a: &Assessment, narrative: Option<&NarrativeAssessment>, about: &[u8]) -> Flat {
    let text = |t: Option<&str>| Cell::Text(t.map(str::to_owned));
    let related = a.related.first();
    let stance = a.stance.as_ref();
    let passage = narrative.and_then(|n| n.passage).map(|told| told.span);
    [
        text(Some(&a.id)),
        text(a.language.as_ref().map(crate::document::Language::code)),
        text(Some(a.outcome.name())),
        text(a.near_duplicate_of.as_deref()),
        text(narrative.map(|n| &*n.id)),
        text(narrative.map(|n| &*n.name)),
        text(narrative.and_then(|n| n.parent.as_deref())),
        Cell::Number(narrative.map(|n| n.probability)),
        text(narrative.map(|n| match n.decision {
            Decision::Match => "match",
            Decision::Suggest => "suggest",
            Decision::Weak => "weak",
        })),
        Cell::Number(passage.map(|p| f64::from(p.start))),
        Cell::Number(passage.map(|p| f64::from(p.end))),
        text(narrative.and_then(|n| n.evidence.first()).map(|e| e.text.as_str())),
        text(stance.map(|s| match s.label {
            Stance::Spreads => "spreads",
            Stance::Reports => "reports",
            Stance::Unclear => "unclear",
        })),
        Cell::Number(stance.map(|s| s.probability)),
        text(related.map(|r| r.id.as_str())),
        text(related.map(|r| r.title.as_str())),
        text(related.map(|r| r.url.as_str()).filter(|u| !u.is_empty())),
        Cell::Number(related.map(|r| r.score)),
        Cell::Text((!about.is_empty()).then(|| String::from_utf8_lossy(about).into_owned())),
    ]
}

/// A row of CSV (RFC 4180, but with line feeds alone).
fn put_row(out: &mut Vec<u8>, cells: impl Iterator<Item = Option<String>>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let cell = cell.unwrap_or_default();
        if cell.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_come_back(cells in prop::collection::vec("[a,\"\n\r é]{0,8}", 2..5)) {
            let mut out = Vec::new();
            put_row(&mut out, cells.iter().cloned().map(Some));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*out);
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(rows.len(), 1);
            prop_assert_eq!(rows[0].iter().collect::<Vec<_>>(), cells);
        }
    }
}
