//! Pairs of words that a model knows, each word with a small hash table of those that may follow it.
//!
//! Built word by word, so that building stays within the processor's cache; one table of all pairs waits for memory at every
//! one of a million. [`Pairs`](super::pairs::Pairs) is for pairs that come as they come.

use std::ops::Range;

/// A free place: no second word has this number.
const FREE: u32 = u32::MAX;

/// Fixed pairs of word numbers, with a number each.
#[derive(Debug, Clone)]
pub(crate) struct KnownPairs {
    /// Where the table of each first word begins, and the end of the last. Each has a power of two of places, one of them free.
    starts: Vec<u32>,
    /// Second words and the numbers of the pairs.
    slots: Vec<(u32, u32)>,
}

impl KnownPairs {
    /// Different pairs of words below `words`, numbered from `first` on; `None` if there are too many.
    pub(crate) fn new(words: usize, pairs: &[(u32, u32)], first: u32) -> Option<Self> {
        let mut counts = vec![0u32; words];
        for pair in pairs {
            *counts.get_mut(pair.0 as usize)? += 1;
        }
        let mut starts = vec![0u32];
        let mut end = 0u32;
        for count in counts {
            end = end.checked_add((count.checked_mul(4)? / 3 + 1).checked_next_power_of_two()?)?;
            starts.push(end);
        }
        let mut known = Self { starts, slots: vec![(FREE, FREE); end as usize] };
        for (&pair, number) in pairs.iter().zip(first..) {
            let slot = known.slot(pair);
            known.slots[slot] = (pair.1, number);
        }
        Some(known)
    }

    /// The places of a first word.
    #[inline]
    fn places(&self, first: u32) -> Range<usize> {
        self.starts[first as usize] as usize..self.starts[first as usize + 1] as usize
    }

    /// Where a second word stands among so many places if nothing else does.
    #[inline]
    fn home(second: u32, places: usize) -> usize {
        (u64::from(second).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (places - 1)
    }

    /// The place of a pair, or the free place where it belongs.
    fn slot(&self, (first, second): (u32, u32)) -> usize {
        let places = self.places(first);
        let mut at = Self::home(second, places.len());
        while ![FREE, second].contains(&self.slots[places.start + at].0) {
            at = (at + 1) & (places.len() - 1);
        }
        places.start + at
    }

    /// The number of a pair of words, if known.
    pub(crate) fn get(&self, pair: (u32, u32)) -> Option<u32> {
        let (second, number) = self.slots[self.slot(pair)];
        (second != FREE).then_some(number)
    }

    /// Numbers of the pairs that are known. The tables are larger than the processor's cache, so the likeliest places are all
    /// asked for before any answer is waited for.
    pub(crate) fn get_all(&self, pairs: &[(u32, u32)], out: &mut Vec<Option<u32>>) {
        out.clear();
        out.extend(pairs.iter().map(|&(first, second)| {
            let places = self.places(first);
            let (known, number) = self.slots[places.start + Self::home(second, places.len())];
            (known == second).then_some(number)
        }));
        for (number, &pair) in out.iter_mut().zip(pairs).filter(|(number, _)| number.is_none()) {
            *number = self.get(pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_pair_is_found_and_no_other(pairs in prop::collection::btree_set((0u32..12, 0u32..40), 0..200)) {
            let pairs: Vec<_> = pairs.into_iter().collect();
            let known = KnownPairs::new(40, &pairs, 1000).unwrap();
            let asked: Vec<_> = (0..40).flat_map(|a| (0..40).map(move |b| (a, b))).collect();
            let expected: Vec<_> =
                asked.iter().map(|p| pairs.iter().position(|q| q == p).map(|i| i as u32 + 1000)).collect();
            let mut found = Vec::new();
            known.get_all(&asked, &mut found);
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(asked.iter().map(|&p| known.get(p)).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_word_that_is_not_there_is_no_pair() {
        assert!(KnownPairs::new(3, &[(3, 0)], 0).is_none());
    }
}
