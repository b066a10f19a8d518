"""The worked example to take away: one sample, or a batch, as Markdown with LaTeX and as a NumPy script."""

import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.derivation import numerals
from toynet.derivation.quantities import ORDER, PHASES, quantities
from toynet.network import Parameters

DIGITS = 6
"""Significant digits in the Markdown; the script prints all of them."""


# --- Markdown ------------------------------------------------------------------------


def markdown(parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, learning_rate: float) -> str:
    """Every quantity with its formula and its numbers.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    learning_rate : float

    Returns
    -------
    str
        Markdown; formulas between double dollar signs.
    """
    found = quantities(parameters, X, y, activation, learning_rate)
    sizes = f"m = {y.size}, d = {X.shape[1]}, h = {parameters.W2.shape[1]}, g = {activation}"
    head = rf"{sizes}, $\eta$ = {learning_rate:g}. Samples are the columns, $i = 1, \dots, m$."
    parts = ["# The derivation, worked", head]
    for phase in PHASES:
        parts.append(f"## {phase.title}")
        parts += [_entry(found[symbol]) for symbol in phase.symbols]
    return "\n\n".join(parts) + "\n"


def _entry(quantity):
    """One quantity: what it is, its formula, and its numbers behind it."""
    shape = "" if quantity.shape_text == "scalar" else f", {quantity.shape_text}"
    return f"`{quantity.symbol}`: {quantity.meaning}{shape}\n\n$$\n{quantity.latex} = {matrix(quantity.value)}\n$$"


def matrix(value):
    """A number, or the entries of a matrix, as LaTeX."""
    if np.size(value) == 1:
        return numerals.latex(np.asarray(value).item(), DIGITS)
    rows = (" & ".join(numerals.latex(v, DIGITS) for v in row) for row in value)
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


# --- the script ----------------------------------------------------------------------

LINES = {
    "A0": "X.T",
    "Z1": "W1 @ A0 + b1",
    "A1": "{g}",
    "Z2": "W2 @ A1 + b2",
    "y_hat": "sigma(Z2)",
    "y": "classes.reshape(1, m)",
    "C": "np.mean(np.maximum(Z2, 0) - y * Z2 + np.log1p(np.exp(-np.abs(Z2))))",
    "dC_dy_hat": "(y_hat - y) / (y_hat * (1 - y_hat)) / m",
    "dy_hat_dZ2": "y_hat * (1 - y_hat)",
    "dC_dZ2": "(y_hat - y) / m",
    "dZ2_dW2": "A1.T",
    "dC_dW2": "dC_dZ2 @ A1.T",
    "dC_db2": "dC_dZ2.sum(axis=1, keepdims=True)",
    "g_prime_Z1": "{g_prime}",
    "dC_dZ1": "(W2.T @ dC_dZ2) * g_prime_Z1",
    "dC_dW1": "dC_dZ1 @ A0.T",
    "dC_db1": "dC_dZ1.sum(axis=1, keepdims=True)",
    "new_W1": "W1 - eta * dC_dW1",
    "new_b1": "b1 - eta * dC_db1",
    "new_W2": "W2 - eta * dC_dW2",
    "new_b2": "b2 - eta * dC_db2",
}
"""Symbol -> what computes it in plain NumPy; W1, b1, W2, b2 are given."""

HEAD = '''\
"""The derivation, worked: one hidden layer ({activation}), sigmoid output, cross-entropy.

Prints every quantity, one a line: its name, and its numbers as nested lists.
"""

import numpy as np


def sigma(Z):
    e = np.exp(-np.abs(Z))  # never overflows
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)


X = np.array({X})  # samples as rows
classes = np.array({y})
m = {m}
eta = {eta}
W1 = np.array({W1})
b1 = np.array({b1})
W2 = np.array({W2})
b2 = np.array({b2})
'''

SATURATED = "np.where(y == 1, -1.0, 1.0) / np.where(y == 1, y_hat, 1 - y_hat) / m"
"""Factor (1) where y_hat (1 - y_hat) is 0: the same with the fraction reduced, so that 0/0 does not occur."""


def script(parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, learning_rate: float) -> str:
    """A Python script of NumPy alone that computes and prints every quantity.

    Parameters
    ----------
    parameters, X, y, activation, learning_rate
        Those of `markdown`.

    Returns
    -------
    str
        Source text. It prints "name [[...], ...]" for each quantity, in `quantities.ORDER`.
    """
    found = quantities(parameters, X, y, activation, learning_rate)
    numbers = {name: p.tolist() for name, p in parameters._asdict().items()}
    head = HEAD.format(
        activation=activation, X=X.tolist(), y=y.tolist(), m=y.size, eta=float(learning_rate), **numbers
    )  # fmt: skip
    lines = dict(LINES)
    if not np.all(found["dy_hat_dZ2"].value):
        head += 'np.seterr(divide="ignore")  # a sample is saturated: factor (1) may be infinite\n'
        lines["dC_dy_hat"] = SATURATED
    g, g_prime = ACTIVATIONS[activation].code
    parts = [head]
    for phase in PHASES:
        computed = [
            f"{s} = {lines[s].format(g=g, g_prime=g_prime)}  # {found[s].meaning}" for s in phase.symbols if s in lines
        ]
        parts.append("\n".join([f"# {phase.title}", *computed, ""]))
    return "\n".join([*parts, _printing()])


def _printing():
    names = "\n".join(f'    "{symbol}": {symbol},' for symbol in ORDER)
    return f"quantities = {{\n{names}\n}}\nfor name, value in quantities.items():\n    print(name, value.tolist())\n"
