//! The training pipeline: rows, features, out-of-fold scores, fusion, calibration, thresholds, final model.

use linfa::ParamGuard;
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::calibration::{self, Calibration};
use super::card;
use super::data::TrainingData;
use super::memory::{self, Size};
use super::out_of_fold::{Job, MeanModel, OutOfFold};
use super::rows::{Row, RowKind, rows};
use super::stance;
use super::warm_start::{self, Overlap, WarmStart};
use crate::cases::index::CaseIndex;
use crate::cases::pairs;
use crate::cases::ranker::Ranker;
use crate::error::{Error, Result, TrainingProblem};
use crate::evaluate::metrics;
use crate::features::space::{FeatureSpace, learn};
use crate::features::sparse::SparseRows;
use crate::learn::dense::DenseModel;
use crate::learn::gram::Gram;
use crate::learn::one_vs_rest::{self, ClassWeight, OneVsRestParams};
use crate::learn::thresholds::Thresholds;
use crate::model::folder::{self, Model, Parts};
use crate::model::fusion::{Fusion, INPUTS, InputRow, Kinship};
use crate::model::linear::LinearWeights;
use crate::model::manifest::{FORMAT, Manifest, Metrics, NarrativeEntry, NarrativePart, Settings};
use crate::model::neighbours::{NeighbourKind, Neighbours, distinct};
use crate::model::taxonomy::Taxonomy;

/// Hears how far training is.
#[derive(Clone, Copy)]
pub struct Watch<'w>(pub &'w (dyn Fn(&'static str, usize, usize) + Sync));

impl Watch<'_> {
    pub(super) fn step(&self, stage: &'static str, done: usize, all: usize) {
        (self.0)(stage, done, all);
    }
}

/// A trained model, not yet written.
pub struct Trained {
    /// What goes into `model.json`.
    pub manifest: Manifest,
    parts: Option<Parts>,
    /// The model card.
    pub card: String,
    /// How much of the earlier model could be used, where one was given and narratives were trained.
    pub overlap: Option<Overlap>,
}

impl Trained {
    /// Writes the model folder and gives the version it got.
    pub fn save(&self, path: &Path) -> Result<String> {
        folder::save(path, self.manifest.clone(), self.parts.as_ref(), &self.card)
    }
}

/// Trains on checked data: narratives where there are labels, a ranker where there are queries or pairs.
///
/// Refuses what would not fit into the memory there is.
pub fn train(data: &TrainingData, settings: &Settings, watch: Watch<'_>) -> Result<Trained> {
    train_with(data, settings, Means { bytes: memory::available(), earlier: None }, watch)
}

/// What a training may use.
#[derive(Clone, Copy, Default)]
pub struct Means<'m> {
    /// Bytes of memory; `None` is without bounds.
    pub bytes: Option<u64>,
    /// A model whose weights the solver starts from: sooner done, and the same model within its tolerance.
    pub earlier: Option<&'m Model>,
}

/// As [`train`], with the given means.
pub fn train_with(data: &TrainingData, settings: &Settings, means: Means<'_>, watch: Watch<'_>) -> Result<Trained> {
    settings.check()?;
    if !data.has_labels() && data.cases.is_empty() {
        return Err(TrainingProblem::NoLabels.into());
    }
    let (narratives, metrics, overlap) = if data.has_labels() {
        let (part, parts, metrics, overlap) = fit_narratives(data, settings, means, watch)?;
        (Some((part, parts)), metrics, overlap)
    } else {
        (None, Metrics::default(), None)
    };
    watch.step("ranker", 0, 1);
    let ranker = fit_ranker(data, narratives.is_some())?;
    watch.step("ranker", 1, 1);
    let summary = data.summary();
    let (part, parts) = narratives.unzip();
    let manifest = Manifest {
        format: FORMAT,
        version: String::new(),
        checksum: String::new(),
        files: std::collections::BTreeMap::new(),
        settings: settings.clone(),
        data: summary,
        metrics,
        narratives: part,
        ranker,
    };
    let card = card::write(&manifest);
    Ok(Trained { manifest, parts, card, overlap })
}

/// Learns from judged queries where there are any, otherwise from free pairs. A model that has narratives may do
/// without a ranker; the bundled one serves then.
fn fit_ranker(data: &TrainingData, optional: bool) -> Result<Option<Ranker>> {
    let index = CaseIndex::new(data.cases.iter().map(|c| c.0.clone()));
    let fitted =
        if data.queries.is_empty() { pairs::learn_free(&index) } else { pairs::learn_judged(&index, &data.queries) };
    match fitted {
        Ok(ranker) => Ok(Some(ranker)),
        Err(Error::Training(TrainingProblem::NoPairs)) if optional && data.queries.is_empty() => Ok(None),
        Err(e) => Err(e),
    }
}

/// What is learned with every text held out once.
struct HeldOut {
    rows: Vec<Row>,
    space: FeatureSpace,
    gram: Gram,
    neighbours: Neighbours,
    unseen: OutOfFold,
    warm: Option<WarmStart>,
    fusion: Fusion,
    calibration: Calibration,
    /// Probe by probe, a probability per narrative.
    probabilities: Vec<Vec<f64>>,
}

/// What a model that has not seen a record says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutOfFoldRecord {
    /// Number of the record, counting cases, then texts, then background.
    pub record: usize,
    /// Calibrated probability per narrative, in the order of the taxonomy; a parent's is never below its child's.
    pub probabilities: Vec<f64>,
}

/// The calibrated out-of-fold probabilities of all records, without fitting a final model.
pub fn out_of_fold_probabilities(
    data: &TrainingData,
    settings: &Settings,
    bytes: Option<u64>,
    watch: Watch<'_>,
) -> Result<Vec<OutOfFoldRecord>> {
    settings.check()?;
    if !data.has_labels() {
        return Err(TrainingProblem::NoLabels.into());
    }
    let held = hold_out(data, settings, Means { bytes, earlier: None }, watch)?;
    let probes = held.unseen.probes.iter().zip(held.probabilities);
    let rows = &held.rows;
    Ok(probes.filter_map(|(&row, p)| Some(OutOfFoldRecord { record: rows[row].record?, probabilities: p })).collect())
}

fn hold_out(data: &TrainingData, settings: &Settings, means: Means<'_>, watch: Watch<'_>) -> Result<HeldOut> {
    use linfa::dataset::Records;
    let size = Size::of(data);
    size.check(means.bytes)?;
    let rows = rows(data, settings);
    let taxonomy = &data.taxonomy;
    let narratives = taxonomy.len();
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
    watch.step("features", 0, 1);
    let samples: Vec<_> = rows.iter().map(Row::sample).collect();
    let (space, matrix) = learn(&samples, &settings.features)?;
    let (features, nonzeros) = (matrix.nfeatures() as u64, matrix.nonzeros() as u64);
    Size { features, nonzeros, ..size }.check(means.bytes)?;
    watch.step("features", 1, 1);
    let solver = OneVsRestParams::default().alpha(settings.alpha).class_weight(ClassWeight::Tempered(settings.balance));
    let solver = if means.earlier.is_some() { solver.tolerance(warm_start::TOLERANCE) } else { solver };
    let solver = solver.check()?;
    let warm = means.earlier.map(|model| WarmStart::new(model, &space, taxonomy, &matrix)).transpose()?;
    let gram = Gram::new(&matrix);
    let (neighbours, stored) = store(&rows, &space, &matrix);
    let job = Job {
        rows: &rows,
        matrix: &matrix,
        gram: &gram,
        space: &space,
        narratives,
        folds: filled.len(),
        solver: &solver,
        neighbours: &neighbours,
        stored: &stored,
        warm: warm.as_ref(),
    };
    let unseen = job.run(&watch);
    watch.step("fusion", 0, 1);
    let fused = fuse(taxonomy, &rows, &unseen)?;
    let (calibration, probabilities) = calibration::fit(taxonomy, &rows, &unseen, &fused.scores);
    watch.step("fusion", 1, 1);
    let fusion = fused.fusion;
    Ok(HeldOut { rows, space, gram, neighbours, unseen, warm, fusion, calibration, probabilities })
}

fn fit_narratives(
    data: &TrainingData,
    settings: &Settings,
    means: Means<'_>,
    watch: Watch<'_>,
) -> Result<(NarrativePart, Parts, Metrics, Option<Overlap>)> {
    let taxonomy = &data.taxonomy;
    let narratives = taxonomy.len();
    let HeldOut { rows, space, gram, neighbours, unseen, warm, fusion, calibration, probabilities } =
        hold_out(data, settings, means, watch)?;
    let thresholds = calibration::thresholds(taxonomy, &rows, &unseen, &probabilities, settings);
    let mut metrics = figures(taxonomy, &rows, &unseen, &probabilities, &thresholds);
    let stance = stance::fit(&rows, &unseen, &probabilities, &thresholds).map(|(model, figures)| {
        metrics.out_of_fold.extend(figures);
        model
    });
    let (weights, bias) = final_weights(&gram, unseen.mean, warm.as_ref());
    let weights = LinearWeights::quantise(&weights, bias.clone());
    let mut entries = Vec::with_capacity(narratives);
    for n in taxonomy.numbers() {
        let k = n.index();
        entries.push(NarrativeEntry {
            narrative: taxonomy.narrative(n).clone(),
            examples: rows.iter().filter(|r| r.kind == RowKind::Probe && r.carries(k)).count(),
            bias: bias[k],
            calibration: calibration.own[k],
            thresholds: thresholds[k],
        });
    }
    let best = calibration.best;
    let part = NarrativePart { narratives: entries, spreads_bias: bias[narratives], stance, fusion, best };
    Ok((part, Parts { space, weights, neighbours }, metrics, warm.map(|w| w.overlap)))
}

/// Chooses which rows the neighbours remember: all but disproofs, equal texts once.
fn store(rows: &[Row], space: &FeatureSpace, matrix: &SparseRows) -> (Neighbours, Vec<usize>) {
    let kept: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].kind != RowKind::Disproof).collect();
    let once = distinct(kept.iter().map(|&i| (&rows[i].text, &rows[i].labels, rows[i].fold)));
    let stored: Vec<usize> = once.into_iter().map(|i| kept[i]).collect();
    let texts: Vec<_> = stored
        .iter()
        .map(|&i| {
            let described = rows[i].kind == RowKind::Description;
            let kind = if described { NeighbourKind::Description } else { NeighbourKind::Text };
            (i, kind, rows[i].labels.clone())
        })
        .collect();
    (Neighbours::build(space, matrix, &texts), stored)
}

/// Fusion models and their out-of-fold log-odds, probe by probe.
struct Fused {
    fusion: Fusion,
    scores: Vec<Vec<f64>>,
}

/// Most examples a fusion model is fitted on; beyond that every further text adds nothing but time.
const FUSION_EXAMPLES: usize = 400_000;

fn fuse(taxonomy: &Taxonomy, rows: &[Row], unseen: &OutOfFold) -> Result<Fused> {
    let kinship = Kinship::new(taxonomy);
    let mut inputs: Vec<Vec<InputRow>> = Vec::with_capacity(unseen.probes.len());
    for (scores, votes) in unseen.scores.iter().zip(&unseen.votes) {
        let mut row = Vec::new();
        kinship.inputs(scores, votes, &mut row);
        inputs.push(row);
    }
    let stride = (inputs.len() * taxonomy.len()).div_ceil(FUSION_EXAMPLES).max(1);
    let fit = |leaf: bool| -> Result<DenseModel> {
        let mut flat = Vec::new();
        let mut labels = Vec::new();
        for (probe, row) in inputs.iter().enumerate().step_by(stride) {
            for (k, values) in row.iter().enumerate().filter(|&(k, _)| kinship.is_leaf(k) == leaf) {
                flat.extend_from_slice(values);
                labels.push(rows[unseen.probes[probe]].carries(k));
            }
        }
        let shape = (labels.len(), INPUTS.len());
        let inputs = Array2::from_shape_vec(shape, flat)
            .map_err(|_| TrainingProblem::Shape { rows: shape.0, targets: labels.len() })?;
        DenseModel::fit_increasing(&inputs, &labels, 1.0)
    };
    let leaves = fit(true)?;
    let has_parents = taxonomy.numbers().any(|n| !taxonomy.is_leaf(n));
    let parents = if has_parents { fit(false)? } else { leaves.clone() };
    let fusion = Fusion { leaves, parents };
    let scores = inputs
        .iter()
        .map(|row| row.iter().enumerate().map(|(k, values)| fusion.score(&kinship, k, values)).collect())
        .collect();
    Ok(Fused { fusion, scores })
}

/// Values of the kept narratives, probe by probe, and whether each probe carries the narrative.
pub(super) fn gather(
    rows: &[Row],
    unseen: &OutOfFold,
    values: &[Vec<f64>],
    keep: &dyn Fn(usize) -> bool,
) -> (Vec<f64>, Vec<bool>) {
    let mut out = (Vec::new(), Vec::new());
    for (row, &probe) in values.iter().zip(&unseen.probes) {
        for (k, &value) in row.iter().enumerate().filter(|&(k, _)| keep(k)) {
            out.0.push(value);
            out.1.push(rows[probe].carries(k));
        }
    }
    out
}

/// What texts that carry nothing are called where they do not state a kind.
const BACKGROUND: &str = "background";

/// The figures of the model card, all on out-of-fold probabilities.
fn figures(
    taxonomy: &Taxonomy,
    rows: &[Row],
    unseen: &OutOfFold,
    probabilities: &[Vec<f64>],
    thresholds: &[Thresholds],
) -> Metrics {
    let mut out = std::collections::BTreeMap::new();
    let is_leaf = |k: usize| taxonomy.is_leaf(crate::model::taxonomy::NarrativeNo(k as u32));
    let has_parents = (0..taxonomy.len()).any(|k| !is_leaf(k));
    for (level, leaf) in [("narratives", true), ("parents", false)] {
        if !leaf && !has_parents {
            continue;
        }
        let (mut gold, mut said, mut sure, mut right) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, &probe) in probabilities.iter().zip(&unseen.probes) {
            let labels: Vec<usize> =
                rows[probe].labels.iter().map(|&l| l as usize).filter(|&k| is_leaf(k) == leaf).collect();
            let candidates = (0..taxonomy.len()).filter(|&k| is_leaf(k) == leaf);
            let Some(best) = candidates.max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a))) else { continue };
            if let Some(&first) = labels.first() {
                // A text with several narratives counts as right for any of them.
                gold.push(if labels.contains(&best) { best } else { first });
                said.push(best);
            }
            sure.push(row[best]);
            right.push(labels.contains(&best));
        }
        out.insert(format!("{level}: texts"), gold.len() as f64);
        out.insert(format!("{level}: accuracy of the best"), metrics::accuracy(&gold, &said));
        out.insert(format!("{level}: macro-F1 of the best"), metrics::macro_f1(&gold, &said));
        out.insert(
            format!("{level}: calibration error of the best"),
            metrics::expected_calibration_error(&sure, &right),
        );
    }
    // Texts that carry nothing, all of them and by what they state to be: texts, those with a match, with a suggestion.
    let mut alarms: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for (row, &probe) in probabilities.iter().zip(&unseen.probes) {
        let decided = |pick: fn(&Thresholds) -> f64| {
            row.iter().zip(thresholds).enumerate().filter(move |(_, (p, t))| **p >= pick(t)).map(|(k, _)| k)
        };
        let labels = &rows[probe].labels;
        for k in (0..taxonomy.len()).filter(|&k| is_leaf(k)) {
            let said = row[k] >= thresholds[k].review;
            match (said, rows[probe].carries(k)) {
                (true, true) => right += 1,
                (true, false) => wrong += 1,
                (false, true) => missed += 1,
                (false, false) => {}
            }
        }
        if labels.is_empty() {
            let matched = u32::from(decided(|t| t.confirmed).next().is_some());
            let suggested = u32::from(decided(|t| t.review).next().is_some());
            let sort = &*rows[probe].sort;
            for name in if sort == BACKGROUND { vec![BACKGROUND] } else { vec![BACKGROUND, sort] } {
                let counts = alarms.entry(name).or_default();
                counts.iter_mut().zip([1, matched, suggested]).for_each(|(c, n)| *c += n);
            }
        }
    }
    for (name, [texts, matched, suggested]) in alarms.into_iter().map(|(n, c)| (n, c.map(f64::from))) {
        out.insert(format!("{name}: texts"), texts);
        out.insert(format!("{name}: share with a match"), matched / texts);
        out.insert(format!("{name}: share with a match or suggestion"), suggested / texts);
    }
    let share = |a: usize, b: usize| if b > 0 { a as f64 / b as f64 } else { 0.0 };
    out.insert("suggested or matched: precision".into(), share(right, right + wrong));
    out.insert("suggested or matched: recall".into(), share(right, right + missed));
    out.insert("suggested or matched: micro-F1".into(), metrics::f1(right, wrong, missed).unwrap_or(0.0));
    Metrics { out_of_fold: out }
}

/// The final linear models, weights feature by feature, and their biases: the mean of the models of all folds.
///
/// One more model on all rows was rejected: it has seen more than the models whose scores fusion, calibration and
/// thresholds were fitted on, so its scores are larger than theirs and every probability comes out too sure. The mean has
/// their scale, each row is in all but one of its parts, and it varies less.
fn final_weights(gram: &Gram, mean: Vec<MeanModel>, warm: Option<&WarmStart>) -> (Vec<f32>, Vec<f64>) {
    let columns = mean.len();
    let bias = mean.iter().map(|m| m.bias).collect();
    let kept: Vec<f64> = mean.iter().map(|m| m.kept).collect();
    let sums: Vec<Vec<f64>> = mean.into_iter().map(|m| m.a).collect();
    let mut all = vec![0f32; gram.width() * columns];
    one_vs_rest::weights_of(gram, &sums, |first, feature, lanes| {
        let to = &mut all[feature * columns + first..][..lanes.len()];
        for ((to, w), k) in to.iter_mut().zip(lanes).zip(first..) {
            *to = (w + warm.map_or(0.0, |warm| kept[k] * warm.weight(feature, k))) as f32;
        }
    });
    (all, bias)
}
