"""The hidden units' activation functions g, each beside its derivative g'."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """A pair g, g', both elementwise: an array in, an array of the same shape out.

    Attributes
    ----------
    g : callable
        Z -> g(Z).
    g_prime : callable
        Z -> g'(Z), the derivative at the pre-activation Z (not at A = g(Z)).
    gain : float
        Factor on the standard deviation of initial W1 that keeps the spread of
        A1 near that of the inputs: 1 for tanh (LeCun 1998), 4 for sigmoid, whose
        slope at 0 is 1/4 (Glorot and Bengio 2010), sqrt(2) for relu, which drops
        half of its input (He et al. 2015).
    """

    g: Callable
    g_prime: Callable
    gain: float


def sigma(Z):
    """Logistic function 1 / (1 + exp(-Z)).

    Only ever exponentiates -|Z|, so it cannot overflow: Z = 1e4 gives exactly 1
    and Z = -1e4 exactly 0.
    """
    e = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)


def sigma_prime(Z):
    """sigma'(Z) = sigma(Z) (1 - sigma(Z)), written as e / (1 + e)^2 with e = exp(-|Z|)."""
    e = np.exp(-np.abs(Z))
    return e / (1.0 + e) ** 2


def tanh_prime(Z):
    """tanh'(Z) = 1 - tanh(Z)^2."""
    return 1.0 - np.tanh(Z) ** 2


def relu(Z):
    """max(Z, 0)."""
    return np.maximum(Z, 0.0)


def relu_prime(Z):
    """1 where Z > 0, else 0 (the value at the kink is a convention)."""
    return (Z > 0).astype(float)


ACTIVATIONS = {
    "tanh": Activation(np.tanh, tanh_prime, 1.0),
    "sigmoid": Activation(sigma, sigma_prime, 4.0),
    "relu": Activation(relu, relu_prime, np.sqrt(2.0)),
}
