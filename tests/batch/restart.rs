//! A run that is killed at any moment and resumed gives the bytes of one that was not.

use crate::tools::{Place, Ran, posts};
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::fs;
use std::process::Command;
use std::time::Duration;

const QUICK: [&str; 5] = ["--related", "0", "--no-evidence", "--rejects", "bad.jsonl"];

/// Numbers below `below`, the same in every run of the test.
fn draw(random: &mut TestRng, below: u64) -> u64 {
    use proptest::prelude::Rng;
    random.next_u64() % below
}

/// Kills a run `kills` times at random moments, resuming it each time, and lets it end.
fn killed_and_resumed(place: &Place, args: &[&str], output: &str, kills: usize, random: &mut TestRng) -> Ran {
    // How long a whole run takes here.
    let begun = std::time::Instant::now();
    assert_eq!(place.run(&[args, &["-o", "timed.jsonl"]].concat()).code, 3);
    let args = &[args, &["-o", output]].concat();
    let whole = begun.elapsed().as_micros() as u64;
    let mut came_through = 0;
    for kill in 0..kills {
        let threads = ["1", "2", "3"][kill % 3];
        let mut child =
            place.batch(args).args(["--resume", "--checkpoint-every", "0", "--threads", threads]).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(draw(random, whole)));
        came_through += usize::from(child.try_wait().unwrap().is_some());
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(came_through < kills, "no run was killed");
    place.run(&[&args[..], &["--resume"]].concat())
}

#[test]
fn killed_runs_give_the_same_bytes() {
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    for output in ["out.jsonl", "out.csv.gz", "out.jsonl.zst"] {
        let place = Place::new();
        place.write("a.jsonl", posts(3000));
        place.write("b.jsonl.gz", crate::tools::gzip(&posts(5000).as_bytes()[posts(3000).len()..]));
        let args = [&["a.jsonl", "b.jsonl.gz"], &QUICK[..]].concat();
        assert_eq!(place.run(&[&args[..], &["-o", output]].concat()).code, 3);
        let (whole, bad) = (place.read(output), place.read("bad.jsonl"));
        fs::remove_file(place.at(output)).unwrap();
        fs::remove_file(place.at("bad.jsonl")).unwrap();
        let resumed = killed_and_resumed(&place, &args, output, 12, &mut random);
        assert_eq!(resumed.code, 3, "{}", resumed.err);
        assert!(place.read(output) == whole, "{output} differs");
        assert!(place.read("bad.jsonl") == bad, "the rejects of {output} differ");
        // Once more: there is nothing left to do.
        let again = place.run(&[&args[..], &["-o", output, "--resume"]].concat());
        assert!(again.code == 3 && again.err.contains("5000 read"), "{}", again.err);
        assert!(place.read(output) == whole);
    }
}

#[test]
fn a_full_disk_is_an_end_like_any_other() {
    let place = Place::new();
    place.write("in.jsonl", posts(4000));
    let args = ["in.jsonl", "-o", "out.jsonl", "--related", "0", "--no-evidence", "--checkpoint-every", "0"];
    assert_eq!(place.run(&args).code, 3);
    let whole = place.read("out.jsonl");
    fs::remove_file(place.at("out.jsonl")).unwrap();
    // No file may grow beyond 8000 blocks of 512 bytes.
    let program = assert_cmd::cargo::cargo_bin!("leitmotif");
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8000; exec \"$0\" batch \"$@\"", program.to_str().unwrap()])
        .args(args)
        .arg("--resume")
        .current_dir(place.at("."))
        .env("LEITMOTIF_STORE", place.at("none.db"))
        .output()
        .unwrap();
    let err = String::from_utf8(limited.stderr).unwrap();
    assert_eq!(limited.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot write out.jsonl") && err.contains("free space"), "{err}");
    assert!(place.read("out.jsonl").len() < whole.len());
    let resumed = place.run(&[&args[..], &["--resume"]].concat());
    assert!(resumed.err.contains("resumed after"), "{}", resumed.err);
    assert!(place.read("out.jsonl") == whole);
}

/// Leaves an unfinished run of `in.jsonl` behind.
fn unfinished(place: &Place, args: &[&str]) {
    let ran =
        place.run(&[args, &["--resume", "--checkpoint-every", "0", "--max-errors", "20", "--threads", "1"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(place.at("out.jsonl.checkpoint").exists());
}

#[test]
fn what_changed_is_named() {
    let place = Place::new();
    place.write("in.jsonl", posts(4000));
    let args = ["in.jsonl", "-o", "out.jsonl", "--related", "0", "--no-evidence"];
    unfinished(&place, &args);
    let kept = place.read("out.jsonl");
    let refused = |args: &[&str], said: &str| {
        let ran = place.run(&[args, &["--resume"]].concat());
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("cannot resume, because") && ran.err.contains(said), "{}", ran.err);
        assert!(place.read("out.jsonl") == kept, "nothing is touched");
    };
    refused(&[&args[..], &["--top", "3"]].concat(), "--top");
    refused(&[&args[..], &["--score-duplicates"]].concat(), "duplicates");
    refused(&["in.jsonl", "-o", "out.jsonl", "--no-evidence"], "--related");
    let whole = ["in.jsonl", "-o", "out.jsonl", "--related", "0", "--no-evidence", "--no-passages"];
    refused(&whole, "--no-passages");
    place.write("cases.jsonl", "{\"id\":\"x\",\"title\":\"Beavers undermine dams\"}\n");
    refused(&[&args[..], &["--cases", "cases.jsonl"]].concat(), "the case base");
    refused(&["in.jsonl", "cases.jsonl", "-o", "out.jsonl", "--related", "0", "--no-evidence"], "inputs");
    // The same size, other words, in the part that was read.
    place.write("in.jsonl", posts(4000).replacen("council", "cabinet", 1));
    let changed = place.run(&[&args[..], &["--resume"]].concat());
    assert_eq!(changed.code, 1);
    assert!(changed.err.contains("the input changed"), "{}", changed.err);
    place.write("in.jsonl", posts(3999));
    refused(&args, "the size of one");
    // Restored, it goes on.
    place.write("in.jsonl", posts(4000));
    assert_eq!(place.run(&[&args[..], &["--resume"]].concat()).code, 3);
    let resumed = place.read("out.jsonl");
    assert_eq!(place.run(&args).code, 3);
    assert!(place.read("out.jsonl") == resumed);
}

#[test]
fn a_finished_run_is_done_only_with_its_input_and_outputs_as_they_were() {
    let place = Place::new();
    place.write("in.jsonl", posts(300));
    for output in ["out.csv", "out.jsonl.gz"] {
        let args = ["in.jsonl", "-o", output, "--related", "0", "--no-evidence", "--rejects", "b.jsonl", "--resume"];
        assert_eq!(place.run(&args).code, 3);
        let whole = place.read(output);
        fs::remove_file(place.at(output)).unwrap();
        let ran = place.run(&args);
        assert!(ran.code == 1 && ran.err.contains("has 0 bytes"), "{}", ran.err);
        assert!(!place.at(output).exists(), "nothing is made");
        place.write(output, &whole[..whole.len() - 1]);
        let ran = place.run(&args);
        assert!(ran.code == 1 && ran.err.contains("put it back, or remove"), "{}", ran.err);
        place.write(output, &whole);
        assert_eq!(place.run(&args).code, 3);

        // Written again as it was, then with the same size and other words.
        place.write("in.jsonl", posts(300));
        let ran = place.run(&args);
        assert!(ran.code == 3 && ran.err.contains("300 read"), "{}", ran.err);
        assert!(place.read(output) == whole);
        place.write("in.jsonl", posts(300).replacen("council", "cabinet", 1));
        let later = std::time::SystemTime::now() + Duration::from_mins(1);
        fs::File::options().append(true).open(place.at("in.jsonl")).unwrap().set_modified(later).unwrap();
        let ran = place.run(&args);
        assert!(ran.code == 1 && ran.err.contains("the input changed"), "{}", ran.err);
        assert!(place.read(output) == whole);
        place.write("in.jsonl", posts(300));
        fs::remove_file(place.at("b.jsonl")).unwrap();
    }
    let args = ["-", "-o", "piped.jsonl", "--related", "0", "--no-evidence", "--resume"];
    assert_eq!(place.feed(&args, posts(20).as_bytes()).code, 3);
    let whole = place.read("piped.jsonl");
    assert_eq!(place.feed(&args, posts(20).as_bytes()).code, 3);
    let more = place.feed(&args, posts(21).as_bytes());
    assert!(more.code == 1 && more.err.contains("the input changed"), "{}", more.err);
    assert!(place.read("piped.jsonl") == whole);
}

#[test]
fn a_finished_or_foreign_output_is_not_resumed() {
    let place = Place::new();
    place.write("in.jsonl", posts(10));
    let args = ["in.jsonl", "-o", "out.jsonl", "--related", "0", "--no-evidence", "--resume"];
    place.write("out.jsonl", "precious\n");
    let ran = place.run(&args);
    assert!(ran.code == 1 && ran.err.contains("there is no checkpoint of it"), "{}", ran.err);
    assert_eq!(place.read("out.jsonl"), b"precious\n");
    place.write("out.jsonl.checkpoint", "{}");
    let ran = place.run(&args);
    assert!(ran.code == 1 && ran.err.contains("cannot be read"), "{}", ran.err);
    let ran = place.run(&["in.jsonl", "-o", "-", "--resume"]);
    assert!(ran.code == 1 && ran.err.contains("cannot be resumed"), "{}", ran.err);
}
