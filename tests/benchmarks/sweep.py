"""A thousand runs: `python tests/benchmarks/sweep.py` trains a sweep with threads, Dask and others' searches.

Contestants take turns, medians are printed; only ratios within a run mean anything. A run: two circles, 300 samples
to train on and 100 to test on, 2 to 16 hidden units, five learning rates, 500 epochs in full batch. ToyNet measures
losses, accuracies and gradient norms after each of them; "ends" is ToyNet measuring at the first and the last one only.
scikit-learn's MLPClassifier has the training loss of each epoch, and its search the test accuracy at the end.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

# Before NumPy: one thread each. And scikit-learn's warnings, that 500 epochs were not enough, in its processes too.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["PYTHONWARNINGS"] = "ignore"
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
sys.path.insert(0, os.environ["PYTHONPATH"])

import numpy as np
import psutil

from toynet import datasets, engines
from toynet.many.grid import Grid
from toynet.many.summary import trained
from toynet.many.sweep import run

SIZES, RATES, EPOCHS = tuple(range(2, 17, 2)), (0.03, 0.1, 0.3, 1.0, 3.0), 500
CELLS = len(SIZES) * len(RATES)
PROCESSORS = (1, 2)


@dataclass
class Contestant:
    """Who trains.

    Attributes
    ----------
    name : str
    processors : int
        It may use.
    train : callable
        runs -> seconds of pure training that they took; None where it is not known.
    runs : int
        It is given in each turn.
    """

    name: str
    processors: int
    train: object
    runs: int


def grid(runs, record_every=1):
    """So many runs, rounded up to whole seeds."""
    settings = {"dataset": "circles", "samples": 400, "test_fraction": 0.25, "epochs": EPOCHS}
    axes = {"hidden_size": SIZES, "learning_rate": RATES}
    return Grid.of(settings | axes | {"record_every": record_every}, -(-runs // CELLS))


def ours(runs, record_every=1, **where):
    """A sweep of ToyNet's."""
    found = run(grid(runs, record_every), range(runs), **where)
    seconds = [summary.seconds for summaries in found for summary in summaries]
    assert len(seconds) == runs
    return sum(seconds)


def searched(runs, processors):
    """scikit-learn's search over the same sizes and rates, on one of the data sets; one processor or several."""
    from sklearn.model_selection import GridSearchCV, PredefinedSplit
    from sklearn.neural_network import MLPClassifier

    split = datasets.load(grid(1).config(0))
    X, y = np.concatenate([split.X_train, split.X_test]), np.concatenate([split.y_train, split.y_test])
    fold = PredefinedSplit(np.r_[np.full(split.y_train.size, -1), np.zeros(split.y_test.size, int)])
    network = MLPClassifier(
        activation="tanh", solver="sgd", momentum=0.0, alpha=0.0, batch_size=split.y_train.size, max_iter=EPOCHS,
        tol=0.0, n_iter_no_change=10**9, random_state=0,
    )  # fmt: skip
    seeds = range(-(-runs // CELLS))
    values = {"hidden_layer_sizes": [(h,) for h in SIZES], "learning_rate_init": RATES, "random_state": list(seeds)}
    if runs < CELLS:  # every so many-th, so that small and large ones are among them
        pairs = [(h, rate) for h in SIZES for rate in RATES][:: CELLS // runs][:runs]
        values = [{"hidden_layer_sizes": [(h,)], "learning_rate_init": [rate]} for h, rate in pairs]
    search = GridSearchCV(network, values, cv=fold, refit=False, n_jobs=processors)
    search.fit(X, y)
    return float(search.cv_results_["mean_fit_time"].sum())


def asked(runs):
    """Optuna asks for one run after the other, in this thread."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    many, seconds = grid(runs), []

    def objective(trial):
        number = trial.suggest_int("number", 0, runs - 1)
        summary = trained(number, many.config(number))
        seconds.append(summary.seconds)
        return summary.test_loss

    numbers = {"number": list(range(runs))}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(numbers, seed=0))
    study.optimize(objective, n_trials=runs)
    return sum(seconds)


def contestants(stack, options):
    """All of them; the workers are there."""
    return [
        *(Contestant(f"threads: {p}", p, partial(ours, jobs=p), options.runs) for p in PROCESSORS),
        *(
            Contestant(f"threads, ends: {p}", p, partial(ours, record_every=EPOCHS, jobs=p), options.runs)
            for p in PROCESSORS
        ),
        *(
            Contestant(f"Dask workers: {p}", p, partial(ours, scheduler=workers(stack, p)), options.runs)
            for p in PROCESSORS
        ),
        *(Contestant(f"scikit-learn: {p}", p, partial(searched, processors=p), options.searched) for p in PROCESSORS),
        Contestant("Optuna over ToyNet: 1", 1, asked, options.asked),
    ]


def workers(stack, count):
    """The address of a Dask scheduler with so many worker processes of one thread."""
    from distributed import LocalCluster

    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "processes": True}
    return stack.enter_context(LocalCluster(n_workers=count, threads_per_worker=1, **here)).scheduler_address


def measured(everybody, turns):
    """Contestant's name -> (runs a second, overhead a run in milliseconds), medians over the turns."""
    rates, overheads = ({c.name: [] for c in everybody} for _ in range(2))
    for c in everybody:
        c.train(min(c.runs, 2 * c.processors))  # processes start, packages are loaded
    for _ in range(turns):
        for c in everybody:
            started = time.perf_counter()
            training = c.train(c.runs)
            took = time.perf_counter() - started
            rates[c.name].append(c.runs / took)
            overheads[c.name].append(1e3 * (took * c.processors - training) / c.runs)
    return {c.name: (statistics.median(rates[c.name]), statistics.median(overheads[c.name])) for c in everybody}


def table(everybody, found):
    """Lines: who, runs a second, overhead, times scikit-learn on as many processors, times itself on one."""
    yield "| who: processors | runs a second | overhead a run, ms | times scikit-learn | times one processor |"
    yield "|---|---|---|---|---|"
    for c in everybody:
        rate, overhead = found[c.name]
        kind = c.name.partition(":")[0]
        theirs = rate / found[f"scikit-learn: {c.processors}"][0]
        one = rate / found[f"{kind}: 1"][0]
        yield f"| {c.name} | {rate:,.1f} | {overhead:.2f} | {theirs:.1f} | {one:.2f} |"


def growing(runs):
    """Megabytes that the process has at each tenth of a sweep of so many tiny runs."""
    tiny = {"samples": 20, "epochs": 1, "hidden_size": 2, "learning_rate": list(np.linspace(0.01, 1.0, 100))}
    process, sizes, seen = psutil.Process(), [], 0
    many = Grid.of(tiny, -(-runs // 100))
    started = time.perf_counter()
    for summaries in run(many, range(runs)):
        seen += len(summaries)
        if seen >= runs * (len(sizes) + 1) / 10:
            sizes.append(process.memory_info().rss / 1e6)
    rate = seen / (time.perf_counter() - started)
    return f"{seen:,} tiny runs, {rate:,.0f} a second; MB at each tenth: {', '.join(f'{s:.1f}' for s in sizes)}"


def arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=1000, help="of ToyNet's, a turn")
    parser.add_argument("--searched", type=int, default=CELLS, help="of scikit-learn's, a turn")
    parser.add_argument("--asked", type=int, default=200, help="of Optuna's, a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument(
        "--tiny", type=int, default=100_000, help="runs of the sweep whose memory is looked at; 0: none"
    )
    return parser.parse_args()


def main():
    """Measure and print."""
    warnings.simplefilter("ignore")
    options = arguments()
    engines.prepare().join()
    print(f"{date.today()}, {os.cpu_count()} processors, load before {os.getloadavg()[0]:.1f}\n", flush=True)
    if options.tiny:
        print(f"{growing(options.tiny)}\n", flush=True)
    with ExitStack() as stack:
        everybody = contestants(stack, options)
        found = measured(everybody, options.turns)
        print("\n".join(table(everybody, found)))
    print(f"\nLoad after: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
