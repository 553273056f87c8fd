//! Where assessments go: a file or a pipe, plain or packed, in an order that does not depend on threads.
//!
//! A packed output is a row of independent members (gzip) or frames (Zstandard), which every unpacker reads as one
//! stream, each closed after a fixed number of records. So its bytes depend on the records alone, and a run can go on at
//! the end of any of them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::problem::BatchProblem;
use super::render::{Renderer, Shape};
use crate::error::{Error, Result};
use crate::pieces::write_pieces;

/// Records, and bytes before packing, after which a member is closed.
pub(crate) const MEMBER: u64 = 4096;
const MEMBER_BYTES: usize = 8 << 20;

/// How an output is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

enum Target {
    Standard(io::Stdout),
    File(File),
}

impl Target {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Standard(out) => {
                let mut out = out.lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Self::File(file) => write_pieces(file, bytes),
        }
    }
}

/// A file of lines that a run writes and can take back to an earlier length.
pub(crate) struct Output {
    path: PathBuf,
    target: Target,
    packing: Packing,
    member: Vec<u8>,
    in_member: u64,
    /// Bytes in the file.
    pub(crate) length: u64,
    /// Whether it is a file that stays, so that a run can go on.
    pub(crate) regular: bool,
}

/// The shape and packing that a name asks for.
pub(crate) fn shape_of(path: &Path) -> (Shape, &'static str) {
    let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let (name, packing) = match (name.strip_suffix(".gz"), name.strip_suffix(".zst")) {
        (Some(name), _) => (name, "gzip"),
        (_, Some(name)) => (name, "zstd"),
        _ => (&*name, "none"),
    };
    let shape = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => Shape::Csv,
        Some("parquet") => Shape::Parquet,
        _ => Shape::Jsonl,
    };
    (shape, packing)
}

impl Output {
    /// Opens `path` (`-` is standard output) and keeps other runs off it. Nothing that is in it is changed yet.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, shape_of(path).1)
    }

    /// The same, whatever the name asks for.
    pub(crate) fn open_plain(path: &Path) -> Result<Self> {
        Self::open_as(path, "none")
    }

    fn open_as(path: &Path, packing: &str) -> Result<Self> {
        let packing = match packing {
            "gzip" => Packing::Gzip,
            "zstd" => Packing::Zstd,
            _ => Packing::None,
        };
        let (target, regular) = if path.as_os_str() == "-" {
            (Target::Standard(io::stdout()), false)
        } else {
            let file =
                OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(Error::write(path))?;
            let regular = file.metadata().map_err(Error::write(path))?.is_file();
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(BatchProblem::Locked(path.to_owned()).into()),
                // A file system without locks is no reason not to write to it.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            (Target::File(file), regular)
        };
        Ok(Self { path: path.to_owned(), target, packing, member: Vec::new(), in_member: 0, length: 0, regular })
    }

    /// Whether there is something in the file.
    pub(crate) fn is_filled(&self) -> Result<bool> {
        match &self.target {
            Target::File(file) => Ok(file.metadata().map_err(Error::write(&self.path))?.len() > 0),
            Target::Standard(_) => Ok(false),
        }
    }

    /// Cuts the file to `length` bytes, to write on from there.
    pub(crate) fn cut(&mut self, length: u64) -> Result<()> {
        self.length = length;
        let Target::File(file) = &mut self.target else { return Ok(()) };
        if !self.regular {
            return Ok(());
        }
        let mut cut = || {
            if file.metadata()?.len() < length {
                return Ok(false);
            }
            file.set_len(length)?;
            io::Seek::seek(file, io::SeekFrom::Start(length))?;
            Ok(true)
        };
        if cut().map_err(Error::write(&self.path))? {
            Ok(())
        } else {
            Err(BatchProblem::Shorter(self.path.clone()).into())
        }
    }

    /// Adds what belongs to one record.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.member.extend_from_slice(bytes);
        self.in_member += 1;
        if self.packing == Packing::None {
            if self.member.len() >= MEMBER_BYTES { self.close_member() } else { Ok(()) }
        } else if self.in_member >= MEMBER || self.member.len() >= MEMBER_BYTES {
            self.close_member()
        } else {
            Ok(())
        }
    }

    /// Adds what belongs to no record.
    pub(crate) fn add_head(&mut self, shape: Shape) {
        self.member.extend_from_slice(&Renderer::head(shape));
    }

    /// Whether all that was added is in the file.
    pub(crate) fn is_safe(&self) -> bool {
        self.member.is_empty()
    }

    /// Passes on what is waiting, if that does not change the bytes of the output.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.packing == Packing::None { self.close_member() } else { Ok(()) }
    }

    /// Writes what is waiting.
    pub(crate) fn close_member(&mut self) -> Result<()> {
        self.in_member = 0;
        if self.member.is_empty() {
            return Ok(());
        }
        let failed = || Error::write(&self.path);
        let packed = match self.packing {
            Packing::None => None,
            Packing::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                packer.write_all(&self.member).map_err(failed())?;
                Some(packer.finish().map_err(failed())?)
            }
            Packing::Zstd => Some(zstd::stream::encode_all(&*self.member, 0).map_err(failed())?),
        };
        let bytes = packed.as_deref().unwrap_or(&self.member);
        self.target.write_all(bytes).map_err(failed())?;
        self.length += bytes.len() as u64;
        self.member.clear();
        Ok(())
    }

    /// Forces the file to disk.
    pub(crate) fn sync(&mut self) -> Result<()> {
        match &self.target {
            Target::File(file) if self.regular => file.sync_data().map_err(Error::write(&self.path)),
            _ => Ok(()),
        }
    }

    /// The file itself, for a format that is no stream of lines.
    #[cfg(feature = "parquet")]
    pub(crate) fn into_writer(self) -> Box<dyn Write + Send> {
        match self.target {
            Target::Standard(out) => Box::new(out),
            Target::File(file) => Box::new(file),
        }
    }
}
