"""What every page has: address and sidebar -> the experiment, and what was wrong with them.

Drawn apart from the page itself: controls that belong to no page keep their values when
another page is shown.
"""

import streamlit as st

from toynet.config import Config
from toynet.ui import address, experiment
from toynet.ui.controls import choices, sidebar

COMPLAINTS = "complaints"
"""Session key: what was wrong with the address this tab was opened at."""

PROBLEM = "problem"
"""Session key: why the sidebar's settings cannot be used, or ""."""


def beside(page):
    """Draw the page, and the sidebar that its experiment follows.

    Parameters
    ----------
    page : streamlit.Page
    """
    if experiment.KEY not in st.session_state:
        # In a new tab what the pictures need is the longest to load, so they go first.
        before = _open()
        page.run()
        _apply()
        if experiment.current() is not before or st.session_state[PROBLEM]:
            st.rerun()
    else:
        before = experiment.current()
        _apply()
        if experiment.current() is not before:
            st.session_state[COMPLAINTS] = []
            if before.trainer.update:
                st.toast("A new run: what the data or the network is has changed.")
        page.run()
    choices.settle()


def _open():
    """The first time in this tab: start and return the experiment that the address describes."""
    config, complaints = address.read()
    if config.dataset == "csv" and not sidebar.offered(config.data_file):
        complaints.append(f"there is no file {config.data_file!r} here")
        config = sidebar.without_file(config)
    # What the data cannot give goes first, and everything if that was not it.
    for possible in dict.fromkeys((config, sidebar.without_file(config), Config())):
        try:
            experiment.start(possible)
            break
        except ValueError as error:
            complaints.append(str(error))
    st.session_state[COMPLAINTS] = complaints
    return experiment.current()


def _apply():
    """Sidebar -> experiment -> address."""
    trainer = experiment.current().trainer
    wanted, problem = sidebar.sidebar(trainer.config, trainer.split.y_train.size)
    try:
        experiment.apply(wanted)
    except ValueError as error:
        problem = str(error)
    address.write(experiment.current().trainer.config)
    st.session_state[PROBLEM] = problem


def messages():
    """What is wrong with the address, the settings or the run, where something is."""
    complaints, problem = st.session_state.get(COMPLAINTS, []), st.session_state.get(PROBLEM, "")
    if complaints:
        st.warning(f"The default is used where the address made no sense: {'; '.join(complaints)}.")
    if problem:
        st.error(f"{problem}. The experiment stays as it was.")
    if experiment.current().trainer.diverged:
        st.error(f"{experiment.current().trainer.diverged} Set it in the sidebar and press Reset.")
