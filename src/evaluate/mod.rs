//! How good predictions are, and where they fail.
//!
//! `example` is a test record, `labels` the narratives that test and model speak of, `predict` asks the one assessor
//! for every test record. From these predictions come `headline` (with `bootstrap` intervals), `calibration`,
//! `selective` (what can be answered at which precision), `open_set` (texts that carry none), `per_narrative`, `slices`,
//! `confusion` and `worst` (errors with their nearest training texts). `leaks` finds copies across the split,
//! `seen` what the model remembers, `splits`
//! and `trials` cut data and train inside, `ranking` judges related cases. `tested` gathers what every fold gives,
//! `against` compares two models, `report` holds it all; `summary` and `html` only show it. Nothing here scores a text: a
//! figure of another model than the one people use would be worth nothing.

pub mod against;
pub mod bootstrap;
pub mod calibration;
pub mod confusion;
pub mod example;
pub mod headline;
#[cfg(feature = "cli")]
pub mod html;
pub mod labels;
pub mod leaks;
pub mod metrics;
pub mod open_set;
pub mod per_narrative;
pub mod predict;
pub mod ranking;
pub mod report;
pub mod seen;
pub mod selective;
pub mod slices;
pub mod splits;
pub mod summary;
pub mod tested;
pub mod trials;
pub mod worst;
