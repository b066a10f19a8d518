"""Proof: every derivative beside its central difference, and why the step is 1e-6."""

from html import escape

import numpy as np
import streamlit as st

from toynet.activations import ACTIVATIONS
from toynet.charts.explaining import step_chart
from toynet.derivation.gradient_check import (
    CANNOT_BE_CHECKED,
    STEP,
    TOLERANCE,
    check,
    error_by_step,
    few_rows,
    overall,
    worst,
)
from toynet.derivation.numerals import text

DIGITS = 2
"""Of an error: more would be noise."""


def section(moment):
    """Draw the check's table, its verdict and the V-shaped plot."""
    checked = check(*moment.everything)
    st.markdown(
        r"Nothing of the derivation is used here: each parameter $\theta$ is moved by $\pm\epsilon = 10^{-6}$, and "
        r"$\frac{C(\theta + \epsilon) - C(\theta - \epsilon)}{2 \epsilon}$ is compared with what was derived, "
        f"over all {moment.split.y_train.size:,} training samples."
    )
    verdict(checked)
    table(checked)
    st.markdown(
        r"The error of a derivative is $|a - n| / \max(|a|, |n|)$ with $a$ the derived and $n$ the numerical one: "
        r"2 where the sign is wrong. Allowed are $10^{-5}$ and what rounding can do: $C$ is known to 16 digits, its "
        r"difference is divided by $2 \epsilon$, and of a small derivative this is a larger part. Shown is the entry "
        "of each parameter whose error is the largest part of what is allowed."
    )
    st.subheader("Why 1e-6", anchor=False)
    _steps(moment)


def _steps(moment):
    """The V-shaped plot, and what it measures here."""
    parameters, X, y, activation = moment.everything
    rows = few_rows(y.size, parameters.W2.size)
    curve = error_by_step(parameters, X[rows], y[rows], activation)
    if not np.isfinite(curve[:, 1]).any():
        st.markdown(f":gray-badge[–] The steps {CANNOT_BE_CHECKED}.")
        return
    best, least = curve[np.nanargmin(curve[:, 1])]
    used = curve[np.isclose(curve[:, 0], STEP), 1].item()
    some = f", over {rows.size} of the samples" if rows.size < y.size else ""
    st.markdown(
        "A larger step bends away from the tangent (right arm); a smaller one drowns in rounding (left arm). "
        f"Measured here{some}: the error is least at a step of {text(best, 1)}, {text(least, DIGITS)}; at "
        f"{text(STEP, 1)} it is {text(used, DIGITS)}, and the tolerance is {text(TOLERANCE, 1)}. The step is "
        f"{text(STEP, 1)} all the same: where weights are large the cost bends sooner, and a smaller step "
        "reaches less far." + (_KINKS if ACTIVATIONS[activation].kinks else "")
    )
    st.altair_chart(step_chart(curve), width="stretch")


_KINKS = (
    " The activation has a kink: the jump of the right arm is steps that carry samples across it. "
    "A smaller step crosses fewer; samples within reach of 1e-6 are left out of the check."
)


def verdict(checked):
    """One sentence: whether the rule is right, which parameters are wrong, or that it cannot be told."""
    name, found = worst(checked)
    failing = [n for n, c in checked.items() if c.is_known and not c.passes]
    if failing:
        error = text(found.error, DIGITS)
        st.error(f"Gradient check ✗: wrong for {', '.join(failing)}; the error is {error} in {name}.")
    elif not found.is_known:
        st.markdown(f":gray-badge[–] The gradient {CANNOT_BE_CHECKED}. That says nothing about the rule.")
    else:
        st.success(
            "Gradient check ✓: every derivative is right, as far as a difference can tell; the largest of their "
            f"differences is {text(overall(checked), DIGITS)} of the largest derivative."
        )


def table(checked):
    """The entry of each parameter that says most, as a table that narrow windows show whole."""
    head = "".join(
        f"<th>{title}</th>" for title in ("", "Relative<br>error", "Allowed", "Row,<br>column", "Derived<br>Numerical")
    )
    rows = "".join(f"<tr>{_row(name, c)}</tr>" for name, c in checked.items())
    st.html(f'<table class="checks"><tr>{head}</tr>{rows}</table>')


def _row(name, c):
    kind, mark = ("unknown", "–") if not c.is_known else ("right", "✓") if c.passes else ("wrong", "✗")
    cells = [
        f'<span class="{kind}">{mark}</span> {escape(name)}',
        text(c.error, DIGITS),
        text(c.allowed, DIGITS) if c.is_known else "–",
        f"{c.place[0] + 1}, {c.place[1] + 1}",
        f"{text(c.derived, 9)}<br>{text(c.numerical, 9)}",
    ]
    return "".join(f"<td>{cell}</td>" for cell in cells)
