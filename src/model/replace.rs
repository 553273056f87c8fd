//! A folder or file written whole or not at all: filled under another name beside its place, then renamed into it.
//!
//! Whatever stops the program on the way (Ctrl-C, a crash, a power cut) leaves the old folder or the new one, never half
//! of either. What such a stop left behind is put right by the next writer of the same folder. Catching the signal
//! instead was rejected: it would not help with a crash, and only a handler that does nothing is safe.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::pieces::write_pieces;

/// Fills a folder by `fill` and puts it at `path`, in place of the one that is there.
pub(super) fn replace<T>(path: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::write(parent))?;
    put_right(parent, path);
    let temporary = beside(parent, path, &std::process::id().to_string(), TEMPORARY);
    let filled = fill(&temporary).and_then(|out| swap(&temporary, path, parent).map(|()| out));
    if filled.is_err() {
        // Best effort: the error that matters is the one already at hand.
        let _ = fs::remove_dir_all(&temporary);
    }
    filled
}

/// Writes a file and puts it at `path`, in place of the one that is there.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(Error::write(parent))?;
    put_right(parent, path);
    let temporary = beside(parent, path, &std::process::id().to_string(), TEMPORARY);
    let write = || {
        let mut file = File::create(&temporary)?;
        write_pieces(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        // So that the new name outlives a power cut; where folders cannot be synced, the next write of the disk does it.
        if let Ok(folder) = File::open(parent) {
            let _ = folder.sync_all();
        }
        Ok(())
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&temporary);
        Error::write(path)(e)
    })
}

const TEMPORARY: &str = ".tmp";
const OLD: &str = ".old";

fn name(path: &Path) -> OsString {
    path.file_name().map_or_else(|| "model".into(), OsString::from)
}

/// `.name.process.tmp` beside `path`.
fn beside(parent: &Path, path: &Path, process: &str, suffix: &str) -> PathBuf {
    let mut file = OsString::from(".");
    for part in [name(path).as_os_str(), ".".as_ref(), process.as_ref(), suffix.as_ref()] {
        file.push(part);
    }
    parent.join(file)
}

/// Puts the finished folder in place of the old one.
fn swap(temporary: &Path, path: &Path, parent: &Path) -> Result<()> {
    if path.exists() {
        let old = beside(parent, path, &std::process::id().to_string(), OLD);
        fs::rename(path, &old).map_err(Error::write(path))?;
        if let Err(e) = fs::rename(temporary, path) {
            let _ = fs::rename(&old, path);
            return Err(Error::write(path)(e));
        }
        return fs::remove_dir_all(&old).map_err(Error::write(&old));
    }
    fs::rename(temporary, path).map_err(Error::write(path))
}

/// Whether the process that wrote a temporary folder may still be at work. Where processes cannot be looked up, a day
/// is long enough.
fn is_alive(process: &str, folder: &Path) -> bool {
    let processes = Path::new("/proc");
    if processes.join("self").exists() {
        return processes.join(process).exists();
    }
    let age = folder.metadata().and_then(|m| m.modified()).map(|t| t.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age.as_secs() < 24 * 60 * 60)
}

/// Removes what a stopped writer left, and puts a folder back that it had moved aside without a new one in its place.
/// Best effort: what cannot be put right now does no harm, and writing will say what is wrong.
fn put_right(parent: &Path, path: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let prefix = format!(".{}.", name(path).to_string_lossy());
    for entry in entries.flatten() {
        let file = entry.file_name();
        let Some((process, suffix)) =
            file.to_str().and_then(|f| f.strip_prefix(&prefix)).and_then(|rest| Some(rest.split_at(rest.find('.')?)))
        else {
            continue;
        };
        let is_number = !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
        let left = entry.path();
        if !is_number || is_alive(process, &left) {
            continue;
        }
        if suffix == OLD && !path.exists() {
            let _ = fs::rename(&left, path);
        } else if suffix == OLD || suffix == TEMPORARY {
            let _ = if left.is_dir() { fs::remove_dir_all(&left) } else { fs::remove_file(&left) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Larger than any process number.
    const NOBODY: &str = "4294967295";

    fn folder(path: &Path, text: &str) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("file"), text).unwrap();
    }

    fn entries(parent: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(parent).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path.join("file")).unwrap()
    }

    #[test]
    fn a_failure_leaves_what_was_there_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("m");
        folder(&path, "old");
        let failed = replace(&path, |to| -> Result<()> {
            folder(to, "half");
            Err(Error::NoSuchCase("x".into()))
        });
        assert!(failed.is_err());
        assert_eq!((entries(home.path()), read(&path)), (vec!["m".to_owned()], "old".to_owned()));
    }

    #[test]
    fn what_a_stopped_writer_left_is_put_right() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("m");
        folder(&beside(home.path(), &path, NOBODY, TEMPORARY), "half");
        folder(&beside(home.path(), &path, NOBODY, OLD), "old");
        let alive = beside(home.path(), &path, &std::process::id().to_string(), ".other");
        let stranger = home.path().join(".m.notes.tmp");
        folder(&alive, "alive");
        folder(&stranger, "mine");
        let failed = replace(&path, |_| -> Result<()> { Err(Error::NoSuchCase("x".into())) });
        assert!(failed.is_err());
        assert_eq!(read(&path), "old", "moved aside, never replaced: it is back");
        replace(&path, |to| {
            folder(to, "new");
            Ok(())
        })
        .unwrap();
        assert_eq!(read(&path), "new");
        assert_eq!(entries(home.path()).len(), 3, "{:?}", entries(home.path()));
        assert_eq!(read(&stranger), "mine");
    }
}
