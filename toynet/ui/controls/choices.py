"""Values of controls that reach the browser though a run of the script is cut short, and that outlive their page."""

import time

import streamlit as st

KEPT = "choices"
"""Session key: control's key -> its value when it was last drawn; Streamlit forgets it when another page is shown."""

DRAWN, SETTLED = "drawn", "settled"
"""Session keys: controls drawn in this run of the script, and in the last run that came to its end."""


def give(key, value):
    """Before a control is drawn: its value, which is sent with it until a whole run has carried it to the browser.

    Of a run that a click cuts short the rest is dropped. The browser would then show the
    control's first option, and send that as what the person chose.
    """
    settled = st.session_state.setdefault(SETTLED, set())
    st.session_state.setdefault(DRAWN, set()).add(key)
    if key not in settled or st.session_state.get(key) != value:
        st.session_state[key] = value
        settled.discard(key)


def settle():
    """At the very end of a whole run: what it has drawn has reached the browser."""
    # What is not flushed when the next run starts is dropped.
    time.sleep(0.03)
    st.session_state[SETTLED] = st.session_state.pop(DRAWN, set())


def recall(key, default):
    """Before a control is drawn: give it the value that it last had, on whichever visit.

    Returns
    -------
    object
        The value that it will show.
    """
    give(key, st.session_state[key] if key in st.session_state else kept(key, default))
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
