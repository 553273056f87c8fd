//! Opens one input after the other and fills blocks with their records.
//!
//! What cannot be read becomes a bad record in its place, so that a damaged file in the middle of an archive costs that
//! file and no more.

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
#[cfg(feature = "parquet")]
use std::sync::atomic::Ordering;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::array::ArrayRecords;
use super::block::{Block, Form, Records, Source};
use super::envelope;
use super::feed;
use super::fields::FieldNames;
use super::growing::Growing;
use super::inputs::Input;
use super::kind::{self, Format};
use super::lines::LineRecords;
use super::packed::{self, Limits};
use super::piped::Piped;
use super::problem::InputProblem;
use super::table::TableRecords;
use super::transcode::transcoded;
use super::warc::WarcRecords;
use super::window::Window;

/// How inputs are read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What they are; by content without it.
    pub format: Option<Format>,
    /// What the records of lines, arrays and tables are encoded in; by their bytes without it.
    pub encoding: Option<&'static Encoding>,
    /// Names of fields.
    pub names: FieldNames,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Whether the last input is a file that grows, to be read until [`Reading::ended`].
    pub follow: bool,
    /// Once true, a file that is followed ends after the last whole line that is in it.
    pub ended: Arc<AtomicBool>,
    /// Whether addresses of the web may be those of private networks.
    pub allow_private: bool,
}

/// Inputs in one encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoded {
    /// How many.
    pub inputs: u64,
    /// The name of the first.
    pub first: String,
}

/// Fills blocks.
pub(crate) struct Feeder {
    inputs: VecDeque<Input>,
    reading: Reading,
    current: Option<(Box<dyn Records>, Arc<Source>)>,
    /// Bytes read from all inputs, as they are stored.
    total: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    /// Inputs whose records were not UTF-8, by encoding.
    encodings: BTreeMap<String, Encoded>,
}

impl Feeder {
    /// For `inputs`; `stop` ends the wait for a growing file.
    pub(crate) fn new(inputs: Vec<Input>, reading: Reading, total: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> Self {
        Self { inputs: inputs.into(), reading, current: None, total, stop, encodings: BTreeMap::new() }
    }

    /// Inputs whose records were read in another encoding than UTF-8, by its name.
    pub(crate) fn encodings(mut self) -> BTreeMap<String, Encoded> {
        self.close();
        self.encodings
    }

    /// Ends the input at hand.
    fn close(&mut self) {
        let Some((_, source)) = self.current.take() else { return };
        if let Some(&name) = source.read_as.get() {
            let encoded = self.encodings.entry(name.to_owned()).or_default();
            if encoded.inputs == 0 {
                encoded.first.clone_from(&source.name);
            }
            encoded.inputs += 1;
        }
    }

    /// Adds records until the block is full or more would have to be waited for. `false` when there is nothing more.
    pub(crate) fn fill(&mut self, block: &mut Block) -> bool {
        while !block.is_full() {
            if let Some((records, source)) = &mut self.current {
                block.begin(source);
                if records.read(block) {
                    return true;
                }
                self.close();
                continue;
            }
            let Some(input) = self.inputs.pop_front() else { return false };
            let name = input.name();
            match self.open(input) {
                Ok(opened) => self.current = Some(opened),
                Err(problem) => {
                    block.begin(&Arc::new(Source::named(name)));
                    block.bad(1, problem);
                }
            }
        }
        true
    }

    fn open(&self, input: Input) -> Result<(Box<dyn Records>, Arc<Source>), InputProblem> {
        let name = input.name();
        match input {
            Input::Broken(_, problem) => Err(problem),
            Input::Standard => self.stream(Box::new(Piped::new(io::stdin(), Arc::clone(&self.stop))), name, true),
            Input::Url(url) => match fetch(&url, &self.reading)? {
                body if body.is_empty() => Err(InputProblem::Fetch("the answer is empty".to_owned())),
                body => self.stream(Box::new(Cursor::new(body)), name, false),
            },
            Input::File(path, _) => {
                let file = File::open(&path).map_err(InputProblem::Unopened)?;
                // What is empty is no Parquet, whatever it is called.
                let is_empty = file.metadata().is_ok_and(|m| m.is_file() && m.len() == 0);
                if !is_empty && let Some(records) = self.parquet(&path)? {
                    return Ok((records, Arc::new(Source::named(name))));
                }
                if self.reading.follow && self.inputs.is_empty() {
                    let stop = [Arc::clone(&self.stop), Arc::clone(&self.reading.ended)];
                    let growing = Growing::new(path, file, stop, self.reading.limits.record);
                    return self.stream(Box::new(growing), name, true);
                }
                if file.metadata().is_ok_and(|m| m.is_file()) {
                    self.stream(Box::new(file), name, false)
                } else {
                    self.stream(Box::new(Piped::new(file, Arc::clone(&self.stop))), name, true)
                }
            }
        }
    }

    #[cfg(feature = "parquet")]
    fn parquet(&self, path: &Path) -> Result<Option<Box<dyn Records>>, InputProblem> {
        if !is_parquet(path) && self.reading.format != Some(Format::Parquet) {
            return Ok(None);
        }
        let file = File::open(path).map_err(InputProblem::Unopened)?;
        self.total.fetch_add(file.metadata().map_or(0, |m| m.len()), Ordering::Relaxed);
        Ok(Some(Box::new(super::parquet::ParquetRecords::open(file)?)))
    }

    #[cfg(not(feature = "parquet"))]
    #[expect(clippy::unused_self, reason = "it has the settings where Parquet is read")]
    fn parquet(&self, path: &Path) -> Result<Option<Box<dyn Records>>, InputProblem> {
        if is_parquet(path) { Err(InputProblem::Feature("parquet")) } else { Ok(None) }
    }

    fn stream(
        &self,
        reader: Box<dyn Read + Send>,
        name: String,
        live: bool,
    ) -> Result<(Box<dyn Records>, Arc<Source>), InputProblem> {
        let Reading { format, encoding, names, limits, .. } = &self.reading;
        let reader = packed::unpack(reader, *limits, &self.total).map_err(packed::problem)?;
        let mut window = Window::new(reader, live);
        let least = if format.is_none_or(Format::has_records) { kind::HEAD } else { 1 };
        window.beginning(least).map_err(packed::problem)?;
        if window.bytes().is_empty() {
            return Ok((Box::new(Nothing), Arc::new(Source::named(name))));
        }
        let format = if let Some(format) = format {
            *format
        } else {
            let head = &window.bytes()[..window.bytes().len().min(kind::HEAD)];
            kind::recognise(head, window.ended(), &name, names, *encoding)?
        };
        let source = Source::named(name);
        if format.has_records() {
            window = transcoded(window, *encoding, live, &source.read_as).map_err(packed::problem)?;
        }
        let limit = limits.record;
        let grows = self.reading.follow && self.inputs.is_empty();
        if matches!(format, Format::Json | Format::Jsonl)
            && !grows
            && let Some((list, line)) = envelope::list_of(&mut window, names, limit)
        {
            return Ok((Box::new(ArrayRecords::new(list, limit).at_line(line)), Arc::new(source)));
        }
        let records: Box<dyn Records> = match format {
            Format::Csv => {
                let table = TableRecords::open(window, source, names, limit)?;
                let source = Arc::clone(table.source());
                return Ok((Box::new(table), source));
            }
            Format::Jsonl => Box::new(LineRecords::new(window, limit)),
            Format::Json => Box::new(ArrayRecords::new(window, limit)),
            Format::Warc => Box::new(WarcRecords::new(window, limit)),
            Format::Feed => Box::new(Whole { window, limit, read_as: As::Feed, entries: None }),
            Format::Html => Box::new(Whole { window, limit, read_as: As::Page, entries: None }),
            Format::Text => Box::new(Whole { window, limit, read_as: As::Text, entries: None }),
            // It is read from its end.
            Format::Parquet => {
                return Err(InputProblem::Parquet("it must be a file, neither packed nor a pipe".into()));
            }
        };
        Ok((records, Arc::new(source)))
    }
}

fn is_parquet(path: &Path) -> bool {
    let mut head = [0; 4];
    // A pipe would lose its first bytes by this.
    path.is_file() && File::open(path).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == *b"PAR1"
}

#[cfg(feature = "feeds")]
fn fetch(url: &str, reading: &Reading) -> Result<Vec<u8>, InputProblem> {
    let got = super::fetch::Fetcher::new(reading.allow_private).get(url, &super::fetch::Validators::default());
    match got {
        Ok(super::fetch::Fetched::New { body, .. }) => Ok(body),
        Ok(super::fetch::Fetched::Same) => Ok(Vec::new()),
        Err(e) => Err(InputProblem::Fetch(e.to_string())),
    }
}

#[cfg(not(feature = "feeds"))]
fn fetch(_: &str, _: &Reading) -> Result<Vec<u8>, InputProblem> {
    Err(InputProblem::Feature("feeds"))
}

/// An input without a byte, which holds no record whatever it is called.
struct Nothing;

impl Records for Nothing {
    fn read(&mut self, _: &mut Block) -> bool {
        false
    }
}

/// What a whole input is.
enum As {
    Page,
    Text,
    Feed,
}

/// An input that is read as a whole: a page, a text or a feed.
struct Whole {
    window: Window,
    limit: usize,
    read_as: As,
    /// Of a feed, those that are still to be given.
    entries: Option<std::vec::IntoIter<feed::Found>>,
}

impl Whole {
    fn gather(&mut self) -> Result<(), InputProblem> {
        loop {
            if self.window.bytes().len() > self.limit {
                return Err(InputProblem::TooLong { limit: self.limit });
            }
            if !self.window.more().map_err(packed::problem)? {
                return Ok(());
            }
        }
    }
}

impl Records for Whole {
    fn read(&mut self, block: &mut Block) -> bool {
        if self.entries.is_none() {
            if let Err(problem) = self.gather() {
                block.bad(1, problem);
                return false;
            }
            let bytes = self.window.bytes();
            match self.read_as {
                As::Page => block.push(bytes, 1, Form::Page(None)),
                As::Text => block.push(bytes, 1, Form::Text(None)),
                As::Feed => {
                    self.entries = Some(feed::entries(bytes).into_iter());
                    self.window.consume(usize::MAX);
                }
            }
        }
        let Some(entries) = &mut self.entries else { return false };
        while !block.is_full() {
            match entries.next() {
                None => return false,
                Some((line, Err(problem))) => block.bad(line, problem),
                Some((line, Ok(mut entry))) => {
                    // An entry without identifier and link is known by its place.
                    if !entry.contains_key("id") {
                        let name = block.sources.last().map_or("", |s| &s.name);
                        entry.insert("id".into(), format!("{name}:{line}").into());
                    }
                    block.push(&serde_json::to_vec(&entry).unwrap_or_default(), line, Form::Json);
                }
            }
        }
        true
    }
}
