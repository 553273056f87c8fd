//! That what a run writes harms nothing: not what it reads, and not what else it writes.

use std::fs;
use std::path::{Path, PathBuf};

use super::problem::BatchProblem;
use super::render::Shape;
use super::{Settings, checkpoint};
use crate::error::Result;
use crate::ingest::inputs::{Input, Inputs};

/// Refuses to write where something is read, or twice in one place. Nothing has been opened before this.
pub(super) fn check(settings: &Settings, shape: Shape, inputs: &Inputs) -> Result<()> {
    let written = written(settings, shape);
    for (i, path) in written.iter().enumerate() {
        keep_off(path, inputs)?;
        if settings.read.iter().any(|read| is_same(read, path)) {
            return Err(BatchProblem::OutputIsRead(path.clone()).into());
        }
        if written[..i].iter().any(|other| is_same(other, path)) {
            return Err(BatchProblem::OutputTwice(path.clone()).into());
        }
    }
    Ok(())
}

/// Everything that a run writes.
fn written(settings: &Settings, shape: Shape) -> Vec<PathBuf> {
    let mut paths = vec![settings.output.clone()];
    if shape != Shape::Parquet && !is_standard(&settings.output) {
        let checkpoint = checkpoint::path_of(&settings.output);
        paths.extend([checkpoint::next_to(&checkpoint), checkpoint]);
    }
    paths.extend(settings.rejects.iter().chain(&settings.summary).cloned());
    paths
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Refuses an output that is an input, or will be.
fn keep_off(output: &Path, inputs: &Inputs) -> Result<()> {
    if is_standard(output) {
        return Ok(());
    }
    for input in &inputs.list {
        if let Input::File(path, _) = input
            && is_same(path, output)
        {
            return Err(BatchProblem::OutputIsInput(output.to_owned()).into());
        }
    }
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(parent) = parent.canonicalize() else { return Ok(()) };
    for folder in &inputs.folders {
        if folder.canonicalize().is_ok_and(|f| parent.starts_with(f)) {
            let (output, folder) = (output.to_owned(), folder.clone());
            return Err(BatchProblem::OutputInFolder { output, folder }.into());
        }
    }
    Ok(())
}

/// Whether two paths are one file, by whatever names and links; `-` is standard output.
fn is_same(a: &Path, b: &Path) -> bool {
    if is_standard(a) || is_standard(b) {
        return a == b;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
            // Devices such as /dev/null may be read and written at once.
            return a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    let whole = |p: &Path| -> Option<PathBuf> {
        let parent = p.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(parent.canonicalize().ok()?.join(p.file_name()?))
    };
    whole(a).is_some_and(|a| Some(a) == whole(b))
}
