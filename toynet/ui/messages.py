"""What is wrong with the address, the settings or the run, where something is."""

import streamlit as st

from toynet.ui import session
from toynet.ui.as_text import as_text


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
