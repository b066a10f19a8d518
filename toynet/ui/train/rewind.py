"""Looking back: the row under the pictures that rewinds the run, plays it again, and branches from where one looks."""

import time

import streamlit as st

from toynet.ui import keys, opening, session
from toynet.ui.controls import choices
from toynet.ui.experiment import PERIOD

TAKES = {"5 s": 5.0, "15 s": 15.0, "1 min": 60.0}
"""Label -> seconds in which the whole run is played."""

AT_ONCE, SLICE = 0.3, 0.1
"""Seconds of training again without a bar, and from one look at the clock to the next."""


def seek(experiment):
    """Go where the slider was moved to; what takes a while is seen, and ended by the next click."""
    if experiment.wanted is None:
        return
    started, first, bar = time.perf_counter(), None, None
    while not experiment.look_at(experiment.wanted, SLICE):
        at = experiment.shown.epoch
        first = at if first is None else first
        if time.perf_counter() - started > AT_ONCE:
            words = f"Training again to epoch {experiment.wanted:,}: at {at:,}"
            bar = bar or st.empty()
            bar.progress((at - first) / max(experiment.wanted - first, 1), words)
    experiment.wanted = None
    if bar:
        bar.empty()


def row(experiment):
    """Draw the row."""
    last = experiment.trainer.epoch
    idle = not experiment.running and last > 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="rewind"):
        label, action = ("Stop", _stop) if experiment.playing else ("Play", _play)
        help = "Show the run again, from where you look or from its start."
        st.button(label, on_click=action, key=keys.PLAY, width=80, disabled=not idle, help=help)
        # Its place is the run's, whoever moved it there.
        st.session_state[keys.LOOK_BACK] = _place(experiment)
        st.slider(
            "Look back at epoch",
            0,
            max(last, 1),
            key=keys.LOOK_BACK,
            on_change=_look,
            disabled=not idle,
            help="The pictures, the numbers and the page Derivation show the run as it was at the end of that epoch.",
        )
        takes = choices.remembered(keys.TAKES, "15 s")
        chosen = st.segmented_control("Whole run in", list(TAKES), default=takes, key=keys.TAKES, required=True)
        choices.remember(keys.TAKES, chosen)
        if experiment.playing:
            experiment.playing = _pace(experiment)
        help = "A run of its own begins at the epoch that you look at; this one stays as it is."
        here = not experiment.running and experiment.back is not None
        st.button("Go on from here", on_click=opening.branch, key=keys.BRANCH, disabled=not here, help=help)


def _place(experiment):
    if experiment.wanted is not None:
        return min(experiment.wanted, max(experiment.trainer.epoch, 1))
    return experiment.shown.epoch


def _pace(experiment):
    """Epochs a frame."""
    return experiment.trainer.epoch * PERIOD / TAKES[choices.remembered(keys.TAKES, "15 s")]


def _look():
    experiment = session.current().experiment
    experiment.wanted, experiment.playing = st.session_state[keys.LOOK_BACK], 0.0


def _play():
    experiment = session.current().experiment
    experiment.play(_pace(experiment))


def _stop():
    session.current().experiment.playing = 0.0
