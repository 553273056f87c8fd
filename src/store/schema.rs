//! The tables of a store, as a list of steps: a store of any older version takes those it lacks, all or none.
//!
//! `user_version` counts the steps taken. A table of migrations was rejected: SQLite has this number already.

use rusqlite::{Connection, TransactionBehavior};

/// Step `n` makes version `n + 1`. Never change one that was released; add one.
const STEPS: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS cases (
         position INTEGER PRIMARY KEY AUTOINCREMENT,
         id TEXT NOT NULL UNIQUE,
         record TEXT NOT NULL
     );",
    // A judged text is kept, since a verdict teaches nothing without it; of an assessed text only a digest is.
    "CREATE TABLE judged_texts (
         hash TEXT PRIMARY KEY,
         text TEXT NOT NULL,
         title TEXT NOT NULL,
         language TEXT NOT NULL,
         outlet TEXT NOT NULL,
         published TEXT NOT NULL,
         url TEXT NOT NULL
     ) WITHOUT ROWID;
     CREATE TABLE verdicts (
         number INTEGER PRIMARY KEY AUTOINCREMENT,
         text_hash TEXT NOT NULL REFERENCES judged_texts(hash),
         subject TEXT NOT NULL,
         target TEXT NOT NULL,
         decision TEXT NOT NULL,
         instead TEXT NOT NULL,
         note TEXT NOT NULL,
         person TEXT NOT NULL,
         model TEXT NOT NULL,
         model_version TEXT NOT NULL,
         probability REAL,
         at TEXT NOT NULL,
         undone_at TEXT,
         undone_by TEXT
     );
     CREATE INDEX verdicts_by_text ON verdicts (text_hash);
     CREATE TABLE assessed (
         number INTEGER PRIMARY KEY AUTOINCREMENT,
         hash TEXT NOT NULL UNIQUE,
         first_at TEXT NOT NULL,
         last_at TEXT NOT NULL,
         times INTEGER NOT NULL,
         day TEXT NOT NULL,
         language TEXT NOT NULL,
         outlet TEXT NOT NULL,
         title TEXT NOT NULL,
         outcome TEXT NOT NULL,
         terms TEXT NOT NULL,
         sketch BLOB
     );
     CREATE INDEX assessed_by_day ON assessed (day);
     CREATE INDEX assessed_by_outcome ON assessed (outcome);
     CREATE TABLE assessed_narratives (
         number INTEGER NOT NULL REFERENCES assessed(number) ON DELETE CASCADE,
         narrative TEXT NOT NULL,
         decision TEXT NOT NULL,
         probability REAL NOT NULL,
         PRIMARY KEY (number, narrative)
     ) WITHOUT ROWID;
     -- Counts changes of the cases, so that a server notices those of another program.
     CREATE TABLE case_changes (number INTEGER NOT NULL);
     INSERT INTO case_changes VALUES (0);
     CREATE TRIGGER case_added AFTER INSERT ON cases BEGIN UPDATE case_changes SET number = number + 1; END;
     CREATE TRIGGER case_changed AFTER UPDATE ON cases BEGIN UPDATE case_changes SET number = number + 1; END;
     CREATE TRIGGER case_removed AFTER DELETE ON cases BEGIN UPDATE case_changes SET number = number + 1; END;",
];

/// The version of a store that has taken all steps.
pub(super) const VERSION: i64 = 2;
const _: () = assert!(STEPS.len() == VERSION as usize);

/// Takes the steps that are missing and gives the version; that of a later program is left alone.
pub(super) fn bring_up_to_date(connection: &Connection) -> rusqlite::Result<i64> {
    let version = || connection.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    if version()? >= VERSION {
        return version();
    }
    // Two programs may open an old store at once: the second waits here and then finds nothing to do.
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = version()?;
    for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", found.max(VERSION))?;
    transaction.commit()?;
    version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_leads_from_the_one_before() {
        for from in 0..=VERSION {
            let connection = Connection::open_in_memory().unwrap();
            for step in STEPS.iter().take(usize::try_from(from).unwrap()) {
                connection.execute_batch(step).unwrap();
            }
            connection.pragma_update(None, "user_version", from).unwrap();
            assert_eq!(bring_up_to_date(&connection).unwrap(), VERSION);
            connection.execute("DELETE FROM assessed_narratives", []).unwrap();
        }
    }
}
