//! A case index in one file: the segment, and behind it the changes made since, one record each.
//!
//! The segment is mapped into memory, so that a base of any size opens at once and programs share its pages. A change
//! is added at the end and synced, so that adding a case to gigabytes costs a few kilobytes; when the changes are many
//! they are joined with the segment into a new file that is renamed over the old one. A change that was interrupted
//! (kill, power, full disk) is an unfinished record at the end: it is passed over, and the next change takes its place.
//! A second file for the changes was rejected: people copy one file and forget the other.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::case::Case;
use super::index::CaseIndex;
use super::segment::{Segment, version};
use crate::checksum::xxh64;
use crate::error::{Error, IndexProblem, Result};
use crate::model::mapped::Blob;
use crate::model::replace::replace_file;

/// Whether a file is a saved index of this or another version, by its first bytes.
pub fn is_saved(path: &Path) -> bool {
    // What is read from a pipe is gone, and an index is not read but mapped.
    if !path.is_file() {
        return false;
    }
    let start = start(path);
    version(&start).is_some() || first_version(&start).is_some()
}

fn start(path: &Path) -> Vec<u8> {
    let mut start = Vec::new();
    // What cannot be read is no index; whoever reads it as something else will say why.
    let _ = File::open(path).and_then(|f| f.take(256).read_to_end(&mut start));
    start
}

/// The name of the format of the first versions, which stood inside a safetensors header.
fn first_version(start: &[u8]) -> Option<String> {
    let header = start.get(8..).filter(|h| h.starts_with(b"{\"__metadata__\""))?;
    let at = header.windows(16).position(|w| w == b"leitmotif cases ")?;
    let name: Vec<u8> = header[at..].iter().copied().take(17).collect();
    String::from_utf8(name).ok()
}

/// Writes an index, whole or not at all: to a temporary file that is then renamed.
pub fn save(index: &CaseIndex, path: &Path) -> Result<()> {
    match index.joined() {
        Some(joined) => replace_file(path, joined.layout().raw()),
        None => replace_file(path, index.base().layout().raw()),
    }
}

/// Opens a saved index. Its bytes are checked as they are used; [`CaseIndex::damage`] tells whether all were whole.
pub fn open(path: &Path) -> Result<CaseIndex> {
    let blob = Blob::map(path)?;
    read(blob, false).map(|read| read.index).map_err(|problem| Error::CaseIndex { path: path.into(), problem })
}

/// Opens a saved index and checks every byte of it, and that its parts fit together.
pub fn verify(path: &Path) -> Result<CaseIndex> {
    let index = open(path)?;
    index.base().verify().map_err(|problem| Error::CaseIndex { path: path.into(), problem })?;
    Ok(index)
}

/// An index compiled into the program, whose bytes a test compares with those made afresh.
#[cfg(feature = "embedded")]
pub(crate) fn embedded(bytes: &'static [u8]) -> Result<CaseIndex> {
    let read = read(Blob::Static(bytes), true);
    read.map(|read| read.index).map_err(|problem| Error::CaseIndex { path: "(embedded cases)".into(), problem })
}

/// An index, and the file it was read from.
struct Loaded {
    index: CaseIndex,
    /// Of the segment in the file: that of the index is another once changes are joined.
    identity: u64,
    end: usize,
    changes: usize,
}

fn read(blob: Blob, trusted: bool) -> std::result::Result<Loaded, IndexProblem> {
    if let Some(found) = first_version(blob.bytes()) {
        return Err(IndexProblem::Version { found, supported: super::segment::FORMAT });
    }
    let blob = Arc::new(blob);
    let base = Segment::open(Arc::clone(&blob), trusted)?;
    let (mut end, identity) = (base.layout().len(), base.layout().identity);
    let mut index = CaseIndex::over(base);
    let mut changes = 0;
    while let Some((change, next)) = Change::read(blob.bytes(), end, identity)? {
        change.apply(&mut index);
        end = next;
        changes += 1;
    }
    Ok(Loaded { index, identity, end, changes })
}

/// A change of a saved index.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A case is added; one with the same id gives way.
    Add(Box<Case>),
    /// The case of this id is removed.
    Remove(String),
}

const ADD: u8 = b'+';
const REMOVE: u8 = b'-';
/// Length of what follows and its check (u32 each), checksum of it all (u64).
const HEAD: usize = 16;

/// Checks the length of a change: a wrong one would hide all changes behind it.
fn length_check(identity: u64, at: usize, len: u32) -> u32 {
    xxh64(&[identity.to_le_bytes(), (at as u64).to_le_bytes(), u64::from(len).to_le_bytes()].concat()) as u32
}

impl Change {
    /// Makes the change and gives the case that is gone thereby.
    pub fn apply(self, index: &mut CaseIndex) -> Option<Case> {
        match self {
            Self::Add(case) => index.add(*case),
            Self::Remove(id) => index.remove(&id),
        }
    }

    /// Writes the change as the record at byte `at` of the index with this identity.
    fn write(&self, identity: u64, at: usize) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Self::Add(case) => {
                body.push(ADD);
                // A record that came in as JSON can be written as JSON.
                let _ = serde_json::to_writer(&mut body, case);
            }
            Self::Remove(id) => {
                body.push(REMOVE);
                body.extend(id.as_bytes());
            }
        }
        let len = body.len() as u32;
        let mut out = len.to_le_bytes().to_vec();
        out.extend(length_check(identity, at, len).to_le_bytes());
        out.extend((xxh64(&body) ^ identity).to_le_bytes());
        out.extend(body);
        out
    }

    /// Reads the record at byte `at` and where the next begins; nothing at the end, or where the last is unfinished.
    fn read(bytes: &[u8], at: usize, identity: u64) -> std::result::Result<Option<(Self, usize)>, IndexProblem> {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some((head, after)) = rest.split_at_checked(HEAD) else { return Ok(None) };
        let damaged = || IndexProblem::Checksum { at: at as u64 };
        let word = |from: usize| u32::from_le_bytes([head[from], head[from + 1], head[from + 2], head[from + 3]]);
        let len = word(0);
        if word(4) != length_check(identity, at, len) {
            // Space that was set aside for a record that was never written, or hardly.
            return if after.iter().all(|&b| b == 0) { Ok(None) } else { Err(damaged()) };
        }
        let Some(body) = after.get(..len as usize) else { return Ok(None) };
        let sum = u64::from(word(8)) | u64::from(word(12)) << 32;
        if xxh64(body) ^ identity != sum {
            let unfinished = body.len() == after.len() && body.last() == Some(&0);
            return if unfinished { Ok(None) } else { Err(damaged()) };
        }
        let change = match body.split_first() {
            Some((&ADD, case)) => serde_json::from_slice(case).ok().map(Self::Add),
            Some((&REMOVE, id)) => std::str::from_utf8(id).ok().map(|id| Self::Remove(id.to_owned())),
            _ => None,
        };
        change.map(|c| Some((c, at + HEAD + body.len()))).ok_or(IndexProblem::Inconsistent)
    }
}

/// Changes in a file before they are joined with its segment: as many as are read again in a few milliseconds.
const MOST_CHANGES: usize = 256;

/// Makes changes in a saved index, all or none, and gives the cases that gave way. A case to remove that is not there
/// is an error.
pub fn change(path: &Path, changes: Vec<Change>) -> Result<Vec<Case>> {
    let problem = |problem| Error::CaseIndex { path: path.into(), problem };
    let mut file = lock(path)?;
    let Loaded { mut index, identity, end, changes: before } = read(Blob::map(path)?, false).map_err(problem)?;
    let mut records = Vec::new();
    let mut gone = Vec::new();
    let count = changes.len();
    for change in changes {
        records.extend(change.write(identity, end + records.len()));
        let removed = match &change {
            Change::Remove(id) => Some(id.clone()),
            Change::Add(_) => None,
        };
        match (change.apply(&mut index), removed) {
            (None, Some(id)) => return Err(Error::NoSuchCase(id)),
            (case, _) => gone.extend(case),
        }
    }
    if let Some(found) = index.damage() {
        return Err(problem(found));
    }
    if before + count > MOST_CHANGES {
        save(&index, path)?;
        return Ok(gone);
    }
    let written = file
        .set_len(end as u64)
        .and_then(|()| file.seek(SeekFrom::Start(end as u64)))
        .and_then(|_| file.write_all(&records))
        .and_then(|()| file.sync_data());
    written.map_err(|e| {
        // Best effort: an unfinished record is passed over anyway.
        let _ = file.set_len(end as u64);
        Error::write(path)(e)
    })?;
    Ok(gone)
}

/// Opens a saved index for changing, once nobody else does. Whoever waited while the file was replaced opens the new.
fn lock(path: &Path) -> Result<File> {
    loop {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(Error::write(path))?;
        file.lock().map_err(Error::write(path))?;
        let mut locked = Vec::new();
        (&file).take(256).read_to_end(&mut locked).map_err(Error::read(path))?;
        // The header holds the checksums of all that follows: two files of one header are one.
        if locked == start(path) {
            return Ok(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::candidates::Query;
    use proptest::prelude::*;

    fn case(id: &str, title: &str, claim: &str) -> Case {
        Case {
            id: id.into(),
            title: title.into(),
            claim: claim.into(),
            disproof: "It is not so; the numbers 12 and 2014 are wrong.".into(),
            ..Case::default()
        }
    }

    fn sample() -> CaseIndex {
        let mut index = CaseIndex::new([
            case("a", "Moon cheese", "The moon is made of cheese since 2014, cheese, cheese."),
            case("b", "Ворона", "Вороны умеют считать до 12."),
        ]);
        index.add(case("c", "Flat", "The earth is flat and the moon is too."));
        index.remove("b");
        index
    }

    fn cases(index: &CaseIndex) -> Vec<Case> {
        index.iter().map(std::borrow::Cow::into_owned).collect()
    }

    const TEXTS: [&str; 4] = ["cheese moon 2014", "вороны", "flat earth", "nothing"];

    fn find(index: &CaseIndex, text: &str) -> Vec<String> {
        Query::default().first_stage(index, text, None, 9).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_saved_is_found_again_alike() {
        let index = sample();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.index");
        save(&index, &path).unwrap();
        assert!(is_saved(&path));
        let again = verify(&path).unwrap();
        assert_eq!(cases(&again), cases(&index));
        for text in TEXTS {
            assert_eq!(find(&index, text), find(&again, text), "{text}");
        }
        save(&again, &folder.path().join("b")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(folder.path().join("b")).unwrap());
    }

    #[test]
    fn other_versions_are_named() {
        let mut bytes = sample().base().layout().raw().to_vec();
        bytes[16] = b'9';
        let problem = read(Blob::Owned(bytes), false).err();
        assert!(matches!(problem, Some(IndexProblem::Version { found, .. }) if found == "leitmotif cases 9"));
        let old = b"\x40\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"leitmotif cases 2 00ff\"}}".to_vec();
        let problem = read(Blob::Owned(old), false).err();
        assert!(matches!(problem, Some(IndexProblem::Version { found, .. }) if found == "leitmotif cases 2"));
        assert!(matches!(read(Blob::Owned(b"{\"id\": 1}".to_vec()), false).err(), Some(IndexProblem::NotAnIndex)));
    }

    #[test]
    fn changes_are_kept_and_joined_when_they_are_many() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.index");
        save(&sample(), &path).unwrap();
        let before = std::fs::read(&path).unwrap();
        let add = |id: &str, claim: &str| Change::Add(Box::new(case(id, "", claim)));
        assert!(change(&path, vec![add("d", "Zebras are painted"), add("e", "Quaggas live")]).unwrap().is_empty());
        let gone = change(&path, vec![add("d", "Zebras are horses"), Change::Remove("a".into())]).unwrap();
        assert_eq!(gone.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["d", "a"]);
        let failed = change(&path, vec![Change::Remove("c".into()), Change::Remove("nobody".into())]);
        assert!(matches!(failed, Err(Error::NoSuchCase(id)) if id == "nobody"));
        assert!(std::fs::read(&path).unwrap().starts_with(&before), "changes stand behind the segment");
        let index = verify(&path).unwrap();
        assert_eq!(find(&index, "zebras are horses")[0], "d");
        assert_eq!(index.iter().map(|c| c.id.clone()).collect::<Vec<_>>(), ["c", "e", "d"]);
        for i in 0..=MOST_CHANGES {
            change(&path, vec![add("x", &format!("claim {i}"))]).unwrap();
        }
        let index = verify(&path).unwrap();
        assert_eq!((index.len(), index.by_id("x").unwrap().claim.as_str()), (4, "claim 256"));
        assert!(std::fs::read(&path).unwrap().len() < 2 * before.len());
    }

    #[test]
    fn an_unfinished_change_is_passed_over_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.index");
        save(&sample(), &path).unwrap();
        let add = |id: &str| Change::Add(Box::new(case(id, "", "Zebras are painted horses")));
        change(&path, vec![add("d")]).unwrap();
        let first = std::fs::read(&path).unwrap();
        change(&path, vec![add("e")]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in first.len()..whole.len() {
            // Cut off, or with the space set aside but not written.
            for fill in [0, whole.len() - cut] {
                let mut bytes = whole[..cut].to_vec();
                bytes.resize(cut + fill, 0);
                std::fs::write(&path, &bytes).unwrap();
                let index = open(&path).unwrap();
                assert_eq!(index.len(), 3, "cut at {cut}, {fill} set aside");
            }
        }
        change(&path, vec![add("f")]).unwrap();
        assert_eq!(open(&path).unwrap().len(), 4);
    }

    #[test]
    fn changes_from_many_threads_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.index");
        save(&sample(), &path).unwrap();
        std::thread::scope(|s| {
            for t in 0..4 {
                let path = &path;
                s.spawn(move || {
                    for i in 0..90 {
                        let new = case(&format!("n{t}-{i}"), "", &format!("claim {i}"));
                        change(path, vec![Change::Add(Box::new(new))]).unwrap();
                    }
                });
            }
        });
        assert_eq!(verify(&path).unwrap().len(), 2 + 4 * 90);
    }

    fn use_all(index: &mut CaseIndex) {
        for text in TEXTS {
            drop(find(index, text));
        }
        let _ = cases(index);
        let _ = index.base().verify();
        index.add(case("new", "", "The moon is made of cheese"));
        index.remove("a");
        let _ = index.joined();
    }

    proptest! {
        /// Damage is noticed before anything damaged is used: answers are right, or the index says that it is damaged.
        #[test]
        fn damage_is_noticed(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<bool>(), changed in any::<bool>()) {
            let mut bytes = sample().joined().map_or_else(|| sample().base().layout().raw().to_vec(), |s| s.layout().raw().to_vec());
            if changed {
                let identity = Segment::open(Arc::new(Blob::Owned(bytes.clone())), true).unwrap().layout().identity;
                let record = Change::Add(Box::new(case("d", "", "Zebras"))).write(identity, bytes.len());
                bytes.extend(record);
            }
            let sound = read(Blob::Owned(bytes.clone()), false).ok().map(|r| cases(&r.index)).unwrap();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            if let Ok(Loaded { index, .. }) = read(Blob::Owned(bytes), false) {
                let read = cases(&index);
                // A cut change is one that was never finished.
                let unfinished = cut && read.len() < sound.len() && sound.starts_with(&read);
                prop_assert!(index.damage().is_some() || read == sound || unfinished);
                let verified = index.base().verify().is_ok();
                prop_assert!(!verified || read == sound || unfinished);
            }
        }

        /// Not even a forged index, with all checksums right, makes the program panic.
        #[test]
        fn a_forged_index_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut bytes = sample().base().layout().raw().to_vec();
            for (at, byte) in changes {
                let at = 512 + at.index(bytes.len() - 512);
                bytes[at] = byte;
            }
            // Trusted bytes are not verified.
            if let Ok(Loaded { mut index, .. }) = read(Blob::Owned(bytes), true) {
                use_all(&mut index);
            }
        }
    }
}
