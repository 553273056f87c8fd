//! What people decided about an assessment: accepted, rejected, or another narrative instead.
//!
//! Verdicts are only ever added; taking one back marks it and keeps it, so that the record of who said what survives a
//! change of mind. The judged text is kept with them, since a verdict teaches a model nothing without it; it goes when
//! its last verdict is erased. The newest verdict by row number counts, whatever the clock says.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Store, now, store_error};
use crate::error::{Error, Result};
use crate::record::text;

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// That the text carries a narrative.
    Narrative,
    /// That the text makes the claim of a case.
    Case,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It is so.
    Accepted,
    /// It is not so.
    Rejected,
    /// It is something else: see `instead`.
    Relabelled,
}

/// The text a verdict is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct JudgedText {
    /// The text itself.
    #[serde(deserialize_with = "text")]
    pub text: String,
    /// Its headline.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// ISO 639 code of its language.
    #[serde(deserialize_with = "text")]
    pub language: String,
    /// Who published it.
    #[serde(deserialize_with = "text")]
    pub outlet: String,
    /// Date of publication, `YYYY-MM-DD`.
    #[serde(deserialize_with = "text")]
    pub published: String,
    /// Where it stands.
    #[serde(deserialize_with = "text")]
    pub url: String,
}

/// A verdict before it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVerdict {
    /// What it is about.
    pub subject: Subject,
    /// Id of the narrative or case.
    pub target: String,
    /// What was decided.
    pub decision: Decided,
    /// Ids that are right instead, for [`Decided::Relabelled`].
    pub instead: Vec<String>,
    /// Why.
    pub note: String,
    /// Who.
    pub person: String,
    /// Name and version of the model that answered.
    pub model: (String, String),
    /// What the model said.
    pub probability: Option<f64>,
}

/// A stored verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// Its number, growing.
    pub number: i64,
    /// SHA-256 of the text.
    pub text_hash: String,
    /// What it is about.
    pub subject: Subject,
    /// Id of the narrative or case.
    pub target: String,
    /// What was decided.
    pub decision: Decided,
    /// Ids that are right instead.
    pub instead: Vec<String>,
    /// Why.
    pub note: String,
    /// Who.
    pub person: String,
    /// Name of the model that answered.
    pub model: String,
    /// Its version.
    pub model_version: String,
    /// What the model said.
    pub probability: Option<f64>,
    /// When, RFC 3339.
    pub at: String,
    /// When it was taken back, if it was.
    pub undone_at: Option<String>,
}

impl Store {
    /// Stores a verdict on a text; when this returns it is on the disk.
    pub fn judge(&mut self, text: &JudgedText, verdict: &NewVerdict) -> Result<Verdict> {
        let hash = crate::checksum::sha256(text.text.as_bytes());
        let path = self.path.clone();
        let mut run = || -> rusqlite::Result<i64> {
            let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            transaction.execute(
                "INSERT INTO judged_texts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (hash) DO UPDATE SET
                     title = CASE excluded.title WHEN '' THEN title ELSE excluded.title END,
                     language = CASE excluded.language WHEN '' THEN language ELSE excluded.language END,
                     outlet = CASE excluded.outlet WHEN '' THEN outlet ELSE excluded.outlet END,
                     published = CASE excluded.published WHEN '' THEN published ELSE excluded.published END,
                     url = CASE excluded.url WHEN '' THEN url ELSE excluded.url END",
                params![hash, text.text, text.title, text.language, text.outlet, text.published, text.url],
            )?;
            transaction.execute(
                "INSERT INTO verdicts (text_hash, subject, target, decision, instead, note, person, model,
                     model_version, probability, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    hash,
                    word(verdict.subject),
                    verdict.target,
                    word(verdict.decision),
                    serde_json::json!(verdict.instead).to_string(),
                    verdict.note,
                    verdict.person,
                    verdict.model.0,
                    verdict.model.1,
                    verdict.probability,
                    now()
                ],
            )?;
            let number = transaction.last_insert_rowid();
            transaction.commit()?;
            Ok(number)
        };
        let number = run().map_err(store_error(&path))?;
        self.verdict(number)?.ok_or(Error::NoSuchVerdict(number))
    }

    /// Takes a verdict back. Taking it back twice changes nothing.
    pub fn undo(&mut self, number: i64, person: &str) -> Result<Verdict> {
        self.connection
            .execute(
                "UPDATE verdicts SET undone_at = ?2, undone_by = ?3 WHERE number = ?1 AND undone_at IS NULL",
                params![number, now(), person],
            )
            .map_err(store_error(&self.path))?;
        self.verdict(number)?.ok_or(Error::NoSuchVerdict(number))
    }

    /// One verdict.
    pub fn verdict(&self, number: i64) -> Result<Option<Verdict>> {
        self.connection
            .query_row(&format!("SELECT {COLUMNS} FROM verdicts WHERE number = ?1"), [number], read)
            .optional()
            .map_err(store_error(&self.path))
    }

    /// All verdicts on a text, oldest first, those taken back included.
    pub fn verdicts_on(&self, text_hash: &str) -> Result<Vec<Verdict>> {
        self.list("WHERE text_hash = ?1 ORDER BY number", params![text_hash])
    }

    /// The latest verdicts, newest first.
    pub fn latest_verdicts(&self, most: u32) -> Result<Vec<Verdict>> {
        self.list("ORDER BY number DESC LIMIT ?1", params![most])
    }

    /// The verdicts that count, by text in the order of judging: of several on one thing the latest not taken back.
    pub fn standing_verdicts(&self) -> Result<Vec<(JudgedText, Vec<Verdict>)>> {
        let all = self.list(
            "WHERE undone_at IS NULL AND number IN
                 (SELECT max(number) FROM verdicts WHERE undone_at IS NULL GROUP BY text_hash, subject, target)
             ORDER BY (SELECT min(v.number) FROM verdicts v WHERE v.text_hash = verdicts.text_hash), number",
            [],
        )?;
        let mut out: Vec<(JudgedText, Vec<Verdict>)> = Vec::new();
        for verdict in all {
            match out.last_mut() {
                Some((_, of)) if of.last().is_some_and(|v| v.text_hash == verdict.text_hash) => of.push(verdict),
                _ => out.push((self.judged_text(&verdict.text_hash)?.unwrap_or_default(), vec![verdict])),
            }
        }
        Ok(out)
    }

    /// A judged text by its hash.
    pub fn judged_text(&self, hash: &str) -> Result<Option<JudgedText>> {
        let read = |r: &rusqlite::Row<'_>| {
            Ok(JudgedText {
                text: r.get(0)?,
                title: r.get(1)?,
                language: r.get(2)?,
                outlet: r.get(3)?,
                published: r.get(4)?,
                url: r.get(5)?,
            })
        };
        self.connection
            .query_row(
                "SELECT text, title, language, outlet, published, url FROM judged_texts WHERE hash = ?1",
                [hash],
                read,
            )
            .optional()
            .map_err(store_error(&self.path))
    }

    /// Erases a text and all verdicts on it, for whoever asks to be forgotten; says how many verdicts went.
    pub fn erase_text(&mut self, hash: &str) -> Result<usize> {
        let path = self.path.clone();
        let mut run = || -> rusqlite::Result<usize> {
            let transaction = self.connection.transaction()?;
            let gone = transaction.execute("DELETE FROM verdicts WHERE text_hash = ?1", [hash])?;
            transaction.execute("DELETE FROM judged_texts WHERE hash = ?1", [hash])?;
            transaction.commit()?;
            Ok(gone)
        };
        let gone = run().map_err(store_error(&path))?;
        self.empty_journal()?;
        Ok(gone)
    }

    fn list(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<Verdict>> {
        // A store that no newer program has written to has no verdicts yet.
        if self.version()? < 2 {
            return Ok(Vec::new());
        }
        let run = || -> rusqlite::Result<Vec<Verdict>> {
            let mut statement = self.connection.prepare(&format!("SELECT {COLUMNS} FROM verdicts {which}"))?;
            statement.query_map(values, read)?.collect()
        };
        run().map_err(store_error(&self.path))
    }
}

const COLUMNS: &str = "number, text_hash, subject, target, decision, instead, note, person, model, model_version, \
                       probability, at, undone_at";

fn read(r: &rusqlite::Row<'_>) -> rusqlite::Result<Verdict> {
    Ok(Verdict {
        number: r.get(0)?,
        text_hash: r.get(1)?,
        subject: unword(r, 2)?,
        target: r.get(3)?,
        decision: unword(r, 4)?,
        instead: serde_json::from_str(&r.get::<_, String>(5)?).unwrap_or_default(),
        note: r.get(6)?,
        person: r.get(7)?,
        model: r.get(8)?,
        model_version: r.get(9)?,
        probability: r.get(10)?,
        at: r.get(11)?,
        undone_at: r.get(12)?,
    })
}

/// The name serde gives a value without fields.
fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn unword<T: serde::de::DeserializeOwned>(r: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word: String = r.get(column)?;
    serde_json::from_value(word.into())
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(target: &str, decision: Decided) -> NewVerdict {
        NewVerdict {
            subject: Subject::Narrative,
            target: target.into(),
            decision,
            instead: Vec::new(),
            note: "because".into(),
            person: "ana".into(),
            model: ("starter".into(), "1".into()),
            probability: Some(0.7),
        }
    }

    #[test]
    fn the_latest_verdict_counts_and_undo_brings_back_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (mut store, _) = Store::create(&path).unwrap();
        let text = JudgedText { text: "a text".into(), language: "en".into(), ..JudgedText::default() };
        let first = store.judge(&text, &verdict("n", Decided::Accepted)).unwrap();
        let second = store.judge(&text, &verdict("n", Decided::Rejected)).unwrap();
        store.judge(&text, &verdict("m", Decided::Accepted)).unwrap();
        let standing = |store: &Store| -> Vec<_> {
            store.standing_verdicts().unwrap().into_iter().flat_map(|t| t.1).map(|v| (v.target, v.decision)).collect()
        };
        assert_eq!(standing(&store), [("n".into(), Decided::Rejected), ("m".into(), Decided::Accepted)]);
        assert!(store.undo(second.number, "ana").unwrap().undone_at.is_some());
        store.undo(second.number, "ana").unwrap();
        assert_eq!(standing(&store), [("n".into(), Decided::Accepted), ("m".into(), Decided::Accepted)]);
        assert!(matches!(store.undo(99, ""), Err(Error::NoSuchVerdict(99))));
        // Another program sees it at once; the text is kept once.
        let other = Store::open(&path).unwrap();
        assert_eq!(other.verdicts_on(&first.text_hash).unwrap().len(), 3);
        assert_eq!(other.judged_text(&first.text_hash).unwrap(), Some(text));
        assert_eq!(store.erase_text(&first.text_hash).unwrap(), 3);
        assert!(store.standing_verdicts().unwrap().is_empty());
    }

    #[test]
    fn what_is_erased_stands_in_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (mut store, _) = Store::create(&path).unwrap();
        let text = |words: &str| JudgedText { text: words.repeat(40), ..JudgedText::default() };
        let gone = store.judge(&text("privateword "), &verdict("n", Decided::Accepted)).unwrap();
        store.judge(&text("another "), &verdict("n", Decided::Accepted)).unwrap();
        let stands = |word: &str| {
            let files = std::fs::read_dir(folder.path()).unwrap().map(|e| std::fs::read(e.unwrap().path()).unwrap());
            files.filter(|bytes| memchr::memmem::find(bytes, word.as_bytes()).is_some()).count()
        };
        assert!(stands("privateword") > 0);
        store.erase_text(&gone.text_hash).unwrap();
        assert_eq!(stands("privateword"), 0);
        assert!(stands("another") > 0);
    }
}
