//! An unchanging index of cases over one run of bytes: in the program, in memory, or mapped from a file.
//!
//! Terms have dense numbers: stems first, then character n-grams, both from the commonest to the rarest, then pairs of
//! stems in the order of their stems. So the kind of a term needs no table, steps between the terms of a case are
//! small, and the pairs that begin with a stem lie side by side: a pair is found by halving, without a table of millions.
//! `layout` checks the bytes, `row` and `code` read rows and lists, `reader` reads cases, `build` writes.

mod build;
mod code;
mod facts;
mod layout;
mod lists;
mod numbered;
mod reader;
mod row;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use crate::features::counts::FieldCounts;
pub(crate) use build::{Builder, Parts};
pub(crate) use code::{CHUNK, List};
pub(crate) use facts::{Facts, Totals};
use layout::{Counts, Layout, Section};
pub(crate) use layout::{FORMAT, version};
pub(crate) use numbered::Source;
pub(crate) use reader::{CaseReader, long_settings, short_settings};
use row::RowReader;

use super::case::Case;
use crate::checksum::xxh64;
use crate::error::IndexProblem;
use crate::features::vocabulary::TermKind;
use crate::model::mapped::Blob;

/// One term of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseTerm {
    pub(crate) term: u32,
    /// How often it stands in each field (255 at most), fields in the order of [`super::case::Field::ALL`].
    pub(crate) counts: FieldCounts,
}

/// The hash of a term's text, or of an id.
fn hash(text: &[u8], kind: TermKind) -> u64 {
    xxh64(text) ^ (kind as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// See the module.
pub(crate) struct Segment {
    layout: Layout,
    mean_lengths: [f64; 4],
}

impl Segment {
    /// Opens a segment at the start of the bytes.
    pub(crate) fn open(blob: Arc<Blob>, trusted: bool) -> Result<Self, IndexProblem> {
        let layout = Layout::new(blob, trusted)?;
        let Counts { cases, lengths, .. } = layout.counts;
        Ok(Self { mean_lengths: mean(lengths, cases), layout })
    }

    /// Its bytes and how to check them.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of cases.
    pub(crate) fn cases(&self) -> usize {
        self.layout.counts.cases
    }

    /// Number of terms.
    pub(crate) fn terms(&self) -> u32 {
        self.layout.counts.terms() as u32
    }

    /// Mean words per field.
    pub(crate) fn mean_lengths(&self) -> [f64; 4] {
        self.mean_lengths
    }

    /// The kind of a term.
    #[inline]
    pub(crate) fn kind(&self, term: u32) -> TermKind {
        let c = &self.layout.counts;
        match term as usize {
            t if t < c.words => TermKind::Word,
            t if t < c.words + c.grams => TermKind::Chars,
            _ => TermKind::Pair,
        }
    }

    /// Whether a term is a stem made of digits.
    #[inline]
    pub(crate) fn is_number(&self, term: u32) -> bool {
        let at = term as usize;
        at < self.layout.counts.words
            && self.layout.part(Section::Numbers, at / 8, 1).first().is_some_and(|b| b >> (at % 8) & 1 == 1)
    }

    /// The text of a stem or n-gram.
    pub(crate) fn text(&self, term: u32) -> &str {
        if term as usize >= self.layout.counts.words + self.layout.counts.grams {
            return "";
        }
        self.string(Section::TextStarts, Section::Texts, term as usize)
    }

    fn string(&self, starts: Section, texts: Section, at: usize) -> &str {
        let Some(range) = self.layout.range32(starts, at) else { return "" };
        let bytes = self.layout.part(texts, range.start, range.len());
        std::str::from_utf8(bytes).unwrap_or_else(|_| {
            self.layout.note_in(texts);
            ""
        })
    }

    /// The number of a stem or n-gram.
    pub(crate) fn find(&self, kind: TermKind, text: &str) -> Option<u32> {
        let slots = self.layout.size(Section::TextTable) / 8;
        let hash = hash(text.as_bytes(), kind);
        let tag = ((hash >> 32) as u32).to_le_bytes();
        let mut slot = hash as usize & (slots - 1);
        for _ in 0..slots {
            let (entry, _) = self.layout.part(Section::TextTable, slot * 8, 8).as_chunks::<4>();
            let [known, number] = entry else { return None };
            let term = u32::from_le_bytes(*number).checked_sub(1)?;
            if *known == tag && self.kind(term) == kind && self.text(term) == text {
                return Some(term);
            }
            slot = (slot + 1) & (slots - 1);
        }
        None
    }

    /// The number of a pair of stems.
    pub(crate) fn find_pair(&self, first: u32, second: u32) -> Option<u32> {
        let c = &self.layout.counts;
        if first as usize >= c.words {
            return None;
        }
        let range = self.layout.range32(Section::PairStarts, first as usize)?;
        let (seconds, _) = self.layout.part(Section::PairSeconds, range.start * 4, range.len() * 4).as_chunks::<4>();
        let at = seconds.binary_search_by_key(&second, |s| u32::from_le_bytes(*s)).ok()?;
        Some((c.words + c.grams + range.start + at) as u32)
    }

    /// All pairs of stems with their numbers.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = ((u32, u32), u32)> {
        let c = self.layout.counts;
        (0..c.words).flat_map(move |first| {
            let range = self.layout.range32(Section::PairStarts, first).unwrap_or_default();
            // A forged range ends at the section's end.
            (range.start..range.end.min(c.pairs)).filter_map(move |at| {
                let second = self.layout.u32(Section::PairSeconds, at)?;
                Some(((first as u32, second), (c.words + c.grams + at) as u32))
            })
        })
    }

    /// In how many cases a term is.
    #[inline]
    pub(crate) fn df(&self, term: u32) -> u32 {
        let c = &self.layout.counts;
        if let Some(pair) = (term as usize).checked_sub(c.words + c.grams) {
            return match self.layout.part(Section::PairFrequencies, pair.min(c.pairs), usize::from(pair < c.pairs)) {
                [numbered::MANY] => self.list(term).df,
                [df] => u32::from(*df),
                _ => 0,
            };
        }
        let size = self.layout.size(Section::Frequencies);
        let (steps, _) = self.layout.part(Section::Frequencies, 0, size).as_chunks::<8>();
        let number =
            |step: &[u8; 8], at: usize| u32::from_le_bytes([step[at], step[at + 1], step[at + 2], step[at + 3]]);
        let next = steps.partition_point(|step| number(step, 0) <= term);
        next.checked_sub(1).and_then(|at| steps.get(at)).map_or(0, |step| number(step, 4))
    }

    /// The cases that hold a term.
    #[inline]
    pub(crate) fn list(&self, term: u32) -> List<'_> {
        if term >= self.terms() {
            return List::NONE;
        }
        let Some(range) = self.layout.range64(Section::ListStarts, term as usize) else { return List::NONE };
        let bytes = self.layout.part(Section::Lists, range.start, range.len());
        List::new(bytes, self.cases()).unwrap_or_else(|| {
            self.layout.note_in(Section::Lists);
            List::NONE
        })
    }

    /// Notes that a list did not fit.
    pub(crate) fn note_lists(&self) {
        self.layout.note_in(Section::Lists);
    }

    /// The terms of a case in growing order.
    #[inline]
    pub(crate) fn row(&self, case: u32) -> RowReader<'_> {
        let range = self.layout.range64(Section::RowStarts, case as usize).unwrap_or_default();
        RowReader::new(self.layout.part(Section::Rows, range.start, range.len()), self.terms())
    }

    /// What is known of a case.
    #[inline]
    pub(crate) fn facts(&self, case: u32) -> Facts {
        let at = (case as usize).saturating_mul(facts::WIDTH);
        Facts::read(self.layout.part(Section::Facts, at, facts::WIDTH)).unwrap_or_default()
    }

    /// The id of a case.
    pub(crate) fn id(&self, case: u32) -> &str {
        self.string(Section::IdStarts, Section::Ids, case as usize)
    }

    /// The number of a case.
    pub(crate) fn by_id(&self, id: &str) -> Option<u32> {
        let slots = self.layout.size(Section::IdTable) / 4;
        let mut slot = hash(id.as_bytes(), TermKind::Word) as usize & (slots - 1);
        for _ in 0..slots {
            let case = self.layout.u32(Section::IdTable, slot)?.checked_sub(1)?;
            if self.id(case) == id {
                return Some(case);
            }
            slot = (slot + 1) & (slots - 1);
        }
        None
    }

    /// The record of a case as JSON.
    fn record(&self, case: u32) -> Cow<'_, [u8]> {
        let range = self.layout.range64(Section::RecordStarts, case as usize).unwrap_or_default();
        self.layout.read(Section::Records, range.start, range.len())
    }

    /// The record of a case; one with nothing but its id where the bytes are damaged, which is noted.
    pub(crate) fn case(&self, case: u32) -> Cow<'_, Case> {
        let record = serde_json::from_slice(&self.record(case)).unwrap_or_else(|_| {
            self.layout.note_in(Section::Records);
            Case { id: self.id(case).to_owned(), ..Case::default() }
        });
        Cow::Owned(record)
    }

    /// Reads everything once: checksums, and whether rows, lists and records can be read and fit together.
    pub(crate) fn verify(&self) -> Result<(), IndexProblem> {
        self.layout.verify()?;
        let mut in_rows = vec![0u32; self.terms() as usize];
        for case in 0..self.cases() as u32 {
            self.row(case).each(|_| true, |t| in_rows[t.term as usize] += 1);
            if self.case(case).id != self.id(case) || self.by_id(self.id(case)) != Some(case) {
                return Err(IndexProblem::Inconsistent);
            }
        }
        for (term, &df) in (0..).zip(&in_rows) {
            let list = self.list(term);
            let sound = list.df == df
                && self.df(term) == df
                && list.read().is_some_and(|l| l.iter().all(|c| (c.0 as usize) < self.cases()));
            let found = match self.kind(term) {
                TermKind::Pair => true,
                kind => self.find(kind, self.text(term)) == Some(term),
            };
            if !sound || !found {
                return Err(IndexProblem::Inconsistent);
            }
        }
        self.layout.damage().map_or(Ok(()), |_| Err(IndexProblem::Inconsistent))
    }
}

/// Mean words per field, at least one.
fn mean(lengths: [u64; 4], cases: usize) -> [f64; 4] {
    lengths.map(|t| (t as f64 / cases.max(1) as f64).max(1.0))
}
