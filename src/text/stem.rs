//! Snowball stems for the languages that have a stemmer, the word itself for all others.
//!
//! A stemmer from `rust-stemmers` costs a few hundred nanoseconds a word and one of them (Greek) panics on some
//! words, so every call is guarded and callers remember what a word gave. Guessing stems for languages without a
//! stemmer was rejected: character n-grams already carry those.

use rust_stemmers::{Algorithm, Stemmer};
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::numbers::grouped;
use crate::document::Language;

/// Stems the words of one language.
pub struct WordStemmer(Option<Stemmer>);

/// The Snowball algorithm for a language, where `rust-stemmers` has one.
fn algorithm(language: Language) -> Option<Algorithm> {
    Some(match language.code() {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" => Algorithm::English,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "es" => Algorithm::Spanish,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

/// Longest word given to a stemmer, in bytes; longer "words" are not words of a language.
const LONGEST_STEMMED: usize = 128;

thread_local!(static GUARDED: Cell<bool> = const { Cell::new(false) });
static HOOK: Once = Once::new();

/// Silences the message of a panic that [`guarded`] is about to catch; all other panics print as before.
fn install_hook() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let out = catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(false);
    out
}

impl WordStemmer {
    /// The stemmer for `language`; the identity when there is none or the language is unknown.
    pub fn new(language: Option<Language>) -> Self {
        install_hook();
        Self(language.and_then(algorithm).map(Stemmer::create))
    }

    /// Whether it leaves every word as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// What a lower-case word is known by: its stem, or of a number with parted thousands its digits, since languages part
    /// them by different marks.
    pub(crate) fn term<'w>(&self, word: &'w str) -> Cow<'w, str> {
        let number = word.as_bytes().first().filter(|b| b.is_ascii_digit()).and_then(|_| grouped(word));
        number.map_or_else(|| self.stem(word), Cow::Owned)
    }

    /// The stem of a lower-case word; the word itself where no stem exists or the stemmer fails.
    pub fn stem<'w>(&self, word: &'w str) -> Cow<'w, str> {
        match &self.0 {
            Some(stemmer) if word.len() <= LONGEST_STEMMED => {
                guarded(|| stemmer.stem(word)).filter(|stem| !stem.is_empty()).unwrap_or(Cow::Borrowed(word))
            }
            _ => Cow::Borrowed(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(language: &str, word: &str) -> String {
        WordStemmer::new(language.parse().ok()).stem(word).into_owned()
    }

    #[test]
    fn stems_where_there_is_a_stemmer() {
        assert_eq!(stem("en", "sanctions"), "sanction");
        assert_eq!(stem("ru", "санкциями"), "санкц");
        assert_eq!(stem("de", "häuser"), "haus");
        assert_eq!(stem("uk", "санкціями"), "санкціями");
    }

    #[test]
    fn the_greek_panic_becomes_the_word_itself() {
        assert_eq!(stem("el", "ισαισα"), "ισαισα");
        // And the stemmer works on afterwards.
        assert_ne!(stem("el", "πολιτικος"), "");
    }

    #[test]
    fn every_stemmer_survives_odd_words() {
        for code in "ar da nl en fi fr de el hu it no pt ro ru es sv ta tr".split(' ') {
            let stemmer = WordStemmer::new(code.parse().ok());
            for word in ["", "a", "'", "ا", "ыы", "ñ", "ß", "்", "ισα", "éé'é", &"x".repeat(500)] {
                stemmer.stem(word);
            }
        }
    }
}
