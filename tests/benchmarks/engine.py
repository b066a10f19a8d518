"""How fast is fast: `python tests/benchmarks/engine.py` trains the same network with every library and prints a table.

The same work for all: tanh, 400 samples, two inputs, the same batches an epoch, float64,
one thread, parameters only (no history), a fresh permutation each epoch included. Medians
of interleaved repetitions; only ratios within a run mean anything. The C limit
(`limit.c`, where gcc is installed) is the fastest of two loop shapes times two ways to
tanh. PyTorch and JAX are measured where they are installed.
"""

import argparse
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from datetime import date
from pathlib import Path

# Before NumPy: the libraries read these when they load.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from toynet.datasets import Split
from toynet.engines import choose
from toynet.network import initialise

MODES = {"full": 0, "batch 32": 32, "batch 10": 10, "stochastic": 1}
SIZES = (4, 8, 32)
M, D, ETA = 400, 2, 0.1


def data(m=M, d=D, m_test=0):
    """Random points, class 1 where the first and the last input have the same sign."""
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(size=(m, d)), rng.normal(size=(m_test, d))
    y, y_test = ((part[:, 0] * part[:, -1] > 0).astype(float) for part in (X, X_test))
    return Split(X, y, X_test, y_test, np.zeros(d), np.ones(d), ("x1", "x2"), ("0", "1"))


def timed(work, *arguments):
    """Processor seconds of this thread: other users of the machine do not count."""
    started = time.thread_time()
    work(*arguments)
    return time.thread_time() - started


# --- who trains: (h, batch, epochs) -> microseconds an epoch -----------------------------------


def engine(name, h, batch, epochs, split=None, record_every=10**9):
    split = split or data()
    m, d = split.X_train.shape
    rng = np.random.default_rng(1)
    run = choose(name)(initialise(d, h, rng), split, "tanh", batch, rng, record_every)
    return timed(run.advance, epochs * -(-m // (batch or m)), ETA) / epochs * 1e6


def compiled(h, batch, epochs):
    return engine("compiled", h, batch, epochs)


def numpy(h, batch, epochs):
    return engine("numpy", h, batch, epochs)


def reference(h, batch, epochs):
    return engine("reference", h, batch, epochs)


def scikit_learn(h, batch, epochs):
    model = MLPClassifier(
        (h,), activation="tanh", solver="sgd", momentum=0.0, alpha=0.0, batch_size=batch or M,
        learning_rate_init=ETA, max_iter=epochs, tol=0.0, n_iter_no_change=10**6, shuffle=bool(batch),
    )  # fmt: skip
    split = data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return timed(model.fit, split.X_train, split.y_train) / epochs * 1e6


def pytorch(h, batch, epochs):
    import torch

    torch.set_num_threads(1)
    split = data()
    X, y = torch.from_numpy(split.X_train), torch.from_numpy(split.y_train)[:, None]
    model = torch.nn.Sequential(torch.nn.Linear(D, h), torch.nn.Tanh(), torch.nn.Linear(h, 1)).double()
    descent = torch.optim.SGD(model.parameters(), lr=ETA)
    cost = torch.nn.BCEWithLogitsLoss()

    def run():
        for _ in range(epochs):
            order = torch.randperm(M) if batch else torch.arange(M)
            for rows in order.split(batch or M):
                descent.zero_grad()
                cost(model(X[rows]), y[rows]).backward()
                descent.step()

    return timed(run) / epochs * 1e6


def jax(h, batch, epochs):
    """One jitted scan over epochs and batches; the last smaller batch is a step of its own."""
    run, state = _jax_run(h, batch, epochs)
    import jax

    started = time.process_time(), time.perf_counter()
    jax.block_until_ready(run(*state))
    ended = time.process_time(), time.perf_counter()
    # Its threads wait for each other busily: of both clocks the one that is kinder to it.
    return min(b - a for a, b in zip(started, ended, strict=True)) / epochs * 1e6


_jax_runs = {}


def _jax_run(h, batch, epochs):
    if (h, batch, epochs) in _jax_runs:
        return _jax_runs[h, batch, epochs]
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    split = data()
    X, y = jnp.array(split.X_train), jnp.array(split.y_train)
    size = batch or M
    whole = M // size * size

    def cost(theta, rows):
        W1, b1, W2, b2 = theta
        z = jnp.tanh(X[rows] @ W1 + b1) @ W2 + b2
        return jnp.mean(jnp.logaddexp(0.0, z) - y[rows] * z)

    def update(theta, rows):
        return jax.tree.map(lambda p, g: p - ETA * g, theta, jax.grad(cost)(theta, rows)), None

    def epoch(carry, _):
        theta, key = carry
        key, used = jax.random.split(key)
        order = jax.random.permutation(used, M) if batch else jnp.arange(M)
        theta, _ = jax.lax.scan(update, theta, order[:whole].reshape(-1, size))
        if whole < M:
            theta, _ = update(theta, order[whole:])
        return (theta, key), None

    @jax.jit
    def run(*theta):
        (theta, _), _ = jax.lax.scan(epoch, (theta, jax.random.key(0)), length=epochs)
        return theta

    start = initialise(D, h, np.random.default_rng(1))
    state = tuple(jnp.array(p) for p in (start.W1.T, start.b1[:, 0], start.W2[0], start.b2[0, 0]))
    jax.block_until_ready(run(*state))
    _jax_runs[h, batch, epochs] = run, state
    return run, state


class Limit:
    """`limit.c`, compiled here: a contestant that tries each of its ways and counts the fastest."""

    def __init__(self, folder):
        self.libraries = []
        for way in ([], ["-DTANH_EXP"]):
            path = Path(folder) / f"limit{len(self.libraries)}.so"
            command = ["gcc", "-O3", "-march=native", "-ffast-math", *way, "-shared", "-fPIC", "-o", str(path)]
            subprocess.run([*command, str(Path(__file__).with_name("limit.c")), "-lmvec", "-lm"], check=True)
            self.libraries.append(ctypes.CDLL(str(path)))

    def __call__(self, h, batch, epochs):
        split = data()
        columns, order = np.ascontiguousarray(split.X_train.T), np.arange(M)
        theta = np.random.default_rng(1).normal(size=(D + 2) * h + 1)
        arrays = [ctypes.c_void_p(a.ctypes.data) for a in (split.X_train, columns, split.y_train, theta, order)]
        settings = (D, h, M, batch or M, epochs, ctypes.c_double(ETA))
        ways = ((library, shape) for library in self.libraries for shape in range(2))
        return min(timed(library.run, shape, *settings, *arrays) for library, shape in ways) / epochs * 1e6


# --- what is printed ---------------------------------------------------------------------------


def contestants(folder):
    """Name -> contestant, of all that can be measured here."""
    found = {"C limit": Limit(folder)} if subprocess.run(["which", "gcc"], capture_output=True).returncode == 0 else {}
    found |= {"compiled": compiled, "numpy": numpy, "reference": reference, "scikit-learn": scikit_learn}
    for module, contestant in (("torch", pytorch), ("jax", jax)):
        if importlib.util.find_spec(module):
            found[contestant.__name__] = contestant
    return found


def epochs_for(name, h, batch):
    """Few enough epochs to be quick, many enough to measure."""
    slow = {"scikit-learn": 20, "pytorch": 20, "reference": 60, "numpy": 100}.get(name, 400)
    return max(1, slow // (1 if batch in (0, 32) else 4 if batch == 10 else 20 if slow < 400 else 4))


def table(repetitions):
    """Microseconds an epoch of everybody, and how many times the compiled engine is as fast."""
    with tempfile.TemporaryDirectory() as folder:
        everybody, took = contestants(folder), {}
        choose("compiled")
        for _ in range(repetitions):
            for h in SIZES:
                for mode, batch in MODES.items():
                    for name, contestant in everybody.items():
                        us = contestant(h, batch, epochs_for(name, h, batch))
                        took.setdefault((h, mode, name), []).append(us)
    print("\nMicroseconds an epoch (in brackets: times the compiled engine's)\n")
    print(f"| h | mode | {' | '.join(everybody)} |\n|---|---|{'---|' * len(everybody)}")
    for h in SIZES:
        for mode in MODES:
            middle = {name: statistics.median(took[h, mode, name]) for name in everybody}
            ours = middle["compiled"]
            cells = [f"{us:,.1f}" if us == ours else f"{us:,.1f} ({us / ours:,.2f})" for us in middle.values()]
            print(f"| {h} | {mode} | {' | '.join(cells)} |")


def history(repetitions):
    """Measuring every epoch: 300 training and 100 test samples, with over without."""
    print("\nTime with the history measured every epoch over the time without\n")
    print(f"| h | {' | '.join(MODES)} |\n|---|{'---|' * len(MODES)}")
    split = data(300, D, 100)
    for h in SIZES:
        cells = []
        for batch in MODES.values():
            pairs = [
                [engine("compiled", h, batch, 100, split, every) for every in (1, 10**9)]
                for _ in range(4 * repetitions)
            ]
            with_it, without = (statistics.median(column) for column in zip(*pairs, strict=True))
            cells.append(f"{with_it / without:.2f}")
        print(f"| {h} | {' | '.join(cells)} |")


def scale(repetitions):
    """Cost a sample from a thousand to a million samples, and the memory that training adds."""
    print("\nNanoseconds a sample\n\n| h | samples | full | batch 32 | stochastic |\n|---|---|---|---|---|")
    for h in (8, 32, 256):
        for m in (1_000, 30_000, 1_000_000):
            split, cells = data(m), []
            for batch in (0, 32, 1):
                epochs = max(1, 60_000 // m)
                times = [engine("compiled", h, batch, epochs, split) for _ in range(min(repetitions, 3))]
                cells.append(f"{statistics.median(times) * 1e3 / m:.1f}")
            print(f"| {h} | {m:,} | {' | '.join(cells)} |")


def threads(repetitions):
    """Two trainings at once: their speed together over that of one, by the wall clock."""
    work = (8, 32, 20_000)
    gains = []
    for _ in range(repetitions):
        started = time.perf_counter()
        compiled(*work)
        one = time.perf_counter() - started
        pair = [threading.Thread(target=compiled, args=work) for _ in range(2)]
        started = time.perf_counter()
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
        gains.append(2 * one / (time.perf_counter() - started))
    print(f"\nTwo threads train {statistics.median(gains):.2f} times as fast as one.")


SECTIONS = {f.__name__: f for f in (table, history, scale, threads)}


def main():
    """Print the machine, then the sections asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="print only these")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    versions = [f"NumPy {np.__version__}", f"scikit-learn {sklearn.__version__}"]
    for module in ("numba", "torch", "jax"):
        if importlib.util.find_spec(module):
            versions.append(f"{module} {importlib.metadata.version(module)}")
    cores = f"{os.cpu_count()} processors ({platform.machine()}), load {os.getloadavg()[0]:.1f}"
    print(f"{date.today()}, {cores}, Python {platform.python_version()}, {', '.join(versions)}")
    for section in options.only:
        SECTIONS[section](options.repetitions)


if __name__ == "__main__":
    main()
