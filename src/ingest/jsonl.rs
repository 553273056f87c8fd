//! JSON Lines: one record a line; bad lines are collected with their place, good ones are kept.

use rustc_hash::FxHashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::error::{BadRecord, Error, Place, RecordProblem, Result};
use crate::record::Record;

/// A record and where it stood.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// Source and line.
    pub place: Place,
    /// The record.
    pub record: T,
}

/// What a file held.
#[derive(Debug)]
pub struct Records<T> {
    /// The good records, in order.
    pub good: Vec<Placed<T>>,
    /// The bad ones, with the reason.
    pub bad: Vec<BadRecord>,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self { good: Vec::new(), bad: Vec::new() }
    }
}

impl<T> Records<T> {
    /// The good records if there is no bad one, otherwise an error that lists all the bad ones.
    pub fn strict(self) -> Result<Vec<Placed<T>>> {
        if self.bad.is_empty() { Ok(self.good) } else { Err(Error::Records(self.bad)) }
    }
}

/// Opens a file, or standard input for `-`; gzip and Zstandard are unpacked.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(unpacked(Box::new(io::stdin())).map_err(Error::read(path))?)));
    }
    let file = File::open(path).map_err(Error::read(path))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(Error::read(path)(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file")));
    }
    let file = unpacked(Box::new(file)).map_err(Error::read(path))?;
    Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
}

/// What a source holds: gzip and Zstandard are unpacked.
#[cfg(feature = "batch")]
fn unpacked(source: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    super::packed::unpack(source, super::packed::Limits::default(), &std::sync::Arc::default())
}

/// What a source holds; without the feature that reads packed files, those come as they are.
#[cfg(not(feature = "batch"))]
#[expect(clippy::unnecessary_wraps, reason = "as it is with the feature")]
fn unpacked(source: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    Ok(source)
}

/// Lines of a source, each with its number; a byte-order mark and line ends are taken off, blank lines left out.
pub struct Lines<R> {
    reader: R,
    name: String,
    line: usize,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`, naming it `name` in errors.
    pub fn new(reader: R, name: impl Into<String>) -> Self {
        Self { reader, name: name.into(), line: 0, buffer: Vec::new() }
    }

    /// The next line that is not blank, and its place.
    pub fn next_line(&mut self) -> Result<Option<(Place, &[u8])>> {
        loop {
            self.buffer.clear();
            let read = self.reader.read_until(b'\n', &mut self.buffer).map_err(Error::read(self.name.as_str()))?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.trim_ascii().is_empty() {
                let place = Place { source: self.name.clone(), line: self.line };
                return Ok(Some((place, self.buffer.trim_ascii())));
            }
        }
    }
}

/// Reads one record from a line.
pub fn parse<T: Record>(place: &Place, line: &[u8]) -> std::result::Result<T, BadRecord> {
    let bad = |problem| BadRecord { place: place.clone(), problem };
    let text = std::str::from_utf8(line).map_err(|e| bad(RecordProblem::NotUtf8(e.valid_up_to())))?;
    let record: T = serde_json::from_str(text).map_err(|e| bad(e.into()))?;
    if record.id().trim().is_empty() {
        return Err(bad(RecordProblem::NoId));
    }
    Ok(record)
}

/// Reads a whole file of records. Bad lines and later duplicates of an id are reported in `bad`.
pub fn read<T: Record>(path: &Path) -> Result<Records<T>> {
    read_all(&[path])
}

/// Reads several files as one; an id must be unique over all of them.
pub fn read_all<T: Record>(paths: &[impl AsRef<Path>]) -> Result<Records<T>> {
    read_all_with(paths, |_, _, _| {})
}

/// As [`read_all`]; `look` is shown every record that can be read, with its place and its line.
pub(crate) fn read_all_with<T: Record>(
    paths: &[impl AsRef<Path>],
    mut look: impl FnMut(&Place, &[u8], &T),
) -> Result<Records<T>> {
    let mut out = Records::default();
    let mut seen = FxHashMap::default();
    for path in paths {
        let path = path.as_ref();
        collect(Lines::new(open(path)?, path.display().to_string()), &mut out, &mut seen, &mut look)?;
    }
    Ok(out)
}

/// Reads records held in memory, named `name` in errors.
pub fn read_text<T: Record>(text: &str, name: &str) -> Result<Records<T>> {
    let mut out = Records::default();
    collect(Lines::new(text.as_bytes(), name), &mut out, &mut FxHashMap::default(), &mut |_, _, _| {})?;
    Ok(out)
}

/// As [`read_text`], but of records with one id all are given.
#[cfg(any(feature = "cli", feature = "web"))]
pub(crate) fn read_text_with_copies<T: Record>(text: &[u8], name: &str) -> Result<Records<T>> {
    let mut out = Records::default();
    each(Lines::new(text, name), &mut out.bad, |record, _, _| out.good.push(record))?;
    Ok(out)
}

/// Calls `take` with the records of all lines that can be read, their lines, and the list of those that cannot.
fn each<T: Record, R: BufRead>(
    mut lines: Lines<R>,
    bad: &mut Vec<BadRecord>,
    mut take: impl FnMut(Placed<T>, &[u8], &mut Vec<BadRecord>),
) -> Result<()> {
    while let Some((place, line)) = lines.next_line()? {
        match parse(&place, line) {
            Ok(record) => take(Placed { place, record }, line, bad),
            Err(problem) => bad.push(problem),
        }
    }
    Ok(())
}

fn collect<T: Record, R: BufRead>(
    lines: Lines<R>,
    out: &mut Records<T>,
    seen: &mut FxHashMap<String, Place>,
    look: &mut impl FnMut(&Place, &[u8], &T),
) -> Result<()> {
    let Records { good, bad } = out;
    each(lines, bad, |placed: Placed<T>, line, bad| {
        look(&placed.place, line, &placed.record);
        let id = placed.record.id();
        if let Some(first) = seen.get(id) {
            let problem = RecordProblem::DuplicateId { id: id.to_owned(), first: first.clone() };
            bad.push(BadRecord { place: placed.place, problem });
        } else {
            seen.insert(id.to_owned(), placed.place.clone());
            good.push(placed);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TextRecord;

    #[test]
    fn every_bad_line_is_named_and_good_ones_are_kept() {
        let text = "\u{feff}{\"id\":\"a\",\"text\":\"x\"}\r\n\n{\"id\":\"b\",\"te\n{\"text\":\"y\"}\n{\"id\":\"a\"}\n{\"id\":\"c\"}";
        let records = read_text::<TextRecord>(text, "f.jsonl").unwrap();
        let ids: Vec<_> = records.good.iter().map(|r| r.record.id.as_str()).collect();
        assert_eq!(ids, ["a", "c"]);
        let places: Vec<_> = records.bad.iter().map(|b| b.place.to_string()).collect();
        assert_eq!(places, ["f.jsonl:3", "f.jsonl:4", "f.jsonl:5"]);
        assert!(records.bad[2].to_string().contains("already used at f.jsonl:1"));
    }

    #[test]
    fn a_line_that_is_not_utf8_says_from_where() {
        let mut out = Records::<TextRecord>::default();
        let lines = Lines::new(&b"{\"id\":\"\xff\"}"[..], "-");
        collect(lines, &mut out, &mut FxHashMap::default(), &mut |_, _, _| {}).unwrap();
        assert!(out.bad[0].to_string().starts_with("-:1: the line is not UTF-8 from byte 7"));
    }
}
