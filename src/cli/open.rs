//! Opens the model and, by `case_base`, the cases a command works with.

use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

use super::case_base;
use crate::assess::Assessor;
use crate::cases::index::CaseIndex;
use crate::cases::ranker::Ranker;
use crate::cases::related::CaseBase;
use crate::error::{Error, ModelProblem};
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

    /// The files that model and cases are read from.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let cases = self.cases.clone().or_else(crate::store::default_path);
        let model = self.model.as_ref().and_then(|folder| std::fs::read_dir(folder).ok());
        cases.into_iter().chain(model.into_iter().flatten().flatten().map(|entry| entry.path())).collect()
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
            Some(path) => {
                let index = case_base::open(path)?.0;
                if index.is_empty() {
                    eprintln!("warning: {} holds no case, so nothing will be related", path.display());
                }
                Ok(index)
            }
            None => case_base::open_default(),
        }
    }

    /// Fails if what was read of the cases is damaged: the answer would look like "no related case".
    pub(super) fn sound(&self, index: &CaseIndex) -> anyhow::Result<()> {
        let path = || self.cases.clone().unwrap_or_else(|| "(embedded cases)".into());
        index.damage().map_or(Ok(()), |problem| Err(Error::CaseIndex { path: path(), problem }.into()))
    }
}

/// The model's own ranker, or the starter model's.
pub(super) fn ranker(own: Option<&Ranker>) -> anyhow::Result<Ranker> {
    match own {
        Some(ranker) => Ok(ranker.clone()),
        None => starter_model()?.manifest.ranker.context("the starter model has no ranker; retrain it"),
    }
}

#[cfg(feature = "embedded")]
fn starter_model() -> anyhow::Result<Model> {
    Ok(crate::embedded::model()?)
}

#[cfg(not(feature = "embedded"))]
fn starter_model() -> anyhow::Result<Model> {
    anyhow::bail!("this program was built without the starter model; give one with --model")
}
