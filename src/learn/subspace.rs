//! One label on its way to the minimum, in the space of the training rows.
//!
//! At the minimum the weights are a sum of the rows, `w = Xᵀ a`, so `a` (a number per row) is all there is to find, and the
//! label needs nothing from the matrix but products with `K = X Xᵀ` (`gram`). The gradient over the weights is `Xᵀ ρ` with
//! `ρ = alpha a + r`, `rᵢ` the derivative of row i's loss. Each round asks for one product, `K ρ`. It gives the exact
//! gradient norm, and it makes the objective along `ρ` a function of known vectors; so it does along the last few moves
//! and along `a` itself, whose products are known already. The objective is then minimised over all of these and the
//! intercept together, by Newton's method in a handful of variables, which needs no pass over the non-zeros at all
//! (Narkiss and Zibulevsky, "Sequential subspace optimization", 2005; on a quadratic function it takes the steps of conjugate
//! gradients).
//!
//! Passes over the non-zeros are the cost, and this needs the fewest. Newton's method with conjugate gradients inside took
//! four times as many on texts of 13 narratives and 68 claims: balanced labels are nearly separable, so the curvature
//! changes from step to step and each linear system is solved for nothing. L-BFGS searches along one line where this
//! searches a space, and took more of them to a worse objective (`benches/training_peer.py`).
//!
//! The solver does not call the product. It says what it wants multiplied ([`Descent::vector`]) and is told the product
//! ([`Descent::take`]), so that labels at different stages can share one pass ("reverse communication").

use super::problem::{Problem, dot};
use super::small::{MOST, Small};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Gradient norm relative to the one at zero weights.
    pub(crate) tolerance: f64,
    /// Most rounds.
    pub(crate) rounds: usize,
}

/// What the solver found.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    /// The weights as a sum of rows: `w = Xᵀ a`, plus [`Minimum::kept`].
    pub(crate) a: Vec<f64>,
    /// Share of the weights begun at that is still part of `w`; 0 without any.
    pub(crate) kept: f64,
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

/// Weights of another model to begin at. They need not be a sum of the rows: they stand beside them as one row more, which
/// costs nothing, so that what is right about them is kept and the rest fades.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    /// `w·xᵢ` of every row.
    pub(crate) scores: Vec<f64>,
    /// `|w|²`.
    pub(crate) square: f64,
    pub(crate) bias: f64,
}

/// Moves remembered. Two would do on a quadratic function; more save a third of the products of hard labels.
const MEMORY: usize = MOST - 3;

/// Most Newton steps within a subspace.
const INNER: usize = 12;

/// A subspace is searched until a Newton step gains no more than this share of the gain so far.
const ENOUGH: f64 = 1e-2;

/// Rounds without a smaller gradient after which rounding is what is left of it.
const PATIENCE: usize = 50;

/// Log-odds of a label all of whose rows are of one kind.
const ONE_KIND: f64 = 4.0;

/// A vector over the rows and its product with `K`.
#[derive(Debug, Clone, Default)]
struct Pair {
    v: Vec<f64>,
    kv: Vec<f64>,
}

/// The solver of one label.
pub(crate) struct Descent {
    problem: Problem,
    rows: usize,
    start: Option<Start>,
    stop: Stop,
    done: bool,
    /// `a` and `K a`.
    at: Pair,
    bias: f64,
    value: f64,
    /// `ρ` and `K ρ`.
    rho: Pair,
    /// Derivative over the intercept.
    over_bias: f64,
    moves: std::collections::VecDeque<Pair>,
    /// Gradient norm to reach; unknown before the first product.
    target: Option<f64>,
    gradient_norm: f64,
    /// Smallest gradient norm so far, and the round it was met in.
    best: (f64, usize),
    products: usize,
}

impl Descent {
    /// Starts at zero weights and the best bias for them, then goes to `start`. With rows of one kind only there is no minimum (the bias runs
    /// away): such a label is done at once, with no weights and a bias of [`ONE_KIND`] in favour of that kind.
    pub(crate) fn new(mut problem: Problem, start: Option<Start>, stop: Stop) -> Self {
        let rows = problem.costs.len();
        if start.is_some() {
            problem.costs.push(0.0);
            problem.signs.push(-1.0);
        }
        let n = problem.fill_last_block();
        let side = |sign: f64| -> f64 {
            problem.signs.iter().zip(&problem.costs).filter(|(s, _)| **s * sign > 0.0).map(|(_, c)| c).sum()
        };
        let (positive, negative) = (side(1.0), side(-1.0));
        let one_kind = positive <= 0.0 || negative <= 0.0;
        let bias = match (one_kind, problem.intercept) {
            (true, _) => ONE_KIND.copysign(positive - negative),
            (false, true) => (positive / negative).ln(),
            (false, false) => 0.0,
        };
        let zeros = || Pair { v: vec![0.0; n], kv: vec![0.0; n] };
        let mut out = Self {
            problem,
            rows,
            start,
            stop,
            done: one_kind,
            at: zeros(),
            bias,
            value: 0.0,
            rho: zeros(),
            over_bias: 0.0,
            moves: std::collections::VecDeque::with_capacity(MEMORY),
            target: one_kind.then_some(0.0),
            gradient_norm: 0.0,
            best: (f64::INFINITY, 0),
            products: 0,
        };
        out.over_bias = out.problem.residual(&out.at.v, &out.at.kv, out.bias, &mut out.rho.v);
        out.value = out.local(&[], &Small::default(), &[0.0; MOST]).0;
        out
    }

    /// What to multiply `K` with next; `None` when done.
    pub(crate) fn vector(&self) -> Option<&[f64]> {
        (!self.done).then(|| &self.rho.v[..self.rows])
    }

    /// Goes on with `K v` and `|Xᵀ v|²` for the `v` of [`Descent::vector`].
    pub(crate) fn take(&mut self, product: &[f64], mut square: f64) {
        self.products += 1;
        self.rho.kv[..self.rows].copy_from_slice(product);
        if let Some(start) = &self.start {
            let share = self.rho.v[self.rows];
            self.rho.kv.iter_mut().zip(&start.scores).for_each(|(k, z)| *k += share * z);
            let along: f64 = self.rho.v[..self.rows].iter().zip(&start.scores).map(|(r, z)| r * z).sum();
            self.rho.kv[self.rows] = along + share * start.square;
            square = (square + share * (2.0 * along + share * start.square)).max(0.0);
        }
        let over_bias = if self.problem.intercept { self.over_bias } else { 0.0 };
        self.gradient_norm = (square + over_bias * over_bias).sqrt();
        let first = self.target.is_none();
        let target = *self.target.get_or_insert(self.gradient_norm * self.stop.tolerance);
        if first && self.begin_at_start() {
            return;
        }
        if self.gradient_norm < self.best.0 {
            self.best = (self.gradient_norm, self.products);
        }
        let is_stuck = self.products - self.best.1 > PATIENCE;
        if self.gradient_norm <= target || self.products > self.stop.rounds || is_stuck || !self.descend() {
            self.done = true;
        }
    }

    /// Goes from zero weights to those to start from, if any. The gradient at zero stays a direction to search along.
    fn begin_at_start(&mut self) -> bool {
        let Some(start) = &self.start else { return false };
        self.at.v[self.rows] = 1.0;
        self.at.kv[..self.rows].copy_from_slice(&start.scores);
        self.at.kv[self.rows] = start.square;
        self.bias = if self.problem.intercept { start.bias } else { 0.0 };
        self.moves.push_front(self.rho.clone());
        self.over_bias = self.problem.residual(&self.at.v, &self.at.kv, self.bias, &mut self.rho.v);
        true
    }

    /// What was found, once done.
    pub(crate) fn minimum(mut self) -> Minimum {
        let bias = self.bias;
        let kept = if self.start.is_some() { self.at.v[self.rows] } else { 0.0 };
        self.at.v.truncate(self.rows);
        Minimum {
            kept,
            scores: self.at.kv[..self.rows].iter().map(|u| u + bias).collect(),
            a: self.at.v,
            bias,
            value: self.value,
            gradient_norm: self.gradient_norm,
            converged: self.target.is_some_and(|t| self.gradient_norm <= t),
            products: self.products,
        }
    }

    /// Minimises over the subspace and moves there; `false` when rounding hides any further fall.
    fn descend(&mut self) -> bool {
        let basis: Vec<&Pair> = std::iter::once(&self.rho).chain(&self.moves).chain([&self.at]).collect();
        let penalty = self.penalty(&basis);
        let mut t = [0.0; MOST];
        let (mut value, mut small) = self.local(&basis, &penalty, &t);
        let start = value;
        for _ in 0..INNER {
            let (direction, fall) = small.newton();
            let mut step = 1.0;
            let found = loop {
                let tried: [f64; MOST] = std::array::from_fn(|j| t[j] + step * direction[j]);
                let (new, there) = self.local(&basis, &penalty, &tried);
                // The last bits of a sum over many rows are noise; near the minimum a full step is right.
                if new <= value - 1e-4 * step * fall || (new - value).abs() <= 1e-14 * value.abs() {
                    break Some((tried, new, there));
                }
                step *= 0.5;
                if step < 1e-10 {
                    break None;
                }
            };
            let Some((tried, new, there)) = found else { break };
            (t, value, small) = (tried, new, there);
            if fall <= ENOUGH * (start - value) || fall <= 1e-15 * value.abs() {
                break;
            }
        }
        let moved = t.iter().any(|&x| x != 0.0);
        let step = Pair { v: combine(&basis, &t[1..], |p| &p.v), kv: combine(&basis, &t[1..], |p| &p.kv) };
        let add = |to: &mut [f64], by: &[f64]| to.iter_mut().zip(by).for_each(|(x, d)| *x += d);
        add(&mut self.at.v, &step.v);
        add(&mut self.at.kv, &step.kv);
        self.bias += t[0];
        self.value = value;
        self.moves.truncate(MEMORY - 1);
        self.moves.push_front(step);
        self.over_bias = self.problem.residual(&self.at.v, &self.at.kv, self.bias, &mut self.rho.v);
        moved
    }

    /// The penalty's derivatives over the basis at the present point. Variable 0 is the intercept.
    fn penalty(&self, basis: &[&Pair]) -> Small {
        let mut out = Small::default();
        for (j, x) in basis.iter().enumerate() {
            out.gradient[j + 1] = self.problem.alpha * dot(&x.kv, &self.at.v);
            for (l, y) in basis.iter().enumerate().take(j + 1) {
                out.hessian[j + 1][l + 1] = self.problem.alpha * dot(&x.kv, &y.v);
            }
        }
        out
    }

    /// Value and derivatives of the objective `t` along the basis.
    fn local(&self, basis: &[&Pair], penalty: &Small, t: &[f64; MOST]) -> (f64, Small) {
        let mut out = penalty.clone();
        let mut value = 0.5 * self.problem.alpha * dot(&self.at.v, &self.at.kv);
        for j in 0..MOST {
            value += penalty.gradient[j] * t[j];
            for l in 0..MOST {
                let h = penalty.hessian[j.max(l)][j.min(l)];
                out.gradient[j] += h * t[l];
                value += 0.5 * h * t[l] * t[j];
            }
        }
        let directions: Vec<&[f64]> = basis.iter().map(|p| &*p.kv).collect();
        value += self.problem.losses(&self.at.kv, self.bias, &directions, t, &mut out);
        if !self.problem.intercept {
            out.gradient[0] = 0.0;
            out.hessian.iter_mut().for_each(|row| row[0] = 0.0);
        }
        (value, out)
    }
}

/// The sum of the basis vectors, each times its factor.
fn combine<'p>(basis: &[&'p Pair], factors: &[f64], part: impl Fn(&'p Pair) -> &'p [f64]) -> Vec<f64> {
    let mut out = vec![0.0; basis.first().map_or(0, |p| p.v.len())];
    for (pair, &factor) in basis.iter().zip(factors) {
        out.iter_mut().zip(part(pair)).for_each(|(x, v)| *x += factor * v);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::sparse::SparseRows;

    const STOP: Stop = Stop { tolerance: 1e-7, rounds: 500 };

    fn rows() -> SparseRows {
        let mut rows = SparseRows::new(30);
        for i in 0..90u32 {
            let columns = (0..30).filter(|c| (c * 7 + i * i * 5) % 4 == 0);
            rows.push(columns.map(|c| (c, ((c * i) % 11) as f32 / 8.0 - 0.5)));
        }
        rows
    }

    fn problem(intercept: bool) -> Problem {
        Problem {
            signs: (0..90).map(|i| if (i * i) % 7 < 2 { 1.0 } else { -1.0 }).collect(),
            costs: (0..90).map(|i| f64::from(i % 5) / 2.0).collect(),
            alpha: 0.2,
            intercept,
        }
    }

    fn weights(rows: &SparseRows, minimum: &Minimum, start: &[f64]) -> Vec<f64> {
        let mut w: Vec<f64> = start.iter().map(|s| s * minimum.kept).collect();
        w.resize(30, 0.0);
        rows.iter().zip(&minimum.a).for_each(|(row, &a)| row.add_to(a, &mut w));
        w
    }

    fn solve(problem: Problem, start: Option<Start>) -> Minimum {
        let rows = rows();
        let mut descent = Descent::new(problem, start, STOP);
        while let Some(v) = descent.vector() {
            let mut w = vec![0.0; 30];
            rows.iter().zip(v).for_each(|(row, &a)| row.add_to(a, &mut w));
            let product: Vec<f64> = rows.iter().map(|row| row.dot(&w)).collect();
            descent.take(&product, w.iter().map(|w| w * w).sum());
        }
        descent.minimum()
    }

    /// Largest entry of the gradient of the objective, by its definition.
    fn gradient(w: &[f64], b: f64, p: &Problem) -> f64 {
        let mut g: Vec<f64> = w.iter().map(|w| p.alpha * w).collect();
        let mut over_bias = 0.0;
        for (i, row) in rows().iter().enumerate() {
            let pull = -p.signs[i] * p.costs[i] / (1.0 + (p.signs[i] * (row.dot(w) + b)).exp());
            row.add_to(pull, &mut g);
            over_bias += pull;
        }
        g.push(if p.intercept { over_bias } else { 0.0 });
        g.iter().fold(0.0, |m, x| m.max(x.abs()))
    }

    #[test]
    fn the_gradient_vanishes_with_and_without_an_intercept() {
        for intercept in [true, false] {
            let found = solve(problem(intercept), None);
            let w = weights(&rows(), &found, &[]);
            assert!(found.converged && gradient(&w, found.bias, &problem(intercept)) < 1e-5);
            assert!(intercept || found.bias == 0.0);
            let scored = rows().iter().zip(&found.scores).all(|(row, s)| (row.dot(&w) + found.bias - s).abs() < 1e-8);
            assert!(scored, "scores are those of the weights, rows left out included");
        }
    }

    #[test]
    fn any_start_ends_at_the_same_minimum_and_a_good_one_soon() {
        let cold = solve(problem(true), None);
        let expected = weights(&rows(), &cold, &[]);
        let begin = |w: &[f64], bias: f64| Start {
            scores: rows().iter().map(|r| r.dot(w)).collect(),
            square: w.iter().map(|w| w * w).sum(),
            bias,
        };
        let wild: Vec<f64> = (0..30).map(|i| f64::from(i).cos() * 3.0).collect();
        for (start, bias, good) in [(&expected, cold.bias, true), (&wild, -2.0, false)] {
            let found = solve(problem(true), Some(begin(start, bias)));
            let w = weights(&rows(), &found, start);
            assert!(found.converged && w.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5));
            assert!(!good || 3 * found.products < cold.products, "{} and {}", found.products, cold.products);
        }
    }

    #[test]
    fn a_label_of_one_kind_is_done_at_once() {
        let mut one = problem(true);
        one.signs.fill(-1.0);
        let found = solve(one, None);
        assert_eq!((found.bias, found.products, found.converged), (-ONE_KIND, 0, true));
        assert!(found.a.iter().all(|&a| a == 0.0));
    }
}
