//! Products with the Gram matrix `K = X Xᵀ` of the training rows, for many labels at once, without ever forming it.
//!
//! All labels and all folds share the rows, so one pass over the non-zeros serves [`LANES`] of them: each non-zero then
//! touches one contiguous lane of values instead of one value. `K v` is `X (Xᵀ v)`; it is taken panel by panel of
//! columns, so that the part of `Xᵀ v` at work stays in the processor's cache and is read back while it is hot. Columns
//! are ordered by how many rows they occur in, for the same reason.
//!
//! The matrix `K` itself was rejected: it is quadratic in the rows, and forming it costs more than all the products.
//! Every lane is summed on its own, in the order of the non-zeros, so a label's numbers do not depend on its
//! neighbours, on the number of threads or on the width of the machine's vectors.

use linfa::dataset::Records;
use pulp::{Arch, Simd, WithSimd};
use std::ops::{AddAssign, Deref, DerefMut, Mul};

use crate::features::sparse::SparseRows;

/// Labels served by one product.
pub(crate) const LANES: usize = 16;

/// Columns of each panel, the last again and again. The commonest columns are a quarter of the non-zeros, and their lanes
/// stay in the first-level cache. Rare columns have few non-zeros in a row, so a panel of many costs fewer visits to rows.
const PANELS: [usize; 8] = [512, 512, 1024, 2048, 4096, 8192, 8192, WIDEST];
const WIDEST: usize = 1 << 14;

/// The two precisions of a product.
pub(crate) trait Real: Copy + Default + AddAssign + Mul<Output = Self> + Send + Sync {
    /// The nearest value.
    fn nearest(x: f64) -> Self;
    /// A stored value, exactly.
    fn stored(x: f32) -> Self;
    /// As f64, exactly.
    fn wide(self) -> f64;
}

impl Real for f32 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x as f32
    }
    #[inline(always)]
    fn stored(x: f32) -> Self {
        x
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn nearest(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn stored(x: f32) -> Self {
        f64::from(x)
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}

/// One value per label of a block.
///
/// Aligned to a line of the processor's cache: one that lies across two of them is read twice.
#[repr(align(64))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes<T>(pub(crate) [T; LANES]);

impl<T: Real> Lanes<T> {
    pub(crate) fn zero() -> Self {
        Self([T::default(); LANES])
    }
}

impl<T> Deref for Lanes<T> {
    type Target = [T; LANES];

    #[inline(always)]
    fn deref(&self) -> &[T; LANES] {
        &self.0
    }
}

impl<T> DerefMut for Lanes<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; LANES] {
        &mut self.0
    }
}

/// The non-zeros of some columns.
#[derive(Default)]
struct Panel {
    /// How many columns it has.
    width: usize,
    /// Rows that have any.
    rows: Vec<u32>,
    /// Where each of these rows starts, and one past the last.
    starts: Vec<u32>,
    columns: Vec<u16>,
    values: Vec<f32>,
}

/// The rows, laid out for products.
pub(crate) struct Gram {
    panels: Vec<Panel>,
    /// The feature at each place of the panels.
    features: Vec<u32>,
    width: usize,
    rows: usize,
}

/// Working memory of a thread.
pub(crate) struct Scratch<T> {
    panel: Vec<Lanes<T>>,
}

impl<T: Real> Scratch<T> {
    pub(crate) fn new() -> Self {
        Self { panel: vec![Lanes::zero(); WIDEST] }
    }
}

impl Gram {
    /// Lays out `rows`; needs as much memory as they do.
    pub(crate) fn new(rows: &SparseRows) -> Self {
        let mut counts = vec![0u32; rows.nfeatures()];
        for row in rows.iter() {
            row.columns.iter().for_each(|&c| counts[c as usize] += 1);
        }
        let mut features: Vec<u32> = (0..rows.nfeatures() as u32).filter(|&f| counts[f as usize] > 0).collect();
        features.sort_by_key(|&f| (std::cmp::Reverse(counts[f as usize]), f));
        let mut place = vec![0u32; rows.nfeatures()];
        for (at, &f) in features.iter().enumerate() {
            place[f as usize] = at as u32;
        }
        let mut panels: Vec<Panel> = Vec::new();
        // The panel of each place, and where in it.
        let mut places: Vec<(u32, u16)> = Vec::with_capacity(features.len());
        while places.len() < features.len() {
            let width = PANELS.get(panels.len()).copied().unwrap_or(WIDEST).min(features.len() - places.len());
            let ours = &features[places.len()..places.len() + width];
            let nonzeros = ours.iter().map(|&f| counts[f as usize] as usize).sum();
            places.extend((0..width).map(|at| (panels.len() as u32, at as u16)));
            panels.push(Panel {
                width,
                columns: Vec::with_capacity(nonzeros),
                values: Vec::with_capacity(nonzeros),
                ..Panel::default()
            });
        }
        let mut sorted: Vec<(u32, f32)> = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            sorted.clear();
            sorted.extend(row.columns.iter().zip(row.values).map(|(&c, &v)| (place[c as usize], v)));
            sorted.sort_unstable_by_key(|e| e.0);
            for &(at, value) in &sorted {
                let (panel, column) = places[at as usize];
                let panel = &mut panels[panel as usize];
                if panel.rows.last() != Some(&(i as u32)) {
                    panel.rows.push(i as u32);
                    panel.starts.push(panel.columns.len() as u32);
                }
                panel.columns.push(column);
                panel.values.push(value);
            }
        }
        for panel in &mut panels {
            panel.starts.push(panel.columns.len() as u32);
        }
        Self { panels, features, width: rows.nfeatures(), rows: rows.nsamples() }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of features.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// `out = K v`, lane by lane, a row per training row in both; and `|Xᵀ v|²`, which is `vᵀ K v` without its
    /// cancellation where rows outnumber features.
    pub(crate) fn multiply<T: Real>(
        &self,
        v: &[Lanes<T>],
        scratch: &mut Scratch<T>,
        out: &mut [Lanes<T>],
    ) -> [f64; LANES] {
        Arch::new().dispatch(Multiply { gram: self, v, panel: &mut scratch.panel, out })
    }

    /// `Xᵀ v`, lane by lane: each feature that occurs, with its lanes.
    pub(crate) fn transpose_times(
        &self,
        v: &[Lanes<f64>],
        scratch: &mut Scratch<f64>,
        mut each: impl FnMut(u32, &Lanes<f64>),
    ) {
        let mut features = self.features.as_slice();
        for panel in &self.panels {
            let (ours, rest) = features.split_at(panel.width);
            features = rest;
            Arch::new().dispatch(Scatter { panel, v, into: &mut scratch.panel[..panel.width] });
            for (&feature, lanes) in ours.iter().zip(scratch.panel.iter()) {
                each(feature, lanes);
            }
        }
    }
}

/// [`Gram::multiply`] for the vectors of the machine at hand. (A closure would do if the compiler promised to inline it.)
struct Multiply<'a, T> {
    gram: &'a Gram,
    v: &'a [Lanes<T>],
    panel: &'a mut [Lanes<T>],
    out: &'a mut [Lanes<T>],
}

impl<T: Real> WithSimd for Multiply<'_, T> {
    type Output = [f64; LANES];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; LANES] {
        self.out.fill(Lanes::zero());
        let mut squares = [0.0; LANES];
        for panel in &self.gram.panels {
            let lanes = &mut self.panel[..panel.width];
            panel.scatter(self.v, lanes);
            panel.gather(lanes, self.out);
            let mut sums = [T::default(); LANES];
            for lanes in lanes.iter() {
                for l in 0..LANES {
                    sums[l] += lanes[l] * lanes[l];
                }
            }
            for l in 0..LANES {
                squares[l] += sums[l].wide();
            }
        }
        squares
    }
}

/// One panel of [`Gram::transpose_times`], likewise.
struct Scatter<'a> {
    panel: &'a Panel,
    v: &'a [Lanes<f64>],
    into: &'a mut [Lanes<f64>],
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.panel.scatter(self.v, self.into);
    }
}

impl Panel {
    #[inline(always)]
    fn each_row(&self) -> impl Iterator<Item = (u32, &[u16], &[f32])> {
        self.rows.iter().zip(self.starts.windows(2)).map(|(&row, ends)| {
            let range = ends[0] as usize..ends[1] as usize;
            (row, &self.columns[range.clone()], &self.values[range])
        })
    }

    /// `into = Xᵀ v` for the columns of the panel.
    #[inline(always)]
    fn scatter<T: Real>(&self, v: &[Lanes<T>], into: &mut [Lanes<T>]) {
        into.fill(Lanes::zero());
        for (row, columns, values) in self.each_row() {
            let lanes = v[row as usize];
            if lanes.iter().all(|l| l.wide() == 0.0) {
                continue;
            }
            for (&c, &x) in columns.iter().zip(values) {
                let x = T::stored(x);
                let mut sum = into[c as usize];
                for l in 0..LANES {
                    sum[l] += x * lanes[l];
                }
                into[c as usize] = sum;
            }
        }
    }

    /// `out += X from` for the columns of the panel. Four sums per lane, taken in turn: one alone would wait for itself.
    #[inline(always)]
    fn gather<T: Real>(&self, from: &[Lanes<T>], out: &mut [Lanes<T>]) {
        for (row, columns, values) in self.each_row() {
            let mut sums = [[T::default(); LANES]; 4];
            let (fours, rest) = columns.as_chunks::<4>();
            let (four_values, rest_values) = values.as_chunks::<4>();
            for (columns, values) in fours.iter().zip(four_values) {
                for k in 0..4 {
                    let lanes = &from[columns[k] as usize];
                    let x = T::stored(values[k]);
                    for l in 0..LANES {
                        sums[k][l] += x * lanes[l];
                    }
                }
            }
            for (&c, &x) in rest.iter().zip(rest_values) {
                let lanes = &from[c as usize];
                let x = T::stored(x);
                for l in 0..LANES {
                    sums[0][l] += x * lanes[l];
                }
            }
            let out = &mut out[row as usize];
            for l in 0..LANES {
                let mut sum = sums[0][l];
                sum += sums[1][l];
                sum += sums[2][l];
                sum += sums[3][l];
                out[l] += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows over more than one panel, some of them empty.
    fn rows() -> SparseRows {
        let width = PANELS[..3].iter().sum::<usize>() + 7;
        let mut rows = SparseRows::new(width);
        for i in 0..23u32 {
            let columns = (0..width as u32).filter(|c| i % 7 != 6 && (c * 31 + i * 17) % (5 + c % 11) == 0);
            rows.push(columns.map(|c| (c, ((c % 13) as f32 - 6.0) / 8.0)));
        }
        rows
    }

    fn product<T: Real>(gram: &Gram, v: &[[f64; LANES]]) -> (Vec<[f64; LANES]>, [f64; LANES]) {
        let v: Vec<Lanes<T>> = v.iter().map(|l| Lanes(l.map(T::nearest))).collect();
        let mut out = vec![Lanes::zero(); v.len()];
        let squares = gram.multiply(&v, &mut Scratch::new(), &mut out);
        (out.iter().map(|l| l.map(T::wide)).collect(), squares)
    }

    #[test]
    fn the_product_is_that_of_the_dense_matrix_in_both_precisions() {
        let rows = rows();
        let gram = Gram::new(&rows);
        assert!(gram.panels.len() > 1);
        let v: Vec<[f64; LANES]> =
            (0..23).map(|i| std::array::from_fn(|l| if i == 3 { 0.0 } else { ((i * l) % 5) as f64 - 2.0 })).collect();
        let ((single, _), (double, squares)) = (product::<f32>(&gram, &v), product::<f64>(&gram, &v));
        for l in 0..LANES {
            // Rounding is relative to the largest of the terms, which cancel.
            let size = double.iter().fold(1.0f64, |m, lanes| m.max(lanes[l].abs()));
            let mut w = vec![0.0; rows.nfeatures()];
            rows.iter().zip(&v).for_each(|(row, v)| row.add_to(v[l], &mut w));
            for (i, row) in rows.iter().enumerate() {
                let dense = row.dot(&w);
                assert!((double[i][l] - dense).abs() <= 1e-12 * size);
                assert!((single[i][l] - dense).abs() <= 1e-5 * size);
            }
            let square: f64 = w.iter().map(|w| w * w).sum();
            assert!((squares[l] - square).abs() <= 1e-12 * square);
            let mut ours = vec![0.0; rows.nfeatures()];
            let wide: Vec<Lanes<f64>> = v.iter().copied().map(Lanes).collect();
            gram.transpose_times(&wide, &mut Scratch::new(), |f, lanes| ours[f as usize] = lanes[l]);
            assert!(ours.iter().zip(&w).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn a_lane_does_not_feel_its_neighbours() {
        let gram = Gram::new(&rows());
        let alone: Vec<[f64; LANES]> =
            (0..23).map(|i| std::array::from_fn(|l| if l == 5 { f64::from(i).sin() } else { 0.0 })).collect();
        let crowded: Vec<[f64; LANES]> =
            (0..23).map(|i| std::array::from_fn(|l| (f64::from(i) + 0.3 * (l as f64 - 5.0)).sin())).collect();
        let ((alone, _), (crowded, _)) = (product::<f32>(&gram, &alone), product::<f32>(&gram, &crowded));
        assert!(alone.iter().zip(&crowded).all(|(a, b)| a[5].to_bits() == b[5].to_bits()));
    }
}
