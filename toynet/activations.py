"""The hidden units' activation functions, and what makes probabilities of the outputs; of an activation all that the
rest of ToyNet needs to know is its entry here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """A function g and its derivative g', and how both are written and drawn.

    Attributes
    ----------
    g : callable
        Z -> g(Z), elementwise: an array in, a new array of the same shape out.
    g_prime : callable
        Z -> g'(Z), the derivative at the pre-activation Z (not at A = g(Z)).
    gain : float
        Factor on the standard deviation of initial W1 that keeps the spread of
        A1 near that of the inputs: 1 for tanh (LeCun 1998), 4 for sigmoid, whose
        slope at 0 is 1/4 (Glorot and Bengio 2010), sqrt(2) for relu, which drops
        half of its input (He et al. 2015).
    latex : tuple of 2 str
        g(Z1) and g'(Z1) as LaTeX.
    code : tuple of 2 str
        g(Z1) and g'(Z1) in plain NumPy, where `sigma` is defined.
    span : tuple of (float, float or None)
        From where to where in Z1 its pictures go; None is the largest Z1 that occurs.
    colours : str
        What the colours of A1 mean in these pictures.
    kinks : tuple of float
        Where g has no derivative; g_prime says what is taken for it.
    ends : tuple of (float, float), optional
        What g tends to on either side; None where it is not bounded.
    in_place : callable, optional
        (Z, slope) -> None: writes g(Z) over Z and g'(Z) into the other array, with few calls
        and no new arrays. Without it g and g_prime are called.
    """

    g: Callable[[np.ndarray], np.ndarray]
    g_prime: Callable[[np.ndarray], np.ndarray]
    gain: float
    latex: tuple[str, str]
    code: tuple[str, str]
    span: tuple[float, float | None]
    colours: str
    kinks: tuple[float, ...] = ()
    ends: tuple[float, float] | None = None
    in_place: Callable[[np.ndarray, np.ndarray], None] | None = None

    def activate(self, Z: np.ndarray, slope: np.ndarray) -> None:
        """Turn Z into g(Z) in place, and fill `slope` with g'(Z)."""
        if self.in_place:
            self.in_place(Z, slope)
        else:
            slope[...] = self.g_prime(Z)
            Z[...] = self.g(Z)


# --- sigmoid: also the output unit's -------------------------------------------------


def sigma(Z: np.ndarray) -> np.ndarray:
    """Logistic function 1 / (1 + exp(-Z)).

    Only ever exponentiates -|Z|, so it cannot overflow: Z = 1e4 gives exactly 1
    and Z = -1e4 exactly 0.
    """
    e = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)


def sigma_prime(Z: np.ndarray) -> np.ndarray:
    """sigma'(Z) = sigma(Z) (1 - sigma(Z)), written as e / (1 + e)^2 with e = exp(-|Z|)."""
    e = np.exp(-np.abs(Z))
    return e / (1.0 + e) ** 2


def _sigma_in_place(Z: np.ndarray, slope: np.ndarray) -> None:
    """sigma(Z) = (1 + tanh(Z / 2)) / 2: one call, and it cannot overflow."""
    Z *= 0.5
    np.tanh(Z, out=Z)
    Z += 1.0
    Z *= 0.5
    np.subtract(1.0, Z, out=slope)
    slope *= Z


# --- softmax -------------------------------------------------------------------------


def softmax(Z: np.ndarray) -> np.ndarray:
    """exp(Z) / sum of exp(Z) over the outputs, the last axis but one; of a single output sigma(Z).

    Only differences count, so the largest is taken off and nothing overflows. A single output is
    that of class 1, beside a class 0 whose Z is always 0: the softmax of these two is sigma.
    """
    if Z.shape[-2] == 1:
        return sigma(Z)
    e = np.exp(Z - Z.max(axis=-2, keepdims=True))
    return e / e.sum(axis=-2, keepdims=True)


OUTPUTS = {"sigmoid": sigma, "softmax": softmax}
"""Name -> what makes probabilities (..., k, m) of Z2. Sigmoid: each output says yes or no for itself."""


# --- tanh ----------------------------------------------------------------------------


def tanh_prime(Z: np.ndarray) -> np.ndarray:
    """tanh'(Z) = 1 - tanh(Z)^2."""
    return 1.0 - np.tanh(Z) ** 2


def _tanh_in_place(Z: np.ndarray, slope: np.ndarray) -> None:
    np.tanh(Z, out=Z)
    np.multiply(Z, Z, out=slope)
    np.subtract(1.0, slope, out=slope)


# --- relu ----------------------------------------------------------------------------


def relu(Z: np.ndarray) -> np.ndarray:
    """max(Z, 0)."""
    return np.maximum(Z, 0.0)


def relu_prime(Z: np.ndarray) -> np.ndarray:
    """1 where Z > 0, else 0 (the value at the kink is a convention)."""
    return (Z > 0).astype(float)


def _relu_in_place(Z: np.ndarray, slope: np.ndarray) -> None:
    np.maximum(Z, 0.0, out=Z)
    np.greater(Z, 0.0, out=slope)


ACTIVATIONS = {
    "tanh": Activation(
        np.tanh,
        tanh_prime,
        gain=1.0,
        latex=(r"\tanh(Z_1)", r"1 - \tanh^2(Z_1)"),
        code=("np.tanh(Z1)", "1 - np.tanh(Z1) ** 2"),
        span=(-3.0, 3.0),
        ends=(-1.0, 1.0),
        colours="orange −1, grey 0, blue 1",
        in_place=_tanh_in_place,
    ),
    "sigmoid": Activation(
        sigma,
        sigma_prime,
        gain=4.0,
        latex=(r"\sigma(Z_1)", r"\sigma(Z_1) \left(1 - \sigma(Z_1)\right)"),
        code=("sigma(Z1)", "sigma(Z1) * (1 - sigma(Z1))"),
        span=(-6.0, 6.0),
        ends=(0.0, 1.0),
        colours="grey 0, blue 1",
        in_place=_sigma_in_place,
    ),
    "relu": Activation(
        relu,
        relu_prime,
        gain=np.sqrt(2.0),
        latex=(r"\max(Z_1, 0)", r"[Z_1 > 0]"),
        code=("np.maximum(Z1, 0)", "(Z1 > 0).astype(float)"),
        span=(0.0, None),
        colours="grey 0, blue its largest value",
        kinks=(0.0,),
        in_place=_relu_in_place,
    ),
}
"""Name -> Activation. A new entry is trained, checked, taken apart and drawn like these; only the compiled
engine needs loops of its own for it (`engines/loops.py`), and until then NumPy trains it."""
