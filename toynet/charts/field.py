"""The network's probability over the plane, as a picture and as its 0.5 line."""

import base64
import io
from typing import NamedTuple, TypeAlias

import contourpy
import numpy as np
from PIL import Image

from toynet.charts.palette import SHADES, colours
from toynet.datasets import Split
from toynet.network import Parameters, forward

GRID = 160
"""Pixels along each side of the field."""

Area: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""x_range and y_range of a rectangle, in own units."""

AT_ONCE = 32_768
"""Values of A1 that are computed at once, about: so many stay in a processor's cache."""


class Plane(NamedTuple):
    """A rectangle of the input plane and the grid of pixel centres on it.

    Attributes
    ----------
    x_range, y_range : tuple of 2 float
        The rectangle in own units.
    X : ndarray (grid * grid, 2)
        The centres, standardised, row by row from the lowest y.
    grid : int
        Pixels along each side.
    """

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    X: np.ndarray
    grid: int = GRID

    @property
    def area(self) -> Area:
        """Its rectangle."""
        return self.x_range, self.y_range


def plane(split: Split, margin: float = 0.08, grid: int = GRID, area: Area | None = None) -> Plane:
    """The rectangle around all samples of a split, `margin` of its sides wider on each side; or a given one."""
    if area:
        low, high = np.array(area, dtype=float).T
    else:
        own = split.own_units(np.concatenate([split.X_train, split.X_test]))
        low, high = own.min(axis=0), own.max(axis=0)
        low, high = low - margin * (high - low), high + margin * (high - low)
    # Not by way of the own units, which can be so large that neighbours are one number.
    first, side = (low - split.mean) / split.scale, (high - low) / split.scale
    centres = first[:, None] + side[:, None] * (np.arange(grid) + 0.5) / grid
    X = np.stack(np.meshgrid(*centres), axis=-1).reshape(-1, 2)
    return Plane((float(low[0]), float(high[0])), (float(low[1]), float(high[1])), X, grid)


def evaluate(
    parameters: Parameters, plane: Plane, activation: str, precision: type[np.floating] = np.float64
) -> tuple[np.ndarray, np.ndarray]:
    """Z2 and y_hat at the pixel centres, each (grid, grid), rows from the lowest y.

    In `np.float32` it is a fraction of the work, and right to a thousandth of a shade: for what moves.
    """
    grid = plane.grid
    Z2, y_hat = np.empty((grid, grid), precision), np.empty((grid, grid), precision)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = Parameters(*(values.astype(precision) for values in parameters))
        many = max(1, AT_ONCE // (grid * parameters.W2.size))
        for first in range(0, grid, many):
            rows = slice(first, first + many)
            X = plane.X[first * grid : (first + many) * grid].astype(precision)
            passed = forward(rounded, X, activation)
            Z2[rows], y_hat[rows] = passed.Z2.reshape(-1, grid), passed.y_hat.reshape(-1, grid)
    return Z2, y_hat


def half_line(Z2: np.ndarray, plane: Plane) -> list[np.ndarray]:
    """Where y_hat = 0.5, that is Z2 = 0: a list of polylines (k, 2) in own units."""
    finite = np.ma.masked_invalid(Z2)
    low, high = np.array([plane.x_range, plane.y_range]).T
    lines = contourpy.contour_generator(z=finite).lines(0.0)  # in pixels, from the centre of the first
    return [low + (high - low) * (_fewer(line) + 0.5) / plane.grid for line in lines]


def _fewer(line, tolerance=0.15, rounds=6):
    """The line without vertices that hardly bend it.

    In each round every other vertex goes if it is closer than `tolerance` pixels to the
    straight line between its neighbours; both of these stay.
    """
    for _ in range(rounds):
        before, here, after = line[:-2:2], line[1:-1:2], line[2::2]
        (dx, dy), (ex, ey) = (after - before).T, (here - before).T
        is_bend = np.abs(dx * ey - dy * ex) >= tolerance * np.hypot(dx, dy)
        kept = np.ones(len(line), bool)
        kept[1:-1:2] = is_bend
        line = line[kept]
    return line


def image_url(y_hat: np.ndarray) -> str:
    """Probabilities (n, n), rows from the lowest y, as a PNG in a data URL: a byte, a place in the palette, a pixel."""
    shades = np.nan_to_num(y_hat[::-1] * (SHADES - 1), nan=(SHADES - 1) / 2).round().astype(np.uint8)
    image, buffer = Image.fromarray(shades), io.BytesIO()
    image.putpalette(colours.tobytes())
    image.save(buffer, "PNG", compress_level=4)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
