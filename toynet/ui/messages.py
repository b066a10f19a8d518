"""What is wrong with the address, the settings or the run, where something is; and what can be undone."""

import streamlit as st

from toynet.ui import keeping, keys, opening, session
from toynet.ui.as_text import as_text


def show():
    """Draw the present messages."""
    tab = session.current()
    diverged = tab.experiment.trainer.diverged
    if tab.complaints:
        st.warning(f"The default is used where the address made no sense: {as_text('; '.join(tab.complaints), 1000)}.")
    if tab.problem:
        st.error(f"{as_text(tab.problem)}. The experiment stays as it was.")
    if tab.said and not tab.experiment.kept.taken:
        st.info(tab.said)
    if tab.experiment.kept.taken:
        st.warning(
            f"This {as_text(tab.experiment.kept.taken)}. Here it stands as it was at epoch "
            f"{tab.experiment.trainer.epoch:,}: Train goes on from there as a run of its own."
        )
    if tab.experiment.damage:
        st.warning(f"Here one cannot look back: {as_text(tab.experiment.damage)}.")
    if keeping.keeper().problem:
        st.warning(f"Runs are not kept at present: {as_text(keeping.keeper().problem)}. Training goes on.")
    if diverged and tab.experiment.group.diverged:
        st.error(f"{as_text(diverged)} Set it in the sidebar and press Reset.")
    elif diverged:
        st.warning(f"Your own run: {as_text(diverged)} The others go on.")


def offer():
    """Draw why a new run starts and the button that brings the one before back, where there is one.

    Out of the page's flow (style.py): it comes and goes, and nothing else moves.
    """
    present = session.current().offer
    if present:
        with st.container(key="undo", horizontal=True, vertical_alignment="center"):
            st.markdown(present.why)
            st.button("Undo", on_click=opening.undo, key=keys.UNDO, help="Back to the run before, as it was.")
