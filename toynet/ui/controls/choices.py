"""The controls of all pages: values that reach the browser though a run of the script is cut short.

A control also has its present value as its default, in every run: a browser that has not seen
it before would else show the first option, and send that as what the person chose.

Each is drawn at what the person chose while it was on the screen; else at its `value`; where
none is said, at what it showed last, on whichever visit, and the first time at `default` or the
first of its options.
"""

import time

import streamlit as st

from toynet.ui import session


def preset(key, value):
    """Before a control is drawn: its value, which is sent with it until a whole run has carried it to the browser.

    Of a run that a click cuts short the rest is dropped, and with it a change of value that
    was sent once. Returns the value.
    """
    tab = session.current()
    tab.drawn.add(key)
    if key not in tab.settled or st.session_state.get(key) != value:
        st.session_state[key] = value
        tab.settled.discard(key)
    return value


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


def forget(key):
    """Before a control is drawn: what the person chose, so that it starts at its `value` again."""
    tab = session.current()
    tab.remembered.pop(key, None)
    tab.settled.discard(key)
    st.session_state.pop(key, None)


def slider(label, key, options, value, **more):
    """A slider over chosen values; the one that it starts at is among them wherever it came from."""
    options = sorted({*options, value})
    chosen = _begin(key, value, options)
    return remember(key, st.select_slider(label, options, value=chosen, **_named(key), **more))


def number(label, key, low, high, value=None, default=None, step=1, **more):
    """A number, brought into a range that may have changed."""
    start = remembered(key, default) if value is None else value
    chosen = preset(key, min(max(st.session_state.get(key, start), low), high))
    return remember(key, st.number_input(label, low, high, value=chosen, step=step, **_named(key), **more))


def select(label, key, options, value=None, default=None, **more):
    """A select box. It draws its options as they are, without Markdown."""
    chosen = _begin(key, value, options, default)
    return remember(key, st.selectbox(label, options, index=options.index(chosen), **_named(key), **more))


def segments(label, key, options, value=None, default=None, **more):
    """A segmented control."""
    chosen = _begin(key, value, options, default)
    return remember(key, st.segmented_control(label, options, default=chosen, required=True, **_named(key), **more))


def several(label, key, options, value, **more):
    """A choice of several, in the order chosen."""
    wanted = st.session_state.get(key, value)
    chosen = preset(key, [choice for choice in wanted if choice in options])
    return remember(key, st.multiselect(label, options, default=chosen, **_named(key), **more))


def _named(key):
    """What Streamlit is told of every control: its key, and what to do first of all when a person has chosen."""
    return {"key": key, "on_change": _chosen, "args": (key,)}


def _chosen(key):
    """Remember a choice before anything is drawn: of a run that is cut short the control may not be reached."""
    if key in st.session_state:
        remember(key, st.session_state[key])


def _begin(key, value, options, default=None):
    """The value of a control before it is drawn: what the person chose, while that can be had."""
    start = remembered(key, default) if value is None else value
    wanted = (st.session_state.get(key), start, options[0])
    return preset(key, next(choice for choice in wanted if choice in options))
