//! The store as the server holds it: opened again whenever it failed, and never a reason not to answer.
//!
//! Two connections: one reads, one writes, so that a page can be shown while a write waits for another program's lock.
//! A pool was rejected: SQLite has one writer anyway, and reads take less than a millisecond.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::state::CaseLoader;
use crate::cases::index::CaseIndex;
use crate::error::{Error, Result};
use crate::store::Store;

/// How long a request waits for another program's lock.
const PATIENCE: Duration = Duration::from_secs(2);

/// A store that may fail and come back.
pub struct Storage {
    path: PathBuf,
    seed: CaseLoader,
    reader: Mutex<Slot>,
    writer: Mutex<Slot>,
}

/// A connection, and what went wrong with it last, until something goes right.
#[derive(Default)]
struct Slot {
    store: Option<Store>,
    trouble: Option<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Storage {
    /// A store at `path`; nothing is opened yet. A new one begins with the cases of `seed`, as on the command line.
    pub fn new(path: PathBuf, seed: CaseLoader) -> Self {
        Self { path, seed, reader: Mutex::default(), writer: Mutex::default() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The cases a new store begins with.
    pub fn starter_cases(&self) -> Result<CaseIndex> {
        (self.seed)()
    }

    /// What is wrong with it at the moment.
    pub fn trouble(&self) -> Option<String> {
        let trouble = |slot: &Mutex<Slot>| lock(slot).trouble.clone();
        trouble(&self.writer).or_else(|| trouble(&self.reader))
    }

    /// Reads.
    pub fn read<T>(&self, job: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
        self.with(&self.reader, Store::open, |store| job(store))
    }

    /// Writes; what this gives back as done is on the disk.
    pub fn write<T>(&self, job: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let open = |path: &Path| {
            let (mut store, new) = Store::create(path)?;
            if new {
                store.import(&(self.seed)()?.iter().map(std::borrow::Cow::into_owned).collect::<Vec<_>>())?;
            }
            Ok(store)
        };
        let done = self.with(&self.writer, open, job);
        if done.is_ok() {
            // What can be written can be read; a reader that failed before opens it anew.
            lock(&self.reader).trouble = None;
        }
        done
    }

    fn with<T>(
        &self,
        slot: &Mutex<Slot>,
        open: impl FnOnce(&Path) -> Result<Store>,
        job: impl FnOnce(&mut Store) -> Result<T>,
    ) -> Result<T> {
        let mut slot = lock(slot);
        let done = match &mut slot.store {
            Some(store) => job(store),
            None => open(&self.path).and_then(|mut store| {
                store.set_patience(PATIENCE)?;
                let done = job(&mut store);
                slot.store = Some(store);
                done
            }),
        };
        match &done {
            Err(
                e @ (Error::Store { .. }
                | Error::NoStore { .. }
                | Error::StoreVersion { .. }
                | Error::Read { .. }
                | Error::Write { .. }),
            ) => {
                // Opened anew next time: the file may have been mended or replaced by then.
                *slot = Slot { store: None, trouble: Some(e.to_string()) };
            }
            _ => slot.trouble = None,
        }
        done
    }
}
