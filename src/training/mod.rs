//! From records to a model folder.
//!
//! `data` gathers and checks the records, `rows` turns them into weighted training texts, `out_of_fold` scores every
//! text by a model that has not seen it, `fit` joins all of it into a model (from an earlier one by
//! `warm_start`), `card` writes the model card.

mod card;
pub mod data;
pub mod fit;
mod out_of_fold;
mod rows;
pub mod warm_start;
