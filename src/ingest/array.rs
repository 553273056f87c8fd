//! JSON arrays, and JSON objects that span lines: one record per element.
//!
//! Elements are found by counting brackets outside of strings, and parsed later, one at a time. Parsing the whole array
//! was rejected (a dump does not fit into memory), and so was a streaming deserialiser, which gives up at the first
//! element that is wrong.

use super::block::{Block, Records};
use super::packed;
use super::problem::InputProblem;
use super::window::Window;

/// How far into an element the search for its end has come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// The end of the element in `bytes`, which go on where the last call stopped.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let found = memchr::memchr2(b'"', b'\\', &bytes[at..])?;
                at += found + 1;
                if bytes[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                // The end of a bare word: a bracket is that of the array around it.
                b'}' | b']' | b',' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }
}

/// Elements of an array, or objects one after the other.
pub(crate) struct ArrayRecords {
    window: Window,
    line: usize,
    limit: usize,
    /// Whether the bracket of the array has been passed, or is known not to be there.
    opened: bool,
    /// Whether that bracket waits for the one that closes it.
    unclosed: bool,
    /// Elements found in the array.
    elements: usize,
    scan: Scan,
    searched: usize,
    /// Whether the element at hand is too long and thrown away; its first line.
    skipping: Option<usize>,
}

impl ArrayRecords {
    pub(crate) fn new(window: Window, limit: usize) -> Self {
        Self {
            window,
            line: 1,
            limit,
            opened: false,
            unclosed: false,
            elements: 0,
            scan: Scan::default(),
            searched: 0,
            skipping: None,
        }
    }

    /// The same for an array that begins on another line than the first.
    pub(crate) fn at_line(self, line: usize) -> Self {
        Self { line, ..self }
    }

    fn consume(&mut self, count: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.window.bytes()[..count]).count();
        self.window.consume(count);
        self.searched = 0;
    }

    /// Passes over what stands between elements; whether an element begins in what has been read.
    fn find_element(&mut self) -> bool {
        let bytes = self.window.bytes();
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            match b {
                b'[' if !self.opened => (self.opened, self.unclosed) = (true, true),
                b']' => self.unclosed = false,
                b' ' | b'\n' | b'\r' | b'\t' | b',' | b'}' => {}
                0xef | 0xbb | 0xbf if !self.opened => {}
                _ => break,
            }
            at += 1;
        }
        let found = at < bytes.len();
        self.consume(at);
        // Objects without an array around them: a bracket that follows belongs to a record.
        self.opened |= found;
        found
    }
}

impl Records for ArrayRecords {
    fn read(&mut self, block: &mut Block) -> bool {
        while !block.is_full() {
            if self.searched > 0 || self.skipping.is_some() || self.find_element() {
                let bytes = &self.window.bytes()[self.searched..];
                if let Some(end) = self.scan.end(bytes) {
                    let end = self.searched + end;
                    self.elements += usize::from(self.unclosed);
                    match self.skipping.take() {
                        Some(line) => block.bad(line, InputProblem::TooLong { limit: self.limit }),
                        None => block.push_element(&self.window.bytes()[..end], self.line, self.elements),
                    }
                    self.consume(end);
                    self.scan = Scan::default();
                    continue;
                }
                self.searched = self.window.bytes().len();
                if self.searched > self.limit {
                    self.skipping.get_or_insert(self.line);
                    self.consume(self.searched);
                }
            }
            if self.window.idle() && !block.is_empty() {
                return true;
            }
            match self.window.more() {
                Ok(true) => {}
                Ok(false) => {
                    let begun = self.searched > 0 || self.skipping.is_some();
                    if begun && self.scan.depth == 0 && !self.scan.in_string && self.skipping.is_none() {
                        block.push_element(self.window.bytes(), self.line, self.elements + usize::from(self.unclosed));
                    } else if begun || self.unclosed {
                        block.bad(self.skipping.unwrap_or(self.line), InputProblem::OpenJson);
                    }
                    return false;
                }
                Err(e) => {
                    block.bad(self.line, packed::problem(e));
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Drip;
    use super::*;
    use crate::ingest::block::{Form, Source};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn elements(text: &str, drip: usize, limit: usize) -> Vec<(usize, Result<String, &'static str>)> {
        let reader = Drip::new(text, drip);
        let mut records = ArrayRecords::new(Window::new(Box::new(reader), false), limit);
        let mut out = Vec::new();
        loop {
            let mut block = Block::default();
            block.begin(&Arc::new(Source::named("-")));
            let more = records.read(&mut block);
            out.extend(block.items.iter().map(|i| {
                let said = match &i.form {
                    Form::Bad(p) => Err(p.kind()),
                    _ => Ok(String::from_utf8(block.bytes_of(i).to_vec()).unwrap()),
                };
                (i.line, said)
            }));
            if !more {
                return out;
            }
        }
    }

    #[test]
    fn elements_are_found_whatever_is_in_them() {
        let text = "\u{feff}[\n {\"a\": \"]}\\\"{\"},\n{\"b\": [1, {\"c\": []}]}, 7, \"x, y\",\nnull]\n";
        let expected =
            [(2, "{\"a\": \"]}\\\"{\"}"), (3, "{\"b\": [1, {\"c\": []}]}"), (3, "7"), (3, "\"x, y\""), (4, "null")];
        for drip in [1, 2, 7, 1000] {
            let found = elements(text, drip, 1000);
            assert_eq!(found, expected.map(|(l, e)| (l, Ok(e.to_owned()))), "{drip}");
        }
        let objects = elements("{\"a\":\n1}\n{\"b\":\n[2]}", 3, 1000);
        assert_eq!(objects, [(1, Ok("{\"a\":\n1}".into())), (3, Ok("{\"b\":\n[2]}".into()))]);
        assert_eq!(elements("[{\"a\":1},{\"b\":", 5, 1000), [(1, Ok("{\"a\":1}".into())), (1, Err("open_json"))]);
        let long = format!("[{{\"a\":\"{}\"}},{{}}]", "x".repeat(5000));
        assert_eq!(elements(&long, 100, 1000), [(1, Err("too_long")), (1, Ok("{}".into()))]);
        for (cut, line) in [("[{\"a\":1},\n", 2), ("[{\"a\":1}", 1)] {
            assert_eq!(elements(cut, 5, 1000), [(1, Ok("{\"a\":1}".into())), (line, Err("open_json"))]);
        }
        assert!(elements("", 1, 10).is_empty() && elements("[]", 1, 10).is_empty());
    }

    proptest! {
        #[test]
        fn arrays_come_apart_as_they_were_put_together(
            texts in prop::collection::vec("[\\[\\]{}\",\\\\ a\n]{0,12}", 0..8), drip in 1usize..20,
        ) {
            let made: Vec<String> = texts.iter().map(|t| serde_json::json!({"t": [t], "u": {"v": t}}).to_string()).collect();
            let found = elements(&format!("[{}]", made.join(",\n")), drip, 1000);
            prop_assert_eq!(found.into_iter().map(|f| f.1.unwrap()).collect::<Vec<_>>(), made);
        }
    }
}
