"""The chosen cells: the learning curves of their seeds, and the way to Train."""

import time
from dataclasses import replace

import streamlit as st

from toynet import Trainer
from toynet.charts.fan import fan_chart, fan_tables
from toynet.many.plan import MOST_SEEDS, Plan
from toynet.training import new_name
from toynet.ui import keeping, keys, opening, session
from toynet.ui.as_text import as_text
from toynet.ui.experiment import Experiment
from toynet.ui.runs import words
from toynet.ui.sweep.swept import AT_ONCE
from toynet.ui.train import view as curves_view

SLICE = 0.3
"""Seconds of training between two steps of the bar."""


def called(grid, cell):
    """What a cell is called: the values that it has."""
    told = [f"{words.setting(name).lower()} {words.value(value)}" for name, value in grid.values(cell).items()]
    return ", ".join(told) or "all seeds"


def draw(swept):
    """Draw a panel for each chosen cell, side by side."""
    columns = st.columns(max(len(swept.cells), 1))
    for letter, cell, column in zip("AB", swept.cells, columns, strict=False):
        with column, st.container(key=f"cell_{letter}"):
            _one(swept, letter, cell)


def _one(swept, letter, cell):
    grid = swept.job.grid
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{letter}**: {as_text(called(grid, cell))}")
        help = "Its first seed as a run of its own, with the others as its luck."
        if st.button("Open on Train", key=keys.sweep_open(letter), help=help):
            _open(cell)
        st.button("Let go", key=keys.sweep_let_go(letter), on_click=_let_go, args=(cell,))
    done = swept.job.results.by_cell(swept.job.results.done)[:, cell]
    if not done.all():
        st.caption(f"{done.sum():,} of {grid.seeds:,} seeds are done; their curves are drawn when all are.")
        return
    seconds = swept.seconds(cell)
    if seconds > AT_ONCE and not swept.wanted and len(swept.fans.get(cell, ())) < grid.seeds:
        st.button(f"Train its seeds again to see their curves (about {seconds:.0f} s)", on_click=_want,
                  key=keys.sweep_curves(letter))  # fmt: skip
        return
    try:
        runs = _trained(swept, cell)
    except ValueError as error:
        st.error(f"{as_text(str(error))}.")
        return
    view = curves_view.chosen()
    has_test = bool(runs[0].split.y_test.size)
    measure = f"{'test' if has_test else 'train'}_{view.shows}"
    tables = fan_tables([run.recorded.columns() for run in runs], view, measure, [bool(run.diverged) for run in runs])
    st.vega_lite_chart({**fan_chart(view, measure), "datasets": tables}, width="stretch", key=keys.sweep_fan(letter))


def _trained(swept, cell):
    """The cell's runs, with a bar while it takes long."""
    seeds, bar = swept.job.grid.seeds, None
    runs = swept.runs(cell, time.monotonic() + SLICE)
    while len(runs) < seeds:
        bar = bar or st.empty()
        bar.progress(len(runs) / seeds, f"Training seed {len(runs) + 1} of {seeds} again")
        runs = swept.runs(cell, time.monotonic() + SLICE)
    if bar:
        bar.empty()
    return runs


def _want():
    session.current().swept.wanted = True


def _let_go(cell):
    cells = session.current().swept.cells
    if cell in cells:
        cells.remove(cell)


def _open(cell):
    """A cell's first seed on Train, trained where that is done in a moment, with the other seeds beside it."""
    tab = session.current()
    swept, grid = tab.swept, tab.swept.job.grid
    is_quick = swept.seconds(cell) <= AT_ONCE and swept.job.results.done[cell]
    try:
        if is_quick:
            again = replace(swept.runs(cell)[0].state(), run_name=new_name())
            experiment = Experiment.around(Trainer.resume(again), keeping.new(), _plan(grid))
        else:
            experiment = Experiment.of(grid.config(cell), _plan(grid))
    except ValueError as error:
        st.error(f"{as_text(str(error))}.")
        return
    opening.show(experiment)
    tab.say(f"A run of the sweep: {as_text(called(grid, cell))}.")
    st.switch_page(tab.pages["Train"])


def _plan(grid):
    return Plan(seeds=min(grid.seeds, MOST_SEEDS))
