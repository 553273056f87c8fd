//! Labelled texts whose record does not say which narratives they carry.
//!
//! An empty list says "none of the known ones". A record in which the field is missing, misspelt, `null` or holds only
//! blanks is read as the same, since a text without narratives is a sound record everywhere else (background, queries, what
//! is to be assessed). Where texts are labelled it is most often a slip, by which every one of them teaches "none". Refusing
//! them was rejected: files that leave the field out and mean it are there. They are named.

use std::fmt;
use std::path::PathBuf;

use super::jsonl::{Records, read_all_with};
use crate::error::{Place, Result};
use crate::model::taxonomy::nearest;
use crate::record::TextRecord;

/// A labelled text without a statement of its narratives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlabelled {
    /// Where it stands.
    pub place: Place,
    /// Its id.
    pub id: String,
    /// What there is instead.
    pub instead: Instead,
}

/// What a record has instead of a list of narratives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Nothing, or a field that was probably meant to be it.
    Missing(Option<String>),
    /// `null`.
    Null,
    /// A list of blanks or nulls.
    Blank,
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(None) => f.write_str("has no field `narratives`"),
            Self::Missing(Some(near)) => {
                write!(f, "has no field `narratives`, but one called `{near}`, which is not read")
            }
            Self::Null => f.write_str("has `null` for `narratives`"),
            Self::Blank => f.write_str("has a list without any id for `narratives`"),
        }
    }
}

/// How it is mended.
pub const MEND: &str = "Write the ids of the narratives into the field `narratives`, or \"narratives\": [] if the text carries none of \
                        the known ones; as it is, it is taken for a text that carries none.";

/// Names that fields with labels have elsewhere.
const ELSEWHERE: [&str; 6] = ["label", "labels", "class", "category", "categories", "tags"];

/// Reads labelled texts, and lists those that do not say which narratives they carry.
pub fn read_texts(paths: &[PathBuf]) -> Result<(Records<TextRecord>, Vec<Unlabelled>)> {
    let mut out = Vec::new();
    let records = read_all_with(paths, |place, line, record: &TextRecord| {
        let instead = if record.narratives.is_empty() { instead(line) } else { None };
        out.extend(instead.map(|instead| Unlabelled { place: place.clone(), id: record.id.clone(), instead }));
    })?;
    Ok((records, out))
}

/// What a line without a narrative has instead of an empty list; `None` where it has one.
fn instead(line: &[u8]) -> Option<Instead> {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    match fields.get("narratives") {
        None => {
            let unknown = || fields.keys().filter(|k| !KNOWN.contains(&k.as_str()));
            let near = nearest("narratives", unknown().map(String::as_str));
            let other = || unknown().find(|k| ELSEWHERE.contains(&k.to_lowercase().as_str())).cloned();
            Some(Instead::Missing(near.or_else(other)))
        }
        Some(serde_json::Value::Null) => Some(Instead::Null),
        Some(serde_json::Value::Array(list)) if list.is_empty() => None,
        Some(_) => Some(Instead::Blank),
    }
}

/// The fields of a text, without `narratives`.
const KNOWN: [&str; 7] = ["id", "text", "title", "language", "published", "source", "group"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_list_says_none() {
        let of = |rest: &str| instead(format!("{{\"id\":\"a\",\"text\":\"b\"{rest}}}").as_bytes());
        assert_eq!(of(",\"narratives\":[]"), None);
        assert_eq!(of(""), Some(Instead::Missing(None)));
        for near in ["narrative", "Narratives", "narrativs", "Labels", "naratives"] {
            assert_eq!(of(&format!(",\"{near}\":[\"n\"]")), Some(Instead::Missing(Some(near.into()))));
        }
        assert_eq!(of(",\"narratives\":null"), Some(Instead::Null));
        for blank in ["[null]", "[\"\"]", "\" \"", "[null,\" \"]"] {
            assert_eq!(of(&format!(",\"narratives\":{blank}")), Some(Instead::Blank), "{blank}");
        }
    }
}
