"""The training loop of `loops.py` as an engine, and its making ready in the background."""

import numpy as np

from toynet.engines import loops
from toynet.history import MEASURES
from toynet.network import Parameters

ROWS = 4096
"""History rows that fit between two visits to Python."""


class CompiledEngine:
    """Trains in compiled code; the interpreter is free while it does.

    Parameters and attributes are those of `NumpyEngine`.
    """

    name = "compiled"

    def __init__(self, parameters, split, activation, batch, rng, record_every):
        self._h, self._d = parameters.W1.shape
        self._theta = _pack(parameters, activation)
        gradient = _aligned(self._theta.shape)
        data = [np.require(part, np.float64, ["C", "A", "W"]) for part in split[:4]]
        order = np.arange(len(split[1]) if batch else 0, dtype=np.uint32)
        self._progress, self._history = np.zeros(5, np.int64), np.zeros((ROWS, 1 + len(MEASURES)))
        random = _random_state(rng)
        self._arrays = (self._theta, gradient, *data, order, random, self._progress, self._history)
        self._settings = (self._h, loops.CODES[activation], int(batch))
        self._record_every = int(record_every)
        self._rows = []

    @property
    def parameters(self):
        """The present Parameters, as copies."""
        return Parameters(*_unpack(self._theta, self._d, self._h))

    @property
    def epoch(self):
        """Epochs completed."""
        return int(self._progress[loops.EPOCH])

    @property
    def position(self):
        """Samples seen of the present epoch."""
        return int(self._progress[loops.SAMPLE])

    @property
    def update(self):
        """Updates completed."""
        return int(self._progress[loops.UPDATES])

    def advance(self, updates, learning_rate):
        """Make up to so many updates; False if one was refused (see `NumpyEngine`)."""
        last = self.update + updates
        while self.update < last:
            left = last - self.update
            status = loops.advance(*self._arrays, *self._settings, float(learning_rate), left, self._record_every)
            self._drain()
            if status == loops.DIVERGED:
                return False
        return True

    def take_rows(self):
        """What was measured since the last call: ndarray (rows, 10) of epoch and `history.MEASURES`."""
        rows, self._rows = self._rows, []
        return np.concatenate([np.empty((0, 1 + len(MEASURES))), *rows])

    def _drain(self):
        """Take the measured rows out of the compiled loop's buffer: where it is full, the loop stops."""
        measured = int(self._progress[loops.ROWS])
        if measured:
            self._rows.append(self._history[:measured].copy())
            self._progress[loops.ROWS] = 0


def _aligned(shape):
    """Zeros that start at a cache line: vectors of 64 bytes that straddle two lines cost double."""
    size = int(np.prod(shape))
    raw = np.zeros(size + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + size].reshape(shape)


def _pack(parameters, activation):
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


def _unpack(theta, d, h):
    """The inverse of `_pack`: copies of W1, b1, W2, b2 in network.py's shapes."""
    W1, b1, W2, b2 = theta[:d, :h].T.copy(), theta[-3, :h, None].copy(), theta[-2:-1, :h].copy(), theta[-1:, :1].copy()
    return W1, b1, W2, b2


def _random_state(rng):
    """A Generator(PCG64)'s state as the six words that `compiled._permute` works on."""
    full = rng.bit_generator.state
    state, inc = full["state"]["state"], full["state"]["inc"]
    low = 2**64 - 1
    return np.array([state >> 64, state & low, inc >> 64, inc & low, full["has_uint32"], full["uinteger"]], np.uint64)


def warm():
    """Train a little, so that everything is compiled (seconds) or read from the disk cache (a tenth of one).

    Raises
    ------
    RuntimeError
        If Numba has nowhere to keep compiled code.
    """
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4, 2)), np.array([0.0, 1.0, 0.0, 1.0])
    parameters = Parameters(np.zeros((1, 2)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    CompiledEngine(parameters, (X, y, X[:0], y[:0]), "tanh", 2, rng, 1).advance(2, 0.1)


if __name__ == "__main__":
    warm()
