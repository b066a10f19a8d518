"""ToyNetClassifier beside MLPClassifier: `python tests/benchmarks/estimator.py` prints tables.

Both in a pipeline behind a StandardScaler, plain gradient descent with the same settings, 5 folds; they take turns. A
fold's fit is timed as a whole: validation, standardising and ToyNet's history included. `--memory` measures instead
what a fit on 1,000,000 samples of 30 features adds, each in a fresh process.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

# Before NumPy: the libraries read these when they load.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from toynet import ToyNetClassifier

ROOT = Path(__file__).resolve().parents[2]

CASES = [
    # data, hidden units, learning rate, batch size (0: full), epochs, lambda, mu
    ("breast cancer", load_breast_cancer, 16, 0.1, 32, 100, 1e-3, 0.0),
    ("breast cancer", load_breast_cancer, 16, 0.3, 0, 300, 0.0, 0.0),
    ("wine", load_wine, 16, 0.1, 32, 100, 1e-3, 0.0),
    ("wine", load_wine, 16, 0.3, 0, 300, 0.0, 0.0),
    ("digits", load_digits, 32, 0.1, 32, 50, 1e-3, 0.0),
    ("digits", load_digits, 32, 0.05, 32, 50, 1e-4, 0.5),
    ("digits", load_digits, 100, 0.1, 200, 50, 1e-4, 0.0),
]


def pair(h, eta, batch, epochs, l2, mu, m, seed):
    """Both classifiers with the same settings, for m training samples."""
    mini = {"batch_mode": "mini", "batch_size": batch} if batch else {}
    common = {"activation": "tanh", "momentum": mu, "random_state": seed}
    own = ToyNetClassifier(h, learning_rate=eta, epochs=epochs, l2=l2, **mini, **common)
    # Its alpha is divided by the samples of a batch; nothing stops it before the last epoch.
    other = MLPClassifier(
        (h,), solver="sgd", alpha=l2 * (batch or m), batch_size=batch or m, learning_rate_init=eta, max_iter=epochs,
        tol=0.0, n_iter_no_change=epochs, nesterovs_momentum=False, **common,
    )  # fmt: skip
    return {"ToyNet": own, "scikit-learn": other}


def fold(data, settings, seed, repetitions):
    """Accuracy and median seconds of a fit, by name, on one of the folds."""
    X, y = data
    folds = list(StratifiedKFold(5, shuffle=True, random_state=seed // 5).split(X, y))
    train, test = folds[seed % 5]
    both = {name: make_pipeline(StandardScaler(), c) for name, c in pair(*settings, len(train), seed).items()}
    took = {name: [] for name in both}
    for _ in range(repetitions):
        for name, pipeline in both.items():
            started = time.thread_time()
            pipeline.fit(X[train], y[train])
            took[name].append(time.thread_time() - started)
    return {
        name: (accuracy_score(y[test], pipeline.predict(X[test])), statistics.median(took[name]))
        for name, pipeline in both.items()
    }


def compare(seeds, repetitions):
    """Print accuracy and time of both: means over all folds and seeds, and medians of the folds."""
    print("| data | h | batch | epochs | accuracy: ToyNet | scikit-learn | ms a fit: ToyNet | scikit-learn | times |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, load, *settings in CASES:
        data = load(return_X_y=True)
        found = [fold(data, settings, seed, repetitions) for seed in range(5 * seeds)]
        (own, took), (other, others) = (
            (statistics.mean(f[who][0] for f in found), statistics.median(f[who][1] for f in found))
            for who in ("ToyNet", "scikit-learn")
        )
        ratio = statistics.median(f["scikit-learn"][1] / f["ToyNet"][1] for f in found)
        h, eta, batch, epochs, l2, mu = settings
        extra = "".join(f", {symbol} {value:g}" for symbol, value in (("λ", l2), ("μ", mu)) if value)
        print(
            f"| {name} (η {eta:g}{extra}) | {h} | {batch or 'full'} | {epochs} | {own:.4f} | {other:.4f} "
            f"| {1e3 * took:.1f} | {1e3 * others:.1f} | {ratio:.1f} |",
            flush=True,
        )


# --- memory ----------------------------------------------------------------------------

GROWN = """
import re, sys
from pathlib import Path
import numpy as np
from toynet import ToyNetClassifier
kind, k, settings = sys.argv[1], int(sys.argv[2]), eval(sys.argv[3])
for classes in (2, 3):
    ToyNetClassifier(epochs=1, engine="compiled").fit(np.eye(classes), np.arange(classes))
rng = np.random.default_rng(0)
X = rng.normal(size=(1_000_000, 30))
y = (np.argmax(X[:, :k], axis=1) if k > 2 else X[:, 0] * X[:, 1] > 0).astype(int)
X = {"float64": X, "float32": X.astype(np.float32), "Fortran": np.asfortranarray(X)}[kind]
ToyNetClassifier(epochs=1, random_state=0, **settings).fit(X[:2000].copy(), y[:2000])
def peak(of="VmHWM"):
    return 1024 * int(re.search(of + r":\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
before = peak("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten: making the data took more
network = ToyNetClassifier(epochs=3, random_state=0, **settings).fit(X, y)
fitted = peak()
network.predict_proba(X)
print(network.history_.engine.iloc[-1], (fitted - before) / 240e6, (peak() - before) / 240e6)
"""


def memory():
    """Print by how many times the 240 MB of the data the process grows at most (on Linux)."""
    print("| X | classes | settings | engine | fit | then predict_proba |\n|---|---|---|---|---|---|")
    mini = {"batch_mode": "mini"}
    for kind, k, settings in (
        ("float64", 2, {}),
        ("float64", 2, mini),
        ("float64", 2, {"hidden_size": 100}),
        ("float64", 5, {}),
        ("float64", 5, mini),
        ("float64", 2, {**mini, "early_stopping": True}),
        ("float32", 2, mini),
        ("Fortran", 2, mini),
        ("float64", 2, {**mini, "engine": "numpy"}),
    ):
        command = [sys.executable, "-c", GROWN, kind, str(k), repr(settings)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        engine, fit, whole = done.stdout.split()
        print(f"| {kind} | {k} | {settings or 'full'} | {engine} | {float(fit):.2f} | {float(whole):.2f} |", flush=True)


def main():
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="times five folds")
    parser.add_argument("--repetitions", type=int, default=5, help="fits of each, whose median counts")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    for classes in (2, 3):  # compiled code, of two classes and of more
        ToyNetClassifier(epochs=1, engine="compiled").fit(np.eye(classes), np.arange(classes))
    print(f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, load {os.getloadavg()[0]:.1f}\n")
    if options.memory:
        memory()
    else:
        compare(options.seeds, options.repetitions)


if __name__ == "__main__":
    main()
