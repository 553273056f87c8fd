//! `leitmotif evaluate`: how good a model is, and where it fails.

use anyhow::Context;
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::open::{Using, ranker};
use super::progress::Progress;
use super::records::{read_settings, tell_unlabelled};
use super::{Done, Usage, write_json, write_out};
use crate::assess::{Assessor, ModelName};
use crate::cases::related::CaseBase;
use crate::error::{Error, ModelProblem, Result};
use crate::evaluate::against::NarrativesAgainst;
use crate::evaluate::against::paired::Pair;
use crate::evaluate::against::queries::{self, RelatedAgainst};
use crate::evaluate::example::TestRecords;
use crate::evaluate::ranking::{self, Ranking, TestQueries};
use crate::evaluate::report::Report;
use crate::evaluate::splits::{SplitBy, SplitSettings};
use crate::evaluate::trials::{Plan, run as run_trials};
use crate::evaluate::{example, html, predict, seen, summary};
use crate::model::folder::{self, Model};
use crate::model::manifest::Bounds;
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
Says whether a retrained model is better than the one in use:
  leitmotif evaluate --model NEW --against OLD --cases F --background F
Trains and tests on parts of the records:
  leitmotif evaluate --split group --narratives F --cases F --background F [--learning-curve]")]
pub(super) struct Evaluate {
    /// Model folder; the bundled starter model without it
    #[arg(long, value_name = "DIR", conflicts_with = "split")]
    model: Option<PathBuf>,
    /// Folder of another model, such as the one in use: says whether the tested one is better on the same records
    #[arg(long, value_name = "DIR", conflicts_with = "split")]
    against: Option<PathBuf>,
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
        return write_json(&report);
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

/// A model that is there already, perhaps beside another one.
fn tested(args: &Evaluate) -> anyhow::Result<Report> {
    let using = Using::new(args.model.clone(), args.case_base.clone());
    let new = using.model()?;
    let old = args.against.as_deref().map(Old::open).transpose()?;
    let names = old.as_ref().map(|old| Pair { new: name(&new), old: name(&old.model) });
    let has_ranker = new.ranker().is_some();
    let (related, related_against) = related(args, &using, &new, old.as_ref())?;
    let has_texts = [&args.cases, &args.texts, &args.background].iter().any(|f| !f.is_empty());
    let (mut report, narratives_against) = match related {
        related if has_texts => {
            let (report, against) = texts(args, new, old)?;
            (Report { related, ..report }, against)
        }
        Some(related) => (Report::of_ranking(related), None),
        None => {
            let what = "nothing to test; give labelled --cases or --texts, --background, or --queries with --qrels";
            return usage(what.to_owned());
        }
    };
    let Some(names) = names else { return Ok(report) };
    if related_against.is_some() && !has_ranker {
        let note =
            "The new model has no ranker of its own, so the bundled one was compared: it would serve in its place.";
        report.notes.push(note.to_owned());
    }
    report.add_comparison(names, narratives_against, related_against);
    Ok(report)
}

/// The model that another one is held against.
struct Old<'a> {
    folder: &'a Path,
    model: Model,
}

impl<'a> Old<'a> {
    fn open(folder: &'a Path) -> Result<Self> {
        Ok(Self { folder, model: folder::open(folder)? })
    }
}

fn name(model: &Model) -> ModelName {
    ModelName { name: model.name.clone().into(), version: model.manifest.version.clone().into() }
}

/// How related cases are found, where queries were given.
fn related(
    args: &Evaluate,
    using: &Using,
    new: &Model,
    old: Option<&Old<'_>>,
) -> anyhow::Result<(Option<Ranking>, Option<RelatedAgainst>)> {
    let (Some(queries), Some(qrels)) = (&args.queries, &args.qrels) else { return Ok((None, None)) };
    let before = match old {
        Some(old) => Some(old.model.ranker().ok_or_else(|| Error::model(old.folder, ModelProblem::NoRanker))?.clone()),
        None => None,
    };
    let mut cases = CaseBase { index: using.index()?, ranker: ranker(new.ranker())? };
    let queries = TestQueries::read(queries, qrels)?;
    let ranked = ranking::rank(&cases, &queries, args.seed);
    let against = match before {
        Some(before) => {
            cases.ranker = before;
            Some(queries::related(&ranked, &ranking::rank(&cases, &queries, args.seed), args.seed))
        }
        None => None,
    };
    using.sound(&cases.index)?;
    Ok((Some(ranked.ranking), against))
}

/// What is said of test records.
fn texts(args: &Evaluate, new: Model, old: Option<Old<'_>>) -> anyhow::Result<(Report, Option<NarrativesAgainst>)> {
    let path = args.model.clone().unwrap_or_else(|| new.name.clone().into());
    let new = Asked::new(args, new, &path)?;
    let old = old.map(|old| Asked::new(args, old.model, old.folder)).transpose()?;
    let TestRecords { known, none, unlabelled } = example::read(&args.cases, &args.texts, &args.background)?;
    tell_unlabelled(&unlabelled);
    let train = if args.train.is_empty() { None } else { Some(example::read_any(&args.train)?) };
    let (records, train) = ((known, none), train.as_deref());
    let Some(old) = old else {
        let mut report = Report::of_model(&new.assessor, new.name.clone(), records, train, args.seed)?;
        report.notes.extend(new.too_good(&report).filter(|_| train.is_none()));
        return Ok((report, None));
    };
    let names = Pair { new: new.name.clone(), old: old.name.clone() };
    let (mut report, against) = Report::of_models((&new.assessor, &old.assessor), &names, records, train, args.seed)?;
    report.notes.extend(new.too_good(&report).filter(|_| train.is_none()));
    let accuracy = against.headline.get("accuracy").map(|a| a.old);
    let finding = accuracy.and_then(|accuracy| old.too_good_at(accuracy, against.texts));
    report.notes.extend(finding.as_deref().map(seen::of_old));
    Ok((report, Some(against)))
}

/// A model that is asked for narratives.
struct Asked {
    name: ModelName,
    /// The accuracy that it states of texts it had not seen.
    own: Option<Bounds>,
    assessor: Assessor,
}

impl Asked {
    /// `path` names the model where it has no narratives.
    fn new(args: &Evaluate, mut model: Model, path: &Path) -> Result<Self> {
        if let Some(classifier) = model.classifier.as_mut().filter(|_| args.no_passages) {
            classifier.long = None;
        }
        let (name, own) = (name(&model), model.manifest.metrics.intervals.get("accuracy").copied());
        let assessor =
            Assessor::new(model, predict::no_cases()).ok_or_else(|| Error::model(path, ModelProblem::NoNarratives))?;
        Ok(Self { name, own, assessor })
    }

    /// A note if it does so well that it must know the texts of the report.
    fn too_good(&self, report: &Report) -> Option<String> {
        let narratives = report.narratives.as_ref()?;
        let finding = self.too_good_at(narratives.headline.get("accuracy")?.value, narratives.texts)?;
        Some(seen::of_new(&finding))
    }

    fn too_good_at(&self, accuracy: f64, texts: usize) -> Option<String> {
        let own = self.own.filter(|_| self.assessor.classifier().keeps_no_texts())?;
        seen::too_good(accuracy, texts, &own)
    }
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
    let bundled = crate::embedded::model()?;
    let plan = Plan {
        split,
        settings,
        learning_curve: args.learning_curve,
        hold_out_narratives: args.hold_out_narratives,
        source: Some(&bundled),
    };
    let progress = Progress::new();
    let trials = run_trials(&data, &plan, Watch(&|stage, done, all| progress.step(stage, done, all)))?;
    Ok(Report::of_trials(trials, &split)?)
}
