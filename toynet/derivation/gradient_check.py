"""Central differences against `backward`: the proof that the derivation is right.

What is differentiated is C with its penalty, and what is compared with it the gradient that
`network.updated` makes of backward's: where there is L2, lambda theta is in both.
"""

from typing import NamedTuple

import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.derivation import penalised
from toynet.derivation.form import PENALISED
from toynet.network import Parameters, Rule, backward, costs, forward

STEP = 1e-6
"""Half-width of the difference. Its truncation error is about STEP^2, its rounding
error about 1e-16 / STEP: 1e-6 keeps both below 1e-9 for a cost of order 1."""

STEPS = tuple(10.0**-k for k in range(1, 13))
"""Steps at which `error_by_step` shows how the two errors trade off."""

TOLERANCE = 1e-5
"""Largest relative error that passes, rounding apart. A right rule stays below a tenth of it even
where weights have grown to hundreds; the classical mistakes are off by 0.1 and more."""

FLOOR = 0.01
"""Smallest magnitude that `relative_errors` divides by: rounding alone puts about 1e-10 into a difference,
so that one number for all entries means something only beside derivatives that are not tiny."""

UNKNOWN_RANK = 1.0
"""Rank of what cannot be checked: between the errors that pass, as shares of what is allowed, and those that fail."""

TELLS = 0.1
"""Largest share of a derivative that rounding may make for a check to tell a right rule from the classical mistakes."""

CANNOT_BE_CHECKED = "cannot be checked: the cost is too large for differences"
"""What is said of a gradient without a verdict: differences are not finite, or all rounding."""

FEW = 12800
"""Hidden activations, rows x h, in a check that must be quick: under 1.5 ms."""


class Checked(NamedTuple):
    """The entry of one parameter whose error is largest beside what is allowed, and the two derivatives there.

    Attributes
    ----------
    error : float
        |derived - numerical| / max(|derived|, |numerical|); 0 where both are 0, infinite where
        the derived one alone is not finite, NaN where the difference is not.
    place : tuple of 2 int
        Row and column of that entry.
    derived, numerical : float
        What the rule says there, and the central difference.
    allowed : float
        `TOLERANCE`, and the error that rounding alone may make of a derivative of this size.
    difference, largest : float
        Of the whole parameter: the largest |derived - numerical|, and the largest magnitude of a derivative.
    """

    error: float
    place: tuple[int, ...]
    derived: float
    numerical: float
    allowed: float
    difference: float
    largest: float

    @property
    def passes(self):
        """Whether the rule is right here as far as a difference can tell."""
        return self.error <= self.allowed

    @property
    def is_known(self):
        """Whether the difference says anything: it is finite, and fails the rule or is more than rounding."""
        return bool(_tells(self.error, self.allowed, max(abs(self.derived), abs(self.numerical))))

    @property
    def rank(self):
        """The error as a share of what is allowed, or `UNKNOWN_RANK`: of several the highest is the one to name."""
        return self.error / self.allowed if self.is_known else UNKNOWN_RANK


def check(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    backward: Rule = backward,
    step: float = STEP,
    output: str = "sigmoid",
    l2: float = 0.0,
) -> dict[str, Checked]:
    """Compare a rule's gradient with central differences, every single entry.

    Samples within reach of a kink of g (relu's is at 0) have no derivative to compare with and are left out.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    backward : callable
        The rule: (parameters, forward, y, activation) -> Gradients.
    step : float
    output : {"sigmoid", "softmax"}
    l2 : float
        lambda.

    Returns
    -------
    dict of str to Checked
        "W1", "b1", "W2", "b2".
    """
    rows = smooth_rows(parameters, X, activation, step)
    X, y = X[rows], y[rows]
    passed = forward(parameters, X, activation, output)
    derived = penalised.gradient(parameters, backward(parameters, passed, y, activation), l2)
    numerical = numerical_gradients(parameters, X, y, activation, step, output, l2)
    rounding = _rounding(parameters, passed, output) / step
    return {name: _worst(a, n, rounding) for (name, n), a in zip(numerical.items(), derived, strict=True)}


def _worst(derived, numerical, rounding):
    """The `Checked` of one parameter: its entry of the highest rank."""
    errors, size = _relative(derived, numerical), _size(derived, numerical)
    with np.errstate(all="ignore"):
        difference = float(np.abs(derived - numerical).max())
        by_rounding = rounding / np.where(size > 0, size, 1.0)
    allowed = TOLERANCE + np.where(np.isinf(errors), 0.0, by_rounding)
    ranks = np.where(_tells(errors, allowed, size), errors / allowed, UNKNOWN_RANK)
    index = tuple(int(i) for i in np.unravel_index(np.argmax(ranks), ranks.shape))
    entry = (float(values[index]) for values in (derived, numerical, allowed))
    return Checked(float(errors[index]), index, *entry, difference, float(size.max()))


def _tells(error, allowed, size):
    """Whether a difference that makes this error says anything; of what is smaller than `FLOOR` as of that."""
    with np.errstate(all="ignore"):
        rounding = (allowed - TOLERANCE) * np.where(size > 0, size, 1.0)
        return (error > allowed) | (rounding <= TELLS * np.maximum(size, FLOOR)) & ~np.isnan(error)


def _relative(derived, numerical, floor=0.0):
    """Error of each entry, relative to the larger magnitude and at least to `floor`; see `Checked.error`."""
    size = np.maximum(_size(derived, numerical), floor)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(derived - numerical) / np.where(size > 0, size, 1.0)
    errors = np.where(np.isfinite(derived), errors, np.inf)
    return np.where(np.isfinite(numerical), errors, np.nan)


def _size(derived, numerical):
    return np.maximum(np.abs(derived), np.abs(numerical))


def worst(checked: dict[str, Checked]) -> tuple[str, Checked]:
    """The parameter to name: one that fails, else one that cannot be checked, else the largest part of what is allowed.

    Parameters
    ----------
    checked : dict of str to Checked

    Returns
    -------
    name : str
    found : Checked
    """
    return max(checked.items(), key=lambda item: item[1].rank)


def overall(checked: dict[str, Checked]) -> float:
    """The largest difference of all parameters over the largest derivative: one number for a step."""
    # np.max, unlike max, keeps what is not a number.
    largest = np.max([c.largest for c in checked.values()])
    return float(np.max([c.difference for c in checked.values()]) / (largest or 1.0))


def _rounding(parameters, passed, output):
    """What rounding can do to C: 1e-16 of the terms that a Z2 is the sum of, a few times over.

    C has all outputs' Z2 in it where they are sigmoids, of softmax the own class's and the largest.
    """
    terms = np.abs(parameters.W2) @ np.abs(passed.A1) + np.abs(parameters.b2)
    of_sample = min(len(terms), 2) if output == "softmax" else len(terms)
    return float(4 * np.finfo(float).eps * of_sample * (1.0 + terms.mean()))


def smooth_rows(parameters: Parameters, X: np.ndarray, activation: str, step: float = STEP) -> np.ndarray:
    """Which samples a step cannot carry over a kink of g: all of them where it has none, as tanh and sigmoid.

    Moving an entry of row j of W1 or b1 by `step` moves Z1_j by up to step max(1, |x|).

    Returns
    -------
    ndarray (m,) of bool
        All true where no sample would be left.
    """
    everything = np.ones(len(X), dtype=bool)
    reach, clear = 2 * step * np.maximum(np.abs(X).max(axis=1), 1.0), everything
    for kink in ACTIVATIONS[activation].kinks:
        clear = clear & (np.abs(forward(parameters, X, activation).Z1 - kink).min(axis=0) > reach)
    return clear if clear.any() else everything


def few_rows(m: int, hidden_size: int, turn: int = 0, most: int = FEW, outputs: int = 1) -> np.ndarray:
    """Rows for a quick check: all of them, or as many as make `most` hidden activations, at least 50 for one output.

    Each of several outputs counts as if it had hidden units of its own: of k the least are 50 / k rows.
    Successive turns go through all rows.

    Returns
    -------
    ndarray of int
    """
    rows = max(50 // outputs, most // (hidden_size * outputs))
    return np.arange(m) if m <= rows else (turn * rows + np.arange(rows)) % m


def numerical_gradients(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    step: float = STEP,
    output: str = "sigmoid",
    l2: float = 0.0,
) -> dict[str, np.ndarray]:
    """Derivatives of C with its penalty by every single parameter, by central differences.

    (C(theta + step) - C(theta - step)) / (2 step), one parameter at a time. An entry
    that belongs to hidden unit j moves only what this unit adds to Z2, so the entry is
    moved in the network of unit j alone, and those h networks go through one forward
    pass together.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    step : float
    output : {"sigmoid", "softmax"}
    l2 : float
        lambda.

    Returns
    -------
    dict of str to ndarray
        "W1", "b1", "W2", "b2", each in its parameter's shape.
    """
    whole = Parameters(*(p[None] for p in parameters))
    units = _single_units(parameters, X, activation)
    numerical = {}
    for name, values in parameters._asdict().items():
        stack = whole if name == "b2" else units
        penalty = l2 if name in PENALISED else 0.0
        places = np.ndindex(getattr(stack, name).shape[1:])
        differences = [_difference(stack, name, place, (X, y, activation, output), step, penalty) for place in places]
        entries = np.stack(differences, axis=-1)
        # A unit's entries are a row of W1, and a column of W2.
        numerical[name] = (entries.T if name == "W2" else entries).reshape(values.shape)
    return numerical


def _single_units(parameters, X, activation):
    """The network as h networks of one hidden unit each, every one with the same Z2.

    Stacked Parameters: W1 (h, 1, d), b1 (h, 1, 1), W2 (h, k, 1), and as b2 (h, k, m)
    what b2 and the other units add for each sample.
    """
    W1, b1, W2, _ = parameters
    passed = forward(parameters, X, activation)
    own = W2.T[:, :, None]
    others = passed.Z2 - own * passed.A1[:, None, :]
    return Parameters(W1[:, None, :], b1[:, None, :], own, others)


def _difference(stack, name, place, given, step, l2):
    """Central difference of C and penalty by `name`[..., place] in each network of a stack, (stacked,).

    Of the penalty only this entry's own square differs, so it stands for all of it.
    """
    X, y, activation, output = given
    sides, ends = [], []
    for signed in (step, -step):
        moved = getattr(stack, name).copy()
        moved[:, *place] += signed
        each = costs(forward(stack._replace(**{name: moved}), X, activation, output), y, output)
        sides.append(each.mean(axis=(-2, -1)))
        ends.append(moved[:, *place])
    difference = (sides[0] - sides[1]) / (2 * step)
    if not l2:
        return difference
    # In factors, so that large squares do not cancel; over the step that rounding left, NaN where it left none.
    (up, down), taken = ends, ends[0] - ends[1]
    with np.errstate(invalid="ignore", over="ignore"):
        return difference + 0.5 * l2 * (up + down) * (taken / taken)


def relative_errors(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    output: str = "sigmoid",
    l2: float = 0.0,
    step: float = STEP,
    backward: Rule = backward,
) -> dict[str, float]:
    """How far the derived gradient of C with its penalty is from central differences, in one number a parameter.

    Errors are relative to the larger magnitude of the two derivatives, or to `FLOOR` where both are smaller.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
        Classes: 0.0 and 1.0 of a single output, else 0 .. k-1.
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}
    l2 : float
        lambda.
    step : float
    backward : callable
        The rule, as in `check`.

    Returns
    -------
    dict of str to float
        Parameter name -> its largest relative error; about 1e-9 when all is well, NaN
        where cost or differences are not finite.

    Raises
    ------
    ValueError
        If y is not the numbers of classes.
    """
    X, y, k = np.asarray(X, dtype=float), np.asarray(y, dtype=float), len(parameters.W2)
    if not np.isin(y, np.arange(max(k, 2))).all():
        raise ValueError(f"y must be class numbers from 0 to {max(k, 2) - 1} only")
    rows = smooth_rows(parameters, X, activation, step)
    X, y = X[rows], y[rows]
    derived = backward(parameters, forward(parameters, X, activation, output), y, activation)
    derived = penalised.gradient(parameters, derived, l2)
    numerical = numerical_gradients(parameters, X, y, activation, step, output, l2)
    return {
        name: float(_relative(a, n, FLOOR).max()) for (name, n), a in zip(numerical.items(), derived, strict=True)
    }  # fmt: skip


def error_by_step(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    steps: tuple[float, ...] = STEPS,
    backward: Rule = backward,
    output: str = "sigmoid",
    l2: float = 0.0,
) -> np.ndarray:
    """How the check depends on its step: the V, truncation on the right arm, rounding on the left.

    The error of a step h is about a h^2 + b 1e-16 / h, least near the cube root of 1e-16.
    It is the `overall` one: the smallest derivatives alone would show rounding at every step.

    Returns
    -------
    ndarray (len(steps), 2)
        Step, and the `overall` error at that step; not finite where cost or differences are not.
    """
    rows = smooth_rows(parameters, X, activation)
    X, y = X[rows], y[rows]
    derived = backward(parameters, forward(parameters, X, activation, output), y, activation)
    derived = penalised.gradient(parameters, derived, l2)
    errors = []
    for step in steps:
        numerical = numerical_gradients(parameters, X, y, activation, step, output, l2)
        compared = {name: _worst(a, n, 0.0) for (name, n), a in zip(numerical.items(), derived, strict=True)}
        errors.append(overall(compared))
    return np.column_stack([steps, errors])
