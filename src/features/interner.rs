//! Numbers terms as they come: for learning a vocabulary and for an index that grows.

use super::lexicon::Terms;
use super::pairs::Pairs;
use super::strings::Strings;
use super::vocabulary::TermKind;

/// Numbers terms as they come.
#[derive(Debug, Default)]
pub struct Interner {
    words: Strings,
    word_numbers: Vec<u32>,
    chars: Strings,
    char_numbers: Vec<u32>,
    pairs: Pairs,
    numbers: Numbers,
}

/// Numbers of one kind in a row. What is counted by term lies closer together than if all kinds took turns: frequent
/// terms come early, and nearly all new terms are pairs.
const BLOCK: u32 = 1024;

/// The numbers given so far.
#[derive(Debug, Default)]
struct Numbers {
    /// The kind of each block.
    kinds: Vec<TermKind>,
    /// By kind, the next number of its last block; a multiple of [`BLOCK`] where it is full.
    next: [u32; 3],
}

impl Numbers {
    fn fresh(&mut self, kind: TermKind) -> u32 {
        let next = &mut self.next[kind as usize];
        if next.is_multiple_of(BLOCK) {
            *next = self.kinds.len() as u32 * BLOCK;
            self.kinds.push(kind);
        }
        *next += 1;
        *next - 1
    }
}

impl Terms for Interner {
    fn word(&mut self, stem: &str) -> Option<u32> {
        Some(self.add_text(TermKind::Word, stem))
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        Some(self.add_pair(first, second))
    }

    fn pairs(&mut self, stems: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        let Self { pairs, numbers, .. } = self;
        pairs.reserve(stems.len());
        pairs.look(stems, out);
        for (number, &pair) in out.iter_mut().zip(stems).filter(|(number, _)| number.is_none()) {
            *number = Some(pairs.number(pair, || numbers.fresh(TermKind::Pair)));
        }
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        Some(self.add_text(TermKind::Chars, gram))
    }
}

impl Interner {
    /// The number of a stem or n-gram, the next one for a new text.
    pub(crate) fn add_text(&mut self, kind: TermKind, text: &str) -> u32 {
        let (strings, numbers) = match kind {
            TermKind::Word => (&mut self.words, &mut self.word_numbers),
            _ => (&mut self.chars, &mut self.char_numbers),
        };
        let at = strings.add(text) as usize;
        if at == numbers.len() {
            numbers.push(self.numbers.fresh(kind));
        }
        numbers[at]
    }

    /// The number of a pair of stems, the next one for a new pair.
    pub(crate) fn add_pair(&mut self, first: u32, second: u32) -> u32 {
        self.pairs.reserve(1);
        self.pairs.number((first, second), || self.numbers.fresh(TermKind::Pair))
    }

    /// One more than the largest number there may be. Some numbers below are still free.
    pub fn end(&self) -> usize {
        self.numbers.kinds.len() * BLOCK as usize
    }

    /// The kind of a term.
    pub fn kind(&self, term: u32) -> TermKind {
        self.numbers.kinds[(term / BLOCK) as usize]
    }

    /// Stems with their numbers.
    pub(crate) fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words.iter().zip(self.word_numbers.iter().copied())
    }

    /// Pairs of stem numbers with their own.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = ((u32, u32), u32)> {
        self.pairs.iter()
    }

    /// The same, without making a copy; they are gone afterwards.
    pub(crate) fn take_pairs(&mut self) -> Vec<((u32, u32), u32)> {
        std::mem::take(&mut self.pairs).into_vec()
    }

    /// Character n-grams with their numbers.
    pub(crate) fn grams(&self) -> impl Iterator<Item = (&str, u32)> {
        self.chars.iter().zip(self.char_numbers.iter().copied())
    }
}

/// Looks terms up in an interner without adding any.
pub(crate) struct LookUp<'i>(pub(crate) &'i Interner);

impl Terms for LookUp<'_> {
    fn word(&mut self, stem: &str) -> Option<u32> {
        self.0.words.get(stem).map(|at| self.0.word_numbers[at as usize])
    }

    fn pair(&mut self, first: u32, second: u32) -> Option<u32> {
        self.0.pairs.get((first, second))
    }

    fn pairs(&mut self, stems: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        self.0.pairs.get_all(stems, out);
    }

    fn chars(&mut self, gram: &str) -> Option<u32> {
        self.0.chars.get(gram).map(|at| self.0.char_numbers[at as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rustc_hash::FxHashMap;

    proptest! {
        #[test]
        fn a_term_keeps_its_number_and_is_found_again(terms in prop::collection::vec(("[a-cя]{0,3}", any::<bool>()), 0..300)) {
            let mut interner = Interner::default();
            let mut model: FxHashMap<(String, bool), u32> = FxHashMap::default();
            for (text, word) in terms {
                let number = if word { interner.word(&text) } else { interner.chars(&text) }.unwrap();
                prop_assert_eq!(interner.kind(number), if word { TermKind::Word } else { TermKind::Chars });
                prop_assert_eq!(*model.entry((text.clone(), word)).or_insert(number), number);
            }
            let numbers: std::collections::HashSet<u32> = model.values().copied().collect();
            prop_assert_eq!(numbers.len(), model.len());
            prop_assert!(numbers.iter().all(|&n| (n as usize) < interner.end()));
            let mut look_up = LookUp(&interner);
            for ((text, word), number) in &model {
                let found = if *word { look_up.word(text) } else { look_up.chars(text) };
                prop_assert_eq!(found, Some(*number));
            }
            prop_assert_eq!(look_up.word("zzz"), None);
            prop_assert_eq!(interner.words().count() + interner.grams().count(), model.len());
        }

        #[test]
        fn pairs_are_numbered_at_once_as_one_by_one(texts in prop::collection::vec(prop::collection::vec((0u32..9, 0u32..9), 0..200), 0..9)) {
            let (mut together, mut alone) = (Interner::default(), Interner::default());
            let mut found = Vec::new();
            for pairs in texts {
                Terms::pairs(&mut together, &pairs, &mut found);
                let expected: Vec<_> = pairs.iter().map(|&(a, b)| alone.pair(a, b)).collect();
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(LookUp(&together).pair(9, 9), None);
            }
            prop_assert!(together.pairs().all(|((a, b), n)| LookUp(&alone).pair(a, b) == Some(n)));
            let all: Vec<_> = together.pairs().collect();
            prop_assert_eq!(together.take_pairs(), all);
        }
    }
}
