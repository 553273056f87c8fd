//! Damaged and hostile inputs: what is bad is named, everything else is scored.

use crate::tools::{Place, gzip, ids, post, posts, record};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// Scores `name` between two good files and gives the ids besides those, and the kinds of errors.
fn between(name: &str, bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let place = Place::new();
    place.write("in/0.jsonl", format!("{}\n", record(1000)));
    place.write(&format!("in/{name}"), bytes);
    place.write("in/~.jsonl", format!("{}\n", record(1001)));
    check(&place, &["in"], name)
}

fn check(place: &Place, args: &[&str], name: &str) -> (Vec<String>, Vec<String>) {
    let (found, summary, ran) = place.assess(&[args, &["--rejects", "bad.jsonl", "--max-record", "100000"]].concat());
    let number = |field: &str| summary[field].as_u64().unwrap_or_else(|| panic!("{name}: {}", ran.err));
    assert_eq!(number("read"), number("scored") + number("rejected"), "{name}");
    assert_eq!(ran.code, if number("rejected") > 0 { 3 } else { 0 }, "{name}: {}", ran.err);
    assert_eq!(found.len() as u64, number("scored"), "{name}");
    assert!(!ran.err.contains("panicked"), "{name}: {}", ran.err);
    let mut all: Vec<String> = ids(&found).into_iter().map(str::to_owned).collect();
    for good in ["n1000", "n1001"] {
        let at = all.iter().position(|id| id == good).unwrap_or_else(|| panic!("{name} cost {good}: {}", ran.err));
        all.remove(at);
    }
    let bad = crate::tools::lines(&place.read("bad.jsonl"));
    for b in &bad {
        assert!(b["cause"].as_str().unwrap().len() > 10 && !b["source"].as_str().unwrap().is_empty(), "{name}: {b}");
    }
    (all, bad.iter().map(|b| b["kind"].as_str().unwrap().to_owned()).collect())
}

fn good_lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|i| format!("{}\n", record(i)).into_bytes()).collect()
}

#[test]
fn packed_files_that_are_cut_or_bombs() {
    // Text that does not pack well, so that much of it is there before the cut.
    let (found, kinds) = between("cut.jsonl.gz", &{
        let mut bytes = gzip(&good_lines(3000));
        bytes.truncate(bytes.len() * 3 / 4);
        bytes
    });
    assert!(found.len() > 500, "{}", found.len());
    assert_eq!(kinds, ["unreadable"]);
    let mut flipped = zstd::encode_all(&*good_lines(300), 1).unwrap();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let (_, kinds) = between("flipped.jsonl.zst", &flipped);
    assert!(!kinds.is_empty());
    let mut bomb = good_lines(5);
    bomb.resize(bomb.len() + (200 << 20), b' ');
    let (found, kinds) = between("bomb.jsonl.gz", &gzip(&bomb));
    assert_eq!((found.len(), &*kinds), (5, &["decompression_bomb".to_owned()][..]));
}

#[test]
fn lines_that_are_no_records() {
    let mut bytes = good_lines(2);
    bytes.extend_from_slice(b"{\"id\":\"x\",\"text\":\"half \xff\xfe way\"}\n");
    bytes.extend_from_slice(
        format!("{{\"id\":\"deep\",\"text\":{}1{}}}\n", "[".repeat(5000), "]".repeat(5000)).as_bytes(),
    );
    bytes.extend_from_slice(format!("{{\"id\":\"long\",\"text\":\"{}\"}}\n", "x".repeat(200_000)).as_bytes());
    bytes.extend_from_slice(b"null\n[]\n{\"id\":\"\"}\n\0\0\0\n{\"id\":\"cut");
    let (found, kinds) = between("lines.jsonl", &bytes);
    assert_eq!(found, ["n0", "n1"]);
    assert_eq!(kinds, ["not_utf8", "json", "too_long", "json", "json", "no_id", "json", "json"]);
}

#[test]
fn tables_feeds_arrays_and_pages() {
    let [one, two, three] = [1, 2, 3].map(|i| post(i).replace(',', " and"));
    let table = format!("id,text\n1,{one}\n2\n3,\"{two}\n4,x,y\n5,{three}\n");
    let (found, kinds) = between("t.csv", table.as_bytes());
    assert!(found.contains(&"1".to_owned()) && found.contains(&"5".to_owned()), "{found:?}");
    assert!(kinds.contains(&"uneven_row".to_owned()) && kinds.contains(&"open_quote".to_owned()), "{kinds:?}");
    let mut laughs = String::from("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">");
    for i in 1..10 {
        laughs += &format!("<!ENTITY lol{i} \"{}\">", format!("&lol{};", i - 1).repeat(10));
    }
    let entry = |id: &str, text: &str| format!("<item><guid>{id}</guid><description>{text}</description></item>");
    laughs += "]><rss version=\"2.0\"><channel><title>T</title>";
    laughs += &[entry("lol", "&lol9;"), entry("good", &post(4)), "<item><guid>open".into()].concat();
    let (found, kinds) = between("laughs.xml", laughs.as_bytes());
    assert!(found.contains(&"good".to_owned()), "{found:?} {kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("entry"));
    let bomb = format!(
        "<rss version='2.0'><channel>{}{}</channel></rss>",
        entry("deep", &"&lt;div&gt;".repeat(4000)),
        entry("good", &post(5))
    );
    let (found, kinds) = between("bomb.xml", bomb.as_bytes());
    assert_eq!((found, kinds), (vec!["good".to_owned()], vec!["page".to_owned()]));
    let (found, kinds) = between("open.json", format!("[{}, {{\"id\":\"b\"", record(7)).as_bytes());
    assert_eq!((found, kinds), (vec!["n7".to_owned()], vec!["open_json".to_owned()]));
    let (found, kinds) = between("between.json", format!("[{},", record(7)).as_bytes());
    assert_eq!((found, kinds), (vec!["n7".to_owned()], vec!["open_json".to_owned()]));
    let (found, kinds) = between("fields.jsonl", b"{\"id\":\"a\",\"msg\":\"What the text is called here\"}\n");
    assert_eq!((found.len(), kinds), (0, vec!["no_text_field".to_owned()]));
    let (found, kinds) = between("deep.html", "<div>".repeat(9000).as_bytes());
    assert_eq!((found.len(), kinds), (0, vec!["page".to_owned()]));
}

#[test]
fn files_that_are_no_text() {
    for (name, bytes, kind) in [
        ("a.zip", &b"PK\x03\x04\x14\0\0\0"[..], "archive"),
        ("p.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06", "binary"),
        ("d.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "binary"),
        ("twice.gz", &gzip(&gzip(b"x")), "archive"),
    ] {
        let (found, kinds) = between(name, bytes);
        assert!(found.is_empty(), "{name}: {found:?}");
        assert_eq!(kinds, [kind], "{name}");
    }
    let (found, kinds) = between("empty.txt", b"");
    assert_eq!((found.len(), kinds.len()), (0, 0));
    // Not UTF-8, but text.
    let (found, _) = between("latin.txt", b"The caf\xe9 is closed, and the town council talked about it.");
    assert_eq!(found, ["in/latin.txt"]);
}

#[test]
fn folders_with_loops_and_locked_files() {
    let place = Place::new();
    place.write("in/0.jsonl", format!("{}\n", record(1000)));
    place.write("in/sub/1.jsonl", format!("{}\n", record(1001)));
    std::os::unix::fs::symlink("..", place.at("in/sub/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.at("in/sub/dangling")).unwrap();
    place.write("in/locked.jsonl", format!("{}\n", record(1002)));
    let mut mode = std::fs::metadata(place.at("in/locked.jsonl")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0);
    std::fs::set_permissions(place.at("in/locked.jsonl"), mode).unwrap();
    // An administrator may read everything.
    let readable = std::fs::File::open(place.at("in/locked.jsonl")).is_ok();
    let (found, kinds) = check(&place, &["in"], "folder");
    assert_eq!(found.len(), usize::from(readable));
    let locked = if readable { &[][..] } else { &["unopened"] };
    assert_eq!(kinds, [locked, &["folder", "folder"]].concat());
}

#[test]
fn a_line_of_a_gigabyte_takes_no_memory() {
    let place = Place::new();
    let mut child = place
        .batch(&["-", "-o", "out.jsonl", "--related", "0", "--no-evidence", "--summary", "s.json"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let id = child.id();
    let feeding = std::thread::spawn(move || {
        writeln!(stdin, "{}", record(1)).unwrap();
        stdin.write_all(b"{\"id\":\"x\",\"text\":\"").unwrap();
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..1024 {
            stdin.write_all(&piece).unwrap();
        }
        // Where the kernel tells it: the most memory the run ever had.
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        write!(stdin, "\"}}\n{}\n", record(2)).unwrap();
        let peak =
            status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<u64>().ok());
        peak.unwrap_or(0)
    });
    let ran = crate::tools::said(child.wait_with_output().unwrap());
    let peak = feeding.join().unwrap();
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert_eq!(ids(&crate::tools::lines(&place.read("out.jsonl"))), ["n1", "n2"]);
    let summary: Value = serde_json::from_slice(&place.read("s.json")).unwrap();
    assert_eq!(summary["errors"], json!({"too_long": 1}));
    assert!(peak < 400_000, "{peak} KiB");
}

#[test]
fn broken_lines_in_the_middle_of_many() {
    let place = Place::new();
    place.write("in.jsonl", posts(2000));
    let (found, summary, _) = place.assess(&["in.jsonl"]);
    assert_eq!(found.len() + summary["rejected"].as_u64().unwrap() as usize, 2000);
}
