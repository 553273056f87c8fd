//! A record to test on, or one that was trained on: cases and texts in one shape.

use std::path::PathBuf;

use crate::cases::case::Case;
use crate::document::{Document, Language};
use crate::error::{BadRecord, Error, RecordProblem, Result};
use crate::ingest::jsonl;
use crate::ingest::unlabelled::{Unlabelled, read_texts};
use crate::record::TextRecord;

/// A labelled text. For a case the text is its claim, or its title where it has no claim: the same that training takes
/// for what people will paste.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// What is assessed.
    pub text: String,
    /// Its headline.
    pub title: String,
    /// Its language as the record says it.
    pub language: String,
    /// What it is filed under when data is split: its group, or itself.
    pub group: String,
    /// Who published it, first the main one.
    pub sources: Vec<String>,
    /// Date of publication.
    pub published: String,
    /// Ids of the narratives it carries; empty means none of the known ones.
    pub narratives: Vec<String>,
}

impl From<&Case> for Example {
    fn from(c: &Case) -> Self {
        Self {
            id: c.id.clone(),
            text: c.stated_claim().to_owned(),
            title: c.title.clone(),
            language: c.language.clone(),
            group: c.split_group().to_owned(),
            sources: c.outlets.clone(),
            published: c.published.clone(),
            narratives: c.narratives.clone(),
        }
    }
}

impl From<&TextRecord> for Example {
    fn from(t: &TextRecord) -> Self {
        // A case read as a text keeps its claim among the unknown fields.
        let claim = t.extra.get("claim").and_then(serde_json::Value::as_str).unwrap_or("");
        let text = [&*t.text, claim, &*t.title].into_iter().find(|t| !t.trim().is_empty()).unwrap_or("");
        Self {
            id: t.id.clone(),
            text: text.to_owned(),
            title: t.title.clone(),
            language: t.language.clone(),
            group: if t.group.is_empty() { &t.id } else { &t.group }.clone(),
            sources: if t.source.is_empty() { Vec::new() } else { vec![t.source.clone()] },
            published: t.published.clone(),
            narratives: t.narratives.clone(),
        }
    }
}

impl Example {
    /// What the assessor is given.
    pub fn document(&self) -> Document {
        Document { id: self.id.clone(), text: self.text.clone(), language: Language::lenient(&self.language) }
    }
}

/// Records to test on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TestRecords {
    /// Those that carry a narrative.
    pub known: Vec<Example>,
    /// Those that carry none.
    pub none: Vec<Example>,
    /// Texts among `none` that do not say so.
    pub unlabelled: Vec<Unlabelled>,
}

/// Reads test records. Bad lines are all listed in one error: figures on part of a test set are other figures.
pub fn read(cases: &[PathBuf], texts: &[PathBuf], background: &[PathBuf]) -> Result<TestRecords> {
    let (cases, (texts, unlabelled)) = (jsonl::read_all::<Case>(cases)?, read_texts(texts)?);
    let background = jsonl::read_all::<TextRecord>(background)?;
    let mut bad: Vec<BadRecord> = cases.bad.into_iter().chain(texts.bad).chain(background.bad).collect();
    for case in cases.good.iter().filter(|c| !c.record.has_claim()) {
        let problem = RecordProblem::CaseWithoutClaim(case.record.id.clone());
        bad.push(BadRecord { place: case.place.clone(), problem });
    }
    for text in background.good.iter().filter(|t| !t.record.narratives.is_empty()) {
        let problem = RecordProblem::LabelledBackground(text.record.id.clone());
        bad.push(BadRecord { place: text.place.clone(), problem });
    }
    let examples: Vec<(Example, crate::error::Place)> = cases
        .good
        .iter()
        .map(|c| (Example::from(&c.record), c.place.clone()))
        .chain(texts.good.iter().chain(&background.good).map(|t| (Example::from(&t.record), t.place.clone())))
        .collect();
    for (example, place) in examples.iter().filter(|e| e.0.text.trim().is_empty()) {
        if !bad.iter().any(|b| b.place == *place) {
            bad.push(BadRecord { place: place.clone(), problem: RecordProblem::EmptyText(example.id.clone()) });
        }
    }
    if !bad.is_empty() {
        return Err(Error::Records(bad));
    }
    let (known, none) = examples.into_iter().map(|e| e.0).partition(|e| !e.narratives.is_empty());
    Ok(TestRecords { known, none, unlabelled })
}

/// Reads training records of any kind, for comparison with test records.
pub fn read_any(paths: &[PathBuf]) -> Result<Vec<Example>> {
    let records = jsonl::read_all::<TextRecord>(paths)?.strict()?;
    Ok(records.iter().map(|r| Example::from(&r.record)).collect())
}
