"""The training loop of `loops.py` as an engine, and its making ready in the background."""

import math
from typing import Any, ClassVar

import numba
import numpy as np

from toynet.datasets import Split
from toynet.engines import loops
from toynet.engines.engine import Progress, Rows, Task, order_state
from toynet.measuring import Measures
from toynet.network import Parameters

BUFFER = 4096
"""History rows that fit between two visits to Python."""

_advance: Any = loops.advance  # for the type checker it is still the function that Numba was given

WORDS = ("state", "inc")
"""PCG64's two numbers of 128 bits."""


class CompiledEngine:
    """Trains in compiled code; the interpreter is free while it does. An `Engine`."""

    name: ClassVar[str] = "compiled"

    def __init__(self, task: Task, progress: Progress) -> None:
        self._h, self._d = progress.parameters.W1.shape
        self._theta = _pack(progress.parameters, task.activation)
        gradient = _aligned(self._theta.shape)
        data = [np.require(part, np.float64, ["C", "A", "W"]) for part in task.split[:4]]
        batch = task.batch if task.is_shuffled else 0
        order = np.arange(len(data[1]) if batch else 0, dtype=np.uint32)
        self._progress, self._history = np.zeros(6, np.int64), np.zeros((BUFFER, len(loops.MEASURED)))
        self._progress[[loops.EPOCH, loops.UPDATES, loops.SAMPLE]] = progress.epoch, progress.update, progress.position
        self._random = np.array([_words(progress.order)] * 2)
        self._arguments = (
            loops.Network(self._theta, gradient, self._h, loops.CODES[task.activation]),
            loops.Samples(data[0], data[1]),
            loops.Samples(data[2], data[3]),
            loops.Run(order, self._random, self._progress, self._history),
            int(batch),
        )
        self._record_every = int(task.record_every)
        self._rows: list[np.ndarray] = []

    @staticmethod
    def can(task: Task) -> bool:
        """What there are loops for: one output, and nothing added to the update."""
        if task.split.outputs > 1 or task.l2 > 0 or task.momentum > 0:
            return False
        return task.rule is None and task.activation in loops.CODES and set(Measures._fields) <= set(loops.MEASURED)

    @property
    def parameters(self) -> Parameters:
        """The present ones, as copies."""
        return _unpack(self._theta, self._d, self._h)

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
            status = _advance(*self._arguments, float(learning_rate), left, self._record_every)
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
        order = _generator_state(self._random[1 if self.position > 0 else 0])
        return Progress(self.parameters, order, self.epoch, self.update, self.position)

    def _drain(self) -> None:
        """Take the measured rows out of the compiled loop's buffer: where it is full, the loop stops."""
        measured = int(self._progress[loops.RECORDED])
        if measured:
            self._rows.append(self._history[:measured].copy())
            self._progress[loops.RECORDED] = 0


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros that start at a cache line: vectors of 64 bytes that straddle two lines cost double."""
    size = math.prod(shape)
    raw = np.zeros(size + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + size].reshape(shape)


def _pack(parameters: Parameters, activation: str) -> np.ndarray:
    """Parameters as theta (see `loops.py`).

    A padding unit must stay out of everything: g(0) = 0 does it for tanh and relu, and
    sigmoid's b1 = -1e4 makes both g and g' exactly 0.
    """
    W1, b1, W2, b2 = parameters
    h, d = W1.shape
    d2 = max(2, d + d % 2)
    theta = _aligned((d2 + 3, -(-h // loops.LANES) * loops.LANES))
    theta[:d, :h] = W1.T
    theta[d2, :h] = b1[:, 0]
    theta[d2, h:] = -1e4 if activation == "sigmoid" else 0.0
    theta[d2 + 1, :h] = W2[0]
    theta[d2 + 2, 0] = b2[0, 0]
    return theta


def _unpack(theta: np.ndarray, d: int, h: int) -> Parameters:
    """The inverse of `_pack`: copies of W1, b1, W2, b2 in network.py's shapes."""
    W1, b1, W2, b2 = theta[:d, :h].T.copy(), theta[-3, :h, None].copy(), theta[-2:-1, :h].copy(), theta[-1:, :1].copy()
    return Parameters(W1, b1, W2, b2)


def _words(order: dict[str, Any]) -> np.ndarray:
    """The state of a PCG64 generator as the six words that `loops._permute` works on."""
    low = 2**64 - 1
    halves = [half for name in WORDS for half in (order["state"][name] >> 64, order["state"][name] & low)]
    return np.array([*halves, order["has_uint32"], order["uinteger"]], np.uint64)


def _generator_state(words: np.ndarray) -> dict[str, Any]:
    """The inverse of `_words`."""
    state_high, state_low, inc_high, inc_low, has_half, half = (int(word) for word in words)
    numbers = dict(zip(WORDS, (state_high << 64 | state_low, inc_high << 64 | inc_low), strict=True))
    return {"bit_generator": "PCG64", "state": numbers, "has_uint32": has_half, "uinteger": half}


# --- making ready --------------------------------------------------------------------


def _smallest() -> CompiledEngine:
    """An engine whose only purpose is to have its loops compiled."""
    X, y = np.random.default_rng(0).normal(size=(4, 2)), np.array([0.0, 1.0, 0.0, 1.0])
    split = Split(X, y, X[:0], y[:0], np.zeros(2), np.ones(2), ("x1", "x2"), ("class 0", "class 1"))
    parameters = Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    order = order_state(np.random.default_rng(0))
    return CompiledEngine(Task(split, "tanh", 2, is_shuffled=True), Progress(parameters, order))


def is_on_disk() -> bool:
    """Whether the loops have been compiled for this processor before. A cache that cannot be read is emptied."""
    arguments = (*_smallest()._arguments, 0.1, 2, 1)
    signature = tuple(numba.typeof(argument) for argument in arguments)
    try:
        return _advance._cache.load_overload(signature, _advance.targetctx) is not None
    except Exception:  # whatever unpickling a damaged file raises
        _advance._cache.flush()
        return False


def warm() -> None:
    """Train a little, so that everything is compiled (seconds) or read from the disk cache."""
    try:
        _smallest().advance(2, 0.1)
    except Exception:  # the cache is damaged
        _advance._cache.flush()
        _smallest().advance(2, 0.1)


if __name__ == "__main__":
    warm()
