//! The cases of a store: put, read, removed. Kept whole as JSON, because SQLite columns would have to know every field
//! a newsroom invents.

use rusqlite::{OptionalExtension, params};

use super::{Store, now, store_error};
use crate::cases::case::Case;
use crate::error::{Error, Result};

/// The field of a case that says since when it is retired.
pub const RETIRED: &str = "retired";

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

    /// All cases in use, in the order they were added.
    pub fn cases(&self) -> Result<Vec<Case>> {
        self.select("IS NULL")
    }

    /// Cases that were retired: kept to be read, no longer found for a text.
    pub fn retired_cases(&self) -> Result<Vec<Case>> {
        self.select("IS NOT NULL")
    }

    fn select(&self, retired: &str) -> Result<Vec<Case>> {
        let sql = format!("SELECT record FROM cases WHERE record ->> '$.{RETIRED}' {retired} ORDER BY position");
        let run = || -> rusqlite::Result<Vec<Case>> {
            let mut statement = self.connection.prepare(&sql)?;
            statement.query_map([], read_case)?.collect()
        };
        run().map_err(store_error(&self.path))
    }

    /// Retires a case today; gives it as it is now.
    pub fn retire(&mut self, id: &str) -> Result<Case> {
        let mut case = self.case(id)?.ok_or_else(|| Error::NoSuchCase(id.to_owned()))?;
        case.extra.insert(RETIRED.into(), now()[..10].into());
        self.import(std::slice::from_ref(&case))?;
        Ok(case)
    }

    /// A number that changes whenever a case does, whoever changes it.
    pub fn case_changes(&self) -> Result<i64> {
        if self.version()? < 2 {
            return Ok(0);
        }
        self.connection.query_row("SELECT number FROM case_changes", [], |r| r.get(0)).map_err(store_error(&self.path))
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
        let changed = changed.map_err(store_error(&self.path))?;
        self.empty_journal()?;
        Ok(changed > 0)
    }
}

fn read_case(row: &rusqlite::Row<'_>) -> rusqlite::Result<Case> {
    let json: String = row.get(0)?;
    serde_json::from_str(&json)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e)))
}
