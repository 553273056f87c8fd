//! What the tests of `batch` share: a folder, the program in it, and documents written for the project.

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder of its own for a test.
pub(crate) struct Place(TempDir);

/// What a run said.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    /// `leitmotif batch` in this folder, without the user's store.
    pub(crate) fn batch(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("leitmotif"));
        command.arg("batch").args(args).current_dir(&self.0).env("LEITMOTIF_STORE", self.at("none.db"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        said(self.batch(args).output().unwrap())
    }

    /// Runs with `input` on standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.batch(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let ran = said(child.wait_with_output().unwrap());
        writer.join().unwrap();
        ran
    }

    /// Assesses inputs without related cases and evidence, and gives the assessments and the summary.
    pub(crate) fn assess(&self, args: &[&str]) -> (Vec<Value>, Value, Ran) {
        let mut all = args.to_vec();
        all.extend(["-o", "-", "--related", "0", "--no-evidence", "--summary", "summary.json"]);
        let ran = self.run(&all);
        let summary = if self.at("summary.json").exists() {
            serde_json::from_slice(&self.read("summary.json")).unwrap()
        } else {
            Value::Null
        };
        (lines(&ran.out), summary, ran)
    }
}

pub(crate) fn said(output: std::process::Output) -> Ran {
    Ran { code: output.status.code().unwrap_or(-1), out: output.stdout, err: String::from_utf8(output.stderr).unwrap() }
}

pub(crate) fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes.split(|&b| b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect()
}

pub(crate) fn ids(assessments: &[Value]) -> Vec<&str> {
    assessments.iter().map(|a| a["id"].as_str().unwrap()).collect()
}

/// A post of its own for every number, in one of three languages; every seventh carries a narrative.
pub(crate) fn post(number: usize) -> String {
    let place = ["harbour", "library", "museum", "bridge", "market", "school"][number % 6];
    match number % 7 {
        0 => format!(
            "Report {number}: the protests at the {place} were a colour revolution, scripted in Western embassies."
        ),
        3 => format!("Meldung {number}: Der Stadtrat hat über den Haushalt und die neue Brücke gesprochen."),
        5 => format!("Сообщение {number}: городской совет обсудил бюджет и новый мост."),
        _ => format!("Note {number}: the town council talked about the {place}, the budget and the weather."),
    }
}

pub(crate) fn record(number: usize) -> Value {
    json!({"id": format!("n{number}"), "text": post(number)})
}

/// A text of several passages, one of which tells a narrative that the starter model knows.
pub(crate) fn article() -> Value {
    let around: String = (0..9).map(|i| post(7 * i + 1) + " ").collect();
    json!({"id": "long", "text": format!("{around}{} {around}", post(0))})
}

/// JSON Lines of posts; some are repeated, and some lines are broken.
pub(crate) fn posts(count: usize) -> String {
    (0..count)
        .map(|i| match i % 50 {
            13 => "{\"id\": \"broken\", \"text\": \"no end\n".to_owned(),
            29 => format!("{}\n", json!({"id": format!("copy{i}"), "text": post(i / 2)})),
            _ => format!("{}\n", record(i)),
        })
        .collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut out).unwrap();
    out
}

pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
