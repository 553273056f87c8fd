//! Same data, same seed: same bytes. The starter model in the repository is what `train` makes of `training-data`.

use leitmotif::cases::case::Case;
use leitmotif::cases::index::CaseIndex;
use leitmotif::cases::saved;
use leitmotif::ingest::jsonl;
use leitmotif::model::folder;
use leitmotif::model::manifest::Settings;
use leitmotif::training::data::{Sources, TrainingData};
use leitmotif::training::fit::{Watch, train};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_starter_model_is_what_training_gives() {
    let data = |name: &str| -> PathBuf { root().join("training-data").join(name) };
    let sources = Sources {
        narratives: Some(data("narratives.jsonl")),
        cases: vec![data("cases.jsonl")],
        texts: vec![data("texts.jsonl")],
        background: vec![data("background.jsonl")],
        versions: Some(data("stories.tsv")),
        ..Sources::default()
    };
    let settings: Settings = serde_json::from_str(&std::fs::read_to_string(data("settings.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again");
    let records = TrainingData::read(&sources).unwrap();
    train(&records, &settings, Watch(&|_, _, _| ())).unwrap().save(&path).unwrap();
    for file in ["model.json", "weights.safetensors", "vocabulary", "README.md"] {
        let (kept, made) = (root().join("models/starter").join(file), path.join(file));
        assert!(
            std::fs::read(kept).unwrap() == std::fs::read(made).unwrap(),
            "{file} differs: retrain models/starter with the command in training-data/README.md"
        );
    }
    // What the repository holds can be opened with all its checks, and is what the program embeds.
    let opened = folder::open(&root().join("models/starter")).unwrap();
    assert_eq!(opened.manifest, leitmotif::embedded::model().unwrap().manifest);
    assert_eq!(opened.name, leitmotif::embedded::NAME);
    let size: u64 = ["model.json", "weights.safetensors", "vocabulary", "README.md"]
        .iter()
        .map(|f| root().join("models/starter").join(f).metadata().unwrap().len())
        .sum();
    assert!(size < 8_000_000, "{size} bytes");
}

#[test]
fn the_embedded_cases_are_those_of_the_training_data() {
    let records = jsonl::read::<Case>(&root().join("training-data/cases.jsonl")).unwrap().strict().unwrap();
    let index = CaseIndex::new(records.into_iter().map(|r| r.record));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again");
    saved::save(&index, &path).unwrap();
    assert!(
        std::fs::read(&path).unwrap() == std::fs::read(root().join("models/starter.cases")).unwrap(),
        "models/starter.cases differs: make it again with the command in training-data/README.md"
    );
    let embedded = leitmotif::embedded::cases().unwrap();
    assert_eq!(embedded.iter().collect::<Vec<_>>(), index.iter().collect::<Vec<_>>());
}
