//! Reads the passages of a long text, besides the whole.
//!
//! An article may carry a narrative in one sentence; counted with all its other words that sentence is drowned, and the
//! answer was `unknown`. So a text that is longer than those the model learned from is cut into windows of whole
//! sentences, each is scored like a text of its own, and a narrative is as probable as its best passage makes it. But one
//! of many passages looks like something by chance, and a passage lacks what stands around it. How much surer one must be
//! is learned: [`OfPassages`] is fitted on texts put together from parts that were held out (`training::long_texts`).

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::classifier::{Classifier, Decision, Scratch, each_step_up};
use super::curves::OfText;
use super::linear::{Fixed, LinearWeights};
use crate::features::lexicon::Reading;
use crate::features::space::{Featuriser, Weights};
use crate::learn::logistic::sigmoid;
use crate::learn::thresholds::{Raise, Thresholds, log_odds};
use crate::text::token::Sentence;
use crate::text::windows::{Width, windows};

/// Passages that are held against the stored texts: those with the highest linear scores. To do so with a passage costs more
/// than reading it.
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

/// The thresholds of a narrative for a long text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LongThresholds {
    /// For what a passage tells.
    pub(crate) passage: Thresholds,
    /// For what the whole tells: never above those for short texts, and not above those for passages where these are lower,
    /// or a surer whole would decide less than a passage.
    pub(crate) whole: Thresholds,
}

impl LongThresholds {
    pub(crate) fn new(own: Thresholds, raise: Raise) -> Self {
        let lower = Raise { review: raise.review.min(0.0), confirmed: raise.confirmed.min(0.0) };
        Self { passage: own.raised(raise), whole: own.raised(lower) }
    }
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
        self.of_log_odds(log_odds(best), passages)
    }

    /// The same of a best passage given by its log-odds.
    pub(crate) fn of_log_odds(&self, best: f64, passages: usize) -> f64 {
        let [odds, number] = Self::inputs(best, passages);
        sigmoid(self.odds * odds + self.number * number + self.offset)
    }

    /// What the curve is fitted on: the log-odds of the best passage, and how many there are.
    pub(crate) fn inputs(best: f64, passages: usize) -> [f64; 2] {
        [best, -(passages as f64).ln()]
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

/// The passages of the last text that were held against the stored texts, and which of them tell what.
#[derive(Default)]
pub(crate) struct Passages {
    strongest: Strongest,
    sources: Vec<Source>,
    /// The best log-odds of each narrative by one of them, and by which.
    best: Vec<(f64, usize)>,
    told: Vec<f64>,
    /// The counts of the passage at work, and its features as the linear models read them.
    pub(crate) reading: Reading,
    pub(crate) fixed: Fixed,
}

/// The passages with the highest linear scores.
#[derive(Default)]
struct Strongest {
    /// As many as are kept, and room for one more; the memory of those not in use is kept for later texts.
    read: Vec<Read>,
    used: usize,
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
        self.strongest.used = 0;
        self.sources.clear();
        self.sources.resize(narratives, Source::Whole);
    }

    /// Whether the last text was read in passages.
    pub(crate) fn any(&self) -> bool {
        self.strongest.used > 0
    }

    pub(crate) fn source(&self, narrative: usize) -> Source {
        self.sources.get(narrative).copied().unwrap_or(Source::Whole)
    }

    pub(crate) fn tokens(&self, passage: usize) -> Range<usize> {
        self.strongest.read[passage].tokens.clone()
    }

    pub(crate) fn weights(&self, passage: usize) -> &Weights {
        &self.strongest.read[passage].weights
    }

    pub(crate) fn scores(&self, passage: usize) -> &[f64] {
        &self.strongest.read[passage].scores
    }

    /// Puts one of the passages of the text at hand back to work, to be explained.
    pub(crate) fn read_again(&mut self, passage: usize, featuriser: &mut Featuriser, linear: &LinearWeights) {
        let Read { tokens, weights, .. } = &self.strongest.read[passage];
        featuriser.lexicon.read_part(&featuriser.reading, tokens.clone(), &mut self.reading);
        linear.fix(weights, &mut self.fixed);
    }
}

impl Strongest {
    /// The place of the next passage to be read.
    fn next(&mut self) -> &mut Read {
        if self.read.len() == self.used {
            self.read.push(Read::default());
        }
        &mut self.read[self.used]
    }

    /// Keeps the passage that was just read, and lets the weakest go if there are too many; of equal ones the last.
    fn keep(&mut self) {
        self.used += 1;
        if self.used > STRONGEST {
            let weakest = (0..self.used).rev().min_by(|&a, &b| self.read[a].strength.total_cmp(&self.read[b].strength));
            self.used -= 1;
            self.read.swap(weakest.unwrap_or(self.used), self.used);
        }
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
        let Scratch { featuriser, probabilities, votes, passages, .. } = scratch;
        let Passages { strongest, sources, best, told, reading, fixed } = passages;
        let windows = windows(text, &featuriser.analysis, marked, passage_width(long.width));
        let number = windows.len();
        for tokens in windows {
            let passage = strongest.next();
            featuriser.run_part(&self.space, tokens.clone(), reading, &mut passage.weights);
            passage.tokens = tokens;
            self.linear.scores(&passage.weights, fixed, &mut passage.scores);
            let leaves = passage.scores.iter().zip(self.kinship.leaves()).filter(|s| *s.1);
            passage.strength = leaves.fold(f64::NEG_INFINITY, |most, s| most.max(*s.0));
            strongest.keep();
        }
        best.clear();
        best.resize(self.len(), (f64::NEG_INFINITY, 0));
        for (i, passage) in strongest.read.iter().enumerate().take(strongest.used) {
            self.log_odds(&passage.weights, &passage.scores, votes, told);
            self.calibrate(OfText::new(&passage.scores, passage.weights.own), told);
            for (best, &odds) in best.iter_mut().zip(told.iter()) {
                if odds > best.0 {
                    *best = (odds, i);
                }
            }
        }
        for (k, (odds, passage)) in best.iter().enumerate() {
            let curve = if self.kinship.is_leaf(k) { long.leaves } else { long.parents };
            let (whole, told) = (probabilities[k], curve.of_log_odds(*odds, number));
            let by_whole = (Decision::of(whole, self.long_thresholds[k].whole), whole);
            let by_passage = (Decision::of(told, self.long_thresholds[k].passage), told);
            if by_passage.partial_cmp(&by_whole).is_some_and(std::cmp::Ordering::is_gt) {
                probabilities[k] = told;
                sources[k] = Source::Passage(*passage);
            }
        }
        each_step_up(&self.taxonomy, |child, parent| {
            if probabilities[parent] < probabilities[child] {
                (probabilities[parent], sources[parent]) = (probabilities[child], sources[child]);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surer_whole_never_decides_less_than_a_passage() {
        let own = Thresholds { review: 0.4, confirmed: 0.8 };
        for (review, confirmed) in [(-1.5, -1.0), (-1.0, 0.7), (0.9, 1.2), (0.0, 0.0)] {
            let long = LongThresholds::new(own, Raise { review, confirmed });
            for p in (0..=100).map(|p| f64::from(p) / 100.0) {
                assert!(Decision::of(p, long.whole) >= Decision::of(p, long.passage), "{p} {long:?}");
                assert!(Decision::of(p, long.whole) >= Decision::of(p, own), "{p} {long:?}");
            }
        }
    }

    #[test]
    fn the_strongest_passages_are_kept() {
        let mut passages = Strongest::default();
        for i in 0..200usize {
            let strength = f64::from((i * 37 % 100) as u32);
            *passages.next() = Read { tokens: i..i + 1, strength, ..Read::default() };
            passages.keep();
        }
        let mut kept: Vec<usize> = passages.read[..passages.used].iter().map(|p| p.tokens.start).collect();
        kept.sort_unstable();
        // Twice 99, 98 and 97.
        let strongest: Vec<usize> = (0..200).filter(|i| i * 37 % 100 >= 97).collect();
        assert_eq!(kept, strongest);
        assert_eq!(passages.read.len(), STRONGEST + 1);
    }

    #[test]
    fn surer_passages_make_surer_texts_and_more_passages_less_sure_ones() {
        let curve = OfPassages { odds: 0.9, number: 0.4, offset: -0.2 };
        assert!(curve.probability(0.9, 8) > curve.probability(0.5, 8));
        assert!(curve.probability(0.9, 8) > curve.probability(0.9, 80));
        assert!([0.0, 1.0].iter().all(|&p| (0.0..=1.0).contains(&curve.probability(p, usize::MAX))));
    }
}
