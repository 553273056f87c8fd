//! A record, whatever its form, as a document: the last step of every input, taken by the threads that assess.
//!
//! JSON is read without copying: the text of a record is a slice of the line it stands in, unless it has escapes.

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

use super::block::{Block, Form, Item, Origin, Source};
use super::fields::{FieldNames, Role};
use super::problem::InputProblem;
use super::table::{Fields, Header};
use super::{charset, envelope, page};
use crate::document::Language;
use crate::error::RecordProblem;

/// A document as it stands in its record.
#[derive(Debug, Default)]
pub(crate) struct Found<'b> {
    pub(crate) id: Cow<'b, str>,
    pub(crate) text: Cow<'b, str>,
    pub(crate) language: Option<Language>,
    /// What is known about it besides, as a JSON object; empty unless asked for.
    pub(crate) about: Vec<u8>,
    /// What was mended.
    pub(crate) warning: Option<String>,
}

/// Turns records into documents.
pub(crate) struct Reader<'n> {
    names: &'n FieldNames,
    /// Whether to keep what is known besides.
    keep: bool,
    fields: Fields,
}

impl<'n> Reader<'n> {
    pub(crate) fn new(names: &'n FieldNames, keep: bool) -> Self {
        Self { names, keep, fields: Fields::default() }
    }

    /// Reads an item of a block; what is bad already stays so, and is no concern of this.
    pub(crate) fn read<'b>(&mut self, block: &'b Block, item: &Item) -> Result<Found<'b>, RecordProblem> {
        let numbered = |problem| match item.element {
            0 => problem,
            number => InputProblem::Element { number, problem: Box::new(problem) }.into(),
        };
        self.read_as(block, item).map_err(numbered)
    }

    fn read_as<'b>(&mut self, block: &'b Block, item: &Item) -> Result<Found<'b>, RecordProblem> {
        let bytes = block.bytes_of(item);
        let source = &block.sources[item.source];
        match &item.form {
            Form::Json => self.json(bytes).map(|found| warned(found, bytes, source)),
            Form::Row => match &source.header {
                Some(header) => {
                    self.row(bytes, header, &source.name, item.line).map(|found| warned(found, bytes, source))
                }
                None => Err(InputProblem::Binary.into()),
            },
            Form::Page(origin) => self.page(bytes, origin.as_deref(), &source.name),
            Form::Text(origin) => Ok(self.text(bytes, origin.as_deref(), &source.name)),
            Form::Bad(_) => Err(InputProblem::Binary.into()),
        }
    }

    fn json<'b>(&self, bytes: &'b [u8]) -> Result<Found<'b>, RecordProblem> {
        let text = std::str::from_utf8(bytes).map_err(|e| not_utf8(bytes, &e))?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let mut roles = Roles::default();
        let seed = Object { names: self.names, keep: self.keep, roles: &mut roles };
        let rest = seed.deserialize(&mut reader)?;
        reader.end()?;
        let id = roles.take(Role::Id);
        if id.trim().is_empty() {
            let inside = if roles.has_field { None } else { envelope::list_inside(bytes) };
            return Err(match (&self.names.id, inside) {
                (Some(name), _) => InputProblem::NoSuchField { name: name.clone(), option: FieldNames::ID }.into(),
                (None, Some(list)) => InputProblem::ListInside(list).into(),
                (None, None) => RecordProblem::NoId,
            });
        }
        let (language, warning) = Language::stated(&roles.take(Role::Language));
        let mut found = Found { language, about: about_json(&rest, self.keep), warning, ..Found::default() };
        if let Some(name) = self.names.text.as_ref().filter(|_| !roles.has_field) {
            return Err(InputProblem::NoSuchField { name: name.clone(), option: FieldNames::TEXT }.into());
        }
        // A case, not a text: it would be scored by its title alone, without a word.
        if roles.is_case && !roles.has_text {
            return Err(RecordProblem::EmptyText(id.into_owned()));
        }
        if !roles.has_field {
            return Err(InputProblem::NoTextField(id.into_owned()).into());
        }
        found.text = roles.text()?;
        found.id = id;
        Ok(found)
    }

    fn row<'b>(
        &mut self,
        bytes: &[u8],
        header: &Header,
        source: &str,
        line: usize,
    ) -> Result<Found<'b>, RecordProblem> {
        self.fields.read(bytes, header.delimiter);
        if self.fields.len() != header.names.len() {
            return Err(InputProblem::Uneven { found: self.fields.len(), expected: header.names.len() }.into());
        }
        let mut roles = Roles::default();
        for role in [Role::Id, Role::Text, Role::Html, Role::Title, Role::Language] {
            if let Some(column) = header.columns[role.index()] {
                let field = self.fields.get(column);
                let text = std::str::from_utf8(field).map_err(|e| not_utf8(field, &e))?;
                roles.put(role, 0, Cow::Owned(text.to_owned()));
            }
        }
        let mut id = roles.take(Role::Id);
        if id.trim().is_empty() {
            // A table without ids has rows all the same.
            id = Cow::Owned(format!("{source}:{line}"));
        }
        let (language, warning) = Language::stated(&roles.take(Role::Language));
        let mut about = Vec::new();
        if self.keep {
            let text = header.columns[Role::Text.index()].or(header.columns[Role::Html.index()]);
            let pairs = header.names.iter().enumerate().filter(|(c, _)| Some(*c) != text);
            let object: serde_json::Map<String, serde_json::Value> = pairs
                .map(|(c, name)| (name.clone(), String::from_utf8_lossy(self.fields.get(c)).into_owned().into()))
                .collect();
            about = serde_json::to_vec(&object).unwrap_or_default();
        }
        Ok(Found { id, text: roles.text()?, language, about, warning })
    }

    fn page<'b>(&self, bytes: &[u8], origin: Option<&Origin>, source: &str) -> Result<Found<'b>, RecordProblem> {
        let decoded = charset::decode_html(bytes);
        let article = page::article(&decoded.text).map_err(|e| InputProblem::Page(Box::new(e)))?;
        let id = origin.map(|o| o.url.as_str()).filter(|u| !u.is_empty()).unwrap_or(source);
        let about = self.about(&[
            ("title", &article.title),
            ("published", &article.published),
            ("url", origin.map_or("", |o| &o.url)),
            ("fetched", origin.map_or("", |o| &o.fetched)),
        ]);
        let text = if article.text.trim().is_empty() { article.title } else { article.text };
        Ok(Found {
            id: Cow::Owned(id.to_owned()),
            text: Cow::Owned(text),
            language: article.language,
            about,
            warning: decoded.warning(),
        })
    }

    fn text<'b>(&self, bytes: &[u8], origin: Option<&Origin>, source: &str) -> Found<'b> {
        let decoded = charset::decode(bytes);
        let id = origin.map(|o| o.url.as_str()).filter(|u| !u.is_empty()).unwrap_or(source);
        let about =
            self.about(&[("url", origin.map_or("", |o| &o.url)), ("fetched", origin.map_or("", |o| &o.fetched))]);
        let warning = decoded.warning();
        Found { id: Cow::Owned(id.to_owned()), text: Cow::Owned(decoded.text), language: None, about, warning }
    }

    fn about(&self, pairs: &[(&str, &str)]) -> Vec<u8> {
        if !self.keep {
            return Vec::new();
        }
        let pairs = pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| ((*n).to_owned(), (*v).into()));
        serde_json::to_vec(&pairs.collect::<serde_json::Map<String, serde_json::Value>>()).unwrap_or_default()
    }
}

fn not_utf8(bytes: &[u8], error: &std::str::Utf8Error) -> InputProblem {
    InputProblem::NotUtf8 { at: error.valid_up_to(), encoding: charset::narrow_encoding(bytes).name() }
}

/// Says what got lost of a record that was not UTF-8.
fn warned<'b>(mut found: Found<'b>, bytes: &[u8], source: &Source) -> Found<'b> {
    if let Some(encoding) = source.read_as.get() {
        let lost = memchr::memmem::find_iter(bytes, "\u{fffd}").count();
        if lost > 0 {
            let lost = format!(
                "{lost} characters could not be read as {encoding}; name the encoding (--encoding), or save the file as UTF-8"
            );
            found.warning = Some(match found.warning {
                Some(other) => format!("{lost}. Also, {other}"),
                None => lost,
            });
        }
    }
    found
}

/// The best value found for every role.
#[derive(Debug, Default)]
struct Roles<'b> {
    values: [Option<(u8, Cow<'b, str>)>; Role::COUNT],
    has_text: bool,
    is_case: bool,
    /// Whether there is a field for a text or title at all, be it empty.
    has_field: bool,
}

impl<'b> Roles<'b> {
    fn put(&mut self, role: Role, rank: u8, value: Cow<'b, str>) {
        self.has_field |= matches!(role, Role::Text | Role::Html | Role::Title);
        let slot = &mut self.values[role.index()];
        if slot.as_ref().is_none_or(|(r, _)| rank < *r) && !value.trim().is_empty() {
            self.has_text |= matches!(role, Role::Text | Role::Html);
            *slot = Some((rank, value));
        }
    }

    fn take(&mut self, role: Role) -> Cow<'b, str> {
        self.values[role.index()].take().map_or_else(Cow::default, |(_, value)| value)
    }

    /// The text; without one, that of the HTML; without that, too, the title.
    fn text(mut self) -> Result<Cow<'b, str>, RecordProblem> {
        let text = self.take(Role::Text);
        if !text.is_empty() {
            return Ok(text);
        }
        let html = self.take(Role::Html);
        if !html.is_empty() {
            if !html.contains('<') {
                return Ok(html);
            }
            let article = page::article(&html).map_err(|e| InputProblem::Page(Box::new(e)))?;
            if !article.text.trim().is_empty() {
                return Ok(Cow::Owned(article.text));
            }
        }
        Ok(self.take(Role::Title))
    }
}

/// The fields of a record as they came, without the text.
type Rest<'b> = Vec<(Cow<'b, str>, &'b RawValue)>;

fn about_json(rest: &Rest<'_>, keep: bool) -> Vec<u8> {
    if !keep {
        return Vec::new();
    }
    let mut out = vec![b'{'];
    for (i, (name, value)) in rest.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // Writing a string into memory cannot fail.
        let _ = serde_json::to_writer(&mut out, name);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    out
}

/// Reads an object into roles.
struct Object<'r, 'n, 'b> {
    names: &'n FieldNames,
    keep: bool,
    roles: &'r mut Roles<'b>,
}

impl<'b> DeserializeSeed<'b> for Object<'_, '_, 'b> {
    type Value = Rest<'b>;

    fn deserialize<D: de::Deserializer<'b>>(self, d: D) -> Result<Rest<'b>, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for Object<'_, '_, 'b> {
    type Value = Rest<'b>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Rest<'b>, A::Error> {
        let mut rest = Vec::new();
        while let Some(Text(key)) = map.next_key::<Text<'b>>()? {
            let key = key.unwrap_or_default();
            let mut roles = self.names.roles(&key);
            let first = roles.next();
            if !self.keep {
                let Some((role, rank)) = first else {
                    self.roles.is_case |= key == "claim";
                    map.next_value::<IgnoredAny>()?;
                    continue;
                };
                let value = if role == Role::Id { id_text(map.next_value()?) } else { map.next_value() };
                let Text(Some(value)) = value? else { continue };
                if let Some((role, rank)) = roles.next() {
                    self.roles.put(role, rank, value.clone());
                }
                self.roles.put(role, rank, value);
                continue;
            }
            self.roles.is_case |= key == "claim";
            let raw: &'b RawValue = map.next_value()?;
            let mut is_text = false;
            for (role, rank) in first.into_iter().chain(roles) {
                is_text |= matches!(role, Role::Text | Role::Html);
                let value = if role == Role::Id {
                    id_text(raw)
                } else {
                    serde_json::from_str(raw.get()).map_err(de::Error::custom)
                };
                if let Text(Some(value)) = value? {
                    self.roles.put(role, rank, value);
                }
            }
            if !is_text {
                rest.push((key, raw));
            }
        }
        Ok(rest)
    }
}

/// The text of an id: of a number its digits as they stand, since two long ones may be one as a float.
fn id_text<E: de::Error>(raw: &RawValue) -> Result<Text<'_>, E> {
    let json = raw.get();
    if json.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Text(Some(Cow::Borrowed(json))));
    }
    serde_json::from_str(json).map_err(E::custom)
}

/// Text as records hold it: `null` is none, a number its digits; a list its elements as paragraphs; borrowed where
/// the record has no escapes. Objects and truth values are no text (`None`), since a field of a common name may hold anything.
struct Text<'b>(Option<Cow<'b, str>>);

impl<'b> de::Deserialize<'b> for Text<'b> {
    fn deserialize<D: de::Deserializer<'b>>(d: D) -> Result<Self, D::Error> {
        struct AnyText;
        impl<'b> Visitor<'b> for AnyText {
            type Value = Text<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E: de::Error>(self, v: &'b str) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::Borrowed(v))))
            }

            fn visit_str<E: de::Error>(self, v: &str) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::Owned(v.to_owned()))))
            }

            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::Owned(v.to_string()))))
            }

            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::Owned(v.to_string()))))
            }

            fn visit_f64<E: de::Error>(self, v: f64) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::Owned(v.to_string()))))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Text<'b>, E> {
                Ok(Text(None))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Text<'b>, E> {
                Ok(Text(Some(Cow::default())))
            }

            fn visit_seq<A: de::SeqAccess<'b>>(self, mut seq: A) -> Result<Text<'b>, A::Error> {
                // Paragraphs.
                let mut joined = String::new();
                while let Some(Text(piece)) = seq.next_element()? {
                    let piece = piece.unwrap_or_default();
                    if !joined.is_empty() && !piece.is_empty() {
                        joined.push_str("\n\n");
                    }
                    joined.push_str(&piece);
                }
                Ok(Text(Some(Cow::Owned(joined))))
            }

            fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Text<'b>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }
        d.deserialize_any(AnyText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn read(json: &str, names: &FieldNames, keep: bool) -> Result<(String, String, String, bool), String> {
        let mut block = Block::default();
        block.begin(&Arc::new(Source::named("f")));
        block.push(json.as_bytes(), 1, Form::Json);
        let found = Reader::new(names, keep).read(&block, &block.items[0]).map_err(|e| e.to_string())?;
        let borrowed = matches!(found.text, Cow::Borrowed(_));
        Ok((found.id.into(), found.text.into(), String::from_utf8(found.about).unwrap(), borrowed))
    }

    #[test]
    fn common_names_are_known_and_text_is_not_copied() {
        let none = FieldNames::default();
        let said = |json: &str| read(json, &none, false).map(|f| (f.0, f.1, f.3));
        let ok = |id: &str, text: &str, borrowed| Ok((id.to_owned(), text.to_owned(), borrowed));
        assert_eq!(said(r#"{"id":7,"text":"Words.","tags":[{"a":1}]}"#), ok("7", "Words.", true));
        assert_eq!(said(r#"{"url":"u","body":"two\nlines","summary":"x"}"#), ok("u", "two\nlines", false));
        assert_eq!(said(r#"{"id":"a","text":" ","title":"T","description":{"x":1}}"#), ok("a", "T", true));
        assert_eq!(said(r#"{"id":"a","text":["One.",null,"Two."]}"#), ok("a", "One.\n\nTwo.", false));
        assert_eq!(said(r#"{"id":"a","content_html":"<p>One.</p><p>Two.</p>"}"#), ok("a", "One.\n\nTwo.", false));
        for empty in [r#"{"id":"a","text":""}"#, r#"{"id":"a","body":null}"#, r#"{"id":"a","title":" ","claim_of":1}"#]
        {
            assert_eq!(said(empty), ok("a", "", false), "{empty}");
        }
        for none in [
            r#"{"id":"a"}"#,
            r#"{"id":"a","msg":"x"}"#,
            r#"{"id":"a","text":{"body":"x"}}"#,
            r#"{"id":"a","text":true}"#,
        ] {
            assert!(said(none).unwrap_err().contains("--text-column"), "{none}");
        }
        assert!(said(r#"{"text":"x"}"#).unwrap_err().contains("no `id`"));
        assert!(said(r#"{"id":"a","claim":"x"}"#).unwrap_err().contains("no `text`"));
        for bad in ["[1]", "7", "{\"id\":\"a\",}", "{\"id\":\"a\"} x", "{\"id\":\"a\",\"text\":\"\\ud800\"}"] {
            assert!(said(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_digits_of_an_id_are_kept() {
        let none = FieldNames::default();
        for id in ["123456789012345678901234567890", "123456789012345678901234567891", "-7", "1.50"] {
            for keep in [false, true] {
                assert_eq!(read(&format!(r#"{{"id":{id},"text":"x"}}"#), &none, keep).unwrap().0, id);
            }
        }
        assert!(read(r#"{"id":01,"text":"x"}"#, &none, false).is_err());
    }

    #[test]
    fn names_can_be_given_and_the_rest_kept() {
        let names = FieldNames { id: Some("nr".into()), text: Some("wording".into()), ..FieldNames::default() };
        let json = r#"{"nr": "1", "text": "no", "wording": "yes \"so\"", "n\u00e9": [1, 2]}"#;
        let (id, text, about, _) = read(json, &names, true).unwrap();
        assert_eq!((&*id, &*text), ("1", "yes \"so\""));
        assert_eq!(about, r#"{"nr":"1","text":"no","né":[1, 2]}"#);
    }
}
