//! The starter model and cases, compiled in: with no options the program works anywhere.

use crate::cases::index::CaseIndex;
use crate::cases::saved;
use crate::error::Result;
use crate::model::folder::{self, Model};

/// Bytes whose first byte lies on a multiple of 8, so that numbers in them can be viewed in place.
#[repr(C, align(8))]
struct Aligned<B: ?Sized>(B);

static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!("../models/starter/weights.safetensors"));
static VOCABULARY: &[u8] = include_bytes!("../models/starter/vocabulary");
static MANIFEST: &[u8] = include_bytes!("../models/starter/model.json");
static CASES: &[u8] = include_bytes!("../models/starter.cases");

/// The card of the compiled-in model.
pub const CARD: &str = include_str!("../models/starter/README.md");

/// What was measured of models like it, trained on parts of its data.
pub const EVALUATION: &str = include_str!("../models/starter.evaluation.json");

/// The name of the compiled-in model.
pub const NAME: &str = "starter";

/// The starter model.
pub fn model() -> Result<Model> {
    folder::embedded(NAME, MANIFEST, &WEIGHTS.0, VOCABULARY)
}

/// The starter cases, ready to search.
pub fn cases() -> Result<CaseIndex> {
    saved::embedded(CASES)
}
