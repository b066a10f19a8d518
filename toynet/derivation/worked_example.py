"""The worked example to take away: one sample, or a batch, as Markdown with LaTeX and as a NumPy script."""

import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.derivation import numerals
from toynet.derivation.form import PENALISED, PLAIN, Form, form_of, order, phases
from toynet.derivation.quantities import quantities
from toynet.network import Parameters

DIGITS = 6
"""Significant digits in the Markdown; the script prints all of them."""


# --- Markdown ------------------------------------------------------------------------


def markdown(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    learning_rate: float,
    output: str = "sigmoid",
    l2: float = 0.0,
    momentum: float = 0.0,
    v: Parameters | None = None,
) -> str:
    """Every quantity with its formula and its numbers.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    learning_rate : float
    output : {"sigmoid", "softmax"}
    l2, momentum : float
    v : Parameters, optional
        Those of `quantities.quantities`.

    Returns
    -------
    str
        Markdown; formulas between double dollar signs.
    """
    form = form_of(parameters, output, l2, momentum)
    found = quantities(parameters, X, y, activation, learning_rate, output, l2, momentum, v)
    parts = ["# The derivation, worked", _head(parameters, X, activation, learning_rate, form, (l2, momentum))]
    for phase in phases(form):
        parts.append(f"## {phase.title}")
        parts += [_entry(found[symbol]) for symbol in phase.symbols]
    return "\n\n".join(parts) + "\n"


def _head(parameters, X, activation, learning_rate, form, terms):
    """Sizes and settings."""
    several = form.k > 1
    sizes = f"m = {len(X)}, d = {X.shape[1]}, h = {parameters.W2.shape[1]}, " + f"k = {form.k}, " * several
    parts = [f"{sizes}g = {activation}", *[f"output {form.output}"] * several, rf"$\eta$ = {learning_rate:g}"]
    for is_on, name, value in zip((form.has_l2, form.has_momentum), (r"\lambda", r"\mu"), terms, strict=True):
        parts += [f"${name}$ = {value:g}"] * is_on
    rows = r", the classes $c = 0, \dots, k - 1$ the rows of the outputs" if several else ""
    return rf"{', '.join(parts)}. Samples are the columns, $i = 1, \dots, m${rows}."


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
}
"""Symbol -> what computes it in plain NumPy; W1, b1, W2, b2 are given, and the velocities before the update."""

SEVERAL = {
    "Y": "(classes == np.arange(k)[:, None]).astype(float)",
    "C": "np.mean((np.maximum(Z2, 0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))).sum(axis=0))",
    "dC_dy_hat": "(y_hat - Y) / (y_hat * (1 - y_hat)) / m",
    "dC_dZ2": "(y_hat - Y) / m",
}

SOFTMAX = {
    "y_hat": "softmax(Z2)",
    "C": "np.mean((Y * (Z2.max(axis=0) - Z2)).sum(axis=0) + np.log(np.exp(Z2 - Z2.max(axis=0)).sum(axis=0)))",
    "dC_dy_hat": "-Y / y_hat / m",
    "dy_hat_dZ2": "np.hstack([np.diag(p) - np.outer(p, p) for p in y_hat.T])",
}


def code(form: Form = PLAIN) -> dict[str, str]:
    """The `LINES` of a form, those of its update included."""
    lines = LINES | (SEVERAL if form.k > 1 else {}) | (SOFTMAX if form.is_softmax else {})
    lines["penalty"] = "0.5 * l2 * (np.sum(W1**2) + np.sum(W2**2))"
    for name in Parameters._fields:
        g = f"g_{name}" if form.has_l2 and name in PENALISED else f"dC_d{name}"
        lines |= {f"g_{name}": f"dC_d{name} + l2 * {name}", f"new_v_{name}": f"mu * v_{name} + {g}"}
        lines[f"new_{name}"] = f"{name} - eta * {f'new_v_{name}' if form.has_momentum else g}"
    return lines


HEAD = '''\
"""The derivation, worked: one hidden layer ({activation}), {outputs}, cross-entropy.

Prints every quantity, one a line: its name, and its numbers as nested lists.
"""

import numpy as np


{functions}

X = np.array({X})  # samples as rows
classes = np.array({y})
{given}
'''

SIGMA = """\
def sigma(Z):
    e = np.exp(-np.abs(Z))  # never overflows
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)
"""

OWN_SOFTMAX = """\
def softmax(Z):
    e = np.exp(Z - Z.max(axis=0))  # never overflows
    return e / e.sum(axis=0)
"""

SATURATED = {
    "sigmoid": "np.where({y} == 1, -1.0, 1.0) / np.where({y} == 1, y_hat, 1 - y_hat) / m",
    "softmax": "np.where({y} == 1, -1.0, 0.0) / np.where({y} == 1, y_hat, 1.0) / m",
}
"""Factor (1) where its denominator is 0: the same with the fraction reduced, so that 0/0 does not occur."""


def script(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    learning_rate: float,
    output: str = "sigmoid",
    l2: float = 0.0,
    momentum: float = 0.0,
    v: Parameters | None = None,
) -> str:
    """A Python script of NumPy alone that computes and prints every quantity.

    Parameters
    ----------
    parameters, X, y, activation, learning_rate, output, l2, momentum, v
        Those of `markdown`.

    Returns
    -------
    str
        Source text. It prints "name [[...], ...]" for each quantity, in the order of its form.
    """
    form = form_of(parameters, output, l2, momentum)
    found = quantities(parameters, X, y, activation, learning_rate, output, l2, momentum, v)
    lines, (g, g_prime) = code(form), ACTIVATIONS[activation].code
    uses_sigma = not form.is_softmax or "sigma" in g
    head = HEAD.format(
        activation=activation,
        outputs="sigmoid output" if form.k == 1 else f"{form.k} {form.output} outputs",
        functions="\n\n".join([SIGMA] * uses_sigma + [OWN_SOFTMAX] * form.is_softmax),
        X=X.tolist(),
        y=y.tolist(),
        given=_given(found, form, {"m": y.size, "k": form.k, "eta": float(learning_rate), "l2": l2, "mu": momentum}),
    )
    denominator = found["y_hat" if form.is_softmax else "dy_hat_dZ2"].value
    if not np.all(denominator):
        head += 'np.seterr(divide="ignore")  # a sample is saturated: factor (1) may be infinite\n'
        lines["dC_dy_hat"] = SATURATED[form.output].format(y=form.classes)
    parts = [head]
    for phase in phases(form):
        computed = [
            f"{s} = {lines[s].format(g=g, g_prime=g_prime)}  # {found[s].meaning}" for s in phase.symbols if s in lines
        ]
        parts.append("\n".join([f"# {phase.title}", *computed, ""]))
    return "\n".join([*parts, _printing(form)])


def _given(found, form, numbers):
    """The numbers that are handed in, a line each, to the last digit."""
    uses = {"k": form.k > 1, "l2": form.has_l2, "mu": form.has_momentum}
    lines = [f"{name} = {value}" for name, value in numbers.items() if uses.get(name, True)]
    given = [*Parameters._fields, *(f"v_{name}" for name in Parameters._fields if form.has_momentum)]
    return "\n".join([*lines, *(f"{name} = np.array({found[name].value.tolist()})" for name in given)])


def _printing(form):
    names = "\n".join(f'    "{symbol}": {symbol},' for symbol in order(form))
    return f"quantities = {{\n{names}\n}}\nfor name, value in quantities.items():\n    print(name, value.tolist())\n"
