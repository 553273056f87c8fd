//! The training pipeline: rows, features, out-of-fold scores, fusion, calibration, thresholds, final model.

use linfa::ParamGuard;
use ndarray::Array2;
use rustc_hash::FxHashSet;
use std::path::Path;

use super::calibration::{self, Calibration, Said};
use super::card;
use super::data::TrainingData;
use super::figures::Figures;
use super::long_texts;
use super::memory;
use super::out_of_fold::{Asked, HeldOut, Job, MeanModel, OutOfFold};
use super::prepare::Prepared;
use super::rows::{Row, RowKind};
use super::stance;
use super::warm_start::{self, Overlap, WarmStart};
use crate::cases::case::Case;
use crate::cases::index::CaseIndex;
use crate::cases::pairs;
use crate::cases::ranker::Ranker;
use crate::document::Language;
use crate::error::{Error, Result, TrainingProblem};
use crate::learn::dense::DenseModel;
use crate::learn::gram::Gram;
use crate::learn::one_vs_rest::{self, ClassWeight, OneVsRestParams};
use crate::model::folder::{self, Model, Parts};
use crate::model::fusion::{Fusion, INPUTS, InputRow, Kinship, TEXTS};
use crate::model::linear::LinearWeights;
use crate::model::manifest::{
    FORMAT, FoldsBy, Manifest, Metrics, NarrativeEntry, NarrativePart, PROTOTYPE, Settings, Tuning,
};
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
    train_with(data, settings, Means { bytes: memory::available(), ..Means::default() }, watch)
}

/// What a training may use.
#[derive(Clone, Copy, Default)]
pub struct Means<'m> {
    /// Bytes of memory; `None` is without bounds.
    pub bytes: Option<u64>,
    /// A model whose weights the solver starts from; the result is the same model within its tolerance.
    pub earlier: Option<&'m Model>,
    /// The bundled ranker: what few cases teach is mixed with it.
    pub bundled: Option<&'m Ranker>,
    /// The model whose narratives tell something about these texts, too: see [`transfer`](super::transfer).
    pub source: Option<&'m Model>,
    /// How the settings were chosen, where they were; it goes into the model and its card.
    pub tuning: Option<&'m Tuning>,
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
    let ranker = fit_ranker(data, narratives.is_some(), means.bundled)?;
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
        tuning: means.tuning.cloned(),
        narratives: part,
        ranker,
    };
    let card = card::write(&manifest);
    Ok(Trained { manifest, parts, card, overlap })
}

/// Learns from judged queries where there are enough, otherwise from free pairs, too. A model that has narratives may do
/// without a ranker; the bundled one serves then.
fn fit_ranker(data: &TrainingData, optional: bool, bundled: Option<&Ranker>) -> Result<Option<Ranker>> {
    let index = CaseIndex::new(data.cases.iter().map(|(case, _)| {
        let story = data.versions.get(&case.id).filter(|_| case.group.is_empty());
        Case { group: story.unwrap_or(&case.group).clone(), ..case.clone() }
    }));
    let stated: FxHashSet<&str> = data.cases.iter().map(|c| c.0.group.as_str()).collect();
    // A debunk may well be about the claim of a case; other background repeats none.
    let background = data.background.iter().filter(|t| t.stated_kind() != Some("debunk"));
    let others: Vec<_> = background.map(|t| (t.text.as_str(), Language::lenient(&t.language))).collect();
    match pairs::learn(&index, &data.queries, &others, &|group| stated.contains(group), bundled) {
        Ok(ranker) => Ok(Some(ranker)),
        Err(Error::Training(TrainingProblem::NoPairs)) if optional && data.queries.is_empty() => Ok(None),
        Err(e) => Err(e),
    }
}

/// What is learned with every text held out once.
pub(super) struct Scored {
    pub(super) unseen: OutOfFold,
    warm: Option<WarmStart>,
    fusion: Fusion,
    calibration: Calibration,
    /// Probe by probe, a probability per narrative.
    pub(super) probabilities: Vec<Vec<f64>>,
    /// The same of the later half of the texts by models that know nothing later, where folds are stretches of time.
    later: Option<Said>,
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
    means: Means<'_>,
    watch: Watch<'_>,
) -> Result<Vec<OutOfFoldRecord>> {
    settings.check()?;
    if !data.has_labels() {
        return Err(TrainingProblem::NoLabels.into());
    }
    let prepared = prepare(data, settings, means, watch)?;
    let held = score(&prepared, data, settings, None, watch)?;
    let probes = held.unseen.probes.rows.iter().zip(held.probabilities);
    let rows = &prepared.rows;
    Ok(probes.filter_map(|(&row, p)| Some(OutOfFoldRecord { record: rows[row].record?, probabilities: p })).collect())
}

fn prepare<'m>(data: &TrainingData, settings: &Settings, means: Means<'m>, watch: Watch<'_>) -> Result<Prepared<'m>> {
    watch.step("features", 0, 1);
    let prepared = Prepared::new(data, settings, means)?;
    watch.step("features", 1, 1);
    Ok(prepared)
}

/// Scores every text by models that have not seen it, and fits on those scores what makes probabilities of them.
pub(super) fn score(
    prepared: &Prepared<'_>,
    data: &TrainingData,
    settings: &Settings,
    earlier: Option<&Model>,
    watch: Watch<'_>,
) -> Result<Scored> {
    let Prepared { rows, space, matrix, gram, neighbours, stored, folds, folds_by, .. } = prepared;
    let taxonomy = &data.taxonomy;
    let solver = OneVsRestParams::default().alpha(settings.alpha).class_weight(ClassWeight::Tempered(settings.balance));
    let solver = if earlier.is_some() { solver.tolerance(warm_start::TOLERANCE) } else { solver };
    let solver = solver.check()?;
    let warm = earlier.map(|model| WarmStart::new(model, space, taxonomy, matrix)).transpose()?;
    let job = Job {
        rows,
        matrix,
        gram,
        space,
        narratives: taxonomy.len(),
        folds: *folds,
        solver: &solver,
        neighbours,
        stored,
        warm: warm.as_ref(),
        held_out: HeldOut::Each,
    };
    let unseen = job.run(&watch);
    let later = (*folds_by == FoldsBy::Time).then(|| Job { held_out: HeldOut::Later, ..job }.run(&watch));
    watch.step("fusion", 0, 1);
    let fusion = fuse(taxonomy, rows, &unseen, settings.stored_texts)?;
    let said = fused(taxonomy, &unseen.probes, &fusion);
    let later = later.map(|later| fused(taxonomy, &later.probes, &fusion));
    let calibration = Calibration::fit(taxonomy, rows, &said, later.as_ref());
    watch.step("fusion", 1, 1);
    let probabilities = calibration.probabilities(taxonomy, &said);
    let later = later.map(|l| Said { scores: calibration.probabilities(taxonomy, &l), ..l });
    Ok(Scored { unseen, warm, fusion, calibration, probabilities, later })
}

fn fit_narratives(
    data: &TrainingData,
    settings: &Settings,
    means: Means<'_>,
    watch: Watch<'_>,
) -> Result<(NarrativePart, Parts, Metrics, Option<Overlap>)> {
    let taxonomy = &data.taxonomy;
    let narratives = taxonomy.len();
    let prepared = prepare(data, settings, means, watch)?;
    let Scored { unseen, warm, fusion, calibration, probabilities, later } =
        score(&prepared, data, settings, means.earlier, watch)?;
    let Prepared { rows, mut space, matrix, transfer, gram, neighbours, long, .. } = prepared;
    // Not needed any more, and the final models are large.
    drop(matrix);
    let thresholds = calibration::thresholds(taxonomy, &rows, &unseen, &probabilities, settings);
    let long = long.and_then(|l| {
        let said = fused(taxonomy, &unseen.passages, &fusion);
        long_texts::fit(l, taxonomy, &rows, &said, &calibration, (&thresholds, settings))
    });
    let (long, of_long) = long.unzip();
    watch.step("figures", 0, 1);
    let figures = Figures {
        data,
        rows: &rows,
        unseen: &unseen,
        probabilities: &probabilities,
        later: later.as_ref(),
        thresholds: &thresholds,
    };
    let mut metrics = figures.metrics(settings.seed);
    watch.step("figures", 1, 1);
    metrics.out_of_fold.extend(of_long.unwrap_or_default());
    let stance = stance::fit(&rows, &unseen, &probabilities, &thresholds).map(|(model, figures)| {
        metrics.out_of_fold.extend(figures);
        model
    });
    let (mut weights, mut bias) = final_weights(&gram, unseen.mean, warm.as_ref());
    if let Some(transfer) = &transfer {
        (space, weights) = transfer.fold(space, &weights, &mut bias)?;
    }
    let weights = LinearWeights::quantise(&weights, bias.clone());
    let mut entries = Vec::with_capacity(narratives);
    for n in taxonomy.numbers() {
        let k = n.index();
        let examples = rows.iter().filter(|r| r.kind == RowKind::Probe && r.carries(k)).count();
        entries.push(NarrativeEntry {
            narrative: taxonomy.narrative(n).clone(),
            examples,
            prototype: examples < PROTOTYPE,
            bias: bias[k],
            calibration: calibration.own[k],
            thresholds: thresholds[k],
        });
    }
    let part = NarrativePart {
        narratives: entries,
        spreads_bias: bias[narratives],
        stance,
        long,
        fusion,
        curves: calibration.curves,
        transfer: transfer.map(|t| t.record()),
    };
    let neighbours = if part.fusion.asks_for_texts() { neighbours } else { neighbours.descriptions() };
    Ok((part, Parts { space, weights, neighbours }, metrics, warm.map(|w| w.overlap)))
}

/// Most examples a fusion model is fitted on; beyond that every further text adds nothing but time.
const FUSION_EXAMPLES: usize = 400_000;

/// Stored texts are asked only where that lowers the loss by at least this share: it takes a good part of the time that a
/// text takes, and they must be stored with the model.
const TEXTS_GAIN: f64 = 0.0005;

/// Fits the fusion models on out-of-fold scores; `asked` says whether stored texts are, or leaves it to what they gain.
fn fuse(taxonomy: &Taxonomy, rows: &[Row], unseen: &OutOfFold, asked: Option<bool>) -> Result<Fusion> {
    let kinship = Kinship::new(taxonomy);
    let stride = (unseen.probes.rows.len() * taxonomy.len()).div_ceil(FUSION_EXAMPLES).max(1);
    // Row number and inputs of each text that is fitted on.
    let mut inputs: Vec<(usize, Vec<InputRow>)> = Vec::new();
    for at in (0..unseen.probes.rows.len()).step_by(stride) {
        let mut row = Vec::new();
        kinship.inputs(&unseen.probes.scores[at], &unseen.probes.votes[at], &mut row);
        inputs.push((unseen.probes.rows[at], row));
    }
    let fit = |leaf: bool| -> Result<OfLevel> {
        let mut flat = Vec::new();
        let mut labels = Vec::new();
        for (probe, row) in &inputs {
            for (k, values) in row.iter().enumerate().filter(|&(k, _)| kinship.is_leaf(k) == leaf) {
                flat.extend_from_slice(values);
                labels.push(rows[*probe].carries(k));
            }
        }
        let shape = (labels.len(), INPUTS.len());
        let mut inputs = Array2::from_shape_vec(shape, flat)
            .map_err(|_| TrainingProblem::Shape { rows: shape.0, targets: labels.len() })?;
        let all = DenseModel::fit_increasing(&inputs, &labels, 1.0)?;
        let loss = all.loss(&inputs, &labels);
        for i in TEXTS {
            inputs.column_mut(i).fill(0.0);
        }
        let without_texts = DenseModel::fit_increasing(&inputs, &labels, 1.0)?;
        let gain = without_texts.loss(&inputs, &labels) / loss - 1.0;
        Ok(OfLevel { all, without_texts, gain })
    };
    let leaves = fit(true)?;
    let has_parents = taxonomy.numbers().any(|n| !taxonomy.is_leaf(n));
    let parents = if has_parents { fit(false)? } else { leaves.clone() };
    // Asked for by one level, the stored texts cost as much as asked for by both.
    Ok(if asked.unwrap_or(leaves.gain.max(parents.gain) >= TEXTS_GAIN) {
        Fusion { leaves: leaves.all, parents: parents.all }
    } else {
        Fusion { leaves: leaves.without_texts, parents: parents.without_texts }
    })
}

/// The fusion models of a level.
#[derive(Clone)]
struct OfLevel {
    all: DenseModel,
    /// One that asks for no stored text.
    without_texts: DenseModel,
    /// By which share the stored texts lower the loss.
    gain: f64,
}

/// Fused log-odds, probe by probe, narratives side by side.
fn fused(taxonomy: &Taxonomy, held_out: &Asked, fusion: &Fusion) -> Said {
    let kinship = Kinship::new(taxonomy);
    let scores = held_out.scores.iter().zip(&held_out.votes).map(|(scores, votes)| {
        let mut out = Vec::new();
        fusion.scores(&kinship, scores, votes, &mut out);
        out
    });
    Said { probes: held_out.rows.clone(), scores: scores.collect(), of_text: held_out.of_text.clone() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::neighbours::Vote;

    /// Fuses what is said of 600 texts of two narratives, where the nearest stored text says `told` more than the score, and the
    /// settings say whether stored texts are `asked`.
    fn fused_of(told: f64, asked: Option<bool>) -> Fusion {
        let taxonomy = Taxonomy::flat(["a".to_owned(), "b".to_owned()]);
        let rows: Vec<Row> = (0..600).map(|i| Row::labelled(vec![i % 2])).collect();
        let noise = |i: usize, step: f64| (i as f64 * step).fract() - 0.5;
        let side = |i: usize, k: usize| if i % 2 == k { 1.0 } else { -1.0 };
        let score = |i: usize, k: usize| side(i, k) + 4.0 * noise(2 * i + k, 0.618_034);
        let vote = |i: usize, k: usize| Vote {
            nearest: 0.5 + 0.2 * told * side(i, k) + 0.4 * noise(2 * i + k, 0.754_877),
            ..Vote::default()
        };
        let probes = Asked {
            rows: (0..600).collect(),
            scores: (0..600).map(|i| vec![score(i, 0), score(i, 1), 0.0]).collect(),
            votes: (0..600).map(|i| vec![vote(i, 0), vote(i, 1)]).collect(),
            of_text: Vec::new(),
        };
        let unseen = OutOfFold { probes, passages: Asked::default(), spreads: Vec::new(), mean: Vec::new() };
        fuse(&taxonomy, &rows, &unseen, asked).unwrap()
    }

    #[test]
    fn stored_texts_are_asked_where_they_tell_something() {
        assert!(fused_of(1.0, None).asks_for_texts());
        assert!(!fused_of(0.0, None).asks_for_texts());
    }

    #[test]
    fn settings_may_say_whether_stored_texts_are_asked() {
        assert!(!fused_of(1.0, Some(false)).asks_for_texts());
        assert!(fused_of(0.02, Some(true)).asks_for_texts());
    }
}
