//! Pipes that close, files that grow, runs that get in each other's way.

use crate::tools::{Place, lines, posts, record};
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

const QUICK: [&str; 4] = ["--related", "0", "--no-evidence", "--score-duplicates"];

#[test]
fn a_reader_that_goes_away_ends_the_run_cleanly() {
    let place = Place::new();
    let mut child = place.batch(&[&["-", "-o", "-"], &QUICK[..]].concat()).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        // Until nobody reads any more; then the pipe stays open, and nothing comes.
        while stdin.write_all(posts(100).as_bytes()).is_ok() {}
        stdin
    });
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    assert!(first.contains("\"n0\""));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert!(!err.contains("error"), "{err}");
    drop(feeding.join().unwrap());
}

#[test]
fn what_comes_is_answered_before_more_comes() {
    let place = Place::new();
    let mut child = place.batch(&[&["-", "-o", "-"], &QUICK[..]].concat()).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for number in 0..3 {
        writeln!(stdin, "{}", record(number)).unwrap();
        stdin.flush().unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.contains(&format!("\"n{number}\"")), "{line}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_file_that_grows_is_followed_and_resumed() {
    let place = Place::new();
    place.write("in.jsonl", posts(10));
    let args =
        [&["in.jsonl", "-o", "out.jsonl", "--follow", "--resume", "--checkpoint-every", "0"], &QUICK[..]].concat();
    let wait_for = |count: usize| {
        while !place.at("out.jsonl").exists() || lines(&place.read("out.jsonl")).len() < count {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let mut append = OpenOptions::new().append(true).open(place.at("in.jsonl")).unwrap();
    let mut child = place.batch(&args).stderr(Stdio::null()).spawn().unwrap();
    wait_for(10);
    // A line that is not whole yet is waited for.
    let line = record(10).to_string();
    append.write_all(&line.as_bytes()[..20]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    append.write_all(&line.as_bytes()[20..]).unwrap();
    append.write_all(b"\n").unwrap();
    wait_for(11);
    child.kill().unwrap();
    child.wait().unwrap();
    writeln!(append, "{}", record(11)).unwrap();
    let mut child = place.batch(&args).stderr(Stdio::null()).spawn().unwrap();
    wait_for(12);
    child.kill().unwrap();
    child.wait().unwrap();
    let followed = place.read("out.jsonl");
    assert_eq!(place.run(&[&["in.jsonl", "-o", "whole.jsonl"], &QUICK[..]].concat()).code, 0);
    assert!(followed == place.read("whole.jsonl"));
}

/// Whether a process handles a signal.
#[cfg(target_os = "linux")]
fn catches(process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() >> (signal - 1) & 1 == 1
}

/// A signal that asks to end ends a followed file as the end of a file would: all is written and counted, and another run
/// goes on from there, with half a line that has become whole.
#[cfg(target_os = "linux")]
#[test]
fn what_is_followed_ends_when_asked_and_goes_on_from_there() {
    for output in ["out.jsonl", "out.jsonl.gz"] {
        let place = Place::new();
        place.write("in.jsonl", posts(3));
        let args = [
            &["in.jsonl", "-o", output, "--follow", "--resume", "--summary", "counts.json", "--checkpoint-every", "0"]
                [..],
            &QUICK[..],
        ]
        .concat();
        let mut append = OpenOptions::new().append(true).open(place.at("in.jsonl")).unwrap();
        let line = record(3).to_string() + "\n";
        for (added, signal, count) in [(&line[..20], "TERM", 3), (&line[20..], "INT", 4)] {
            append.write_all(added.as_bytes()).unwrap();
            let _ = std::fs::remove_file(place.at("counts.json"));
            let mut child = place.batch(&args).stderr(Stdio::null()).spawn().unwrap();
            // Once it listens; the whole lines that are there are read before it ends.
            while !catches(child.id(), 15) {
                assert!(child.try_wait().unwrap().is_none(), "{output}: it ended by itself");
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(0), "{output} {signal}");
            let counts: Value = serde_json::from_slice(&place.read("counts.json")).unwrap();
            assert_eq!(counts["scored"], count, "{counts}");
        }
        let whole = format!("whole.{output}");
        assert_eq!(place.run(&[&["in.jsonl", "-o", &whole], &QUICK[..]].concat()).code, 0);
        assert!(place.read(output) == place.read(&whole));
    }
}

#[test]
fn one_run_at_a_time_writes_to_an_output() {
    let place = Place::new();
    place.write("in.jsonl", posts(10));
    let mut first = place.batch(&["-", "-o", "out.jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    writeln!(first.stdin.as_ref().unwrap(), "{}", record(1)).unwrap();
    while !place.at("out.jsonl").exists() || place.read("out.jsonl").is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = place.run(&["in.jsonl", "-o", "out.jsonl"]);
    assert_eq!(second.code, 1);
    assert!(second.err.contains("another run is writing"), "{}", second.err);
    drop(first.stdin.take());
    assert_eq!(first.wait().unwrap().code(), Some(0));
    assert_eq!(lines(&place.read("out.jsonl")).len(), 1);
}
