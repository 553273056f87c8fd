//! A model that builds on the bundled one: a newsroom's few cases in one language, found in others by what the bundled model knows.
//! Nothing of that is a black box: every word has its exact share, the same records make the same bytes, and records that the
//! bundled model was trained on take nothing over.

mod exact;

use exact::contributed;
use leitmotif::embedded;
use leitmotif::model::classifier::Classifier;
use leitmotif::model::folder;
use leitmotif::model::manifest::Settings;
use leitmotif::training::data::{Sources, TrainingData};
use leitmotif::training::fit::{Means, Trained, Watch, train_with};
use leitmotif::training::transfer::{Hindrance, hindrance};
use std::path::Path;

/// A newsroom's narratives, by ids of its own, and what it wrote about them in English.
const CASES: [(&str, [&str; 6]); 3] = [
    (
        "ours-germs",
        [
            "American laboratories in Ukraine breed deadly germs for an attack on Russia",
            "The Pentagon pays for secret biological laboratories near Kharkiv",
            "Documents prove that plague and cholera are grown there under orders from Washington",
            "Infected birds were to carry a virus from Ukrainian laboratories across the border",
            "The laboratories were destroyed in a hurry so that nobody finds the biological weapons",
            "Soldiers were used for experiments in a laboratory that Americans run",
        ],
    ),
    (
        "ours-jabs",
        [
            "The vaccine changes human DNA for ever",
            "Young footballers collapse and die because they were vaccinated",
            "There is a microchip in every jab, to follow people wherever they go",
            "Vaccinated women become infertile, and doctors keep silent about it",
            "More people died of the vaccine than of the virus",
            "Hospitals are full of the vaccinated, but nobody may say so",
        ],
    ),
    (
        "ours-sanctions",
        [
            "Sanctions do no harm to Russia, they ruin only Europe",
            "Germans freeze in their homes because of the sanctions against Russian gas",
            "European factories close, while the Russian economy grows thanks to sanctions",
            "Brussels cuts off its own nose: without Russian oil there will be no industry left",
            "The sanctions have failed, and Europeans pay the bill for them",
            "Families cannot pay for heating since Europe gave up cheap Russian gas",
        ],
    ),
];

/// Texts in languages in which the newsroom has nothing; hardly a word of theirs looks like one of its own.
const ELSEWHERE: [(&str, &str, &str); 12] = [
    ("ours-germs", "de", "In geheimen Anlagen züchten die Amerikaner tödliche Erreger."),
    ("ours-germs", "ru", "Заокеанские кураторы выводили боевые штаммы чумы прямо у наших границ."),
    ("ours-germs", "uk", "Пентагон вирощував смертельні хвороби і випробовував їх на людях."),
    ("ours-germs", "it", "Gli Stati Uniti preparavano la guerra batteriologica contro i russi."),
    ("ours-jabs", "de", "Die Impfung verändert unser Erbgut, und die Geimpften sterben reihenweise."),
    ("ours-jabs", "ru", "После прививки люди умирают один за другим, а врачам велено молчать."),
    ("ours-jabs", "es", "Los pinchazos matan a más gente que la propia enfermedad y dejan estériles a las mujeres."),
    ("ours-jabs", "pl", "Szczepionka zabija młodych i zdrowych, a szczepieni mdleją na boiskach."),
    ("ours-sanctions", "de", "Wir schneiden uns ins eigene Fleisch, und der Kreml lacht darüber."),
    ("ours-sanctions", "ru", "Ограничения ударили по самим европейцам, а рубль только крепнет."),
    ("ours-sanctions", "it", "Restiamo al freddo per colpa di Bruxelles, mentre Mosca si arricchisce."),
    ("ours-sanctions", "fr", "On se tire une balle dans le pied et Moscou en profite."),
];

fn quiet() -> Watch<'static> {
    Watch(&|_, _, _| ())
}

/// The newsroom's records.
fn records(home: &Path) -> TrainingData {
    let cases = home.join("cases.jsonl");
    let lines = CASES.iter().flat_map(|(narrative, claims)| {
        claims.iter().enumerate().map(move |(i, claim)| {
            let id = format!("{narrative}-{i}");
            let case = serde_json::json!({ "id": id, "claim": claim, "narratives": [narrative], "language": "en" });
            format!("{case}\n")
        })
    });
    std::fs::write(&cases, lines.collect::<String>()).unwrap();
    TrainingData::read(&Sources { cases: vec![cases], ..Sources::default() }).unwrap()
}

fn trained(data: &TrainingData, weight: Option<f64>) -> Trained {
    let bundled = embedded::model().unwrap();
    let settings = Settings { transfer_weight: weight, ..Settings::default() };
    train_with(data, &settings, Means { source: Some(&bundled), ..Means::default() }, quiet()).unwrap()
}

fn opened(home: &Path, trained: &Trained) -> Classifier {
    let path = home.join("model");
    trained.save(&path).unwrap();
    folder::open(&path).unwrap().classifier.unwrap()
}

/// How many of the texts in other languages have their narrative first.
fn right(classifier: &Classifier) -> usize {
    let mut scratch = classifier.scratch();
    let is_right = |(narrative, language, text): &&(&str, &str, &str)| {
        scratch.featuriser.run(&classifier.space, text, language.parse().ok());
        classifier.score(&mut scratch);
        let best = classifier.most_probable(&scratch, 1)[0];
        classifier.taxonomy.narrative(best).id == *narrative
    };
    ELSEWHERE.iter().filter(is_right).count()
}

#[test]
fn cases_in_one_language_find_texts_in_others() {
    let home = tempfile::tempdir().unwrap();
    let data = records(home.path());
    let with = right(&opened(home.path(), &trained(&data, None)));
    let without = right(&opened(home.path(), &trained(&data, Some(0.0))));
    assert!(with >= 8 && with >= without + 3, "{with} of {} with, {without} without", ELSEWHERE.len());
}

#[test]
fn every_word_has_its_exact_share() {
    let home = tempfile::tempdir().unwrap();
    let classifier = opened(home.path(), &trained(&records(home.path()), None));
    let mut scratch = classifier.scratch();
    let mut sums = |text: &str, language: &str| {
        scratch.featuriser.run(&classifier.space, text, language.parse().ok());
        classifier.score(&mut scratch);
        contributed(&classifier, &mut scratch).unwrap_or_else(|e| panic!("{text}: {e}"))
    };
    for (_, language, text) in ELSEWHERE {
        assert!(sums(text, language).iter().any(|s| s.abs() > 0.01), "the words of {text} tell something");
        // Words that both models weigh, beside words that one of them does.
        sums(&format!("{text} {} {text}", CASES[0].1[0]), "en");
    }
    for text in CASES.iter().flat_map(|c| c.1).chain([""]) {
        sums(text, "en");
    }
}

#[test]
fn the_same_records_make_the_same_bytes_and_say_what_was_taken_over() {
    let home = tempfile::tempdir().unwrap();
    let data = records(home.path());
    let bundled = embedded::model().unwrap();
    let made = |name: &str| {
        let trained = trained(&data, None);
        let path = home.path().join(name);
        trained.save(&path).unwrap();
        let taken = trained.manifest.narratives.unwrap().transfer.unwrap();
        assert_eq!((taken.model, taken.version), (bundled.name.clone(), bundled.manifest.version.clone()));
        assert!(taken.weight > 0.9, "of 18 records nearly all: {}", taken.weight);
        assert!(trained.card.contains(&format!("`{}`", bundled.manifest.version)), "{}", trained.card);
        ["model.json", "weights.safetensors", "vocabulary", "README.md"].map(|f| std::fs::read(path.join(f)).unwrap())
    };
    assert!(made("a") == made("b"));
}

#[test]
fn nothing_is_taken_over_where_the_figures_would_flatter_or_it_cannot_be_read() {
    let home = tempfile::tempdir().unwrap();
    let bundled = embedded::model().unwrap();
    let ids: Vec<String> =
        bundled.classifier.as_ref().unwrap().taxonomy.records().iter().map(|n| n.id.clone()).collect();
    let hinders = |data: &TrainingData, settings: &Settings| hindrance(data, settings, &bundled);
    let data = records(home.path());
    assert_eq!(hinders(&data, &Settings::default()), None);
    let model = home.path().join("model");
    trained(&data, None).save(&model).unwrap();
    let built = folder::open(&model).unwrap();
    assert_eq!(hindrance(&data, &Settings::default(), &built), Some(Hindrance::BuiltOnAnother));
    let mut settings = Settings::default();
    settings.features.char_ngrams = (3, 4);
    assert_eq!(hinders(&data, &settings), Some(Hindrance::OtherFeatures));
    settings = Settings { transfer_weight: Some(0.0), ..Settings::default() };
    assert_eq!(hinders(&data, &settings), Some(Hindrance::Weightless));
    assert!(trained(&data, Some(0.0)).manifest.narratives.unwrap().transfer.is_none());
    // Narratives of the bundled model: it has learned from texts about them.
    let cases = home.path().join("same.jsonl");
    let line = |(i, id): (usize, &String)| {
        format!("{{\"id\":\"s{i}\",\"claim\":\"claim {i} of some kind\",\"narratives\":[\"{id}\"]}}\n")
    };
    std::fs::write(&cases, ids.iter().take(12).enumerate().map(line).collect::<String>()).unwrap();
    let data = TrainingData::read(&Sources { cases: vec![cases], ..Sources::default() }).unwrap();
    assert_eq!(hinders(&data, &Settings::default()), Some(Hindrance::SameNarratives));
}
