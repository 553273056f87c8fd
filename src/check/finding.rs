//! One thing that is wrong, or likely to be, in a set of records.
//!
//! What is wrong with this record stands in the finding; how such things are mended is the same for all of a kind and
//! stands with the [`Kind`], so that a list of two hundred says it once.

use serde::{Serialize, Serializer};

use crate::error::Place;
use crate::ingest::unlabelled;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Wrong in itself: `check` fails.
    Error,
    /// Worth a look; may be as it should.
    Warning,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $severity:ident, $title:literal, $mend:expr;)*) => {
        /// What kind of trouble, in the order it is printed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Name for machines, in lower case with hyphens; never changes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Whether it is wrong or only worth a look.
            pub fn severity(self) -> Severity {
                match self { $(Self::$kind => Severity::$severity,)* }
            }

            /// A heading.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// How it is mended; empty where each finding says so itself.
            pub fn mend(self) -> &'static str {
                match self { $(Self::$kind => $mend,)* }
            }
        }
    };
}

kinds! {
    /// A line that is no record, a repeated id, an unknown narrative, a broken taxonomy.
    Record, "record", Error, "Records that cannot be used", "";
    /// No model can be trained on the records.
    Untrainable, "untrainable", Error, "A set that cannot be trained on", "";
    /// Equal texts with different narratives.
    LabelConflict, "label-conflict", Error, "The same text with different narratives",
        "Give both records all narratives the text carries, or keep only the right one.";
    /// A case whose disproof is (nearly) a claim.
    ClaimAsDisproof, "claim-as-disproof", Warning, "A disproof that repeats a claim",
        "One of the two was pasted into the wrong field or record; put it right.";
    /// A labelled text whose record does not say what it carries.
    Unlabelled, "unlabelled", Warning, "Texts that do not say which narratives they carry", unlabelled::MEND;
    /// An id that looks like another misspelt, where no taxonomy says which there are.
    LabelTypo, "label-typo", Warning, "Narrative ids that look like slips",
        "Correct the label in the records that name it, or give a taxonomy (--narratives); as it is, it is a narrative of its own.";
    /// A text that says nothing.
    Wordless, "wordless", Warning, "Texts without a word",
        "Give the text itself, or leave the record out; links, names, numbers and signs alone teach no narrative.";
    /// Nearly equal texts with different narratives.
    NearConflict, "near-conflict", Warning, "Nearly the same text with different narratives",
        "Decide for both together which narratives they carry; if the difference is meant, leave them.";
    /// What out-of-fold predictions speak against.
    Mislabelled, "mislabelled", Warning, "Likely mislabelled, or short of a narrative",
        "Read the text, doubt the model: correct the narratives, add the one that is missing, or leave them if they are right.";
    /// Equal texts with the same narratives.
    Duplicate, "duplicate", Warning, "The same text in different groups",
        "Keep one, or give both the same `group`, so that no figure is measured on a text that was learned.";
    /// Nearly equal texts that may fall on both sides of a split.
    Leak, "leak", Warning, "Nearly the same text in different groups",
        "Give versions of one text the same `group`; else the figures of training are measured on texts it has seen.";
    /// Nearly equal disproofs in different groups.
    CopiedDisproof, "copied-disproof", Warning, "The same disproof in different groups",
        "Give the cases the same `group` if they debunk one claim; a general disproof helps to find neither.";
    /// A narrative no record carries.
    Unseen, "unseen", Warning, "Narratives that no record carries",
        "Add cases, or leave the narrative out; it can be found by its description alone, and never be measured.";
    /// A narrative with too few records to learn from.
    Few, "few", Warning, "Narratives with fewer than five records",
        "Add cases; until then it is found by likeness to those few and its description, and its figures mean little.";
    /// All records of a narrative are versions of one.
    OneGroup, "one-group", Warning, "Narratives whose records all belong to one group",
        "Add cases from elsewhere; whenever one is held out all are, so it is never tested.";
    /// All or nearly all records of a narrative come from one outlet.
    OneOutlet, "one-outlet", Warning, "Narratives that come from one outlet, or nearly",
        "Add cases from other outlets, or background from this one; else the model learns the outlet.";
    /// All or nearly all records of a narrative are in one language, unlike the rest.
    OneLanguage, "one-language", Warning, "Narratives in one language, or nearly",
        "Add cases in other languages, or background in this one; else the model learns the language.";
    /// The records of a narrative share their wording.
    Template, "template", Warning, "Narratives whose texts follow a template",
        "Keep what differs, or add cases in other words; else the model learns the template.";
    /// The records of a narrative are all equally long.
    OneLength, "one-length", Warning, "Narratives whose texts are all of one length",
        "Check that texts were not cut at a limit; add shorter and longer ones.";
    /// The text is in another language than the record says.
    WrongLanguage, "wrong-language", Warning, "Texts that seem to be in another language than stated",
        "Correct `language`, or empty it to have it detected; words are cut down by the rules of the language stated.";
    /// Too few texts in a language.
    Unsupported, "unsupported", Warning, "Languages with too few texts to learn from",
        "Add texts in this language or leave them out; as they are, texts in it will be scored by luck.";
    /// A parent narrative without honest texts on its topic, or hardly any honest text at all.
    NoBackground, "no-background", Warning, "Too little background",
        "Add honest reports, debunks and opinions on the same topics (--background); else speaking of a topic will be taken for spreading the narrative.";
    /// A field that does not hold what it should.
    Field, "field", Warning, "Fields that do not hold what they should", "";
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

/// A finding about one record, or one narrative.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// Where the record stands; `None` when the finding is about no single record.
    pub place: Option<Place>,
    /// Id of the record or narrative; empty when there is none.
    pub id: String,
    /// What is wrong, without place and id.
    pub what: String,
}

impl Finding {
    pub(super) fn new(kind: Kind, place: Option<&Place>, id: &str, what: String) -> Self {
        Self { kind, place: place.cloned(), id: id.to_owned(), what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_every_kind_says_how_it_is_mended() {
        let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|k| k.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(
                !kind.mend().is_empty() || matches!(kind, Kind::Record | Kind::Untrainable | Kind::Field),
                "{kind:?}"
            );
        }
    }
}
