//! Lines of a stream as records, with a bound on their length.

use super::block::{Block, Form, Records};
use super::packed;
use super::problem::InputProblem;
use super::window::Window;

/// JSON Lines.
pub(crate) struct LineRecords {
    window: Window,
    line: usize,
    /// Bytes of the window known to hold no end of line.
    searched: usize,
    /// Largest record.
    limit: usize,
    /// Whether the line at hand is too long and thrown away.
    skipping: bool,
}

impl LineRecords {
    pub(crate) fn new(window: Window, limit: usize) -> Self {
        Self { window, line: 0, searched: 0, limit, skipping: false }
    }

    /// Takes one line of `length` bytes and, if it is there, its end.
    fn take(&mut self, length: usize, block: &mut Block) {
        self.line += 1;
        let bytes = &self.window.bytes()[..length];
        if self.skipping || length > self.limit {
            block.bad(self.line, InputProblem::TooLong { limit: self.limit });
        } else {
            let line = if self.line == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
            let line = line.trim_ascii();
            if !line.is_empty() {
                block.push(line, self.line, Form::Json);
            }
        }
        self.skipping = false;
        self.window.consume(length + 1);
        self.searched = 0;
    }
}

impl Records for LineRecords {
    fn read(&mut self, block: &mut Block) -> bool {
        while !block.is_full() {
            let bytes = self.window.bytes();
            if let Some(at) = memchr::memchr(b'\n', &bytes[self.searched..]) {
                self.take(self.searched + at, block);
                continue;
            }
            self.searched = bytes.len();
            if self.searched > self.limit {
                self.skipping = true;
                self.window.consume(self.searched);
                self.searched = 0;
            }
            if self.window.idle() && !block.is_empty() {
                return true;
            }
            match self.window.more() {
                Ok(true) => {}
                Ok(false) => {
                    let rest = self.window.bytes().len();
                    if rest > 0 || self.skipping {
                        self.take(rest, block);
                    }
                    return false;
                }
                Err(e) => {
                    // The line that breaks off is part of what cannot be read.
                    block.bad(self.line + 1, packed::problem(e));
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::block::Source;
    use proptest::prelude::*;
    use std::io::Cursor;
    use std::sync::Arc;

    fn lines(bytes: &[u8], limit: usize) -> Vec<(usize, Option<Vec<u8>>)> {
        let mut records = LineRecords::new(Window::new(Box::new(Cursor::new(bytes.to_vec())), false), limit);
        let mut out = Vec::new();
        loop {
            let mut block = Block::default();
            block.begin(&Arc::new(Source::named("-")));
            let more = records.read(&mut block);
            out.extend(
                block.items.iter().map(|i| {
                    (i.line, if matches!(i.form, Form::Json) { Some(block.bytes_of(i).to_vec()) } else { None })
                }),
            );
            if !more {
                return out;
            }
        }
    }

    #[test]
    fn long_lines_are_named_and_the_rest_is_read() {
        let text = ["{}", &"x".repeat(1 << 20), " {1} ", "", "{2}"].join("\n");
        let read = lines(text.as_bytes(), 1000);
        assert_eq!(
            read,
            [(1, Some(b"{}".to_vec())), (2, None), (3, Some(b"{1}".to_vec())), (5, Some(b"{2}".to_vec()))]
        );
        assert_eq!(lines("y".repeat(1 << 20).as_bytes(), 1000), [(1, None)]);
        assert_eq!(lines(b"\xef\xbb\xbf{}\r\n", 1000), [(1, Some(b"{}".to_vec()))]);
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\n\r ]{0,60}") {
            let expected: Vec<_> = text.split('\n').enumerate()
                .map(|(i, l)| (i + 1, l.trim_ascii()))
                .filter(|(_, l)| !l.is_empty())
                .map(|(i, l)| (i, Some(l.as_bytes().to_vec())))
                .collect();
            prop_assert_eq!(lines(text.as_bytes(), 1000), expected);
        }
    }
}
