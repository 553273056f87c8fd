//! Where texts have dates, how good a model is on what comes after it: measured without knowing anything later, and told.

use serde_json::json;
use std::fmt::Write;
use std::fs;

use leitmotif::model::manifest::Settings;
use leitmotif::training::data::{Sources, TrainingData};
use leitmotif::training::fit::{Watch, train};

/// What each label is told by, changing every second stretch of time.
const WORDS: [[&str; 2]; 5] =
    [["brumpf", "kelvat"], ["dostig", "muhrax"], ["faljun", "wespog"], ["hyktom", "ziddel"], ["quarbs", "plonty"]];

const TOWNS: [&str; 7] = ["Arden", "Belmont", "Corfe", "Dunham", "Elston", "Farley", "Garth"];

/// A hundred and sixty texts in ten stretches of time, two of which share their words.
fn figures(dated: bool) -> std::collections::BTreeMap<String, f64> {
    let home = tempfile::tempdir().unwrap();
    let mut texts = String::new();
    for i in 0..160 {
        let (stretch, label) = (i / 16, i % 2);
        let (word, narrative) = (WORDS[stretch / 2][label], ["one", "two"][label]);
        let record = json!({"id": format!("t{i}"), "text": format!("{word} and {word} again in {}", TOWNS[i / 2 % 7]),
            "narratives": [narrative], "language": "",
            "published": if dated { format!("2020-{:02}-{:02}", stretch + 1, i % 16 + 1) } else { String::new() }});
        writeln!(texts, "{record}").unwrap();
    }
    let path = home.path().join("texts.jsonl");
    fs::write(&path, texts).unwrap();
    let data = TrainingData::read(&Sources { texts: vec![path], ..Sources::default() }).unwrap();
    let trained = train(&data, &Settings::default(), Watch(&|_, _, _| ())).unwrap();
    trained.manifest.metrics.out_of_fold
}

#[test]
fn later_texts_are_judged_by_what_was_there_before() {
    let figures = figures(true);
    let figure = |name: &str| figures[name];
    let texts = ["narratives: texts", "later texts, narratives: texts"].map(|name| figure(name).to_string());
    assert_eq!(texts, ["160", "80"]);
    // Every word stands in a neighbouring stretch, so a model of all others knows it.
    assert!(figure("narratives: accuracy of the best") > 0.95, "{figures:?}");
    // Of the later five stretches two have words that were not there before: there it is a guess.
    let later = figure("later texts, narratives: accuracy of the best");
    assert!((0.7..0.9).contains(&later), "{figures:?}");
}

#[test]
fn without_dates_nothing_is_said_of_later_texts() {
    assert!(figures(false).keys().all(|name| !name.starts_with("later texts")));
}

#[test]
fn of_labels_of_parents_alone_no_accuracy_of_narratives_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, lines: Vec<serde_json::Value>| {
        let path = folder.path().join(name);
        fs::write(&path, lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")).unwrap();
        path
    };
    let narrative = |id: &str, parent: Option<&str>| json!({"id": id, "name": id, "parent": parent});
    let taxonomy = [("sea", None), ("tides", Some("sea")), ("sky", None), ("clouds", Some("sky"))];
    let text = |i: usize| {
        let (label, word) = if i.is_multiple_of(2) { ("sea", "pumps") } else { ("sky", "cotton") };
        json!({"id": format!("t{i}"), "text": format!("The {word} are hidden, number {i} says so."), "language": "en",
            "narratives": [label]})
    };
    let narratives = file("n.jsonl", taxonomy.map(|(id, parent)| narrative(id, parent)).into());
    let texts = file("t.jsonl", (0..40).map(text).collect());
    let sources = Sources { narratives: Some(narratives), texts: vec![texts], ..Sources::default() };
    let data = TrainingData::read(&sources).unwrap();
    let figures = train(&data, &Settings::default(), Watch(&|_, _, _| ())).unwrap().manifest.metrics.out_of_fold;
    let of_narratives: Vec<&String> =
        figures.keys().filter(|name| name.starts_with("narratives") || name.starts_with("suggested")).collect();
    assert_eq!(of_narratives, ["narratives: texts"], "{figures:?}");
    assert!(figures["narratives: texts"] == 0.0 && figures.contains_key("parents: accuracy of the best"));
}
