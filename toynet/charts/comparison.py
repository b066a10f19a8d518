"""Several runs over each other: one curve a run, told apart by colour and dash; and runs behind a live one."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.aggregation import Average, m4, shown_on_axis
from toynet.charts.curves import (
    ACCURACIES,
    AROUND,
    HOVER_PLACES,
    LOG,
    REST_COLUMNS,
    X_AXES,
    View,
    axis_end,
    axis_from_to,
    compact,
    hover_tooltip,
    line_chart,
    marks_table,
    measured,
    points,
    told_as,
)  # fmt: skip
from toynet.charts.palette import RUN_LOOKS

MEASURES = {
    "test_loss": "Test loss",
    "train_loss": "Train loss",
    "test_accuracy": "Test accuracy",
    "train_accuracy": "Train accuracy",
    "grad_norm": "Gradient norm",
}
"""What runs can be compared by: history column -> what people call it."""

BARE = 16
"""Pixels above a plot without a legend."""

HEIGHT = 330
"""Pixels, with axes and legend."""

MOST = len(RUN_LOOKS)
"""Runs that are compared at most."""

BEHIND_COLUMNS = 120
"""Columns of a curve that is drawn behind a live one, of which lowest and highest row are drawn."""


class Curve(NamedTuple):
    """One measure of a run, x and y each (rows,), x ascending."""

    x: np.ndarray
    y: np.ndarray


def is_log(view: View, measure: str) -> bool:
    """Whether a measure stands on a log axis: norms always do."""
    return measure == "grad_norm" or (view.log and measure.endswith("loss"))


def comparison_chart(
    names: Sequence[str], view: View, measure: str, height: int = HEIGHT, has_legend: bool = True
) -> vega.Spec:
    """Spec of the curves of runs, over the datasets of `comparison_tables`.

    Parameters
    ----------
    names : sequence of str
        What the runs are called, each another name; at most `MOST`.
    view : View
        Its axes and smoothing.
    measure : str
        A key of `MEASURES`.
    height : int
        Pixels.
    has_legend : bool
        Whether it tells which curve is whose.
    """
    spec = _nameless(len(names), view, measure, height)
    tooltip = hover_tooltip([X_AXES[view.x_column], *names]).to_dict()

    def named(layer):
        if "values" in layer.get("data", {}):  # the legend
            return {**layer, "data": {"values": list(names)}}
        has_tooltip = "tooltip" in layer.get("mark", {})
        return {**layer, "mark": {**layer["mark"], "tooltip": tooltip}} if has_tooltip else layer

    layers = [named(layer) for layer in spec["layer"] if has_legend or "values" not in layer.get("data", {})]
    padding = spec["padding"] if has_legend else {**AROUND, "top": BARE}
    return {**spec, "layer": layers, "padding": padding}


@lru_cache(vega.SPECS)
def _nameless(number: int, view: View, measure: str, height: int) -> vega.Spec:
    """The same for so many runs, whatever they are called: Altair takes a quarter of a second to make it."""
    names = [f"{i}" for i in range(number)]
    more = {"looks": RUN_LOOKS, "titles": [X_AXES[view.x_column], *names], "height": height, "moves": False}
    if measure == "grad_norm":
        return line_chart(names, view, "Gradient norm", LOG, vega.log_axis("data('marks')[0].least"), **more)
    shows = "loss" if measure.endswith("loss") else "accuracy"
    return measured(names, View(view.x_column, shows, view.log, view.smoothing), **more)


def comparison_tables(
    curves: Sequence[Curve],
    view: View,
    measure: str,
    columns: float = REST_COLUMNS,
    end: float | None = None,
    mark: tuple[int, str] | None = None,
    hover: pa.Table | None = None,
) -> vega.Tables:
    """Datasets of `comparison_chart`.

    Parameters
    ----------
    curves : sequence of Curve
        In the order of the names.
    view : View
    measure : str
    columns : float
        Of pixels.
    end : float, optional
        Where the x axis ends; by default it grows with the curves.
    mark : (int, str), optional
        A row of the first curve that is marked, and its text.
    hover : pyarrow.Table, optional
        What can be hovered, from the last time: it need not be made anew for every frame.
    """
    log = is_log(view, measure)
    end = end or axis_end(max(curve.x[-1] for curve in curves))
    tables: vega.Tables = {}
    heights = []
    for i, (x, y) in enumerate(curves):
        smooth = Average(view.smoothing).of(y) if view.smoothing else None
        for kind, values in (("", y), ("smooth", smooth)):
            if values is not None:
                rows = m4(x, values, x[0], end, columns, log)
                tables[f"{kind}curve{i}"] = points(x[rows], values[rows], log)
                heights.append(values[rows])
    low, high = axis_from_to(np.concatenate(heights), log, measure in ACCURACIES)
    axes = {"end": end, "low": low, "high": high, "least": low}
    tables["marks"] = marks_table(curves[0].x, [mark] if mark else (), axes)
    tables["hover"] = _hover_table(curves, view, measure) if hover is None else hover
    if log:
        tables["zeros"] = vega.table({"x": np.empty(0), "colour": pa.array([], pa.string()), "line": np.empty(0)})
    return tables


def _hover_table(curves, view, measure):
    """Places along the axis, each with every run's value there: that of its last row up to it."""
    start, end = min(curve.x[0] for curve in curves), max(curve.x[-1] for curve in curves)
    places = np.linspace(start, end, 3 * HOVER_PLACES)
    # Where there is a row: an epoch, not a part of one.
    longest = max(curves, key=lambda curve: curve.x[-1]).x
    places = np.unique(longest[np.minimum(np.searchsorted(longest, places), len(longest) - 1)])
    texts = [[told_as(view.x_column, place) for place in places], *(_at(curve, places, measure) for curve in curves)]
    return vega.table({"x": compact(places), **{f"t{i}": column for i, column in enumerate(texts)}})


def _at(curve, places, measure):
    rows = np.searchsorted(curve.x, places, side="right") - 1
    return [
        told_as(measure, curve.y[row]) if row >= 0 and place <= curve.x[-1] else "–"
        for row, place in zip(rows, places, strict=True)
    ]


def behind_tables(
    runs: Sequence[Mapping[str, np.ndarray]], columns: Sequence[str], x_column: str, end: float, is_log: bool
) -> vega.Tables:
    """Datasets `behind0`, ... of a curve chart: of each run the curves of these columns, one behind the other.

    Parameters
    ----------
    runs : sequence of dict
        History column -> ndarray (rows,).
    columns : sequence of str
    x_column : str
        A key of `X_AXES`.
    end : float
        Where the x axis ends.
    is_log : bool
    """
    tables = {}
    for i, run in enumerate(runs):
        parts = [_few(run[x_column], run[column], end, is_log) for column in columns]
        x = np.concatenate([np.append(x, x[-1:]) for x, _ in parts])
        y = np.concatenate([np.append(y, np.nan) for _, y in parts])
        with np.errstate(over="ignore"):
            small = y.astype(np.float32)
        hidden = ~shown_on_axis(small, is_log)
        tables[f"behind{i}"] = pa.table({"x": x.astype(np.float32), "y": pa.array(small, mask=hidden)})
    return tables


def heights_of(behind: vega.Tables) -> np.ndarray:
    """All that these curves come to, which the y axis is to hold."""
    return np.concatenate([np.empty(0), *(table["y"].drop_null().to_numpy() for table in behind.values())])


def _few(x, y, end, is_log):
    stop = int(np.searchsorted(x, end, side="right")) + 1
    rows = m4(x[:stop], y[:stop], x[0], end, BEHIND_COLUMNS, is_log)
    return x[rows], y[rows]
