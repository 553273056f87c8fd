//! Training speed: all one-vs-rest models of a data set over its sparse rows, beside scikit-learn on the same matrix.
//!
//! ```sh
//! LEITMOTIF_NARRATIVES=narratives.jsonl LEITMOTIF_CASES=cases.jsonl LEITMOTIF_EXPORT=/tmp/matrix \
//!     cargo bench --bench training
//! python3 benches/training_peer.py /tmp/matrix        # pip install scikit-learn
//! ```
//!
//! `LEITMOTIF_TEXTS` takes labelled texts instead of cases or besides them. Without any of these variables the texts are
//! generated, so nothing has to be downloaded. With `LEITMOTIF_EXPORT` the matrix, the labels and the figures of this run
//! go to that folder, and the second command prints the ratio. Claims, texts, titles and disproofs are rows, as `leitmotif
//! train` has them; labels with rows of one kind only are left out.
//!
//! `LEITMOTIF_ALPHA` (1/30) is the penalty, `LEITMOTIF_TOLERANCE` overrides that of the pipeline, `RAYON_NUM_THREADS` the
//! threads.

use leitmotif::features::space::{Sample, learn};
use leitmotif::features::sparse::SparseRows;
use leitmotif::features::tfidf::FeatureSettings;
use leitmotif::learn::one_vs_rest::{ClassWeight, LinearModels, OneVsRestParams};
use leitmotif::model::taxonomy::NarrativeNo;
use leitmotif::training::data::{Sources, TrainingData};
use linfa::dataset::{DatasetBase, Records};
use linfa::traits::Fit;
use ndarray::Array2;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Texts and the labels of each.
struct Labelled {
    texts: Vec<String>,
    labels: Vec<BTreeSet<usize>>,
    count: usize,
}

fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

fn read(cases: Option<PathBuf>, texts: Option<PathBuf>) -> Labelled {
    let sources = Sources {
        narratives: path("LEITMOTIF_NARRATIVES"),
        cases: cases.into_iter().collect(),
        texts: texts.into_iter().collect(),
        ..Sources::default()
    };
    let data = TrainingData::read(&sources).unwrap_or_else(|e| panic!("{e}"));
    let (mut texts, mut labels) = (Vec::new(), Vec::new());
    let cases = data.cases.iter().map(|(c, carried)| (vec![&c.claim, &c.title, &c.disproof], carried));
    for (parts, narratives) in cases.chain(data.texts.iter().map(|(t, carried)| (vec![&t.text, &t.title], carried))) {
        let all: BTreeSet<usize> = narratives
            .iter()
            .flat_map(|&n| std::iter::once(n).chain(data.taxonomy.ancestors(n)))
            .map(NarrativeNo::index)
            .collect();
        for text in parts.into_iter().filter(|t| !t.trim().is_empty()) {
            texts.push(text.clone());
            labels.push(all.clone());
        }
    }
    Labelled { texts, labels, count: data.taxonomy.len() }
}

/// A reproducible draw from 0 to 1.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The whole part of a number that is not negative.
#[expect(clippy::cast_sign_loss, reason = "not negative")]
fn whole(x: f64) -> usize {
    x as usize
}

/// 4,000 texts of 120 words, word frequencies by Zipf's law, a fifth of the words from the topic of one of 40 labels.
fn generated() -> Labelled {
    const LABELS: usize = 40;
    let mut draw = Draw(7);
    let syllables =
        ["ka", "ro", "ne", "ti", "lu", "sha", "vo", "mi", "pre", "dan", "gor", "el", "is", "tun", "bra", "zy"];
    let words: Vec<String> = (0..30_000)
        .map(|_| (0..2 + whole(draw.next() * 3.0)).map(|_| syllables[whole(draw.next() * 16.0)]).collect())
        .collect();
    let (mut texts, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..4_000 {
        let label = whole(draw.next() * draw.next() * LABELS as f64);
        let text: Vec<&str> = (0..120)
            .map(|_| {
                let rank = whole(30_000f64.powf(draw.next()) - 1.0);
                let own = draw.next() < 0.2;
                &*words[if own { (rank * 7 + label * 611) % 30_000 } else { rank }]
            })
            .collect();
        texts.push(text.join(" "));
        labels.push(BTreeSet::from([label]));
    }
    Labelled { texts, labels, count: LABELS }
}

fn export(folder: &Path, rows: &SparseRows, targets: &Array2<bool>, model: &LinearModels, summary: &serde_json::Value) {
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap_or_else(|e| panic!("{e}"));
    std::fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{e}"));
    let (mut starts, mut columns, mut values, mut end) = (0u64.to_le_bytes().to_vec(), Vec::new(), Vec::new(), 0u64);
    for row in rows.iter() {
        end += row.columns.len() as u64;
        starts.extend(end.to_le_bytes());
        columns.extend(row.columns.iter().flat_map(|c| c.to_le_bytes()));
        values.extend(row.values.iter().flat_map(|v| v.to_le_bytes()));
    }
    write("starts.u64", starts);
    write("columns.u32", columns);
    write("values.f32", values);
    write("targets.u8", targets.iter().map(|&t| u8::from(t)).collect());
    write("weights.f64", model.weights.iter().flat_map(|w| w.to_le_bytes()).collect());
    write("bias.f64", model.bias.iter().flat_map(|b| b.to_le_bytes()).collect());
    write("summary.json", summary.to_string().into_bytes());
}

fn main() {
    let data = match (path("LEITMOTIF_CASES"), path("LEITMOTIF_TEXTS")) {
        (None, None) => generated(),
        (cases, texts) => read(cases, texts),
    };
    let samples: Vec<_> = data.texts.iter().map(|text| Sample { text, language: None }).collect();
    let (_, rows) = learn(&samples, &FeatureSettings::default()).unwrap_or_else(|e| panic!("{e}"));
    let carried = |label: usize| data.labels.iter().filter(|l| l.contains(&label)).count();
    let kept: Vec<usize> = (0..data.count).filter(|&l| (1..data.texts.len()).contains(&carried(l))).collect();
    let targets = Array2::from_shape_fn((rows.nsamples(), kept.len()), |(i, k)| data.labels[i].contains(&kept[k]));
    let alpha = number("LEITMOTIF_ALPHA").unwrap_or(1.0 / 30.0);
    let mut params = OneVsRestParams::default().alpha(alpha).class_weight(ClassWeight::Balanced);
    if let Some(tolerance) = number("LEITMOTIF_TOLERANCE") {
        params = params.tolerance(tolerance);
    }
    println!(
        "{} rows, {} features, {} non-zeros, {} labels, {} threads",
        rows.nsamples(),
        rows.nfeatures(),
        rows.nonzeros(),
        kept.len(),
        rayon::current_num_threads()
    );
    let dataset = DatasetBase::new(rows, targets);
    let mut best: Option<(f64, LinearModels)> = None;
    for _ in 0..3 {
        let start = Instant::now();
        let model = params.fit(&dataset).unwrap_or_else(|e| panic!("{e}"));
        let seconds = start.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|b| seconds < b.0) {
            best = Some((seconds, model));
        }
    }
    let Some((seconds, model)) = best else { return };
    assert!(model.converged, "a label did not converge");
    println!("best of 3: {seconds:.3} s, sum of the objectives {:.9}", model.value.sum());
    println!("{:.1} products with the matrix per label", model.products as f64 / kept.len() as f64);
    if let Some(folder) = path("LEITMOTIF_EXPORT") {
        let summary = serde_json::json!({
            "rows": dataset.records().nsamples(), "features": dataset.records().nfeatures(), "labels": kept.len(),
            "alpha": alpha, "threads": rayon::current_num_threads(), "seconds": seconds, "value": model.value.sum(),
        });
        export(&folder, dataset.records(), dataset.targets(), &model, &summary);
        println!("exported to {}", folder.display());
    }
}
