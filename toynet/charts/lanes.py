"""The boundaries of a race's lanes as small multiples, in one chart: each lane has a square of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.boundary import Moment, looks, next_moment, pictures
from toynet.charts.field import Area, Network, Plane
from toynet.charts.palette import GREY, INK, RUN_LOOKS
from toynet.datasets import Split

HEIGHT = 362
"""Pixels."""

FINE, COARSE, MANY = 96, 64, 5
"""Pixels along each side of a lane's field, and of one of so many lanes or more: each has less room."""

MOST_POINTS = 600
"""Samples drawn at most, in all lanes together: of more, in each lane a fixed random choice."""

GAP, HEAD = 0.03, 0.13
"""Of a lane's square: what stays free at its sides, and above its picture, for its name."""


def grid_of(lanes: int) -> int:
    """Pixels along each side of the field of each of so many lanes."""
    return COARSE if lanes >= MANY else FINE


def shape(lanes: int) -> tuple[int, int]:
    """In how many rows and columns so many lanes stand."""
    columns = math.ceil(math.sqrt(lanes))
    return math.ceil(lanes / columns), columns


@lru_cache(vega.SPECS)
def lanes_chart(lanes: int, height: int = HEIGHT, classes: int = 2) -> vega.Spec:
    """Spec of the boundaries of so many lanes, over the datasets of `lanes_tables` and `lane_points`."""
    rows, columns = shape(lanes)
    unit = {"nice": False, "zero": False}
    x = alt.X("x:Q", title=None, axis=None, scale=alt.Scale(domain=[0, columns], **unit))
    y = alt.Y("y:Q", title=None, axis=None, scale=alt.Scale(domain=[rows, 0], **unit))
    wide, high = f"width / {columns} * {1 - 2 * GAP}", f"height / {rows} * {1 - HEAD - GAP}"
    field = (
        alt.Chart(vega.dataset("fields"))
        .mark_image(width=alt.expr(wide), height=alt.expr(high), align="left", baseline="top", aspect=False)
        .encode(url="url:N", key=vega.KEY, order="order:Q")
    )
    line = alt.Chart(vega.dataset("halves")).mark_line(
        color=INK, strokeWidth=1.8, strokeDash=[5, 3], clip=True, order=False
    )
    heads = alt.Chart(vega.dataset("heads")).encode(key=vega.KEY)
    name = heads.mark_text(align="left", baseline="bottom", fontWeight="bold", dy=-4, clip=False, limit=alt.expr(
        f"width / {columns} * 0.62")).encode(text="name:N", color=alt.Color("colour:N", scale=None))  # fmt: skip
    told = heads.mark_text(align="right", baseline="bottom", color=GREY, dy=-4, dx=alt.expr(wide)).encode(text="told:N")
    shared = {"x": x.to_dict(), "y": y.to_dict()}
    spec = vega.spec(field + line + _points(classes) + name + told, height, encoding=shared)
    spec["config"]["view"] = {"stroke": None}
    return spec


def _points(classes):
    look = looks(classes)
    return (
        alt.Chart(vega.dataset("points"))
        .mark_point(size=24, opacity=1, clip=True)
        .encode(
            fill=alt.Fill("kind:N", scale=look.fill, legend=None),
            shape=alt.Shape("kind:N", scale=look.shape),
            stroke=alt.Stroke("kind:N", scale=look.stroke),
            strokeWidth=alt.condition(f"datum.kind > {classes - 1}", alt.value(1.2), alt.value(0.4)),
            key=vega.KEY,
        )
    )


def lanes_tables(
    networks: Sequence[Network],
    names: Sequence[str],
    told: Sequence[str],
    plane: Plane,
    before: Sequence[tuple[Moment, ...]] = (),
    ahead: bool = False,
    precision: type[np.floating] = np.float64,
) -> tuple[vega.Tables, list[tuple[Moment, ...]]]:
    """Datasets `fields`, `halves` and `heads` of the lanes; see `boundary.field_tables`.

    Parameters
    ----------
    networks : sequence of Network
        Of each lane.
    names, told : sequence of str
        What stands above each picture, at the left and at the right.
    plane : Plane
        That all have in common.
    before : sequence of tuple of Moment
        What this returned last time.
    ahead, precision
        As for `boundary.field_tables`.

    Returns
    -------
    tables : dict of str to pyarrow.Table
    moments : list of tuple of Moment
    """
    _, columns = shape(len(networks))
    kept, halves, rows = [], [], []
    for lane, (parameters, activation, *output) in enumerate(networks):
        had = before[lane] if lane < len(before) else ()
        moments, on_top = next_moment(parameters, activation, plane, had, ahead, precision, *output)
        n, order, urls = pictures(moments, on_top)
        kept.append(moments)
        left, top = _corner(lane, columns)
        halves.append(_in_square(on_top.half, plane.area, left, top))
        keys = 3 * lane + n % 3
        rows += [(left, top, *picture) for picture in zip(order.tolist(), urls, keys.tolist(), strict=True)]
    x, y, at, url, k = zip(*rows, strict=True)
    places = {"x": np.array(x, np.float32), "y": np.array(y, np.float32), "order": np.array(at, np.int32)}
    corners = np.array([_corner(lane, columns) for lane in range(len(networks))], np.float32)
    heads = {
        "x": corners[:, 0],
        "y": corners[:, 1],
        "name": list(names),
        "told": list(told),
        "colour": [RUN_LOOKS[lane][0] for lane in range(len(networks))],
    }
    fields = vega.table(places | {"url": url}, np.array(k))
    return {"fields": fields, "halves": pa.concat_tables(halves), "heads": vega.table(heads)}, kept


def lane_points(split: Split, area: Area, lanes: int) -> pa.Table:
    """Dataset `points`: the samples, in each lane again."""
    m, most = split.y_train.size + split.y_test.size, MOST_POINTS // lanes
    rows = np.arange(m) if m <= most else np.sort(np.random.default_rng(0).choice(m, most, replace=False))
    drawn, k = split.pictured, len(split.class_names)
    own = drawn.own_units(np.concatenate([drawn.X_train, drawn.X_test])[rows])
    kind = np.concatenate([split.y_train, split.y_test])[rows] + k * (rows >= split.y_train.size)
    _, columns = shape(lanes)
    table = pa.table({"x": own[:, 0], "y": own[:, 1]})
    placed = pa.concat_tables([_in_square(table, area, *_corner(lane, columns)) for lane in range(lanes)])
    return vega.table({name: placed[name] for name in ("x", "y")} | {"kind": np.tile(kind, lanes).astype(np.uint8)})


def _corner(lane: int, columns: int) -> tuple[float, float]:
    """Where the picture of a lane has its upper left corner."""
    row, column = divmod(lane, columns)
    return column + GAP, row + HEAD


def _in_square(table: pa.Table, area: Area, left: float, top: float) -> pa.Table:
    """Places in own units as places in a lane's square; a gap stays one."""
    (x_low, x_high), (y_low, y_high) = area
    x = (table["x"].to_numpy() - x_low) / (x_high - x_low)
    y = (table["y"].to_numpy() - y_low) / (y_high - y_low)
    placed = left + (1 - 2 * GAP) * x, top + (1 - HEAD - GAP) * (1.0 - y)
    return pa.table({"x": placed[0].astype(np.float32), "y": placed[1].astype(np.float32)})
