//! CSV and TSV: where a row ends, and which column is what.
//!
//! A row's end is found by the quoting rules of RFC 4180 alone, and its fields are taken apart later by `csv-core`, in
//! the thread that assesses it. Where the rules and the header contradict each other (a row over several lines with
//! the wrong number of fields, a quote that never closes), only the first line is given up and reading goes on at the
//! next: one stray quote must not swallow the rest of a dump, as it does with readers that trust it.

use std::sync::Arc;

use super::block::{Block, Form, Records, Source};
use super::fields::{FieldNames, Role};
use super::packed;
use super::problem::InputProblem;
use super::window::Window;

/// The columns of a table.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) delimiter: u8,
    /// Names in their order.
    pub(crate) names: Vec<String>,
    /// Column of every role, by its number.
    pub(crate) columns: [Option<usize>; Role::COUNT],
}

impl Header {
    pub(crate) fn new(names: Vec<String>, delimiter: u8, known: &FieldNames) -> Self {
        let mut best = [None::<(u8, usize)>; Role::COUNT];
        for (column, name) in names.iter().enumerate() {
            for (role, rank) in known.roles(name) {
                let slot = &mut best[role.index()];
                if slot.is_none_or(|(r, _)| rank < r) {
                    *slot = Some((rank, column));
                }
            }
        }
        Self { delimiter, names, columns: best.map(|b| b.map(|(_, column)| column)) }
    }

    fn column(&self, role: Role) -> Option<usize> {
        self.columns[role.index()]
    }

    /// Whether a row has something to assess.
    pub(crate) fn has_text(&self) -> bool {
        [Role::Text, Role::Html, Role::Title].iter().any(|&r| self.column(r).is_some())
    }
}

/// The fields of a row.
pub(crate) struct Fields {
    reader: csv_core::Reader,
    delimiter: u8,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

/// A row has no end but that of its bytes: a carriage return in the middle is part of a field.
fn reader(delimiter: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter).terminator(csv_core::Terminator::Any(b'\n')).build()
}

impl Default for Fields {
    fn default() -> Self {
        Self { reader: reader(b','), delimiter: b',', text: vec![0; 1024], ends: vec![0; 32], count: 0 }
    }
}

impl Fields {
    /// Takes a row apart.
    pub(crate) fn read(&mut self, row: &[u8], delimiter: u8) {
        if self.delimiter != delimiter {
            self.reader = reader(delimiter);
            self.delimiter = delimiter;
        }
        self.reader.reset();
        // Never more text than the row has bytes.
        if self.text.len() < row.len() {
            self.text.resize(row.len(), 0);
        }
        let (mut rest, mut out, mut ends) = (row, 0, 0);
        loop {
            use csv_core::ReadRecordResult as R;
            let (result, read, written, fields) =
                self.reader.read_record(rest, &mut self.text[out..], &mut self.ends[ends..]);
            (rest, out, ends) = (&rest[read..], out + written, ends + fields);
            match result {
                // An empty input tells the reader that the row is over.
                R::InputEmpty => {}
                R::OutputFull => self.text.resize(self.text.len() * 2, 0),
                R::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                R::Record | R::End => break,
            }
        }
        self.count = ends;
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, column: usize) -> &[u8] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        if column < self.count { &self.text[start..self.ends[column]] } else { &[] }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count).map(|c| self.get(c))
    }
}

/// Where a search for the end of a row stands.
#[derive(Debug, Clone, Copy)]
struct Scan {
    state: State,
    fields: usize,
    lines: usize,
    /// After the first line of the row.
    first_line: usize,
    /// Whether a quoted field goes on after its quote, as no writer has it: the quote was to open another.
    stray: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote in a quoted field: the end of it, or half of a doubled one.
    Quote,
}

const FRESH: Scan = Scan { state: State::FieldStart, fields: 1, lines: 0, first_line: 0, stray: false };

impl Scan {
    /// The length of the row with its end, `bytes` being what follows after `from` bytes of it.
    fn end(&mut self, bytes: &[u8], from: usize, delimiter: u8) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            // The two states in which nearly all bytes are, at the speed of memory.
            match self.state {
                State::Quoted => at += memchr::memchr2(b'"', b'\n', &bytes[at..])?,
                State::Plain => at += memchr::memchr2(delimiter, b'\n', &bytes[at..])?,
                State::FieldStart | State::Quote => {}
            }
            let b = bytes[at];
            at += 1;
            if b == b'\n' {
                self.lines += 1;
                if self.lines == 1 {
                    self.first_line = from + at;
                }
                if self.state == State::Quoted {
                    continue;
                }
                return Some(from + at);
            }
            self.state = match (self.state, b) {
                (State::Quoted, b'"') => State::Quote,
                (State::FieldStart | State::Quote, b'"') | (State::Quoted, _) => State::Quoted,
                (_, b) if b == delimiter => {
                    self.fields += 1;
                    State::FieldStart
                }
                (state, b) => {
                    self.stray |= state == State::Quote && !matches!(b, b'\r' | b' ');
                    State::Plain
                }
            };
        }
        None
    }
}

/// Rows of a table.
pub(crate) struct TableRecords {
    window: Window,
    source: Arc<Source>,
    line: usize,
    limit: usize,
    scan: Scan,
    searched: usize,
    skipping: bool,
}

impl TableRecords {
    /// Reads the header, which `known` maps, and puts it into `source`.
    pub(crate) fn open(
        mut window: Window,
        source: Source,
        known: &FieldNames,
        limit: usize,
    ) -> Result<Self, InputProblem> {
        let mut delimiter = None;
        let mut scan = FRESH;
        let mut searched = 0;
        let length = loop {
            let bytes = window.bytes();
            if delimiter.is_none() && (window.ended() || memchr::memchr(b'\n', bytes).is_some()) {
                delimiter = Some(guess_delimiter(bytes));
            }
            if let Some(delimiter) = delimiter {
                if let Some(end) = scan.end(&bytes[searched..], searched, delimiter) {
                    break end;
                }
                searched = bytes.len();
            }
            if bytes.len() > limit {
                return Err(InputProblem::TooLong { limit });
            }
            if window.ended() {
                break window.bytes().len();
            }
            window.more().map_err(packed::problem)?;
        };
        let delimiter = delimiter.unwrap_or(b',');
        let bytes = &window.bytes()[..length];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let names = header_names(bytes, delimiter);
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        window.consume(length);
        for (given, option) in [(&known.text, FieldNames::TEXT), (&known.id, FieldNames::ID)] {
            if let Some(name) = given.as_ref().filter(|n| !names.contains(n)) {
                return Err(InputProblem::NoSuchColumn { name: name.clone(), option, columns: named(&names) });
            }
        }
        let header = Header::new(names, delimiter, known);
        if !header.has_text() {
            return Err(InputProblem::NoTextColumn(named(&header.names)));
        }
        let source = Arc::new(Source { header: Some(header), ..source });
        Ok(Self { window, source, line: lines + 1, limit, scan: FRESH, searched: 0, skipping: false })
    }

    /// The source with its header.
    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    fn expected(&self) -> usize {
        self.source.header.as_ref().map_or(0, |h| h.names.len())
    }

    fn pass(&mut self, count: usize, lines: usize) {
        self.window.consume(count);
        self.line += lines;
        self.scan = FRESH;
        self.searched = 0;
        self.skipping = false;
    }

    /// Takes the row of `length` bytes that the scan has found.
    fn take(&mut self, length: usize, block: &mut Block) {
        let Scan { fields, lines, first_line, stray, .. } = self.scan;
        let expected = self.expected();
        if self.skipping {
            block.bad(self.line, InputProblem::TooLong { limit: self.limit });
            return self.pass(length, lines);
        }
        let row = &self.window.bytes()[..length];
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        if row.is_empty() {
            return self.pass(length, lines);
        }
        // A quote that was left open has joined lines up to the next one.
        if stray && lines > 1 {
            return self.give_up_line(block);
        }
        if fields != expected {
            block.bad(self.line, InputProblem::Uneven { found: fields, expected });
            // Probably a stray quote has joined lines that are rows of their own.
            return if lines > 1 { self.pass(first_line, 1) } else { self.pass(length, lines) };
        }
        block.push(row, self.line, Form::Row);
        self.pass(length, lines);
    }

    /// Gives up the first line of a row whose quote does not close.
    fn give_up_line(&mut self, block: &mut Block) {
        block.bad(self.line, InputProblem::OpenQuote);
        let first = if self.scan.lines > 0 { self.scan.first_line } else { self.window.bytes().len() };
        self.pass(first, 1);
    }
}

impl Records for TableRecords {
    fn read(&mut self, block: &mut Block) -> bool {
        let Some(delimiter) = self.source.header.as_ref().map(|h| h.delimiter) else { return false };
        while !block.is_full() {
            let bytes = self.window.bytes();
            if let Some(length) = self.scan.end(&bytes[self.searched..], self.searched, delimiter) {
                self.take(length, block);
                continue;
            }
            self.searched = bytes.len();
            if self.searched > self.limit {
                if self.scan.state == State::Quoted && self.scan.lines > 0 {
                    self.give_up_line(block);
                    continue;
                }
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
                    if rest > 0 && self.scan.state == State::Quoted {
                        self.give_up_line(block);
                        continue;
                    }
                    if rest > 0 || self.skipping {
                        self.take(rest, block);
                        continue;
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

fn header_names(bytes: &[u8], delimiter: u8) -> Vec<String> {
    let mut fields = Fields::default();
    fields.read(bytes.trim_ascii_end(), delimiter);
    fields.iter().map(|f| String::from_utf8_lossy(f).trim().to_owned()).collect()
}

/// The delimiter that the first line has most of.
fn guess_delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| memchr::memchr_iter(delimiter, line).count();
    // Of two with as many, the first of the list: a comma may stand in a name.
    [b'\t', b';', b',', b'|'].into_iter().rev().max_by_key(|&d| count(d)).unwrap_or(b',')
}

/// Whether `head`, the beginning of an input, is the header of a table of documents.
pub(crate) fn looks_like_table(head: &[u8], known: &FieldNames) -> bool {
    let Some(line) = head.split(|&b| b == b'\n').next().filter(|l| l.len() < head.len() || l.len() < 4096) else {
        return false;
    };
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let names = header_names(line, guess_delimiter(line));
    let is_name = |n: &String| !n.is_empty() && n.len() <= 40 && n.split_whitespace().count() <= 3;
    names.len() >= 2 && names.iter().all(is_name) && known.has_text(names.iter().map(String::as_str))
}

/// The names of columns, for a message. A table without a header has its first text where they should be: what is too long
/// for a name is not repeated.
fn named(names: &[String]) -> String {
    let name = |(i, n): (usize, &String)| {
        let is_name = n.len() <= 40 && n.split_whitespace().count() <= 3;
        if is_name { n.clone() } else { format!("number {}, {} bytes", i + 1, n.len()) }
    };
    names.iter().enumerate().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    type Read = Vec<(usize, Result<Vec<String>, &'static str>)>;

    fn rows(text: &str, limit: usize) -> Result<Read, InputProblem> {
        let window = Window::new(Box::new(Cursor::new(text.as_bytes().to_vec())), false);
        let mut records = TableRecords::open(window, Source::named("t.csv"), &FieldNames::default(), limit)?;
        let mut out = Vec::new();
        let mut fields = Fields::default();
        loop {
            let mut block = Block::default();
            block.begin(records.source());
            let more = records.read(&mut block);
            for item in &block.items {
                let said = if let Form::Bad(p) = &item.form {
                    Err(p.kind())
                } else {
                    fields.read(block.bytes_of(item), records.source.header.as_ref().unwrap().delimiter);
                    Ok(fields.iter().map(|f| String::from_utf8(f.to_vec()).unwrap()).collect())
                };
                out.push((item.line, said));
            }
            if !more {
                return Ok(out);
            }
        }
    }

    fn good(line: usize, fields: &[&str]) -> (usize, Result<Vec<String>, &'static str>) {
        (line, Ok(fields.iter().map(|&f| f.to_owned()).collect()))
    }

    #[test]
    fn quotes_hold_delimiters_and_ends_of_lines() {
        let read = rows("id,text\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n2,it is 5\" long\n3,", 1000).unwrap();
        assert_eq!(read, [good(2, &["1", "a, \"b\"\nc"]), good(5, &["2", "it is 5\" long"]), good(6, &["3", ""])]);
        let read = rows("text\tid\nOne, two\t7\n\t8\n", 1000).unwrap();
        assert_eq!(read, [good(2, &["One, two", "7"]), good(3, &["", "8"])]);
        assert_eq!(rows("id;body\n1;a,b\n", 1000).unwrap(), [good(2, &["1", "a,b"])]);
        assert!(matches!(rows("a,b\n1,2\n", 1000), Err(InputProblem::NoTextColumn(names)) if names == "a, b"));
        let headless = rows("1,what somebody wrote here,en\n", 1000);
        assert!(matches!(headless, Err(InputProblem::NoTextColumn(names)) if names == "1, number 2, 24 bytes, en"));
    }

    #[test]
    fn a_stray_quote_costs_its_line_only() {
        let uneven = rows("id,text\n1,a\n2\n3,\"b\n4,c\n5,d\"\n6,e,f\n7,g\n", 1000).unwrap();
        // Lines 4 to 6 are one row by the rules, of the right number of fields.
        assert_eq!(uneven[2], good(4, &["3", "b\n4,c\n5,d"]));
        assert_eq!(uneven[3..], [(7, Err("uneven_row")), good(8, &["7", "g"])]);
        let open = rows("id,text\n1,\"a\n2,b\n3,c\n", 1000).unwrap();
        assert_eq!(open, [(2, Err("open_quote")), good(3, &["2", "b"]), good(4, &["3", "c"])]);
        let joined = rows("id,text\n1,\"a\n2,\"b\"\n3,c\n", 1000).unwrap();
        assert_eq!(joined, [(2, Err("open_quote")), good(3, &["2", "b"]), good(4, &["3", "c"])]);
        let spaced = rows("id,text\n\"1\" ,\"a\nb\" \n\"2\"x,c\n", 1000).unwrap();
        assert_eq!(spaced, [good(2, &["1 ", "a\nb "]), good(4, &["2x", "c"])]);
        let long = format!("id,text\n1,\"{}\n2,b\n", "x\n".repeat(3000));
        assert_eq!(rows(&long, 1000).unwrap()[0], (2, Err("open_quote")));
        let long = format!("id,text\n1,{}\n2,b\n", "x".repeat(300_000));
        assert_eq!(rows(&long, 1000).unwrap(), [(2, Err("too_long")), good(3, &["2", "b"])]);
    }

    #[test]
    fn headers_are_told_from_prose() {
        let table = |text: &str| looks_like_table(text.as_bytes(), &FieldNames::default());
        assert!(table("id,text\n1,a") && table("\u{feff}url\theadline\n") && table("Title;Body"));
        for prose in
            ["", "text", "However, the text was long.\nIt went on, and on.", "One, two, three, four", "a,b\n1,2"]
        {
            assert!(!table(prose), "{prose}");
        }
    }

    proptest! {
        /// What `csv` writes comes back, whatever is in the fields.
        #[test]
        fn what_another_writer_writes_is_read(table in prop::collection::vec(("[a,\"\n\r ]{1,8}", "[a,\"\n\r ]{0,8}"), 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["id", "text"]).unwrap();
            for (a, b) in &table {
                writer.write_record([format!("i{a}"), format!("{b}x")]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = rows(&text, 10_000).unwrap().into_iter().map(|r| r.1.unwrap()).collect();
            let written: Vec<Vec<String>> = table.into_iter().map(|(a, b)| vec![format!("i{a}"), format!("{b}x")]).collect();
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_bytes_are_read(text in "[a,\"\n;\t]{0,60}", limit in 1usize..30) {
            let read = rows(&format!("id,text\n{text}"), limit.max(8));
            prop_assert!(read.is_ok());
        }
    }
}
