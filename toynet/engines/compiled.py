"""The training loops of `loops.py` and `loops_general.py` as an engine, and their making ready."""

import importlib
import os
import sys
from typing import Any, ClassVar

import numba
import numpy as np

from toynet.datasets import Split
from toynet.engines import loops
from toynet.engines.engine import GENERAL, LOOPS, PLAIN, Progress, Rows, Task, order_state
from toynet.engines.packing import aligned, generator_state, pack, pack_general, unpack, unpack_general, words
from toynet.measuring import Measures
from toynet.network import Parameters

BUFFER = 4096
"""History rows that fit between two visits to Python."""


class CompiledEngine:
    """Trains in compiled code; the interpreter is free while it does. An `Engine`."""

    name: ClassVar[str] = "compiled"

    def __init__(self, task: Task, progress: Progress) -> None:
        self._h, self._d = progress.parameters.W1.shape
        self._k, self._momentum = len(progress.parameters.W2), float(task.momentum)
        self._is_general = task.loops == GENERAL
        self._advance = _loops(task.loops).advance
        data = [np.require(part, np.float64, ["C", "A", "W"]) for part in task.split[:4]]
        batch = task.batch if task.is_shuffled else 0
        order = np.arange(len(data[1]) if batch else 0, dtype=np.uint32)
        self._progress, self._history = np.zeros(6, np.int64), np.zeros((BUFFER, len(loops.MEASURED)))
        self._progress[[loops.EPOCH, loops.UPDATES, loops.SAMPLE]] = progress.epoch, progress.update, progress.position
        self._random = np.array([words(progress.order)] * 2)
        self._arguments: tuple[Any, ...] = (
            self._network(task, progress),
            loops.Samples(data[0], data[1]),
            loops.Samples(data[2], data[3]),
            loops.Run(order, self._random, self._progress, self._history),
            int(batch),
        )
        if self._is_general:
            self._arguments += float(task.l2), self._momentum
        self._record_every = int(task.record_every)
        self._rows: list[np.ndarray] = []

    def _network(self, task: Task, progress: Progress) -> Any:
        """What the loops work on; and where parameters and v are found again."""
        code = loops.CODES[task.activation]
        if not self._is_general:
            self._theta = pack(progress.parameters, task.activation)
            return loops.Network(self._theta, aligned(self._theta.shape), self._h, code)
        general = _loops(GENERAL)
        self._theta = pack_general(progress.parameters, task.activation)
        velocity = progress.velocity if self._momentum > 0 else None
        self._v = aligned(self._theta.shape) if velocity is None else pack_general(velocity, "tanh")
        self._without_v = progress.update if velocity is None else -1  # updates after which there is no v yet
        gradient, output = aligned(self._theta.shape), general.OUTPUT_CODES[task.output]
        return general.Network(self._theta, gradient, self._v, self._h, self._k, code, output)

    @staticmethod
    def can(task: Task) -> bool:
        """All but rules that are not the derived one, and activations that have no loops."""
        return task.rule is None and task.activation in loops.CODES and set(Measures._fields) <= set(loops.MEASURED)

    @property
    def parameters(self) -> Parameters:
        """The present ones, as copies."""
        if self._is_general:
            return unpack_general(self._theta, self._d, self._h, self._k)
        return unpack(self._theta, self._d, self._h)

    @property
    def velocity(self) -> Parameters | None:
        """v of the last update, as copies (see `Progress`)."""
        if self._momentum == 0 or self.update == self._without_v:
            return None
        return unpack_general(self._v, self._d, self._h, self._k)

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return int(self._progress[loops.EPOCH])

    @property
    def position(self) -> int:
        """Samples seen of the present epoch."""
        return int(self._progress[loops.SAMPLE])

    @property
    def update(self) -> int:
        """Updates completed."""
        return int(self._progress[loops.UPDATES])

    def advance(self, updates: int, learning_rate: float) -> bool:
        """Make up to so many updates; False if one was refused (see `Engine`)."""
        last = self.update + updates
        while self.update < last:
            left = last - self.update
            status = self._advance(*self._arguments, float(learning_rate), left, self._record_every)
            self._drain()
            if status == loops.DIVERGED:
                return False
        return True

    def take_rows(self) -> Rows:
        """What was measured since the last call."""
        rows, self._rows = self._rows, []
        columns = np.concatenate([np.empty((0, len(loops.MEASURED))), *rows]).T
        return dict(zip(loops.MEASURED, columns, strict=True))

    def state(self) -> Progress:
        """How far it has come (see `Engine`)."""
        order = generator_state(self._random[1 if self.position > 0 else 0])
        return Progress(self.parameters, order, self.epoch, self.update, self.position, self.velocity)

    def _drain(self) -> None:
        """Take the measured rows out of the compiled loop's buffer: where it is full, the loop stops."""
        measured = int(self._progress[loops.RECORDED])
        if measured:
            self._rows.append(self._history[:measured].copy())
            self._progress[loops.RECORDED] = 0


# --- making ready --------------------------------------------------------------------


def _loops(name: str) -> Any:
    """The module of these loops; `loops_general` is loaded where it is needed. For the type checker `advance` would
    still be the function that Numba was given."""
    return importlib.import_module(f"toynet.engines.{name}")


def _smallest(name: str) -> CompiledEngine:
    """An engine whose only purpose is to have these loops compiled."""
    X, y = np.random.default_rng(0).normal(size=(4, 2)), np.array([0.0, 1.0, 0.0, 1.0])
    split = Split(X, y, X[:0], y[:0], np.zeros(2), np.ones(2), ("x1", "x2"), ("class 0", "class 1"))
    parameters = Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    order = order_state(np.random.default_rng(0))
    task = Task(split, "tanh", 2, is_shuffled=True, momentum=0.0 if name == PLAIN else 0.5)
    return CompiledEngine(task, Progress(parameters, order))


def is_on_disk(name: str = PLAIN) -> bool:
    """Whether these loops (one of `LOOPS`) have been compiled for this processor before.

    A cache that cannot be read, or is older than what the loops share, is emptied.
    """
    engine = _smallest(name)
    signature = tuple(numba.typeof(argument) for argument in (*engine._arguments, 0.1, 2, 1))
    compiled = engine._advance
    try:
        if _is_outdated(compiled, name):
            compiled._cache.flush()
        return compiled._cache.load_overload(signature, compiled.targetctx) is not None
    except Exception:  # whatever unpickling a damaged file raises
        compiled._cache.flush()
        return False


def _is_outdated(compiled: Any, name: str) -> bool:
    """Whether the cached code is older than `loops.py`: Numba looks at the time of the function's own file alone."""
    index = compiled._cache._cache_file._index_path
    return name != PLAIN and os.path.exists(index) and os.path.getmtime(index) < os.path.getmtime(loops.__file__)


def warm(name: str = PLAIN) -> None:
    """Train a little, so that everything is compiled (seconds) or read from the disk cache."""
    compiled = _loops(name).advance
    if _is_outdated(compiled, name):
        compiled._cache.flush()
    try:
        _smallest(name).advance(2, 0.1)
    except Exception:  # the cache is damaged
        compiled._cache.flush()
        _smallest(name).advance(2, 0.1)


if __name__ == "__main__":
    for asked in sys.argv[1:] or LOOPS:
        warm(asked)
