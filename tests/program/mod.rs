//! The program, run as a user runs it.

use assert_cmd::Command;
use tempfile::TempDir;

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program in a folder.
pub(crate) fn leitmotif(home: &TempDir, args: &[&str]) -> Ran {
    let mut command = Command::cargo_bin("leitmotif").unwrap();
    let output = command.current_dir(home).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
