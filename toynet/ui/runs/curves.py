"""The curves of the chosen runs over each other."""

import streamlit as st

from toynet.charts.comparison import MEASURES, MOST, Curve, comparison_chart, comparison_tables
from toynet.charts.curves import X_AXES
from toynet.runs.location import url_of
from toynet.ui import keeping, keys
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.runs import words
from toynet.ui.train import view as curves_view

COLUMNS = (*X_AXES, "train_loss", "test_loss", "train_accuracy", "test_accuracy", "grad_norm")
NORMS = ("grad_norm_W1", "grad_norm_b1", "grad_norm_W2", "grad_norm_b2")


@st.cache_resource(max_entries=64, show_spinner=False)
def _read(url, run, rows, epoch):
    return keeping.store().curves(run, (*COLUMNS, *NORMS))


def read(row):
    """The columns of a run's history, (rows,) each, as they are by now.

    Parameters
    ----------
    row : mapping
        Of `Store.runs`.
    """
    return _read(url_of(), row["run"], row["rows"], row["epoch"])


@st.cache_data(ttl=5.0, max_entries=64, show_spinner=False)
def _length(url, run):
    return keeping.store().length(run)


def of_run(run):
    """The columns of a run's history by its name, at most some seconds old."""
    return _read(url_of(), run, *_length(url_of(), run))


def section(chosen):
    """Draw the curves of these rows of `Store.runs`."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="measure"):
        measure = choices.segments("Show", keys.RUNS_MEASURE, list(MEASURES), format_func=MEASURES.get)
        curves_view.choose(with_shows=False)
    if len(chosen) > MOST:
        st.caption(f"The first {MOST} of the {len(chosen):,} chosen runs are drawn.")
    chosen, view = chosen.head(MOST), curves_view.chosen()
    histories = [read(row) for row in chosen.to_dict("records")]
    has = [not (measure.startswith("test_") and row != row) for row in chosen[measure]]
    if not all(has):
        st.caption("Runs without a test part have no such curve.")
    kept = [
        (label, history)
        for label, history, is_there in zip(words.labels(chosen), histories, has, strict=True)
        if is_there
    ]
    if kept:
        names, curves = zip(*((label, Curve(h[view.x_column], h[measure])) for label, h in kept), strict=True)
        tables = comparison_tables(curves, view, measure)
        spec = comparison_chart(names, view, measure)
        st.vega_lite_chart({**spec, "datasets": tables}, width="stretch", key=keys.picture("comparison"))
    if len(chosen) > 1:
        why = words.why_unlike(chosen) if view.shows == "loss" else ""
        st.caption(as_text(" ".join(filter(None, (words.sentence(chosen), why)))))
