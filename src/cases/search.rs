//! The first stage: the exact `k` best cases by the sum of their terms' impacts.
//!
//! Term at a time, over one sum per case, with `MaxScore`'s bound (Turtle and Flood, "Query evaluation", 1995): lists are
//! added from the most telling per posting to the least; once what is left cannot lift a case outside into the best `k`
//! and judging the cases still possible by their own terms costs less than the lists left, those cases are judged and
//! the rest of the lists is never read. Document at a time (block-max WAND) was rejected: a text has hundreds of terms,
//! most of them common n-grams of little weight, and moving hundreds of cursors costs more than adding up the lists of
//! the few that matter. Sums are whole numbers, so skipping changes no score and no order.

use super::bm25::{ALL_FIELDS, FieldMask, FieldWeights, SATURATED, share};
use super::candidates::QueryTerm;
use super::index::{CaseIndex, CaseNo, CaseTerm};
use super::segment::{CHUNK, List};
use super::slots::Slots;
use crate::features::vocabulary::TermKind;

/// A case that may repeat the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) case: CaseNo,
    /// BM25 score, not comparable between texts.
    pub(crate) score: f64,
    /// Whether it is here only because texts like this one were judged to repeat it.
    pub(crate) by_appearance: bool,
}

impl Candidate {
    fn new(key: u64, step: f64) -> Self {
        Self { case: CaseNo(case_of(key)), score: f64::from(sum_of(key)) * step, by_appearance: false }
    }
}

/// Working memory of a search.
pub(crate) struct Search {
    /// Reading the terms of a case costs as much as so many postings.
    row_cost: usize,
    /// One sum per case; as many more as fill the last chunk.
    sums: Vec<u32>,
    /// Sum above, case below (negated, so that the smaller number comes first among equals).
    best: Vec<u64>,
    /// Postings and rows read in the last search, for tests and benches.
    pub(crate) read: (usize, usize),
}

/// One list of the query.
struct Weighted<'i> {
    term: u32,
    weight: u32,
    list: List<'i>,
    /// Its bound per posting.
    worth: f64,
}

impl Weighted<'_> {
    /// The most a case can get from this list.
    fn bound(&self) -> u64 {
        u64::from(self.weight) * u64::from(self.list.most)
    }
}

impl Default for Search {
    fn default() -> Self {
        Self { row_cost: ROW, sums: Vec::new(), best: Vec::new(), read: (0, 0) }
    }
}

/// See [`Search::row_cost`]. Measured over 86,375 cases: with 300 or 500 all stages of an answer together take 3 to 7 in a
/// hundred more of the processor's time, with 800 or 3000 as much or more.
const ROW: usize = 1500;

/// Character n-grams in more than this share of the cases (and in more than [`FEW`]) are left to the ranker: a tenth of
/// the score and most of the time would be theirs.
const COMMON_GRAM: f64 = 0.02;
const FEW: f64 = 64.0;

/// A search of some fields looks at so many times as many cases found by all fields.
const OTHERS: usize = 4;

/// Looking over all sums costs as much as a posting for so many cases.
const LOOK: usize = 8;

fn key(sum: u32, case: u32) -> u64 {
    u64::from(sum) << 32 | u64::from(!case)
}

fn sum_of(key: u64) -> u32 {
    (key >> 32) as u32
}

fn case_of(key: u64) -> u32 {
    !(key as u32)
}

/// The weights of terms as whole numbers whose sums fit into 31 bits, and what one step is worth in scores.
fn whole_weights(index: &CaseIndex, terms: &[QueryTerm]) -> (Vec<u32>, f64) {
    // The idf falls as the frequency rises.
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let common = (COMMON_GRAM * index.len() as f64).max(FEW) as usize;
    let least = index.idf_of(common);
    let counts = |t: &QueryTerm| t.kind != TermKind::Chars || t.idf >= least;
    let real = |t: &QueryTerm| if counts(t) { share(t.kind) * t.idf * t.weight } else { 0.0 };
    let real: Vec<f64> = terms.iter().map(real).collect();
    let total: f64 = real.iter().sum();
    let scale = f64::from(1u32 << 30) / f64::from(u8::MAX) / (total + 1.0);
    // At least one, so that a case that shares any term is found; a million terms of weight one still fit.
    #[expect(clippy::cast_sign_loss, reason = "no idf is negative")]
    let whole = real.iter().map(|w| if *w > 0.0 { ((w * scale).round() as u32).max(1) } else { 0 }).collect();
    (whole, SATURATED / (scale * f64::from(u8::MAX)))
}

impl Search {
    /// The `k` best cases, best first; cases of equal score by their number. `pruned` false reads every list: the
    /// reference that pruning must agree with.
    pub(crate) fn top(&mut self, index: &CaseIndex, terms: &[QueryTerm], k: usize, pruned: bool) -> Vec<Candidate> {
        if k == 0 || terms.is_empty() {
            return Vec::new();
        }
        let (weights, step) = whole_weights(index, terms);
        let lists = self.begin(index, terms, &weights);
        if let Some(left) = self.add(index, &lists, k, pruned) {
            self.judge(index, &lists[left..], k);
        } else {
            self.select(index, k, 1);
        }
        self.best.iter().map(|&b| Candidate::new(b, step)).collect()
    }

    /// Good cases by the fields of `mask` alone: the best `k` of those that are among the best by all fields, and no other.
    /// For learning, not for answering.
    pub(crate) fn top_in(
        &mut self,
        index: &CaseIndex,
        terms: &[QueryTerm],
        mask: FieldMask,
        k: usize,
    ) -> Vec<Candidate> {
        if mask == ALL_FIELDS {
            return self.top(index, terms, k, true);
        }
        let found: Vec<CaseNo> = self.top(index, terms, OTHERS * k, true).iter().map(|c| c.case).collect();
        let mut best = self.scores(index, terms, mask, &found);
        best.retain(|c| c.score > 0.0);
        best.truncate(k);
        best
    }

    /// The given cases with their scores by the fields of `mask`, best first; 0 for those that share no term.
    pub(crate) fn scores(
        &mut self,
        index: &CaseIndex,
        terms: &[QueryTerm],
        mask: FieldMask,
        cases: &[CaseNo],
    ) -> Vec<Candidate> {
        if cases.is_empty() {
            return Vec::new();
        }
        let (weights, step) = whole_weights(index, terms);
        let mut slots = Slots::default();
        slots.assign(terms.iter().map(|t| t.term));
        self.best.clear();
        for &case in cases {
            let fields = FieldWeights::new(index.lengths(case), index.mean_lengths());
            let mut sum = 0;
            let add = |t: CaseTerm| {
                sum += slots.get(t.term).map_or(0, |slot| weights[slot] * u32::from(fields.impact(t.counts, mask)));
            };
            index.each_term(case, |term| slots.may_have(term), add);
            self.best.push(key(sum, case.0));
        }
        self.best.sort_unstable_by(|a, b| b.cmp(a));
        self.best.iter().map(|&b| Candidate::new(b, step)).collect()
    }

    /// Clears the sums, adds the cases that came after the segment, and gives the lists of the segment in the order
    /// of reading.
    fn begin<'i>(&mut self, index: &'i CaseIndex, terms: &[QueryTerm], weights: &[u32]) -> Vec<Weighted<'i>> {
        self.read = (0, 0);
        self.sums.clear();
        self.sums.resize(index.capacity().next_multiple_of(CHUNK), 0);
        let mut lists = Vec::with_capacity(terms.len());
        for (t, &weight) in terms.iter().zip(weights).filter(|t| *t.1 > 0) {
            for &(case, impact) in index.later_list(t.term) {
                self.sums[case as usize] += weight * u32::from(impact);
            }
            let list = index.list(t.term);
            if list.df > 0 {
                let worth = f64::from(weight) * f64::from(list.most) / f64::from(list.df);
                lists.push(Weighted { term: t.term, weight, list, worth });
            }
        }
        // Ties by term, so that the order does not depend on that of the text.
        lists.sort_unstable_by(|a, b| b.worth.total_cmp(&a.worth).then(a.term.cmp(&b.term)));
        lists
    }

    /// Adds lists until the rest need not be read, and gives how many were added; nothing if all were.
    fn add(&mut self, index: &CaseIndex, lists: &[Weighted<'_>], k: usize, pruned: bool) -> Option<usize> {
        let mut left: u64 = lists.iter().map(Weighted::bound).sum();
        let mut postings: usize = lists.iter().map(|l| l.list.df as usize).sum();
        let look = self.sums.len() / LOOK;
        let mut next_look = look.max(1);
        for (at, l) in lists.iter().enumerate() {
            if pruned && self.read.0 >= next_look && postings > 2 * look {
                self.clear_removed(index);
                if self.enough(index.base().cases(), k, left, postings) {
                    return Some(at);
                }
                next_look = self.read.0 * 2;
            }
            if !l.list.add(l.weight, &mut self.sums) {
                index.base().note_lists();
            }
            self.read.0 += l.list.df as usize;
            left -= l.bound();
            postings -= l.list.df as usize;
        }
        None
    }

    /// Whether the best `k` can be found among few cases, without the lists left: whose bounds sum to `left`, and which
    /// hold so many postings.
    fn enough(&mut self, base: usize, k: usize, left: u64, postings: usize) -> bool {
        let Ok(left) = u32::try_from(left) else { return false };
        self.largest(k, left.max(1));
        if self.best.len() < k {
            return false;
        }
        // What the best k have for sure; a case outside that gets everything left must stay below.
        let Some(threshold) = self.best.last().map(|&b| sum_of(b)).filter(|&t| t > left) else { return false };
        let least = threshold - left;
        let count = |sums: &[u32]| sums.iter().map(|&s| usize::from(s >= least)).sum::<usize>();
        let possible = count(&self.sums[..base]);
        if possible * self.row_cost > postings {
            return false;
        }
        let later = &self.sums[base..];
        let keys = (0..).zip(&self.sums[..base]).filter(|s| *s.1 >= least).map(|(c, &s)| key(s, c));
        self.best.clear();
        self.best.extend(keys);
        self.best.extend((base as u32..).zip(later).filter(|s| *s.1 >= threshold).map(|(c, &s)| key(s, c)));
        self.best.sort_unstable_by(|a, b| b.cmp(a));
        true
    }

    /// Completes the sums of the possible cases in `best` by what the lists left give them, and keeps the best.
    fn judge(&mut self, index: &CaseIndex, left: &[Weighted<'_>], k: usize) {
        let base = index.base().cases() as u32;
        let most: u64 = left.iter().map(Weighted::bound).sum();
        let mut slots = Slots::default();
        slots.assign(left.iter().map(|l| l.term));
        let mut possible = std::mem::take(&mut self.best);
        for &bound in &possible {
            let (known, case) = (sum_of(bound), CaseNo(case_of(bound)));
            if self.best.len() == k && self.best.last().is_some_and(|&b| u64::from(known) + most < u64::from(sum_of(b)))
            {
                break;
            }
            let mut sum = known;
            if case.0 < base {
                self.read.1 += 1;
                let fields = FieldWeights::new(index.lengths(case), index.mean_lengths());
                let add = |t: CaseTerm| {
                    if let Some(slot) = slots.get(t.term) {
                        sum += left[slot].weight * u32::from(fields.impact(t.counts, ALL_FIELDS));
                    }
                };
                index.each_term(case, |term| slots.may_have(term), add);
            }
            self.insert(key(sum, case.0), k);
        }
        possible.clear();
    }

    /// Inserts a key into the sorted best `k`.
    fn insert(&mut self, key: u64, k: usize) {
        let at = self.best.partition_point(|&b| b > key);
        if at < k {
            self.best.insert(at, key);
            self.best.truncate(k);
        }
    }

    /// Puts the `k` largest sums of at least `least` into `best`, largest first.
    fn select(&mut self, index: &CaseIndex, k: usize, least: u32) {
        self.clear_removed(index);
        self.largest(k, least);
    }

    fn largest(&mut self, k: usize, least: u32) {
        let Self { sums, best, .. } = self;
        best.clear();
        // What a sum must exceed.
        let mut floor = least - 1;
        let room = 4 * k + 64;
        let mut shrink = |best: &mut Vec<u64>| {
            if best.len() > k {
                best.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
                best.truncate(k);
                // A later case of the same sum loses to all of these.
                floor = sum_of(best[k - 1]);
            }
            floor
        };
        let mut above = least - 1;
        for (chunk, part) in (0u32..).zip(sums.chunks(CHUNK / 4)) {
            // Compared as signed numbers, which every processor does many at a time; sums have 31 bits.
            if !part.iter().fold(false, |any, &s| any | (s.cast_signed() > above.cast_signed())) {
                continue;
            }
            let first = chunk * (CHUNK / 4) as u32;
            best.extend((first..).zip(part).filter(|s| *s.1 > above).map(|(c, &s)| key(s, c)));
            if best.len() > room {
                above = shrink(best);
            }
        }
        shrink(best);
        best.sort_unstable_by(|a, b| b.cmp(a));
    }

    fn clear_removed(&mut self, index: &CaseIndex) {
        for &case in index.removed() {
            self.sums[case as usize] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Query;
    use super::*;
    use crate::cases::case::Case;
    use crate::text::analyser::sentences;
    use proptest::prelude::*;

    /// A base of generated claims over words of falling frequency, so that lists are dense, sparse and single.
    fn base(cases: usize, seed: u64) -> CaseIndex {
        let mut state = seed | 1;
        let mut draw = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        CaseIndex::new((0..cases).map(|i| {
            let mut words = |n: usize| {
                #[expect(clippy::cast_sign_loss, reason = "a power is never negative")]
                let word = |r: f64| format!("w{}x", (2000f64.powf(r)) as u32 * 7919 % 99_991);
                (0..n).map(|_| word(draw())).collect::<Vec<_>>().join(" ")
            };
            Case {
                id: format!("c{i}"),
                title: words(5),
                claim: words(12),
                disproof: words(40),
                language: "en".into(),
                ..Case::default()
            }
        }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn skipping_lists_changes_nothing(cases in 1usize..3000, seed in any::<u64>(), k in 1usize..40, removed in prop::collection::vec(0usize..3000, 0..20), added in 0usize..20) {
            let mut index = base(cases, seed);
            for i in removed {
                index.remove(&format!("c{i}"));
            }
            let other: Vec<Case> = base(added + 5, seed ^ 0x63).iter().map(std::borrow::Cow::into_owned).collect();
            for (i, case) in other.iter().take(added).enumerate() {
                index.add(Case { id: format!("n{i}"), ..case.clone() });
            }
            let mut query = Query::default();
            for case in &other {
                let text = format!("{} {}", case.claim, case.title);
                query.prepare_text(&index, &text, &sentences(&text), None);
                // So that lists are skipped in a base as small as this one.
                let mut search = Search { row_cost: 1, ..Search::default() };
                let whole = search.top(&index, &query.view.terms, k, false);
                let pruned = search.top(&index, &query.view.terms, k, true);
                prop_assert_eq!(&whole, &pruned);
                prop_assert!(whole.iter().all(|c| index.is_live(c.case)));
                // A mask that hides nothing but an empty field is no mask.
                let masked = search.top_in(&index, &query.view.terms, [true, true, true, false], k);
                prop_assert_eq!(&whole, &masked);
            }
        }
    }

    #[test]
    fn skipping_happens() {
        let index = base(20_000, 7);
        let mut query = Query::default();
        let case = index.case(CaseNo(17)).into_owned();
        let text = format!("{} {} {}", case.title, case.claim, case.disproof);
        query.prepare_text(&index, &text, &sentences(&text), None);
        let mut search = Search { row_cost: 100, ..Search::default() };
        let whole = search.top(&index, &query.view.terms, 1, false);
        let all = search.read.0;
        assert_eq!(whole, search.top(&index, &query.view.terms, 1, true));
        assert!(search.read.0 < all && search.read.1 > 0, "{:?} of {all}", search.read);
    }
}
