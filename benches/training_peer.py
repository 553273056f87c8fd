"""scikit-learn's LogisticRegression on the matrix that `cargo bench --bench training` exported, and the ratio of times.

    LEITMOTIF_EXPORT=/tmp/matrix cargo bench --bench training
    python3 benches/training_peer.py /tmp/matrix [--every N] [--jobs N] [--tol T] [--repeat N]

One regression per label (one-vs-rest) with solver lbfgs and class_weight="balanced", the same C, rows and labels.
Both objectives are computed here, by the same lines, from the weights that each solver found. `--every 5` fits each fifth
label and scales the time of ours to as many. `--jobs` fits labels in parallel, as the threads of ours; within a job
NumPy gets one thread, because threads that wait for each other on a busy machine would flatter ours. The best of `--repeat`
runs counts, as for ours; with one job it is processor time, beside wall time for ours, so that other work on the machine
can make the ratio only smaller.
Needs scikit-learn, which brings NumPy and SciPy.
"""

import argparse
import json
import os
import pathlib
import time
import warnings

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[library + "_NUM_THREADS"] = "1"

import numpy as np
import scipy.sparse
import sklearn
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression


def objective(x, y, w, b, alpha):
    margin = np.where(y, 1.0, -1.0) * (x @ w + b)
    cost = np.where(y, len(y) / (2 * y.sum()), len(y) / (2 * (~y).sum()))
    return alpha / 2 * (w @ w) + (cost * np.logaddexp(0, -margin)).sum()


def fit(x, y, alpha, tol, max_iter):
    warnings.simplefilter("ignore", ConvergenceWarning)
    model = LogisticRegression(C=1 / alpha, class_weight="balanced", tol=tol, max_iter=max_iter).fit(x, y)
    return model.coef_[0], model.intercept_[0], model.n_iter_[0]


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--every", type=int, default=1)
    args.add_argument("--jobs", type=int, default=1)
    args.add_argument("--tol", type=float, default=1e-4)
    args.add_argument("--max-iter", type=int, default=100)
    args.add_argument("--repeat", type=int, default=3)
    args = args.parse_args()
    read = lambda name, kind: np.fromfile(args.folder / name, kind)
    ours = json.loads((args.folder / "summary.json").read_text())
    shape = (ours["rows"], ours["features"])
    x = scipy.sparse.csr_matrix(
        (read("values.f32", "<f4").astype(np.float64), read("columns.u32", "<u4").astype(np.int32),
         read("starts.u64", "<u8").astype(np.int32)), shape)
    targets = read("targets.u8", np.uint8).reshape(shape[0], -1).astype(bool)
    weights = read("weights.f64", "<f8").reshape(-1, shape[1])
    bias = read("bias.f64", "<f8")
    labels = range(0, targets.shape[1], args.every)
    alpha = ours["alpha"]

    clock = time.process_time if args.jobs == 1 else time.perf_counter
    times = []
    with Parallel(n_jobs=args.jobs) as pool:
        for _ in range(args.repeat):
            start = clock()
            fits = pool(delayed(fit)(x, targets[:, k], alpha, args.tol, args.max_iter) for k in labels)
            times.append(clock() - start)
    seconds = min(times)
    theirs = [objective(x, targets[:, k], w, b, alpha) for k, (w, b, _) in zip(labels, fits)]
    mine = [objective(x, targets[:, k], weights[k], bias[k], alpha) for k in labels]
    share = ours["seconds"] * len(labels) / targets.shape[1]
    unfinished = sum(n >= args.max_iter for _, _, n in fits)
    print(f"{shape[0]} rows, {shape[1]} features, {x.nnz} non-zeros, {len(labels)} of {targets.shape[1]} labels")
    print(f"scikit-learn {sklearn.__version__}, {args.jobs} jobs, best of {args.repeat}: {seconds:8.3f} s, objective {sum(theirs):.9f}, "
          f"{np.mean([n for _, _, n in fits]):.1f} iterations per label, {unfinished} stopped at {args.max_iter}")
    print(f"leitmotif, {ours['threads']} threads:            {share:8.3f} s, objective {sum(mine):.9f}")
    print(f"ratio of times {seconds / share:.1f}; ours is lower or equal (to 1e-6) for "
          f"{sum(m <= t * (1 + 1e-6) for m, t in zip(mine, theirs))} of {len(labels)} labels, "
          f"largest excess {max((m - t) / t for m, t in zip(mine, theirs)):+.1e}")


if __name__ == "__main__":
    main()
