//! What a trainer is told about records that would teach something else than was meant, by `check`, `train` and `evaluate`.

mod program;

use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use tempfile::TempDir;

use self::program::leitmotif;

fn lines(records: &[Value]) -> String {
    records.iter().map(|r| r.to_string() + "\n").collect()
}

fn write(home: &TempDir, name: &str, records: &[Value]) {
    fs::write(home.path().join(name), lines(records)).unwrap();
}

/// What `check` finds of a kind in a file of texts: line and words.
fn found(home: &TempDir, file: &str, kind: &str) -> Vec<(u64, String)> {
    let ran = leitmotif(home, &["check", "--json", "--model-free", "--texts", file]);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    let of_kind = report["findings"].as_array().unwrap().iter().filter(|f| f["kind"] == kind);
    of_kind.map(|f| (f["line"].as_u64().unwrap_or(0), f["what"].as_str().unwrap().to_owned())).collect()
}

const WORDS: [&str; 24] = [
    "pump", "harbour", "tide", "moon", "diver", "lamp", "shift", "valley", "engine", "ledger", "brick", "orchard",
    "kettle", "signal", "barge", "mirror", "copper", "lantern", "gravel", "window", "thistle", "anchor", "saddle",
    "ribbon",
];

/// `n` different English sentences that carry `narrative`; ids begin with `name`.
fn texts(n: usize, name: &str, narrative: &str) -> Vec<Value> {
    let word = |i: usize| WORDS[i % WORDS.len()];
    let text = |i: usize| {
        format!(
            "They never told the people about the {} and the {} that was built for {narrative} near the old {} in {}.",
            word(i),
            word(i * 5 + 7),
            word(i * 11 + 3),
            1900 + i
        )
    };
    (0..n)
        .map(|i| json!({"id": format!("{name}{i}"), "text": text(i), "narratives": [narrative], "language": "en"}))
        .collect()
}

fn without(mut record: Value, field: &str) -> Value {
    record.as_object_mut().unwrap().remove(field);
    record
}

#[test]
fn texts_that_do_not_say_what_they_carry_are_named_with_lines_and_mend() {
    let home = tempfile::tempdir().unwrap();
    let mut records = [texts(12, "t", "tides"), texts(12, "c", "clouds")].concat(); // lines 1 to 24
    for i in [4, 9] {
        records[i]["narrative"] = json!(["tides"]);
        records[i] = without(records[i].clone(), "narratives");
    }
    records[11]["narratives"] = json!([null]);
    records[13]["narratives"] = Value::Null;
    records[14]["narratives"] = json!([]); // says that it carries none
    write(&home, "texts.jsonl", &records);
    let said = found(&home, "texts.jsonl", "unlabelled");
    assert_eq!(said.iter().map(|f| f.0).collect::<Vec<_>>(), [5, 10, 12, 14]);
    assert!(said[0].1.contains("`narrative`"), "{said:?}");
    let parts = [
        "texts.jsonl: 2 texts",
        "`narrative`, which is not read: lines 5, 10",
        "line 12",
        "line 14",
        "\"narratives\": []",
    ];
    let trained = leitmotif(&home, &["train", "--texts", "texts.jsonl", "--output", "m"]);
    let tested = leitmotif(&home, &["evaluate", "--model", "m", "--texts", "texts.jsonl"]);
    for ran in [trained, tested] {
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(parts.iter().all(|p| ran.err.contains(p)), "{}", ran.err);
    }
    // Background carries none by being background.
    write(&home, "b.jsonl", &records.iter().map(|r| without(r.clone(), "narratives")).collect::<Vec<_>>());
    let ran = leitmotif(&home, &["evaluate", "--model", "m", "--background", "b.jsonl"]);
    assert!(ran.code == 0 && !ran.err.contains("narratives"), "{}", ran.err);
}

#[test]
fn slips_in_labels_are_asked_about_where_no_taxonomy_is_given() {
    let home = tempfile::tempdir().unwrap();
    let mut records = [texts(8, "a", "anecdote"), texts(8, "h", "ad-hominem"), texts(8, "p", "phase-1")].concat();
    records.extend(texts(1, "typo", "anecdotes")); // line 25
    records.extend(texts(1, "two", "ad-hominem, anecdote"));
    records.extend(texts(1, "other", "phase-2")); // a number of its own is meant
    records.extend(texts(1, "rare", "cherry-picking"));
    write(&home, "texts.jsonl", &records);
    let said = found(&home, "texts.jsonl", "label-typo");
    assert_eq!(said.iter().map(|f| f.0).collect::<Vec<_>>(), [26, 25], "{said:?}");
    assert!(said[0].1.contains("[\"ad-hominem\", \"anecdote\"]"), "{said:?}");
    assert!(said[1].1.contains("\"anecdote\" in 8"), "{said:?}");
}

#[test]
fn little_background_and_texts_without_a_word_are_said() {
    let home = tempfile::tempdir().unwrap();
    let mut records = [texts(8, "a", "tides"), texts(8, "b", "clouds")].concat();
    records.push(json!({"id": "none", "text": "The bakery opens at eight.", "narratives": []}));
    for text in ["https://t.example/x @somebody", "?! … —", "2020 17"] {
        records.push(json!({"id": text, "text": text, "narratives": ["tides"]})); // lines 18 to 20
    }
    for text in ["#StopThePumps", "Да, это так.", "潮"] {
        records.push(json!({"id": text, "text": text, "narratives": ["tides"]}));
    }
    write(&home, "texts.jsonl", &records);
    let said = found(&home, "texts.jsonl", "no-background");
    assert!(said.len() == 1 && said[0].1.contains("only 1 text carries none"), "{said:?}");
    let said = found(&home, "texts.jsonl", "wordless");
    assert_eq!(said.iter().map(|f| f.0).collect::<Vec<_>>(), [18, 19, 20], "{said:?}");
    let trained = leitmotif(&home, &["train", "--texts", "texts.jsonl", "--output", "m"]);
    assert!(trained.err.contains("Texts without a word: 3, the first at texts.jsonl:18"), "{}", trained.err);
}

#[test]
fn an_outlet_of_nearly_all_cases_is_named_however_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let mut records = [texts(20, "a", "tides"), texts(40, "b", "clouds")].concat();
    for (i, r) in records.iter_mut().enumerate() {
        let own = if i % 2 == 0 { "Pump News" } else { "PUMP NEWS" };
        r["source"] = json!(if i < 18 { own.to_owned() } else { format!("outlet {}", i % 7) });
    }
    write(&home, "texts.jsonl", &records);
    let said = found(&home, "texts.jsonl", "one-outlet");
    assert!(said.len() == 1 && said[0].1.starts_with("18 of 20 records (90 %)"), "{said:?}");
    // An outlet that most others have, too, is no trait of the narrative.
    for r in &mut records[20..] {
        r["source"] = json!("pump news");
    }
    write(&home, "texts.jsonl", &records);
    assert!(!found(&home, "texts.jsonl", "one-outlet").iter().any(|f| f.1.contains("18 of 20")));
}

#[test]
fn languages_nobody_states_are_detected_and_counted() {
    let home = tempfile::tempdir().unwrap();
    let mut records = [texts(12, "t", "tides"), texts(12, "c", "clouds")].concat();
    for r in &mut records {
        *r = without(r.clone(), "language");
    }
    for (i, text) in ["მთვარე არ მოძრაობს და ზღვა ტუმბოებით მოძრაობს.", "ღრუბლები ბამბისგან კეთდება თვითმფრინავებით."]
        .iter()
        .enumerate()
    {
        records.push(json!({"id": format!("ka{i}"), "text": text, "narratives": ["tides"]}));
    }
    write(&home, "texts.jsonl", &records);
    let said = found(&home, "texts.jsonl", "unsupported");
    assert!(said.len() == 1 && said[0].1.contains("only 2 texts in ka"), "{said:?}");
    let ran = leitmotif(&home, &["train", "--texts", "texts.jsonl", "--output", "m"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let manifest: Value = serde_json::from_slice(&fs::read(home.path().join("m/model.json")).unwrap()).unwrap();
    assert_eq!(manifest["data"]["languages"], json!({"en": 24, "ka": 2}));
    let text = records[0]["text"].as_str().unwrap();
    let ran = leitmotif(&home, &["classify", "--model", "m", "--json", "--text", text]);
    assert!(!ran.out.contains("not trained on texts in this language"), "{}", ran.out);
}

#[test]
fn packed_records_are_read_everywhere() {
    let home = tempfile::tempdir().unwrap();
    let records = [texts(12, "t", "tides"), texts(12, "c", "clouds")].concat();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(lines(&records).as_bytes()).unwrap();
    fs::write(home.path().join("texts.jsonl.gz"), packer.finish().unwrap()).unwrap();
    let case = json!({"id": "k", "title": "Tides are pumped", "claim": "The tides are made by pumps."});
    fs::write(home.path().join("cases.jsonl.zst"), zstd::encode_all(lines(&[case]).as_bytes(), 1).unwrap()).unwrap();
    assert!(leitmotif(&home, &["check", "--model-free", "--texts", "texts.jsonl.gz"]).out.contains("24 texts"));
    for args in [
        &["train", "--texts", "texts.jsonl.gz", "--output", "m"][..],
        &["evaluate", "--model", "m", "--texts", "texts.jsonl.gz"],
        &["cases", "index", "cases.jsonl.zst", "--output", "cases.index"],
        &["related", "--cases", "cases.jsonl.zst", "--queries", "texts.jsonl.gz"],
    ] {
        let ran = leitmotif(&home, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    }
}

#[test]
fn what_an_import_loses_is_counted_and_not_printed() {
    let home = tempfile::tempdir().unwrap();
    let page =
        "SECRET ARTICLE WORDS\n\nDisinfo: The lake is a mirage\n\nIt is said to be dry.\n\nDisproof\n\nIt is wet.\n";
    fs::write(home.path().join("page.txt"), page).unwrap();
    let ran = leitmotif(&home, &["cases", "import", "page.txt", "--store", "s.db", "--without-starter"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("not placed: page.txt:1: 20 characters") && !ran.err.contains("SECRET"), "{}", ran.err);
    fs::write(home.path().join("page.txt"), "Disinfo: The lake is a mirage\n\nDisproof\n\nIt is wet.\n").unwrap();
    let ran = leitmotif(&home, &["cases", "import", "page.txt", "--store", "s.db"]);
    assert!(ran.code == 0 && ran.err.contains("page.txt:1: the case has no claim"), "{}", ran.err);
    assert!(!ran.err.contains("mirage"), "{}", ran.err);
}

#[test]
fn a_repeated_case_and_a_language_that_is_no_code_are_told_with_their_lines() {
    let home = tempfile::tempdir().unwrap();
    let case = |claim: &str| json!({"id": "a", "title": "Tides", "claim": claim});
    write(&home, "cases.jsonl", &[case("The tides are made by pumps."), case("The tides are pumped by night.")]);
    let query = |id: &str, language: &str| json!({"id": id, "text": "The tides are pumped.", "language": language});
    write(&home, "q.jsonl", &[query("x", "en"), query("y", "English")]);
    let ran = leitmotif(&home, &["related", "--cases", "cases.jsonl", "--queries", "q.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.err
            .contains("cases.jsonl:2: the case id \"a\" stands twice; the later one counts, not that of cases.jsonl:1")
    );
    assert!(
        ran.err.contains("q.jsonl:2: the language stated, \"English\", is no code") && !ran.err.contains("q.jsonl:1")
    );
    let ran = leitmotif(&home, &["batch", "q.jsonl", "--output", "out.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let out = fs::read_to_string(home.path().join("out.jsonl")).unwrap();
    let warned: Vec<bool> = out.lines().map(|l| l.contains("is no code and was not used")).collect();
    assert_eq!(warned, [false, true], "{out}");
}

#[test]
fn testing_a_model_on_what_it_learned_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    write(&home, "texts.jsonl", &[texts(20, "t", "tides"), texts(20, "c", "clouds")].concat());
    let honest = |i: usize| {
        let (a, b) = (WORDS[i % WORDS.len()], WORDS[(i * 7 + 5) % WORDS.len()]);
        json!({"id": format!("b{i}"), "text": format!("The council of the town number {i} bought a {a} and sold the {b} last week.")})
    };
    write(&home, "background.jsonl", &(0..12).map(honest).collect::<Vec<_>>());
    write(&home, "other.jsonl", &(40..44).map(honest).collect::<Vec<_>>());
    let ran =
        leitmotif(&home, &["train", "--texts", "texts.jsonl", "--background", "background.jsonl", "--output", "m"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = leitmotif(&home, &["evaluate", "--model", "m", "--texts", "texts.jsonl"]);
    let keeps = ran.out.contains("40 of 40 test texts have the words of a text that the model was trained on");
    assert!(keeps || ran.out.contains("if these are texts that it was trained on"), "{}", ran.out);
    // With the training records at hand their copies are left out, background included.
    let mut test = vec![honest(0), honest(1)];
    test.extend((40..44).map(honest));
    write(&home, "test.jsonl", &test);
    let args = ["--background", "test.jsonl", "--texts", "texts.jsonl", "--train", "background.jsonl", "--json"];
    let ran = leitmotif(&home, &[&["evaluate", "--model", "m"], &args[..]].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    let narratives = &report["narratives"];
    let without = (&narratives["open_set_without_leaks"]["texts"], &narratives["open_set"]["texts"]);
    let leaked = narratives["leaks"]["near_duplicates"].as_array().unwrap().len();
    assert!(leaked >= 2 && without == (&json!(6 - leaked), &json!(6)), "{leaked} {without:?}");
    assert!(report["notes"].as_array().unwrap().iter().all(|n| !n.to_string().contains("was trained on")));
}

#[test]
fn the_figures_of_a_training_can_be_read_by_programs() {
    let home = tempfile::tempdir().unwrap();
    write(&home, "texts.jsonl", &[texts(12, "t", "tides"), texts(12, "c", "clouds")].concat());
    let args = ["train", "--texts", "texts.jsonl", "--output", "m"];
    let (people, programs) = (leitmotif(&home, &args), leitmotif(&home, &[&args[..], &["--json"]].concat()));
    let said: Value = serde_json::from_str(&programs.out).unwrap_or_else(|e| panic!("{e}: {}", programs.err));
    let manifest: Value = serde_json::from_slice(&fs::read(home.path().join("m/model.json")).unwrap()).unwrap();
    assert_eq!(said["version"], manifest["version"]);
    assert_eq!(said["metrics"], manifest["metrics"]);
    let figures = said["metrics"]["out_of_fold"].as_object().unwrap();
    assert_eq!(figures.len(), people.out.lines().count());
    for (name, value) in figures {
        assert!(people.out.contains(&format!("{name:<48} {:.4}\n", value.as_f64().unwrap())), "{name}");
    }
}
