"""The colours: of the classes and what lies between them, of the curves, and of words and rules."""

import numpy as np

ORANGE, MIDDLE, BLUE = "#f59322", "#e8eaeb", "#0877bd"
"""Class 0, undecided, class 1."""

CLASS_COLOURS = (
    ORANGE, BLUE, "#a3195b", "#1ece82", "#7819de", "#fcd974", "#003378", "#e292bb", "#7f5e15", "#b484ff"
)  # fmt: skip
"""Of each class. Told apart by the colour-blind too, the first ones best; from the undecided grey as well."""


def _star(points: int, inner: float) -> np.ndarray:
    """Corners (2 points, 2) of a star, y downwards, the first one on top, the inner ones at that radius."""
    turn = np.arange(2 * points) * np.pi / points
    radius = np.where(np.arange(2 * points) % 2, inner, 1.4)
    return radius[:, None] * np.stack([np.sin(turn), -np.cos(turn)], axis=1)


_UP = np.array([(0.0, -1.2), (1.2, 0.9), (-1.2, 0.9)])
_ARM = 0.42
_CORNER = np.array([(_ARM, -1.15), (_ARM, -_ARM), (1.15, -_ARM)])

CORNERS: tuple[np.ndarray | None, ...] = (
    None,
    np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * np.sqrt(np.pi) / 2,
    _UP,
    np.array([(0.0, -1.4), (1.0, 0.0), (0.0, 1.4), (-1.0, 0.0)]),
    np.concatenate([_CORNER, _CORNER[::-1] * (1, -1), -_CORNER, _CORNER[::-1] * (-1, 1)]),
    -_UP,
    _star(5, 0.62),
    _UP[:, ::-1],
    -_UP[:, ::-1],
    _star(3, 0.5),
)
"""Of each class's sign the corners, y downwards, in a circle's radius of it; the first one is that circle."""

CLASS_SHAPES = (
    "circle", "square",
    *("M" + "L".join(f"{x:g},{y:g}" for x, y in sign.round(3) + 0.0) + "Z" for sign in CORNERS[2:] if sign is not None),
)  # fmt: skip
"""Of each class's samples: what Vega takes for a sign."""

SERIES_COLOURS = ("#7b4ab8", "#149c8a", "#c2410c", "#8a8f98")
"""Apart from the classes' orange and blue, and legible on light and dark ground."""

SERIES_DASHES = ([1, 0], [6, 3], [2, 2], [10, 3])

SERIES_LOOKS = tuple(zip(SERIES_COLOURS, SERIES_DASHES, strict=True))
"""Colour and dash of each curve of one run."""

RUN_LOOKS = tuple(
    zip(
        ("#7b4ab8", "#149c8a", "#c2410c", "#2563eb", "#b8860b", "#be3a85", "#4d7c0f", "#0e7490", "#8b5e3c", "#6b7280"),
        (*SERIES_DASHES, *SERIES_DASHES, *SERIES_DASHES[:2]),
        strict=True,
    )
)
"""Of runs that are compared: as many as can be told apart."""

INK = "#1f2937"
"""The 0.5 line, and words on the field's grey."""

OUTLINE = "#111827"
"""Around test points, and what is chosen."""

RIGHT, WRONG = "#2e9e5b", "#d64545"
"""Verdicts."""

GREY = "#8a8f98"
"""Rules and words beside the series, in either theme."""

SHADES = 101
"""Colours of the field, a percent apart: coarser ones show as bands, finer ones cannot be told apart."""


def rgb(colour):
    """ "#0877bd" as [8, 119, 189]."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def triple(colour):
    """ "#0877bd" as "8,119,189", for CSS that makes it transparent."""
    return ",".join(map(str, rgb(colour)))


def _colours():
    """Colours from `ORANGE` over `MIDDLE` to `BLUE`: (SHADES, 3) bytes."""
    stops = np.array([rgb(colour) for colour in (ORANGE, MIDDLE, BLUE)])
    t = np.linspace(0.0, 2.0, SHADES)
    between = np.stack([np.interp(t, (0, 1, 2), channel) for channel in stops.T], axis=1)
    return between.round().astype(np.uint8)


colours = _colours()


def shade(value):
    """The colour of a number from -1 (orange) over 0 to 1 (blue), as "#rrggbb"."""
    return "#" + bytes(colours[round((SHADES - 1) * (value + 1.0) / 2.0)]).hex()


def shades_to(colour, number):
    """So many colours from the undecided grey to this one: (number, 3) bytes."""
    share = np.linspace(0.0, 1.0, number)[:, None]
    return ((1 - share) * np.array(rgb(MIDDLE)) + share * np.array(rgb(colour))).round().astype(np.uint8)
