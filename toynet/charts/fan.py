"""The learning curves of a cell's seeds: each pale, their band, and their median on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.aggregation import m4, shown_on_axis
from toynet.charts.comparison import MEASURES
from toynet.charts.curves import (
    ACCURACIES,
    HOVER_PLACES,
    LOG,
    REST_COLUMNS,
    X_AXES,
    View,
    axis_end,
    axis_from_to,
    compact,
    line_chart,
    marks_table,
    measured,
    points,
    told_as,
)  # fmt: skip
from toynet.charts.palette import GREY, SERIES_COLOURS
from toynet.many.measures import medians

HEIGHT = 300
"""Pixels, with axes and legend."""

NAMES = ("Each seed", "10 to 90 %", "Median")

PALE = "#b79bdc"
"""The band in the legend."""

LOOKS = ((GREY, [1, 0]), (PALE, [1, 0]), (SERIES_COLOURS[0], [1, 0]))

TOLD = ("Median", "10 to 90 %", "All", "Seeds")
"""Of a place that is hovered, behind where it is."""

POINTS = 12_000
"""Rows of all seeds' curves, about, at most."""


@lru_cache(vega.SPECS)
def fan_chart(view: View, measure: str = "test_loss") -> vega.Spec:
    """Spec of the fan, over the datasets of `fan_tables`.

    Parameters
    ----------
    view : View
        Its axes; nothing is smoothed.
    measure : str
        A key of `comparison.MEASURES`.
    """
    more: dict[str, Any] = {"looks": LOOKS, "titles": [X_AXES[view.x_column], *TOLD], "height": HEIGHT, "moves": False}
    if measure == "grad_norm":
        axis = vega.log_axis("data('marks')[0].least")
        spec = line_chart(NAMES, View(view.x_column), MEASURES[measure], LOG, axis, **more)
    else:
        shows = "loss" if measure.endswith("loss") else "accuracy"
        spec = measured(NAMES, View(view.x_column, shows, view.log), **more)
    return {**spec, "layer": [_drawn(layer) for layer in spec["layer"]]}


def _drawn(layer: dict[str, Any]) -> dict[str, Any]:
    """The seeds' lines pale and thin; the band an outline that is filled."""
    looks: dict[str, dict[str, Any]] = {
        "curve0": {"strokeWidth": 1, "opacity": 0.5},
        "curve1": {"fill": SERIES_COLOURS[0], "fillOpacity": 0.2, "strokeWidth": 0},
        "curve2": {"strokeWidth": 2.5},
    }
    look = looks.get(layer.get("data", {}).get("name", ""))
    return {**layer, "mark": {**layer["mark"], **look}} if look else layer


def fan_tables(
    histories: Sequence[Mapping[str, np.ndarray]],
    view: View,
    measure: str = "test_loss",
    diverged: Sequence[bool] = (),
) -> vega.Tables:
    """Datasets of `fan_chart`.

    Parameters
    ----------
    histories : sequence of dict
        Of each seed history column -> ndarray (rows,); one at least.
    view : View
    measure : str
    diverged : sequence of bool
        Which of them ended because they diverged: beyond their end they count as infinitely bad, others not at all.

    Returns
    -------
    dict of str to pyarrow.Table
        `curve0` all seeds, a gap behind each; `curve1` the outline of the band; `curve2` the median; `marks`, `hover`,
        and `zeros` on a log axis.

    Raises
    ------
    ValueError
        If there is no history.
    """
    if not histories:
        raise ValueError("there are no seeds to draw: give one history at least")
    is_log = measure == "grad_norm" or (view.log and measure.endswith("loss"))
    curves = [(history[view.x_column], history[measure]) for history in histories]
    start, last = min(x[0] for x, _ in curves), max(x[-1] for x, _ in curves)
    end = axis_end(last)
    x = _places(curves, start, end, is_log)
    ends_badly = [bool(i < len(diverged) and diverged[i]) for i in range(len(curves))]
    worst = -np.inf if measure in ACCURACIES else np.inf
    at = np.stack([_at(*curve, x, worst if bad else np.nan) for curve, bad in zip(curves, ends_badly, strict=True)])
    median, (low, high) = medians(at), band(at)
    seeds = _seeds(curves, start, end, is_log)
    heights = np.concatenate([seeds["y"].drop_null().to_numpy(), median])
    first, top = axis_from_to(heights, is_log, measure in ACCURACIES)
    axes = {"end": end, "low": first, "high": top, "least": first}
    tables = {
        "curve0": seeds,
        "curve1": _outline(x, low, high, (first, top)),
        "curve2": points(x, median, is_log),
        "marks": marks_table(np.array([start]), (), axes),
        "hover": _hover(x, at, (median, low, high), view, measure),
    }
    if is_log:
        tables["zeros"] = vega.table({"x": np.empty(0), "colour": pa.array([], pa.string()), "line": np.empty(0)})
    return tables


def band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From where to where 10 to 90 % of the values lie, (columns,) each; NaN where there are none.

    Parameters
    ----------
    values : ndarray (seeds, columns)
        NaN where there is none; may be infinite.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    counts = (~np.isnan(values)).sum(axis=0)
    ends = []
    for share in (0.1, 0.9):
        place = share * np.maximum(counts - 1, 0)
        under, over = (
            np.take_along_axis(ordered, round_(place).astype(int)[None], 0)[0] for round_ in (np.floor, np.ceil)
        )
        part = place - np.floor(place)
        with np.errstate(invalid="ignore"):
            between = np.where((under == over) | (part == 0), under, under + part * (over - under))
        ends.append(between)
    return ends[0], ends[1]


def _places(curves: Sequence[tuple[np.ndarray, np.ndarray]], start: float, end: float, is_log: bool) -> np.ndarray:
    """Where the median is taken: the longest curve's rows, those that draw it where they are many."""
    x, y = max(curves, key=lambda curve: curve[0][-1])
    if len(x) <= REST_COLUMNS:
        return x
    even = np.searchsorted(x, np.linspace(start, x[-1], REST_COLUMNS // 2))
    return x[np.union1d(np.minimum(even, len(x) - 1), m4(x, y, start, end, HOVER_PLACES, is_log))]


def _at(x: np.ndarray, y: np.ndarray, places: np.ndarray, beyond: float) -> np.ndarray:
    """A curve at these places: its last row up to each; before its start NaN, behind its end what lies beyond."""
    rows = np.searchsorted(x, places, side="right") - 1
    return np.where(rows < 0, np.nan, np.where(places > x[-1], beyond, y[np.maximum(rows, 0)]))


def _seeds(curves: Sequence[tuple[np.ndarray, np.ndarray]], start: float, end: float, is_log: bool) -> pa.Table:
    """All seeds as one line, a gap behind each: lines of their own would each be a layer."""
    columns = max(POINTS // 4 // len(curves), 20)
    parts = []
    for x, y in curves:
        rows = m4(x, y, start, end, columns, is_log)
        parts.append((np.append(x[rows], x[rows[-1:]]), np.append(y[rows], np.nan)))
    x, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    with np.errstate(over="ignore"):
        small = y.astype(np.float32)
    return pa.table({"x": x.astype(np.float32), "y": pa.array(small, mask=~shown_on_axis(small, is_log))})


def _outline(x: np.ndarray, low: np.ndarray, high: np.ndarray, ends: tuple[float, float]) -> pa.Table:
    """Along the upper end and back along the lower one; cut off at the axis' ends, which it may lie beyond."""
    known = ~(np.isnan(low) | np.isnan(high))
    x, low, high = x[known], *(np.clip(end[known], *ends) for end in (low, high))
    return pa.table({"x": np.concatenate([x, x[::-1]]).astype(float), "y": np.concatenate([high, low[::-1]])})


def _hover(
    x: np.ndarray, at: np.ndarray, figures: tuple[np.ndarray, np.ndarray, np.ndarray], view: View, measure: str
) -> pa.Table:
    """Places along the axis with ready texts."""
    rows = np.unique(np.linspace(0, len(x) - 1, min(len(x), 3 * HOVER_PLACES)).round().astype(int))
    median, low, high = figures
    texts: list[list[str]] = [[] for _ in range(1 + len(TOLD))]
    for row in rows:
        known = at[:, row][~np.isnan(at[:, row])]
        ends = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
        told = (
            told_as(view.x_column, x[row]),
            _told(median[row], measure),
            _from_to(low[row], high[row], measure),
            _from_to(ends[0], ends[1], measure),
            f"{len(known)}",
        )
        for column, word in zip(texts, told, strict=True):
            column.append(word)
    return vega.table({"x": compact(x[rows]), **{f"t{i}": column for i, column in enumerate(texts)}})


def _from_to(low: float, high: float, measure: str) -> str:
    return f"{_told(low, measure)} to {_told(high, measure)}"


def _told(value: float, measure: str) -> str:
    return "diverged" if np.isinf(value) else told_as(measure, value)
