//! The nearest training texts of a text, by the cosine of their words, and what they vote for.
//!
//! A linear model draws one boundary per narrative; the nearest cases remember each exception. Words only, without
//! pairs and n-grams: the linear model already has those, and an index over n-grams would cost more than everything
//! else together. Descriptions of narratives stand in the same index, so that a narrative without a case is near, too.

use rustc_hash::FxHashSet;
use std::ops::Range;

use super::cosines::{Nearest, Run};
use super::mapped::Numbers;
use crate::features::space::{FeatureSpace, Weights};
use crate::features::sparse::SparseRows;
use crate::features::vocabulary::{TermId, TermKind};

/// A word in more than this share of the stored texts (and in more than [`FEW`]) does not make texts neighbours.
const TOO_COMMON: f64 = 0.1;
const FEW: f64 = 50.0;

/// Steps of a stored weight.
const STEPS: f64 = 255.0;

/// What a stored text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeighbourKind {
    /// A training text.
    Text,
    /// Name or description of a narrative.
    Description,
}

/// Inverted index of stored texts by word, as it is stored.
#[derive(Clone)]
pub(crate) struct Lists {
    /// Per word the start of its list, and the end of the last.
    pub(crate) starts: Numbers<u32>,
    /// Stored texts, list by list.
    pub(crate) rows: Numbers<u32>,
    /// Their weights, vectors of length one, in steps of 1/255: a text has a hundred words, whose errors cancel.
    pub(crate) values: Numbers<u8>,
    /// Per stored text the start of its labels, and the end of the last.
    pub(crate) label_starts: Numbers<u32>,
    /// Narratives of the stored texts; [`DESCRIPTION`] added for descriptions.
    pub(crate) labels: Numbers<u32>,
}

/// Inverted index of stored texts by word.
#[derive(Clone)]
pub struct Neighbours {
    pub(crate) lists: Lists,
    carriers: Carriers,
}

/// The stored texts of each narrative: what the narratives' votes are read from. They are stored narrative by narrative,
/// so that most of a narrative's are one run; any order gives the same votes.
#[derive(Clone, Default)]
struct Carriers {
    /// Per narrative the ends of the runs of its texts and of its descriptions in `runs`.
    ends: Vec<(usize, usize)>,
    runs: Vec<Range<usize>>,
    /// Per stored text whether it is a text, not a description.
    votes: Vec<bool>,
}

/// Marks a label of a description.
const DESCRIPTION: u32 = 1 << 31;

/// What the neighbours say about one narrative.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Vote {
    /// Similarity-weighted share of the nearest texts that carry it, 0 to 1.
    pub(crate) share: f64,
    /// Largest cosine with a text that carries it.
    pub(crate) nearest: f64,
    /// Mean cosine over the texts that carry it and share a word at all: the others differ by language, not by
    /// storyline.
    pub(crate) centroid: f64,
    /// How many those are.
    pub(crate) sharing: f64,
    /// Largest cosine with its name or description.
    pub(crate) description: f64,
}

/// Per-thread working memory.
#[derive(Default)]
pub(crate) struct VoteScratch {
    /// Cosine per stored text; all 0 between texts.
    cosines: Vec<f32>,
    touched: Vec<u32>,
    /// Lists of the words of the text, and their weights.
    known: Vec<(Range<usize>, f64)>,
    nearest: Nearest,
    pub(crate) votes: Vec<Vote>,
}

impl Neighbours {
    /// Builds the index from rows of the training matrix; `stored` gives for each the row number, what it is, and the
    /// narratives it carries.
    pub(crate) fn build(space: &FeatureSpace, rows: &SparseRows, stored: &[(usize, NeighbourKind, Vec<u32>)]) -> Self {
        let words = space.vocabulary.range(TermKind::Word);
        let mut df = vec![0usize; words.len()];
        for column in stored.iter().flat_map(|(row, ..)| rows.row(*row).columns).filter(|&c| words.contains(c)) {
            df[*column as usize] += 1;
        }
        let common = (stored.len() as f64 * TOO_COMMON).max(FEW);
        let telling = |column: u32| words.contains(&column) && df[column as usize] as f64 <= common;
        let mut lists: Vec<Vec<(u32, u8)>> = vec![Vec::new(); words.len()];
        let (mut label_starts, mut labels) = (vec![0], Vec::new());
        for (number, (row, kind, carried)) in stored.iter().enumerate() {
            let row = rows.row(*row);
            let entries = || row.columns.iter().zip(row.values).filter(|&(&c, _)| telling(c));
            let length: f64 = entries().map(|(_, &v)| f64::from(v).powi(2)).sum::<f64>().sqrt();
            if length > 0.0 {
                for (&column, &value) in entries() {
                    #[expect(clippy::cast_sign_loss, reason = "a weight is never negative")]
                    let steps = (f64::from(value) / length * STEPS).round().max(1.0) as u8;
                    lists[column as usize].push((number as u32, steps));
                }
            }
            let mark = if *kind == NeighbourKind::Description { DESCRIPTION } else { 0 };
            labels.extend(carried.iter().map(|l| l | mark));
            label_starts.push(labels.len() as u32);
        }
        let mut starts = vec![0];
        let (mut numbers, mut values) = (Vec::new(), Vec::new());
        for list in lists {
            numbers.extend(list.iter().map(|l| l.0));
            values.extend(list.iter().map(|l| l.1));
            starts.push(numbers.len() as u32);
        }
        Self::new(Lists {
            starts: starts.into(),
            rows: numbers.into(),
            values: values.into(),
            label_starts: label_starts.into(),
            labels: labels.into(),
        })
    }

    /// The index over sound lists.
    pub(crate) fn new(lists: Lists) -> Self {
        let carriers = lists.carriers();
        Self { lists, carriers }
    }

    /// Number of stored texts.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Collects the votes for every narrative into `scratch.votes`. Texts for which `skip` holds are passed over.
    pub(crate) fn vote(
        &self,
        space: &FeatureSpace,
        weights: &Weights,
        narratives: usize,
        skip: impl Fn(u32) -> bool,
        scratch: &mut VoteScratch,
    ) {
        scratch.votes.clear();
        scratch.votes.resize(narratives, Vote::default());
        scratch.nearest.clear();
        let Some(reach) = self.lists.cosines(space, weights, scratch) else { return };
        let VoteScratch { cosines, touched, nearest, votes, .. } = scratch;
        match reach {
            Reach::Few => {
                self.few(cosines, touched, skip, votes, nearest);
                for &row in touched.iter() {
                    cosines[row as usize] = 0.0;
                }
            }
            Reach::Many => {
                self.many(cosines, skip, votes, nearest);
                cosines.fill(0.0);
            }
        }
        let nearest = nearest.sorted();
        let total: f64 = nearest.clone().map(|(cosine, _)| f64::from(cosine)).sum();
        for (cosine, row) in nearest {
            for &label in self.lists.labels_of(row) {
                votes[label as usize].share += f64::from(cosine) / total;
            }
        }
    }

    /// Votes of a text that shares words with few stored texts: text by text.
    fn few(
        &self,
        cosines: &[f32],
        touched: &[u32],
        skip: impl Fn(u32) -> bool,
        votes: &mut [Vote],
        nearest: &mut Nearest,
    ) {
        for &row in touched.iter().filter(|&&row| !skip(row)) {
            let cosine = f64::from(cosines[row as usize]);
            for &label in self.lists.labels_of(row) {
                let vote = &mut votes[(label & !DESCRIPTION) as usize];
                if label & DESCRIPTION != 0 {
                    vote.description = vote.description.max(cosine);
                } else {
                    vote.nearest = vote.nearest.max(cosine);
                    vote.centroid += cosine;
                    vote.sharing += 1.0;
                }
            }
            if self.carriers.votes[row as usize] {
                nearest.add(cosines[row as usize], row);
            }
        }
        for vote in votes {
            vote.centroid /= f64::max(vote.sharing, 1.0);
        }
    }

    /// Votes of any text: narrative by narrative over all stored texts, without a branch per text.
    fn many(&self, cosines: &mut [f32], skip: impl Fn(u32) -> bool, votes: &mut [Vote], nearest: &mut Nearest) {
        for (row, cosine) in (0..).zip(cosines.iter_mut()) {
            if *cosine > 0.0 && skip(row) {
                *cosine = 0.0;
            }
        }
        let Carriers { ends, runs, votes: voting } = &self.carriers;
        let of = |runs: &[Range<usize>]| {
            let mut all = Run::default();
            for run in runs {
                all.add(&cosines[run.clone()]);
            }
            all
        };
        let mut from = 0;
        for (vote, &(texts, descriptions)) in votes.iter_mut().zip(ends) {
            let carrying = of(&runs[from..texts]);
            (vote.nearest, vote.sharing) = (f64::from(carrying.largest), f64::from(carrying.sharing));
            vote.centroid = carrying.sum / f64::max(vote.sharing, 1.0);
            vote.description = f64::from(of(&runs[texts..descriptions]).largest);
            from = descriptions;
        }
        nearest.add_all(cosines, voting);
    }
}

/// How many stored texts share a word with a text.
#[derive(Clone, Copy)]
enum Reach {
    /// Few: they are listed.
    Few,
    /// Many: looking at all is faster than keeping a list.
    Many,
}

impl Lists {
    /// The stored texts of each narrative. A label out of range, which `is_sound` refuses, is passed over.
    fn carriers(&self) -> Carriers {
        let labels = self.labels.get();
        let narratives = labels.iter().map(|l| (l & !DESCRIPTION) as usize + 1).max().unwrap_or(0);
        let mut texts = vec![Vec::new(); narratives];
        let mut descriptions = vec![Vec::new(); narratives];
        let mut carriers = Carriers::default();
        for row in 0..self.len() as u32 {
            let labels = self.labels_of(row);
            carriers.votes.push(labels.first().is_none_or(|l| l & DESCRIPTION == 0));
            for &label in labels {
                let of = if label & DESCRIPTION == 0 { &mut texts } else { &mut descriptions };
                of[(label & !DESCRIPTION) as usize].push(row);
            }
        }
        let runs = |rows: &[u32], to: &mut Vec<Range<usize>>| {
            let runs = rows.chunk_by(|a, b| a + 1 == *b).map(|run| run[0] as usize..run[run.len() - 1] as usize + 1);
            to.extend(runs);
            to.len()
        };
        for (texts, descriptions) in texts.iter().zip(&descriptions) {
            let end = runs(texts, &mut carriers.runs);
            let end_of_descriptions = runs(descriptions, &mut carriers.runs);
            carriers.ends.push((end, end_of_descriptions));
        }
        carriers
    }

    /// Adds the cosine of `weights` with every stored text to the cosines, and lists the texts if they are few; `None` if
    /// no word of the text is in the index.
    fn cosines(&self, space: &FeatureSpace, weights: &Weights, scratch: &mut VoteScratch) -> Option<Reach> {
        let VoteScratch { cosines, touched, known, .. } = scratch;
        cosines.resize(self.len(), 0.0);
        touched.clear();
        let words = space.vocabulary.range(TermKind::Word);
        let (starts, rows, values) = (self.starts.get(), self.rows.get(), self.values.get());
        let list = |t: TermId| starts[t.index()] as usize..starts[t.index() + 1] as usize;
        known.clear();
        let terms = weights.terms.iter().zip(&weights.values).filter(|t| words.contains(&t.0.0));
        known.extend(terms.map(|(&t, &value)| (list(t), value)).filter(|k| !k.0.is_empty()));
        let length = known.iter().map(|(_, v)| v * v).sum::<f64>().sqrt();
        if length == 0.0 {
            return None;
        }
        let postings: usize = known.iter().map(|k| k.0.len()).sum();
        let reach = if postings * 8 < cosines.len() { Reach::Few } else { Reach::Many };
        for (list, value) in known.drain(..) {
            let value = (value / length / STEPS) as f32;
            let postings = rows[list.clone()].iter().zip(&values[list]);
            match reach {
                Reach::Few => postings.for_each(|(&row, &stored)| {
                    let sum = &mut cosines[row as usize];
                    if *sum == 0.0 {
                        touched.push(row);
                    }
                    *sum += value * f32::from(stored);
                }),
                Reach::Many => postings.for_each(|(&row, &stored)| cosines[row as usize] += value * f32::from(stored)),
            }
        }
        Some(reach)
    }

    /// Whether the lists fit together and name only known texts and narratives.
    pub(crate) fn is_sound(&self, words: usize, narratives: usize) -> bool {
        let grows = |s: &[u32], end: usize| {
            s.first() == Some(&0) && s.windows(2).all(|w| w[0] <= w[1]) && s.last().is_some_and(|&l| l as usize == end)
        };
        let texts = self.label_starts.get().len().saturating_sub(1);
        self.starts.get().len() == words + 1
            && grows(self.starts.get(), self.rows.get().len())
            && self.values.get().len() == self.rows.get().len()
            && grows(self.label_starts.get(), self.labels.get().len())
            && self.rows.get().iter().all(|&r| (r as usize) < texts)
            && self.labels.get().iter().all(|&l| ((l & !DESCRIPTION) as usize) < narratives)
    }

    /// Number of stored texts.
    fn len(&self) -> usize {
        self.label_starts.get().len().saturating_sub(1)
    }

    fn labels_of(&self, row: u32) -> &[u32] {
        let starts = self.label_starts.get();
        &self.labels.get()[starts[row as usize] as usize..starts[row as usize + 1] as usize]
    }
}

/// Joins rows with the same labels and text, so that a title repeated in a hundred cases is stored once.
pub(crate) fn distinct<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<usize> {
    let mut seen = FxHashSet::default();
    keys.enumerate().filter_map(|(i, k)| seen.insert(k).then_some(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::space::{Featuriser, Sample, learn};
    use crate::features::tfidf::FeatureSettings;

    #[test]
    fn both_ways_to_count_give_the_same_votes() {
        let texts: Vec<String> =
            (0..80).map(|i| format!("word{} word{} word{} shared", i % 7, i % 11, i * i % 13)).collect();
        let samples: Vec<_> = texts.iter().map(|text| Sample { text, language: None }).collect();
        let settings = FeatureSettings { min_df_chars: 1, ..FeatureSettings::default() };
        let (space, rows) = learn(&samples, &settings).unwrap();
        let kind = |i: usize| if i.is_multiple_of(9) { NeighbourKind::Description } else { NeighbourKind::Text };
        let stored: Vec<_> = (0..80).map(|i| (i, kind(i), vec![i as u32 % 5])).collect();
        let index = Neighbours::build(&space, &rows, &stored);
        let mut featuriser = Featuriser::new(&space);
        for text in ["word3 word4", "word1 word2 word5 word9 word12 shared", "word6"] {
            featuriser.run(&space, text, None);
            let mut scratch = VoteScratch::default();
            index.lists.cosines(&space, &featuriser.weights, &mut scratch).unwrap();
            let mut cosines = scratch.cosines;
            let touched: Vec<u32> = (0..80).filter(|&row| cosines[row as usize] > 0.0).collect();
            let skip = |row: u32| row % 8 == 1;
            let votes = || (vec![Vote::default(); 5], Nearest::default());
            let ((mut few, mut near), (mut many, mut far)) = (votes(), votes());
            index.few(&cosines, &touched, skip, &mut few, &mut near);
            index.many(&mut cosines, skip, &mut many, &mut far);
            assert!(near.sorted().eq(far.sorted()));
            for (a, b) in few.iter().zip(&many) {
                assert_eq!((a.nearest, a.description, a.sharing), (b.nearest, b.description, b.sharing));
                assert!((a.centroid - b.centroid).abs() < 1e-12);
            }
            assert!(few.iter().any(|v| v.nearest > 0.0));
        }
    }
}
