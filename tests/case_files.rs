//! Cases by file and option, as the program takes them in: what may be kept, and what is refused where.

#![cfg(all(feature = "cli", feature = "embedded"))]

use assert_cmd::Command;
use tempfile::TempDir;

/// Runs the program in a folder of its own; exit code, standard output, standard error.
fn leitmotif(home: &TempDir, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    command.current_dir(home).env("LEITMOTIF_STORE", home.path().join("store.db")).args(args);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn verdicts_are_only_in_a_store() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["verdicts", "list", "--index", "cases.index"][..],
        &["verdicts", "export", "--index", "cases.index"],
        &["verdicts", "erase", "00", "--index", "cases.index"],
    ] {
        let (code, _, err) = leitmotif(&home, args);
        assert!(code == 2 && err.contains("--index"), "{args:?}: {err}");
    }
    let (code, _, err) = leitmotif(&home, &["cases", "list", "--index", "a", "--store", "b"]);
    assert!(code == 2 && err.contains("cannot be used with"), "{err}");
    assert!(!home.path().join("store.db").exists());
}
