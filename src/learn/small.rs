//! A Newton step in a handful of variables.

/// Most variables.
pub(crate) const MOST: usize = 8;

/// Gradient and Hessian of a convex function of at most [`MOST`] variables; the lower triangle counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Small {
    pub(crate) gradient: [f64; MOST],
    pub(crate) hessian: [[f64; MOST]; MOST],
}

/// Pivot, relative to the diagonal, below which a variable is a combination of those before it.
const DEPENDENT: f64 = 1e-11;

impl Small {
    /// The Newton step `d = -H⁻¹ g`, and how steeply it falls, `-gᵀ d`, never negative.
    ///
    /// By Cholesky's factorisation of the Hessian scaled to a unit diagonal. A variable that adds nothing to those before
    /// it stays where it is; so do unused ones, whose row is zero.
    pub(crate) fn newton(&self) -> ([f64; MOST], f64) {
        let scale: [f64; MOST] = std::array::from_fn(|j| {
            let d = self.hessian[j][j];
            if d > 0.0 && d.is_finite() { 1.0 / d.sqrt() } else { 0.0 }
        });
        let mut factor = [[0.0; MOST]; MOST];
        let mut y = [0.0; MOST];
        for j in 0..MOST {
            for l in 0..=j {
                let known: f64 = (0..l).map(|k| factor[j][k] * factor[l][k]).sum();
                let rest = self.hessian[j][l] * scale[j] * scale[l] - known;
                if l < j {
                    factor[j][l] = if factor[l][l] > 0.0 { rest / factor[l][l] } else { 0.0 };
                } else if rest > DEPENDENT {
                    factor[j][j] = rest.sqrt();
                }
            }
            if factor[j][j] > 0.0 {
                let known: f64 = (0..j).map(|k| factor[j][k] * y[k]).sum();
                y[j] = (-self.gradient[j] * scale[j] - known) / factor[j][j];
            } else {
                factor[j] = [0.0; MOST];
            }
        }
        let mut step = [0.0; MOST];
        for j in (0..MOST).rev().filter(|&j| factor[j][j] > 0.0) {
            let known: f64 = (j + 1..MOST).map(|k| factor[k][j] * step[k]).sum();
            step[j] = (y[j] - known) / factor[j][j];
        }
        let fall = y.iter().map(|y| y * y).sum();
        (std::array::from_fn(|j| step[j] * scale[j]), fall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(n: usize, hessian: impl Fn(usize, usize) -> f64, gradient: impl Fn(usize) -> f64) -> Small {
        let mut out = Small::default();
        for j in 0..n {
            out.gradient[j] = gradient(j);
            (0..=j).for_each(|l| out.hessian[j][l] = hessian(j, l));
        }
        out
    }

    #[test]
    fn solves_the_system_whatever_its_scale() {
        let size = |j: usize| 10f64.powf(j as f64 * 4.0 - 6.0);
        let hessian = |j: usize, l: usize| (if j == l { 2.0 } else { 0.3 }) * size(j) * size(l);
        let s = small(4, hessian, |j| size(j) * (j as f64 - 1.5));
        let (d, fall) = s.newton();
        for j in 0..4 {
            let left: f64 = (0..4).map(|l| hessian(j, l) * d[l]).sum::<f64>() + s.gradient[j];
            assert!(left.abs() < 1e-12 * size(j));
        }
        let expected: f64 = (0..4).map(|j| -s.gradient[j] * d[j]).sum();
        assert!((fall - expected).abs() < 1e-12 && d[4..] == [0.0; MOST - 4]);
    }

    #[test]
    fn a_variable_said_twice_counts_once() {
        let s = small(3, |j, l| if (j == 2) == (l == 2) { 1.0 } else { 0.0 }, |j| if j == 2 { 1.0 } else { 4.0 });
        let (d, fall) = s.newton();
        assert_eq!((d[0], d[1], d[2], fall), (-4.0, 0.0, -1.0, 17.0));
    }
}
