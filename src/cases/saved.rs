//! A case index in one file, so that a program can answer at once instead of reading every case again.
//!
//! A safetensors file: the cases as JSONL, the terms in the order of their numbers, and per case its terms as
//! differences in variable-length bytes. The lists per term are derived on opening: counting them again is faster than
//! reading them, and the file stays a fifth of the size. Nothing in it is code, and a damaged file is refused.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::HashMap;
use std::path::Path;

use super::case::Case;
use super::index::{CaseIndex, CaseTerm};
use super::postings::Postings;
use crate::checksum::sha256;
use crate::error::{Error, IndexProblem, Result};
use crate::features::interner::Interner;
use crate::features::vocabulary::TermKind;
use crate::ingest::jsonl;

/// Names format and analysis: an index is only right for the analyser that read its cases.
const FORMAT: &str = "leitmotif cases 2";

/// Whether a file is a saved index, by its header.
pub fn is_saved(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 256];
    let read = std::fs::File::open(path).and_then(|mut f| f.read(&mut start)).unwrap_or(0);
    start[..read].windows(FORMAT.len() - 1).any(|w| w == &FORMAT.as_bytes()[..FORMAT.len() - 1])
}

/// Writes an index, whole or not at all: to a temporary file that is then renamed.
pub fn save(index: &CaseIndex, path: &Path) -> Result<()> {
    let bytes = to_bytes(index).map_err(|e| Error::write(path)(std::io::Error::other(e.to_string())))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::write(folder))?;
    let name = path.file_name().map_or_else(|| "cases".into(), |n| n.to_string_lossy().into_owned());
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::write(&temporary, bytes)
        .and_then(|()| std::fs::File::open(&temporary)?.sync_all())
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|e| {
        // Best effort: the error that matters is the one already at hand.
        let _ = std::fs::remove_file(&temporary);
        Error::write(path)(e)
    })
}

/// Opens a saved index and checks it.
pub fn open(path: &Path) -> Result<CaseIndex> {
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    read(&bytes, true).map_err(|problem| Error::CaseIndex { path: path.into(), problem })
}

/// An index compiled into the program, where the checksum was verified by a test.
#[cfg(feature = "embedded")]
pub(crate) fn embedded(bytes: &[u8]) -> Result<CaseIndex> {
    read(bytes, false).map_err(|problem| Error::CaseIndex { path: "(embedded cases)".into(), problem })
}

/// Names of the tensors, in the order in which they are hashed.
const TENSORS: [&str; 6] = ["cases", "kinds", "lengths", "pairs", "rows", "terms"];

fn to_bytes(index: &CaseIndex) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let (mut cases, mut rows, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for number in index.numbers() {
        // A record that came in as JSON can be written as JSON.
        let _ = serde_json::to_writer(&mut cases, index.case(number));
        cases.push(b'\n');
        write_row(index.terms_of(number), &mut rows);
        index.lengths(number).iter().for_each(|l| lengths.extend(l.to_le_bytes()));
    }
    let (kinds, pairs, terms) = write_terms(index);
    let data: HashMap<&str, Vec<u8>> = TENSORS.into_iter().zip([cases, kinds, lengths, pairs, rows, terms]).collect();
    let sum = checksum(&|name| data.get(name).map_or(&[], Vec::as_slice));
    let views = TENSORS.map(|name| {
        let bytes = data.get(name).map_or(&[][..], Vec::as_slice);
        TensorView::new(Dtype::U8, vec![bytes.len()], bytes).map(|view| (name, view))
    });
    let views = views.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
    // One entry, so that the bytes do not depend on the order of a map.
    serialize(views, Some(HashMap::from([("format".to_owned(), format!("{FORMAT} {sum}"))])))
}

fn checksum<'d>(data: &dyn Fn(&str) -> &'d [u8]) -> String {
    let sums: Vec<String> = TENSORS.iter().map(|name| sha256(data(name))).collect();
    sha256(sums.concat().as_bytes())
}

/// A row: how many terms, then per term the difference of its number, which fields hold it, and its counts there (none
/// where all are one).
fn write_row(row: &[CaseTerm], out: &mut Vec<u8>) {
    write_number(row.len() as u32, out);
    let mut before = 0;
    for t in row {
        write_number(t.term - before, out);
        before = t.term;
        let fields = t.counts.iter().enumerate().fold(0u8, |mask, (f, &c)| mask | u8::from(c > 0) << f);
        let plain = t.counts.iter().all(|&c| c <= 1);
        out.push(fields | u8::from(plain) << 4);
        if !plain {
            out.extend(t.counts.iter().filter(|&&c| c > 0));
        }
    }
}

fn read_row(bytes: &mut &[u8], terms: usize) -> Option<Box<[CaseTerm]>> {
    let len = read_number(bytes)? as usize;
    // A row takes at least two bytes a term.
    let mut row = Vec::with_capacity(len.min(bytes.len()));
    let mut term = 0u32;
    for i in 0..len {
        let step = read_number(bytes)?;
        term = term.checked_add(step)?;
        let (&fields, rest) = bytes.split_first()?;
        *bytes = rest;
        let mut counts = [0; 4];
        for (f, count) in counts.iter_mut().enumerate().filter(|&(f, _)| fields >> f & 1 == 1) {
            let _ = f;
            *count = if fields >> 4 & 1 == 1 {
                1
            } else {
                let (&count, rest) = bytes.split_first()?;
                *bytes = rest;
                count
            };
        }
        if term as usize >= terms || (i > 0 && step == 0) || counts == [0; 4] {
            return None;
        }
        row.push(CaseTerm { term, counts });
    }
    Some(row.into())
}

/// Seven bits a byte, the lowest first.
fn write_number(mut n: u32, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut n = 0u32;
    for shift in (0..35).step_by(7) {
        let (&b, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u32::from(b & 0x7f).checked_shl(shift)?;
        if b & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

/// Marks a term that is a number, beside its kind.
const NUMBER: u8 = 0x10;

/// Kind and number mark per term, the stems of each pair, and the texts of the others, each ended by a line feed.
fn write_terms(index: &CaseIndex) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let count = index.terms.len();
    let (mut texts, mut stems) = (vec![""; count], vec![(0, 0); count]);
    for (text, number) in index.terms.words().chain(index.terms.grams()) {
        texts[number as usize] = text;
    }
    for (pair, number) in index.terms.pairs() {
        stems[number as usize] = pair;
    }
    let (mut kinds, mut pairs, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for term in 0..count as u32 {
        let kind = index.kind(term);
        kinds.push(kind as u8 | if index.is_number(term) { NUMBER } else { 0 });
        if kind == TermKind::Pair {
            let (a, b) = stems[term as usize];
            write_number(a, &mut pairs);
            write_number(b, &mut pairs);
        } else {
            terms.extend_from_slice(texts[term as usize].as_bytes());
            terms.push(b'\n');
        }
    }
    (kinds, pairs, terms)
}

fn read(bytes: &[u8], verify: bool) -> std::result::Result<CaseIndex, IndexProblem> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|_| IndexProblem::NotAnIndex)?;
    let said = header.metadata().as_ref().and_then(|m| m.get("format")).ok_or(IndexProblem::NotAnIndex)?;
    let (format, sum) = said.rsplit_once(' ').ok_or(IndexProblem::NotAnIndex)?;
    if format != FORMAT {
        return Err(IndexProblem::Version { found: format.to_owned(), supported: FORMAT });
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|_| IndexProblem::NotAnIndex)?;
    let data = |name: &str| tensors.tensor(name).map_or(&[][..], |t| t.data());
    if verify && checksum(&data) != sum {
        return Err(IndexProblem::Checksum);
    }
    parse(&data).ok_or(IndexProblem::Inconsistent)
}

/// Reads terms, records and rows side by side: each takes about a third of the time to a first answer.
fn parse<'d>(data: &(dyn Fn(&str) -> &'d [u8] + Sync)) -> Option<CaseIndex> {
    let count = data("kinds").len();
    let (terms, (cases, rows)) = rayon::join(
        || parse_terms(data("kinds"), data("terms"), data("pairs")),
        || rayon::join(|| parse_cases(data("cases")), || parse_rows(data("rows"), data("lengths"), count)),
    );
    let ((terms, numbers), cases, (rows, lengths)) = (terms?, cases?, rows?);
    (cases.len() == rows.len()).then(|| {
        let postings = Postings::new(&rows, terms.len());
        CaseIndex::from_parts(terms, numbers, postings, cases.into_iter().zip(lengths).zip(rows))
    })
}

/// The terms, and per term whether it is a number.
fn parse_terms(kinds: &[u8], texts: &[u8], mut pairs: &[u8]) -> Option<(Interner, Vec<bool>)> {
    let of = |kind: TermKind| kinds.iter().filter(|&&k| k & !NUMBER == kind as u8).count();
    let mut terms = Interner::with_room(of(TermKind::Word), of(TermKind::Chars), of(TermKind::Pair));
    let mut texts = std::str::from_utf8(texts).ok()?.split_terminator('\n');
    let mut numbers = Vec::with_capacity(kinds.len());
    for (expected, &kind) in kinds.iter().enumerate() {
        let number = match kind & !NUMBER {
            k if k == TermKind::Pair as u8 => terms.add_pair(read_number(&mut pairs)?, read_number(&mut pairs)?),
            k if k == TermKind::Word as u8 => terms.add_text(TermKind::Word, texts.next()?),
            k if k == TermKind::Chars as u8 => terms.add_text(TermKind::Chars, texts.next()?),
            _ => return None,
        };
        if number as usize != expected {
            return None;
        }
        numbers.push(kind & NUMBER != 0);
    }
    Some((terms, numbers))
}

fn parse_cases(text: &[u8]) -> Option<Vec<Case>> {
    let records = jsonl::read_text::<Case>(std::str::from_utf8(text).ok()?, "(saved index)").ok()?.strict().ok()?;
    Some(records.into_iter().map(|r| r.record).collect())
}

/// Terms and field lengths per case.
type Rows = (Vec<Box<[CaseTerm]>>, Vec<[u32; 4]>);

fn parse_rows(mut rows: &[u8], lengths: &[u8], terms: usize) -> Option<Rows> {
    let word = |c: &[u8], i: usize| u32::from_le_bytes([c[i], c[i + 1], c[i + 2], c[i + 3]]);
    let lengths: Vec<[u32; 4]> = lengths.chunks_exact(16).map(|c| [0, 4, 8, 12].map(|i| word(c, i))).collect();
    let read = lengths.iter().map(|_| read_row(&mut rows, terms)).collect::<Option<Vec<_>>>()?;
    rows.is_empty().then_some((read, lengths))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::candidates::Query;
    use proptest::prelude::*;

    fn sample() -> CaseIndex {
        let case = |id: &str, title: &str, claim: &str| Case {
            id: id.into(),
            title: title.into(),
            claim: claim.into(),
            disproof: "It is not so; the numbers 12 and 2014 are wrong.".into(),
            ..Case::default()
        };
        let mut index = CaseIndex::new([
            case("a", "Moon cheese", "The moon is made of cheese since 2014, cheese, cheese."),
            case("b", "Ворона", "Вороны умеют считать до 12."),
        ]);
        index.add(case("c", "Flat", "The earth is flat and the moon is too."));
        index.remove("b");
        index
    }

    #[test]
    fn what_is_saved_is_found_again_alike() {
        let index = sample();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.index");
        save(&index, &path).unwrap();
        assert!(is_saved(&path));
        let again = open(&path).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), index.iter().collect::<Vec<_>>());
        for text in ["cheese moon 2014", "вороны", "flat earth", "nothing"] {
            let find = |i: &CaseIndex| {
                Query::default().first_stage(i, text, None, 9).into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(find(&index), find(&again), "{text}");
        }
        // The second saving has the numbers of the first.
        save(&again, &folder.path().join("b")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(folder.path().join("b")).unwrap());
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = to_bytes(&sample()).unwrap();
        let at = bytes.windows(FORMAT.len()).position(|w| w == FORMAT.as_bytes()).unwrap();
        bytes[at + FORMAT.len() - 1] = b'9';
        assert!(matches!(read(&bytes, true), Err(IndexProblem::Version { .. })));
    }

    proptest! {
        #[test]
        fn numbers_come_back(n in any::<u32>()) {
            let mut out = Vec::new();
            write_number(n, &mut out);
            prop_assert_eq!(read_number(&mut out.as_slice()), Some(n));
        }

        /// With its checksum verified a damaged file is refused; without, it may be read or refused, never a panic.
        #[test]
        fn damage_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>()) {
            let mut bytes = to_bytes(&sample()).unwrap();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            let _ = read(&bytes, false);
            if let Ok(index) = read(&bytes, true) {
                // Only white space or names in the header can differ.
                prop_assert_eq!(index.len(), sample().len());
            }
        }
    }
}
