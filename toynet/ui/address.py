"""Settings in the page's address: a link reopens the same experiment.

A change of settings makes no entry in the browser's history: Back leaves the page that is shown.
"""

import dataclasses

import streamlit as st

from toynet.config import Config, parse
from toynet.ui import session

ONE_ENTRY_A_PAGE = """
<script>
if (!window.toynet) {
  // Streamlit pushes an entry for each address it is told, but at Back the controls would keep their settings.
  const push = window.toynet = history.pushState.bind(history);
  history.pushState = (state, title, url) =>
    new URL(url, location).pathname === location.pathname
      ? history.replaceState(state, title, url) : push(state, title, url);
}
</script>
"""
"""Changes of the address alone replace the browser's entry; another page is another entry."""


def keep_one_entry():
    """Before anything else of a page is drawn: settings make no entries in the browser's history."""
    with st.container(key="script"):  # takes no room: style.py
        st.html(ONE_ENTRY_A_PAGE, unsafe_allow_javascript=True)


def read():
    """The Config of the present address, and what was wrong with it.

    Returns
    -------
    config : Config
        Defaults where the address says nothing or nonsense.
    complaints : list of str
    """
    values, complaints = {}, []
    for name, text in st.query_params.items():
        try:
            values[name] = parse(name, text)
        except ValueError as error:
            complaints.append(f"{error}")
    try:
        return Config(**values), complaints
    except ValueError as error:
        return Config(), [*complaints, f"{error}"]


def stands_for(config):
    """The present address is another way of saying these settings: `write` leaves it alone while they stay."""
    session.current().addressed = config, st.query_params.to_dict()


def write(config):
    """Put the settings that differ from the defaults into the address, where it does not stand for them already."""
    if session.current().addressed == (config, st.query_params.to_dict()):
        return
    default = Config()
    wanted = {
        f.name: f"{getattr(config, f.name)}"
        for f in dataclasses.fields(config)
        if getattr(config, f.name) != getattr(default, f.name)
    }
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)
    stands_for(config)
