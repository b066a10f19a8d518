"""What the Train page's charts show of a group of runs, and what they keep of it from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from toynet.charts import confusion, spread, thumbnails
from toynet.charts.boundary import Moment, boundary_chart, field_tables, points_table, shown
from toynet.charts.comparison import Curve, behind_tables, comparison_chart, comparison_tables, heights_of
from toynet.charts.curves import (
    HEIGHT,
    NORMS,
    WHOLE_NORM,
    Curves,
    Seen,
    View,
    axis_end,
    curve_tables,
    hover_table,
    measure_chart,
    norm_chart,
)  # fmt: skip
from toynet.charts.field import Plane, plane
from toynet.charts.lanes import grid_of, lane_points, lanes_chart, lanes_tables
from toynet.charts.network import network_chart, network_images, network_tables
from toynet.charts.thumbnails import Images
from toynet.charts.vega import Spec, Tables
from toynet.many.group import Group
from toynet.many.replays import Replays
from toynet.network import Parameters
from toynet.training import Trainer
from toynet.ui.train.numbers import loss

Others = Sequence[Mapping[str, np.ndarray]]
"""Histories of the runs whose curves are drawn behind."""

RACE_COLUMNS = 420
"""Columns of all curves of a race that move."""

IMAGES_EVERY = 3
"""Frames from one image of each hidden unit to the next while they move: a browser loads dozens of them."""


class Frame(NamedTuple):
    """What is on the screen: the present row of each run, the own one first, and the charts, all of one moment.

    Attributes
    ----------
    rows : list of dict
    charts : dict
        Name ("boundary", "losses", "norms", "network", of three classes and more "confusion") -> its spec and its
        tables.
    """

    rows: list[dict[str, float]]
    charts: dict[str, tuple[Spec, Tables]]


class Look(NamedTuple):
    """How a frame is looked at.

    Attributes
    ----------
    view : View
    seen : Seen or None
        What the browser shows of the curves; None while the next frame follows at once: what moves is drawn
        less finely.
    is_first : bool
        Whether what is only read on hovering is made anew too.
    ahead : bool
        Whether the field is only sent, and that of the moment before shown: see `field_tables`.
    others : sequence of dict
        Histories of the runs whose curves are drawn behind.
    """

    view: View
    seen: Seen | None
    is_first: bool = True
    ahead: bool = False
    others: Others = ()

    @property
    def precision(self) -> type[np.floating]:
        """Of the field."""
        return np.float64 if self.seen else np.float32


@dataclass
class Picture:
    """What one group's charts keep from frame to frame.

    Attributes
    ----------
    group : Group
    plane : Plane
    network : dict
        Spec.
    shown : ndarray of int
        Samples that are drawn.
    moments : list of tuple of Moment
        Fields that the browser has: the own run's, or each lane's.
    images : tuple of Images
        Of the network that it has.
    curves : Curves
        As they were drawn last.
    hovered : dict
        What tells something when hovered: samples, and rows of both curve charts.
    """

    group: Group
    plane: Plane
    network: Spec
    shown: np.ndarray
    moments: list[tuple[Moment, ...]] = field(default_factory=list)
    images: tuple[Images, ...] = ()
    curves: Curves = field(default_factory=lambda: Curves(View()))
    hovered: dict[str, pa.Table] = field(default_factory=dict)
    _spread: spread.Spread = field(default_factory=spread.Spread)
    _planes: tuple[Plane, ...] = ()
    _turn: int = 0

    @classmethod
    def of(cls, group: Group) -> Picture:
        """Of a group that has not been drawn yet."""
        own = group.own
        is_race = group.plan.kind == "race"
        area = plane(own.split, grid=grid_of(len(group.runs))) if is_race else plane(own.split)
        split, bends = own.split, bool(thumbnails.bent(own.split))
        network = network_chart(
            split.feature_names, own.config.hidden_size, own.config.activation, split.class_names, bends
        )
        picture = cls(group, area, network, shown(own.split))
        if group.plan.kind == "luck":
            picture._planes = spread.coarse_planes([run.split for run in group.runs[1:]], area.area)
        return picture

    def frame(self, look: Look, target: int, back: Replays | None) -> Frame:
        """What is to be drawn now of a group that is to end at an epoch, or of how it was."""
        runs = back.runs if back else self.group.runs
        rows = _rows(runs, moves=look.seen is None and not back)
        if back:
            rows = [row | {"seconds": seconds} for row, seconds in zip(rows, back.seconds, strict=True)]
        draw = self._race if self.group.plan.kind == "race" else self._run
        charts = draw(look, runs, rows, target, back)
        charts |= self._network(look, runs[0])
        return Frame(rows, charts)

    @property
    def newest(self) -> list[Moment | Images]:
        """The pictures that were sent last."""
        return [moments[-1] for moments in self.moments] + list(self.images[-1:])

    def _network(self, look, run):
        """The network, and what it takes for what."""
        (parameters, activation, output), split = network_of(run), self.group.own.split
        at = parameters, activation, split, self.plane, output
        self._turn += 1
        stay = look.seen is None and bool(thumbnails.bent(split)) and self._turn % IMAGES_EVERY > 0
        images, self.images = network_images(*at, self.images, look.ahead, stay)
        charts = {"network": (self.network, network_tables(*at) | images)}
        if split.outputs > 1:
            counts = confusion.confusion(parameters, activation, split, output)
            chart = confusion.confusion_chart(split.class_names, confusion.part_of(split))
            charts["confusion"] = chart, {"confusion": confusion.confusion_table(counts)}
        return charts

    # --- one run, or one and its luck --------------------------------------------------

    def _run(self, look, runs, rows, target, back):
        """The boundary of the own run, and its curves; the other seeds' lines and bands around them."""
        own, columns = self.group.own, look.seen.columns if look.seen else None
        if (self.curves.view, self.curves.columns) != (look.view, columns):
            self.curves = Curves(look.view, columns)
        has_test, has_spread = bool(own.split.y_test.size), len(runs) > 1
        series = dict(list(look.view.series.items())[: 2 if has_test else 1])
        upper = measure_chart(look.view, has_test, len(look.others), has_spread)
        lower = norm_chart(look.view, len(look.others), has_spread)
        # The present row as a point of the curves, which may lie within an epoch.
        moment = rows[0] | {"epoch": rows[0]["samples_seen"] / own.split.y_train.size}
        tables = {
            name: self._curves(name, drawn, look, moment, target, back)
            for name, drawn in (("losses", series), ("norms", WHOLE_NORM if has_spread else NORMS))
        }
        boundary = self._boundary(look, runs)
        return {"boundary": boundary, "losses": (upper, tables["losses"]), "norms": (lower, tables["norms"])}

    def _boundary(self, look, runs):
        (parameters, activation, output), split = network_of(runs[0]), self.group.own.split
        at = parameters, activation
        had = self.moments[0] if self.moments else ()
        tables, now = field_tables(*at, self.plane, had, look.ahead, look.precision, output)
        self.moments = [now]
        if len(runs) > 1:
            tables["others"] = spread.others_table([network_of(run) for run in runs[1:]], self._planes)
        if look.is_first or "points" not in self.hovered:
            self.hovered["points"] = points_table(*at, split, self.plane, self.shown, output)
        names, has_test = (split.pictured.feature_names, split.class_names), split.y_test.size > 0
        spec = boundary_chart(*names, self.plane.area, has_test, has_others=len(runs) > 1)
        return spec, tables | {"points": self.hovered["points"]}

    def _curves(self, name, series, look, moment, target, back):
        """Tables of one of the two curve charts."""
        own, x_column, history = self.group.own, look.view.x_column, self.group.own.recorded
        is_log, is_past = name == "norms" or look.view.is_log, back is not None
        window = getattr(look.seen, {"losses": "measures"}.get(name, name), None)
        last = _last(own, x_column, target)
        end = axis_end(history.last[x_column] if is_past else moment[x_column], last)
        columns_behind = ["grad_norm"] if name == "norms" else list(series)
        behind = behind_tables(look.others, columns_behind, x_column, end, is_log)
        around = self._around(series, end, is_log)
        also = np.concatenate([heights_of(behind), spread.heights_of(around)])
        marks = _marks(own, back)
        drawn = curve_tables(history, series, self.curves, is_log, moment, last, marks, window, is_past, also)
        if look.is_first or name not in self.hovered:
            self.hovered[name] = hover_table(history, series, self.curves, end, window)
        return drawn | behind | around | {"hover": self.hovered[name]}

    def _around(self, series, end, is_log):
        """Bands of all seeds around the own run's curves."""
        if len(self.group.runs) == 1:
            return {}
        histories = [run.recorded for run in self.group.runs]
        ended = [bool(run.diverged) for run in self.group.runs]
        bands = [self._spread.of(histories, ended, column) for column in series]
        x = histories[0][self.curves.view.x_column]
        return spread.spread_tables(bands, x, end, is_log, self.curves.columns)

    # --- a race -------------------------------------------------------------------------

    def _race(self, look, runs, rows, target, back):
        """The lanes' boundaries side by side, and one curve a lane."""
        group, split = self.group, self.group.own.split
        names = group.labels
        has_test = bool(split.y_test.size)
        part = "test" if has_test else "train"
        told = [_told(row, run, part) for row, run in zip(rows, runs, strict=True)]
        networks = [network_of(run) for run in runs]
        lanes, self.moments = lanes_tables(
            networks, names, told, self.plane, self.moments, look.ahead, look.precision
        )  # fmt: skip
        if "points" not in self.hovered:
            self.hovered["points"] = lane_points(split, self.plane.area, len(runs))
        charts = {
            "boundary": (
                lanes_chart(len(runs), classes=len(split.class_names)),
                lanes | {"points": self.hovered["points"]},
            )
        }
        view = View(group.axis, look.view.shows, look.view.log, look.view.smoothing)
        measures = {"losses": f"{part}_{view.shows}", "norms": "grad_norm"}
        end = axis_end(max(run.recorded.last[group.axis] for run in group.runs), _last(group.own, group.axis, target))
        columns = look.seen.columns if look.seen else RACE_COLUMNS / len(runs)
        mark = _marks(group.own, back)[-1] if back else None
        for name, measure in measures.items():
            curves = [Curve(run.recorded[group.axis], run.recorded[measure]) for run in group.runs]
            hover = None if look.is_first else self.hovered.get(name)
            tables = comparison_tables(curves, view, measure, columns, end, mark, hover)
            self.hovered[name] = tables["hover"]
            charts[name] = comparison_chart(names, view, measure, HEIGHT, has_legend=False), tables
        return charts


def network_of(run: Trainer) -> tuple[Parameters, str, str]:
    """What computes a run's probabilities."""
    return run.parameters, run.config.activation, run.config.output


def _rows(runs: Sequence[Trainer], moves: bool) -> list[dict[str, float]]:
    """What is measured of each run now; while they train, of those beside the own one the last row."""
    return [run.recorded.last if moves and i else run.present() for i, run in enumerate(runs)]


def _marks(own, back):
    """What stands on the curves: changed settings, and where one looks back at."""
    marks = own.marks()
    if back:
        row = int(np.searchsorted(own.recorded["update"], back.trainer.update))
        marks = sorted([*marks, (row, f"looking at epoch {back.trainer.epoch:,}")])
    return marks


def _last(own, x_column, target):
    """Where the run ends on an axis, if that is known."""
    m = own.split.y_train.size
    updates = -(-m // own.config.batch(m))
    return {"epoch": target, "samples_seen": target * m, "update": target * updates}.get(x_column)


def _told(row, run, part):
    """What stands at a lane."""
    if run.diverged:
        return "diverged"
    return f"{loss(row[f'{part}_loss'])} · {row[f'{part}_accuracy']:.0%}"
