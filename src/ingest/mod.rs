//! From bytes to records and documents.
//!
//! `jsonl` reads record files and reports every bad line, `charset` turns bytes of any encoding into text, `page`
//! reduces HTML to its article, `case_page` reads cases copied from a debunk database, `judgements` reads qrels.

pub mod case_page;
pub mod charset;
pub mod jsonl;
pub mod judgements;
pub mod page;
