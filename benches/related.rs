//! Time per query over a case base, stage by stage, on one core: `cargo bench --bench related`.
//!
//! `CASES` names a case base (JSONL or a saved index), `QUERIES` a file of queries (JSONL); without them, a generated
//! base of `GENERATED` (10,000) cases and its own claims, altered. With `SAVE` the base is only indexed and saved there,
//! to be opened by another run, whose memory is then that of answering alone. Every figure is the least of several rounds
//! over all queries, since the machine may be doing other things; the bare first stage is the yardstick of the rest.

use leitmotif::cases::candidates::Query;
use leitmotif::cases::case::Case;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::related::CaseBase;
use leitmotif::cases::saved;
use leitmotif::ingest::jsonl;
use leitmotif::{Language, TextRecord, embedded};
use std::path::PathBuf;
use std::time::Instant;

mod generated;

const ROUNDS: usize = 5;

fn file(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

/// The most memory this process has had, in MB, where the system says.
fn memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kb| kb / 1e3)
}

fn main() {
    let generated = number("GENERATED").unwrap_or(10_000);
    if let Some(path) = file("SAVE") {
        let started = Instant::now();
        let index = CaseIndex::new(generated::cases(generated));
        saved::save(&index, &path).unwrap();
        let size = std::fs::metadata(&path).unwrap().len() as f64 / 1e6;
        println!(
            "{generated} cases generated, indexed and saved in {:.1} s, {size:.0} MB",
            started.elapsed().as_secs_f64()
        );
        return;
    }
    let opened = Instant::now();
    let index = match file("CASES") {
        Some(path) if saved::is_saved(&path) => saved::open(&path).unwrap(),
        Some(path) => CaseIndex::new(jsonl::read::<Case>(&path).unwrap().good.into_iter().map(|c| c.record)),
        None => CaseIndex::new(generated::cases(generated)),
    };
    let opened = opened.elapsed();
    let queries: Vec<(String, Option<Language>)> = match file("QUERIES") {
        Some(path) => (jsonl::read::<TextRecord>(&path).unwrap().good.into_iter())
            .map(|q| (q.record.text, Language::lenient(&q.record.language)))
            .collect(),
        None => generated::queries(generated, 500).map(|q| (q, None)).collect(),
    };
    let base = CaseBase { index, ranker: embedded::model().unwrap().ranker().unwrap().clone() };
    println!("{} cases ready in {:.1} ms, {} queries", base.index.len(), opened.as_secs_f64() * 1e3, queries.len());
    let mut query = Query::default();
    let mut work = (0, 0);
    for (text, language) in &queries {
        query.first_stage(&base.index, text, *language, 30);
        work = (work.0 + query.work().0, work.1 + query.work().1);
    }
    let n = queries.len();
    println!("a query reads {} postings and the terms of {} cases to find the first 30", work.0 / n, work.1 / n);
    let mut time = |name: &str, run: &mut dyn FnMut(&mut Query, &str, Option<Language>)| {
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for (text, language) in &queries {
                run(&mut query, text, *language);
            }
            best = best.min(start.elapsed().as_secs_f64() / n as f64);
        }
        println!("{name:<28} {:>8.3} ms a query", best * 1e3);
    };
    time("first stage", &mut |q, text, language| drop(q.first_stage(&base.index, text, language, 30)));
    time("with the ranker, ids", &mut |q, text, language| drop(base.rank_ids(q, text, language, 10)));
    time("with passages", &mut |q, text, language| drop(base.related(q, text, language, 5)));
    if let Some(memory) = memory() {
        println!("at most {memory:.0} MB of memory");
    }
}
