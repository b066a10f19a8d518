"""Your turn: one quantity of a small example is hidden; the answer is marked, and a classical mistake recognised."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from toynet.derivation import wrong_answers
from toynet.derivation.form import PENALISED, PLAIN, Form, form_of, order
from toynet.derivation.quantities import Quantity, quantities
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


def needed(form: Form = PLAIN) -> dict[str, tuple[str, ...]]:
    """`NEEDED` of a form: the classes of several outputs are Y, and the update has its terms."""
    found = {symbol: tuple(form.classes if s == "y" else s for s in of) for symbol, of in NEEDED.items()}
    if form.has_l2:
        found["penalty"] = ("W1", "W2")
        found |= {f"g_{name}": (name, f"dC_d{name}") for name in PENALISED}
    for name in Parameters._fields:
        g = f"g_{name}" if form.has_l2 and name in PENALISED else f"dC_d{name}"
        if form.has_momentum:
            found[f"new_v_{name}"] = (f"v_{name}", g)
        found[f"new_{name}"] = (name, f"new_v_{name}" if form.has_momentum else g)
    return found


def hideable(form: Form = PLAIN) -> tuple[str, ...]:
    """Quantities that can be asked for: all that must be computed."""
    return tuple(symbol for symbol in order(form) if symbol in needed(form))


HIDEABLE = hideable()
"""Those of one output, without further terms."""

L2, MOMENTUM = 0.1, 0.5
"""What an exercise has of a term that is on."""

LEARNING_RATE = 0.5
RELATIVE, ABSOLUTE = 0.01, 0.0006
"""How far an answer may be off: enough for three significant digits all the way, or three decimals."""

SMALLEST = 0.02
"""Entries of an exercise are 0 or at least this large, so that their sign and digits can be told."""


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
    output : str
    l2, momentum : float
    v : Parameters or None
        The velocity before, where there is momentum.
    """

    hidden: Quantity
    shown: dict
    quantities: dict
    parameters: Parameters
    X: np.ndarray
    y: np.ndarray
    activation: str
    learning_rate: float
    output: str = "sigmoid"
    l2: float = 0.0
    momentum: float = 0.0
    v: Parameters | None = None

    @property
    def form(self):
        """Which derivation it is of."""
        return form_of(self.parameters, self.output, self.l2, self.momentum)

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


def ask(
    seed: int,
    quantity: str,
    hidden_size: int = 4,
    activation: str = "tanh",
    output: str = "sigmoid",
    outputs: int = 1,
    l2: float = 0.0,
    momentum: float = 0.0,
) -> Exercise:
    """An exercise with numbers of one decimal; the same seed asks the same.

    Parameters
    ----------
    seed : int
    quantity : str
        A symbol of `hideable`.
    hidden_size : int
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}
    outputs : int
        k.
    l2, momentum : float
        lambda and mu, 0 for none.

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        If this quantity is not asked for.
    """
    form = Form(outputs, output if outputs > 1 else "sigmoid", l2 > 0, momentum > 0)
    if quantity not in hideable(form):
        raise ValueError(f"quantity must be one of {', '.join(hideable(form))}, not {quantity!r}")
    rng = np.random.default_rng(seed)
    for _ in range(10_000):
        parameters, X, y = _draw(rng, hidden_size, outputs)
        v = _parameters(rng, hidden_size, outputs) if momentum else None
        terms = (activation, LEARNING_RATE, output, l2, momentum, v)
        everything = quantities(parameters, X, y, *terms)
        shown = {symbol: everything[symbol] for symbol in needed(form)[quantity]}
        exercise = Exercise(everything[quantity], shown, everything, parameters, X, y, *terms)
        if _is_clear(exercise):
            return exercise
    raise ValueError(f"no clear exercise for {quantity} with {hidden_size} hidden units")


def _draw(rng, hidden_size, outputs):
    """Parameters and one sample, every number between 0.1 and 0.9 or 1.5 in size, with one decimal."""
    parameters = _parameters(rng, hidden_size, outputs)
    return parameters, _tidy(rng, 1, 2, most=15), rng.integers(0, max(outputs, 2), 1).astype(float)


def _parameters(rng, hidden_size, outputs):
    shapes = (hidden_size, 2), (hidden_size, 1), (outputs, hidden_size), (outputs, 1)
    return Parameters(*(_tidy(rng, *shape) for shape in shapes))


def _tidy(rng, *shape, most=9):
    return rng.choice([-1, 1], shape) * rng.integers(1, most + 1, shape) / 10


def _is_clear(exercise):
    """No tiny entries, and every classical mistake gives an answer that can be told from the right one."""
    value = np.atleast_2d(exercise.hidden.value)
    Z1, Z2 = (exercise.quantities[s].value for s in ("Z1", "Z2"))
    if np.any((value != 0) & (np.abs(value) < SMALLEST)) or np.abs(Z1).min() < 0.05 or np.abs(Z2).max() > 2.5:
        return False
    answers = [value, *(candidate.value for candidate in wrong_answers.of(exercise))]
    pairs = ((a, b) for k, a in enumerate(answers) for b in answers[:k] if a.shape == b.shape)
    return all(np.any(np.abs(a - b) > _tolerance(a) + _tolerance(b)) for a, b in pairs)


# --- marking -------------------------------------------------------------------------


def mark(exercise: Exercise, answer: Any) -> Marking:
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
    for candidate in wrong_answers.of(exercise):
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
