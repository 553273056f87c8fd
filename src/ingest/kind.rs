//! What an input is, by its first bytes; its name decides only between things that look alike.
//!
//! Trusting names was rejected: dumps are called `.json` and hold lines, feeds are called `.php`, and standard input has
//! no name.

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

use super::fields::FieldNames;
use super::problem::InputProblem;
use super::{charset, page, table};

/// Bytes that are looked at.
pub(crate) const HEAD: usize = 16 << 10;

/// A format of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// A JSON array of objects, or objects that span lines.
    Json,
    /// Comma, semicolon or tab separated values with a header.
    Csv,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// An HTML page.
    Html,
    /// Plain text: one document.
    Text,
    /// A web archive.
    Warc,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Whether it is text that is cut into records; of all others each document says itself what it is encoded in.
    pub(crate) fn has_records(self) -> bool {
        matches!(self, Self::Jsonl | Self::Json | Self::Csv)
    }
}

/// The ending of a name, without that of a compression.
fn ending(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
    let name = [".gz", ".zst"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    name.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_owned())
}

/// Whether a file is called like a page.
pub(crate) fn is_page_name(name: &str) -> bool {
    matches!(&*ending(name), "html" | "htm" | "xhtml")
}

/// Kinds of archives, by their first bytes.
const ARCHIVES: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
];

fn check_archive(head: &[u8]) -> Result<(), InputProblem> {
    if let Some((_, archive)) = ARCHIVES.iter().find(|a| head.starts_with(a.0)) {
        return Err(InputProblem::Archive(archive));
    }
    if head.get(257..262) == Some(b"ustar") { Err(InputProblem::Archive("tar")) } else { Ok(()) }
}

/// Whether bytes, and what was read out of them, are those of a file that holds no text.
fn is_binary(bytes: &[u8], decoded: &str) -> bool {
    is_pdf(bytes) || decoded.bytes().take(1024).any(|b| b == 0)
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF")
}

/// Refuses a file that is no text, for whoever expects the one text of it.
pub(crate) fn check_text(bytes: &[u8], decoded: &str) -> Result<(), InputProblem> {
    check_archive(bytes)?;
    if is_binary(bytes, decoded) { Err(InputProblem::Binary) } else { Ok(()) }
}

/// The format of an input called `name` that begins with `head`, and ends with it if it is `whole`. Without a `given`
/// encoding, that shows in `head`, too.
pub(crate) fn recognise(
    head: &[u8],
    whole: bool,
    name: &str,
    known: &FieldNames,
    given: Option<&'static Encoding>,
) -> Result<Format, InputProblem> {
    check_archive(head)?;
    if head.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if head.starts_with(b"WARC/") {
        return Ok(Format::Warc);
    }
    let decoded = match given {
        Some(encoding) => encoding.decode(head).0.into_owned(),
        None => charset::decode_html(head).text,
    };
    // Of records, a stray byte damages the one that it stands in.
    match format_of_text(&decoded, whole, name, known) {
        Format::Html | Format::Text if is_binary(head, &decoded) => Err(InputProblem::Binary),
        _ if is_pdf(head) => Err(InputProblem::Binary),
        format => Ok(format),
    }
}

/// The format of a text, as [`recognise`] has it.
fn format_of_text(decoded: &str, whole: bool, name: &str, known: &FieldNames) -> Format {
    let text = decoded.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let ending = ending(name);
    let lines = matches!(&*ending, "jsonl" | "ndjson" | "jl");
    if text.starts_with('{') {
        return if is_json_feed(text) {
            Format::Feed
        } else if !lines && spans_lines(text, whole) {
            Format::Json
        } else {
            Format::Jsonl
        };
    }
    if let Some(rest) = text.strip_prefix('[') {
        let rest = rest.trim_start();
        // A text may begin with a bracket, too.
        if rest.starts_with(['{', ']']) || (ending == "json" && !lines) {
            return Format::Json;
        }
    }
    if text.starts_with('<') {
        match root(text) {
            Some("rss" | "feed" | "rdf:RDF" | "RDF") => return Format::Feed,
            Some(name) if name.eq_ignore_ascii_case("html") => return Format::Html,
            _ if page::looks_like_html(decoded) => return Format::Html,
            _ => {}
        }
    }
    match &*ending {
        _ if lines => Format::Jsonl,
        "csv" | "tsv" => Format::Csv,
        _ if is_page_name(name) => Format::Html,
        "rss" | "atom" => Format::Feed,
        "txt" | "md" => Format::Text,
        _ if table::looks_like_table(decoded.as_bytes(), known) => Format::Csv,
        _ => Format::Text,
    }
}

/// A feed says that it is one in a field; quotes in a text that speaks of it are escaped.
fn is_json_feed(text: &str) -> bool {
    text.match_indices("\"version\"").any(|(at, key)| {
        let value = text[at + key.len()..].trim_start().strip_prefix(':').map(str::trim_start);
        value.is_some_and(|v| {
            let address = v.strip_prefix("\"https://").or(v.strip_prefix("\"http://"));
            address.is_some_and(|a| a.trim_start_matches("www.").starts_with("jsonfeed.org/version"))
        })
    })
}

/// Whether an object goes on after the end of its line.
fn spans_lines(text: &str, whole: bool) -> bool {
    match text.split_once('\n') {
        Some((line, rest)) => {
            let cut = serde_json::from_str::<serde::de::IgnoredAny>(line).is_err_and(|e| e.is_eof());
            // Of two objects, the first may be the broken one.
            cut && !rest.trim_start().starts_with('{')
        }
        None => !whole && text.len() < 2,
    }
}

/// The name of the first element.
fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = match rest {
            r if r.starts_with("<?") => "?>",
            r if r.starts_with("<!--") => "-->",
            // A document type with entities of its own holds angle brackets in brackets.
            r if r.starts_with("<!") && r.split('>').next().is_some_and(|t| t.contains('[')) => "]>",
            r if r.starts_with("<!") => ">",
            r => {
                let name = r.strip_prefix('<')?;
                return name.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next();
            }
        };
        rest = &rest[rest.find(end)? + end.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_it_is() {
        let is = |head: &str, name: &str| recognise(head.as_bytes(), true, name, &FieldNames::default(), None).unwrap();
        for (head, format) in [
            ("{\"id\":1}\n{\"id\":2}\n", Format::Jsonl),
            ("{\"id\":1", Format::Jsonl),
            ("{\"id\":\n{\"id\":2}\n", Format::Jsonl),
            ("{\n \"id\": 1\n}\n", Format::Json),
            ("\u{feff} [ {\"id\": 1}]", Format::Json),
            ("[]", Format::Json),
            ("[Music] The tides are high.", Format::Text),
            ("{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": []}", Format::Feed),
            ("{\"items\": [], \"version\" : \"http://jsonfeed.org/version/1\"}", Format::Feed),
            ("{\"id\": 1, \"text\": \"\\\"version\\\": https://jsonfeed.org/version/1\"}", Format::Jsonl),
            ("<?xml version='1.0'?>\n<!-- x --><rss version='2.0'>", Format::Feed),
            ("<!DOCTYPE lolz [<!ENTITY lol \"lol\">]><rss>", Format::Feed),
            ("<feed xmlns='http://www.w3.org/2005/Atom'>", Format::Feed),
            ("<rdf:RDF xmlns:rdf='x'>", Format::Feed),
            ("<!DOCTYPE html><html>", Format::Html),
            ("id,text\n1,a\n", Format::Csv),
            ("WARC/1.0\r\n", Format::Warc),
            ("PAR1xxxx", Format::Parquet),
            ("The tides are high.", Format::Text),
            ("", Format::Text),
        ] {
            assert_eq!(is(head, "-"), format, "{head}");
        }
        assert_eq!(is("garbage", "a/b.JSONL.gz"), Format::Jsonl);
        assert_eq!(is("garbage", "b.csv.zst"), Format::Csv);
        assert_eq!(is("garbage", "b.html"), Format::Html);
        assert_eq!(is("{\"id\":\"a\0\"}\n{\"id\":2}\n", "-"), Format::Jsonl);
        assert_eq!(is("id,text\n1,a\0\n", "a.csv"), Format::Csv);
        let refused = |head: &[u8]| recognise(head, true, "x", &FieldNames::default(), None).unwrap_err().kind();
        assert_eq!(refused(b"PK\x03\x04..."), "archive");
        assert_eq!(refused(b"%PDF-1.7"), "binary");
        assert_eq!(refused(b"a text with\0a zero"), "binary");
        assert_eq!(refused(&[0x89, b'P', b'N', b'G', 0, 0, 0, 13, 1, 0, 2, 0, 0, 0]), "binary");
    }
}
