//! Which known disinformation narratives does a text carry, where, and which debunked cases does it repeat?
mod document;
pub mod error;
pub mod features;
pub mod learn;
pub mod text;

pub use document::{Document, Language};
pub use error::{Error, Result};
