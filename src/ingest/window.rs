//! A stream of bytes seen through a buffer that grows only as far as one record needs.
//!
//! `BufRead` was rejected: its buffer cannot hold a record that is longer than the buffer, so that every reader would
//! have to gather records in a second one, and none could step back to the start of a record that turned out broken.

use std::io::{self, Cursor, Read};

/// Bytes asked for at a time.
const STEP: usize = 256 << 10;

/// A window on a stream.
pub(crate) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    live: bool,
    idle: bool,
    /// An error to be given in its turn.
    failed: Option<io::Error>,
}

impl Window {
    /// On a stream, from its beginning. A live one is written to while it is read.
    pub(crate) fn new(reader: Box<dyn Read + Send>, live: bool) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, ended: false, live, idle: false, failed: None }
    }

    /// The stream itself, beginning with what has not been consumed.
    pub(crate) fn into_reader(mut self) -> Box<dyn Read + Send> {
        self.buffer.truncate(self.end);
        self.buffer.drain(..self.start);
        Box::new(Cursor::new(self.buffer).chain(Failing(self.failed)).chain(self.reader))
    }

    /// Puts another reader in the place of that for what has not been read.
    pub(crate) fn map_reader(mut self, map: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>) -> Self {
        self.reader = map(self.reader);
        self
    }

    /// What has been read and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether the stream has no more than [`Window::bytes`].
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether reading on may have to wait, so that what is there should be worked on first.
    pub(crate) fn idle(&self) -> bool {
        self.idle
    }

    /// Forgets the first bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count.min(self.end - self.start);
    }

    /// Reads on; `false` at the end of the stream.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if let Some(error) = self.failed.take() {
            self.ended = true;
            return Err(error);
        }
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // Twice as much when the window is full: a long record is not copied once per step.
        if self.buffer.len() - self.end < STEP / 2 {
            self.buffer.resize((self.buffer.len() * 2).max(STEP), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.idle = self.live && self.end + count < self.buffer.len();
                    self.end += count;
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.ended = true;
                    return Err(e);
                }
            }
        }
    }

    /// Reads the first `least` bytes, or a line where more would have to be waited for. What fails after some bytes fails
    /// once more when these have been worked on.
    pub(crate) fn beginning(&mut self, least: usize) -> io::Result<()> {
        while self.bytes().len() < least && !(self.idle && self.bytes().contains(&b'\n')) && self.step() {}
        if self.bytes().is_empty() { self.failed.take().map_or(Ok(()), Err) } else { Ok(()) }
    }

    /// Reads on until `least` bytes are there, however long they take. What fails does so when these have been worked on.
    pub(crate) fn ahead(&mut self, least: usize) {
        while self.bytes().len() < least && self.step() {}
    }

    /// Reads on, and keeps a failure for its turn.
    fn step(&mut self) -> bool {
        self.failed.is_none()
            && self.more().unwrap_or_else(|e| {
                self.failed = Some(e);
                self.ended = false;
                false
            })
    }

    /// Reads on until `least` bytes are there or the stream ends.
    pub(crate) fn at_least(&mut self, least: usize) -> io::Result<()> {
        while self.bytes().len() < least && self.more()? {}
        Ok(())
    }
}

/// Fails once, if at all.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// For tests: gives few bytes at a time, as a pipe may, and fails at the end if it is to.
#[cfg(test)]
pub(super) struct Drip {
    bytes: Cursor<Vec<u8>>,
    step: usize,
    fails: bool,
}

#[cfg(test)]
impl Drip {
    pub(super) fn new(bytes: impl Into<Vec<u8>>, step: usize) -> Self {
        Self { bytes: Cursor::new(bytes.into()), step, fails: false }
    }

    pub(super) fn failing(self, fails: bool) -> Self {
        Self { fails, ..self }
    }
}

#[cfg(test)]
impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.step);
        match self.bytes.read(&mut buffer[..most]) {
            Ok(0) if std::mem::take(&mut self.fails) => Err(io::Error::other("cut")),
            read => read,
        }
    }
}
