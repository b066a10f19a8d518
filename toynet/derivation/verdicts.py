"""What a gradient check has found, in words: what is wrong with a derivative is read off the two numbers."""

import math

from toynet.derivation.gradient_check import CANNOT_BE_CHECKED, Checked, worst
from toynet.derivation.numerals import text

DIGITS = 2
"""Of an error: more would be noise."""

SAME_SIZE = 0.005
"""Two magnitudes this near, as a share, are said to be the same."""

NOTHING = 1e-5
"""A derivative smaller than this, as a share of the other one, is said to be 0."""


def relative_error(name: str, found: Checked) -> str:
    """The one number that sums a check up, with the parameter that it is of: "relative error 1.8e-7 in b1"."""
    return f"relative error {text(found.error, DIGITS)} in {name}"


def how_wrong(found: Checked) -> str:
    """What is wrong with a derivative that differs from the numerical one.

    Parameters
    ----------
    found : Checked

    Returns
    -------
    str
        As "the sign is wrong" or "it is 300 times as large as it should be".
    """
    derived, numerical = found.derived, found.numerical
    if not math.isfinite(derived):
        return "it is not finite"
    if abs(derived) <= NOTHING * abs(numerical):
        return "it is 0 and should not be"
    if abs(numerical) <= NOTHING * abs(derived):
        return "it should be 0"
    size = abs(derived / numerical)
    parts = ["the sign is wrong"] if derived * numerical < 0 else []
    if abs(size - 1) > SAME_SIZE:
        times = f"{text(size, 3)} times as large as" if size > 1 else f"only {text(size, 3)} of what"
        parts.append(f"it is {times} it should be")
    return " and ".join(parts) or f"it is off by {text(100 * found.error, DIGITS)} %"


def badge(checked: dict[str, Checked]) -> tuple[str, str]:
    """A check in a line.

    Parameters
    ----------
    checked : dict of str to Checked
        From `gradient_check.check`.

    Returns
    -------
    kind : {"right", "wrong", "unknown"}
    line : str
    """
    name, found = worst(checked)
    if not found.is_known:
        return "unknown", f"Gradient {CANNOT_BE_CHECKED}"
    kind, mark = ("right", "✓") if found.passes else ("wrong", "✗")
    return kind, f"Gradient check {mark} {relative_error(name, found)}"


def sentence(checked: dict[str, Checked]) -> tuple[str, str]:
    """A check in full: whether the rule is right, or which parameters are wrong and how, or that it cannot be told.

    Parameters and returns are those of `badge`.
    """
    name, found = worst(checked)
    if not found.is_known:
        return "unknown", f"The gradient {CANNOT_BE_CHECKED}. That says nothing about the rule."
    error = relative_error(name, found)
    if found.passes:
        return "right", (
            "Gradient check ✓: every derivative is right, as far as a difference can tell "
            f"({error}, where {text(found.allowed, DIGITS)} is allowed)."
        )
    failing = ", ".join(n for n, c in checked.items() if c.is_known and not c.passes)
    row, column = found.place
    both = f"derived {text(found.derived)}, numerical {text(found.numerical)}"
    return "wrong", (
        f"Gradient check ✗: wrong for {failing}. In {name}, row {row + 1}, column {column + 1}, "
        f"{how_wrong(found)}: {both} ({error})."
    )
