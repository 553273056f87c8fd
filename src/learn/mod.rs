//! Learning: sparse logistic regression for text, small dense models for fusion, calibration, thresholds, splits.
//!
//! `objective` is the regularised logistic loss over sparse rows, `newton` minimises it, `one_vs_rest` does so for
//! every narrative behind linfa's traits, `dense` wraps linfa-logistic for few features, `calibrate` turns scores into
//! probabilities, `thresholds` picks decision thresholds, `split` cuts folds that keep groups together.

pub mod calibrate;
pub mod dense;
pub(crate) mod newton;
pub(crate) mod objective;
pub mod one_vs_rest;
pub mod split;
pub mod thresholds;
