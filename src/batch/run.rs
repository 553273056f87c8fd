//! A run from its inputs to its summary: the threads, and what they hand to one another.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::commit::{Committer, Groups, Pending, Resumed, Watchers};
use super::duplicates::Duplicates;
use super::prepare::{Prepared, Start, prepare};
use super::problem::BatchProblem;
use super::summary::Summary;
use super::work::{Bench, Task};
use super::{Settings, Status};
use crate::assess::Assessor;
use crate::error::{BadRecord, Error, Result};
use crate::ingest::block::Block;
use crate::ingest::documents::Reader;
use crate::ingest::feeder::Feeder;
use crate::ingest::inputs::Input;

/// Blocks that may be on their way, per thread: what bounds memory when the output is slow.
const AHEAD: u64 = 4;

/// Stack of a thread that assesses: pages nest deeply.
const STACK: usize = 16 << 20;

/// Assesses every record of the inputs and writes the assessments in order; bad records are handed to `reject` unless
/// they go to a file. The output does not depend on the number of threads.
pub fn run(
    assessor: &Assessor,
    settings: &Settings,
    reject: &(dyn Fn(&BadRecord) + Sync),
    status: &(dyn Fn(&Status) + Sync),
) -> Result<Summary> {
    let prepared = match prepare(assessor, settings)? {
        Start::Done(summary) => return Ok(*summary),
        Start::Ready(prepared) => *prepared,
    };
    let task = Task {
        assessor,
        options: settings.options,
        language: settings.language,
        shape: prepared.shape,
        group: settings.duplicates.is_some(),
        skip: settings.skip_duplicates,
    };
    let line = Line::new(assessor, settings, prepared, Watchers { reject, status });
    std::thread::scope(|scope| {
        for number in 0..settings.threads.max(1) {
            let bench = || Bench::new(task, Reader::new(&settings.reading.names, settings.include_input));
            let line = &line;
            let thread = std::thread::Builder::new().name(format!("assess-{number}")).stack_size(STACK);
            let started = thread.spawn_scoped(scope, move || {
                // Nobody may wait for a thread that is gone.
                let _guard = Guard(line);
                line.work(bench());
            });
            if let Err(e) = started {
                line.fail(BatchProblem::Threads(e).into());
            }
        }
    });
    let failure = line.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let feed = line.feeder.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut committer = line.committer.into_inner().unwrap_or_else(PoisonError::into_inner);
    // On resuming, too, all inputs were read from their beginning.
    committer.summary.encodings = feed.feeder.encodings();
    committer.finish(settings.resume, settings.reading.follow)
}

/// The inputs, and how many blocks and records they have given.
struct Feed {
    feeder: Feeder,
    blocks: u64,
    records: u64,
    ended: bool,
}

/// What the threads share.
struct Line<'a> {
    feeder: Mutex<Feed>,
    /// The number of the block whose turn it is, and the documents before it.
    duplicates: Option<Mutex<(u64, Duplicates)>>,
    turn: Condvar,
    pending: Mutex<Pending>,
    room: Condvar,
    committer: Mutex<Committer<'a>>,
    stop: Arc<AtomicBool>,
    failure: Mutex<Option<Error>>,
    ahead: u64,
    /// Records that were read before this run resumed.
    from: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Line<'a> {
    fn new(assessor: &Assessor, settings: &Settings, prepared: Prepared, watchers: Watchers<'a>) -> Self {
        let Prepared { inputs, sink, rejects, checkpoint, from, shape } = prepared;
        let bytes = Arc::new(AtomicU64::new(0));
        let mut groups = Groups::new(settings.duplicates.unwrap_or(1));
        groups.restore(&from.groups);
        let hash = u64::from_str_radix(&from.records, 16).unwrap_or_default();
        let records = from.summary.read;
        let finished = from.finished;
        let resumed = (records > 0 || finished).then_some(Resumed {
            records,
            hash,
            output: from.output,
            rejects: from.rejects,
            finished,
        });
        let only_files = inputs.list.iter().all(|i| matches!(i, Input::File(..) | Input::Broken(..)));
        let begun = Instant::now();
        let committer = Committer {
            sink,
            rejects,
            shape,
            model: assessor.model_name().clone(),
            summary: Summary { resumed_from: records, hidden: inputs.hidden as u64, ..from.summary },
            checkpoint,
            max_errors: settings.max_errors,
            watchers,
            records: 0,
            groups,
            resumed,
            passed: 0,
            failed: false,
            bytes: Arc::clone(&bytes),
            all_bytes: (only_files && !settings.reading.follow).then(|| inputs.bytes()),
            begun,
            checkpoint_every: settings.checkpoint_every,
            next_checkpoint: begun,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let feeder = Feeder::new(inputs.list, settings.reading.clone(), bytes, Arc::clone(&stop));
        Self {
            feeder: Mutex::new(Feed { feeder, blocks: 0, records: 0, ended: false }),
            duplicates: settings.duplicates.map(|n| Mutex::new((0, Duplicates::new(n)))),
            turn: Condvar::new(),
            pending: Mutex::new(Pending::default()),
            room: Condvar::new(),
            committer: Mutex::new(committer),
            stop,
            failure: Mutex::new(None),
            ahead: AHEAD * settings.threads.max(1) as u64,
            from: records,
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Ends the run.
    fn fail(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
        self.halt();
    }

    fn halt(&self) {
        self.stop.store(true, Ordering::Release);
        // A thread between its look at `stop` and its wait holds the lock until it waits.
        drop(lock(&self.pending));
        self.room.notify_all();
        if let Some(duplicates) = &self.duplicates {
            drop(lock(duplicates));
        }
        self.turn.notify_all();
    }

    /// Works until the inputs end.
    fn work(&self, mut bench: Bench<'_>) {
        let mut block = Block::default();
        while let Some((number, first)) = self.next_block(&mut block) {
            let problems = block.take_problems();
            let mut waiting = bench.read(&block, problems, first, self.from);
            if let Some(duplicates) = &self.duplicates {
                let mut duplicates = lock(duplicates);
                while duplicates.0 != number && !self.stopped() {
                    duplicates = self.turn.wait(duplicates).unwrap_or_else(PoisonError::into_inner);
                }
                if self.stopped() {
                    return;
                }
                for document in &mut waiting {
                    document.place(&mut duplicates.1);
                }
                duplicates.0 += 1;
                drop(duplicates);
                self.turn.notify_all();
            }
            let done = bench.finish(waiting, &block.sources, block.left_out);
            lock(&self.pending).put(number, done);
            if let Err(error) = self.commit() {
                return self.fail(error);
            }
        }
    }

    /// Takes a block from the inputs when there is room for it: its number, and that of its first record.
    fn next_block(&self, block: &mut Block) -> Option<(u64, u64)> {
        block.clear();
        let mut feed = lock(&self.feeder);
        {
            let mut pending = lock(&self.pending);
            while feed.blocks >= pending.next + self.ahead && !self.stopped() {
                pending = self.room.wait(pending).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if feed.ended || self.stopped() {
            return None;
        }
        feed.ended = !feed.feeder.fill(block);
        if block.is_empty() && block.left_out == 0 {
            return None;
        }
        let numbers = (feed.blocks, feed.records);
        feed.blocks += 1;
        feed.records += block.items.len() as u64;
        Some(numbers)
    }

    /// Writes the blocks whose turn it is, unless another thread is at it.
    fn commit(&self) -> Result<()> {
        loop {
            let Ok(mut committer) = self.committer.try_lock() else { return Ok(()) };
            loop {
                let next = lock(&self.pending).take();
                let Some(done) = next else { break };
                committer.commit(done)?;
                self.room.notify_all();
            }
            drop(committer);
            // What came while the lock was being given back would else wait for the next block.
            if !lock(&self.pending).ready() {
                return Ok(());
            }
        }
    }
}

/// Ends the run if its thread panics.
struct Guard<'l, 'a>(&'l Line<'a>);

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(BatchProblem::Fault.into());
        }
    }
}
