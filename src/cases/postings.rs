//! Which cases hold a term: one flat list for the cases known at the start, small lists for those added later.
//!
//! A list per term for everything was rejected: a case base has a hundred terms per case that stand in one case only,
//! and as many allocations made half of the time to a first answer.

use rustc_hash::FxHashMap;

use super::index::{CaseNo, CaseTerm, FieldCounts};

/// One case of one term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    pub(crate) case: CaseNo,
    pub(crate) counts: FieldCounts,
}

/// The cases of every term. Removed cases stay listed; who reads must pass them over.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    /// Per term where its list in `first` starts, and where the last ends.
    starts: Vec<u32>,
    first: Vec<Posting>,
    later: FxHashMap<u32, Vec<Posting>>,
    /// Live cases per term.
    df: Vec<u32>,
}

impl Postings {
    /// Lists the terms of the first cases, `rows[i]` those of case `i`.
    pub(crate) fn new(rows: &[Box<[CaseTerm]>], terms: usize) -> Self {
        let mut starts = vec![0u32; terms + 1];
        for t in rows.iter().flat_map(|row| row.iter()) {
            starts[t.term as usize + 1] += 1;
        }
        let df = starts[1..].to_vec();
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut first = vec![Posting { case: CaseNo(0), counts: [0; 4] }; starts[terms] as usize];
        for (case, row) in rows.iter().enumerate() {
            for t in row {
                let at = &mut next[t.term as usize];
                first[*at as usize] = Posting { case: CaseNo(case as u32), counts: t.counts };
                *at += 1;
            }
        }
        Self { starts, first, later: FxHashMap::default(), df }
    }

    /// Lists the terms of one more case.
    pub(crate) fn add(&mut self, case: CaseNo, row: &[CaseTerm], terms: usize) {
        self.df.resize(terms, 0);
        for t in row {
            self.df[t.term as usize] += 1;
            self.later.entry(t.term).or_default().push(Posting { case, counts: t.counts });
        }
    }

    /// Counts a removed case out.
    pub(crate) fn remove(&mut self, row: &[CaseTerm]) {
        for t in row {
            self.df[t.term as usize] -= 1;
        }
    }

    /// In how many cases a term stands.
    pub(crate) fn df(&self, term: u32) -> usize {
        self.df[term as usize] as usize
    }

    /// Number of terms.
    pub(crate) fn terms(&self) -> usize {
        self.df.len()
    }

    /// All lists of the cases known at the start, one after the other; see [`Postings::place`].
    pub(crate) fn flat(&self) -> &[Posting] {
        &self.first
    }

    /// Where the list of a term lies in [`Postings::flat`].
    #[inline]
    pub(crate) fn place(&self, term: u32) -> std::ops::Range<usize> {
        let at = term as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            _ => 0..0,
        }
    }

    /// The cases of a term that were added later, removed ones among them, in order of adding.
    #[inline]
    pub(crate) fn later(&self, term: u32) -> &[Posting] {
        let later = if self.later.is_empty() { None } else { self.later.get(&term) };
        later.map_or(&[], Vec::as_slice)
    }
}
