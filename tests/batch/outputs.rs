//! Outputs, duplicates, counts, and what is refused before anything is written.

use crate::tools::{Place, article, exists, gunzip, ids, lines, post, posts};
use serde_json::{Value, json};
use std::fs;

const QUICK: [&str; 3] = ["--related", "0", "--no-evidence"];

fn run(place: &Place, args: &[&str]) -> crate::tools::Ran {
    place.run(&[args, &QUICK].concat())
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let place = Place::new();
    place.write("in.jsonl", posts(3000));
    for output in ["out.jsonl", "out.csv", "out.jsonl.gz", "out.csv.zst"] {
        let mut bytes = Vec::new();
        for threads in ["1", "2", "5"] {
            let ran = run(&place, &["in.jsonl", "-o", output, "--threads", threads, "--rejects", "bad.jsonl"]);
            assert_eq!(ran.code, 3, "{}", ran.err);
            bytes.push((place.read(output), place.read("bad.jsonl")));
        }
        assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2], "{output}");
        assert!(!exists(&place.at(&format!("{output}.checkpoint"))), "nothing is left behind");
    }
    let plain = place.read("out.jsonl");
    assert_eq!(gunzip(&place.read("out.jsonl.gz")), plain);
    assert_eq!(zstd::decode_all(&*place.read("out.csv.zst")).unwrap(), place.read("out.csv"));
    let piped = place.feed(&[&["-", "-o", "-"], &QUICK[..]].concat(), posts(3000).as_bytes());
    assert!(piped.out == plain, "the way in does not matter");
}

#[test]
fn counts_add_up_and_rejects_say_what_and_where() {
    let place = Place::new();
    place.write("in.jsonl", posts(200));
    let args = ["in.jsonl", "-o", "out.jsonl", "--rejects", "bad.jsonl", "--summary", "s.json"];
    let ran = run(&place, &args);
    assert_eq!(ran.code, 3);
    let summary: Value = serde_json::from_slice(&place.read("s.json")).unwrap();
    assert_eq!((&summary["read"], &summary["rejected"]), (&json!(200), &json!(4)));
    assert_eq!(summary["scored"].as_u64().unwrap() as usize, lines(&place.read("out.jsonl")).len());
    assert_eq!(summary["errors"]["json"], 4);
    assert!(summary["narratives"].as_object().unwrap().contains_key("colour-revolutions"));
    let bad = lines(&place.read("bad.jsonl"));
    assert_eq!(
        (&bad[0]["source"], &bad[0]["position"], &bad[0]["kind"]),
        (&json!("in.jsonl"), &json!(14), &json!("json"))
    );
    assert!(ran.err.contains("200 read = 196 scored + 4 rejected"), "{}", ran.err);
    assert!(!ran.err.contains("council"), "no text in the log");
    let few = run(&place, &[&args[..], &["--max-errors", "2"]].concat());
    assert_eq!(few.code, 1);
    assert!(few.err.contains("more than 2 records were rejected"), "{}", few.err);
    assert_eq!(run(&place, &[&args[..], &["--max-errors", "4"]].concat()).code, 3);
}

#[test]
fn repetitions_refer_to_the_first() {
    let place = Place::new();
    let article = (0..30).map(post).collect::<Vec<_>>().join(" ");
    let changed = article.replace("Note 1:", "Remark 1:");
    let other = (30..60).map(|i| post(i).replace("council", "parliament")).collect::<Vec<_>>().join(" ");
    let texts = [("a", &article), ("b", &other), ("c", &changed), ("d", &article.to_uppercase())];
    place.write("in.jsonl", texts.map(|(id, text)| json!({"id": id, "text": text}).to_string()).join("\n"));
    let (found, summary, ran) = place.assess(&["in.jsonl"]);
    assert_eq!(ids(&found), ["a", "b", "c", "d"], "{}", ran.err);
    let of: Vec<&Value> = found.iter().map(|a| &a["near_duplicate_of"]).collect();
    assert_eq!(of, [&Value::Null, &Value::Null, &json!("a"), &json!("a")]);
    assert!(found.iter().all(|a| !a["narratives"].as_array().unwrap().is_empty()));
    assert_eq!((&summary["repeated"], &summary["groups"], &summary["scored"]), (&json!(2), &json!(1), &json!(4)));
    let (found, summary, _) = place.assess(&["in.jsonl", "--skip-duplicates"]);
    assert_eq!(found[2]["near_duplicate_of"], "a");
    assert_eq!((&found[2]["outcome"], &found[2]["narratives"]), (&found[0]["outcome"], &json!([])));
    assert_eq!((&summary["repeated"], &summary["groups"], &summary["scored"]), (&json!(2), &json!(1), &json!(4)));
    let (found, summary, _) = place.assess(&["in.jsonl", "--score-duplicates"]);
    assert!(found.iter().all(|a| a["near_duplicate_of"].is_null() && !a["narratives"].as_array().unwrap().is_empty()));
    assert_eq!(summary["repeated"], 0);
}

#[test]
fn csv_has_a_row_per_document_and_narrative() {
    let place = Place::new();
    place.write(
        "in.jsonl",
        format!("{}\n{}\n", json!({"id": "a,\"b", "text": post(0), "n": 1}), json!({"id": "c", "text": ""})),
    );
    assert_eq!(place.run(&["in.jsonl", "-o", "out.csv", "--include-input", "--top", "2"]).code, 0);
    let bytes = place.read("out.csv");
    let mut reader = csv::Reader::from_reader(&*bytes);
    let rows: Vec<std::collections::HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert!(rows.len() >= 3);
    assert_eq!((&*rows[0]["id"], &*rows[0]["input"]), ("a,\"b", "{\"id\":\"a,\\\"b\",\"n\":1}"));
    assert!(rows.iter().any(|r| r["narrative"] == "colour-revolutions" && !r["evidence"].is_empty()));
    let last = rows.last().unwrap();
    assert_eq!((&*last["id"], &*last["outcome"], &*last["narrative"]), ("c", "too_short", ""));
}

#[test]
fn nothing_is_harmed_by_a_wrong_output() {
    let place = Place::new();
    place.write("in/a.jsonl", posts(10));
    fs::hard_link(place.at("in/a.jsonl"), place.at("hard")).unwrap();
    std::os::unix::fs::symlink(place.at("in/a.jsonl"), place.at("soft")).unwrap();
    for (input, output, said) in [
        ("in/a.jsonl", "in/a.jsonl", "is an input"),
        ("in/a.jsonl", "hard", "is an input"),
        ("in/a.jsonl", "soft", "is an input"),
        ("in", "in/out.jsonl", "lies in the input folder"),
    ] {
        let ran = run(&place, &[input, "-o", output]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(said), "{output}: {}", ran.err);
        assert_eq!(place.read("in/a.jsonl"), posts(10).as_bytes());
    }
    assert!(!exists(&place.at("in/out.jsonl")));
    let ran = run(&place, &["in/a.jsonl", "missing.jsonl", "-o", "out.jsonl"]);
    assert_eq!(ran.code, 1);
    assert!(!exists(&place.at("out.jsonl")), "a missing later input is noticed before the output is made");
    let ran = run(&place, &["in/a.jsonl", "-o", "x.jsonl", "--rejects", "x.jsonl"]);
    assert!(ran.code == 1 && ran.err.contains("named for two outputs"), "{}", ran.err);
    let ran = run(&place, &["in/a.jsonl", "-o", "nowhere/x.jsonl"]);
    assert!(ran.code == 1 && ran.err.contains("cannot write nowhere/x.jsonl"), "{}", ran.err);
    let ran = run(&place, &["in/a.jsonl", "-o", "/dev/full"]);
    assert!(ran.code == 1 && ran.err.contains("free space"), "{}", ran.err);
}

#[test]
fn nothing_that_is_read_or_written_is_overwritten_by_another_output() {
    let place = Place::new();
    place.write("in.jsonl", posts(10));
    place.write("cases.jsonl", "{\"id\":\"x\",\"title\":\"Beavers undermine dams\"}\n");
    let cases = place.read("cases.jsonl");
    for (args, said) in [
        (&["-o", "o.jsonl", "--summary", "in.jsonl"][..], "is an input"),
        (&["-o", "o.jsonl", "--rejects", "in.jsonl"], "is an input"),
        (&["-o", "o.jsonl", "--summary", "o.jsonl"], "named for two outputs"),
        (&["-o", "o.jsonl", "--summary", "o.jsonl.checkpoint"], "named for two outputs"),
        (&["-o", "o.jsonl", "--rejects", "b.jsonl", "--summary", "b.jsonl"], "named for two outputs"),
        (&["-o", "-", "--summary", "-"], "named for two outputs"),
        (&["-o", "cases.jsonl"], "is the case base"),
        (&["-o", "o.jsonl", "--rejects", "cases.jsonl"], "is the case base"),
        (&["-o", "o.jsonl", "--summary", "cases.jsonl"], "is the case base"),
    ] {
        let ran = run(&place, &[&["in.jsonl", "--cases", "cases.jsonl"], args].concat());
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
        assert!(place.read("in.jsonl") == posts(10).as_bytes() && place.read("cases.jsonl") == cases, "{args:?}");
        assert!(!exists(&place.at("o.jsonl")), "{args:?}");
    }
    let ran = run(&place, &["in.jsonl", "-o", "o.jsonl", "--summary", "-"]);
    let summary: Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!(summary["read"], 10);
    assert!(!exists(&place.at("-")));
}

#[test]
fn progress_is_for_programs_too() {
    let place = Place::new();
    place.write("in.jsonl", posts(20));
    let ran = run(&place, &["in.jsonl", "-o", "out.jsonl", "--progress", "json"]);
    let last = ran.err.lines().find(|l| l.starts_with('{')).unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["read"], &last["all_bytes"]), (&json!(20), &json!(posts(20).len())));
}

#[test]
fn tables_say_where_the_passage_of_a_long_text_stands() {
    let place = Place::new();
    place.write("in.jsonl", format!("{}\n", article()));
    let (assessments, _, _) = place.assess(&["in.jsonl"]);
    let told: Vec<_> = assessments[0]["narratives"].as_array().unwrap().iter().collect();
    assert!(told.iter().any(|n| n["passage"]["start"].as_u64().unwrap_or(0) > 100), "{told:?}");
    let ran = run(&place, &["in.jsonl", "-o", "out.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let table = place.read("out.csv");
    let mut reader = csv::Reader::from_reader(&*table);
    let columns = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), told.len());
    for (row, narrative) in rows.iter().zip(told) {
        let cell = |name: &str| &row[columns.iter().position(|c| c == name).unwrap()];
        assert_eq!(cell("narrative"), narrative["id"]);
        for (column, key) in [("passage_start", "start"), ("passage_end", "end")] {
            assert_eq!(cell(column), narrative["passage"][key].as_u64().map_or(String::new(), |n| n.to_string()));
        }
    }
}
