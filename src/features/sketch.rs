//! Near-duplicates in a stream: a fixed number of bytes per text, made at the speed of reading.
//!
//! One-permutation min-hashing (Li, Owen and Zhang, 2012) with optimal densification (Shrivastava, 2017): every gram is
//! hashed once and falls into one of [`BINS`] bins, of which each keeps its least hash. The signatures of [`minhash`]
//! hash every gram 120 times, which takes longer than scoring the text. Similarity is the share of equal bins; 16 bits
//! of each are kept (Li and König, 2010), so two different ones agree by chance once in 65,536.
//!
//! A short text has too few grams for that, and one word turns what it says around ("are" and "are not" share nine
//! grams in ten); short texts are therefore the same only if they are equal but for case, spaces, links and addressees.
//!
//! [`minhash`]: super::minhash

use crate::text::normalise::Normalised;

/// Bins of a sketch. The standard deviation of the estimate is at most `sqrt(0.25 / BINS)`, and 0.035 at 0.8.
pub const BINS: usize = 128;

/// Bins in a band.
pub const ROWS: usize = 6;

/// Bands of a sketch. Two texts of similarity `s` agree on one of them with probability `1 - (1 - s^ROWS)^BANDS`:
/// 99.8 % at 0.8, 80 % at 0.65, 0.1 % at 0.2.
pub const BANDS: usize = BINS / ROWS;

/// Characters of the comparable form from which on a text is long enough for its grams to be compared.
pub const LONG: usize = 400;

/// Length of a gram, in characters.
const GRAM: usize = super::minhash::GRAM;

/// What stands in for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sketch {
    /// Nothing to compare.
    Empty,
    /// Of a short text: a hash of all of it.
    Exact(u128),
    /// Of a long text.
    Bins(Box<[u16; BINS]>),
}

/// Makes sketches; its memory is used again and again.
#[derive(Debug, Default)]
pub struct Sketcher {
    normalised: Normalised,
    plain: Vec<char>,
}

impl Sketcher {
    /// The sketch of `text`.
    pub fn sketch(&mut self, text: &str) -> Sketch {
        self.plain.clear();
        if text.is_ascii() {
            // What `normalise` makes of ASCII.
            let fold = |b: u8| if b == b'`' { '\'' } else { char::from(b.to_ascii_lowercase()) };
            self.gather(text.bytes().map(fold));
        } else {
            let mut normalised = std::mem::take(&mut self.normalised);
            normalised.assign(text);
            self.gather(normalised.text.chars());
            self.normalised = normalised;
        }
        if self.plain.is_empty() {
            Sketch::Empty
        } else if self.plain.len() < LONG {
            self.exact()
        } else {
            Sketch::Bins(self.bins())
        }
    }

    /// Keeps `text` with every run of white space as one space, and without what does not show.
    fn gather(&mut self, text: impl Iterator<Item = char>) {
        let mut space = false;
        for c in text {
            if c.is_whitespace() {
                space = !self.plain.is_empty();
            } else if !c.is_control() {
                if space {
                    self.plain.push(' ');
                    space = false;
                }
                self.plain.push(c);
            }
        }
    }

    /// Words but those that change when a post is passed on: links, addressees, and the `rt` in front of them.
    fn exact(&self) -> Sketch {
        let (mut a, mut b) = (0x6a09_e667_f3bc_c908_u64, 0xbb67_ae85_84ca_a73b_u64);
        let mut any = false;
        for word in self.plain.split(|&c| c == ' ') {
            let starts = |with: &str| with.chars().zip(word).filter(|(x, y)| x == *y).count() == with.len();
            if starts("http://") || starts("https://") || starts("@") || word == ['r', 't'] {
                continue;
            }
            any = true;
            for &c in word.iter().chain(&[' ']) {
                a = mix(a ^ u64::from(u32::from(c)));
                b = (b ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
            }
        }
        if any { Sketch::Exact(u128::from(a) << 64 | u128::from(b)) } else { Sketch::Empty }
    }

    fn bins(&self) -> Box<[u16; BINS]> {
        let mut least = [u32::MAX; BINS];
        let mut gram = 0u128;
        for (i, &c) in self.plain.iter().enumerate() {
            // A character has at most 21 bits.
            gram = (gram << 21 | u128::from(u32::from(c))) & ((1 << (21 * GRAM)) - 1);
            if i + 1 >= GRAM {
                let hash = mix((gram as u64) ^ ((gram >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let bin = &mut least[(hash >> 57) as usize];
                *bin = (*bin).min(hash as u32);
            }
        }
        let mut out = Box::new([0u16; BINS]);
        for (i, out) in out.iter_mut().enumerate() {
            let mut value = least[i];
            // An empty bin borrows the value of one that is found by hashing, the same in every text.
            let mut attempt = 0u64;
            while value == u32::MAX && attempt < 4 * BINS as u64 {
                value = least[(mix((i as u64) << 32 | attempt) >> 57) as usize];
                attempt += 1;
            }
            *out = value as u16;
        }
        out
    }
}

/// The share of equal bins: an estimate of the Jaccard similarity of the texts' sets of grams.
pub fn similarity(a: &[u16; BINS], b: &[u16; BINS]) -> f64 {
    a.iter().zip(b).filter(|(x, y)| x == y).count() as f64 / BINS as f64
}

/// A hash of each band; texts that agree on one are worth comparing.
pub fn bands(bins: &[u16; BINS]) -> [u64; BANDS] {
    let mut out = [0; BANDS];
    for (i, (out, band)) in out.iter_mut().zip(bins.chunks_exact(ROWS)).enumerate() {
        *out = band.iter().fold(i as u64, |h, &v| mix(h ^ u64::from(v)));
    }
    out
}

/// The finaliser of splitmix64 (Steele, Lea and Flood, 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::minhash::Shingles;
    use crate::text::normalise::normalise;
    use proptest::prelude::*;

    fn of(text: &str) -> Sketch {
        Sketcher::default().sketch(text)
    }

    #[test]
    fn short_texts_are_equal_or_not() {
        let same = of("Vaccines are dangerous, they say.");
        assert_eq!(same, of("RT @someone: vaccines  are dangerous,\nthey say. https://t.example/x"));
        assert_ne!(same, of("Vaccines are not dangerous, they say."));
        assert_eq!(of("Škola je zavřená."), of("škola je\u{200b} zavřená."));
        assert_eq!(of(" \n\u{200b}"), Sketch::Empty);
        assert_eq!(of("@a https://x.example"), Sketch::Empty);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The estimate is that of the exact similarity, five standard deviations either way.
        #[test]
        fn similarity_is_estimated(
            words in prop::collection::vec("[a-z]{2,9}|[а-я]{2,9}", 150..220),
            from in 0usize..60, other in "[a-z]{3,12}", every in 3usize..40,
        ) {
            let a = words.join(" ");
            let changed = |(i, w): (usize, &String)| if i % every == 0 { other.clone() } else { w.clone() };
            let b = words.iter().enumerate().skip(from).map(changed).collect::<Vec<_>>().join(" ");
            let (Sketch::Bins(x), Sketch::Bins(y)) = (of(&a), of(&b)) else { return Ok(()) };
            let truth = Shingles::of(&a).jaccard(&Shingles::of(&b));
            let estimate = similarity(&x, &y);
            prop_assert!((estimate - truth).abs() < 5.0 * (truth * (1.0 - truth) / BINS as f64).sqrt() + 0.05, "{estimate} {truth}");
        }

        /// ASCII has a way of its own, to the same end.
        #[test]
        fn ascii_is_no_exception(text in "[ -~\n\t]{0,600}") {
            let mut fast = Sketcher::default();
            fast.sketch(&text);
            let mut slow = Sketcher::default();
            slow.gather(normalise(&text).chars());
            prop_assert_eq!(fast.plain, slow.plain);
        }
    }
}
