"""Which sample is looked at: one by its number or by a click in the boundary picture, or all training samples."""

import numpy as np
import pyarrow as pa
import streamlit as st

from toynet.charts import field
from toynet.charts.boundary import PICK, boundary_chart, field_tables, points_table, shown
from toynet.datasets.features import PAIR, TERMS
from toynet.derivation.numerals import text
from toynet.ui import keys
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices

ONE, ALL = "One sample", "All training samples"

MOST_INPUTS = 8
"""Inputs that are told of a sample; A0 has all of them."""


def choose(moment):
    """Draw the choice.

    Returns
    -------
    int or None
        The sample's place among the training samples, from 0; None for all of them.
    """
    m = moment.split.y_train.size
    with _row():
        of = choices.segments("Look at", keys.LOOK_AT, [ONE, ALL])
        if of == ALL:
            st.caption(f"{m:,} samples.")
            return None
        return _one(moment)


def choose_one(moment):
    """Draw the choice where there is no looking at all of them. Returns the sample's place."""
    with _row():
        return _one(moment)


def _row():
    return st.container(horizontal=True, vertical_alignment="bottom", key="sample_choice")


def _one(moment):
    """The sample's number, the picture and what it is."""
    m = moment.split.y_train.size
    number = choices.number(f"Sample, 1 to {m:,}", keys.SAMPLE, 1, m, default=1, width=160)
    with st.popover("Pick in the picture"):
        _picture(moment, number - 1)
    st.caption(_what_it_is(moment.split, number - 1))
    return number - 1


def _what_it_is(split, place):
    """A training sample in its own units, by the names of its features and its class."""
    x, y = split.own_units(split.X_train[place]), int(split.y_train[place])
    named = list(zip(split.feature_names, x, strict=True))
    units = ", ".join(f"{as_text(name)} = {text(value)}" for name, value in named[:MOST_INPUTS])
    more = len(named) - MOST_INPUTS
    units += f" and {more} more input{'s' * (more > 1)}" if more > 0 else ""
    name = split.class_names[y]
    named = name if name == f"class {y}" else f"{as_text(name)} (y = {y})"
    terms = [name for name in split.feature_names if name in TERMS and name not in PAIR]
    made = f" {terms[0]} is of the standardised {'x1' if 'x1' in terms[0] else 'x2'}." if terms else ""
    return f"{units}: {named}. A0 holds the standardised inputs.{made}"


def _picture(moment, place):
    """The boundary with the training samples, of which a click picks one."""
    split, plane, output = moment.split, field.plane(moment.split), moment.form.output
    rows = shown(split)
    rows = np.union1d(rows[rows < split.y_train.size], place)
    tables, _ = field_tables(moment.parameters, moment.activation, plane, output=output)
    points = points_table(moment.parameters, moment.activation, split, plane, rows, output)
    tables["points"] = points.append_column("number", pa.array(rows + 1))
    tables["chosen"] = points.slice(int(np.searchsorted(rows, place)), 1).select(["x", "y"])
    ranges = plane.x_range, plane.y_range
    spec = boundary_chart(split.pictured.feature_names, split.class_names, ranges, False, 380, can_pick=True)
    at_mean = split.drawn is not None and "" in split.drawn.sources
    st.caption("Click a training sample." + " Inputs that are not drawn are at their mean in the field." * at_mean)
    st.vega_lite_chart(
        {**spec, "datasets": tables},
        width=520,
        key=keys.SAMPLE_PICTURE,
        on_select=_pick,
        selection_mode=PICK,
    )


def _pick():
    picked = st.session_state[keys.SAMPLE_PICTURE].selection.get(PICK)
    if picked:
        number = int(picked[0]["number"])
        st.session_state[keys.SAMPLE] = choices.remember(keys.SAMPLE, number)
