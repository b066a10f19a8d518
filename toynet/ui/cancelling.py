"""Why the sigmoid's derivative cancels: cross-entropy beside squared error at the same parameters."""

import streamlit as st

from toynet import squared_error
from toynet.derivation_charts import error_chart
from toynet.ui import matrices, sample

MOST_POINTS = 200
"""Samples drawn at most."""


def section(moment):
    """Draw both gradients and dC/dZ2 over Z2."""
    place = sample.choose(moment)
    parameters, X, y, activation = moment.chosen(place)
    st.markdown(
        "Cross-entropy's factor (1) has ŷ (1 − ŷ) below the line, and factor (2) = σ'(Z2) is that very number: "
        "they cancel. With the squared error σ' stays, and where σ is flat nothing is learned, however wrong it is."
    )
    both = squared_error.both(parameters, X, y, activation)
    left, right = st.columns(2)
    formulas = (r"\frac{1}{m}(\hat{y} - y)", r"\frac{1}{m}(\hat{y} - y)\, \sigma'(Z_2)")
    for column, formula, (name, gradients) in zip((left, right), formulas, both.items(), strict=True):
        with column, st.container(border=True):
            st.markdown(rf"**{name}**: $\frac{{\partial C}}{{\partial Z_2}} = {formula}$")
            matrices.cards(matrices.card(symbol, value) for symbol, value in gradients._asdict().items())
    drawn = slice(None, MOST_POINTS)
    st.altair_chart(error_chart(parameters, X[drawn], y[drawn], activation), width="stretch")
    if y.size > MOST_POINTS:
        st.caption(f"The first {MOST_POINTS} of {y.size:,} samples are drawn; the gradients are of all.")
