//! Scores of every text by a model that has not seen it or any text of its group.
//!
//! Fusion, calibration, thresholds and the figures of the model card rest on these. The feature space is learned on
//! all texts: it uses no labels, and one space for all folds keeps their scores comparable.

use linfa::dataset::Records;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fit::Watch;
use super::rows::{Row, RowKind};
use crate::features::space::{FeatureSpace, Weights};
use crate::features::sparse::SparseRows;
use crate::features::vocabulary::TermId;
use crate::learn::gram::Gram;
use crate::learn::one_vs_rest::OneVsRestValidParams;
use crate::model::neighbours::{Neighbours, Vote, VoteScratch};

/// The probes (rows that stand in for what users paste) and what is said of them out of fold.
pub(super) struct OutOfFold {
    /// Row numbers of the probes.
    pub(super) probes: Vec<usize>,
    /// Linear scores, probe by probe, narratives side by side and "spreads any" last.
    pub(super) scores: Vec<Vec<f64>>,
    /// Votes, likewise.
    pub(super) votes: Vec<Vec<Vote>>,
}

/// What is held out and scored.
pub(super) struct Job<'a> {
    pub(super) rows: &'a [Row],
    pub(super) matrix: &'a SparseRows,
    pub(super) gram: &'a Gram,
    pub(super) space: &'a FeatureSpace,
    pub(super) narratives: usize,
    pub(super) folds: usize,
    pub(super) solver: &'a OneVsRestValidParams,
    pub(super) neighbours: &'a Neighbours,
    /// Per stored text of the neighbours the training row it is.
    pub(super) stored: &'a [usize],
}

impl Job<'_> {
    pub(super) fn run(&self, watch: &Watch<'_>) -> OutOfFold {
        let probes: Vec<usize> = (0..self.rows.len())
            .filter(|&i| self.rows[i].kind == RowKind::Probe && self.rows[i].fold.is_some())
            .collect();
        let columns = self.narratives + 1;
        let tasks = columns * self.folds;
        let held_out =
            |fold: usize| probes.iter().enumerate().filter(move |&(_, &row)| self.rows[row].fold == Some(fold));
        let row = |task: usize, i: usize| {
            let (fold, column, row) = (task / columns, task % columns, &self.rows[i]);
            let weight = if row.fold == Some(fold) { 0.0 } else { row.weight_in(column, self.narratives) };
            (row.is_positive(column, self.narratives), weight)
        };
        let done = AtomicUsize::new(0);
        // Always from zero: weights of an earlier model have seen the held-out texts.
        let scored = self.solver.solve(self.gram, tasks, &row, &|_| None, &|task, minimum| {
            watch.step("out-of-fold models", done.fetch_add(1, Ordering::Relaxed) + 1, tasks);
            held_out(task / columns).map(|(_, &row)| minimum.scores[row]).collect::<Vec<f64>>()
        });
        let mut scores = vec![vec![0.0; columns]; probes.len()];
        for (task, held_out_scores) in scored.into_iter().enumerate() {
            for ((probe, _), score) in held_out(task / columns).zip(held_out_scores) {
                scores[probe][task % columns] = score;
            }
        }
        let votes = probes.par_iter().map_init(VoteScratch::default, |scratch, &row| self.vote(row, scratch)).collect();
        OutOfFold { probes, scores, votes }
    }

    fn vote(&self, row: usize, scratch: &mut VoteScratch) -> Vec<Vote> {
        let entries = self.matrix.row(row);
        let weights = Weights {
            terms: entries.columns.iter().map(|&c| TermId(c)).collect(),
            values: entries.values.iter().map(|&v| f64::from(v)).collect(),
        };
        debug_assert_eq!(self.matrix.nfeatures(), self.space.len());
        let fold = self.rows[row].fold;
        let skip = |stored: u32| {
            let other = self.rows[self.stored[stored as usize]].fold;
            other.is_some() && other == fold
        };
        self.neighbours.vote(self.space, &weights, self.narratives, skip, scratch);
        std::mem::take(&mut scratch.votes)
    }
}
