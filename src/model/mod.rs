//! The narrative model: what it is made of, how it scores, why it says so, and how it lies on disk.
//!
//! `taxonomy` is the tree of narratives, `classifier` scores a text, `linear` holds the weights, `neighbours` finds the nearest training texts (`cosines` the largest few),
//! `fusion` joins the views into a probability, `passages` reads those of long texts, `stance` tells spreading from reporting, `explain` credits a score to words, `folder` reads and writes the
//! model folder over the memory-mapped files of `mapped` (`replace` writes it whole or not at all), `manifest` is its `model.json`.

pub mod classifier;
mod cosines;
pub mod curves;
pub mod explain;
pub mod folder;
pub mod fusion;
pub mod linear;
pub mod manifest;
pub(crate) mod mapped;
pub mod neighbours;
pub mod passages;
pub(crate) mod replace;
pub mod stance;
pub mod taxonomy;
