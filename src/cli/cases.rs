//! `leitmotif cases`: import, list, show, add, remove, export.

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use rustc_hash::FxHashMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::case_base;
use super::colour::Style;
use super::reverse::ReverseSearch;
use super::{Done, write_out};
use crate::cases::case::Case;
use crate::cases::saved;
use crate::error::{BadRecord, Error};
use crate::ingest::case_records::{self, Form};
use crate::ingest::charset::{self, Decoded};
use crate::ingest::jsonl::Placed;
use crate::ingest::{case_page, case_rules, jsonl};
use crate::store::{Store, default_path};

/// What an import file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// By content
    Auto,
    /// One case a line
    Jsonl,
    /// A table with a column per field, as the API exports it
    Csv,
    /// Text copied from the EUvsDisinfo database
    CasePage,
}

/// Where the store lies.
#[derive(Debug, Args)]
pub(super) struct StorePlace {
    /// SQLite store; `LEITMOTIF_STORE` or your data folder without it
    #[arg(long, value_name = "DB")]
    store: Option<PathBuf>,
}

impl StorePlace {
    /// The path to write to.
    pub(super) fn path(&self) -> anyhow::Result<PathBuf> {
        self.store.clone().or_else(default_path).context("no data folder is known; name a store with --store")
    }
}

/// Where the cases are kept.
#[derive(Debug, Args)]
pub(super) struct Place {
    #[command(flatten)]
    store: StorePlace,
    /// Saved index instead of a store
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    index: Option<PathBuf>,
}

/// Sub-commands of `cases`.
#[derive(Debug, Subcommand)]
pub(super) enum Cases {
    /// Read cases from files into the store
    Import {
        /// Files; `-` is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// What the files are
        #[arg(long, value_enum, default_value = "auto")]
        format: ImportFormat,
        /// Begin a new store empty instead of with the starter cases
        #[arg(long)]
        without_starter: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Add one case (JSON) from a file or standard input
    Add {
        /// File with one case; `-` is standard input
        #[arg(default_value = "-", value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        search: ReverseSearch,
    },
    /// List all cases: id, date, title
    List {
        #[command(flatten)]
        place: Place,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one case
    Show {
        /// Its id
        id: String,
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a case from the store
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Index cases in a file that opens at once, for `--cases`
    Index {
        /// Cases as JSONL, stores or saved indexes; those of your store without it
        #[arg(value_name = "FILE|DB")]
        cases: Vec<PathBuf>,
        /// Where to write the index
        #[arg(long, value_name = "FILE", required_unless_present = "verify")]
        output: Option<PathBuf>,
        /// Instead, check every byte of this index and that its parts fit together
        #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "output"])]
        verify: Option<PathBuf>,
    },
    /// Write all cases as JSONL
    Export {
        #[command(flatten)]
        place: Place,
    },
}

impl Place {
    /// All cases of the store, or the starter cases where no store was named and none exists.
    fn read(&self) -> anyhow::Result<Vec<Case>> {
        match self.index.as_ref().or(self.store.store.as_ref()) {
            Some(path) => case_base::read(path),
            None => case_base::read_default(),
        }
    }

    /// The store; a new one begins with the starter cases unless told otherwise.
    fn create(&self, with_starter: bool) -> anyhow::Result<Store> {
        let path = self.store.path()?;
        let (mut store, new) = Store::create(&path)?;
        if new && with_starter {
            let seeded = store.import(&case_base::read_starter()?)?;
            eprintln!("new store {} begins with the {} starter cases", path.display(), seeded.added);
        }
        Ok(store)
    }

    /// Adds cases, all or none; says how many were added and which gave way.
    fn put(&self, cases: &[Case], with_starter: bool) -> anyhow::Result<()> {
        let Some(path) = &self.index else {
            let done = self.create(with_starter)?.import(cases)?;
            eprintln!("{} cases added, {} replaced", done.added, done.replaced);
            return Ok(());
        };
        let changes = cases.iter().map(|case| saved::Change::Add(Box::new(case.clone()))).collect();
        let replaced = saved::change(path, changes)?;
        for old in &replaced {
            eprintln!("replaced: {}", old.id);
        }
        eprintln!("{} cases added, {} replaced", cases.len() - replaced.len(), replaced.len());
        Ok(())
    }

    /// Where `--cases` would find them.
    fn cases(&self) -> anyhow::Result<PathBuf> {
        self.index.clone().map_or_else(|| self.store.path(), Ok)
    }
}

pub(super) fn run(args: &Cases) -> anyhow::Result<Done> {
    match args {
        Cases::Import { files, format, without_starter, place } => {
            let (cases, complete) = read_imports(files, *format)?;
            place.put(&cases, !without_starter)?;
            Ok(if complete { Done::All } else { Done::Rejected })
        }
        Cases::Add { file, place, search } => {
            let (cases, complete) = read_imports(std::slice::from_ref(file), ImportFormat::Jsonl)?;
            place.put(&cases, true)?;
            let searched = search.run(&place.cases()?, &cases)?;
            Ok(if complete { searched } else { Done::Rejected })
        }
        Cases::List { place, json } => {
            let cases = place.read()?;
            if *json {
                return export(&cases);
            }
            let mut out = String::new();
            for c in &cases {
                let title = if c.title.is_empty() { &c.claim } else { &c.title };
                let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
                writeln!(out, "{}\t{}\t{title}", c.id, c.published)?;
            }
            write_out(Style::PLAIN.harmless(&out).as_bytes())
        }
        Cases::Show { id, place, json } => {
            let case = place.read()?.into_iter().find(|c| c.id == *id).ok_or_else(|| Error::NoSuchCase(id.clone()))?;
            if *json { export(&[case]) } else { write_out(Style::PLAIN.harmless(&page(&case)).as_bytes()) }
        }
        Cases::Remove { id, place } => {
            if let Some(path) = &place.index {
                saved::change(path, vec![saved::Change::Remove(id.clone())])?;
            } else if !Store::existing(&place.store.path()?)?.remove(id)? {
                return Err(Error::NoSuchCase(id.clone()).into());
            }
            eprintln!("removed {id}");
            Ok(Done::All)
        }
        Cases::Index { verify: Some(path), .. } => {
            let index = saved::verify(path)?;
            eprintln!("{} is whole: {} cases", path.display(), index.len());
            Ok(Done::All)
        }
        Cases::Index { output: None, .. } => anyhow::bail!("name the file to write with --output"),
        Cases::Index { cases, output: Some(output), .. } => {
            // An index may take the place of an index or of an empty file, and of nothing else.
            let is_empty = |path: &Path| path.is_file() && path.metadata().is_ok_and(|m| m.len() == 0);
            if output.exists() && !saved::is_saved(output) && !is_empty(output) {
                let what = "it is a file of another kind; name another, or remove it first";
                return Err(Error::Taken { path: output.clone(), what }.into());
            }
            let (index, left_out) =
                if cases.is_empty() { (case_base::open_default()?, 0) } else { case_base::index(cases)? };
            saved::save(&index, output)?;
            eprintln!("{} cases indexed in {}, {left_out} left out", index.len(), output.display());
            Ok(if left_out == 0 { Done::All } else { Done::Rejected })
        }
        Cases::Export { place } => export(&place.read()?),
    }
}

fn export(cases: &[Case]) -> anyhow::Result<Done> {
    let mut out = Vec::new();
    for case in cases {
        serde_json::to_writer(&mut out, case)?;
        out.push(b'\n');
    }
    write_out(&out)
}

/// Reads all files; says what was left out and whether everything could be read.
fn read_imports(files: &[PathBuf], format: ImportFormat) -> anyhow::Result<(Vec<Case>, bool)> {
    let mut cases: Vec<Option<Case>> = Vec::new();
    let mut complete = true;
    let mut places = FxHashMap::default();
    for file in files {
        let mut bytes = Vec::new();
        jsonl::open(file)?.read_to_end(&mut bytes).with_context(|| format!("cannot read {}", file.display()))?;
        let decoded = || charset::decode(&bytes);
        let name = file.display().to_string();
        let form = match format {
            ImportFormat::Jsonl => Some(Form::Lines),
            ImportFormat::Csv => Some(Form::Table),
            ImportFormat::CasePage => None,
            ImportFormat::Auto => case_records::form_of(&decoded().text),
        };
        let Some(form) = form else {
            let (found, all) = read_page(&decoded(), &name)?;
            cases.extend(found.into_iter().map(Some));
            complete &= all;
            continue;
        };
        let (records, read_as) = case_records::read(bytes, form, &name).map_err(anyhow::Error::msg)?;
        tell_encoding(&name, read_as);
        let mut bad = records.bad;
        for Placed { place, record } in records.good {
            if let Err(problem) = case_rules::check_kept(&record) {
                bad.push(BadRecord { place, problem });
                continue;
            }
            // As in an index: of two cases with one id the later counts.
            if let Some((first, at)) = places.insert(record.id.clone(), (place.clone(), cases.len())) {
                eprintln!("warning: {place}: this case replaces the one of the same id at {first}");
                cases[at] = None;
            }
            cases.push(Some(record));
        }
        bad.sort_by_key(|b| b.place.line);
        for bad in &bad {
            eprintln!("rejected: {}", Style::PLAIN.harmless(&bad.to_string()));
        }
        complete &= bad.is_empty();
    }
    Ok((cases.into_iter().flatten().collect(), complete))
}

/// Says in which encoding a file was read, unless that is UTF-8: it was a guess.
fn tell_encoding(name: &str, read_as: Option<&str>) {
    if let Some(encoding) = read_as.filter(|&encoding| encoding != "UTF-8") {
        eprintln!("note: {name} was read as {encoding}; if its letters are not right, save it as UTF-8");
    }
}

/// The cases of a page that can be taken in, and whether those are all of them.
fn read_page(decoded: &Decoded, name: &str) -> anyhow::Result<(Vec<Case>, bool)> {
    tell_encoding(name, Some(decoded.encoding));
    if let Some(lost) = decoded.warning() {
        eprintln!("warning: {name}: {lost}");
    }
    let page = case_page::parse(&decoded.text, name);
    // What stands there may be an article, and has no place in a log.
    for left in &page.unplaced {
        let said = if left.lost {
            format!("not placed: {}: {} characters ({})", left.place, left.text.chars().count(), left.why)
        } else {
            format!("note: {}: {}", left.place, left.why)
        };
        eprintln!("{}", Style::PLAIN.harmless(&said));
    }
    let whole = page.unplaced.iter().all(|left| !left.lost);
    anyhow::ensure!(
        !page.cases.is_empty(),
        "{name} holds no case; a case page begins its cases with a line \"Disinfo: …\", a table names its columns in the \
         first line, title or claim among them, and JSON Lines have an object a line"
    );
    let (mut cases, mut complete) = (page.cases, whole);
    cases.retain(|case| match case_rules::check_kept(case) {
        Ok(()) => true,
        Err(problem) => {
            eprintln!("rejected: {name}: {}", Style::PLAIN.harmless(&problem.to_string()));
            complete = false;
            false
        }
    });
    Ok((cases, complete))
}

/// A case for people.
fn page(c: &Case) -> String {
    let mut out = String::new();
    let mut field = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            let _ = writeln!(out, "{name}: {value}");
        }
    };
    field("id", &c.id);
    field("title", &c.title);
    field("published", &c.published);
    field("language", &c.language);
    field("circulated in", &c.languages.join(", "));
    field("countries", &c.countries.join(", "));
    field("outlets", &c.outlets.join(", "));
    field("keywords", &c.keywords.join(", "));
    field("narratives", &c.narratives.join(", "));
    field("url", &c.url);
    for (name, text) in [("Claim", &c.claim), ("Disproof", &c.disproof)] {
        if !text.is_empty() {
            let _ = writeln!(out, "\n{name}\n{text}");
        }
    }
    out
}
