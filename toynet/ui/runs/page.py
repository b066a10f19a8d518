"""The page Runs: what is kept, compared."""

import streamlit as st

from toynet.ui import keys, session
from toynet.ui.as_text import as_text
from toynet.ui.runs import actions, boundaries, curves, listed, share, table


def page():
    """Draw the page."""
    tab = session.current()
    try:
        runs = listed.now()
    except ValueError as error:
        st.error(f"Runs cannot be shown: {as_text(str(error))}.")
        return
    if tab.trouble:
        st.error(as_text(tab.trouble))
    if runs.empty:
        st.info("No run is kept yet. Each run that you train is: press Train on the page Train, then come back.")
        share.take_in()
        share.told()
    else:
        _of(runs)
    _offer(tab)


def _of(runs):
    chosen = table.choose(runs)
    with st.container(horizontal=True, vertical_alignment="bottom", key="choice"):
        place = st.container(width="content")
        if not chosen.empty:
            share.export(chosen)
            table.choose_none()
        share.take_in()
    share.told()
    if chosen.empty:
        st.caption("Choose runs at the left edge of the table to compare, replay, open or export them.")
        return
    curves.section(chosen)
    epochs = boundaries.section(chosen)
    with place:
        actions.row(chosen, epochs)


def _offer(tab):
    """What was deleted can be brought back."""
    if tab.deleted:
        number = len(tab.deleted)
        with st.container(key="undo_delete", horizontal=True, vertical_alignment="center"):
            st.markdown(f"{number:,} runs are deleted." if number > 1 else "The run is deleted.")
            st.button("Undo", on_click=actions.undelete, key=keys.UNDO_DELETE)
