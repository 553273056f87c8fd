//! Why narratives, and the stance, got their scores: the exact contribution of every word.
//!
//! A linear score is a sum over features, so nothing has to be approximated. What a stem gives goes to its words, what
//! a character n-gram gives to the words it lies in, what a pair gives half to each of its words; several occurrences
//! share evenly. The contributions of all tokens and the bias add up to the score.

use pulp::{Simd, WithSimd};

use super::classifier::{Classifier, Scratch};
use super::passages::Source;
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
    parts: Vec<Shares>,
    /// Of each column asked for, the part and its place there.
    places: Vec<(usize, usize)>,
}

/// Contributions of every token to columns that were told from the same source.
#[derive(Debug, Clone, Default)]
struct Shares {
    /// Token by token of the source, the columns side by side.
    values: Vec<f64>,
    columns: usize,
    /// Tokens of the text before and after the source.
    around: (usize, usize),
}

impl Contributions {
    /// Those of every token to the score of the `n`-th of the columns asked for.
    pub fn of(&self, n: usize) -> impl Iterator<Item = f64> {
        let (part, column) = self.places[n];
        let Shares { values, columns, around } = &self.parts[part];
        let zeros = |count| std::iter::repeat_n(0.0, count);
        zeros(around.0).chain(values.iter().skip(column).step_by((*columns).max(1)).copied()).chain(zeros(around.1))
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

    /// The contribution of each token of the last scored text to the linear scores of `columns`, those told from one
    /// passage (or from the whole) in one pass over its features.
    ///
    /// As many values per column as the analysis has tokens, 0 outside of the passage; with the bias they sum to
    /// [`score_of`](Self::score_of).
    pub fn contributions(&self, scratch: &mut Scratch, columns: &[Column]) -> Contributions {
        let mut out = Contributions { parts: Vec::new(), places: vec![(0, 0); columns.len()] };
        let sources: Vec<Source> = columns.iter().map(|&c| self.source(scratch, c)).collect();
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|&i| sources[i]);
        for same in order.chunk_by(|&a, &b| sources[a] == sources[b]) {
            if let Source::Passage(i) = sources[same[0]] {
                let Scratch { featuriser, passages, .. } = &mut *scratch;
                passages.read_again(i, featuriser, &self.linear);
            }
            for wide in same.chunks(WIDTH) {
                let indices: Vec<usize> = wide.iter().map(|&i| self.index(columns[i])).collect();
                for (place, &i) in wide.iter().enumerate() {
                    out.places[i] = (out.parts.len(), place);
                }
                let explain = Explain { classifier: self, scratch, source: sources[same[0]], indices: &indices };
                out.parts.push(self.arch.dispatch(explain));
            }
        }
        out
    }
}

/// Columns explained side by side, in a number known beforehand: as many as an answer of five narratives has with their
/// parents and the stance.
const WIDTH: usize = 12;

/// The work that is compiled once for each width of vectors, for up to [`WIDTH`] columns; everything in it must be inlined.
struct Explain<'a> {
    classifier: &'a Classifier,
    scratch: &'a mut Scratch,
    source: Source,
    indices: &'a [usize],
}

impl WithSimd for Explain<'_> {
    type Output = Shares;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Shares {
        let Self { classifier, scratch, source, indices } = self;
        let Scratch { featuriser: f, fixed, passages, credit: Credit { shares, places, words }, .. } = scratch;
        let tokens = f.analysis.tokens.len();
        let (reading, weights, fixed, range) = match source {
            Source::Whole => (&f.reading, &f.weights, &*fixed, 0..tokens),
            Source::Passage(i) => (&passages.reading, passages.weights(i), &passages.fixed, passages.tokens(i)),
        };
        let columns = indices.len();
        let mut padded = [0; WIDTH];
        padded[..columns].copy_from_slice(&indices[..columns]);
        places.resize(classifier.space.vocabulary.len(), 0);
        shares.clear();
        for (i, &TermId(feature)) in weights.terms.iter().enumerate() {
            let term = classifier.space.term_of(feature);
            let (share, steps) = (fixed.value(i) / f64::from(reading.count(term)), classifier.linear.row(feature));
            let each = padded.map(|i| share * f64::from(steps[i]));
            if i >= weights.own && classifier.space.idf[term as usize] > 0.0 {
                // Weighed before as the model's own: two features, one term.
                let known = &mut shares[places[term as usize] as usize..][..WIDTH];
                known.iter_mut().zip(each).for_each(|(sum, more)| *sum += more);
            } else {
                places[term as usize] = shares.len() as u32;
                shares.extend_from_slice(&each);
            }
        }
        let add = |sums: &mut [f64; WIDTH], term: u32| {
            let from = shares.get(places[term as usize] as usize..).and_then(|rest| rest.first_chunk::<WIDTH>());
            for (sum, share) in sums.iter_mut().zip(from.unwrap_or(&[0.0; WIDTH])) {
                *sum += share;
            }
        };
        words.resize(f.lexicon.len() * WIDTH, 0.0);
        f.lexicon.each_word(reading, |word, stem, grams| {
            let mut sums = [0.0; WIDTH];
            stem.iter().chain(grams).for_each(|&term| add(&mut sums, term));
            words[word as usize * WIDTH..][..WIDTH].copy_from_slice(&sums);
        });
        let mut values = Vec::with_capacity(range.len() * columns);
        for &word in reading.remembered() {
            if word == NONE {
                values.resize(values.len() + columns, 0.0);
            } else {
                values.extend_from_slice(&words[word as usize * WIDTH..][..columns]);
            }
        }
        for p in &reading.pairs {
            let mut pair = [0.0; WIDTH];
            add(&mut pair, p.term);
            for token in [p.first, p.second] {
                for (value, whole) in values[token as usize * columns..][..columns].iter_mut().zip(&pair) {
                    *value += whole / 2.0;
                }
            }
        }
        Shares { values, columns, around: (range.start, tokens - range.end) }
    }
}
