//! Scores of every text by a model that has not seen it or any text of its group; or, of the later half of the texts, by
//! models that have seen nothing but what was there before.
//!
//! Fusion, calibration, thresholds and the figures of the model card rest on these. The feature space is learned on
//! all texts: it uses no labels, and one space for all folds keeps their scores comparable.

use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fit::Watch;
use super::rows::{Row, RowKind};
use super::warm_start::WarmStart;
use crate::features::space::{FeatureSpace, Weights};
use crate::features::sparse::SparseRows;
use crate::features::vocabulary::TermId;
use crate::learn::gram::Gram;
use crate::learn::one_vs_rest::OneVsRestValidParams;
use crate::model::curves::OfText;
use crate::model::neighbours::{Neighbours, Vote, VoteScratch};

/// The probes (rows that stand in for what users paste) and what is said of them out of fold.
pub(super) struct OutOfFold {
    /// What is said of the probes.
    pub(super) probes: Asked,
    /// What is said of passages of some probes.
    pub(super) passages: Asked,
    /// Per training row the linear score of "spreads any", for probes, titles and disproofs alike; `None` where a row
    /// is never held out.
    pub(super) spreads: Vec<Option<f64>>,
    /// The mean of the models of all folds, column by column; none of models that know a part of the folds only.
    pub(super) mean: Vec<MeanModel>,
}

/// What models say of some rows they have not seen.
#[derive(Default)]
pub(super) struct Asked {
    /// Their numbers.
    pub(super) rows: Vec<usize>,
    /// Linear scores, row by row, narratives side by side and "spreads any" last.
    pub(super) scores: Vec<Vec<f64>>,
    /// Votes, likewise.
    pub(super) votes: Vec<Vec<Vote>>,
    /// What is known of each as a whole.
    pub(super) of_text: Vec<OfText>,
}

/// A linear model as a sum of rows and of the weights it started from, `w = Xᵀ a + kept · w₀`, and its bias.
pub(super) struct MeanModel {
    pub(super) a: Vec<f64>,
    pub(super) kept: f64,
    pub(super) bias: f64,
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
    /// Per place of the neighbours the training row that stands there.
    pub(super) stored: &'a [Option<usize>],
    pub(super) warm: Option<&'a WarmStart>,
    pub(super) held_out: HeldOut,
}

/// What of the folds is scored, and what its models may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeldOut {
    /// Every fold, by what is in all others.
    Each,
    /// The later half of the folds, each by what is in earlier ones: how a model does on what comes after it.
    Later,
}

impl Job<'_> {
    /// The first fold that is held out.
    fn first(&self) -> usize {
        match self.held_out {
            HeldOut::Each => 0,
            HeldOut::Later => self.folds / 2,
        }
    }

    /// Whether a row of fold `other` is hidden from the models that score `fold`.
    fn hides(&self, fold: usize, other: Option<usize>) -> bool {
        other.is_some_and(|other| match self.held_out {
            HeldOut::Each => other == fold,
            HeldOut::Later => other >= fold,
        })
    }

    pub(super) fn run(&self, watch: &Watch<'_>) -> OutOfFold {
        let first = self.first();
        let of = |kind: RowKind| {
            let is = move |i: &usize| self.rows[*i].kind == kind && self.rows[*i].fold.is_some_and(|f| f >= first);
            (0..self.rows.len()).filter(is).collect::<Vec<usize>>()
        };
        let probes = of(RowKind::Probe);
        let passages = if self.held_out == HeldOut::Each { of(RowKind::Passage) } else { Vec::new() };
        let asked: Vec<usize> = probes.iter().chain(&passages).copied().collect();
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let columns = self.narratives + 1;
        let tasks = columns * (self.folds - first);
        // Debunks are no probes, but whether a text spreads is asked of them too: that column scores every held-out row.
        let held_out = |task: usize| {
            let (fold, every) = (first + task / columns, task % columns == self.narratives);
            let rows = if every { &all } else { &asked };
            rows.iter().copied().filter(move |&row| self.rows[row].fold == Some(fold))
        };
        let row = |task: usize, i: usize| {
            let (fold, column, row) = (first + task / columns, task % columns, &self.rows[i]);
            let weight = if self.hides(fold, row.fold) { 0.0 } else { row.weight_in(column, self.narratives) };
            (row.is_positive(column, self.narratives), weight)
        };
        let (stage, in_mean) = match self.held_out {
            HeldOut::Each => ("out-of-fold models", true),
            HeldOut::Later => ("models before later texts", false),
        };
        let done = AtomicUsize::new(0);
        let start = |task: usize| self.warm.and_then(|w| w.start(task % columns));
        let scored = self.solver.solve(self.gram, tasks, &row, &start, &|task, minimum| {
            watch.step(stage, done.fetch_add(1, Ordering::Relaxed) + 1, tasks);
            let scores: Vec<f64> = held_out(task).map(|row| minimum.scores[row]).collect();
            let a: Vec<f32> = if in_mean { minimum.a.iter().map(|&a| a as f32).collect() } else { Vec::new() };
            (scores, a, (minimum.bias, minimum.kept))
        });
        let share = 1.0 / self.folds as f64;
        let none = || MeanModel { a: vec![0.0; self.rows.len()], kept: 0.0, bias: 0.0 };
        let mut mean: Vec<MeanModel> = if in_mean { (0..columns).map(|_| none()).collect() } else { Vec::new() };
        let mut by_row: Vec<Vec<f64>> = vec![Vec::new(); self.rows.len()];
        for &row in &asked {
            by_row[row] = vec![0.0; columns];
        }
        let mut spreads = vec![None; self.rows.len()];
        for (task, (held_out_scores, a, (bias, kept))) in scored.into_iter().enumerate() {
            if let Some(to) = mean.get_mut(task % columns) {
                to.a.iter_mut().zip(a).for_each(|(to, a)| *to += share * f64::from(a));
                to.bias += share * bias;
                to.kept += share * kept;
            }
            for (row, score) in held_out(task).zip(held_out_scores) {
                if let Some(to) = by_row[row].get_mut(task % columns) {
                    *to = score;
                }
                if task % columns == self.narratives {
                    spreads[row] = Some(score);
                }
            }
        }
        let mut said = |rows: Vec<usize>| Asked {
            of_text: rows.iter().map(|&row| OfText::new(&by_row[row], self.own(row))).collect(),
            scores: rows.iter().map(|&row| std::mem::take(&mut by_row[row])).collect(),
            votes: rows.par_iter().map_init(VoteScratch::default, |scratch, &row| self.vote(row, scratch)).collect(),
            rows,
        };
        OutOfFold { probes: said(probes), passages: said(passages), spreads, mean }
    }

    /// How many features of a row are of the space, and not what another model says of it.
    fn own(&self, row: usize) -> usize {
        self.matrix.row(row).columns.partition_point(|&c| (c as usize) < self.space.len())
    }

    fn vote(&self, row: usize, scratch: &mut VoteScratch) -> Vec<Vote> {
        let entries = self.matrix.row(row);
        let own = self.own(row);
        let weights = Weights {
            terms: entries.columns[..own].iter().map(|&c| TermId(c)).collect(),
            values: entries.values[..own].iter().map(|&v| f64::from(v)).collect(),
            own,
        };
        let Some(fold) = self.rows[row].fold else { return Vec::new() };
        let skip = |place: u32| self.stored[place as usize].is_none_or(|row| self.hides(fold, self.rows[row].fold));
        self.neighbours.vote(self.space, &weights, (self.narratives, true), skip, scratch);
        std::mem::take(&mut scratch.votes)
    }
}
