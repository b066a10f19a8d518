"""Proof: every derivative beside its central difference, and why the step is 1e-6."""

import pandas as pd
import streamlit as st

from toynet.derivation_charts import step_chart
from toynet.gradient_check import check, error_by_step, few_rows
from toynet.ui import badge


def section(moment):
    """Draw the check's table, its verdict and the V-shaped plot."""
    parameters, X, y, activation = moment.everything
    checked = check(*moment.everything)
    st.markdown(
        r"Nothing of the derivation is used here: each parameter $\theta$ is moved by $\pm\epsilon = 10^{-6}$, and "
        r"$\frac{C(\theta + \epsilon) - C(\theta - \epsilon)}{2 \epsilon}$ is compared with what was derived, "
        f"over all {y.size:,} training samples."
    )
    verdict(checked)
    table(checked)
    rows = few_rows(y.size, parameters.W2.size)
    st.subheader("Why 1e-6", anchor=False)
    st.markdown(
        "A larger step bends away from the tangent (right arm); a smaller one drowns in rounding (left arm). "
        "Between them the error is least." + (f" Over {rows.size} of the samples." if rows.size < y.size else "")
    )
    st.altair_chart(step_chart(error_by_step(parameters, X[rows], y[rows], activation)), width="stretch")


def verdict(checked):
    """One sentence: whether the rule is right, and which parameters are wrong."""
    name, found = badge.worst(checked)
    failing = [n for n, c in checked.items() if not c.passes]
    if not failing:
        st.success(f"Gradient check ✓: every derivative is right; the largest relative error is {_size(found.error)}.")
        return
    st.error(f"Gradient check ✗: wrong for {', '.join(failing)}; the largest error is {_size(found.error)}, in {name}.")


def table(checked):
    """The worst entry of each parameter."""
    rows = [
        {
            "Parameter": name,
            "Right": "✓" if c.passes else "✗",
            "Largest relative error": _size(c.error),
            "Where": f"row {c.index[0] + 1}, column {c.index[1] + 1}",
            "Derived": f"{c.derived:.9g}",
            "Numerical": f"{c.numerical:.9g}",
        }
        for name, c in checked.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


def _size(error):
    return f"{error:.1e}" if error < 1e-3 else f"{error:.3g}"
