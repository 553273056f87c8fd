//! The terms of a segment by their final numbers, and its dictionary.

use rayon::prelude::*;

use super::hash;
use super::layout::{Section, Writer};
use crate::features::vocabulary::TermKind;

/// Where the texts of terms come from, by their numbers so far.
pub(crate) struct Source<'t> {
    /// One more than the largest number.
    pub(crate) end: usize,
    /// Stems.
    pub(crate) words: Vec<(&'t str, u32)>,
    /// Character n-grams.
    pub(crate) grams: Vec<(&'t str, u32)>,
    /// Pairs of stems.
    pub(crate) pairs: Vec<((u32, u32), u32)>,
    /// Whether a term is a number.
    pub(crate) is_number: &'t dyn Fn(u32) -> bool,
}

/// A pair in so many cases or more has its frequency with its list only.
pub(super) const MANY: u8 = u8::MAX;

/// The terms that stand in some case, by their final numbers.
pub(super) struct Numbered<'t> {
    /// Final numbers by those so far.
    pub(super) number: Vec<u32>,
    pub(super) df: Vec<u32>,
    pub(super) words: usize,
    pub(super) grams: usize,
    texts: Vec<&'t str>,
    /// Final numbers of the stems of each pair, in growing order.
    pub(super) pairs: Vec<(u32, u32)>,
    numbers: Vec<u8>,
}

impl<'t> Numbered<'t> {
    pub(super) fn new(source: Source<'t>, old_df: &[u32]) -> Self {
        let Source { end, mut words, mut grams, mut pairs, is_number } = source;
        let mut number = vec![u32::MAX; end];
        let df = |old: u32| old_df[old as usize];
        let (mut texts, mut new_df) = (Vec::new(), Vec::new());
        let mut numbers = Vec::new();
        let mut kinds = [0; 2];
        for (kind, terms) in [&mut words, &mut grams].into_iter().enumerate() {
            terms.retain(|t| df(t.1) > 0);
            terms.par_sort_unstable_by(|a, b| df(b.1).cmp(&df(a.1)).then(a.0.cmp(b.0)));
            kinds[kind] = terms.len();
            for &(text, old) in terms.iter() {
                let new = texts.len();
                number[old as usize] = new as u32;
                new_df.push(df(old));
                texts.push(text);
                if kind == 0 {
                    numbers.resize(new / 8 + 1, 0);
                    numbers[new / 8] |= u8::from(is_number(old)) << (new % 8);
                }
            }
        }
        pairs.retain(|p| df(p.1) > 0);
        let mut pairs: Vec<((u32, u32), u32)> =
            pairs.into_iter().map(|((a, b), old)| ((number[a as usize], number[b as usize]), old)).collect();
        pairs.par_sort_unstable();
        for (new, &(_, old)) in (texts.len() as u32..).zip(&pairs) {
            number[old as usize] = new;
            new_df.push(df(old));
        }
        let pairs = pairs.into_iter().map(|p| p.0).collect();
        Self { number, df: new_df, words: kinds[0], grams: kinds[1], texts, pairs, numbers }
    }

    pub(super) fn kind(&self, term: u32) -> TermKind {
        match term as usize {
            t if t < self.words => TermKind::Word,
            t if t < self.words + self.grams => TermKind::Chars,
            _ => TermKind::Pair,
        }
    }

    pub(super) fn is_number(&self, term: u32) -> bool {
        (term as usize) < self.words && self.numbers[term as usize / 8] >> (term % 8) & 1 == 1
    }

    /// The dictionary.
    pub(super) fn write(&self, out: &mut Writer) {
        fn numbers(out: &mut Vec<u8>, numbers: impl Iterator<Item = u32>) {
            numbers.for_each(|n| out.extend(n.to_le_bytes()));
        }
        let mut end = 0;
        let ends = self.texts.iter().map(|text| {
            end += text.len() as u32;
            end
        });
        out.section(Section::TextStarts, |out| numbers(out, std::iter::once(0).chain(ends)));
        out.section(Section::Texts, |out| {
            for text in &self.texts {
                out.extend_from_slice(text.as_bytes());
            }
        });
        let slots = (2 * (self.texts.len() + 1)).next_power_of_two();
        let mut table = vec![(0u32, 0u32); slots];
        for (number, text) in (1u32..).zip(&self.texts) {
            let hash = hash(text.as_bytes(), self.kind(number - 1));
            let mut slot = hash as usize & (slots - 1);
            while table[slot].1 != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = ((hash >> 32) as u32, number);
        }
        out.section(Section::TextTable, |out| numbers(out, table.iter().flat_map(|t| [t.0, t.1])));
        out.section(Section::Numbers, |out| out.extend_from_slice(&self.numbers));
        let mut at = 0;
        let starts = (0..=self.words as u32).map(|first| {
            at += self.pairs[at..].iter().take_while(|p| p.0 < first).count();
            at as u32
        });
        out.section(Section::PairStarts, |out| numbers(out, starts));
        out.section(Section::PairSeconds, |out| numbers(out, self.pairs.iter().map(|p| p.1)));
        let (texts, pairs) = self.df.split_at(self.texts.len());
        let mut last = None;
        let steps = (0u32..).zip(texts).filter(|&(_, &df)| last.replace(df) != Some(df));
        out.section(Section::Frequencies, |out| numbers(out, steps.flat_map(|(term, &df)| [term, df])));
        let pairs = pairs.iter().map(|&df| u8::try_from(df).unwrap_or(MANY));
        out.section(Section::PairFrequencies, |out| out.extend(pairs));
    }
}
