//! What the solver promises: the same bits on any number of threads, and a minimum that is one.

use leitmotif::features::sparse::SparseRows;
use leitmotif::learn::one_vs_rest::{ClassWeight, LinearModels, OneVsRestParams};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array2;

/// 37 labels of very different size over 300 sparse rows, one of them carried by no row.
fn dataset() -> DatasetBase<SparseRows, Array2<bool>> {
    let mut rows = SparseRows::new(500);
    for i in 0..300u32 {
        let columns = (0..500).filter(|c| (c * c + i * 13 + (c % 37) * i) % 17 == 0);
        rows.push(columns.map(|c| (c, ((c + i) % 9) as f32 / 16.0 + 0.05)));
    }
    let targets = Array2::from_shape_fn((300, 37), |(i, k)| k > 0 && (i * 7) % 37 < k && i % (1 + k / 4) == 0);
    DatasetBase::new(rows, targets)
}

/// Far more rows than features, hardly told apart.
fn tall() -> DatasetBase<SparseRows, Array2<bool>> {
    let mut rows = SparseRows::new(60);
    for i in 0..4000u32 {
        let columns = (0..60).filter(|c| (c * c + i * 13 + c * i) % 7 == 0);
        rows.push(columns.map(|c| (c, ((c + i) % 9) as f32 / 4.0 - 0.9)));
    }
    let targets = Array2::from_shape_fn((4000, 5), |(i, k)| (i * i + 3 * i) % (11 + 40 * k) < 4);
    DatasetBase::new(rows, targets)
}

fn fit_to(dataset: &DatasetBase<SparseRows, Array2<bool>>, tolerance: f64, threads: usize) -> LinearModels {
    let params = OneVsRestParams::default().class_weight(ClassWeight::Balanced).tolerance(tolerance);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| params.fit(dataset).unwrap())
}

fn fit(tolerance: f64, threads: usize) -> LinearModels {
    fit_to(&dataset(), tolerance, threads)
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let alone = fit(1e-3, 1);
    assert!(alone.converged);
    for threads in [2, 3, 5] {
        let shared = fit(1e-3, threads);
        let same = alone.weights.iter().zip(&shared.weights).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(same && alone.bias == shared.bias && alone.products == shared.products, "{threads} threads");
    }
}

#[test]
fn single_precision_loses_nothing_that_the_tolerance_would_keep() {
    for data in [dataset(), tall()] {
        let (single, double) = (fit_to(&data, 1e-4, 2), fit_to(&data, 1e-9, 2));
        assert!(single.converged && double.converged);
        for (quick, exact) in single.value.iter().zip(&double.value) {
            assert!((quick - exact) <= 1e-4 * exact && quick - exact >= -1e-6 * exact, "{quick} and {exact}");
        }
    }
}
