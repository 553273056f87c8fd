//! Feeds watched: polled politely, each new item assessed once and kept, and alerts given for what carries a narrative.
//!
//! A feed is asked for no more often than its interval, conditionally, one request at a time with a pause between two to
//! the same server, later after every failure, and when the server asks for patience, as late as it says. Polling in
//! parallel was rejected: a newsroom's list has hundreds of feeds and minutes of time.

pub mod opml;

use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::assess::{Assessment, Assessor, Options};
use crate::document::Document;
use crate::error::Result;
use crate::ingest::block::{Block, Form, Source};
use crate::ingest::documents::Reader;
use crate::ingest::feed;
use crate::ingest::fetch::{FetchProblem, Fetched, Fetcher, Validators};
use crate::ingest::fields::FieldNames;
use crate::ingest::problem::InputProblem;
use crate::model::classifier::Decision;
use crate::store::{Store, WatchedFeed, WatchedItem};

/// Pause between two requests to one server.
const PAUSE: Duration = Duration::from_secs(1);

/// Longest wait after failures.
const LONGEST: Duration = Duration::from_hours(24);

/// How to watch.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses of the feeds.
    pub feeds: Vec<String>,
    /// Time between two looks at a feed.
    pub interval: Duration,
    /// How much to answer.
    pub options: Options,
    /// From which decision on to alert.
    pub from: Decision,
    /// And from which probability on.
    pub least: f64,
    /// Where to post alerts.
    pub webhook: Option<String>,
    /// Whether feeds and webhook may lie in private networks.
    pub allow_private: bool,
}

/// What an alert says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The narratives without children that reach the bounds, most probable first.
    pub narratives: Vec<AlertNarrative>,
    /// Headline of the item.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// When it was published.
    pub published: String,
    /// Address of its feed.
    pub feed: String,
    /// Its identifier in the feed.
    pub id: String,
}

/// A narrative in an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertNarrative {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How probable it is.
    pub probability: f64,
    /// What that means.
    pub decision: Decision,
}

/// What happens, for whoever watches the watch.
pub enum News<'a> {
    /// An alert, as JSON.
    Alert(&'a str),
    /// A feed was looked at: new items, and what was wrong with others.
    Looked {
        /// Its address.
        feed: &'a str,
        /// Items assessed.
        new: usize,
        /// Items that could not be read.
        bad: usize,
        /// What was wrong with the first of them.
        cause: Option<&'a str>,
    },
    /// A feed could not be read.
    Failed {
        /// Its address.
        feed: &'a str,
        /// Why not.
        problem: &'a dyn std::fmt::Display,
        /// When it is tried again.
        wait: Duration,
    },
    /// The webhook could not be called; its alerts are kept and sent later.
    WebhookFailed(&'a FetchProblem),
}

/// What a look at a feed gave.
#[derive(Default)]
struct Looked {
    /// New items.
    items: Vec<WatchedItem>,
    /// How many could not be read, and what was wrong with the first.
    bad: usize,
    cause: Option<String>,
}

impl Looked {
    fn bad(&mut self, problem: &dyn std::fmt::Display) {
        self.bad += 1;
        self.cause.get_or_insert_with(|| problem.to_string());
    }
}

/// A watch over feeds.
pub struct Watch<'a> {
    assessor: &'a Assessor,
    store: Store,
    settings: Settings,
    fetcher: Fetcher,
    /// The server asked last.
    last_host: String,
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// How long to wait after so many failures in a row.
fn patience(interval: Duration, failures: u32) -> Duration {
    interval.saturating_mul(1 << failures.min(16)).min(LONGEST.max(interval))
}

impl<'a> Watch<'a> {
    /// Watches with what `store` has seen already.
    pub fn new(assessor: &'a Assessor, store: Store, settings: Settings) -> Result<Self> {
        store.prepare_watch()?;
        let fetcher = Fetcher::new(settings.allow_private);
        Ok(Self { assessor, store, settings, fetcher, last_host: String::new() })
    }

    /// Looks at every feed that is due, then gives all open alerts.
    pub fn round(&mut self, tell: &mut dyn FnMut(News<'_>)) -> Result<()> {
        for url in self.settings.feeds.clone() {
            let known = self.store.watched_feed(&url)?.unwrap_or_default();
            if known.next_at <= now() {
                self.look(&url, known, tell)?;
                self.alert(tell)?;
            }
        }
        self.alert(tell)
    }

    /// Time until the next feed is due.
    pub fn rest(&self) -> Result<Duration> {
        let mut next = i64::MAX;
        for url in &self.settings.feeds {
            next = next.min(self.store.watched_feed(url)?.unwrap_or_default().next_at);
        }
        let wait = u64::try_from(next.saturating_sub(now())).unwrap_or(0);
        Ok(Duration::from_secs(wait).clamp(PAUSE, self.settings.interval.max(PAUSE)))
    }

    fn look(&mut self, url: &str, mut known: WatchedFeed, tell: &mut dyn FnMut(News<'_>)) -> Result<()> {
        let host = url.split('/').nth(2).unwrap_or_default().to_owned();
        if host == self.last_host {
            std::thread::sleep(PAUSE);
        }
        self.last_host = host;
        let validators = Validators { etag: known.etag.clone(), modified: known.modified.clone() };
        let interval = self.settings.interval;
        match self.fetcher.get(url, &validators) {
            Ok(fetched) => {
                let mut read = Looked::default();
                if let Fetched::New { body, validators } = fetched {
                    let entries = feed::entries(&body);
                    if let [(_, Err(problem @ InputProblem::Feed(_)))] = &entries[..] {
                        return self.failed(url, known, problem, None, tell);
                    }
                    read = self.assess(url, entries)?;
                    self.store.add_items(&read.items)?;
                    (known.etag, known.modified) = (validators.etag, validators.modified);
                }
                (known.failures, known.next_at) = (0, now().saturating_add(seconds(interval)));
                // Only once its items are kept: else they would be missed.
                self.store.set_watched_feed(url, &known)?;
                let Looked { items, bad, cause } = read;
                tell(News::Looked { feed: url, new: items.len(), bad, cause: cause.as_deref() });
                Ok(())
            }
            Err(problem) => {
                let wait = match &problem {
                    FetchProblem::Gone => Some(LONGEST),
                    FetchProblem::Busy { wait: Some(wait), .. } => Some((*wait).clamp(interval, LONGEST.max(interval))),
                    _ => None,
                };
                self.failed(url, known, &problem, wait, tell)
            }
        }
    }

    /// Notes that a feed could not be read, to be tried again after `wait`, or later with every failure.
    fn failed(
        &self,
        url: &str,
        mut known: WatchedFeed,
        problem: &dyn std::fmt::Display,
        wait: Option<Duration>,
        tell: &mut dyn FnMut(News<'_>),
    ) -> Result<()> {
        known.failures = known.failures.saturating_add(1);
        let wait = wait.unwrap_or_else(|| patience(self.settings.interval, known.failures));
        known.next_at = now().saturating_add(seconds(wait));
        self.store.set_watched_feed(url, &known)?;
        tell(News::Failed { feed: url, problem, wait });
        Ok(())
    }

    /// Assesses the entries of a feed that are new, each once, and counts those that could not be read.
    fn assess(&self, url: &str, entries: Vec<feed::Found>) -> Result<Looked> {
        let names = FieldNames::default();
        let mut reader = Reader::new(&names, false);
        let mut worker = self.assessor.worker();
        let mut out = Looked::default();
        for (line, entry) in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(problem) => {
                    out.bad(&problem);
                    continue;
                }
            };
            let field = |name: &str| entry.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let mut block = Block::default();
            block.begin(&std::sync::Arc::new(Source::named(url)));
            block.push(&serde_json::to_vec(&entry).unwrap_or_default(), line, Form::Json);
            let found = match reader.read(&block, &block.items[0]) {
                Ok(found) => found,
                Err(problem) => {
                    out.bad(&problem);
                    continue;
                }
            };
            if out.items.iter().any(|item| item.id == found.id) || self.store.has_item(url, &found.id)? {
                continue;
            }
            let document =
                Document { id: found.id.into_owned(), text: found.text.into_owned(), language: found.language };
            let assessment = self.assessor.assess(&mut worker, &document, self.settings.options);
            let mut item = WatchedItem {
                feed: url.to_owned(),
                id: document.id,
                url: field("url"),
                title: field("title"),
                published: field("published"),
                seen_at: now(),
                assessment: serde_json::to_string(&assessment).unwrap_or_default(),
                alert: None,
            };
            item.alert = self.alert_of(&item, &assessment);
            out.items.push(item);
        }
        Ok(out)
    }

    fn alert_of(&self, item: &WatchedItem, assessment: &Assessment) -> Option<String> {
        let Settings { from, least, .. } = self.settings;
        let told = assessment.narratives.iter().filter(|n| n.decision >= from && n.probability >= least);
        // A parent says nothing that its child does not say better.
        let is_parent = |id: &str| assessment.narratives.iter().any(|n| n.parent.as_deref() == Some(id));
        let mut narratives: Vec<AlertNarrative> = told
            .clone()
            .filter(|n| !is_parent(&n.id))
            .chain(told.filter(|n| is_parent(&n.id)))
            .map(|n| AlertNarrative {
                id: n.id.to_string(),
                name: n.name.to_string(),
                probability: n.probability,
                decision: n.decision,
            })
            .collect();
        if narratives.iter().any(|n| !is_parent(&n.id)) {
            narratives.retain(|n| !is_parent(&n.id));
        }
        let alert = Alert {
            narratives,
            title: item.title.clone(),
            url: item.url.clone(),
            published: item.published.clone(),
            feed: item.feed.clone(),
            id: item.id.clone(),
        };
        (!alert.narratives.is_empty()).then(|| serde_json::to_string(&alert).unwrap_or_default())
    }

    /// Gives the alerts that have not been given. One that the webhook does not take is tried again with the next round.
    fn alert(&mut self, tell: &mut dyn FnMut(News<'_>)) -> Result<()> {
        for (number, alert) in self.store.open_alerts()? {
            if let Some(webhook) = &self.settings.webhook
                && let Err(problem) = self.fetcher.post(webhook, alert.as_bytes())
            {
                tell(News::WebhookFailed(&problem));
                return Ok(());
            }
            tell(News::Alert(&alert));
            self.store.close_alert(number)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_and_ends() {
        let quarter = Duration::from_mins(15);
        assert_eq!(patience(quarter, 0), quarter);
        assert_eq!(patience(quarter, 3), quarter * 8);
        assert_eq!(patience(quarter, 200), LONGEST);
        assert_eq!(patience(LONGEST * 2, 200), LONGEST * 2);
    }
}
