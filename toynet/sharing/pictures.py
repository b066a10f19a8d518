"""The pictures of the Train page as SVG and PNG files: the same specs and tables, drawn by Vega without a browser."""

from __future__ import annotations

import math
import re
from typing import Any

import pyarrow as pa
import vl_convert

from toynet.charts import boundary, confusion, network, thumbnails
from toynet.charts.curves import NORMS, REST_COLUMNS, Curves, View, curve_tables, measure_chart, norm_chart
from toynet.charts.field import plane
from toynet.charts.vega import Spec, Tables
from toynet.training import Trainer

PICTURES = ("boundary", "losses", "accuracies", "norms", "network", "confusion")

TALL = {"boundary": 0.66, "losses": 0.36, "accuracies": 0.36, "norms": 0.36, "confusion": 0.6}
"""Height as a share of the width, about as on the page; the network's is its own."""

FONT, SIZE = "Liberation Sans, Arial, Helvetica, sans-serif", 12
"""What vl-convert brings along, and what is as wide elsewhere; pixels."""

MARGIN = 8
"""Pixels around the network."""

COLOURS = {False: ("#ffffff", "#374151", "#e5e7eb"), True: ("#16181d", "#d1d5db", "#33373f")}
"""Whether it is dark -> background, words, rules."""

LONGEST = 120
"""Characters of a name that are looked at: the rest would be cut anyway, and Vega measures every one."""

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(trainer: Trainer, picture: str, width: int = 720, is_dark: bool = False) -> str:
    """One picture of a run as it stands, as an SVG document that needs no other file.

    Parameters
    ----------
    trainer : Trainer
    picture : str
        One of `PICTURES`.
    width : int
        Pixels, all included.
    is_dark : bool
        Light words on a dark ground.

    Raises
    ------
    ValueError
        If there is no such picture.
    """
    return _svg(trainer, picture, width, is_dark, REST_COLUMNS)


def png(trainer: Trainer, picture: str, width: int = 720, scale: float = 2.0, is_dark: bool = False) -> bytes:
    """The same as a PNG file of `scale` pixels of its own for each of these."""
    columns = max(REST_COLUMNS, math.ceil(width * scale))
    return vl_convert.svg_to_png(_svg(trainer, picture, width, is_dark, columns), scale=scale)


def _svg(trainer, picture, width, is_dark, columns):
    """`svg`, with curves that are exact in so many columns of pixels."""
    if picture not in PICTURES:
        raise ValueError(f"there is no picture {picture!r}; the pictures are {', '.join(PICTURES)}")
    height = round(TALL.get(picture, 0.0) * width)
    spec, tables = _drawn(trainer, picture, height, columns)
    whole = {**spec, "datasets": {name: _rows(table) for name, table in tables.items()}}
    if picture == "network":  # on the page it reaches from edge to edge, and the words a little beyond
        whole |= {"width": width - 2 * MARGIN, "padding": MARGIN}
    else:
        whole |= {"width": width, "height": height}
    whole["config"] = spec["config"] | _config(width, whole["height"], is_dark)
    # The pictures have no data but their own; should one ever name an address, it is not gone to.
    return vl_convert.vegalite_to_svg(whole, allowed_base_urls=[])


def _drawn(trainer: Trainer, picture: str, height: int, columns: int) -> tuple[Spec, Tables]:
    """Spec and tables of a picture in which nothing moves."""
    split, config, at = trainer.split, trainer.config, (trainer.parameters, trainer.config.activation)
    classes, has_test = _drawable(split.class_names), split.y_test.size > 0
    if picture == "boundary":
        area, drawn = plane(split), split.pictured
        tables, _ = boundary.field_tables(*at, area, output=config.output)
        tables["points"] = boundary.points_table(*at, split, area, boundary.shown(split), config.output)
        return boundary.boundary_chart(_drawable(drawn.feature_names), classes, area.area, has_test, height), tables
    if picture == "network":
        area = plane(split)
        tables = network.network_tables(*at, split, area, config.output)
        images, _ = network.network_images(*at, split, area, config.output)
        names, bends = _drawable(split.feature_names), bool(thumbnails.bent(split))
        return network.network_chart(names, at[0].W2.shape[1], at[1], classes, bends), tables | images
    if picture == "confusion":
        counts = confusion.confusion(*at, split, config.output)
        chart = confusion.confusion_chart(classes, confusion.part_of(split), height)
        return chart, {"confusion": confusion.confusion_table(counts)}
    view = View(shows="accuracy" if picture == "accuracies" else "loss")
    if picture == "norms":
        return norm_chart(view), _curve_tables(trainer, NORMS, Curves(view, columns), is_log=True)
    return measure_chart(view, has_test), _curve_tables(trainer, view.series, Curves(view, columns), is_log=False)


def _drawable(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names without what XML cannot hold, and not longer than they can be drawn."""
    return tuple(_NO_XML.sub("?", name[:LONGEST]) for name in names)


def _curve_tables(trainer, series, curves, is_log):
    """As on the page: the last point may lie within an epoch, and the axis ends where the run is to end."""
    present = trainer.present()
    moment = present | {"epoch": present["samples_seen"] / trainer.split.y_train.size}
    last = max(trainer.epochs, trainer.epoch)
    tables = curve_tables(trainer.recorded, series, curves, is_log, moment, last, trainer.marks())
    return tables | {"hover": pa.table({"x": [], "k": []})}  # nobody hovers over a file


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """A table as JSON has it: a gap is null, not NaN."""
    return [{n: None if v != v else v for n, v in row.items()} for row in table.to_pylist()]


def _config(width: int, height: int, is_dark: bool) -> dict[str, Any]:
    """Words and rules that are legible on their ground, and names cut that would push the picture aside."""
    ground, words, rules = COLOURS[is_dark]
    axis = {"labelColor": words, "titleColor": words, "titleFontWeight": "normal", "labelFontSize": SIZE}
    lines = {"gridColor": rules, "domainColor": rules, "tickColor": rules, "titleFontSize": SIZE}
    return {
        "background": ground,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis | lines,
        "axisX": {"titleLimit": 0.8 * width},
        "axisY": {"titleLimit": 0.7 * height},
        "legend": {"labelColor": words, "labelFontSize": SIZE},
        "text": {"limit": width / 3 - 8},
    }
