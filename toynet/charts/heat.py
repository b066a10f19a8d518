"""The heat map of a sweep: a cell for each combination of settings, coloured by what its runs have come to.

A third setting gives rows of pictures. All stand in one plane of columns and lines, for a chart of several views would
not stretch with the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import shading, vega
from toynet.charts.arrangement import Axis, Layout
from toynet.charts.palette import GREY, OUTLINE
from toynet.many.measures import summaries, title, values
from toynet.many.results import Results
from toynet.many.summary import LEVELS

CELL = "cell"
"""Name of the selection of cells that are clicked, and of the column that it lists."""

TALL, LOWEST = 46, 9
"""Pixels of a cell's height at most and at least."""

HEAD = 24
"""Pixels of a picture's heading."""

MOST_TALL = 380
"""Pixels of all cells together, at most while they are not at their lowest."""

AROUND = 136
"""Pixels of height for axis and legends."""

WRITTEN = 24
"""Columns up to which cells have their figure written into them, where it has room."""

ROOM = 40
"""Pixels that a figure takes."""

MOST_SEEDS = 12
"""Seeds told of each cell, at most."""


BARE = {"grid": False, "ticks": False, "domain": False}
"""Of an axis that has words alone."""


# --- the chart ------------------------------------------------------------------------


@lru_cache(vega.SPECS)
def heat_chart(
    axes: tuple[Axis, Axis, Axis], measure: str, level: float = LEVELS[0], is_log: bool = False, can_pick: bool = True
) -> vega.Spec:
    """Spec of the heat map, over the datasets of `heat_tables`.

    Parameters
    ----------
    axes : tuple of 3 Axis
        `Layout.axes`.
    measure : str
        A key of `MEASURES`.
    level : float
        Of `reached`.
    is_log : bool
        Whether colours go by the logarithm.
    can_pick : bool
        Whether a click on a cell is the selection `CELL`, a list of rows with the column `cell`; a second one is added
        with shift.
    """
    x, y, pictures = axes
    head, height = _sizes(axes)
    end = len(pictures.labels) * (head + len(y.labels))
    across = alt.Scale(domain=[0, len(x.labels)], nice=False, zero=False)
    down = alt.Scale(domain=[0, end], nice=False, zero=False, reverse=True)
    shared = {
        "x": alt.X("x:Q", title=x.title or None, scale=across, axis=_columns_axis(x)).to_dict(),
        "y": alt.Y("y:Q", title=y.title or None, scale=down, axis=_lines_axis(axes, head)).to_dict(),
    }
    heading = title(measure, level)
    told = [a.title for a in (x, y, pictures) if a.title]
    tooltip = vega.tooltip({name: f"datum.t{i}" for i, name in enumerate([*told, heading, "Seeds"])})
    cells = alt.Chart(vega.dataset("cells"))
    across_and_down = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q"), "key": vega.KEY}
    # What has no figure is not drawn where there is a scale for it: what is hovered and clicked is a layer of its own.
    colours = cells.mark_rect(opacity=1).encode(
        fill=shading.colour(alt.Fill, measure, heading, is_log), **across_and_down
    )
    pale = alt.condition("datum.is_beyond", alt.value(shading.PALE), alt.value("transparent"))
    touched = cells.mark_rect(
        tooltip=tooltip, stroke=GREY, strokeOpacity=0.45, strokeWidth=1, cursor="pointer", opacity=1
    ).encode(fill=pale, **across_and_down)
    if can_pick:
        touched = touched.add_params(alt.selection_point(name=CELL, fields=["cell"], toggle="event.shiftKey"))
    words = [shading.NONE_YET, shading.beyond(measure)]
    written = _written(len(x.labels), height / end)
    layers = [shading.domain_layer(), colours, _crosses(height / end), *written, touched, *_chosen()]
    if pictures.title:
        layers.append(_headings())
    return vega.spec(alt.layer(*layers, shading.signs_legend(words)), height + AROUND, encoding=shared)


def _sizes(axes: tuple[Axis, Axis, Axis]) -> tuple[float, int]:
    """How many lines' height a picture's heading has, and pixels of all."""
    _, y, pictures = axes
    lines, count = len(y.labels), len(pictures.labels)
    heads = HEAD * count if pictures.title else 0
    tall = int(np.clip(MOST_TALL / (lines * count), LOWEST, TALL))
    return (HEAD / tall if pictures.title else 0.0), tall * lines * count + heads


def _is_long(labels: Sequence[str]) -> bool:
    return max(map(len, labels)) > 8


def _columns_axis(x: Axis) -> alt.Axis | None:
    if not x.title:
        return None
    places = [i + 0.5 for i in range(len(x.labels))]
    # Long ones are cut to their column; of short ones some are left out where they would touch.
    limit = {"labelLimit": alt.expr(f"max(24, width / {len(places)} - 6)")} if _is_long(x.labels) else {}
    label = f"{vega.js(list(x.labels))}[floor(datum.value)]"
    return alt.Axis(
        values=alt.expr(vega.js(places)),
        labelExpr=label,
        labelOverlap=not limit,
        labelFlush=False,
        titleLimit=alt.expr("width"),
        **BARE,
        **vega.CLOSE,
        **limit,
    )


def _lines_axis(axes: tuple[Axis, Axis, Axis], head: float) -> alt.Axis | None:
    _, y, pictures = axes
    if not y.title:
        return None
    period = head + len(y.labels)
    places = [p * period + head + i + 0.5 for p in range(len(pictures.labels)) for i in range(len(y.labels))]
    line = f"floor(datum.value % {period} - {head})"
    return alt.Axis(
        values=alt.expr(vega.js(places)),
        labelExpr=f"{vega.js(list(y.labels))}[{line}]",
        labelOverlap="parity",
        labelFlush=False,
        labelLimit=110,
        titleLimit=alt.expr("height"),
        **BARE,
        **vega.CLOSE,
    )


def _crosses(tall: float) -> alt.Chart:
    """A cross in each cell whose figure is beyond the colours."""
    is_beyond = alt.condition("datum.is_beyond", alt.value(1), alt.value(0))
    return (
        alt.Chart(vega.dataset("cells"))
        .mark_point(shape=shading.CROSS, stroke=GREY, strokeWidth=1.5, size=min(110, tall**2 / 2), fill="transparent")
        .encode(alt.X("middle:Q"), alt.Y("centre:Q"), opacity=is_beyond, key=vega.KEY)
    )


def _written(columns: int, tall: float) -> list[alt.Chart]:
    """The figures in the cells, where they have room."""
    if columns > WRITTEN or tall < 13:
        return []
    is_bright = alt.condition("datum.is_bright", alt.value(OUTLINE), alt.value("#ffffff"))
    mark = alt.Chart(vega.dataset("cells")).mark_text(
        fontSize=11, opacity=alt.expr(f"width / {columns} < {ROOM} ? 0 : 1"), baseline="middle"
    )
    return [mark.encode(alt.X("middle:Q"), alt.Y("centre:Q"), text="text:N", fill=is_bright, key=vega.KEY)]


def _chosen() -> list[alt.Chart]:
    """Chosen cells: a dark and a light outline, one of which shows on every colour, and a letter."""
    chosen = alt.Chart(vega.dataset("chosen"))
    ends = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q"), "key": vega.KEY}
    outer, inner = (
        chosen.mark_rect(filled=False, stroke=stroke, strokeWidth=width, opacity=1).encode(**ends)
        for stroke, width in ((OUTLINE, 5), ("#ffffff", 2))
    )
    badge = chosen.mark_point(shape="circle", size=210, fill=OUTLINE, stroke="#ffffff", strokeWidth=1.5, opacity=1)
    letter = chosen.mark_text(fontSize=11, fontWeight="bold", fill="#ffffff", baseline="middle", dy=0.5)
    return [outer, inner, badge.encode(key=vega.KEY), letter.encode(text="name:N", key=vega.KEY)]


def _headings() -> alt.Chart:
    return (
        alt.Chart(vega.dataset("headings"))
        .mark_text(
            align="left", baseline="bottom", dy=-5, fontSize=12, fontWeight="bold", fill=GREY, limit=alt.expr("width")
        )
        .encode(text="text:N", key=vega.KEY)
    )


# --- its tables -------------------------------------------------------------------------


def heat_tables(
    results: Results,
    layout: Layout,
    measure: str,
    level: float = LEVELS[0],
    is_log: bool = False,
    chosen: Sequence[int] = (),
) -> vega.Tables:
    """Datasets of `heat_chart`.

    Parameters
    ----------
    results : Results
    layout : Layout
    measure, level, is_log
        As for the chart.
    chosen : sequence of int
        Cells that are marked, A, B, ...; those that are not seen are passed over.
    """
    head = _sizes(layout.axes)[0]
    pictures, lines = layout.cells.shape[:2]
    picture, line, column = (place.ravel() for place in np.indices(layout.cells.shape))
    cells = layout.cells.ravel()
    runs = values(results, measure, level)[:, cells]
    figures = summaries(runs, measure)
    ends = shading.domain(figures, measure, is_log)
    x, y = column.astype(np.uint16), (picture * (head + lines) + head + line).astype(np.float32)
    bright = shading.places(figures, ends, measure, is_log) > shading.BRIGHT
    tables = {
        "cells": vega.table(
            {
                "x": x,
                "x2": x + np.uint16(1),
                "y": y,
                "y2": y + np.float32(1),
                "middle": (x + 0.5).astype(np.float32),
                "centre": y + np.float32(0.5),
                "cell": cells.astype(np.uint32),
                "value": shading.column(figures, ends),
                "is_beyond": np.isinf(figures),
                "is_bright": bright,
                "text": [shading.told(f, measure, 3) if np.isfinite(f) else "" for f in figures],
            }
            | _told(layout, (column, line, picture), runs, figures, results, measure)
        ),
        "domain": shading.domain_table(ends, measure, is_log),
        "chosen": _chosen_table(chosen, cells, x, y),
    }
    if layout.pictures.title:
        start = np.arange(pictures) * (head + lines) + head
        words = [f"{layout.pictures.title} {value}" for value in layout.pictures.labels]
        tables["headings"] = vega.table({"x": np.zeros(pictures), "y": start, "text": words})
    return tables


def _told(
    layout: Layout,
    at: tuple[np.ndarray, ...],
    runs: np.ndarray,
    figures: np.ndarray,
    results: Results,
    measure: str,
) -> dict[str, list[str]]:
    """Ready texts of what a cell tells: its values, its figure, every seed's."""
    texts = [[a.labels[i] for i in where] for a, where in zip(layout.axes, at, strict=True) if a.title]
    cells = layout.cells.ravel()
    done = results.by_cell(results.done)[:, cells]
    lost = results.by_cell(results.diverged)[:, cells].sum(axis=0)
    texts.append([_figure(*each, measure) for each in zip(figures, done.sum(axis=0), lost, strict=True)])
    texts.append([_seeds(runs[:, i], done[:, i], measure) for i in range(len(cells))])
    return {f"t{i}": column for i, column in enumerate(texts)}


def _figure(figure: float, done: int, lost: int, measure: str) -> str:
    """The figure, of how many seeds, and how many of them diverged."""
    if not done:
        return shading.NONE_YET
    some = "1 seed" if done == 1 else f"{done} seeds"
    many = "" if measure == "diverged" else "median of "
    return f"{shading.told(figure, measure)} ({many}{some}" + (f", {lost} diverged)" if lost else ")")


def _seeds(runs: np.ndarray, done: np.ndarray, measure: str) -> str:
    """Every seed's figure, the first ones."""
    if measure == "diverged":
        told = [f"{seed}" for seed in np.flatnonzero(runs == 1.0)]
        words = f"{', '.join(told[:MOST_SEEDS])} diverged" if told else "–"
        return words.replace(" diverged", ", … diverged") if len(told) > MOST_SEEDS else words
    told = [shading.told(value, measure, 3) for value in runs[done][:MOST_SEEDS]]
    return ", ".join(told + (["…"] if done.sum() > MOST_SEEDS else [])) or "–"


def _chosen_table(chosen: Sequence[int], cells: np.ndarray, x: np.ndarray, y: np.ndarray) -> pa.Table:
    seen = [(int(np.flatnonzero(cells == cell)[0]), chr(65 + i)) for i, cell in enumerate(chosen) if cell in cells]
    rows = np.array([row for row, _ in seen], int)
    return vega.table(
        {
            "x": x[rows],
            "x2": x[rows] + np.uint16(1),
            "y": y[rows],
            "y2": y[rows] + np.float32(1),
            "name": pa.array([name for _, name in seen], pa.string()),
        }
    )
