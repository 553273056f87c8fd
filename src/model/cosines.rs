//! A text's cosines with many stored texts, and what is asked of them: the largest, the sum, how many are above 0, and the
//! nearest few.
//!
//! Cosines lie in blocks. Of a short text only blocks that one of its words stands in are looked at, of a long one all;
//! each as a whole and without branches.

use pulp::{Arch, Simd, WithSimd};

/// Neighbours that vote.
const VOTERS: usize = 30;

/// Cosines looked at side by side.
pub(super) const BLOCK: usize = 16;

/// Cosine per place, and which blocks hold any.
#[derive(Default)]
pub(super) struct Cosines {
    blocks: Vec<[f32; BLOCK]>,
    /// 1 for a block in which something was added; not kept where all are looked at.
    seen: Vec<u8>,
    /// Numbers of the blocks to look at, once all words are added.
    numbers: Vec<u32>,
}

/// With so many additions for each block, all blocks are looked at: noting the few that are not meant costs more.
const MANY: usize = 12;

impl Cosines {
    /// Sets everything to 0, with room for so many blocks.
    pub(super) fn clear(&mut self, blocks: usize) {
        for &block in &self.numbers {
            self.blocks[block as usize] = [0.0; BLOCK];
            self.seen[block as usize] = 0;
        }
        self.numbers.clear();
        self.blocks.resize(blocks, [0.0; BLOCK]);
        self.seen.resize(blocks, 0);
    }

    /// Adds words: of each what it counts in the text, and the places and values of the texts that have it. To be called
    /// once.
    pub(super) fn add<'l>(&mut self, words: impl Iterator<Item = (f32, &'l [u32], &'l [u8])> + Clone) {
        let additions: usize = words.clone().map(|w| w.1.len()).sum();
        if additions >= MANY * self.blocks.len() {
            let cosines = self.blocks.as_flattened_mut();
            for (weight, places, values) in words {
                for (&place, &value) in places.iter().zip(values) {
                    cosines[place as usize] += weight * f32::from(value);
                }
            }
            self.numbers.extend(0..self.blocks.len() as u32);
            return;
        }
        for (weight, places, values) in words {
            for (&place, &value) in places.iter().zip(values) {
                let (block, lane) = (place as usize / BLOCK, place as usize % BLOCK);
                self.blocks[block][lane] += weight * f32::from(value);
                self.seen[block] = 1;
            }
        }
        let (words, rest) = self.seen.as_chunks::<8>();
        for (i, word) in words.iter().enumerate() {
            let mut word = u64::from_le_bytes(*word);
            while word != 0 {
                self.numbers.push((i * 8) as u32 + word.trailing_zeros() / 8);
                word &= word - 1;
            }
        }
        let after = words.len() as u32 * 8;
        self.numbers.extend((after..).zip(rest).filter(|r| *r.1 != 0).map(|r| r.0));
    }

    /// Takes out the places for which `skip` holds.
    pub(super) fn skip(&mut self, skip: impl Fn(u32) -> bool) {
        for &block in &self.numbers {
            for (cosine, place) in self.blocks[block as usize].iter_mut().zip(block * BLOCK as u32..) {
                if *cosine > 0.0 && skip(place) {
                    *cosine = 0.0;
                }
            }
        }
    }

    /// Sums up the blocks to look at; some may hold nothing.
    pub(super) fn summaries(&self, arch: Arch, out: &mut Vec<Summary>) {
        out.clear();
        out.resize(self.numbers.len(), Summary::default());
        arch.dispatch(SumUp { cosines: self, out });
    }
}

/// The work that is compiled once for each width of vectors.
struct SumUp<'a> {
    cosines: &'a Cosines,
    /// One for each block.
    out: &'a mut [Summary],
}

impl WithSimd for SumUp<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (summary, &block) in self.out.iter_mut().zip(&self.cosines.numbers) {
            *summary = Summary::of(block, &self.cosines.blocks[block as usize]);
        }
    }
}

/// What is asked of the cosines of a block.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Summary {
    pub(super) block: u32,
    pub(super) largest: f32,
    pub(super) sum: f32,
    /// How many are above 0.
    pub(super) sharing: u32,
}

impl Summary {
    /// Halves are joined until one is left: the same sum whatever the width of vectors.
    #[inline(always)]
    fn of(block: u32, cosines: &[f32; BLOCK]) -> Self {
        let (mut largest, mut sums) = (*cosines, *cosines);
        let mut half = BLOCK / 2;
        while half > 0 {
            for lane in 0..half {
                largest[lane] = larger(largest[lane], largest[lane + half]);
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        let sharing = cosines.iter().map(|&c| u32::from(c > 0.0)).sum();
        Self { block, largest: largest[0], sum: sums[0], sharing }
    }
}

/// The larger of two cosines. None is NaN, of which `f32::max` would have to take care.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The [`VOTERS`] places of the largest cosines above 0; of equal ones the first.
#[derive(Default)]
pub(super) struct Nearest {
    /// Blocks to choose from, and their largest cosines, as bits: those of numbers above 0 sort as the numbers do.
    blocks: Vec<(u32, u32)>,
    largest: Vec<u32>,
    /// Cosine above, place below (negated, so that the smaller number comes first among equals).
    found: Vec<u64>,
}

impl Nearest {
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Adds the places of a block that has a cosine above 0.
    pub(super) fn add(&mut self, summary: &Summary) {
        self.blocks.push((summary.block, summary.largest.to_bits()));
    }

    /// Cosine and place of those that count, nearest first.
    pub(super) fn sorted(&mut self, cosines: &Cosines) -> impl Iterator<Item = (f32, u32)> + Clone {
        // As many blocks have a cosine of at least `floor`, so no smaller one counts.
        let mut floor = 1;
        if self.blocks.len() > VOTERS {
            self.largest.clear();
            self.largest.extend(self.blocks.iter().map(|b| b.1));
            floor = *self.largest.select_nth_unstable_by(VOTERS - 1, |a, b| b.cmp(a)).1;
        }
        self.found.clear();
        for &(block, _) in self.blocks.iter().filter(|b| b.1 >= floor) {
            for (&cosine, place) in cosines.blocks[block as usize].iter().zip(block * BLOCK as u32..) {
                if cosine.to_bits() >= floor {
                    self.found.push(u64::from(cosine.to_bits()) << 32 | u64::from(!place));
                }
            }
        }
        if self.found.len() > VOTERS {
            self.found.select_nth_unstable_by(VOTERS - 1, |a, b| b.cmp(a));
            self.found.truncate(VOTERS);
        }
        self.found.sort_unstable_by(|a, b| b.cmp(a));
        self.found.iter().map(|&key| (f32::from_bits((key >> 32) as u32), !(key as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn summaries_and_nearest_are_what_plain_loops_give(
            steps in prop::collection::vec(0u8..40, 0..900),
            words in prop::collection::vec((0usize..900, 1u8..40), 0..30),
            least in 0u8..40,
        ) {
            let blocks = steps.len().div_ceil(BLOCK);
            let (mut cosines, mut nearest, mut summaries) = (Cosines::default(), Nearest::default(), Vec::new());
            // What an earlier text left must be gone, however few words it or this one has.
            let earlier: Vec<(u32, u8)> =
                words.iter().filter(|w| w.0 < steps.len()).map(|&(place, value)| (place as u32, value)).collect();
            for repeated in [1, 40] {
                cosines.clear(blocks);
                let word = |w: &'_ (u32, u8)| (0.5, [w.0], [w.1]);
                let words: Vec<_> = earlier.iter().map(word).cycle().take(earlier.len() * repeated).collect();
                cosines.add(words.iter().map(|w| (w.0, &w.1[..], &w.2[..])));
            }
            cosines.clear(blocks);
            let places: Vec<u32> = (0..steps.len() as u32).filter(|&p| steps[p as usize] > least).collect();
            let values: Vec<u8> = places.iter().map(|&p| steps[p as usize]).collect();
            cosines.add(std::iter::once((1.0 / 64.0, &places[..], &values[..])));
            cosines.skip(|place| place % 9 == 4);
            cosines.summaries(Arch::new(), &mut summaries);
            nearest.clear();
            summaries.iter().filter(|s| s.sharing > 0).for_each(|s| nearest.add(s));
            let plain = |place: usize| {
                let step = steps.get(place).copied().unwrap_or(0);
                if step > least && place % 9 != 4 { f32::from(step) / 64.0 } else { 0.0 }
            };
            for s in &summaries {
                let of = || (0..BLOCK).map(|lane| plain(s.block as usize * BLOCK + lane));
                prop_assert_eq!(s.largest.to_bits(), of().fold(0.0, f32::max).to_bits());
                // Exact, since all are multiples of 1/64.
                prop_assert_eq!(s.sum.to_bits(), of().fold(0.0, |a, b| a + b).to_bits());
                prop_assert_eq!(s.sharing as usize, of().filter(|&c| c > 0.0).count());
            }
            let mut expected: Vec<(f32, u32)> =
                (0..steps.len()).map(|p| (plain(p), p as u32)).filter(|c| c.0 > 0.0).collect();
            prop_assert_eq!(summaries.iter().map(|s| s.sharing as usize).sum::<usize>(), expected.len());
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(VOTERS);
            prop_assert!(nearest.sorted(&cosines).eq(expected));
        }
    }
}
