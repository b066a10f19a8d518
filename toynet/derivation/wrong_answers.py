"""What the classical mistakes would answer to an exercise."""

from typing import Any, NamedTuple

import numpy as np

from toynet import network
from toynet.activations import ACTIVATIONS, sigma, softmax
from toynet.derivation import wrong_terms
from toynet.derivation.mistakes import adapted


class Candidate(NamedTuple):
    """What a classical mistake would answer: its name, what to tell the person, the wrong value (2-D)."""

    name: str
    message: str
    value: np.ndarray


def of(exercise: Any) -> list[Candidate]:
    """The `Candidate`s for an exercise: those that differ from the right answer, and from each other."""
    symbol, form = exercise.hidden.symbol, exercise.form
    v = {s: q.value for s, q in exercise.quantities.items()}
    v["Y"] = v[form.classes]  # (k, 1), of one output too
    value = np.atleast_2d(exercise.hidden.value)
    if symbol == "penalty" or symbol.startswith(("g_W", "new_v_")):
        found = wrong_terms.of(symbol, v, exercise)
    elif symbol.startswith("new_"):
        found = _wrong_updates(symbol.removeprefix("new_"), v, exercise)
    elif symbol == "C":
        found = _wrong_costs(v, form)
    elif symbol in ("Z1", "A1", "Z2", "y_hat"):
        found = _wrong_forward(symbol, v, exercise.activation, form)
    elif symbol in ("dC_dy_hat", "dy_hat_dZ2", "g_prime_Z1"):
        found = _wrong_factor(symbol, v, exercise.activation, form)
    else:
        found = _wrong_backward(symbol, v, exercise)
    return _distinct(value, found + _transposed(symbol, value))


def _distinct(value, found):
    """Of (name, message, wrong value) those that differ from the right value and from each other, as `Candidate`s."""
    distinct, candidates = [value], []
    for name, message, wrong in found:
        wrong = np.atleast_2d(np.asarray(wrong, dtype=float))
        if not any(wrong.shape == a.shape and np.allclose(wrong, a, rtol=1e-9, atol=1e-12) for a in distinct):
            distinct.append(wrong)
            candidates.append(Candidate(name, message, wrong))
    return candidates


def _transposed(symbol, value):
    """Right numbers that stand in the wrong places."""
    shape = f"the shape is {value.shape[0]} × {value.shape[1]}"
    if 1 in value.shape:
        return [("transposed", f"Right numbers, but transposed: {shape}.", value.T)] if value.size > 1 else []
    belongs = "row c belongs to class c" if symbol.endswith("W2") else "row j belongs to unit j"
    turned = value.T.reshape(value.shape)
    return [
        ("transposed", f"You transposed it: {shape}, {belongs}.", value.T),
        ("transposed_order", "The right numbers, column by column: type them row by row.", turned),
    ]


def _wrong_forward(symbol, v, activation, form):
    """(name, message, value) of what goes wrong on the way to y_hat."""
    Z1, Z2 = v["Z1"], v["Z2"]
    if symbol == "Z1":
        return [
            ("no_bias", "You forgot the bias b1.", Z1 - v["b1"]),
            ("minus_bias", "The bias is added, not subtracted.", Z1 - 2 * v["b1"]),
            ("no_weights", "That is b1 alone: W1 A0 is missing.", v["b1"]),
        ]
    if symbol == "A1":
        return [
            ("no_activation", "That is Z1: you forgot the activation g.", Z1),
            ("slope_for_value", "That is g'(Z1), the slope; A1 is g(Z1).", v["g_prime_Z1"]),
            ("sigma_for_g", "You applied σ; the hidden units have another activation.", sigma(Z1)),
            ("tanh_for_g", "You applied tanh; the hidden units have another activation.", np.tanh(Z1)),
            ("wrong_sign", "You applied g to -Z1.", ACTIVATIONS[activation].g(-Z1)),
        ]
    if symbol == "Z2":
        return [
            ("no_bias", "You forgot the bias b2.", Z2 - v["b2"]),
            ("minus_bias", "The bias is added, not subtracted.", Z2 - 2 * v["b2"]),
            ("Z1_for_A1", "You used Z1 where A1 = g(Z1) belongs.", v["W2"] @ Z1 + v["b2"]),
        ]
    if form.is_softmax:
        return [
            ("no_softmax", "That is Z2: you forgot softmax.", Z2),
            ("no_sum", "That is exp(Z2): divide by the sum over the classes.", np.exp(Z2)),
            ("sigma_for_softmax", "You applied σ to each: softmax divides exp(Z2) by its sum.", sigma(Z2)),
            ("wrong_sign", "The exponent is Z2, not -Z2.", softmax(-Z2)),
            ("no_exp", "You divided Z2 by its sum: softmax does that with exp(Z2).", Z2 / Z2.sum()),
        ]
    return [
        ("no_sigma", "That is Z2: you forgot σ.", Z2),
        ("wrong_sign", "That is 1 - ŷ: the exponent is -Z2, not Z2.", sigma(-Z2)),
        ("tanh_for_sigma", "You applied tanh; the output unit has σ.", np.tanh(Z2)),
        ("no_reciprocal", "That is 1 + exp(-Z2): σ is one over it.", 1 + np.exp(-Z2)),
    ]


def _wrong_costs(v, form):
    """(name, message, value) of what goes wrong in C."""
    C, y_hat, Y = v["C"], v["y_hat"], v["Y"]
    mine = np.where(Y == 1, y_hat, 1 - y_hat)
    squares = np.sum((1 - mine) ** 2)
    found = [("no_minus", "The cost is positive: you forgot the minus before the logarithm.", -C)]
    if not form.is_softmax:
        found.append(("other_class", "You took the logarithm for the other class.", -np.log(1 - mine).sum()))
    if form.k > 1:
        found += _wrong_sums(C, y_hat, mine, Y, form)
    return [
        *found,
        ("log10", "That is the logarithm to base 10; the cost has the natural one.", C / np.log(10)),
        ("log2", "That is the logarithm to base 2; the cost has the natural one.", C / np.log(2)),
        ("squared_error", "That is the squared error (ŷ - y)²; here C is the cross-entropy.", squares),
        ("half_squared_error", "That is the squared error (ŷ - y)²/2; here C is the cross-entropy.", squares / 2),
    ]


def _wrong_sums(C, y_hat, mine, Y, form):
    """What goes wrong in the sum over several outputs."""
    averaged = [("mean_over_outputs", "You averaged over the outputs; C sums over them.", C / form.k)]
    if form.is_softmax:
        sigmoids = -np.log(mine).sum()
        return [
            *averaged,
            ("all_classes", "You summed over all classes: Y leaves the own one alone.", -np.log(y_hat).sum()),
            ("as_sigmoids", "That is the cost of sigmoids: with softmax the own class alone counts.", sigmoids),
        ]
    own = -np.log(mine[Y == 1]).sum()
    return [*averaged, ("own_class_alone", "The other outputs cost too: -log(1 - ŷ) of each.", own)]


def _wrong_factor(symbol, v, activation, form):
    """(name, message, value) of what goes wrong in a factor of the chain rule."""
    if symbol == "g_prime_Z1":
        slope_of_A1 = ACTIVATIONS[activation].g_prime(v["A1"])
        return [
            ("g_prime_of_A1", "You took g' at A1; it belongs at Z1.", slope_of_A1),
            ("no_g_prime", "That is A1 = g(Z1), not its slope.", v["A1"]),
            ("wrong_sign", "The sign is wrong.", -v["g_prime_Z1"]),
        ]
    y_hat, Y, value = v["y_hat"], v["Y"], v[symbol]
    if form.is_softmax:
        return _wrong_softmax(symbol, y_hat, Y, value)
    error, y = y_hat - Y, form.classes
    if symbol == "dC_dy_hat":
        return [
            ("wrong_sign", f"The sign is wrong: ŷ - {y}, not {y} - ŷ.", -value),
            ("no_denominator", f"That is ŷ - {y}: the denominator ŷ (1 - ŷ) belongs to factor (1).", error),
            ("half_denominator", "You divided by ŷ alone: 1 - ŷ belongs there too.", error / y_hat),
            ("other_half_denominator", "You divided by 1 - ŷ alone: ŷ belongs there too.", error / (1 - y_hat)),
        ]
    return [
        ("slope_of_y_hat", "You took σ'(ŷ): the slope at Z2 is ŷ (1 - ŷ).", sigma(y_hat) * (1 - sigma(y_hat))),
        ("slope_at_Z2", "You took Z2 (1 - Z2): with σ(Z2) = ŷ it is ŷ (1 - ŷ).", v["Z2"] * (1 - v["Z2"])),
        ("wrong_sign", "The sign is wrong: σ rises everywhere.", -value),
        ("tanh_prime", "That is 1 - ŷ², the slope of tanh.", 1 - y_hat**2),
    ]


def _wrong_softmax(symbol, y_hat, Y, value):
    """The same for softmax's own factors."""
    if symbol == "dC_dy_hat":
        sigmoids = (y_hat - Y) / (y_hat * (1 - y_hat))
        return [
            ("wrong_sign", "The sign is wrong: a larger ŷ of the own class lowers C.", -value),
            ("no_denominator", "That is -Y: ŷ belongs under it.", -Y),
            ("as_sigmoids", "That is factor (1) of sigmoids: with softmax the own class alone counts.", sigmoids),
            ("product", "That is ŷ - Y, what (1) and (2) make together.", y_hat - Y),
        ]
    slopes, outer = np.diagflat(y_hat * (1 - y_hat)), y_hat @ y_hat.T
    return [
        ("diagonal_alone", "Off the diagonal there is -ŷ ŷᵀ: each Z2 moves every probability.", slopes),
        ("no_diagonal", "That is -ŷ ŷᵀ: diag(ŷ) is missing.", -outer),
        ("plus", "diag(ŷ) minus ŷ ŷᵀ, not plus: a class gains what the others lose.", np.diagflat(y_hat) + outer),
        ("wrong_sign", "The sign is wrong: a class's own Z2 raises its probability.", -value),
    ]


BROKEN_RULES = {
    "wrong_sign": "The sign is wrong: the error is ŷ - {y}, not {y} - ŷ.",
    "extra_sigma_prime": "You multiplied by {slope} once more: it has cancelled already.",
    "no_g_prime": "You forgot the activation's derivative g'(Z1).",
    "g_prime_of_A1": "You took g' at A1; it belongs at Z1.",
    "reshaped_W2": "You pressed W2 into the shape of its transpose: its numbers must change places too.",
}
"""Of `MISTAKES` those that one sample shows -> what to tell the person."""


def _broken(exercise):
    """(name, message, gradients) of the broken rules."""
    form, given = exercise.form, (exercise.parameters, exercise.X, exercise.activation)
    passed = network.forward(*given, exercise.output)
    slope = "softmax's Jacobian" if form.is_softmax else "σ'"
    for name, message in BROKEN_RULES.items():
        rule = adapted(name, form.k, form.output).backward
        gradients = rule(exercise.parameters, passed, exercise.y, exercise.activation)
        yield name, message.format(y=form.classes, slope=slope), gradients


def _wrong_backward(symbol, v, exercise):
    """(name, message, value) of what goes wrong on the way back."""
    parameters, activation, form = exercise.parameters, exercise.activation, exercise.form
    passed = network.forward(parameters, exercise.X, activation, exercise.output)
    factor = "the Jacobian" if form.is_softmax else "ŷ (1 - ŷ)"
    errors = [
        ("no_sigma_prime", f"That has factor (1) alone: multiply by (2) = {factor}.", v["dC_dy_hat"]),
        ("no_error", f"The error ŷ - {form.classes} is missing.", np.ones_like(v["Y"])),
    ]
    if form.is_softmax:
        diagonal = v["dC_dy_hat"] * v["y_hat"] * (1 - v["y_hat"])
        errors.append(("diagonal_alone", "You took the Jacobian for its diagonal: the others learn too.", diagonal))
    rules = [*_broken(exercise)] + [
        (name, message, network.backward_from(parameters, passed, error, activation)) for name, message, error in errors
    ]
    # Of one sample dC_dZ2 and dC_dZ1 are what the biases' gradients are.
    of = {"dC_dZ2": "dC_db2", "dC_dZ1": "dC_db1"}.get(symbol, symbol)
    found = [(name, message, getattr(gradients, of)) for name, message, gradients in rules]
    return found + (_wrong_parts if form.k == 1 else _wrong_parts_of_several)(symbol, v, v["y_hat"] - v["Y"])


def _wrong_parts(symbol, v, error):
    """What goes wrong in one gradient alone."""
    return {
        "dC_dZ2": [("no_y", "That is ŷ: subtract y.", v["y_hat"])] if v["y"][0, 0] else [],
        "dC_dW2": [("Z1_for_A1", "You multiplied by Z1; W2 meets A1.", error * v["Z1"].T)],
        "dC_db2": [("times_bias", "You multiplied by b2; its factor is 1.", error * v["b2"])],
        "dC_dZ1": [
            ("no_W2", "The way back goes through W2: it is missing.", error * v["g_prime_Z1"]),
            ("A1_for_W2", "You multiplied by A1; the way back goes through W2.", error * v["A1"] * v["g_prime_Z1"]),
        ],
        "dC_dW1": [("no_W2", "The way back goes through W2: it is missing.", error * v["g_prime_Z1"] @ v["A0"].T)],
        "dC_db1": [("times_bias", "You multiplied by b1; its factor is 1.", v["dC_dZ1"] * v["b1"])],
    }[symbol]


def _wrong_parts_of_several(symbol, v, error):
    """The same where W2 is a matrix: the errors of all outputs go back."""
    own = (v["W2"].T @ (error * v["Y"])) * v["g_prime_Z1"]
    one = "You handed back the own class's error alone: those of all outputs go back."
    return {
        "dC_dZ2": [("no_y", "That is ŷ: subtract Y.", v["y_hat"])],
        "dC_dW2": [("Z1_for_A1", "You multiplied by Z1; W2 meets A1.", error @ v["Z1"].T)],
        "dC_db2": [("times_bias", "You multiplied by b2; its factor is 1.", error * v["b2"])],
        "dC_dZ1": [("own_class_alone", one, own)],
        "dC_dW1": [("own_class_alone", one, own @ v["A0"].T)],
        "dC_db1": [
            ("own_class_alone", one, own),
            ("times_bias", "You multiplied by b1; its factor is 1.", v["dC_dZ1"] * v["b1"]),
        ],
    }[symbol]


def _wrong_updates(name, v, exercise):
    """What goes wrong in theta - eta times the step: dC_dtheta, or what the update's terms make of it."""
    theta, gradient, eta, form = v[name], v[f"dC_d{name}"], exercise.learning_rate, exercise.form
    step = v.get(f"new_v_{name}", v.get(f"g_{name}", gradient))
    called = "v" if form.has_momentum else "g" if f"g_{name}" in v else "the gradient"
    found = [
        ("wrong_sign", f"You added: descent subtracts η times {called}.", theta + eta * step),
        ("no_learning_rate", "You forgot the learning rate η.", theta - step),
        ("step_only", "That is the step alone: subtract it from the old value.", eta * step),
        ("no_update", f"That is the old value: subtract η times {called}.", theta),
        ("no_terms", f"You descended by ∂C/∂{name} alone: the step here is {called}.", theta - eta * gradient),
    ]
    if form.k > 1:
        return found
    extra = v["dy_hat_dZ2"] * gradient
    return [
        *found,
        ("extra_sigma_prime", "You multiplied by σ' once more: it has cancelled already.", theta - eta * extra),
    ]
