//! Scores a text: TF-IDF row, linear scores, votes, fusion, calibrated probabilities, decisions.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::curves::{Curves, CurvesOfText, OfText};
use super::explain::{Column, Credit};
use super::fusion::{Fusion, Kinship};
use super::linear::{Fixed, LinearWeights};
use super::neighbours::{Neighbours, VoteScratch};
use super::passages::{LongTexts, LongThresholds, Passages, Source};
use super::stance::{Stance, StanceModel};
use super::taxonomy::{NarrativeNo, Taxonomy};
use crate::document::Document;
use crate::features::space::{FeatureSpace, Featuriser, Weights};
use crate::learn::calibrate::Platt;
use crate::learn::logistic::sigmoid;
use crate::learn::thresholds::Thresholds;

/// What the model decides about a narrative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub enum Decision {
    /// Below the review threshold.
    Weak,
    /// From the review threshold: worth a person's look.
    Suggest,
    /// From the confirmed threshold.
    Match,
}

impl Decision {
    /// What a probability means by the thresholds of its narrative.
    pub fn of(probability: f64, thresholds: Thresholds) -> Self {
        if probability >= thresholds.confirmed {
            Self::Match
        } else if probability >= thresholds.review {
            Self::Suggest
        } else {
            Self::Weak
        }
    }
}

/// A trained narrative model. Immutable; share it between threads and give each its own [`Scratch`].
pub struct Classifier {
    /// The narratives.
    pub taxonomy: Taxonomy,
    /// The features.
    pub space: FeatureSpace,
    /// The linear models.
    pub linear: LinearWeights,
    /// The stored training texts.
    pub neighbours: Neighbours,
    /// The fusion.
    pub fusion: Fusion,
    /// Whether a text spreads or reports; `None` if the model has not learned it.
    pub stance: Option<StanceModel>,
    /// Calibration per narrative.
    pub calibration: Vec<Platt>,
    /// The second step of calibration, applied after that of each narrative.
    pub curves: Curves,
    /// Thresholds per narrative.
    pub thresholds: Vec<Thresholds>,
    /// How passages of long texts are read; `None` if the model has not learned it.
    pub long: Option<LongTexts>,
    /// The thresholds per narrative for long texts.
    pub(crate) long_thresholds: Vec<LongThresholds>,
    /// Whether a narrative is a prototype: too few examples to be known well.
    pub prototypes: Vec<bool>,
    pub(crate) kinship: Kinship,
    pub(crate) arch: Arch,
}

/// A thread's working memory for one [`Classifier`], and the results of the last text.
pub struct Scratch {
    /// Analysis, counts and weights.
    pub featuriser: Featuriser,
    /// Linear score per narrative, and last that of "spreads any narrative".
    pub scores: Vec<f64>,
    /// Calibrated probability per narrative.
    pub probabilities: Vec<f64>,
    pub(crate) votes: VoteScratch,
    /// The features of the text as the linear models read them.
    pub(crate) fixed: Fixed,
    /// What its passages say, where they were read.
    pub(crate) passages: Passages,
    /// For explanations.
    pub(crate) credit: Credit,
}

impl Classifier {
    /// Working memory for this classifier.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            featuriser: Featuriser::new(&self.space),
            scores: Vec::new(),
            probabilities: Vec::new(),
            votes: VoteScratch::default(),
            fixed: Fixed::default(),
            passages: Passages::default(),
            credit: Credit::default(),
        }
    }

    /// Number of narratives.
    pub fn len(&self) -> usize {
        self.thresholds.len()
    }

    /// Whether it knows no narrative.
    pub fn is_empty(&self) -> bool {
        self.thresholds.is_empty()
    }

    /// Scores the text that `scratch.featuriser` holds: fills `scores` and `probabilities`.
    pub fn score(&self, scratch: &mut Scratch) {
        let Scratch { featuriser, scores, probabilities, votes, fixed, passages, .. } = scratch;
        passages.clear(self.len());
        self.linear.scores(&featuriser.weights, fixed, scores);
        self.log_odds(&featuriser.weights, scores, votes, probabilities);
        self.calibrate(OfText::new(scores, featuriser.weights.own), probabilities);
        self.arch.dispatch(Sigmoids(probabilities));
        self.lift_parents(probabilities);
    }

    /// Whether it keeps no texts from its training: nothing is asked of them.
    pub fn keeps_no_texts(&self) -> bool {
        !self.fusion.asks_for_texts()
    }

    /// Largest cosine, by their telling words, of a text with one that the model keeps from its training; 0 where it keeps
    /// none.
    pub fn nearest_text(&self, scratch: &mut Scratch, document: &Document) -> f64 {
        scratch.featuriser.run(&self.space, &document.text, document.language);
        self.neighbours.nearest(&self.space, &scratch.featuriser.weights, &mut scratch.votes)
    }

    /// From linear scores to the log-odds of every narrative by itself.
    pub(crate) fn log_odds(&self, weights: &Weights, scores: &[f64], votes: &mut VoteScratch, out: &mut Vec<f64>) {
        let asked = (self.len(), self.fusion.asks_for_shares());
        self.neighbours.vote(&self.space, weights, asked, |_| false, votes);
        self.fusion.scores(&self.kinship, scores, &votes.votes, out);
        for (odds, own) in out.iter_mut().zip(&self.calibration) {
            *odds = own.log_odds(*odds);
        }
    }

    /// From the log-odds of every narrative by itself to those of its probability.
    pub(crate) fn calibrate(&self, of_text: OfText, odds: &mut [f64]) {
        let leaves = self.kinship.leaves();
        self.arch.dispatch(Calibrate { curves: self.curves.of(odds, leaves, of_text), leaves, odds });
    }

    /// Whether the last scored text spreads or reports, and the probability that it spreads.
    ///
    /// Where the most probable narrative that reaches its thresholds is told from a passage, that passage is asked.
    pub fn stance(&self, scratch: &Scratch) -> Option<(Stance, f64)> {
        let probability = self.stance.as_ref()?.probability(self.score_of(scratch, Column::Spreads)?);
        Some((self.stance.as_ref()?.label(probability), probability))
    }

    /// The linear score that the answer about a column rests on: of the whole text, or of a passage.
    pub fn score_of(&self, scratch: &Scratch, column: Column) -> Option<f64> {
        let scores = match self.source(scratch, column) {
            Source::Whole => &scratch.scores,
            Source::Passage(i) => scratch.passages.scores(i),
        };
        scores.get(self.index(column)).copied()
    }

    /// What the answer about a column was told from.
    pub(crate) fn source(&self, scratch: &Scratch, column: Column) -> Source {
        if !scratch.passages.any() {
            return Source::Whole;
        }
        let k = match column {
            Column::Narrative(n) => n.index(),
            Column::Spreads => {
                let told = self.taxonomy.numbers().filter(|&n| self.decide(scratch, n) >= Decision::Suggest);
                let p = |n: NarrativeNo| scratch.probabilities[n.index()];
                match told.max_by(|&a, &b| p(a).total_cmp(&p(b)).then(b.cmp(&a))) {
                    Some(best) => best.index(),
                    None => return Source::Whole,
                }
            }
        };
        scratch.passages.source(k)
    }

    /// The tokens of the passage that the answer about a column was told from; `None` where it is the whole text.
    pub fn passage(&self, scratch: &Scratch, column: Column) -> Option<Range<usize>> {
        match self.source(scratch, column) {
            Source::Whole => None,
            Source::Passage(i) => Some(scratch.passages.tokens(i)),
        }
    }

    /// A parent is carried whenever a child is: its probability is never below the best child's.
    pub(crate) fn lift_parents(&self, probabilities: &mut [f64]) {
        lift_parents(&self.taxonomy, probabilities);
    }

    /// The narratives without children that the last scored text most probably carries, at most so many, most probable
    /// first; of equal ones the first.
    pub fn most_probable(&self, scratch: &Scratch, most: usize) -> Vec<NarrativeNo> {
        let (p, most) = (&scratch.probabilities, most.min(self.len()));
        let order = |a: &NarrativeNo, b: &NarrativeNo| p[b.index()].total_cmp(&p[a.index()]).then(a.cmp(b));
        let mut best: Vec<NarrativeNo> = Vec::with_capacity(2 * most);
        // As many are at least as probable, and come first.
        let mut floor = f64::NEG_INFINITY;
        for (k, _) in self.kinship.leaves().iter().enumerate().filter(|leaf| *leaf.1) {
            if p[k] <= floor {
                continue;
            }
            best.push(NarrativeNo(k as u32));
            if most > 0 && best.len() == 2 * most {
                floor = p[best.select_nth_unstable_by(most - 1, order).1.index()];
                best.truncate(most);
            }
        }
        best.sort_unstable_by(order);
        best.truncate(most);
        best
    }

    /// What the probability of a narrative means for the last scored text.
    pub fn decide(&self, scratch: &Scratch, narrative: NarrativeNo) -> Decision {
        Decision::of(scratch.probabilities[narrative.index()], self.thresholds_for(scratch, narrative))
    }

    /// The thresholds of a narrative for the last scored text: its own, or those for long texts.
    pub fn thresholds_for(&self, scratch: &Scratch, narrative: NarrativeNo) -> Thresholds {
        match self.source(scratch, Column::Narrative(narrative)) {
            Source::Passage(_) => self.long_thresholds[narrative.index()].passage,
            Source::Whole if scratch.passages.any() => self.long_thresholds[narrative.index()].whole,
            Source::Whole => self.thresholds[narrative.index()],
        }
    }
}

/// Calibrates log-odds. Compiled once for each width of vectors; a closure would be left out of that.
struct Calibrate<'a> {
    curves: CurvesOfText,
    leaves: &'a [bool],
    odds: &'a mut [f64],
}

impl WithSimd for Calibrate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let curves = self.curves;
        self.odds.iter_mut().zip(self.leaves).for_each(|(odds, &leaf)| *odds = curves.log_odds(*odds, leaf));
    }
}

/// Turns log-odds into probabilities, likewise.
struct Sigmoids<'a>(&'a mut [f64]);

impl WithSimd for Sigmoids<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.iter_mut().for_each(|p| *p = sigmoid(*p));
    }
}

/// Raises every parent's probability to its best child's.
pub(crate) fn lift_parents(taxonomy: &Taxonomy, probabilities: &mut [f64]) {
    each_step_up(taxonomy, |child, parent| probabilities[parent] = probabilities[parent].max(probabilities[child]));
}

/// Calls `step` with every narrative that has a parent and that parent, from each narrative without children up.
pub(crate) fn each_step_up(taxonomy: &Taxonomy, mut step: impl FnMut(usize, usize)) {
    for leaf in taxonomy.numbers().filter(|&n| taxonomy.is_leaf(n)) {
        let mut child = leaf;
        for parent in taxonomy.ancestors(leaf) {
            step(child.index(), parent.index());
            child = parent;
        }
    }
}
