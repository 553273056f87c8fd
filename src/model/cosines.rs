//! What is asked of a text's cosines with many stored texts: the largest few, the largest, the sum, how many are above 0.
//!
//! Nearly all the time of a vote is spent here, so cosines are looked at several at a time and without branches.

/// Neighbours that vote.
const VOTERS: usize = 30;

/// Cosines looked at side by side.
const LANES: usize = 8;

/// What is asked of the cosines of many texts.
#[derive(Default)]
pub(super) struct Run {
    pub(super) largest: f32,
    pub(super) sum: f64,
    /// How many are above 0.
    pub(super) sharing: u32,
}

impl Run {
    pub(super) fn add(&mut self, cosines: &[f32]) {
        let (chunks, rest) = cosines.as_chunks::<LANES>();
        let (mut largest, mut sums, mut sharing) = ([0f32; LANES], [0f64; LANES], [0u32; LANES]);
        for chunk in chunks {
            for (lane, &c) in chunk.iter().enumerate() {
                largest[lane] = larger(largest[lane], c);
                sums[lane] += f64::from(c);
                sharing[lane] += u32::from(c > 0.0);
            }
        }
        for &c in rest.iter().chain(&largest) {
            self.largest = larger(self.largest, c);
        }
        self.sum += sums.iter().sum::<f64>() + rest.iter().map(|&c| f64::from(c)).sum::<f64>();
        self.sharing += sharing.iter().sum::<u32>() + rest.iter().map(|&c| u32::from(c > 0.0)).sum::<u32>();
    }
}

/// The larger of two cosines. None is NaN, of which `f32::max` would have to take care.
#[inline]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The [`VOTERS`] texts of the largest cosines above 0; of equal ones those stored first.
#[derive(Default)]
pub(super) struct Nearest {
    /// Cosine above, row below (negated, so that the smaller number comes first among equals): some more than those that
    /// count, thinned out now and then.
    found: Vec<u64>,
    /// What a cosine must reach to count, once there are enough.
    floor: f32,
}

impl Nearest {
    /// How many are found before they are thinned out.
    const ROOM: usize = 4 * VOTERS;

    #[inline]
    pub(super) fn add(&mut self, cosine: f32, row: u32) {
        if cosine > 0.0 && cosine >= self.floor {
            // The bits of numbers above 0 sort as they do.
            self.found.push(u64::from(cosine.to_bits()) << 32 | u64::from(!row));
            if self.found.len() == Self::ROOM {
                self.thin();
            }
        }
    }

    /// Adds the cosines of all rows of which `votes` holds.
    pub(super) fn add_all(&mut self, cosines: &[f32], votes: &[bool]) {
        for (chunk, first) in cosines.chunks(LANES).zip((0..).step_by(LANES)) {
            if chunk.iter().copied().fold(0.0, larger) >= self.floor {
                for (row, &cosine) in (first..).zip(chunk).filter(|r| votes[r.0]) {
                    self.add(cosine, row as u32);
                }
            }
        }
    }

    fn thin(&mut self) {
        if self.found.len() > VOTERS {
            let last = *self.found.select_nth_unstable_by(VOTERS - 1, |a, b| b.cmp(a)).1;
            self.found.truncate(VOTERS);
            self.floor = Self::read(last).0;
        }
    }

    fn read(key: u64) -> (f32, u32) {
        (f32::from_bits((key >> 32) as u32), !(key as u32))
    }

    /// Cosine and row of those that count, nearest first.
    pub(super) fn sorted(&mut self) -> impl Iterator<Item = (f32, u32)> + Clone {
        self.thin();
        self.found.sort_unstable_by(|a, b| b.cmp(a));
        self.found.iter().map(|&key| Self::read(key))
    }

    pub(super) fn clear(&mut self) {
        self.found.clear();
        self.floor = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_and_nearest_are_what_plain_loops_give(steps in prop::collection::vec(0u8..40, 0..400), cut in 0usize..400) {
            let cosines: Vec<f32> = steps.iter().map(|&s| f32::from(s) / 40.0).collect();
            let (mut run, mut nearest) = (Run::default(), Nearest::default());
            let (first, second) = cosines.split_at(cut.min(cosines.len()));
            run.add(first);
            run.add(second);
            prop_assert_eq!(run.largest.to_bits(), cosines.iter().copied().fold(0.0, f32::max).to_bits());
            prop_assert!((run.sum - cosines.iter().map(|&c| f64::from(c)).sum::<f64>()).abs() < 1e-9);
            prop_assert_eq!(run.sharing as usize, cosines.iter().filter(|&&c| c > 0.0).count());
            let votes: Vec<bool> = (0..cosines.len()).map(|row| row % 9 != 4).collect();
            let counts = |c: &(f32, u32)| c.0 > 0.0 && votes[c.1 as usize];
            let mut expected: Vec<(f32, u32)> = cosines.iter().copied().zip(0..).filter(counts).collect();
            nearest.add_all(&cosines, &votes);
            let mut one_by_one = Nearest::default();
            for &(cosine, row) in expected.iter().rev() {
                one_by_one.add(cosine, row);
            }
            prop_assert!(one_by_one.sorted().eq(nearest.sorted()));
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(VOTERS);
            prop_assert!(nearest.sorted().eq(expected));
        }
    }
}
