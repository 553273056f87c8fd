//! What is known of a case without reading its record or its terms.

use crate::document::Language;

/// Bytes of the facts of one case.
pub(crate) const WIDTH: usize = 48;

/// Numbers of one case that are asked for often.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Facts {
    /// Words per field.
    pub(crate) lengths: [u32; 4],
    /// Distinct numbers in its title, in its claim, in either.
    pub(crate) numbers: [u32; 3],
    /// Code of the language of its own words; see [`Facts::language`].
    code: [u8; 4],
    pub(crate) totals: Totals,
}

/// What all terms of a case's title (0) and claim (1) sum to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Totals {
    /// idf of its words.
    pub(crate) words: [f64; 2],
    /// idf of its character n-grams.
    pub(crate) grams: [f64; 2],
}

impl Facts {
    /// What is counted of a case.
    pub(crate) fn new(lengths: [u32; 4], numbers: [u32; 3], totals: Totals, language: Option<Language>) -> Self {
        let mut code = [0; 4];
        if let Some(language) = language {
            let bytes = language.code().as_bytes();
            let len = bytes.len().min(code.len());
            code[..len].copy_from_slice(&bytes[..len]);
        }
        Self { lengths, numbers, code, totals }
    }

    /// The language of its own words.
    pub(crate) fn language(&self) -> Option<Language> {
        let code = std::str::from_utf8(&self.code).unwrap_or_default().trim_end_matches('\0');
        if code.is_empty() { None } else { Language::lenient(code) }
    }

    /// Writes them over [`WIDTH`] bytes.
    pub(crate) fn write(&self, out: &mut [u8]) {
        let numbers = self.lengths.iter().chain(&self.numbers).map(|n| n.to_le_bytes());
        let totals = self.totals.words.iter().chain(&self.totals.grams).map(|&t| (t as f32).to_le_bytes());
        let words = numbers.chain([self.code]).chain(totals);
        out.as_chunks_mut::<4>().0.iter_mut().zip(words).for_each(|(to, word)| *to = word);
    }

    /// Nothing where the bytes are too few.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<4>();
        let [a, b, c, d, n0, n1, n2, code, t0, t1, t2, t3] = *words else { return None };
        let real = |b: [u8; 4]| Some(f64::from(f32::from_le_bytes(b))).filter(|t| t.is_finite()).unwrap_or(0.0);
        Some(Self {
            lengths: [a, b, c, d].map(u32::from_le_bytes),
            numbers: [n0, n1, n2].map(u32::from_le_bytes),
            code,
            totals: Totals { words: [real(t0), real(t1)], grams: [real(t2), real(t3)] },
        })
    }
}
