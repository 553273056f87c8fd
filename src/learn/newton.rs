//! One label to any precision: truncated Newton, each step solving `H d = -g` roughly by preconditioned conjugate
//! gradients, then searching along it.
//!
//! `subspace` needs a quarter of the passes and serves many labels with each, but it works with products of rows, whose
//! rounding stops it a few digits short where rows outnumber features. What asks for more digits than training needs
//! (the agreement with linfa-logistic) comes here. Step rule and stopping follow Nocedal and Wright, "Numerical
//! Optimization", algorithm 7.1 (line search Newton–CG with superlinear forcing) with Armijo backtracking.

use super::objective::{Objective, dot};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Gradient norm relative to the one at zero weights.
    pub(crate) tolerance: f64,
    /// Most Newton steps.
    pub(crate) steps: usize,
}

/// What the solver found.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    /// Weights, then the intercept.
    pub(crate) variables: Vec<f64>,
    /// The objective there.
    pub(crate) value: f64,
    /// Norm of the gradient there.
    pub(crate) gradient_norm: f64,
    /// Whether the tolerance was reached.
    pub(crate) converged: bool,
    /// Products with the Hessian that were needed.
    pub(crate) products: usize,
}

/// Most conjugate-gradient iterations per Newton step.
const INNER: usize = 200;

/// Minimises `objective` from zero.
pub(crate) fn minimise(objective: &Objective<'_>, stop: Stop) -> Minimum {
    let (n, rows) = (objective.variables(), objective.costs.len());
    let mut v = vec![0.0; n];
    let mut scores = vec![0.0; rows];
    let (mut gradient, mut curvature) = (vec![0.0; n], vec![0.0; rows]);
    objective.gradient(&v, &scores, &mut gradient, &mut curvature);
    let mut value = objective.value(&v, &scores);
    let mut norm = dot(&gradient, &gradient).sqrt();
    let target = norm * stop.tolerance;
    let mut work = Work::new(n, rows);
    for _ in 0..stop.steps {
        if norm <= target {
            break;
        }
        work.direction(objective, &gradient, &curvature, norm);
        objective.scores(&work.d, &mut work.row_scores);
        let slope = dot(&gradient, &work.d);
        let Some((step, new_value)) = armijo(objective, &v, &scores, &work, value, slope) else { break };
        for (x, d) in v.iter_mut().zip(&work.d) {
            *x += step * d;
        }
        for (s, d) in scores.iter_mut().zip(&work.row_scores) {
            *s += step * d;
        }
        value = new_value;
        objective.gradient(&v, &scores, &mut gradient, &mut curvature);
        norm = dot(&gradient, &gradient).sqrt();
    }
    Minimum { variables: v, value, gradient_norm: norm, converged: norm <= target, products: work.products }
}

/// Halves the step until the value falls enough; `None` when rounding hides any further fall.
fn armijo(
    objective: &Objective<'_>,
    v: &[f64],
    scores: &[f64],
    work: &Work,
    value: f64,
    slope: f64,
) -> Option<(f64, f64)> {
    let mut step = 1.0;
    while step > 1e-10 {
        let moved: Vec<f64> = v.iter().zip(&work.d).map(|(x, d)| x + step * d).collect();
        let moved_scores: Vec<f64> = scores.iter().zip(&work.row_scores).map(|(s, d)| s + step * d).collect();
        let new = objective.value(&moved, &moved_scores);
        // The last bits of a sum over many rows are noise; near the minimum a full step is right.
        if new <= value + 1e-4 * step * slope || (new - value).abs() <= 1e-14 * value.abs() {
            return Some((step, new));
        }
        step *= 0.5;
    }
    None
}

struct Work {
    d: Vec<f64>,
    row_scores: Vec<f64>,
    r: Vec<f64>,
    z: Vec<f64>,
    p: Vec<f64>,
    hp: Vec<f64>,
    diagonal: Vec<f64>,
    products: usize,
}

impl Work {
    fn new(n: usize, rows: usize) -> Self {
        let zeros = || vec![0.0; n];
        Self {
            d: zeros(),
            row_scores: vec![0.0; rows],
            r: zeros(),
            z: zeros(),
            p: zeros(),
            hp: zeros(),
            diagonal: zeros(),
            products: 0,
        }
    }

    /// Conjugate gradients on `H d = -g` into `d`.
    fn direction(&mut self, objective: &Objective<'_>, gradient: &[f64], curvature: &[f64], norm: f64) {
        objective.diagonal(curvature, &mut self.diagonal);
        self.d.fill(0.0);
        for (r, g) in self.r.iter_mut().zip(gradient) {
            *r = -g;
        }
        let enough = norm * norm.sqrt().min(0.5);
        let precondition = |z: &mut [f64], r: &[f64], m: &[f64]| {
            for ((z, r), m) in z.iter_mut().zip(r).zip(m) {
                *z = r / m;
            }
        };
        precondition(&mut self.z, &self.r, &self.diagonal);
        if !objective.intercept {
            self.z[objective.variables() - 1] = 0.0;
        }
        self.p.copy_from_slice(&self.z);
        let mut rz = dot(&self.r, &self.z);
        for _ in 0..INNER {
            self.products += 1;
            objective.hessian_times(&self.p, curvature, &mut self.row_scores, &mut self.hp);
            let bend = dot(&self.p, &self.hp);
            if bend <= 0.0 {
                break;
            }
            let step = rz / bend;
            for i in 0..self.d.len() {
                self.d[i] += step * self.p[i];
                self.r[i] -= step * self.hp[i];
            }
            if dot(&self.r, &self.r).sqrt() <= enough {
                break;
            }
            precondition(&mut self.z, &self.r, &self.diagonal);
            if !objective.intercept {
                self.z[objective.variables() - 1] = 0.0;
            }
            let next = dot(&self.r, &self.z);
            let turn = next / rz;
            rz = next;
            for (p, z) in self.p.iter_mut().zip(&self.z) {
                *p = z + turn * *p;
            }
        }
    }
}
