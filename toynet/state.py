"""State: a run put down as plain values and arrays; and Snapshots, where it has been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from toynet.config import Config
from toynet.datasets import Split
from toynet.engines import Progress
from toynet.history import OF_BATCHES, Change
from toynet.network import Parameters, Rule

GROWTH = 1.1
"""Each snapshot is so many times as many epochs from the run's start as the one before, about."""

MOST = 200
"""Snapshots of a run at most: those that lie closest together go."""

WORTH = 0.002
"""Seconds of training between two snapshots at least: what takes less is soon trained again."""


class Snapshot(NamedTuple):
    """Where a run was, and the name of the engine that trained it from there on ("" where none has yet)."""

    progress: Progress
    engine: str = ""


class Snapshots:
    """Where a run has been: its start, and from there on at log-spaced epochs.

    What lies between two of them is trained again (`toynet.replay`), bit for bit, so nothing is kept that training
    comes to sooner.
    """

    def __init__(self, kept: Iterable[Snapshot], seconds: float = 0.0) -> None:
        self._kept, self._seconds = list(kept), seconds

    def are_due(self, epoch: int, seconds: float) -> bool:
        """Whether a run of so many epochs, trained for so many seconds, is to be kept as it is now."""
        return seconds - self._seconds >= WORTH and epoch >= GROWTH * self._kept[-1].progress.epoch

    def take(self, progress: Progress, engine: str, seconds: float) -> None:
        """Keep this one; of two of the same update the last counts."""
        if self._kept[-1].progress.update == progress.update:
            self._kept.pop()
        self._kept.append(Snapshot(progress, engine))
        self._seconds = seconds
        if len(self._kept) > MOST:
            updates = np.array([snapshot.progress.update for snapshot in self._kept], dtype=float)
            closest = 1 + int(np.argmin(updates[2:] / np.maximum(updates[:-2], 1.0)))
            del self._kept[closest]

    def all(self) -> tuple[Snapshot, ...]:
        """All of them, the start first."""
        return tuple(self._kept)


@dataclass(frozen=True, eq=False)
class State:
    """All that a run's future depends on, as plain values and arrays; `Trainer.resume` goes on from it.

    Attributes
    ----------
    run_name : str
    config : Config
        As at the start.
    changes : tuple of Change
        What was changed since, in order: `learning_rate`, `epochs`, `batch_mode` and
        `batch_size`; of the last two one change may be still to come.
    engine_asked : str or None
        Name of the engine that was asked for.
    trained_by : str
        The engine so far: one name, or several joined by "+"; empty before the first update.
    progress : Progress
        Parameters, epoch, update, position in the epoch, the order's generator, and v of momentum.
    history : dict of str to ndarray (rows,)
        The rows recorded so far, by column.
    seconds : float
        Time spent training.
    diverged : str
        Empty, or why the run ended.
    data : str
        Hash of the rows trained and tested on.
    split : Split or None
        These rows themselves, where they were handed to the Trainer and no Config makes them again.
    rule : callable or None
        What trained in the place of `network.backward`; all else is numbers, texts, arrays and tuples of them.
    snapshots : tuple of Snapshot
        Where it has been, the start first.
    version : int
        Of this form.
    """

    run_name: str
    config: Config
    changes: tuple[Change, ...]
    engine_asked: str | None
    trained_by: str
    progress: Progress
    history: dict[str, np.ndarray]
    seconds: float
    diverged: str
    data: str
    split: Split | None
    rule: Rule | None = None
    snapshots: tuple[Snapshot, ...] = ()
    version: int = 1


def parameters_of(arrays: Mapping[str, np.ndarray]) -> Parameters:
    """Parameters by their names: W1, b1, W2, b2."""
    return Parameters(**arrays)


def batches(config: Config, changes: Iterable[Change], update: float, m: int) -> tuple[Config, int, int]:
    """The settings of the batches that hold after so many updates, and the epoch and update at which these began.

    Raises
    ------
    ValueError
        If batches change within an epoch.
    """
    epoch = begun = 0
    for change in changes:
        if change.setting in OF_BATCHES and change.update <= update:
            epochs, some = divmod(change.update - begun, -(-m // config.batch(m)))
            if some or epochs < 0:
                raise ValueError(f"its batches change within an epoch, after update {change.update}")
            epoch, begun = epoch + epochs, change.update
            config = replace(config, **{change.setting: change.value})
    return config, epoch, begun


def check(state: State, m: int, d: int, k: int) -> None:
    """Raise ValueError unless the numbers of a state fit together, for m training samples of d inputs and k outputs.

    Whoever wrote the state: an engine relies on it.
    """
    batches(state.config, state.changes, np.inf, m)
    for progress in (state.progress, *(snapshot.progress for snapshot in state.snapshots)):
        h = state.config.hidden_size
        for parameters in filter(None, (progress.parameters, progress.velocity)):
            if [p.shape for p in parameters] != [(h, d), (h, 1), (k, h), (k, 1)]:
                outputs = "" if k == 1 else f" and {k} outputs"
                raise ValueError(f"its parameters are not those of {h} hidden units and {d} inputs{outputs}")
        config, epoch, begun = batches(state.config, state.changes, progress.update, m)
        size = config.batch(m)
        epochs, some = divmod(progress.update - begun, -(-m // size))
        if (progress.epoch, progress.position) != (epoch + epochs, some * size):
            raise ValueError(f"after {progress.update} updates it cannot be in epoch {progress.epoch + 1} where it is")
