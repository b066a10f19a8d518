"""Choices that outlive their page: a control's value is forgotten when another page is shown, these are not."""

import streamlit as st

KEPT = "choices"
"""Session key: control's key -> its value when it was last drawn."""


def recall(key, default):
    """Before a control is drawn: give it the value that it last had, on whichever visit.

    Returns
    -------
    object
        The value that it will show.
    """
    if key not in st.session_state:
        st.session_state[key] = kept(key, default)
    return st.session_state[key]


def keep(key, value):
    """After it is drawn: remember its value. Returns the value."""
    st.session_state.setdefault(KEPT, {})[key] = value
    return value


def kept(key, default=None):
    """The value that was kept, whether the control is on the screen or not."""
    return st.session_state.get(KEPT, {}).get(key, default)


def segments(label, options, key, default=None, **more):
    """A segmented control that keeps its choice; `default` is the first option where none is named."""
    if recall(key, default or options[0]) not in options:
        st.session_state[key] = options[0]
    return keep(key, st.segmented_control(label, options, key=key, required=True, **more))


def select(label, options, key, **more):
    """A select box that keeps its choice."""
    if recall(key, options[0]) not in options:
        st.session_state[key] = options[0]
    return keep(key, st.selectbox(label, options, key=key, **more))


def number(label, low, high, key, default, **more):
    """A whole number that keeps its value, brought into a range that may have changed."""
    st.session_state[key] = min(max(recall(key, default), low), high)
    return keep(key, st.number_input(label, low, high, key=key, step=1, **more))
