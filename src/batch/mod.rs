//! Many documents: read in order, assessed in parallel, written in order; nothing is dropped silently.
//!
//! A thread takes a block of records from the inputs (`crate::ingest`), reads them, waits for its turn to compare them
//! with the documents before them (`duplicates`), assesses and renders them (`work`, `render`), and puts the result where
//! whoever is free writes it in order (`commit`, `output`). So that a run can be resumed, `checkpoint` keeps how far it
//! came. A pipeline with a thread for every step was rejected: with two cores, three of its threads would wait for the
//! one that assesses, and the texts would move from one core's cache to the other's.

mod apart;
mod checkpoint;
mod commit;
pub mod duplicates;
mod output;
mod prepare;
pub mod problem;
pub mod render;
mod run;
pub mod summary;
mod table_output;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use crate::assess::Options;
use crate::document::Language;
use crate::ingest::feeder::Reading;

pub use self::render::Shape;
pub use self::run::run;
pub use self::summary::Summary;

/// What to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Files, folders, patterns, addresses, or `-` for standard input.
    pub inputs: Vec<String>,
    /// How they are read.
    pub reading: Reading,
    /// The language of documents that do not say theirs.
    pub language: Option<Language>,
    /// Where to write; `-` is standard output. A name that ends in `.gz` or `.zst` is packed.
    pub output: PathBuf,
    /// What to write; by the name of the output without it.
    pub shape: Option<Shape>,
    /// How much to answer.
    pub options: Options,
    /// Whether to write what is known about a document besides its text.
    pub include_input: bool,
    /// Threads.
    pub threads: usize,
    /// First documents of groups to remember; `None` looks for no repetitions.
    pub duplicates: Option<usize>,
    /// Whether what repeats an earlier document is passed over: its line has the outcome of that one and no narratives.
    pub skip_duplicates: bool,
    /// Whether to go on where an earlier run ended.
    pub resume: bool,
    /// Time between checkpoints; as seldom as keeps their cost below a hundredth without it.
    pub checkpoint_every: Option<Duration>,
    /// Where bad records are named; the caller is told without it.
    pub rejects: Option<PathBuf>,
    /// Where the caller will write the summary.
    pub summary: Option<PathBuf>,
    /// Files that the assessor was made of, which must not be written to.
    pub read: Vec<PathBuf>,
    /// Bad records after which the run ends.
    pub max_errors: Option<u64>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// Records read, those of the run that is resumed included.
    pub read: u64,
    /// Of the run that is resumed, records passed over.
    pub passed: u64,
    /// Assessments written.
    pub scored: u64,
    /// Records rejected.
    pub rejected: u64,
    /// Bytes of text assessed.
    pub text_bytes: u64,
    /// Bytes read from the inputs, as they are stored.
    pub bytes: u64,
    /// Bytes that the inputs have, if that is known.
    pub all_bytes: Option<u64>,
    /// Since the run began.
    pub elapsed: Duration,
}
