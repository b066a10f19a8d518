"""Parameters and generators as the compiled loops hold them, and back."""

import math
from typing import Any

import numpy as np

from toynet.engines import loops
from toynet.network import Parameters

WORDS = ("state", "inc")
"""PCG64's two numbers of 128 bits."""

OFF = -1e4
"""b1 of a padding unit whose activation is sigmoid: g and g' are both exactly 0 there. Of tanh and relu 0 does it."""


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros that start at a cache line: vectors of 64 bytes that straddle two lines cost double."""
    size = math.prod(shape)
    raw = np.zeros(size + 8)
    first = -(raw.ctypes.data // 8) % 8
    return raw[first : first + size].reshape(shape)


# --- for loops.py --------------------------------------------------------------------


def pack(parameters: Parameters, activation: str) -> np.ndarray:
    """Parameters as theta (see `loops.py`). A padding unit must stay out of everything."""
    W1, b1, W2, b2 = parameters
    h, d = W1.shape
    d2 = max(2, d + d % 2)
    theta = aligned((d2 + 3, -(-h // loops.LANES) * loops.LANES))
    theta[:d, :h] = W1.T
    theta[d2, :h] = b1[:, 0]
    theta[d2, h:] = OFF if activation == "sigmoid" else 0.0
    theta[d2 + 1, :h] = W2[0]
    theta[d2 + 2, 0] = b2[0, 0]
    return theta


def unpack(theta: np.ndarray, d: int, h: int) -> Parameters:
    """The inverse of `pack`: copies of W1, b1, W2, b2 in network.py's shapes."""
    W1, b1, W2, b2 = theta[:d, :h].T.copy(), theta[-3, :h, None].copy(), theta[-2:-1, :h].copy(), theta[-1:, :1].copy()
    return Parameters(W1, b1, W2, b2)


# --- for loops_general.py ------------------------------------------------------------


def pack_general(parameters: Parameters, activation: str) -> np.ndarray:
    """Parameters as theta (see `loops_general.py`); v is packed like those of tanh."""
    W1, b1, W2, b2 = parameters
    (h, d), k = W1.shape, len(W2)
    theta = aligned((_size(d, h, k),))
    rows, tail, d2 = _general(theta, d, h, k)
    rows[:d, :h] = W1.T
    rows[d2, :h] = b1[:, 0]
    rows[d2, h:] = OFF if activation == "sigmoid" else 0.0
    rows[d2 + 1 : d2 + 1 + k, :h] = W2
    tail[:k] = b2[:, 0]
    return theta


def unpack_general(theta: np.ndarray, d: int, h: int, k: int) -> Parameters:
    """The inverse of `pack_general`, as copies."""
    rows, tail, d2 = _general(theta, d, h, k)
    W2 = rows[d2 + 1 : d2 + 1 + k, :h]
    return Parameters(rows[:d, :h].T.copy(), rows[d2, :h, None].copy(), W2.copy(), tail[:k, None].copy())


def _size(d: int, h: int, k: int) -> int:
    d2, width, outputs, tail = _padded(d, h, k)
    return (d2 + 1 + outputs) * width + tail


def _general(theta: np.ndarray, d: int, h: int, k: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Views of the rows of W1, b1 and W2, and of b2; and d2."""
    d2, width, outputs, tail = _padded(d, h, k)
    return theta[:-tail].reshape(d2 + 1 + outputs, width), theta[-tail:], d2


def _padded(d: int, h: int, k: int) -> tuple[int, int, int, int]:
    from toynet.engines import loops_general  # late: only what needs these loops loads them

    return loops_general.padded(d, h, k)


# --- generators ----------------------------------------------------------------------


def words(order: dict[str, Any]) -> np.ndarray:
    """The state of a PCG64 generator as the six words that `loops._permute` works on."""
    low = 2**64 - 1
    halves = [half for name in WORDS for half in (order["state"][name] >> 64, order["state"][name] & low)]
    return np.array([*halves, order["has_uint32"], order["uinteger"]], np.uint64)


def generator_state(six: np.ndarray) -> dict[str, Any]:
    """The inverse of `words`."""
    state_high, state_low, inc_high, inc_low, has_half, half = (int(word) for word in six)
    numbers = dict(zip(WORDS, (state_high << 64 | state_low, inc_high << 64 | inc_low), strict=True))
    return {"bit_generator": "PCG64", "state": numbers, "has_uint32": has_half, "uinteger": half}
