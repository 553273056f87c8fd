//! `leitmotif related`: the debunked cases a text repeats, for one text or a file of queries.

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::Done;
use super::input::TextInput;
use super::open::Using;
use super::{colour::Style, print, write_json, write_out};
use crate::cases::candidates::Query;
use crate::cases::related::CaseBase;
use crate::document::Language;
use crate::error::{BadRecord, RecordProblem};
use crate::ingest::jsonl::{self, Placed};
use crate::record::TextRecord;

/// How the answers to a file of queries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RunFormat {
    /// TREC run lines: query, Q0, case, rank, score, tag
    Trec,
    /// One object a line: the query's id and its related cases
    Jsonl,
}

/// Flags of `related`.
#[derive(Debug, Args)]
pub(super) struct RelatedArgs {
    #[command(flatten)]
    using: Using,
    #[command(flatten)]
    input: TextInput,
    /// File of queries (JSONL with `id`, `text`, `language`) instead of one text
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "text"])]
    queries: Option<PathBuf>,
    /// How to write the answers to --queries
    #[arg(long, value_enum, default_value = "trec", requires = "queries", conflicts_with_all = ["file", "text"])]
    format: RunFormat,
    /// Cases per text
    #[arg(long, default_value_t = 10, value_name = "N")]
    top: usize,
    /// Language of the text (ISO 639 code); detected without it
    #[arg(long, value_name = "L", conflicts_with = "queries")]
    language: Option<Language>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &RelatedArgs) -> anyhow::Result<Done> {
    let cases = args.using.cases()?;
    if let Some(path) = &args.queries {
        let format = if args.json { RunFormat::Jsonl } else { args.format };
        return run_queries(args, &cases, path, format);
    }
    let (document, mended) = args.input.read(args.language)?;
    if let Some(mended) = mended {
        eprintln!("warning: {mended}");
    }
    let found = cases.related(&mut Query::default(), &document.text, document.language, args.top);
    args.using.sound(&cases.index)?;
    if args.json {
        return write_json(&found);
    }
    if args.top == 0 {
        return Ok(Done::All);
    }
    let style = Style::for_stdout();
    write_out(style.harmless(&print::related(&found, &document.text, &cases.index, style)).as_bytes())
}

fn run_queries(args: &RelatedArgs, cases: &CaseBase, path: &Path, format: RunFormat) -> anyhow::Result<Done> {
    let mut records = jsonl::read::<TextRecord>(path)?;
    let (queries, empty): (Vec<_>, Vec<_>) =
        records.good.into_iter().partition(|query| !query.record.text.trim().is_empty());
    records.bad.extend(
        empty
            .into_iter()
            .map(|Placed { place, record }| BadRecord { place, problem: RecordProblem::QueryWithoutText(record.id) }),
    );
    records.bad.sort_by_key(|bad| bad.place.line);
    for bad in &records.bad {
        eprintln!("rejected: {bad}");
    }
    tell_languages(&queries);
    let memories: Vec<Mutex<Query>> = (0..rayon::current_num_threads()).map(|_| Mutex::default()).collect();
    let lines: Vec<String> = queries
        .par_iter()
        .map(|query| {
            let memory = &memories[rayon::current_thread_index().unwrap_or(0)];
            let mut memory = memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            answer(cases, &mut memory, &query.record, format, args.top)
        })
        .collect();
    args.using.sound(&cases.index)?;
    write_out(lines.concat().as_bytes())?;
    Ok(if records.bad.is_empty() { Done::All } else { Done::Rejected })
}

/// Most queries of which it is said that their language is none.
const TOLD: usize = 5;

/// Says on standard error which stated languages are no codes and so were not used.
fn tell_languages(queries: &[Placed<TextRecord>]) {
    let wrong: Vec<(&Placed<TextRecord>, String)> =
        queries.iter().filter_map(|q| Some((q, Language::stated(&q.record.language).1?))).collect();
    for (query, said) in wrong.iter().take(TOLD) {
        eprintln!("warning: {}", Style::PLAIN.harmless(&format!("{}: {said}", query.place)));
    }
    if wrong.len() > TOLD {
        eprintln!("warning: {} more queries state a language that is no code", wrong.len() - TOLD);
    }
}

fn answer(cases: &CaseBase, memory: &mut Query, query: &TextRecord, format: RunFormat, top: usize) -> String {
    let language = Language::lenient(&query.language);
    match format {
        RunFormat::Trec => {
            let mut out = String::new();
            let found = cases.rank_ids(memory, &query.text, language, top);
            // Tabs when an id holds a space, so that the columns stay six.
            let gap = if found.iter().any(|f| f.0.contains(' ')) || query.id.contains(' ') { '\t' } else { ' ' };
            for (rank, (id, score)) in found.into_iter().enumerate() {
                let _ = writeln!(out, "{}{gap}Q0{gap}{id}{gap}{}{gap}{score:.9}{gap}leitmotif", query.id, rank + 1);
            }
            out
        }
        RunFormat::Jsonl => {
            let related = cases.related(memory, &query.text, language, top);
            serde_json::json!({ "id": query.id, "related": related }).to_string() + "\n"
        }
    }
}
