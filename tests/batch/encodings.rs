//! Records in other encodings than UTF-8: read as what they are, or rejected, but never as something else.

use crate::tools::{Place, Ran, gzip, ids, post, record};
use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
use serde_json::{Value, json};

fn german(number: usize) -> String {
    format!("Meldung {number}: Der Stadtrat prüft den Haushalt für Straßen; über die Brücke heißt es später mehr.")
}

fn russian(number: usize) -> String {
    format!("Сообщение {number}: городской совет обсудил «бюджет», дороги и новый мост.")
}

fn table(count: usize, text: fn(usize) -> String) -> String {
    let rows = (0..count).map(|i| format!("r{i};\"{}\r\nzweite Zeile; {i}\";{}\r\n", text(i), i * 3));
    format!("id;text;likes\r\n{}", rows.collect::<String>())
}

fn line(id: &str, text: &str) -> String {
    format!("{}\n", json!({"id": id, "text": text}))
}

fn jsonl(count: usize, text: fn(usize) -> String) -> String {
    (0..count).map(|i| line(&format!("r{i}"), &text(i))).collect()
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy);
    bytes.into_owned()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

/// Assesses `bytes`, which must come to what `text` comes to in UTF-8.
fn same(name: &str, text: &str, bytes: &[u8], args: &[&str], read_as: &str) {
    let place = Place::new();
    place.write(name, text);
    let args = &[&[name, "--include-input"], args].concat();
    let (expected, summary, ran) = place.assess(&args[..2]);
    assert_eq!((ran.code, &summary["encodings"]), (0, &json!({})), "{name}: {}", ran.err);
    assert!(!expected.is_empty());
    for packed in [bytes.to_vec(), gzip(bytes)] {
        place.write(name, packed);
        let (found, summary, ran) = place.assess(args);
        assert_eq!(ran.code, 0, "{name} {read_as}: {}", ran.err);
        assert!(found == expected, "{name} {read_as}");
        assert_eq!(summary["encodings"], json!({read_as: {"inputs": 1, "first": name}}), "{name}");
        assert!(ran.err.contains(&format!("read as {read_as}: {name}")), "{}", ran.err);
    }
}

#[test]
fn records_come_to_the_same_in_every_encoding() {
    let russian_table = table(40, russian);
    same("r.csv", &russian_table, &encoded(&russian_table, WINDOWS_1251), &[], "windows-1251");
    same("r.csv", &russian_table, &utf16(&russian_table, u16::to_le_bytes, true), &[], "UTF-16LE");
    same("r", &russian_table, &utf16(&russian_table, u16::to_be_bytes, true), &[], "UTF-16BE");
    same("r", &russian_table, &utf16(&russian_table, u16::to_le_bytes, false), &[], "UTF-16LE");
    let german_lines = jsonl(40, german);
    same("g.jsonl", &german_lines, &encoded(&german_lines, WINDOWS_1252), &[], "windows-1252");
    let array = format!("[{}]", jsonl(40, german).trim_end().replace('\n', ","));
    same("g.json", &array, &encoded(&array, WINDOWS_1252), &[], "windows-1252");
    // A name where the bytes alone would not do: `ソ` ends with the byte of a backslash.
    let japanese = "{\"id\":\"j\",\"text\":\"ソビエトの橋 ソ\"}\n";
    same("j.jsonl", japanese, &encoded(japanese, SHIFT_JIS), &["--encoding", "sjis"], "Shift_JIS");
    let short = "id,text\n1,The café by the harbour is closed\n";
    same("c.csv", short, &encoded(short, WINDOWS_1252), &["--encoding", "latin1", "--format", "csv"], "windows-1252");
}

#[test]
fn the_first_foreign_byte_may_come_late() {
    let english = |i: usize| post(i % 2 + 1).replace("Note", &format!("Note {i}"));
    let lines: String = (0..5000).map(|i| line(&format!("e{i}"), &english(i))).collect();
    let text = lines + &jsonl(30, russian);
    same("late.jsonl", &text, &encoded(&text, WINDOWS_1251), &[], "windows-1251");
}

fn rejects(place: &Place, args: &[&str]) -> (Vec<Value>, Vec<Value>, Ran) {
    let (found, _, ran) = place.assess(&[args, &["--rejects", "bad.jsonl"]].concat());
    (found, crate::tools::lines(&place.read("bad.jsonl")), ran)
}

#[test]
fn damaged_utf8_and_stray_bytes_are_rejected_with_their_place() {
    let place = Place::new();
    let mut bytes = jsonl(50, russian).into_bytes();
    let tenth = bytes.split_inclusive(|&b| b == b'\n').take(10).map(<[u8]>::len).sum::<usize>();
    bytes[tenth + 40] = 0xff;
    place.write("damaged.jsonl", &bytes);
    let (found, bad, ran) = rejects(&place, &["damaged.jsonl"]);
    assert_eq!((found.len(), bad.len()), (49, 1), "{}", ran.err);
    assert_eq!((&bad[0]["position"], &bad[0]["kind"]), (&json!(11), &json!("not_utf8")));
    assert!(bad[0]["cause"].as_str().unwrap().contains("damaged UTF-8 from byte 40"), "{}", bad[0]);
    // Too little to tell an encoding by: nothing is guessed, and the remedy is named.
    place.write(
        "few.csv",
        b"id,text\n1,The town council talked about the caf\xe9 and the weather\n2,It rained all day\n",
    );
    let (found, bad, ran) = rejects(&place, &["few.csv"]);
    assert_eq!(ids(&found), ["2"], "{}", ran.err);
    assert!(
        bad[0]["position"] == 2 && bad[0]["cause"].as_str().unwrap().contains("--encoding windows-1252"),
        "{}",
        bad[0]
    );
    let (found, bad, _) = rejects(&place, &["few.csv", "--encoding", "windows-1252"]);
    assert_eq!((found.len(), bad.len()), (2, 0));
    // Asked not to guess.
    place.write("r.csv", encoded(&table(9, russian), WINDOWS_1251));
    let (found, bad, _) = rejects(&place, &["r.csv", "--encoding", "utf-8"]);
    assert_eq!((found.len(), bad.len()), (0, 9));
    assert_eq!(bad[1]["position"], 4);
}

#[test]
fn what_gets_lost_is_said() {
    let place = Place::new();
    let mut bytes = encoded(&jsonl(3, |_| "市議会は新しい予算について話し合いました".into()), SHIFT_JIS);
    let at = bytes.len() - 10;
    bytes[at] = 0xff;
    place.write("j.jsonl", &bytes);
    let (found, _, ran) = place.assess(&["j.jsonl", "--encoding", "shift_jis"]);
    assert_eq!(found.len(), 3, "{}", ran.err);
    assert!(found[2]["warnings"].to_string().contains("could not be read as Shift_JIS"), "{}", found[2]);
    assert!(!found[0]["warnings"].to_string().contains("could not be read"), "{}", found[0]);
}

#[test]
fn lines_are_counted_in_the_file() {
    let place = Place::new();
    let lines = format!("{}\n\n{{\"id\": \"open\n{}", record(5), jsonl(9, russian));
    for bytes in [encoded(&lines, WINDOWS_1251), utf16(&lines, u16::to_le_bytes, true)] {
        place.write("l.jsonl", bytes);
        let (found, bad, ran) = rejects(&place, &["l.jsonl"]);
        assert_eq!((found.len(), bad.len()), (10, 1), "{}", ran.err);
        assert_eq!((&bad[0]["position"], &bad[0]["kind"]), (&json!(3), &json!("json")));
    }
}

#[test]
fn names_of_encodings_are_checked() {
    let place = Place::new();
    place.write("in.jsonl", jsonl(2, german));
    for name in ["windows-1259", "replacement", ""] {
        let ran = place.run(&["in.jsonl", "-o", "out.jsonl", "--encoding", name]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("give one such as utf-8") && ran.err.contains("windows-1251"), "{}", ran.err);
    }
    assert!(!place.at("out.jsonl").exists());
}

#[test]
fn a_live_stream_is_judged_by_its_first_foreign_line() {
    let place = Place::new();
    let args = ["-", "-o", "-", "--related", "0", "--no-evidence"];
    let text = format!("{}\n{}", record(1), jsonl(20, russian));
    let expected = place.feed(&args, text.as_bytes());
    let ran = place.feed(&args, &encoded(&text, WINDOWS_1251));
    assert_eq!((expected.code, ran.code), (0, 0), "{}", ran.err);
    assert!(ran.out == expected.out && ran.err.contains("read as windows-1251: -"), "{}", ran.err);
}

#[test]
fn resumed_runs_read_the_same_encoding() {
    let place = Place::new();
    let rows = table(4000, russian).replace("r77;", "r77;;").replace("r2500;", "r2500;;");
    place.write("a.csv", encoded(&rows, WINDOWS_1251));
    place.write("b.csv.gz", gzip(&utf16(&rows, u16::to_le_bytes, true)));
    let args = ["a.csv", "b.csv.gz", "-o", "out.jsonl", "--related", "0", "--no-evidence", "--rejects", "bad.jsonl"];
    let with = |more: &[&str]| place.run(&[&args[..], &["--summary", "s.json"], more].concat());
    assert_eq!(with(&[]).code, 3);
    let whole = (place.read("out.jsonl"), place.read("bad.jsonl"));
    let encodings = |s: &[u8]| serde_json::from_slice::<Value>(s).unwrap()["encodings"].clone();
    let expected = encodings(&place.read("s.json"));
    assert_eq!(expected["windows-1251"]["first"], "a.csv");
    for name in ["out.jsonl", "bad.jsonl"] {
        std::fs::remove_file(place.at(name)).unwrap();
    }
    let stopped = with(&["--resume", "--checkpoint-every", "0", "--max-errors", "1", "--threads", "1"]);
    assert_eq!(stopped.code, 1, "{}", stopped.err);
    let refused = with(&["--resume", "--encoding", "koi8-r"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("the encoding of the input (--encoding) changed"), "{}", refused.err);
    let resumed = with(&["--resume"]);
    assert!(resumed.code == 3 && resumed.err.contains("resumed after"), "{}", resumed.err);
    assert!((place.read("out.jsonl"), place.read("bad.jsonl")) == whole);
    assert_eq!(encodings(&place.read("s.json")), expected);
}
