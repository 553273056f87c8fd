//! A newsroom's own cases, its verdicts, and what it has assessed, in one SQLite file.
//!
//! SQLite, because a case base is edited by people, one case at a time, from several programs, and must survive a
//! power cut; a JSONL file would have to be rewritten for every change. What was acknowledged is on the disk
//! (`synchronous=FULL`). `schema` brings older stores up to date, `cases`, `verdicts` and `assessed` are the three
//! things kept, `export` writes verdicts for training and annotation tools, `clock` is the time they carry.

mod assessed;
mod cases;
mod clock;
mod export;
mod schema;
mod verdicts;
#[cfg(feature = "feeds")]
mod watched;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::assessed::{AssessedText, Count, Period, SKETCH, Seen, UnknownText};
pub use self::cases::{Imported, RETIRED};
pub use self::clock::{next_week, now, rfc3339};
pub use self::export::{ExportFormat, export};
pub use self::verdicts::{Decided, JudgedText, NewVerdict, Subject, Verdict};
#[cfg(feature = "feeds")]
pub use self::watched::{WatchedFeed, WatchedItem};
use crate::error::{Error, Result};

/// How long a writer waits for another program's lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// An open store.
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

/// Whether a file is an SQLite database, by its first bytes.
pub fn is_store(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 16];
    // What is read from a pipe is gone, and a store is no pipe.
    path.is_file() && std::fs::File::open(path).and_then(|mut f| f.read_exact(&mut start)).is_ok() && start == MAGIC
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

    /// Opens an existing store for reading and writing.
    pub fn existing(path: &Path) -> Result<Self> {
        must_exist(path)?;
        Ok(Self::create(path)?.0)
    }

    /// Opens an existing store for reading. One of an older version is read as it is: what came later is empty.
    pub fn open(path: &Path) -> Result<Self> {
        must_exist(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(store_error(path))?;
        Self::checked(connection, path).or_else(|e| {
            // Where SQLite may write nothing, it cannot even note that somebody reads, unless told that nobody writes.
            let said = |e: &rusqlite::Error| {
                matches!(e.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
            };
            match (&e, immutable_uri(path)) {
                (Error::Store { source, .. }, Some(uri)) if said(source) => {
                    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                    Self::checked(Connection::open_with_flags(uri, flags).map_err(store_error(path))?, path)
                }
                _ => Err(e),
            }
        })
    }

    fn checked(connection: Connection, path: &Path) -> Result<Self> {
        let store = Self { connection, path: path.to_owned() };
        store.connection.busy_timeout(PATIENCE).map_err(store_error(path))?;
        match store.version()? {
            1..=schema::VERSION => Ok(store),
            found => Err(Error::StoreVersion { path: store.path, found, supported: schema::VERSION }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long to wait for another program's lock; 10 s unless said otherwise.
    pub fn set_patience(&self, patience: Duration) -> Result<()> {
        self.connection.busy_timeout(patience).map_err(store_error(&self.path))
    }

    /// Commits no longer wait for the disk: for what may be lost in a power cut.
    pub fn set_relaxed(&self) -> Result<()> {
        self.connection.pragma_update(None, "synchronous", "NORMAL").map_err(store_error(&self.path))
    }

    /// Takes what was erased out of the journal, too.
    pub(crate) fn empty_journal(&self) -> Result<()> {
        // Others that read at this moment keep it from being cut; then it is by the next to erase or to close.
        let run = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        run.map_err(store_error(&self.path))
    }

    fn version(&self) -> Result<i64> {
        self.connection.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(store_error(&self.path))
    }

    fn prepare(&self) -> Result<()> {
        let run = || -> rusqlite::Result<()> {
            self.connection.busy_timeout(PATIENCE)?;
            self.connection.pragma_update(None, "journal_mode", "WAL")?;
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            // What is erased is overwritten, not only forgotten.
            self.connection.pragma_update(None, "secure_delete", "ON")
        };
        run().map_err(store_error(&self.path))?;
        match schema::bring_up_to_date(&self.connection).map_err(store_error(&self.path))? {
            schema::VERSION => Ok(()),
            found => Err(Error::StoreVersion { path: self.path.clone(), found, supported: schema::VERSION }),
        }
    }
}

/// Refuses a path at which nothing lies: SQLite would call it a file that it cannot open, or begin an empty store.
fn must_exist(path: &Path) -> Result<()> {
    if path.exists() { Ok(()) } else { Err(Error::NoStore { path: path.to_owned() }) }
}

/// The address of a store that nobody writes to; `None` where changes wait in a journal, which would be passed over.
fn immutable_uri(path: &Path) -> Option<String> {
    let journal = PathBuf::from(format!("{}-wal", path.display()));
    let waiting = std::fs::metadata(journal).is_ok_and(|m| m.len() > 0);
    let escaped = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    (!waiting).then(|| format!("file:{escaped}?immutable=1"))
}

pub(crate) fn store_error(path: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Store { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::case::Case;

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
