"""How far runs that differ by their seeds lie apart: bands around curves, and lines between classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.aggregation import shown_on_axis, step_down
from toynet.charts.boundary import lines_table
from toynet.charts.curves import ACCURACIES, REST_COLUMNS, compact
from toynet.charts.fan import band
from toynet.charts.field import Area, Network, Plane, borders, evaluate, plane
from toynet.datasets import Split
from toynet.history import History
from toynet.many.measures import medians

LIVE_COLUMNS = 80
"""Columns of a band that moves: at least so many, and up to a half more."""

GRID = 64
"""Pixels along each side of the fields of which only the lines between classes are drawn."""


class Spread:
    """Median and band of several runs, row by row of the first one's history; only rows that are new are looked at."""

    def __init__(self) -> None:
        self._known: dict[str, np.ndarray] = {}
        self._runs: tuple[History, ...] = ()

    def of(self, runs: Sequence[History], ended: Sequence[bool], column: str) -> np.ndarray:
        """Low edge, median and high edge of a column, (3, rows).

        Parameters
        ----------
        runs : sequence of History
            The first one's rows are those that count.
        ended : sequence of bool
            Which of them have diverged and have no more rows to come: from there on their loss or norm counts as
            infinite, their accuracy as 0.
        column : str

        Returns
        -------
        ndarray (3, rows)
            As many rows as all runs have that go on. What is not finite is not drawn.
        """
        if self._runs != tuple(runs):
            self._known, self._runs = {}, tuple(runs)
        known = self._known.get(column, np.empty((3, 0)))
        epochs = runs[0]["epoch"]
        last = min([run["epoch"][-1] for run, end in zip(runs, ended, strict=True) if not end], default=epochs[-1])
        new = epochs[known.shape[1] : int(np.searchsorted(epochs, last, side="right"))]
        if len(new):
            lost = 0.0 if column in ACCURACIES else np.inf
            values = np.stack([_at(run, column, new, lost) for run in runs])
            low, high = band(values)
            known = np.concatenate([known, [low, medians(values), high]], axis=1)
            self._known[column] = known
        return known


def _at(run: History, column: str, epochs: np.ndarray, lost: float) -> np.ndarray:
    """A run's values at these epochs: of its last row up to each, and `lost` behind its end."""
    rows = np.searchsorted(run["epoch"], epochs, side="right") - 1
    return np.where(epochs > run["epoch"][-1], lost, run[column][np.maximum(rows, 0)])


def spread_tables(
    spreads: Sequence[np.ndarray], x: np.ndarray, end: float, is_log: bool, columns: float | None
) -> vega.Tables:
    """Datasets `spread0`, ...: of each curve x, low, mid and high.

    Parameters
    ----------
    spreads : sequence of ndarray (3, rows)
        From `Spread.of`.
    x : ndarray (rows or more,)
        Of the first run.
    end : float
        Where the x axis ends.
    is_log : bool
        Whether the y axis is logarithmic.
    columns : float or None
        Of pixels; None while the curves move.
    """
    return {f"spread{i}": _table(spread, x, end, is_log, columns) for i, spread in enumerate(spreads)}


def heights_of(tables: vega.Tables) -> np.ndarray:
    """All that these bands come to, which the y axis is to hold."""
    drawn = [table[edge].drop_null().to_numpy() for table in tables.values() for edge in ("low", "high")]
    return np.concatenate([np.empty(0), *drawn])


def _table(spread: np.ndarray, x: np.ndarray, end: float, is_log: bool, columns: float | None) -> pa.Table:
    x = x[: spread.shape[1]]
    columns = columns or LIVE_COLUMNS
    width = (end if columns == REST_COLUMNS else step_down(end)) / columns
    starts = np.arange(len(x))
    if len(x) > 1.5 * columns and width > 0:
        starts = np.flatnonzero(np.diff(np.floor((x - x[0]) / width), prepend=-1.0))
    if not len(starts):
        return pa.table({"x": np.empty(0), **{edge: pa.array([], pa.float32()) for edge in ("low", "mid", "high")}})
    last = np.append(starts[1:], len(x)) - 1
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = np.minimum.reduceat(spread[0], starts), np.maximum.reduceat(spread[2], starts)
        edges = {"low": low, "mid": spread[1][last], "high": high}
        small = {name: values.astype(np.float32) for name, values in edges.items()}
    hidden = ~(shown_on_axis(small["low"], is_log) & shown_on_axis(small["high"], is_log))
    hidden_mid = ~shown_on_axis(small["mid"], is_log)
    masks = {"low": hidden, "mid": hidden_mid, "high": hidden}
    return pa.table({"x": compact(x[last]), **{name: pa.array(small[name], mask=masks[name]) for name in edges}})


# --- the lines between classes ---------------------------------------------------------


def coarse_planes(splits: Sequence[Split], area: Area) -> tuple[Plane, ...]:
    """For each run's own data the plane of a picture, coarse: its mean and scale are its own."""
    return tuple(plane(split, grid=GRID, area=area) for split in splits)


def others_table(networks: Sequence[Network], planes: Sequence[Plane]) -> pa.Table:
    """Dataset `others` of the boundary picture: the lines between classes of each network."""
    lines: list[np.ndarray] = []
    for (parameters, activation, *output), seen in zip(networks, planes, strict=True):
        lines += borders(evaluate(parameters, seen, activation, np.float32, *output)[0], seen)
    return lines_table(lines, planes[0])
