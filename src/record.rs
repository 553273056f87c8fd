//! The shape all JSONL records share: known fields, lenient about `null`, unknown fields kept.
//!
//! Written as one macro because serde's `flatten`, the usual way to keep unknown fields, buffers every
//! value before a field is read.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

/// A field's value as people write it: `null` is "not given", a number where text is expected is its digits, a single
/// string where a list is expected is a list of one.
pub(crate) struct Lenient<T>(pub(crate) T);

struct LenientText;

impl de::Visitor<'_> for LenientText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<String, E> {
        Ok(v.to_owned())
    }

    fn visit_string<E: de::Error>(self, v: String) -> Result<String, E> {
        Ok(v)
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<String, E> {
        Ok(v.to_string())
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

/// A list of texts, or one.
struct OneOrMany;

impl<'de> de::Visitor<'de> for OneOrMany {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of texts")
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Vec<String>, E> {
        Ok(vec![v.to_owned()])
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Vec<String>, E> {
        Ok(vec![v.to_string()])
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Vec<String>, E> {
        Ok(vec![v.to_string()])
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut out = Vec::new();
        while let Some(Lenient(text)) = list.next_element::<Lenient<String>>()? {
            out.push(text);
        }
        Ok(out)
    }
}

impl<'de> Deserialize<'de> for Lenient<String> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(LenientText).map(Lenient)
    }
}

impl<'de> Deserialize<'de> for Lenient<Option<String>> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = d.deserialize_any(LenientText)?;
        Ok(Lenient((!text.is_empty()).then_some(text)))
    }
}

impl<'de> Deserialize<'de> for Lenient<Vec<String>> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut list = d.deserialize_any(OneOrMany)?;
        list.retain(|s| !s.trim().is_empty());
        Ok(Lenient(list))
    }
}

impl<'de> Deserialize<'de> for Lenient<BTreeMap<String, String>> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Lenient(Option::deserialize(d)?.unwrap_or_default()))
    }
}

/// For a field of a request that holds text, as records have it.
#[cfg(feature = "store")]
pub(crate) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Lenient::deserialize(d).map(|Lenient(text)| text)
}

/// A record with an id, as files hold them.
pub trait Record: DeserializeOwned {
    /// The id; empty when the record has none.
    fn id(&self) -> &str;
}

/// Defines a record: a struct with public fields, `extra` for unknown ones, and its serde and [`Record`] impls.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "web", derive(schemars::JsonSchema), schemars(default))]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $kind,)*
            /// Fields this program does not know, kept as they came.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a JSON object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> std::result::Result<$name, A::Error> {
                        let mut out = $name::default();
                        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                            match &*key {
                                $(stringify!($field) => {
                                    out.$field = map.next_value::<$crate::record::Lenient<$kind>>()?.0;
                                })*
                                _ => {
                                    out.extra.insert(key.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        Ok(out)
                    }
                }
                d.deserialize_map(Fields)
            }
        }

        impl $crate::record::Record for $name {
            fn id(&self) -> &str {
                &self.id
            }
        }
    };
}
pub(crate) use record;

record! {
    /// A text with what is known about it: a labelled example, a background text, a query, or a document to score.
    pub struct TextRecord {
        /// Unique name.
        pub id: String,
        /// The text itself.
        pub text: String,
        /// Its headline.
        pub title: String,
        /// Ids of the narratives it carries; empty means none of the known ones.
        pub narratives: Vec<String>,
        /// ISO 639 code of its language.
        pub language: String,
        /// Date of publication, `YYYY-MM-DD`.
        pub published: String,
        /// Who published it.
        pub source: String,
        /// Ties versions of one article together; such records are never split between training and test.
        pub group: String,
    }
}

impl TextRecord {
    /// What a background text says it is (`reporting`, `debunk`, `opinion`, `everyday` in the starter set), for figures
    /// only; not every collection says it.
    pub fn stated_kind(&self) -> Option<&str> {
        self.extra.get("kind").and_then(serde_json::Value::as_str).filter(|k| !k.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_numbers_and_unknown_fields_are_taken_as_meant() {
        let line = r#"{"id": 7, "text": "a", "title": null, "narratives": "x", "kind": "debunk", "group": null}"#;
        let record: TextRecord = serde_json::from_str(line).unwrap();
        assert_eq!((record.id.as_str(), record.title.as_str()), ("7", ""));
        assert_eq!(record.narratives, ["x"]);
        assert_eq!(record.extra["kind"], "debunk");
        let again: TextRecord = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        assert_eq!(again, record);
        assert!(serde_json::from_str::<TextRecord>("[1]").is_err());
    }
}
