"""The colours: of the two classes and what lies between them, of the curves, and of words and rules."""

import numpy as np

ORANGE, MIDDLE, BLUE = "#f59322", "#e8eaeb", "#0877bd"
"""Class 0, undecided, class 1."""

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


def _bytes(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def triple(colour):
    """ "#0877bd" as "8,119,189", for CSS that makes it transparent."""
    return ",".join(map(str, _bytes(colour)))


def _colours():
    """Colours from `ORANGE` over `MIDDLE` to `BLUE`: (SHADES, 3) bytes."""
    stops = np.array([_bytes(colour) for colour in (ORANGE, MIDDLE, BLUE)])
    t = np.linspace(0.0, 2.0, SHADES)
    rgb = np.stack([np.interp(t, (0, 1, 2), channel) for channel in stops.T], axis=1)
    return rgb.round().astype(np.uint8)


colours = _colours()


def shade(value):
    """The colour of a number from -1 (orange) over 0 to 1 (blue), as "#rrggbb"."""
    return "#" + bytes(colours[round((SHADES - 1) * (value + 1.0) / 2.0)]).hex()
