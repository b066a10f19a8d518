"""Squared error beside cross-entropy: why the derivative of the sigmoid cancels in one and stays in the other.

    cross-entropy   dC/dZ2 = (y_hat - y) / (y_hat (1 - y_hat)) / m * y_hat (1 - y_hat) = (y_hat - y) / m
    squared error   dC/dZ2 = (y_hat - y) / m                       * y_hat (1 - y_hat)

The squared error is C = mean( (y_hat - y)^2 / 2 ): with the 1/2 its derivative has no factor 2.
"""

import numpy as np
import pandas as pd

from toynet import network
from toynet.activations import sigma, sigma_prime
from toynet.derivation import quantities
from toynet.network import Forward, Gradients, Parameters

COSTS = ("Cross-entropy", "Squared error")
"""The two costs by the names that the table and the charts use."""

FORMULAS = {
    COSTS[0]: (
        quantities.FORMULAS["C"].format(),
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} \cdot \frac{\hat{y} - y}{\hat{y} (1 - \hat{y})}"
        r" \cdot \hat{y} (1 - \hat{y}) = \frac{1}{m} (\hat{y} - y)",
    ),
    COSTS[1]: (
        r"C = \frac{1}{m} \sum_{i=1}^{m} \frac{1}{2} (\hat{y}_i - y_i)^2",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} (\hat{y} - y) \cdot \sigma'(Z_2)",
    ),
}
"""A name of `COSTS` -> LaTeX of the cost, and of (1) times (2)."""


def cost(forward: Forward, y: np.ndarray) -> float:
    """C = mean( (y_hat - y)^2 / 2 ) of a forward pass; y is (m,)."""
    return float(np.mean((forward.y_hat - y) ** 2) / 2)


def backward(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """Gradient of the squared error: `network.backward` with (y_hat - y) sigma'(Z2) as the error.

    Parameters and returns are those of `network.backward`.
    """
    dC_dZ2 = network.output_error(forward, y) * sigma_prime(forward.Z2)
    return network.backward_from(parameters, forward, dC_dZ2, activation)


def both(parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str) -> dict[str, Gradients]:
    """The gradients of the two costs at the same parameters.

    Returns
    -------
    dict of str to Gradients
        A name of `COSTS` -> its gradient.
    """
    passed = network.forward(parameters, X, activation)
    rules = (network.backward, backward)
    return {name: rule(parameters, passed, y, activation) for name, rule in zip(COSTS, rules, strict=True)}


def dC_dZ2(Z2: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """dC/dZ2 of single samples under the two costs.

    Parameters
    ----------
    Z2, y : ndarray, any shape
        Output pre-activations and classes.

    Returns
    -------
    dict of str to ndarray
        A name of `COSTS` -> y_hat - y, and (y_hat - y) sigma'(Z2).
    """
    error = sigma(Z2) - y
    return dict(zip(COSTS, (error, error * sigma_prime(Z2)), strict=True))


def table(largest=8.0, points=161):
    """dC/dZ2 over Z2 in [-largest, largest] for both classes and both costs.

    Returns
    -------
    DataFrame
        Columns Z2, y (0 or 1), cost (of `COSTS`), dC_dZ2; `points` rows for each y and cost.
    """
    Z2 = np.linspace(-largest, largest, points)
    return pd.concat([_rows(Z2, np.full(points, y)) for y in (0.0, 1.0)], ignore_index=True)


def positions(forward, y):
    """Where the samples of a forward pass stand in `table`: the same columns, two rows a sample."""
    return _rows(forward.Z2[0], y)


def _rows(Z2, y):
    parts = [{"Z2": Z2, "y": y.astype(int), "cost": name, "dC_dZ2": v} for name, v in dC_dZ2(Z2, y).items()]
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
