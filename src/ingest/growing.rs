//! A file that is written to while it is read.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Bytes read at once.
const PIECE: usize = 1 << 16;

/// Gives the whole lines of a file as they are written, until one of `stop` is true. A line without its end is held back: it
/// may be half of one.
pub(super) struct Growing {
    path: PathBuf,
    file: File,
    stop: [Arc<AtomicBool>; 2],
    /// Bytes read from the file.
    at: u64,
    /// The last of them. Up to `given` they have been given, up to `whole` they are whole lines.
    held: Vec<u8>,
    given: usize,
    whole: usize,
    /// Longer lines are given in pieces.
    longest: usize,
}

impl Growing {
    pub(super) fn new(path: PathBuf, file: File, stop: [Arc<AtomicBool>; 2], longest: usize) -> Self {
        Self { path, file, stop, at: 0, held: Vec::new(), given: 0, whole: 0, longest }
    }

    /// What makes it useless to wait on.
    fn trouble(&self) -> io::Result<Option<&'static str>> {
        let open = self.file.metadata()?;
        if open.len() < self.at {
            return Ok(Some("the file became shorter while it was followed; start again for what is in it now"));
        }
        // Between the removal of a file and the making of the next there is none for a while.
        let replaced = std::fs::metadata(&self.path).is_ok_and(|named| !is_same(&open, &named));
        Ok(replaced.then_some(
            "another file has taken the place of the one that was followed, and what was in that one is read; start again for the new one",
        ))
    }
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere an open file cannot be replaced.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.whole {
            self.held.drain(..std::mem::take(&mut self.given));
            self.whole = 0;
            let start = self.held.len();
            self.held.resize(start + PIECE, 0);
            let read = self.file.read(&mut self.held[start..]);
            self.held.truncate(start + read.as_ref().copied().unwrap_or(0));
            let count = read?;
            self.at += count as u64;
            self.whole = self.held[start..].iter().rposition(|&b| b == b'\n').map_or(0, |end| start + end + 1);
            if self.whole == 0 && self.held.len() > self.longest {
                self.whole = self.held.len();
            }
            if count > 0 {
                continue;
            }
            if self.stop.iter().any(|s| s.load(Ordering::Relaxed)) {
                return Ok(0);
            }
            if let Some(trouble) = self.trouble()? {
                return Err(io::Error::new(io::ErrorKind::InvalidData, trouble));
            }
            std::thread::sleep(LOOK);
        }
        let ready = &self.held[self.given..self.whole];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn growing(path: &std::path::Path, longest: usize) -> (Growing, Arc<AtomicBool>) {
        let ended = Arc::new(AtomicBool::new(false));
        let stop = [Arc::new(AtomicBool::new(false)), Arc::clone(&ended)];
        (Growing::new(path.to_owned(), File::open(path).unwrap(), stop, longest), ended)
    }

    #[test]
    fn whole_lines_are_given_and_half_a_line_is_kept_for_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one\ntwo\nhal").unwrap();
        let (mut file, ended) = growing(&path, 1000);
        ended.store(true, Ordering::Relaxed);
        let mut read = String::new();
        file.read_to_string(&mut read).unwrap();
        assert_eq!(read, "one\ntwo\n");
        // A line longer than any record may be is no reason to hold everything.
        let (mut file, ended) = growing(&path, 2);
        ended.store(true, Ordering::Relaxed);
        read.clear();
        file.read_to_string(&mut read).unwrap();
        assert!(read.starts_with("one\ntwo\n") && read.len() <= 11, "{read}");
    }

    #[test]
    fn a_file_that_is_cut_or_replaced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (change, said) in [("cut", "shorter"), ("replace", "taken the place")] {
            fs::write(&path, "one\ntwo\n").unwrap();
            let (mut file, _) = growing(&path, 1000);
            let mut buffer = [0; 8];
            file.read_exact(&mut buffer).unwrap();
            if change == "replace" {
                fs::rename(&path, folder.path().join("a.1")).unwrap();
            }
            fs::write(&path, "new\n").unwrap();
            let problem = file.read(&mut buffer).unwrap_err();
            assert!(cfg!(not(unix)) || problem.to_string().contains(said), "{problem}");
        }
    }
}
