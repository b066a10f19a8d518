"""What the classical mistakes would answer to an exercise."""

from typing import Any, NamedTuple

import numpy as np

from toynet import network
from toynet.activations import ACTIVATIONS, sigma
from toynet.derivation.mistakes import MISTAKES


class Candidate(NamedTuple):
    """What a classical mistake would answer: its name, what to tell the person, the wrong value (2-D)."""

    name: str
    message: str
    value: np.ndarray


def of(exercise: Any) -> list[Candidate]:
    """The `Candidate`s for an exercise: those that differ from the right answer, and from each other."""
    symbol, v = exercise.hidden.symbol, {s: q.value for s, q in exercise.quantities.items()}
    value = np.atleast_2d(exercise.hidden.value)
    if symbol.startswith("new_"):
        found = _wrong_updates(symbol.removeprefix("new_"), v, exercise)
    elif symbol in ("Z1", "A1", "Z2", "y_hat", "C"):
        found = _wrong_forward(symbol, v, exercise.activation)
    elif symbol in ("dC_dy_hat", "dy_hat_dZ2", "g_prime_Z1"):
        found = _wrong_factor(symbol, v, exercise.activation)
    else:
        found = _wrong_backward(symbol, v, exercise)
    if 1 in value.shape and value.size > 1:
        found.append(("transposed", f"Right numbers, but transposed: {_shapes(value)}.", value.T))
    elif value.size > 1:
        found.append(("transposed", f"You transposed it: {_shapes(value)}, row j belongs to unit j.", value.T))
        turned = value.T.reshape(value.shape)
        found.append(("transposed_order", "The right numbers, column by column: type them row by row.", turned))
    distinct = [value]
    candidates = []
    for name, message, wrong in found:
        wrong = np.atleast_2d(np.asarray(wrong, dtype=float))
        if not any(wrong.shape == a.shape and np.allclose(wrong, a, rtol=1e-9, atol=1e-12) for a in distinct):
            distinct.append(wrong)
            candidates.append(Candidate(name, message, wrong))
    return candidates


def _shapes(value):
    return f"the shape is {value.shape[0]} × {value.shape[1]}"


def _wrong_forward(symbol, v, activation):
    """(name, message, value) of what goes wrong on the way to C."""
    Z1, Z2, y_hat, y = v["Z1"], v["Z2"], v["y_hat"], v["y"]
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
    if symbol == "y_hat":
        return [
            ("no_sigma", "That is Z2: you forgot σ.", Z2),
            ("wrong_sign", "That is 1 - ŷ: the exponent is -Z2, not Z2.", sigma(-Z2)),
            ("tanh_for_sigma", "You applied tanh; the output unit has σ.", np.tanh(Z2)),
            ("no_reciprocal", "That is 1 + exp(-Z2): σ is one over it.", 1 + np.exp(-Z2)),
        ]
    C, mine = v["C"], np.where(y == 1, y_hat, 1 - y_hat)
    return [
        ("no_minus", "The cost is positive: you forgot the minus before the logarithm.", -C),
        ("other_class", "You took the logarithm for the other class.", -np.log(1 - mine)),
        ("log10", "That is the logarithm to base 10; the cost has the natural one.", C / np.log(10)),
        ("log2", "That is the logarithm to base 2; the cost has the natural one.", C / np.log(2)),
        ("squared_error", "That is the squared error (ŷ - y)²; here C is the cross-entropy.", (1 - mine) ** 2),
        (
            "half_squared_error",
            "That is the squared error (ŷ - y)²/2; here C is the cross-entropy.",
            (1 - mine) ** 2 / 2,
        ),
    ]


def _wrong_factor(symbol, v, activation):
    """(name, message, value) of what goes wrong in a factor of the chain rule."""
    y_hat, slope, sigma_prime = v["y_hat"], v["g_prime_Z1"], v["dy_hat_dZ2"]
    error = y_hat - v["y"]
    return {
        "dC_dy_hat": [
            ("wrong_sign", "The sign is wrong: ŷ - y, not y - ŷ.", -v["dC_dy_hat"]),
            ("no_denominator", "That is ŷ - y: the denominator ŷ (1 - ŷ) belongs to factor (1).", error),
            ("half_denominator", "You divided by ŷ alone: 1 - ŷ belongs there too.", error / y_hat),
            ("other_half_denominator", "You divided by 1 - ŷ alone: ŷ belongs there too.", error / (1 - y_hat)),
        ],
        "dy_hat_dZ2": [
            ("slope_of_y_hat", "You took σ'(ŷ): the slope at Z2 is ŷ (1 - ŷ).", sigma(y_hat) * (1 - sigma(y_hat))),
            ("slope_at_Z2", "You took Z2 (1 - Z2): with σ(Z2) = ŷ it is ŷ (1 - ŷ).", v["Z2"] * (1 - v["Z2"])),
            ("wrong_sign", "The sign is wrong: σ rises everywhere.", -sigma_prime),
            ("tanh_prime", "That is 1 - ŷ², the slope of tanh.", 1 - y_hat**2),
        ],
        "g_prime_Z1": [
            ("g_prime_of_A1", "You took g' at A1; it belongs at Z1.", ACTIVATIONS[activation].g_prime(v["A1"])),
            ("no_g_prime", "That is A1 = g(Z1), not its slope.", v["A1"]),
            ("wrong_sign", "The sign is wrong.", -slope),
        ],
    }[symbol]


BROKEN_RULES = {
    "wrong_sign": "The sign is wrong: the error is ŷ - y, not y - ŷ.",
    "extra_sigma_prime": "You multiplied by σ' once more: it has cancelled already.",
    "no_g_prime": "You forgot the activation's derivative g'(Z1).",
    "g_prime_of_A1": "You took g' at A1; it belongs at Z1.",
}
"""Of `MISTAKES` those that one sample shows -> what to tell the person."""


def _wrong_backward(symbol, v, exercise):
    """(name, message, value) of what goes wrong on the way back."""
    parameters, y, activation = exercise.parameters, exercise.y, exercise.activation
    passed = network.forward(parameters, exercise.X, activation)
    rules = [
        (name, message, MISTAKES[name].backward(parameters, passed, y, activation))
        for name, message in BROKEN_RULES.items()
    ]
    errors = [
        ("no_sigma_prime", "That has factor (1) alone: multiply by (2) = ŷ (1 - ŷ).", v["dC_dy_hat"]),
        ("no_error", "The error ŷ - y is missing.", np.ones((1, 1))),
    ]
    rules += [
        (name, message, network.backward_from(parameters, passed, error, activation)) for name, message, error in errors
    ]
    # Of one sample dC_dZ2 and dC_dZ1 are what the biases' gradients are.
    of = {"dC_dZ2": "dC_db2", "dC_dZ1": "dC_db1"}.get(symbol, symbol)
    found = [(name, message, getattr(gradients, of)) for name, message, gradients in rules]
    return found + _wrong_parts(symbol, v, v["y_hat"] - v["y"])


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


def _wrong_updates(name, v, exercise):
    """What goes wrong in theta - eta dC_dtheta."""
    theta, gradient, eta = v[name], v[f"dC_d{name}"], exercise.learning_rate
    extra = v["dy_hat_dZ2"] * gradient
    return [
        ("wrong_sign", "You added: descent subtracts η times the gradient.", theta + eta * gradient),
        ("no_learning_rate", "You forgot the learning rate η.", theta - gradient),
        ("step_only", "That is the step alone: subtract it from the old value.", eta * gradient),
        ("no_update", "That is the old value: subtract η times the gradient.", theta),
        ("extra_sigma_prime", "You multiplied by σ' once more: it has cancelled already.", theta - eta * extra),
    ]
