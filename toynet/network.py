"""The derivation: one hidden layer, sigmoid output, cross-entropy, one step of descent. Nothing else.

m samples, d inputs, h hidden units. Samples are columns inside the network;
people hand in rows, X of shape (m, d) and y of shape (m,), as in scikit-learn.

    A0 = X.T            Z1 = W1 A0 + b1      A1 = g(Z1)
                        Z2 = W2 A1 + b2      y_hat = sigma(Z2)
    C = -mean( y log y_hat + (1 - y) log(1 - y_hat) )
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from toynet.activations import ACTIVATIONS, sigma


class Parameters(NamedTuple):
    """What is learned: W1 (h, d), b1 (h, 1), W2 (1, h), b2 (1, 1)."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray


class Forward(NamedTuple):
    """One forward pass: A0 (d, m), Z1 and A1 (h, m), Z2 and y_hat (1, m)."""

    A0: np.ndarray
    Z1: np.ndarray
    A1: np.ndarray
    Z2: np.ndarray
    y_hat: np.ndarray


class Gradients(NamedTuple):
    """Derivatives of C, each in the shape of its parameter."""

    dC_dW1: np.ndarray
    dC_db1: np.ndarray
    dC_dW2: np.ndarray
    dC_db2: np.ndarray


Rule: TypeAlias = Callable[[Parameters, Forward, np.ndarray, str], Gradients]
"""What `backward` is, and what may be tried in its place: (parameters, forward, y, activation) -> gradients."""


def initialise(d: int, hidden_size: int, rng: np.random.Generator, activation: str = "tanh") -> Parameters:
    """Random parameters, scaled so that no unit starts saturated.

    W1 ~ N(0, gain^2 / d) with the activation's gain (see `Activation`),
    W2 ~ N(0, 1 / h), biases 0. W1 is drawn before W2.

    Parameters
    ----------
    d, hidden_size : int
        Number of inputs and of hidden units h.
    rng : numpy.random.Generator
        Source of the numbers; the same seed gives the same parameters.
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Parameters
    """
    gain = ACTIVATIONS[activation].gain
    W1 = rng.normal(0.0, gain / np.sqrt(d), (hidden_size, d))
    W2 = rng.normal(0.0, 1.0 / np.sqrt(hidden_size), (1, hidden_size))
    return Parameters(W1, np.zeros((hidden_size, 1)), W2, np.zeros((1, 1)))


def forward(parameters: Parameters, X: np.ndarray, activation: str) -> Forward:
    """From inputs to probabilities.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
        Samples as rows.
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Forward
    """
    W1, b1, W2, b2 = parameters
    A0 = X.T
    Z1 = W1 @ A0 + b1
    A1 = ACTIVATIONS[activation].g(Z1)
    Z2 = W2 @ A1 + b2
    y_hat = sigma(Z2)
    return Forward(A0, Z1, A1, Z2, y_hat)


def costs(forward: Forward, y: np.ndarray) -> np.ndarray:
    """Cross-entropy of each sample, in nats, computed from Z2.

    With y_hat = sigma(Z2), -(y log y_hat + (1 - y) log(1 - y_hat)) equals
    max(Z2, 0) - y Z2 + log(1 + exp(-|Z2|)), where nothing overflows and no
    logarithm of 0 is taken: Z2 = 1e4 with y = 1 costs exactly 0, with y = 0
    exactly 1e4.

    Parameters
    ----------
    forward : Forward
    y : ndarray (m,)
        Classes, 0.0 or 1.0.

    Returns
    -------
    ndarray (1, m)
    """
    Z2 = forward.Z2
    C = np.maximum(Z2, 0.0) - y * Z2 + np.log1p(np.exp(-np.abs(Z2)))
    return C


def cost(forward: Forward, y: np.ndarray) -> float:
    """C, the mean of the samples' `costs`, in nats: a float."""
    return float(np.mean(costs(forward, y)))


def output_error(forward: Forward, y: np.ndarray) -> np.ndarray:
    """dC/dZ2, (1, m): the chain rule's first two factors, in which sigma' cancels.

    (1) dC/dy_hat = (y_hat - y) / (y_hat (1 - y_hat)) / m, with the 1/m of the mean, and
    (2) dy_hat/dZ2 = y_hat (1 - y_hat) multiply, sample by sample, to (y_hat - y) / m.
    """
    y_hat, m = forward.y_hat, y.size
    dC_dZ2 = (y_hat - y) / m
    return dC_dZ2


def hidden_error(parameters: Parameters, forward: Forward, dC_dZ2: np.ndarray, activation: str) -> np.ndarray:
    """dC/dZ1, (h, m): the output's error handed back through W2 and the slope of g."""
    W2, Z1 = parameters.W2, forward.Z1
    dC_dZ1 = (W2.T @ dC_dZ2) * ACTIVATIONS[activation].g_prime(Z1)
    return dC_dZ1


def backward_from(parameters: Parameters, forward: Forward, dC_dZ2: np.ndarray, activation: str) -> Gradients:
    """The gradient of any cost whose derivative by Z2 is known.

    Parameters
    ----------
    parameters : Parameters
    forward : Forward
        The pass of these parameters over m samples.
    dC_dZ2 : ndarray (1, m)
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Gradients
    """
    A0, A1 = forward.A0, forward.A1
    dC_dW2 = dC_dZ2 @ A1.T
    dC_db2 = dC_dZ2.sum(axis=1, keepdims=True)
    dC_dZ1 = hidden_error(parameters, forward, dC_dZ2, activation)
    dC_dW1 = dC_dZ1 @ A0.T
    dC_db1 = dC_dZ1.sum(axis=1, keepdims=True)
    return Gradients(dC_dW1, dC_db1, dC_dW2, dC_db2)


def backward(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """The derived gradient of C: dC/dW2 = (sigma - y) / m A1.T, and what follows from it.

    Parameters
    ----------
    parameters : Parameters
    forward : Forward
        The pass of these parameters over the m samples that y belongs to.
    y : ndarray (m,)
        Classes, 0.0 or 1.0.
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Gradients
    """
    return backward_from(parameters, forward, output_error(forward, y), activation)


def updated(parameters: Parameters, gradients: Gradients, learning_rate: float) -> Parameters:
    """One step of gradient descent: theta - eta dC_dtheta for every parameter, as new Parameters."""
    return Parameters(*(p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)))
