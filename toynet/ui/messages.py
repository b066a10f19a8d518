"""What is wrong with the address, the settings or the run, where something is; and what can be undone."""

import dataclasses

import streamlit as st

from toynet.config import Config
from toynet.ui import keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices


def show():
    """Draw the present messages."""
    tab = session.current()
    diverged = tab.experiment.trainer.diverged
    if tab.complaints:
        st.warning(f"The default is used where the address made no sense: {as_text('; '.join(tab.complaints), 1000)}.")
    if tab.problem:
        st.error(f"{as_text(tab.problem)}. The experiment stays as it was.")
    if diverged:
        st.error(f"{as_text(diverged)} Set it in the sidebar and press Reset.")


def offer():
    """Draw why a new run starts and the button that brings the one before back, where there is one.

    Out of the page's flow (style.py): it comes and goes, and nothing else moves.
    """
    present = session.current().offer
    if present:
        with st.container(key="undo", horizontal=True, vertical_alignment="center"):
            st.markdown(present.why)
            st.button("Undo", on_click=_undo, key=keys.UNDO, help="Back to the run before, as it was.")


def _undo():
    """Bring the earlier run back, and the controls to its settings; they have not been drawn yet."""
    session.current().undo()
    for f in dataclasses.fields(Config):
        choices.forget(keys.setting(f.name))
