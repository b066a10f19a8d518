"""What the server does once, before its first page."""

import gc
import threading

import streamlit as st

from toynet import engines


@st.cache_resource
def freeze():
    """Keep the imported libraries out of every later garbage collection.

    Streamlit collects garbage after each run of a script or fragment; with numpy,
    pandas, altair and scikit-learn loaded that alone takes a tenth of a second,
    a whole frame. Objects that are frozen are not walked again.
    """
    _freeze()


@st.cache_resource
def prepare():
    """Make the compiled engine ready in the background, once the first page has had time to be painted."""
    timer = threading.Timer(2.0, engines.prepare, kwargs={"then": _freeze})
    timer.daemon = True
    timer.start()


def _freeze():
    gc.collect()
    gc.freeze()
