//! Debunked cases, and finding those that a text repeats.
//!
//! `case` is the record, `index` holds the searchable terms of all cases over the lists of `postings`, `candidates` finds the best by exact top-k,
//! `ranker` turns a candidate into the probability of being the same claim, `related` shows which passages match,
//! `pairs` is what the ranker learns from, `saved` keeps an index in a file.

pub mod candidates;
pub mod case;
pub mod index;
pub mod pairs;
mod postings;
pub mod ranker;
pub mod related;
pub mod saved;
