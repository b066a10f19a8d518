"""Squared error beside cross-entropy: why the derivative of the output cancels in one and stays in the other.

    cross-entropy   dC/dZ2 = (y_hat - y) / (y_hat (1 - y_hat)) / m * y_hat (1 - y_hat) = (y_hat - y) / m
    squared error   dC/dZ2 = (y_hat - y) / m                       * y_hat (1 - y_hat)

The squared error is C = mean( (y_hat - y)^2 / 2 ), summed over the outputs: with the 1/2 its derivative has no
factor 2. With softmax the factor is the whole Jacobian, diag(y_hat) - y_hat y_hat.T.
"""

import numpy as np
import pandas as pd

from toynet import network
from toynet.activations import sigma, sigma_prime
from toynet.derivation import formulas
from toynet.derivation.form import PLAIN, Form
from toynet.network import Forward, Gradients, Parameters

COSTS = ("Cross-entropy", "Squared error")
"""The two costs by the names that the table and the charts use."""

FORMULAS = {
    COSTS[0]: (
        formulas.formula("C", "tanh"),
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} \cdot \frac{\hat{y} - y}{\hat{y} (1 - \hat{y})}"
        r" \cdot \hat{y} (1 - \hat{y}) = \frac{1}{m} (\hat{y} - y)",
    ),
    COSTS[1]: (
        r"C = \frac{1}{m} \sum_{i=1}^{m} \frac{1}{2} (\hat{y}_i - y_i)^2",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} (\hat{y} - y) \cdot \sigma'(Z_2)",
    ),
}
"""A name of `COSTS` -> LaTeX of the cost, and of (1) times (2), of one output."""

SQUARES = r"C = \frac{1}{m} \sum_{i=1}^{m} \sum_{c=0}^{k-1} \frac{1}{2} (\hat{y}_{ci} - Y_{ci})^2"

PRODUCTS = {
    "sigmoid": (
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} \cdot \frac{\hat{y} - Y}{\hat{y} (1 - \hat{y})}"
        r" \odot \hat{y} (1 - \hat{y}) = \frac{1}{m} (\hat{y} - Y)",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} (\hat{y} - Y) \odot \sigma'(Z_2)",
    ),
    "softmax": (
        r"\frac{\partial C}{\partial Z_2} = -\frac{1}{m}"
        r" \left( \text{diag}(\hat{y}) - \hat{y} \hat{y}^\top \right) \frac{Y}{\hat{y}} = \frac{1}{m} (\hat{y} - Y)",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m}"
        r" \left( \text{diag}(\hat{y}) - \hat{y} \hat{y}^\top \right) (\hat{y} - Y)",
    ),
}
"""Output -> LaTeX of (1) times (2) under the two costs, of several outputs."""


def texts(form: Form = PLAIN) -> dict[str, tuple[str, str]]:
    """A name of `COSTS` -> LaTeX of the cost, and of (1) times (2)."""
    if form.k == 1:
        return FORMULAS
    costs = formulas.formula("C", "tanh", form), SQUARES
    return dict(zip(COSTS, zip(costs, PRODUCTS[form.output], strict=True), strict=True))


def cost(forward: Forward, y: np.ndarray) -> float:
    """C = mean( (y_hat - y)^2 / 2 ), summed over the outputs, of a forward pass; y is (m,)."""
    squares = (forward.y_hat - network.one_hot(y, len(forward.y_hat))) ** 2
    return float(np.mean(squares.sum(axis=0)) / 2)


def backward(
    parameters: Parameters, forward: Forward, y: np.ndarray, activation: str, output: str = "sigmoid"
) -> Gradients:
    """Gradient of the squared error: `network.backward` with y_hat - y times the output's derivative as the error.

    Parameters and returns are those of `network.backward`; `output` is what made y_hat.
    """
    dC_dZ2 = _through_output(network.output_error(forward, y), forward, output)
    return network.backward_from(parameters, forward, dC_dZ2, activation)


def _through_output(error, forward, output):
    """Factor (2) transposed times an error (k, m): of softmax each sample's whole Jacobian."""
    if output == "softmax" and len(error) > 1:
        return forward.y_hat * (error - (forward.y_hat * error).sum(axis=0))
    return error * sigma_prime(forward.Z2)


def both(
    parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, output: str = "sigmoid"
) -> dict[str, Gradients]:
    """The gradients of the two costs at the same parameters.

    Returns
    -------
    dict of str to Gradients
        A name of `COSTS` -> its gradient.
    """
    passed = network.forward(parameters, X, activation, output)
    found = (
        network.backward(parameters, passed, y, activation),
        backward(parameters, passed, y, activation, output),
    )
    return dict(zip(COSTS, found, strict=True))


def dC_dZ2(Z2: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """dC/dZ2 of single sigmoid outputs of single samples under the two costs.

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
    return pd.concat([_rows(Z2, y, dC_dZ2(Z2, y)) for y in (np.zeros(points), np.ones(points))], ignore_index=True)


def positions(forward, y, output="sigmoid"):
    """Where the outputs of a forward pass stand in `table`: the same columns, two rows for each output of a sample.

    Of softmax Z2 is an output's `lead`, over which it is sigma; the squared error's dC_dZ2 depends on the others too.
    """
    Z2, Y = forward.Z2, network.one_hot(y, len(forward.Z2))
    if output == "softmax" and len(Z2) > 1:
        error = forward.y_hat - Y
        found = dict(zip(COSTS, (error.ravel(), _through_output(error, forward, output).ravel()), strict=True))
        return _rows(lead(Z2).ravel(), Y.ravel(), found)
    return _rows(Z2.ravel(), Y.ravel(), dC_dZ2(Z2.ravel(), Y.ravel()))


def lead(Z2: np.ndarray) -> np.ndarray:
    """How far each Z2 (k, m) is ahead of the others, log sum exp of which is taken off: softmax(Z2) = sigma(lead)."""
    others = [np.logaddexp.reduce(np.delete(Z2, c, axis=0), axis=0) for c in range(len(Z2))]
    return Z2 - np.stack(others)


def _rows(Z2, y, found):
    parts = [{"Z2": Z2, "y": y.astype(int), "cost": name, "dC_dZ2": v} for name, v in found.items()]
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
