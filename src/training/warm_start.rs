//! An earlier model's weights as a place to start from, and the same answer within the solver's tolerance.
//!
//! Features are matched by kind and text, narratives by id, so records may have come and gone in between. The earlier
//! weights have seen texts that are held out now; the minimum a solver ends at knows nothing of where it started, and
//! [`TOLERANCE`] is set so fine that what is left of it shows in no figure.

use linfa::dataset::Records;
use rayon::prelude::*;

use crate::error::{Error, ModelProblem, Result, TrainingProblem};
use crate::features::space::FeatureSpace;
use crate::features::sparse::SparseRows;
use crate::features::vocabulary::TermId;
use crate::learn::subspace::Start;
use crate::model::folder::Model;
use crate::model::taxonomy::Taxonomy;

/// The solver's tolerance where it starts from weights that have seen the held-out texts.
pub(super) const TOLERANCE: f64 = 1e-4;

/// How much of an earlier model could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Narratives of the new model that the earlier one knows, and all of them.
    pub narratives: (usize, usize),
    /// Features likewise.
    pub features: (usize, usize),
}

/// Weights and scores to start from, column by column of the new model ("spreads any" last).
pub(super) struct WarmStart {
    pub(super) overlap: Overlap,
    columns: usize,
    /// Column of the earlier model for each column, where it has one.
    known: Vec<Option<usize>>,
    /// Feature by feature.
    weights: Vec<f32>,
    /// Row by row.
    scores: Vec<f32>,
    bias: Vec<f64>,
}

impl WarmStart {
    /// Refuses a model without narratives or with other features; what it lacks starts from zero.
    pub(super) fn new(earlier: &Model, space: &FeatureSpace, taxonomy: &Taxonomy, rows: &SparseRows) -> Result<Self> {
        let Some(old) = &earlier.classifier else {
            return Err(Error::model(&earlier.name, ModelProblem::NoNarratives));
        };
        if old.space.settings != space.settings {
            return Err(TrainingProblem::OtherFeatures.into());
        }
        let ids = |t: &Taxonomy| -> Vec<String> { t.numbers().map(|n| t.narrative(n).id.clone()).collect() };
        let old_ids = ids(&old.taxonomy);
        let column = |id: &String| old_ids.iter().position(|o| o == id);
        let mut known: Vec<Option<usize>> = ids(taxonomy).iter().map(column).collect();
        let narratives = (known.iter().flatten().count(), known.len());
        known.push(Some(old.len()));
        let columns = known.len();
        let mut weights = vec![0f32; space.len() * columns];
        let mut found = 0;
        for (feature, to) in (0..space.len() as u32).zip(weights.chunks_exact_mut(columns)) {
            let (kind, text) = (space.vocabulary.kind(TermId(feature)), space.vocabulary.term(TermId(feature)));
            let Some(term) = old.space.vocabulary.get(kind, text) else { continue };
            found += 1;
            for (to, from) in to.iter_mut().zip(&known) {
                *to = from.map_or(0.0, |k| old.linear.weight(term.0, k));
            }
        }
        let mut scores = vec![0f32; rows.nsamples() * columns];
        scores.par_chunks_exact_mut(columns).enumerate().for_each_init(
            || vec![0.0; columns],
            |sums, (i, out)| {
                sums.fill(0.0);
                let row = rows.row(i);
                for (&c, &x) in row.columns.iter().zip(row.values) {
                    // What another model says of a text stands behind the features.
                    let Some(weights) = weights.get(c as usize * columns..(c as usize + 1) * columns) else { break };
                    sums.iter_mut().zip(weights).for_each(|(s, &w)| *s += f64::from(x) * f64::from(w));
                }
                out.iter_mut().zip(sums).for_each(|(o, s)| *o = *s as f32);
            },
        );
        let bias = known.iter().map(|k| k.map_or(0.0, |k| old.linear.bias()[k])).collect();
        let overlap = Overlap { narratives, features: (found, space.len()) };
        Ok(Self { overlap, columns, known, weights, scores, bias })
    }

    /// Where a column starts; `None` for zero.
    pub(super) fn start(&self, column: usize) -> Option<Start> {
        self.known[column]?;
        let of = |all: &[f32]| -> Vec<f64> {
            all.iter().skip(column).step_by(self.columns).map(|&x| f64::from(x)).collect()
        };
        let square = of(&self.weights).iter().map(|w| w * w).sum();
        Some(Start { scores: of(&self.scores), square, bias: self.bias[column] })
    }

    /// The earlier weight of a feature in a column.
    pub(super) fn weight(&self, feature: usize, column: usize) -> f64 {
        // What another model says of a text is no feature of the earlier one.
        self.weights.get(feature * self.columns + column).map_or(0.0, |&w| f64::from(w))
    }
}
