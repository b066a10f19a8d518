"""How the curves are looked at: the choices behind the button Curves."""

import streamlit as st

from toynet.charts.curves import X_AXES, View
from toynet.ui import keys
from toynet.ui.controls import choices

SHOWS = {"Loss": "loss", "Accuracy": "accuracy"}
AXES = ("Linear", "Log")
SMOOTHING = {"Off": 0.0, "Some": 0.6, "More": 0.9, "Most": 0.99}
"""Label -> weight of the exponential average."""


def choose(with_shows=True):
    """Draw the choices; of what is shown only where it is not chosen elsewhere."""
    with st.popover("Curves", help="What the curves show, over what, on which axis, and how smooth.", width=110):
        if with_shows:
            choices.segments("Upper curves", keys.SHOWS, list(SHOWS))
        choices.segments("Loss axis", keys.LOSS_AXIS, list(AXES), help="Gradient norms are always on a log axis.")
        choices.segments("Over", keys.X_AXIS, list(X_AXES), format_func=lambda column: X_AXES[column].split()[0])
        choices.segments(
            "Smoothing",
            keys.SMOOTHING,
            list(SMOOTHING),
            help="An exponential average with weight 0.6, 0.9 or 0.99, drawn over the pale true curve.",
        )
        st.caption("Zoom with the wheel, move by dragging, a double click shows all again.")


def chosen():
    """The View that was chosen last."""
    return View(
        x_column=choices.remembered(keys.X_AXIS, "epoch"),
        shows=SHOWS[choices.remembered(keys.SHOWS, "Loss")],
        log=choices.remembered(keys.LOSS_AXIS, "Linear") == "Log",
        smoothing=SMOOTHING[choices.remembered(keys.SMOOTHING, "Off")],
    )
