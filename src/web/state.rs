//! What all requests share: the engine, the store, limits, and how to load the model again.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::engine::{Engine, Loaded};
use super::history::History;
use super::metrics::Metrics;
use super::pool::Pool;
use super::storage::Storage;
use crate::cases::index::CaseIndex;
use crate::error::{Error, ModelProblem, Result};

/// Where the cases come from.
pub enum CaseSource {
    /// The store, where they can be edited.
    Store,
    /// A file, which this program does not write to.
    File(CaseLoader),
}

/// Reads cases.
pub type CaseLoader = Box<dyn Fn() -> Result<CaseIndex> + Send + Sync>;

/// Reads a model.
pub type ModelLoader = Box<dyn Fn() -> Result<Loaded> + Send + Sync>;

/// What a server is made of.
pub struct Setup {
    /// Reads the model, now and at each reload.
    pub model: ModelLoader,
    /// Where the cases come from.
    pub cases: CaseSource,
    /// Cases of a new store, and of one that cannot be used.
    pub starter_cases: CaseLoader,
    /// The store of verdicts, of what was assessed, and perhaps of cases.
    pub store: PathBuf,
    /// Whether to write down what was assessed.
    pub history: bool,
    /// What a client must show; `None` on loopback.
    pub token: Option<String>,
    /// Whether URLs may be fetched on request.
    pub fetch: bool,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of what a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Time for a body to arrive.
    pub receive: Duration,
    /// Time for a whole answer.
    pub answer: Duration,
    /// Jobs at once; all cores.
    pub jobs: usize,
    /// Jobs waiting.
    pub queue: usize,
    /// Documents in one request.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 10 << 20,
            receive: Duration::from_secs(15),
            answer: Duration::from_mins(1),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            queue: 1_024,
            documents: 1_000,
        }
    }
}

/// What all requests share.
pub struct State {
    engine: RwLock<Arc<Engine>>,
    model: ModelLoader,
    cases: CaseSource,
    /// The store.
    pub storage: Storage,
    /// What was assessed, unless that is not wanted.
    pub(super) history: Option<History>,
    /// The case changes seen last.
    changes: AtomicI64,
    pub(super) pool: Pool,
    /// For the store and the network, which keep no core busy.
    pub(super) waiting_pool: Pool,
    pub(super) limits: Limits,
    pub(super) token: Option<String>,
    pub(super) fetch: bool,
    pub(super) metrics: Metrics,
}

impl State {
    /// Loads model and cases. A store that cannot be used is said in [`Storage::trouble`], it stops nothing.
    pub fn new(setup: Setup) -> Result<Arc<Self>> {
        let Setup { model, cases, starter_cases, store, history, token, fetch, limits } = setup;
        let storage = Storage::new(store, starter_cases);
        // A failure is kept in `trouble`; nothing here depends on it.
        let _ = storage.write(|_| Ok(()));
        let engine = load(&model, &cases, &storage)?;
        let changes = storage.read(crate::store::Store::case_changes).unwrap_or(0);
        let history = history.then(|| History::start(storage.path().to_owned()));
        Ok(Arc::new(Self {
            engine: RwLock::new(engine),
            model,
            cases,
            storage,
            history,
            changes: changes.into(),
            pool: Pool::new(limits.jobs, limits.queue),
            waiting_pool: Pool::new(16, limits.queue),
            limits,
            token,
            fetch,
            metrics: Metrics::default(),
        }))
    }

    /// The engine in use. A request keeps the one it began with.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything assessed so far is written down.
    pub fn settle(&self) {
        if let Some(history) = &self.history {
            history.flush();
        }
    }

    /// Whether cases can be edited.
    pub fn cases_in_store(&self) -> bool {
        matches!(self.cases, CaseSource::Store)
    }

    /// Loads model and cases again; requests at work finish with the old ones. If loading fails the old ones stay.
    pub fn reload(&self) -> Result<Arc<Engine>> {
        let new = load(&self.model, &self.cases, &self.storage)?;
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }

    /// Takes over cases that another program has changed in the store; says how many.
    pub fn sync_cases(&self) -> Result<usize> {
        if !self.cases_in_store() || !self.storage.path().exists() {
            return Ok(0);
        }
        let changes = self.storage.read(crate::store::Store::case_changes)?;
        if self.changes.swap(changes, Ordering::Relaxed) == changes {
            return Ok(0);
        }
        Ok(self.engine().sync_cases(self.storage.read(crate::store::Store::cases)?))
    }
}

fn load(model: &ModelLoader, cases: &CaseSource, storage: &Storage) -> Result<Arc<Engine>> {
    let loaded = model()?;
    let name = PathBuf::from(loaded.model.name.clone());
    let index = match cases {
        CaseSource::File(read) => read()?,
        CaseSource::Store => match storage.read(crate::store::Store::cases) {
            Ok(cases) => CaseIndex::new(cases),
            Err(_) => storage.starter_cases()?,
        },
    };
    Engine::new(loaded, index).map(Arc::new).ok_or_else(|| Error::model(name, ModelProblem::NoNarratives))
}
