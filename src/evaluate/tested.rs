//! What testing gives, fold after fold, until a report is made of it.

use serde::Serialize;

use super::example::Example;
use super::headline::{Brief, brief};
use super::labels::Labels;
use super::leaks::{Leaks, leaks};
use super::predict::{Judged, judge};
use super::worst::{self, WorstError};
use crate::assess::Assessor;

/// One trained model of an evaluation that trains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fold {
    /// Records it was trained on, background included.
    pub trained_on: usize,
    /// Figures of the texts it was tested on.
    #[serde(flatten)]
    pub figures: Brief,
}

/// Everything tested so far.
#[derive(Default)]
pub struct Tested {
    /// Narratives of model and tests.
    pub labels: Labels,
    /// Texts that carry a narrative.
    pub known: Vec<Judged>,
    /// Texts that carry none.
    pub none: Vec<Judged>,
    /// The worst errors.
    pub worst: Vec<WorstError>,
    /// Copies across the split, where training records are at hand.
    pub leaks: Option<Leaks>,
    /// The models, in an evaluation that trains.
    pub folds: Vec<Fold>,
}

impl Tested {
    /// Starts with the narratives of a taxonomy.
    pub fn new(labels: Labels) -> Self {
        Self { labels, ..Self::default() }
    }

    /// Tests a model on some records. `train` are the records it was trained on, where they are at hand.
    pub fn test(&mut self, assessor: &Assessor, known: Vec<Example>, none: Vec<Example>, train: Option<&[Example]>) {
        let fold = self.folds.len();
        if let Some(train) = train {
            self.leaks.get_or_insert_default().add(leaks(train, known.iter().chain(&none), fold));
        }
        let classifier = assessor.classifier();
        self.labels.mark_prototypes(&classifier.taxonomy, &classifier.prototypes);
        let known = judge(assessor, &mut self.labels, known, fold);
        let none = judge(assessor, &mut self.labels, none, fold);
        let errors = worst::worst(&self.labels, known.iter().chain(&none), assessor, train.unwrap_or_default());
        self.worst = worst::join(std::mem::take(&mut self.worst).into_iter().chain(errors).collect());
        let trained_on = train.map_or(0, <[Example]>::len);
        self.folds.push(Fold { trained_on, figures: brief(&self.labels, &known) });
        self.known.extend(known);
        self.none.extend(none);
    }
}
