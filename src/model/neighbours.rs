//! The nearest training texts of a text, by the cosine of their words, and what they vote for.
//!
//! A linear model draws one boundary per narrative; the nearest cases remember each exception. Words only, without
//! pairs and n-grams: the linear model already has those, and an index over n-grams would cost more than everything
//! else together. Descriptions of narratives stand in the same index, so that a narrative without a case is near, too.
//!
//! Texts are stored in blocks of the same narratives, in each narrative by language. A text shares words with few blocks,
//! nearly all in its own language, and whatever is asked of the cosines is asked block by block. Rejected: looking at all
//! stored texts for each narrative (the most of the time of a short text), and listing the texts that share a word (a
//! branch for each word of each).

use pulp::Arch;
use rustc_hash::FxHashSet;
use std::ops::Range;

use super::cosines::{BLOCK, Cosines, Nearest, Summary};
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
    /// Per word 1 if it makes texts neighbours, whether or not one that is still stored has it: it counts in the length
    /// of a text.
    pub(crate) telling: Numbers<u8>,
    /// Per word the start of its list, and the end of the last.
    pub(crate) starts: Numbers<u32>,
    /// Places of stored texts, list by list.
    pub(crate) places: Numbers<u32>,
    /// Their weights, vectors of length one, in steps of 1/255: a text has a hundred words, whose errors cancel.
    pub(crate) values: Numbers<u8>,
    /// Per block of [`BLOCK`] places the start of its labels, and the end of the last.
    pub(crate) label_starts: Numbers<u32>,
    /// Narratives of the texts of a block; [`DESCRIPTION`] added if they are descriptions.
    pub(crate) labels: Numbers<u32>,
}

/// Inverted index of stored texts by word.
#[derive(Clone)]
pub struct Neighbours {
    pub(crate) lists: Lists,
    arch: Arch,
}

/// Marks a label of a description.
const DESCRIPTION: u32 = 1 << 31;

/// A text to store.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Its row in the training matrix.
    pub(crate) row: usize,
    pub(crate) kind: NeighbourKind,
    /// The narratives it carries.
    pub(crate) labels: Vec<u32>,
}

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
    cosines: Cosines,
    /// Lists of the words of the text, and their weights.
    known: Vec<(Range<usize>, f64)>,
    summaries: Vec<Summary>,
    nearest: Nearest,
    pub(crate) votes: Vec<Vote>,
}

impl Neighbours {
    /// Builds the index from rows of the training matrix, and gives the row that stands at each place. Texts of the same
    /// kind and narratives are best given in a row: they share blocks then.
    pub(crate) fn build(space: &FeatureSpace, rows: &SparseRows, stored: &[Stored]) -> (Self, Vec<Option<usize>>) {
        let words = space.vocabulary.range(TermKind::Word);
        let mut df = vec![0usize; words.len()];
        for column in stored.iter().flat_map(|s| rows.row(s.row).columns).filter(|&c| words.contains(c)) {
            df[*column as usize] += 1;
        }
        let common = (stored.len() as f64 * TOO_COMMON).max(FEW);
        let telling = |column: u32| words.contains(&column) && df[column as usize] as f64 <= common;
        let mut lists: Vec<Vec<(u32, u8)>> = vec![Vec::new(); words.len()];
        let (mut label_starts, mut labels) = (vec![0], Vec::new());
        let mut places = Vec::new();
        for alike in stored.chunk_by(|a, b| a.kind == b.kind && a.labels == b.labels) {
            for block in alike.chunks(BLOCK) {
                for (text, place) in block.iter().zip(places.len() as u32..) {
                    let row = rows.row(text.row);
                    let entries = || row.columns.iter().zip(row.values).filter(|&(&c, _)| telling(c));
                    let length: f64 = entries().map(|(_, &v)| f64::from(v).powi(2)).sum::<f64>().sqrt();
                    for (&column, &value) in entries().filter(|_| length > 0.0) {
                        #[expect(clippy::cast_sign_loss, reason = "a weight is never negative")]
                        let steps = (f64::from(value) / length * STEPS).round().max(1.0) as u8;
                        lists[column as usize].push((place, steps));
                    }
                }
                places.extend(block.iter().map(|s| Some(s.row)));
                places.resize(places.len().next_multiple_of(BLOCK), None);
                let mark = if block[0].kind == NeighbourKind::Description { DESCRIPTION } else { 0 };
                labels.extend(block[0].labels.iter().map(|l| l | mark));
                label_starts.push(labels.len() as u32);
            }
        }
        let telling: Vec<u8> = lists.iter().map(|l| u8::from(!l.is_empty())).collect();
        (Self::new(Lists::new(telling.into(), lists, label_starts, labels)), places)
    }

    /// The descriptions alone, with the cosines they had, for a model that asks nothing of stored texts.
    pub(crate) fn descriptions(&self) -> Self {
        let old = &self.lists;
        let is_description = |b: u32| old.labels().of(b).first().is_some_and(|l| l & DESCRIPTION != 0);
        let (mut label_starts, mut labels) = (vec![0], Vec::new());
        let kept = (0..old.blocks() as u32).map(|b| {
            is_description(b).then(|| {
                labels.extend_from_slice(old.labels().of(b));
                label_starts.push(labels.len() as u32);
                label_starts.len() as u32 - 2
            })
        });
        let kept: Vec<Option<u32>> = kept.collect();
        let (places, values) = (old.places.get(), old.values.get());
        let list = |w: &[u32]| {
            let entries = places[w[0] as usize..w[1] as usize].iter().zip(&values[w[0] as usize..w[1] as usize]);
            let block = BLOCK as u32;
            let stays = entries.filter_map(|(p, &v)| Some((kept[(p / block) as usize]? * block + p % block, v)));
            stays.collect::<Vec<_>>()
        };
        let lists = old.starts.get().windows(2).map(list).collect();
        Self::new(Lists::new(old.telling.clone(), lists, label_starts, labels))
    }

    /// The index over sound lists.
    pub(crate) fn new(lists: Lists) -> Self {
        Self { lists, arch: Arch::new() }
    }

    /// Largest cosine with a stored text, whatever it carries; 0 where none shares a telling word.
    pub(crate) fn nearest(&self, space: &FeatureSpace, weights: &Weights, scratch: &mut VoteScratch) -> f64 {
        let VoteScratch { cosines, known, summaries, .. } = scratch;
        let labels = self.lists.labels();
        cosines.clear(self.lists.blocks());
        self.lists.cosines(space, weights, known, cosines);
        cosines.summaries(self.arch, summaries);
        let is_text = |s: &&Summary| labels.of(s.block).first().is_none_or(|l| l & DESCRIPTION == 0);
        let texts = summaries.iter().filter(|s| s.sharing > 0).filter(is_text);
        texts.map(|s| f64::from(s.largest)).fold(0.0, f64::max)
    }

    /// Collects the votes for every narrative into `scratch.votes`, without their shares where those are not asked for.
    /// Texts at places for which `skip` holds are passed over.
    pub(crate) fn vote(
        &self,
        space: &FeatureSpace,
        weights: &Weights,
        (narratives, shares): (usize, bool),
        skip: impl Fn(u32) -> bool,
        scratch: &mut VoteScratch,
    ) {
        let VoteScratch { cosines, known, summaries, nearest, votes } = scratch;
        let labels = self.lists.labels();
        votes.clear();
        votes.resize(narratives, Vote::default());
        cosines.clear(self.lists.blocks());
        self.lists.cosines(space, weights, known, cosines);
        cosines.skip(skip);
        cosines.summaries(self.arch, summaries);
        nearest.clear();
        for summary in summaries.iter().filter(|s| s.sharing > 0) {
            let labels = labels.of(summary.block);
            let (largest, sum) = (f64::from(summary.largest), f64::from(summary.sum));
            if labels.first().is_some_and(|l| l & DESCRIPTION != 0) {
                for &label in labels {
                    let vote = &mut votes[(label & !DESCRIPTION) as usize];
                    vote.description = vote.description.max(largest);
                }
                continue;
            }
            for &label in labels {
                let vote = &mut votes[label as usize];
                vote.nearest = vote.nearest.max(largest);
                vote.centroid += sum;
                vote.sharing += f64::from(summary.sharing);
            }
            if shares {
                nearest.add(summary);
            }
        }
        for vote in votes.iter_mut() {
            vote.centroid /= f64::max(vote.sharing, 1.0);
        }
        let nearest = nearest.sorted(cosines);
        let total: f64 = nearest.clone().map(|(cosine, _)| f64::from(cosine)).sum();
        for (cosine, place) in nearest {
            for &label in labels.of(place / BLOCK as u32) {
                votes[label as usize].share += f64::from(cosine) / total;
            }
        }
    }
}

impl Lists {
    fn new(telling: Numbers<u8>, lists: Vec<Vec<(u32, u8)>>, label_starts: Vec<u32>, labels: Vec<u32>) -> Self {
        let mut starts = vec![0];
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for list in lists {
            places.extend(list.iter().map(|l| l.0));
            values.extend(list.iter().map(|l| l.1));
            starts.push(places.len() as u32);
        }
        Self {
            telling,
            starts: starts.into(),
            places: places.into(),
            values: values.into(),
            label_starts: label_starts.into(),
            labels: labels.into(),
        }
    }

    /// Adds the cosine of `weights` with every stored text to `cosines`.
    fn cosines(
        &self,
        space: &FeatureSpace,
        weights: &Weights,
        known: &mut Vec<(Range<usize>, f64)>,
        cosines: &mut Cosines,
    ) {
        let words = space.vocabulary.range(TermKind::Word);
        let (starts, places, values) = (self.starts.get(), self.places.get(), self.values.get());
        let telling = self.telling.get();
        let list = |t: TermId| starts[t.index()] as usize..starts[t.index() + 1] as usize;
        known.clear();
        let mut length = 0.0;
        let stems = weights.terms[..weights.own].partition_point(|t| t.0 < words.end);
        for (&t, &value) in weights.terms[..stems].iter().zip(&weights.values) {
            if telling[t.index()] != 0 {
                length += value * value;
                if !list(t).is_empty() {
                    known.push((list(t), value));
                }
            }
        }
        let length = f64::sqrt(length);
        let word = |(list, value): &(Range<usize>, f64)| {
            ((value / length / STEPS) as f32, &places[list.clone()], &values[list.clone()])
        };
        cosines.add(known.iter().map(word));
    }

    /// Whether the lists fit together and name only known texts and narratives.
    pub(crate) fn is_sound(&self, words: usize, narratives: usize) -> bool {
        let grows = |s: &[u32], end: usize| {
            s.first() == Some(&0) && s.windows(2).all(|w| w[0] <= w[1]) && s.last().is_some_and(|&l| l as usize == end)
        };
        self.telling.get().len() == words
            && self.starts.get().len() == words + 1
            && grows(self.starts.get(), self.places.get().len())
            && self.values.get().len() == self.places.get().len()
            && grows(self.label_starts.get(), self.labels.get().len())
            && self.places.get().iter().all(|&p| (p as usize) < self.blocks() * BLOCK)
            && self.labels.get().iter().all(|&l| ((l & !DESCRIPTION) as usize) < narratives)
            && (0..self.blocks() as u32).all(|b| {
                let mut marks = self.labels().of(b).iter().map(|l| l & DESCRIPTION);
                marks.next().is_none_or(|first| marks.all(|m| m == first))
            })
    }

    /// Number of blocks.
    fn blocks(&self) -> usize {
        self.label_starts.get().len().saturating_sub(1)
    }

    fn labels(&self) -> Labels<'_> {
        Labels { starts: self.label_starts.get(), labels: self.labels.get() }
    }
}

/// The labels of the blocks.
#[derive(Clone, Copy)]
struct Labels<'l> {
    starts: &'l [u32],
    labels: &'l [u32],
}

impl<'l> Labels<'l> {
    fn of(self, block: u32) -> &'l [u32] {
        &self.labels[self.starts[block as usize] as usize..self.starts[block as usize + 1] as usize]
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

    /// Against cosines of whole rows, text by text.
    #[test]
    fn votes_are_what_a_plain_look_at_every_text_gives() {
        let texts: Vec<String> =
            (0..200).map(|i| format!("word{} word{} word{} shared", i % 7, i % 11, i * i % 13)).collect();
        let samples: Vec<_> = texts.iter().map(|text| Sample { text, language: None }).collect();
        let settings = FeatureSettings { min_df_chars: 1, ..FeatureSettings::default() };
        let (space, rows) = learn(&samples, &settings).unwrap();
        let kind = |i: usize| if i.is_multiple_of(9) { NeighbourKind::Description } else { NeighbourKind::Text };
        let labels = |i: usize| if i.is_multiple_of(4) { vec![i as u32 % 5] } else { vec![i as u32 % 5, 5] };
        let mut stored: Vec<_> = (0..200).map(|row| Stored { row, kind: kind(row), labels: labels(row) }).collect();
        stored.sort_by_key(|s| (s.labels.clone(), s.kind == NeighbourKind::Description));
        let (index, places) = Neighbours::build(&space, &rows, &stored);
        assert!(index.lists.is_sound(space.vocabulary.range(TermKind::Word).len(), 6));
        let words = space.vocabulary.range(TermKind::Word);
        let unit = |mut row: Vec<(u32, f32)>| {
            // What stands in many texts stands in no list.
            let df = |column| (0..200).filter(|&i| rows.row(i).columns.contains(&column)).count();
            row.retain(|e| words.contains(&e.0) && df(e.0) as f64 <= FEW);
            let length = row.iter().map(|e| f64::from(e.1).powi(2)).sum::<f64>().sqrt();
            row.into_iter().map(|(c, v)| (c, f64::from(v) / length)).collect::<Vec<_>>()
        };
        let mut featuriser = Featuriser::new(&space);
        let descriptions = index.descriptions();
        assert!(descriptions.lists.is_sound(space.vocabulary.range(TermKind::Word).len(), 6));
        assert!(descriptions.lists.blocks() < index.lists.blocks());
        let (mut scratch, mut alike) = (VoteScratch::default(), VoteScratch::default());
        for text in ["word3 word4", "word1 word2 word5 word9 word12 shared", "word6", "nothing known"] {
            featuriser.run(&space, text, None);
            let asked = unit(featuriser.weights.sorted());
            let hidden = |row: usize| row % 8 == 1;
            let skip = |place: u32| places[place as usize].is_none_or(hidden);
            index.vote(&space, &featuriser.weights, (6, true), skip, &mut scratch);
            let cosine = |row: usize| {
                let row = rows.row(row);
                let stored = unit(row.columns.iter().copied().zip(row.values.iter().copied()).collect());
                let product = |a: &(u32, f64)| stored.iter().find(|b| b.0 == a.0).map_or(0.0, |b| a.1 * b.1);
                asked.iter().map(product).sum::<f64>()
            };
            for label in 0..6 {
                let carrying = |k: NeighbourKind| {
                    let of = (0..200).filter(move |&i| kind(i) == k && labels(i).contains(&label) && !hidden(i));
                    of.map(cosine).filter(|&c| c > 0.0).collect::<Vec<_>>()
                };
                let (texts, descriptions) = (carrying(NeighbourKind::Text), carrying(NeighbourKind::Description));
                let largest = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
                let vote = scratch.votes[label as usize];
                assert!((vote.sharing - texts.len() as f64).abs() < 0.5);
                for (ours, plain) in [
                    (vote.nearest, largest(&texts)),
                    (vote.description, largest(&descriptions)),
                    (vote.centroid, texts.iter().sum::<f64>() / f64::max(texts.len() as f64, 1.0)),
                ] {
                    assert!((ours - plain).abs() < 4.0 / STEPS, "{ours} {plain}");
                }
            }
            let whole = scratch.votes.clone();
            let none = |_| false;
            descriptions.vote(&space, &featuriser.weights, (6, false), none, &mut scratch);
            index.vote(&space, &featuriser.weights, (6, false), none, &mut alike);
            for (alone, among) in scratch.votes.iter().zip(&alike.votes) {
                assert_eq!(alone.description.to_bits(), among.description.to_bits());
                assert_eq!((alone.nearest, alone.share, among.share), (0.0, 0.0, 0.0));
            }
            let shares: f64 = whole[..5].iter().map(|v| v.share).sum();
            assert!((shares - if asked.is_empty() { 0.0 } else { 1.0 }).abs() < 1e-9, "{shares}");
        }
    }
}
