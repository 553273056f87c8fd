//! Scores a text: TF-IDF row, linear scores, votes, fusion, calibrated probabilities, decisions.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::explain::Credit;
use super::fusion::{Fusion, InputRow, Kinship};
use super::linear::{Fixed, LinearWeights};
use super::manifest::BestCalibration;
use super::neighbours::{Neighbours, VoteScratch};
use super::stance::{Stance, StanceModel};
use super::taxonomy::{NarrativeNo, Taxonomy};
use crate::features::space::{FeatureSpace, Featuriser};
use crate::learn::calibrate::Platt;
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
    /// Calibration of the best narrative, applied after that of each.
    pub best: BestCalibration,
    /// Thresholds per narrative.
    pub thresholds: Vec<Thresholds>,
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
    inputs: Vec<InputRow>,
    /// The features of the text as the linear models read them.
    pub(crate) fixed: Fixed,
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
            inputs: Vec::new(),
            fixed: Fixed::default(),
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
        let Scratch { featuriser, scores, probabilities, votes, inputs, fixed, .. } = scratch;
        self.linear.scores(&featuriser.weights, fixed, scores);
        self.neighbours.vote(&self.space, &featuriser.weights, self.len(), |_| false, votes);
        self.kinship.inputs(scores, &votes.votes, inputs);
        probabilities.clear();
        let fused = inputs.iter().enumerate().map(|(k, row)| self.fusion.score(&self.kinship, k, row));
        probabilities.extend(fused.zip(&self.calibration).map(|(score, own)| own.log_odds(score)));
        self.arch.dispatch(Calibrate { best: &self.best, leaves: self.kinship.leaves(), odds: probabilities });
        self.lift_parents(probabilities);
    }

    /// Whether the last scored text spreads or reports, and the probability that it spreads.
    pub fn stance(&self, scratch: &Scratch) -> Option<(Stance, f64)> {
        let (model, &score) = (self.stance.as_ref()?, scratch.scores.get(self.len())?);
        let probability = model.probability(score);
        Some((model.label(probability), probability))
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

/// Turns log-odds into calibrated probabilities. Compiled once for each width of vectors; a closure would be left out of that.
struct Calibrate<'a> {
    best: &'a BestCalibration,
    leaves: &'a [bool],
    odds: &'a mut [f64],
}

impl WithSimd for Calibrate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (leaves, parents) = (self.best.leaves, self.best.parents);
        for (p, &leaf) in self.odds.iter_mut().zip(self.leaves) {
            *p = if leaf { leaves } else { parents }.of_log_odds(*p);
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
