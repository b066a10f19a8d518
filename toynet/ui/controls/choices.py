"""The controls of all pages: values that reach the browser though a run of the script is cut short.

Each is drawn at what the person chose while it was on the screen; else at its `value`; where
none is said, at what it showed last, on whichever visit, and the first time at `default` or the
first of its options.
"""

import time

import streamlit as st

from toynet.ui import session


def preset(key, value):
    """Before a control is drawn: its value, which is sent with it until a whole run has carried it to the browser.

    Of a run that a click cuts short the rest is dropped. The browser would then show the
    control's first option, and send that as what the person chose.
    """
    tab = session.current()
    tab.drawn.add(key)
    if key not in tab.settled or st.session_state.get(key) != value:
        st.session_state[key] = value
        tab.settled.discard(key)


def settle():
    """At the very end of a whole run: what it has drawn has reached the browser."""
    # What is not flushed when the next run starts is dropped.
    time.sleep(0.03)
    tab = session.current()
    tab.settled, tab.drawn = tab.drawn, set()


def remember(key, value):
    """Keep what a control shows for when it is drawn again. Returns the value."""
    session.current().remembered[key] = value
    return value


def remembered(key, default=None):
    """What a control showed last, whether it is on the screen or not."""
    return session.current().remembered.get(key, default)


def slider(label, key, options, value, **more):
    """A slider over chosen values; the one that it starts at is among them wherever it came from."""
    options = sorted({*options, value})
    _begin(key, value, options)
    return remember(key, st.select_slider(label, options, key=key, **more))


def number(label, key, low, high, value=None, default=None, step=1, **more):
    """A number, brought into a range that may have changed."""
    chosen = st.session_state.get(key, remembered(key, default) if value is None else value)
    preset(key, min(max(chosen, low), high))
    return remember(key, st.number_input(label, low, high, step=step, key=key, **more))


def select(label, key, options, value=None, **more):
    """A select box."""
    _begin(key, value, options)
    return remember(key, st.selectbox(label, options, key=key, **more))


def segments(label, key, options, value=None, default=None, **more):
    """A segmented control."""
    _begin(key, value, options, default)
    return remember(key, st.segmented_control(label, options, key=key, required=True, **more))


def _begin(key, value, options, default=None):
    """The value of a control before it is drawn: what the person chose, while that can be had."""
    start = remembered(key, default) if value is None else value
    wanted = (st.session_state.get(key), start, options[0])
    preset(key, next(choice for choice in wanted if choice in options))
