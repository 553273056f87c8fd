//! Many labels through one pass over the matrix: each thread keeps [`LANES`] solvers at work and fills a lane with the
//! next label as soon as one is done.
//!
//! Labels (of all folds) wait in one queue, so lanes stay full until it is empty. A label's arithmetic never depends on
//! what shares the pass, hence neither on the number of threads.

use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::gram::{Gram, LANES, Lanes, Real, Scratch};
use super::problem::Problem;
use super::subspace::{Descent, Minimum, Start, Stop};

/// Tolerances from here are solved with f32 products, whose rounding is far below them; smaller ones with f64.
const SINGLE: f64 = 1e-4;

/// Solves problems `0..count`. `pose` states one and where to begin, `settle` makes what is kept of its solution.
pub(crate) fn solve<R: Send>(
    gram: &Gram,
    stop: Stop,
    count: usize,
    pose: &(impl Fn(usize) -> (Problem, Option<Start>) + Sync),
    settle: &(impl Fn(usize, Minimum) -> R + Sync),
) -> Vec<R> {
    if stop.tolerance >= SINGLE {
        queue::<f32, R>(gram, stop, count, pose, settle)
    } else {
        queue::<f64, R>(gram, stop, count, pose, settle)
    }
}

fn queue<T: Real, R: Send>(
    gram: &Gram,
    stop: Stop,
    count: usize,
    pose: &(impl Fn(usize) -> (Problem, Option<Start>) + Sync),
    settle: &(impl Fn(usize, Minimum) -> R + Sync),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let solved: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(count));
    let workers = rayon::current_num_threads().min(count.max(1));
    (0..workers).into_par_iter().with_max_len(1).for_each(|_| {
        let found = work::<T, R>(gram, stop, count, &next, pose, settle);
        solved.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(found);
    });
    let mut solved = solved.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    solved.sort_unstable_by_key(|s| s.0);
    solved.into_iter().map(|s| s.1).collect()
}

fn work<T: Real, R>(
    gram: &Gram,
    stop: Stop,
    count: usize,
    next: &AtomicUsize,
    pose: &impl Fn(usize) -> (Problem, Option<Start>),
    settle: &impl Fn(usize, Minimum) -> R,
) -> Vec<(usize, R)> {
    let mut scratch = Scratch::<T>::new();
    let mut vectors: Vec<Lanes<T>> = vec![Lanes::zero(); gram.rows()];
    let mut products = vectors.clone();
    let mut product = vec![0.0; gram.rows()];
    let mut lanes: [Option<(usize, Descent)>; LANES] = std::array::from_fn(|_| None);
    let mut found = Vec::new();
    loop {
        for (l, lane) in lanes.iter_mut().enumerate() {
            let wanted = loop {
                if let Some(wanted) = lane.as_ref().and_then(|(_, descent)| descent.vector()) {
                    break wanted;
                }
                if let Some((problem, descent)) = lane.take() {
                    found.push((problem, settle(problem, descent.minimum())));
                }
                let problem = next.fetch_add(1, Ordering::Relaxed);
                if problem >= count {
                    break &[];
                }
                let (stated, start) = pose(problem);
                *lane = Some((problem, Descent::new(stated, start, stop)));
            };
            let wanted = wanted.iter().copied().chain(std::iter::repeat(0.0));
            vectors.iter_mut().zip(wanted).for_each(|(v, x)| v[l] = T::nearest(x));
        }
        if lanes.iter().all(Option::is_none) {
            return found;
        }
        let squares = gram.multiply(&vectors, &mut scratch, &mut products);
        for (l, lane) in lanes.iter_mut().enumerate() {
            if let Some((_, descent)) = lane {
                product.iter_mut().zip(&products).for_each(|(to, from)| *to = from[l].wide());
                descent.take(&product, squares[l]);
            }
        }
    }
}
