//! The searchable cases: a segment that never changes, and beside it what was added or removed since.
//!
//! A case is findable the moment it is added, whether the segment lies in the program, in memory or in a mapped file
//! of gigabytes. The frequencies of the segment's terms stay those of its making until the changes are a sixteenth of
//! all cases; then both are joined into a new segment, which reads no text again. Exact frequencies at all times were
//! rejected: everything derived from them (impacts, totals) would have to be computed when opening. A text index
//! library was rejected: ranking needs exact per-field counts of every candidate, and the index must be usable as a
//! library call in under a millisecond without a folder on disk.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bm25::idf;
use super::case::Case;
use super::later::{Added, Find, Later};
use super::segment::{Builder, CaseReader, Facts, List, Parts, Segment, Source};
pub(crate) use super::segment::{CaseTerm, Totals};
use crate::checksum::xxh64;
use crate::document::Language;
use crate::error::IndexProblem;
use crate::features::interner::LookUp;
use crate::features::lexicon::Terms;
use crate::features::vocabulary::TermKind;

/// Collects cases for an index, one at a time.
#[derive(Default)]
pub struct IndexBuilder(Builder);

impl IndexBuilder {
    /// Adds a case; an earlier one of the same id gives way and is given back.
    pub fn add(&mut self, case: &Case) -> Option<Case> {
        self.0.add(case)
    }

    /// The index of all cases added.
    pub fn finish(self) -> CaseIndex {
        CaseIndex::over(self.0.finish())
    }
}

/// The number of a case in a [`CaseIndex`], until the index next changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNo(pub u32);

impl CaseNo {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All cases and their terms.
pub struct CaseIndex {
    base: Segment,
    /// Cases of the segment that were removed.
    removed: BTreeSet<u32>,
    later: Later,
    reader: Option<Box<CaseReader>>,
    /// Idf of the terms that are in few cases, by how many: a text asks for a thousand.
    idfs: Box<[f64]>,
    /// Tells this state of this index from all others of the process.
    generation: u64,
}

/// Changes are joined with the segment when they are more than one in so many cases.
const JOINED_AT: usize = 16;

/// Frequencies whose idf is remembered.
const REMEMBERED: usize = 1024;

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Default for CaseIndex {
    fn default() -> Self {
        Self::over(Builder::default().finish())
    }
}

impl CaseIndex {
    /// An index of the given cases. Of cases with one id the last counts.
    pub fn new(cases: impl IntoIterator<Item = Case>) -> Self {
        Self::with_replaced(cases).0
    }

    /// As [`CaseIndex::new`], with the cases that gave way to a later one of the same id.
    pub fn with_replaced(cases: impl IntoIterator<Item = Case>) -> (Self, Vec<Case>) {
        let mut builder = IndexBuilder::default();
        let replaced = cases.into_iter().filter_map(|case| builder.add(&case)).collect();
        (builder.finish(), replaced)
    }

    /// An index of the cases of a segment.
    pub(crate) fn over(base: Segment) -> Self {
        let idfs = (0..REMEMBERED).map(|df| idf(base.cases().max(df), df)).collect();
        let (removed, later) = (BTreeSet::new(), Later::default());
        Self { base, removed, later, reader: None, idfs, generation: next_generation() }
    }

    /// Adds a case; one with the same id is replaced and given back.
    pub fn add(&mut self, case: Case) -> Option<Case> {
        let replaced = self.take(&case.id);
        self.append(case);
        self.changed();
        replaced
    }

    /// Removes a case and gives it back.
    pub fn remove(&mut self, id: &str) -> Option<Case> {
        let removed = self.take(id)?;
        self.changed();
        Some(removed)
    }

    fn take(&mut self, id: &str) -> Option<Case> {
        if let Some(added) = self.later.take(id, self.base.cases() as u32) {
            return Some(added.case);
        }
        let number = self.base.by_id(id).filter(|n| !self.removed.contains(n))?;
        let case = self.base.case(number).into_owned();
        self.removed.insert(number);
        Some(case)
    }

    fn append(&mut self, case: Case) {
        let Self { base, later, reader, .. } = self;
        let language = case.own_language();
        let (number, lengths) = later.append(base, reader.get_or_insert_default(), case);
        let (numbers, totals) = self.count(CaseNo(number));
        if let Some(Some(added)) = self.later.cases.last_mut() {
            added.facts = Facts::new(lengths, numbers, totals, language);
        }
    }

    /// Numbers and totals of a case by its terms.
    fn count(&self, case: CaseNo) -> ([u32; 3], Totals) {
        let (mut numbers, mut totals) = ([0; 3], Totals::default());
        let count = |t: CaseTerm| {
            let [title, claim, ..] = t.counts.map(|c| u32::from(c > 0));
            let sums = match self.kind(t.term) {
                TermKind::Word => &mut totals.words,
                TermKind::Chars => &mut totals.grams,
                TermKind::Pair => return,
            };
            if title | claim == 0 {
                return;
            }
            let idf = self.idf(t.term);
            sums[0] += f64::from(title) * idf;
            sums[1] += f64::from(claim) * idf;
            if self.is_number(t.term) {
                for (sum, here) in numbers.iter_mut().zip([title, claim, title | claim]) {
                    *sum += here;
                }
            }
        };
        self.each_term(case, |_| true, count);
        (numbers, totals)
    }

    fn changed(&mut self) {
        self.generation = next_generation();
        if self.changes() * JOINED_AT > self.base.cases() {
            self.join();
        }
    }

    /// Cases added and removed since the segment was made.
    pub(crate) fn changes(&self) -> usize {
        self.removed.len() + self.later.cases.len()
    }

    /// Joins the segment and its changes. Numbers of cases and terms change.
    fn join(&mut self) {
        if let Some(joined) = self.joined() {
            *self = Self::over(joined);
        }
    }

    /// A segment of all cases, if there are changes.
    pub(crate) fn joined(&self) -> Option<Segment> {
        if self.changes() == 0 {
            return None;
        }
        let mut parts = Parts::default();
        for number in self.numbers() {
            self.each_term(number, |_| true, |t| parts.add_term(t));
            parts.close(&self.case(number), self.lengths(number));
        }
        let (base, later) = (&self.base, &self.later.terms);
        let first = base.terms();
        let texts = |kind: TermKind| (0..first).filter(move |&t| base.kind(t) == kind).map(|t| (base.text(t), t));
        let joined = parts.finish(Source {
            end: first as usize + later.end(),
            words: texts(TermKind::Word).chain(later.words().map(|(w, n)| (w, n + first))).collect(),
            grams: texts(TermKind::Chars).chain(later.grams().map(|(g, n)| (g, n + first))).collect(),
            pairs: base.pairs().chain(later.pairs().map(|(p, n)| (p, n + first))).collect(),
            is_number: &|term| self.is_number(term),
        });
        // Damage met on the way stays known.
        if let Some(at) = base.layout().damage() {
            joined.layout().note(usize::try_from(at).unwrap_or(usize::MAX - 1));
        }
        Some(joined)
    }

    /// The unchanging part.
    pub(crate) fn base(&self) -> &Segment {
        &self.base
    }

    /// What has been read so far was whole. Damage is met only where a saved index is read, so this is asked after an
    /// answer, too.
    pub(crate) fn damage(&self) -> Option<IndexProblem> {
        self.base.layout().damage().map(|at| IndexProblem::Checksum { at })
    }

    /// Tells whether anything changed since it last was this number.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Tells the cases of this index from others: equal for the same cases with the same changes, in any process.
    pub fn fingerprint(&self) -> u64 {
        let mut parts = self.base.layout().identity.to_le_bytes().to_vec();
        parts.extend(self.removed.iter().flat_map(|n| n.to_le_bytes()));
        for added in self.later.cases.iter().flatten() {
            // A record that came in as JSON can be written as JSON.
            let _ = serde_json::to_writer(&mut parts, &added.case);
        }
        xxh64(&parts)
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.base.cases() - self.removed.len() + self.later.by_id.len()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn added(&self, number: CaseNo) -> Option<&Added> {
        self.later.cases.get(number.index().checked_sub(self.base.cases())?)?.as_ref()
    }

    /// A case by its number. Where a saved index is damaged, a case with nothing but its id.
    pub fn case(&self, number: CaseNo) -> Cow<'_, Case> {
        match self.added(number) {
            Some(added) => Cow::Borrowed(&added.case),
            None if self.is_live(number) => self.base.case(number.0),
            None => Cow::Owned(Case::default()),
        }
    }

    /// The id of a case, without reading its record.
    pub fn id(&self, number: CaseNo) -> &str {
        self.added(number).map_or_else(|| self.base.id(number.0), |added| &added.case.id)
    }

    /// The language of a case's own words, without reading its record.
    pub(crate) fn language(&self, number: CaseNo) -> Option<Language> {
        self.facts(number).language()
    }

    /// A case by its id.
    pub fn by_id(&self, id: &str) -> Option<Cow<'_, Case>> {
        self.number(id).map(|number| self.case(number))
    }

    /// The number of a case by its id.
    pub fn number(&self, id: &str) -> Option<CaseNo> {
        if let Some(&at) = self.later.by_id.get(id) {
            return Some(CaseNo(self.base.cases() as u32 + at));
        }
        self.base.by_id(id).filter(|n| !self.removed.contains(n)).map(CaseNo)
    }

    /// All cases in order of adding.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Case>> {
        self.numbers().map(|n| self.case(n))
    }

    /// Whether a number names a case.
    pub(crate) fn is_live(&self, number: CaseNo) -> bool {
        if number.index() < self.base.cases() {
            return self.removed.is_empty() || !self.removed.contains(&number.0);
        }
        self.added(number).is_some()
    }

    /// Numbers of all cases, in order of adding.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = CaseNo> {
        (0..self.capacity() as u32).map(CaseNo).filter(|&n| self.is_live(n))
    }

    /// Numbers of the segment's cases that were removed.
    pub(crate) fn removed(&self) -> &BTreeSet<u32> {
        &self.removed
    }

    /// One more than the largest case number.
    pub(crate) fn capacity(&self) -> usize {
        self.base.cases() + self.later.cases.len()
    }

    /// Gives the terms of a case that are `wanted`, in growing order; none of a case that is gone. Quick where `wanted`
    /// answers without branching.
    #[inline]
    pub(crate) fn each_term(&self, case: CaseNo, wanted: impl Fn(u32) -> bool, visit: impl FnMut(CaseTerm)) {
        match self.added(case) {
            Some(added) => added.row.iter().copied().filter(|t| wanted(t.term)).for_each(visit),
            None if self.is_live(case) => self.base.row(case.0).each(wanted, visit),
            None => {}
        }
    }

    /// What is known of a case without reading its record or its terms.
    pub(crate) fn facts(&self, case: CaseNo) -> Facts {
        self.added(case).map_or_else(|| self.base.facts(case.0), |added| added.facts)
    }

    /// Words per field of a case.
    pub(crate) fn lengths(&self, case: CaseNo) -> [u32; 4] {
        self.facts(case).lengths
    }

    /// Mean words per field when the segment was made.
    pub(crate) fn mean_lengths(&self) -> [f64; 4] {
        self.base.mean_lengths()
    }

    /// Distinct numbers in the title, the claim, or both of a case.
    pub(crate) fn numbers_in(&self, case: CaseNo, [title, claim]: [bool; 2]) -> u32 {
        let [in_title, in_claim, in_either] = self.facts(case).numbers;
        match (title, claim) {
            (true, true) => in_either,
            (true, false) => in_title,
            (false, true) => in_claim,
            (false, false) => 0,
        }
    }

    /// Whether a term is a stem made of digits.
    pub(crate) fn is_number(&self, term: u32) -> bool {
        match term.checked_sub(self.base.terms()) {
            Some(new) => self.later.numbers.get(new as usize).copied().unwrap_or(false),
            None => self.base.is_number(term),
        }
    }

    /// The kind of a term.
    pub(crate) fn kind(&self, term: u32) -> TermKind {
        match term.checked_sub(self.base.terms()) {
            Some(new) => self.later.terms.kind(new),
            None => self.base.kind(term),
        }
    }

    /// The text of a stem or n-gram; empty for one that came with a change not yet joined.
    pub(crate) fn text(&self, term: u32) -> &str {
        if term < self.base.terms() { self.base.text(term) } else { "" }
    }

    /// In how many cases a term stands: of the segment if it has the term, otherwise of those added.
    pub(crate) fn df(&self, term: u32) -> usize {
        match self.base.df(term) {
            0 => self.later_list(term).len(),
            df => df as usize,
        }
    }

    /// The idf of a term.
    pub(crate) fn idf(&self, term: u32) -> f64 {
        self.idf_of(self.df(term))
    }

    /// The idf of a term that stands in so many cases.
    pub(crate) fn idf_of(&self, df: usize) -> f64 {
        self.idfs.get(df).copied().unwrap_or_else(|| idf(self.base.cases().max(df), df))
    }

    /// The segment's cases of a term, removed ones among them.
    #[inline]
    pub(crate) fn list(&self, term: u32) -> List<'_> {
        self.base.list(term)
    }

    /// The added cases of a term with their impacts.
    #[inline]
    pub(crate) fn later_list(&self, term: u32) -> &[(u32, u8)] {
        let list = if self.later.lists.is_empty() { None } else { self.later.lists.get(&term) };
        list.map_or(&[], Vec::as_slice)
    }

    /// Finds terms by their text.
    pub(crate) fn look_up(&self) -> impl Terms {
        Find { base: &self.base, later: LookUp(&self.later.terms) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::candidates::Query;
    use proptest::prelude::*;

    fn case(id: &str, claim: &str) -> Case {
        Case { id: id.into(), claim: claim.into(), language: "en".into(), ..Case::default() }
    }

    #[test]
    fn a_replaced_or_removed_case_leaves_no_trace() {
        let mut grown = CaseIndex::new([case("a", "The moon is made of cheese"), case("b", "Cheese cures colds")]);
        assert!(grown.add(case("a", "The earth is flat")).is_some());
        assert!(grown.remove("b").is_some());
        assert!(grown.remove("b").is_none());
        assert_eq!((grown.len(), grown.by_id("a").unwrap().claim.as_str()), (1, "The earth is flat"));
        // So small an index is joined at once: it is the one made afresh, byte by byte.
        let fresh = CaseIndex::new([case("a", "The earth is flat")]);
        assert_eq!(grown.base.layout().raw(), fresh.base.layout().raw());
        let (built, replaced) =
            CaseIndex::with_replaced([case("a", "old"), case("b", "x"), case("a", "The earth is flat")]);
        assert_eq!((built.len(), replaced[0].claim.as_str()), (2, "old"));
        assert_eq!(built.by_id("a").unwrap().claim, "The earth is flat");
    }

    fn claims(n: usize) -> impl Iterator<Item = Case> {
        (0..n).map(|i| case(&format!("c{i}"), &format!("claim number {i} of {} kinds and {}", i % 7, i % 5)))
    }

    /// Such frequencies are not written beside the pairs.
    #[test]
    fn a_pair_in_very_many_cases_keeps_its_frequency() {
        let index = CaseIndex::new(claims(300));
        assert!(index.base.verify().is_ok());
        let word = |w| index.look_up().word(w).unwrap();
        let pair = index.look_up().pair(word("claim"), word("number")).unwrap();
        assert_eq!(index.df(pair), 300);
    }

    proptest! {
        /// Whatever is added, changed and removed: joined, the index is the one made afresh.
        #[test]
        fn changes_joined_are_a_fresh_index(changes in prop::collection::vec((0usize..130, any::<bool>()), 0..12)) {
            let mut grown = CaseIndex::new(claims(120));
            let mut list: Vec<Case> = claims(120).collect();
            for (at, remove) in changes {
                let id = format!("c{at}");
                let known = list.iter().position(|c| c.id == id);
                if let Some(known) = known {
                    list.remove(known);
                }
                if remove {
                    prop_assert_eq!(grown.remove(&id).is_some(), known.is_some());
                } else {
                    list.push(case(&id, &format!("zebra {at} number 2014")));
                    prop_assert_eq!(grown.add(list[list.len() - 1].clone()).is_some(), known.is_some());
                }
                prop_assert_eq!(grown.len(), list.len());
                let found = Query::default().first_stage(&grown, "zebra number 2014", None, 500);
                let known: Vec<&str> = list.iter().map(|c| c.id.as_str()).collect();
                prop_assert!(found.iter().all(|f| known.contains(f)));
                prop_assert!(list.iter().all(|c| !c.claim.starts_with("zebra") || found.contains(&c.id.as_str())));
            }
            prop_assert_eq!(grown.iter().map(Cow::into_owned).collect::<Vec<_>>(), list.clone());
            grown.join();
            let fresh = CaseIndex::new(list);
            prop_assert_eq!(grown.base.layout().raw(), fresh.base.layout().raw());
            prop_assert!(fresh.base.verify().is_ok());
        }
    }
}
