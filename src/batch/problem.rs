//! Why a batch cannot start or go on.

use std::path::PathBuf;

/// Why a batch cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchProblem {
    /// The output would overwrite an input.
    #[error("{} is an input; write the output to another file", .0.display())]
    OutputIsInput(PathBuf),
    /// The output would overwrite the cases or the model.
    #[error("{} is the case base or a file of the model that this run works with; write the output to another file", .0.display())]
    OutputIsRead(PathBuf),
    /// The output would be read as an input.
    #[error("the output {} lies in the input folder {}; write it elsewhere, or it is read as an input", .output.display(), .folder.display())]
    OutputInFolder {
        /// The output.
        output: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// Two outputs in one file.
    #[error("{} is named for two outputs (those of --output, --rejects and --summary, and the checkpoint beside the first); give each a file of its own", .0.display())]
    OutputTwice(PathBuf),
    /// Another run writes to the output.
    #[error("another run is writing to {}; wait for it to end, or write to another file", .0.display())]
    Locked(PathBuf),
    /// Nothing to resume.
    #[error(
        "{output} exists, and there is no checkpoint of it: it is finished, or not the output of an unfinished run; remove it or leave --resume out",
        output = .0.display()
    )]
    NoCheckpoint(PathBuf),
    /// The checkpoint cannot be read.
    #[error("the checkpoint {} cannot be read ({reason}); remove it and run without --resume", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The output was cut after it was looked at for [`BatchProblem::Altered`].
    #[error(
        "{} is shorter than its checkpoint says, so it was changed since; remove it and run without --resume", .0.display()
    )]
    Shorter(PathBuf),
    /// An output is not as the run left it.
    #[error(
        "{} has {is} bytes, and {was} when the run that is resumed left it: it was removed or changed since; put it back, or remove what is left of the outputs and {} to begin again", .path.display(), .checkpoint.display()
    )]
    Altered {
        /// The output or rejects.
        path: PathBuf,
        /// Bytes it had.
        was: u64,
        /// Bytes it has.
        is: u64,
        /// The checkpoint that says so.
        checkpoint: PathBuf,
    },
    /// Something that the output depends on is not as it was.
    #[error(
        "cannot resume, because {what} changed (it was {was}, and is {now}); restore it, or run without --resume to begin again"
    )]
    Changed {
        /// What.
        what: String,
        /// As it was.
        was: String,
        /// As it is.
        now: String,
    },
    /// The input is not as it was.
    #[error(
        "cannot resume, because the input changed: its first {read} records are not those that were read; restore it, or run without --resume to begin again"
    )]
    ChangedInput {
        /// Records compared.
        read: u64,
    },
    /// An output that cannot be continued.
    #[error("{0} cannot be resumed; write to a .jsonl or .csv file, which may be packed (.gz, .zst)")]
    NotResumable(&'static str),
    /// Too many bad records.
    #[error(
        "more than {limit} records were rejected; see them above or in --rejects, mend the input or raise --max-errors"
    )]
    TooManyErrors {
        /// How many were allowed.
        limit: u64,
    },
    /// Not built in.
    #[error("this program was built without {0}; build it with `--features {0}`")]
    Feature(&'static str),
    /// The Parquet writer failed.
    #[error("writing Parquet failed: {0}")]
    Parquet(String),
    /// The threads could not be started.
    #[error("the threads could not be started ({0}); lower --threads")]
    Threads(std::io::Error),
    /// A thread ended where it must not.
    #[error("a thread of this run failed, which is a fault of this program; --resume goes on from the last checkpoint")]
    Fault,
}
