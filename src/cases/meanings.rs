//! What the words of a text mean in the languages of the cases, as terms of the index.

use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

use super::bm25::is_too_common;
use super::index::CaseIndex;
use super::translations::{Translations, key};
use crate::document::Language;
use crate::features::lexicon::Terms;
use crate::text::analyser::Analysis;
use crate::text::stem::WordStemmer;
use crate::text::token::TokenKind;

/// A meaning of one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Meaning {
    /// Number of the token.
    pub(crate) token: usize,
    /// The term it means.
    pub(crate) term: u32,
    /// How probably.
    pub(crate) probability: f32,
}

/// The meanings of `tokens` that any case has, in the order of the tokens.
pub(crate) fn meanings(
    index: &CaseIndex,
    table: &Translations,
    from: Language,
    analysis: &Analysis,
    tokens: impl Iterator<Item = usize>,
) -> Vec<Meaning> {
    let stemmer = WordStemmer::new(Some(from));
    let mut known: FxHashMap<&str, Vec<(u32, f32)>> = FxHashMap::default();
    let mut out = Vec::new();
    for token in tokens.filter(|&t| analysis.tokens[t].kind == TokenKind::Word) {
        let text = analysis.text(&analysis.tokens[token]);
        let found = known.entry(text).or_insert_with(|| {
            let word = key(&stemmer, text);
            let meanings = table.meanings(from, &word).filter_map(|(stem, probability)| {
                let term = index.look_up().word(stem)?;
                let df = index.df(term);
                (df > 0 && !is_too_common(index.len(), df)).then_some((term, *probability))
            });
            meanings.collect()
        });
        out.extend(found.iter().map(|&(term, probability)| Meaning { token, term, probability }));
    }
    out
}

/// Each term that is meant with its greatest probability, in growing order of terms.
pub(crate) fn strongest(meanings: &[Meaning]) -> BTreeMap<u32, f32> {
    let mut out: BTreeMap<u32, f32> = BTreeMap::new();
    for m in meanings {
        let known = out.entry(m.term).or_default();
        *known = known.max(m.probability);
    }
    out
}
