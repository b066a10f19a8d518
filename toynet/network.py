"""The derivation: one hidden layer, one of outputs, cross-entropy, one step of descent. Nothing else.

m samples, d inputs, h hidden units, k outputs: one for two classes, as many as there are
classes for three and more. Samples are columns inside the network; people hand in rows,
X of shape (m, d) and y of shape (m,), as in scikit-learn.

    A0 = X.T            Z1 = W1 A0 + b1      A1 = g(Z1)
                        Z2 = W2 A1 + b2      y_hat = sigma(Z2), or softmax(Z2)
    C = -mean( sum over outputs of Y log y_hat + (1 - Y) log(1 - y_hat) ), or -mean( sum of Y log y_hat )
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from toynet.activations import ACTIVATIONS, OUTPUTS


class Parameters(NamedTuple):
    """What is learned: W1 (h, d), b1 (h, 1), W2 (k, h), b2 (k, 1)."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray


class Forward(NamedTuple):
    """One forward pass: A0 (d, m), Z1 and A1 (h, m), Z2 and y_hat (k, m)."""

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


def initialise(
    d: int, hidden_size: int, rng: np.random.Generator, activation: str = "tanh", outputs: int = 1
) -> Parameters:
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
    outputs : int
        k, the rows of W2.

    Returns
    -------
    Parameters
    """
    gain = ACTIVATIONS[activation].gain
    W1 = rng.normal(0.0, gain / np.sqrt(d), (hidden_size, d))
    W2 = rng.normal(0.0, 1.0 / np.sqrt(hidden_size), (outputs, hidden_size))
    return Parameters(W1, np.zeros((hidden_size, 1)), W2, np.zeros((outputs, 1)))


def forward(parameters: Parameters, X: np.ndarray, activation: str, output: str = "sigmoid") -> Forward:
    """From inputs to probabilities.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
        Samples as rows.
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}
        What makes probabilities of Z2; of a single output both do the same.

    Returns
    -------
    Forward
    """
    W1, b1, W2, b2 = parameters
    A0 = X.T
    Z1 = W1 @ A0 + b1
    A1 = ACTIVATIONS[activation].g(Z1)
    Z2 = W2 @ A1 + b2
    y_hat = OUTPUTS[output](Z2)
    return Forward(A0, Z1, A1, Z2, y_hat)


def one_hot(y: np.ndarray, k: int) -> np.ndarray:
    """Y (k, m): what each output should say. A row for each class, 1 where a sample is of it; of a single output y."""
    return y[None, :] if k == 1 else (y == np.arange(k)[:, None]).astype(float)


def costs(forward: Forward, y: np.ndarray, output: str = "sigmoid") -> np.ndarray:
    """Cross-entropy of each sample, the sum over its outputs, in nats, computed from Z2.

    With y_hat = sigma(Z2), -(Y log y_hat + (1 - Y) log(1 - y_hat)) equals
    max(Z2, 0) - Y Z2 + log(1 + exp(-|Z2|)), where nothing overflows and no
    logarithm of 0 is taken: Z2 = 1e4 with y = 1 costs exactly 0, with y = 0
    exactly 1e4. With y_hat = softmax(Z2), -sum Y log y_hat equals sum Y (top - Z2) +
    log sum exp(Z2 - top) for any top; the largest Z2 does the same service.

    Parameters
    ----------
    forward : Forward
    y : ndarray (m,)
        Classes: 0.0 and 1.0 of a single output, else 0 .. k-1.
    output : {"sigmoid", "softmax"}
        As in `forward`.

    Returns
    -------
    ndarray (1, m)
    """
    Z2, k = forward.Z2, forward.Z2.shape[-2]
    Y = one_hot(y, k)
    if output == "softmax" and k > 1:
        top = Z2.max(axis=-2, keepdims=True)
        return (Y * (top - Z2)).sum(axis=-2, keepdims=True) + np.log(np.exp(Z2 - top).sum(axis=-2, keepdims=True))
    C = np.maximum(Z2, 0.0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))
    return C.sum(axis=-2, keepdims=True)


def cost(forward: Forward, y: np.ndarray, output: str = "sigmoid") -> float:
    """C, the mean of the samples' `costs`, in nats: a float."""
    return float(np.mean(costs(forward, y, output)))


def penalty(parameters: Parameters, l2: float) -> float:
    """What L2 adds to C: lambda/2 (|W1|^2 + |W2|^2), the biases are free. Its gradient is in `updated`."""
    return 0.5 * l2 * float(np.sum(parameters.W1**2) + np.sum(parameters.W2**2))


def output_error(forward: Forward, y: np.ndarray) -> np.ndarray:
    """dC/dZ2, (k, m): the chain rule's first two factors, in which the output's own derivative cancels.

    For sigmoid (1) dC/dy_hat = (y_hat - Y) / (y_hat (1 - y_hat)) / m, with the 1/m of the mean, and
    (2) dy_hat/dZ2 = y_hat (1 - y_hat) multiply, entry by entry, to (y_hat - Y) / m. For softmax (1) is
    -Y / y_hat / m, (2) is for each sample the matrix diag(y_hat) - y_hat y_hat.T, and they make the same.
    """
    y_hat, Y, m = forward.y_hat, one_hot(y, len(forward.y_hat)), y.size
    dC_dZ2 = (y_hat - Y) / m
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
    dC_dZ2 : ndarray (k, m)
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
        The pass of these parameters over the m samples that y belongs to, whatever its output.
    y : ndarray (m,)
        Classes: 0.0 and 1.0 of a single output, else 0 .. k-1.
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Gradients
    """
    return backward_from(parameters, forward, output_error(forward, y), activation)


def updated(
    parameters: Parameters,
    gradients: Gradients,
    learning_rate: float,
    l2: float = 0.0,
    momentum: float = 0.0,
    v: Parameters | None = None,
) -> tuple[Parameters, Parameters]:
    """One step of gradient descent, with all terms that people add to it.

    g = dC_dtheta + lambda theta for W1 and W2 (see `penalty`), dC_dtheta for the biases;
    v <- mu v + g; theta <- theta - eta v. With lambda = mu = 0 it is theta - eta dC_dtheta.

    Parameters
    ----------
    parameters : Parameters
    gradients : Gradients
    learning_rate : float
        eta.
    l2, momentum : float
        lambda and mu, 0 for none.
    v : Parameters, optional
        What the update before this one returned; before the first one there is none, and v is g.

    Returns
    -------
    Parameters
        After the update, as new arrays.
    Parameters
        v, in the shapes of the parameters.
    """
    g = Parameters(*gradients)
    if l2 > 0:
        g = g._replace(W1=g.W1 + l2 * parameters.W1, W2=g.W2 + l2 * parameters.W2)
    v = g if v is None or momentum == 0 else Parameters(*(momentum * v_p + g_p for v_p, g_p in zip(v, g, strict=True)))
    return Parameters(*(p - learning_rate * step for p, step in zip(parameters, v, strict=True))), v
