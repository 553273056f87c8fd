//! The formulae of the first score: BM25F over the fields of a case, with a saturated frequency in steps of 1/255.
//!
//! A posting keeps its saturated frequency ("impact") as one byte, so that a query only multiplies and adds whole
//! numbers: their sum does not depend on the order, and skipping lists can be exact to the last bit. Floating-point
//! impacts were rejected: four times the size, and a pruned sum would differ from a full one in its last digits.

use super::case::Field;
use super::segment::FieldCounts;
use crate::features::vocabulary::TermKind;

/// Saturation of a term's count.
const K1: f32 = 1.2;
/// How much long fields are held back.
const B: f64 = 0.75;
/// What a word in each field counts.
const FIELD_WEIGHTS: [f64; Field::ALL.len()] = [1.0, 1.0, 1.0, 0.5];
/// Share of n-grams and pairs in the first score, against 1 for words.
const GRAM_SHARE: f64 = 0.06;
const PAIR_SHARE: f64 = 0.3;

/// Which fields a search may look into. Learning from free pairs hides the field the query was taken from.
pub(crate) type FieldMask = [bool; 4];

/// All fields.
pub(crate) const ALL_FIELDS: FieldMask = [true; 4];

/// BM25's idf, `ln(1 + (N - df + 0.5) / (df + 0.5))` (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
/// 2009, in the form that is never negative).
pub(crate) fn idf(cases: usize, df: usize) -> f64 {
    (1.0 + (cases as f64 - df.min(cases) as f64 + 0.5) / (df as f64 + 0.5)).ln()
}

/// A term in more than this share of all cases says nothing and is left out, as a stop word would be.
const TOO_COMMON: f64 = 0.5;

/// Whether a term that stands in `df` of the cases says nothing.
pub(crate) fn is_too_common(cases: usize, df: usize) -> bool {
    df > 8 && df as f64 > TOO_COMMON * cases as f64
}

/// What a kind of term counts in the first score.
pub(crate) fn share(kind: TermKind) -> f64 {
    match kind {
        TermKind::Word => 1.0,
        TermKind::Pair => PAIR_SHARE,
        TermKind::Chars => GRAM_SHARE,
    }
}

/// The weights of a case's fields over their normalised lengths (BM25F, Robertson, Zaragoza and Taylor 2004).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FieldWeights([f32; 4]);

impl FieldWeights {
    /// For fields of so many words, where so many are usual.
    pub(crate) fn new(lengths: [u32; 4], mean: [f64; 4]) -> Self {
        Self(std::array::from_fn(|f| {
            let length = 1.0 - B + B * f64::from(lengths[f]) / mean[f];
            (FIELD_WEIGHTS[f] / length) as f32
        }))
    }

    /// What a term's counts give in each field; 0 in fields that `mask` hides.
    #[inline]
    pub(crate) fn parts(&self, counts: FieldCounts, mask: FieldMask) -> [f32; 4] {
        std::array::from_fn(|f| if mask[f] { self.0[f] * f32::from(counts[f]) } else { 0.0 })
    }

    /// The weighted, length-normalised frequency of a term in the fields of `mask`.
    #[inline]
    pub(crate) fn frequency(&self, counts: FieldCounts, mask: FieldMask) -> f32 {
        let [title, claim, disproof, keywords] = self.parts(counts, mask);
        (title + claim) + (disproof + keywords)
    }

    /// The saturated frequency in the fields of `mask` as a share of the largest possible, in steps of 1/255; 0 only
    /// for a term that is in none of them.
    #[inline]
    pub(crate) fn impact(&self, counts: FieldCounts, mask: FieldMask) -> u8 {
        let tf = self.frequency(counts, mask);
        // Rounded up: a case that has the term is never lost.
        let steps = (tf / (K1 + tf) * f32::from(u8::MAX)).ceil();
        #[expect(clippy::cast_sign_loss, reason = "a frequency is never negative")]
        let steps = steps as u8;
        steps
    }
}

/// BM25's saturation of a frequency.
#[inline]
pub(crate) fn saturate(tf: f64) -> f64 {
    SATURATED * tf / (f64::from(K1) + tf)
}

/// The largest value of [`saturate`].
pub(crate) const SATURATED: f64 = 2.2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_idf_is_never_negative_and_falls_with_frequency() {
        for df in 1..100 {
            assert!(idf(100, df) > idf(100, df + 1) && idf(100, df + 1) > 0.0);
        }
        assert!((SATURATED - f64::from(K1) - 1.0).abs() < 1e-6);
    }

    proptest! {
        /// What a masked search may skip by is an upper bound of what it sums.
        #[test]
        fn hiding_a_field_never_raises_an_impact(counts in any::<[u8; 4]>(), mask in any::<[bool; 4]>(), lengths in prop::array::uniform4(0u32..5000)) {
            let weights = FieldWeights::new(lengths, [10.0, 20.0, 200.0, 3.0]);
            prop_assert!(weights.impact(counts, mask) <= weights.impact(counts, ALL_FIELDS));
            let some = counts.iter().zip(mask).any(|(&c, m)| m && c > 0);
            prop_assert_eq!(weights.impact(counts, mask) > 0, some);
        }
    }
}
