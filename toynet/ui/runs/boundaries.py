"""The boundaries of the chosen runs side by side, at one and the same epoch, update or number of samples seen."""

import html
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from toynet.charts.boundary import Moment, boundary_chart, field_tables, points_table, shown
from toynet.charts.comparison import MOST
from toynet.charts.field import Plane, plane
from toynet.charts.palette import RUN_LOOKS
from toynet.charts.vega import Tables
from toynet.datasets.tables import shortened
from toynet.replay import Replay
from toynet.ui import keeping, keys, opening, session
from toynet.ui.controls import choices
from toynet.ui.picture import network_of
from toynet.ui.runs import curves, words
from toynet.ui.train.numbers import loss

BY = {"epoch": "Epoch", "update": "Update", "samples_seen": "Samples seen"}

ACROSS = 3
HEIGHT = 260


@dataclass
class Seen:
    """A run whose boundary is looked at, and what its picture keeps from one epoch to the next, or till it moves."""

    replay: Replay
    plane: Plane
    rows: np.ndarray
    update: int
    moments: tuple[Moment, ...] = ()
    at: int = -1
    tables: Tables = field(default_factory=dict)

    def go(self, epoch: int) -> None:
        """Look at the end of an epoch. Raises ValueError where one cannot."""
        if epoch == self.at:
            return
        self.replay.seek(epoch)
        trainer = self.replay.trainer
        parameters, activation, output = network_of(trainer)
        fields, self.moments = field_tables(
            parameters, activation, self.plane, self.moments, precision=np.float32, output=output  # it is small
        )  # fmt: skip
        points = points_table(parameters, activation, trainer.split, self.plane, self.rows, output)
        self.tables = fields | {"points": points}
        self.at = epoch


def section(chosen):
    """Draw them, and the slider that moves all of them."""
    chosen = chosen.head(MOST)
    histories = [curves.read(row) for row in chosen.to_dict("records")]
    with st.container(horizontal=True, vertical_alignment="bottom", key="at"):
        by = choices.segments("At the same", keys.RUNS_BY, list(BY), format_func=BY.get)
        last = int(max(history[by][-1] for history in histories))
        at = _slider(by, last)
    labels = words.labels(chosen)
    for first in range(0, len(chosen), ACROSS):
        columns = st.columns(ACROSS)
        for place in range(first, min(first + ACROSS, len(chosen))):
            with columns[place - first]:
                row = chosen.iloc[place]
                _one(row, labels[place], epoch_at(histories[place], by, at), place)
    return {
        row["run"]: epoch_at(history, by, at) for (_, row), history in zip(chosen.iterrows(), histories, strict=True)
    }


def _slider(by, last):
    key = keys.runs_at(by)
    st.session_state[key] = min(st.session_state.get(key, choices.remembered(key, last)), max(last, 1))
    return choices.remember(
        key, st.slider(BY[by], 0, max(last, 1), key=key, help="A run that ended before stands at its end.")
    )


def epoch_at(history, by, at):
    """The epoch that had ended at a place on an axis; of rows that are far apart the one that lies between them."""
    return int(np.interp(at, history[by], history["epoch"]) + 1e-9)


def _one(row, label, epoch, place):
    colour = RUN_LOOKS[place][0]
    head = f'<b><span style="color: {colour}">━━</span> {html.escape(shortened(label, 80))}</b><br>'
    try:
        seen = _seen(row)
        seen.go(epoch)
    except ValueError as error:
        st.html(f"{head}<small>{html.escape(str(error))}.</small>")
        return
    trainer = seen.replay.trainer
    st.html(f"{head}<small>{_told(trainer)}</small>")
    split = trainer.split
    names, has_test = (split.pictured.feature_names, split.class_names), split.y_test.size > 0
    spec = boundary_chart(*names, seen.plane.area, has_test, HEIGHT, has_legend=False)
    st.vega_lite_chart({**spec, "datasets": seen.tables}, width="stretch", key=keys.picture(f"boundary_{place}"))


def _told(trainer):
    present = trainer.present()
    told = f"Epoch {trainer.epoch:,}: train loss {loss(present['train_loss'])}"
    if trainer.split.y_test.size:
        told += f", test loss {loss(present['test_loss'])}, accuracy {present['test_accuracy']:.1%}"
    return told


def _seen(row):
    """The run, as it was read last or anew."""
    tab = session.current()
    seen = tab.looked_at.get(row["run"])
    if seen is None or seen.update != row["update"]:
        state = opening.with_data(keeping.store().state(row["run"]))
        replay = Replay(state)
        split = replay.trainer.split
        seen = Seen(replay, plane(split), shown(split), row["update"])
        tab.looked_at[row["run"]] = seen
        while len(tab.looked_at) > MOST:
            tab.looked_at.pop(next(iter(tab.looked_at)))
    return seen
