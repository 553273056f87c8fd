//! Where a record stands, for what is said of a bad one.

use std::fmt;

use super::RecordProblem;

/// Where a record stands: a source name as the user gave it, and its line (1-based).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File name as given, or `-` for standard input; empty where there is but one source and it has no name.
    pub source: String,
    /// Line in that source, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_empty() {
            return write!(f, "line {}", self.line);
        }
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// One bad record and where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct BadRecord {
    /// Source and line.
    pub place: Place,
    /// What is wrong and how to mend it.
    pub problem: RecordProblem,
}
