//! The starter model and cases, compiled in: with no options the program works anywhere.

use crate::cases::case::Case;
use crate::error::Result;
use crate::ingest::jsonl;
use crate::model::folder::{self, Model};

/// Bytes whose first byte lies on a multiple of 8, so that numbers in them can be viewed in place.
#[repr(C, align(8))]
struct Aligned<B: ?Sized>(B);

static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!("../models/starter/weights.safetensors"));
static VOCABULARY: &[u8] = include_bytes!("../models/starter/vocabulary");
static MANIFEST: &[u8] = include_bytes!("../models/starter/model.json");
static CASES: &str = include_str!("../training-data/cases.jsonl");

/// The name of the compiled-in model.
pub const NAME: &str = "starter";

/// The starter model.
pub fn model() -> Result<Model> {
    folder::embedded(NAME, MANIFEST, &WEIGHTS.0, VOCABULARY)
}

/// The starter cases.
pub fn cases() -> Result<Vec<Case>> {
    Ok(jsonl::read_text::<Case>(CASES, "(embedded starter cases)")?.strict()?.into_iter().map(|c| c.record).collect())
}
