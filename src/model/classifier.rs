//! Scores a text: TF-IDF row, linear scores, votes, fusion, calibrated probabilities, decisions.

use serde::{Deserialize, Serialize};

use super::fusion::{Fusion, InputRow, Kinship};
use super::mapped::Numbers;
use super::neighbours::{Neighbours, VoteScratch};
use super::taxonomy::{NarrativeNo, Taxonomy};
use crate::features::space::{FeatureSpace, Featuriser, Weights};
use crate::learn::calibrate::Platt;
use crate::learn::thresholds::Thresholds;

/// Columns summed together.
const BLOCK: usize = 16;

/// Columns stored per feature: whole blocks.
pub(crate) fn stride(columns: usize) -> usize {
    columns.next_multiple_of(BLOCK)
}

/// What the model decides about a narrative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Below the review threshold.
    Weak,
    /// From the review threshold: worth a person's look.
    Suggest,
    /// From the confirmed threshold.
    Match,
}

/// A trained narrative model. Immutable; share it between threads and give each its own [`Scratch`].
pub struct Classifier {
    /// The narratives.
    pub taxonomy: Taxonomy,
    /// The features.
    pub space: FeatureSpace,
    /// Linear weights in 255 steps, feature by feature, the narratives of a feature side by side in whole blocks.
    pub(crate) steps: Numbers<i8>,
    /// Size of a step, per feature.
    pub(crate) step_sizes: Numbers<f32>,
    /// Linear bias per narrative, and last that of "spreads any narrative".
    pub bias: Vec<f64>,
    /// The stored training texts.
    pub neighbours: Neighbours,
    /// The fusion.
    pub fusion: Fusion,
    /// Calibration per narrative.
    pub calibration: Vec<Platt>,
    /// Thresholds per narrative.
    pub thresholds: Vec<Thresholds>,
    pub(crate) kinship: Kinship,
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
    inputs: Vec<InputRow>,
    /// Per feature of the text the start of its row and its value in steps.
    scaled: Vec<(usize, f64)>,
    /// What one occurrence of each term gives, for explanations.
    pub(crate) credit: Vec<f64>,
    /// The same per remembered word.
    pub(crate) words: Vec<f64>,
}

impl Classifier {
    /// Working memory for this classifier.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            featuriser: Featuriser::new(&self.space),
            scores: Vec::new(),
            probabilities: Vec::new(),
            votes: VoteScratch::default(),
            inputs: Vec::new(),
            scaled: Vec::new(),
            credit: Vec::new(),
            words: Vec::new(),
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

    /// The linear weight of a feature for a narrative.
    #[inline]
    pub fn weight(&self, feature: u32, narrative: NarrativeNo) -> f64 {
        let step = self.steps.get()[feature as usize * stride(self.bias.len()) + narrative.index()];
        f64::from(self.step_sizes.get()[feature as usize]) * f64::from(step)
    }

    /// Scores the text that `scratch.featuriser` holds: fills `scores` and `probabilities`.
    pub fn score(&self, scratch: &mut Scratch) {
        let Scratch { featuriser, scores, probabilities, votes, inputs, scaled, .. } = scratch;
        self.linear(&featuriser.weights, scaled, scores);
        self.neighbours.vote(&self.space, &featuriser.weights, self.len(), |_| false, votes);
        self.kinship.inputs(scores, &votes.votes, inputs);
        probabilities.clear();
        for (k, row) in inputs.iter().enumerate() {
            probabilities.push(self.calibration[k].probability(self.fusion.score(&self.kinship, k, row)));
        }
        self.lift_parents(probabilities);
    }

    /// Linear scores: `bias + Σ value · weight`, summed in f64.
    fn linear(&self, weights: &Weights, scaled: &mut Vec<(usize, f64)>, scores: &mut Vec<f64>) {
        scores.clear();
        scores.extend_from_slice(&self.bias);
        let (stride, all, sizes) = (stride(self.bias.len()), self.steps.get(), self.step_sizes.get());
        scaled.clear();
        scaled.extend(
            (weights.terms.iter().zip(&weights.values))
                .map(|(term, &value)| (term.index() * stride, value * f64::from(sizes[term.index()]))),
        );
        // A block of columns at a time: its sums stay in registers while the features pass by.
        for (block, out) in scores.chunks_mut(BLOCK).enumerate() {
            let mut sums = [0.0; BLOCK];
            sums[..out.len()].copy_from_slice(out);
            let all = &all[block * BLOCK..];
            for &(start, value) in scaled.iter() {
                let Some(row) = all.get(start..).and_then(|row| row.first_chunk::<BLOCK>()) else { continue };
                for (sum, &step) in sums.iter_mut().zip(row) {
                    *sum += value * f64::from(step);
                }
            }
            out.copy_from_slice(&sums[..out.len()]);
        }
    }

    /// A parent is carried whenever a child is: its probability is never below the best child's.
    pub(crate) fn lift_parents(&self, probabilities: &mut [f64]) {
        lift_parents(&self.taxonomy, probabilities);
    }

    /// What a probability means for a narrative by its own thresholds.
    pub fn decide(&self, narrative: NarrativeNo, probability: f64) -> Decision {
        let t = self.thresholds[narrative.index()];
        if probability >= t.confirmed {
            Decision::Match
        } else if probability >= t.review {
            Decision::Suggest
        } else {
            Decision::Weak
        }
    }
}

/// Raises every parent's probability to its best child's, children first.
pub(crate) fn lift_parents(taxonomy: &Taxonomy, probabilities: &mut [f64]) {
    for n in taxonomy.numbers().filter(|&n| taxonomy.is_leaf(n)) {
        let mut least = probabilities[n.index()];
        for a in taxonomy.ancestors(n) {
            least = least.max(probabilities[a.index()]);
            probabilities[a.index()] = least;
        }
    }
}
