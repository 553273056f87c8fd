//! What can be wrong with an input, or with one record of it, that is no fault of the record's fields.
//!
//! Beside the formats and not in `error`, because each variant is about one of them.

use super::fields::FieldNames;
use crate::error::RecordProblem;

/// Why an input, or a record of it, could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputProblem {
    /// A record is longer than allowed.
    #[error("the record is longer than {limit} bytes; split it, or raise --max-record")]
    TooLong {
        /// The largest size read, in bytes.
        limit: usize,
    },
    /// Reading failed in the middle.
    #[error("from here on it cannot be read ({0}); mend or fetch the file again")]
    Unreadable(std::io::Error),
    /// A file of a folder cannot be opened.
    #[error("the file cannot be opened ({0}); check that you may read it")]
    Unopened(std::io::Error),
    /// A folder holds a pipe, socket or device, or a pattern matches one.
    #[error(
        "it is a pipe, socket or device, and of folders and patterns only files are read; name it as an input of its own, or remove it"
    )]
    NoFile,
    /// A folder cannot be walked: a loop of links, or no permission.
    #[error("the folder cannot be read ({0}); remove the link that leads back, or check that you may read it")]
    Folder(String),
    /// Unpacks to so much more than it is that it is meant to fill memory or disk.
    #[error(
        "it unpacks to more than {ratio} times its size, as a decompression bomb does; unpack it yourself if you trust it, or raise --max-ratio"
    )]
    Bomb {
        /// The largest ratio read.
        ratio: u64,
    },
    /// Unpacks to more than allowed.
    #[error("it unpacks to more than {limit} bytes; raise --max-unpacked if that is meant")]
    Unpacked {
        /// The most bytes read.
        limit: u64,
    },
    /// A record that is not valid UTF-8.
    #[error("{}", not_utf8(*.at, .encoding))]
    NotUtf8 {
        /// Bytes before the first that is wrong.
        at: usize,
        /// What its bytes look like, UTF-8 if damaged.
        encoding: &'static str,
    },
    /// Bytes that are no text.
    #[error(
        "it is neither text nor a format that is known; save it as text, or see docs/batch.md for what batch reads and --format names"
    )]
    Binary,
    /// An archive of files.
    #[error("it is an archive ({0}); unpack it and give what was in it")]
    Archive(&'static str),
    /// The program was built without what this needs.
    #[error("this program was built without {0}; build it with `--features {0}`")]
    Feature(&'static str),
    /// A row of a table has another number of fields than the header.
    #[error("the row has {found} fields, the header {expected}; quote fields that hold the delimiter")]
    Uneven {
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A quote that never closes.
    #[error("a quoted field begins here and never ends; close the quote, or double quotes inside of fields")]
    OpenQuote,
    /// A table without a column of text.
    #[error("no column of the table is known as its text; name one with --text-column (columns: {0})")]
    NoTextColumn(String),
    /// A column that the user named is not there.
    #[error("the table has no column `{name}` ({option}); its columns are {columns}")]
    NoSuchColumn {
        /// The name.
        name: String,
        /// The option that names it.
        option: &'static str,
        /// The columns there are.
        columns: String,
    },
    /// A field that the user named is not there, or holds an object.
    #[error("the record has no field `{name}` with text in it ({option}); correct the name, or leave the option out")]
    NoSuchField {
        /// The name.
        name: String,
        /// The option that names it.
        option: &'static str,
    },
    /// No record but what an API answers, with the records inside.
    #[error(
        "the record has no `id`, but a list of objects in its field `{0}`; if those are the records, take them out first: jq -c '.{0}[]'"
    )]
    ListInside(String),
    /// A record without a field of text.
    #[error("no field of the record \"{0}\" is known as its text; call it `text`, or name it with --text-column")]
    NoTextField(String),
    /// A JSON array that breaks off.
    #[error("the JSON value does not end; from here on the rest of the input was left out")]
    OpenJson,
    /// An element of a JSON array, of which all may stand in one line.
    #[error("{problem} (element {number} of the array)")]
    Element {
        /// Its number, counted from 1.
        number: usize,
        /// What is wrong with it.
        problem: Box<RecordProblem>,
    },
    /// An entry of a feed.
    #[error("the entry is not valid: {0}; the other entries of the feed are read")]
    Entry(String),
    /// A feed without an entry.
    #[error("the feed has no entry that could be read ({0}); check that the file is complete")]
    Feed(String),
    /// A record of a WARC file.
    #[error("the WARC record is damaged: {0}; fetch or make the file again")]
    Warc(&'static str),
    /// A Parquet file.
    #[error("the Parquet file is damaged or of a kind that is not read: {0}")]
    Parquet(String),
    /// A page that is no article.
    #[error("the page cannot be read: {0}")]
    Page(#[source] Box<crate::error::Error>),
    /// A feed could not be fetched.
    #[error("it could not be fetched: {0}")]
    Fetch(String),
    /// Assessing failed in a way it must not.
    #[error("assessing this record failed, which is a fault of this program; please report it with the record")]
    Fault,
}

impl RecordProblem {
    /// A short name, for counts by kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::NotUtf8(_) => "not_utf8",
            Self::NoId => "no_id",
            Self::EmptyText(_) => "no_text",
            Self::Input(problem) => problem.kind(),
            _ => "other",
        }
    }
}

fn not_utf8(at: usize, encoding: &str) -> String {
    if encoding == encoding_rs::UTF_8.name() {
        return format!("the record is damaged UTF-8 from byte {at} on; mend it, or fetch the file again");
    }
    format!(
        "the record is not UTF-8 from byte {at} on; mend it or, if the whole file is in another encoding, name that \
         (by the bytes of this record, --encoding {encoding})"
    )
}

impl InputProblem {
    /// A short name, for counts by kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Unreadable(_) => "unreadable",
            Self::Unopened(_) | Self::NoFile => "unopened",
            Self::Folder(_) => "folder",
            Self::Bomb { .. } | Self::Unpacked { .. } => "decompression_bomb",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::Binary => "binary",
            Self::Archive(_) => "archive",
            Self::Feature(_) => "feature",
            Self::Uneven { .. } => "uneven_row",
            Self::OpenQuote => "open_quote",
            Self::NoSuchColumn { option: FieldNames::TEXT, .. } | Self::NoTextColumn(_) => "no_text_column",
            Self::NoSuchField { option: FieldNames::TEXT, .. } | Self::NoTextField(_) => "no_text_field",
            Self::NoSuchColumn { .. } | Self::NoSuchField { .. } | Self::ListInside(_) => "no_id",
            Self::OpenJson => "open_json",
            Self::Element { problem, .. } => problem.kind(),
            Self::Entry(_) => "entry",
            Self::Feed(_) => "feed",
            Self::Warc(_) => "warc",
            Self::Parquet(_) => "parquet",
            Self::Page(_) => "page",
            Self::Fetch(_) => "fetch",
            Self::Fault => "fault",
        }
    }
}
