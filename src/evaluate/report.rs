//! The report: every figure of an evaluation in one value. JSON is this value as it is; the page and the summary show it.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use super::against::paired::Pair;
use super::against::queries::RelatedAgainst;
use super::against::{Against, Answers, NarrativesAgainst, pairs};
use super::calibration::{Reliability, reliability};
use super::confusion::{Confusion, confusion};
use super::example::Example;
use super::headline::{Brief, Figures, brief, headline};
use super::labels::{LabelNo, Labels};
use super::leaks::Leaks;
use super::open_set::{OpenSet, open_set};
use super::per_narrative::{NarrativeFigures, per_narrative};
use super::predict::{Judged, judge};
use super::ranking::Ranking;
use super::seen;
use super::selective::{Answer, Selective, selective};
use super::slices::{Slice, WorstSlices, by_language, by_length, worst};
use super::splits::SplitSettings;
use super::tested::{Fold, Tested};
use super::trials::{CurvePoint, HeldOut, Trials};
use super::worst::WorstError;
use crate::assess::{Assessor, ModelName, Outcome};
use crate::error::{EvaluationProblem, Result};

/// Version of the JSON shape.
pub const FORMAT: u32 = 1;

/// What was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A model that was there before.
    Model(ModelName),
    /// Only a case base and a ranker.
    CaseBase,
    /// Models trained on parts of the records.
    Split {
        /// `group`, `time` or `source`.
        by: &'static str,
        /// Models trained and tested.
        parts: usize,
        /// Seed of the draws.
        seed: u64,
    },
}

/// A narrative that test records carry and the model does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownNarrative {
    /// Its id.
    pub id: String,
    /// Test texts that carry it.
    pub texts: usize,
    /// A known id that was probably meant.
    pub near: Option<String>,
}

/// Test texts that no answer can fully serve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unanswerable {
    /// Texts of whose narratives the model knows none: always counted as wrong.
    pub texts: usize,
    /// The unknown narratives.
    pub narratives: Vec<UnknownNarrative>,
    /// Figures of the other texts.
    pub answerable: Brief,
}

/// Everything about narratives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NarrativeReport {
    /// Texts tested that carry a narrative.
    pub texts: usize,
    /// Groups they form: the units that the intervals draw.
    pub groups: usize,
    /// Outcomes of these texts.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// The headline figures with 95 % intervals.
    pub headline: Figures,
    /// The same without the texts that have a near-duplicate in the training data, where there are such.
    pub headline_without_leaks: Option<Figures>,
    /// Texts with narratives that the model does not know, where there are such.
    pub unanswerable: Option<Unanswerable>,
    /// Probability of the best against the share that is right.
    pub reliability: Reliability,
    /// Risk and coverage.
    pub selective: Selective,
    /// Texts that carry none, where there are such.
    pub open_set: Option<OpenSet>,
    /// The same without the texts, of both kinds, that have a near-duplicate in the training data, where there are such.
    pub open_set_without_leaks: Option<OpenSet>,
    /// Narratives that were held out, if asked for.
    pub held_out: Option<HeldOut>,
    /// Every narrative that is carried or decided.
    pub per_narrative: Vec<NarrativeFigures>,
    /// Every language.
    pub per_language: Vec<Slice>,
    /// Classes of length.
    pub per_length: Vec<Slice>,
    /// Slices that are worse than the rest.
    pub worst_slices: WorstSlices,
    /// Who is taken for whom.
    pub confusion: Confusion,
    /// The surest wrong answers.
    pub worst_errors: Vec<WorstError>,
    /// Copies across the split, where training records are at hand.
    pub leaks: Option<Leaks>,
    /// The trained models, in an evaluation that trains.
    pub folds: Vec<Fold>,
    /// The learning curve, if asked for.
    pub learning_curve: Vec<CurvePoint>,
}

/// A whole evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// What was evaluated.
    pub subject: Subject,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Narratives, where test records were given.
    pub narratives: Option<NarrativeReport>,
    /// Related cases, where queries were given.
    pub related: Option<Ranking>,
    /// The model beside another one, if asked for.
    pub against: Option<Against>,
}

impl Report {
    /// Tests a model on records that carry narratives and records that carry none. `train` are the records it was
    /// trained on, where they are at hand. `seed` draws the intervals.
    pub fn of_model(
        assessor: &Assessor,
        name: ModelName,
        (known, none): (Vec<Example>, Vec<Example>),
        train: Option<&[Example]>,
        seed: u64,
    ) -> Result<Self> {
        let mut notes = Vec::new();
        if train.is_none() {
            notes.extend(seen::remembered(assessor, known.iter().chain(&none)).as_deref().map(seen::of_new));
        }
        Self::on(test(assessor, (known, none), train), name, notes, seed)
    }

    /// The same, and a comparison with another model, the one in use: both answer the very same records. It goes into the
    /// report with [`add_comparison`](Self::add_comparison).
    pub fn of_models(
        (new, old): (&Assessor, &Assessor),
        names: &Pair<ModelName>,
        (known, none): (Vec<Example>, Vec<Example>),
        train: Option<&[Example]>,
        seed: u64,
    ) -> Result<(Self, NarrativesAgainst)> {
        let mut notes = Vec::new();
        if train.is_none() {
            notes.extend(seen::remembered(new, known.iter().chain(&none)).as_deref().map(seen::of_new));
        }
        // What the old one was trained on is not at hand, whatever is given for the new one.
        notes.extend(seen::remembered(old, known.iter().chain(&none)).as_deref().map(seen::of_old));
        let mut labels = Labels::new(&old.classifier().taxonomy);
        let before = [known.clone(), none.clone()].map(|examples| judge(old, &mut labels, examples, 0));
        let tested = test(new, (known, none), train);
        let leaked = leaked(tested.leaks.as_ref());
        let answers = Answers {
            labels: Pair { new: &tested.labels, old: &labels },
            known: pairs(&tested.known, &before[0]),
            none: pairs(&tested.none, &before[1]),
        };
        let compared = NarrativesAgainst::new(answers, |j| leaked.contains(&(&*j.example.id, j.fold)), seed);
        Ok((Self::on(tested, names.new.clone(), notes, seed)?, compared))
    }

    /// Reports on a model that was there before.
    fn on(tested: Tested, name: ModelName, mut notes: Vec<String>, seed: u64) -> Result<Self> {
        let narratives = Some(narratives(tested, seed, &mut notes)?);
        Ok(Self { format: FORMAT, subject: Subject::Model(name), notes, narratives, related: None, against: None })
    }

    /// Adds what was compared, and draws the verdict.
    pub fn add_comparison(
        &mut self,
        names: Pair<ModelName>,
        narratives: Option<NarrativesAgainst>,
        related: Option<RelatedAgainst>,
    ) {
        let against = Against::new(names, narratives, related);
        self.notes.extend(against.notes());
        self.against = Some(against);
    }

    /// Reports on models trained on parts of the records.
    pub fn of_trials(trials: Trials, settings: &SplitSettings) -> Result<Self> {
        let Trials { tested, learning_curve, held_out, mut notes } = trials;
        let subject = Subject::Split { by: settings.by.name(), parts: tested.folds.len(), seed: settings.seed };
        let mut narratives = narratives(tested, settings.seed, &mut notes)?;
        narratives.learning_curve = learning_curve;
        narratives.held_out = held_out;
        Ok(Self { format: FORMAT, subject, notes, narratives: Some(narratives), related: None, against: None })
    }

    /// Reports on related cases alone.
    pub fn of_ranking(ranking: Ranking) -> Self {
        let subject = Subject::CaseBase;
        Self { format: FORMAT, subject, notes: Vec::new(), narratives: None, related: Some(ranking), against: None }
    }
}

/// Tests a model that was there before, which is no fold.
fn test(assessor: &Assessor, (known, none): (Vec<Example>, Vec<Example>), train: Option<&[Example]>) -> Tested {
    let mut tested = Tested::new(Labels::new(&assessor.classifier().taxonomy));
    tested.test(assessor, known, none, train);
    tested.folds.clear();
    tested
}

/// Ids of the texts that have a near-duplicate in the training data, each with the number of its model.
fn leaked(leaks: Option<&Leaks>) -> BTreeSet<(&str, usize)> {
    leaks.into_iter().flat_map(|l| &l.near_duplicates).map(|l| (&*l.test, l.fold)).collect()
}

/// The narrative part of a report on what was tested.
fn narratives(tested: Tested, seed: u64, notes: &mut Vec<String>) -> Result<NarrativeReport> {
    let Tested { labels, known, none, worst: worst_errors, leaks, folds } = tested;
    if known.is_empty() && none.is_empty() {
        return Err(EvaluationProblem::NoRecords.into());
    }
    let all: Vec<&Judged> = known.iter().collect();
    let background: Vec<&Judged> = none.iter().collect();
    let mut outcomes = BTreeMap::new();
    for j in &all {
        *outcomes.entry(j.outcome).or_default() += 1;
    }
    let on_parents = all.iter().filter(|j| j.gold.iter().any(|&g| !labels.label(g).leaf)).count();
    if on_parents > 0 {
        notes.push(format!(
            "{on_parents} texts are labelled with a parent; only narratives without children are ranked, so such a label \
             counts as missed except in the figures of parents."
        ));
    }
    let leaked = leaked(leaks.as_ref());
    let clean = |j: &&Judged| !leaked.contains(&(&*j.example.id, j.fold));
    let answers: Vec<Answer> =
        all.iter().map(|j| Answer { confidence: j.confidence(), right: j.is_right(), known: true }).collect();
    let stated: Vec<(f64, bool)> = all.iter().filter_map(|j| Some((j.best()?.probability, j.is_right()))).collect();
    Ok(NarrativeReport {
        texts: known.len(),
        groups: known.iter().map(|j| &*j.example.group).collect::<BTreeSet<_>>().len(),
        outcomes,
        headline: headline(&labels, &known, seed),
        headline_without_leaks: (!leaked.is_empty()).then(|| headline(&labels, known.iter().filter(clean), seed)),
        unanswerable: unanswerable(&labels, &all, notes),
        reliability: reliability(&stated),
        selective: selective(&answers),
        open_set: open_set(&all, &background, seed),
        open_set_without_leaks: (!leaked.is_empty())
            .then(|| {
                let known: Vec<&Judged> = known.iter().filter(clean).collect();
                let none: Vec<&Judged> = none.iter().filter(clean).collect();
                open_set(&known, &none, seed)
            })
            .flatten(),
        held_out: None,
        per_narrative: per_narrative(&labels, &all, &background),
        per_language: by_language(&labels, &all),
        per_length: by_length(&labels, &all),
        worst_slices: worst(&labels, &all),
        confusion: confusion(&labels, &all),
        worst_errors,
        leaks,
        folds,
        learning_curve: Vec::new(),
    })
}

fn unanswerable(labels: &Labels, all: &[&Judged], notes: &mut Vec<String>) -> Option<Unanswerable> {
    let mut counts: BTreeMap<LabelNo, usize> = BTreeMap::new();
    all.iter().flat_map(|j| &j.unanswerable).for_each(|&n| *counts.entry(n).or_default() += 1);
    if counts.is_empty() {
        return None;
    }
    let (texts, rest): (Vec<&Judged>, Vec<&Judged>) = all.iter().partition(|j| j.unanswerable.len() == j.gold.len());
    let mut narratives: Vec<UnknownNarrative> = counts
        .into_iter()
        .map(|(n, texts)| UnknownNarrative {
            id: labels.label(n).id.clone(),
            texts,
            near: labels.label(n).near.clone(),
        })
        .collect();
    narratives.sort_by(|a, b| b.texts.cmp(&a.texts).then_with(|| a.id.cmp(&b.id)));
    notes.push(format!(
        "{} narratives of the test records are not known to the model that answered. They stay in all figures as missed; \
         {} texts carry nothing else.",
        narratives.len(),
        texts.len()
    ));
    Some(Unanswerable { texts: texts.len(), narratives, answerable: brief(labels, rest) })
}
