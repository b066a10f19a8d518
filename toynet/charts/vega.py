"""What all charts that move have in common."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import pyarrow as pa

Spec: TypeAlias = dict[str, Any]
"""A Vega-Lite specification."""

Tables: TypeAlias = dict[str, pa.Table]
"""Name of a dataset -> its rows."""

PADDING = {"left": 2, "top": 2, "right": 16, "bottom": 2}
"""Pixels around a chart."""

CLOSE = {"labelPadding": 6, "titlePadding": 4}
"""Of an axis whose words stand close to it, so that the plot has the room."""

SPECS = 64
"""How many specs of a kind are kept: Altair takes 50 ms to make one."""


def spec(chart: alt.Chart | alt.LayerChart, height: int, **more: Any) -> Spec:
    """The chart as a Vega-Lite dict that canvas draws at the page's width.

    Parameters
    ----------
    chart : altair.Chart or LayerChart
    height : int
        Pixels.
    **more
        Other entries of the spec. An `encoding` that all layers have in common is better
        said here, once: the spec travels with every frame.
    """
    with alt.data_transformers.enable("default", consolidate_datasets=False):
        spec = chart.properties(height=height).to_dict()
    spec.pop("$schema", None)
    # Marks say what they tell themselves; Altair's own configuration would undo the page's theme.
    spec["config"] = {"mark": {"tooltip": None, "aria": False}}
    spec["usermeta"] = {"embedOptions": {"renderer": "canvas"}}
    spec["padding"] = PADDING
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    return _lean(spec | more)


def _lean(part):
    """The same spec without what Vega-Lite assumes anyway: it travels with every frame."""
    if isinstance(part, list):
        return [_lean(p) for p in part]
    if isinstance(part, dict):
        return {name: _lean(p) for name, p in part.items() if (name, p) != ("type", "nominal")}
    return part


def dataset(name):
    """A named dataset whose columns are taken as they come.

    Without this Vega-Lite has them parsed, and of every row that Vega parses or
    calculates a column for it keeps something for good.
    """
    return alt.NamedData(name, format=alt.DataFormat(parse=None))


KEY = alt.Key("k:N")
"""To be encoded by every mark over a `table` but lines: Vega-Lite would draw one for every key.

Vega keeps what it drew for a row that went, up to 10,000 a mark, unless the next table
has a row with the same key: then it is drawn anew, and the page's memory stays flat.
"""


def table(columns: Mapping[str, Any], k: np.ndarray | None = None) -> pa.Table:
    """The columns as a table whose `KEY` is the row's number, or k."""
    rows = len(next(iter(columns.values())))
    k = np.arange(rows) if k is None else k
    return pa.table({**columns, "k": k.astype(np.min_scalar_type(max(k.max(initial=0), 0)))})


def js(value):
    """A string or a list of them as a Vega expression."""
    return json.dumps(value)


def tooltip(entries):
    """A tooltip from expressions, not from calculated columns (see `dataset`).

    Parameters
    ----------
    entries : dict of str to str
        Title -> Vega expression of its text.
    """
    # The browser makes a heading and an image of fields of these names; the joiner is not seen.
    entries = {f"{title}\u2060" if title in ("title", "image") else title: text for title, text in entries.items()}
    return alt.expr("{" + ", ".join(f"{js(title)}: {text}" for title, text in entries.items()) + "}")


def short(value: str = "datum.value") -> str:
    """The text of a number, an expression: below a hundredth and from 10,000 on in powers of ten, without a plus."""
    is_small_or_large = f"abs({value}) < 0.00995 || abs({value}) >= 1e4"
    return f"{value} == 0 ? '0' : replace(format({value}, {is_small_or_large} ? '.3~e' : '.4~g'), '+', '')"


def linear_axis():
    """Numbers as people write them, 20,000 as 2e4."""
    return alt.Axis(labelExpr=short(), tickCount=5)


def log_axis(least: str = "0") -> alt.Axis:
    """Grid lines at the powers of ten only; 0.1, 0.01, 1e-3 and so on, and 2 and 5 of each where there are few.

    Below `least`, an expression, there are no numbers.
    """
    is_power = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-6"
    grid = alt.condition(is_power, alt.value(1), alt.value(0))
    span = "domain('y')[1] / domain('y')[0]"
    first = "toNumber(slice(format(datum.value, '.0e'), 0, 1))"
    told = f"{span} > 50 ? {is_power} : {span} > 3 ? {first} == 1 || {first} == 2 || {first} == 5 : true"
    return alt.Axis(
        labelExpr=f"datum.value >= {least} && ({told}) ? {short()} : ''",
        tickCount=5,
        gridOpacity=grid,
        labelOverlap=False,
    )
