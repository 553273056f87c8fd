//! From records to a model folder.
//!
//! `data` gathers and checks the records, `labels` finds the narratives they name, `rows` turns them into weighted
//! training texts, `memory` says beforehand whether all of it will fit, `prepare` puts them into their feature space,
//! beside what another model says of them (`transfer`), `out_of_fold` scores every text by a model that has not seen it
//! (`warm_start` from an earlier model), `stance` learns from those scores whether a text spreads or reports, `long_texts`
//! what a passage says about the text around it, `calibration` makes probabilities of them, `fit` joins all of it into a
//! model, `figures` says how good it is, `card` writes the model card. `tune` goes that road many times to choose settings.

mod calibration;
mod card;
pub mod data;
mod figures;
pub mod fit;
mod labels;
mod long_texts;
pub mod memory;
mod out_of_fold;
mod prepare;
mod rows;
mod stance;
pub mod transfer;
pub mod tune;
pub mod warm_start;
