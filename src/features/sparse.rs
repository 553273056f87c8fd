//! Sparse rows: the linfa `Records` of this project.
//!
//! linfa's own records are dense; 18,000 texts by 50,000 terms are 7 GB dense and 100 MB here. A newtype of our own
//! rather than `sprs::CsMat`, because linfa's traits may only be implemented for local types and the solver needs
//! nothing but row slices.

use linfa::dataset::Records;

/// Rows of a matrix in compressed form (CSR): per row the columns that are not zero, in growing order, and values.
///
/// Values are f32 (half the memory of a training set); all sums over them are taken in f64.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseRows {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    width: usize,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// Columns that are not zero, in growing order.
    pub columns: &'a [u32],
    /// Their values.
    pub values: &'a [f32],
}

impl Row<'_> {
    /// Dot product with a dense vector as long as the matrix is wide.
    #[inline]
    pub fn dot(&self, dense: &[f64]) -> f64 {
        self.columns.iter().zip(self.values).map(|(&c, &v)| f64::from(v) * dense[c as usize]).sum()
    }

    /// Adds `factor` times this row to a dense vector.
    #[inline]
    pub fn add_to(&self, factor: f64, dense: &mut [f64]) {
        for (&c, &v) in self.columns.iter().zip(self.values) {
            dense[c as usize] += factor * f64::from(v);
        }
    }
}

impl SparseRows {
    /// No rows yet, `width` columns.
    pub fn new(width: usize) -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new(), width }
    }

    /// Appends a row given as `(column, value)` pairs in growing order of columns, all below the width.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        for (c, v) in row {
            debug_assert!((c as usize) < self.width);
            self.columns.push(c);
            self.values.push(v);
        }
        self.starts.push(self.columns.len());
    }

    /// A row by its number.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> Row<'_> {
        let range = self.starts[i]..self.starts[i + 1];
        Row { columns: &self.columns[range.clone()], values: &self.values[range] }
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.nsamples()).map(|i| self.row(i))
    }

    /// The rows with the given numbers, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut out = Self::new(self.width);
        for &i in rows {
            let row = self.row(i);
            out.push(row.columns.iter().copied().zip(row.values.iter().copied()));
        }
        out
    }

    /// The rows with so many columns more, all of them filled: `dense` holds them row by row.
    #[must_use]
    pub(crate) fn beside(&self, dense: &[f32], columns: usize) -> Self {
        let mut out = Self::new(self.width + columns);
        for (i, row) in self.iter().enumerate() {
            let own = row.columns.iter().copied().zip(row.values.iter().copied());
            out.push(own.chain((self.width as u32..).zip(dense[i * columns..][..columns].iter().copied())));
        }
        out
    }

    /// Number of stored values.
    pub fn nonzeros(&self) -> usize {
        self.columns.len()
    }
}

impl Records for SparseRows {
    type Elem = f64;

    fn nsamples(&self) -> usize {
        self.starts.len() - 1
    }

    fn nfeatures(&self) -> usize {
        self.width
    }
}
