//! What `train` and `check` share: which records, and how to train on them.

use anyhow::Context;
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ingest::unlabelled::{self, Unlabelled};
use crate::model::manifest::Settings;
use crate::training::data::Sources;
use crate::training::memory;

/// The files of records.
#[derive(Debug, Args)]
pub(super) struct RecordFiles {
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
}

impl RecordFiles {
    /// The files given by flags.
    pub(super) fn sources(&self) -> Sources {
        Sources {
            narratives: self.narratives.clone(),
            cases: self.cases.clone(),
            texts: self.texts.clone(),
            background: self.background.clone(),
            queries: None,
            versions: None,
        }
    }

    /// The files given by flags, and those of a folder that go by the usual names.
    pub(super) fn with_folder(&self, folder: Option<&Path>) -> anyhow::Result<Sources> {
        let mut out = self.sources();
        if let Some(folder) = folder {
            anyhow::ensure!(
                folder.is_dir(),
                "{} is no folder; give a folder of records, or a file with --cases, --texts or --background",
                folder.display()
            );
            let file = |name: &str| Some(folder.join(name)).filter(|p| p.is_file());
            let narratives = file("narratives.jsonl");
            anyhow::ensure!(
                narratives.is_none() || out.narratives.is_none(),
                "two taxonomies: --narratives and the narratives.jsonl of {}; give the files of the folder one by one",
                folder.display()
            );
            out.narratives = out.narratives.or(narratives);
            out.cases.extend(file("cases.jsonl"));
            out.texts.extend(file("texts.jsonl"));
            out.background.extend(file("background.jsonl"));
        }
        let nothing =
            out.narratives.is_none() && out.cases.is_empty() && out.texts.is_empty() && out.background.is_empty();
        match folder {
            Some(folder) if nothing => anyhow::bail!(
                "{} holds none of narratives.jsonl, cases.jsonl, texts.jsonl and background.jsonl; name its files with --cases and so on",
                folder.display()
            ),
            None if nothing => {
                anyhow::bail!("no records given; name a folder, or files with --cases, --texts or --background")
            }
            _ => Ok(out),
        }
    }
}

/// How to train.
#[derive(Debug, Args)]
pub(super) struct Tuning {
    /// Seed of the random draws; the settings' or 1 without it
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads; all cores without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Most memory to use, in MiB; all that is available without it
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..1 << 40))]
    memory: Option<u64>,
    /// Training settings (JSON, any part of what `model.json` calls `settings`)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Tuning {
    /// The settings that the file of settings names, as `model.json` calls them: `alpha`, `features.word_weight`.
    pub(super) fn named(&self) -> anyhow::Result<BTreeSet<String>> {
        let Some(path) = &self.settings else { return Ok(BTreeSet::new()) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let given: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not valid JSON", path.display()))?;
        let mut out = BTreeSet::new();
        for (name, value) in given.as_object().into_iter().flatten() {
            match value.as_object() {
                Some(parts) => out.extend(parts.keys().map(|part| format!("{name}.{part}"))),
                None => _ = out.insert(name.clone()),
            }
        }
        Ok(out)
    }

    /// Starts the threads and gives the checked settings.
    pub(super) fn start(&self) -> anyhow::Result<Settings> {
        if let Some(threads) = self.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
            pool.build_global().context("cannot start the threads")?;
        }
        let settings = read_settings(self.settings.as_deref(), self.seed)?;
        settings.check()?;
        Ok(settings)
    }

    /// Bytes that may be used, where known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.memory.map(|mib| mib << 20).or_else(memory::available)
    }
}

/// Most lines named of a file.
const LINES: usize = 10;

/// Says on standard error which texts do not say what they carry, file by file.
pub(super) fn tell_unlabelled(texts: &[Unlabelled]) {
    for of_file in texts.chunk_by(|a, b| a.place.source == b.place.source) {
        for line in unlabelled_lines(of_file) {
            eprintln!("{line}");
        }
    }
}

/// A line for each of what the texts of one file have instead of narratives, and how it is mended.
fn unlabelled_lines(texts: &[Unlabelled]) -> Vec<String> {
    let mut kinds: Vec<(String, Vec<usize>)> = Vec::new();
    for text in texts {
        let what = text.instead.to_string();
        match kinds.iter_mut().find(|k| k.0 == what) {
            Some(kind) => kind.1.push(text.place.line),
            None => kinds.push((what, vec![text.place.line])),
        }
    }
    let mut out: Vec<String> = kinds
        .into_iter()
        .map(|(what, lines)| {
            let shown: Vec<String> = lines.iter().take(LINES).map(usize::to_string).collect();
            let more = if lines.len() > LINES { ", …" } else { "" };
            let (n, file, s) = (lines.len(), &texts[0].place.source, if lines.len() == 1 { "" } else { "s" });
            format!("warning: {file}: {n} text{s} whose record {what}: line{s} {}{more}", shown.join(", "))
        })
        .collect();
    out.push(format!("  → {}", unlabelled::MEND));
    out
}

/// Training settings of a file, the defaults without one, with the seed of a flag. Two seeds are contradictory.
pub(super) fn read_settings(path: Option<&Path>, seed: Option<u64>) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    if let Some(path) = path {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let given: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not valid JSON", path.display()))?;
        if let (Some(flag), Some(file)) = (seed, given.get("seed").and_then(serde_json::Value::as_u64)) {
            anyhow::ensure!(
                flag == file,
                "contradictory seeds: --seed {flag}, and \"seed\": {file} in {}; give one of them",
                path.display()
            );
        }
        // Read again as text, so that a wrong field is named with its line.
        settings =
            serde_json::from_str(&text).with_context(|| format!("{} holds no training settings", path.display()))?;
    }
    settings.seed = seed.unwrap_or(settings.seed);
    Ok(settings)
}
