//! Every stage of the road, in bytes per second on generated text, beside the bare `unicode_words` pass as yardstick.
//!
//! `cargo bench` prints the table and, last, the share of the yardstick that the whole scoring path reaches, measured
//! in alternation in the same run. The text is drawn from the starter claims' own words, so that the memory of words
//! behaves as on real articles.

use divan::Bencher;
use divan::counter::BytesCount;
use leitmotif::assess::{Assessor, Options, Worker};
use leitmotif::cases::candidates::Query;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::related::CaseBase;
use leitmotif::features::space::Featuriser;
use leitmotif::text::analyser::{Analysis, sentences};
use leitmotif::text::language::detect;
use leitmotif::text::normalise::Normalised;
use leitmotif::{Document, embedded};
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
    let cases = CaseBase { index: CaseIndex::new(embedded::cases().unwrap()), ranker };
    Assessor::new(model, cases).unwrap()
});

fn articles(language: &str) -> Vec<Document> {
    let mut seed = 7u64;
    let mut draw = move |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    let claims: Vec<String> = embedded::cases()
        .unwrap()
        .into_iter()
        .filter(|c| c.language == language)
        .map(|c| c.claim + " " + &c.disproof)
        .collect();
    let words: Vec<&str> = claims.iter().flat_map(|c| c.split(' ')).collect();
    (0..200)
        .map(|i| {
            let mut text = String::new();
            while text.chars().count() < 3000 {
                // A run of words as they stand, so that pairs and sentences occur.
                let from = draw(words.len() - 8);
                for word in &words[from..from + 8] {
                    text.push_str(word);
                    text.push(' ');
                }
            }
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

const SCORE_ONLY: Options = Options { top: 5, related: 0, evidence: false };

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
