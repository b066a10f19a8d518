"""What the server does once, before its first page."""

import gc
import importlib
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
    """Make what runs need ready in the background, once the first page has had time to be painted."""
    timer = threading.Timer(2.0, _prepare)
    timer.daemon = True
    timer.start()


def _prepare():
    """What the store is made of, and the compiled engine."""
    importlib.import_module("toynet.runs.store")
    engines.prepare(then=_freeze)


def _freeze():
    gc.collect()
    gc.freeze()
