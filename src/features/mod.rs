//! From tokens to sparse TF-IDF rows.
//!
//! `ngrams` cuts a word into character n-grams, `vocabulary` holds the terms of a model, `term_table` finds them,
//! `known_pairs` finds its pairs, `interner` numbers terms as they come (by `strings` and `pairs`), `counts` counts
//! them by field, `lexicon` remembers what a word contributes, `space` turns counts into rows, `tfidf` has the
//! formulae, `source_terms` adds how another model weighs the same terms, and `sparse` holds rows for the learner.
//! `minhash` finds near-duplicates among texts that are all at hand, `sketch` stands in for a text of a stream.

pub(crate) mod counts;
pub mod interner;
mod known_pairs;
pub mod lexicon;
pub mod minhash;
pub mod ngrams;
mod pairs;
pub mod sketch;
pub(crate) mod source_terms;
pub mod space;
pub mod sparse;
mod strings;
mod term_table;
pub mod tfidf;
pub mod vocabulary;
