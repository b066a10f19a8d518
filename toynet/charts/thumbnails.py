"""Small images of fields, for the network picture: of several outputs, and, where an input is no straight line over
the plane (x1^2, sin x1), of that input and of every hidden unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toynet.charts import vega
from toynet.charts.field import Plane, indexed_url
from toynet.charts.palette import CLASS_COLOURS, colours, shades_to
from toynet.datasets import Split
from toynet.datasets.features import PAIR

MANY = 16
"""Images from which on each is coarser: there is less room for it, and a frame has so many of them."""


class Look(NamedTuple):
    """How fine an image is.

    Attributes
    ----------
    pixels : int
        Along each side.
    signed : ndarray (shades, 3) of bytes
        Colours from -1 to 1: some of the field's.
    shades : int
        From grey to a class's colour.
    """

    pixels: int
    signed: np.ndarray
    shades: int


FINE, COARSE = Look(40, colours[::5], 26), Look(24, colours[::10], 16)
"""Sixteen shades take half a byte."""


def look(images: int) -> Look:
    """How fine each of so many images is."""
    return COARSE if images > MANY else FINE


class Images(NamedTuple):
    """The images of one moment.

    Attributes
    ----------
    n : int
        Its number: the next moment has the next.
    urls : tuple of str
    """

    n: int
    urls: tuple[str, ...]


def bent(split: Split) -> list[int]:
    """The inputs that are not linear in the two that are drawn, by their places."""
    sources = split.drawn.sources if split.drawn else ()
    return [i for i, source in enumerate(sources) if source not in ("", *PAIR)]


def some_of(plane: Plane, look: Look) -> np.ndarray:
    """The network's inputs (pixels * pixels, d) at some of the plane's pixel centres, row by row from the lowest y."""
    some = ((np.arange(look.pixels) + 0.5) * plane.grid / look.pixels).astype(int)
    return plane.X.reshape(plane.grid, plane.grid, -1)[np.ix_(some, some)].reshape(look.pixels**2, -1)


def signed_url(values: np.ndarray, look: Look) -> str:
    """Numbers from -1 (orange) over 0 to 1 (blue), (pixels * pixels,), as a picture in a data URL."""
    return _url((np.clip(values, -1, 1) + 1) / 2, look.signed, 0.5)


def class_url(p: np.ndarray, c: int, look: Look) -> str:
    """Probabilities of class c, from grey to its colour, likewise."""
    return _url(p, shades_to(CLASS_COLOURS[c], look.shades), 0.0)


def _url(share: np.ndarray, palette: np.ndarray, missing: float) -> str:
    side = round(len(share) ** 0.5)
    places = np.nan_to_num(share.reshape(side, side)[::-1], nan=missing) * (len(palette) - 1)
    return indexed_url(places.round().astype(np.uint8), palette)


def images_table(at: np.ndarray, moments: tuple[Images, ...], on_top: Images) -> vega.Tables:
    """Dataset `images`: of each moment every image, what it is of (`at`), and which moment is seen; see
    `boundary.pictures`."""
    sent = (moments[-1], on_top)
    urls = [url if moment in sent else "" for moment in moments for url in moment.urls]
    n = np.repeat([moment.n for moment in moments], len(at))
    order = np.where(n > on_top.n, -1, n).astype(np.int32)
    key = np.tile(np.arange(len(at)), len(moments)) * 3 + n % 3
    return {"images": vega.table({"at": np.tile(at, len(moments)), "order": order, "url": urls}, key)}
