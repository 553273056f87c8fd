//! The passages of a long text that a search looks at.
//!
//! An article may make a claim in one sentence, and as one query its other words drown that; a text of megabytes holds every
//! common word and resembles all cases alike. So a long text is cut into windows of whole sentences; those with the rarest
//! known words are searched one by one, and the windows whose best case scores highest are searched for and ranked by
//! themselves, besides the whole (of a very long text, besides its best windows together). Reading only the beginning was
//! rejected: the claim of a transcript or a collection of posts stands anywhere.

use rustc_hash::FxHashMap;
use std::ops::Range;

use super::bm25::is_too_common;
use super::candidates::QueryTerm;
use super::index::CaseIndex;
use super::search::Search;
use crate::features::lexicon::{Lexicon, Reading};
use crate::text::analyser::Analysis;
use crate::text::token::Sentence;
use crate::text::windows::{Width, windows};

/// Words from which on passages are searched besides the whole.
pub(crate) const LONG: usize = 200;
/// Words from which on the best windows stand for the whole.
pub(crate) const VERY_LONG: usize = 1_200;
/// Words of a window.
const WINDOW: Width = Width { most: 40, least: 20 };
/// Words and pairs in more than this share of the cases (and in more than [`FEW`]) do not choose a window: they stand in all.
const COMMON: f64 = 0.05;
const FEW: f64 = 8.0;
/// Windows that are searched.
const SEARCHED: usize = 48;
/// Windows that are given.
const KEPT: usize = 16;
/// Passages that are searched for one by one.
pub(crate) const PASSAGES: usize = 3;

/// The tokens of the best windows, best first.
pub(crate) fn best_windows(
    index: &CaseIndex,
    search: &mut Search,
    (text, analysis, marked): (&str, &Analysis, &[Sentence]),
    (lexicon, reading): (&Lexicon, &Reading),
) -> Vec<Range<usize>> {
    let mut known: FxHashMap<u32, Option<f64>> = FxHashMap::default();
    let mut next_pair = 0;
    let least = least_idf(index);
    let mut found: Vec<(f64, Range<usize>, Vec<QueryTerm>)> = Vec::new();
    for window in windows(text, analysis, marked, WINDOW) {
        let mut terms: Vec<u32> =
            window.clone().map(|t| lexicon.word_of(reading, t)).filter(|&t| t != u32::MAX).collect();
        while let Some(pair) = reading.pairs.get(next_pair).filter(|p| (p.second as usize) < window.end) {
            terms.push(pair.term);
            next_pair += 1;
        }
        terms.sort_unstable();
        let counted = terms.chunk_by(|a, b| a == b).filter_map(|same| {
            let idf = *known.entry(same[0]).or_insert_with(|| telling(index, same[0]));
            let weight = 1.0 + (same.len() as f64).ln();
            let kind = index.kind(same[0]);
            Some(QueryTerm { term: same[0], kind, idf: idf?, weight, body: 0.0, name: false, meaning: false })
        });
        let counted: Vec<QueryTerm> = counted.filter(|t| t.idf >= least).collect();
        found.push((counted.iter().map(|t| t.idf).sum(), window, counted));
    }
    let best_first = |a: &(f64, Range<usize>, Vec<QueryTerm>), b: &(f64, Range<usize>, Vec<QueryTerm>)| {
        b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start))
    };
    found.sort_by(best_first);
    found.truncate(SEARCHED);
    for (score, _, terms) in &mut found {
        *score = search.top(index, terms, 1, true).first().map_or(0.0, |c| c.score);
    }
    found.sort_by(best_first);
    found.truncate(KEPT);
    found.into_iter().map(|w| w.1).collect()
}

/// The least idf of a word or pair that tells where to look.
pub(crate) fn least_idf(index: &CaseIndex) -> f64 {
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    index.idf_of((COMMON * index.len() as f64).max(FEW) as usize)
}

/// The idf of a term that is worth searching for.
fn telling(index: &CaseIndex, term: u32) -> Option<f64> {
    let df = index.df(term);
    (df > 0 && !is_too_common(index.len(), df)).then(|| index.idf_of(df))
}
