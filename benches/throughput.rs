//! Text to narratives on one core: megabytes of text per second that a model reads, beside the bare `unicode_words` pass over the
//! same texts in the same run.
//!
//! ```sh
//! LEITMOTIF_TEXTS=texts.jsonl [LEITMOTIF_MODEL=DIR] cargo bench --bench throughput
//! ```
//!
//! Each pass is that of a feed: every text once, with a memory of words that is empty at the beginning. Reading of JSON and
//! writing of answers is not counted, as it is not for the peers of `benches/speed_peers.py`, which calls this and prints
//! the ratios. Without `LEITMOTIF_TEXTS` there is nothing to read, and nothing is measured.

use leitmotif::assess::{Assessor, Options};
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::related::CaseBase;
use leitmotif::ingest::jsonl;
use leitmotif::model::folder;
use leitmotif::{Document, TextRecord, embedded};
use std::path::PathBuf;
use std::time::Instant;
use unicode_segmentation::UnicodeSegmentation;

const ROUNDS: usize = 5;

fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn main() {
    let Some(texts) = path("LEITMOTIF_TEXTS") else {
        println!("no texts: say with LEITMOTIF_TEXTS=texts.jsonl which to read");
        return;
    };
    let records = jsonl::read::<TextRecord>(&texts).unwrap_or_else(|e| panic!("{e}"));
    assert!(
        records.bad.is_empty(),
        "{} lines are no texts; mend them first: {:?}",
        records.bad.len(),
        records.bad.first()
    );
    let documents: Vec<Document> = (records.good.into_iter())
        .map(|r| Document { id: r.record.id, text: r.record.text, language: r.record.language.parse().ok() })
        .collect();
    let model = path("LEITMOTIF_MODEL").map_or_else(embedded::model, |dir| folder::open(&dir));
    let model = model.unwrap_or_else(|e| panic!("{e}"));
    let ranker = model.ranker().cloned().or_else(|| embedded::model().ok()?.ranker().cloned());
    let cases = CaseBase { index: CaseIndex::default(), ranker: ranker.unwrap_or_else(|| panic!("no ranker")) };
    let assessor = Assessor::new(model, cases).unwrap_or_else(|| panic!("the model has no narratives"));
    let whole = Options { top: 5, related: 0, evidence: false, passages: false };
    let pass = |options: Options| {
        let mut worker = assessor.worker();
        for document in &documents {
            std::hint::black_box(assessor.assess(&mut worker, document, options));
        }
    };
    let words = || {
        for document in &documents {
            std::hint::black_box(document.text.unicode_words().count());
        }
    };
    let passages = Options { passages: true, ..whole };
    let passes: [(&str, &dyn Fn()); 3] =
        [("unicode_words", &words), ("narratives", &|| pass(whole)), ("with passages", &|| pass(passages))];
    let megabytes = documents.iter().map(|d| d.text.len()).sum::<usize>() as f64 / 1e6;
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        for ((_, pass), best) in passes.iter().zip(&mut best) {
            let start = Instant::now();
            pass();
            *best = start.elapsed().as_secs_f64().min(*best);
        }
    }
    println!(
        "{} texts, {megabytes:.1} MB, {} narratives, best of {ROUNDS}",
        documents.len(),
        assessor.classifier().taxonomy.len()
    );
    for ((name, _), seconds) in passes.iter().zip(best) {
        println!("{name:14} {:7.2} MB/s, {:.2} of unicode_words", megabytes / seconds, best[0] / seconds);
    }
}
