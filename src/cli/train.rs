//! `leitmotif train`: records in, model folder out.

use clap::Args;
use std::path::PathBuf;

use super::Done;
use super::progress::Progress;
use super::records::{RecordFiles, Tuning};
use crate::check::record_findings;
use crate::model::folder;
use crate::training::data::{Sources, TrainingData};
use crate::training::fit::{Means, Watch, train_with};
use crate::training::warm_start::Overlap;

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
    /// Earlier model to start the solver from: sooner done, and the same model within its tolerance
    #[arg(long, value_name = "DIR")]
    warm_start: Option<PathBuf>,
    #[command(flatten)]
    tuning: Tuning,
}

pub(super) fn run(args: &Train) -> anyhow::Result<Done> {
    let settings = args.tuning.start()?;
    let bytes = args.tuning.bytes();
    let queries = args.queries.clone().zip(args.qrels.clone());
    // Before the long part, so that a wrong folder is said at once.
    let earlier = args.warm_start.as_deref().map(folder::open).transpose()?;
    let data = TrainingData::read(&Sources { queries, ..args.files.sources() })?;
    // Before the hours of work, not after.
    eprint!("{}", super::check::summary(&record_findings(&data)));
    let trained = {
        let progress = Progress::new();
        let means = Means { bytes, earlier: earlier.as_ref() };
        train_with(&data, &settings, means, Watch(&|stage, done, all| progress.step(stage, done, all)))?
    };
    let version = trained.save(&args.output)?;
    let m = &trained.manifest;
    eprintln!("model {version} written to {}", args.output.display());
    if let Some(Overlap { narratives, features }) = trained.overlap {
        eprintln!(
            "started from an earlier model that knew {} of {} narratives and {} of {} features; the rest began at zero",
            narratives.0, narratives.1, features.0, features.1
        );
    }
    if m.narratives.is_none() {
        eprintln!("note: no record carries a narrative, so the model ranks related cases and knows no narrative");
    }
    for (name, value) in &m.metrics.out_of_fold {
        println!("{name:<48} {value:.4}");
    }
    Ok(Done::All)
}
