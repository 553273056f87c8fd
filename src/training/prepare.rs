//! What a training run computes before anything is fitted: rows, features, and the layouts made of them.
//!
//! Apart from the fitting, because trials of other settings (`tune`) can often use it again: penalty, class weights and
//! the weights of rows change no feature.

use linfa::dataset::Records;
use std::collections::BTreeSet;

use super::data::TrainingData;
use super::fit::Means;
use super::long_texts::Plan;
use super::memory::Size;
use super::rows::{Row, RowKind, rows};
use super::transfer::{self, Transfer};
use crate::error::{Result, TrainingProblem};
use crate::features::space::{FeatureSpace, Featuriser, learn_beside};
use crate::features::sparse::SparseRows;
use crate::learn::gram::Gram;
use crate::model::manifest::{FoldsBy, Settings};
use crate::model::neighbours::{NeighbourKind, Neighbours, Stored, distinct};

/// Rows in their feature space, ready to be fitted on.
pub(super) struct Prepared<'m> {
    pub(super) rows: Vec<Row>,
    pub(super) space: FeatureSpace,
    /// The rows; behind the features of the space what another model says of them.
    pub(super) matrix: SparseRows,
    pub(super) transfer: Option<Transfer<'m>>,
    pub(super) gram: Gram,
    pub(super) neighbours: Neighbours,
    /// Per place of the neighbours the training row that stands there.
    pub(super) stored: Vec<Option<usize>>,
    /// Folds that hold a record.
    pub(super) folds: usize,
    /// What the folds are made by; stretches of time lie in order.
    pub(super) folds_by: FoldsBy,
    /// From how many words on texts are long, and how many a passage has; passages stand behind the other rows.
    pub(super) long: Option<(usize, usize)>,
}

impl<'m> Prepared<'m> {
    /// Refuses data that cannot be trained on, and what would not fit into memory.
    pub(super) fn new(data: &TrainingData, settings: &Settings, means: Means<'m>) -> Result<Self> {
        let Means { bytes, source, .. } = means;
        let size = Size::of(data);
        size.check(bytes)?;
        let (mut rows, folds_by) = rows(data, settings);
        let plan = Plan::new(&rows, settings.seed);
        let long = plan.as_ref().map(|p| (p.from, p.width));
        rows.extend(plan.into_iter().flat_map(|p| p.rows));
        let taxonomy = &data.taxonomy;
        if let Some(n) = taxonomy.numbers().find(|n| {
            let mut probes = rows.iter().filter(|r| r.kind == RowKind::Probe);
            probes.all(|r| r.carries(n.index()))
        }) {
            return Err(TrainingProblem::OneClass(taxonomy.narrative(n).id.clone()).into());
        }
        let filled: BTreeSet<usize> = rows.iter().filter_map(|r| r.fold).collect();
        if filled.len() < 2 {
            return Err(TrainingProblem::OneGroup.into());
        }
        let (passages, texts): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|r| r.kind == RowKind::Passage);
        let samples: Vec<_> = texts.into_iter().map(Row::sample).collect();
        let transfer = source.and_then(|model| Transfer::new(data, settings, model, &rows));
        let known = transfer.as_ref().map(|(transfer, _)| transfer.vocabulary());
        let (space, mut matrix) = learn_beside(&samples, &settings.features, known)?;
        let mut featuriser = Featuriser::new(&space);
        for passage in passages {
            featuriser.run(&space, &passage.text, passage.language);
            matrix.push(featuriser.weights.sorted());
        }
        if let Some((transfer, said)) = &transfer {
            matrix = matrix.beside(said, transfer.features());
        }
        let transfer = transfer.map(|t| t.0);
        let (features, nonzeros) = (matrix.nfeatures() as u64, matrix.nonzeros() as u64);
        Size { features, nonzeros, ..size }.check(bytes)?;
        let gram = Gram::new(&matrix);
        let (neighbours, stored) = store(&rows, &space, &matrix);
        Ok(Self { rows, space, matrix, transfer, gram, neighbours, stored, folds: filled.len(), folds_by, long })
    }

    /// The same for other settings, without counting anything again where they leave the texts and their features as
    /// they are.
    pub(super) fn again(self, data: &TrainingData, settings: &Settings, means: Means<'m>) -> Result<Self> {
        let weight = means.source.and_then(|model| transfer::weight(data, settings, model));
        if settings.features == self.space.settings && weight == self.transfer.as_ref().map(|t| t.weight) {
            let (mut rows, folds_by) = rows(data, settings);
            let texts = self.rows.iter().take_while(|r| r.kind != RowKind::Passage).count();
            let same = |(a, b): (&Row, &Row)| a.kind == b.kind && a.text == b.text && a.fold == b.fold;
            if rows.len() == texts && rows.iter().zip(&self.rows).all(same) {
                // Their passages depend on nothing else.
                rows.extend_from_slice(&self.rows[texts..]);
                return Ok(Self { rows, folds_by, ..self });
            }
        }
        // The old one first, so that there are never two.
        drop(self);
        Self::new(data, settings, means)
    }
}

/// Chooses which rows the neighbours remember: all but disproofs and passages, equal texts once, narrative by narrative and in each by
/// language.
fn store(rows: &[Row], space: &FeatureSpace, matrix: &SparseRows) -> (Neighbours, Vec<Option<usize>>) {
    let kept: Vec<usize> =
        (0..rows.len()).filter(|&i| !matches!(rows[i].kind, RowKind::Disproof | RowKind::Passage)).collect();
    let once = distinct(kept.iter().map(|&i| (&rows[i].text, &rows[i].labels, rows[i].fold)));
    let mut stored: Vec<usize> = once.into_iter().map(|i| kept[i]).collect();
    stored.sort_by_key(|&i| (&rows[i].labels, rows[i].kind == RowKind::Description, rows[i].language));
    let texts: Vec<_> = stored
        .into_iter()
        .map(|row| {
            let described = rows[row].kind == RowKind::Description;
            let kind = if described { NeighbourKind::Description } else { NeighbourKind::Text };
            Stored { row, kind, labels: rows[row].labels.clone() }
        })
        .collect();
    Neighbours::build(space, matrix, &texts)
}
