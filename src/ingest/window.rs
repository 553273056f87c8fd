//! A stream of bytes seen through a buffer that grows only as far as one record needs.
//!
//! `BufRead` was rejected: its buffer cannot hold a record that is longer than the buffer, so that every reader would
//! have to gather records in a second one, and none could step back to the start of a record that turned out broken.

use std::io::{self, Read};

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
}

impl Window {
    /// On a stream, from its beginning. A live one is written to while it is read.
    pub(crate) fn new(reader: Box<dyn Read + Send>, live: bool) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, end: 0, ended: false, live, idle: false }
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

    /// Reads on until `least` bytes are there or the stream ends.
    pub(crate) fn at_least(&mut self, least: usize) -> io::Result<()> {
        while self.bytes().len() < least && self.more()? {}
        Ok(())
    }
}
