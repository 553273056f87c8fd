//! The objective of one binary, L2-regularised, weighted logistic regression over sparse rows.
//!
//! `f(w, b) = alpha/2 |w|² + Σ cᵢ ln(1 + exp(-yᵢ (w·xᵢ + b)))`, `yᵢ` = ±1, the intercept not regularised: the same
//! objective as linfa-logistic's, with a cost per row. Value, gradient and Hessian-vector product are all a Newton
//! method needs (Lin, Weng and Keerthi, "Trust region Newton method for large-scale logistic regression", JMLR 2008).

use linfa::dataset::Records;

use super::logistic::sigmoid;
use crate::features::sparse::SparseRows;

/// The problem: rows, labels and costs of one narrative.
pub(crate) struct Objective<'a> {
    pub(crate) rows: &'a SparseRows,
    /// Whether each row is positive.
    pub(crate) positive: &'a [bool],
    /// Cost of each row, 0 to leave it out.
    pub(crate) costs: &'a [f64],
    pub(crate) alpha: f64,
    pub(crate) intercept: bool,
}

/// `ln(1 + exp(-m))` without overflow.
fn logistic_loss(margin: f64) -> f64 {
    if margin > 0.0 { (-margin).exp().ln_1p() } else { -margin + margin.exp().ln_1p() }
}

impl Objective<'_> {
    /// Number of variables: a weight per feature, and the intercept last.
    pub(crate) fn variables(&self) -> usize {
        self.rows.nfeatures() + 1
    }

    /// `out[i] = v·xᵢ + v_b` for every row that costs something.
    pub(crate) fn scores(&self, v: &[f64], out: &mut [f64]) {
        let (w, b) = v.split_at(self.rows.nfeatures());
        for (i, row) in self.rows.iter().enumerate() {
            out[i] = if self.costs[i] > 0.0 { row.dot(w) + b[0] } else { 0.0 };
        }
    }

    /// The objective at the variables `v` with the row scores `scores`.
    pub(crate) fn value(&self, v: &[f64], scores: &[f64]) -> f64 {
        let w = &v[..self.rows.nfeatures()];
        let loss: f64 = (scores.iter().zip(self.positive).zip(self.costs))
            .filter(|&(_, &c)| c > 0.0)
            .map(|((&z, &p), &c)| c * logistic_loss(if p { z } else { -z }))
            .sum();
        loss + 0.5 * self.alpha * dot(w, w)
    }

    /// The gradient into `out`, and the curvature of each row's loss into `curvature`.
    pub(crate) fn gradient(&self, v: &[f64], scores: &[f64], out: &mut [f64], curvature: &mut [f64]) {
        let features = self.rows.nfeatures();
        for (o, w) in out[..features].iter_mut().zip(v) {
            *o = self.alpha * w;
        }
        let mut bias = 0.0;
        for (i, row) in self.rows.iter().enumerate() {
            let p = sigmoid(scores[i]);
            let residual = self.costs[i] * (p - f64::from(u8::from(self.positive[i])));
            curvature[i] = self.costs[i] * p * (1.0 - p);
            if residual != 0.0 {
                row.add_to(residual, &mut out[..features]);
                bias += residual;
            }
        }
        out[features] = if self.intercept { bias } else { 0.0 };
    }

    /// `out = H v` for the Hessian with the given row curvatures; `scratch` holds a value per row.
    pub(crate) fn hessian_times(&self, v: &[f64], curvature: &[f64], scratch: &mut [f64], out: &mut [f64]) {
        let features = self.rows.nfeatures();
        self.scores(v, scratch);
        for (o, w) in out[..features].iter_mut().zip(v) {
            *o = self.alpha * w;
        }
        let mut bias = 0.0;
        for (i, row) in self.rows.iter().enumerate() {
            let pull = curvature[i] * scratch[i];
            if pull != 0.0 {
                row.add_to(pull, &mut out[..features]);
                bias += pull;
            }
        }
        out[features] = if self.intercept { bias } else { 0.0 };
    }

    /// The diagonal of the Hessian, to precondition with.
    pub(crate) fn diagonal(&self, curvature: &[f64], out: &mut [f64]) {
        let features = self.rows.nfeatures();
        out[..features].fill(self.alpha.max(1e-12));
        out[features] = 1e-12;
        for (i, row) in self.rows.iter().enumerate().filter(|&(i, _)| curvature[i] > 0.0) {
            for (&c, &x) in row.columns.iter().zip(row.values) {
                out[c as usize] += curvature[i] * f64::from(x) * f64::from(x);
            }
            out[features] += curvature[i];
        }
    }
}

/// Dot product of two dense vectors.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_and_hessian_agree_with_differences() {
        let mut rows = SparseRows::new(3);
        rows.push([(0, 1.0), (2, -0.5)]);
        rows.push([(1, 2.0)]);
        rows.push([(0, 0.3), (1, -1.0), (2, 0.7)]);
        let objective = Objective {
            rows: &rows,
            positive: &[true, false, true],
            costs: &[1.0, 0.5, 2.0],
            alpha: 0.1,
            intercept: true,
        };
        let at = |v: &[f64]| {
            let mut s = [0.0; 3];
            objective.scores(v, &mut s);
            let (mut g, mut d) = (vec![0.0; 4], [0.0; 3]);
            objective.gradient(v, &s, &mut g, &mut d);
            (objective.value(v, &s), g, d)
        };
        let v = [0.2, -0.4, 0.9, 0.1];
        let (_, g, d) = at(&v);
        let h = 1e-6;
        for i in 0..4 {
            let (mut up, mut down) = (v, v);
            up[i] += h;
            down[i] -= h;
            assert!(((at(&up).0 - at(&down).0) / (2.0 * h) - g[i]).abs() < 1e-8);
            let mut e = [0.0; 4];
            e[i] = 1.0;
            let mut column = [0.0; 4];
            objective.hessian_times(&e, &d, &mut [0.0; 3], &mut column);
            let (gu, gd) = (at(&up).1, at(&down).1);
            for j in 0..4 {
                assert!(((gu[j] - gd[j]) / (2.0 * h) - column[j]).abs() < 1e-7);
            }
        }
    }
}
