"""Proof: every derivative beside its central difference, and why the step is 1e-6."""

import numpy as np
import streamlit as st

from toynet.charts.explaining import step_chart
from toynet.derivation.gradient_check import STEP, TOLERANCE, check, error_by_step, few_rows, overall
from toynet.ui.train import badge


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
        st.markdown(f":gray-badge[–] The steps {badge.UNKNOWN}.")
        return
    best, least = curve[np.nanargmin(curve[:, 1])]
    used = curve[np.isclose(curve[:, 0], STEP), 1].item()
    some = f", over {rows.size} of the samples" if rows.size < y.size else ""
    st.markdown(
        "A larger step bends away from the tangent (right arm); a smaller one drowns in rounding (left arm). "
        f"Measured here{some}: the error is least at a step of {badge.short(best)}, {_size(least)}; at "
        f"{badge.short(STEP)} it is {_size(used)}, and the tolerance is {badge.short(TOLERANCE)}. The step is "
        f"{badge.short(STEP)} all the same: where weights are large the cost bends sooner, and a smaller step "
        "reaches less far." + (_KINKS if activation == "relu" else "")
    )
    st.altair_chart(step_chart(curve), width="stretch")


_KINKS = (
    " relu has a kink at Z1 = 0: the jump of the right arm is steps that carry samples across it. "
    "A smaller step crosses fewer; samples within reach of 1e-6 are left out of the check."
)


def verdict(checked):
    """One sentence: whether the rule is right, which parameters are wrong, or that it cannot be told."""
    name, found = badge.worst(checked)
    failing = [n for n, c in checked.items() if c.is_known and not c.passes]
    if failing:
        error = _size(found.error)
        st.error(f"Gradient check ✗: wrong for {', '.join(failing)}; the error is {error} in {name}.")
    elif not found.is_known:
        st.markdown(f":gray-badge[–] The gradient {badge.UNKNOWN}. That says nothing about the rule.")
    else:
        st.success(
            "Gradient check ✓: every derivative is right, as far as a difference can tell; the largest of their "
            f"differences is {_size(overall(checked))} of the largest derivative."
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
        f'<span class="{kind}">{mark}</span> {name}',
        _size(c.error),
        _size(c.allowed) if c.is_known else "–",
        f"{c.index[0] + 1}, {c.index[1] + 1}",
        f"{c.derived:.9g}<br>{c.numerical:.9g}".replace("-", "−"),
    ]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _size(error):
    """1.2e-9, 0, 0.31, ∞, or – for what is not known."""
    if not np.isfinite(error):
        return "–" if np.isnan(error) else "∞"
    if error == 0 or 1e-3 <= error < 1e4:
        return f"{error:.3g}"
    return f"{error:.1e}".replace("e-0", "e-").replace("e+0", "e")
