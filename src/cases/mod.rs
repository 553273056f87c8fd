//! Debunked cases, and finding those that a text repeats.
//!
//! `case` is the record; `segment` keeps the searchable terms of many cases in one run of bytes, `index` adds what
//! changed since; `candidates` makes a text ready, `long_text` picks the passages of a long one, `search` finds the best
//! cases by exact top-k over the formulae of `bm25`; `ranker` turns a candidate into the probability of being the same
//! claim, `related` shows which passages match, `reverse` finds the texts that
//! repeat a new case, `pairs` is what the ranker learns from; `saved` keeps an index and its
//! changes in a file.

mod bm25;
mod byline;
pub mod candidates;
pub mod case;
pub mod index;
pub mod likeness;
mod long_text;
pub mod pairs;
pub mod ranker;
pub mod related;
pub mod reverse;
pub mod saved;
mod search;
mod segment;
