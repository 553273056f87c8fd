//! From records to a model folder.
//!
//! `data` gathers and checks the records, `labels` finds the narratives they name, `rows` turns them into weighted
//! training texts, `memory` says beforehand whether all of it will fit, `out_of_fold` scores every text by a model that
//! has not seen it (`warm_start` from an earlier model), `stance` learns from those scores whether a text spreads or reports, `calibration` makes probabilities of them, `fit` joins all of it into a
//! model, `card` writes the model card.

mod calibration;
mod card;
pub mod data;
pub mod fit;
mod labels;
pub mod memory;
mod out_of_fold;
mod rows;
mod stance;
pub mod warm_start;
