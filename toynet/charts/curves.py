"""Losses or accuracies, and gradient norms, as Altair charts, and the tables that move them (see `boundary.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.aggregation import Aggregation, Average, m4, shown_on_axis, step_down, step_up
from toynet.charts.palette import GREY, RUN_LOOKS, SERIES_COLOURS, SERIES_LOOKS
from toynet.derivation.numerals import text
from toynet.history import History

X_AXES = {"epoch": "Epoch", "update": "Update", "samples_seen": "Samples seen", "seconds": "Seconds of training"}
"""What the curves can be drawn over: history column -> axis title."""

LOSSES = {"train_loss": "Train", "test_loss": "Test"}
ACCURACIES = {"train_accuracy": "Train", "test_accuracy": "Test"}
NORMS = {"grad_norm_W1": "W1", "grad_norm_b1": "b1", "grad_norm_W2": "W2", "grad_norm_b2": "b2"}

WHOLE_NORM = {"grad_norm": "Whole gradient"}
"""Of several runs: four bands over each other cannot be read."""

LIVE_COLUMNS = 380
"""Columns of which a curve that moves is drawn as lowest and highest row: at least so many, and up to a half more."""

REST_COLUMNS = 1000
"""Columns of pixels, as far as is known, of a plot in which nothing moves: there the picture is that of all rows."""

HOVER_PLACES = 60
"""Places along the x axis where rows can be hovered; while nothing moves their lowest and highest rows too."""

MOST_MARKS = 30
"""Changes of settings marked at most: the last ones."""


@dataclass(frozen=True)
class View:
    """How the curves are looked at.

    Attributes
    ----------
    x_column : str
        A key of `X_AXES`.
    shows : {"loss", "accuracy"}
        What the upper chart draws.
    log : bool
        Whether losses stand on a log axis (norms always do).
    smoothing : float
        Weight of the exponential average, 0 for none, below 1.
    """

    x_column: str = "epoch"
    shows: str = "loss"
    log: bool = False
    smoothing: float = 0.0

    @property
    def series(self) -> dict[str, str]:
        """History column -> name of its curve in the upper chart."""
        return LOSSES if self.shows == "loss" else ACCURACIES

    @property
    def is_log(self) -> bool:
        """Whether the upper chart's axis is logarithmic."""
        return self.log and self.shows == "loss"


Window: TypeAlias = tuple[float, float]
"""From where to where on the x axis."""


@dataclass(frozen=True)
class Seen:
    """What a browser shows of the curves, as far as is known.

    Attributes
    ----------
    columns : float
        Of pixels that a plot has.
    measures, norms : (float, float) or None
        From where to where a chart is zoomed on the x axis, if it is.
    """

    columns: float = REST_COLUMNS
    measures: Window | None = None
    norms: Window | None = None


# --- the charts ------------------------------------------------------------------------


@lru_cache(vega.SPECS)
def measure_chart(view: View, has_test: bool, behind: int = 0, has_spread: bool = False) -> vega.Spec:
    """Spec of the curves of loss or accuracy, over the datasets of `curve_tables`, and so many runs behind them.

    With `has_spread` over those of `spread.spread_tables` too: a band and its median around each curve.
    """
    names = list(view.series.values())[: 2 if has_test else 1]
    return measured(names, view, behind, has_spread=has_spread)


@lru_cache(vega.SPECS)
def norm_chart(view: View, behind: int = 0, has_spread: bool = False) -> vega.Spec:
    """Spec of the gradient norms on a log scale, as `measure_chart`; with `has_spread` of `WHOLE_NORM` alone."""
    more = {"behind": behind, "has_spread": has_spread}
    names = list((WHOLE_NORM if has_spread else NORMS).values())
    return line_chart(names, view, "Gradient norm", LOG, vega.log_axis(_LEAST), **more)


def measured(names, view, behind=0, **more):
    """Curves of losses or accuracies on the axis that the view chooses."""
    if view.shows == "accuracy":
        axis = alt.Axis(labelExpr=_PERCENT, tickCount=5)
        return line_chart(names, view, "Accuracy", LINEAR, axis, behind=behind, **more)
    if view.log:
        return line_chart(names, view, "Cross-entropy (nats)", LOG, vega.log_axis(_LEAST), behind=behind, **more)
    return line_chart(names, view, "Cross-entropy (nats)", LINEAR, vega.linear_axis(), behind=behind, **more)


_LEAST = "data('marks')[0].least"
_PERCENT = "format(datum.value, domain('y')[1] - domain('y')[0] < 0.05 ? '.2~%' : '.0%')"
LINEAR, LOG = {"nice": False}, {"nice": False, "type": "log"}


def line_chart(
    names, view, title, scale, axis, looks=SERIES_LOOKS, titles=None, behind=0, height=None, moves=True,
    has_spread=False,
):  # fmt: skip
    """Spec of curves over one x axis.

    Parameters
    ----------
    names : sequence of str
        Of the curves, for the legend.
    view : View
    title : str
        Of the y axis.
    scale : dict
        Of the y axis: `LINEAR` or `LOG`.
    axis : altair.Axis
    looks : sequence of (str, list)
        Colour and dash of each curve.
    titles : sequence of str, optional
        Of the texts of a row that is hovered; by default those of `hover_table`.
    behind : int
        Runs whose curves are drawn behind these.
    height : int, optional
        Pixels.
    moves : bool
        Whether the curves grow: then each has its newest rows as a tail of its own, and a dot where it is now.
    has_spread : bool
        Whether each has a band and a median of several runs behind it, the datasets `spread0`, ...
    """
    axis.minExtent = axis.maxExtent = EXTENT
    axis.titlePadding = TITLE
    y = {"title": title, "axis": axis}
    y["scale"] = alt.Scale(**scale, **_domain("y", "low", "high", is_log=scale.get("type") == "log"))
    parts = ("curve", "tail") if moves else ("curve",)
    kinds = dict.fromkeys(parts, view.smoothing > 0)
    if view.smoothing:
        kinds |= {f"smooth{part}": False for part in parts}
    bands = [layer for i in range(len(names) if has_spread else 0) for layer in _spread(i, looks[i % len(looks)])]
    lines = [_line(f"behind{i}", RUN_LOOKS[i], 0.55) for i in range(behind)]
    lines += [
        _line(f"{kind}{i}", looks[i % len(looks)], 0.3 if pale else 1, y if (i, kind) == (0, "curve") else {})
        for kind, pale in kinds.items()
        for i in range(len(names))
    ]
    lines[0] = lines[0].add_params(alt.selection_interval(name="zoom", bind="scales"))
    tips = [_tips()] if moves else []
    layers = [*bands, *lines, *tips, _marks(), _hover(titles or _titles(names, view.x_column)), _legend(names, looks)]
    if scale.get("type") == "log":
        layers.append(_zeros())
    # What stands beside the plot has its room, whatever the numbers: then the plot keeps its place, nothing has to
    # be fitted in each frame, and it is known how many pixels it has.
    autosize = {"type": "none", "contains": "padding"}
    x = _x_axis(view.x_column).to_dict()
    around = AROUND | {"top": AROUND["top"] + LEGEND_LINE * ((len(names) - 1) // LEGEND_COLUMNS)}
    return vega.spec(alt.layer(*layers), height or HEIGHT, encoding={"x": x}, padding=around, autosize=autosize)


LEGEND_COLUMNS, LEGEND_LINE = 4, 18
"""Names in a line of the legend, and pixels from line to line."""

HEIGHT = 178
"""Pixels, with axes and legend."""

AROUND = {"left": 67, "top": 36, "right": 16, "bottom": 38}
"""Pixels around the plot, for axes and legend."""

LINE = 8
"""Pixels from one line of signs of zeros to the next, at the foot of a log axis."""

CHARACTER = 6.2
"""Pixels of a character of a mark's label, at most on average."""

EXTENT, TITLE = 48, 4
"""Pixels from the y axis to the left edge of its numbers, and from there to its title."""


def _domain(channel, first, last, is_log=False):
    """From where to where `curve_tables` says that the axis goes, unless it is zoomed; never beyond.

    The zoom's own signal, not its selection: the page empties that whenever a table changes.
    """
    low, high = (f"data('marks')[0].{end}" for end in (first, last))
    zoom, (wide, less, more) = f"zoom_{channel}", ("/", "/", "*") if is_log else ("-", "-", "+")
    # What is moved too far stops at the end, as wide as it was.
    width = f"min({zoom}[1] {wide} {zoom}[0], {high} {wide} {low})"
    start = f"clamp({zoom}[0], {low}, {high} {less} {width})"
    is_part = f"{zoom} && ({zoom}[0] > {low} || {zoom}[1] < {high})"
    raw = f"{is_part} ? [{start}, {start} {more} {width}] : null"
    return {"domain": [alt.expr(low), alt.expr(high)], "domainRaw": alt.expr(raw)}


def _x_axis(x_column):
    # "0k" must not stand for 0, and "500m" not for half an epoch: Vega's own labels have one unit for all.
    # Zoomed in, neighbours differ in later digits.
    later = "max(0, ceil(log(domain('x')[1] / (domain('x')[1] - domain('x')[0])) / LN10))"
    whole = f"format(datum.value, datum.value < 1 ? '~g' : '.' + (4 + {later}) + '~s')"
    label = "format(datum.value, '~g')" if x_column == "seconds" else whole
    step = {} if x_column == "seconds" else {"tickMinStep": 1}
    return alt.X(
        "x:Q",
        title=X_AXES[x_column],
        scale=alt.Scale(nice=False, zero=False, **_domain("x", "x", "end")),
        axis=alt.Axis(grid=False, tickCount=8, labelExpr=label, labelPadding=6, titlePadding=TITLE, **step),
    )


def _line(name, look, opacity, y=None):
    """A layer for each curve instead of one folded layer: see `vega.dataset`. One of them brings the y axis."""
    colour, dash = look
    return (
        alt.Chart(vega.dataset(name))
        .mark_line(color=colour, strokeDash=dash, opacity=opacity, clip=True, order=False)
        .encode(alt.Y("y:Q", **(y or {})))
    )


def _spread(i, look):
    """Layers of a band from low to high, and of the median in it."""
    base = alt.Chart(vega.dataset(f"spread{i}"))
    band = base.mark_area(color=look[0], opacity=0.16, clip=True, order=False).encode(y="low:Q", y2="high:Q")
    median = base.mark_line(color=look[0], strokeDash=look[1], strokeWidth=1, opacity=0.9, clip=True, order=False)
    return band, median.encode(y="mid:Q")


def _tips():
    """A dot where each curve is now."""
    tips = alt.Chart(vega.dataset("tips")).mark_point(size=26, strokeWidth=0, clip=False)
    is_seen = alt.condition(_is_in_sight("x", "y"), alt.value(1), alt.value(0))
    return tips.encode(y="y:Q", fill=alt.Fill("colour:N", scale=None), opacity=is_seen, key=vega.KEY)


def _is_in_sight(*channels):
    """Of what stands on the plot's edge, or beyond, and is not clipped, whether it is not zoomed away: a test."""
    return " && ".join(f"inrange(datum.{channel}, domain('{channel}'))" for channel in channels)


def _zeros():
    """What is exactly 0 has no place on a log axis: a triangle at its foot, a line of them for each such curve."""
    signs = alt.Chart(vega.dataset("zeros")).mark_point(
        shape="triangle-down", size=40, opacity=1, clip=True, strokeWidth=0, y=alt.expr(f"height - {LINE} * datum.line")
    )
    return signs.encode(fill=alt.Fill("colour:N", scale=None), key=vega.KEY)


def _marks():
    """A dashed rule wherever a setting was changed in mid-run, and above the plot what it became.

    A label ends in the chart at the latest, and goes where the next one would cover it: of changes close to each
    other the last is told.
    """
    edge = f"(range('x')[1] + {AROUND['right']})"
    wide, next_wide = (f"({CHARACTER} * {length})" for length in ("length(datum.label)", "datum.next_length"))
    at, next_at = (f"scale('x', datum.{place})" for place in ("x", "next"))
    left, next_left = f"min({at}, {edge} - {wide})", f"min({next_at}, {edge} - {next_wide})"
    has_room = f"(!isValid(datum.next) || {next_at} > range('x')[1] || {next_left} > {left} + {wide} + 4)"
    is_told = alt.condition(f"{has_room} && {_is_in_sight('x')}", alt.value(1), alt.value(0))
    marks = alt.Chart().encode(key=vega.KEY)
    rule = marks.mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=alt.expr("datum.k ? 1 : 0"), clip=True)
    text = marks.mark_text(
        color=GREY, align="left", baseline="bottom", dx=alt.expr(f"{left} - {at} - 1"), y=-3, clip=False
    )
    return alt.layer(rule, text.encode(text="label:N", opacity=is_told), data=vega.dataset("marks"))


def _titles(names, x_column):
    return [X_AXES[x_column], *([] if x_column == "epoch" else ["Epoch"]), *names]


def hover_tooltip(titles):
    """What a row that is hovered tells, an expression: its texts t0, t1, ... under these titles."""
    # What is hovered is the nearest row's cell, whose datum is the rule, whose datum is the row.
    row = "(datum.datum || datum)"
    return vega.tooltip({title: f"{row}.t{i}" for i, title in enumerate(titles)})


def _hover(titles):
    """A rule at the row that is nearest to the pointer, which tells its numbers."""
    hover = alt.selection_point(
        name="hover", on="pointerover", nearest=True, fields=["x"], empty=False, clear="pointerout"
    )
    return (
        alt.Chart(vega.dataset("hover"))
        .mark_rule(color=GREY, tooltip=hover_tooltip(titles), clip=True)
        .encode(key=vega.KEY, opacity=alt.when(hover).then(alt.value(0.8)).otherwise(alt.value(0)))
        .add_params(hover)
    )


def _legend(names, looks):
    """A layer that draws nothing but the legend of the curves."""
    colours = alt.Scale(range=[colour for colour, _ in looks[: len(names)]])
    dashes = alt.Scale(range=[dash for _, dash in looks[: len(names)]])
    more = {"columns": LEGEND_COLUMNS, "labelLimit": 190} if len(names) > LEGEND_COLUMNS else {"labelLimit": 260}
    legend = alt.Legend(
        orient="top", title=None, symbolSize=500, symbolOpacity=1, symbolStrokeWidth=2, offset=19, padding=0, **more
    )
    return (
        alt.Chart(alt.Data(values=list(names)))
        .mark_line(opacity=0)
        .encode(
            x=alt.value(0),
            color=alt.Color("data:N", sort=None, scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("data:N", sort=None, scale=dashes),
        )
    )


# --- their tables ------------------------------------------------------------------------


@dataclass
class Curves:
    """What the curves of one run keep from frame to frame, for one view of them and one fineness.

    Attributes
    ----------
    view : View
    columns : float or None
        Of pixels, in which the picture is that of all rows; None while the curves move.
    """

    view: View
    columns: float | None = None
    _aggregations: dict[str, Aggregation] = field(default_factory=dict)
    _averages: dict[str, Average] = field(default_factory=dict)

    def rows(
        self, x: np.ndarray, y: np.ndarray, name: str, end: float, is_log: bool, window: Window | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which rows of the curve of that name are drawn: those that have settled, and those that have not."""
        if not self.columns:
            growing = self._aggregations.setdefault(name, Aggregation(LIVE_COLUMNS, is_log))
            return growing.rows(x, y, (step_down(end) - x[0]) / LIVE_COLUMNS)
        rows = m4(x, y, x[0], end, self.columns, is_log)
        if window:
            # As much again on either side: a drag shows what is there before the browser tells of it.
            start, end = window
            more = np.ceil(self.columns)  # whole columns, so that those in the window stay where the screen's are
            side = more * (end - start) / self.columns
            rows = np.union1d(rows, m4(x, y, start - side, end + side, self.columns + 2 * more, is_log))
        return rows[:0], rows

    def average(self, column: str, y: np.ndarray) -> np.ndarray:
        """The exponential average of a curve."""
        return self._averages.setdefault(column, Average(self.view.smoothing)).of(y)


def curve_tables(
    history: History,
    series: Mapping[str, str],
    curves: Curves,
    is_log: bool,
    present: Mapping[str, float] | None = None,
    last: float | None = None,
    marks: Sequence[tuple[int, str]] = (),
    window: Window | None = None,
    is_past: bool = False,
    also: np.ndarray | None = None,
) -> vega.Tables:
    """Datasets of a curve chart.

    Parameters
    ----------
    history : History
    series : dict
        `LOSSES`, `ACCURACIES` or `NORMS`: history column -> name of its curve.
    curves : Curves
        What this history was drawn with before: then only rows that are new cost anything.
    is_log : bool
        Whether the chart's y axis is logarithmic.
    present : dict, optional
        Column -> value of this very moment, drawn behind the last row where the
        network has been updated since.
    last : float, optional
        Where the run is to end on the x axis, if that is known: there the axis stops growing.
    marks : sequence of (int, str)
        The row before each change of a setting, and its text (`history.marks`).
    window : (float, float), optional
        From where to where the chart is zoomed on the x axis: while nothing moves it is exact there too.
    is_past : bool
        Whether `present` is a moment on the curves, at which one looks back.
    also : ndarray, optional
        More that the y axis is to hold.

    Returns
    -------
    dict of str to pyarrow.Table
        Of each curve the rows that have settled, `curve0`, ..., and those behind them, `tail0`, ...; where it is
        smoothed `smoothcurve0` and `smoothtail0` too; `tips`, `marks`, and `zeros` on a log axis.
        What can be hovered is `hover_table`.
    """
    x = history[curves.view.x_column]
    late = present if present and present["update"] > history["update"][-1] else None
    now = present if present and is_past else late or history.last
    x_now = now[curves.view.x_column]
    end = axis_end(history.last[curves.view.x_column] if is_past else x_now, last)
    tables: vega.Tables = {}
    heights, zeros, lines = [np.array([now[column] for column in series])], [], 0
    heights += [] if also is None else [also]
    for i, column in enumerate(series):
        y = history[column]
        rows = curves.rows(x, y, column, end, is_log, window)
        tables |= _curve("", i, x, y, rows, is_log, (x_now, now[column]) if late else None)
        if curves.view.smoothing:
            average = curves.average(column, y)
            smooth_rows = curves.rows(x, average, f"{column} smoothed", end, is_log, window)
            tables |= _curve("smooth", i, x, average, smooth_rows, is_log)
        drawn = np.concatenate(rows)
        heights.append(y[drawn])
        at_zero = x[drawn[y[drawn] == 0.0]]
        if is_log and len(at_zero):
            lines += 1
            zeros += [(at, SERIES_COLOURS[i], lines - 0.5) for at in _apart(at_zero, end)]
    tips = [(x_now, now[column], SERIES_COLOURS[i]) for i, column in enumerate(series)]
    tables["tips"] = _rows("x y colour", [tip for tip in tips if shown_on_axis(np.array(tip[1]), is_log)])
    if is_log:
        tables["zeros"] = _rows("x colour line", zeros)
    low, high = axis_from_to(np.concatenate(heights), is_log, next(iter(series)) in ACCURACIES)
    axes = {"end": end, "low": low, "high": high, "least": low}
    if lines:  # no curve reaches down to where they stand
        room = HEIGHT - AROUND["top"] - AROUND["bottom"] - LINE * lines
        axes["low"] = max(low * (low / high) ** (LINE * lines / room), 1e-300)
    return tables | {"marks": marks_table(x, marks, axes)}


def _curve(kind, i, x, y, rows, is_log, behind=None):
    """Tables of a curve: what has settled, and from its last row on what has not, with a point behind it."""
    settled, moving = rows
    moving = np.concatenate([settled[-1:], moving])
    x_moving, y_moving = x[moving], y[moving]
    if behind:
        x_moving, y_moving = np.append(x_moving, behind[0]), np.append(y_moving, behind[1])
    return {
        f"{kind}curve{i}": points(x[settled], y[settled], is_log),
        f"{kind}tail{i}": points(x_moving, y_moving, is_log),
    }


def axis_from_to(heights, is_log, is_share):
    """Where the y axis begins and ends; in steps, so that curves stay where they are."""
    heights = heights[shown_on_axis(heights, is_log)]
    if not len(heights):
        return (0.1, 1.0) if is_log else (0.0, 1.0)
    low, high = heights.min(), heights.max()
    if is_log:
        low, high = np.floor(8 * np.log10(low) - 0.5) / 8, np.ceil(8 * np.log10(high) + 0.5) / 8
        return max(10.0**low, 1e-300), min(10.0**high, 1e300)
    if is_share:
        return max(0.0, np.floor(20 * low - 1e-9) / 20 - 0.05), 1.0
    step = 10.0 ** np.floor(np.log10(high)) / 10 if high > 0 else 0.1
    return 0.0, max(float(np.ceil(high / step) * step), 1e-300)


def axis_end(x, last=None):
    """Where the x axis ends: it grows in steps, so that what was drawn stays where it is, up to the run's end."""
    end = step_up(x) or 1.0
    return min(end, max(last, x)) if last else end


def compact(values):
    """Ascending numbers from 0 on in two bytes where they are whole and small, in four where that is fine enough."""
    if not len(values) or values[-1] > 2**24:
        return values
    small = values.astype(np.uint16 if values[-1] < 2**16 else np.float32)
    return small if np.array_equal(small, values) else values.astype(np.float32)


def points(x, y, is_log):
    """Rows of a curve: float32 where it holds all values, null (a gap) for what the axis cannot show."""
    with np.errstate(over="ignore", under="ignore"):
        small = y.astype(np.float32)
    fits = np.array_equal(np.isfinite(small), np.isfinite(y)) and np.array_equal(small != 0, y != 0)
    return pa.table({"x": compact(x), "y": pa.array(small if fits else y, mask=~shown_on_axis(y, is_log))})


def _apart(x, end, places=40):
    """Of ascending x one for each of so many places up to the end."""
    return x[np.flatnonzero(np.diff(np.floor(x / end * places), prepend=-1.0))].tolist()


def _rows(names, rows):
    """Rows as a table of these columns."""
    columns = zip(*rows, strict=True) if rows else [[] for _ in names.split()]
    types = {"colour": pa.string()}
    return vega.table(
        {n: pa.array(list(c), types.get(n, pa.float64())) for n, c in zip(names.split(), columns, strict=True)}
    )


def marks_table(x, marks, ends):
    """Where settings changed, behind a first row that says from where to where the axes go."""
    last = marks[-MOST_MARKS:]
    places, labels = [float(x[row]) for row, _ in last], [label for _, label in last]
    axes = {name: np.full(1 + len(last), value) for name, value in ends.items()}
    following = pa.array([*places, None], pa.float64()), np.array([*map(len, labels), 0], np.uint8)
    columns = {
        "x": np.array([x[0], *places]),
        "label": ["", *labels],
        "next": following[0],
        "next_length": following[1],
    }
    return vega.table({**columns, **axes})


def hover_table(
    history: History, series: Mapping[str, str], curves: Curves, end: float, window: Window | None = None
) -> pa.Table:
    """Rows that can be hovered, with ready texts: what a row tells stays true, so not every frame needs them anew.

    Parameters
    ----------
    history, series, curves, window
        As for `curve_tables`.
    end : float
        From `axis_end`.
    """
    x_column = curves.view.x_column
    x = history[x_column]
    start, end = window or (x[0], end)
    rows = np.searchsorted(x, np.linspace(start, min(end, x[-1]), HOVER_PLACES))
    if curves.columns:
        rows = np.concatenate([rows, *(m4(x, history[column], start, end, HOVER_PLACES) for column in series)])
    rows = np.unique(np.minimum(rows, len(x) - 1))
    told = [x_column, *([] if x_column == "epoch" else ["epoch"]), *series]
    texts = {f"t{i}": [told_as(column, value) for value in history[column][rows]] for i, column in enumerate(told)}
    return vega.table({"x": compact(x[rows]), **texts})


def told_as(column, value):
    if column in ("epoch", "update", "samples_seen"):
        return f"{value:,.0f}"
    return f"{value:.2%}" if column in ACCURACIES else text(value, 5)
