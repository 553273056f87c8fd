//! Why narratives, and the stance, got their scores: the exact contribution of every word.
//!
//! A linear score is a sum over features, so nothing has to be approximated. What a stem gives goes to its words, what
//! a character n-gram gives to the words it lies in, what a pair gives half to each of its words; several occurrences
//! share evenly. The contributions of all tokens and the bias add up to the score.

use pulp::{Simd, WithSimd};

use super::classifier::{Classifier, Scratch};
use super::taxonomy::NarrativeNo;
use crate::features::lexicon::NONE;
use crate::features::vocabulary::TermId;

/// A linear score that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// That of a narrative.
    Narrative(NarrativeNo),
    /// That of "spreads any narrative", on which the stance rests.
    Spreads,
}

/// Contributions of every token to some linear scores.
#[derive(Debug, Clone, Default)]
pub struct Contributions {
    /// Token by token, the columns side by side.
    values: Vec<f64>,
    columns: usize,
}

impl Contributions {
    /// Those of every token to the score of the `n`-th of the columns asked for.
    pub fn of(&self, n: usize) -> impl Iterator<Item = f64> {
        self.values.iter().skip(n).step_by(self.columns.max(1)).copied()
    }
}

/// Working memory.
#[derive(Debug, Default)]
pub(crate) struct Credit {
    /// Per term of the text what one occurrence adds, the columns side by side: a term stands in several words.
    shares: Vec<f64>,
    /// Per term of the model where it stands in `shares`. Terms of other texts hold stale values that are never read.
    places: Vec<u32>,
    /// Per remembered word, the columns side by side.
    words: Vec<f64>,
}

impl Classifier {
    /// Where a column stands in `scratch.scores` and in the biases.
    pub fn index(&self, column: Column) -> usize {
        match column {
            Column::Narrative(n) => n.index(),
            Column::Spreads => self.len(),
        }
    }

    /// The contribution of each token of the last scored text to the linear scores of `columns`, all of them in one
    /// pass over the features.
    ///
    /// As many values per column as the analysis has tokens; with the bias they sum to `scratch.scores`.
    pub fn contributions(&self, scratch: &mut Scratch, columns: &[Column]) -> Contributions {
        let indices: Vec<usize> = columns.iter().map(|&c| self.index(c)).collect();
        let parts =
            indices.chunks(WIDTH).map(|indices| self.arch.dispatch(Explain { classifier: self, scratch, indices }));
        let mut parts: Vec<Contributions> = parts.collect();
        if parts.len() > 1 { side_by_side(&parts, indices.len()) } else { parts.pop().unwrap_or_default() }
    }
}

/// Columns explained side by side, in a number known beforehand: as many as an answer of five narratives has with their
/// parents and the stance.
const WIDTH: usize = 12;

/// Contributions to all columns out of those to some each.
fn side_by_side(parts: &[Contributions], columns: usize) -> Contributions {
    let tokens = parts.first().map_or(0, |p| p.values.len() / p.columns.max(1));
    let row = |token: usize| parts.iter().flat_map(move |p| &p.values[token * p.columns..][..p.columns]);
    Contributions { values: (0..tokens).flat_map(row).copied().collect(), columns }
}

/// The work that is compiled once for each width of vectors, for up to [`WIDTH`] columns; everything in it must be inlined.
struct Explain<'a> {
    classifier: &'a Classifier,
    scratch: &'a mut Scratch,
    indices: &'a [usize],
}

impl WithSimd for Explain<'_> {
    type Output = Contributions;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Contributions {
        let Self { classifier, scratch, indices } = self;
        let Scratch { featuriser: f, fixed, credit: Credit { shares, places, words }, .. } = scratch;
        let columns = indices.len();
        let mut padded = [0; WIDTH];
        padded[..columns].copy_from_slice(&indices[..columns]);
        places.resize(classifier.space.len(), 0);
        shares.clear();
        for (i, &TermId(term)) in f.weights.terms.iter().enumerate() {
            let (share, steps) = (fixed.value(i) / f64::from(f.reading.count(term)), classifier.linear.row(term));
            places[term as usize] = shares.len() as u32;
            shares.extend_from_slice(&padded.map(|i| share * f64::from(steps[i])));
        }
        let add = |sums: &mut [f64; WIDTH], term: u32| {
            let from = shares.get(places[term as usize] as usize..).and_then(|rest| rest.first_chunk::<WIDTH>());
            for (sum, share) in sums.iter_mut().zip(from.unwrap_or(&[0.0; WIDTH])) {
                *sum += share;
            }
        };
        words.resize(f.lexicon.len() * WIDTH, 0.0);
        f.lexicon.each_word(&f.reading, |word, stem, grams| {
            let mut sums = [0.0; WIDTH];
            stem.iter().chain(grams).for_each(|&term| add(&mut sums, term));
            words[word as usize * WIDTH..][..WIDTH].copy_from_slice(&sums);
        });
        let mut values = Vec::with_capacity(f.analysis.tokens.len() * columns);
        for &word in f.reading.remembered() {
            if word == NONE {
                values.resize(values.len() + columns, 0.0);
            } else {
                values.extend_from_slice(&words[word as usize * WIDTH..][..columns]);
            }
        }
        for p in &f.reading.pairs {
            let mut pair = [0.0; WIDTH];
            add(&mut pair, p.term);
            for token in [p.first, p.second] {
                for (value, whole) in values[token as usize * columns..][..columns].iter_mut().zip(&pair) {
                    *value += whole / 2.0;
                }
            }
        }
        Contributions { values, columns }
    }
}
