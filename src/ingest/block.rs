//! Records as they come from an input, uncut: bytes and where they stood. What is in them is found out by the threads
//! that assess them, so that the one thread that reads does nothing but find where a record ends.

use std::sync::Arc;

use super::problem::InputProblem;
use super::table::Header;
use super::transcode::ReadAs;

/// Bytes, and records, after which a block is full: some milliseconds of work.
const FULL_BYTES: usize = 128 << 10;
const FULL_ITEMS: usize = 512;

/// Where records come from.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// As the user named it, or the path of the file in the folder that the user named.
    pub(crate) name: String,
    /// Of a table.
    pub(crate) header: Option<Header>,
    /// The encoding of its records; known before the first record that it matters to.
    pub(crate) read_as: ReadAs,
}

impl Source {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What the bytes of an item are.
#[derive(Debug)]
pub(crate) enum Form {
    /// A JSON object.
    Json,
    /// A row of a table.
    Row,
    /// An HTML page.
    Page(Option<Box<Origin>>),
    /// Plain text.
    Text(Option<Box<Origin>>),
    /// No record but what is wrong in its place.
    Bad(InputProblem),
}

/// What an archive says about a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) url: String,
    pub(crate) fetched: String,
}

/// A record of an input.
#[derive(Debug)]
pub(crate) struct Item {
    /// Of its bytes in the block.
    pub(crate) start: usize,
    /// Exclusive.
    pub(crate) end: usize,
    /// Number of its source in the block.
    pub(crate) source: usize,
    /// Line, row or number in its source, counted from 1.
    pub(crate) line: usize,
    /// Its number in an array, of which all may stand in one line; 0 outside of arrays.
    pub(crate) element: usize,
    pub(crate) form: Form,
}

/// Some records in the order of the input.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) items: Vec<Item>,
    pub(crate) sources: Vec<Arc<Source>>,
    /// What is in the input and is no document, such as the images of a web archive.
    pub(crate) left_out: u64,
}

impl Block {
    /// Forgets the records and keeps the memory, unless that is much.
    pub(crate) fn clear(&mut self) {
        if self.bytes.capacity() > 16 * FULL_BYTES {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.items.clear();
        self.sources.clear();
        self.left_out = 0;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL_BYTES || self.items.len() >= FULL_ITEMS
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What follows is from `source`.
    pub(crate) fn begin(&mut self, source: &Arc<Source>) {
        self.sources.push(Arc::clone(source));
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, bytes: &[u8], line: usize, form: Form) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.items.push(Item {
            start,
            end: self.bytes.len(),
            source: self.sources.len().saturating_sub(1),
            line,
            element: 0,
            form,
        });
    }

    /// Adds a JSON object with its number in an array.
    pub(crate) fn push_element(&mut self, bytes: &[u8], line: usize, element: usize) {
        self.push(bytes, line, Form::Json);
        if let Some(item) = self.items.last_mut() {
            item.element = element;
        }
    }

    /// Adds what is wrong.
    pub(crate) fn bad(&mut self, line: usize, problem: InputProblem) {
        self.push(&[], line, Form::Bad(problem));
    }

    /// Takes out what is wrong with every record.
    pub(crate) fn take_problems(&mut self) -> Vec<Option<InputProblem>> {
        let take = |item: &mut Item| {
            // A bad record has no bytes, whatever they were to be.
            let form =
                if let Form::Bad(_) = item.form { std::mem::replace(&mut item.form, Form::Json) } else { return None };
            if let Form::Bad(problem) = form { Some(problem) } else { None }
        };
        self.items.iter_mut().map(take).collect()
    }

    pub(crate) fn bytes_of(&self, item: &Item) -> &[u8] {
        &self.bytes[item.start..item.end]
    }
}

/// Records of one source.
pub(crate) trait Records: Send {
    /// Adds records until the block is full, the source ends (`false`), or more would have to be waited for.
    fn read(&mut self, block: &mut Block) -> bool;
}
