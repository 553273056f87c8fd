//! The cases of a store: put, read, removed. Kept whole as JSON, because SQLite columns would have to know every field
//! a newsroom invents.

use rusqlite::{OptionalExtension, params};

use super::{Store, store_error};
use crate::cases::case::Case;
use crate::error::Result;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Cases that were not there before.
    pub added: usize,
    /// Cases that replaced one with the same id.
    pub replaced: usize,
}

impl Store {
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
