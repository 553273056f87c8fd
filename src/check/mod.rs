//! The data doctor: what in a set of records would teach a model something else than the narratives.
//!
//! [`record_findings`] is cheap and runs before every training; [`mislabelled::find`] trains out of fold and takes as
//! long as training does. Each file looks for one kind of trouble and gives [`Finding`]s with the place of the record.
//! Nothing is mended here: which of two contradicting records is right only a person can say.
//!
//! `copies` finds equal and nearly equal texts, `fields` looks at single records, `labels` at ids that
//! look like slips, `narratives` at what the cases of a
//! narrative have in common besides the narrative, `languages` at the languages stated and met, `topics` at the
//! background, `confident` has the formulae of confident learning, and `mislabelled` applies them.

mod confident;
mod copies;
mod fields;
mod finding;
mod labels;
mod languages;
pub mod mislabelled;
mod narratives;
mod topics;
mod unit;

pub use finding::{Finding, Kind, Severity};

use crate::error::{BadRecord, TrainingProblem};
use crate::training::data::TrainingData;

/// All findings that need no training, by kind and then in the order of the records.
pub fn record_findings(data: &TrainingData) -> Vec<Finding> {
    let units = unit::units(data);
    let mut out = copies::find(data, &units);
    out.extend(fields::find(data, &units));
    out.extend(labels::find(data, &units));
    out.extend(narratives::find(data, &units));
    out.extend(languages::find(&units));
    out.extend(topics::find(data, &units));
    out.sort_by_key(|f| f.kind);
    out
}

/// Records that could not be read or resolved, as findings.
pub fn of_bad_records(bad: &[BadRecord]) -> Vec<Finding> {
    bad.iter().map(|b| Finding::new(Kind::Record, Some(&b.place), "", b.problem.to_string())).collect()
}

/// Why nothing can be trained on the records, as a finding.
pub fn of_training_problem(problem: &TrainingProblem) -> Finding {
    Finding::new(Kind::Untrainable, None, "", problem.to_string())
}
