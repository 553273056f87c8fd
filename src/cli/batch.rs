//! `leitmotif batch`: files of documents in, one assessment a line out, in the order of the input.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::Done;
use super::open::Using;
use crate::assess::Options;
use crate::batch::{self, Summary};

/// What the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSONL
    Auto,
    /// One JSON object a line with `id`, `text` and, if known, `language`
    Jsonl,
}

/// Flags of `batch`.
#[derive(Debug, Args)]
pub(super) struct Batch {
    /// Files to assess; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// File to write assessments to; `-` is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    using: Using,
    /// What the input is
    #[arg(long, value_enum, default_value = "auto")]
    format: Format,
    /// Threads; all cores without it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Leave evidence out
    #[arg(long)]
    no_evidence: bool,
    /// Related cases per document; 0 leaves them out
    #[arg(long, default_value_t = 5, value_name = "N")]
    related: usize,
    /// Narratives per document
    #[arg(long, default_value_t = 5, value_name = "N")]
    top: usize,
}

pub(super) fn run(args: &Batch) -> anyhow::Result<Done> {
    // Both formats are JSONL today; the flag is part of the stable command line.
    let (Format::Auto | Format::Jsonl) = args.format;
    let assessor = args.using.assessor()?;
    let options = Options { top: args.top, related: args.related, evidence: !args.no_evidence };
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let summary = batch::run(&assessor, &args.inputs, &args.output, options, threads, &|bad| {
        eprintln!("rejected: {bad}");
    })?;
    report(&summary);
    Ok(if summary.rejected == 0 { Done::All } else { Done::Rejected })
}

fn report(s: &Summary) {
    let outcomes: Vec<String> = s.outcomes.iter().map(|(o, n)| format!("{n} {}", o.name())).collect();
    eprintln!("{} read = {} scored + {} rejected; {}", s.read, s.scored, s.rejected, outcomes.join(", "));
}
