//! How far a run has come, kept beside its output: enough to go on after any end, a power cut included.
//!
//! Written to a temporary file, forced to disk and renamed, after the output itself has been forced to disk. On resuming,
//! the input is read again from its beginning: that needs no position inside of compressed files, archives or pipes,
//! rebuilds what is remembered of duplicates, and proves that the input is the same. Saving the state of every reader
//! and of the duplicates was rejected, since it would cost more at every checkpoint than reading does at a restart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::problem::BatchProblem;
use super::summary::Summary;
use crate::error::{Error, Result};

/// Version of the file.
const FORMAT: u32 = 1;

/// A point of a run from which it can go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoint {
    /// Version of this file.
    pub(crate) format: u32,
    /// Everything that the output depends on, by name.
    pub(crate) depends_on: Map<String, Value>,
    /// When the inputs were last changed, as a hash; `None` where that is not known.
    #[serde(default)]
    pub(crate) inputs: Option<String>,
    /// Bytes of the output up to here.
    pub(crate) output: u64,
    /// Bytes of the rejects up to here.
    pub(crate) rejects: u64,
    /// Hash of all records up to here, as hexadecimal.
    pub(crate) records: String,
    /// A letter for the outcome of every remembered group.
    pub(crate) groups: String,
    /// Whether the run came to its end.
    pub(crate) finished: bool,
    /// Counts up to here.
    pub(crate) summary: Summary,
}

/// The checkpoint of `output`.
pub(crate) fn path_of(output: &Path) -> PathBuf {
    let mut name: OsString = output.file_name().unwrap_or_default().to_owned();
    name.push(".checkpoint");
    output.with_file_name(name)
}

/// Where the next checkpoint is written before it takes the place of the one at `path`.
pub(crate) fn next_to(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

impl Checkpoint {
    /// For a run that depends on `depends_on`, before its first record.
    pub(crate) fn new(depends_on: Map<String, Value>) -> Self {
        Self { format: FORMAT, depends_on, ..Self::default() }
    }

    /// Reads a checkpoint, if there is one.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::read(path)(e)),
        };
        let damaged = |reason: String| BatchProblem::Checkpoint { path: path.to_owned(), reason };
        let checkpoint: Self = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        if checkpoint.format != FORMAT {
            return Err(damaged(format!("it has version {}, this program reads {FORMAT}", checkpoint.format)).into());
        }
        Ok(Some(checkpoint))
    }

    /// Replaces the checkpoint on disk, for good once this returns.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let new = next_to(path);
        // Numbers, strings and maps; their serialisation cannot fail.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        };
        write().map_err(Error::write(path))
    }

    /// Refuses to go on if an output has lost something since.
    pub(crate) fn check_outputs(&self, output: &Path, rejects: Option<&Path>) -> Result<()> {
        let expected = [Some((output, self.output)), rejects.map(|path| (path, self.rejects))];
        for (path, was) in expected.into_iter().flatten() {
            let is = match fs::metadata(path) {
                Ok(metadata) => metadata.len(),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => 0,
                Err(e) => return Err(Error::read(path)(e)),
            };
            if is < was || (self.finished && is != was) {
                let checkpoint = path_of(output);
                return Err(BatchProblem::Altered { path: path.to_owned(), was, is, checkpoint }.into());
            }
        }
        Ok(())
    }

    /// Refuses to go on if anything the output depends on is not as it was.
    pub(crate) fn check(&self, now: &Map<String, Value>) -> Result<()> {
        let names = self.depends_on.keys().chain(now.keys());
        for name in names {
            let (was, is) = (self.depends_on.get(name), now.get(name));
            if was != is {
                let said = |v: Option<&Value>| v.map_or_else(|| "not there".to_owned(), ToString::to_string);
                return Err(BatchProblem::Changed { what: name.clone(), was: said(was), now: said(is) }.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_changes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(&folder.path().join("out.jsonl.gz"));
        assert!(path.ends_with("out.jsonl.gz.checkpoint"));
        assert!(Checkpoint::read(&path).unwrap().is_none());
        let depends = |model: &str| Map::from_iter([("the model".to_owned(), Value::from(model))]);
        let mut checkpoint = Checkpoint::new(depends("a 1"));
        checkpoint.output = 7;
        checkpoint.write(&path).unwrap();
        let read = Checkpoint::read(&path).unwrap().unwrap();
        assert_eq!(read.output, 7);
        read.check(&depends("a 1")).unwrap();
        let output = folder.path().join("out.jsonl.gz");
        for (there, finished, well) in [("", false, false), ("1234567", true, true), ("12345678", true, false)] {
            fs::write(&output, there).unwrap();
            let ended = Checkpoint { finished, ..read.clone() };
            assert_eq!(ended.check_outputs(&output, None).is_ok(), well, "{there}");
        }
        let said = read.check(&depends("a 2")).unwrap_err().to_string();
        assert!(said.contains("because the model changed (it was \"a 1\", and is \"a 2\")"), "{said}");
        fs::write(&path, "{\"format\":1").unwrap();
        assert!(Checkpoint::read(&path).unwrap_err().to_string().contains("remove it and run without --resume"));
    }
}
