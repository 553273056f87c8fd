//! Debunked cases, and finding those that a text repeats.
//!
//! `case` is the record; `segment` keeps the searchable terms of many cases in one run of bytes, `index` adds what
//! changed since; `candidates` makes a text ready, `long_text` picks the passages of a long one, `search` finds the best
//! cases by exact top-k over the formulae of `bm25`, `translations` says what words mean in other languages; `byline`
//! tells who speaks from what is said, `likeness` compares text and candidate, `ranker` turns that into the probability
//! of being the same claim, `related` shows which passages match, `why` what is shared
//! and what differs, `reverse` finds the texts that repeat a new case,
//! `pairs` is what the ranker learns from; `saved` keeps an index and its changes in a file.

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
pub mod translations;
pub mod why;
