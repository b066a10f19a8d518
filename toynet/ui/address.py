"""Settings in the page's address: a link reopens the same experiment."""

import dataclasses

import streamlit as st

from toynet.config import Config, parse


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


def write(config):
    """Put the settings that differ from the defaults into the address."""
    default = Config()
    wanted = {
        f.name: f"{getattr(config, f.name)}"
        for f in dataclasses.fields(config)
        if getattr(config, f.name) != getattr(default, f.name)
    }
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)
