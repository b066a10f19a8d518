"""The network as a picture: inputs above, hidden units with their fields, the output below.

As in `boundary.py` the chart is built once and its tables move it. A hidden unit's field
needs no pixels: Z1_j is linear over the plane, so A1_j = g(Z1_j) is a gradient of
colours along one direction, from where Z1_j is low to where it is high. Only where an input
bends the plane (x1^2) is it a small image; so is the field of each of several outputs.
"""

from functools import lru_cache

import altair as alt
import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.charts import thumbnails, vega
from toynet.charts.field import Plane
from toynet.charts.palette import BLUE, GREY, INK, MIDDLE, ORANGE, shade
from toynet.charts.thumbnails import Images
from toynet.datasets import Split
from toynet.network import Parameters, backward, forward

MOST_UNITS = 32
"""Hidden units drawn at most: the first of them."""

MOST_INPUTS = 12
"""Inputs drawn at most, likewise."""

A_ROW = 16
"""Hidden units drawn in one row where that is wide enough; where there are more they zigzag between two."""

NARROW = 44
"""Pixels from unit to unit below which also fewer zigzag."""

INPUTS, UNITS, ROW, OUTPUT = 26, 74, 86, 138
"""In pixels: centre of the inputs and upper edge of the hidden units from above, from row to row of these, and from the
upper edge of the last row to the centre of the output."""

BELOW = 22
"""Pixels below the output's centre."""

OUTPUTS, LARGEST = 108, 36
"""Of several outputs: pixels from the upper edge of the last row of hidden units to theirs, and their side at most."""

NAMES = 22
"""Pixels from the lower edge of such outputs to the picture's, in which their names stand."""

INPUT = 24
"""Side of an input's image in pixels."""

MANY = 128
"""Lines from which on they are finer, and small weights paler than large ones."""

STOPS = 9
"""Colours that such a gradient passes through, equally far apart."""

FLAT = 1e-3
"""Change of Z1 across the plane below which a unit is drawn as if it changed so much."""

STEEP = 1e-3
"""Sides of the square that a gradient of colours is long at least: one of no length is not drawn."""

FAR = 10.0
"""Sides of the square from its middle from which on it does not matter where such a gradient is."""


@lru_cache(vega.SPECS)
def network_chart(
    feature_names: tuple[str, ...],
    hidden_size: int,
    activation: str,
    class_names: tuple[str, ...] = (),
    bends: bool = False,
) -> vega.Spec:
    """Spec of the network picture, over the datasets of `network_tables` and, where there are any, `network_images`.

    Colours are those of the boundary picture: orange below 0, blue above.

    Parameters
    ----------
    feature_names : tuple of d str
        What W1's columns are.
    hidden_size : int
    activation : str
    class_names : tuple of k str
        Of three and more each has an output of its own, a square in its colour where it says yes.
    bends : bool
        Whether an input is no straight line over the plane (`thumbnails.bent`): it and the hidden units are images
        then.
    """
    n, d = min(hidden_size, MOST_UNITS), min(len(feature_names), MOST_INPUTS)
    k = len(class_names) if len(class_names) > 2 else 1
    has_room = n > A_ROW
    output = UNITS + has_room * ROW + (OUTPUT if k == 1 else OUTPUTS)
    where = _Places(d, n, k, output)
    names = [*feature_names[:d], *(["ŷ"] if k == 1 else [])]
    layers = [_weights(feature_names[:d], class_names, where), _units(where, bends), _ends(names, where)]
    if k > 1 or bends:
        # Above the inputs' discs, beneath the biases' dots.
        layers = [layers[0], layers[2], _images(where), layers[1]]
    if k > 1:
        layers.append(_class_names(class_names, where))
    chart = alt.layer(*layers).add_params(
        alt.param(name="rows", expr="2" if has_room else f"width < {NARROW * n} ? 2 : 1"),
        alt.param(name="pitch", expr=f"width / ({n - 1} + rows)"),
        # Even and at whole pixels: only squares that are exactly square take a gradient of colours.
        alt.param(name="side", expr="2 * floor(min(32, 0.35 * rows * pitch))"),
        alt.param(name="drop", expr=f"{ROW}" if has_room else "rows == 2 ? side + 8 : 0"),
        alt.param(name="stops", value=_stops(activation)),
    )
    below = BELOW
    if k > 1:
        chart = chart.add_params(alt.param(name="yes", expr=f"2 * floor(min({LARGEST / 2}, 0.4 * width / {k}))"))
        below = LARGEST + NAMES
    # No axes: what is drawn reaches from edge to edge, and nothing has to be fitted.
    return vega.spec(chart, output + below, padding=0, autosize="none")


class _Places:
    """Where things are, as Vega expressions, for d inputs, n hidden units and k outputs at a height of their own."""

    def __init__(self, d: int, n: int, k: int, output: int) -> None:
        self.d, self.n, self.k, self.output = d, n, k, output

    def input(self, i: str) -> str:
        return f"width * ({i} + 1) / {self.d + 1}"

    def unit(self, j: str) -> str:
        return f"round(pitch * ({j} + rows / 2))"

    def top(self, j: str) -> str:
        """Upper edge of a unit's square: where they zigzag every other unit is in a second row."""
        return f"({UNITS} + drop * ({j} % 2))"

    def centre(self, c: str) -> str:
        """The middle of an output."""
        return "width / 2" if self.k == 1 else f"round(width * ({c} + 0.5) / {self.k})"


def _weights(feature_names, class_names, where):
    """Lines from the inputs to the hidden units, and from these to the outputs."""
    n, d = where.n, where.d
    to = ["W2, unit "] if where.k == 1 else [f"W2, to {name} from unit " for name in class_names]
    sources = [*(f"W1, {name} to unit " for name in feature_names), *to]
    i, j, is_first = f"floor(datum.k / {n})", f"(datum.k % {n})", f"datum.k < {d * n}"
    target, top = where.unit(j), where.top(j)
    width, opacity = "min(9, 1 + 1.2 * abs(datum.value))", 0.85
    if n * (d + where.k) >= MANY:
        width, opacity = "min(5, 0.5 + 0.9 * abs(datum.value))", alt.expr("min(0.85, 0.12 + 0.4 * abs(datum.value))")
    lines = alt.Chart(vega.dataset("weights")).mark_rule(
        color=_SIGN,
        opacity=opacity,
        strokeWidth=alt.expr(width),
        tooltip=_told("Weight", f"{vega.js(sources)}[{i}] + ({j} + 1)"),
    )
    return lines.encode(
        key=vega.KEY,
        x=alt.value(alt.expr(f"{is_first} ? {where.input(i)} : {target}")),
        y=alt.value(alt.expr(f"{is_first} ? {INPUTS} : {top} + side")),
        x2=alt.value(alt.expr(f"{is_first} ? {target} : {where.centre(f'({i} - {d})')}")),
        y2=alt.value(alt.expr(f"{is_first} ? {top} : {where.output}")),
    )


def _units(where, bends):
    """The hidden units' fields, and the biases of them and of the outputs."""
    is_hidden = f"datum.k < {where.n}"
    unit, top = where.unit("datum.k"), where.top("datum.k")
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
    if where.k == 1:
        x, y, name = "width / 2 - 13", f"{where.output + 11}", "'b2'"
    else:
        c = f"(datum.k - {where.n})"
        x, y, name = f"{where.centre(c)} - yes / 2", f"{where.output} + yes", f"'b2, output ' + {c}"
    biases = units.mark_point(
        shape="circle",
        x=alt.expr(f"{is_hidden} ? {unit} - side / 2 : {x}"),
        y=alt.expr(f"{is_hidden} ? {top} + side : {y}"),
        size=alt.expr("side * (1 + min(4, abs(datum.value)))"),
        fill=_SIGN,
        stroke="#ffffff",
        strokeWidth=1,
        opacity=1,
        tooltip=_told("Bias", f"{is_hidden} ? 'b1, unit ' + (datum.k + 1) : {name}"),
    )
    return alt.layer(*([] if bends else [fields]), biases, data=vega.dataset("units"))


def _images(where):
    """Fields that no gradient of colours draws: of inputs, of hidden units and of outputs, in this order."""
    d, n = where.d, where.n
    is_input, is_unit = f"datum.at < {d}", f"datum.at < {d + n}"
    j, c = f"(datum.at - {d})", f"(datum.at - {d + n})"
    side = f"({is_input} ? {INPUT} : {is_unit} ? side : yes)" if where.k > 1 else f"({is_input} ? {INPUT} : side)"
    x = f"{is_input} ? {where.input('datum.at')} : {is_unit} ? {where.unit(j)} : {where.centre(c)}"
    y = f"{is_input} ? {INPUTS - INPUT // 2} : {is_unit} ? {where.top(j)} : {where.output}"
    return (
        alt.Chart(vega.dataset("images"))
        .mark_image(
            x=alt.expr(f"({x}) - {side} / 2"),
            y=alt.expr(y),
            width=alt.expr(side),
            height=alt.expr(side),
            align="left",
            baseline="top",
            aspect=False,
        )
        .encode(url="url:N", key=vega.KEY, order="order:Q")
    )


_SIGN = alt.expr(f"datum.value < 0 ? {vega.js(ORANGE)} : {vega.js(BLUE)}")


def _told(kind, name):
    """A tooltip that names a parameter and gives its value and gradient."""
    return vega.tooltip(
        {kind: name, "Value": "format(datum.value, '.6~g')", "Gradient": "format(datum.gradient, '.4~g')"}
    )


def _ends(names, where):
    """Inputs, and a single output: discs with their names, the inputs' above them."""
    inputs, outputs = names[: where.d], names[where.d :]
    share = where.d + 1
    rows = [{"x": round((i + 1) / share, 3), "y": INPUTS, "up": 20, "name": n} for i, n in enumerate(inputs)]
    rows += [{"x": 0.5, "y": where.output, "up": 0, "name": name} for name in outputs]
    ends = alt.Chart(alt.Data(values=rows))
    place = {"x": alt.expr("width * datum.x")}
    discs = ends.mark_point(
        **place, y=alt.expr("datum.y"), shape="circle", size=300, fill=MIDDLE, stroke=GREY, opacity=1
    )
    colour = alt.expr(f"datum.up ? {vega.js(GREY)} : {vega.js(INK)}")
    limit = {"limit": alt.expr(f"width / {share} - 6")} if where.d > 2 else {}
    words = ends.mark_text(**place, **limit, y=alt.expr("datum.y - datum.up"), fontSize=13, color=colour)
    return discs + words.encode(text="name:N")


def _class_names(class_names, where):
    """The names below the outputs."""
    rows = [{"x": round((c + 0.5) / where.k, 4), "name": name} for c, name in enumerate(class_names)]
    words = alt.Chart(alt.Data(values=rows)).mark_text(
        x=alt.expr("width * datum.x"),
        y=alt.expr(f"{where.output} + yes + 13"),
        limit=alt.expr(f"width / {where.k} - 6"),
        fontSize=13,
        color=GREY,
    )
    return words.encode(text="name:N")


def _stops(activation):
    """Colours of A1 along Z1 between the two ends; where these follow the picture, as if the upper one were 1."""
    at = np.linspace(0.0, 1.0, STOPS)
    low, high = ACTIVATIONS[activation].span
    A1 = ACTIVATIONS[activation].g(low + at * ((1.0 if high is None else high) - low))
    A1 /= max(1.0, np.abs(A1).max())
    return [{"offset": round(t, 3), "color": shade(a)} for t, a in zip(at.tolist(), A1.tolist(), strict=True)]


def network_tables(
    parameters: Parameters, activation: str, split: Split, plane: Plane, output: str = "sigmoid"
) -> vega.Tables:
    """Datasets of the network picture at these parameters.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    split : Split
        Gradients are those of the cost over all its training rows.
    plane : Plane
    output : {"sigmoid", "softmax"}

    Returns
    -------
    dict of str to pyarrow.Table
        `weights`: value and gradient; all units' from the first input, from the next, then W2, output by output.
        `units`: value and gradient of the bias, the outputs' last, and, where no input bends the plane, the ends of
        the field's gradient of colours: x to the right, y downwards, 0 to 1 in the square.
    """
    bends = bool(thumbnails.bent(split))
    with np.errstate(all="ignore"):
        passed = forward(parameters, split.X_train, activation, output)
        gradients = backward(parameters, passed, split.y_train, activation)
        ends = None if bends else gradient_ends(parameters, activation, plane)
    n = min(parameters.W2.shape[1], MOST_UNITS)
    weights, d_weights = (
        np.vstack([W1.T[:MOST_INPUTS], W2])[:, :n].ravel()
        for W1, W2 in ((parameters.W1, parameters.W2), (gradients.dC_dW1, gradients.dC_dW2))
    )
    biases, d_biases = (
        np.append(b1[:n], b2) for b1, b2 in ((parameters.b1, parameters.b2), (gradients.dC_db1, gradients.dC_db2))
    )
    units = _numbers(biases, d_biases)
    if ends is not None:
        ends = np.vstack([ends[:n], np.zeros((len(parameters.b2), 4))]).T
        units |= dict(zip(("x1", "y1", "x2", "y2"), ends.astype(np.float32), strict=True))
    return {"weights": vega.table(_numbers(weights, d_weights)), "units": vega.table(units)}


def _numbers(values, gradients):
    with np.errstate(over="ignore"):
        return {"value": values.astype(np.float32), "gradient": gradients.astype(np.float32)}


def network_images(
    parameters: Parameters,
    activation: str,
    split: Split,
    plane: Plane,
    output: str = "sigmoid",
    before: tuple[Images, ...] = (),
    ahead: bool = False,
    stay: bool = False,
) -> tuple[vega.Tables, tuple[Images, ...]]:
    """Dataset `images` of the network picture, if it has one.

    A browser needs a moment to load images, so they are sent a frame before they are shown, as fields are: see
    `boundary.field_tables`.

    Parameters
    ----------
    parameters : Parameters
    activation : str
    split : Split
    plane : Plane
    output : {"sigmoid", "softmax"}
    before : tuple of Images
        What this returned last time.
    ahead : bool
        Whether images that are new are only sent.
    stay : bool
        Whether the last ones will do.

    Returns
    -------
    tables : dict of str to pyarrow.Table
        `images`, whose `at` says what each is of: inputs, hidden units and outputs, counted through.
    moments : tuple of Images
        The newest last; the same as before where the images are the same.
    """
    inputs, k = [i for i in thumbnails.bent(split) if i < MOST_INPUTS], len(parameters.W2)
    d, n = min(split.X_train.shape[1], MOST_INPUTS), min(parameters.W2.shape[1], MOST_UNITS)
    units, outputs = range(n if thumbnails.bent(split) else 0), range(k if k > 1 else 0)
    if not units and not outputs:
        return {}, ()
    at = np.array([*inputs, *(d + j for j in units), *(d + n + c for c in outputs)], np.uint8)
    if stay and before:
        return thumbnails.images_table(at, before, before[-1]), before
    look = thumbnails.look(len(at))
    X = thumbnails.some_of(plane, look)
    with np.errstate(all="ignore"):
        passed = forward(parameters, X, activation, output)
        A1 = passed.A1 / (np.maximum(passed.A1.max(axis=1, keepdims=True), FLAT) if _is_open(activation) else 1.0)
        urls = (
            *(thumbnails.signed_url(X[:, i] / max(np.abs(X[:, i]).max(), FLAT), look) for i in inputs),
            *(thumbnails.signed_url(A1[j], look) for j in units),
            *(thumbnails.class_url(passed.y_hat[c], c, look) for c in outputs),
        )
    is_new = not before or before[-1].urls != urls
    moments = (*before, Images(before[-1].n + 1 if before else 0, urls))[-3:] if is_new else before
    on_top = moments[-2] if ahead and is_new and len(moments) > 1 else moments[-1]
    return thumbnails.images_table(at, moments, on_top), moments


def _is_open(activation: str) -> bool:
    """Whether the colours of A1 follow its largest value."""
    return ACTIVATIONS[activation].span[1] is None


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
