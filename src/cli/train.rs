//! `leitmotif train`: records in, model folder out.

use clap::Args;
use std::path::PathBuf;

use super::Done;
use super::progress::Progress;
use super::records::{RecordFiles, Tuning};
use crate::check::record_findings;
use crate::training::data::{Sources, TrainingData};
use crate::training::fit::{Watch, train_within};

/// Flags of `train`.
#[derive(Debug, Args)]
pub(super) struct Train {
    #[command(flatten)]
    files: RecordFiles,
    /// Queries to learn the ranking of related cases from (JSONL)
    #[arg(long, value_name = "F", requires = "qrels")]
    queries: Option<PathBuf>,
    /// Relevance judgements of the queries (TREC qrels)
    #[arg(long, value_name = "F", requires = "queries")]
    qrels: Option<PathBuf>,
    /// Folder to write the model to; a model there is replaced as a whole
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    tuning: Tuning,
}

pub(super) fn run(args: &Train) -> anyhow::Result<Done> {
    let settings = args.tuning.start()?;
    let bytes = args.tuning.bytes();
    let queries = args.queries.clone().zip(args.qrels.clone());
    let data = TrainingData::read(&Sources { queries, ..args.files.sources() })?;
    // Before the hours of work, not after.
    eprint!("{}", super::check::summary(&record_findings(&data)));
    let trained = {
        let progress = Progress::new();
        train_within(&data, &settings, bytes, Watch(&|stage, done, all| progress.step(stage, done, all)))?
    };
    let version = trained.save(&args.output)?;
    let m = &trained.manifest;
    eprintln!("model {version} written to {}", args.output.display());
    if m.narratives.is_none() {
        eprintln!("note: no record carries a narrative, so the model ranks related cases and knows no narrative");
    }
    for (name, value) in &m.metrics.out_of_fold {
        println!("{name:<48} {value:.4}");
    }
    Ok(Done::All)
}
