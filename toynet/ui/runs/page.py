"""The page Runs: what is kept, compared."""

import time

import streamlit as st

from toynet.runs.location import url_of
from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.runs import actions, boundaries, curves, share, table

FRESH = 2.0
"""Seconds for which a list of runs of which some are training is not read anew."""

LONGEST = 60.0
"""Seconds after which any list is read anew: somebody may have said something of a run in another tab."""


@st.cache_resource(ttl=LONGEST, max_entries=4, show_spinner=False)
def _read(url, owner, turn, stamp):
    return keeping.store().runs(owner, with_sketches=False)


def _listed(turn):
    """The runs as they are now, read anew where something has changed."""
    owner = keeping.owner() or None
    which, written, running = keeping.store().stamp(owner)
    return _read(url_of(), owner, turn, (which, running, time.time() // FRESH if running else written))


def page():
    """Draw the page."""
    tab = session.current()
    try:
        listed = _listed(tab.listed)
    except ValueError as error:
        st.error(f"Runs cannot be shown: {as_text(str(error))}.")
        return
    if tab.trouble:
        st.error(as_text(tab.trouble))
    if listed.empty:
        st.info("No run is kept yet. Each run that you train is: press Train on the page Train, then come back.")
        share.take_in()
    else:
        _of(listed)
    _offer(tab)


def _of(listed):
    chosen = table.choose(listed)
    with st.container(horizontal=True, vertical_alignment="bottom", key="choice"):
        place = st.container(width="content")
        if not chosen.empty:
            share.export(chosen)
            table.choose_none()
        share.take_in()
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
