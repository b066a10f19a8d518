"""The three pictures as Altair charts, and the tables that move them.

A chart is built once for a run; only the tables of its named datasets change from
frame to frame, so the browser redraws and never rebuilds.
"""

from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet import vega
from toynet.field import BLUE, MIDDLE, ORANGE, evaluate, half_line, image_url
from toynet.network import forward
from toynet.thinning import Thinning

MOST_POINTS = 500
"""Samples drawn at most; of more, a fixed random choice is shown."""

MOST_ROWS = 100
"""Rows of a curve drawn at most."""

X_AXES = {"epoch": "Epoch", "update": "Update", "samples_seen": "Samples seen", "seconds": "Seconds of training"}
"""What the curves can be drawn over: history column -> axis title."""

LOSSES = {"train_loss": "Train", "test_loss": "Test"}
NORMS = {"grad_norm_W1": "W1", "grad_norm_b1": "b1", "grad_norm_W2": "W2", "grad_norm_b2": "b2"}
SERIES_COLOURS = ("#7b4ab8", "#149c8a", "#c2410c", "#8a8f98")
"""Apart from the classes' orange and blue, and legible on light and dark ground."""

INK = "#1f2937"
"""The 0.5 line, and words on the field's grey."""

GREY = "#8a8f98"
"""Rules and words beside the series, in either theme."""

SERIES_DASHES = ([1, 0], [6, 3], [2, 2], [10, 3])

BOUNDARY_HEIGHT, CURVE_HEIGHT = 580, 282

PICK = "pick"
"""Name of the selection of a boundary picture that can be clicked."""


# --- the decision boundary ---------------------------------------------------------


def shown(split, seed=0):
    """Which samples the boundary picture draws: positions in train then test rows."""
    m = split.y_train.size + split.y_test.size
    if m <= MOST_POINTS:
        return np.arange(m)
    return np.sort(np.random.default_rng(seed).choice(m, MOST_POINTS, replace=False))


@lru_cache(vega.SPECS)
def boundary_chart(feature_names, class_names, plane_ranges, has_test, height=BOUNDARY_HEIGHT, can_pick=False):
    """Spec of the boundary picture, over the datasets of `boundary_tables`.

    Parameters
    ----------
    feature_names, class_names : tuple of 2 str
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
    """
    x_range, y_range = plane_ranges
    axes = {
        "x": alt.X("x:Q", title=feature_names[0], scale=_exactly(x_range)),
        "y": alt.Y("y:Q", title=feature_names[1], scale=_exactly(y_range)),
    }
    field = (
        alt.Chart(vega.dataset("field"))
        .mark_image(width=alt.expr("width"), height=alt.expr("height"), align="left", baseline="top", aspect=False)
        .encode(x=alt.value(0), y=alt.value(0), url="url:N", key=vega.KEY, order="n:Q")
    )
    line = alt.Chart(vega.dataset("half")).mark_line(
        color=INK, strokeWidth=2, strokeDash=[6, 3], clip=True, order=False
    )
    points = _points(feature_names, class_names, has_test)
    if can_pick:
        ring = alt.Chart(vega.dataset("chosen")).mark_point(size=320, stroke="#111827", strokeWidth=3, opacity=1)
        points = ring + points.add_params(alt.selection_point(name=PICK, fields=["number"], toggle=False))
    shared = {channel: axis.to_dict() for channel, axis in axes.items()}
    return vega.spec(field + line + points, height, encoding=shared)


def _exactly(domain):
    return alt.Scale(domain=domain, nice=False, zero=False)


def _points(feature_names, class_names, has_test):
    """The samples; a point's kind is its class, plus 2 in the test part.

    Names come from expressions, not from calculated columns (see `vega.dataset`).
    """
    names = [f"{name} (class {c})" if name != f"class {c}" else f"Class {c}" for c, name in enumerate(class_names)]
    labels = alt.param(name="labels", value=[*(f"{n}, training" for n in names), *(f"{n}, test" for n in names)])
    # On the field's middle grey, so that white and black outlines show in either theme.
    legend = alt.Legend(
        orient="top", title=None, columns=2, symbolSize=90, labelLimit=200, labelExpr="labels[datum.value]",
        fillColor=MIDDLE, labelColor=INK, padding=4, cornerRadius=4, **({} if has_test else {"values": [0, 1]}),
    )  # fmt: skip
    shown = {
        feature_names[0]: "format(datum.x, '.4~g')",
        feature_names[1]: "format(datum.y, '.4~g')",
        "Is": "labels[datum.kind]",
        "Probability of class 1": "format(datum.p / 10000, '.4f')",
    }
    kinds = [0, 1, 2, 3]
    outline = alt.Scale(domain=kinds, range=["#ffffff", "#ffffff", "#111827", "#111827"])
    return (
        alt.Chart(vega.dataset("points"))
        .mark_point(size=52, opacity=1, clip=True, tooltip=vega.tooltip(shown))
        .encode(
            fill=alt.Fill("kind:N", scale=alt.Scale(domain=kinds, range=[ORANGE, BLUE, ORANGE, BLUE]), legend=legend),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=["circle", "square", "circle", "square"])),
            stroke=alt.Stroke("kind:N", scale=outline),
            strokeWidth=alt.condition("datum.kind > 1", alt.value(2), alt.value(1.2)),
            key=vega.KEY,
        )
        .add_params(labels)
    )


def boundary_tables(parameters, activation, split, plane, rows, images):
    """Datasets of the boundary picture at these parameters.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    split : Split
    plane : Plane
    rows : ndarray of int
        From `shown`.
    images : list of (int, str)
        Number and data URL of the last two fields drawn. The new one is put behind
        them: the browser keeps showing those until it has loaded the new one.

    Returns
    -------
    tables : dict of str to pyarrow.Table
    images : list of (int, str)
        What to hand in next time.
    """
    Z2, y_hat = evaluate(parameters, plane, activation)
    url = image_url(y_hat)
    if not images or images[-1][1] != url:
        images = [*images, (images[-1][0] + 1 if images else 0, url)][-3:]
    n, urls = np.array([n for n, _ in images], np.uint32), [url for _, url in images]
    if len(images) == 3:
        urls[0] = ""  # sent twice before; where Vega finds no address it draws on with the image that it has
    tables = {
        "field": vega.table({"n": n, "url": urls}, n % 3),
        "half": _half_table(half_line(Z2, plane), plane),
        "points": _points_table(parameters, activation, split, plane, rows),
    }
    return tables, images


def _half_table(lines, plane):
    """All lines as one, a gap (NaN) behind each: lines of their own would cost Vega new operators in each frame."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([np.empty((0, 2)), *(part for line in lines for part in (line, gap))])
    return pa.table(_places(points, plane))


def _points_table(parameters, activation, split, plane, rows):
    X = np.concatenate([split.X_train, split.X_test])[rows]
    with np.errstate(over="ignore", invalid="ignore"):
        p = forward(parameters, X, activation).y_hat[0]
    in_test = rows >= split.y_train.size
    return vega.table(
        {
            **_places(split.own_units(X), plane),
            "kind": (np.concatenate([split.y_train, split.y_test])[rows] + 2 * in_test).astype(np.uint8),
            # In units of the last digit shown.
            "p": np.nan_to_num(p * 10_000).round().astype(np.uint16),
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


# --- the curves --------------------------------------------------------------------


@lru_cache(vega.SPECS)
def loss_chart(x_column, has_test):
    """Spec of the loss curves, over the datasets of `curve_tables`."""
    series = LOSSES if has_test else {"train_loss": "Train"}
    return _curves(series, x_column, "Cross-entropy (nats)", alt.Scale(zero=True, nice=True))


@lru_cache(vega.SPECS)
def norm_chart(x_column):
    """Spec of the gradient norms on a log scale, over the datasets of `curve_tables`."""
    return _curves(NORMS, x_column, "Gradient norm", alt.Scale(type="log", nice=False))


def _curves(series, x_column, title, scale):
    names = list(series.values())
    ticks = {"format": "~g"} if x_column == "seconds" else {"format": "~s", "tickMinStep": 1}
    x_axis = alt.X(
        "x:Q",
        title=X_AXES[x_column],
        scale=alt.Scale(nice=False),
        axis=alt.Axis(grid=False, tickCount=8, **ticks),
    )
    axis = alt.Axis(format="~g", tickCount=5) if scale["type"] is alt.Undefined else vega.log_axis()
    axis.minExtent = 36  # so that both charts' horizontal axes begin at the same place
    # A layer for each curve instead of one folded layer: see `vega.dataset`.
    lines = [
        alt.Chart()
        .mark_line(color=colour, strokeDash=dash)
        .encode(alt.Y(f"{name}:Q", **({} if i else {"title": title, "scale": scale, "axis": axis})))
        for i, (name, colour, dash) in enumerate(zip(names, SERIES_COLOURS, SERIES_DASHES, strict=False))
    ]
    hover = alt.selection_point(
        name="hover", on="pointerover", nearest=True, fields=["x"], empty=False, clear="pointerout"
    )
    # What is hovered is the nearest row's cell, whose datum is the rule, whose datum is the row.
    row = "(datum.datum || datum)"
    shown = {X_AXES[x_column]: f"format({row}.x, '{',.6~g' if x_column == 'seconds' else ',.3~f'}')"}
    if x_column != "epoch":
        shown["Epoch"] = f"format({row}.epoch, ',.3~f')"
    shown |= {name: f"format({row}.{name}, '.5~g')" for name in names}
    rule = (
        alt.Chart()
        .mark_rule(color=GREY, tooltip=vega.tooltip(shown))
        .encode(key=vega.KEY, opacity=alt.when(hover).then(alt.value(0.8)).otherwise(alt.value(0)))
        .add_params(hover)
    )
    layers = alt.layer(*lines, _rate_marks(), rule, _legend(names), data=vega.dataset("curve"))
    return vega.spec(layers, CURVE_HEIGHT, encoding={"x": x_axis.to_dict()})


def _legend(names):
    """A layer that draws nothing but the legend of the curves."""
    colours = alt.Scale(range=SERIES_COLOURS[: len(names)])
    dashes = alt.Scale(range=SERIES_DASHES[: len(names)])
    legend = alt.Legend(orient="top", title=None, symbolSize=500, symbolOpacity=1, symbolStrokeWidth=2)
    return (
        alt.Chart(alt.Data(values=names))
        .mark_line(opacity=0)
        .encode(
            x=alt.value(0),
            color=alt.Color("data:N", sort=None, scale=colours, legend=legend),
            strokeDash=alt.StrokeDash("data:N", sort=None, scale=dashes),
        )
    )


def _rate_marks():
    """A dashed rule with the new learning rate wherever it was changed."""
    marks = alt.Chart().encode(key=vega.KEY)
    rule = marks.mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=alt.expr("datum.label ? 1 : 0"))
    at = alt.value(alt.expr("2 + 13 * (datum.k % 3)"))  # side by side they would cover each other
    text = marks.mark_text(color=GREY, align="left", baseline="top", dx=3).encode(text="label:N", y=at)
    return alt.layer(rule, text, data=vega.dataset("changes"))


def curve_tables(history, series, x_column, present=None, thinning=None):
    """Datasets of a curve chart: the thinned rows, and where the learning rate changed.

    Parameters
    ----------
    history : History
    series : dict
        `LOSSES` or `NORMS`: history column -> name of its curve.
    x_column : str
        A key of `X_AXES`.
    present : dict, optional
        Column -> value of this very moment, drawn behind the last row where the
        network has been updated since.
    thinning : Thinning, optional
        What this history and these series were drawn with before: then only rows that
        are new cost anything.

    Returns
    -------
    dict of str to pyarrow.Table
    """
    rows = (thinning or Thinning(MOST_ROWS)).rows([history[c] for c in series])
    columns = {"x": x_column, **({} if x_column == "epoch" else {"epoch": "epoch"})}
    columns |= {name: c for c, name in series.items()}
    late = present is not None and present["update"] > history["update"][-1]
    table = {}
    for name, column in columns.items():
        values = history[column][rows]
        values = np.append(values, present[column]) if late else values
        table[name] = _compact(values) if name in ("x", "epoch") else _drawable(values, name in NORMS.values())
    end = present[x_column] if late and x_column == "seconds" else 1.0
    return {"curve": vega.table(table), "changes": _rate_changes(history, x_column, end)}


def _compact(values):
    """float32 where whole numbers are exact in it, else as it is."""
    return values.astype(np.float32) if values[-1] <= 2**24 else values


def _drawable(values, log):
    """float32, with null (a gap) for what the axis cannot show."""
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    return pa.array(values, mask=~np.isfinite(values) | (values <= 0 if log else False))


def _rate_changes(history, x_column, end):
    """Where the learning rate changed; the first two rows, unlabelled, hold the axis open before the first epoch."""
    x, rate, at = history[x_column], history["learning_rate"], history.rate_changes[-30:]
    labels = ["", "", *(f"η {value:g}" for value in rate[at])]
    x_before = x[np.maximum(np.array(at, int) - 1, 0)]
    return vega.table({"x": np.concatenate([[x[0], x[-1] or end], x_before]), "label": labels})
