//! Counts to weights: the formulae of scikit-learn's `TfidfVectorizer(sublinear_tf=True, smooth_idf=True, norm="l2")`.
//!
//! Two blocks (word stems with their pairs, character n-grams) are each brought to length one and then scaled, so
//! that neither drowns the other. The idf belongs to the model: a document alone and a document in a batch get the
//! same weights.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Inverse document frequency: `ln((1 + n) / (1 + df)) + 1` for a term in `df` of `n` documents.
pub fn smooth_idf(documents: usize, df: usize) -> f64 {
    ((1.0 + documents as f64) / (1.0 + df as f64)).ln() + 1.0
}

/// Sublinear term frequency: `1 + ln(count)`, for a count of at least 1.
pub fn sublinear_tf(count: u32) -> f64 {
    SublinearTf::new().of(count)
}

/// [`sublinear_tf`] for many counts: most without a call to `ln`, and the same numbers to the last bit.
#[derive(Clone, Copy)]
pub(crate) struct SublinearTf(&'static [f64; 64]);

impl SublinearTf {
    pub(crate) fn new() -> Self {
        Self(&SMALL)
    }

    #[inline]
    pub(crate) fn of(self, count: u32) -> f64 {
        self.0.get(count as usize).copied().unwrap_or_else(|| 1.0 + f64::from(count).ln())
    }
}

/// [`sublinear_tf`] of the first counts.
static SMALL: LazyLock<[f64; 64]> =
    LazyLock::new(|| std::array::from_fn(|count| if count == 0 { 0.0 } else { 1.0 + (count as f64).ln() }));

/// What is counted and how it is weighed. Stored in the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureSettings {
    /// Count pairs of neighbouring stems besides single stems.
    pub word_pairs: bool,
    /// Count addresses and handles, each as a word that has no n-grams and no neighbours.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub addresses: bool,
    /// Shortest and longest character n-gram.
    pub char_ngrams: (usize, usize),
    /// Cut character n-grams from the Latin form of a word, so that names meet across scripts and accents.
    pub latin_ngrams: bool,
    /// Fewest training documents a stem or pair must occur in.
    pub min_df_words: u32,
    /// Fewest training documents a character n-gram must occur in.
    pub min_df_chars: u32,
    /// Scale of the word block after it was brought to length one.
    pub word_weight: f64,
    /// Scale of the character block after it was brought to length one.
    pub char_weight: f64,
    /// Most terms kept per block, those in the most documents first; 0 keeps all.
    pub max_terms: usize,
}

impl Default for FeatureSettings {
    fn default() -> Self {
        Self {
            word_pairs: true,
            addresses: false,
            char_ngrams: (2, 5),
            latin_ngrams: true,
            min_df_words: 1,
            min_df_chars: 2,
            word_weight: 1.0,
            char_weight: 1.0,
            max_terms: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulae() {
        assert!((smooth_idf(3, 3) - 1.0).abs() < 1e-15);
        assert!((smooth_idf(9, 4) - (2f64.ln() + 1.0)).abs() < 1e-15);
        assert!((sublinear_tf(3) - (1.0 + 3f64.ln())).abs() < 1e-15);
    }
}
