//! Writes down what was assessed, behind the back of the requests: for the overview, never the text itself.
//!
//! One thread, many texts a transaction. A full queue drops entries and counts them: the overview may miss one, an
//! answer may not be late. Nothing here is acknowledged to anyone, so it does not wait for the disk either.

use rustc_hash::FxHashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::engine::Engine;
use super::telling;
use crate::assess::{Assessment, Outcome};
use crate::checksum::sha256;
use crate::document::Language;
use crate::features::minhash::Shingles;
use crate::model::classifier::Decision;
use crate::store::{AssessedText, SKETCH, Store, now};

/// Entries waiting.
const QUEUE: usize = 2_048;
/// Entries a transaction.
const BATCH: usize = 256;
/// How long an entry waits for company.
const PAUSE: Duration = Duration::from_millis(200);
/// Bytes of a text that are sketched: the beginning tells copies apart, and a book must not hold up the rest.
const SKETCHED: usize = 16_384;
/// Texts whose sketch is known to be in the store.
const REMEMBERED: usize = 50_000;

/// One assessment to be written down.
pub(crate) struct Entry {
    /// The text; only its hash, sketch and most telling words are kept.
    pub text: String,
    /// Day it was published, if known.
    pub day: String,
    /// Who published it.
    pub outlet: String,
    /// Its headline.
    pub title: String,
    /// Its language.
    pub(crate) language: Option<Language>,
    /// What the assessment came to.
    pub(crate) outcome: Outcome,
    /// Narratives suggested or matched: id, decision, probability.
    pub(crate) narratives: Vec<(String, String, f64)>,
}

impl Entry {
    /// What is kept of an assessment.
    pub(crate) fn new(text: String, answer: &Assessment) -> Self {
        let held = answer.narratives.iter().filter(|n| n.decision > Decision::Weak);
        let name = |d: Decision| if d == Decision::Match { "match" } else { "suggest" };
        Self {
            text,
            day: String::new(),
            outlet: String::new(),
            title: String::new(),
            language: answer.language,
            outcome: answer.outcome,
            narratives: held.map(|n| (n.id.to_string(), name(n.decision).to_owned(), n.probability)).collect(),
        }
    }
}

enum Message {
    Entry(Box<Entry>, Arc<Engine>),
    Flush(SyncSender<()>),
}

/// The queue, and the thread behind it.
pub(crate) struct History {
    queue: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<()>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

impl History {
    /// Starts writing to the store at `path`.
    pub(crate) fn start(path: PathBuf) -> Self {
        let (queue, entries) = sync_channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let theirs = Arc::clone(&counts);
        let thread =
            std::thread::Builder::new().name("history".into()).spawn(move || run(&path, &entries, &theirs)).ok();
        Self { queue: Some(queue), thread, counts }
    }

    /// Adds an entry if there is room.
    pub(crate) fn offer(&self, entry: Entry, engine: Arc<Engine>) {
        let message = Message::Entry(Box::new(entry), engine);
        let sent = self.queue.as_ref().map(|q| q.try_send(message));
        if !matches!(sent, Some(Ok(()))) {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all that was offered is written.
    pub(crate) fn flush(&self) {
        let (done, wait) = sync_channel(1);
        let mut message = Message::Flush(done);
        while let Some(Err(TrySendError::Full(back))) = self.queue.as_ref().map(|q| q.try_send(message)) {
            message = back;
            std::thread::sleep(Duration::from_millis(10));
        }
        // An error says that the thread is gone, and everything with it.
        let _ = wait.recv_timeout(Duration::from_secs(10));
    }

    /// Entries written and dropped so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.counts.written.load(Ordering::Relaxed), self.counts.dropped.load(Ordering::Relaxed))
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, messages: &Receiver<Message>, counts: &Counts) {
    let mut store = None;
    let mut sketched = FxHashSet::default();
    let mut open = true;
    while open {
        let mut batch = Vec::new();
        let mut flushed = Vec::new();
        match messages.recv() {
            Ok(first) => take(first, &mut batch, &mut flushed),
            Err(_) => return,
        }
        while batch.len() < BATCH && flushed.is_empty() {
            match messages.recv_timeout(PAUSE) {
                Ok(next) => take(next, &mut batch, &mut flushed),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    open = false;
                    break;
                }
            }
        }
        let texts: Vec<AssessedText> =
            batch.into_iter().map(|(e, engine)| digest(*e, &engine, &mut sketched)).collect();
        let number = texts.len() as u64;
        if store.is_none() {
            // Only an existing store: a new one would lack the cases it has to begin with.
            store = path
                .exists()
                .then(|| Store::create(path).ok())
                .flatten()
                .map(|s| s.0)
                .filter(|s| s.set_relaxed().is_ok());
        }
        let written = store.as_mut().is_some_and(|s: &mut Store| s.record_assessed(&texts).is_ok());
        if !written {
            // Opened anew for the next batch; sketches of this one are not in the store.
            store = None;
            sketched.clear();
        }
        (if written { &counts.written } else { &counts.dropped }).fetch_add(number, Ordering::Relaxed);
        for done in flushed {
            let _ = done.send(());
        }
    }
}

fn take(message: Message, batch: &mut Vec<(Box<Entry>, Arc<Engine>)>, flushed: &mut Vec<SyncSender<()>>) {
    match message {
        Message::Entry(entry, engine) => batch.push((entry, engine)),
        Message::Flush(done) => flushed.push(done),
    }
}

fn digest(entry: Entry, engine: &Engine, sketched: &mut FxHashSet<String>) -> AssessedText {
    let hash = sha256(entry.text.as_bytes());
    if sketched.len() >= REMEMBERED {
        sketched.clear();
    }
    // A text met before has its sketch and terms in the store already; an update leaves them alone.
    let new = sketched.insert(hash.clone());
    let terms = if new && entry.outcome == Outcome::Unknown {
        telling::words(engine.assessor().classifier(), start_of(&entry.text), entry.language)
    } else {
        Vec::new()
    };
    let day = if entry.day.is_empty() { now()[..10].to_owned() } else { entry.day };
    AssessedText {
        sketch: if new { sketch(&entry.text) } else { None },
        hash,
        day,
        language: entry.language.map_or_else(String::new, |l| l.code().to_owned()),
        outlet: entry.outlet,
        title: entry.title,
        outcome: entry.outcome.name().to_owned(),
        narratives: entry.narratives,
        terms,
    }
}

fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(SKETCHED)]
}

/// The sketch by which near-duplicates of a text are found.
pub(super) fn sketch(text: &str) -> Option<[u8; SKETCH]> {
    Shingles::of(start_of(text)).signature().map(|s| s.bytes())
}
