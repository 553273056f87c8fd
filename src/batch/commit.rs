//! The end of the line: what the threads have done, written in the order of the input, counted, and made safe.

use rustc_hash::FxHashMap;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Status;
use super::checkpoint::Checkpoint;
use super::output::Output;
use super::problem::BatchProblem;
use super::render::{Renderer, Shape};
use super::summary::Summary;
use super::table_output::Table;
use super::work::{Fate, Finished, Scored};
use crate::assess::{Assessment, ModelName, Outcome};
use crate::document::Language;
use crate::error::{BadRecord, Result};

/// Shortest time between two checkpoints.
const SHORTEST: Duration = Duration::from_secs(2);

/// A checkpoint may take one part in so many of the time.
const SHARE: u32 = 200;

/// Where assessments go.
pub(super) enum Sink {
    /// A stream of lines.
    Lines(Output),
    /// A Parquet file.
    Table(Box<Table>),
}

/// Whoever watches a run.
pub(super) struct Watchers<'a> {
    pub(super) reject: &'a (dyn Fn(&BadRecord) + Sync),
    pub(super) status: &'a (dyn Fn(&Status) + Sync),
}

/// Where an earlier run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resumed {
    /// Records, and the hash they had.
    pub(super) records: u64,
    pub(super) hash: u64,
    /// Bytes of the outputs up to there.
    pub(super) output: u64,
    pub(super) rejects: u64,
    /// Whether that run had ended, so that no more records may come.
    pub(super) finished: bool,
}

/// Writes finished blocks.
pub(super) struct Committer<'a> {
    pub(super) sink: Sink,
    pub(super) rejects: Option<Output>,
    pub(super) shape: Shape,
    pub(super) model: ModelName,
    pub(super) summary: Summary,
    pub(super) checkpoint: Option<(PathBuf, Checkpoint)>,
    pub(super) max_errors: Option<u64>,
    pub(super) watchers: Watchers<'a>,
    /// Hash of all records up to here.
    pub(super) records: u64,
    pub(super) groups: Groups,
    /// Where an earlier run came to, if this one goes on from there.
    pub(super) resumed: Option<Resumed>,
    pub(super) passed: u64,
    pub(super) failed: bool,
    /// Bytes read from the inputs, and bytes they have as far as that is known.
    pub(super) bytes: Arc<AtomicU64>,
    pub(super) all_bytes: Option<u64>,
    pub(super) begun: Instant,
    pub(super) checkpoint_every: Option<Duration>,
    pub(super) next_checkpoint: Instant,
}

impl Committer<'_> {
    /// Writes a block; nothing more after one that could not be written, whoever asks.
    pub(super) fn commit(&mut self, done: Finished) -> Result<()> {
        if self.failed {
            return Ok(());
        }
        let written = self.write(done);
        self.failed = written.is_err();
        written
    }

    fn write(&mut self, done: Finished) -> Result<()> {
        let Finished { fates, bytes, rows, left_out } = done;
        let (mut from, mut row) = (0, 0);
        let mut rows = rows.into_iter();
        // What earlier records left out was counted by the run that read them.
        if self.resumed.is_none_or(|r| self.passed >= r.records && !r.finished) {
            self.summary.left_out += left_out;
        }
        for (hash, fate) in fates {
            self.records = (self.records.rotate_left(5) ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if let Fate::Passed = fate {
                self.passed += 1;
                self.go_on()?;
                continue;
            }
            if let Some(resumed) = self.resumed.filter(|r| r.finished) {
                return Err(BatchProblem::ChangedInput { read: resumed.records }.into());
            }
            self.summary.read += 1;
            match fate {
                Fate::Passed => {}
                Fate::Scored(scored) => {
                    match &mut self.sink {
                        Sink::Lines(output) => output.add(&bytes[from..scored.end])?,
                        Sink::Table(table) => table.add(rows.by_ref().take(scored.rows - row))?,
                    }
                    (from, row) = (scored.end, scored.rows);
                    self.count(&scored);
                }
                Fate::Repeats { id, first, group, language, text, about } => {
                    let outcome = self.groups.repeat(group, &mut self.summary);
                    self.repetition(id, &first, outcome, language, &about)?;
                    self.summary.repeated += 1;
                    self.summary.text_bytes += text as u64;
                    self.summary.outcome(outcome);
                    self.summary.language(language.as_ref().map_or("und", Language::code));
                }
                Fate::Rejected(bad) => self.reject(&bad)?,
            }
            // A packed output is safe only between its members.
            if let Sink::Lines(output) = &self.sink
                && output.is_safe()
            {
                self.save_if_due()?;
            }
        }
        self.end_of_block()
    }

    /// Takes up the outputs where they are safe, once all records of the earlier run have passed by.
    fn go_on(&mut self) -> Result<()> {
        let Some(resumed) = self.resumed.filter(|r| r.records == self.passed) else { return Ok(()) };
        if self.records != resumed.hash {
            return Err(BatchProblem::ChangedInput { read: resumed.records }.into());
        }
        if let Sink::Lines(output) = &mut self.sink {
            output.cut(resumed.output)?;
        }
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.cut(resumed.rejects))
    }

    fn save_if_due(&mut self) -> Result<()> {
        if self.checkpoint.is_some() && Instant::now() >= self.next_checkpoint { self.save(false) } else { Ok(()) }
    }

    fn count(&mut self, scored: &Scored) {
        self.summary.outcome(scored.outcome);
        self.summary.language(scored.language.as_ref().map_or("und", Language::code));
        self.summary.text_bytes += scored.text as u64;
        for (id, decision) in &scored.narratives {
            self.summary.narrative(id, *decision);
        }
        if let Some(group) = scored.group {
            self.groups.set(group, scored.outcome);
        }
        if let Some(group) = scored.repeats {
            self.groups.repeat(group, &mut self.summary);
            self.summary.repeated += 1;
        }
    }

    /// Writes the line of a document that repeats another: the outcome of that one, and its id.
    fn repetition(
        &mut self,
        id: String,
        first: &str,
        outcome: Outcome,
        language: Option<Language>,
        about: &[u8],
    ) -> Result<()> {
        let assessment = Assessment {
            id,
            model: self.model.clone(),
            language,
            outcome,
            narratives: Vec::new(),
            stance: None,
            related: Vec::new(),
            near_duplicate_of: Some(first.to_owned()),
            warnings: Vec::new(),
        };
        let mut renderer = Renderer::new(self.shape);
        renderer.add(&assessment, about);
        match &mut self.sink {
            Sink::Lines(output) => output.add(&renderer.bytes),
            Sink::Table(table) => table.add(renderer.rows.into_iter()),
        }
    }

    fn reject(&mut self, bad: &BadRecord) -> Result<()> {
        self.summary.error(&bad.problem);
        match &mut self.rejects {
            Some(rejects) => {
                let line = json!({
                    "source": bad.place.source, "position": bad.place.line,
                    "kind": bad.problem.kind(), "cause": bad.problem.to_string(),
                });
                rejects.add(format!("{line}\n").as_bytes())?;
            }
            None => (self.watchers.reject)(bad),
        }
        match self.max_errors {
            Some(limit) if self.summary.rejected > limit => {
                // What is done is kept, so that the run can be resumed with a higher limit.
                self.save(false)?;
                Err(BatchProblem::TooManyErrors { limit }.into())
            }
            _ => Ok(()),
        }
    }

    fn end_of_block(&mut self) -> Result<()> {
        if let Sink::Lines(output) = &mut self.sink {
            output.flush()?;
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.flush()?;
        }
        self.save_if_due()?;
        (self.watchers.status)(&self.status());
        Ok(())
    }

    fn status(&self) -> Status {
        Status {
            read: self.summary.read,
            passed: self.passed,
            scored: self.summary.scored,
            rejected: self.summary.rejected,
            text_bytes: self.summary.text_bytes,
            elapsed: self.begun.elapsed(),
            bytes: self.bytes.load(Ordering::Relaxed),
            all_bytes: self.all_bytes,
        }
    }

    /// Makes what has been written safe, if the output can be continued from here.
    fn save(&mut self, finished: bool) -> Result<()> {
        let Some((path, checkpoint)) = &mut self.checkpoint else { return Ok(()) };
        let Sink::Lines(output) = &mut self.sink else { return Ok(()) };
        if !output.is_safe() && !finished {
            return Ok(());
        }
        // Still among records of an earlier run.
        if self.resumed.is_some_and(|r| self.passed < r.records) {
            return Ok(());
        }
        let begun = Instant::now();
        output.sync()?;
        if let Some(rejects) = &mut self.rejects {
            rejects.flush()?;
            rejects.sync()?;
            checkpoint.rejects = rejects.length;
        }
        checkpoint.output = output.length;
        checkpoint.records = format!("{:016x}", self.records);
        checkpoint.groups = self.groups.letters();
        checkpoint.finished = finished;
        checkpoint.summary = self.summary.clone();
        checkpoint.write(path)?;
        let now = Instant::now();
        let every = self.checkpoint_every.unwrap_or_else(|| SHORTEST.max((now - begun) * SHARE));
        self.next_checkpoint = now + every;
        Ok(())
    }

    /// Ends the run. `keep` leaves a checkpoint that says so, for whoever resumes a run that is done; or, where the input may
    /// grow (`open`), one to go on from.
    pub(super) fn finish(mut self, keep: bool, open: bool) -> Result<Summary> {
        if let Some(resumed) = self.resumed.filter(|r| self.passed < r.records) {
            return Err(BatchProblem::ChangedInput { read: resumed.records }.into());
        }
        self.summary.seconds = self.begun.elapsed().as_secs_f64();
        if let Some(rejects) = &mut self.rejects {
            rejects.close_member()?;
        }
        if keep && open {
            // A member that has room is closed for whoever reads the output now, and made again on going on.
            if let Sink::Lines(output) = &mut self.sink {
                output.flush()?;
            }
            self.save(false)?;
        }
        if let Sink::Lines(output) = &mut self.sink {
            output.close_member()?;
        }
        if keep && !open {
            self.save(true)?;
        }
        if let Some((path, _)) = self.checkpoint.as_ref().filter(|_| !keep) {
            // The output first: without a checkpoint it counts as finished.
            if let Sink::Lines(output) = &mut self.sink {
                output.sync()?;
            }
            let _ = std::fs::remove_file(path);
        }
        (self.watchers.status)(&self.status());
        if let Sink::Table(table) = self.sink {
            table.close()?;
        }
        Ok(self.summary)
    }
}

/// The outcome of every remembered group, and whether it has repetitions.
pub(super) struct Groups {
    ring: Vec<u8>,
    capacity: u64,
}

const OUTCOMES: [(Outcome, u8); 4] =
    [(Outcome::Known, b'k'), (Outcome::Unknown, b'u'), (Outcome::TooShort, b's'), (Outcome::Unsupported, b'x')];

impl Groups {
    pub(super) fn new(capacity: usize) -> Self {
        Self { ring: Vec::new(), capacity: capacity.max(1) as u64 }
    }

    /// As [`Groups::letters`] wrote them.
    pub(super) fn restore(&mut self, letters: &str) {
        self.ring = letters.as_bytes().to_vec();
        self.ring.truncate(self.capacity as usize);
    }

    fn letters(&self) -> String {
        self.ring.iter().map(|&b| char::from(b)).collect()
    }

    fn set(&mut self, group: u64, outcome: Outcome) {
        let letter = OUTCOMES.iter().find(|(o, _)| *o == outcome).map_or(b'u', |(_, l)| *l);
        let at = (group % self.capacity) as usize;
        if at >= self.ring.len() {
            // A group whose document was rejected after all has no outcome of its own.
            self.ring.resize(at + 1, b'u');
        }
        self.ring[at] = letter;
    }

    /// The outcome of a group that has one more document.
    fn repeat(&mut self, group: u64, summary: &mut Summary) -> Outcome {
        let at = (group % self.capacity) as usize;
        let Some(letter) = self.ring.get_mut(at) else { return Outcome::Unknown };
        if letter.is_ascii_lowercase() {
            summary.groups += 1;
            letter.make_ascii_uppercase();
        }
        let lower = letter.to_ascii_lowercase();
        OUTCOMES.iter().find(|(_, l)| *l == lower).map_or(Outcome::Unknown, |(o, _)| *o)
    }
}

/// Keeps finished blocks until it is their turn.
#[derive(Default)]
pub(super) struct Pending {
    blocks: FxHashMap<u64, Finished>,
    /// Number of the block that is next.
    pub(super) next: u64,
}

impl Pending {
    pub(super) fn put(&mut self, number: u64, block: Finished) {
        self.blocks.insert(number, block);
    }

    /// Takes the next block, if it is done.
    pub(super) fn take(&mut self) -> Option<Finished> {
        let block = self.blocks.remove(&self.next)?;
        self.next += 1;
        Some(block)
    }

    pub(super) fn ready(&self) -> bool {
        self.blocks.contains_key(&self.next)
    }
}
