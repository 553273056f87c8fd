//! Which known disinformation narratives does a text carry, where, and which debunked cases does it repeat?
pub mod cases;
mod document;
pub mod error;
pub mod features;
pub mod ingest;
pub mod learn;
mod record;
pub mod text;

pub use document::{Document, Language};
pub use error::{Error, Result};
pub use record::{Record, TextRecord};
