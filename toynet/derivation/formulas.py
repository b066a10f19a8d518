"""How each quantity is written, and what it is, in words; for one output and several, and the update's terms."""

import re
from functools import cache

from toynet.activations import ACTIVATIONS
from toynet.derivation.form import PENALISED, PLAIN, Form
from toynet.network import Parameters

# --- in words ------------------------------------------------------------------------

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

OF_TERMS = {
    "penalty": "what L2 adds to the cost: C + P is descended, and the biases are free of it",
    **{f"g_{name}": f"gradient of C + P by {name}" for name in PENALISED},
    **{f"v_{name}": f"velocity of {name}: past gradients, of which each update keeps μ" for name in Parameters._fields},
    **{f"new_v_{name}": f"velocity of {name} in this update" for name in Parameters._fields},
}

OF_SEVERAL = {
    "W2": "weights of the output layer, a row for each class",
    "b2": "biases of the output layer",
    "Z2": "output pre-activation, a row for each class",
    "Y": "what the outputs should say: 1 for a sample's own class, 0 for the others",
    "dC_dW2": "gradient of W2: the transpose lets each error meet the activations of its own sample",
    "dC_dZ1": "the errors of all outputs, handed back to the hidden units through the transpose of W2",
}

OF_SIGMOIDS = {
    "y_hat": "probabilities, each output's own: they need not sum to 1",
    "C": "cross-entropy, summed over the outputs, the mean over the samples",
    "dy_hat_dZ2": "factor (2): how each probability changes with its own Z2; with the others it does not",
    "dC_dZ2": "(1) times (2), entry by entry: ŷ (1 - ŷ) cancels, 1/m stays",
}

OF_SOFTMAX = {
    "y_hat": "probabilities of the classes: they sum to 1",
    "C": "cross-entropy of the own class's probability, the mean over the samples",
    "dC_dy_hat": "factor (1): how C changes with each probability, that of the own class alone; the 1/m of the mean is "
    "in here",
    "dy_hat_dZ2": "factor (2): how each probability (row) changes with each Z2 (column), a block for each sample",
    "dC_dZ2": "(2) transposed times (1), sample by sample: ŷ cancels, 1/m stays",
}


def meaning(symbol: str, form: Form = PLAIN) -> str:
    """What a quantity is, in a few words."""
    return (MEANINGS | OF_TERMS | _of(form, OF_SEVERAL, OF_SIGMOIDS, OF_SOFTMAX))[symbol]


def _of(form, several, sigmoids, softmax):
    """What is said otherwise of several outputs."""
    if form.k == 1:
        return {}
    return several | (softmax if form.is_softmax else sigmoids)


# --- formulas ------------------------------------------------------------------------

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
}
"""Symbol -> LaTeX with {g} and {g_prime} to fill in; sums run over the samples i = 1 .. m, the columns."""

SEVERAL = {
    "Y": r"Y_{{ci}} = [\, y_i = c \,]",
    "dC_dy_hat": FORMULAS["dC_dy_hat"].replace("- y}", "- Y}"),
    "dC_dZ2": FORMULAS["dC_dZ2"].replace("- y)", "- Y)"),
}
"""What is written otherwise where there are k outputs, a row for each class c = 0 .. k-1."""

SIGMOIDS = {
    "C": r"C = -\frac{{1}}{{m}} \sum_{{i=1}}^{{m}} \sum_{{c=0}}^{{k-1}}"
    r" \bigl( Y_{{ci}} \log \hat{{y}}_{{ci}} + (1 - Y_{{ci}}) \log (1 - \hat{{y}}_{{ci}}) \bigr)",
}

SOFTMAX = {
    "y_hat": r"\hat{{y}} = \text{{softmax}}(Z_2) = \frac{{e^{{Z_2}}}}{{\sum_{{c=0}}^{{k-1}} e^{{(Z_2)_c}}}}",
    "C": r"C = -\frac{{1}}{{m}} \sum_{{i=1}}^{{m}} \sum_{{c=0}}^{{k-1}} Y_{{ci}} \log \hat{{y}}_{{ci}}",
    "dC_dy_hat": r"(1)\quad \frac{{\partial C}}{{\partial \hat{{y}}}} = -\frac{{1}}{{m}} \cdot \frac{{Y}}{{\hat{{y}}}}",
    "dy_hat_dZ2": r"(2)\quad \frac{{\partial \hat{{y}}}}{{\partial Z_2}}"
    r" = \text{{diag}}(\hat{{y}}) - \hat{{y}} \hat{{y}}^\top",
    "dC_dZ2": r"\frac{{\partial C}}{{\partial Z_2}} = (2)^\top (1) = \frac{{1}}{{m}} (\hat{{y}} - Y)",
}


def formula(symbol: str, activation: str, form: Form = PLAIN) -> str:
    """LaTeX of one quantity's formula, left side included."""
    of_update = _of_update(form)
    if symbol in of_update:
        return of_update[symbol]
    g, g_prime = ACTIVATIONS[activation].latex
    return (FORMULAS | _of(form, SEVERAL, SIGMOIDS, SOFTMAX))[symbol].format(g=g, g_prime=g_prime)


@cache
def _of_update(form):
    """Those of the update and of its terms, which follow from the terms that are on."""
    found = {"penalty": r"P = \frac{\lambda}{2} \left( |W_1|^2 + |W_2|^2 \right)"}
    for name in Parameters._fields:
        theta, v = latex_name(name), latex_name(f"v_{name}")
        dC = rf"\frac{{\partial C}}{{\partial {theta}}}"
        g = latex_name(f"g_{name}") if form.has_l2 and name in PENALISED else dC
        found |= {f"g_{name}": rf"{g} = {dC} + \lambda {theta}", f"v_{name}": v}
        found[f"new_v_{name}"] = rf"{v} \leftarrow \mu {v} + {g}"
        found[f"new_{name}"] = rf"{theta} \leftarrow {theta} - \eta {v if form.has_momentum else g}"
    return found


# --- names ---------------------------------------------------------------------------


def latex_name(symbol: str) -> str:
    r"""A quantity's name in a line of mathematics: W_1, \partial C/\partial W_1, W_1^{\text{new}} after the update."""
    if symbol.startswith("new_"):
        return rf"{latex_name(symbol.removeprefix('new_'))}^{{\text{{new}}}}"
    if symbol.startswith(("v_", "g_")) and symbol != "g_prime_Z1":
        return f"{symbol[0]}_{{{latex_name(symbol[2:])}}}"
    above, _, below = symbol.removeprefix("d").partition("_d")
    if below:
        return rf"\partial {latex_name(above)}/\partial {latex_name(below)}"
    return {"y_hat": r"\hat{y}", "g_prime_Z1": "g'(Z_1)", "penalty": "P"}.get(symbol, re.sub(r"(\d)", r"_\1", symbol))


def plain_name(symbol: str) -> str:
    """The same as plain text: W₁, ∂C/∂W₁; W₁ new after the update, v of W₁ for its velocity."""
    if symbol.startswith("new_"):
        return f"{plain_name(symbol.removeprefix('new_'))} new"
    if symbol.startswith(("v_", "g_")) and symbol != "g_prime_Z1":
        return f"{symbol[0]} of {plain_name(symbol[2:])}"
    above, _, below = symbol.removeprefix("d").partition("_d")
    if below:
        return f"∂{plain_name(above)}/∂{plain_name(below)}"
    digits = str.maketrans("012", "₀₁₂")
    return {"y_hat": "ŷ", "g_prime_Z1": "g′(Z₁)", "penalty": "P"}.get(symbol, symbol.translate(digits))
