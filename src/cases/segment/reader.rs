//! Reads a case into a row of terms.

use super::CaseTerm;
use crate::cases::case::{Case, Field};
use crate::features::counts::Counter;
use crate::features::lexicon::{Lexicon, Reading, Terms};
use crate::features::tfidf::FeatureSettings;
use crate::text::analyser::Analysis;
use crate::text::token::TokenKind;

/// What is indexed of a short field: stems, pairs, character n-grams of 3 and 4.
pub(crate) fn short_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (3, 4), ..FeatureSettings::default() }
}

/// What is indexed of a long field: stems and pairs. Its n-grams would be most of the index and say little.
pub(crate) fn long_settings() -> FeatureSettings {
    FeatureSettings { char_ngrams: (1, 0), ..FeatureSettings::default() }
}

/// A disproof is indexed up to this many bytes; what a case is about stands in front.
const LONGEST_FIELD: usize = 6_000;

/// Words that are remembered: all of a large base, a hundred bytes each. A base is read once, and in many languages.
const REMEMBERED: usize = 2_000_000;

/// Reads cases into rows of terms: a memory of words, and room to count in.
pub(crate) struct CaseReader {
    lexicon: Lexicon,
    analysis: Analysis,
    reading: Reading,
    counter: Counter,
}

impl Default for CaseReader {
    fn default() -> Self {
        Self {
            lexicon: Lexicon::remembering(&short_settings(), REMEMBERED),
            analysis: Analysis::default(),
            reading: Reading::default(),
            counter: Counter::default(),
        }
    }
}

impl CaseReader {
    /// Adds the terms of a case to `row`, each once, and gives the words per field. `number` is told every term that is
    /// a number.
    pub(crate) fn read(
        &mut self,
        case: &Case,
        terms: &mut impl Terms,
        mut number: impl FnMut(u32),
        row: &mut Vec<CaseTerm>,
    ) -> [u32; 4] {
        let mut lengths = [0; 4];
        let Self { lexicon, analysis, reading, counter } = self;
        for field in Field::ALL {
            let text = case.searched(field);
            let text = &text[..text.floor_char_boundary(LONGEST_FIELD)];
            if text.is_empty() {
                continue;
            }
            analysis.analyse(text, case.own_language());
            let is_short = field != Field::Disproof;
            lexicon.read_field((analysis, is_short), terms, reading, (&mut *counter, field as usize));
            for (at, _) in analysis.tokens.iter().enumerate().filter(|(_, t)| t.kind == TokenKind::Number) {
                let term = lexicon.word_of(reading, at);
                if term != u32::MAX {
                    number(term);
                }
            }
            lengths[field as usize] = reading.words as u32;
        }
        counter.drain(|term, counts| row.push(CaseTerm { term, counts }));
        lengths
    }
}
