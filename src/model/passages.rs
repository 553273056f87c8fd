//! Reads the passages of a long text, besides the whole.
//!
//! An article may carry a narrative in one sentence; counted with all its other words that sentence is drowned, and the
//! answer was `unknown`. So a text that is longer than those the model learned from is cut into windows of whole
//! sentences, each is scored like a text of its own, and a narrative is as probable as its best passage makes it. But one
//! of many passages looks like something by chance, and a passage lacks what stands around it. How much surer one must be
//! is learned: [`OfPassages`] is fitted on texts put together from parts that were held out (`training::long_texts`).

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::classifier::{Classifier, Scratch};
use super::linear::Fixed;
use crate::features::space::{Part, Weights};
use crate::learn::logistic::sigmoid;
use crate::learn::thresholds::{Raise, log_odds};
use crate::text::token::Sentence;
use crate::text::windows::{Width, windows};

/// Passages that are held against the stored texts: those with the highest linear scores. To do so with all would take twice
/// as long and changes hardly any answer.
const STRONGEST: usize = 6;

/// How a model reads long texts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongTexts {
    /// Texts with more tokens are read in passages, too.
    pub from: usize,
    /// Most tokens of a passage, unless one sentence has more.
    pub width: usize,
    /// From the probability of the best passage to that of the text, for narratives without children.
    pub leaves: OfPassages,
    /// The same for those with children.
    pub parents: OfPassages,
    /// How far thresholds are raised (or lowered) for what a passage tells, so that decisions about long texts are right as
    /// often, and alarm as rarely, as those about short ones.
    pub raise: Raise,
}

/// Passages of up to so many tokens; a paragraph ends one that has a third of them.
pub(crate) fn passage_width(most: usize) -> Width {
    Width { most, least: most / 3 }
}

/// The probability of a text whose best of `n` passages has the probability `p`: `σ(odds · logit p - number · ln n + offset)`,
/// with `odds` and `number` not negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfPassages {
    /// Weight of the log-odds.
    pub odds: f64,
    /// Weight of the logarithm of the number of passages.
    pub number: f64,
    /// Offset in log-odds.
    pub offset: f64,
}

impl OfPassages {
    /// The probability of the text.
    pub fn probability(&self, best: f64, passages: usize) -> f64 {
        let [odds, number] = Self::inputs(best, passages);
        sigmoid(self.odds * odds + self.number * number + self.offset)
    }

    /// What the curve is fitted on.
    pub(crate) fn inputs(best: f64, passages: usize) -> [f64; 2] {
        [log_odds(best), -(passages as f64).ln()]
    }
}

/// What an answer was told from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The whole text.
    Whole,
    /// One of its passages.
    Passage(usize),
}

/// The passages of the last text and which of them tell what.
#[derive(Default)]
pub(crate) struct Passages {
    read: Vec<Read>,
    /// Number of passages in use; the memory of others is kept for later texts.
    used: usize,
    /// The same, strongest first.
    order: Vec<usize>,
    sources: Vec<Source>,
    /// The best log-odds of each narrative by itself, and where.
    best: Vec<(f64, usize)>,
    odds: Vec<f64>,
    /// The passage at work.
    pub(crate) part: Part,
    pub(crate) fixed: Fixed,
}

/// A passage that was scored.
#[derive(Default)]
struct Read {
    tokens: Range<usize>,
    weights: Weights,
    /// Linear scores of all columns.
    scores: Vec<f64>,
    /// The largest of a narrative without children.
    strength: f64,
}

impl Passages {
    /// Forgets the last text: everything is told from the whole.
    pub(crate) fn clear(&mut self, narratives: usize) {
        self.used = 0;
        self.sources.clear();
        self.sources.resize(narratives, Source::Whole);
    }

    pub(crate) fn source(&self, narrative: usize) -> Source {
        self.sources.get(narrative).copied().unwrap_or(Source::Whole)
    }

    pub(crate) fn tokens(&self, passage: usize) -> Range<usize> {
        self.read[passage].tokens.clone()
    }

    pub(crate) fn scores(&self, passage: usize) -> &[f64] {
        &self.read[passage].scores
    }
}

impl Classifier {
    /// Whether the text that `scratch.featuriser` holds is read in passages, too.
    pub fn is_long(&self, scratch: &Scratch) -> bool {
        self.long.is_some_and(|long| scratch.featuriser.analysis.tokens.len() > long.from)
    }

    /// Scores the passages of the text that was scored last, if it is long, and raises what they make more probable.
    /// `marked` are its sentences.
    pub fn score_passages(&self, scratch: &mut Scratch, text: &str, marked: &[Sentence]) {
        let Some(long) = self.long.filter(|_| self.is_long(scratch)) else { return };
        let Scratch { featuriser, probabilities, votes, inputs, passages, .. } = scratch;
        let Passages { read, used, order, sources, best, odds, part, fixed } = passages;
        for tokens in windows(text, &featuriser.analysis, marked, passage_width(long.width)) {
            featuriser.run_part(&self.space, tokens.clone(), part);
            if read.len() == *used {
                read.push(Read::default());
            }
            let passage = &mut read[*used];
            passage.tokens = tokens;
            self.linear.scores(&part.weights, fixed, &mut passage.scores);
            std::mem::swap(&mut passage.weights, &mut part.weights);
            let leaves = passage.scores.iter().zip(self.kinship.leaves()).filter(|s| *s.1);
            passage.strength = leaves.fold(f64::NEG_INFINITY, |most, s| most.max(*s.0));
            *used += 1;
        }
        order.clear();
        order.extend(0..*used);
        order.sort_unstable_by(|&a, &b| read[b].strength.total_cmp(&read[a].strength).then(a.cmp(&b)));
        best.clear();
        best.resize(self.len(), (f64::NEG_INFINITY, 0));
        for &i in order.iter().take(STRONGEST) {
            self.log_odds(&read[i].weights, &read[i].scores, (votes, inputs), odds);
            for (best, &odds) in best.iter_mut().zip(odds.iter()) {
                if odds > best.0 {
                    *best = (odds, i);
                }
            }
        }
        odds.clear();
        odds.extend(best.iter().map(|b| b.0));
        self.calibrate(odds);
        for (k, (p, (_, passage))) in odds.iter().zip(best).enumerate() {
            let curve = if self.kinship.is_leaf(k) { long.leaves } else { long.parents };
            let probability = curve.probability(*p, *used);
            if probability > probabilities[k] {
                probabilities[k] = probability;
                sources[k] = Source::Passage(*passage);
            }
        }
        for n in self.taxonomy.numbers().filter(|&n| self.taxonomy.is_leaf(n)) {
            let mut least = (probabilities[n.index()], sources[n.index()]);
            for a in self.taxonomy.ancestors(n) {
                let own = &mut probabilities[a.index()];
                if *own < least.0 {
                    (*own, sources[a.index()]) = least;
                }
                least = (*own, sources[a.index()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surer_passages_make_surer_texts_and_more_passages_less_sure_ones() {
        let curve = OfPassages { odds: 0.9, number: 0.4, offset: -0.2 };
        assert!(curve.probability(0.9, 8) > curve.probability(0.5, 8));
        assert!(curve.probability(0.9, 8) > curve.probability(0.9, 80));
        assert!([0.0, 1.0].iter().all(|&p| (0.0..=1.0).contains(&curve.probability(p, usize::MAX))));
    }
}
