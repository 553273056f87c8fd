//! Truncated Newton for one label, in the space of the training rows.
//!
//! At the minimum the weights are a sum of the rows, `w = Xᵀ a`, so `a` (a number per row) is all there is to find: rows
//! are far fewer than features, and the label needs nothing from the matrix but products with `K = X Xᵀ` (`gram`).
//! Write `rᵢ` and `Dᵢ` for the first and second derivative of row i's loss. A Newton step solves
//!
//! ```text
//! (K + alpha D⁻¹) δ + β 1 = -D⁻¹ ρ,   1ᵀ δ = 0,   ρ = alpha a + r        (w moves by Xᵀ δ, the bias by β)
//! ```
//!
//! (Chapelle, "Training a support vector machine in the primal", Neural Computation 2007; Rasmussen and Williams,
//! "Gaussian Processes for Machine Learning", algorithm 3.1), here by projected preconditioned conjugate gradients (Gould,
//! Hribar and Nocedal, SIAM J. Sci. Comput. 2001) until the residual is small enough (inexact Newton: Nocedal and Wright,
//! "Numerical Optimization", section 7.1), and searches along it (Armijo). The diagonal preconditioner is what makes
//! it fast: it evens out rows that weigh a hundred times more than others, as the few positives of a balanced label do,
//! which one over features cannot. Rejected, because they pass over the non-zeros several times as often: L-BFGS, and
//! Newton-CG over features.
//!
//! The solver does not call the product. It says what it wants multiplied ([`Newton::vector`]) and is told the product
//! ([`Newton::take`]), so that labels at different stages can share one pass ("reverse communication").

use pulp::Arch;

use super::logistic::{loss, probability_and_slope};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Gradient norm relative to the one at zero weights.
    pub(crate) tolerance: f64,
    /// Most Newton steps.
    pub(crate) steps: usize,
}

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

/// What the solver found.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    /// The weights as a sum of rows: `w = Xᵀ a`.
    pub(crate) a: Vec<f64>,
    pub(crate) bias: f64,
    /// The linear score of every row, those left out included.
    pub(crate) scores: Vec<f64>,
    /// The objective.
    pub(crate) value: f64,
    /// Norm of the gradient over weights and intercept.
    pub(crate) gradient_norm: f64,
    /// Whether the tolerance was reached.
    pub(crate) converged: bool,
    /// Products that were needed.
    pub(crate) products: usize,
}

/// Most conjugate-gradient iterations per Newton step.
const INNER: usize = 200;

/// Share of its residual that a Newton step may leave at most.
const FORCING: f64 = 0.3;

/// Least curvature of a row relative to its cost; below it the row is a constant to working precision.
const FLAT: f64 = 1e-10;

/// Log-odds of a label all of whose rows are of one kind.
const ONE_KIND: f64 = 4.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Wants `K ρ`, for the exact gradient norm.
    Measure,
    /// Wants `K p` for a conjugate-gradient iteration.
    Solve,
    Done,
}

/// One label on its way to the minimum.
pub(crate) struct Newton<'g> {
    problem: Problem,
    /// Diagonal of `K`.
    diagonal: &'g [f64],
    stop: Stop,
    stage: Stage,
    a: Vec<f64>,
    /// `K a`.
    ka: Vec<f64>,
    bias: f64,
    value: f64,
    rho: Vec<f64>,
    /// `Dᵢ`.
    curvature: Vec<f64>,
    /// Gradient norm to reach; unknown before the first measurement.
    target: Option<f64>,
    gradient_norm: f64,
    /// Gradient norm over its estimate from the diagonal, as last measured.
    ratio: f64,
    step: Step,
    steps: usize,
    products: usize,
}

/// The Newton step being solved for.
struct Step {
    delta: Vec<f64>,
    /// `K δ`.
    k_delta: Vec<f64>,
    beta: f64,
    residual: Vec<f64>,
    /// Diagonal of the preconditioner, inverted; 0 for rows left out.
    inverse: Vec<f64>,
    direction: Vec<f64>,
    /// Squared norm of the residual in the preconditioner.
    square: f64,
    /// Estimated gradient norm to leave.
    enough: f64,
    iterations: usize,
}

/// Sum of `f(i)` in eight interleaved parts: an order of its own, the same everywhere, that can be vectorised.
#[inline(always)]
fn sum(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    let mut parts = [0.0; 8];
    let whole = n / 8 * 8;
    for start in (0..whole).step_by(8) {
        for (k, part) in parts.iter_mut().enumerate() {
            *part += f(start + k);
        }
    }
    let rest: f64 = (whole..n).map(f).sum();
    parts.iter().sum::<f64>() + rest
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let b = &b[..a.len()];
    Arch::new().dispatch(
        #[inline(always)]
        || sum(a.len(), |i| a[i] * b[i]),
    )
}

impl<'g> Newton<'g> {
    /// Starts at zero weights and the best bias for them. With rows of one kind only there is no minimum (the bias runs
    /// away): such a label is done at once, with no weights and a bias of [`ONE_KIND`] in favour of that kind.
    pub(crate) fn new(problem: Problem, diagonal: &'g [f64], stop: Stop) -> Self {
        let n = diagonal.len();
        let side = |sign: f64| -> f64 {
            problem.signs.iter().zip(&problem.costs).filter(|(s, _)| **s == sign).map(|(_, c)| c).sum()
        };
        let (positive, negative) = (side(1.0), side(-1.0));
        let one_kind = positive <= 0.0 || negative <= 0.0;
        let bias = match (one_kind, problem.intercept) {
            (true, _) => ONE_KIND.copysign(positive - negative),
            (false, true) => (positive / negative).ln(),
            (false, false) => 0.0,
        };
        let zeros = || vec![0.0; n];
        let step = Step {
            delta: zeros(),
            k_delta: zeros(),
            beta: 0.0,
            residual: zeros(),
            inverse: zeros(),
            direction: zeros(),
            square: 0.0,
            enough: 0.0,
            iterations: 0,
        };
        let mut out = Self {
            problem,
            diagonal,
            stop,
            stage: Stage::Measure,
            a: zeros(),
            ka: zeros(),
            bias,
            value: 0.0,
            rho: zeros(),
            curvature: zeros(),
            target: None,
            gradient_norm: f64::INFINITY,
            ratio: 1.0,
            step,
            steps: 0,
            products: 0,
        };
        out.value = out.value_along(0.0);
        out.derivatives();
        if one_kind {
            (out.stage, out.target, out.gradient_norm) = (Stage::Done, Some(0.0), 0.0);
        }
        out
    }

    /// What to multiply `K` with next; `None` when done.
    pub(crate) fn vector(&self) -> Option<&[f64]> {
        match self.stage {
            Stage::Measure => Some(&self.rho),
            Stage::Solve => Some(&self.step.direction),
            Stage::Done => None,
        }
    }

    /// Goes on with the product of `K` and [`Newton::vector`].
    pub(crate) fn take(&mut self, product: &[f64]) {
        self.products += 1;
        match self.stage {
            Stage::Measure => self.measure(product),
            Stage::Solve => {
                self.conjugate(product);
                if self.is_solved() {
                    self.search();
                }
            }
            Stage::Done => {}
        }
    }

    /// What was found, once done.
    pub(crate) fn minimum(self) -> Minimum {
        let bias = self.bias;
        Minimum {
            scores: self.ka.iter().map(|u| u + bias).collect(),
            a: self.a,
            bias,
            value: self.value,
            gradient_norm: self.gradient_norm,
            converged: self.target.is_some_and(|t| self.gradient_norm <= t),
            products: self.products,
        }
    }

    /// The objective after `t` of the step.
    fn value_along(&self, t: f64) -> f64 {
        let (s, p, n) = (&self.step, &self.problem, self.a.len());
        let (a, ka, delta, k_delta) = (&self.a[..n], &self.ka[..n], &s.delta[..n], &s.k_delta[..n]);
        let (signs, costs) = (&p.signs[..n], &p.costs[..n]);
        let bias = self.bias + t * s.beta;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let norm = sum(n, |i| (a[i] + t * delta[i]) * (ka[i] + t * k_delta[i]));
                let losses = sum(n, |i| costs[i] * loss(signs[i] * (ka[i] + t * k_delta[i] + bias)));
                0.5 * p.alpha * norm + losses
            },
        )
    }

    /// `ρ` and `D` at the present point.
    fn derivatives(&mut self) {
        let (p, n, bias) = (&self.problem, self.a.len(), self.bias);
        let (a, ka, signs, costs) = (&self.a[..n], &self.ka[..n], &p.signs[..n], &p.costs[..n]);
        let (rho, curvature) = (&mut self.rho[..n], &mut self.curvature[..n]);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for i in 0..n {
                    let (wrong, slope) = probability_and_slope(-signs[i] * (ka[i] + bias));
                    rho[i] = p.alpha * a[i] - signs[i] * costs[i] * wrong;
                    let slope = if slope < FLAT { FLAT } else { slope };
                    curvature[i] = costs[i] * slope;
                }
            },
        );
    }

    /// The gradient over the intercept.
    fn bias_gradient(&self) -> f64 {
        if self.problem.intercept { self.rho.iter().sum() } else { 0.0 }
    }

    /// Norm of the gradient if rows had nothing in common: `K` by its diagonal.
    fn estimate(&self) -> f64 {
        let (rho, diagonal) = (&self.rho, self.diagonal);
        let bias = self.bias_gradient();
        (sum(rho.len(), |i| diagonal[i] * rho[i] * rho[i]) + bias * bias).sqrt()
    }

    fn measure(&mut self, product: &[f64]) {
        let bias = self.bias_gradient();
        self.gradient_norm = (dot(&self.rho, product).max(0.0) + bias * bias).sqrt();
        let first = self.target.is_none();
        let target = *self.target.get_or_insert(self.gradient_norm * self.stop.tolerance);
        if self.gradient_norm <= target || self.steps >= self.stop.steps {
            self.stage = Stage::Done;
            return;
        }
        if !first {
            self.ratio = self.gradient_norm / self.estimate();
        }
        self.begin();
    }

    /// Sets up the system of the next Newton step.
    fn begin(&mut self) {
        let estimate = self.estimate();
        let (p, s) = (&self.problem, &mut self.step);
        for i in 0..self.rho.len() {
            let d = self.curvature[i];
            let active = p.costs[i] > 0.0;
            s.inverse[i] = if active { 1.0 / (self.diagonal[i] + p.alpha / d) } else { 0.0 };
            s.residual[i] = if active { -self.rho[i] / d } else { 0.0 };
        }
        s.delta.fill(0.0);
        s.k_delta.fill(0.0);
        s.direction.fill(0.0);
        (s.beta, s.iterations, s.square) = (0.0, 0, 0.0);
        let target = self.target.unwrap_or(0.0);
        s.enough = (FORCING * estimate).max(0.3 * target / self.ratio);
        s.project(p.intercept);
        s.turn(0.0);
        self.stage = Stage::Solve;
    }

    fn conjugate(&mut self, product: &[f64]) {
        let s = &mut self.step;
        let (n, alpha, costs) = (product.len(), self.problem.alpha, &self.problem.costs);
        let (p, curvature) = (&s.direction[..n], &self.curvature[..n]);
        let stiff = |i: usize| if costs[i] > 0.0 { alpha / curvature[i] * p[i] } else { 0.0 };
        let bend = dot(p, product) + sum(n, |i| p[i] * stiff(i));
        s.iterations += 1;
        if bend <= 0.0 || s.square <= 0.0 {
            s.iterations = INNER;
            return;
        }
        let step = s.square / bend;
        for i in 0..n {
            s.delta[i] += step * p[i];
            s.k_delta[i] += step * product[i];
            if costs[i] > 0.0 {
                s.residual[i] -= step * (product[i] + stiff(i));
            }
        }
        let before = s.square;
        s.project(self.problem.intercept);
        s.turn(s.square / before);
    }

    /// Whether the step leaves little enough, or can be made no better. (After it, to first order, `ρ = -D residual`.)
    fn is_solved(&self) -> bool {
        let s = &self.step;
        let left = |i: usize| {
            let rho = self.curvature[i] * s.residual[i];
            self.diagonal[i] * rho * rho
        };
        s.iterations >= INNER || sum(s.residual.len(), left).sqrt() <= s.enough
    }

    /// Moves along the step, then measures or goes on.
    fn search(&mut self) {
        let s = &self.step;
        let slope = dot(&self.rho, &s.k_delta) + self.bias_gradient() * s.beta;
        if slope >= 0.0 && s.iterations < INNER {
            // A truncated solution need not be downhill, the exact one is.
            self.step.enough *= 0.1;
            return;
        }
        let Some((t, value)) = self.armijo(slope) else {
            self.steps = self.stop.steps;
            self.stage = Stage::Measure;
            return;
        };
        let s = &self.step;
        for i in 0..self.a.len() {
            self.a[i] += t * s.delta[i];
            self.ka[i] += t * s.k_delta[i];
        }
        self.bias += t * s.beta;
        self.value = value;
        self.steps += 1;
        self.derivatives();
        let near = self.ratio * self.estimate() <= self.target.unwrap_or(0.0);
        if near || self.steps >= self.stop.steps {
            self.stage = Stage::Measure;
        } else {
            self.begin();
        }
    }

    /// Halves the step until the value falls enough; `None` when rounding hides any further fall.
    fn armijo(&self, slope: f64) -> Option<(f64, f64)> {
        let mut t = 1.0;
        while t > 1e-10 {
            let new = self.value_along(t);
            // The last bits of a sum over many rows are noise; near the minimum a full step is right.
            if new <= self.value + 1e-4 * t * slope || (new - self.value).abs() <= 1e-14 * self.value.abs() {
                return Some((t, new));
            }
            t *= 0.5;
        }
        None
    }
}

impl Step {
    /// Takes the multiplier of `1ᵀ δ = 0` out of the residual and into `β`, and measures what is left.
    fn project(&mut self, intercept: bool) {
        if intercept {
            let total: f64 = self.inverse.iter().sum();
            let mean = if total > 0.0 { dot(&self.inverse, &self.residual) / total } else { 0.0 };
            for (r, m) in self.residual.iter_mut().zip(&self.inverse) {
                *r -= if *m > 0.0 { mean } else { 0.0 };
            }
            self.beta += mean;
        }
        let (r, m) = (&self.residual, &self.inverse);
        self.square = sum(r.len(), |i| m[i] * r[i] * r[i]);
    }

    /// The next conjugate direction.
    fn turn(&mut self, factor: f64) {
        for ((p, m), r) in self.direction.iter_mut().zip(&self.inverse).zip(&self.residual) {
            *p = m * r + factor * *p;
        }
    }
}
