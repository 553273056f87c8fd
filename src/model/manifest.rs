//! `model.json`: everything about a model that a person may want to read.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::curves::Curves;
use super::fusion::Fusion;
use super::passages::LongTexts;
use super::stance::StanceModel;
use super::taxonomy::Narrative;
use crate::cases::ranker::Ranker;
use crate::features::tfidf::FeatureSettings;
use crate::learn::calibrate::Platt;
use crate::learn::thresholds::{FalseAlarms, TargetPrecision, Thresholds};

/// Version of the folder format this program writes and reads.
pub const FORMAT: u64 = 7;

/// How a model is trained. Plain values, checked once by [`Settings::check`], stored in the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is counted.
    pub features: FeatureSettings,
    /// L2 penalty of the linear models, above 0.
    pub alpha: f64,
    /// How far rare narratives are lifted: 0 not at all, 1 until positives and negatives weigh the same.
    pub balance: f64,
    /// Weight of a case's title as a training text; 0 leaves titles out.
    pub title_weight: f64,
    /// Weight of a disproof as an example of its narrative. `None`: 0.4 when there are no background texts, so that the
    /// model at least learns what a narrative is about; 0 when there are, because then it can learn that a text that
    /// speaks of a narrative need not spread it.
    pub disproof_weight: Option<f64>,
    /// Weight of a narrative's name (each language) and description.
    pub description_weight: f64,
    /// Whether a text is held against every stored one, which takes time and a larger model. `None`: where that lowers the loss
    /// of the fusion enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_texts: Option<bool>,
    /// Weight of what an earlier model says of the texts, where one is built on; 0 takes nothing over. `None`: ten
    /// divided by the square root of the labelled records, at most 1, and nothing beyond 10,000 records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_weight: Option<f64>,
    /// Folds of the out-of-fold scores, at least 2; with fewer groups of records, as many as there are groups.
    pub folds: usize,
    /// What a fold holds together. `None`: time where most labelled records have a date, groups otherwise.
    pub folds_by: Option<FoldsBy>,
    /// Seed of the fold assignment.
    pub seed: u64,
    /// Precision the thresholds are chosen for.
    pub target_precision: TargetPrecision,
    /// Largest shares of background texts that may reach a decision, where there are enough of them to measure it.
    pub false_alarms: FalseAlarms,
}

/// How records are dealt into the folds of the out-of-fold scores. Records of one group share a fold in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoldsBy {
    /// A fold is a stretch of time.
    Time,
    /// Groups are dealt so that every narrative is spread.
    Group,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            features: FeatureSettings::default(),
            alpha: 0.1,
            balance: 1.0,
            title_weight: 1.0,
            disproof_weight: None,
            description_weight: 1.0,
            stored_texts: None,
            transfer_weight: None,
            folds: 10,
            folds_by: None,
            seed: 1,
            target_precision: TargetPrecision::default(),
            false_alarms: FalseAlarms::default(),
        }
    }
}

impl Settings {
    /// Checks all ranges.
    pub fn check(&self) -> Result<(), crate::error::TrainingProblem> {
        let require = |ok: bool, name, range| {
            if ok { Ok(()) } else { Err(crate::error::TrainingProblem::Setting { name, range }) }
        };
        let weight = |w: f64| w.is_finite() && (0.0..=100.0).contains(&w);
        let (shortest, longest) = self.features.char_ngrams;
        require(self.alpha.is_finite() && self.alpha > 0.0, "alpha", "a number above 0")?;
        require((0.0..=1.0).contains(&self.balance), "balance", "between 0 and 1")?;
        require(weight(self.title_weight), "title_weight", "between 0 and 100")?;
        require(self.disproof_weight.is_none_or(weight), "disproof_weight", "between 0 and 100")?;
        require(weight(self.description_weight), "description_weight", "between 0 and 100")?;
        require(self.transfer_weight.is_none_or(weight), "transfer_weight", "between 0 and 100")?;
        require((2..=50).contains(&self.folds), "folds", "between 2 and 50")?;
        require(shortest >= 1 && longest <= 12, "features.char_ngrams", "lengths from 1 to 12 (shortest, longest)")?;
        require(weight(self.features.word_weight), "features.word_weight", "between 0 and 100")?;
        require(weight(self.features.char_weight), "features.char_weight", "between 0 and 100")?;
        let share = |p: f64| p > 0.0 && p < 1.0;
        require(share(self.target_precision.review), "target_precision.review", "between 0 and 1")?;
        require(share(self.target_precision.confirmed), "target_precision.confirmed", "between 0 and 1")?;
        let alarms = |p: f64| (0.0..=1.0).contains(&p);
        require(alarms(self.false_alarms.review), "false_alarms.review", "between 0 and 1")?;
        require(alarms(self.false_alarms.confirmed), "false_alarms.confirmed", "between 0 and 1")?;
        let agree = |ok: bool, first, second, why| {
            if ok { Ok(()) } else { Err(crate::error::TrainingProblem::Contradiction { first, second, why }) }
        };
        agree(
            shortest <= longest,
            "features.char_ngrams[0]",
            "features.char_ngrams[1]",
            "the shortest n-gram is longer than the longest; swap them (to leave n-grams out set features.char_weight to 0)",
        )?;
        agree(
            self.features.word_weight > 0.0 || self.features.char_weight > 0.0,
            "features.word_weight",
            "features.char_weight",
            "both are 0, so that nothing of a text counts; set one of them above 0",
        )?;
        agree(
            self.target_precision.review <= self.target_precision.confirmed,
            "target_precision.review",
            "target_precision.confirmed",
            "a suggestion cannot be held to a higher precision than a match; set the first no higher than the second",
        )
    }
}

/// One narrative as the model holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarrativeEntry {
    /// The record.
    pub narrative: Narrative,
    /// Labelled records that carry it.
    pub examples: usize,
    /// Bias of its linear model.
    pub bias: f64,
    /// Its calibration.
    pub calibration: Platt,
    /// Its decision thresholds.
    pub thresholds: Thresholds,
    /// Whether it has fewer than [`PROTOTYPE`] examples: what is known of it is its few texts and its description, and
    /// its thresholds are never below the precision aimed at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prototype: bool,
}

/// With fewer examples than this, a narrative is a prototype.
pub const PROTOTYPE: usize = 5;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What the model was trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "web", derive(schemars::JsonSchema))]
pub struct DataSummary {
    /// SHA-256 over all records, in order.
    pub sha256: String,
    /// Cases.
    pub cases: usize,
    /// Labelled texts.
    pub texts: usize,
    /// Background texts.
    pub background: usize,
    /// Judged queries of the ranker; 0 when it learned from free pairs.
    pub judged_queries: usize,
    /// Cases of which it was said that they are versions of one claim.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub versions: usize,
    /// Whether a file said so, and no claim in it has versions in two languages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idle_versions: bool,
    /// Cases that were left out because they have neither title nor claim.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub set_aside: usize,
    /// Records per language.
    pub languages: BTreeMap<String, usize>,
    /// First and last date of publication, where given.
    pub published: Option<(String, String)>,
}

/// Figures on out-of-fold predictions: texts the scoring model had not seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Figures by name, as the model card prints them.
    pub out_of_fold: BTreeMap<String, f64>,
    /// The headline figures of `evaluate`, by their names there, with intervals; but for the calibration error of the parents,
    /// which stands above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, Bounds>,
    /// Where the model is worse; absent without narratives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weaknesses: Option<Weaknesses>,
}

/// Parts of the records in which the best narrative is wrong clearly more often than elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weaknesses {
    /// Parts that were looked at; of many, some look bad by chance.
    pub looked_at: usize,
    /// Those found, worst first.
    pub found: Vec<Weakness>,
}

/// A figure and its 95 % interval, by the bootstrap over groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A part of the records that the model is bad at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weakness {
    /// What the parts were cut by: `language`, `length`, `narrative` and so on.
    pub by: String,
    /// Which one it is.
    pub value: String,
    /// Its texts.
    pub texts: usize,
    /// Accuracy of the best narrative in it.
    pub accuracy: f64,
    /// The same in all other texts.
    pub elsewhere: f64,
}

/// One set of settings that was tried out of fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The setting that was changed, as it is called here; empty for the settings that the search started from.
    pub setting: String,
    /// What it was changed to.
    pub value: f64,
    /// Macro-F1 of the best narrative without children.
    pub macro_f1: f64,
    /// Label ranking average precision over narratives without children.
    pub lrap: f64,
    /// AUROC of the best probability between texts that carry a narrative and texts that carry none; absent with too few
    /// of the latter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auroc: Option<f64>,
    /// The mean of those that are there.
    pub objective: f64,
    /// By how much the objective beats that of the settings kept so far; absent for the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<Bounds>,
    /// Whether the value was kept.
    pub kept: bool,
}

/// How settings were chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Settings that could have been tried but were named by the trainer, and so stayed.
    pub fixed: Vec<String>,
    /// All trials in order.
    pub trials: Vec<Trial>,
}

/// The narrative part of `model.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarrativePart {
    /// All narratives, in the order of the model's columns.
    pub narratives: Vec<NarrativeEntry>,
    /// Bias of the linear model of "spreads any narrative".
    pub spreads_bias: f64,
    /// Tells texts that spread from texts that report; absent without counter-examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stance: Option<StanceModel>,
    /// How passages of long texts are read; absent without background texts to learn it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long: Option<LongTexts>,
    /// The fusion models.
    pub fusion: Fusion,
    /// The second step of calibration.
    pub curves: Curves,
    /// What was taken over from an earlier model; absent if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TakenOver>,
}

/// What a model took over from an earlier one: how it weighs terms, and with that what its narratives say of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenOver {
    /// The name of the earlier model.
    pub model: String,
    /// Its version.
    pub version: String,
    /// Weight of what it says, as the length of an average text's scores.
    pub weight: f64,
    /// Lengths of its blocks of words and of n-grams.
    pub block_lengths: (f64, f64),
}

/// `model.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format version, [`FORMAT`].
    pub format: u64,
    /// Names this very model: derived from data and settings.
    pub version: String,
    /// SHA-256 of this file with this value empty.
    pub checksum: String,
    /// SHA-256 of the other files.
    pub files: BTreeMap<String, String>,
    /// How it was trained.
    pub settings: Settings,
    /// On what.
    pub data: DataSummary,
    /// How well it does on texts it has not seen.
    pub metrics: Metrics,
    /// How the settings were chosen; absent where they were given or the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// The narratives; absent in a ranker-only model.
    pub narratives: Option<NarrativePart>,
    /// The ranker of related cases, if trained.
    pub ranker: Option<Ranker>,
}
