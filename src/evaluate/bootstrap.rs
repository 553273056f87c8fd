//! Confidence intervals by resampling groups.
//!
//! The percentile bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13) with whole groups
//! as the unit that is drawn (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8):
//! translations and copies of an article stand or fall together, and drawing them one by one would give intervals that
//! are too narrow. Draws are numbered and each has its own seed, so threads change nothing.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::metrics::portion;

/// Draws behind an interval.
pub const DRAWS: u64 = 1000;

/// A figure and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// On the data as it is.
    pub value: f64,
    /// The 2.5th percentile of the draws.
    pub low: f64,
    /// The 97.5th.
    pub high: f64,
}

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): sixteen bytes of code
/// for draws that are the same on every machine.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

impl SplitMix {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0. The bias is below `end / 2⁶⁴`.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next_bits()) * end as u128) >> 64) as usize
    }
}

/// Intervals of several figures at once. `statistic` gives the figures of a sample, always in the same order and `None`
/// where one does not apply; a figure that does not apply to the whole has no interval.
pub fn intervals<T: Sync>(
    items: &[T],
    group: impl Fn(&T) -> &str,
    seed: u64,
    statistic: impl Fn(&[&T]) -> Vec<Option<f64>> + Sync,
) -> Vec<Option<Interval>> {
    let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
    let mut members: Vec<Vec<&T>> = Vec::new();
    for item in items {
        let number = *numbers.entry(group(item)).or_insert(members.len());
        if number == members.len() {
            members.push(Vec::new());
        }
        members[number].push(item);
    }
    let whole = statistic(&items.iter().collect::<Vec<_>>());
    let drawn: Vec<Vec<Option<f64>>> = (0..if members.is_empty() { 0 } else { DRAWS })
        .into_par_iter()
        .map(|draw| {
            let mut random = SplitMix::new(SplitMix::new(seed ^ (draw << 20)).next_bits());
            let mut sample = Vec::with_capacity(items.len());
            for _ in 0..members.len() {
                sample.extend_from_slice(&members[random.below(members.len())]);
            }
            statistic(&sample)
        })
        .collect();
    (whole.into_iter().enumerate())
        .map(|(figure, value)| {
            let value = value?;
            let mut values: Vec<f64> = drawn.iter().filter_map(|d| d.get(figure).copied().flatten()).collect();
            values.sort_by(f64::total_cmp);
            let at = |share: f64| values.get(portion(values.len().saturating_sub(1), share)).copied();
            Some(Interval { value, low: at(0.025).unwrap_or(value), high: at(0.975).unwrap_or(value) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bits_are_those_of_the_reference_program() {
        // Printed by the authors' C program for seed 1234567.
        let mut random = SplitMix::new(1_234_567);
        assert_eq!([random.next_bits(), random.next_bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn groups_widen_the_interval_and_seeds_repeat_it() {
        // 200 right or wrong answers; in groups of 20 that agree there are only ten independent ones.
        let items: Vec<(String, String, f64)> =
            (0..200).map(|i| (format!("{}", i / 20), format!("{i}"), f64::from(u8::from(i / 20 % 2 == 0)))).collect();
        let mean = |s: &[&(String, String, f64)]| vec![Some(s.iter().map(|x| x.2).sum::<f64>() / s.len() as f64), None];
        let grouped = intervals(&items, |i| &i.0, 7, mean);
        let single = intervals(&items, |i| &i.1, 7, mean)[0].unwrap();
        assert_eq!(grouped, intervals(&items, |i| &i.0, 7, mean));
        assert_eq!(grouped[1], None);
        let grouped = grouped[0].unwrap();
        assert!(grouped.low < 0.3 && grouped.high > 0.7, "{grouped:?}");
        // Alone, the interval of a share of one half among 200 is ±1.96·√(0.25/200) = ±0.069.
        assert!((single.low - 0.431).abs() < 0.02 && (single.high - 0.569).abs() < 0.02, "{single:?}");
    }
}
