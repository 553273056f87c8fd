//! Every stage of the road, in bytes per second on generated text, beside the bare `unicode_words` pass as yardstick.
//!
//! `cargo bench` prints the table and, last, the share of the yardstick that the whole scoring path reaches, measured
//! in alternation in the same run. The articles are made of the background texts of `training-data/`: plain prose on
//! the topics of the model.

use divan::Bencher;
use divan::counter::BytesCount;
use leitmotif::assess::{Assessor, Options, Worker};
use leitmotif::cases::candidates::Query;
use leitmotif::cases::related::CaseBase;
use leitmotif::features::space::Featuriser;
use leitmotif::ingest::jsonl;
use leitmotif::text::analyser::{Analysis, sentences};
use leitmotif::text::language::detect;
use leitmotif::text::normalise::Normalised;
use leitmotif::{Document, TextRecord, embedded};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use unicode_segmentation::UnicodeSegmentation;

/// English articles of about 3 KB.
static ARTICLES: LazyLock<Vec<Document>> = LazyLock::new(|| articles("en"));
/// Russian articles of about 3,000 characters.
static RUSSIAN: LazyLock<Vec<Document>> = LazyLock::new(|| articles("ru"));

static STARTER: LazyLock<Assessor> = LazyLock::new(|| {
    let model = embedded::model().unwrap();
    let ranker = model.ranker().unwrap().clone();
    let cases = CaseBase { index: embedded::cases().unwrap(), ranker };
    Assessor::new(model, cases).unwrap()
});

/// Articles of whole background texts, one after the other, each article beginning with another text.
fn articles(language: &str) -> Vec<Document> {
    let background = jsonl::read_text::<TextRecord>(include_str!("../training-data/background.jsonl"), "background");
    let texts: Vec<String> = (background.unwrap().good.into_iter())
        .filter(|r| r.record.language == language)
        .map(|r| r.record.text)
        .collect();
    (0..200)
        .map(|i| {
            let mut text = String::new();
            let mut next = i;
            while text.chars().count() < 3000 {
                text = text + &texts[next % texts.len()] + "\n\n";
                next += 1 + i / texts.len();
            }
            let end = text.char_indices().nth(3000).map_or(text.len(), |(i, _)| i);
            text.truncate(end);
            Document { id: i.to_string(), text, language: language.parse().ok() }
        })
        .collect()
}

fn bytes(documents: &[Document]) -> usize {
    documents.iter().map(|d| d.text.len()).sum()
}

/// Runs `work` over all articles and counts their bytes.
fn each(bencher: Bencher, documents: &[Document], mut work: impl FnMut(&Document)) {
    bencher.counter(BytesCount::new(bytes(documents))).bench_local(|| documents.iter().for_each(&mut work));
}

/// The whole text, as peers read it.
const SCORE_ONLY: Options = Options { top: 5, related: 0, evidence: false, passages: false };
/// And its passages.
const WITH_PASSAGES: Options = Options { passages: true, ..SCORE_ONLY };

fn score(worker: &mut Worker, document: &Document, options: Options) {
    divan::black_box(STARTER.assess(worker, document, options));
}

#[divan::bench]
fn a_yardstick_unicode_words(bencher: Bencher) {
    each(bencher, &ARTICLES, |d| {
        divan::black_box(d.text.unicode_words().count());
    });
}

#[divan::bench]
fn b_normalise(bencher: Bencher) {
    let mut n = Normalised::default();
    each(bencher, &ARTICLES, |d| n.assign(divan::black_box(&d.text)));
}

#[divan::bench]
fn b_normalise_russian(bencher: Bencher) {
    let mut n = Normalised::default();
    each(bencher, &RUSSIAN, |d| n.assign(divan::black_box(&d.text)));
}

#[divan::bench]
fn c_analyse(bencher: Bencher) {
    let mut a = Analysis::default();
    each(bencher, &ARTICLES, |d| a.analyse(divan::black_box(&d.text), d.language));
}

#[divan::bench]
fn c_detect_language(bencher: Bencher) {
    each(bencher, &ARTICLES, |d| {
        divan::black_box(detect(&d.text));
    });
}

#[divan::bench]
fn c_sentences(bencher: Bencher) {
    each(bencher, &ARTICLES, |d| {
        divan::black_box(sentences(&d.text));
    });
}

#[divan::bench]
fn d_featurise(bencher: Bencher) {
    let space = &STARTER.classifier().space;
    let mut f = Featuriser::new(space);
    each(bencher, &ARTICLES, |d| f.run(space, divan::black_box(&d.text), d.language));
}

#[divan::bench]
fn e_classify_without_evidence(bencher: Bencher) {
    let mut worker = STARTER.worker();
    each(bencher, &ARTICLES, |d| score(&mut worker, d, SCORE_ONLY));
}

#[divan::bench]
fn e_to_narratives_with_passages(bencher: Bencher) {
    let mut worker = STARTER.worker();
    each(bencher, &ARTICLES, |d| score(&mut worker, d, WITH_PASSAGES));
}

#[divan::bench]
fn e_classify_without_evidence_russian(bencher: Bencher) {
    let mut worker = STARTER.worker();
    each(bencher, &RUSSIAN, |d| score(&mut worker, d, SCORE_ONLY));
}

#[divan::bench]
fn f_related(bencher: Bencher) {
    let mut query = Query::default();
    each(bencher, &ARTICLES, |d| {
        divan::black_box(STARTER.cases.related(&mut query, &d.text, d.language, 5));
    });
}

#[divan::bench]
fn g_classify_as_json(bencher: Bencher) {
    let mut worker = STARTER.worker();
    each(bencher, &ARTICLES, |d| {
        divan::black_box(serde_json::to_vec(&STARTER.assess(&mut worker, d, Options::default())).unwrap());
    });
}

/// The best of several alternating passes over all articles.
fn best_of(rounds: usize, mut passes: [&mut dyn FnMut(); 3]) -> [Duration; 3] {
    let mut best = [Duration::MAX; 3];
    for _ in 0..rounds {
        for (pass, best) in passes.iter_mut().zip(&mut best) {
            let start = Instant::now();
            pass();
            *best = start.elapsed().min(*best);
        }
    }
    best
}

fn main() {
    divan::main();
    let (mut worker, mut whole) = (STARTER.worker(), STARTER.worker());
    let [yardstick, scored, answered] = best_of(
        30,
        [
            &mut || {
                ARTICLES.iter().for_each(|d| {
                    let _ = divan::black_box(d.text.unicode_words().count());
                });
            },
            &mut || ARTICLES.iter().for_each(|d| score(&mut worker, d, SCORE_ONLY)),
            &mut || ARTICLES.iter().for_each(|d| score(&mut whole, d, Options::default())),
        ],
    );
    let share = yardstick.as_secs_f64() / scored.as_secs_f64();
    let rate = |t: Duration| bytes(&ARTICLES) as f64 / 1e6 / t.as_secs_f64();
    println!("\nunicode_words           {:7.1} MB/s", rate(yardstick));
    println!("scoring, no evidence    {:7.1} MB/s, {share:.2} of unicode_words", rate(scored));
    println!(
        "whole answer            {:7.3} ms per article of 3 KB",
        answered.as_secs_f64() * 1e3 / ARTICLES.len() as f64
    );
}
