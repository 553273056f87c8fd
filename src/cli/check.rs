//! `leitmotif check`: records in, findings out.

use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

use super::colour::Style;
use super::progress::Progress;
use super::records::{RecordFiles, Tuning};
use super::{Done, write_out};
use crate::check::{self, Finding, Kind, Severity, mislabelled};
use crate::error::{Error, TrainingProblem};
use crate::training::data::TrainingData;
use crate::training::fit::{Means, Watch};

/// Flags of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Folder with narratives.jsonl, cases.jsonl, texts.jsonl and background.jsonl, whichever exist
    #[arg(value_name = "DATA_FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    files: RecordFiles,
    #[command(flatten)]
    tuning: Tuning,
    /// Leave out the search for mislabelled records, which trains models
    #[arg(long)]
    model_free: bool,
    /// Most findings printed of each kind; 0 prints all
    #[arg(long, default_value_t = 20, value_name = "N", conflicts_with = "json")]
    limit: usize,
    /// Print all findings as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Check) -> anyhow::Result<Done> {
    let settings = args.tuning.start()?;
    let bytes = args.tuning.bytes();
    let (data, bad) = TrainingData::gather(&args.files.with_folder(args.folder.as_deref())?)?;
    let mut findings = check::of_bad_records(&bad);
    findings.extend(check::of_bad_records(&data.set_aside));
    findings.extend(check::record_findings(&data));
    let mut searched = false;
    if args.model_free || !data.has_labels() {
        // Nothing to train, or not asked for.
    } else if bad.is_empty() {
        let bundled = crate::embedded::model()?;
        let means = Means { bytes, source: Some(&bundled), ..Means::default() };
        let progress = Progress::new();
        let watch = Watch(&|stage, done, all| progress.step(stage, done, all));
        match mislabelled::find(&data, &settings, means, watch) {
            Ok(found) => {
                searched = true;
                findings.extend(found);
            }
            Err(Error::Training(problem @ TrainingProblem::Memory { .. })) => {
                drop(progress);
                eprintln!("note: mislabelled records were not looked for: {problem}");
            }
            Err(Error::Training(problem)) => findings.push(check::of_training_problem(&problem)),
            Err(e) => return Err(e.into()),
        }
    } else {
        eprintln!("note: mislabelled records are looked for when all records can be read");
    }
    findings.sort_by_key(|f| f.kind);
    let report = Report::new(&data, findings, searched);
    let text = if args.json { serde_json::to_string(&report)? + "\n" } else { report.page(args.limit) };
    write_out(text.as_bytes())?;
    Ok(if report.errors == 0 { Done::All } else { Done::Failed })
}

/// What was checked and found.
#[derive(Serialize)]
struct Report {
    narratives: usize,
    cases: usize,
    texts: usize,
    background: usize,
    /// Whether mislabelled records were looked for.
    searched_mislabelled: bool,
    errors: usize,
    warnings: usize,
    findings: Vec<Entry>,
}

/// A finding as machines read it.
#[derive(Serialize)]
struct Entry {
    kind: Kind,
    severity: Severity,
    file: Option<String>,
    line: Option<usize>,
    id: Option<String>,
    what: String,
    mend: Option<&'static str>,
}

impl From<Finding> for Entry {
    fn from(f: Finding) -> Self {
        let (file, line) = f.place.map(|p| (p.source, p.line)).unzip();
        let id = Some(f.id).filter(|id| !id.is_empty());
        let mend = Some(f.kind.mend()).filter(|m| !m.is_empty());
        Self { kind: f.kind, severity: f.kind.severity(), file, line, id, what: f.what, mend }
    }
}

impl Report {
    fn new(data: &TrainingData, findings: Vec<Finding>, searched: bool) -> Self {
        let errors = findings.iter().filter(|f| f.kind.severity() == Severity::Error).count();
        Self {
            narratives: data.taxonomy.len(),
            cases: data.cases.len(),
            texts: data.texts.len(),
            background: data.background.len(),
            searched_mislabelled: searched,
            errors,
            warnings: findings.len() - errors,
            findings: findings.into_iter().map(Entry::from).collect(),
        }
    }

    /// For people: kind by kind, at most `limit` of each (0: all).
    fn page(&self, limit: usize) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out, limit, Style::for_stdout());
        out
    }

    fn write(&self, out: &mut String, limit: usize, style: Style) -> std::fmt::Result {
        for of_kind in self.findings.chunk_by(|a, b| a.kind == b.kind) {
            let kind = of_kind[0].kind;
            let heading = format!("{}: {}", kind.title(), of_kind.len());
            let severity = match kind.severity() {
                Severity::Error => style.alarm("error"),
                Severity::Warning => style.doubt("warning"),
            };
            writeln!(out, "{} ({severity}, {})", style.strong(heading), kind.name())?;
            let shown = if limit == 0 { of_kind.len() } else { limit };
            for entry in of_kind.iter().take(shown) {
                write!(out, "  ")?;
                if let (Some(file), Some(number)) = (&entry.file, entry.line) {
                    write!(out, "{file}:{number}: ")?;
                }
                if let Some(id) = &entry.id {
                    write!(out, "\"{id}\" ")?;
                }
                writeln!(out, "{}", entry.what)?;
            }
            if of_kind.len() > shown {
                writeln!(
                    out,
                    "  {}",
                    style.faint(format!("… and {} more (--limit 0 shows all)", of_kind.len() - shown))
                )?;
            }
            if !kind.mend().is_empty() {
                writeln!(out, "  {} {}", style.faint("→"), kind.mend())?;
            }
            writeln!(out)?;
        }
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        writeln!(
            out,
            "{} narratives, {} cases, {} texts, {} background: {}, {}",
            self.narratives,
            self.cases,
            self.texts,
            self.background,
            style.strong(count(self.errors, "error")),
            count(self.warnings, "warning")
        )
    }
}

/// How many findings of each kind there are, a line each, for the log of `train`.
pub(super) fn summary(findings: &[Finding]) -> String {
    let mut out = String::new();
    // Those are told apart, line by line.
    let summed = |f: &Finding| f.kind != Kind::Unlabelled;
    for of_kind in findings.chunk_by(|a, b| a.kind == b.kind).filter(|of_kind| summed(&of_kind[0])) {
        let example = of_kind[0].place.as_ref().map_or_else(String::new, |p| format!(", the first at {p}"));
        let title = of_kind[0].kind.title();
        out += &format!("warning: {}: {}{example}\n", title, of_kind.len());
    }
    if !findings.is_empty() {
        out += "note: `leitmotif check` with the same files lists them and says how to mend them\n";
    }
    out
}
