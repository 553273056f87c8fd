//! The program as people and scripts call it: output, exit codes, and what it says about bad input.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const CLAIM: &str = "The so-called protests in Kazakhstan were a colour revolution prepared in Western embassies, \
                     with trained provocateurs waiting for the signal.";

/// The program in a folder of its own, without the user's store.
fn leitmotif(home: &TempDir) -> Command {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    command.current_dir(home).env("LEITMOTIF_STORE", home.path().join("store.db")).env_remove("NO_COLOR");
    command
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn classify_gives_narrative_evidence_and_related_case() {
    let home = home();
    let a = json(&run(leitmotif(&home).args(["classify", "--json", "--text", CLAIM])));
    assert_eq!((a["outcome"].as_str(), a["language"].as_str()), (Some("known"), Some("en")));
    let narratives = a["narratives"].as_array().unwrap();
    let child = narratives.iter().find(|n| n["id"] == "colour-revolutions").unwrap();
    assert_eq!(child["parent"], "western-plots");
    assert!(!child["evidence"][0]["terms"].as_array().unwrap().is_empty());
    assert!(a["related"][0]["score"].as_f64().unwrap() > 0.1);
    assert!(!a["related"][0]["passages"].as_array().unwrap().is_empty());
    for key in ["id", "model", "near_duplicate_of", "warnings"] {
        assert!(a.get(key).is_some(), "{key}");
    }
    let page = run(leitmotif(&home).args(["classify", "--text", CLAIM]));
    assert!(page.out.contains("colour revolutions") && page.out.contains("Related debunked cases"));
    assert!(!page.out.contains('\u{1b}'), "no colour where the output is no terminal");
}

#[test]
fn file_standard_input_and_option_give_the_same_answer() {
    let home = home();
    fs::write(home.path().join("t.txt"), CLAIM).unwrap();
    let narratives = |ran: Ran| json(&ran)["narratives"].clone();
    let by_option = narratives(run(leitmotif(&home).args(["classify", "--json", "--text", CLAIM])));
    let by_input = narratives(run(leitmotif(&home).args(["classify", "--json", "-"]).write_stdin(CLAIM)));
    let by_file = narratives(run(leitmotif(&home).args(["classify", "--json", "t.txt"])));
    assert_eq!(by_option, by_input);
    assert_eq!(by_option, by_file);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(CLAIM.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let by_utf16 = narratives(run(leitmotif(&home).args(["classify", "--json"]).write_stdin(utf16)));
    assert_eq!(by_option, by_utf16);
}

#[test]
fn batch_keeps_the_order_and_counts_what_it_rejects() {
    let home = home();
    let input = format!(
        "{}\n{{\"id\":\"cut\",\"te\n{}\n{}\n",
        serde_json::json!({"id": "a", "text": CLAIM}),
        serde_json::json!({"id": "b", "text": "The library opens at nine on weekdays.", "language": "en"}),
        serde_json::json!({"text": "no id"}),
    );
    fs::write(home.path().join("in.jsonl"), input).unwrap();
    let mut outputs = Vec::new();
    for threads in ["1", "3"] {
        let ran = run(leitmotif(&home).args(["batch", "in.jsonl", "--output", "out.jsonl", "--threads", threads]));
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(ran.err.contains("in.jsonl:2:") && ran.err.contains("in.jsonl:4:"), "{}", ran.err);
        assert!(ran.err.contains("4 read = 2 scored + 2 rejected"), "{}", ran.err);
        assert!(!ran.err.contains("Kazakhstan"), "no text in the log");
        outputs.push(fs::read_to_string(home.path().join("out.jsonl")).unwrap());
    }
    assert_eq!(outputs[0], outputs[1]);
    let ids: Vec<Value> = outputs[0].lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].clone()).collect();
    assert_eq!(ids, ["a", "b"]);
    let same = run(leitmotif(&home).args(["batch", "in.jsonl", "--output", "in.jsonl"]));
    assert_eq!(same.code, 1);
    assert!(fs::read_to_string(home.path().join("in.jsonl")).unwrap().contains("cut"), "the input is untouched");
}

#[test]
fn batch_and_classify_print_the_same_numbers() {
    let home = home();
    fs::write(home.path().join("in.jsonl"), serde_json::json!({"id": "t.txt", "text": CLAIM}).to_string()).unwrap();
    fs::write(home.path().join("t.txt"), CLAIM).unwrap();
    let one = run(leitmotif(&home).args(["classify", "--json", "t.txt"]));
    let many = run(leitmotif(&home).args(["batch", "in.jsonl", "--output", "-"]));
    assert_eq!(one.out, many.out);
}

#[test]
fn own_cases_are_imported_found_and_exported() {
    let home = home();
    let page = "Disinfo: Beavers are trained to undermine river dams\n\nSummary\n\nA foreign service trains beavers to \
                undermine the dams along our rivers before every election.\n\nDisproof\n\nBeavers have always dug into \
                river banks; no service trains them.\n\npublication/media\n\n  • DATE OF PUBLICATION: 03/04/2021\n  • \
                Article language(s) German\n  • Countries and/or Regions discussed in the disinformation: Germany\n  • \
                Weather: fine\n";
    fs::write(home.path().join("page.txt"), page).unwrap();
    let ran = run(leitmotif(&home).args(["cases", "import", "--format", "case-page", "page.txt"]));
    // The weather has no place in a case.
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("1 cases added") && ran.err.contains("page.txt:16: 15 characters"), "{}", ran.err);
    let exported = run(leitmotif(&home).args(["cases", "export"])).out;
    let case: Value = exported
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .find(|c: &Value| c["published"] == "2021-04-03")
        .unwrap();
    let id = case["id"].as_str().unwrap();
    assert!(run(leitmotif(&home).args(["cases", "list"])).out.contains(id));
    assert!(run(leitmotif(&home).args(["cases", "show", id])).out.contains("Disproof"));
    let query = "Did you know that secret services have trained beavers to undermine dams before the election?";
    let found = json(&run(leitmotif(&home).args(["related", "--json", "--text", query])));
    assert_eq!(found[0]["id"].as_str(), Some(id));
    assert_eq!(run(leitmotif(&home).args(["cases", "show", "nobody"])).code, 1);
    assert_eq!(run(leitmotif(&home).args(["cases", "remove", id])).code, 0);
    assert!(!run(leitmotif(&home).args(["cases", "list"])).out.contains(id));
}

/// The example of docs/related-cases.md: no case of the base is in the language of the text.
#[test]
fn a_text_finds_a_case_that_is_only_there_in_another_language() {
    let home = home();
    let all = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("training-data/cases.jsonl")).unwrap();
    let english: String = all.lines().filter(|l| l.contains(r#""language": "en""#)).flat_map(|l| [l, "\n"]).collect();
    assert!(english.lines().count() > 100);
    fs::write(home.path().join("english.jsonl"), english).unwrap();
    let text = "Испанский диспетчер Карлос видел в Киеве, как украинские истребители сопровождали рейс MH17.";
    let answer = json(&run(leitmotif(&home).args(["related", "--cases", "english.jsonl", "--json", "--text", text])));
    let best = &answer[0];
    assert_eq!(best["title"], "Spanish air traffic controller saw Ukrainian jets escort MH17", "{answer}");
    assert_eq!(best["terms"][0]["text"], "MH17");
    let classify = |text| run(leitmotif(&home).args(["classify", "--cases", "english.jsonl", "--text", text])).out;
    assert!(classify(text).contains("Related debunked cases") && classify(text).contains("Spanish air traffic"));
    // Too low a probability is no reason to hide the nearest.
    let biolabs = classify("США создали в Украине секретные лаборатории биологического оружия.");
    assert!(biolabs.contains("nearest, in another language (en, "), "{biolabs}");
    // As docs/related-cases.md shows.
    let text = "Boris Johnson verbot Selenskyj im April 2022 in Kiew den Frieden von Istanbul.";
    let answer = json(&run(leitmotif(&home).args(["related", "--cases", "english.jsonl", "--json", "--text", text])));
    assert_eq!(answer[0]["title"], "Boris Johnson flew to Kyiv and forbade Ukraine to make peace", "{answer}");
    assert!(answer[0]["score"].as_f64() > Some(0.5), "{answer}");
}

#[test]
fn a_debunk_is_not_told_to_repeat_what_it_debunks() {
    let home = home();
    let cases = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/training-data/cases.jsonl")).unwrap();
    let case = cases.lines().find(|l| l.contains("\"russophobic-neighbours-03\"")).unwrap();
    let case: Value = serde_json::from_str(case).unwrap();
    let headline = |field: &str| {
        let ran = run(leitmotif(&home).args(["classify", "--text", case[field].as_str().unwrap()]));
        ran.out.lines().next().unwrap().to_owned()
    };
    assert!(headline("disproof").contains("seems to report or debunk it"), "{}", headline("disproof"));
    assert!(!headline("claim").contains("debunk it"), "{}", headline("claim"));
    // What was not asked for is not denied.
    let ran = run(leitmotif(&home).args(["classify", "--related", "0", "--text", case["claim"].as_str().unwrap()]));
    assert!(!ran.out.contains("debunked case"), "{}", ran.out);
}

#[test]
fn related_writes_trec_runs() {
    let home = home();
    let cases = "{\"id\":\"c1\",\"claim\":\"The moon is hollow\"}\n{\"id\":\"c2\",\"title\":\"Trees cause wind\"}\n";
    fs::write(home.path().join("cases.jsonl"), cases).unwrap();
    fs::write(home.path().join("q.jsonl"), "{\"id\":\"q1\",\"text\":\"they say trees cause the wind\"}\n").unwrap();
    let ran =
        run(leitmotif(&home).args(["related", "--cases", "cases.jsonl", "--queries", "q.jsonl", "--format", "trec"]));
    let first: Vec<&str> = ran.out.lines().next().unwrap().split(' ').collect();
    assert_eq!((first[0], first[1], first[2], first[3], first[5]), ("q1", "Q0", "c2", "1", "leitmotif"));
    assert!((0.0..=1.0).contains(&first[4].parse::<f64>().unwrap()));
}

/// A small two-narrative training set in `home`.
fn training_files(home: &TempDir) {
    let mut texts = String::new();
    for i in 0..12 {
        let (label, text) = if i % 2 == 0 {
            ("tides", format!("The tides are made by giant pumps under the sea, said witness number {i}."))
        } else {
            ("clouds", format!("Clouds are cotton sprayed by planes, claims post {i} once more."))
        };
        texts += &(serde_json::json!({"id": format!("t{i}"), "text": text, "narratives": [label], "language": "en"})
            .to_string()
            + "\n");
    }
    fs::write(home.path().join("texts.jsonl"), texts).unwrap();
}

#[test]
fn a_model_is_trained_used_and_replaced_as_a_whole() {
    let home = home();
    training_files(&home);
    let train = |out: &str| run(leitmotif(&home).args(["train", "--texts", "texts.jsonl", "--output", out]));
    assert_eq!(train("models/m").code, 0);
    assert_eq!(train("models/m").code, 0, "a model in its place is replaced");
    assert_eq!(fs::read_dir(home.path().join("models")).unwrap().count(), 1, "no temporary folder is left");
    let text = "They say the tides come from giant pumps under the sea.";
    let a = json(&run(leitmotif(&home).args(["classify", "--json", "--model", "models/m", "--text", text])));
    assert_eq!(a["narratives"][0]["id"], "tides");
    assert_eq!(a["model"]["name"], "m");
    // A folder that holds something else is not overwritten.
    fs::create_dir(home.path().join("notes")).unwrap();
    fs::write(home.path().join("notes/todo.txt"), "keep").unwrap();
    assert_eq!(train("notes").code, 1);
    assert!(home.path().join("notes/todo.txt").exists());
}

#[test]
fn an_earlier_model_is_a_place_to_start_from() {
    let home = home();
    training_files(&home);
    let train = |out: &str, more: &[&str]| {
        run(leitmotif(&home).args(["train", "--texts", "texts.jsonl", "--output", out]).args(more))
    };
    assert_eq!(train("first", &[]).code, 0);
    let warm = train("second", &["--warm-start", "first"]);
    assert!(warm.code == 0 && warm.err.contains("knew 2 of 2 narratives"), "{}", warm.err);
    let asked = |model: &str| {
        let text = "They say the tides come from giant pumps under the sea.";
        json(&run(leitmotif(&home).args(["classify", "--json", "--model", model, "--text", text])))["narratives"]
            .clone()
    };
    let probability = |model: &str| asked(model)[0]["probability"].as_f64().unwrap();
    assert!((probability("first") - probability("second")).abs() < 0.01);
    // Where the solver started shows in no figure.
    let figures =
        |out: &str| -> Vec<f64> { out.lines().filter_map(|l| l.split(' ').next_back()?.parse().ok()).collect() };
    let (cold, warm) = (figures(&train("third", &[]).out), figures(&warm.out));
    assert!(cold.len() > 3 && cold.len() == warm.len());
    assert!(cold.iter().zip(&warm).all(|(c, w)| (c - w).abs() < 0.01), "{cold:?} and {warm:?}");
    // What does not fit is refused, and said.
    fs::write(home.path().join("other.json"), r#"{"features": {"min_df_chars": 1}}"#).unwrap();
    let refused = train("fourth", &["--warm-start", "first", "--settings", "other.json"]);
    assert!(refused.code == 1 && refused.err.contains("--warm-start"), "{}", refused.err);
    let missing = train("fourth", &["--warm-start", "nowhere"]);
    assert!(missing.code == 1 && missing.err.contains("nowhere"), "{}", missing.err);
    assert!(!home.path().join("fourth").exists());
}

#[test]
fn bad_training_data_is_named_line_by_line_and_nothing_is_written() {
    let home = home();
    training_files(&home);
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    write("n.jsonl", "{\"id\":\"tides\",\"parent\":\"sea\"}\n{\"id\":\"clouds\",\"parent\":\"clouds\"}\n");
    write("bad.jsonl", "{\"id\":\"x\",\"text\":\"a b c\"\n{\"id\":\"y\"}\n{\"id\":\"t1\",\"text\":\"d\"}\n");
    write("cases.jsonl", "{\"id\":\"c\",\"disproof\":\"only this\"}\n");
    let train = |args: &[&str]| run(leitmotif(&home).args(["train", "--output", "m"]).args(args));
    let said = |args: &[&str], parts: &[&str]| {
        let ran = train(args);
        assert_eq!(ran.code, 1, "{args:?}");
        for part in parts {
            assert!(ran.err.contains(part), "{part:?} is not in: {}", ran.err);
        }
        assert!(!home.path().join("m").exists());
    };
    said(
        &["--texts", "texts.jsonl", "--narratives", "n.jsonl"],
        &["n.jsonl:1", "\"sea\"", "n.jsonl:2", "its own ancestor"],
    );
    said(
        &["--texts", "texts.jsonl", "bad.jsonl"],
        &["bad.jsonl:1", "bad.jsonl:2", "no `text`", "bad.jsonl:3", "already used at texts.jsonl:2"],
    );
    // A case that says nothing is named and left out; a large base always has some.
    let ran = train(&["--cases", "cases.jsonl", "--texts", "texts.jsonl"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("left out: cases.jsonl:1: the case \"c\" has neither `title` nor `claim`"), "{}", ran.err);
    fs::remove_dir_all(home.path().join("m")).unwrap();
    write("n.jsonl", "{\"id\":\"Tides\"}\n{\"id\":\"clouds\"}\n");
    said(&["--texts", "texts.jsonl", "--narratives", "n.jsonl"], &["texts.jsonl:1", "did you mean \"Tides\""]);
    said(&["--texts", "missing.jsonl"], &["cannot read missing.jsonl"]);
    write("good.jsonl", "{\"id\":\"c1\",\"claim\":\"the tides are pumped\",\"narratives\":[\"tides\"]}\n");
    write("v.tsv", "pumps\tc1\npumps c1\npumps\tc2\n");
    said(
        &["--texts", "texts.jsonl", "--cases", "good.jsonl", "--versions", "v.tsv"],
        &["v.tsv:2: not a version", "v.tsv:3: there is no case \"c2\""],
    );
    said(&[], &["no record carries a narrative"]);
    write("one.jsonl", "{\"id\":\"a\",\"text\":\"the tides and pumps\",\"narratives\":[\"tides\"]}\n");
    said(&["--texts", "one.jsonl"], &["nothing shows what its absence looks like"]);
    write("s.json", "{\"alpha\": -1}");
    said(&["--texts", "texts.jsonl", "--settings", "s.json"], &["alpha must be a number above 0"]);
}

#[test]
fn a_model_without_narratives_only_ranks() {
    let home = home();
    let mut cases = String::new();
    for i in 0..10 {
        let claim = format!("The old bridge number {i} was sold to a circus for coin {}", i * 7);
        cases += &(serde_json::json!({"id": format!("c{i}"), "title": format!("Was bridge {i} sold to a circus?"), "claim": claim}).to_string() + "\n");
    }
    fs::write(home.path().join("cases.jsonl"), cases).unwrap();
    let ran = run(leitmotif(&home).args(["train", "--cases", "cases.jsonl", "--output", "m"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("knows no narrative"));
    let found = json(&run(leitmotif(&home).args([
        "related",
        "--json",
        "--model",
        "m",
        "--cases",
        "cases.jsonl",
        "--text",
        "bridge 4 sold to a circus",
    ])));
    assert_eq!(found[0]["id"], "c4");
    let ran = run(leitmotif(&home).args(["classify", "--model", "m", "--text", CLAIM]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("holds no narratives"));
}

#[test]
fn exit_codes_tell_usage_from_failure() {
    let home = home();
    for args in [
        &["classify", "--no-such-flag"][..],
        &["batch", "in.jsonl"],
        &["nonsense"],
        &["classify", "--language", "klingonisch", "--text", "x"],
    ] {
        assert_eq!(run(leitmotif(&home).args(args)).code, 2, "{args:?}");
    }
    assert_eq!(run(leitmotif(&home).args(["classify", "missing.txt"])).code, 1);
    assert_eq!(run(leitmotif(&home).args(["classify", "--model", "missing", "--text", CLAIM])).code, 1);
    assert_eq!(run(leitmotif(&home).args(["classify", "."])).code, 1);
    let empty = run(leitmotif(&home).args(["classify"]).write_stdin(""));
    assert_eq!(empty.code, 0);
    assert!(empty.out.contains("Too short"));
}

#[test]
fn html_is_reduced_to_its_article() {
    let home = home();
    let page = format!(
        "<!doctype html><html lang=en><head><title>News</title><script>var x = 'NATO';</script></head><body><nav>Home Sport Weather</nav><article><h1>Plot</h1><p>{CLAIM}</p><p>{CLAIM}</p></article><footer>Imprint</footer></body></html>"
    );
    let ran = run(leitmotif(&home).args(["classify", "--json"]).write_stdin(page));
    let a = json(&ran);
    assert!(ran.err.contains("HTML"));
    assert_eq!(a["outcome"], "known");
    assert!(!ran.out.contains("Imprint") && !ran.out.contains("<p>"));
    // By its name, too, where it does not begin like a page.
    fs::write(home.path().join("part.html"), format!("{CLAIM}<br>NATO &amp; Co <b>war</b>")).unwrap();
    let part = run(leitmotif(&home).args(["classify", "part.html"]));
    assert!(part.code == 0 && part.err.contains("HTML"), "{}", part.err);
    let bomb = format!("<!doctype html><html><body>{}", "<div>".repeat(300_000));
    let ran = run(leitmotif(&home).args(["classify", "--json"]).write_stdin(bomb));
    assert!(ran.code == 1 && ran.err.contains("too deeply"), "{}", ran.err);
}

#[test]
fn completions_and_manual_name_every_command() {
    let home = home();
    let man = run(leitmotif(&home).args(["man"])).out;
    let completions = run(leitmotif(&home).args(["completions", "bash"])).out;
    for command in ["classify", "related", "batch", "train", "cases"] {
        assert!(man.contains(command) && completions.contains(command), "{command}");
    }
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = readme.split("<!-- example -->").nth(1).unwrap();
    let shown = block.split("```text\n").nth(1).unwrap().split("\n```").next().unwrap();
    let home = home();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/post.txt")).unwrap();
    let ran = run(leitmotif(&home).args(["classify", "-"]).write_stdin(text));
    assert_eq!(shown.trim(), ran.out.trim(), "README.md is out of date: paste the program's output again");
}

#[test]
fn a_saved_index_answers_like_the_cases_it_was_made_of() {
    let home = home();
    let lines = [
        r#"{"id":"m1","title":"Moon landing staged","claim":"The moon landing of 1969 was filmed in a studio."}"#,
        r#"{"id":"m2","title":"Flat earth","claim":"The earth is flat and the horizon proves it."}"#,
    ];
    fs::write(home.path().join("cases.jsonl"), lines.join("\n")).unwrap();
    let made = run(leitmotif(&home).args(["cases", "index", "cases.jsonl", "--output", "cases.index"]));
    assert_eq!((made.code, made.err.contains("2 cases indexed")), (0, true), "{}", made.err);
    let ask = |cases: &str| {
        run(leitmotif(&home).args([
            "related",
            "--cases",
            cases,
            "--json",
            "--text",
            "They filmed the moon landing in a studio",
        ]))
    };
    assert_eq!(ask("cases.index").out, ask("cases.jsonl").out);
    assert_eq!(json(&ask("cases.index"))[0]["id"], "m1");
    // An altered or cut file is refused with what to do.
    let mut bytes = fs::read(home.path().join("cases.index")).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(home.path().join("altered.index"), &bytes).unwrap();
    fs::write(home.path().join("cut.index"), &bytes[..last - 40]).unwrap();
    for damaged in ["altered.index", "cut.index"] {
        let ran = ask(damaged);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(damaged) && ran.err.contains("leitmotif cases index"), "{}", ran.err);
    }
}

#[test]
fn nothing_is_written_over_that_is_something_else() {
    let home = home();
    let records = "{\"id\":\"a\",\"title\":\"Bridge sold\",\"claim\":\"The mayor sold the old bridge to Mars\"}\n";
    fs::write(home.path().join("cases.jsonl"), records).unwrap();
    for args in [
        &["train", "--cases", "cases.jsonl", "--output", "cases.jsonl"][..],
        &["cases", "index", "cases.jsonl", "--output", "cases.jsonl"],
        &["evaluate", "--cases", "cases.jsonl", "--report", "cases.jsonl"],
    ] {
        let ran = run(leitmotif(&home).args(args));
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(ran.err.contains("nothing was written to cases.jsonl"), "{}", ran.err);
        assert_eq!(fs::read_to_string(home.path().join("cases.jsonl")).unwrap(), records);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "{args:?}");
    }
    // An index takes the place of an empty file, and of an index.
    fs::write(home.path().join("c.index"), "").unwrap();
    for _ in 0..2 {
        let ran = run(leitmotif(&home).args(["cases", "index", "cases.jsonl", "--output", "c.index"]));
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
}

#[test]
fn options_of_a_split_are_not_passed_over() {
    let home = home();
    let both = run(leitmotif(&home).args(["evaluate", "--cases", "none.jsonl", "--split", "group", "--no-passages"]));
    assert!(both.code == 2 && both.err.contains("--no-passages") && both.err.contains("--split"), "{}", both.err);
    for option in [&["--learning-curve"][..], &["--folds", "3"], &["--settings", "none.json"]] {
        for (model, named) in [(&[][..], "--split"), (&["--model", "m"], "--model")] {
            let ran = run(leitmotif(&home).args(["evaluate", "--cases", "none.jsonl"]).args(option).args(model));
            assert!(ran.code == 2 && ran.err.contains(named) && ran.err.contains(option[0]), "{}", ran.err);
        }
    }
}

#[test]
fn options_that_mean_nothing_are_refused() {
    let home = home();
    fs::write(home.path().join("t.txt"), CLAIM).unwrap();
    for text in [&["--text", CLAIM][..], &["t.txt"], &[]] {
        let ran = run(leitmotif(&home).args(["related", "--format", "jsonl"]).args(text));
        assert!(ran.code == 2 && ran.err.contains("--format"), "{}", ran.err);
    }
    for least in ["2", "-0.1", "NaN", "half"] {
        let least = format!("--least={least}");
        let ran = run(leitmotif(&home).args(["cases", "add", "none.json", "--search-assessed", "none.jsonl", &least]));
        assert!(ran.code == 2 && ran.err.contains("from 0 to 1"), "{}", ran.err);
    }
}

#[test]
fn files_that_hold_no_text_are_refused_and_lost_characters_told() {
    let home = home();
    for (name, bytes) in
        [("a.gz", &b"\x1f\x8b\x08\0\0\0"[..]), ("a.docx", b"PK\x03\x04\x14\0"), ("a.pdf", b"%PDF-1.7\n")]
    {
        fs::write(home.path().join(name), bytes).unwrap();
        let ran = run(leitmotif(&home).args(["classify", name]));
        assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains(name), "{name}: {}", ran.err);
    }
    let mut damaged = CLAIM.repeat(3).replace('.', " – й.").into_bytes();
    damaged[40] = 0xff;
    fs::write(home.path().join("a.txt"), damaged).unwrap();
    let a = json(&run(leitmotif(&home).args(["classify", "--json", "a.txt"])));
    assert!(a["warnings"][0].as_str().unwrap().contains("could not be read as UTF-8"), "{}", a["warnings"]);
}

#[test]
fn a_claim_word_for_word_is_its_case_and_more_cases_change_nothing() {
    let home = home();
    let case = |id: String, claim: &str| serde_json::json!({"id": id, "title": "The same headline for all of them", "claim": claim});
    let claim = "The mayor sold the old bridge to Mars";
    let other = |i: usize| {
        let said = ["The mayor came to the harbour", "Somebody sold a boat", "An old house burned", "Mars is a bridge"];
        format!("{} on day {i} of that year", said[i % 4])
    };
    let cases = (0..60)
        .map(|i| case(format!("c{i}"), &if i % 20 == 7 { claim.to_owned() } else { other(i) }).to_string() + "\n");
    fs::write(home.path().join("cases.jsonl"), cases.collect::<String>()).unwrap();
    let related = |top: &str| {
        let text = format!("People say: “{}”! Is that true?", claim.to_uppercase());
        let ran =
            run(leitmotif(&home).args(["related", "--cases", "cases.jsonl", "--json", "--top", top, "--text", &text]));
        json(&ran)
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["id"].as_str().unwrap().to_owned(), r["score"].as_f64().unwrap()))
            .collect::<Vec<_>>()
    };
    let found = related("30");
    let mut first: Vec<&str> = found[..3].iter().map(|f| &*f.0).collect();
    first.sort_unstable();
    assert_eq!(first, ["c27", "c47", "c7"]);
    assert!(found[..3].iter().all(|f| f.1 >= 0.95) && found[3].1 < 0.95, "{found:?}");
    let more = related("60");
    assert!(more.len() > 30 && found.iter().all(|f| more.contains(f)));
}
