"""Why both outputs give dC/dZ2 = (y_hat - Y) / m: each with its own cost and its own Jacobian, multiplied out.

    sigmoid   (1) dC/dy_hat = (y_hat - Y) / (y_hat (1 - y_hat)),   (2) dy_hat/dZ2 = diag(y_hat (1 - y_hat))
    softmax   (1) dC/dy_hat = -Y / y_hat,                          (2) dy_hat/dZ2 = diag(y_hat) - y_hat y_hat.T

Row c of (2) is how output c changes with each Z2, so dC/dZ2 = (2).T (1). A sigmoid's output changes with its own Z2
alone. Softmax's change with all, and what the others' rows add makes up for Y being in one entry of (1) only.
"""

from dataclasses import dataclass

import numpy as np

from toynet.activations import OUTPUTS, sigma, softmax
from toynet.derivation.source_lines import Line, assignments


def dC_dy_hat(y_hat: np.ndarray | float, y: np.ndarray | float, m: int, output: str = "sigmoid") -> np.ndarray:
    """Factor (1), entry by entry: C is a mean over m samples, so each has its 1/m.

    Of sigmoid (y_hat - y) / (y_hat (1 - y_hat)) / m, which is -1 / (m y_hat) for y = 1 and
    1 / (m (1 - y_hat)) for y = 0; of softmax -y / y_hat / m: infinite only where the network is
    entirely sure of the wrong class.
    """
    others, of_others = (0.0, 1.0) if output == "softmax" else (1.0, 1.0 - y_hat)
    with np.errstate(divide="ignore"):
        return np.where(y == 1, -1.0, others) / np.where(y == 1, y_hat, of_others) / m


def dy_hat_dZ2(y_hat: np.ndarray, output: str) -> np.ndarray:
    """Factor (2): of sigmoid the slopes (k, m); of softmax each sample's Jacobian (k, k), side by side, (k, k m)."""
    if output != "softmax":
        return y_hat * (1 - y_hat)
    return np.hstack([np.diag(p) - np.outer(p, p) for p in y_hat.T])


@dataclass(frozen=True)
class MultipliedOut:
    """Factors (1) and (2) of one sample and one output, multiplied as they stand.

    Attributes
    ----------
    y_hat, dC_dy_hat : ndarray (k, 1)
        The output's own probabilities, and (1) with m = 1.
    dy_hat_dZ2 : ndarray (k, k)
        (2), the whole Jacobian.
    dC_dZ2 : ndarray (k, 1)
        (2).T (1).
    error : ndarray (k, 1)
        y_hat - Y, what `network.output_error` says.
    difference : float
        Largest |dC_dZ2 - error|: rounding only. NaN where the product does not exist.
    note : str
        Empty, or why there is no product.
    """

    y_hat: np.ndarray
    dC_dy_hat: np.ndarray
    dy_hat_dZ2: np.ndarray
    dC_dZ2: np.ndarray
    error: np.ndarray
    difference: float
    note: str


def of_sigmoid(Z2: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, ...]:
    """y_hat, (1), (2) and their product, for sigmoid outputs and their cost; the fraction in (1) is reduced.

    Parameters
    ----------
    Z2, Y : ndarray (k, 1)
    """
    y_hat = sigma(Z2)
    dC_dy_hat = np.where(Y == 1, -1 / y_hat, 1 / (1 - y_hat))
    dy_hat_dZ2 = np.diagflat(y_hat * (1 - y_hat))
    dC_dZ2 = dy_hat_dZ2.T @ dC_dy_hat
    return y_hat, dC_dy_hat, dy_hat_dZ2, dC_dZ2


def of_softmax(Z2: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same for softmax and its cost."""
    y_hat = softmax(Z2)
    dC_dy_hat = np.where(Y == 1, -1 / y_hat, 0.0)
    dy_hat_dZ2 = np.diagflat(y_hat) - y_hat @ y_hat.T
    dC_dZ2 = dy_hat_dZ2.T @ dC_dy_hat
    return y_hat, dC_dy_hat, dy_hat_dZ2, dC_dZ2


RULES = {"sigmoid": of_sigmoid, "softmax": of_softmax}
"""A name of `OUTPUTS` -> what multiplies its factors out."""

FORMULAS = {
    "sigmoid": {
        "C": r"C = -\sum_{c=0}^{k-1} \bigl( Y_c \log \hat{y}_c + (1 - Y_c) \log (1 - \hat{y}_c) \bigr)",
        "y_hat": r"\hat{y} = \sigma(Z_2) = \frac{1}{1 + e^{-Z_2}}",
        "dC_dy_hat": r"(1)\quad \frac{\partial C}{\partial \hat{y}} = \frac{\hat{y} - Y}{\hat{y} (1 - \hat{y})}",
        "dy_hat_dZ2": r"(2)\quad \frac{\partial \hat{y}}{\partial Z_2} = \text{diag}(\hat{y} (1 - \hat{y}))",
        "dC_dZ2": r"\frac{\partial C}{\partial Z_2} = (2)^\top (1) = \frac{\hat{y} - Y}{\hat{y} (1 - \hat{y})}"
        r" \odot \hat{y} (1 - \hat{y}) = \hat{y} - Y",
    },
    "softmax": {
        "C": r"C = -\sum_{c=0}^{k-1} Y_c \log \hat{y}_c",
        "y_hat": r"\hat{y} = \text{softmax}(Z_2) = \frac{e^{Z_2}}{\sum_{c=0}^{k-1} e^{(Z_2)_c}}",
        "dC_dy_hat": r"(1)\quad \frac{\partial C}{\partial \hat{y}} = -\frac{Y}{\hat{y}}",
        "dy_hat_dZ2": r"(2)\quad \frac{\partial \hat{y}}{\partial Z_2} = \text{diag}(\hat{y}) - \hat{y} \hat{y}^\top",
        "dC_dZ2": r"\frac{\partial C}{\partial Z_2} = (2)^\top (1) = -Y + \hat{y} \sum_{c=0}^{k-1} Y_c = \hat{y} - Y",
    },
}
"""Output -> symbol -> LaTeX, of one sample."""


def lines(output: str) -> dict[str, Line]:
    """Symbol -> the line of this file that computes it for an output."""
    return dict(assignments(RULES[output]))


def multiplied_out(Z2: np.ndarray, Y: np.ndarray, output: str) -> MultipliedOut:
    """The factors of one sample at this Z2, if this were the output.

    Parameters
    ----------
    Z2, Y : ndarray (k, 1)
    output : {"sigmoid", "softmax"}

    Returns
    -------
    MultipliedOut
    """
    with np.errstate(all="ignore"):
        y_hat, one, two, product = RULES[output](Z2, Y)
        error = y_hat - Y
        difference = float(np.max(np.abs(product - error)))
    return MultipliedOut(y_hat, one, two, product, error, difference, _note(y_hat, Y, one))


def _note(y_hat, Y, one):
    """Why there is no product, or ""."""
    if np.isnan(y_hat).any():
        return "ŷ is no longer a number: there is nothing to multiply."
    sure = np.flatnonzero(np.isinf(one))
    if not sure.size:
        return ""
    c = sure[0]
    return (
        f"ŷ of class {c} is {y_hat[c, 0]:g} to the last digit and Y is {Y[c, 0]:g}: factor (1) is infinite there and "
        "(2) is 0, so their product has no value. Only the simplified ŷ - Y gives the gradient."
    )


def side_by_side(Z2: np.ndarray, Y: np.ndarray) -> dict[str, MultipliedOut]:
    """What every output would make of the same Z2 (k, 1), where the classes are Y (k, 1)."""
    return {output: multiplied_out(Z2, Y, output) for output in OUTPUTS}
