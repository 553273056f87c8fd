//! What `leitmotif watch` has seen: the feeds with what their servers said last, and every item with its assessment.
//!
//! The tables are made when a store is first watched with, beside the steps of the schema: a store that never is does not
//! change. An item is written before its alert is sent and marked after, so an alert may come twice after a power cut,
//! but never not at all.

use rusqlite::{OptionalExtension, params};

use super::Store;
use crate::error::{Error, Result};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS watched_feeds (
        url TEXT PRIMARY KEY,
        etag TEXT,
        modified TEXT,
        next_at INTEGER NOT NULL,
        failures INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS watched_items (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        feed TEXT NOT NULL,
        id TEXT NOT NULL,
        url TEXT NOT NULL,
        title TEXT NOT NULL,
        published TEXT NOT NULL,
        seen_at INTEGER NOT NULL,
        assessment TEXT NOT NULL,
        alert TEXT,
        alerted INTEGER NOT NULL,
        UNIQUE (feed, id)
    );
    CREATE INDEX IF NOT EXISTS watched_alerts ON watched_items (alerted) WHERE alerted = 0;";

/// What is known about a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedFeed {
    /// `ETag` of its last version.
    pub etag: Option<String>,
    /// `Last-Modified` of its last version.
    pub modified: Option<String>,
    /// Not to be asked for before this time, in seconds since 1970.
    pub next_at: i64,
    /// Failures in a row.
    pub failures: u32,
}

/// An item of a feed with its assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchedItem {
    /// Address of its feed.
    pub feed: String,
    /// Its identifier in the feed.
    pub id: String,
    /// Where it can be read.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// When it was published.
    pub published: String,
    /// When it was seen, in seconds since 1970.
    pub seen_at: i64,
    /// The assessment as JSON.
    pub assessment: String,
    /// The alert as JSON, if it is worth one.
    pub alert: Option<String>,
}

impl Store {
    fn watched<T>(&self, run: impl FnOnce() -> rusqlite::Result<T>) -> Result<T> {
        let path = self.path.clone();
        run().map_err(|source| Error::Store { path, source })
    }

    /// Makes the tables, if they are not there.
    pub fn prepare_watch(&self) -> Result<()> {
        self.watched(|| self.connection.execute_batch(TABLES))
    }

    /// What is known about a feed.
    pub fn watched_feed(&self, url: &str) -> Result<Option<WatchedFeed>> {
        self.watched(|| {
            let sql = "SELECT etag, modified, next_at, failures FROM watched_feeds WHERE url = ?1";
            let read = |row: &rusqlite::Row<'_>| {
                Ok(WatchedFeed {
                    etag: row.get(0)?,
                    modified: row.get(1)?,
                    next_at: row.get(2)?,
                    failures: row.get(3)?,
                })
            };
            self.connection.query_row(sql, params![url], read).optional()
        })
    }

    /// Keeps what is known about a feed.
    pub fn set_watched_feed(&self, url: &str, feed: &WatchedFeed) -> Result<()> {
        self.watched(|| {
            let sql = "INSERT OR REPLACE INTO watched_feeds (url, etag, modified, next_at, failures) VALUES (?1, ?2, ?3, ?4, ?5)";
            let WatchedFeed { etag, modified, next_at, failures } = feed;
            self.connection.execute(sql, params![url, etag, modified, next_at, failures]).map(|_| ())
        })
    }

    /// Whether an item was seen before.
    pub fn has_item(&self, feed: &str, id: &str) -> Result<bool> {
        self.watched(|| {
            let mut find = self.connection.prepare_cached("SELECT 1 FROM watched_items WHERE feed = ?1 AND id = ?2")?;
            find.exists(params![feed, id])
        })
    }

    /// Keeps items, all or none; those that are known stay as they are.
    pub fn add_items(&mut self, items: &[WatchedItem]) -> Result<()> {
        let path = self.path.clone();
        let mut run = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            for i in items {
                transaction.execute(
                    "INSERT OR IGNORE INTO watched_items
                         (feed, id, url, title, published, seen_at, assessment, alert, alerted)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8 IS NULL)",
                    params![i.feed, i.id, i.url, i.title, i.published, i.seen_at, i.assessment, i.alert],
                )?;
            }
            transaction.commit()
        };
        run().map_err(|source| Error::Store { path, source })
    }

    /// Alerts that have not been given yet, oldest first: number and JSON.
    pub fn open_alerts(&self) -> Result<Vec<(i64, String)>> {
        self.watched(|| {
            let sql = "SELECT number, alert FROM watched_items WHERE alerted = 0 ORDER BY number";
            let mut find = self.connection.prepare(sql)?;
            find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// Notes that an alert has been given.
    pub fn close_alert(&self, number: i64) -> Result<()> {
        self.watched(|| {
            let sql = "UPDATE watched_items SET alerted = 1 WHERE number = ?1";
            self.connection.execute(sql, params![number]).map(|_| ())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_kept_once_and_alerts_until_they_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::create(&folder.path().join("s.db")).unwrap();
        store.prepare_watch().unwrap();
        store.prepare_watch().unwrap();
        let item = |id: &str, alert: Option<&str>| WatchedItem {
            feed: "f".into(),
            id: id.into(),
            assessment: "{}".into(),
            alert: alert.map(str::to_owned),
            ..WatchedItem::default()
        };
        store.add_items(&[item("a", Some("alert a")), item("b", None)]).unwrap();
        store.add_items(&[item("a", Some("again")), item("c", Some("alert c"))]).unwrap();
        assert!(store.has_item("f", "b").unwrap() && !store.has_item("g", "b").unwrap());
        let alerts = store.open_alerts().unwrap();
        assert_eq!(alerts.iter().map(|a| &*a.1).collect::<Vec<_>>(), ["alert a", "alert c"]);
        store.close_alert(alerts[0].0).unwrap();
        assert_eq!(store.open_alerts().unwrap().len(), 1);
        let feed = WatchedFeed { etag: Some("x".into()), next_at: 7, failures: 2, ..WatchedFeed::default() };
        store.set_watched_feed("f", &feed).unwrap();
        assert_eq!((store.watched_feed("f").unwrap(), store.watched_feed("g").unwrap()), (Some(feed), None));
    }
}
