//! An object that holds the list of records, as APIs answer: `{"total": 2, "articles": [{…}, {…}]}`.
//!
//! Whether an object is that shows at its end only, so it is held whole, up to the size of the largest record. Taking the
//! first list as soon as it begins was rejected: a record may begin with a list of objects, too, and its text come later.

use std::io::Cursor;
use std::ops::Range;

use super::array::Scan;
use super::fields::{FieldNames, Role};
use super::window::Window;

/// The fields of an object as far as they were read, each with the place of its value.
#[derive(Debug, Default)]
struct Outline {
    fields: Vec<(String, Range<usize>)>,
    /// After the object, if it has ended.
    end: Option<usize>,
}

fn is_gap(b: u8) -> bool {
    matches!(b, b' ' | b'\n' | b'\r' | b'\t')
}

impl Outline {
    /// Of the object that `bytes` begin with.
    fn of(bytes: &[u8]) -> Option<Self> {
        let after_gap = |at: usize| at + bytes[at..].iter().take_while(|&&b| is_gap(b)).count();
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut at = after_gap(mark);
        if bytes.get(at) != Some(&b'{') {
            return None;
        }
        at += 1;
        let mut out = Self::default();
        loop {
            at = after_gap(at);
            match bytes.get(at) {
                None | Some(b'"') => {}
                Some(b',') => {
                    at += 1;
                    continue;
                }
                Some(b'}') => out.end = Some(at + 1),
                Some(_) => return None,
            }
            if bytes.get(at) != Some(&b'"') {
                return Some(out);
            }
            let Some(length) = Scan::default().end(&bytes[at..]) else { return Some(out) };
            let name: String = serde_json::from_slice(&bytes[at..at + length]).ok()?;
            at = after_gap(at + length);
            match bytes.get(at) {
                Some(b':') => at = after_gap(at + 1),
                Some(_) => return None,
                None => return Some(out),
            }
            let length = Scan::default().end(&bytes[at..]);
            let end = length.map_or(bytes.len(), |length| at + length);
            out.fields.push((name, at..end));
            if length.is_none() {
                return Some(out);
            }
            at = end;
        }
    }

    /// Whether the object is a record itself, whatever follows.
    fn is_record(&self, bytes: &[u8], names: &FieldNames) -> bool {
        let has = |role: Role, in_list: bool| {
            let named = |name: &str| names.roles(name).any(|(r, _)| r == role);
            self.fields.iter().any(|(name, value)| named(name) && is_list(&bytes[value.clone()]) == in_list)
        };
        let (id, title) = (has(Role::Id, false), has(Role::Title, false));
        // Paragraphs may be objects, too.
        let paragraphs = id && (has(Role::Text, true) || has(Role::Html, true));
        let is_case = self.fields.iter().any(|(name, _)| name == "claim");
        has(Role::Text, false) || has(Role::Html, false) || (id && title) || paragraphs || is_case
    }

    /// Whether the objects of a list may be records. An object without an id is none, so that whatever it holds is looked at;
    /// of one with an id it must be plain that the texts are those of its list.
    fn may_hold(&self, list: &[u8], names: &FieldNames) -> bool {
        let has_id = self.fields.iter().any(|(name, _)| names.roles(name).any(|(r, _)| r == Role::Id));
        let first = Self::of(list.strip_prefix(b"[").unwrap_or_default()).unwrap_or_default();
        !has_id || names.has_text(first.fields.iter().map(|(name, _)| name.as_str()))
    }

    /// The one field that is a list of objects.
    fn list(&self, bytes: &[u8]) -> Option<&(String, Range<usize>)> {
        let mut lists = self.fields.iter().filter(|(_, value)| is_list(&bytes[value.clone()]));
        let only = lists.next()?;
        lists.next().is_none().then_some(only)
    }
}

/// Whether a value is a list that begins with an object.
fn is_list(value: &[u8]) -> bool {
    let inside = value.strip_prefix(b"[").unwrap_or_default();
    inside.iter().find(|&&b| !is_gap(b)) == Some(&b'{')
}

/// The list in the one object that a stream consists of, and the line on which it begins. Reads ahead, and consumes nothing.
pub(crate) fn list_of(window: &mut Window, names: &FieldNames, limit: usize) -> Option<(Window, usize)> {
    loop {
        let bytes = window.bytes();
        let outline = Outline::of(bytes)?;
        if outline.is_record(bytes, names) || bytes.len() > limit {
            return None;
        }
        if let Some(end) = outline.end {
            let (_, list) = outline.list(bytes)?;
            if !bytes[end..].iter().all(|&b| is_gap(b)) || !outline.may_hold(&bytes[list.clone()], names) {
                return None;
            }
            if window.ended() {
                let line = 1 + memchr::memchr_iter(b'\n', &bytes[..list.start]).count();
                let list = bytes[list.clone()].to_vec();
                return Some((Window::new(Box::new(Cursor::new(list)), false), line));
            }
        } else if window.ended() {
            return None;
        }
        let had = bytes.len();
        window.ahead(had * 2);
        if window.bytes().len() == had && !window.ended() {
            return None;
        }
    }
}

/// The name of the field of a record that holds the records, if it is one that `jq` takes as it is.
pub(crate) fn list_inside(record: &[u8]) -> Option<String> {
    let outline = Outline::of(record)?;
    let (name, _) = outline.list(record)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (name.chars().all(plain) && name.starts_with(|c: char| !c.is_ascii_digit()) && name.len() <= 40)
        .then(|| name.clone())
}

#[cfg(test)]
mod tests {
    use super::super::window::Drip;
    use super::*;
    use std::io::Read;

    fn list(text: &str, drip: usize, names: &FieldNames, limit: usize) -> Option<(String, usize)> {
        let mut window = Window::new(Box::new(Drip::new(text, drip)), true);
        window.beginning(8).unwrap();
        let found = list_of(&mut window, names, limit);
        // Whatever it is, nothing is lost of it.
        let mut rest = String::new();
        window.into_reader().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, text);
        found.map(|(mut list, line)| {
            list.at_least(usize::MAX).unwrap();
            (String::from_utf8(list.bytes().to_vec()).unwrap(), line)
        })
    }

    #[test]
    fn the_only_list_of_objects_is_taken_out() {
        let none = FieldNames::default();
        for drip in [1, 3, 1000] {
            let found = |text: &str| list(text, drip, &none, 10_000);
            assert_eq!(found("{\"articles\":[{\"a\":1}]}"), Some(("[{\"a\":1}]".into(), 1)));
            let pretty = "\u{feff}{\n \"meta\": {\"x\": \"]}\"},\n \"data\": [\n {\"a\": 1}\n ],\n \"n\": 7\n}\n\n";
            assert_eq!(found(pretty), Some(("[\n {\"a\": 1}\n ]".into(), 3)));
            // A page of an API is called after its content; a feed has a title.
            assert!(found("{\"content\":[{\"id\":1}],\"totalPages\":3}").is_some());
            assert!(found("{\"url\":\"u\",\"hits\":[{\"id\":1,\"body\":\"x\"}]}").is_some());
            assert!(found("{\"title\":\"Feed\",\"entries\":[{\"id\":1}]}").is_some());
        }
    }

    #[test]
    fn a_record_stays_one() {
        let none = FieldNames::default();
        for record in [
            "{\"tags\":[{\"a\":1}],\"text\":\"x\"}",
            "{\"tags\":[{\"a\":1}],\"id\":1,\"title\":\"x\"}",
            "{\"id\":1,\"content\":[{\"type\":\"p\",\"text\":\"x\"}]}",
            "{\"id\":1,\"claim\":\"x\",\"seen\":[{\"a\":1}]}",
            "{\"id\":1,\"msg\":\"x\",\"tags\":[{\"a\":1}]}",
            "{\"a\":[{\"b\":1}],\"c\":[{\"d\":1}]}",
            "{\"a\":[1,2]}",
            "{\"a\":[{\"b\":1}]}\n{\"a\":[{\"b\":1}]}",
            "{\"a\":[{\"b\":1}]",
            "{\"a\":[{\"b\":1}]} x",
            "{\"a\" 1}",
            "{a:1}",
            "[{\"a\":[{}]}]",
            "",
        ] {
            assert_eq!(list(record, 2, &none, 10_000), None, "{record}");
        }
        let given = FieldNames { text: Some("wording".into()), ..FieldNames::default() };
        assert_eq!(list("{\"a\":[{\"b\":1}],\"wording\":\"x\"}", 2, &given, 10_000), None);
        let long = format!("{{\"a\":[{{\"b\":\"{}\"}}]}}", "x".repeat(3_000));
        assert!(list(&long, 100, &none, 10_000).is_some() && list(&long, 100, &none, 1_000).is_none());
        assert_eq!(list_inside(b"{\"a\":[{\"b\":1}],\"n\":1}").as_deref(), Some("a"));
        assert_eq!(list_inside(b"{\"a b\":[{\"b\":1}]}"), None);
    }
}
