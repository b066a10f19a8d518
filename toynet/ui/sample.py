"""Which sample is looked at: one by its number, or the whole batch."""

import streamlit as st

from toynet.ui import choices

ONE, ALL = "One sample", "Whole batch"


def choose(moment):
    """Draw the choice.

    Returns
    -------
    int or None
        The sample's place among the training samples, from 0; None for all of them.
    """
    m = moment.split.y_train.size
    with st.container(horizontal=True, vertical_alignment="bottom", key="sample_choice"):
        of = choices.segments("Look at", [ONE, ALL], "look_at")
        if of == ALL:
            st.caption(f"All {m:,} training samples.")
            return None
        number = choices.number(f"Sample, 1 to {m:,}", 1, m, "sample", 1, width=160)
        x, y = moment.split.X_train[number - 1], moment.split.y_train[number - 1]
        st.caption(f"x = ({x[0]:.4g}, {x[1]:.4g}), class {y:.0f}")
    return number - 1
