//! From bytes to records and documents.
//!
//! `jsonl` reads record files and reports every bad line, `charset` turns bytes of any encoding into text, `page`
//! reduces HTML to its article, `case_page` reads cases copied from a debunk database, `judgements` reads qrels,
//! `unlabelled` names the texts that do not say what they carry;
//! `address` says where nothing may be fetched from.
//!
//! A batch reads anything: `inputs` finds what the user named, `feeder` opens one after the other by `kind` (`growing` one that
//! is written to, `envelope` a list inside an object), `transcode` makes records UTF-8, `lines`, `array`, `table`, `feed`, `warc`
//! and `parquet` find where they end, and `documents` turns them into documents. `case_rules` says which cases are taken in,
//! `case_records` reads those of record files in any encoding, `case_table` reads and writes them as a table.

#[cfg(any(feature = "feeds", feature = "web"))]
pub(crate) mod address;
#[cfg(feature = "batch")]
mod array;
#[cfg(feature = "batch")]
pub(crate) mod block;
pub mod case_page;
#[cfg(any(feature = "cli", feature = "web"))]
pub(crate) mod case_records;
#[cfg(any(feature = "cli", feature = "web"))]
pub(crate) mod case_rules;
#[cfg(any(feature = "cli", feature = "web"))]
pub(crate) mod case_table;
pub mod charset;
#[cfg(feature = "batch")]
pub(crate) mod documents;
#[cfg(feature = "batch")]
#[doc(hidden)]
pub mod dry_run;
#[cfg(feature = "batch")]
mod envelope;
#[cfg(feature = "batch")]
pub(crate) mod feed;
#[cfg(feature = "batch")]
pub mod feeder;
#[cfg(feature = "feeds")]
pub mod fetch;
#[cfg(feature = "batch")]
pub mod fields;
#[cfg(feature = "batch")]
mod growing;
#[cfg(feature = "batch")]
pub mod inputs;
pub mod jsonl;
pub mod judgements;
#[cfg(feature = "batch")]
pub mod kind;
#[cfg(feature = "batch")]
mod lines;
#[cfg(feature = "batch")]
pub mod packed;
pub mod page;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "batch")]
mod piped;
#[cfg(feature = "batch")]
pub mod problem;
#[cfg(feature = "batch")]
pub(crate) mod table;
#[cfg(feature = "batch")]
pub(crate) mod transcode;
pub mod unlabelled;
#[cfg(feature = "batch")]
mod warc;
#[cfg(feature = "batch")]
mod window;
