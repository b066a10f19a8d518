"""Why the sigmoid's derivative cancels: cross-entropy beside squared error at the same parameters."""

import numpy as np
import streamlit as st

from toynet.charts.explaining import FARTHEST, error_chart
from toynet.derivation import squared_error
from toynet.network import forward
from toynet.ui.derivation import matrices, sample

MOST_POINTS = 200
"""Samples drawn at most."""


def section(moment):
    """Draw both gradients and dC/dZ2 over Z2."""
    place = sample.choose(moment)
    (parameters, X, y, activation), form = moment.chosen(place), moment.form
    several = "sums over the outputs and means" if form.k > 1 else "means"
    st.markdown(
        f"{_SOFTMAX if form.is_softmax else _SIGMOID} Both costs are {several} over the samples, and the squared error "
        "has a ½, so that its derivative has no 2."
    )
    both, formulas = squared_error.both(parameters, X, y, activation, form.output), squared_error.texts(form)
    left, right = st.columns(2)
    for column, (name, gradients) in zip((left, right), both.items(), strict=True):
        with column, st.container(border=True):
            st.markdown("\n\n".join([f"**{name}**", *(f"${line}$" for line in formulas[name])]))
            matrices.cards(matrices.card(symbol, value) for symbol, value in gradients._asdict().items())
    drawn = slice(None, MOST_POINTS // form.k)
    st.altair_chart(error_chart(parameters, X[drawn], y[drawn], activation, form.output), width="stretch")
    st.caption(_what_is_drawn(forward(parameters, X, activation).Z2, form))


_SIGMOID = (
    "Cross-entropy's factor (1) has ŷ (1 − ŷ) in the denominator, and factor (2) = σ'(Z2) is that very number: "
    "they cancel. With the squared error σ' stays, and where σ is flat nothing is learned, however wrong it is."
)

_SOFTMAX = (
    "Cross-entropy's factor (1) has the own class's ŷ in the denominator, and in factor (2), softmax's Jacobian, that "
    "class's row has this very ŷ as a factor: they cancel. With the squared error the Jacobian stays, and where "
    "softmax is flat nothing is learned, however wrong it is."
)


def _what_is_drawn(Z2, form):
    """What the rings and dots are, and which samples are not where they belong."""
    y, k, m = form.classes, form.k, Z2.shape[1]
    each = "Every sample" if k == 1 else "Every output of every sample"
    parts = [f"Solid is {y} = 0, dashed {y} = 1. {each} has a ring and a dot, one for each cost."]
    if form.is_softmax:
        parts.append(
            "Ahead of the others is how far Z2 lies above the logarithm of the sum of their exp(Z2): softmax is σ of "
            "that. The squared error has dots and no line, as it depends on how the others share the rest."
        )
    if m > MOST_POINTS // k:
        parts.append(f"The first {MOST_POINTS // k} of {m:,} are drawn; the gradients are of all.")
    if np.any(np.abs(Z2) > FARTHEST):
        parts.append(f"Where Z2 lies beyond ±{FARTHEST:g} they are drawn at the edge.")
    if np.isnan(Z2).any():
        parts.append("Where Z2 is no longer a number there is nothing to draw.")
    return " ".join(parts)
