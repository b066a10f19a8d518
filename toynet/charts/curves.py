"""Losses and gradient norms as Altair charts, and the tables that move them (see `boundary.py`)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.palette import GREY, SERIES_COLOURS, SERIES_DASHES
from toynet.charts.thinning import Thinning
from toynet.history import History

MOST_ROWS = 100
"""Rows of a curve drawn at most."""

X_AXES = {"epoch": "Epoch", "update": "Update", "samples_seen": "Samples seen", "seconds": "Seconds of training"}
"""What the curves can be drawn over: history column -> axis title."""

LOSSES = {"train_loss": "Train", "test_loss": "Test"}
NORMS = {"grad_norm_W1": "W1", "grad_norm_b1": "b1", "grad_norm_W2": "W2", "grad_norm_b2": "b2"}

HEIGHT = 282


@lru_cache(vega.SPECS)
def loss_chart(x_column: str, has_test: bool) -> vega.Spec:
    """Spec of the loss curves, over the datasets of `curve_tables`."""
    series = LOSSES if has_test else {"train_loss": "Train"}
    return _curves(series, x_column, "Cross-entropy (nats)", alt.Scale(zero=True, nice=True))


@lru_cache(vega.SPECS)
def norm_chart(x_column: str) -> vega.Spec:
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
    layers = alt.layer(*lines, _marks(), rule, _legend(names), data=vega.dataset("curve"))
    return vega.spec(layers, HEIGHT, encoding={"x": x_axis.to_dict()})


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


def _marks():
    """A dashed rule with the new value wherever a setting was changed."""
    marks = alt.Chart().encode(key=vega.KEY)
    rule = marks.mark_rule(color=GREY, strokeDash=[2, 3], strokeWidth=alt.expr("datum.label ? 1 : 0"))
    at = alt.value(alt.expr("2 + 13 * (datum.k % 3)"))  # side by side they would cover each other
    text = marks.mark_text(color=GREY, align="left", baseline="top", dx=3).encode(text="label:N", y=at)
    return alt.layer(rule, text, data=vega.dataset("changes"))


def curve_tables(
    history: History,
    series: Mapping[str, str],
    x_column: str,
    present: Mapping[str, float] | None = None,
    thinning: Thinning | None = None,
    marks: Sequence[tuple[int, str]] = (),
) -> vega.Tables:
    """Datasets of a curve chart: the thinned rows, and where a setting changed.

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
    marks : sequence of (int, str)
        The row before each change, and its text (`history.marks`).

    Returns
    -------
    dict of str to pyarrow.Table
    """
    rows = (thinning or Thinning(MOST_ROWS)).rows([history[c] for c in series])
    columns = {"x": x_column, **({} if x_column == "epoch" else {"epoch": "epoch"})}
    columns |= {name: c for c, name in series.items()}
    late = present if present and present["update"] > history["update"][-1] else None
    table = {}
    for name, column in columns.items():
        values = history[column][rows]
        values = np.append(values, late[column]) if late else values
        table[name] = _compact(values) if name in ("x", "epoch") else _drawable(values, name in NORMS.values())
    end = late[x_column] if late and x_column == "seconds" else 1.0
    return {"curve": vega.table(table), "changes": _changes(history[x_column], marks, end)}


def _compact(values):
    """float32 where whole numbers are exact in it, else as it is."""
    return values.astype(np.float32) if values[-1] <= 2**24 else values


def _drawable(values, log):
    """float32, with null (a gap) for what the axis cannot show."""
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    return pa.array(values, mask=~np.isfinite(values) | (values <= 0 if log else False))


def _changes(x, marks, end):
    """Where settings changed; the first two rows, unlabelled, hold the axis open before the first epoch."""
    last = marks[-30:]
    labels = ["", "", *(text for _, text in last)]
    return vega.table({"x": np.concatenate([[x[0], x[-1] or end], x[[row for row, _ in last]]]), "label": labels})
