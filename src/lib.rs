//! Which known disinformation narratives does a text carry, where, and which debunked cases does it repeat?
pub mod assess;
pub mod batch;
pub mod cases;
#[cfg(feature = "cli")]
pub mod cli;
mod document;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
pub mod evaluate;
pub mod features;
pub mod ingest;
pub mod learn;
pub mod model;
mod record;
#[cfg(feature = "store")]
pub mod store;
pub mod text;
pub mod training;

pub use document::{Document, Language};
pub use error::{Error, Result};
pub use record::{Record, TextRecord};
