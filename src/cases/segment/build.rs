//! Collects cases and writes a segment; joins a segment and its changes into a new one without reading the texts again.
//!
//! Everything is counted in memory and laid out once: terms get their numbers by frequency, rows are sorted, lists are
//! filled by counting. Sorting runs on disk were rejected: the bases at hand (a hundred bytes of counts per kilobyte
//! of text) fit into memory up to a few million cases.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

use super::facts::{self, Facts, Totals};
use super::layout::{Counts, Section, Writer, put_len};
use super::lists::{Rest, write_lists};
use super::numbered::{Numbered, Source};
use super::reader::CaseReader;
use super::row::RowWriter;
use super::{CaseTerm, Segment, hash, mean};
use crate::cases::bm25::{FieldWeights, idf};
use crate::cases::case::Case;
use crate::features::interner::Interner;
use crate::features::vocabulary::TermKind;
use crate::model::mapped::Blob;

/// Collects cases for a new segment.
#[derive(Default)]
pub(crate) struct Builder {
    reader: CaseReader,
    terms: Interner,
    numbers: Vec<bool>,
    by_id: FxHashMap<String, usize>,
    parts: Parts,
}

/// What a segment is made of, before terms have their final numbers.
#[derive(Default)]
pub(crate) struct Parts {
    /// Rows of all cases, one after the other.
    rows: Vec<CaseTerm>,
    /// Where the row of each case ends.
    row_ends: Vec<usize>,
    records: Vec<u8>,
    record_ends: Vec<usize>,
    ids: Vec<Box<str>>,
    lengths: Vec<[u32; 4]>,
    languages: Vec<Option<crate::document::Language>>,
    /// Cases that gave way to a later one.
    dead: Vec<bool>,
}

impl Builder {
    /// Adds a case; an earlier one of the same id gives way and is given back.
    pub(crate) fn add(&mut self, case: &Case) -> Option<Case> {
        let Self { reader, terms, numbers, by_id, parts } = self;
        let number = parts.ids.len();
        let replaced = by_id.insert(case.id.clone(), number).map(|old| {
            parts.dead[old] = true;
            parts.case(old)
        });
        let mark = |term: u32| {
            if numbers.len() <= term as usize {
                numbers.resize(term as usize + 1, false);
            }
            numbers[term as usize] = true;
        };
        let lengths = reader.read(case, terms, mark, &mut parts.rows);
        parts.close(case, lengths);
        replaced
    }

    /// Writes the segment.
    pub(crate) fn finish(self) -> Segment {
        let Self { reader, mut terms, numbers, by_id, parts } = self;
        drop((reader, by_id));
        let pairs = terms.take_pairs();
        parts.finish(Source {
            end: terms.end(),
            words: terms.words().collect(),
            grams: terms.grams().collect(),
            pairs,
            is_number: &|term| numbers.get(term as usize).copied().unwrap_or(false),
        })
    }
}

impl Parts {
    /// Adds a term of the next case.
    pub(crate) fn add_term(&mut self, term: CaseTerm) {
        self.rows.push(term);
    }

    /// Ends a case whose terms are added.
    pub(crate) fn close(&mut self, case: &Case, lengths: [u32; 4]) {
        // A record that came in as JSON can be written as JSON.
        let _ = serde_json::to_writer(&mut self.records, case);
        self.record_ends.push(self.records.len());
        self.row_ends.push(self.rows.len());
        self.ids.push(case.id.as_str().into());
        self.languages.push(case.own_language());
        self.lengths.push(lengths);
        self.dead.push(false);
    }

    fn case(&self, number: usize) -> Case {
        serde_json::from_slice(&self.records[range(&self.record_ends, number)]).unwrap_or_default()
    }

    /// The terms of a case in growing order. Of a damaged segment some have no final number and stand last: not given.
    fn row(&self, case: usize) -> &[CaseTerm] {
        let row = &self.rows[range(&self.row_ends, case)];
        let unknown = row.iter().rev().take_while(|t| t.term == u32::MAX).count();
        &row[..row.len() - unknown]
    }

    /// Gives terms their final numbers and lays everything out.
    pub(crate) fn finish(mut self, source: Source<'_>) -> Segment {
        let live: Vec<usize> = (0..self.ids.len()).filter(|&c| !self.dead[c]).collect();
        let mut df = vec![0u32; source.end];
        for &case in &live {
            self.row(case).iter().for_each(|t| df[t.term as usize] += 1);
        }
        let numbered = Numbered::new(source, &df);
        drop(df);
        self.number(&numbered.number);
        let mut lengths = [0; 4];
        for &case in &live {
            for (sum, &length) in lengths.iter_mut().zip(&self.lengths[case]) {
                *sum += u64::from(length);
            }
        }
        let counts = Counts {
            cases: live.len(),
            words: numbered.words,
            grams: numbered.grams,
            pairs: numbered.pairs.len(),
            lengths,
        };
        let mut out = Writer::new();
        self.write_ids(&live, &mut out);
        self.write_rows(&live, &numbered, &mut out);
        numbered.write(&mut out);
        let mean = mean(lengths, live.len());
        let starts = out.reserve(Section::ListStarts, 8 * (counts.terms() + 1));
        out.section(Section::Lists, |out| {
            let whole = |&case: &usize| Rest::new(self.row(case), FieldWeights::new(self.lengths[case], mean));
            write_lists(live.iter().map(whole).collect(), &numbered.df, starts, out);
        });
        drop((std::mem::take(&mut self.rows), numbered));
        out.section(Section::Records, |out| {
            for &case in &live {
                out.extend_from_slice(&self.records[range(&self.record_ends, case)]);
            }
        });
        drop(self);
        // What was just written fits together, unless this code is wrong; the tests would show it.
        Segment::open(Arc::new(Blob::Owned(out.finish(&counts))), true)
            .unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    /// Gives the terms of the rows their final numbers and puts them in order.
    fn number(&mut self, number: &[u32]) {
        let mut rows = Vec::with_capacity(self.ids.len());
        let mut rest = self.rows.as_mut_slice();
        for case in 0..self.ids.len() {
            let (row, after) = rest.split_at_mut(range(&self.row_ends, case).len());
            rows.push(row);
            rest = after;
        }
        rows.par_iter_mut().enumerate().filter(|(case, _)| !self.dead[*case]).for_each(|(_, row)| {
            row.iter_mut().for_each(|t| t.term = number[t.term as usize]);
            row.sort_unstable_by_key(|t| t.term);
        });
    }

    /// Where records start, and ids.
    fn write_ids(&self, live: &[usize], out: &mut Writer) {
        out.section(Section::RecordStarts, |out| {
            let mut end = 0;
            out.extend(0u64.to_le_bytes());
            for &case in live {
                end += range(&self.record_ends, case).len() as u64;
                out.extend(end.to_le_bytes());
            }
        });
        out.section(Section::IdStarts, |out| {
            let mut end = 0;
            out.extend(0u32.to_le_bytes());
            for &case in live {
                end += self.ids[case].len() as u32;
                out.extend(end.to_le_bytes());
            }
        });
        out.section(Section::Ids, |out| {
            for &case in live {
                out.extend_from_slice(self.ids[case].as_bytes());
            }
        });
        let mut table = vec![0u32; (2 * (live.len() + 1)).next_power_of_two()];
        for (number, &case) in (1u32..).zip(live) {
            put(&mut table, hash(self.ids[case].as_bytes(), TermKind::Word), number);
        }
        out.section(Section::IdTable, |out| out.extend(table.iter().flat_map(|t| t.to_le_bytes())));
    }

    /// Facts and rows.
    fn write_rows(&self, live: &[usize], numbered: &Numbered<'_>, out: &mut Writer) {
        let facts = out.reserve(Section::Facts, facts::WIDTH * live.len());
        let starts = out.reserve(Section::RowStarts, 8 * (live.len() + 1));
        let texts = numbered.words + numbered.grams;
        let idfs: Vec<f64> = idfs(&numbered.df[..texts], live.len());
        out.section(Section::Rows, |out| {
            let from = out.len();
            let mut writer = RowWriter::default();
            for (number, &case) in live.iter().enumerate() {
                let width = facts + facts::WIDTH * number;
                self.facts(case, numbered, &idfs).write(&mut out[width..width + facts::WIDTH]);
                writer.write(self.row(case), out);
                put_len(out, starts + 8 * (number + 1), from);
            }
        });
    }

    fn facts(&self, case: usize, numbered: &Numbered<'_>, idfs: &[f64]) -> Facts {
        let mut totals = Totals::default();
        let mut numbers = [0; 3];
        // Pairs stand behind stems and n-grams.
        for (t, &idf) in self.row(case).iter().map_while(|t| Some((t, idfs.get(t.term as usize)?))) {
            if t.counts[0] == 0 && t.counts[1] == 0 {
                continue;
            }
            let is_word = (t.term as usize) < numbered.words;
            let sums = if is_word { &mut totals.words } else { &mut totals.grams };
            let [title, claim, ..] = t.counts.map(|c| u32::from(c > 0));
            sums[0] += f64::from(title) * idf;
            sums[1] += f64::from(claim) * idf;
            if is_word && numbered.is_number(t.term) {
                for (sum, here) in numbers.iter_mut().zip([title, claim, title | claim]) {
                    *sum += here;
                }
            }
        }
        Facts::new(self.lengths[case], numbers, totals, self.languages[case])
    }
}

/// Where the part of a case lies, by where the parts end.
fn range(ends: &[usize], case: usize) -> std::ops::Range<usize> {
    case.checked_sub(1).map_or(0, |before| ends[before])..ends[case]
}

/// The idf of terms that stand in so many of the cases. Terms of one frequency stand together, so the logarithm is taken
/// once for each.
fn idfs(df: &[u32], cases: usize) -> Vec<f64> {
    let equal = df.chunk_by(|a, b| a == b);
    equal.flat_map(|run| std::iter::repeat_n(idf(cases, run[0] as usize), run.len())).collect()
}

/// Puts a number in the first free slot from where its hash points.
fn put(table: &mut [u32], hash: u64, number: u32) {
    let mask = table.len() - 1;
    let mut slot = hash as usize & mask;
    while table[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    table[slot] = number;
}
