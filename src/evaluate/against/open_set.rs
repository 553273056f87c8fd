//! Texts that carry none: does the new model raise more false alarms than the old one, or fewer?

use serde::Serialize;
use std::collections::BTreeSet;

use super::paired::{Differences, Pair, differences};
use crate::evaluate::predict::Judged;
use crate::model::classifier::Decision;

/// Names of the figures, in JSON and for people. Of both, the smaller is the better.
pub const FIGURES: [(&str, &str); 2] = [("suggested", "Share suggested or matched"), ("matched", "Share matched")];

/// What both models said of texts that carry none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenSetAgainst {
    /// Texts that carry none.
    pub texts: usize,
    /// Groups they form.
    pub groups: usize,
    /// The figures of both, by the names of [`FIGURES`].
    pub figures: Differences,
}

/// Compares what was decided; `None` without texts that carry none.
pub fn open_set(none: &[Pair<&Judged>], seed: u64) -> Option<OpenSetAgainst> {
    if none.is_empty() {
        return None;
    }
    let shares = |sample: &[&&Judged]| {
        let share = |least: Decision| {
            sample.iter().filter(|j| j.strongest >= least).count() as f64 / sample.len().max(1) as f64
        };
        vec![Some(share(Decision::Suggest)), Some(share(Decision::Match))]
    };
    Some(OpenSetAgainst {
        texts: none.len(),
        groups: none.iter().map(|p| &*p.new.example.group).collect::<BTreeSet<_>>().len(),
        figures: differences(none, |j| &j.example.group, seed, &FIGURES.map(|f| (f.0, true)), shares),
    })
}
