//! How good predictions are.

pub mod metrics;
