//! The parts of a segment in one run of bytes, checked as they are used.
//!
//! ```text
//! 0        header: format, length, counts, place of every section, checksum of all that
//! HEADER   sections, each on a multiple of 8
//! end      XXH64 of every block of 16 KiB between HEADER and end
//! ```
//! Opening verifies the header and the table of checksums (half a megabyte for a million cases). A block is verified
//! when something in it is first asked for, so that no damaged byte is ever used although most bytes are never read. A
//! checksum over everything at opening was rejected: it would read the whole file before the first answer. Offsets
//! are taken from the file, so every one is checked against its section: not even a forged file can do more than give
//! wrong answers. What is found damaged is read as empty and noted; see [`Layout::damage`].

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checksum::xxh64;
use crate::error::IndexProblem;
use crate::model::mapped::Blob;

/// Names format and analysis: an index is only right for the analyser that read its cases.
pub(crate) const FORMAT: &str = "leitmotif cases 5";

/// What every version of the format begins with.
pub(crate) const FAMILY: &str = "leitmotif cases ";

/// The parts, in the order in which they lie in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Section {
    /// Per case where its record starts (u64), and where the last ends.
    RecordStarts,
    /// Per case where its id starts (u32), and where the last ends.
    IdStarts,
    Ids,
    /// Hash table of the ids: case number + 1 (u32).
    IdTable,
    /// Per case [`super::Facts`].
    Facts,
    /// Per case where its row starts (u64), and where the last ends.
    RowStarts,
    Rows,
    /// Per stem and n-gram where its text starts (u32), and where the last ends.
    TextStarts,
    Texts,
    /// Hash table of stems and n-grams: upper half of the hash and number + 1 (u32 each).
    TextTable,
    /// A bit per stem: whether it is a number.
    Numbers,
    /// Per stem where the pairs that begin with it start (u32), and where the last ends.
    PairStarts,
    /// The second stem of each pair (u32).
    PairSeconds,
    /// Of stems and n-grams, which stand from the commonest to the rarest: for every number of cases the first term that
    /// is in so many of them (u32 each). The many terms of a query are weighed without touching their lists.
    Frequencies,
    /// Per pair in how many cases it is; 255 for as many or more.
    PairFrequencies,
    /// Per term where its list starts (u64), and where the last ends.
    ListStarts,
    Lists,
    /// The cases as JSON.
    Records,
}

/// Number of sections.
pub(crate) const SECTIONS: usize = Section::Records as usize + 1;

/// Numbers of a segment that stand in its header.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Counts {
    pub(crate) cases: usize,
    pub(crate) words: usize,
    pub(crate) grams: usize,
    pub(crate) pairs: usize,
    /// Words in each field of all cases.
    pub(crate) lengths: [u64; 4],
}

impl Counts {
    pub(crate) fn terms(&self) -> usize {
        self.words + self.grams + self.pairs
    }
}

/// Bytes verified at once.
const BLOCK: usize = 16 << 10;
/// Bytes of the header.
const HEADER: usize = 512;
const NAME: usize = 32;
/// Words of the header after the name: length, checksum of the checksums, counts, sections, own checksum.
const WORDS: usize = 2 + 8 + 2 * SECTIONS;

/// A segment's bytes and where its sections lie.
pub(crate) struct Layout {
    blob: Arc<Blob>,
    /// Bytes of the segment.
    len: usize,
    /// Where the sections end and the checksums begin.
    end: usize,
    sections: [Range<usize>; SECTIONS],
    pub(crate) counts: Counts,
    /// Identifies the segment: the checksum of its header, which holds those of all else.
    pub(crate) identity: u64,
    /// A bit per block that is known to be whole.
    verified: Box<[AtomicU64]>,
    /// One more than the byte where damage was first met; 0 for none.
    damage: AtomicU64,
}

/// Lays sections out as bytes, in the order in which they lie in the file.
pub(crate) struct Writer {
    out: Vec<u8>,
    places: [(u64, u64); SECTIONS],
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { out: vec![0; HEADER], places: [(HEADER as u64, 0); SECTIONS] }
    }

    /// Adds the next section: what `write` adds to the bytes before it.
    pub(crate) fn section(&mut self, section: Section, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        write(&mut self.out);
        self.places[section as usize] = (start as u64, (self.out.len() - start) as u64);
        self.out.resize(self.out.len().next_multiple_of(8), 0);
    }

    /// Adds the next section as so many zeros, to be written over together with a later section; gives where it starts.
    pub(crate) fn reserve(&mut self, section: Section, len: usize) -> usize {
        let start = self.out.len();
        self.section(section, |out| out.resize(start + len, 0));
        start
    }

    /// All sections behind their header, with checksums.
    pub(crate) fn finish(self, counts: &Counts) -> Vec<u8> {
        let Self { mut out, places } = self;
        let end = out.len();
        let sums: Vec<u8> = out[HEADER..].chunks(BLOCK).flat_map(|block| xxh64(block).to_le_bytes()).collect();
        out.extend(sums);
        let mut words = vec![out.len() as u64, xxh64(&out[end..])];
        words.extend([counts.cases, counts.words, counts.grams, counts.pairs].map(|n| n as u64));
        words.extend(counts.lengths);
        words.extend(places.iter().flat_map(|&(at, len)| [at, len]));
        let mut header = FORMAT.as_bytes().to_vec();
        header.resize(NAME, 0);
        for w in words {
            header.extend(w.to_le_bytes());
        }
        let sum = xxh64(&header);
        header.extend(sum.to_le_bytes());
        out[..header.len()].copy_from_slice(&header);
        out.shrink_to_fit();
        out
    }
}

/// Writes over the bytes at a place how many there are behind `from`.
pub(crate) fn put_len(out: &mut [u8], at: usize, from: usize) {
    let len = (out.len() - from) as u64;
    out[at..at + 8].copy_from_slice(&len.to_le_bytes());
}

/// Whether bytes begin like a saved index of some version, or what version that is if not this one.
pub(crate) fn version(start: &[u8]) -> Option<Result<(), String>> {
    if !start.starts_with(FAMILY.as_bytes()) {
        return None;
    }
    let name = start.get(..NAME).unwrap_or(start);
    let name = String::from_utf8_lossy(name.split(|&b| b == 0).next().unwrap_or_default()).into_owned();
    Some(if name == FORMAT { Ok(()) } else { Err(name) })
}

/// The blocks in which bytes lie, of which there are some.
#[inline]
fn blocks(place: &Range<usize>) -> RangeInclusive<usize> {
    (place.start - HEADER) / BLOCK..=(place.end - 1 - HEADER) / BLOCK
}

impl Layout {
    /// Reads the header at the start of the bytes; what follows the segment is left alone. `trusted` bytes are known to be whole.
    pub(crate) fn new(blob: Arc<Blob>, trusted: bool) -> Result<Self, IndexProblem> {
        let bytes = blob.bytes();
        match version(bytes) {
            None => return Err(IndexProblem::NotAnIndex),
            Some(Err(found)) => return Err(IndexProblem::Version { found, supported: FORMAT }),
            Some(Ok(())) => {}
        }
        let (header, sum) =
            bytes.get(..NAME + 8 * (WORDS + 1)).ok_or(IndexProblem::CutShort)?.split_at(NAME + 8 * WORDS);
        let (words, _) = header[NAME..].as_chunks::<8>();
        let words: Vec<usize> =
            words.iter().map(|w| usize::try_from(u64::from_le_bytes(*w)).unwrap_or(usize::MAX)).collect();
        if xxh64(header).to_le_bytes() != sum {
            return Err(IndexProblem::Checksum { at: 0 });
        }
        let identity = xxh64(header);
        let len = words[0];
        if bytes.len() < len {
            return Err(IndexProblem::CutShort);
        }
        let counts = Counts {
            cases: words[2],
            words: words[3],
            grams: words[4],
            pairs: words[5],
            lengths: [words[6], words[7], words[8], words[9]].map(|n| n as u64),
        };
        let mut end = HEADER;
        let mut sections: [Range<usize>; SECTIONS] = std::array::from_fn(|_| 0..0);
        for (section, place) in sections.iter_mut().zip(words[10..].chunks_exact(2)) {
            let to = place[0].checked_add(place[1]).filter(|&to| place[0] == end && to <= len);
            let to = to.ok_or(IndexProblem::Inconsistent)?;
            *section = place[0]..to;
            end = to.next_multiple_of(8);
        }
        let blocks = (end.saturating_sub(HEADER)).div_ceil(BLOCK);
        let sums = bytes.get(end..len).filter(|s| s.len() == blocks * 8).ok_or(IndexProblem::Inconsistent)?;
        if xxh64(sums) as usize != words[1] {
            return Err(IndexProblem::Checksum { at: end as u64 });
        }
        let layout = Self {
            len,
            end,
            sections,
            counts,
            identity,
            verified: (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(if trusted { u64::MAX } else { 0 })).collect(),
            damage: AtomicU64::new(0),
            blob,
        };
        if layout.fits() { Ok(layout) } else { Err(IndexProblem::Inconsistent) }
    }

    /// Whether the sections have the sizes that the counts ask for.
    fn fits(&self) -> bool {
        use Section::{
            Facts, Frequencies, IdStarts, IdTable, ListStarts, Numbers, PairFrequencies, PairSeconds, PairStarts,
            RecordStarts, RowStarts, TextStarts, TextTable,
        };
        let c = &self.counts;
        let most = u32::MAX as usize / 2;
        let len = |s: Section| self.sections[s as usize].len();
        let starts = |s: Section, n: usize, width: usize| len(s) == (n + 1) * width;
        let table = |s: Section, n: usize, width: usize| {
            let slots = len(s) / width;
            len(s).is_multiple_of(width) && slots.is_power_of_two() && slots > n
        };
        [c.cases, c.words, c.grams, c.pairs].iter().all(|&n| n < most / 4)
            && starts(RecordStarts, c.cases, 8)
            && starts(IdStarts, c.cases, 4)
            && table(IdTable, c.cases, 4)
            && len(Facts) == c.cases * super::facts::WIDTH
            && starts(RowStarts, c.cases, 8)
            && starts(TextStarts, c.words + c.grams, 4)
            && table(TextTable, c.words + c.grams, 8)
            && len(Numbers) == c.words.div_ceil(8)
            && starts(PairStarts, c.words, 4)
            && len(PairSeconds) == c.pairs * 4
            && len(Frequencies).is_multiple_of(8)
            && len(PairFrequencies) == c.pairs
            && starts(ListStarts, c.terms(), 8)
    }

    /// Bytes of the segment; changes may follow.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All bytes of the segment as they are.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.blob.bytes()[..self.len]
    }

    /// Where damage was first met, as a byte of the file.
    pub(crate) fn damage(&self) -> Option<u64> {
        self.damage.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Verifies every block.
    pub(crate) fn verify(&self) -> Result<(), IndexProblem> {
        for block in 0..(self.end - HEADER).div_ceil(BLOCK) {
            self.verified[block / 64].fetch_and(!(1 << (block % 64)), Ordering::Relaxed);
            if !self.is_whole(block, &self.blob.bytes()[self.bytes_of(block)]) {
                return Err(IndexProblem::Checksum { at: (HEADER + block * BLOCK) as u64 });
            }
        }
        self.damage().map_or(Ok(()), |at| Err(IndexProblem::Checksum { at }))
    }

    /// A part of a section; empty where it does not lie in the section or is damaged.
    #[inline]
    pub(crate) fn part(&self, section: Section, from: usize, len: usize) -> &[u8] {
        let Some(place) = self.place(section, from, len) else { return &[] };
        for block in blocks(&place) {
            if !self.is_known(block) && !self.is_whole(block, &self.blob.bytes()[self.bytes_of(block)]) {
                return &[];
            }
        }
        &self.blob.bytes()[place]
    }

    /// As [`Layout::part`], for what is large and seldom asked for: see [`Blob::read`].
    pub(crate) fn read(&self, section: Section, from: usize, len: usize) -> Cow<'_, [u8]> {
        let Some(place) = self.place(section, from, len) else { return Cow::default() };
        let blocks = blocks(&place);
        let known = blocks.clone().all(|block| self.is_known(block));
        let wanted =
            if known { place.clone() } else { self.bytes_of(*blocks.start()).start..self.bytes_of(*blocks.end()).end };
        let Some(bytes) = self.blob.read(wanted.clone()) else {
            self.note(place.start);
            return Cow::default();
        };
        if !known && !blocks.zip(bytes.chunks(BLOCK)).all(|(block, data)| self.is_whole(block, data)) {
            return Cow::default();
        }
        let inside = place.start - wanted.start..place.end - wanted.start;
        match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[inside]),
            Cow::Owned(bytes) => Cow::Owned(bytes[inside].to_vec()),
        }
    }

    /// Where a part of a section lies; nothing for an empty one, or one that reaches beyond, which is noted.
    #[inline]
    fn place(&self, section: Section, from: usize, len: usize) -> Option<Range<usize>> {
        let section = &self.sections[section as usize];
        let start = section.start.saturating_add(from);
        let end = start.saturating_add(len);
        if end > section.end {
            self.note(start.min(section.end));
            return None;
        }
        (len > 0).then_some(start..end)
    }

    /// Whether a block is known to be whole.
    #[inline]
    fn is_known(&self, block: usize) -> bool {
        self.verified[block / 64].load(Ordering::Relaxed) >> (block % 64) & 1 == 1
    }

    /// Where a block lies.
    fn bytes_of(&self, block: usize) -> Range<usize> {
        let from = HEADER + block * BLOCK;
        from..self.end.min(from + BLOCK)
    }

    /// The `i`th number of a section of u32.
    #[inline]
    pub(crate) fn u32(&self, section: Section, i: usize) -> Option<u32> {
        self.part(section, i.saturating_mul(4), 4).first_chunk().map(|b| u32::from_le_bytes(*b))
    }

    /// The `i`th and the next number of a section of u32, as a range.
    #[inline]
    pub(crate) fn range32(&self, section: Section, i: usize) -> Option<Range<usize>> {
        let (pair, _) = self.part(section, i.saturating_mul(4), 8).as_chunks::<4>();
        let [from, to] = pair else { return None };
        self.ordered(section, u32::from_le_bytes(*from) as usize..u32::from_le_bytes(*to) as usize)
    }

    /// The `i`th and the next number of a section of u64, as a range.
    #[inline]
    pub(crate) fn range64(&self, section: Section, i: usize) -> Option<Range<usize>> {
        let (pair, _) = self.part(section, i.saturating_mul(8), 16).as_chunks::<8>();
        let [from, to] = pair else { return None };
        let number = |b: [u8; 8]| usize::try_from(u64::from_le_bytes(b)).unwrap_or(usize::MAX);
        self.ordered(section, number(*from)..number(*to))
    }

    fn ordered(&self, section: Section, range: Range<usize>) -> Option<Range<usize>> {
        if range.start > range.end {
            self.note(self.sections[section as usize].start);
            return None;
        }
        Some(range)
    }

    /// Number of bytes of a section.
    #[inline]
    pub(crate) fn size(&self, section: Section) -> usize {
        self.sections[section as usize].len()
    }

    /// Notes damage at a byte.
    #[cold]
    pub(crate) fn note(&self, at: usize) {
        let _ = self.damage.compare_exchange(0, at as u64 + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes that what stands in a section cannot be.
    #[cold]
    pub(crate) fn note_in(&self, section: Section) {
        self.note(self.sections[section as usize].start);
    }

    /// Verifies the bytes of a block and remembers it.
    #[cold]
    fn is_whole(&self, block: usize, data: &[u8]) -> bool {
        let sum = self.blob.bytes().get(self.end + block * 8..).and_then(<[u8]>::first_chunk);
        let whole = sum.is_some_and(|s| u64::from_le_bytes(*s) == xxh64(data));
        if whole {
            self.verified[block / 64].fetch_or(1 << (block % 64), Ordering::Relaxed);
        } else {
            self.note(HEADER + block * BLOCK);
        }
        whole
    }
}
