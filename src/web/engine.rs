//! A model and a case base in use: many requests read, one that adds a case writes, a reload swaps the whole.
//!
//! A reader-writer lock around the case index, because adding a case takes a millisecond and must be visible to the
//! next request; a copy per change was rejected, since an index of 100,000 cases is hundreds of megabytes.

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::assess::{Assessment, Assessor, Options, Worker};
use crate::cases::candidates::Query;
use crate::cases::case::Case;
use crate::cases::index::CaseIndex;
use crate::cases::ranker::Ranker;
use crate::cases::related::{CaseBase, Related};
use crate::document::{Document, Language};
use crate::model::folder::Model;
use crate::model::manifest::Manifest;

/// A model as it was loaded, with what the model page shows of it.
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// Ranks related cases: the model's own, or the starter model's.
    pub ranker: Ranker,
    /// The model card, in Markdown.
    pub card: String,
    /// What `evaluate --json` measured, if that lies with the model.
    pub evaluation: Option<serde_json::Value>,
}

/// A model and a case base in use.
pub struct Engine {
    assessor: RwLock<Assessor>,
    workers: Mutex<Vec<Worker>>,
    queries: Mutex<Vec<Query>>,
    /// Name of the model.
    pub name: String,
    /// `model.json`.
    pub manifest: Manifest,
    /// The model card, in Markdown.
    pub card: String,
    /// What was measured.
    pub evaluation: Option<serde_json::Value>,
}

/// Idle workers kept; each remembers words it has met.
const KEPT: usize = 8;

/// Bytes of a text from which on what was needed for it takes too much memory to be kept.
const LONGEST: usize = 1 << 20;

impl Engine {
    /// Joins model and cases; `None` if the model has no narratives.
    pub fn new(loaded: Loaded, index: CaseIndex) -> Option<Self> {
        let Loaded { model, ranker, card, evaluation } = loaded;
        let (name, manifest) = (model.name.clone(), model.manifest.clone());
        let assessor = Assessor::new(model, CaseBase { index, ranker })?;
        Some(Self {
            assessor: RwLock::new(assessor),
            workers: Mutex::default(),
            queries: Mutex::default(),
            name,
            manifest,
            card,
            evaluation,
        })
    }

    /// The model and the cases, to read. Keep it short: a writer waits.
    pub fn assessor(&self) -> RwLockReadGuard<'_, Assessor> {
        self.assessor.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Assesses a document.
    pub fn assess(&self, document: &Document, options: Options) -> Assessment {
        let assessor = self.assessor();
        let taken = self.workers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = taken.unwrap_or_else(|| assessor.worker());
        let answer = assessor.assess(&mut worker, document, options);
        keep(&self.workers, worker, document.text.len());
        answer
    }

    /// Only the related cases of a text.
    pub fn related(&self, text: &str, language: Option<Language>, top: usize) -> Vec<Related> {
        self.with_query(text, |cases, query| cases.related(query, text, language, top))
    }

    /// Ids of the cases that answer a search best, best first.
    pub fn search(&self, words: &str, most: usize) -> Vec<String> {
        self.with_query(words, |cases, query| {
            query.first_stage(&cases.index, words, None, most).into_iter().map(str::to_owned).collect()
        })
    }

    fn with_query<T>(&self, text: &str, job: impl FnOnce(&CaseBase, &mut Query) -> T) -> T {
        let assessor = self.assessor();
        let taken = self.queries.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut query = taken.unwrap_or_default();
        let found = job(&assessor.cases, &mut query);
        keep(&self.queries, query, text.len());
        found
    }

    /// Makes a case findable; replaces one with its id.
    pub fn add_case(&self, case: Case) {
        let mut assessor = self.assessor.write().unwrap_or_else(PoisonError::into_inner);
        assessor.cases.index.add(case);
    }

    /// Makes a case unfindable.
    pub fn remove_case(&self, id: &str) {
        self.assessor.write().unwrap_or_else(PoisonError::into_inner).cases.index.remove(id);
    }

    /// Brings the index to what the store holds; says how many cases changed.
    pub fn sync_cases(&self, stored: Vec<Case>) -> usize {
        let (gone, new) = {
            let assessor = self.assessor();
            let index = &assessor.cases.index;
            let ids: rustc_hash::FxHashSet<&str> = stored.iter().map(|c| c.id.as_str()).collect();
            let gone: Vec<String> =
                index.iter().map(|c| c.id.clone()).filter(|id| !ids.contains(id.as_str())).collect();
            let changed: Vec<bool> = stored.iter().map(|c| index.by_id(&c.id).as_deref() != Some(c)).collect();
            let new: Vec<Case> = stored.into_iter().zip(changed).filter(|c| c.1).map(|c| c.0).collect();
            (gone, new)
        };
        let changes = gone.len() + new.len();
        for id in &gone {
            self.remove_case(id);
        }
        for case in new {
            self.add_case(case);
        }
        changes
    }
}

/// Keeps tools for the next text, unless the one of so many bytes that they were used for has made them large.
fn keep<T>(kept: &Mutex<Vec<T>>, one: T, bytes: usize) {
    if bytes > LONGEST {
        return;
    }
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < KEPT {
        kept.push(one);
    }
}
