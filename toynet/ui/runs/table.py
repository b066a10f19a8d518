"""The table of runs: searched, filtered, sorted; rows of it are chosen."""

import hashlib

import pandas as pd
import streamlit as st

from toynet.runs.records import STATUSES
from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.runs import words

PAGE = 250
"""Rows of a page: of more runs the table has pages."""

HEIGHT = 36 * 10
"""Pixels of the table at most."""

MEASURED = {
    "epoch": "Epoch",
    "update": "Update",
    "train_loss": "Train loss",
    "test_loss": "Test loss",
    "best_test_loss": "Best test loss",
    "best_epoch": "at epoch",
    "train_accuracy": "Train accuracy",
    "test_accuracy": "Test accuracy",
    "grad_norm": "Gradient norm",
    "seconds": "Seconds",
}
SAID = {"label": "Run", "created": "Started", "state": "State", "tags": "Tags", "note": "Note"}
MORE = {"sketch": "Losses", "parent": "Parent", "changes": "Changes", "engine": "Engine", "run": "Name in files"}

USUAL = ("epoch", "test_loss", "best_test_loss", "best_epoch", "test_accuracy", "seconds")
"""Columns behind those that are said of a run and the settings that differ, where nobody chooses others."""

FIRST = 4
"""Settings that differ which stand before what the runs came to; others stand behind it."""

NEWEST = "Newest first"


def choose(listed):
    """Draw the table and what narrows it.

    Parameters
    ----------
    listed : pandas.DataFrame
        From `Store.runs`.

    Returns
    -------
    pandas.DataFrame
        The rows of the runs that are chosen, on whichever page, in the order in which they were.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="narrow"):
        shown = _narrowed(listed)
        if not shown.empty:
            differing = words.differing(shown)
            shown = _sorted(shown, differing)
            _choose_columns()
            page = _page(shown)
    if shown.empty:
        st.info("No run is like that.")
    else:
        with st.container(key="fold"):  # there or not: what follows keeps its place, and stays open
            _fold(shown, differing)
        _draw(page, _columns(shown, differing))
    tab = session.current()
    chosen = listed.set_index("run", drop=False)
    tab.chosen = [run for run in tab.chosen if run in chosen.index]
    return chosen.loc[tab.chosen].reset_index(drop=True)


def choose_none():
    """Draw the button that lets go of all runs that are chosen."""
    number = len(session.current().chosen)
    st.button(f"Choose none of {number:,}" if number > 1 else "Choose none", on_click=_clear, key=keys.RUNS_CLEAR)


def _clear():
    tab = session.current()
    tab.chosen, tab.cleared = [], tab.cleared + 1


# --- which rows ------------------------------------------------------------------------


def _narrowed(listed):
    """The rows that are asked for; what asks for them stands in the row that `_sorted` ends."""
    start = choices.remembered(keys.RUNS_SEARCH, "")
    text = st.text_input("Search", start, key=keys.RUNS_SEARCH, placeholder="name, note, tag, setting", width=210)
    choices.remember(keys.RUNS_SEARCH, text)
    states = [state for state in STATUSES if (listed.state == state).any()]
    usual = [state for state in choices.remembered(keys.RUNS_STATES, []) if state in states]
    wanted = st.multiselect("State", states, usual, key=keys.RUNS_STATES, placeholder="any", width=200)
    choices.remember(keys.RUNS_STATES, wanted)
    shown = listed[listed.state.isin(wanted)] if wanted else listed
    with st.popover("Settings", help="Show only runs with some of these settings."):
        shown = _with_settings(shown)
    for word in text.casefold().split():
        shown = shown[_searched(shown).str.contains(word, regex=False)]
    return shown


def _searched(shown):
    """All that is said of each run, in small letters."""
    texts = shown.run + " " + shown["name"] + " " + shown.note + " " + shown.tags.map(" ".join)
    for name in words.SETTINGS:
        texts = texts + f" {name}=" + shown[name].astype(str)
    return texts.str.casefold()


def _with_settings(shown):
    several = [name for name in words.SETTINGS if 1 < shown[name].nunique() <= 100]
    if not several:
        st.caption("The runs have the same settings.")
    for name in several:
        values = sorted(shown[name].unique().tolist())
        key = keys.runs_with(name)
        usual = [value for value in choices.remembered(key, []) if value in values]
        wanted = st.multiselect(words.setting(name), values, usual, key=key, placeholder="any", format_func=words.value)
        choices.remember(key, wanted)
        shown = shown[shown[name].isin(wanted)] if wanted else shown
    return shown


def _sorted(shown, differing):
    columns = {NEWEST: "created", **{label: name for name, label in MEASURED.items()}, "Name": "label"}
    columns |= {words.setting(name): name for name in differing}
    by = choices.select("Sort by", keys.RUNS_SORT, list(columns), width=170)
    down = by == NEWEST or choices.segments("Order", keys.RUNS_ORDER, ["Lowest", "Highest"]) == "Highest"
    shown = shown.assign(label=shown["name"].where(shown["name"] != "", shown.run))
    return shown.sort_values(columns[by], ascending=not down, kind="stable")


def _page(shown):
    """The rows of the page that is looked at."""
    pages = -(-len(shown) // PAGE)
    if pages < 2:
        return shown
    number = choices.number(f"Page, 1 to {pages:,}", keys.RUNS_PAGE, 1, pages, default=1, width=220)
    return shown.iloc[(number - 1) * PAGE : number * PAGE]


# --- which columns ---------------------------------------------------------------------


def _names():
    return {**SAID, **{name: words.setting(name) for name in words.SETTINGS}, **MEASURED, **MORE}


def _choose_columns():
    with st.popover("Columns", help="Which columns the table has."):
        names = _names()
        usual = choices.remembered(keys.RUNS_COLUMNS, [])
        wanted = st.multiselect(
            "Columns", list(names), usual, key=keys.RUNS_COLUMNS, format_func=names.get, placeholder="the usual ones"
        )
        choices.remember(keys.RUNS_COLUMNS, wanted)


def _columns(shown, differing):
    """The columns of the table: those chosen, or what is said of runs, what they differ by, and what they came to."""
    wanted = choices.remembered(keys.RUNS_COLUMNS, [])
    if wanted:
        return wanted
    said = [name for name in ("tags", "note") if shown[name].map(len).any()]
    return ["label", "sketch", "created", "state", *differing[:FIRST], *USUAL, *said, *differing[FIRST:]]


def _fold(shown, differing):
    """The settings that all of these have, in one line."""
    if len(shown) > 1:
        same = [name for name in words.in_use(shown, by=all) if name not in differing and shown[name].iloc[0] != ""]
        told = ", ".join(
            f"{words.setting(name).lower()} {as_text(words.value(shown[name].iloc[0]), 60)}" for name in same
        )
        st.caption(f"All {len(shown):,}: {told}.")


# --- the table -------------------------------------------------------------------------


def _draw(page, columns):
    """Draw a page of it, and take over which of its rows are chosen."""
    tab = session.current()
    runs = page.run.tolist()
    table = _table(page, columns)
    digest = hashlib.sha256("\0".join([*runs, *columns, str(tab.cleared)]).encode()).hexdigest()[:12]
    before = [place for place, run in enumerate(runs) if run in tab.chosen]
    event = st.dataframe(
        table,
        hide_index=True,
        height=min(HEIGHT, 37 + 35 * len(page)),
        column_config=_config(columns),
        key=f"{keys.RUNS_TABLE}_{digest}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": before}},
        placeholder="–",
        alt="Kept runs",
    )
    now = [runs[place] for place in event.selection.rows]
    tab.chosen = [run for run in tab.chosen if run not in runs or run in now]
    tab.chosen += [run for run in now if run not in tab.chosen]


def _table(page, columns):
    made = {
        "created": lambda: pd.to_datetime(page.created, unit="s").dt.tz_localize("UTC"),
        "tags": lambda: page.tags.map(", ".join),
        "sketch": lambda: page.run.map(_sketches(page.run)),
    }
    return pd.DataFrame({name: made[name]() if name in made else page[name] for name in columns})


def _sketches(runs):
    """Run -> the small picture of its losses; of runs that can be read no more, none."""
    try:
        return keeping.store().sketches(runs)
    except ValueError:
        return {}


def _config(columns):
    config, names = st.column_config, _names()
    special = {
        "created": lambda label: config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm", width=130),
        "sketch": lambda label: config.LineChartColumn(label, width=110, help="Of the test part where there is one."),
        "label": lambda label: config.TextColumn(label, width=170),
        "seconds": lambda label: config.NumberColumn(label, format="%.2f"),
        "grad_norm": lambda label: config.NumberColumn(label, format="%.3g"),
        **dict.fromkeys(
            ("epoch", "update", "best_epoch"), lambda label: config.NumberColumn(label, format="localized")
        ),
        **dict.fromkeys(
            ("train_loss", "test_loss", "best_test_loss"), lambda label: config.NumberColumn(label, format="%.4f")
        ),
        **dict.fromkeys(
            ("train_accuracy", "test_accuracy"), lambda label: config.NumberColumn(label, format="percent")
        ),
        **dict.fromkeys(
            ("learning_rate", "noise", "test_fraction"), lambda label: config.NumberColumn(label, format="%g")
        ),
    }
    return {name: special.get(name, config.Column)(names[name]) for name in columns}
