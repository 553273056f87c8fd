//! Ctrl-C while training: what stood at the output still stands, and nothing else is there.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |e: fs::DirEntry| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap());
    fs::read_dir(folder).unwrap().map(|e| read(e.unwrap())).collect()
}

#[test]
fn the_model_that_was_there_stays_whole_and_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("m");
    fs::create_dir(&output).unwrap();
    for (name, bytes) in files(&root.join("models/starter")) {
        fs::write(output.join(name), bytes).unwrap();
    }
    let before = files(&output);
    let program = assert_cmd::cargo::cargo_bin("leitmotif");
    // Whoever runs the tests in the background of a script makes them ignore the signal, and what they start, too.
    let mut command = if cfg!(target_os = "linux") {
        let mut with_default = Command::new("env");
        with_default.arg("--default-signal=INT").arg(program);
        with_default
    } else {
        Command::new(program)
    };
    let mut training = command
        .current_dir(root.join("training-data"))
        .args([
            "train",
            "--narratives",
            "narratives.jsonl",
            "--cases",
            "cases.jsonl",
            "--background",
            "background.jsonl",
        ])
        // Many folds, so that it is still at work when the signal comes.
        .args(["--settings", "/dev/stdin", "--output"])
        .arg(&output)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut training.stdin.take().unwrap(), br#"{"folds": 50}"#).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    assert!(Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap().success());
    assert!(!training.wait().unwrap().success(), "it was to be interrupted");
    assert!(files(&output) == before);
    let entries: Vec<_> = fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(entries, ["m"]);
    assert!(leitmotif::model::folder::open(&output).is_ok());
}
