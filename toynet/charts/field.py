"""The network's probabilities over the plane, as a picture and as the lines between classes: of two, the 0.5 line."""

import base64
import io
from typing import NamedTuple, TypeAlias

import contourpy
import numpy as np
from PIL import Image

from toynet.charts.palette import CLASS_COLOURS, MIDDLE, SHADES, colours, rgb
from toynet.datasets import Split
from toynet.network import Parameters, forward

GRID = 160
"""Pixels along each side of the field."""

GRID_OF_MANY = 128
"""The same of a field of three classes and more, which has no palette: a picture of three bytes a pixel."""

STEP, ROUGH_STEP = 2, 4
"""Of each of these bytes: as good as smooth, and the file a quarter smaller; and of what moves, a half."""

Area: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""x_range and y_range of a rectangle, in own units."""

Network: TypeAlias = tuple[Parameters, str] | tuple[Parameters, str, str]
"""Parameters, the activation's name, and the output's where it is not sigmoid."""

AT_ONCE = 32_768
"""Values of A1 that are computed at once, about: so many stay in a processor's cache."""


class Plane(NamedTuple):
    """A rectangle of the input plane and the grid of pixel centres on it.

    Attributes
    ----------
    x_range, y_range : tuple of 2 float
        The rectangle in own units.
    X : ndarray (grid * grid, d)
        The centres as the network's inputs, row by row from the lowest y.
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


def plane(split: Split, margin: float = 0.08, grid: int | None = None, area: Area | None = None) -> Plane:
    """The rectangle around all samples of a split, `margin` of its sides wider on each side; or a given one.

    Of what is drawn: inputs that are not, are at their mean. Without a number of pixels it has `GRID`, or
    `GRID_OF_MANY` of several outputs.
    """
    grid = grid or (GRID if split.outputs == 1 else GRID_OF_MANY)
    inputs, split = split.inputs, split.pictured
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
    return Plane((float(low[0]), float(high[0])), (float(low[1]), float(high[1])), inputs(X), grid)


def evaluate(
    parameters: Parameters,
    plane: Plane,
    activation: str,
    precision: type[np.floating] = np.float64,
    output: str = "sigmoid",
) -> tuple[np.ndarray, np.ndarray]:
    """Z2 and y_hat at the pixel centres, each (grid, grid), rows from the lowest y; of k outputs each (k, grid, grid).

    In `np.float32` it is a fraction of the work, and right to a thousandth of a shade: for what moves.
    """
    grid, k = plane.grid, len(parameters.W2)
    Z2, y_hat = np.empty((k, grid, grid), precision), np.empty((k, grid, grid), precision)
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = Parameters(*(values.astype(precision) for values in parameters))
        many = max(1, AT_ONCE // (grid * max(parameters.W2.shape)))
        for first in range(0, grid, many):
            rows = slice(first, first + many)
            X = plane.X[first * grid : (first + many) * grid].astype(precision)
            passed = forward(rounded, X, activation, output)
            Z2[:, rows], y_hat[:, rows] = passed.Z2.reshape(k, -1, grid), passed.y_hat.reshape(k, -1, grid)
    return (Z2[0], y_hat[0]) if k == 1 else (Z2, y_hat)


def borders(Z2: np.ndarray, plane: Plane) -> list[np.ndarray]:
    """The lines on whose sides classes are told differently: `half_line`, or of several outputs `class_lines`."""
    return half_line(Z2, plane) if Z2.ndim == 2 else class_lines(Z2, plane)


def half_line(Z2: np.ndarray, plane: Plane) -> list[np.ndarray]:
    """Where y_hat = 0.5, that is Z2 = 0: a list of polylines (k, 2) in own units."""
    return _placed(_zeros(Z2), plane)


def class_lines(Z2: np.ndarray, plane: Plane) -> list[np.ndarray]:
    """Where the two largest of Z2 (k, n, n) are equal, each line once: a list of polylines (m, 2) in own units.

    A class's lines are those to the classes behind it: where the largest of them equals it, as far as none before it
    is larger still.
    """
    lines: list[np.ndarray] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for c in range(len(Z2) - 1):
            here, behind = Z2[c], Z2[c + 1 :].max(axis=0)
            between = _zeros(here - behind)
            if c:
                lead = np.maximum(here, behind) - Z2[:c].max(axis=0)
                between = [part for line in between for part in _where_positive(line, lead)]
            lines += between
    return _placed(lines, plane)


def _zeros(Z: np.ndarray) -> list[np.ndarray]:
    """Lines where Z is 0, in pixels from the centre of the first."""
    return [np.asarray(line) for line in contourpy.contour_generator(z=np.ma.masked_invalid(Z)).lines(0.0)]


def _placed(lines: list[np.ndarray], plane: Plane) -> list[np.ndarray]:
    """The same in own units, with fewer vertices."""
    low, high = np.array([plane.x_range, plane.y_range]).T
    return [low + (high - low) * (_fewer(line) + 0.5) / plane.grid for line in lines]


def _where_positive(line: np.ndarray, Z: np.ndarray) -> list[np.ndarray]:
    """The parts of a line, in pixels, along which Z (n, n) is not negative; they end where it is 0."""
    column, row = np.floor(line).astype(int).T
    column, row = np.minimum(column, Z.shape[1] - 2), np.minimum(row, Z.shape[0] - 2)
    x, y = line[:, 0] - column, line[:, 1] - row
    lower = (1 - x) * Z[row, column] + x * Z[row, column + 1]
    upper = (1 - x) * Z[row + 1, column] + x * Z[row + 1, column + 1]
    z = (1 - y) * lower + y * upper
    is_in = z >= 0
    turns = np.flatnonzero(is_in[1:] != is_in[:-1])
    share = np.clip(np.nan_to_num(z[turns] / (z[turns] - z[turns + 1])), 0.0, 1.0)
    ends = line[turns] + share[:, None] * (line[turns + 1] - line[turns])
    line, is_in = np.insert(line, turns + 1, ends, axis=0), np.insert(is_in, turns + 1, True)
    parts = np.split(line, np.flatnonzero(is_in[1:] != is_in[:-1]) + 1)
    return [part for part in parts[0 if is_in[0] else 1 :: 2] if len(part) > 1]


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
    """Probabilities (n, n), rows from the lowest y, as a PNG in a data URL: a byte, a place in the palette, a pixel.

    Of several outputs, (k, n, n), the colours are `mixed`; in single precision, which is for what moves, less finely.
    """
    if y_hat.ndim == 3:
        step = ROUGH_STEP if y_hat.dtype == np.float32 else STEP
        return _url(Image.fromarray(np.minimum(255, (mixed(y_hat) / step).round() * step).astype(np.uint8)))
    shades = np.nan_to_num(y_hat[::-1] * (SHADES - 1), nan=(SHADES - 1) / 2).round().astype(np.uint8)
    return indexed_url(shades, colours)


def indexed_url(places: np.ndarray, palette: np.ndarray) -> str:
    """A picture of bytes (n, n), each a place in a palette of bytes (colours, 3), as a PNG in a data URL."""
    image = Image.fromarray(places)
    image.putpalette(palette.tobytes())
    return _url(image)


def mixed(y_hat: np.ndarray, bands: int | None = None) -> np.ndarray:
    """The classes' colours, mixed by probability: of (k, n, n), rows from the lowest y, floats (n, n, 3) of 0 to 255,
    rows from the highest.

    A class has the share by which its probability is beyond chance, (k p - 1) / (k - 1), the undecided grey the rest:
    of two classes that would be the colours of the 0.5 line's two sides. Outputs that do not sum to 1 are made to.
    With `bands` the shares are whole numbers of so many parts.
    """
    k = len(y_hat)
    with np.errstate(all="ignore"):
        p = y_hat[:, ::-1] / y_hat.sum(axis=0)[::-1]
        shares = np.nan_to_num(np.maximum(k * p - 1, 0) / (k - 1))
    if bands:
        shares = (bands * shares).round() / bands
    middle = np.array(rgb(MIDDLE), y_hat.dtype)
    towards = np.array([rgb(colour) for colour in CLASS_COLOURS[:k]], y_hat.dtype) - middle
    return middle + np.moveaxis(shares, 0, -1) @ towards


def _url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
