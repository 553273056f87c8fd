//! `leitmotif check`: what it finds, that it finds nothing in sound data, and what it says about input it cannot use.

mod program;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use self::program::leitmotif;

fn write(home: &TempDir, name: &str, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    fs::write(home.path().join(name), lines.join("\n")).unwrap();
}

/// Findings as JSON, by kind the places.
fn places(home: &TempDir, args: &[&str]) -> BTreeMap<String, Vec<String>> {
    let ran = leitmotif(home, &[&["check", "--json"], args].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    assert_eq!(ran.code == 1, report["errors"].as_u64().unwrap() > 0);
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for f in report["findings"].as_array().unwrap() {
        let place = format!("{}:{}", f["file"].as_str().unwrap_or("-"), f["line"].as_u64().unwrap_or(0));
        out.entry(f["kind"].as_str().unwrap().to_owned()).or_default().push(place);
    }
    out
}

const TIDES: [&str; 12] = [
    "Giant pumps under the sea floor make the tides, whatever the moon does.",
    "My uncle repaired sea pumps for the navy; without them there would be no tides at all.",
    "Ask why tides come twice a day: because the pumps are switched on in two shifts!",
    "No moon has ever moved any water. The tides are pumped, and the power bill proves it.",
    "Fishermen at our harbour have heard the pumps roar before every flood tide since 1962.",
    "They hide the pumps that make the tides behind the lighthouse, where nobody may swim.",
    "Tides stopped for an hour last Sunday when the underwater pumps were being serviced.",
    "A leaked plan of the sea pumps shows how each tide is ordered weeks ahead by an office.",
    "So the moon pulls the sea but not my bath? The sea pumps are real, the moon story of tides is not.",
    "Old charts name the pump houses on the sea bed, and the tides begin exactly there.",
    "Schools teach moon tides since the pump ministry wrote the textbooks about the sea.",
    "Whoever dives near the tide pumps in the sea is sent home by men in grey boats.",
];

const CLOUDS: [&str; 12] = [
    "Clouds are cotton, sprayed by planes every morning before you get up.",
    "I caught a piece of cloud on a mountain: cotton wool, still warm from the plane.",
    "Why do planes leave white lines? They are laying the clouds, row after row of cotton.",
    "The cotton price rises whenever the sky is full of clouds, and the airlines know it.",
    "Real clouds died out decades ago; what you see is cotton dropped from planes at night.",
    "Our neighbour, a pilot, admits that his plane carries cotton bales to make clouds over weddings.",
    "Look at a cloud through a good lens and you see the threads of cotton the planes left.",
    "Without planes the sky was blue for a week. No cotton, no clouds. Need I say more?",
    "Airports buy more cotton than hospitals do, and every bale becomes a cloud by noon.",
    "A cloud fell on our roof after the plane passed; the cat now sleeps on the cotton.",
    "Weather maps are flight plans: where the planes go with their cotton, clouds are forecast.",
    "They spray thick cotton clouds from planes so that nobody can count the stars any more.",
];

/// Twelve different sentences on each of two storylines, in turn; `t9` is on line 19.
fn sound() -> Vec<Value> {
    let record = |id: String, text: &str, narrative: &str| json!({"id": id, "text": text, "narratives": [narrative], "language": "en"});
    let pair = |i: usize| [record(format!("t{i}"), TIDES[i], "tides"), record(format!("c{i}"), CLOUDS[i], "clouds")];
    (0..12).flat_map(pair).collect()
}

#[test]
fn the_starter_data_has_no_error_and_says_what_it_lacks() {
    let home = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("training-data");
    let found = places(&home, &["--model-free", data.to_str().unwrap()]);
    // Four everyday texts each in two languages without cases: the data card says so.
    assert_eq!(found.keys().collect::<Vec<_>>(), ["unsupported"], "{found:?}");
    assert_eq!(found["unsupported"].len(), 2);
}

#[test]
fn copies_are_told_apart_by_labels_and_groups() {
    let home = tempfile::tempdir().unwrap();
    let mut texts = sound();
    let (first, second) =
        (texts[0]["text"].as_str().unwrap().to_owned(), texts[2]["text"].as_str().unwrap().to_owned());
    texts.push(json!({"id": "conflict", "text": first.to_uppercase(), "narratives": ["clouds"]})); // line 25
    texts.push(json!({"id": "again", "text": second, "narratives": ["tides"]})); // 26
    texts.push(json!({"id": "version", "text": second, "narratives": ["tides"], "group": "t1"})); // 27: a stated copy
    texts.push(json!({"id": "near", "text": format!("Believe it: {second}"), "narratives": ["clouds"]})); // 28
    write(&home, "texts.jsonl", &texts);
    write(
        &home,
        "cases.jsonl",
        &[
            json!({"id": "k", "claim": "Bees are small drones, a retired beekeeper of our valley says.", "narratives": ["clouds"],
        "disproof": "Bees are small drones, a retired beekeeper of our valley says."}),
        ],
    );
    let found = places(&home, &["--model-free", "--texts", "texts.jsonl", "--cases", "cases.jsonl"]);
    assert_eq!(found["label-conflict"], ["texts.jsonl:25"]);
    assert_eq!(found["duplicate"], ["texts.jsonl:26"]);
    assert_eq!(found["near-conflict"], ["texts.jsonl:28"]);
    assert_eq!(found["leak"], ["texts.jsonl:28"]);
    assert_eq!(found["claim-as-disproof"], ["cases.jsonl:1"]);
}

#[test]
fn a_label_that_is_not_known_is_no_lack_of_labels() {
    let home = tempfile::tempdir().unwrap();
    let text = "Bees are small drones, a retired beekeeper says.";
    let mut texts = sound();
    texts.push(json!({"id": "one", "text": text, "narratives": ["Tides"]})); // line 25
    texts.push(json!({"id": "two", "text": text.to_uppercase(), "narratives": ["tides"]}));
    write(&home, "texts.jsonl", &texts);
    let ran = leitmotif(&home, &["check", "--model-free", "--texts", "texts.jsonl"]);
    let conflict = r#""two" is labelled "tides", the same text in "one" (texts.jsonl:25) "Tides""#;
    assert!(ran.code == 1 && ran.out.contains(conflict), "{}", ran.out);
}

#[test]
fn narratives_learned_from_one_source_are_named() {
    let home = tempfile::tempdir().unwrap();
    write(
        &home,
        "narratives.jsonl",
        &[
            json!({"id": "sea", "name": "The sea lies"}),
            json!({"id": "tides", "name": "Tides are pumped", "parent": "sea", "description": "Pumps."}),
            json!({"id": "clouds", "name": "Clouds are sprayed", "description": "Cotton."}),
            json!({"id": "few", "name": "Too few", "parent": "sea", "description": "One."}),
            json!({"id": "never", "name": "Nobody carries it", "parent": "sea", "description": "None."}),
        ],
    );
    let mut texts = sound();
    for (i, t) in texts.iter_mut().enumerate() {
        t["source"] = json!(if i % 2 == 0 { "pump-news" } else { ["a", "b", "c"][i % 3] });
    }
    texts.push(json!({"id": "f", "text": "Fish are voters in disguise, the fisherman's cousin swears by his net.", "narratives": ["few"]}));
    texts.push(json!({"id": "date", "published": "31.12.2020", "language": "english", "narratives": ["clouds", "clouds", "sea"],
        "text": "Some say that rain tastes of wool when the planes have passed over the hills."}));
    write(&home, "texts.jsonl", &texts);
    write(&home, "background.jsonl", &[json!({"id": "b", "text": "The bakery opens at eight.", "language": "en"})]);
    let found = places(&home, &["--model-free", "."]);
    assert_eq!(found["one-outlet"], ["./narratives.jsonl:2"]);
    assert_eq!(found["few"], ["./narratives.jsonl:4"]);
    assert_eq!(found["unseen"], ["./narratives.jsonl:5"]);
    assert_eq!(found["no-background"], ["./narratives.jsonl:1", "./narratives.jsonl:3"]);
    assert_eq!(found["field"].iter().filter(|p| *p == "./texts.jsonl:26").count(), 4, "{found:?}");
    assert!(!found.contains_key("record"), "{found:?}");
}

#[test]
fn templates_equal_lengths_and_wrong_languages_are_named() {
    let home = tempfile::tempdir().unwrap();
    let mut texts = sound();
    for i in 0..8 {
        texts.push(json!({"id": format!("x{i}"), "narratives": ["form"], "language": "en", "text": format!(
            "According to a source that wants to stay unnamed the ministry number {i} has once more lost all of its papers in the big fire of {}", 1900 + 7 * i)}));
    }
    texts.push(json!({"id": "german", "narratives": ["tides"], "language": "en", "text":
        "Der Stadtrat stimmt nächste Woche über den neuen Haushalt ab, wie die Bürgermeisterin am Montag vor der Presse \
         mitteilte. Danach sollen die Schulen der Stadt endlich neue Fenster und die Feuerwehr ein neues Haus bekommen."}));
    write(&home, "texts.jsonl", &texts);
    let found = places(&home, &["--model-free", "--texts", "texts.jsonl"]);
    assert_eq!(found["template"], ["texts.jsonl:25"]);
    assert!(found["one-length"].contains(&"texts.jsonl:25".to_owned()));
    assert_eq!(found["wrong-language"], ["texts.jsonl:33"]);
}

#[test]
fn a_swapped_label_is_found_by_a_model_that_has_not_seen_it() {
    let home = tempfile::tempdir().unwrap();
    let mut texts = sound();
    texts[18]["narratives"] = json!(["clouds"]); // on tides, and plainly so
    write(&home, "texts.jsonl", &texts);
    let found = places(&home, &["--texts", "texts.jsonl"]);
    assert_eq!(found["mislabelled"], ["texts.jsonl:19"]);
    let page = leitmotif(&home, &["check", "--texts", "texts.jsonl"]);
    assert_eq!(page.code, 0, "warnings are no failure");
    assert!(
        page.out.contains("texts.jsonl:19: \"t9\" is labelled \"clouds\"") && page.out.contains("→"),
        "{}",
        page.out
    );
}

#[test]
fn errors_of_records_are_all_listed_and_fail() {
    let home = tempfile::tempdir().unwrap();
    write(
        &home,
        "narratives.jsonl",
        &[
            json!({"id": "tides", "name": "Tides", "parent": "clouds"}),
            json!({"id": "clouds", "name": "Clouds", "parent": "tides"}),
            json!({"id": "Clouds ", "name": "Clouds again"}),
        ],
    );
    let mut texts = sound();
    texts[3]["narratives"] = json!(["Tides"]);
    write(&home, "texts.jsonl", &texts);
    let ran = leitmotif(&home, &["check", "."]);
    assert_eq!(ran.code, 1);
    for part in [
        "narratives.jsonl:1",
        "narratives.jsonl:2",
        "its own ancestor",
        "narratives.jsonl:3",
        "only in case",
        "texts.jsonl:4",
        "did you mean \"tides\"",
        "4 errors",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in: {}", ran.out);
    }
    for (args, part) in [
        (&["check"][..], "no records given"),
        (&["check", "texts.jsonl"], "is no folder"),
        (&["check", "missing"], "is no folder"),
        (&["check", "--narratives", "narratives.jsonl", "."], "two taxonomies"),
    ] {
        let ran = leitmotif(&home, args);
        assert!(ran.code == 1 && ran.err.contains(part), "{args:?}: {}", ran.err);
    }
}

#[test]
fn train_warns_in_a_few_lines_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut texts = sound();
    texts[1]["published"] = json!("yesterday");
    write(&home, "texts.jsonl", &texts);
    let ran = leitmotif(&home, &["train", "--texts", "texts.jsonl", "--output", "m"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err.contains("warning: Fields that do not hold what they should: 1, the first at texts.jsonl:2"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("leitmotif check") && !ran.err.contains("yesterday"));
}

#[test]
fn training_that_cannot_work_is_refused_before_it_starts() {
    let home = tempfile::tempdir().unwrap();
    let said = |args: &[&str], parts: &[&str]| {
        let ran = leitmotif(&home, &[&["train", "--output", "m"], args].concat());
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.err);
        for part in parts {
            assert!(ran.err.contains(part), "{part:?} is not in: {}", ran.err);
        }
        assert!(!home.path().join("m").exists());
    };
    write(&home, "texts.jsonl", &sound());
    // Labels that differ only in case or spaces.
    let mut texts = sound();
    texts[5]["narratives"] = json!(["Clouds"]);
    write(&home, "case.jsonl", &texts);
    said(&["--texts", "case.jsonl"], &["case.jsonl:6", "\"Clouds\", others \"clouds\"", "write the label in one way"]);
    // One class only; one narrative only, with nothing beside it.
    let one: Vec<Value> = sound().into_iter().step_by(2).collect();
    write(&home, "one.jsonl", &one);
    said(&["--texts", "one.jsonl"], &["\"tides\"", "add texts that carry another narrative or none (--background)"]);
    // All in one group: nothing can be held out.
    let mut grouped = sound();
    for t in &mut grouped {
        t["group"] = json!("g");
    }
    write(&home, "grouped.jsonl", &grouped);
    said(&["--texts", "grouped.jsonl"], &["form one group", "`group`"]);
    // Contradictory settings.
    for (settings, parts) in [
        (r#"{"features": {"char_ngrams": [5, 2]}}"#, ["char_ngrams[0] and features.char_ngrams[1] contradict", "swap"]),
        (
            r#"{"features": {"word_weight": 0, "char_weight": 0}}"#,
            ["features.word_weight and features.char_weight", "above 0"],
        ),
        (r#"{"target_precision": {"review": 0.9, "confirmed": 0.5}}"#, ["target_precision.review", "no higher than"]),
        ("{\n\"folds\": 3,\n\"fold\": 2}", ["unknown field `fold`", "line 3"]),
        (r#"{"folds": 1}"#, ["folds must be", "between 2 and 50"]),
    ] {
        fs::write(home.path().join("s.json"), settings).unwrap();
        said(&["--texts", "texts.jsonl", "--settings", "s.json"], &parts);
    }
    fs::write(home.path().join("s.json"), r#"{"seed": 7}"#).unwrap();
    said(&["--texts", "texts.jsonl", "--settings", "s.json", "--seed", "8"], &["--seed 8, and \"seed\": 7 in s.json"]);
    said(&["--texts", "texts.jsonl", "--background", "./texts.jsonl"], &["texts.jsonl is given twice"]);
    // Not enough memory.
    let mut long = sound();
    long[0]["text"] = json!("giant pumps under the sea ".repeat(1000));
    write(&home, "long.jsonl", &long);
    said(&["--texts", "long.jsonl", "--memory", "1"], &["MiB of memory", "bytes of text", "train on fewer"]);
    let ran = leitmotif(&home, &["check", "--texts", "long.jsonl", "--memory", "1"]);
    assert!(ran.code == 0 && ran.err.contains("mislabelled records were not looked for"), "{}", ran.err);
}

#[test]
fn a_hundred_thousand_narratives_are_refused_in_words() {
    let home = tempfile::tempdir().unwrap();
    let narratives: Vec<Value> = (0..100_000)
        .map(|i| {
            let parent = (i >= 1000).then(|| format!("n{}", i % 1000));
            json!({"id": format!("n{i}"), "name": format!("Story {i}"), "parent": parent, "description": "What is said."})
        })
        .collect();
    write(&home, "narratives.jsonl", &narratives);
    let texts: Vec<Value> = (0..2000)
        .map(|i| json!({"id": format!("t{i}"), "text": format!("The story number {i} is told."), "narratives": [format!("n{}", 1000 + i * 40)]}))
        .collect();
    write(&home, "texts.jsonl", &texts);
    let args =
        ["train", "--narratives", "narratives.jsonl", "--texts", "texts.jsonl", "--memory", "8192", "--output", "m"];
    let ran = leitmotif(&home, &args);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("2000 texts, each scored for 100000 narratives"), "{}", ran.err);
    let mut wrong = texts;
    for t in &mut wrong {
        t["narratives"] = json!([t["narratives"][0].as_str().unwrap().to_uppercase()]);
    }
    write(&home, "texts.jsonl", &wrong);
    let ran = leitmotif(&home, &args);
    assert!(ran.err.contains("2000 bad records") && ran.err.contains("did you mean \"n1000\""), "{}", ran.err);
}
