//! What the user named as inputs, as a list of single inputs: files, folders, patterns, standard input, addresses.
//!
//! All of it is looked at before anything is written, so that a missing last input does not leave half an output.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::problem::InputProblem;
use crate::error::{Error, Result};

/// A single input.
#[derive(Debug)]
pub enum Input {
    /// Standard input.
    Standard,
    /// A file, and its size when it was found.
    File(PathBuf, u64),
    /// An address of the web.
    Url(String),
    /// Part of a folder that cannot be read.
    Broken(PathBuf, InputProblem),
}

impl Input {
    /// As it is called in messages and ids.
    pub fn name(&self) -> String {
        match self {
            Self::Standard => "-".into(),
            Self::File(path, _) | Self::Broken(path, _) => path.display().to_string(),
            Self::Url(url) => url.clone(),
        }
    }
}

/// The inputs of a run.
#[derive(Debug, Default)]
pub struct Inputs {
    /// In the order in which they are read.
    pub list: Vec<Input>,
    /// Folders that were named.
    pub folders: Vec<PathBuf>,
    /// Hidden files and folders that were left out.
    pub hidden: usize,
}

impl Inputs {
    /// Looks at what `named` is. Files named by themselves must be readable; what cannot be read in a folder is kept as
    /// [`Input::Broken`].
    pub fn find(named: &[String]) -> Result<Self> {
        let mut out = Self::default();
        for name in named {
            let path = Path::new(name);
            if name == "-" {
                out.list.push(Input::Standard);
            } else if is_url(name) {
                out.list.push(Input::Url(name.clone()));
            } else if path.is_dir() {
                out.folder(path);
            } else if path.exists() || !name.contains(['*', '?', '[']) {
                out.file(path)?;
            } else {
                out.pattern(name)?;
            }
        }
        Ok(out)
    }

    /// Bytes in all files.
    pub fn bytes(&self) -> u64 {
        self.list.iter().map(|i| if let Input::File(_, size) = i { *size } else { 0 }).sum()
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let metadata = path.metadata().map_err(Error::read(path))?;
        // Opening a pipe and closing it again would end its writer.
        let size = if metadata.is_file() {
            File::open(path).map_err(Error::read(path))?;
            metadata.len()
        } else {
            0
        };
        self.list.push(Input::File(path.to_owned(), size));
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<()> {
        let invalid = |e: glob::PatternError| io::Error::new(io::ErrorKind::InvalidInput, e);
        let found = glob::glob(pattern).map_err(invalid).map_err(Error::read(pattern))?;
        let before = self.list.len();
        for path in found {
            let path = path.map_err(|e| Error::read(e.path())(io::Error::from(e.error().kind())))?;
            if path.is_dir() {
                self.folder(&path);
            } else if path.metadata().is_ok_and(|m| !m.is_file()) {
                self.no_file(path);
            } else {
                self.file(&path)?;
            }
        }
        if self.list.len() == before {
            return Err(Error::read(pattern)(io::Error::new(io::ErrorKind::NotFound, "no file has such a name")));
        }
        Ok(())
    }

    /// Passes over what was not named and is no file: opening a pipe would wait for whoever writes to it, reading a device need
    /// not end.
    fn no_file(&mut self, path: PathBuf) {
        self.list.push(Input::Broken(path, InputProblem::NoFile));
    }

    fn folder(&mut self, path: &Path) {
        self.folders.push(path.to_owned());
        let hidden = |e: &walkdir::DirEntry| e.depth() > 0 && e.file_name().as_encoded_bytes().starts_with(b".");
        let mut left_out = 0;
        let walk = walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|e| {
            left_out += usize::from(hidden(e));
            !hidden(e)
        }) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if !entry.file_type().is_file() => self.no_file(entry.into_path()),
                Ok(entry) => {
                    let size = entry.metadata().map_or(0, |m| m.len());
                    self.list.push(Input::File(entry.into_path(), size));
                }
                Err(e) => {
                    let place = e.path().unwrap_or(path).to_owned();
                    let why = if e.loop_ancestor().is_some() {
                        "it is a link to a folder that it lies in".to_owned()
                    } else {
                        e.io_error().map_or_else(|| "it cannot be listed".to_owned(), ToString::to_string)
                    };
                    self.list.push(Input::Broken(place, InputProblem::Folder(why)));
                }
            }
        }
        self.hidden += left_out;
    }
}

/// Whether an input is an address of the web.
pub fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(inputs: &Inputs, from: &Path) -> Vec<String> {
        inputs.list.iter().map(|i| i.name().replace(&from.display().to_string(), "")).collect()
    }

    #[test]
    fn folders_and_patterns_are_walked_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        for name in ["b/c/2.txt", "b/1.txt", "a.txt", ".hidden", "z[1].txt"] {
            fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("b"), at("b/c/loop")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("b/dangling")).unwrap();
        std::os::unix::fs::symlink(at("a.txt"), at("b/link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("b/socket")).unwrap();
        let inputs = Inputs::find(&[folder.path().display().to_string()]).unwrap();
        let expected =
            ["/a.txt", "/b/1.txt", "/b/c/2.txt", "/b/c/loop", "/b/dangling", "/b/link", "/b/socket", "/z[1].txt"];
        assert_eq!(names(&inputs, folder.path()), expected);
        assert!(matches!(inputs.list[3], Input::Broken(_, InputProblem::Folder(_))));
        assert!(matches!(inputs.list[4], Input::Broken(..)));
        assert!(matches!(inputs.list[5], Input::File(_, 1)));
        assert!(matches!(inputs.list[6], Input::Broken(_, InputProblem::NoFile)));
        assert_eq!((inputs.hidden, inputs.bytes()), (1, 5));
        let all = Inputs::find(&[at("b/s*").display().to_string()]).unwrap();
        assert!(
            all.list.iter().any(|i| matches!(i, Input::Broken(path, InputProblem::NoFile) if path.ends_with("socket")))
        );
        let find = |name: &str| Inputs::find(&[at(name).display().to_string()]);
        assert_eq!(names(&find("*/*.txt").unwrap(), folder.path()), ["/b/1.txt"]);
        assert_eq!(names(&find("z[1].txt").unwrap(), folder.path()), ["/z[1].txt"]);
        assert!(find("*.csv").is_err() && find("none.txt").is_err());
    }
}
