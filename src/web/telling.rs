//! The words that say most about a text: frequent in it, rare elsewhere.
//!
//! Used to group unknown texts. Words the model never met count as the rarest: new storylines come with new names.

use rustc_hash::FxHashMap;

use crate::document::Language;
use crate::features::tfidf::sublinear_tf;
use crate::features::vocabulary::TermKind;
use crate::model::classifier::Classifier;
use crate::text::analyser::Analysis;
use crate::text::stem::WordStemmer;
use crate::text::token::TokenKind;

/// Words kept of a text.
const WORDS: usize = 10;

/// Shortest word, in characters; shorter ones are mostly grammar.
const SHORTEST: usize = 4;

/// The most telling words of a text, as they stand in it, folded; best first.
pub(super) fn words(classifier: &Classifier, text: &str, language: Option<Language>) -> Vec<String> {
    let mut analysis = Analysis::default();
    analysis.analyse(text, language);
    let stemmer = WordStemmer::new(analysis.language);
    let mut found: FxHashMap<String, (u32, usize, &str)> = FxHashMap::default();
    for (i, token) in analysis.tokens.iter().enumerate().filter(|(_, t)| t.kind == TokenKind::Word) {
        let word = analysis.text(token);
        if word.chars().count() >= SHORTEST {
            found.entry(stemmer.stem(word).into_owned()).or_insert((0, i, word)).0 += 1;
        }
    }
    let space = &classifier.space;
    let rarest = space.idf.iter().copied().fold(1.0, f32::max);
    let mut weighed: Vec<(f64, usize, &str)> = found
        .iter()
        .map(|(stem, &(count, first, word))| {
            let idf = space
                .vocabulary
                .get(TermKind::Word, stem)
                .map(|t| space.idf[t.index()])
                .filter(|&idf| idf > 0.0)
                .unwrap_or(rarest);
            (sublinear_tf(count) * f64::from(idf), first, word)
        })
        .collect();
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    weighed.into_iter().take(WORDS).map(|w| w.2.to_owned()).collect()
}
