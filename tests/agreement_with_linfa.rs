//! The sparse solver and linfa-logistic, given the same dense problem, find the same weights.

use leitmotif::features::sparse::SparseRows;
use leitmotif::learn::one_vs_rest::{ClassWeight, OneVsRestParams};
use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// A reproducible, unbalanced, not separable problem with values that f32 holds exactly.
fn problem(rows: usize, width: usize) -> (Array2<f64>, Vec<bool>) {
    let mut state = 17u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64) / f64::from(1 << 24)
    };
    let x = Array2::from_shape_fn((rows, width), |_| (next() * 64.0).floor() / 32.0 - 1.0);
    let y = x.rows().into_iter().map(|r| r[0] - 0.5 * r[1] + 0.2 * r[2] + next() > 1.2).collect();
    (x, y)
}

fn sparse(x: &Array2<f64>) -> SparseRows {
    let mut rows = SparseRows::new(x.ncols());
    for row in x.rows() {
        rows.push(row.iter().enumerate().filter(|v| *v.1 != 0.0).map(|(c, &v)| (c as u32, v as f32)));
    }
    rows
}

#[test]
fn weights_and_intercept_agree_to_a_millionth() {
    let (x, y) = problem(400, 12);
    let positives = y.iter().filter(|&&p| p).count();
    assert!(positives > 40 && positives < 200, "the problem is meant to be unbalanced: {positives}");
    for alpha in [0.01, 1.0, 25.0] {
        let oracle = LogisticRegression::default()
            .alpha(alpha)
            .max_iterations(10_000)
            .gradient_tolerance(1e-10)
            .fit(&Dataset::new(x.clone(), Array1::from(y.clone())))
            .unwrap();
        let sign = if oracle.labels().pos.class { 1.0 } else { -1.0 };
        let targets = Array2::from_shape_vec((y.len(), 1), y.clone()).unwrap();
        let ours = OneVsRestParams::default()
            .alpha(alpha)
            .class_weight(ClassWeight::Equal)
            .tolerance(1e-11)
            .fit(&DatasetBase::new(sparse(&x), targets))
            .unwrap();
        assert!(ours.converged);
        for (a, b) in ours.weights.row(0).iter().zip(oracle.params()) {
            assert!((a - sign * b).abs() < 1e-6, "alpha {alpha}: {a} and {}", sign * b);
        }
        assert!((ours.bias[0] - sign * oracle.intercept()).abs() < 1e-6);
    }
}

#[test]
fn a_row_weight_of_two_is_the_row_twice() {
    let (x, y) = problem(60, 5);
    let doubled: Vec<usize> = (0..60).chain(0..20).collect();
    let rows = sparse(&x);
    let targets = |of: &[usize]| Array2::from_shape_fn((of.len(), 1), |(i, _)| y[of[i]]);
    let params = OneVsRestParams::default().tolerance(1e-11);
    let twice = params.fit(&DatasetBase::new(rows.select(&doubled), targets(&doubled))).unwrap();
    let all: Vec<usize> = (0..60).collect();
    let weights = Array1::from_shape_fn(60, |i| if i < 20 { 2.0 } else { 1.0 });
    let weighted = params.fit(&DatasetBase::new(rows, targets(&all)).with_weights(weights)).unwrap();
    for (a, b) in twice.weights.iter().zip(&weighted.weights) {
        assert!((a - b).abs() < 1e-8);
    }
}

#[test]
fn predictions_are_the_linear_scores() {
    let (x, y) = problem(50, 4);
    let targets = Array2::from_shape_fn((50, 2), |(i, k)| y[i] == (k == 0));
    let dataset = DatasetBase::new(sparse(&x), targets);
    let model = OneVsRestParams::default().fit(&dataset).unwrap();
    let scores: Array2<f64> = model.predict(&dataset);
    let expected = x.dot(&model.weights.t()) + &model.bias;
    assert!(scores.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn settings_out_of_range_are_named() {
    for (params, name) in [
        (OneVsRestParams::default().alpha(0.0), "alpha"),
        (OneVsRestParams::default().tolerance(f64::NAN), "tolerance"),
        (OneVsRestParams::default().class_weight(ClassWeight::Tempered(2.0)), "class_weight"),
    ] {
        let said = params.check_ref().unwrap_err().to_string();
        assert!(said.contains(name), "{said}");
    }
}

/// The solver that training uses (many labels, sums of rows) against the fine one, in what both minimise; a label that
/// no row carries costs next to nothing in either.
#[test]
fn the_shared_solver_reaches_the_same_objective() {
    let mut rows = SparseRows::new(900);
    for i in 0..120u32 {
        let columns = (0..900).filter(|c| (c * 7 + i * i * 13) % (11 + c / 40) == 0);
        rows.push(columns.map(|c| (c, ((c + i) % 9) as f32 / 16.0 + 0.1)));
    }
    let targets = Array2::from_shape_fn((120, 20), |(i, label)| (i * i + label * 7) % (5 + label) == 0);
    let fit = |tolerance: f64| {
        let dataset = DatasetBase::new(rows.clone(), targets.clone());
        OneVsRestParams::default().tolerance(tolerance).fit(&dataset).unwrap()
    };
    let (shared, fine) = (fit(1e-4), fit(1e-9));
    assert!(shared.converged && fine.converged);
    for (a, b) in shared.value.iter().zip(&fine.value) {
        assert!((a - b).abs() <= 1e-3 * b + 1e-6, "{a} and {b}");
    }
}
