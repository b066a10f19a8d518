"""The derivation as data: every quantity with its formula, shape, present value and line of `network.py`.

The values are those that `network.py` computes and the lines are read from its source,
so neither can drift from what the program runs.
"""

import ast
import inspect
import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from toynet import network
from toynet.activations import ACTIVATIONS
from toynet.network import Parameters


class Line(NamedTuple):
    """A line of `network.py`: its number there, and its text without indentation."""

    number: int
    text: str


@dataclass(frozen=True)
class Quantity:
    """One quantity of the derivation at the present parameters.

    Attributes
    ----------
    symbol : str
        Its name in the code, as "dC_dW2"; what an update makes of W1 is "new_W1".
    latex : str
        The formula, left side included, without dollar signs.
    shape_text : str
        "(h, m) = (4, 1)", or "scalar".
    value : ndarray or float
        Two-dimensional, or a float for C.
    lines : tuple of Line
        What computes it in `network.py`; empty for y, which is handed in. Of the `WITHIN`,
        the line that it is a part of.
    phase : str
        The name of its `Phase`.
    meaning : str
        What it is, in a few words.
    """

    symbol: str
    latex: str
    shape_text: str
    value: np.ndarray | float
    lines: tuple
    phase: str
    meaning: str


class Phase(NamedTuple):
    """A step inside one update, and what becomes known in it."""

    name: str
    title: str
    symbols: tuple


PHASES = (
    Phase("forward", "Forward: from A0 to C", ("A0", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "y_hat", "y", "C")),
    Phase("error", "The output's error: dC/dZ2", ("dC_dy_hat", "dy_hat_dZ2", "dC_dZ2")),
    Phase("output", "Output layer: dC/dW2", ("dZ2_dW2", "dC_dW2", "dC_db2")),
    Phase("hidden", "Hidden layer: dC/dW1", ("g_prime_Z1", "dC_dZ1", "dC_dW1", "dC_db1")),
    Phase("update", "New parameters", ("new_W1", "new_b1", "new_W2", "new_b2")),
)
"""Forward and back through one update, in order."""

SHAPES = {
    "A0": "d m", "W1": "h d", "b1": "h 1", "Z1": "h m", "A1": "h m", "W2": "1 h", "b2": "1 1", "Z2": "1 m",
    "y_hat": "1 m", "y": "1 m", "C": "", "dC_dy_hat": "1 m", "dy_hat_dZ2": "1 m", "dZ2_dW2": "m h",
    "dC_dZ2": "1 m", "dC_dW2": "1 h", "dC_db2": "1 1", "g_prime_Z1": "h m", "dC_dZ1": "h m", "dC_dW1": "h d",
    "dC_db1": "h 1", "new_W1": "h d", "new_b1": "h 1", "new_W2": "1 h", "new_b2": "1 1",
}  # fmt: skip
"""Symbol -> its shape in d, h and m."""

ORDER = tuple(SHAPES)
"""The quantities in the order of the derivation on paper: the three factors, then what they make together."""

MEANINGS = {
    "A0": "the inputs, a column for each sample",
    "W1": "weights of the hidden layer",
    "b1": "biases of the hidden layer",
    "Z1": "hidden pre-activation",
    "A1": "hidden activation",
    "W2": "weights of the output layer",
    "b2": "bias of the output layer",
    "Z2": "output pre-activation",
    "y_hat": "probability of class 1",
    "y": "the class",
    "C": "cross-entropy, the mean over the samples",
    "dC_dy_hat": "factor (1): how C changes with each probability; the 1/m of the mean is in here",
    "dy_hat_dZ2": "factor (2): how the probability changes with Z2",
    "dZ2_dW2": "factor (3): how Z2 changes with W2",
    "dC_dZ2": "(1) times (2), sample by sample: ŷ (1 - ŷ) cancels, 1/m stays",
    "dC_dW2": "gradient of W2: (1), (2) and (3) multiplied, which sums over the samples",
    "dC_db2": "gradient of b2: the sum over the samples",
    "g_prime_Z1": "slope of the hidden activation",
    "dC_dZ1": "the error, handed back to the hidden units",
    "dC_dW1": "gradient of W1",
    "dC_db1": "gradient of b1: the sum over the samples",
    "new_W1": "W1 after the update",
    "new_b1": "b1 after the update",
    "new_W2": "W2 after the update",
    "new_b2": "b2 after the update",
}

FORMULAS = {
    "A0": r"A_0 = X^\top",
    "W1": r"W_1",
    "b1": r"b_1",
    "Z1": r"Z_1 = W_1 A_0 + b_1",
    "A1": r"A_1 = g(Z_1) = {g}",
    "W2": r"W_2",
    "b2": r"b_2",
    "Z2": r"Z_2 = W_2 A_1 + b_2",
    "y_hat": r"\hat{{y}} = \sigma(Z_2) = \frac{{1}}{{1 + e^{{-Z_2}}}}",
    "y": r"y",
    "C": r"C = -\frac{{1}}{{m}} \sum_{{i=1}}^{{m}}"
    r" \left( y_i \log \hat{{y}}_i + (1 - y_i) \log (1 - \hat{{y}}_i) \right)",
    "dC_dy_hat": r"(1)\quad \frac{{\partial C}}{{\partial \hat{{y}}}}"
    r" = \frac{{1}}{{m}} \cdot \frac{{\hat{{y}} - y}}{{\hat{{y}} (1 - \hat{{y}})}}",
    "dy_hat_dZ2": r"(2)\quad \frac{{\partial \hat{{y}}}}{{\partial Z_2}} = \hat{{y}} (1 - \hat{{y}})",
    "dZ2_dW2": r"(3)\quad \frac{{\partial Z_2}}{{\partial W_2}} = A_1^\top",
    "dC_dZ2": r"\frac{{\partial C}}{{\partial Z_2}} = (1) \odot (2) = \frac{{1}}{{m}} (\hat{{y}} - y)",
    "dC_dW2": r"\frac{{\partial C}}{{\partial W_2}} = \frac{{\partial C}}{{\partial Z_2}} A_1^\top",
    "dC_db2": r"\frac{{\partial C}}{{\partial b_2}}"
    r" = \sum_{{i=1}}^{{m}} \left( \frac{{\partial C}}{{\partial Z_2}} \right)_i",
    "g_prime_Z1": r"g'(Z_1) = {g_prime}",
    "dC_dZ1": r"\frac{{\partial C}}{{\partial Z_1}}"
    r" = \left( W_2^\top \frac{{\partial C}}{{\partial Z_2}} \right) \odot g'(Z_1)",
    "dC_dW1": r"\frac{{\partial C}}{{\partial W_1}} = \frac{{\partial C}}{{\partial Z_1}} A_0^\top",
    "dC_db1": r"\frac{{\partial C}}{{\partial b_1}}"
    r" = \sum_{{i=1}}^{{m}} \left( \frac{{\partial C}}{{\partial Z_1}} \right)_i",
    "new_W1": r"W_1 \leftarrow W_1 - \eta \frac{{\partial C}}{{\partial W_1}}",
    "new_b1": r"b_1 \leftarrow b_1 - \eta \frac{{\partial C}}{{\partial b_1}}",
    "new_W2": r"W_2 \leftarrow W_2 - \eta \frac{{\partial C}}{{\partial W_2}}",
    "new_b2": r"b_2 \leftarrow b_2 - \eta \frac{{\partial C}}{{\partial b_2}}",
}
"""Symbol -> LaTeX with {g} and {g_prime} to fill in; sums run over the samples i = 1 .. m, the columns."""


def quantities(
    parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, learning_rate: float
) -> dict[str, Quantity]:
    """Every quantity of the derivation, in `ORDER`, for one sample or a batch.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
        Samples as rows; one sample is X[i : i + 1].
    y : ndarray (m,)
        Classes, 0.0 or 1.0.
    activation : {"tanh", "sigmoid", "relu"}
    learning_rate : float
        eta, for the new parameters.

    Returns
    -------
    dict of str to Quantity
    """
    values = _values(parameters, X, y, activation, learning_rate)
    sizes = {"1": 1, "m": y.size, "d": X.shape[1], "h": parameters.W2.shape[1]}
    phases = {symbol: phase.name for phase in PHASES for symbol in phase.symbols}
    return {
        symbol: Quantity(
            symbol,
            formula(symbol, activation),
            _shape_text(symbol, sizes),
            values[symbol],
            source_lines().get(symbol, ()),
            phases[symbol],
            MEANINGS[symbol],
        )
        for symbol in ORDER
    }


def _values(parameters, X, y, activation, learning_rate):
    """Symbol -> value, from `network.py` wherever it computes it."""
    passed = network.forward(parameters, X, activation)
    gradients = network.backward(parameters, passed, y, activation)
    new, _ = network.updated(parameters, gradients, learning_rate)
    dC_dZ2 = network.output_error(passed, y)
    return {
        **parameters._asdict(),
        **passed._asdict(),
        **gradients._asdict(),
        "y": y[None, :],
        "C": network.cost(passed, y),
        "dC_dy_hat": dC_dy_hat(passed.y_hat, y, y.size),
        "dy_hat_dZ2": passed.y_hat * (1 - passed.y_hat),
        "dZ2_dW2": passed.A1.T,
        "dC_dZ2": dC_dZ2,
        "g_prime_Z1": ACTIVATIONS[activation].g_prime(passed.Z1),
        "dC_dZ1": network.hidden_error(parameters, passed, dC_dZ2, activation),
        **{f"new_{name}": values for name, values in new._asdict().items()},
    }


def dC_dy_hat(y_hat: np.ndarray | float, y: np.ndarray | float, m: int) -> np.ndarray:
    """Factor (1), (y_hat - y) / (y_hat (1 - y_hat)) / m: C is a mean over m samples, so each has its 1/m.

    It is -1 / (m y_hat) for y = 1 and 1 / (m (1 - y_hat)) for y = 0: infinite only where
    the network is entirely sure of the wrong class.
    """
    with np.errstate(divide="ignore"):
        return np.where(y == 1, -1.0, 1.0) / np.where(y == 1, y_hat, 1.0 - y_hat) / m


def latex_name(symbol: str) -> str:
    r"""A quantity's name in a line of mathematics: W_1, \partial C/\partial W_1, W_1^{\text{new}} after the update."""
    if symbol.startswith("new_"):
        return rf"{latex_name(symbol.removeprefix('new_'))}^{{\text{{new}}}}"
    above, _, below = symbol.removeprefix("d").partition("_d")
    if below:
        return rf"\partial {latex_name(above)}/\partial {latex_name(below)}"
    return {"y_hat": r"\hat{y}", "g_prime_Z1": "g'(Z_1)"}.get(symbol, re.sub(r"(\d)", r"_\1", symbol))


def plain_name(symbol: str) -> str:
    """The same as plain text: W₁, ∂C/∂W₁; W₁ new after the update."""
    if symbol.startswith("new_"):
        return f"{plain_name(symbol.removeprefix('new_'))} new"
    above, _, below = symbol.removeprefix("d").partition("_d")
    if below:
        return f"∂{plain_name(above)}/∂{plain_name(below)}"
    digits = str.maketrans("012", "₀₁₂")
    return {"y_hat": "ŷ", "g_prime_Z1": "g′(Z₁)"}.get(symbol, symbol.translate(digits))


def formula(symbol: str, activation: str) -> str:
    """LaTeX of one quantity's formula."""
    g, g_prime = ACTIVATIONS[activation].latex
    return FORMULAS[symbol].format(g=g, g_prime=g_prime)


def _shape_text(symbol, sizes):
    letters = SHAPES[symbol].split()
    if not letters:
        return "scalar"
    return f"({', '.join(letters)}) = ({', '.join(str(sizes[letter]) for letter in letters)})"


# --- the lines of network.py -------------------------------------------------------

WITHIN = {
    "dC_dy_hat": ("dC_dZ2", "cancelled against (2) in"),
    "dy_hat_dZ2": ("dC_dZ2", "cancelled against (1) in"),
    "dZ2_dW2": ("dC_dW2", "A1.T inside"),
    "g_prime_Z1": ("dC_dZ1", "g_prime(Z1) inside"),
}
"""What has no line of its own -> the quantity in whose line it stands, and how."""


@cache
def source_lines() -> dict[str, tuple[Line, ...]]:
    """Symbol -> the `Line`s of `network.py` that compute it, for all that it computes.

    A quantity's line is the first one that assigns its name; where names are only unpacked
    (W1, b1, W2, b2) it is that one. What is `WITHIN` another has that one's. What a function
    returns without naming it (C as a mean, the new parameters) has its return line.
    """
    found: dict[str, tuple[Line, ...]] = {}
    for function in (
        network.forward, network.costs, network.output_error, network.hidden_error, network.backward_from
    ):  # fmt: skip
        for target, line in _assignments(function):
            found.setdefault(target, (line,))
    found["C"] = (*found["C"], _returned(network.cost))
    update = (_returned(network.updated),)
    found |= {symbol: found[host] for symbol, (host, _) in WITHIN.items()}
    return {s: found[s] for s in ORDER if s in found} | {f"new_{p}": update for p in network.Parameters._fields}


def _assignments(function):
    """(name, Line) of every assignment in a function, those of a single name first."""
    body, line_of = _parsed(function)
    single, unpacked = [], []
    for node in body:
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name):
                single.append((target.id, line_of(node)))
            else:
                unpacked += [(element.id, line_of(node)) for element in target.elts]
    return single + unpacked


def _returned(function):
    """The `Line` of a function's return."""
    body, line_of = _parsed(function)
    return line_of(next(node for node in body if isinstance(node, ast.Return)))


def _parsed(function):
    """A function's statements, and how to make a `Line` of one."""
    lines, first = inspect.getsourcelines(function)
    source = "".join(lines)

    def line_of(node):
        text = " ".join(part.strip() for part in ast.get_source_segment(source, node).splitlines())
        return Line(first + node.lineno - 1, text)

    return ast.parse(source).body[0].body, line_of


# --- the three factors of one sample -----------------------------------------------


@dataclass(frozen=True)
class Factors:
    """The chain rule's three factors for one sample, and that their product simplifies.

    Attributes
    ----------
    dC_dy_hat, dy_hat_dZ2 : float
        (1), with m = 1, and (2).
    dZ2_dW2 : ndarray (1, h)
        (3), A1.T.
    product : ndarray (1, h)
        (1) * (2) * (3), multiplied out as it stands.
    error : float
        y_hat - y.
    simplified : ndarray (1, h)
        (y_hat - y) A1.T, what `network.backward` computes.
    difference : float
        Largest |product - simplified|: rounding only. NaN where the product does not exist.
    saturated : bool
        y_hat is 0 or 1 to the last digit, so that (2) is 0.
    note : str
        Empty, or what saturation does to the product.
    """

    dC_dy_hat: float
    dy_hat_dZ2: float
    dZ2_dW2: np.ndarray
    product: np.ndarray
    error: float
    simplified: np.ndarray
    difference: float
    saturated: bool
    note: str


def factors(parameters: Parameters, x: np.ndarray, y: float, activation: str) -> Factors:
    """The three `Factors` at one sample.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray (d,)
    y : float
        0.0 or 1.0.
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Factors
    """
    passed = network.forward(parameters, np.reshape(x, (1, -1)), activation)
    y_hat = float(passed.y_hat[0, 0])
    one, two, three = float(dC_dy_hat(y_hat, y, 1)), y_hat * (1 - y_hat), passed.A1.T
    with np.errstate(invalid="ignore"):
        product = np.float64(one) * two * three
        simplified = (y_hat - y) * three
        difference = float(np.max(np.abs(product - simplified)))
    note = _saturation(y_hat, y)
    return Factors(one, two, three, product, y_hat - y, simplified, difference, note != "", note)


def _saturation(y_hat, y):
    if 0.0 < y_hat < 1.0:
        return ""
    if y_hat == y:
        return f"ŷ is {y_hat:g} to the last digit, as is y: factor (2) is 0, and so is every product with it."
    return (
        f"ŷ is {y_hat:g} to the last digit and y is {y:g}: factor (1) is infinite and (2) is 0, so their product "
        f"has no value. Only the simplified ŷ - y = {y_hat - y:g} gives the gradient."
    )
