//! A newsroom's own cases in one SQLite file.
//!
//! SQLite, because a case base is edited by people, one case at a time, from several programs, and must survive a
//! power cut; a JSONL file would have to be rewritten for every change. The records are kept whole as JSON, so that a
//! field this program does not know comes out as it went in.

#[cfg(feature = "feeds")]
mod watched;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::path::{Path, PathBuf};

#[cfg(feature = "feeds")]
pub use self::watched::{WatchedFeed, WatchedItem};
use crate::cases::case::Case;
use crate::error::{Error, Result};

/// Schema version this program writes.
const SCHEMA: i64 = 1;

/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// An open store.
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Cases that were not there before.
    pub added: usize,
    /// Cases that replaced one with the same id.
    pub replaced: usize,
}

/// Whether a file is an SQLite database, by its first bytes.
pub fn is_store(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 16];
    std::fs::File::open(path).and_then(|mut f| f.read_exact(&mut start)).is_ok() && start == MAGIC
}

/// Where the store lies unless the user says otherwise: `LEITMOTIF_STORE`, or the user's data folder.
pub fn default_path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("LEITMOTIF_STORE").or_else(|| {
        let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|h| h.join(".local/share")))?;
        Some(data.join("leitmotif").join("store.db"))
    })
}

impl Store {
    /// Opens a store for reading and writing, creating it if there is none. The flag says whether it is new.
    pub fn create(path: &Path) -> Result<(Self, bool)> {
        let new = !path.exists();
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
        }
        let connection = Connection::open(path).map_err(store_error(path))?;
        let store = Self { connection, path: path.to_owned() };
        store.prepare()?;
        Ok((store, new))
    }

    /// Opens an existing store for reading.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(store_error(path))?;
        let store = Self { connection, path: path.to_owned() };
        match store.version()? {
            SCHEMA => Ok(store),
            found => Err(Error::StoreVersion { path: store.path, found, supported: SCHEMA }),
        }
    }

    fn version(&self) -> Result<i64> {
        self.connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(store_error(&self.path))
    }

    fn prepare(&self) -> Result<()> {
        let failed = store_error(&self.path);
        let run = || -> rusqlite::Result<()> {
            self.connection.busy_timeout(std::time::Duration::from_secs(10))?;
            self.connection.pragma_update(None, "journal_mode", "WAL")?;
            self.connection.pragma_update(None, "synchronous", "FULL")
        };
        run().map_err(failed)?;
        match self.version()? {
            0 => self
                .connection
                .execute_batch(&format!(
                    "BEGIN;
                     CREATE TABLE IF NOT EXISTS cases (
                         position INTEGER PRIMARY KEY AUTOINCREMENT,
                         id TEXT NOT NULL UNIQUE,
                         record TEXT NOT NULL
                     );
                     PRAGMA user_version = {SCHEMA};
                     COMMIT;"
                ))
                .map_err(store_error(&self.path)),
            SCHEMA => Ok(()),
            found => Err(Error::StoreVersion { path: self.path.clone(), found, supported: SCHEMA }),
        }
    }

    /// Adds cases, all or none; a case whose id is known replaces the old one in its place.
    pub fn import(&mut self, cases: &[Case]) -> Result<Imported> {
        let path = self.path.clone();
        let mut run = || -> rusqlite::Result<Imported> {
            let mut out = Imported::default();
            let transaction = self.connection.transaction()?;
            {
                let mut known = transaction.prepare("SELECT 1 FROM cases WHERE id = ?1")?;
                let mut put = transaction.prepare(
                    "INSERT INTO cases (id, record) VALUES (?1, ?2)
                     ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                )?;
                for case in cases {
                    let was = known.exists(params![case.id])?;
                    *(if was { &mut out.replaced } else { &mut out.added }) += 1;
                    let json = serde_json::to_string(case)
                        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
                    put.execute(params![case.id, json])?;
                }
            }
            transaction.commit()?;
            Ok(out)
        };
        run().map_err(store_error(&path))
    }

    /// All cases in the order they were added.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let run = || -> rusqlite::Result<Vec<Case>> {
            let mut statement = self.connection.prepare("SELECT record FROM cases ORDER BY position")?;
            statement.query_map([], read_case)?.collect()
        };
        run().map_err(store_error(&self.path))
    }

    /// One case.
    pub fn case(&self, id: &str) -> Result<Option<Case>> {
        self.connection
            .query_row("SELECT record FROM cases WHERE id = ?1", params![id], read_case)
            .optional()
            .map_err(store_error(&self.path))
    }

    /// Removes a case; says whether there was one.
    pub fn remove(&mut self, id: &str) -> Result<bool> {
        let changed = self.connection.execute("DELETE FROM cases WHERE id = ?1", params![id]);
        changed.map(|n| n > 0).map_err(store_error(&self.path))
    }
}

fn read_case(row: &rusqlite::Row<'_>) -> rusqlite::Result<Case> {
    let json: String = row.get(0)?;
    serde_json::from_str(&json)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}

fn store_error(path: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Store { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, claim: &str) -> Case {
        Case { id: id.into(), claim: claim.into(), ..Case::default() }
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/s.db");
        let (mut store, new) = Store::create(&path).unwrap();
        assert!(new && is_store(&path));
        let mut odd = case("b", "claim");
        odd.extra.insert("desk".into(), "north".into());
        store.import(&[case("z", "one"), odd.clone()]).unwrap();
        let again = store.import(&[case("z", "two"), case("a", "three")]).unwrap();
        assert_eq!(again, Imported { added: 1, replaced: 1 });
        drop(store);
        let store = Store::open(&path).unwrap();
        let all = store.cases().unwrap();
        assert_eq!(all.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["z", "b", "a"]);
        assert_eq!((all[0].claim.as_str(), &all[1]), ("two", &odd));
        assert_eq!(store.case("nobody").unwrap(), None);
    }

    #[test]
    fn a_store_of_a_later_version_and_a_damaged_one_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (store, _) = Store::create(&path).unwrap();
        store.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        assert!(Store::open(&path).err().unwrap().to_string().contains("schema version 99"));
        assert!(Store::create(&path).is_err());
        std::fs::write(&path, [MAGIC, &[7; 4096]].concat()).unwrap();
        assert!(Store::create(&path).is_err());
    }
}
