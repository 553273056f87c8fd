//! Is a retrained model better than the one in use? Both answer the same records, and only what the intervals say is said.

mod program;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use self::program::{Ran, leitmotif};

const TOWNS: [&str; 7] = ["Arden", "Belmont", "Corfe", "Dunham", "Elston", "Farley", "Garth"];

/// Narratives, each with its parent and the words of its texts.
const NARRATIVES: [(&str, &str, [&str; 6]); 4] = [
    ("chips", "devices", ["vaccines", "microchip", "injection", "needle", "clinic", "nurse"]),
    ("masts", "devices", ["antenna", "mast", "radiation", "frequency", "signal", "headache"]),
    ("flat", "planet", ["horizon", "globe", "curvature", "ocean", "gravity", "sailors"]),
    ("moon", "planet", ["moon", "landing", "studio", "flag", "shadow", "astronauts"]),
];

/// Text number `i` that carries a narrative. Two at a time form a group; every third is in another language by its label.
fn text(name: &str, narrative: usize, i: usize) -> Value {
    let (id, _, words) = NARRATIVES[narrative];
    let text = format!(
        "They hide the {} and the {} from us, number {i}: ask about the {} in the town of {}.",
        words[i % 6],
        words[(i + 1 + i / 6 % 4) % 6],
        words[(i * 5 + 3) % 6],
        TOWNS[i % 7]
    );
    let language = if i.is_multiple_of(3) { "de" } else { "en" };
    json!({"id": format!("{name}-{id}-{i}"), "text": text, "narratives": [id], "language": language,
        "group": format!("{name}-{id}-{}", i / 2)})
}

fn honest(name: &str, i: usize) -> Value {
    let what = ["budget", "library", "harbour", "orchard", "railway"][i % 5];
    let text = format!("The council of {} met on day {i} and spoke about the {what} and the roads.", TOWNS[i % 7]);
    json!({"id": format!("{name}-{i}"), "text": text, "language": "en"})
}

fn write(home: &TempDir, name: &str, records: &[Value]) {
    let lines: String = records.iter().map(|r| r.to_string() + "\n").collect();
    fs::write(home.path().join(name), lines).unwrap();
}

fn run(home: &TempDir, args: &[&str]) -> Ran {
    let ran = leitmotif(home, args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    ran
}

fn train(home: &TempDir, model: &str, narratives: &[usize]) {
    let parents = ["devices", "planet"].map(|id| json!({"id": id, "name": format!("All about the {id}")}));
    let children = narratives.iter().map(|&n| json!({"id": NARRATIVES[n].0, "parent": NARRATIVES[n].1}));
    write(home, "narratives.jsonl", &parents.into_iter().chain(children).collect::<Vec<_>>());
    let texts: Vec<Value> = narratives.iter().flat_map(|&n| (0..16).map(move |i| text("train", n, i))).collect();
    write(home, "train.jsonl", &texts);
    write(home, "background.jsonl", &(0..20).map(|i| honest("b", i)).collect::<Vec<_>>());
    // Every word counts in so little text.
    fs::write(home.path().join("settings.json"), r#"{"features":{"min_df_words":1,"min_df_chars":1},"folds":4}"#)
        .unwrap();
    let from = ["--texts", "train.jsonl", "--background", "background.jsonl", "--narratives", "narratives.jsonl"];
    run(home, &[&["train", "--settings", "settings.json", "--output", model], &from[..]].concat());
}

/// A model of three narratives (`old`) and one that was taught a fourth (`new`), and records to test both on.
fn models() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    train(&home, "old", &[0, 2, 3]);
    train(&home, "new", &[0, 1, 2, 3]);
    let test: Vec<Value> = (0..4).flat_map(|n| (40..60).map(move |i| text("test", n, i))).collect();
    write(&home, "test.jsonl", &test);
    write(&home, "none.jsonl", &(30..50).map(|i| honest("n", i)).collect::<Vec<_>>());
    home
}

const TEST: [&str; 4] = ["--texts", "test.jsonl", "--background", "none.jsonl"];

fn report(home: &TempDir, args: &[&str]) -> Value {
    let ran = run(home, &[&["evaluate", "--json"], args].concat());
    serde_json::from_str(&ran.out).unwrap()
}

fn compared(home: &TempDir, new: &str, old: &str) -> Value {
    report(home, &[&["--model", new, "--against", old][..], &TEST].concat())
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect()
}

fn said(notes: &Value) -> String {
    notes.to_string()
}

#[test]
fn a_better_model_is_told_and_what_it_mends_is_listed() {
    let home = models();
    let found = compared(&home, "new", "old");
    let against = &found["against"];
    let n = &against["narratives"];
    assert_eq!((n["texts"].as_u64(), n["groups"].as_u64(), n["left_out"].as_u64()), (Some(80), Some(40), Some(0)));
    // The figures are those that each model has when it is tested alone.
    for (side, model) in [("new", "new"), ("old", "old")] {
        let alone = report(&home, &[&["--model", model][..], &TEST].concat());
        assert_eq!(alone["against"], Value::Null);
        for (name, figure) in n["headline"].as_object().unwrap() {
            assert_eq!(figure[side], alone["narratives"]["headline"][name]["value"], "{name} of {model}");
        }
        assert_eq!(n["open_set"]["figures"]["suggested"][side], alone["narratives"]["open_set"]["suggested"]);
        assert_eq!(n["open_set"]["figures"]["matched"][side], alone["narratives"]["open_set"]["matched"]);
    }
    assert!(n["headline"]["ece_parent"].is_object(), "both have parents");
    // Nothing can be right about a narrative that was never taught.
    let (mended, broken) = (n["changes"]["mended"].as_u64().unwrap(), n["changes"]["broken"].as_u64().unwrap());
    assert!(mended >= 12, "{}", n["changes"]);
    let right = |side: &str| n["headline"]["accuracy"][side].as_f64().unwrap() * 80.0;
    assert!((right("new") - right("old") - (mended as f64 - broken as f64)).abs() < 1e-9);
    assert!(ids(&n["changes"]["most_mended"]).iter().all(|id| id.starts_with("test-masts-")), "{}", n["changes"]);
    assert!(n["headline"]["accuracy"]["difference"]["low"].as_f64().unwrap() > 0.0);
    assert!(against["verdict"]["better"].as_array().unwrap().contains(&json!("accuracy")), "{}", against["verdict"]);
    assert!(against["verdict"]["text"][0].as_str().unwrap().starts_with("better: accuracy of the best"));
    // What one of them was never taught is said.
    assert_eq!(n["taxonomy"], json!({"only_new": ["masts"], "only_old": [], "moved": []}));
    assert!(said(&found["notes"]).contains("only the new one has 1 (masts), only the old one has none"));
    let masts = n["per_narrative"]["gained"].as_array().unwrap().iter().find(|n| n["id"] == "masts").unwrap();
    assert_eq!(
        (&masts["old"]["known"], &masts["new"]["known"], &masts["texts"]),
        (&json!(false), &json!(true), &json!(20))
    );
    // Languages add up.
    let languages = n["per_language"].as_array().unwrap();
    assert_eq!(languages.iter().map(|l| l["texts"].as_u64().unwrap()).sum::<u64>(), 80);
}

#[test]
fn swapped_models_differ_by_the_same_with_the_other_sign() {
    let home = models();
    let (one, other) = (compared(&home, "new", "old"), compared(&home, "old", "new"));
    let mut seen = 0;
    for figures in ["/headline", "/open_set/figures"].map(|part| format!("/against/narratives{part}")) {
        for (name, one) in one.pointer(&figures).unwrap().as_object().unwrap() {
            let other = &other.pointer(&figures).unwrap()[name];
            let number = |of: &Value, end: &str| of["difference"][end].as_f64().unwrap();
            for (end, opposite) in [("value", "value"), ("low", "high"), ("high", "low")] {
                assert!((number(one, end) + number(other, opposite)).abs() < 1e-15, "{name}: {one} {other}");
            }
            assert_eq!((&one["new"], &one["old"]), (&other["old"], &other["new"]));
            let verdicts = (one["verdict"].as_str().unwrap(), other["verdict"].as_str().unwrap());
            assert!(matches!(verdicts, ("better", "worse") | ("worse", "better") | ("unclear", "unclear")), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 12, "every figure applies");
    let changes = |of: &Value| of["against"]["narratives"]["changes"].clone();
    assert_eq!(changes(&one)["mended"], changes(&other)["broken"]);
    assert_eq!(ids(&changes(&one)["most_mended"]), ids(&changes(&other)["most_broken"]));
    assert!(said(&other["against"]["verdict"]["worse"]).contains("accuracy"));
}

#[test]
fn the_same_model_twice_differs_in_nothing_and_that_is_said() {
    let home = models();
    // The folder's name is no part of the model.
    fs::create_dir(home.path().join("copy")).unwrap();
    for file in fs::read_dir(home.path().join("new")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), home.path().join("copy").join(file.file_name())).unwrap();
    }
    let found = compared(&home, "new", "copy");
    let n = &found["against"]["narratives"];
    for (name, figure) in n["headline"].as_object().unwrap() {
        assert_eq!(figure["difference"], json!({"value": 0.0, "low": 0.0, "high": 0.0}), "{name}");
        assert_eq!((&figure["groups"], &figure["verdict"]), (&json!(0), &json!("unclear")), "{name}");
    }
    assert_eq!((&n["changes"]["mended"], &n["changes"]["broken"]), (&json!(0), &json!(0)));
    assert!(said(&found["notes"]).contains("Both are the same model"), "{}", found["notes"]);
    let text = found["against"]["verdict"]["text"][0].as_str().unwrap();
    assert_eq!(
        text,
        "no figure differs; tested were 40 groups of texts with a narrative and 20 groups of texts that carry none"
    );
    // The embedded starter is its folder.
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/starter");
    let found = report(&home, &["--against", starter.to_str().unwrap(), "--background", "none.jsonl"]);
    assert!(said(&found["notes"]).contains("Both are the same model"), "{}", found["notes"]);
    assert_eq!(found["against"]["narratives"]["texts"], 0);
}

#[test]
fn texts_that_the_new_model_was_trained_on_do_not_count() {
    let home = models();
    let seen = ["--train", "test.jsonl", "--json"];
    // As if the test texts of one narrative had been among the training texts.
    let copies: Vec<Value> = (40..60).map(|i| text("test", 1, i)).collect();
    write(&home, "masts.jsonl", &copies);
    let args = [&["--model", "new", "--against", "old", "--train", "masts.jsonl"][..], &TEST].concat();
    let found = report(&home, &args);
    let n = &found["against"]["narratives"];
    let left_out = n["left_out"].as_u64().unwrap();
    assert_eq!(Some(left_out), found["narratives"]["leaks"]["near_duplicates"].as_array().map(|l| l.len() as u64));
    assert!(
        left_out >= 20 && n["texts"].as_u64().unwrap() + n["open_set"]["texts"].as_u64().unwrap() == 100 - left_out
    );
    assert!(said(&found["notes"]).contains("the comparison leaves them out"), "{}", found["notes"]);
    assert!(ids(&n["changes"]["most_mended"]).iter().all(|id| !id.starts_with("test-masts-")));
    // The old model is asked whether it knows the texts, whatever is said of the new one.
    let known: Vec<Value> = [0, 2, 3].into_iter().flat_map(|n| (0..16).map(move |i| text("train", n, i))).collect();
    write(&home, "known.jsonl", &known);
    let args = ["--model", "new", "--against", "old", "--texts", "known.jsonl", "--train", "masts.jsonl"];
    assert!(said(&report(&home, &args)["notes"]).contains("The old model: "), "{}", report(&home, &args)["notes"]);
    // Of nothing that is left, nothing is said.
    let found = report(&home, &[&["--model", "new", "--against", "old"][..], &seen[..2], &TEST[..2]].concat());
    assert_eq!(
        (&found["against"]["narratives"]["texts"], &found["against"]["narratives"]["headline"]),
        (&json!(0), &json!({}))
    );
}

#[test]
fn people_read_the_same_in_the_terminal_and_on_the_page() {
    const HOSTILE: &str = "</title></bdi></td><script>alert(1)</script><img src=x onerror='alert(1)'>\u{202e}";
    let home = models();
    let mut test: Vec<Value> = (0..4).flat_map(|n| (40..60).map(move |i| text("test", n, i))).collect();
    for record in test.iter_mut().skip(20).take(20) {
        for field in ["id", "language", "group"] {
            record[field] = json!(format!("{HOSTILE}{}", record[field].as_str().unwrap()));
        }
        record["text"] = json!(format!("{HOSTILE} {}", record["text"].as_str().unwrap()));
    }
    write(&home, "test.jsonl", &test);
    let args = [&["--model", "new", "--against", "old", "--report", "r.html"][..], &TEST].concat();
    let ran = run(&home, &[&["evaluate"], &args[..]].concat());
    let after = ran.out.split_once("against old: old").unwrap().1;
    let row = |name: &str| after.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name}: {after}"));
    assert!(row("Accuracy of the best  ").ends_with("better"), "{after}");
    for words in [
        "verdict on the new model\n  better: accuracy",
        "best narrative mended in",
        "mended, surest first",
        "Share matched",
        "→ masts",
    ] {
        assert!(after.contains(words), "{words}: {after}");
    }
    // The columns of all tables of differences stand above one another.
    let heads: Vec<&str> = after.lines().filter(|l| l.ends_with("95 % interval, paired")).collect();
    assert!(heads.len() == 3 && heads.iter().all(|h| h.chars().count() == heads[0].chars().count()), "{after}");
    let page = fs::read_to_string(home.path().join("r.html")).unwrap();
    assert!(page.contains("<section id=\"against\">") && page.contains("better: accuracy of the best"));
    assert!(page.contains("&lt;script&gt;alert"), "the hostile text is shown");
    for bad in ["<script", "<img", "onerror='", "\u{202e}", "http:", "https:"] {
        assert!(!page.contains(bad), "{bad}");
    }
    for tag in ["svg", "table", "section", "figure", "details", "bdi", "tr", "desc"] {
        let opened = format!("<{tag}");
        let starts = page
            .match_indices(&opened)
            .filter(|(i, _)| page[i + tag.len() + 1..].starts_with(|c: char| !c.is_ascii_alphanumeric()));
        assert_eq!(starts.count(), page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    let mut names: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "every id once");
}

/// Cases with queries that are worded like some of them.
fn queries(home: &TempDir) {
    let claim = |i: usize| text("case", i % 4, i)["text"].as_str().unwrap().to_owned();
    let case =
        |i: usize| json!({"id": format!("c{i}"), "title": format!("Case {i} of {}", TOWNS[i % 7]), "claim": claim(i)});
    write(home, "cases.jsonl", &(0..24).map(case).collect::<Vec<_>>());
    let asked =
        |i: usize| json!({"id": format!("q{i}"), "text": claim(i).replace("They hide", "Who hides"), "language": "en"});
    write(home, "q.jsonl", &(0..12).map(asked).collect::<Vec<_>>());
    let judgements: Vec<String> = (0..12).map(|i| format!("q{i} 0 c{i} 1")).collect();
    fs::write(home.path().join("qrels"), judgements.join("\n")).unwrap();
}

const QUERIES: [&str; 6] = ["--queries", "q.jsonl", "--qrels", "qrels", "--case-base", "cases.jsonl"];

#[test]
fn rankers_are_compared_on_the_same_queries() {
    let home = models();
    queries(&home);
    run(&home, &["train", "--own-ranker", "--cases", "cases.jsonl", "--output", "ranker"]);
    let found = report(&home, &[&["--against", "ranker"][..], &QUERIES].concat());
    let r = &found["against"]["related"];
    assert_eq!(
        (&found["against"]["narratives"], &r["queries"], &r["learned_by_old"]),
        (&Value::Null, &json!(12), &json!(0))
    );
    assert_eq!(r["figures"].as_object().unwrap().len(), 6);
    let count = |name: &str| r[name].as_u64().unwrap();
    assert_eq!(count("won") + count("lost") + count("same"), 12);
    let alone = report(&home, &[&["--model", "ranker"][..], &QUERIES].concat());
    for (name, figure) in r["figures"].as_object().unwrap() {
        assert_eq!(figure["old"], alone["related"]["figures"][name]["value"], "{name}");
        assert_eq!(figure["new"], found["related"]["figures"][name]["value"], "{name}");
    }
    let out = run(&home, &[&["evaluate", "--against", "ranker"][..], &QUERIES].concat()).out;
    assert!(
        out.contains("12 judged queries")
            && out.contains("the same on")
            && out.contains("\nverdict on the new model\n"),
        "{out}"
    );
    // Both parts at once.
    let both = [&["--model", "new", "--against", "new"][..], &TEST].concat();
    let found = report(&home, &both);
    assert!(found["against"]["narratives"].is_object() && found["against"]["related"].is_null());
}

#[test]
fn what_cannot_be_compared_is_said() {
    let home = models();
    queries(&home);
    run(&home, &["train", "--cases", "cases.jsonl", "--output", "ranker"]);
    let fails = |args: &[&str]| {
        let ran = leitmotif(&home, &[&["evaluate"], args].concat());
        (ran.code, ran.err)
    };
    let (code, err) = fails(&["--split", "group", "--texts", "test.jsonl", "--against", "old"]);
    assert!(code == 2 && err.contains("--against"), "{err}");
    let (code, err) = fails(&["--model", "new", "--against", "old"]);
    assert!(code == 2 && err.contains("nothing to test"), "{err}");
    let (code, err) = fails(&[&["--model", "new", "--against", "ranker"][..], &TEST].concat());
    assert!(code == 1 && err.contains("the model in ranker") && err.contains("holds no narratives"), "{err}");
    // Learned from texts alone, it has no ranker.
    let (code, err) = fails(&[&["--model", "ranker", "--against", "old"][..], &QUERIES].concat());
    assert!(code == 1 && err.contains("the model in old") && err.contains("holds no ranker"), "{err}");
    // The bundled ranker serves for a new model that has none, and that is said.
    let out = run(&home, &[&["evaluate", "--model", "new", "--against", "ranker"][..], &QUERIES].concat()).out;
    assert!(out.contains("The new model has no ranker of its own"), "{out}");
    let (code, err) = fails(&[&["--model", "new", "--against", "nowhere"][..], &TEST].concat());
    assert!(code == 1 && err.contains("nowhere") && err.contains("no such folder"), "{err}");
    fs::create_dir(home.path().join("empty")).unwrap();
    let (code, err) = fails(&[&["--model", "new", "--against", "empty"][..], &TEST].concat());
    assert!(code == 1 && err.contains("the model in empty") && err.contains("no model.json"), "{err}");
}
