"""The network as a picture: inputs above, hidden units with their fields, the output below.

As in `boundary.py` the chart is built once and its tables move it. A hidden unit's field
needs no pixels: Z1_j is linear over the plane, so A1_j = g(Z1_j) is a gradient of
colours along one direction, from where Z1_j is low to where it is high.
"""

from functools import lru_cache

import altair as alt
import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.charts import vega
from toynet.charts.field import Plane
from toynet.charts.palette import BLUE, GREY, INK, MIDDLE, ORANGE, shade
from toynet.datasets import Split
from toynet.network import Parameters, backward, forward

MOST_UNITS = 32
"""Hidden units drawn at most: the first of them."""

A_ROW = 16
"""Hidden units drawn in one row where that is wide enough; where there are more they zigzag between two."""

NARROW = 44
"""Pixels from unit to unit below which also fewer zigzag."""

INPUTS, UNITS, ROW, OUTPUT = 26, 74, 86, 138
"""In pixels: centre of the inputs and upper edge of the hidden units from above, from row to row of these, and from the
upper edge of the last row to the centre of the output."""

BELOW = 22
"""Pixels below the output's centre."""

STOPS = 9
"""Colours that such a gradient passes through, equally far apart."""

FLAT = 1e-3
"""Change of Z1 across the plane below which a unit is drawn as if it changed so much."""

STEEP = 1e-3
"""Sides of the square that a gradient of colours is long at least: one of no length is not drawn."""

FAR = 10.0
"""Sides of the square from its middle from which on it does not matter where such a gradient is."""


@lru_cache(vega.SPECS)
def network_chart(feature_names: tuple[str, ...], hidden_size: int, activation: str) -> vega.Spec:
    """Spec of the network picture, over the datasets of `network_tables`.

    Colours are those of the boundary picture: orange below 0, blue above.
    """
    n = min(hidden_size, MOST_UNITS)
    has_room = n > A_ROW
    output = UNITS + has_room * ROW + OUTPUT
    layers = _weights(feature_names, n, output), _units(n, output), _ends([*feature_names, "ŷ"], output)
    chart = alt.layer(*layers).add_params(
        alt.param(name="rows", expr="2" if has_room else f"width < {NARROW * n} ? 2 : 1"),
        alt.param(name="pitch", expr=f"width / ({n - 1} + rows)"),
        # Even and at whole pixels: only squares that are exactly square take a gradient of colours.
        alt.param(name="side", expr="2 * floor(min(32, 0.35 * rows * pitch))"),
        alt.param(name="drop", expr=f"{ROW}" if has_room else "rows == 2 ? side + 8 : 0"),
        alt.param(name="stops", value=_stops(activation)),
    )
    # No axes: what is drawn reaches from edge to edge, and nothing has to be fitted.
    return vega.spec(chart, output + BELOW, padding=0, autosize="none")


def _weights(feature_names, n, output):
    """Lines from the inputs to n hidden units, and from these to the output's height."""
    d = len(feature_names)
    sources = [*(f"W1, {name} to unit " for name in feature_names), "W2, unit "]
    i, j, is_first = f"floor(datum.k / {n})", f"(datum.k % {n})", f"datum.k < {d * n}"
    source, target, top = f"width * ({i} + 1) / {d + 1}", f"round(pitch * ({j} + rows / 2))", _top(j)
    lines = alt.Chart(vega.dataset("weights")).mark_rule(
        color=_SIGN,
        opacity=0.85,
        strokeWidth=alt.expr("min(9, 1 + 1.2 * abs(datum.value))"),
        tooltip=_told("Weight", f"{vega.js(sources)}[{i}] + ({j} + 1)"),
    )
    return lines.encode(
        key=vega.KEY,
        x=alt.value(alt.expr(f"{is_first} ? {source} : {target}")),
        y=alt.value(alt.expr(f"{is_first} ? {INPUTS} : {top} + side")),
        x2=alt.value(alt.expr(f"{is_first} ? {target} : width / 2")),
        y2=alt.value(alt.expr(f"{is_first} ? {top} : {output}")),
    )


def _units(n, output):
    """The hidden units' fields, and the biases of them and of the output."""
    is_hidden = f"datum.k < {n}"
    unit, top = "round(pitch * (datum.k + rows / 2))", _top("datum.k")
    units = alt.Chart().encode(key=vega.KEY)
    fields = units.mark_point(
        shape="square",
        x=alt.expr(unit),
        y=alt.expr(f"{top} + side / 2"),
        size=alt.expr(f"{is_hidden} ? side * side : 0"),
        fill=alt.expr("{gradient: 'linear', x1: datum.x1, y1: datum.y1, x2: datum.x2, y2: datum.y2, stops: stops}"),
        opacity=1,
        strokeWidth=0,
    )
    biases = units.mark_point(
        shape="circle",
        x=alt.expr(f"{is_hidden} ? {unit} - side / 2 : width / 2 - 13"),
        y=alt.expr(f"{is_hidden} ? {top} + side : {output + 11}"),
        size=alt.expr("side * (1 + min(4, abs(datum.value)))"),
        fill=_SIGN,
        stroke="#ffffff",
        strokeWidth=1,
        opacity=1,
        tooltip=_told("Bias", f"{is_hidden} ? 'b1, unit ' + (datum.k + 1) : 'b2'"),
    )
    return alt.layer(fields, biases, data=vega.dataset("units"))


def _top(unit):
    """Upper edge of a unit's square as a Vega expression: where they zigzag every other unit is in a second row."""
    return f"({UNITS} + drop * ({unit} % 2))"


_SIGN = alt.expr(f"datum.value < 0 ? {vega.js(ORANGE)} : {vega.js(BLUE)}")


def _told(kind, name):
    """A tooltip that names a parameter and gives its value and gradient."""
    return vega.tooltip(
        {kind: name, "Value": "format(datum.value, '.6~g')", "Gradient": "format(datum.gradient, '.4~g')"}
    )


def _ends(names, y_output):
    """Inputs and output: discs with their names, the inputs' above them."""
    *inputs, output = names
    rows = [{"x": round((i + 1) / len(names), 3), "y": INPUTS, "up": 20, "name": n} for i, n in enumerate(inputs)]
    rows.append({"x": 0.5, "y": y_output, "up": 0, "name": output})
    ends = alt.Chart(alt.Data(values=rows))
    place = {"x": alt.expr("width * datum.x")}
    discs = ends.mark_point(
        **place, y=alt.expr("datum.y"), shape="circle", size=300, fill=MIDDLE, stroke=GREY, opacity=1
    )
    colour = alt.expr(f"datum.up ? {vega.js(GREY)} : {vega.js(INK)}")
    words = ends.mark_text(**place, y=alt.expr("datum.y - datum.up"), fontSize=13, color=colour).encode(text="name:N")
    return discs + words


def _stops(activation):
    """Colours of A1 along Z1 between the two ends; where these follow the picture, as if the upper one were 1."""
    at = np.linspace(0.0, 1.0, STOPS)
    low, high = ACTIVATIONS[activation].span
    A1 = ACTIVATIONS[activation].g(low + at * ((1.0 if high is None else high) - low))
    A1 /= max(1.0, np.abs(A1).max())
    return [{"offset": round(t, 3), "color": shade(a)} for t, a in zip(at.tolist(), A1.tolist(), strict=True)]


def network_tables(parameters: Parameters, activation: str, split: Split, plane: Plane) -> vega.Tables:
    """Datasets of the network picture at these parameters.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    split : Split
        Gradients are those of the cost over all its training rows.
    plane : Plane

    Returns
    -------
    dict of str to pyarrow.Table
        `weights`: value and gradient; all units' from the first input, from the next, then W2.
        `units`: value and gradient of the bias, the output unit's last, and the ends of the
        field's gradient of colours: x to the right, y downwards, 0 to 1 in the square.
    """
    with np.errstate(all="ignore"):
        passed = forward(parameters, split.X_train, activation)
        gradients = backward(parameters, passed, split.y_train, activation)
        ends = gradient_ends(parameters, activation, plane)
    n = min(parameters.W2.size, MOST_UNITS)
    weights, d_weights = (
        np.vstack([W1.T, W2])[:, :n].ravel()
        for W1, W2 in ((parameters.W1, parameters.W2), (gradients.dC_dW1, gradients.dC_dW2))
    )
    biases, d_biases = (
        np.append(b1[:n], b2) for b1, b2 in ((parameters.b1, parameters.b2), (gradients.dC_db1, gradients.dC_db2))
    )
    ends = np.vstack([ends[:n], np.zeros(4)]).T
    return {
        "weights": vega.table(_numbers(weights, d_weights)),
        "units": vega.table(
            {
                **_numbers(biases, d_biases),
                **dict(zip(("x1", "y1", "x2", "y2"), ends.astype(np.float32), strict=True)),
            }
        ),
    }


def _numbers(values, gradients):
    with np.errstate(over="ignore"):
        return {"value": values.astype(np.float32), "gradient": gradients.astype(np.float32)}


def gradient_ends(parameters: Parameters, activation: str, plane: Plane) -> np.ndarray:
    """Where in its square a unit's gradient of colours begins and ends.

    Over the square, x to the right and y downwards from 0 to 1, Z1 = middle + a (x - 1/2) + b (y - 1/2).
    Along the direction (a, b) through the middle Z1 reaches z at the distance (z - middle) / |(a, b)|.

    Returns
    -------
    ndarray (h, 4)
        x1, y1, x2, y2.
    """
    n = plane.grid
    across, down = plane.X[n - 1] - plane.X[0], plane.X[0] - plane.X[-n]  # between pixel centres
    a, b = across * n / (n - 1) @ parameters.W1.T, down * n / (n - 1) @ parameters.W1.T
    middle = plane.X.mean(axis=0) @ parameters.W1.T + parameters.b1[:, 0]
    is_flat = np.hypot(a, b) < FLAT
    a, b = np.where(is_flat, FLAT, a), np.where(is_flat, 0.0, b)
    low, high = ACTIVATIONS[activation].span
    if high is None:
        high = np.maximum(middle + (np.abs(a) + np.abs(b)) / 2, low + FLAT)
    length = np.hypot(a, b)
    begin, end = (low - middle) / length, (high - middle) / length
    is_before, is_behind = end < -FAR, begin > FAR  # the whole square has the last colour, or the first one
    begin = np.where(is_before, -FAR - 1, np.where(is_behind, FAR, begin))
    end = np.where(is_before, -FAR, np.where(is_behind, FAR + 1, end))
    end = np.maximum(end, begin + STEEP)
    begin, end = np.nan_to_num(begin, nan=FAR), np.nan_to_num(end, nan=FAR + 1)
    a, b = np.nan_to_num(a / length, nan=1.0), np.nan_to_num(b / length)
    return np.stack([0.5 + begin * a, 0.5 + begin * b, 0.5 + end * a, 0.5 + end * b], axis=1)
