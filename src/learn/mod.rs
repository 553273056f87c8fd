//! Learning: sparse logistic regression for text, small dense models for fusion, calibration, thresholds, splits.
//!
//! `logistic` is the loss and its derivatives, `problem` the objective of a label, `gram` multiplies with the matrix for
//! many labels at once, `subspace` is one label on its way to the minimum (`small` its steps), `lanes` brings all labels
//! through shared passes, `one_vs_rest` puts that behind linfa's traits, `dense` wraps linfa-logistic for few features, `calibrate` turns scores into probabilities,
//! `thresholds` picks decision thresholds, `split` cuts folds that keep groups together.

pub mod calibrate;
pub mod dense;
pub(crate) mod gram;
pub(crate) mod lanes;
pub(crate) mod logistic;
pub mod one_vs_rest;
pub(crate) mod problem;
pub(crate) mod small;
pub mod split;
pub(crate) mod subspace;
pub mod thresholds;
