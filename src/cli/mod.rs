//! The command line: raw flags become validated settings once, then the library does the work.
//!
//! Data goes to standard output, everything about the work to standard error. Exit codes: 0 done, 1 failed, 2 usage,
//! 3 done but some records were rejected.

mod batch;
mod batch_progress;
mod case_base;
mod cases;
mod check;
mod classify;
mod colour;
mod evaluate;
mod headline;
mod input;
mod open;
mod print;
mod progress;
mod records;
mod related;
mod reverse;
#[cfg(feature = "web")]
mod serve;
mod train;
mod verdicts;
#[cfg(feature = "feeds")]
mod watch;

use clap::{CommandFactory, Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

use crate::error::{Error, EvaluationProblem};

/// Which known disinformation narratives does a text carry, where, and which debunked cases does it repeat?
///
/// A lead for a person, not a verdict: it knows words, not truth.
#[derive(Debug, Parser)]
#[command(name = "leitmotif", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Name the narratives, evidence and related cases of one text
    Classify(classify::Classify),
    /// Find the debunked cases a text repeats
    Related(related::RelatedArgs),
    /// Assess files of documents, one assessment a line
    Batch(batch::Batch),
    /// Poll feeds, assess what is new, and alert
    #[cfg(feature = "feeds")]
    Watch(watch::WatchArgs),
    /// Train a model from labelled cases and texts
    Train(train::Train),
    /// Look for what is wrong in training data, and say how to mend it
    Check(check::Check),
    /// Measure how good a model is, and where it fails
    Evaluate(evaluate::Evaluate),
    /// Look after the case base
    #[command(subcommand)]
    Cases(cases::Cases),
    /// Serve the page and the HTTP API
    #[cfg(feature = "web")]
    Serve(serve::Serve),
    /// Look after what people decided about answers
    #[command(subcommand)]
    Verdicts(verdicts::Verdicts),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// What a command came to, when it did not fail.
enum Done {
    /// Everything.
    All,
    /// All but some rejected records.
    Rejected,
    /// The work, which was to find errors, and did.
    Failed,
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Classify(c) => classify::run(&c),
        Command::Related(c) => related::run(&c),
        Command::Batch(c) => batch::run(&c),
        #[cfg(feature = "feeds")]
        Command::Watch(c) => watch::run(&c),
        Command::Train(c) => train::run(&c),
        Command::Check(c) => check::run(&c),
        Command::Evaluate(c) => evaluate::run(&c),
        Command::Cases(c) => cases::run(&c),
        #[cfg(feature = "web")]
        Command::Serve(c) => serve::run(&c),
        Command::Verdicts(c) => verdicts::run(&c),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "leitmotif", &mut script);
            write_out(&script)
        }
        Command::Man => man(),
    };
    match outcome {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::Rejected) => ExitCode::from(3),
        Ok(Done::Failed) => ExitCode::FAILURE,
        Err(e) if is_closed_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            // The chain from what failed to why; nothing can be done if standard error is closed, too.
            let _ = writeln!(io::stderr(), "error: {}", told(&e));
            if is_usage(&e) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// The chain from what failed to why, without causes that a message already names.
fn told(e: &anyhow::Error) -> String {
    e.chain().map(ToString::to_string).fold(String::new(), |said, cause| match &*said {
        "" => cause,
        s if s.contains(&cause) => said,
        _ => format!("{said}: {cause}"),
    })
}

/// Flags that are right one by one, and together ask for what cannot be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Whether the flags are to blame, whatever the files hold.
fn is_usage(e: &anyhow::Error) -> bool {
    let of_setting = |e: &Error| matches!(e, Error::Evaluation(EvaluationProblem::Setting { .. }));
    e.is::<Usage>() || e.downcast_ref::<Error>().is_some_and(of_setting)
}

/// Whether the reader of our output went away (`| head`): no failure of ours.
fn is_closed_pipe(e: &anyhow::Error) -> bool {
    e.chain().any(|c| c.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn write_out(bytes: &[u8]) -> anyhow::Result<Done> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Done::All)
}

/// Writes a value as one line of JSON.
fn write_json(value: &impl serde::Serialize) -> anyhow::Result<Done> {
    let mut json = serde_json::to_vec(value)?;
    json.push(b'\n');
    write_out(&json)
}

/// Reads a probability.
fn probability(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|p| (0.0..=1.0).contains(p)).ok_or("give a number from 0 to 1")
}

/// The manual page of the program, with a section for every command.
fn man() -> anyhow::Result<Done> {
    let mut page = Vec::new();
    let mut root = Cli::command();
    root.build();
    clap_mangen::Man::new(root.clone()).render(&mut page)?;
    for command in root.get_subcommands().filter(|c| c.get_name() != "help") {
        let section = clap_mangen::Man::new(command.clone());
        section.render_synopsis_section(&mut page)?;
        section.render_description_section(&mut page)?;
        section.render_options_section(&mut page)?;
    }
    write_out(&page)
}
