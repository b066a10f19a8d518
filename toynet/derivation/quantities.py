"""The derivation as data: every quantity with its formula, shape, present value and line of `network.py`.

The values are those that `network.py` computes and the lines are read from its source,
so neither can drift from what the program runs.
"""

from dataclasses import dataclass

import numpy as np

from toynet import network
from toynet.activations import ACTIVATIONS
from toynet.derivation import formulas, outputs, penalised
from toynet.derivation.form import form_of, phases, shapes
from toynet.derivation.source_lines import source_lines
from toynet.network import Gradients, Parameters


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
        What computes it in `network.py`; empty for what is handed in, as y. Of the `WITHIN`,
        the line that it is a part of.
    phase : str
        The name of its `Phase`.
    meaning : str
        What it is, in a few words.
    axes : str
        What its rows and columns are, as in `form.shapes`: "h m".
    """

    symbol: str
    latex: str
    shape_text: str
    value: np.ndarray | float
    lines: tuple
    phase: str
    meaning: str
    axes: str = ""


def quantities(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    learning_rate: float,
    output: str = "sigmoid",
    l2: float = 0.0,
    momentum: float = 0.0,
    v: Parameters | None = None,
) -> dict[str, Quantity]:
    """Every quantity of the derivation, in the order of its `form`, for one sample or a batch.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
        Samples as rows; one sample is X[i : i + 1].
    y : ndarray (m,)
        Classes: 0.0 and 1.0 of a single output, else 0 .. k-1.
    activation : {"tanh", "sigmoid", "relu"}
    learning_rate : float
        eta, for the new parameters.
    output : {"sigmoid", "softmax"}
    l2, momentum : float
        lambda and mu; where they are 0, nothing of theirs is among the quantities.
    v : Parameters, optional
        The velocity that the update before this one left; none before the first, which is as good as 0.

    Returns
    -------
    dict of str to Quantity
    """
    form = form_of(parameters, output, l2, momentum)
    values = _values(parameters, X, y, activation, form)
    gradients = Gradients(*(values[name] for name in Gradients._fields))
    values |= _of_update(parameters, gradients, learning_rate, l2, momentum, v)
    sizes = {"1": 1, "m": y.size, "d": X.shape[1], "h": parameters.W2.shape[1], "k": form.k, "km": form.k * y.size}
    of = {symbol: phase.name for phase in phases(form) for symbol in phase.symbols}
    return {
        symbol: Quantity(
            symbol,
            formulas.formula(symbol, activation, form),
            _shape_text(axes, sizes),
            values[symbol],
            source_lines(form).get(symbol, ()),
            of[symbol],
            formulas.meaning(symbol, form),
            axes,
        )
        for symbol, axes in _axes(form, y.size).items()
    }


def _axes(form, m):
    """The `shapes` of m samples: of one, softmax's Jacobian is one block."""
    return {symbol: shape.replace("km", "k") if m == 1 else shape for symbol, shape in shapes(form).items()}


def _values(parameters, X, y, activation, form):
    """Symbol -> value of all that is known before the update, from `network.py` wherever it computes it."""
    passed = network.forward(parameters, X, activation, form.output)
    dC_dZ2 = network.output_error(passed, y)
    Y = network.one_hot(y, form.k)
    return {
        **parameters._asdict(),
        **passed._asdict(),
        **network.backward(parameters, passed, y, activation)._asdict(),
        form.classes: Y,
        "C": network.cost(passed, y, form.output),
        "dC_dy_hat": outputs.dC_dy_hat(passed.y_hat, Y, y.size, form.output),
        "dy_hat_dZ2": outputs.dy_hat_dZ2(passed.y_hat, form.output),
        "dZ2_dW2": passed.A1.T,
        "dC_dZ2": dC_dZ2,
        "g_prime_Z1": ACTIVATIONS[activation].g_prime(passed.Z1),
        "dC_dZ1": network.hidden_error(parameters, passed, dC_dZ2, activation),
    }


def _of_update(parameters, gradients, learning_rate, l2, momentum, v):
    """Symbol -> value of what the update makes, and of its terms."""
    new, new_v = network.updated(parameters, gradients, learning_rate, l2, momentum, v)
    g = Parameters(*penalised.gradient(parameters, gradients, l2))
    v = v or Parameters(*(np.zeros_like(p) for p in parameters))
    kinds = {"new": new, "new_v": new_v, "g": g, "v": v}
    found = {f"{kind}_{name}": values for kind, of in kinds.items() for name, values in of._asdict().items()}
    return found | {"penalty": network.penalty(parameters, l2)}


def _shape_text(axes, sizes):
    letters = axes.split()
    if not letters:
        return "scalar"
    named = ", ".join("k m" if letter == "km" else letter for letter in letters)
    return f"({named}) = ({', '.join(str(sizes[letter]) for letter in letters)})"
