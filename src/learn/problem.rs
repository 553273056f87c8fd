//! One label's objective, seen along a few directions: value, gradient and Hessian in one pass over the rows.
//!
//! Everything here is a vector over the rows; the matrix itself is out of sight. Rows are taken in blocks that stay in the
//! first-level cache, since the Hessian reads each direction once for every other.

use pulp::{Arch, Simd, WithSimd};

use super::logistic::loss;
use super::small::{MOST, Small};

/// One binary, L2-regularised, weighted logistic regression:
/// `f(w, b) = alpha/2 |w|² + Σ cᵢ ln(1 + exp(-sᵢ (w·xᵢ + b)))`, the intercept not regularised; linfa-logistic's
/// objective with a cost per row.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// 1 for a positive row, -1 for the others.
    pub(crate) signs: Vec<f64>,
    /// Cost of each row, 0 to leave it out.
    pub(crate) costs: Vec<f64>,
    pub(crate) alpha: f64,
    pub(crate) intercept: bool,
}

/// Rows taken through the cache together.
const BLOCK: usize = 64;

/// Dot product in eight interleaved parts: an order of its own, the same everywhere, that can be vectorised. What does not
/// fill eight is left out.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    for (x, y) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for k in 0..8 {
            parts[k] += x[k] * y[k];
        }
    }
    parts.iter().sum()
}

impl Problem {
    /// Appends rows that cost nothing until blocks are whole, and gives the new length. All vectors have this length.
    pub(crate) fn fill_last_block(&mut self) -> usize {
        let n = self.costs.len().next_multiple_of(BLOCK);
        self.costs.resize(n, 0.0);
        self.signs.resize(n, -1.0);
        n
    }

    /// `ρ = alpha a + r` at the point `a` with `K a = ka`, and the sum of `r`: the gradient is `Xᵀ ρ` over the weights and
    /// that sum over the intercept.
    pub(crate) fn residual(&self, a: &[f64], ka: &[f64], bias: f64, rho: &mut [f64]) -> f64 {
        Arch::new().dispatch(Residual { problem: self, a, ka, bias, rho })
    }

    /// The losses at `ka + Σ t[j + 1] directions[j] + bias + t[0]`, and their derivatives over `t` added to `out`.
    pub(crate) fn losses(&self, ka: &[f64], bias: f64, directions: &[&[f64]], t: &[f64; MOST], out: &mut Small) -> f64 {
        Arch::new().dispatch(Losses { problem: self, ka, bias: bias + t[0], directions, t, out })
    }
}

struct Residual<'a> {
    problem: &'a Problem,
    a: &'a [f64],
    ka: &'a [f64],
    bias: f64,
    rho: &'a mut [f64],
}

impl WithSimd for Residual<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let (n, p) = (self.rho.len(), self.problem);
        let (a, ka, signs, costs) = (&self.a[..n], &self.ka[..n], &p.signs[..n], &p.costs[..n]);
        for i in 0..n {
            let (_, wrong, _) = loss(signs[i] * (ka[i] + self.bias));
            self.rho[i] = -signs[i] * costs[i] * wrong;
        }
        let total = self.rho.iter().sum();
        self.rho.iter_mut().zip(a).for_each(|(rho, a)| *rho += p.alpha * a);
        total
    }
}

struct Losses<'a> {
    problem: &'a Problem,
    ka: &'a [f64],
    bias: f64,
    directions: &'a [&'a [f64]],
    t: &'a [f64; MOST],
    out: &'a mut Small,
}

impl WithSimd for Losses<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sum = 0.0;
        let count = self.directions.len() + 1;
        let mut directions = [[1.0; BLOCK]; MOST];
        for at in 0..self.ka.len() / BLOCK {
            let block = |v: &[f64]| -> [f64; BLOCK] { v.as_chunks::<BLOCK>().0[at] };
            let (signs, costs) = (block(&self.problem.signs), block(&self.problem.costs));
            let mut scores = block(self.ka);
            for (to, from) in directions[1..].iter_mut().zip(self.directions) {
                *to = block(from);
            }
            for (direction, t) in directions[1..count].iter().zip(&self.t[1..]) {
                for i in 0..BLOCK {
                    scores[i] += t * direction[i];
                }
            }
            let (mut losses, mut pull, mut curvature) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
            for i in 0..BLOCK {
                let margin = signs[i] * (scores[i] + self.bias);
                let (value, wrong, slope) = loss(margin);
                losses[i] = value;
                pull[i] = -signs[i] * costs[i] * wrong;
                curvature[i] = costs[i] * slope;
            }
            sum += dot(&losses, &costs);
            for j in 0..count {
                let mut bent = [0.0; BLOCK];
                for i in 0..BLOCK {
                    bent[i] = curvature[i] * directions[j][i];
                }
                self.out.gradient[j] += dot(&pull, &directions[j]);
                for (l, other) in directions.iter().enumerate().take(j + 1) {
                    self.out.hessian[j][l] += dot(&bent, other);
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_differences() {
        let n = 100usize;
        let wave = |f: f64| -> Vec<f64> { (0..n).map(|i| (i as f64 * f).sin()).collect() };
        let mut problem = Problem {
            signs: wave(1.3).iter().map(|x| x.signum()).collect(),
            costs: (0..n).map(|i| (i % 4) as f64).collect(),
            alpha: 0.1,
            intercept: true,
        };
        let rows = problem.fill_last_block();
        let [mut ka, mut x, mut y] = [wave(0.7), wave(2.1), wave(0.2)];
        for v in [&mut ka, &mut x, &mut y] {
            v.resize(rows, 0.0);
        }
        let at = |t: &[f64; 3]| {
            let mut all = [0.0; MOST];
            all[..3].copy_from_slice(t);
            let mut out = Small::default();
            let value = problem.losses(&ka, 0.3, &[&x, &y], &all, &mut out);
            (value, out)
        };
        let t = [0.2, -0.4, 0.9];
        let (value, small) = at(&t);
        let direct: f64 =
            (0..n).map(|i| problem.costs[i] * loss(problem.signs[i] * (ka[i] + 0.5 - 0.4 * x[i] + 0.9 * y[i])).0).sum();
        assert!((value - direct).abs() < 1e-12 * direct);
        let h = 1e-6;
        for j in 0..3 {
            let (mut up, mut down) = (t, t);
            up[j] += h;
            down[j] -= h;
            let ((up, up_small), (down, down_small)) = (at(&up), at(&down));
            assert!(((up - down) / (2.0 * h) - small.gradient[j]).abs() < 1e-6);
            for l in j..3 {
                let bend = (up_small.gradient[l] - down_small.gradient[l]) / (2.0 * h);
                assert!((bend - small.hessian[l][j]).abs() < 1e-6);
            }
        }
        // At zero, with `a` for the penalty, the residual along a direction is the gradient.
        let mut rho = vec![0.0; rows];
        problem.residual(&y, &ka, 0.3, &mut rho);
        let along: f64 = rho.iter().zip(&y).zip(&x).map(|((r, a), x)| (r - 0.1 * a) * x).sum();
        assert!((along - at(&[0.0; 3]).1.gradient[1]).abs() < 1e-10);
    }
}
