"""Proof: every derivative beside its central difference, and why the step is 1e-6."""

from html import escape

import numpy as np
import streamlit as st

from toynet.activations import ACTIVATIONS
from toynet.charts.explaining import step_chart
from toynet.derivation import verdicts
from toynet.derivation.gradient_check import CANNOT_BE_CHECKED, STEP, TOLERANCE, check, error_by_step, few_rows
from toynet.derivation.numerals import text
from toynet.derivation.verdicts import DIGITS


def section(moment):
    """Draw the check's table, its verdict and the V-shaped plot."""
    checked = check(*moment.everything, **moment.of_cost)
    st.markdown(
        r"Nothing of the derivation is used here: each parameter $\theta$ is moved by $\pm\epsilon = 10^{-6}$, and "
        r"$\frac{C(\theta + \epsilon) - C(\theta - \epsilon)}{2 \epsilon}$ is compared with what was derived, "
        f"over all {moment.split.y_train.size:,} training samples." + (_PENALISED if moment.form.has_l2 else "")
    )
    verdict(checked)
    table(checked)
    st.markdown(
        r"The *relative error* of a derivative is $|a - n| / \max(|a|, |n|)$, $a$ the derived and $n$ the numerical "
        r"one: 0 where they agree, 2 where only the sign is wrong. Allowed are $10^{-5}$ and what rounding can do: $C$ "
        r"is known to 16 digits, its difference is divided by $2 \epsilon$, and of a small derivative this is a larger "
        r"part. Of each parameter the entry is shown whose relative error is the largest part of what is allowed; of "
        r"these four the verdict, here and on the Train page, names the worst."
    )
    st.subheader("Why 1e-6", anchor=False)
    _steps(moment)


def _steps(moment):
    """The V-shaped plot, and what it measures here."""
    parameters, X, y, activation = moment.everything
    rows = few_rows(y.size, moment.h, outputs=moment.form.k)
    curve = error_by_step(parameters, X[rows], y[rows], activation, **moment.of_cost)
    if not np.isfinite(curve[:, 1]).any():
        st.markdown(f":gray-badge[–] The steps {CANNOT_BE_CHECKED}.")
        return
    best, least = curve[np.nanargmin(curve[:, 1])]
    used = curve[np.isclose(curve[:, 0], STEP), 1].item()
    some = f", over {rows.size} of the samples" if rows.size < y.size else ""
    st.markdown(
        "A larger step bends away from the tangent (right arm); a smaller one drowns in rounding (left arm). "
        f"Measured here{some}: the largest difference between a derived and a numerical derivative, as a share of the "
        f"largest derivative, is least at a step of {text(best, 1)}, {text(least, DIGITS)}; at {text(STEP, 1)} it is "
        f"{text(used, DIGITS)}, and the tolerance is {text(TOLERANCE, 1)}. The step is "
        f"{text(STEP, 1)} all the same: where weights are large the cost bends sooner, and a smaller step "
        "reaches less far." + (_KINKS if ACTIVATIONS[activation].kinks else "")
    )
    st.altair_chart(step_chart(curve), width="stretch")


_PENALISED = (
    r" $C$ is the cost with its penalty here, $C + P$ with $P = \frac{\lambda}{2} \left( |W_1|^2 + |W_2|^2 \right)$, "
    r"and what was derived is what the update descends: $\lambda W_1$ and $\lambda W_2$ are in it."
)

_KINKS = (
    " The activation has a kink: the jump of the right arm is steps that carry samples across it. "
    "A smaller step crosses fewer; samples within reach of 1e-6 are left out of the check."
)


def verdict(checked):
    """One sentence: whether the rule is right, which parameters are wrong and how, or that it cannot be told."""
    kind, sentence = verdicts.sentence(checked)
    if kind == "unknown":
        st.markdown(f":gray-badge[–] {sentence}")
    else:
        (st.success if kind == "right" else st.error)(sentence)


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
