//! Test texts that the model itself remembers: without its training records at hand (`--train`), nothing else tells that a
//! model is tested on what it learned, and its figures are then worth nothing.
//!
//! A model that votes with its nearest texts keeps their words. A text whose words are all but those of one of them was very
//! likely among them. One that keeps no texts is held against its own figures on texts it had not seen. Comparing the hash of the
//! training data was rejected: it is over all records in their order, and one more background text changes it.

use rayon::prelude::*;

use super::example::Example;
use crate::assess::Assessor;
use crate::model::manifest::Bounds;

/// Least cosine of the words of two texts for one to be the other. Weights are stored in steps, so equal ones may be a
/// little apart.
const SAME: f64 = 0.98;

/// Fewest characters of a text that is compared: the few words of a short one are soon those of another.
const SHORTEST: usize = 40;

/// From this share of the compared texts on it is said.
const SHARE: f64 = 0.05;

/// A note on the model that is tested, whose training records may be at hand.
pub fn of_new(finding: &str) -> String {
    format!("{finding} Test it on other records, or give those it was trained on with --train to see which they are.")
}

/// A note on the model that it is held against.
pub fn of_old(finding: &str) -> String {
    format!("The old model: {finding} Test both on records that neither was trained on.")
}

/// What is to be said if a telling share of the texts are among those the model keeps.
pub fn remembered<'e>(assessor: &Assessor, texts: impl Iterator<Item = &'e Example>) -> Option<String> {
    let compared: Vec<&Example> = texts.filter(|e| e.text.chars().count() >= SHORTEST).collect();
    let classifier = assessor.classifier();
    let seen = compared
        .par_iter()
        .map_init(|| classifier.scratch(), |scratch, e| classifier.nearest_text(scratch, &e.document()) >= SAME)
        .filter(|&seen| seen)
        .count();
    (seen > 0 && seen as f64 >= SHARE * compared.len() as f64).then(|| {
        format!(
            "{seen} of {} test texts have the words of a text that the model was trained on: it knows their answers, so the \
             figures flatter.",
            compared.len()
        )
    })
}

/// Fewest texts that a share of errors means something on.
const FEWEST: usize = 20;

/// So many times fewer errors than the model makes on texts it has not seen are no luck.
const TIMES_FEWER: f64 = 4.0;

/// What is to be said if a model makes hardly an error, and makes many on texts that it has not seen: `own` is its accuracy
/// on those, `accuracy` that on the `texts` it was tested on.
pub fn too_good(accuracy: f64, texts: usize, own: &Bounds) -> Option<String> {
    let errors = (1.0 - own.high).max(0.0);
    let is_suspect = texts >= FEWEST && errors > 0.0 && (1.0 - accuracy) * TIMES_FEWER < errors;
    is_suspect.then(|| {
        format!(
            "the best narrative is right on {:.1} % of these texts, and on {:.1} % of those that the model had not seen when it was \
             trained: if these are texts that it was trained on, the figures flatter.",
            accuracy * 100.0,
            own.value * 100.0
        )
    })
}
