//! `leitmotif batch`: files, feeds and archives of documents in, assessments out, in the order of the input.

use anyhow::Context;
use clap::{Args, ValueEnum};
use encoding_rs::{Encoding, REPLACEMENT};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Done;
use super::batch_progress::{Progress, Style};
use super::open::Using;
use crate::assess::Options;
use crate::batch::duplicates::REMEMBERED;
use crate::batch::{self, Settings, Shape, Summary};
use crate::document::Language;
use crate::error::Error;
use crate::ingest::feeder::{Encoded, Reading};
use crate::ingest::fields::FieldNames;
use crate::ingest::kind;
use crate::ingest::packed::Limits;

/// What the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// By content
    Auto,
    /// One JSON object a line
    Jsonl,
    /// A JSON array, or JSON objects over several lines
    Json,
    /// CSV or TSV with a header
    Csv,
    /// RSS, Atom or JSON Feed
    Feed,
    /// HTML pages
    Html,
    /// Plain text, one document a file
    Text,
    /// Web archive
    Warc,
    /// Apache Parquet
    Parquet,
}

impl Format {
    fn known(self) -> Option<kind::Format> {
        Some(match self {
            Self::Auto => return None,
            Self::Jsonl => kind::Format::Jsonl,
            Self::Json => kind::Format::Json,
            Self::Csv => kind::Format::Csv,
            Self::Feed => kind::Format::Feed,
            Self::Html => kind::Format::Html,
            Self::Text => kind::Format::Text,
            Self::Warc => kind::Format::Warc,
            Self::Parquet => kind::Format::Parquet,
        })
    }
}

/// What the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// One assessment a line
    Jsonl,
    /// One row per document and narrative
    Csv,
    /// The same as Apache Parquet
    Parquet,
}

/// Flags of `batch`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches of the command line")]
pub(super) struct Batch {
    /// Files, folders, patterns such as 'feeds/*.xml', addresses of feeds, or `-` for standard input; .gz and .zst are
    /// unpacked
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// File to write assessments to; `-` is standard output. By its name: .jsonl, .csv or .parquet, packed with .gz or .zst
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    using: Using,
    /// What the input is
    #[arg(long, value_enum, default_value = "auto", help_heading = "Input")]
    format: Format,
    #[command(flatten)]
    reading: ReadingFlags,
    /// What the output is; by its name without it
    #[arg(long, value_enum, help_heading = "Output", value_name = "FORMAT")]
    to: Option<To>,
    /// Carry along what is known about a document besides its text
    #[arg(long, help_heading = "Output")]
    include_input: bool,
    /// Leave evidence out
    #[arg(long, help_heading = "Output")]
    no_evidence: bool,
    /// Read long texts as a whole only: faster for articles, but what one passage says is often lost
    #[arg(long, help_heading = "Output")]
    no_passages: bool,
    /// Related cases per document; 0 leaves them out
    #[arg(long, default_value_t = 5, value_name = "N", help_heading = "Output")]
    related: usize,
    /// Narratives per document
    #[arg(long, default_value_t = 5, value_name = "N", help_heading = "Output")]
    top: usize,
    /// Pass over what repeats an earlier document: its line names that one and has no narratives
    #[arg(long, help_heading = "Output", conflicts_with = "score_duplicates")]
    skip_duplicates: bool,
    /// Assess everything alike, without looking for repetitions
    #[arg(long, help_heading = "Output")]
    score_duplicates: bool,
    /// Documents to remember when looking for repetitions
    #[arg(long, default_value_t = REMEMBERED, value_name = "N", help_heading = "Output")]
    duplicate_window: usize,
    /// Go on where an earlier run with the same output ended, or begin
    #[arg(long, help_heading = "Run")]
    resume: bool,
    /// Seconds between checkpoints; two or more without it, as seldom as keeps their cost below one part in 200
    #[arg(long, value_name = "SECONDS", help_heading = "Run")]
    checkpoint_every: Option<u64>,
    /// Write bad records, with place and cause, to a JSONL file instead of standard error
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    rejects: Option<PathBuf>,
    /// End with an error once more records than this are rejected
    #[arg(long, value_name = "N", help_heading = "Run")]
    max_errors: Option<u64>,
    /// Write the counts at the end also as JSON; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    summary: Option<PathBuf>,
    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value = "auto", help_heading = "Run")]
    progress: Style,
    /// Threads; all cores without it
    #[arg(long, value_name = "N", help_heading = "Run")]
    threads: Option<usize>,
}

/// How input is read.
#[derive(Debug, Args)]
pub(super) struct ReadingFlags {
    /// What lines, arrays and tables of records are encoded in, such as windows-1251; by their bytes without it
    #[arg(long, value_parser = encoding, value_name = "NAME", help_heading = "Input")]
    encoding: Option<&'static Encoding>,
    /// Field or column of the text; the commonest name without it
    #[arg(long, alias = "text-field", value_name = "NAME", help_heading = "Input")]
    text_column: Option<String>,
    /// Field or column of the id
    #[arg(long, alias = "id-field", value_name = "NAME", help_heading = "Input")]
    id_column: Option<String>,
    /// Field or column of the title, which is assessed where there is no text
    #[arg(long, alias = "title-field", value_name = "NAME", help_heading = "Input")]
    title_column: Option<String>,
    /// Field or column of the language
    #[arg(long, alias = "language-field", value_name = "NAME", help_heading = "Input")]
    language_column: Option<String>,
    /// Language of documents that do not say theirs; detected without it
    #[arg(long, value_name = "CODE", help_heading = "Input")]
    language: Option<Language>,
    /// Read the last input, a file that grows, until the program is interrupted or terminated
    #[arg(long, help_heading = "Input")]
    follow: bool,
    /// Let addresses of feeds lead into private networks
    #[arg(long, help_heading = "Input")]
    allow_private: bool,
    /// Largest record in bytes; larger ones are rejected
    #[arg(long, default_value_t = Limits::default().record, value_name = "BYTES", help_heading = "Input")]
    max_record: usize,
    /// Largest ratio that an input may unpack to
    #[arg(long, default_value_t = Limits::default().ratio, value_name = "RATIO", help_heading = "Input")]
    max_ratio: u64,
    /// Most bytes that an input may unpack to
    #[arg(long, default_value_t = Limits::default().unpacked, value_name = "BYTES", help_heading = "Input")]
    max_unpacked: u64,
}

/// An encoding by any name that the WHATWG Encoding Standard has for it.
fn encoding(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.as_bytes()).filter(|&e| e != REPLACEMENT).ok_or_else(|| {
        "no encoding has this name; give one such as utf-8, utf-16le, windows-1251, windows-1252, koi8-r, gbk or \
         shift_jis (all names: https://encoding.spec.whatwg.org/#names-and-labels)"
            .to_owned()
    })
}

impl ReadingFlags {
    fn reading(&self, format: Format) -> Reading {
        let names = FieldNames {
            id: self.id_column.clone(),
            text: self.text_column.clone(),
            title: self.title_column.clone(),
            language: self.language_column.clone(),
        };
        let limits = Limits { record: self.max_record, ratio: self.max_ratio, unpacked: self.max_unpacked };
        Reading {
            format: format.known(),
            encoding: self.encoding,
            names,
            limits,
            follow: self.follow,
            ended: Arc::default(),
            allow_private: self.allow_private,
        }
    }
}

pub(super) fn run(args: &Batch) -> anyhow::Result<Done> {
    let assessor = args.using.assessor()?;
    let settings = Settings {
        inputs: args.inputs.clone(),
        reading: args.reading.reading(args.format),
        language: args.reading.language,
        output: args.output.clone(),
        shape: args.to.map(|to| match to {
            To::Jsonl => Shape::Jsonl,
            To::Csv => Shape::Csv,
            To::Parquet => Shape::Parquet,
        }),
        options: Options {
            top: args.top,
            related: args.related,
            evidence: !args.no_evidence,
            passages: !args.no_passages,
        },
        include_input: args.include_input,
        threads: args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        duplicates: (!args.score_duplicates).then_some(args.duplicate_window),
        skip_duplicates: args.skip_duplicates,
        resume: args.resume,
        checkpoint_every: args.checkpoint_every.map(Duration::from_secs),
        rejects: args.rejects.clone(),
        summary: args.summary.clone(),
        read: args.using.files(),
        max_errors: args.max_errors,
    };
    if args.reading.follow {
        end_on_signal(&settings.reading.ended)?;
    }
    let progress = Progress::new(args.progress);
    let reject = |bad: &crate::error::BadRecord| progress.line(&format!("rejected: {bad}"));
    let ran = batch::run(&assessor, &settings, &reject, &|status| progress.show(status));
    progress.end();
    let summary = ran?;
    if let Some(path) = &args.summary {
        write_summary(path, &summary)?;
    }
    report(&summary, args.reading.encoding.is_none());
    anyhow::ensure!(summary.adds_up(), "the counts do not add up, which is a fault of this program; please report it");
    args.using.sound(&assessor.cases.index)?;
    Ok(if summary.rejected == 0 { Done::All } else { Done::Rejected })
}

/// Writes the counts as JSON.
fn write_summary(path: &Path, summary: &Summary) -> anyhow::Result<()> {
    let mut json = serde_json::to_vec_pretty(summary)?;
    json.push(b'\n');
    if path.as_os_str() == "-" {
        super::write_out(&json)?;
    } else {
        std::fs::write(path, json).map_err(Error::write(path))?;
    }
    Ok(())
}

/// How long after a signal another one counts as the same: `timeout` sends one to the program, and at once one to its group.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// Lets an interruption or termination end what is followed, so that all is written and counted. One that comes
/// [`SAME_SIGNAL`] or more after the first stops the program at once.
fn end_on_signal(ended: &Arc<AtomicBool>) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).context("cannot be told of signals")?;
    let ended = Arc::clone(ended);
    let wait = move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            ended.store(true, Ordering::Relaxed);
            if first.get_or_insert_with(Instant::now).elapsed() >= SAME_SIGNAL {
                signal_hook::low_level::exit(128 + signal);
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).context("cannot be told of signals")?;
    Ok(())
}

/// Most lines of a list in the report.
const LISTED: usize = 10;

/// The counts for people; `guessed` is whether encodings were.
fn report(s: &Summary, guessed: bool) {
    let list = |counts: &std::collections::BTreeMap<String, u64>| {
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let more = counts.len().saturating_sub(LISTED);
        let shown: Vec<String> = counts.iter().take(LISTED).map(|(name, n)| format!("{n} {name}")).collect();
        shown.join(", ") + &if more > 0 { format!(", {more} more") } else { String::new() }
    };
    eprintln!("{} read = {} scored + {} rejected; {}", s.read, s.scored, s.rejected, list(&s.outcomes));
    if !s.narratives.is_empty() {
        let matched = s.narratives.iter().map(|(id, n)| (id.clone(), n.matched + n.suggest)).collect();
        eprintln!("narratives: {}", list(&matched));
    }
    if !s.languages.is_empty() {
        eprintln!("languages: {}", list(&s.languages));
    }
    if s.repeated > 0 {
        eprintln!("{} documents repeat an earlier one, in {} groups", s.repeated, s.groups);
    }
    if !s.errors.is_empty() {
        eprintln!("rejected: {}", list(&s.errors));
    }
    for (encoding, Encoded { inputs, first }) in &s.encodings {
        let more = if *inputs > 1 { format!(" and {} more", inputs - 1) } else { String::new() };
        let remedy = if guessed { "; if that is wrong, name the encoding with --encoding" } else { "" };
        eprintln!("read as {encoding}: {first}{more}{remedy}");
    }
    if s.left_out > 0 {
        eprintln!("{} entries of archives are no documents and were left out", s.left_out);
    }
    if s.hidden > 0 {
        eprintln!("{} hidden files or folders were left out", s.hidden);
    }
    if s.resumed_from > 0 {
        eprintln!("resumed after {} records", s.resumed_from);
    }
    let here = s.read.saturating_sub(s.resumed_from) as f64;
    let share = if s.read > 0 { here / s.read as f64 } else { 0.0 };
    let rate = |amount: f64| if s.seconds > 0.0 { amount / s.seconds } else { 0.0 };
    eprintln!(
        "{:.1} s, {:.0} records/s, {:.1} MB/s of text",
        s.seconds,
        rate(here),
        rate(s.text_bytes as f64 / 1e6 * share)
    );
}
