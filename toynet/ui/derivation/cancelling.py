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
    parameters, X, y, activation = moment.chosen(place)
    st.markdown(
        "Cross-entropy's factor (1) has ŷ (1 − ŷ) in the denominator, and factor (2) = σ'(Z2) is that very number: "
        "they cancel. With the squared error σ' stays, and where σ is flat nothing is learned, however wrong it is. "
        "Both costs are means over the samples, and the squared error has a ½, so that its derivative has no 2."
    )
    both = squared_error.both(parameters, X, y, activation)
    left, right = st.columns(2)
    for column, (name, gradients) in zip((left, right), both.items(), strict=True):
        with column, st.container(border=True):
            st.markdown("\n\n".join([f"**{name}**", *(f"${line}$" for line in squared_error.FORMULAS[name])]))
            matrices.cards(matrices.card(symbol, value) for symbol, value in gradients._asdict().items())
    drawn = slice(None, MOST_POINTS)
    st.altair_chart(error_chart(parameters, X[drawn], y[drawn], activation), width="stretch")
    st.caption(_what_is_drawn(forward(parameters, X, activation).Z2))


def _what_is_drawn(Z2):
    """What the rings and dots are, and which samples are not where they belong."""
    parts = ["Solid is y = 0, dashed y = 1. Every sample has a ring and a dot, one for each cost."]
    if Z2.size > MOST_POINTS:
        parts.append(f"The first {MOST_POINTS} of {Z2.size:,} are drawn; the gradients are of all.")
    if np.any(np.abs(Z2) > FARTHEST):
        parts.append(f"Where Z2 lies beyond ±{FARTHEST:g} they are drawn at the edge.")
    if np.isnan(Z2).any():
        parts.append("Where Z2 is no longer a number there is nothing to draw.")
    return " ".join(parts)
