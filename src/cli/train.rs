//! `leitmotif train`: records in, model folder out.

use clap::Args;
use std::path::PathBuf;

use super::progress::Progress;
use super::records::{RecordFiles, Tuning, tell_unlabelled};
use super::{Done, write_json, write_out};
use crate::check::record_findings;
use crate::model::folder;
use crate::model::manifest::Trial;
use crate::training::data::{Sources, TrainingData};
use crate::training::fit::{Means, Watch, train_with};
use crate::training::transfer::hindrance;
use crate::training::tune::tune;
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
    /// Cases that make one claim in several languages, from which the ranking across languages is learned: lines of a story's
    /// name and a case's id with a tab between. Cases that state a `group` need none
    #[arg(long, value_name = "F")]
    versions: Option<PathBuf>,
    /// Learn the ranking of related cases from these records alone. Without this, what few cases teach is mixed with the bundled
    /// ranker, the more of it the fewer they are. For narratives `transfer_weight` 0 in --settings says the same
    #[arg(long)]
    own_ranker: bool,
    /// Folder to write the model to; a model there is replaced as a whole
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Earlier model to start the solver from; the result is the same model within its tolerance
    #[arg(long, value_name = "DIR")]
    warm_start: Option<PathBuf>,
    /// First choose settings by cross-validation on the records, one after the other, printing every trial; settings that
    /// --settings names stay as they are. Takes as long as some twenty trainings. Not with --warm-start, because the
    /// chosen settings may count other features than the earlier model
    #[arg(long, conflicts_with = "warm_start")]
    tune: bool,
    #[command(flatten)]
    tuning: Tuning,
    /// Print the version and the figures as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Train) -> anyhow::Result<Done> {
    let settings = args.tuning.start()?;
    let bytes = args.tuning.bytes();
    let queries = args.queries.clone().zip(args.qrels.clone());
    // Before the long part, so that a wrong folder is said at once.
    folder::check_output(&args.output)?;
    let earlier = args.warm_start.as_deref().map(folder::open).transpose()?;
    let data = TrainingData::read(&Sources { queries, versions: args.versions.clone(), ..args.files.sources() })?;
    for problem in &data.set_aside {
        eprintln!("warning: left out: {problem}");
    }
    for line in data.unused.lines() {
        eprintln!("warning: {line}");
    }
    if data.idle_versions {
        eprintln!(
            "warning: no story of --versions is told by cases in two languages, so the ranking across languages \
             learns nothing from it; see whether its lines are complete, whether the cases state their `language`, and whether \
             they state a `group`, which counts instead"
        );
    }
    tell_unlabelled(&data.unlabelled);
    // Before the hours of work, not after.
    eprint!("{}", super::check::summary(&record_findings(&data)));
    let bundled = crate::embedded::model()?;
    let trained = {
        let progress = Progress::new();
        let watch = Watch(&|stage, done, all| progress.step(stage, done, all));
        let means = Means { bytes, source: Some(&bundled), ..Means::default() };
        let tuned = if args.tune {
            progress.say(TABLE_HEAD);
            let told = |trial: &Trial| progress.say(&table_row(trial));
            let tuned = tune(&data, &settings, &args.tuning.named()?, means, watch, &told)?;
            progress.say(&kept(&tuned.record.trials));
            Some(tuned)
        } else {
            None
        };
        let ranker = bundled.ranker().filter(|_| !args.own_ranker);
        let tuning = tuned.as_ref().map(|t| &t.record);
        let means = Means { earlier: earlier.as_ref(), bundled: ranker, tuning, ..means };
        train_with(&data, tuned.as_ref().map_or(&settings, |t| &t.settings), means, watch)?
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
    if let Some(part) = &m.narratives {
        let of = format!("the bundled model {} {}", bundled.name, bundled.manifest.version);
        if let Some(taken) = &part.transfer {
            eprintln!("what {of} says of a text was learned from, too, with weight {:.2}", taken.weight);
        } else if let Some(why) = hindrance(&data, &m.settings, &bundled) {
            eprintln!("nothing taken over from {of}: {why}");
        }
    } else {
        eprintln!("note: no record carries a narrative, so the model ranks related cases and knows no narrative");
    }
    if args.json {
        return write_json(&serde_json::json!({ "version": version, "metrics": m.metrics }));
    }
    let figures: Vec<String> =
        m.metrics.out_of_fold.iter().map(|(name, value)| format!("{name:<48} {value:.4}\n")).collect();
    write_out(figures.concat().as_bytes())
}

const TABLE_HEAD: &str = "setting                   value  macro-F1    LRAP   AUROC  objective    gain  95 % interval";

/// What came of all trials.
fn kept(trials: &[Trial]) -> String {
    let kept: Vec<String> = trials.iter().filter(|t| t.kept).map(|t| format!("{} {}", t.setting, t.value)).collect();
    match trials.len().saturating_sub(1) {
        tried if kept.is_empty() => {
            format!(
                "kept: nothing new; of {tried} trials none gained more than noise, so all settings stay as they were"
            )
        }
        tried => format!("kept: {}, of {tried} trials; all other settings stay as they were", kept.join(", ")),
    }
}

/// A line of the table of trials.
fn table_row(trial: &Trial) -> String {
    let start = trial.setting.is_empty();
    let (name, value) = if start { ("start", String::new()) } else { (&*trial.setting, trial.value.to_string()) };
    let auroc = trial.auroc.map_or_else(|| "–".to_owned(), |a| format!("{a:.4}"));
    let mut out = format!(
        "{name:<23} {value:>7}    {:.4}  {:.4} {auroc:>7}     {:.4}",
        trial.macro_f1, trial.lrap, trial.objective
    );
    if let Some(gain) = trial.gain {
        out += &format!(" {:>+7.4}  {:+.4} to {:+.4}", gain.value, gain.low, gain.high);
        out += if trial.kept { "  kept" } else { "" };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_search_kept_is_said() {
        let trial = |setting: &str, value: f64, kept: bool| Trial {
            setting: setting.into(),
            value,
            macro_f1: 0.5,
            lrap: 0.5,
            auroc: None,
            objective: 0.5,
            gain: None,
            kept,
        };
        let mut trials = vec![trial("", 0.0, false), trial("alpha", 0.1, false), trial("balance", 0.75, false)];
        assert!(kept(&trials).starts_with("kept: nothing new; of 2 trials"));
        trials[2].kept = true;
        assert!(kept(&trials).starts_with("kept: balance 0.75, of 2 trials"));
    }
}
