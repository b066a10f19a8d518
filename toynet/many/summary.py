"""Summary: what is known of one run of many, once it has come to its end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from toynet import datasets, engines
from toynet.config import DATA_SETTINGS, Config
from toynet.datasets import Split
from toynet.engines import Engine, Progress, Rows, Task
from toynet.engines.vectorised import NumpyEngine
from toynet.many.grid import Grid
from toynet.measuring import Measures, is_finite, measure
from toynet.training import Trainer, begin

LEVELS = (0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Losses, in nats, of which it is known when a run first came down to them."""

PARTS = ("train", "test")

SLICE = 0.1
"""Seconds of training, about, from one look at whether to go on to the next."""

OF_BEGINNING = (*DATA_SETTINGS, "hidden_size", "activation", "init_seed", "output")
"""The settings that say where a run begins, and so what is measured there."""


class Summary(NamedTuple):
    """What one run came to.

    Attributes
    ----------
    number : int
        Which run of its `Grid`.
    epoch, update : int
        Where it ended.
    seconds : float
        Of training, measuring included.
    train_loss, test_loss, train_accuracy, test_accuracy : float
        There; of the test part NaN where none is held back.
    best_test_loss, best_epoch : float
        The lowest test loss of all rows recorded, and its epoch; NaN where none is held back.
    state : {"finished", "diverged"}
        A run that diverged ended with its last finite update.
    engine : str
    reached : tuple of int
        For each of `LEVELS` the first epoch recorded with such a test loss or a lower one (the train
        loss where none is held back); -1 where there is none.
    """

    number: int
    epoch: int
    update: int
    seconds: float
    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float
    best_test_loss: float
    best_epoch: float
    state: str
    engine: str
    reached: tuple[int, ...]


FIRST = (
    "run", "seed", "epoch", "update", "seconds", "train_loss", "test_loss", "train_accuracy", "test_accuracy",
    "best_test_loss", "best_epoch", "state",
)  # fmt: skip
COLUMNS = (*FIRST, *(f.name for f in dataclasses.fields(Config)), "engine")
"""Of the table of a sweep, a row a run."""


def row(grid: Grid, summary: Summary) -> dict[str, Any]:
    """The row of the sweep's table: `COLUMNS`.

    A run's name is a hash of its settings: the same ones, the same name.
    """
    config = datasets.resolved(grid.config(summary.number))
    settings = config.to_dict()
    known = {"run": name_of(config), "seed": grid.seed(summary.number)} | summary._asdict() | settings
    if np.isfinite(summary.best_epoch):
        known["best_epoch"] = int(summary.best_epoch)
    return {column: known[column] for column in COLUMNS}


def name_of(config: Config) -> str:
    """A name that says which settings a run has: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(config.to_dict()).encode()).hexdigest()[:16]


def trained(
    number: int, config: Config, split: Split | None = None, go_on: Callable[[], bool] | None = None
) -> Summary | None:
    """Train a run of these settings from its start to its end: the numbers of `toynet.train`, for less around them.

    Parameters
    ----------
    number : int
    config : Config
    split : Split, optional
        Its data; by default `datasets.load(config)`.
    go_on : callable, optional
        Asked a few times a second; where it says False the run is given up.

    Returns
    -------
    Summary, or None where it was given up

    Raises
    ------
    ValueError
        If the data cannot be used.
    """
    split, begun, first = _begun(config, split)
    task = engines.task(config, split)
    engine = engines.choose(None, task)(task, begun)
    rows = [_row(0, first)]
    updates, fine, seconds = updates_of(config, task), True, 0.0
    some = min(updates, _slice(config, task))
    while fine and engine.update < updates:
        if go_on and not go_on():
            return None
        before, started = engine.update, perf_counter()
        fine = engine.advance(min(some, updates - before), config.learning_rate)
        took = perf_counter() - started
        seconds += took
        rows.append(engine.take_rows())
        some = max(1, min(int(SLICE / max(took, 1e-9) * (engine.update - before)), 8 * some))
    return _ended(number, engine, task, rows, fine, seconds)


def _ended(number: int, engine: Engine, task: Task, rows: list[Rows], fine: bool, seconds: float) -> Summary:
    """The summary of a run that has come to its end; what no row is of is measured."""
    split, recorded = task.split, _joined(rows, task.split)
    ended = recorded
    if engine.position or engine.epoch > recorded["epoch"][-1]:
        ended = _row(engine.epoch, measure(engine.parameters, split, task.activation, task.output))
        is_row = not engine.position  # else it diverged within an epoch
        if not is_finite(ended, split):
            ended, fine = recorded, False
        elif is_row:
            ended = recorded = _joined([recorded, ended], split)
    at: dict[str, Any] = {"number": number, "epoch": engine.epoch, "update": engine.update, "seconds": seconds}
    at |= {"state": "finished" if fine else "diverged", "engine": engine.name}
    at |= {f"{part}_{what}": float(ended[f"{part}_{what}"][-1]) for part in PARTS for what in ("loss", "accuracy")}
    return _summary(at, recorded, bool(split.y_test.size))


def updates_of(config: Config, task: Task) -> int:
    """How many updates the whole run has."""
    return config.epochs * -(-task.split.y_train.size // task.batch)


def _begun(config: Config, split: Split | None) -> tuple[Split, Progress, Measures]:
    """Where a run begins: its data, its progress, and what is measured."""
    if split is not None:
        return split, *_beginning(config, split)
    config = datasets.resolved(config)
    split = datasets.load(config)
    # A file may change, and with it the data that the same settings name.
    is_fixed = config.dataset != "csv"
    return split, *(_kept_beginning(_of_beginning(config)) if is_fixed else _beginning(config, split))


def _of_beginning(config: Config) -> tuple:
    return tuple(getattr(config, name) for name in OF_BEGINNING)


@lru_cache(1024)
def _kept_beginning(values: tuple) -> tuple[Progress, Measures]:
    """Where all runs with these values of `OF_BEGINNING` begin: those that differ in what they do from there on."""
    config = Config(**dict(zip(OF_BEGINNING, values, strict=True)))
    return _beginning(config, datasets.load(config))


def _beginning(config: Config, split: Split) -> tuple[Progress, Measures]:
    """Where a run begins, and what is measured there."""
    begun = begin(config, split.X_train.shape[1], split.outputs)
    return begun, measure(begun.parameters, split, config.activation, config.output)


def _slice(config: Config, task: Task) -> int:
    """Updates that take no longer than a slice on any engine, about."""
    an_update = NumpyEngine.seconds(task, config.hidden_size, 1)
    return max(1, int(SLICE / an_update))


def _row(epoch: int, measures: Measures) -> Rows:
    return {"epoch": np.array([float(epoch)])} | {name: np.array([value]) for name, value in measures._asdict().items()}


def _joined(rows: list[Rows], split: Split) -> Rows:
    """All rows whose figures are finite, one behind the other."""
    wanted = ("epoch", *Measures._fields)
    joined = {name: np.concatenate([part[name] for part in rows]) for name in wanted}
    fine = is_finite(joined, split)
    return joined if fine.all() else {name: column[fine] for name, column in joined.items()}


def _summary(at: dict[str, Any], rows: Rows, has_test: bool) -> Summary:
    """The summary of a run that ended so, with what its rows add."""
    losses, epochs = rows["test_loss" if has_test else "train_loss"], rows["epoch"]
    best, lowest = int(np.argmin(losses)), np.minimum.accumulate(losses)
    first = np.searchsorted(-lowest, -np.array(LEVELS))  # ascending: the first row as low
    return Summary(
        **at,
        best_test_loss=float(losses[best]) if has_test else np.nan,
        best_epoch=float(epochs[best]) if has_test else np.nan,
        reached=tuple(int(epochs[i]) if i < len(epochs) else -1 for i in first),
    )


def of_trainer(number: int, trainer: Trainer) -> Summary:
    """What a run has come to where it stands, as run `number` of a grid."""
    rows, last = trainer.rows(), trainer.present()
    at: dict[str, Any] = {"number": number, "epoch": trainer.epoch, "update": trainer.update}
    at |= {"seconds": trainer.seconds, "state": "diverged" if trainer.diverged else "finished"}
    at |= {f"{part}_{what}": last[f"{part}_{what}"] for part in PARTS for what in ("loss", "accuracy")}
    recorded = {name: rows[name] for name in ("epoch", *Measures._fields)}
    return _summary(at | {"engine": trainer.engine}, recorded, bool(trainer.split.y_test.size))
