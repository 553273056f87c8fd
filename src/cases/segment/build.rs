//! Reads cases and writes a segment; joins a segment and its changes into a new one without reading the texts again.
//!
//! Everything is counted in memory and laid out once: terms get their numbers by frequency, rows are sorted, lists are
//! filled by counting. Sorting runs on disk were rejected: the bases at hand (a hundred bytes of counts per kilobyte
//! of text) fit into memory up to a few million cases.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

use super::code::write_list;
use super::facts::{Facts, Totals};
use super::layout::{self, Counts, SECTIONS, Section};
use super::row::write_row;
use super::{CaseTerm, Segment, hash, mean};
use crate::cases::bm25::{ALL_FIELDS, FieldWeights, idf};
use crate::cases::case::{Case, Field};
use crate::features::interner::Interner;
use crate::features::lexicon::{Lexicon, Reading, Terms};
use crate::features::tfidf::FeatureSettings;
use crate::features::vocabulary::TermKind;
use crate::model::mapped::Blob;
use crate::text::analyser::Analysis;
use crate::text::token::TokenKind;

/// What is indexed of a short field: stems, pairs, character n-grams of 3 and 4.
pub(crate) fn short_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (3, 4), ..FeatureSettings::default() }
}

/// What is indexed of a long field: stems and pairs. Its n-grams would be most of the index and say little.
pub(crate) fn long_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (1, 0), ..FeatureSettings::default() }
}

/// A disproof is indexed up to this many bytes; what a case is about stands in front.
const LONGEST_FIELD: usize = 6_000;

/// Reads cases into rows of terms: memories of words with and without n-grams, and room to count in.
pub(crate) struct CaseReader {
    short: Lexicon,
    long: Lexicon,
    analysis: Analysis,
    reading: Reading,
    /// Term and field above the count.
    counted: Vec<u64>,
}

impl Default for CaseReader {
    fn default() -> Self {
        Self {
            short: Lexicon::new(&short_settings()),
            long: Lexicon::new(&long_settings()),
            analysis: Analysis::default(),
            reading: Reading::default(),
            counted: Vec::new(),
        }
    }
}

impl CaseReader {
    /// Adds the terms of a case to `row`, in growing order, and gives the words per field. `number` is told every term
    /// that is a number.
    pub(crate) fn read(
        &mut self,
        case: &Case,
        terms: &mut impl Terms,
        mut number: impl FnMut(u32),
        row: &mut Vec<CaseTerm>,
    ) -> [u32; 4] {
        let mut lengths = [0; 4];
        let Self { short, long, analysis, reading, counted } = self;
        counted.clear();
        for field in Field::ALL {
            let text = case.field(field);
            let text = &text[..text.floor_char_boundary(LONGEST_FIELD)];
            if text.is_empty() {
                continue;
            }
            analysis.analyse(text, case.own_language());
            let lexicon = if field == Field::Disproof { &mut *long } else { &mut *short };
            lexicon.read(analysis, terms, reading);
            for (at, _) in analysis.tokens.iter().enumerate().filter(|(_, t)| t.kind == TokenKind::Number) {
                let term = lexicon.word_of(reading, at);
                if term != u32::MAX {
                    number(term);
                }
            }
            lengths[field as usize] = reading.words as u32;
            for &term in &reading.terms {
                let count = reading.count(term).min(u32::from(u8::MAX));
                counted.push(u64::from(term) << 32 | (field as u64) << 8 | u64::from(count));
            }
        }
        counted.sort_unstable();
        let from = row.len();
        for &entry in counted.iter() {
            let (term, field, count) = ((entry >> 32) as u32, (entry >> 8) as usize & 3, entry as u8);
            if row[from..].last().is_none_or(|t| t.term != term) {
                row.push(CaseTerm { term, counts: [0; 4] });
            }
            if let Some(last) = row.last_mut() {
                last.counts[field] = count;
            }
        }
        lengths
    }
}

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

/// Where the texts of terms come from, by their numbers so far.
pub(crate) struct Source<'t> {
    /// Number of terms.
    pub(crate) len: usize,
    /// Stems.
    pub(crate) words: Vec<(&'t str, u32)>,
    /// Character n-grams.
    pub(crate) grams: Vec<(&'t str, u32)>,
    /// Pairs of stems.
    pub(crate) pairs: Vec<((u32, u32), u32)>,
    /// Whether a term is a number.
    pub(crate) is_number: &'t dyn Fn(u32) -> bool,
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
        let Self { terms, numbers, parts, .. } = self;
        parts.finish(Source {
            len: terms.len(),
            words: terms.words().collect(),
            grams: terms.grams().collect(),
            pairs: terms.pairs().collect(),
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
        let range = before(&self.record_ends, number)..self.record_ends[number];
        serde_json::from_slice(&self.records[range]).unwrap_or_default()
    }

    /// The terms of a case in growing order. Of a damaged segment some have no final number and stand last: not given.
    fn row(&self, case: usize) -> &[CaseTerm] {
        let row = &self.rows[before(&self.row_ends, case)..self.row_ends[case]];
        let unknown = row.iter().rev().take_while(|t| t.term == u32::MAX).count();
        &row[..row.len() - unknown]
    }

    /// Gives terms their final numbers and lays everything out.
    pub(crate) fn finish(mut self, source: Source<'_>) -> Segment {
        let live: Vec<usize> = (0..self.ids.len()).filter(|&c| !self.dead[c]).collect();
        let mut df = vec![0u32; source.len];
        for &case in &live {
            self.row(case).iter().for_each(|t| df[t.term as usize] += 1);
        }
        let numbered = Numbered::new(source, &df);
        drop(df);
        let mut rows = Vec::with_capacity(self.ids.len());
        let mut rest = self.rows.as_mut_slice();
        for case in 0..self.ids.len() {
            let (row, after) = rest.split_at_mut(self.row_ends[case] - before(&self.row_ends, case));
            rows.push(row);
            rest = after;
        }
        rows.par_iter_mut().enumerate().filter(|(case, _)| !self.dead[*case]).for_each(|(_, row)| {
            row.iter_mut().for_each(|t| t.term = numbered.number[t.term as usize]);
            row.sort_unstable_by_key(|t| t.term);
        });
        drop(rows);
        let mut sections: [Vec<u8>; SECTIONS] = std::array::from_fn(|_| Vec::new());
        let mut lengths = [0; 4];
        for &case in &live {
            for (sum, &length) in lengths.iter_mut().zip(&self.lengths[case]) {
                *sum += u64::from(length);
            }
        }
        self.write_cases(&live, &numbered, &mut sections);
        let counts = Counts {
            cases: live.len(),
            words: numbered.words,
            grams: numbered.grams,
            pairs: numbered.pairs.len(),
            lengths,
        };
        let lists = Lists::new(&self, &live, &numbered.df, mean(lengths, live.len()));
        drop(self);
        lists.write(live.len(), &mut sections);
        numbered.write(&mut sections);
        let bytes = layout::write(sections, &counts);
        // What was just written fits together, unless this code is wrong; the tests would show it.
        Segment::open(Arc::new(Blob::Owned(bytes)), true).unwrap_or_else(|problem| unreachable!("{problem}"))
    }

    /// Records, ids, facts and rows.
    fn write_cases(&mut self, live: &[usize], numbered: &Numbered<'_>, out: &mut [Vec<u8>; SECTIONS]) {
        let records = std::mem::take(&mut self.records);
        let mut table = vec![0u32; (2 * (live.len() + 1)).next_power_of_two()];
        let mut idf_of = IdfOf { cases: live.len(), by_df: Vec::new() };
        for (number, &case) in (1u32..).zip(live) {
            let id = self.ids[case].as_bytes();
            start64(out, Section::RecordStarts, Section::Records);
            out[Section::Records as usize].extend(&records[before(&self.record_ends, case)..self.record_ends[case]]);
            start32(out, Section::IdStarts, Section::Ids);
            out[Section::Ids as usize].extend(id);
            put(&mut table, hash(id, TermKind::Word), number);
            start64(out, Section::RowStarts, Section::Rows);
            write_row(self.row(case), &mut out[Section::Rows as usize]);
            self.facts(case, numbered, &mut idf_of).write(&mut out[Section::Facts as usize]);
        }
        start64(out, Section::RecordStarts, Section::Records);
        start32(out, Section::IdStarts, Section::Ids);
        start64(out, Section::RowStarts, Section::Rows);
        out[Section::IdTable as usize] = table.iter().flat_map(|t| t.to_le_bytes()).collect();
    }

    fn facts(&self, case: usize, numbered: &Numbered<'_>, idf_of: &mut IdfOf) -> Facts {
        let mut totals = Totals::default();
        let mut numbers = [0; 3];
        for t in self.row(case) {
            if t.counts[0] == 0 && t.counts[1] == 0 {
                continue;
            }
            let sums = match numbered.kind(t.term) {
                TermKind::Word => &mut totals.words,
                TermKind::Chars => &mut totals.grams,
                TermKind::Pair => break,
            };
            let idf = idf_of.get(numbered.df[t.term as usize]);
            let [title, claim, ..] = t.counts.map(|c| u32::from(c > 0));
            sums[0] += f64::from(title) * idf;
            sums[1] += f64::from(claim) * idf;
            if numbered.is_number(t.term) {
                for (sum, here) in numbers.iter_mut().zip([title, claim, title | claim]) {
                    *sum += here;
                }
            }
        }
        Facts::new(self.lengths[case], numbers, totals, self.languages[case])
    }
}

fn before(ends: &[usize], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |b| ends[b])
}

/// A pair in so many cases or more has its frequency with its list only.
pub(super) const MANY: u8 = u8::MAX;

/// Few frequencies are distinct, so the logarithm is taken once for each.
struct IdfOf {
    cases: usize,
    by_df: Vec<f64>,
}

impl IdfOf {
    fn get(&mut self, df: u32) -> f64 {
        let df = df as usize;
        if self.by_df.len() <= df {
            self.by_df.resize(df + 1, f64::NAN);
        }
        if self.by_df[df].is_nan() {
            self.by_df[df] = idf(self.cases, df);
        }
        self.by_df[df]
    }
}

/// The terms that stand in some case, by their final numbers.
struct Numbered<'t> {
    /// Final numbers by those so far.
    number: Vec<u32>,
    df: Vec<u32>,
    words: usize,
    grams: usize,
    texts: Vec<&'t str>,
    /// Final numbers of the stems of each pair, in growing order.
    pairs: Vec<(u32, u32)>,
    numbers: Vec<u8>,
}

impl<'t> Numbered<'t> {
    fn new(source: Source<'t>, old_df: &[u32]) -> Self {
        let Source { len, mut words, mut grams, mut pairs, is_number } = source;
        let mut number = vec![u32::MAX; len];
        let df = |old: u32| old_df[old as usize];
        let (mut texts, mut new_df) = (Vec::new(), Vec::new());
        let mut numbers = Vec::new();
        let mut kinds = [0; 2];
        for (kind, terms) in [&mut words, &mut grams].into_iter().enumerate() {
            terms.retain(|t| df(t.1) > 0);
            terms.par_sort_unstable_by(|a, b| df(b.1).cmp(&df(a.1)).then(a.0.cmp(b.0)));
            kinds[kind] = terms.len();
            for &(text, old) in terms.iter() {
                let new = texts.len();
                number[old as usize] = new as u32;
                new_df.push(df(old));
                texts.push(text);
                if kind == 0 {
                    numbers.resize(new / 8 + 1, 0);
                    numbers[new / 8] |= u8::from(is_number(old)) << (new % 8);
                }
            }
        }
        pairs.retain(|p| df(p.1) > 0);
        let mut pairs: Vec<((u32, u32), u32)> =
            pairs.into_iter().map(|((a, b), old)| ((number[a as usize], number[b as usize]), old)).collect();
        pairs.par_sort_unstable();
        for (new, &(_, old)) in (texts.len() as u32..).zip(&pairs) {
            number[old as usize] = new;
            new_df.push(df(old));
        }
        let pairs = pairs.into_iter().map(|p| p.0).collect();
        Self { number, df: new_df, words: kinds[0], grams: kinds[1], texts, pairs, numbers }
    }

    fn kind(&self, term: u32) -> TermKind {
        match term as usize {
            t if t < self.words => TermKind::Word,
            t if t < self.words + self.grams => TermKind::Chars,
            _ => TermKind::Pair,
        }
    }

    fn is_number(&self, term: u32) -> bool {
        (term as usize) < self.words && self.numbers[term as usize / 8] >> (term % 8) & 1 == 1
    }

    /// The dictionary.
    fn write(self, out: &mut [Vec<u8>; SECTIONS]) {
        let slots = (2 * (self.texts.len() + 1)).next_power_of_two();
        let mut table = vec![(0u32, 0u32); slots];
        for (number, text) in (1u32..).zip(&self.texts) {
            start32(out, Section::TextStarts, Section::Texts);
            out[Section::Texts as usize].extend(text.as_bytes());
            let hash = hash(text.as_bytes(), self.kind(number - 1));
            let mut slot = hash as usize & (slots - 1);
            while table[slot].1 != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = ((hash >> 32) as u32, number);
        }
        start32(out, Section::TextStarts, Section::Texts);
        let table = table.iter().flat_map(|t| [t.0.to_le_bytes(), t.1.to_le_bytes()]);
        out[Section::TextTable as usize] = table.flatten().collect();
        let mut at = 0;
        for first in 0..=self.words as u32 {
            at += self.pairs[at..].iter().take_while(|p| p.0 < first).count();
            out[Section::PairStarts as usize].extend((at as u32).to_le_bytes());
        }
        out[Section::PairSeconds as usize] = self.pairs.iter().flat_map(|p| p.1.to_le_bytes()).collect();
        out[Section::Numbers as usize] = self.numbers;
        let (texts, pairs) = self.df.split_at(self.texts.len());
        let mut last = None;
        for (term, &df) in (0u32..).zip(texts) {
            if last.replace(df) != Some(df) {
                out[Section::Frequencies as usize].extend([term, df].into_iter().flat_map(u32::to_le_bytes));
            }
        }
        out[Section::PairFrequencies as usize] = pairs.iter().map(|&df| u8::try_from(df).unwrap_or(MANY)).collect();
    }
}

/// The cases of every term, one list after the other.
struct Lists {
    ends: Vec<usize>,
    postings: Vec<(u32, u8)>,
}

impl Lists {
    fn new(parts: &Parts, live: &[usize], df: &[u32], mean: [f64; 4]) -> Self {
        let mut next = Vec::with_capacity(df.len());
        let mut end = 0usize;
        for &df in df {
            next.push(end);
            end += df as usize;
        }
        let mut postings = vec![(0u32, 0u8); end];
        for (number, &case) in (0..).zip(live) {
            let weights = FieldWeights::new(parts.lengths[case], mean);
            for t in parts.row(case) {
                let at = &mut next[t.term as usize];
                postings[*at] = (number, weights.impact(t.counts, ALL_FIELDS));
                *at += 1;
            }
        }
        Self { ends: next, postings }
    }

    fn write(&self, cases: usize, out: &mut [Vec<u8>; SECTIONS]) {
        for at in 0..self.ends.len() {
            start64(out, Section::ListStarts, Section::Lists);
            let list = &self.postings[before(&self.ends, at)..self.ends[at]];
            write_list(list, cases, &mut out[Section::Lists as usize]);
        }
        start64(out, Section::ListStarts, Section::Lists);
    }
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

/// Notes where the next part of a section starts.
fn start32(out: &mut [Vec<u8>; SECTIONS], starts: Section, of: Section) {
    let at = out[of as usize].len() as u32;
    out[starts as usize].extend(at.to_le_bytes());
}

fn start64(out: &mut [Vec<u8>; SECTIONS], starts: Section, of: Section) {
    let at = out[of as usize].len() as u64;
    out[starts as usize].extend(at.to_le_bytes());
}
