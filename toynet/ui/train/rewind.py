"""Looking back: the row under the pictures that rewinds the run, plays it again, and branches from where one looks."""

import time

import streamlit as st

from toynet.ui import keys, opening, session
from toynet.ui.controls import choices
from toynet.ui.experiment import PERIOD

TAKES = {"in 15 s": 15.0, "in 5 s": 5.0, "in 1 min": 60.0}
"""Label -> seconds in which the whole run is played."""

HELP = "Move the slider to look back: pictures, numbers and the page Derivation show the run as it was."

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
    with st.container(horizontal=True, vertical_alignment="center", key="rewind"):
        label, action = ("Stop", _stop) if experiment.playing else ("Play", _play)
        st.button(label, on_click=action, key=keys.PLAY, width=80, disabled=not idle, help=HELP)
        _slider(experiment, last, idle)
        choices.select("Whole run in", keys.TAKES, list(TAKES), width=105, label_visibility="collapsed")
        if experiment.playing:
            experiment.playing = _pace(experiment)
        help = "A run of its own begins at the epoch that you look at; this one stays as it is."
        here = not experiment.running and experiment.back is not None
        st.button("Go on from here", on_click=opening.branch, key=keys.BRANCH, disabled=not here, help=help)


def _slider(experiment, last, idle):
    """The slider; while there is nothing to look back at it stands still at its end."""
    about = {"label": "Look back at epoch", "label_visibility": "collapsed"}
    if not idle:
        st.slider(**about, min_value=0, max_value=1, value=1, format="now", key=keys.look_back("", 0), disabled=True)
        return
    wanted = experiment.wanted if experiment.wanted is not None else experiment.shown.epoch
    place, name = min(wanted, last), f"{experiment.trainer.run_name}_{last}"
    # One that is moved from here is another slider: the old one would tell once more where the browser has it.
    if st.session_state.get(keys.look_back(name, experiment.turn), place) != place:
        experiment.turn += 1
    key = keys.look_back(name, experiment.turn)
    st.slider(**about, min_value=0, max_value=last, value=place, key=key, on_change=_look, args=(key, place))


def _pace(experiment):
    """Epochs a frame."""
    return experiment.trainer.epoch * PERIOD / TAKES[choices.remembered(keys.TAKES, next(iter(TAKES)))]


def _look(key, place):
    """Somebody has moved the slider; where it was drawn a browser tells sometimes too."""
    experiment = session.current().experiment
    if st.session_state[key] != place and not experiment.running:
        experiment.wanted, experiment.playing = st.session_state[key], 0.0


def _play():
    experiment = session.current().experiment
    experiment.play(_pace(experiment))


def _stop():
    session.current().experiment.playing = 0.0
