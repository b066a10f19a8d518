"""The decision boundary as an Altair chart, and the tables that move it.

A chart is built once for a run; only the tables of its named datasets change from
frame to frame, so the browser redraws and never rebuilds, and of a table with the same
bytes as before it draws nothing anew.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.field import Plane, borders, evaluate, image_url
from toynet.charts.palette import CLASS_COLOURS, CLASS_SHAPES, INK, MIDDLE, OUTLINE
from toynet.datasets import Split
from toynet.measuring import predicted
from toynet.network import Parameters, forward

MOST_POINTS = 500
"""Samples drawn at most; of more, a fixed random choice is shown."""

HEIGHT = 362

OTHERS = {"color": INK, "strokeWidth": 1.2, "opacity": 0.4}
"""How the lines of other runs look."""

PICK = "pick"
"""Name of the selection of a boundary picture that can be clicked."""


def shown(split: Split, seed: int = 0) -> np.ndarray:
    """Which samples the boundary picture draws: positions in train then test rows."""
    m = split.y_train.size + split.y_test.size
    if m <= MOST_POINTS:
        return np.arange(m)
    return np.sort(np.random.default_rng(seed).choice(m, MOST_POINTS, replace=False))


@lru_cache(vega.SPECS)
def boundary_chart(
    feature_names: tuple[str, ...],
    class_names: tuple[str, ...],
    plane_ranges: tuple[tuple[float, float], tuple[float, float]],
    has_test: bool,
    height: int = HEIGHT,
    can_pick: bool = False,
    has_legend: bool = True,
    has_others: bool = False,
) -> vega.Spec:
    """Spec of the boundary picture, over the datasets of `field_tables` and `points_table`.

    Parameters
    ----------
    feature_names : tuple of 2 str
        Of what is drawn: `Split.pictured`.
    class_names : tuple of k str
        Of the split.
    plane_ranges : tuple of 2 (float, float)
        `x_range` and `y_range` of the plane.
    has_test : bool
        Whether points of the test part are drawn.
    height : int
        Pixels.
    can_pick : bool
        Whether a click on a sample is the selection `PICK`, a list of the column
        `number` of `points`; the dataset `chosen` (x, y) draws a ring.
    has_legend : bool
        Whether it tells what the points are.
    has_others : bool
        Whether the lines between classes of other runs are drawn, pale: the dataset `others` (x, y), a gap behind
        each line.
    """
    x_range, y_range = plane_ranges
    axes = {
        "x": alt.X("x:Q", **_axis(feature_names[0], x_range)),
        "y": alt.Y("y:Q", **_axis(feature_names[1], y_range)),
    }
    field = (
        alt.Chart(vega.dataset("field"))
        .mark_image(width=alt.expr("width"), height=alt.expr("height"), align="left", baseline="top", aspect=False)
        .encode(x=alt.value(0), y=alt.value(0), url="url:N", key=vega.KEY, order="order:Q")
    )
    line = alt.Chart(vega.dataset("half")).mark_line(
        color=INK, strokeWidth=2, strokeDash=[6, 3], clip=True, order=False
    )
    if has_others:
        line = alt.Chart(vega.dataset("others")).mark_line(**OTHERS, clip=True, order=False) + line
    points = _points(feature_names, class_names, plane_ranges, has_test, has_legend)
    if can_pick:
        ring = alt.Chart(vega.dataset("chosen")).mark_point(size=320, stroke=OUTLINE, strokeWidth=3, opacity=1)
        points = ring + points.add_params(alt.selection_point(name=PICK, fields=["number"], toggle=False))
    shared = {channel: axis.to_dict() for channel, axis in axes.items()}
    return vega.spec(field + line + points, height, encoding=shared)


def _axis(name, domain):
    """A feature's axis. Numbers too long to be told apart are told from a round one on, which the title names."""
    (low, high), digits = domain, _digits(domain)
    is_usual = 1e-3 <= max(-low, high) < 1e6
    number = None if is_usual else vega.short()
    if digits > (10 if is_usual else 5):
        base = float(np.round((low + high) / 2, -int(np.ceil(np.log10(high - low)))))
        number, name = vega.short(f"(datum.value - {base!r})"), f"{name} − {np.format_float_positional(base, trim='-')}"
    axis = alt.Axis(**vega.CLOSE, **({"labelExpr": number} if number else {}))
    return {"title": name, "scale": alt.Scale(domain=domain, nice=False, zero=False), "axis": axis}


def _digits(domain):
    """Significant digits with which places four thousandths of the domain apart are told apart; a float has 17."""
    low, high = domain
    return int(np.clip(np.ceil(np.log10(max(-low, high)) - np.log10(high - low)), 0, 13)) + 4


def _points(feature_names, class_names, plane_ranges, has_test, has_legend):
    """The samples; a point's kind is its class, plus k in the test part.

    Names come from expressions, not from calculated columns (see `vega.dataset`).
    """
    k = len(class_names)
    names = [f"{name} (class {c})" if name != f"class {c}" else f"Class {c}" for c, name in enumerate(class_names)]
    labels = alt.param(name="labels", value=[*(f"{n}, training" for n in names), *(f"{n}, test" for n in names)])
    shown = {
        feature_names[0]: f"format(datum.x, '.{_digits(plane_ranges[0])}~g')",
        feature_names[1]: f"format(datum.y, '.{_digits(plane_ranges[1])}~g')",
        "Is": "labels[datum.kind]",
    }
    if k == 2:
        legend, told = _legend_of_two(has_test), {"Probability of class 1": "format(datum.p / 10000, '.4f')"}
    else:
        legend = _legend_of_many(names, has_test)
        told = {"Predicted": f"{vega.js(names)}[datum.predicted]", "Its probability": "format(datum.p / 10000, '.4f')"}
    look = looks(k)
    return (
        alt.Chart(vega.dataset("points"))
        .mark_point(size=52, opacity=1, clip=True, tooltip=vega.tooltip(shown | told))
        .encode(
            fill=alt.Fill("kind:N", scale=look.fill, legend=legend if has_legend else None),
            shape=alt.Shape("kind:N", scale=look.shape),
            stroke=alt.Stroke("kind:N", scale=look.stroke),
            strokeWidth=alt.condition(f"datum.kind > {k - 1}", alt.value(2), alt.value(1.2)),
            key=vega.KEY,
        )
        .add_params(labels)
    )


class Looks(NamedTuple):
    """Scales of samples by their kind."""

    fill: alt.Scale
    shape: alt.Scale
    stroke: alt.Scale


def looks(k: int) -> Looks:
    """How samples of k classes look: of the kinds 0 .. k-1, and of the same in the test part, 0 .. k-1 plus k."""
    kinds = list(range(2 * k))
    ranges = [*CLASS_COLOURS[:k]] * 2, [*CLASS_SHAPES[:k]] * 2, ["#ffffff"] * k + [OUTLINE] * k
    return Looks(*(alt.Scale(domain=kinds, range=look) for look in ranges))


# On the field's middle grey, so that white and black outlines show in either theme.
_LEGEND = {"orient": "top", "title": None, "fillColor": MIDDLE, "labelColor": INK, "padding": 4, "cornerRadius": 4}


def _legend_of_two(has_test):
    """Both classes, in training and test part."""
    values = {} if has_test else {"values": [0, 1]}
    return alt.Legend(columns=2, symbolSize=90, labelLimit=200, labelExpr="labels[datum.value]", **_LEGEND, **values)


def _legend_of_many(names, has_test):
    """Every class, and what the test part looks like; names are cut to their column."""
    told = [*names, "Test part"] if has_test else names
    columns = next(c for c in (2, 3, 4) if c == 4 or len(told) <= 2 * c)
    room = alt.expr(f"max(40, (width - 12) / {columns} - 32)")
    return alt.Legend(
        columns=columns,
        symbolSize=70,
        symbolStrokeWidth=1.5,
        labelLimit=room,
        labelExpr=f"{vega.js(told)}[datum.value]",
        values=list(range(len(told))),
        columnPadding=8,
        rowPadding=1,
        **_LEGEND,
    )


class Moment(NamedTuple):
    """A field that is drawn, and the lines between classes that belong to it: of two, the 0.5 line.

    Attributes
    ----------
    n : int
        Its number: the next moment has the next.
    url : str
        The field's picture.
    half : pyarrow.Table
        The lines.
    """

    n: int
    url: str
    half: pa.Table


def field_tables(
    parameters: Parameters,
    activation: str,
    plane: Plane,
    before: tuple[Moment, ...] = (),
    ahead: bool = False,
    precision: type[np.floating] = np.float64,
    output: str = "sigmoid",
) -> tuple[vega.Tables, tuple[Moment, ...]]:
    """Datasets `field` and `half` of the boundary picture.

    A browser needs a moment to load a picture. So while training runs each one is sent a
    frame before it is shown: what is seen, field and 0.5 line, is of the moment before.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    plane : Plane
    before : tuple of Moment
        What this returned last time. The browser keeps those pictures, and shows the last
        one that it has while the newest is not loaded yet.
    ahead : bool
        Whether a moment that is new is only sent, beneath the one before it, which is shown.
    precision : type
        Of the field: see `evaluate`.
    output : {"sigmoid", "softmax"}

    Returns
    -------
    tables : dict of str to pyarrow.Table
    moments : tuple of Moment
        The newest last; the same as before where the field is the same.
    """
    moments, on_top = next_moment(parameters, activation, plane, before, ahead, precision, output)
    n, order, urls = pictures(moments, on_top)
    return {"field": vega.table({"order": order, "url": urls}, n % 3), "half": on_top.half}, moments


def next_moment(
    parameters: Parameters,
    activation: str,
    plane: Plane,
    before: tuple[Moment, ...],
    ahead: bool,
    precision: type[np.floating],
    output: str = "sigmoid",
) -> tuple[tuple[Moment, ...], Moment]:
    """The moments that a browser is to have now, and which of them is shown; see `field_tables`."""
    Z2, y_hat = evaluate(parameters, plane, activation, precision, output)
    url, moments = image_url(y_hat), before
    is_new = not before or before[-1].url != url
    if is_new:
        newest = Moment(before[-1].n + 1 if before else 0, url, lines_table(borders(Z2, plane), plane))
        moments = (*before, newest)[-3:]
    return moments, moments[-2] if ahead and is_new and len(moments) > 1 else moments[-1]


def pictures(moments: tuple[Moment, ...], on_top: Moment) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Number, order and address of each moment's picture."""
    n = np.array([moment.n for moment in moments])
    # Where Vega finds no address it draws on with the picture that it has. What is shown has its own in each frame:
    # of several that a busy browser takes in at once, only the last is drawn.
    urls = [moment.url if moment is moments[-1] or moment is on_top else "" for moment in moments]
    return n, np.where(n > on_top.n, -1, n).astype(np.int32), urls


def lines_table(lines: Sequence[np.ndarray], plane: Plane) -> pa.Table:
    """All lines (k, 2) as one, a gap (NaN) behind each: each of its own would cost Vega new operators in each frame."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([np.empty((0, 2)), *(part for line in lines for part in (line, gap))])
    return pa.table(_places(points, plane))


def points_table(
    parameters: Parameters, activation: str, split: Split, plane: Plane, rows: np.ndarray, output: str = "sigmoid"
) -> pa.Table:
    """Dataset `points` of the boundary picture: the samples, what they are, and their probability.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    split : Split
    plane : Plane
    rows : ndarray of int
        From `shown`.
    output : {"sigmoid", "softmax"}

    Returns
    -------
    pyarrow.Table
        x, y; `kind`; `p`, the probability of class 1; of three classes and more `predicted`, and `p` is that one's.
    """
    X = np.concatenate([split.X_train, split.X_test])[rows]
    with np.errstate(over="ignore", invalid="ignore"):
        passed = forward(parameters, X, activation, output)
    in_test, drawn, k = rows >= split.y_train.size, split.pictured, len(split.class_names)
    columns, p = {}, passed.y_hat[0]
    if k > 2:
        columns["predicted"] = predicted(passed).astype(np.uint8)
        p = passed.y_hat[columns["predicted"], np.arange(len(X))]
    return vega.table(
        {
            **_places(drawn.own_units(np.concatenate([drawn.X_train, drawn.X_test])[rows]), plane),
            "kind": (np.concatenate([split.y_train, split.y_test])[rows] + k * in_test).astype(np.uint8),
            # In units of the last digit shown.
            "p": np.nan_to_num(p * 10_000).round().astype(np.uint16),
            **columns,
        }
    )


def _places(points, plane):
    """Points (k, 2) as columns x, y: float32 where that is as good as a millionth of the plane."""
    columns = {}
    for name, values, (low, high) in zip("xy", points.T, (plane.x_range, plane.y_range), strict=True):
        with np.errstate(over="ignore"):
            small = values.astype(np.float32)
        fine = np.nanmax(np.abs(small - values), initial=0.0) <= 1e-6 * (high - low)
        columns[name] = small if fine else values
    return columns
