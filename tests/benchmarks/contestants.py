"""Who trains in the engine benchmark: functions of h, batch (0: full) and epochs that return microseconds an epoch.

The same work for all: tanh, the same 400 points, one thread, float64, parameters only, a
fresh permutation each epoch included (TensorFlow Playground makes none). With k outputs, for k
of three and more, softmax on k classes: MLPClassifier has no other output for them.
"""

import ctypes
import importlib.util
import json
import os
import shutil
import subprocess
import time
import warnings
from pathlib import Path

# Before NumPy: the libraries read these when they load.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np
from sklearn.neural_network import MLPClassifier

from toynet.datasets import Split
from toynet.engines import Progress, Task, choose, order_state
from toynet.network import initialise

M, D, ETA = 400, 2, 0.1


def data(m=M, d=D, m_test=0, k=1):
    """Random points: class 1 where the first and the last input have the same sign; of k classes by their angle."""
    rng = np.random.default_rng(0)
    X, X_test = rng.normal(size=(m, d)), rng.normal(size=(m_test, d))
    classes = tuple(map(str, range(max(k, 2))))
    y, y_test = (_classes(part, k) for part in (X, X_test))
    return Split(X, y, X_test, y_test, np.zeros(d), np.ones(d), ("x1", "x2"), classes)


def _classes(X, k):
    if k == 1:
        return (X[:, 0] * X[:, -1] > 0).astype(float)
    return np.floor((np.arctan2(X[:, 0], X[:, -1]) / (2 * np.pi) + 0.5) * k).clip(0, k - 1)


def timed(work, *arguments):
    """Processor seconds of this thread: other users of the machine do not count."""
    started = time.thread_time()
    work(*arguments)
    return time.thread_time() - started


def engine(name, h, batch, epochs, split=None, record_every=10**9, **added):
    split = split or data()
    m, d = split.X_train.shape
    rng = np.random.default_rng(1)
    output = "sigmoid" if split.outputs == 1 else "softmax"
    task = Task(split, "tanh", batch or m, batch > 0, record_every, output=output, **added)
    start = Progress(initialise(d, h, rng, outputs=split.outputs), order_state(rng))
    run = choose(name, task)(task, start)
    return timed(run.advance, epochs * -(-m // (batch or m)), ETA) / epochs * 1e6


def compiled(h, batch, epochs, k=1):
    return engine("compiled", h, batch, epochs, data(k=k))


def numpy(h, batch, epochs, k=1):
    return engine("numpy", h, batch, epochs, data(k=k))


def reference(h, batch, epochs, k=1):
    return engine("reference", h, batch, epochs, data(k=k))


def scikit_learn(h, batch, epochs, k=1):
    model = MLPClassifier(
        (h,), activation="tanh", solver="sgd", momentum=0.0, alpha=0.0, batch_size=batch or M,
        learning_rate_init=ETA, max_iter=epochs, tol=0.0, n_iter_no_change=10**6, shuffle=bool(batch),
    )  # fmt: skip
    split = data(k=k)
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


def jax(h, batch, epochs, k=1):
    """One jitted scan over epochs and batches; the last smaller batch is a step of its own."""
    run, state = _jax_run(h, batch, epochs, k)
    import jax

    started = time.process_time(), time.perf_counter()
    jax.block_until_ready(run(*state))
    ended = time.process_time(), time.perf_counter()
    # Its threads wait for each other busily: of both clocks the one that is kinder to it.
    return min(b - a for a, b in zip(started, ended, strict=True)) / epochs * 1e6


_jax_runs = {}


def _jax_run(h, batch, epochs, k):
    if (h, batch, epochs, k) in _jax_runs:
        return _jax_runs[h, batch, epochs, k]
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    split = data(k=k)
    X, y = jnp.array(split.X_train), jnp.array(split.y_train)
    Y = jnp.array(np.eye(k)[split.y_train.astype(int)]) if k > 1 else y
    size = batch or M
    whole = M // size * size

    def cost(theta, rows):
        W1, b1, W2, b2 = theta
        z = jnp.tanh(X[rows] @ W1 + b1) @ W2 + b2
        if k > 1:
            return -jnp.mean(jnp.sum(Y[rows] * jax.nn.log_softmax(z), axis=1))
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

    start = initialise(D, h, np.random.default_rng(1), outputs=k)
    last = (start.W2[0], start.b2[0, 0]) if k == 1 else (start.W2.T, start.b2[:, 0])
    state = tuple(jnp.array(p) for p in (start.W1.T, start.b1[:, 0], *last))
    jax.block_until_ready(run(*state))
    _jax_runs[h, batch, epochs, k] = run, state
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


class Playground:
    """TensorFlow Playground's `nn.ts`, from a copy of its source, in Node: `playground.mjs` drives it."""

    def __init__(self, source, folder):
        compiled_to, points = Path(folder) / "nn.mjs", Path(folder) / "points.json"
        command = ["npx", "--yes", "esbuild", str(source), "--format=esm", f"--outfile={compiled_to}"]
        subprocess.run([*command, "--log-level=error"], check=True)
        split = data()
        points.write_text(json.dumps([[*x, y] for x, y in zip(split.X_train.tolist(), split.y_train, strict=True)]))
        self.node = subprocess.Popen(
            ["node", str(Path(__file__).with_name("playground.mjs")), str(compiled_to), str(points)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, h, batch, epochs):
        self.node.stdin.write(f"{h} {batch or M} {epochs} {ETA}\n")
        self.node.stdin.flush()
        return float(self.node.stdout.readline())


def contestants(folder, playground=None):
    """Name -> contestant, of all that can be measured here.

    Parameters
    ----------
    folder : str
        Where to compile to.
    playground : str, optional
        The path of TensorFlow Playground's `src/nn.ts`.
    """
    found = {"C limit": Limit(folder)} if shutil.which("gcc") else {}
    found |= {"compiled": compiled, "numpy": numpy, "reference": reference, "scikit-learn": scikit_learn}
    for module, contestant in (("torch", pytorch), ("jax", jax)):
        if importlib.util.find_spec(module):
            found[contestant.__name__] = contestant
    if playground:
        found["playground"] = Playground(playground, folder)
    return found
