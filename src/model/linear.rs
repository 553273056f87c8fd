//! The linear scores of all narratives at once, in exact integer arithmetic.
//!
//! Weights are stored as 8-bit steps, a step size per feature, the narratives of a feature side by side. A text's
//! values are brought to whole numbers too, so a score is a sum of products of integers: exact, the same on every
//! processor and in any order, and evidence that uses the same integers adds up to it to the last bit. Floating-point
//! sums over 8-bit weights were rejected: half of the time went into converting the weights.

use pulp::{Arch, Simd, WithSimd};

use super::mapped::Numbers;
use crate::features::space::Weights;
use crate::features::vocabulary::TermId;

/// Columns come in whole blocks of this many.
const BLOCK: usize = 16;

/// Columns stored per feature: whole blocks.
fn stride(columns: usize) -> usize {
    columns.next_multiple_of(BLOCK)
}

/// Linear models of all narratives, and last that of "spreads any narrative", over one feature space.
#[derive(Clone)]
pub struct LinearWeights {
    /// Steps, -127 to 127, feature by feature in rows of `stride` columns.
    pub(crate) steps: Numbers<i8>,
    /// Size of a step, per feature.
    pub(crate) step_sizes: Numbers<f32>,
    /// Bias per column.
    bias: Vec<f64>,
    stride: usize,
    arch: Arch,
}

/// A text's features as whole numbers: the score of a column is `bias + unit · Σ count · step`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    /// Per feature of the text, in its order: its value in units, at most 2^15 - 1.
    counts: Vec<u16>,
    /// Working memory: the values before rounding.
    values: Vec<f64>,
    /// A power of two.
    unit: f64,
}

impl LinearWeights {
    /// Rounds weights given feature by feature, a column per bias, to steps: a quarter of the size, an error of at
    /// most 0.4 % of the feature's largest weight.
    pub(crate) fn quantise(weights: &[f32], bias: Vec<f64>) -> Self {
        let stride = stride(bias.len());
        let (mut steps, mut sizes) = (Vec::with_capacity(weights.len()), Vec::new());
        for row in weights.chunks_exact(bias.len().max(1)) {
            let size = row.iter().fold(0f32, |m, w| m.max(w.abs())) / 127.0;
            sizes.push(size);
            steps.extend(row.iter().map(|w| if size > 0.0 { (w / size).round() as i8 } else { 0 }));
            steps.resize(sizes.len() * stride, 0);
        }
        Self { steps: steps.into(), step_sizes: sizes.into(), bias, stride, arch: Arch::new() }
    }

    /// Joins stored parts; `None` if they are not one row of steps and one size per feature.
    pub(crate) fn from_parts(
        steps: Numbers<i8>,
        step_sizes: Numbers<f32>,
        bias: Vec<f64>,
        features: usize,
    ) -> Option<Self> {
        let stride = stride(bias.len());
        let fits = steps.get().len() == features * stride && step_sizes.get().len() == features;
        fits.then(|| Self { steps, step_sizes, bias, stride, arch: Arch::new() })
    }

    /// Columns stored per feature.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Bias per narrative, and last that of "spreads any narrative".
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// Scores of all columns for a text into `scores`; `fixed` keeps what explanations need.
    pub(crate) fn scores(&self, text: &Weights, fixed: &mut Fixed, scores: &mut Vec<f64>) {
        self.fix(text, fixed);
        scores.clear();
        scores.extend_from_slice(&self.bias);
        self.arch.dispatch(Sums { steps: self.steps.get(), stride: self.stride, terms: &text.terms, fixed, scores });
    }

    /// Brings the values of a text to whole numbers small enough that no sum over any column leaves 32 bits.
    pub(crate) fn fix(&self, text: &Weights, fixed: &mut Fixed) {
        let sizes = self.step_sizes.get();
        fixed.values.clear();
        let values = text.terms.iter().zip(&text.values).map(|(t, v)| v * f64::from(sizes[t.index()]));
        fixed.values.extend(values);
        fixed.counts.clear();
        fixed.counts.resize(fixed.values.len(), 0);
        fixed.unit = self.arch.dispatch(Round { values: &fixed.values, counts: &mut fixed.counts });
    }

    /// The weight of a feature in a column.
    pub(crate) fn weight(&self, feature: u32, column: usize) -> f32 {
        f32::from(self.row(feature)[column]) * self.step_sizes.get()[feature as usize]
    }

    /// The steps of a feature, narratives side by side.
    pub(crate) fn row(&self, feature: u32) -> &[i8] {
        &self.steps.get()[feature as usize * self.stride..][..self.stride]
    }
}

impl Fixed {
    /// The value of the `i`-th feature of the text, to be multiplied with its steps.
    pub(crate) fn value(&self, i: usize) -> f64 {
        self.unit * f64::from(self.counts[i])
    }
}

/// Rounds values of which none is negative to whole numbers of a unit, and gives the unit.
struct Round<'a> {
    values: &'a [f64],
    counts: &'a mut [u16],
}

impl WithSimd for Round<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        // A rounded count is at most twice the value in units, so counts sum to at most 2^24, and with steps below
        // 2^7 every sum to at most 2^31.
        const ROOM: f64 = (1 << 23) as f64;
        const LARGEST: f64 = (1 << 14) as f64;
        let (total, largest) = total_and_largest(self.values);
        let room = f64::min(ROOM / total, LARGEST / largest);
        let scale = if total > 0.0 { room.log2().floor().clamp(-1000.0, 1000.0).exp2() } else { 1.0 };
        // A value is never negative, so this is `round`, a call to which would cost more than all the rest. Added to 2^52 a
        // whole number stands in the lowest bits: that is done for many at once, a conversion is not.
        for (count, value) in self.counts.iter_mut().zip(self.values) {
            *count = ((value * scale + 0.5).trunc() + (1u64 << 52) as f64).to_bits() as u16;
        }
        scale.recip()
    }
}

/// The sum and the largest of values of which none is negative, several at a time, in the same order whatever the width.
#[inline(always)]
fn total_and_largest(values: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut total, mut largest) = ([0.0; LANES], [0f64; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut add = |lane: usize, v: f64| {
        total[lane] += v;
        largest[lane] = if v > largest[lane] { v } else { largest[lane] };
    };
    for chunk in chunks {
        (0..LANES).for_each(|lane| add(lane, chunk[lane]));
    }
    rest.iter().enumerate().for_each(|(lane, &v)| add(lane, v));
    (total.iter().sum(), largest.iter().copied().fold(0.0, f64::max))
}

/// The work that is compiled once for each width of vectors; everything in it must be inlined.
struct Sums<'a> {
    steps: &'a [i8],
    stride: usize,
    terms: &'a [TermId],
    fixed: &'a Fixed,
    /// The biases, to which the sums are added.
    scores: &'a mut [f64],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut column = 0;
        while column < self.scores.len() {
            // The widest chunk first: its sums stay in registers while the features pass by.
            let out = &mut self.scores[column..];
            let from = (column, self.stride);
            let text = (self.terms, self.fixed);
            column += match self.stride - column {
                96.. => add_columns::<96>(self.steps, from, text, out),
                64..96 => add_columns::<64>(self.steps, from, text, out),
                32..64 => add_columns::<32>(self.steps, from, text, out),
                _ => add_columns::<BLOCK>(self.steps, from, text, out),
            };
        }
    }
}

/// Adds the sums of the `W` columns from `column` of `stride` on to `out` (which may be shorter), and gives `W`.
#[inline(always)]
fn add_columns<const W: usize>(
    steps: &[i8],
    (column, stride): (usize, usize),
    (terms, fixed): (&[TermId], &Fixed),
    out: &mut [f64],
) -> usize {
    let mut sums = [0i32; W];
    for (feature, count) in terms.iter().zip(&fixed.counts) {
        let Some(row) = steps.get(feature.index() * stride + column..).and_then(|rest| rest.first_chunk::<W>()) else {
            continue;
        };
        for (sum, &step) in sums.iter_mut().zip(row) {
            // Known to have no sign, counts are multiplied in one instruction.
            *sum += i32::from(count & 0x7fff) * i32::from(i16::from(step));
        }
    }
    for (score, &sum) in out.iter_mut().zip(&sums) {
        *score += fixed.unit * f64::from(sum);
    }
    W
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the plain sum in floating point: the error is that of rounding values to 2^-14 of the largest.
        #[test]
        fn scores_are_the_sums_and_contributions_add_up(
            columns in 1usize..150,
            values in prop::collection::vec(0.0f64..3.0, 0..40),
            seed in any::<u32>(),
        ) {
            let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) ^ seed) as f32 / u32::MAX as f32 - 0.5;
            let weights: Vec<f32> = (0..values.len() * columns).map(noise).collect();
            let bias: Vec<f64> = (0..columns).map(|k| f64::from(noise(k + 7))).collect();
            let linear = LinearWeights::quantise(&weights, bias.clone());
            let text = Weights { terms: (0..values.len() as u32).map(TermId).collect(), own: values.len(), values };
            let (mut fixed, mut scores) = (Fixed::default(), Vec::new());
            linear.scores(&text, &mut fixed, &mut scores);
            let largest = (text.values.iter().enumerate())
                .map(|(i, v)| v.abs() * f64::from(linear.step_sizes.get()[i]))
                .fold(0.0, f64::max);
            // Half a unit per feature, a unit being at most 2^-13 of the largest, times the largest step.
            let error = largest / f64::from(1 << 14) * 127.0 * text.values.len() as f64;
            for k in 0..columns {
                let plain: f64 = (text.values.iter().enumerate())
                    .map(|(i, v)| {
                        let step = linear.steps.get()[i * linear.stride() + k];
                        v * f64::from(linear.step_sizes.get()[i]) * f64::from(step)
                    })
                    .sum();
                prop_assert!((scores[k] - bias[k] - plain).abs() <= error + 1e-9);
                let parts: f64 = (0..text.terms.len()).map(|i| fixed.value(i) * f64::from(linear.row(i as u32)[k])).sum();
                prop_assert!((scores[k] - bias[k] - parts).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn sums_stay_in_range_however_uneven_the_values() {
        for values in [vec![1e9; 3000], vec![1e-200; 3], vec![1e6, 1e-6, 1e6], vec![0.0; 5]] {
            let weights = vec![1f32; values.len()];
            let linear = LinearWeights::quantise(&weights, vec![0.0]);
            let total: f64 = values.iter().sum();
            let text = Weights { terms: (0..values.len() as u32).map(TermId).collect(), own: values.len(), values };
            let (mut fixed, mut scores) = (Fixed::default(), Vec::new());
            linear.scores(&text, &mut fixed, &mut scores);
            assert!((scores[0] - total).abs() <= total * 1e-3, "{} and {total}", scores[0]);
        }
    }
}
