"""Records: what a store is told of a run."""

from __future__ import annotations

import os
import platform
import secrets
import socket
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import psutil

from toynet.state import State
from toynet.training import Trainer

STATUSES = ("running", "paused", "finished", "diverged", "interrupted", "imported")
"""How a run may stand. Interrupted is one that runs by what is stored, and by nothing else."""

LATER = ("classes", "output", "l2", "momentum", "features")
"""The settings that an older ToyNet did not have: what it has kept or exported had their defaults."""

SKETCH = 40
"""Points of the small picture of a run's losses, at most."""


@dataclass(frozen=True)
class Source:
    """Whose a run is, and which run it branched from.

    Attributes
    ----------
    owner : str
        Who started it, where people log in; else "": the machine's.
    parent : str or None
        The run that it went on from.
    parent_epoch : int or None
        Where it did.
    """

    owner: str = ""
    parent: str | None = None
    parent_epoch: int | None = None


@dataclass(frozen=True)
class Record:
    """What a store is told of a run at one moment.

    Attributes
    ----------
    state : State
        Of its history only the rows from `first_row` on. A run that was imported without its
        parameters has None for these.
    first_row : int
        Rows of the history that the store has already.
    status : str
        One of `STATUSES`, but "interrupted".
    present : dict
        The history row of this moment; while it runs the last one recorded.
    sketch : list of float
        Some of its losses, equally far apart.
    source : Source
    holder : str
        Who trains it (see `holder`); "" where nobody does.
    before : int
        The update at which this holder knows it to be stored: whoever has it further on has taken it up meanwhile.
    """

    state: State
    first_row: int
    status: str
    present: dict[str, float]
    sketch: list[float]
    source: Source = Source()
    holder: str = ""
    before: int = 0

    @classmethod
    def of(cls, trainer: Trainer, is_running: bool = False, since: int = 0, **more: Any) -> Record:
        """What a trainer is at, with the rows of its history from one on; `more` is `source`, `holder`, `before`.

        Raises
        ------
        ValueError
            Of a run with a rule of its own, which could not be gone on with.
        """
        # Measuring takes a while, and what runs is somewhere else by the next moment.
        present = trainer.recorded.last if is_running else trainer.present()
        sketched = sketch(trainer.recorded["test_loss"], trainer.recorded["train_loss"])
        state = trainer.state(since)
        if state.rule is not None:
            raise ValueError(
                "a run whose rule is not the derived gradient cannot be kept: rules are code, not settings"
            )
        return cls(state, since, status(trainer, is_running), present, sketched, **more)


def status(trainer: Trainer, is_running: bool) -> str:
    """How a run stands."""
    if trainer.diverged:
        return "diverged"
    if is_running:
        return "running"
    return "finished" if trainer.epoch >= trainer.epochs else "paused"


def sketch(test_loss: np.ndarray, train_loss: np.ndarray) -> list[float]:
    """A few of the losses, (rows,), of the test part where there is one."""
    losses = test_loss if np.isfinite(test_loss[-1:]).all() else train_loss
    places = np.unique(np.linspace(0, max(len(losses) - 1, 0), SKETCH).astype(int))[: len(losses)]
    return [float(f"{loss:.4g}") for loss in losses[places]]


# --- who trains a run ----------------------------------------------------------------


def holder() -> str:
    """A name for who trains a run: this machine, this process, and something of its own."""
    return f"{_process(os.getpid())}/{secrets.token_hex(4)}"


def is_of_this_process(name: str) -> bool:
    """Whether a holder is somebody in this very process."""
    return name.rpartition("/")[0] == _process(os.getpid())


def is_gone(name: str) -> bool:
    """Whether a holder was a process of this machine that has ended."""
    host, _, rest = name.rpartition("/")[0].partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        return abs(psutil.Process(int(pid)).create_time() - float(started)) > 1.0
    except (psutil.Error, ValueError):
        return True


@lru_cache
def _process(pid: int) -> str:
    return f"{socket.gethostname()}/{pid}/{psutil.Process(pid).create_time():.2f}"


@lru_cache
def versions() -> dict[str, Any]:
    """What numbers depend on beside the settings: versions of Python and of the libraries that compute."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "numba", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
