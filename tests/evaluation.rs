//! What an evaluation promises: nothing is dropped, copies are found, splits are honest, pages cannot be injected into.

use assert_cmd::Command;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

use leitmotif::assess::{Assessor, ModelName};
use leitmotif::embedded;
use leitmotif::evaluate::example::Example;
use leitmotif::evaluate::report::Report;
use leitmotif::evaluate::{html, predict, summary};

fn starter() -> (Assessor, ModelName) {
    let model = embedded::model().unwrap();
    let name = ModelName { name: "<b>starter".into(), version: "1".into() };
    (Assessor::new(model, predict::no_cases()).unwrap(), name)
}

fn starter_examples(take: usize) -> Vec<Example> {
    embedded::cases().unwrap().iter().map(|c| Example::from(&*c)).take(take).collect()
}

const HOSTILE: &str = "</title></bdi></td><script>alert(1)</script><img src=x onerror='alert(1)'>\" onload=\"\u{202e}";

#[test]
fn hostile_records_stay_text() {
    let (assessor, name) = starter();
    let mut known = starter_examples(60);
    for e in &mut known {
        // Wrong labels, so that all of it is shown among the errors.
        e.narratives = vec!["great-reset".into(), HOSTILE.into()];
        e.id += HOSTILE;
        e.language = HOSTILE.into();
        e.sources = vec![HOSTILE.into()];
        e.published = format!("20\u{fc}{HOSTILE}");
        e.text.insert_str(0, HOSTILE);
    }
    let none = vec![Example { id: HOSTILE.into(), text: HOSTILE.into(), ..Example::default() }];
    let train = known.clone();
    let report = Report::of_model(&assessor, name, (known, none), Some(&train), 1).unwrap();
    let page = html::page(&report);
    assert!(page.contains("&lt;script&gt;alert"), "the hostile text is shown");
    for bad in ["<script", "<img", "<b>", "onerror='", "\" onload", "\u{202e}"] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert!(summary::summary(&report).contains("leaks: 60 of 61"));
}

#[test]
fn a_page_loads_nothing_and_its_markup_is_closed() {
    let (assessor, name) = starter();
    let report = Report::of_model(&assessor, name, (starter_examples(40), Vec::new()), None, 1).unwrap();
    let page = html::page(&report);
    for loaded in ["http:", "https:", "src=", "url(", "@import", "<link", "<script"] {
        assert!(!page.contains(loaded), "{loaded}");
    }
    for tag in ["svg", "table", "section", "figure", "details", "figcaption", "caption", "bdi", "tr", "ul", "title"] {
        let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
        let starts = page
            .match_indices(&opened)
            .filter(|(i, _)| page[i + opened.len()..].starts_with(|c: char| !c.is_ascii_alphanumeric()));
        assert_eq!(starts.count(), page.matches(&closed).count(), "{tag}");
    }
    let mut names: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "every id once");
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    assert_eq!(page.matches("role=\"img\"").count(), page.matches("<desc").count());
}

#[test]
fn unknown_narratives_are_named_and_count_as_missed() {
    let (assessor, name) = starter();
    let mut known = starter_examples(40);
    for e in known.iter_mut().take(10) {
        e.narratives = vec!["Great Resett".into()];
    }
    let report = Report::of_model(&assessor, name, (known, Vec::new()), None, 1).unwrap().narratives.unwrap();
    let unknown = report.unanswerable.unwrap();
    assert_eq!((unknown.texts, unknown.answerable.texts), (10, 30));
    assert_eq!(unknown.narratives[0].near.as_deref(), Some("great-reset"));
    assert_eq!(report.texts, 40, "none is dropped");
    assert!(report.headline["accuracy"].value <= 0.75);
    // The starter model has parents, and says how probable they are.
    assert!(report.headline["ece_parent"].value > 0.0);
}

/// Forty short cases of two narratives and four of a third, in groups of two, on 22 dates, from three outlets.
fn small(home: &TempDir) {
    let about = [
        ("chips", ["vaccines", "microchip", "injection", "needle", "clinic"]),
        ("flat", ["horizon", "globe", "satellite", "curvature", "ocean"]),
        ("rare", ["moon", "landing", "studio", "flag", "shadow"]),
    ];
    let mut cases = String::new();
    for i in 0..44usize {
        let (label, words) = &about[if i < 40 { i / 2 % 2 } else { 2 }];
        let claim = format!(
            "They hide the {} and the {} from us, number {i}: ask about the {} in the town of {}.",
            words[i % 5],
            words[(i + 2) % 5],
            words[(i + 3) % 5],
            ["Arden", "Belmont", "Corfe", "Dunham", "Elston", "Farley", "Garth"][i % 7]
        );
        // Some stood in two outlets.
        let outlets: Vec<String> =
            [i / 2 % 3, 0].iter().take(1 + usize::from(i % 11 == 4)).map(|o| format!("outlet {o}")).collect();
        let record = json!({"id": format!("c{i}"), "claim": claim, "title": format!("{} number {i}", words[i % 5]),
            "narratives": [label], "language": "en", "group": format!("g{}", i / 2),
            "published": format!("2020-02-{:02}", i / 2 + 1), "outlets": outlets});
        cases += &format!("{record}\n");
    }
    let background: String = (0..20)
        .map(|i| {
            json!({"id": format!("b{i}"), "text": format!("The council met on day {i} and spoke about the budget for roads."),
                "language": "en"})
            .to_string()
                + "\n"
        })
        .collect();
    fs::write(home.path().join("cases.jsonl"), cases).unwrap();
    fs::write(home.path().join("background.jsonl"), background).unwrap();
    // Every word counts in so little text.
    fs::write(home.path().join("settings.json"), r#"{"features":{"min_df_words":1,"min_df_chars":1}}"#).unwrap();
}

fn evaluate(home: &TempDir, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    command.current_dir(home).env("LEITMOTIF_STORE", home.path().join("store.db")).arg("evaluate").args(args);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn split(home: &TempDir, more: &[&str]) -> Value {
    let base = ["--cases", "cases.jsonl", "--background", "background.jsonl", "--settings", "settings.json", "--json"];
    let (code, out, err) = evaluate(home, &[&base, more].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn every_split_tests_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    small(&home);
    let by_group = split(&home, &["--split", "group", "--folds", "4", "--learning-curve", "--report", "r.html"]);
    let n = &by_group["narratives"];
    assert_eq!((n["texts"].as_u64(), n["groups"].as_u64()), (Some(44), Some(22)));
    assert_eq!(n["folds"].as_array().unwrap().len(), 4);
    assert_eq!(n["open_set"]["texts"], 20, "every background text is tested once");
    assert_eq!((n["leaks"]["same_group"].as_u64(), n["leaks"]["same_id"].as_u64()), (Some(0), Some(0)));
    assert!(n["headline"]["accuracy"]["value"].as_f64().unwrap() > 0.8, "{}", n["headline"]);
    assert_eq!(n["headline"]["ece_parent"], Value::Null, "a flat taxonomy has no parents");
    assert_eq!(n["learning_curve"].as_array().unwrap().last().unwrap()["share"], 1.0);
    assert!(fs::read_to_string(home.path().join("r.html")).unwrap().contains("Learning curve"));
    let again = split(&home, &["--split", "group", "--folds", "4", "--learning-curve", "--threads", "1"]);
    assert_eq!(by_group, again, "the same with one thread");

    let by_time = split(&home, &["--split", "time", "--holdout", "0.25", "--hold-out-narratives", "0.3"]);
    let n = &by_time["narratives"];
    // The eleven newest of 44 in pairs; the four newest carry what nothing older does.
    assert_eq!(n["texts"], 12);
    assert_eq!(n["unanswerable"]["texts"], 4);
    assert_eq!(n["unanswerable"]["narratives"][0]["id"], "rare");
    assert_eq!(n["held_out"]["narratives"].as_array().unwrap().len(), 1);

    let by_source = split(&home, &["--split", "source", "--folds", "3"]);
    assert_eq!(by_source["narratives"]["texts"], 44);
    assert!(by_source["notes"][0].as_str().unwrap().contains("was not trained on"));
}

#[test]
fn without_passages_a_long_text_is_judged_as_a_whole() {
    let home = tempfile::tempdir().unwrap();
    let note = "Note: the town council talked about the harbour, the budget and the weather. ";
    let claim = "The protests were a colour revolution, scripted in Western embassies and paid for by Washington. The \
                 students were trained abroad to overthrow the government, as once on the Maidan.";
    let text = format!("{}{claim} {}", note.repeat(16), note.repeat(16));
    let record = json!({"id": "a", "text": text, "narratives": ["colour-revolutions"], "language": "en"});
    fs::write(home.path().join("texts.jsonl"), format!("{record}\n")).unwrap();
    let told = |more: &[&str]| {
        let (code, out, err) = evaluate(&home, &[&["--texts", "texts.jsonl", "--json"], more].concat());
        assert_eq!(code, 0, "{err}");
        let report: Value = serde_json::from_str(&out).unwrap();
        // The only answer, in the only bin.
        report["narratives"]["reliability"]["bins"][0]["probability"].as_f64().unwrap()
    };
    assert!(told(&[]) > told(&["--no-passages"]));
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let home = tempfile::tempdir().unwrap();
    small(&home);
    let said = |args: &[&str]| {
        let (code, _, err) = evaluate(&home, args);
        (code, err)
    };
    let other_folds = said(&["--split", "time", "--cases", "cases.jsonl", "--folds", "4"]);
    assert!(other_folds.0 == 2 && other_folds.1.contains("--folds does not go with --split time"), "{}", other_folds.1);
    let other_share = said(&["--split", "source", "--cases", "cases.jsonl", "--holdout", "0.5"]);
    assert!(
        other_share.0 == 2 && other_share.1.contains("--holdout does not go with --split source"),
        "{}",
        other_share.1
    );
    let (code, err) = said(&["--split", "group", "--cases", "cases.jsonl", "--folds", "40"]);
    assert!(code == 1 && err.contains("22 groups for 40 folds"), "{err}");
    let (code, err) = said(&[]);
    assert!(code == 2 && err.contains("nothing to test"), "{err}");
    let (code, err) = said(&["--split", "group", "--cases", "cases.jsonl", "--folds", "1"]);
    assert!(code == 2 && err.contains("--folds must be between 2 and 50"), "{err}");
    let (code, err) = said(&["--background", "cases.jsonl"]);
    assert!(code == 1 && err.contains("cases.jsonl:1:") && err.contains("carries narratives"), "{err}");
    assert_eq!(said(&["--split", "group", "--model", "x", "--cases", "cases.jsonl"]).0, 2);
}

#[test]
fn related_cases_are_judged() {
    let home = tempfile::tempdir().unwrap();
    small(&home);
    let query = json!({"id": "q1", "text": "ask about the microchip number 0 in the town of Arden", "language": "en"});
    fs::write(home.path().join("q.jsonl"), format!("{query}\n{}\n", json!({"id": "q2", "text": "nothing here"})))
        .unwrap();
    fs::write(home.path().join("qrels"), "q1 0 c0 1\nlost 0 c1 1\nq1 0 nowhere 1\n").unwrap();
    let args = ["--queries", "q.jsonl", "--qrels", "qrels", "--case-base", "cases.jsonl", "--json"];
    let (code, out, err) = evaluate(&home, &args);
    assert_eq!(code, 0, "{err}");
    let r = &serde_json::from_str::<Value>(&out).unwrap()["related"];
    assert_eq!((r["queries"].as_u64(), r["answered"].as_u64(), r["unjudged"].as_u64()), (Some(2), Some(1), Some(1)));
    assert_eq!((r["cases"].as_u64(), r["missing_cases"].as_u64()), (Some(44), Some(1)));
    // c0 is one of two relevant cases, and one of two queries has no record.
    assert!(r["figures"]["recall@10"]["value"].as_f64().unwrap() <= 0.25);
}
