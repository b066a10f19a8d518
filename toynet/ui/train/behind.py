"""Compare with: kept runs whose curves stand, pale, behind the live ones."""

import html
from datetime import datetime

import streamlit as st

from toynet.charts.palette import RUN_LOOKS
from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.runs import curves

MOST = 5
"""Runs behind a live one at most."""

OFFERED = 100
"""Runs that are offered: the latest; the page Runs has all."""


def choose():
    """Draw the choice. What is kept is only looked up once somebody opens it."""
    tab = session.current()
    label = f"Compare with {len(tab.behind)}" if tab.behind else "Compare with"
    help = "Curves of kept runs, pale, behind the live ones."
    with st.popover(label, key=keys.COMPARE, on_change="rerun", width=165, help=help) as popover:
        if not popover.open:
            return
        try:
            names = _names(tab)
        except ValueError as error:
            st.error(f"{as_text(str(error))}.")
            return
        if not names:
            st.caption("No other run is kept yet.")
            return
        usual = [run for run in tab.behind if run in names]
        tab.behind = st.multiselect(
            "Kept runs", list(names), usual, key=keys.BEHIND, format_func=names.get, max_selections=MOST
        )
        st.caption(f"At most {MOST}, of the latest {OFFERED:,}; the page Runs compares any.")


def _names(tab):
    """Run -> what it is called here."""
    found = keeping.store().latest(OFFERED, keeping.owner() or None)
    own = tab.experiment.trainer.run_name
    return {row["run"]: _called(row) for row in found if row["run"] != own}


def _called(row):
    """What a run is called among others."""
    return f"{_told(row)} · {datetime.fromtimestamp(row['created']):%d %b %H:%M} · epoch {row['epoch']:,}"


def _told(row):
    """Its own name, or its settings in brief."""
    config = row["config"]
    brief = f"{config['dataset']}, h {config['hidden_size']}, η {config['learning_rate']:g}, {config['batch_mode']}"
    return row["name"] or brief


def histories():
    """The histories of the runs behind: column -> ndarray (rows,) each. A run that has gone is let go."""
    tab = session.current()
    found = {}
    for run in tab.behind:
        try:
            found[run] = curves.of_run(run)
        except ValueError:
            continue
    tab.behind = list(found)
    return list(found.values())


def legend():
    """Which run has which colour."""
    tab = session.current()
    if tab.behind:
        signs = " ".join(
            f'<span><b style="color: {colour}">━━</b> {html.escape(_title(run))}</span>'
            for run, (colour, _) in zip(tab.behind, RUN_LOOKS, strict=False)
        )
        st.html(f'<div class="behind">Behind, of norms that of the whole gradient: {signs}</div>')


@st.cache_data(ttl=5.0, show_spinner=False)
def _title(run):
    try:
        return _told(keeping.store().brief(run))
    except ValueError:
        return run
