"""What is wrong with the address, the settings or the run, where something is."""

import streamlit as st

from toynet.ui import session


def show():
    """Draw the present messages."""
    tab = session.current()
    diverged = tab.experiment.trainer.diverged
    if tab.complaints:
        st.warning(f"The default is used where the address made no sense: {'; '.join(tab.complaints)}.")
    if tab.problem:
        st.error(f"{tab.problem}. The experiment stays as it was.")
    if diverged:
        st.error(f"{diverged} Set it in the sidebar and press Reset.")
