//! A run from its inputs to its summary.

use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::checkpoint::{self, Checkpoint};
use super::commit::{Committer, Groups, Pending, Sink, Watchers};
use super::duplicates::Duplicates;
use super::output::{self, Output};
use super::problem::BatchProblem;
use super::render::Shape;
use super::summary::Summary;
use super::table_output::Table;
use super::work::{Bench, Task};
use super::{Settings, Status};
use crate::assess::Assessor;
use crate::checksum::sha256;
use crate::error::{BadRecord, Error, Result};
use crate::ingest::block::Block;
use crate::ingest::documents::Reader;
use crate::ingest::feeder::Feeder;
use crate::ingest::inputs::{Input, Inputs};

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
    let (named, packing) = output::shape_of(&settings.output);
    let shape = settings.shape.unwrap_or(named);
    let inputs = Inputs::find(&settings.inputs)?;
    for path in [Some(&settings.output), settings.rejects.as_ref()].into_iter().flatten() {
        keep_off(path, &inputs)?;
    }
    if let Some(rejects) = &settings.rejects
        && is_same(rejects, &settings.output)
    {
        return Err(BatchProblem::OutputTwice(rejects.clone()).into());
    }
    if settings.resume && shape == Shape::Parquet {
        return Err(BatchProblem::NotResumable("a Parquet file").into());
    }
    let existed = settings.output.exists();
    let mut out = Output::open(&settings.output)?;
    let mut rejects = settings.rejects.as_deref().map(Output::open_plain).transpose()?;
    if settings.resume && !out.regular {
        return Err(BatchProblem::NotResumable("a pipe or device").into());
    }
    let mut from = None;
    let mut checkpoint = None;
    if out.regular && shape != Shape::Parquet {
        let path = checkpoint::path_of(&settings.output);
        let depends_on = depends_on(assessor, settings, &inputs, shape, packing);
        let earlier = if settings.resume { Checkpoint::read(&path)? } else { None };
        if let Some(earlier) = &earlier {
            earlier.check(&depends_on)?;
            if earlier.finished {
                return Ok(earlier.summary.clone());
            }
        } else if settings.resume && existed && out.is_filled()? {
            return Err(BatchProblem::NoCheckpoint(settings.output.clone()).into());
        }
        let next = Checkpoint::new(depends_on);
        if earlier.is_none() {
            // Before anything is taken away, so that at any time there is either a checkpoint or a whole output.
            next.write(&path)?;
        }
        checkpoint = Some((path, next));
        from = earlier;
    }
    let from = from.unwrap_or_default();
    out.cut(from.output)?;
    if let Some(rejects) = &mut rejects {
        rejects.cut(from.rejects)?;
    }
    let sink = if shape == Shape::Parquet {
        Sink::Table(Box::new(Table::open(out)?))
    } else {
        if from.output == 0 {
            out.add_head(shape);
        }
        Sink::Lines(out)
    };
    let bytes = Arc::new(AtomicU64::new(0));
    let mut groups = Groups::new(settings.duplicates.unwrap_or(1));
    groups.restore(&from.groups);
    let begun = Instant::now();
    let resumed = (from.summary.read > 0).then(|| (from.summary.read, hexadecimal(&from.records)));
    let only_files = inputs.list.iter().all(|i| matches!(i, Input::File(..) | Input::Broken(..)));
    let committer = Committer {
        sink,
        rejects,
        shape,
        model: assessor.model_name().clone(),
        summary: Summary { resumed_from: from.summary.read, ..from.summary },
        checkpoint,
        max_errors: settings.max_errors,
        watchers: Watchers { reject, status },
        records: 0,
        groups,
        resumed,
        passed: 0,
        bytes: Arc::clone(&bytes),
        all_bytes: (only_files && !settings.reading.follow).then(|| inputs.bytes()),
        begun,
        next_checkpoint: begun,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let feeder = Feeder::new(inputs.list, settings.reading.clone(), bytes, Arc::clone(&stop));
    let line = Line {
        feeder: Mutex::new(Feed { feeder, blocks: 0, records: 0, ended: false }),
        duplicates: settings.duplicates.map(|n| Mutex::new((0, Duplicates::new(n)))),
        turn: Condvar::new(),
        pending: Mutex::new(Pending::default()),
        room: Condvar::new(),
        committer: Mutex::new(committer),
        stop,
        failure: Mutex::new(None),
        ahead: AHEAD * settings.threads.max(1) as u64,
        from: resumed.map_or(0, |r| r.0),
    };
    let task = Task {
        assessor,
        options: settings.options,
        language: settings.language,
        shape,
        group: settings.duplicates.is_some(),
    };
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
    line.committer.into_inner().unwrap_or_else(PoisonError::into_inner).finish(settings.resume)
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

impl Line<'_> {
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
                waiting.iter_mut().for_each(|w| w.place(&mut duplicates.1));
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

fn hexadecimal(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_default()
}

/// Refuses an output that is read.
fn keep_off(output: &Path, inputs: &Inputs) -> Result<()> {
    if output.as_os_str() == "-" {
        return Ok(());
    }
    for input in &inputs.list {
        if let Input::File(path, _) = input
            && is_same(path, output)
        {
            return Err(BatchProblem::OutputIsInput(output.to_owned()).into());
        }
    }
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(parent) = parent.canonicalize() else { return Ok(()) };
    for folder in &inputs.folders {
        if folder.canonicalize().is_ok_and(|f| parent.starts_with(f)) {
            let (output, folder) = (output.to_owned(), folder.clone());
            return Err(BatchProblem::OutputInFolder { output, folder }.into());
        }
    }
    Ok(())
}

/// Whether two paths are one file, by whatever names and links.
fn is_same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
            // Devices such as /dev/null may be read and written at once.
            return a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    let whole = |p: &Path| -> Option<PathBuf> {
        let parent = p.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(parent.canonicalize().ok()?.join(p.file_name()?))
    };
    whole(a).is_some_and(|a| Some(a) == whole(b))
}

/// Everything that the bytes of the output depend on.
fn depends_on(
    assessor: &Assessor,
    settings: &Settings,
    inputs: &Inputs,
    shape: Shape,
    packing: &str,
) -> Map<String, Value> {
    let model = assessor.model_name();
    let cases: Vec<u8> = assessor.cases.index.iter().flat_map(|c| serde_json::to_vec(c).unwrap_or_default()).collect();
    let mut files = String::new();
    for (i, input) in inputs.list.iter().enumerate() {
        let grows = settings.reading.follow && i + 1 == inputs.list.len();
        let size = if let Input::File(_, size) = input { *size } else { 0 };
        files += &format!("{}\t{}\n", input.name(), if grows { 0 } else { size });
    }
    let reading = &settings.reading;
    let pairs = [
        ("this program", json!(env!("CARGO_PKG_VERSION"))),
        ("the model", json!(format!("{} {}", model.name, model.version))),
        ("the case base", json!(format!("{} cases, {}", assessor.cases.index.len(), &sha256(&cases)[..16]))),
        (
            "the list of inputs or the size of one",
            json!(format!("{} inputs, {}", inputs.list.len(), &sha256(files.as_bytes())[..16])),
        ),
        ("the number of narratives (--top)", json!(settings.options.top)),
        ("the number of related cases (--related)", json!(settings.options.related)),
        ("whether there is evidence (--no-evidence)", json!(settings.options.evidence)),
        ("whether metadata is carried along (--include-input)", json!(settings.include_input)),
        ("the grouping of duplicates (--score-duplicates, --duplicate-window)", json!(settings.duplicates)),
        ("the default language (--language)", json!(settings.language)),
        ("the format of the input (--format)", json!(reading.format)),
        ("the names of fields (--text-column and the like)", json!(reading.names)),
        (
            "the bounds on inputs (--max-record, --max-ratio, --max-unpacked)",
            json!([reading.limits.record as u64, reading.limits.ratio, reading.limits.unpacked]),
        ),
        ("the format of the output", json!([json!(shape), json!(packing)])),
        ("whether rejects are written (--rejects)", json!(settings.rejects.is_some())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
