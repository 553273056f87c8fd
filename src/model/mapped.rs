//! Numbers of a model that stay where they are: in the binary, or in a memory-mapped file.
//!
//! A model of 100 MB opens without being read; pages that no text needs are never loaded.

use std::borrow::Cow;
use std::fs::File;
use std::ops::Range;
#[cfg(unix)]
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Bytes that outlive every view of them.
pub(crate) enum Blob {
    /// Compiled in.
    Static(&'static [u8]),
    /// In memory.
    Owned(Vec<u8>),
    /// A mapped file, and the file itself.
    Mapped(memmap2::Mmap, File),
}

impl Blob {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Static(b) => b,
            Self::Owned(v) => v,
            Self::Mapped(m, _) => m,
        }
    }

    /// Maps a file for reading.
    #[expect(unsafe_code, reason = "mapping a file is unsafe in itself; the argument is below")]
    pub(crate) fn map(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::read(path))?;
        // SAFETY: a mapping is unsound if the file shrinks or changes while mapped. Neither models nor case indexes are
        // written in place: a new folder or file is written and renamed, which leaves mapped pages on the old one, and
        // changes of a case index are only added behind what is mapped. Whoever truncates a model or an index under a
        // running program gets SIGBUS, as with a deleted shared library; checksums are verified over these very pages
        // before any number is used.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(Error::read(path))?;
        Ok(Self::Mapped(map, file))
    }

    /// Some of the bytes, read from the file where there is one: mapped pages count as memory of the program as long as
    /// it runs, and where one is touched Linux maps fifteen of its neighbours, too. `None` where they cannot be read.
    pub(crate) fn read(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>> {
        #[cfg(unix)]
        if let Self::Mapped(_, file) = self {
            let mut bytes = vec![0; range.len()];
            file.read_exact_at(&mut bytes, range.start as u64).ok()?;
            return Some(Cow::Owned(bytes));
        }
        self.bytes().get(range).map(Cow::Borrowed)
    }
}

/// A list of numbers, owned or viewed in a [`Blob`].
#[derive(Clone)]
pub(crate) enum Numbers<T> {
    Owned(Arc<[T]>),
    View(Arc<Blob>, Range<usize>),
}

impl<T: bytemuck::Pod> Numbers<T> {
    /// Views `range` of the blob; copies where the bytes are not aligned. `None` when they are no whole numbers.
    pub(crate) fn view(blob: &Arc<Blob>, range: Range<usize>) -> Option<Self> {
        let bytes = blob.bytes().get(range.clone())?;
        match bytemuck::try_cast_slice::<u8, T>(bytes) {
            Ok(_) => Some(Self::View(Arc::clone(blob), range)),
            Err(bytemuck::PodCastError::TargetAlignmentGreaterAndInputNotAligned) => {
                Some(Self::Owned(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()))
            }
            Err(_) => None,
        }
    }

    /// The numbers.
    #[inline]
    pub(crate) fn get(&self) -> &[T] {
        match self {
            Self::Owned(v) => v,
            // Alignment and length were checked in `view`, so this cannot fail.
            Self::View(blob, range) => bytemuck::cast_slice(&blob.bytes()[range.clone()]),
        }
    }
}

impl<T> From<Vec<T>> for Numbers<T> {
    fn from(v: Vec<T>) -> Self {
        Self::Owned(v.into())
    }
}
