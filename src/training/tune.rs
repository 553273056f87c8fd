//! Settings chosen by cross-validation on the training records themselves: `train --tune`.
//!
//! One setting after the other, in a fixed order: all its values are tried with the settings kept so far, each by a whole
//! run of out-of-fold models, fusion and calibration on the folds that training uses (a group is never split). The best
//! value is kept when its gain exceeds noise: three standard errors, by the bootstrap over groups and paired (both runs
//! are judged on the same drawn groups). Otherwise the setting stays as it was. A 95 % interval above zero was rejected
//! as too easy: of twenty trials without any effect, two in five searches would keep one.
//!
//! The objective is the mean of macro-F1 of the best narrative, label ranking average precision and, with
//! enough background texts, the AUROC of the best probability between texts that carry a narrative and texts that carry none.
//! Macro-F1 alone jumps with the few texts of rare narratives; ranking precision alone is decided by the frequent
//! ones (and is the mean reciprocal rank where each text carries one narrative, so single- and multi-label data are
//! judged alike); without AUROC a setting could win by calling everything a narrative.
//!
//! A full grid was rejected: seven settings of four values are 16,384 trainings, and nearly all of the gain lies
//! along the axes. So was random search: its winner differs from the default in every setting without a reason for any.

use std::collections::BTreeSet;

use super::data::TrainingData;
use super::fit::{Means, Watch, score};
use super::out_of_fold::OutOfFold;
use super::prepare::Prepared;
use super::rows::{Row, disproof_weight, groups};
use super::transfer;
use crate::error::{Result, TrainingProblem};
use crate::evaluate::bootstrap::intervals;
use crate::evaluate::metrics::{label_ranking_average_precision, macro_f1};
use crate::evaluate::open_set::auroc;
use crate::model::manifest::{Bounds, Settings, Trial, Tuning};
use crate::model::taxonomy::{NarrativeNo, Taxonomy};

/// Fewest background texts for the AUROC to count.
const BACKGROUND: usize = 50;

/// A gain is kept from this many standard errors. With twenty trials without any effect, at most one search in thirty
/// keeps one (Bonferroni's bound: twenty times the upper tail of the normal distribution, 0.00135).
const ERRORS: f64 = 3.0;

/// Standard errors from end to end of a 95 % interval.
const WIDTH: f64 = 2.0 * 1.959_963_984_540_054;

/// The weight of what an earlier model says.
const TRANSFER: &str = "transfer_weight";

/// A setting and the values it may take.
struct Dial {
    name: &'static str,
    values: &'static [f64],
    get: fn(&Settings, &TrainingData) -> f64,
    set: fn(&mut Settings, f64),
    /// Whether the records have what it weighs.
    applies: fn(&TrainingData) -> bool,
}

/// In the order they are tried: first what moves most.
const DIALS: [Dial; 8] = [
    Dial {
        name: "alpha",
        values: &[0.03, 0.06, 0.1, 0.17, 0.3],
        get: |s, _| s.alpha,
        set: |s, v| s.alpha = v,
        applies: |_| true,
    },
    Dial {
        name: "balance",
        values: &[0.5, 0.75, 1.0],
        get: |s, _| s.balance,
        set: |s, v| s.balance = v,
        applies: |_| true,
    },
    Dial {
        name: "features.word_weight",
        values: &[0.5, 0.7, 1.0, 1.4],
        get: |s, _| s.features.word_weight,
        set: |s, v| s.features.word_weight = v,
        applies: |_| true,
    },
    Dial {
        name: "features.char_weight",
        values: &[0.5, 0.7, 1.0, 1.4],
        get: |s, _| s.features.char_weight,
        set: |s, v| s.features.char_weight = v,
        applies: |_| true,
    },
    Dial {
        name: TRANSFER,
        values: &[0.0, 0.15, 0.3, 0.6],
        get: |s, d| transfer::wanted(d, s),
        set: |s, v| s.transfer_weight = Some(v),
        // And where there is a model to take over from.
        applies: |_| true,
    },
    Dial {
        name: "disproof_weight",
        values: &[0.0, 0.2, 0.4, 0.8],
        get: disproof_weight,
        set: |s, v| s.disproof_weight = Some(v),
        applies: |d| d.cases.iter().any(|c| !c.0.disproof.trim().is_empty()),
    },
    Dial {
        name: "title_weight",
        values: &[0.0, 0.5, 1.0, 2.0],
        get: |s, _| s.title_weight,
        set: |s, v| s.title_weight = v,
        applies: |d| {
            let of_cases = d.cases.iter().map(|c| (&c.0.title, &c.0.claim));
            let of_texts = d.texts.iter().map(|t| &t.0).chain(&d.background).map(|t| (&t.title, &t.text));
            of_cases.chain(of_texts).any(|(title, text)| !title.trim().is_empty() && title != text)
        },
    },
    Dial {
        name: "description_weight",
        values: &[0.5, 1.0, 2.0, 4.0],
        get: |s, _| s.description_weight,
        set: |s, v| s.description_weight = v,
        applies: |d| d.taxonomy.records().iter().any(|n| !n.description.trim().is_empty() || n.name != n.id),
    },
];

/// What one run says of one held-out text.
#[derive(Clone, Copy)]
struct Answer {
    /// Number of its record.
    record: usize,
    /// Narrative carried and said, where one is carried: that said if it is among those carried, else the first.
    best: Option<(usize, usize)>,
    lrap: f64,
    probability: f64,
}

/// Macro-F1, LRAP and AUROC of some answers; the mean of those that apply is the objective.
fn figures<'a>(answers: impl Iterator<Item = &'a Answer> + Clone, background: bool) -> [Option<f64>; 3] {
    let known = answers.clone().filter_map(|a| Some((a.best?, a.lrap)));
    let ((gold, said), lrap): ((Vec<usize>, Vec<usize>), Vec<f64>) = known.unzip();
    if gold.is_empty() {
        return [None; 3];
    }
    let auroc = || auroc(&answers.map(|a| (a.probability, a.best.is_some())).collect::<Vec<_>>());
    let lrap = lrap.iter().sum::<f64>() / lrap.len() as f64;
    [Some(macro_f1(&gold, &said)), Some(lrap), background.then(auroc).flatten()]
}

fn objective(figures: [Option<f64>; 3]) -> Option<f64> {
    let there: Vec<f64> = figures.into_iter().flatten().collect();
    (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
}

fn answers(taxonomy: &Taxonomy, rows: &[Row], unseen: &OutOfFold, probabilities: &[Vec<f64>]) -> Vec<Answer> {
    let leaves: Vec<usize> = taxonomy.numbers().filter(|&n| taxonomy.is_leaf(n)).map(NarrativeNo::index).collect();
    let answer = |(row, &probe): (&Vec<f64>, &usize)| {
        let mut order = leaves.clone();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]).then(a.cmp(&b)));
        let carried: Vec<usize> = leaves.iter().copied().filter(|&k| rows[probe].carries(k)).collect();
        let ranks: Vec<usize> =
            order.iter().zip(1..).filter(|(k, _)| carried.contains(k)).map(|(_, rank)| rank).collect();
        let said = order.first().copied();
        let gold = carried.iter().copied().find(|&k| Some(k) == said).or(carried.first().copied());
        // A text labelled with a parent alone says nothing about the ranking of narratives without children.
        let on_parent = carried.is_empty() && !rows[probe].labels.is_empty();
        let record = rows[probe].record.filter(|_| !on_parent)?;
        Some(Answer {
            record,
            best: gold.zip(said),
            lrap: label_ranking_average_precision(&ranks, carried.len()),
            probability: said.map_or(0.0, |k| row[k]),
        })
    };
    probabilities.iter().zip(&unseen.probes.rows).filter_map(answer).collect()
}

/// Chosen settings, and how they were chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    /// The settings to train with.
    pub settings: Settings,
    /// Every trial.
    pub record: Tuning,
}

/// Chooses the settings in [`Tuning`]'s order, starting from `settings`. Those named in `fixed` (as in `model.json`,
/// `features.word_weight` for one within `features`) stay as they are. `told` hears every trial, the starting point
/// first, each setting's trials once all its values are tried.
pub fn tune(
    data: &TrainingData,
    settings: &Settings,
    fixed: &BTreeSet<String>,
    means: Means<'_>,
    watch: Watch<'_>,
    told: &dyn Fn(&Trial),
) -> Result<Tuned> {
    settings.check()?;
    if !data.has_labels() {
        return Err(TrainingProblem::NoLabels.into());
    }
    let takes_over = means.source.is_some_and(|model| transfer::hindrance(data, settings, model).is_none());
    let applies = |d: &&Dial| !fixed.contains(d.name) && (d.applies)(data) && (d.name != TRANSFER || takes_over);
    let dials: Vec<&Dial> = DIALS.iter().filter(applies).collect();
    if dials.is_empty() {
        return Err(TrainingProblem::NothingToTune.into());
    }
    let mut search = Search::new(data, settings.clone(), means, watch)?;
    search.runs = 1 + dials.iter().map(|d| search.candidates(d).len()).sum::<usize>();
    let start = search.run(settings)?;
    let mut trials = vec![search.trial("", 0.0, &start, None)];
    told(&trials[0]);
    search.kept = start;
    for dial in dials {
        let mut runs = Vec::new();
        for value in search.candidates(dial) {
            let mut changed = search.settings.clone();
            (dial.set)(&mut changed, value);
            let run = search.run(&changed)?;
            let gain = search.gain(&run);
            runs.push((search.trial(dial.name, value, &run, gain), run, changed));
        }
        let better = |t: &Trial| t.gain.is_some_and(beyond_noise);
        let best = (0..runs.len())
            .filter(|&i| better(&runs[i].0))
            .max_by(|&a, &b| runs[a].0.objective.total_cmp(&runs[b].0.objective).then(b.cmp(&a)));
        for (i, (mut trial, run, changed)) in runs.into_iter().enumerate() {
            if best == Some(i) {
                trial.kept = true;
                search.kept = run;
                search.settings = changed;
            }
            told(&trial);
            trials.push(trial);
        }
    }
    let named = |d: &&Dial| fixed.contains(d.name);
    let fixed = DIALS.iter().filter(named).map(|d| d.name.to_owned()).collect();
    Ok(Tuned { settings: search.settings, record: Tuning { fixed, trials } })
}

fn beyond_noise(gain: Bounds) -> bool {
    gain.low > 0.0 && gain.value > ERRORS * (gain.high - gain.low) / WIDTH
}

struct Search<'d> {
    data: &'d TrainingData,
    settings: Settings,
    means: Means<'d>,
    watch: Watch<'d>,
    prepared: Option<Prepared<'d>>,
    kept: Vec<Answer>,
    /// Per record its group.
    groups: Vec<&'d str>,
    background: bool,
    done: usize,
    runs: usize,
}

/// Steps of the progress bar per run.
const STEPS: usize = 100;

impl<'d> Search<'d> {
    fn new(data: &'d TrainingData, settings: Settings, means: Means<'d>, watch: Watch<'d>) -> Result<Self> {
        let prepared = Prepared::new(data, &settings, means)?;
        let background = data.background.len() >= BACKGROUND;
        let (prepared, kept, groups) = (Some(prepared), Vec::new(), groups(data));
        Ok(Self { data, settings, means, watch, prepared, kept, groups, background, done: 0, runs: 1 })
    }

    /// The values to try: all but the one it has.
    fn candidates(&self, dial: &Dial) -> Vec<f64> {
        let now = (dial.get)(&self.settings, self.data);
        dial.values.iter().copied().filter(|v| (v - now).abs() > 1e-9).collect()
    }

    /// The answers of a whole run with some settings.
    fn run(&mut self, settings: &Settings) -> Result<Vec<Answer>> {
        let prepared = match self.prepared.take() {
            Some(earlier) => earlier.again(self.data, settings, self.means)?,
            None => Prepared::new(self.data, settings, self.means)?,
        };
        let (from, all) = (self.done * STEPS, self.runs * STEPS);
        let within = |stage: &'static str, done: usize, of: usize| {
            if stage == "out-of-fold models" {
                self.watch.step("trials of settings", from + STEPS * done / of.max(1), all);
            }
        };
        let scored = score(&prepared, self.data, settings, None, Watch(&within))?;
        self.done += 1;
        let rows = &prepared.rows;
        let out = answers(&self.data.taxonomy, rows, &scored.unseen, &scored.probabilities);
        self.prepared = Some(prepared);
        Ok(out)
    }

    /// By how much a run beats what is kept, with its 95 % interval.
    fn gain(&self, run: &[Answer]) -> Option<Bounds> {
        let pairs: Vec<(&Answer, &Answer)> = self.kept.iter().zip(run).collect();
        let difference = |sample: &[&(&Answer, &Answer)]| {
            let before = objective(figures(sample.iter().map(|p| p.0), self.background));
            let after = objective(figures(sample.iter().map(|p| p.1), self.background));
            vec![before.zip(after).map(|(before, after)| after - before)]
        };
        let found = intervals(&pairs, |p| self.groups[p.0.record], self.settings.seed, difference)
            .into_iter()
            .next()
            .flatten()?;
        Some(Bounds { value: found.value, low: found.low, high: found.high })
    }

    fn trial(&self, setting: &str, value: f64, run: &[Answer], gain: Option<Bounds>) -> Trial {
        let found = figures(run.iter(), self.background);
        Trial {
            setting: setting.to_owned(),
            value,
            macro_f1: found[0].unwrap_or(0.0),
            lrap: found[1].unwrap_or(0.0),
            auroc: found[2],
            objective: objective(found).unwrap_or(0.0),
            gain,
            kept: false,
        }
    }
}
