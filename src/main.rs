//! Parse, run, exit code: 0 done, 1 failed, 2 usage, 3 done but some records were rejected.

use std::process::ExitCode;

fn main() -> ExitCode {
    leitmotif::cli::main()
}
