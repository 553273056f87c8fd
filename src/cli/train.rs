//! `leitmotif train`: records in, model folder out.

use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

use super::Done;
use super::progress::Progress;
use crate::model::folder;
use crate::model::manifest::Settings;
use crate::training::data::{Sources, TrainingData};
use crate::training::fit::{Watch, train_from};
use crate::training::warm_start::Overlap;

/// Flags of `train`.
#[derive(Debug, Args)]
pub(super) struct Train {
    /// Taxonomy (JSONL); without it the ids found in the records are a flat one
    #[arg(long, value_name = "F")]
    narratives: Option<PathBuf>,
    /// Labelled cases (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    cases: Vec<PathBuf>,
    /// Labelled texts (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    texts: Vec<PathBuf>,
    /// Texts that carry no known narrative (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    background: Vec<PathBuf>,
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
    /// Seed of the random draws
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Threads; all cores without it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Training settings (JSON, any part of what `model.json` calls `settings`)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Train) -> anyhow::Result<Done> {
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    }
    let mut settings = match &args.settings {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} holds no training settings", path.display()))?
        }
        None => Settings::default(),
    };
    settings.seed = args.seed;
    let sources = Sources {
        narratives: args.narratives.clone(),
        cases: args.cases.clone(),
        texts: args.texts.clone(),
        background: args.background.clone(),
        queries: args.queries.clone().zip(args.qrels.clone()),
    };
    // Before the long part, so that a wrong folder is said at once.
    let earlier = args.warm_start.as_deref().map(folder::open).transpose()?;
    let data = TrainingData::read(&sources)?;
    let trained = {
        let progress = Progress::new();
        train_from(&data, &settings, earlier.as_ref(), Watch(&|stage, done, all| progress.step(stage, done, all)))?
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
