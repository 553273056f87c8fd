//! From text to tokens that know where they stand.
//!
//! `normalise` makes the text comparable and keeps a map back to the original, `lookalike` undoes letters borrowed from
//! another script, `segment` finds sentences (`lines` the line breaks inside them), `words` cuts words and the token
//! kinds of the web, `language` guesses the language or abstains (`function_words` asked first), `stem` reduces words,
//! `latin` gives their Latin form, and `analyser` runs them in order; `dates` reads days and months off the tokens,
//! `numbers` what numbers are worth, `windows` cuts long texts.

pub mod analyser;
pub(crate) mod dates;
mod function_words;
pub mod language;
pub(crate) mod latin;
mod lines;
mod lookalike;
pub mod normalise;
pub(crate) mod numbers;
mod segment;
pub mod stem;
pub mod token;
pub(crate) mod windows;
pub(crate) mod words;
