"""The pictures beside the derivation, as Altair charts with their data inside; each fits the page's width.

Text and ground take the page's colours, lines those that show on light and dark.
"""

import altair as alt
import numpy as np
import pandas as pd

from toynet.charts import vega
from toynet.charts.aggregation import m4
from toynet.charts.palette import GREY, SERIES_COLOURS
from toynet.derivation import squared_error
from toynet.derivation.batch_gradients import Spread
from toynet.derivation.form import form_of
from toynet.derivation.gradient_check import STEP
from toynet.derivation.numerals import text
from toynet.history import History
from toynet.network import Parameters, forward

HEIGHT = 360
MODES = {"mini": "Mini-batch", "stochastic": "Single sample"}
SMALLEST = 1e-17
"""What a log axis shows for 0: less than rounding."""

FARTHEST = 100.0
"""Largest |Z2| that is drawn; samples beyond are drawn at the edge."""

FEW_POINTS = 20
"""Samples that have room for large markers."""

MOST_ROWS = 300
BINS = 40


def _legend():
    return alt.Legend(orient="top", title=None, symbolSize=90, labelLimit=240)


def _colour(field, names):
    return alt.Color(f"{field}:N", scale=alt.Scale(domain=names, range=SERIES_COLOURS[: len(names)]), legend=_legend())


def _powers(title, field, **more):
    """A log axis with ticks at powers of ten, written as such."""
    return {"shorthand": field, "title": title, "scale": alt.Scale(type="log"), "axis": alt.Axis(format=".0~e", **more)}


# --- cross-entropy and squared error ---------------------------------------------------


def error_chart(
    parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, output: str = "sigmoid"
) -> alt.LayerChart:
    """dC/dZ2 over Z2 for both classes and both costs, with the samples' own positions.

    Of several outputs each is a point of its own, and what it should say is Y = 0 or 1. Of softmax the horizontal
    axis is how far an output is ahead of the others (`squared_error.lead`): there the squared error has no curve,
    as its derivative depends on how the others share the rest.

    Samples beyond `FARTHEST` are drawn at the edge; those whose Z2 is no number are left out.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}

    Returns
    -------
    altair.LayerChart
    """
    form = form_of(parameters, output)
    own = squared_error.positions(forward(parameters, X, activation, form.output), y, form.output).dropna()
    largest = min(max(8.0, 1.05 * float(own.Z2.abs().max() if len(own) else 0.0)), FARTHEST)
    curves = squared_error.table(largest)
    if form.is_softmax:
        curves = curves[curves.cost == squared_error.COSTS[0]].reset_index(drop=True)
    own["told"], own["Z2"] = own.Z2.map(text), own.Z2.clip(-largest, largest)
    of = [f"{form.classes} = 0", f"{form.classes} = 1"]
    for rows in (curves, own):
        rows["of"] = np.where(rows.y == 1, of[1], of[0])
    across = "Z2 ahead of the others" if form.is_softmax else "Z2"
    upward = "dC/dZ2, one sample" if form.k == 1 else "dC/dZ2, one output of one sample"
    axes = alt.X("Z2:Q", title=across, scale=alt.Scale(nice=False)), alt.Y("dC_dZ2:Q", title=upward)
    colour = _colour("cost", list(squared_error.COSTS))
    classes = alt.Scale(domain=of, range=[[1, 0], [6, 3]])
    dash = alt.StrokeDash("of:N", scale=classes, legend=None)
    told = [alt.Tooltip("told:N", title=across), alt.Tooltip("dC_dZ2:Q", title="dC/dZ2", format=".4~g")]
    told += [alt.Tooltip("cost:N", title="Cost"), alt.Tooltip("of:N", title="Class")]
    lines = alt.Chart(curves).mark_line(strokeWidth=2).encode(*axes, color=colour, strokeDash=dash)
    # A ring and a dot: where both costs agree, each is seen. Of many samples smaller ones, that do not run together.
    size = 60 if y.size * form.k <= FEW_POINTS else 15
    marks = ({"filled": False, "size": 3 * size, "strokeWidth": 2}, {"filled": True, "size": size})
    points = [
        alt.Chart(own[own.cost == cost]).mark_point(opacity=1, **mark).encode(*axes, color=colour, tooltip=told)
        for cost, mark in zip(squared_error.COSTS, marks, strict=True)
    ]
    return alt.layer(lines, *points, *_names_of_curves(of, largest, axes)).properties(height=HEIGHT)


def _names_of_curves(of, largest, axes):
    """At the curves themselves: a second legend would be cut off in narrow windows."""
    ends = pd.DataFrame({"Z2": [largest, -largest], "dC_dZ2": [0.9, -0.9], "of": of})
    return [
        alt.Chart(ends[k : k + 1])
        .mark_text(color=GREY, align=align, baseline=baseline, dx=dx)
        .encode(*axes, text="of:N")
        for k, (align, baseline, dx) in enumerate([("right", "top", -6), ("left", "bottom", 6)])
    ]


# --- the check's step --------------------------------------------------------------------


def step_chart(curve: np.ndarray) -> alt.LayerChart:
    """The check's error over its step, both on log axes, with the step that is used marked.

    Parameters
    ----------
    curve : ndarray (steps, 2)
        From `gradient_check.error_by_step`.

    Returns
    -------
    altair.LayerChart
    """
    rows = pd.DataFrame({"step": curve[:, 0], "error": np.maximum(curve[:, 1], SMALLEST)})
    rows = rows[np.isfinite(rows.error)]
    used = pd.DataFrame({"step": [STEP], "label": [f"used: {text(STEP, 1)}"]})
    x = alt.X(**_powers("Step of the difference", "step:Q", tickCount=6))
    y = alt.Y(**_powers("Largest difference / largest derivative", "error:Q", tickCount=6))
    told = [alt.Tooltip("step:Q", title="Step", format=".0~e"), alt.Tooltip("error:Q", title="Error", format=".2~e")]
    line = (
        alt.Chart(rows)
        .mark_line(point=alt.OverlayMarkDef(size=50, color=SERIES_COLOURS[0]), color=SERIES_COLOURS[0])
        .encode(x, y, tooltip=told)
    )
    rule = alt.Chart(used).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x)
    label = alt.Chart(used).mark_text(color=GREY, align="left", baseline="top", dx=4).encode(x, text="label:N")
    return (line + rule + label.encode(y=alt.value(2))).properties(height=HEIGHT)


# --- how good a batch's gradient is ------------------------------------------------------


def cosine_chart(spreads: dict[str, Spread]) -> alt.LayerChart:
    """Distribution of the cosine with the full gradient, of `batch_gradients.compare`'s result."""
    shared = {mode: spread.cosine for mode, spread in spreads.items()}
    return _histogram(shared, "Cosine with the full gradient", (-1.0, 1.0), rule=0.0)


def norm_ratio_chart(spreads: dict[str, Spread]) -> alt.LayerChart:
    """Distribution of |batch's gradient| / |full gradient|; what lies past the 99th percentile is in the last bar."""
    shared = {mode: spread.norm_ratio for mode, spread in spreads.items()}
    values = np.concatenate(list(shared.values()))
    values = values[np.isfinite(values)]
    most = max(2.0, float(np.percentile(values, 99))) if values.size else 2.0
    return _histogram(shared, "Length beside the full gradient's", (0.0, most), rule=1.0)


def bins(values: np.ndarray, low: float, high: float) -> pd.DataFrame:
    """Shares of the finite values in `BINS` equal bins; those outside count in the first or last.

    Returns
    -------
    DataFrame
        Columns left, right, share. The shares add up to 1, or are 0 where no value is finite.
    """
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(np.clip(finite, low, high), BINS, (low, high))
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "share": counts / max(finite.size, 1)})


def _histogram(shared, title, limits, rule):
    """Bars of both modes over each other, as shares of their batches, and a rule at one value."""
    rows = pd.concat([bins(values, *limits).assign(mode=MODES[mode]) for mode, values in shared.items()])
    told = [alt.Tooltip("mode:N", title="Gradient of"), alt.Tooltip("share:Q", title="Share", format=".1%")]
    told += [alt.Tooltip(f"{side}:Q", title=name, format=".3~g") for side, name in (("left", "From"), ("right", "To"))]
    bars = (
        alt.Chart(rows)
        .mark_bar(opacity=0.6)
        .encode(
            alt.X("left:Q", title=title, bin="binned", scale=alt.Scale(domain=limits, nice=False)),
            alt.X2("right:Q"),
            alt.Y("share:Q", title="Share of batches", stack=None, axis=alt.Axis(format="%", tickCount=5)),
            color=_colour("mode", list(MODES.values())),
            tooltip=told,
        )
    )
    line = alt.Chart(pd.DataFrame({"left": [rule]})).mark_rule(color=GREY, strokeDash=[4, 3])
    return (bars + line.encode(alt.X("left:Q", title=title))).properties(height=HEIGHT)


# --- a broken rule beside the right one --------------------------------------------------


def comparison_chart(own: History | pd.DataFrame, broken: History | pd.DataFrame, title: str) -> alt.LayerChart:
    """Train loss of an experiment and of its copy that a broken rule trains.

    Parameters
    ----------
    own, broken : History or DataFrame
        With columns epoch and train_loss.
    title : str
        Name of the broken rule's curve.

    Returns
    -------
    altair.LayerChart
        On a log axis where the losses span more than a factor of 20.
    """
    names = ["Right rule", title]
    rows = pd.concat([_losses(h).assign(rule=name) for name, h in zip(names, (own, broken), strict=True)])
    is_wide = rows.loss.max() > 20 * rows.loss.min()
    y = (
        alt.Y("loss:Q", title="Train loss (nats)", scale=alt.Scale(type="log"), axis=vega.log_axis())
        if is_wide
        else alt.Y("loss:Q", title="Train loss (nats)")
    )
    told = [alt.Tooltip("rule:N", title="Rule"), alt.Tooltip("epoch:Q", title="Epoch", format=",")]
    told += [alt.Tooltip("loss:Q", title="Train loss", format=".4~g")]
    x = alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="~s", grid=False))
    lines = alt.Chart(rows).mark_line(strokeWidth=2).encode(x, y, color=_colour("rule", names), tooltip=told)
    # A run that diverges at once has one point, which a line alone does not show.
    ends = alt.Chart(rows.groupby("rule").tail(1)).mark_point(filled=True, size=40)
    return (lines + ends.encode(x, y, color=_colour("rule", names), tooltip=told)).properties(height=HEIGHT)


def _losses(history):
    """Epoch and train loss, thinned, above 0 as a log axis needs it."""
    epoch, loss = np.asarray(history["epoch"]), np.asarray(history["train_loss"], dtype=float)
    rows = m4(epoch.astype(float), loss, float(epoch[0]), float(epoch[-1]), MOST_ROWS // 4)
    return pd.DataFrame({"epoch": epoch[rows], "loss": np.maximum(loss[rows], SMALLEST)})
