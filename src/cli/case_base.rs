//! Opens case bases: JSONL files, saved indexes, stores, and the starter cases.
//!
//! Cases are indexed as they are read, one at a time. A line that is no record stops the command: an answer from half a
//! case base would look like "no related case". A case that says nothing, or whose address is a script, is left out, and
//! that is said.

use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;
use std::path::Path;

use super::colour::Style;
use crate::cases::case::Case;
use crate::cases::index::{CaseIndex, IndexBuilder};
use crate::cases::saved;
use crate::error::{BadRecord, Error};
use crate::ingest::{case_rules, jsonl};

/// An index of the cases of a file, and how many of them were left out.
pub(super) fn open(path: &Path) -> anyhow::Result<(CaseIndex, usize)> {
    if saved::is_saved(path) {
        return Ok((saved::open(path)?, 0));
    }
    index(&[path])
}

/// An index of the cases of several files; of two with one id the later counts, and that is said.
pub(super) fn index(paths: &[impl AsRef<Path>]) -> anyhow::Result<(CaseIndex, usize)> {
    let mut builder = IndexBuilder::default();
    let mut left_out = 0;
    // By the hash of an id the number of the file and the line: a place each would be as large as the cases.
    let mut places: FxHashMap<u64, (usize, usize)> = FxHashMap::default();
    for (file, path) in paths.iter().enumerate() {
        left_out += each(path.as_ref(), |case, line| {
            let earlier = places.insert(FxBuildHasher.hash_one(&case.id), (file, line));
            if builder.add(&case).is_some() {
                let name = |(file, line): (usize, usize)| place(paths[file].as_ref(), line);
                let first = earlier.map_or_else(String::new, |first| format!(", not that of {}", name(first)));
                let said = format!(
                    "warning: {}: the case id \"{}\" stands twice; the later one counts{first}",
                    name((file, line)),
                    case.id
                );
                eprintln!("{}", Style::PLAIN.harmless(&said));
            }
        })?;
    }
    Ok((builder.finish(), left_out))
}

/// `file:line`; the file alone where it has no lines.
fn place(file: &Path, line: usize) -> String {
    if line == 0 { file.display().to_string() } else { format!("{}:{line}", file.display()) }
}

/// Calls `each` with every case of a file and its line, which is 0 in a store or an index; gives how many were left out.
fn each(path: &Path, mut each: impl FnMut(Case, usize)) -> anyhow::Result<usize> {
    if crate::store::is_store(path) {
        crate::store::Store::open(path)?.cases()?.into_iter().for_each(|case| each(case, 0));
        return Ok(0);
    }
    if saved::is_saved(path) {
        let index = saved::open(path)?;
        index.iter().for_each(|case| each(case.into_owned(), 0));
        return match index.damage() {
            Some(problem) => Err(Error::CaseIndex { path: path.into(), problem }.into()),
            None => Ok(0),
        };
    }
    let mut lines = jsonl::Lines::new(jsonl::open(path)?, path.display().to_string());
    let (mut bad, mut left_out): (Vec<BadRecord>, usize) = (Vec::new(), 0);
    while let Some((place, line)) = lines.next_line()? {
        match jsonl::parse::<Case>(&place, line) {
            Ok(case) => match case_rules::check(&case) {
                Ok(()) => each(case, place.line),
                Err(problem) => {
                    let said = BadRecord { place, problem }.to_string();
                    eprintln!("left out: {}", Style::PLAIN.harmless(&said));
                    left_out += 1;
                }
            },
            Err(problem) => bad.push(problem),
        }
    }
    if bad.is_empty() { Ok(left_out) } else { Err(Error::Records(bad).into()) }
}

/// All cases of a file; of two with one id the later.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Case>> {
    if crate::store::is_store(path) {
        return Ok(crate::store::Store::open(path)?.cases()?);
    }
    records(&open(path)?.0, path)
}

/// The records of an index, if all of them are whole.
pub(super) fn records(index: &CaseIndex, path: &Path) -> anyhow::Result<Vec<Case>> {
    let cases = index.iter().map(std::borrow::Cow::into_owned).collect();
    match index.damage() {
        Some(problem) => Err(Error::CaseIndex { path: path.into(), problem }.into()),
        None => Ok(cases),
    }
}

/// The user's store if there is one, otherwise the starter cases.
pub(super) fn open_default() -> anyhow::Result<CaseIndex> {
    if let Some(path) = crate::store::default_path().filter(|p| p.exists()) {
        return Ok(index(&[path])?.0);
    }
    starter()
}

/// The cases of [`open_default`].
pub(super) fn read_default() -> anyhow::Result<Vec<Case>> {
    if let Some(path) = crate::store::default_path().filter(|p| p.exists()) {
        return Ok(crate::store::Store::open(&path)?.cases()?);
    }
    read_starter()
}

/// The starter cases as records.
pub(super) fn read_starter() -> anyhow::Result<Vec<Case>> {
    records(&starter()?, Path::new("(embedded cases)"))
}

/// The starter cases.
#[cfg(feature = "embedded")]
pub(super) fn starter() -> anyhow::Result<CaseIndex> {
    Ok(crate::embedded::cases()?)
}

/// There are none.
#[cfg(not(feature = "embedded"))]
pub(super) fn starter() -> anyhow::Result<CaseIndex> {
    anyhow::bail!("this program was built without the starter cases; give some with --cases")
}
