"""Whether the gap between two lanes of a race is larger than luck: both are trained again with the same seeds."""

from dataclasses import replace

import numpy as np
import streamlit as st

from toynet.many import sweep
from toynet.many.grid import Grid
from toynet.many.results import Results
from toynet.many.verdict import verdict
from toynet.ui import keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.sweep import verdicts
from toynet.ui.train.plan import LABELS

SEEDS = (10, 20, 32)


def section(experiment):
    """Draw the choice of two lanes, and the verdict on them, while nothing moves."""
    group = experiment.group
    if experiment.moves or not group.own.epoch or group.plan.setting == "output":  # losses of its own each
        return
    names = group.labels
    with st.expander("Larger than luck?", key=keys.CHANCE, on_change="rerun") as opened:
        if not opened.open:
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            a = choices.select("A", keys.CHANCE_A, names, width=150)
            b = choices.select("B", keys.CHANCE_B, names, default=names[1], width=150)
            seeds = choices.segments("Seeds", keys.CHANCE_SEEDS, list(SEEDS))
            help = "Trains both with the same seeds, as far as they are now, and compares their test losses."
            wanted = st.button("Train and compare", key=keys.CHANCE_START, disabled=a == b, help=help)
        lanes = tuple(_settings(group.runs[names.index(name)]) for name in (a, b))
        tab = session.current()
        if wanted:
            try:
                called = tuple(f"{LABELS[group.plan.setting].lower()} {name}" for name in (a, b))
                tab.chance = (lanes, seeds, _compared(lanes, called, seeds))
            except ValueError as error:
                st.error(f"{as_text(str(error))}.")
                return
        if tab.chance and tab.chance[:2] == (lanes, seeds):
            verdicts.show(tab.chance[2], keys.picture("chance"))


def _settings(run):
    """A lane as it began, to end where it is."""
    return replace(run.state().config, epochs=max(run.epoch, 1))


def _compared(lanes, names, seeds):
    """The verdict, with a bar while both train."""
    bar, done, losses, lost = st.progress(0.0, "Training the seeds of both"), 0, [], []
    for config in lanes:
        results = Results(Grid(config, (), seeds))
        for summaries in sweep.run(results.grid):
            results.add(summaries)
            done += len(summaries)
            bar.progress(done / (2 * seeds), f"Training the seeds of both: {done} of {2 * seeds} runs")
        losses.append(results["test_loss"])
        lost.append(results.diverged)
    bar.empty()
    first = lanes[0].data_seed
    return verdict(*losses, np.arange(first, first + seeds).tolist(), names, diverged=tuple(lost))
