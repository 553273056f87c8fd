//! `leitmotif evaluate`: how good a model is, and where it fails.

use anyhow::Context;
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::open::Using;
use super::progress::Progress;
use super::records::{read_settings, tell_unlabelled};
use super::{Done, Usage, write_out};
use crate::assess::{Assessor, ModelName};
use crate::error::{Error, ModelProblem, Result};
use crate::evaluate::example::TestRecords;
use crate::evaluate::report::Report;
use crate::evaluate::splits::{SplitBy, SplitSettings};
use crate::evaluate::trials::{Plan, run as run_trials};
use crate::evaluate::{example, html, predict, ranking, seen, summary};
use crate::training::data::{Sources, TrainingData};
use crate::training::fit::Watch;

/// What keeps training and test apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Split {
    /// Every group is tested once
    Group,
    /// The newest records are tested
    Time,
    /// Every source is tested once
    Source,
}

/// Flags of `evaluate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Tests a model on records that it was not trained on:
  leitmotif evaluate --model DIR --cases F [--background F] [--train F] [--report out.html]
  leitmotif evaluate --model DIR --queries F --qrels F --case-base F
Trains and tests on parts of the records:
  leitmotif evaluate --split group --narratives F --cases F --background F [--learning-curve]")]
pub(super) struct Evaluate {
    /// Model folder; the bundled starter model without it
    #[arg(long, value_name = "DIR", conflicts_with = "split")]
    model: Option<PathBuf>,
    /// Labelled cases to test on, by their claims (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    cases: Vec<PathBuf>,
    /// Labelled texts to test on (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    texts: Vec<PathBuf>,
    /// Texts that carry no known narrative (JSONL)
    #[arg(long, value_name = "F", num_args = 1..)]
    background: Vec<PathBuf>,
    /// Queries to find related cases for (JSONL)
    #[arg(long, value_name = "F", requires = "qrels", conflicts_with = "split")]
    queries: Option<PathBuf>,
    /// Relevance judgements of the queries (TREC qrels)
    #[arg(long, value_name = "F", requires = "queries")]
    qrels: Option<PathBuf>,
    /// Cases to search for related ones (JSONL or SQLite store); your store, or else the starter cases, without it
    #[arg(long, value_name = "FILE|DB", requires = "queries")]
    case_base: Option<PathBuf>,
    /// Records the model was trained on (JSONL): finds copies of them among the test records
    #[arg(long, value_name = "F", num_args = 1.., conflicts_with = "split")]
    train: Vec<PathBuf>,
    /// Read long texts as a whole only, not in passages, too
    #[arg(long, conflicts_with = "split")]
    no_passages: bool,
    /// Train on a part of the records and test on the rest, split by this
    #[arg(long, value_enum)]
    split: Option<Split>,
    /// Taxonomy to train with (JSONL); without it the ids found in the records are a flat one
    #[arg(long, value_name = "F", requires = "split", conflicts_with = "model")]
    narratives: Option<PathBuf>,
    /// Parts of a split by group or source; 5 without it
    #[arg(long, value_name = "N", requires = "split", conflicts_with = "model")]
    folds: Option<usize>,
    /// Share of the records that a split by time tests; 0.2 without it
    #[arg(long, value_name = "SHARE", requires = "split", conflicts_with = "model")]
    holdout: Option<f64>,
    /// Also train on growing shares of the records
    #[arg(long, requires = "split", conflicts_with = "model")]
    learning_curve: bool,
    /// Also train without this share of the narratives, and test whether their texts come back unknown
    #[arg(long, value_name = "SHARE", requires = "split", conflicts_with = "model")]
    hold_out_narratives: Option<f64>,
    /// Training settings (JSON, any part of what `model.json` calls `settings`)
    #[arg(long, value_name = "FILE", requires = "split", conflicts_with = "model")]
    settings: Option<PathBuf>,
    /// Seed of the random draws
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Threads; all cores without it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// File to write the report to as one HTML page
    #[arg(long, value_name = "out.html")]
    report: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Evaluate) -> anyhow::Result<Done> {
    if let Some(path) = &args.report {
        check_report(path)?;
    }
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    }
    let report = match args.split {
        Some(by) => trained(args, by)?,
        None => tested(args)?,
    };
    if let Some(path) = &args.report {
        std::fs::write(path, html::page(&report)).map_err(Error::write(path.as_path()))?;
        eprintln!("report written to {}", path.display());
    }
    if args.json {
        let mut json = serde_json::to_vec(&report)?;
        json.push(b'\n');
        return write_out(&json);
    }
    write_out(summary::summary(&report).as_bytes())
}

/// Refuses to write the report over a file that is something else.
fn check_report(path: &Path) -> Result<()> {
    let mut start = Vec::new();
    // What cannot be read now is said when it is written; an empty file holds nothing to lose.
    if path.is_file() {
        let _ = File::open(path).and_then(|f| f.take(16).read_to_end(&mut start));
    }
    if start.is_empty() || start.to_ascii_lowercase().starts_with(b"<!doctype html") {
        return Ok(());
    }
    let what = "it is no HTML page, and a report would take its place; name another file";
    Err(Error::Taken { path: path.into(), what })
}

/// A model that is there already.
fn tested(args: &Evaluate) -> anyhow::Result<Report> {
    let narratives = [&args.cases, &args.texts, &args.background].iter().any(|f| !f.is_empty());
    let using = Using::new(args.model.clone(), args.case_base.clone());
    let related = match (&args.queries, &args.qrels) {
        (Some(queries), Some(qrels)) => {
            let cases = using.cases()?;
            let figures = ranking::ranking(&cases, queries, qrels, args.seed)?;
            using.sound(&cases.index)?;
            Some(figures)
        }
        _ => None,
    };
    if !narratives {
        let Some(related) = related else {
            let what = "nothing to test; give labelled --cases or --texts, --background, or --queries with --qrels";
            return usage(what.to_owned());
        };
        return Ok(Report::of_ranking(related));
    }
    let TestRecords { known, none, unlabelled } = example::read(&args.cases, &args.texts, &args.background)?;
    tell_unlabelled(&unlabelled);
    let train = if args.train.is_empty() { None } else { Some(example::read_any(&args.train)?) };
    let mut model = using.model()?;
    if let Some(classifier) = model.classifier.as_mut().filter(|_| args.no_passages) {
        classifier.long = None;
    }
    let name = ModelName { name: model.name.clone().into(), version: model.manifest.version.clone().into() };
    let path = args.model.clone().unwrap_or_else(|| model.name.clone().into());
    let own = model.manifest.metrics.intervals.get("accuracy").copied();
    let assessor = Assessor::new(model, predict::no_cases())
        .ok_or_else(|| anyhow::Error::from(Error::model(path, ModelProblem::NoNarratives)))?;
    let mut report = Report::of_model(&assessor, name, (known, none), train.as_deref(), args.seed)?;
    if let (Some(narratives), Some(own), None) = (&report.narratives, own, &train)
        && assessor.classifier().keeps_no_texts()
    {
        report.notes.extend(seen::too_good(narratives, &own));
    }
    Ok(Report { related, ..report })
}

fn usage<T>(what: String) -> anyhow::Result<T> {
    Err(Usage(what).into())
}

/// How to split; refuses what does not go with the kind of split.
fn split_settings(args: &Evaluate, by: Split) -> anyhow::Result<SplitSettings> {
    let by = match by {
        Split::Group => SplitBy::Group,
        Split::Time => SplitBy::Time,
        Split::Source => SplitBy::Source,
    };
    if by == SplitBy::Time && args.folds.is_some() {
        return usage(
            "--folds does not go with --split time, which makes two parts; say with --holdout how large the tested one is"
                .to_owned(),
        );
    }
    if by != SplitBy::Time && args.holdout.is_some() {
        let by = by.name();
        return usage(format!(
            "--holdout does not go with --split {by}, which tests every record once; say with --folds how many parts it makes"
        ));
    }
    Ok(SplitSettings { by, folds: args.folds.unwrap_or(5), holdout: args.holdout.unwrap_or(0.2), seed: args.seed })
}

/// Models trained on parts of the records.
fn trained(args: &Evaluate, by: Split) -> anyhow::Result<Report> {
    let split = split_settings(args, by)?;
    let sources = Sources {
        narratives: args.narratives.clone(),
        cases: args.cases.clone(),
        texts: args.texts.clone(),
        background: args.background.clone(),
        queries: None,
        versions: None,
    };
    let data = TrainingData::read(&sources)?;
    tell_unlabelled(&data.unlabelled);
    // The seed of the flag draws the split; that of the settings, if given, the folds of each training.
    let settings = read_settings(args.settings.as_deref(), None)?;
    let plan =
        Plan { split, settings, learning_curve: args.learning_curve, hold_out_narratives: args.hold_out_narratives };
    let progress = Progress::new();
    let trials = run_trials(&data, &plan, Watch(&|stage, done, all| progress.step(stage, done, all)))?;
    Ok(Report::of_trials(trials, &split)?)
}
