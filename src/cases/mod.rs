//! Debunked cases, and finding those that a text repeats.
//!
//! `case` is the record. `segment` keeps the searchable terms of many cases in one run of bytes, `later` the cases added
//! since, `index` is both; `saved` keeps an index and its changes in a file.
//!
//! `candidates` makes a text ready, a `view` of the whole or of a passage: `byline` tells who speaks from what is said,
//! `long_text` picks the passages of a long text, `translations` and `meanings` say what words mean in other languages,
//! `slots` which terms the text has.
//! `search` finds the best cases by exact top-k over the formulae of `bm25`, `overlap` and `likeness` compare text and
//! candidate, `ranker` turns that into the probability of being the same claim, which `chance` doubts where a text
//! shares few words; `pairs` is what it learns from, `versions` what it learns from across languages, `appearances` the
//! texts that were judged to repeat a case; `likely_language` reads short texts in the language of the cases that have
//! their words (`by_language` counts those);
//! `verbatim` knows a claim that is repeated word for word. `related` puts the answer together: `passages` says which
//! passages match, `why` what is shared and what differs. `reverse` finds the texts that repeat a new case.

pub mod appearances;
mod bm25;
mod by_language;
mod byline;
pub mod candidates;
pub mod case;
mod chance;
pub mod index;
mod later;
mod likely_language;
pub mod likeness;
mod long_text;
mod meanings;
mod overlap;
pub mod pairs;
pub mod passages;
pub mod ranker;
pub mod related;
pub mod reverse;
pub mod saved;
mod search;
mod segment;
mod slots;
pub mod translations;
mod verbatim;
mod versions;
mod view;
pub mod why;
