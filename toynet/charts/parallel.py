"""Parallel coordinates of a sweep: an axis for each setting, the last one for the measure, a line for each cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import shading, vega
from toynet.charts.arrangement import Axis, axis
from toynet.charts.heat import CELL
from toynet.charts.palette import GREY, OUTLINE
from toynet.many.grid import Grid
from toynet.many.measures import HIGHER_IS_BETTER, from_best, summaries, title, values
from toynet.many.results import Results
from toynet.many.summary import LEVELS

HEIGHT = 400
"""Pixels, with all that stands around."""

MOST = 2_000
"""Lines that are drawn at most: those of the best cells."""

MOST_TICKS = 14
"""Values that are written beside an axis, at most."""

SIDE = 62
"""Pixels left of the first axis and right of the last one, for what is written beside them."""

BEYOND = 0.1
"""How far beyond its axis an infinite figure stands, as a share of the axis."""


SPREAD = 0.07
"""How wide the lines through one value spread, as a share of the axis."""


def axes_of(grid: Grid, titles: Mapping[str, str] | None = None) -> tuple[Axis, ...]:
    """The settings of a sweep as people see them."""
    return tuple(axis(name, some, titles) for name, some in grid.axes)


@lru_cache(vega.SPECS)
def parallel_chart(
    axes: tuple[Axis, ...], measure: str, level: float = LEVELS[0], is_log: bool = False, can_pick: bool = True
) -> vega.Spec:
    """Spec of the lines, over the datasets of `parallel_tables`.

    Parameters
    ----------
    axes : tuple of Axis
        From `axes_of`.
    measure : str
        A key of `MEASURES`.
    level : float
        Of `reached`.
    is_log : bool
        Whether colours and the measure's axis go by the logarithm.
    can_pick : bool
        Whether a click on a line is the selection `heat.CELL`, a list of rows with the column `cell`.
    """
    heading = title(measure, level)
    down = [-0.14, 1.14] if measure in HIGHER_IS_BETTER else [-0.06, 1.22]
    shared = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, len(axes)], nice=False, padding=SIDE)).to_dict(),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=down, nice=False)).to_dict(),
    }
    lines = alt.Chart(vega.dataset("lines"))
    ends = {"x2": alt.X2("x2:Q"), "y2": alt.Y2("y2:Q"), "key": vega.KEY}
    colour = shading.colour(alt.Stroke, measure, heading, is_log)
    seen = lines.mark_rule(strokeWidth=1.6, strokeCap="round", opacity=alt.expr("data('domain')[0].opacity"))
    told = vega.tooltip({"Settings": "datum.t0", heading: "datum.t1"})
    # What is beyond the colours has none, so it is drawn by what is hovered and clicked, which is wider than the lines.
    grey = alt.condition("datum.is_beyond", alt.value(shading.PALE), alt.value("transparent"))
    wide = alt.condition("datum.is_beyond", alt.value(1.6), alt.value(9))
    touched = lines.mark_rule(tooltip=told, cursor="pointer", opacity=1).encode(stroke=grey, strokeWidth=wide, **ends)
    if can_pick:
        touched = touched.add_params(alt.selection_point(name=CELL, fields=["cell"], toggle="event.shiftKey"))
    layers = [
        shading.domain_layer(),
        _rules(),
        seen.encode(stroke=colour, **ends),
        touched,
        *_chosen(ends),
        *_words(len(axes)),
    ]
    return vega.spec(alt.layer(*layers), HEIGHT, encoding=shared)


def _rules() -> alt.Chart:
    """The axes."""
    rule = alt.Chart(vega.dataset("axes")).mark_rule(stroke=GREY, strokeWidth=1)
    return rule.encode(y2="y2:Q", key=vega.KEY)


def _words(settings: int) -> list[alt.Chart]:
    """Values beside the axes, with the ground's colour around them, for lines pass beneath; and the axes' names."""
    ticks = alt.Chart(vega.dataset("ticks")).encode(text="text:N", key=vega.KEY)
    limit = alt.expr(f"max(30, min({SIDE - 10}, (width - {2 * SIDE}) / {settings} - 20))")
    is_last = f"datum.x == {settings}"
    align, dx = alt.expr(f"{is_last} ? 'left' : 'right'"), alt.expr(f"{is_last} ? 7 : -7")
    shared = {"align": align, "baseline": "middle", "dx": dx, "fontSize": 11, "limit": limit}
    halo = ticks.mark_text(**shared, stroke=alt.expr("background || 'transparent'"), strokeWidth=4, strokeJoin="round")
    names = alt.Chart(vega.dataset("axes")).encode(text="text:N", key=vega.KEY)
    wide = f"max(50, (width - {2 * SIDE}) / {settings} - 8)"
    wide = alt.expr(f"datum.x > 0 && !({is_last}) ? {wide} : min({2 * SIDE}, {wide})")
    above = names.mark_text(baseline="top", fontSize=12, fontWeight="bold", fill=GREY, limit=wide)
    return [halo, ticks.mark_text(**shared, fill=GREY), above.encode(alt.YValue(0))]


def _chosen(ends: Mapping[str, alt.SchemaBase]) -> list[alt.Chart]:
    """Chosen cells: a dark and a light line, one of which shows on either ground, and a letter at the end."""
    chosen = alt.Chart(vega.dataset("chosen"))
    outer, inner = (
        chosen.mark_rule(stroke=stroke, strokeWidth=width, strokeCap="round", opacity=1).encode(**ends)
        for stroke, width in ((OUTLINE, 5), ("#ffffff", 2))
    )
    at = {"x": alt.X("x2:Q"), "y": alt.Y("y2:Q"), "key": vega.KEY}
    is_end = alt.condition("datum.name", alt.value(1), alt.value(0))
    badge = chosen.mark_point(shape="circle", size=210, fill=OUTLINE, stroke="#ffffff", strokeWidth=1.5)
    letter = chosen.mark_text(fontSize=11, fontWeight="bold", fill="#ffffff", baseline="middle", dy=0.5)
    return [outer, inner, badge.encode(**at, opacity=is_end), letter.encode(**at, text="name:N")]


# --- its tables -------------------------------------------------------------------------


def drawn(figures: np.ndarray, measure: str, most: int = MOST) -> np.ndarray:
    """The cells that have a line: the best of those that have a figure, the best last, which is on top.

    Parameters
    ----------
    figures : ndarray (cells,)
        From `measures.summaries`.
    measure : str
    most : int
    """
    order = from_best(figures, measure)
    return order[~np.isnan(figures[order])][:most][::-1]


def note(results: Results, measure: str, level: float = LEVELS[0], most: int = MOST) -> str:
    """What is left out, in words; empty where nothing is."""
    known = int((~np.isnan(summaries(values(results, measure, level), measure))).sum())
    return f"The best {most:,} of {known:,} combinations are drawn." if known > most else ""


def parallel_tables(
    results: Results,
    axes: tuple[Axis, ...],
    measure: str,
    level: float = LEVELS[0],
    is_log: bool = False,
    chosen: Sequence[int] = (),
    most: int = MOST,
) -> vega.Tables:
    """Datasets of `parallel_chart`.

    Parameters
    ----------
    results : Results
    axes : tuple of Axis
        From `axes_of` its grid.
    measure, level, is_log
        As for the chart.
    chosen : sequence of int
        Cells that are marked, A, B, ...; those that have no figure yet are passed over.
    most : int
        Lines at most; what is left out `note` says.
    """
    figures = summaries(values(results, measure, level), measure)
    ends = shading.domain(figures, measure, is_log)
    cells = drawn(figures, measure, most)
    at = (
        np.stack(np.unravel_index(cells, [len(a.labels) for a in axes]), axis=1)
        if axes
        else np.empty((len(cells), 0), int)
    )
    heights = _heights(at, axes, figures[cells], ends, measure, is_log)
    domain = shading.domain_table(ends, measure, is_log)
    opacity = np.array([float(np.clip(60.0 / max(len(cells), 1), 0.25, 0.95))])
    known = [cell for cell in chosen if np.isfinite(figures[cell]) or np.isinf(figures[cell])]
    marked = np.array([np.flatnonzero(cells == cell)[0] for cell in known if cell in cells], int)
    return {
        "lines": _lines(cells, heights, figures[cells], ends, _told(axes, at, figures[cells], measure)),
        "chosen": _chosen_table(heights[marked], [chr(65 + list(chosen).index(cell)) for cell in cells[marked]]),
        "axes": _axes_table(axes, title(measure, level), measure),
        "ticks": _ticks_table(axes, figures[cells], ends, domain, measure, is_log),
        "domain": domain.append_column("opacity", pa.array(opacity)),
    }


def _heights(
    at: np.ndarray, axes: tuple[Axis, ...], figures: np.ndarray, ends: tuple[float, float], measure: str, is_log: bool
) -> np.ndarray:
    """How high each line stands on each axis, (lines, axes + 1), from 0 to 1; beyond where its figure is infinite."""
    steps = 1.0 / np.array([max(len(a.labels) - 1, 1) for a in axes])
    middle = np.array([0.5 if len(a.labels) == 1 else 0.0 for a in axes])
    last = _on_axis(figures, ends, measure, is_log)
    last = np.where(figures == np.inf, 1.0 + BEYOND, np.where(figures == -np.inf, -BEYOND, last))
    # Lines through the same values lie side by side, in the order of their figures, not over each other.
    ranks = np.argsort(np.argsort(figures, kind="stable")) / max(len(figures) - 1, 1) - 0.5
    return np.column_stack([at * steps + middle + ranks[:, None] * np.minimum(SPREAD, 0.6 * steps), last])


def _on_axis(figures: np.ndarray, ends: tuple[float, float], measure: str, is_log: bool) -> np.ndarray:
    bright = shading.places(figures, ends, measure, is_log)
    return bright if measure in HIGHER_IS_BETTER else 1.0 - bright


def _lines(
    cells: np.ndarray, heights: np.ndarray, figures: np.ndarray, ends: tuple[float, float], told: list[list[str]]
) -> pa.Table:
    """A row for each piece of a line, from axis to axis: lines of their own cost Vega new operators in each frame."""
    pieces = heights.shape[1] - 1
    each = {
        "cell": pa.array(np.repeat(cells, pieces).astype(np.uint32)),
        "value": shading.column(np.repeat(figures, pieces), ends),
        "is_beyond": np.repeat(np.isinf(figures), pieces),
    }
    places = pa.array(np.repeat(np.arange(len(cells)), pieces).astype(np.int32))
    # Of a line's pieces each names its texts by number: they travel once.
    texts = {
        f"t{i}": pa.DictionaryArray.from_arrays(places, pa.array(column, pa.string())) for i, column in enumerate(told)
    }
    return vega.table(_pieces(heights) | each | texts)


def _pieces(heights: np.ndarray) -> dict[str, np.ndarray]:
    x = np.tile(np.arange(heights.shape[1] - 1), len(heights)).astype(np.uint8)
    y, y2 = (part.ravel().astype(np.float32) for part in (heights[:, :-1], heights[:, 1:]))
    return {"x": x, "x2": x + np.uint8(1), "y": y, "y2": y2}


def _told(axes: tuple[Axis, ...], at: np.ndarray, figures: np.ndarray, measure: str) -> list[list[str]]:
    """Ready texts of each line: its settings, its figure."""
    settings = [", ".join(f"{a.title} {a.labels[i]}" for a, i in zip(axes, row, strict=True)) for row in at]
    return [settings, [shading.told(figure, measure) for figure in figures]]


def _chosen_table(heights: np.ndarray, names: list[str]) -> pa.Table:
    pieces = heights.shape[1] - 1
    letters = [name if piece == pieces - 1 else "" for name in names for piece in range(pieces)]
    return vega.table(_pieces(heights) | {"name": pa.array(letters, pa.string())})


def _axes_table(axes: tuple[Axis, ...], heading: str, measure: str) -> pa.Table:
    count, sign = len(axes) + 1, "↑" if measure in HIGHER_IS_BETTER else "↓"
    columns = {"x": np.arange(count, dtype=np.uint8), "y": np.zeros(count), "y2": np.ones(count)}
    return vega.table(columns | {"text": [*(a.title for a in axes), f"{heading} {sign}"]})


def _ticks_table(
    axes: tuple[Axis, ...],
    figures: np.ndarray,
    ends: tuple[float, float],
    domain: pa.Table,
    measure: str,
    is_log: bool,
) -> pa.Table:
    """Values beside the axes: all of a setting's, or some where they are many; of the measure round numbers."""
    rows = []
    for place, one in enumerate(axes):
        count = len(one.labels)
        for i in range(0, count, -(-count // MOST_TICKS)):
            rows.append((place, i / (count - 1) if count > 1 else 0.5, one.labels[i]))
    numbers = sorted({domain[f"tick{i}"][0].as_py() for i in range(shading.TICKS)})
    heights = _on_axis(np.array(numbers), ends, measure, is_log)
    rows += [
        (len(axes), height, shading.told(number, measure, 3)) for number, height in zip(numbers, heights, strict=True)
    ]
    for infinite, height in ((np.inf, 1.0 + BEYOND), (-np.inf, -BEYOND)):
        if (figures == infinite).any():
            rows.append((len(axes), height, shading.told(infinite, measure)))
    x, y, words = zip(*rows, strict=True)
    return vega.table({"x": np.array(x, np.uint8), "y": np.array(y, np.float32), "text": list(words)})
