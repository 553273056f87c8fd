//! Joins the views of a text into one log-odds per narrative: a small linfa-logistic model.
//!
//! The linear score knows words, the nearest cases know exceptions, the description knows narratives without cases,
//! the parent lends strength to a rare child. One model serves all narratives without children and one all parents:
//! with a dozen cases per narrative a model each would learn noise, and every input is already relative to its
//! narrative. Fitted on out-of-fold scores only.

use serde::{Deserialize, Serialize};

use super::neighbours::Vote;
use super::taxonomy::{NarrativeNo, Taxonomy};
use crate::learn::dense::DenseModel;

/// The inputs, in order.
pub const INPUTS: [&str; 11] = [
    "linear score",
    "linear score less the best other's",
    "linear score of the parent, or of the best child",
    "nearest-case vote",
    "nearest-case vote of the parent, or of the best child",
    "cosine with the nearest case",
    "the same less the best other's",
    "mean cosine with its cases",
    "cosine with its description",
    "the same less the best other's",
    "linear score of spreading any narrative",
];

/// Which inputs are shares of the nearest stored texts, and which are taken from stored texts at all.
const SHARES: [usize; 2] = [3, 4];
pub(crate) const TEXTS: [usize; 5] = [3, 4, 5, 6, 7];

/// Input values of one narrative for one text.
pub(crate) type InputRow = [f64; INPUTS.len()];

/// The two fusion models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fusion {
    /// For narratives without children.
    pub leaves: DenseModel,
    /// For narratives with children.
    pub parents: DenseModel,
}

/// Who stands where: what the inputs of each narrative are taken from. Derived from the taxonomy.
#[derive(Debug, Clone)]
pub(crate) struct Kinship {
    parent: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    leaf: Vec<bool>,
}

impl Kinship {
    pub(crate) fn new(taxonomy: &Taxonomy) -> Self {
        let mut children = vec![Vec::new(); taxonomy.len()];
        for n in taxonomy.numbers() {
            if let Some(p) = taxonomy.parent(n) {
                children[p.index()].push(n.index());
            }
        }
        Self {
            parent: taxonomy.numbers().map(|n| taxonomy.parent(n).map(NarrativeNo::index)).collect(),
            children,
            leaf: taxonomy.numbers().map(|n| taxonomy.is_leaf(n)).collect(),
        }
    }

    /// Input rows of all narratives for one text. `scores` holds a score per narrative and "spreads any" last.
    pub(crate) fn inputs(&self, scores: &[f64], votes: &[Vote], out: &mut Vec<InputRow>) {
        out.clear();
        out.resize(self.leaf.len(), [0.0; INPUTS.len()]);
        (0..INPUTS.len()).for_each(|i| self.each(i, scores, votes, |k, value| out[k][i] = value));
    }

    /// Gives one input of every narrative for one text, in the order of the narratives.
    fn each(&self, input: usize, scores: &[f64], votes: &[Vote], to: impl FnMut(usize, f64)) {
        match input {
            0 => self.own(|k| scores[k], to),
            1 => self.lead(|k| scores[k], to),
            2 => self.kin(|k| scores[k], to),
            3 => self.own(|k| votes[k].share, to),
            4 => self.kin(|k| votes[k].share, to),
            5 => self.own(|k| votes[k].nearest, to),
            6 => self.lead(|k| votes[k].nearest, to),
            7 => self.own(|k| votes[k].centroid, to),
            8 => self.own(|k| votes[k].description, to),
            9 => self.lead(|k| votes[k].description, to),
            _ => self.own(|_| scores.last().copied().unwrap_or(0.0), to),
        }
    }

    fn own(&self, value: impl Fn(usize) -> f64, mut to: impl FnMut(usize, f64)) {
        (0..self.leaf.len()).for_each(|k| to(k, value(k)));
    }

    /// A value less the best other's of its level.
    fn lead(&self, value: impl Fn(usize) -> f64, mut to: impl FnMut(usize, f64)) {
        let lead = Lead::new(&self.leaf, &value);
        (0..self.leaf.len()).for_each(|k| to(k, value(k) - lead.other(k, self.leaf[k])));
    }

    /// The value of the parent, or of the best child.
    fn kin(&self, value: impl Fn(usize) -> f64, mut to: impl FnMut(usize, f64)) {
        for (k, children) in self.children.iter().enumerate() {
            let of_kin = if self.leaf[k] {
                value(self.parent[k].unwrap_or(k))
            } else {
                children.iter().map(|&c| value(c)).fold(f64::NEG_INFINITY, f64::max)
            };
            to(k, of_kin);
        }
    }

    pub(crate) fn is_leaf(&self, k: usize) -> bool {
        self.leaf[k]
    }

    /// Of each narrative whether it has no children.
    pub(crate) fn leaves(&self) -> &[bool] {
        &self.leaf
    }
}

/// The best and second-best value per level, to answer "the best of the others" in one step.
struct Lead([[(f64, usize); 2]; 2]);

impl Lead {
    fn new(leaf: &[bool], value: impl Fn(usize) -> f64) -> Self {
        let mut best = [[(f64::NEG_INFINITY, usize::MAX); 2]; 2];
        for (k, &l) in leaf.iter().enumerate() {
            let level = &mut best[usize::from(l)];
            let v = value(k);
            if v > level[0].0 {
                *level = [(v, k), level[0]];
            } else if v > level[1].0 {
                level[1] = (v, k);
            }
        }
        Self(best)
    }

    /// The best value among the others of `k`'s level; 0 when it is alone.
    fn other(&self, k: usize, leaf: bool) -> f64 {
        let level = &self.0[usize::from(leaf)];
        let v = if level[0].1 == k { level[1].0 } else { level[0].0 };
        if v.is_finite() { v } else { 0.0 }
    }
}

impl Fusion {
    /// Whether it asks for the shares of the nearest stored texts.
    pub(crate) fn asks_for_shares(&self) -> bool {
        self.asks_for(&SHARES)
    }

    /// Whether it asks for anything about stored texts. Their inputs have no weight where linear scores and descriptions
    /// say as much: then texts need not be stored.
    pub(crate) fn asks_for_texts(&self) -> bool {
        self.asks_for(&TEXTS)
    }

    fn asks_for(&self, inputs: &[usize]) -> bool {
        [&self.leaves, &self.parents]
            .iter()
            .any(|m| inputs.iter().any(|&i| m.weights.get(i).is_some_and(|&w| w != 0.0)))
    }

    /// The log-odds of all narratives for one text. An input without weight is not looked at.
    pub(crate) fn scores(&self, kinship: &Kinship, scores: &[f64], votes: &[Vote], out: &mut Vec<f64>) {
        out.clear();
        out.resize(kinship.leaf.len(), 0.0);
        for (input, (&leaves, &parents)) in self.leaves.weights.iter().zip(&self.parents.weights).enumerate() {
            if leaves != 0.0 || parents != 0.0 {
                let weights = [parents, leaves];
                kinship.each(input, scores, votes, |k, value| out[k] += weights[usize::from(kinship.leaf[k])] * value);
            }
        }
        let biases = [self.parents.bias, self.leaves.bias];
        out.iter_mut().zip(&kinship.leaf).for_each(|(score, &leaf)| *score += biases[usize::from(leaf)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left out where a model does not ask for it must not change its scores, and what is not must.
    #[test]
    fn a_fusion_asks_for_what_its_scores_depend_on() {
        let kinship = Kinship {
            parent: vec![None, Some(0), Some(0)],
            children: vec![vec![1, 2], vec![], vec![]],
            leaf: vec![false, true, true],
        };
        let vote =
            |k: f64| Vote { share: 0.2 * k, nearest: 0.3 * k, centroid: 0.1 * k, sharing: 2.0, description: 0.4 * k };
        let votes: Vec<Vote> = [1.0, 1.5, 2.5].map(vote).to_vec();
        let without = |shares_only: bool| -> Vec<Vote> {
            let cut = |v: &Vote| {
                if shares_only {
                    Vote { share: 0.0, ..*v }
                } else {
                    Vote { description: v.description, ..Vote::default() }
                }
            };
            votes.iter().map(cut).collect()
        };
        for input in 0..INPUTS.len() {
            let mut weights = vec![0.0; INPUTS.len()];
            weights[input] = 1.0;
            let model = DenseModel { weights, bias: -0.5 };
            let fusion = Fusion { leaves: model.clone(), parents: model };
            let scores = |votes: &[Vote]| {
                let mut out = Vec::new();
                fusion.scores(&kinship, &[0.1, 0.7, -0.4, 0.2], votes, &mut out);
                out
            };
            assert_eq!(scores(&votes) != scores(&without(true)), fusion.asks_for_shares(), "{}", INPUTS[input]);
            assert_eq!(scores(&votes) != scores(&without(false)), fusion.asks_for_texts(), "{}", INPUTS[input]);
        }
    }
}
