"""The list of runs, which the tabs of this server share: read anew where something has changed."""

import time

import streamlit as st

from toynet.runs.location import url_of
from toynet.ui import keeping

FRESH = 2.0
"""Seconds for which a list of runs of which some are training is not read anew."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(url, owner, stamp):
    return keeping.store().runs(owner, with_sketches=False)


def now():
    """The runs as they are, as `Store.runs`; nobody changes this table. Raises StoreError."""
    owner = keeping.owner() or None
    which, written, running = keeping.store().stamp(owner)
    return _read(url_of(), owner, (which, running, time.time() // FRESH if running else written))
