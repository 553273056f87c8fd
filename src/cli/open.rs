//! Opens the model and the cases a command works with.

use anyhow::Context;
use clap::Args;
use std::path::{Path, PathBuf};

use crate::assess::Assessor;
use crate::cases::case::Case;
use crate::cases::index::CaseIndex;
use crate::cases::ranker::Ranker;
use crate::cases::related::CaseBase;
use crate::cases::saved;
use crate::error::{Error, ModelProblem};
use crate::ingest::jsonl;
use crate::model::folder::{self, Model};

/// Which model and cases to use.
#[derive(Debug, Args)]
pub(super) struct Using {
    /// Model folder; the bundled starter model without it
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Case base: a JSONL file, a saved index or an SQLite store; your store, or else the starter cases, without it
    #[arg(long, value_name = "FILE|DB")]
    cases: Option<PathBuf>,
}

impl Using {
    /// For a command whose `--cases` are something else.
    pub(super) fn new(model: Option<PathBuf>, cases: Option<PathBuf>) -> Self {
        Self { model, cases }
    }

    /// Model and cases for assessing.
    pub(super) fn assessor(&self) -> anyhow::Result<Assessor> {
        // Side by side: each takes about half of the time to the first answer.
        let (model, index) = rayon::join(|| self.model(), || self.index());
        let (model, index) = (model?, index?);
        let cases = CaseBase { index, ranker: ranker(model.ranker())? };
        let path = self.model.clone().unwrap_or_else(|| model.name.clone().into());
        Assessor::new(model, cases).ok_or_else(|| Error::model(path, ModelProblem::NoNarratives).into())
    }

    /// Only the cases, with the model's ranker.
    pub(super) fn cases(&self) -> anyhow::Result<CaseBase> {
        let own = match &self.model {
            Some(path) => folder::open(path)?.manifest.ranker,
            None => None,
        };
        Ok(CaseBase { index: self.index()?, ranker: ranker(own.as_ref())? })
    }

    /// Only the model.
    pub(super) fn model(&self) -> anyhow::Result<Model> {
        match &self.model {
            Some(path) => Ok(folder::open(path)?),
            None => starter_model(),
        }
    }

    pub(super) fn index(&self) -> anyhow::Result<CaseIndex> {
        match &self.cases {
            Some(path) if saved::is_saved(path) => Ok(saved::open(path)?),
            Some(path) => Ok(index_of(read_cases(path)?)),
            None => default_index(),
        }
    }
}

/// An index of the given cases; of two with one id the later counts, and that is said.
pub(super) fn index_of(cases: Vec<Case>) -> CaseIndex {
    let (index, replaced) = CaseIndex::with_replaced(cases);
    for old in replaced {
        eprintln!("warning: the case id \"{}\" stands twice; the later one counts", old.id);
    }
    index
}

/// The model's own ranker, or the starter model's.
pub(super) fn ranker(own: Option<&Ranker>) -> anyhow::Result<Ranker> {
    match own {
        Some(ranker) => Ok(ranker.clone()),
        None => starter_model()?.manifest.ranker.context("the starter model has no ranker; retrain it"),
    }
}

/// Reads cases from a JSONL file, a saved index or a store. A bad line stops the command: an answer from half a case base would look
/// like "no related case".
pub(super) fn read_cases(path: &Path) -> anyhow::Result<Vec<Case>> {
    #[cfg(feature = "store")]
    if crate::store::is_store(path) {
        return Ok(crate::store::Store::open(path)?.cases()?);
    }
    if saved::is_saved(path) {
        return Ok(saved::open(path)?.iter().cloned().collect());
    }
    // Duplicate ids are left to the index, where the later case counts.
    let records = jsonl::read::<Case>(path)?;
    let (duplicates, bad): (Vec<_>, Vec<_>) =
        (records.bad.into_iter()).partition(|b| matches!(b.problem, crate::error::RecordProblem::DuplicateId { .. }));
    if !bad.is_empty() {
        return Err(Error::Records(bad).into());
    }
    for duplicate in duplicates {
        eprintln!("warning: {duplicate}; the first one counts");
    }
    if let Some(case) = records.good.iter().find(|c| !c.record.has_claim()) {
        let problem = crate::error::RecordProblem::CaseWithoutClaim(case.record.id.clone());
        return Err(Error::Records(vec![crate::error::BadRecord { place: case.place.clone(), problem }]).into());
    }
    Ok(records.good.into_iter().map(|c| c.record).collect())
}

/// The user's store if there is one, otherwise the starter cases.
fn default_index() -> anyhow::Result<CaseIndex> {
    #[cfg(feature = "store")]
    if let Some(path) = crate::store::default_path().filter(|p| p.exists()) {
        return Ok(index_of(crate::store::Store::open(&path)?.cases()?));
    }
    starter_index()
}

/// The cases of [`default_index`].
pub(super) fn default_cases() -> anyhow::Result<Vec<Case>> {
    #[cfg(feature = "store")]
    if let Some(path) = crate::store::default_path().filter(|p| p.exists()) {
        return Ok(crate::store::Store::open(&path)?.cases()?);
    }
    starter_cases()
}

/// The starter cases as records.
pub(super) fn starter_cases() -> anyhow::Result<Vec<Case>> {
    Ok(starter_index()?.iter().cloned().collect())
}

#[cfg(feature = "embedded")]
fn starter_model() -> anyhow::Result<Model> {
    Ok(crate::embedded::model()?)
}

#[cfg(not(feature = "embedded"))]
fn starter_model() -> anyhow::Result<Model> {
    anyhow::bail!("this program was built without the starter model; give one with --model")
}

#[cfg(feature = "embedded")]
pub(super) fn starter_index() -> anyhow::Result<CaseIndex> {
    Ok(crate::embedded::cases()?)
}

#[cfg(not(feature = "embedded"))]
pub(super) fn starter_index() -> anyhow::Result<CaseIndex> {
    anyhow::bail!("this program was built without the starter cases; give some with --cases")
}
