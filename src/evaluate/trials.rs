//! Evaluations that train: every part of a split, a learning curve, and narratives held out.
//!
//! A trial trains with `training::fit::train`, writes the model folder and opens it again. Building an assessor in memory
//! was rejected: it would be a second road from training to answers, and the first is the one people's models take.

use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::example::Example;
use super::headline::{Brief, brief};
use super::labels::Labels;
use super::metrics::portion;
use super::open_set::{OpenSet, open_set};
use super::predict::{judge, no_cases};
use super::splits::{Part, SplitSettings, share_of, shuffle, split};
use super::tested::Tested;
use crate::assess::Assessor;
use crate::error::{Error, EvaluationProblem, ModelProblem, Place, Result};
use crate::model::folder::{self, Model};
use crate::model::manifest::Settings;
use crate::model::taxonomy::{NarrativeNo, Taxonomy};
use crate::training::data::TrainingData;
use crate::training::fit::{Means, Watch, train_with};
use crate::training::memory;

/// Shares of the training groups that the learning curve trains on.
pub const SHARES: [f64; 4] = [0.125, 0.25, 0.5, 1.0];

/// What to try.
#[derive(Clone)]
pub struct Plan<'m> {
    /// How training and test are split.
    pub split: SplitSettings,
    /// How models are trained.
    pub settings: Settings,
    /// Whether to train on growing shares of the first part.
    pub learning_curve: bool,
    /// Share of the narratives to hold out in a further training, above 0 and below 1.
    pub hold_out_narratives: Option<f64>,
    /// The model that trained ones build on, as `train` does.
    pub source: Option<&'m Model>,
}

/// A point of the learning curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Share of the training groups.
    pub share: f64,
    /// Records trained on, background included.
    pub trained_on: usize,
    /// Figures on the test records, the same for every point.
    #[serde(flatten)]
    pub figures: Brief,
}

/// Narratives that were taken out of training, and what was said of their texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldOut {
    /// Ids of the narratives.
    pub narratives: Vec<String>,
    /// Their texts (`none`) beside test texts of narratives that were trained on (`known`).
    #[serde(flatten)]
    pub figures: OpenSet,
    /// Records that carry both held-out and other narratives: neither trained on nor tested.
    pub mixed: usize,
}

/// What the trials gave.
pub struct Trials {
    /// The tests of all parts.
    pub tested: Tested,
    /// The learning curve, if asked for.
    pub learning_curve: Vec<CurvePoint>,
    /// The open-set trial, if asked for.
    pub held_out: Option<HeldOut>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// The records of an evaluation, all in one list: cases, then texts.
struct Records<'d> {
    data: &'d TrainingData,
    known: Vec<Example>,
    none: Vec<Example>,
}

impl<'d> Records<'d> {
    fn new(data: &'d TrainingData) -> Self {
        let cases = data.cases.iter().map(|c| Example::from(&c.0));
        let texts = data.texts.iter().map(|t| Example::from(&t.0));
        Self { known: cases.chain(texts).collect(), none: data.background.iter().map(Example::from).collect(), data }
    }

    fn labels(&self, record: usize) -> &[NarrativeNo] {
        match record.checked_sub(self.data.cases.len()) {
            None => &self.data.cases[record].1,
            Some(text) => &self.data.texts[text].1,
        }
    }

    /// Training data of some records. Without `held_out` narratives and, where the taxonomy says nothing of it beyond its
    /// id, without narratives that none of the records carries: such a label cannot be learned.
    fn training(&self, part: &Part, held_out: &BTreeSet<NarrativeNo>) -> Result<TrainingData> {
        let (all, data) = (&self.data.taxonomy, self.data);
        let mut kept = vec![false; all.len()];
        let mut keep = |n: NarrativeNo| {
            kept[n.index()] = true;
            all.ancestors(n).for_each(|a| kept[a.index()] = true);
        };
        part.train.iter().flat_map(|&i| self.labels(i)).for_each(|&n| keep(n));
        let described = |n: NarrativeNo| {
            let record = all.narrative(n);
            !record.description.trim().is_empty() || record.name != record.id || !record.names.is_empty()
        };
        all.numbers().filter(|&n| all.is_leaf(n) && described(n) && !held_out.contains(&n)).for_each(keep);
        let place = |line: u32| Place { source: "narratives".into(), line: line as usize + 1 };
        let records = all.numbers().filter(|n| kept[n.index()]).map(|n| (place(n.0), all.narrative(n).clone()));
        let taxonomy = Taxonomy::new(records.collect())?;
        let mut next = 0..;
        let numbers: Vec<Option<NarrativeNo>> =
            kept.iter().map(|&k| if k { next.next().map(NarrativeNo) } else { None }).collect();
        let renumbered = |labels: &[NarrativeNo]| labels.iter().filter_map(|n| numbers[n.index()]).collect();
        let mut out = TrainingData { taxonomy, ..TrainingData::default() };
        for &i in &part.train {
            match i.checked_sub(data.cases.len()) {
                None => out.cases.push((data.cases[i].0.clone(), renumbered(&data.cases[i].1))),
                Some(t) => out.texts.push((data.texts[t].0.clone(), renumbered(&data.texts[t].1))),
            }
        }
        out.background = part.train_none.iter().map(|&i| data.background[i].clone()).collect();
        Ok(out)
    }
}

fn pick(examples: &[Example], numbers: &[usize]) -> Vec<Example> {
    numbers.iter().map(|&i| examples[i].clone()).collect()
}

/// Splits, trains and tests. Every part is tested by a model trained on the rest of it.
pub fn run(data: &TrainingData, plan: &Plan<'_>, watch: Watch<'_>) -> Result<Trials> {
    let records = Records::new(data);
    // Records that carry nothing test nothing but whether the model says so; they go with the background.
    let firsts: Vec<Option<u32>> = (0..records.known.len()).map(|i| records.labels(i).first().map(|n| n.0)).collect();
    let parts = split(&records.known, &firsts, &records.none, &plan.split)?;
    let mut notes = parts.notes;
    let mut tested = Tested::new(Labels::new(&data.taxonomy));
    for part in &parts.parts {
        let assessor = fit(&records.training(part, &BTreeSet::new())?, plan, watch)?;
        let (test, none): (Vec<Example>, Vec<Example>) =
            pick(&records.known, &part.test).into_iter().partition(|e| !e.narratives.is_empty());
        let none = none.into_iter().chain(pick(&records.none, &part.test_none)).collect();
        let train: Vec<Example> =
            pick(&records.known, &part.train).into_iter().chain(pick(&records.none, &part.train_none)).collect();
        tested.test(&assessor, test, none, Some(&train));
    }
    let Some(first) = parts.parts.first() else { return Err(EvaluationProblem::NoRecords.into()) };
    let mut learning_curve = Vec::new();
    if plan.learning_curve {
        learning_curve = curve(&records, first, plan, &tested, watch, &mut notes)?;
    }
    let held_out = match plan.hold_out_narratives {
        Some(share) => Some(hold_out(&records, first, share, plan, watch)?),
        None => None,
    };
    Ok(Trials { tested, learning_curve, held_out, notes })
}

/// Trains on growing shares of the first part. The whole of it was trained already.
fn curve(
    records: &Records<'_>,
    part: &Part,
    plan: &Plan<'_>,
    tested: &Tested,
    watch: Watch<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<CurvePoint>> {
    let mut out = Vec::new();
    for share in SHARES {
        let smaller = Part {
            train: share_of(&part.train, &records.known, share, plan.split.seed),
            train_none: share_of(&part.train_none, &records.none, share, plan.split.seed),
            ..part.clone()
        };
        let trained_on = smaller.train.len() + smaller.train_none.len();
        if let Some(whole) = tested.folds.first().filter(|_| share >= 1.0) {
            out.push(CurvePoint { share, trained_on, figures: whole.figures });
            continue;
        }
        let fitted = records.training(&smaller, &BTreeSet::new()).and_then(|d| fit(&d, plan, watch));
        match fitted {
            Ok(assessor) => {
                let mut labels = Labels::new(&records.data.taxonomy);
                let judged = judge(&assessor, &mut labels, pick(&records.known, &part.test), 0);
                out.push(CurvePoint { share, trained_on, figures: brief(&labels, &judged) });
            }
            // Too little to train on is a finding, not a failure.
            Err(Error::Training(problem)) => {
                notes.push(format!("No model from {:.1} % of the training groups: {problem}.", share * 100.0));
            }
            Err(other) => return Err(other),
        }
    }
    Ok(out)
}

/// Takes narratives out of the taxonomy and their records out of training, and looks whether their texts come back
/// unknown.
fn hold_out(records: &Records<'_>, part: &Part, share: f64, plan: &Plan<'_>, watch: Watch<'_>) -> Result<HeldOut> {
    if !(share > 0.0 && share < 1.0) {
        let range = "above 0 and below 1";
        return Err(EvaluationProblem::Setting { name: "--hold-out-narratives", range }.into());
    }
    let taxonomy = &records.data.taxonomy;
    let all: BTreeSet<NarrativeNo> = (0..records.known.len()).flat_map(|i| records.labels(i).to_vec()).collect();
    let mut order: Vec<NarrativeNo> = all.into_iter().filter(|&n| taxonomy.is_leaf(n)).collect();
    if order.len() < 2 {
        return Err(EvaluationProblem::TooFew { what: "narratives", found: order.len(), folds: 2 }.into());
    }
    let number = portion(order.len(), share).clamp(1, order.len() - 1);
    shuffle(&mut order, plan.split.seed);
    let held_out: BTreeSet<NarrativeNo> = order.into_iter().take(number).collect();
    let held = |i: usize| records.labels(i).iter().filter(|n| held_out.contains(n)).count();
    let untouched = |list: &[usize]| list.iter().copied().filter(|&i| held(i) == 0).collect::<Vec<_>>();
    let smaller = Part { train: untouched(&part.train), test: untouched(&part.test), ..part.clone() };
    let assessor = fit(&records.training(&smaller, &held_out)?, plan, watch)?;
    let whole: Vec<usize> =
        (0..records.known.len()).filter(|&i| held(i) > 0 && held(i) == records.labels(i).len()).collect();
    let mixed = (0..records.known.len()).filter(|&i| held(i) > 0 && held(i) < records.labels(i).len()).count();
    let mut labels = Labels::new(taxonomy);
    let known: Vec<Example> =
        pick(&records.known, &smaller.test).into_iter().filter(|e| !e.narratives.is_empty()).collect();
    let known = judge(&assessor, &mut labels, known, 0);
    let none = judge(&assessor, &mut labels, pick(&records.known, &whole), 0);
    let figures = open_set(&known.iter().collect::<Vec<_>>(), &none.iter().collect::<Vec<_>>(), plan.split.seed)
        .ok_or(EvaluationProblem::NoRecords)?;
    let mut narratives: Vec<String> = held_out.iter().map(|&n| taxonomy.narrative(n).id.clone()).collect();
    narratives.sort();
    Ok(HeldOut { narratives, figures, mixed })
}

/// Trains, writes and opens a model.
fn fit(data: &TrainingData, plan: &Plan<'_>, watch: Watch<'_>) -> Result<Assessor> {
    let means = Means { bytes: memory::available(), source: plan.source, ..Means::default() };
    let trained = train_with(data, &plan.settings, means, watch)?;
    let temporary = Temporary::new()?;
    let path = temporary.0.join("model");
    trained.save(&path)?;
    Assessor::new(folder::open(&path)?, no_cases()).ok_or_else(|| Error::model(&path, ModelProblem::NoNarratives))
}

/// A folder that is removed when it is no longer needed. The model in it stays mapped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("leitmotif-evaluate-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path: PathBuf = std::env::temp_dir().join(name);
        // Fails if it exists: nobody else's folder is used.
        std::fs::create_dir(&path).map_err(Error::write(path.as_path()))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Best effort; the system clears its temporary folder.
        let _ = std::fs::remove_dir_all(AsRef::<Path>::as_ref(&self.0));
    }
}
