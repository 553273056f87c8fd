//! Near-duplicates: texts that share most of their wording.
//!
//! Two texts are compared by the Jaccard similarity of their sets of character 5-grams, which needs no words and so
//! works in every language. Comparing all pairs is quadratic; instead each text gets a min-hash signature (Broder, "On
//! the resemblance and containment of documents", 1997), the signature is cut into bands, and only texts that agree on
//! a whole band are compared (Indyk and Motwani, 1998; Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets",
//! ch. 3). Every pair found is verified with its exact similarity, so banding can miss a pair but never invent one.
//! `SimHash` was rejected: it finds near-identical pages and is blind at the half-copied texts that matter here.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::text::normalise::normalise;

/// Length of a gram, in characters of the normalised text with every run of white space as one space.
pub const GRAM: usize = 5;

/// Bands of a signature. A pair of similarity `s` agrees on at least one of them with probability
/// `1 - (1 - s^ROWS)^BANDS`: 99.5 % at 0.5, 99.99 % at 0.6, 4 % at 0.1.
pub const BANDS: usize = 40;

/// Values in a band.
pub const ROWS: usize = 3;

/// Values in a signature. The share of equal values estimates the similarity with a standard deviation of at most
/// `sqrt(0.25 / VALUES)` = 0.046.
pub const VALUES: usize = BANDS * ROWS;

/// Similarity from which two texts are near-duplicates.
pub const NEAR: f64 = 0.5;

/// How far the estimate may lie below the bound before a pair is dropped unverified: over three standard deviations.
const SLACK: f64 = 0.15;

/// Texts of one band that a text is compared with at most. Thousands of copies of one template would else be compared
/// each with each; every copy still meets this many others in each band.
const COMPARED: usize = 256;

/// The set of a text's grams, as hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shingles(Vec<u32>);

impl Shingles {
    /// The grams of `text`; a text shorter than a gram is its own only gram, an empty one has none.
    pub fn of(text: &str) -> Self {
        let normalised = normalise(text);
        let mut plain = String::with_capacity(normalised.len());
        for word in normalised.split_whitespace() {
            if !plain.is_empty() {
                plain.push(' ');
            }
            plain.push_str(word);
        }
        let mut bounds: Vec<usize> = plain.char_indices().map(|(i, _)| i).collect();
        bounds.push(plain.len());
        let mut grams: Vec<u32> = match bounds.len() - 1 {
            0 => Vec::new(),
            n if n <= GRAM => vec![hash(plain.as_bytes())],
            _ => bounds.windows(GRAM + 1).map(|w| hash(&plain.as_bytes()[w[0]..w[GRAM]])).collect(),
        };
        grams.sort_unstable();
        grams.dedup();
        Self(grams)
    }

    /// Number of different grams.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hashes of the grams, in growing order.
    pub fn hashes(&self) -> &[u32] {
        &self.0
    }

    /// Jaccard similarity: grams in both over grams in either, 0 to 1; 0 when both are empty.
    pub fn jaccard(&self, other: &Self) -> f64 {
        let (mut a, mut b, mut both) = (0, 0, 0usize);
        while let (Some(x), Some(y)) = (self.0.get(a), other.0.get(b)) {
            both += usize::from(x == y);
            a += usize::from(x <= y);
            b += usize::from(y <= x);
        }
        let either = self.len() + other.len() - both;
        if either == 0 { 0.0 } else { both as f64 / either as f64 }
    }

    /// The min-hash signature; `None` without grams.
    pub fn signature(&self) -> Option<Signature> {
        if self.is_empty() {
            return None;
        }
        let mut least = [u32::MAX; VALUES];
        for &gram in &self.0 {
            let base = mix(u64::from(gram));
            // Double hashing (Kirsch and Mitzenmacher, 2006): as good as independent functions, one hash a gram.
            let (mut at, step) = (base as u32, (base >> 32) as u32 | 1);
            for value in &mut least {
                *value = (*value).min(scramble(at));
                at = at.wrapping_add(step);
            }
        }
        Some(Signature(least))
    }
}

/// FNV-1a, then mixed: fixed by this file, so that a signature is the same on every machine.
fn hash(bytes: &[u8]) -> u32 {
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (mix(fnv) >> 32) as u32
}

/// The finaliser of splitmix64 (Steele, Lea and Flood, 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A permutation of the 32-bit numbers (the finaliser of `MurmurHash3`).
fn scramble(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    let x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// What stands in for a text when candidates are looked for: [`VALUES`] numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature([u32; VALUES]);

impl Signature {
    /// Estimated Jaccard similarity, 0 to 1.
    pub fn similarity(&self, other: &Self) -> f64 {
        let equal: u32 = self.0.iter().zip(&other.0).map(|(a, b)| u32::from(a == b)).sum();
        f64::from(equal) / VALUES as f64
    }

    /// The lowest byte of every value: a short sketch to keep where whole signatures would be too much.
    pub fn bytes(&self) -> [u8; VALUES] {
        self.0.map(|v| v as u8)
    }

    /// The values of a band, of [`BANDS`]. Texts that agree on one are candidates; a streaming index keeps, per band,
    /// the texts by these values.
    pub fn band(&self, band: usize) -> &[u32] {
        &self.0[band * ROWS..(band + 1) * ROWS]
    }
}

/// Two near-duplicates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Number of the text that came first.
    pub first: usize,
    /// Number of the later one.
    pub second: usize,
    /// Their exact Jaccard similarity.
    pub similarity: f64,
}

/// The pairs of `texts` whose similarity is at least `least` (use [`NEAR`]; below 0.4 banding misses many), ordered by
/// their numbers. Equal texts are pairs of similarity 1; collapse them first where there may be thousands.
///
/// ```
/// use leitmotif::features::minhash::{NEAR, near_duplicates};
/// let pairs = near_duplicates(&["The moon is hollow, they say.", "Bread is dear.", "The moon is hollow, they said!"], NEAR);
/// assert_eq!((pairs.len(), pairs[0].first, pairs[0].second), (1, 0, 2));
/// ```
pub fn near_duplicates<T: AsRef<str> + Sync>(texts: &[T], least: f64) -> Vec<Pair> {
    let signatures: Vec<Option<Signature>> = texts.par_iter().map(|t| Shingles::of(t.as_ref()).signature()).collect();
    let mut candidates: Vec<(usize, usize)> =
        (0..BANDS).into_par_iter().flat_map_iter(|band| candidates(&signatures, band, least - SLACK)).collect();
    candidates.par_sort_unstable();
    let verified = |&(first, second): &(usize, usize)| {
        let similarity = Shingles::of(texts[first].as_ref()).jaccard(&Shingles::of(texts[second].as_ref()));
        (similarity >= least).then_some(Pair { first, second, similarity })
    };
    candidates.par_iter().filter_map(verified).collect()
}

/// Pairs that agree on this band, on none before it, and whose estimate reaches `least`.
fn candidates(signatures: &[Option<Signature>], band: usize, least: f64) -> Vec<(usize, usize)> {
    let mut buckets: FxHashMap<&[u32], Vec<usize>> = FxHashMap::default();
    for (i, signature) in signatures.iter().enumerate() {
        if let Some(s) = signature {
            buckets.entry(s.band(band)).or_default().push(i);
        }
    }
    let mut out = Vec::new();
    for members in buckets.values() {
        for (at, &first) in members.iter().enumerate() {
            for &second in members[at + 1..].iter().take(COMPARED) {
                let (Some(a), Some(b)) = (&signatures[first], &signatures[second]) else { continue };
                let seen = || (0..band).any(|earlier| a.band(earlier) == b.band(earlier));
                if a.similarity(b) >= least && !seen() {
                    out.push((first, second));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, over strings instead of hashes.
    fn jaccard(a: &str, b: &str) -> f64 {
        let grams = |t: &str| {
            let t: Vec<char> = t.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().chars().collect();
            let cut: std::collections::BTreeSet<String> = if t.len() <= GRAM {
                (!t.is_empty()).then(|| t.iter().collect()).into_iter().collect()
            } else {
                t.windows(GRAM).map(|w| w.iter().collect()).collect()
            };
            cut
        };
        let (a, b) = (grams(a), grams(b));
        let both = a.intersection(&b).count();
        if both == 0 { 0.0 } else { both as f64 / (a.len() + b.len() - both) as f64 }
    }

    #[test]
    fn case_spaces_and_invisible_characters_do_not_count() {
        let a = Shingles::of("NATO  provoked the war");
        assert_eq!(a, Shingles::of(" nato provoked\u{200b} the\nwar "));
        assert!(Shingles::of(" \n").signature().is_none());
        assert_eq!(near_duplicates(&["", " ", "a", "A"], NEAR).len(), 1);
    }

    #[test]
    fn many_copies_stay_connected() {
        let texts: Vec<String> =
            (0..2000).map(|i| format!("The tides are made by giant pumps, said witness {i}")).collect();
        let pairs = near_duplicates(&texts, NEAR);
        let mut met = vec![false; texts.len()];
        for p in &pairs {
            met[p.first] = true;
            met[p.second] = true;
        }
        assert!(met.into_iter().all(|m| m));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What is found is exactly near, ordered, and nothing well above the bound is missed.
        #[test]
        fn pairs_are_those_of_the_definition(
            words in prop::collection::vec("[a-z]{2,9}|[а-я]{2,9}", 30..60),
            cuts in prop::collection::vec((0usize..30, 0usize..30, "[a-z]{3,12}"), 2..12),
        ) {
            let texts: Vec<String> = cuts
                .iter()
                .map(|(from, replaced, by)| {
                    let mut own = words[*from..].to_vec();
                    for word in own.iter_mut().take(*replaced) {
                        word.clone_from(by);
                    }
                    own.join(" ")
                })
                .collect();
            let found = near_duplicates(&texts, NEAR);
            prop_assert!(found.windows(2).all(|p| (p[0].first, p[0].second) < (p[1].first, p[1].second)));
            for first in 0..texts.len() {
                for second in first + 1..texts.len() {
                    let truth = jaccard(&texts[first], &texts[second]);
                    let said = found.iter().find(|p| (p.first, p.second) == (first, second));
                    if let Some(pair) = said {
                        prop_assert!((pair.similarity - truth).abs() < 1e-12 && truth >= NEAR);
                    } else {
                        // At 0.7 the chance of a miss is below 1e-7.
                        prop_assert!(truth < 0.7, "missed {truth}");
                    }
                }
            }
        }

        #[test]
        fn a_signature_estimates_the_similarity(words in prop::collection::vec("[a-z]{2,9}", 40..80), kept in 5usize..40) {
            let (a, b) = (words.join(" "), words[..kept].join(" ") + " and something else entirely stands here");
            let (a, b) = (Shingles::of(&a), Shingles::of(&b));
            let (x, y) = (a.signature().unwrap(), b.signature().unwrap());
            // Five standard deviations and more.
            prop_assert!((x.similarity(&y) - a.jaccard(&b)).abs() < 0.25);
        }
    }
}
