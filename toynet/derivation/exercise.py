"""Your turn: one quantity of a small example is hidden; the answer is marked, and a classical mistake recognised."""

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from toynet.activations import ACTIVATIONS, sigma
from toynet.derivation.quantities import ORDER, Quantity, quantities
from toynet.network import Parameters

NEEDED = {
    "Z1": ("A0", "W1", "b1"),
    "A1": ("Z1",),
    "Z2": ("A1", "W2", "b2"),
    "y_hat": ("Z2",),
    "C": ("y_hat", "y"),
    "dC_dy_hat": ("y_hat", "y"),
    "dy_hat_dZ2": ("y_hat",),
    "dC_dZ2": ("y_hat", "y"),
    "dC_dW2": ("A1", "dC_dZ2"),
    "dC_db2": ("y_hat", "y"),
    "g_prime_Z1": ("Z1",),
    "dC_dZ1": ("Z1", "W2", "dC_dZ2"),
    "dC_dW1": ("A0", "dC_dZ1"),
    "dC_db1": ("Z1", "W2", "dC_dZ2"),
    **{f"new_{name}": (name, f"dC_d{name}") for name in Parameters._fields},
}
"""Quantity -> what it is computed from. Of one sample dC_db2 is dC_dZ2 and dC_db1 is dC_dZ1, so those are not shown."""

HIDEABLE = tuple(s for s in ORDER if s in NEEDED)
"""Quantities that can be asked for: all that must be computed."""

LEARNING_RATE = 0.5
RELATIVE, ABSOLUTE = 0.01, 0.0006
"""How far an answer may be off: enough for three significant digits all the way, or three decimals."""

SMALLEST = 0.02
"""Entries of an exercise are 0 or at least this large, so that their sign and digits can be told."""


class Candidate(NamedTuple):
    """What a classical mistake would answer: its name, what to tell the person, the wrong value (2-D)."""

    name: str
    message: str
    value: np.ndarray


@dataclass(frozen=True)
class Exercise:
    """A small example with one quantity to compute.

    Attributes
    ----------
    hidden : Quantity
        What is asked for; `hidden.value` is the answer.
    shown : dict of str to Quantity
        What it is computed from, as `NEEDED` says.
    quantities : dict of str to Quantity
        Everything, to show after the answer.
    parameters : Parameters
    X, y : ndarray (1, d), (1,)
        The one sample.
    activation : str
    learning_rate : float
    """

    hidden: Quantity
    shown: dict
    quantities: dict
    parameters: Parameters
    X: np.ndarray
    y: np.ndarray
    activation: str
    learning_rate: float

    @property
    def shape(self):
        """(rows, columns) of the answer; a scalar is (1, 1)."""
        return np.atleast_2d(self.hidden.value).shape


@dataclass(frozen=True)
class Marking:
    """How an answer was marked.

    Attributes
    ----------
    right : ndarray of bool
        Entry by entry, in the shape of the hidden quantity.
    message : str
    mistake : str or None
        Name of the classical mistake that gives this very answer.
    """

    right: np.ndarray
    message: str
    mistake: str | None

    @property
    def correct(self):
        """Whether every entry is right."""
        return bool(self.right.all())


# --- asking --------------------------------------------------------------------------


def ask(seed, quantity, hidden_size=4, activation="tanh"):
    """An exercise with numbers of one decimal; the same seed asks the same.

    Parameters
    ----------
    seed : int
    quantity : str
        A symbol of `HIDEABLE`.
    hidden_size : int
    activation : {"tanh", "sigmoid", "relu"}

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        If this quantity is not asked for.
    """
    if quantity not in HIDEABLE:
        raise ValueError(f"quantity must be one of {', '.join(HIDEABLE)}, not {quantity!r}")
    rng = np.random.default_rng(seed)
    for _ in range(10_000):
        parameters, X, y = _draw(rng, hidden_size)
        everything = quantities(parameters, X, y, activation, LEARNING_RATE)
        needed = {s: everything[s] for s in NEEDED[quantity]}
        exercise = Exercise(
            everything[quantity], needed, everything, parameters, X, y, activation, LEARNING_RATE
        )  # fmt: skip
        if _is_clear(exercise):
            return exercise
    raise ValueError(f"no clear exercise for {quantity} with {hidden_size} hidden units")


def _draw(rng, hidden_size):
    """Parameters and one sample, every number between 0.1 and 0.9 or 1.5 in size, with one decimal."""

    def tidy(*shape, most=9):
        return rng.choice([-1, 1], shape) * rng.integers(1, most + 1, shape) / 10

    parameters = Parameters(tidy(hidden_size, 2), tidy(hidden_size, 1), tidy(1, hidden_size), tidy(1, 1))
    return parameters, tidy(1, 2, most=15), rng.integers(0, 2, 1).astype(float)


def _is_clear(exercise):
    """No tiny entries, and every classical mistake gives an answer that can be told from the right one."""
    value = np.atleast_2d(exercise.hidden.value)
    Z1, Z2 = (exercise.quantities[s].value for s in ("Z1", "Z2"))
    if np.any((value != 0) & (np.abs(value) < SMALLEST)) or np.abs(Z1).min() < 0.05 or np.abs(Z2).max() > 2.5:
        return False
    answers = [value, *(candidate.value for candidate in mistakes_of(exercise))]
    pairs = ((a, b) for k, a in enumerate(answers) for b in answers[:k] if a.shape == b.shape)
    return all(np.any(np.abs(a - b) > _tolerance(a) + _tolerance(b)) for a, b in pairs)


# --- marking -------------------------------------------------------------------------


def mark(exercise, answer):
    """Mark an answer entry by entry, and name the classical mistake that would give all of it.

    Parameters
    ----------
    exercise : Exercise
    answer : array_like
        In the shape of the hidden quantity, or transposed; a number for a scalar.

    Returns
    -------
    Marking

    Raises
    ------
    ValueError
        If the answer has another shape.
    """
    value, answer = np.atleast_2d(exercise.hidden.value), np.atleast_2d(np.asarray(answer, dtype=float))
    if answer.shape not in (value.shape, value.shape[::-1]):
        raise ValueError(f"The answer must have shape {value.shape}, not {answer.shape}.")
    right = _agrees(answer, value) if answer.shape == value.shape else np.zeros(value.shape, dtype=bool)
    if right.all():
        return Marking(right, "Right.", None)
    for candidate in mistakes_of(exercise):
        if candidate.value.shape == answer.shape and _agrees(answer, candidate.value).all():
            return Marking(right, candidate.message, candidate.name)
    return Marking(right, _plain_message(right, answer.shape), None)


def _tolerance(value):
    return np.maximum(RELATIVE * np.abs(value), ABSOLUTE)


def _agrees(answer, value):
    # A little more than the tolerance, for its own rounding.
    return np.abs(answer - value) <= _tolerance(value) * (1 + 1e-9)


def _plain_message(right, shape):
    if shape != right.shape:
        return f"The shape is {right.shape[0]} × {right.shape[1]}, not {shape[0]} × {shape[1]}."
    if right.size == 1:
        return "Not right."
    row, column = np.argwhere(~right)[0] + 1
    return f"{right.sum()} of {right.size} right; the first that is not: row {row}, column {column}."


# --- what the classical mistakes would answer ----------------------------------------


def mistakes_of(exercise):
    """The `Candidate`s for an exercise: those that differ from the right answer, and from each other."""
    symbol, v = exercise.hidden.symbol, {s: q.value for s, q in exercise.quantities.items()}
    value = np.atleast_2d(exercise.hidden.value)
    if symbol.startswith("new_"):
        found = _wrong_updates(symbol.removeprefix("new_"), v, exercise)
    elif symbol in ("Z1", "A1", "Z2", "y_hat", "C"):
        found = _wrong_forward(symbol, v, exercise.activation)
    else:
        found = _wrong_backward(symbol, v, exercise.activation)
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


def _wrong_backward(symbol, v, activation):
    """(name, message, value) of what goes wrong on the way back."""
    y_hat, y, slope = v["y_hat"], v["y"], v["g_prime_Z1"]
    error, sigma_prime = y_hat - y, v["dy_hat_dZ2"]
    slope_of_A1 = ACTIVATIONS[activation].g_prime(v["A1"])
    special = {
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
            ("g_prime_of_A1", "You took g' at A1; it belongs at Z1.", slope_of_A1),
            ("no_g_prime", "That is A1 = g(Z1), not its slope.", v["A1"]),
            ("wrong_sign", "The sign is wrong.", -slope),
        ],
    }
    if symbol in special:
        return special[symbol]
    product = v["dC_dy_hat"] * sigma_prime**2
    tried = [
        ("wrong_sign", "The sign is wrong: the error is ŷ - y, not y - ŷ.", -error, slope),
        ("extra_sigma_prime", "You multiplied by σ' once more: it has cancelled already.", product, slope),
        ("no_sigma_prime", "That has factor (1) alone: multiply by (2) = ŷ (1 - ŷ).", v["dC_dy_hat"], slope),
        ("no_g_prime", "You forgot the activation's derivative g'(Z1).", error, 1.0),
        ("g_prime_of_A1", "You took g' at A1; it belongs at Z1.", error, slope_of_A1),
        ("no_error", "The error ŷ - y is missing.", 1.0, slope),
    ]
    found = [(name, message, _chain(e, s, v)[symbol]) for name, message, e, s in tried]
    return found + _wrong_factors(symbol, v, error)


def _chain(error, slope, v):
    """The gradients of one sample from its error ŷ - y and what stands for g'(Z1)."""
    error = np.full((1, 1), error)
    dC_dZ1 = v["W2"].T * error * slope
    return {
        "dC_dZ2": error,
        "dC_dW2": error @ v["A1"].T,
        "dC_db2": error,
        "dC_dZ1": dC_dZ1,
        "dC_dW1": dC_dZ1 @ v["A0"].T,
        "dC_db1": dC_dZ1,
    }


def _wrong_factors(symbol, v, error):
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


# --- what a person types -------------------------------------------------------------


def parse_numbers(text, shape):
    """Typed numbers as an array: "0.1, -0.2; 3", one per line, or a row per line.

    Commas, semicolons, spaces and line breaks separate. Rows of lines or semicolons
    that make `shape`, or for a matrix its transpose, are taken as they stand; anything
    else fills `shape` row by row.

    Parameters
    ----------
    text : str
    shape : tuple of 2 int

    Returns
    -------
    ndarray
        Of `shape`, or of a matrix typed transposed the transposed shape.

    Raises
    ------
    ValueError
        One sentence: which word is no number, or how many numbers are wanted.
    """
    text = re.sub(r"[\[\]()|]", " ", text.replace("−", "-"))
    rows = [[_number(word) for word in re.split(r"[,\s]+", row) if word] for row in re.split(r"[;\n]", text)]
    rows = [row for row in rows if row]
    numbers = [number for row in rows for number in row]
    wanted = shape[0] * shape[1]
    if len(numbers) != wanted:
        raise ValueError(_count_message(len(numbers), shape))
    layout = (len(rows), len(rows[0]))
    is_matrix = min(shape) > 1 and all(len(row) == layout[1] for row in rows)
    return np.array(numbers).reshape(layout if is_matrix and layout == shape[::-1] else shape)


def _number(word):
    # float() would also take "nan", "inf" and "1_000".
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", word) or not np.isfinite(float(word)):
        raise ValueError(f"{word!r} is not a number.")
    return float(word)


def _count_message(found, shape):
    wanted = shape[0] * shape[1]
    grid = "" if wanted == 1 else f" ({shape[0]} × {shape[1]})"
    hint = " Write decimals with a point: 0.5." if found == 2 * wanted else ""
    return f"{wanted} number{'s' * (wanted > 1)} wanted{grid}, {found} found.{hint}"
