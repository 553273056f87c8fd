//! `leitmotif cases add --search-assessed`: which texts, already scored, repeat the new case.

use anyhow::Context;
use clap::Args;
use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::open::Using;
use super::{Done, probability, write_out};
use crate::cases::case::Case;
use crate::cases::reverse::{AssessedText, AssessedTexts, repeating};
use crate::document::Language;
use crate::error::{Error, Result};
use crate::ingest::jsonl;
use crate::record::TextRecord;

/// Which texts to search, and how.
#[derive(Debug, Args)]
pub(super) struct ReverseSearch {
    /// Then search texts that were scored before for those that repeat the case: a file of texts (JSONL)
    #[arg(long, value_name = "TEXTS")]
    search_assessed: Option<PathBuf>,
    /// Least probability that a text makes the same claim
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = probability, requires = "search_assessed")]
    least: f64,
    /// Model whose ranker to use; the bundled one without it
    #[arg(long, value_name = "DIR", requires = "search_assessed")]
    model: Option<PathBuf>,
}

/// Texts in a file of records; what cannot be read is named and passed over.
struct TextFile<'p> {
    path: &'p Path,
    /// Whether anything was.
    rejected: Cell<bool>,
}

impl AssessedTexts for TextFile<'_> {
    fn each_text(&self, each: &mut dyn FnMut(AssessedText)) -> Result<()> {
        let mut lines = jsonl::Lines::new(jsonl::open(self.path)?, self.path.display().to_string());
        while let Some((place, line)) = lines.next_line()? {
            match jsonl::parse::<TextRecord>(&place, line) {
                Ok(TextRecord { id, text, language, .. }) => {
                    each(AssessedText { id, text, language: Language::lenient(&language) });
                }
                Err(bad) => {
                    eprintln!("rejected: {bad}");
                    self.rejected.set(true);
                }
            }
        }
        Ok(())
    }
}

impl ReverseSearch {
    /// Searches the texts for the cases just added to the case base at `cases`; one JSON object a line.
    pub(super) fn run(&self, cases: &Path, new: &[Case]) -> anyhow::Result<Done> {
        let Some(texts) = &self.search_assessed else { return Ok(Done::All) };
        let texts = TextFile { path: texts, rejected: Cell::new(false) };
        let base = Using::new(self.model.clone(), Some(cases.to_owned())).cases()?;
        let ids: Vec<String> = new.iter().map(|c| c.id.clone()).collect();
        let found = repeating(&base, &ids, &texts, self.least).context("the case was added")?;
        if let Some(problem) = base.index.damage() {
            return Err(Error::CaseIndex { path: cases.into(), problem }.into());
        }
        let mut out = Vec::new();
        for repeats in &found.repeats {
            serde_json::to_writer(&mut out, repeats)?;
            out.push(b'\n');
        }
        eprintln!("{} texts searched, {} repeat the new case", found.texts, found.repeats.len());
        write_out(&out)?;
        Ok(if texts.rejected.get() { Done::Rejected } else { Done::All })
    }
}
