"""Few rows of a long curve that draw the same picture: M4 aggregation.

Of the rows that fall into one column of pixels only the first, the lowest, the highest
and the last leave a trace on the screen: between columns the line runs from a last row
to a first one, and within a column it covers what lies between lowest and highest
(U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).
"""

import numpy as np
from tsdownsample import M4Downsampler

_downsample = M4Downsampler().downsample

BLOCK = 16
"""Columns, or rows where all are drawn, that settle together."""


def m4(x: np.ndarray, y: np.ndarray, end: float, columns: int) -> np.ndarray:
    """Rows that draw a curve as all of its rows would: `Aggregation` for one that is complete."""
    return np.concatenate(Aggregation(columns).rows(x, y, end))


class Aggregation:
    """Rows that draw a growing curve as all of its rows would.

    While the picture's right edge stays, so do the columns: what was drawn stays where it
    was, and only rows that are new are looked at.

    Parameters
    ----------
    columns : int
        Into which the picture is cut, at least 1. Of as many columns as it has pixels, or of
        a multiple of these, it is the same picture.
    above_zero : bool
        Whether the axis is logarithmic and shows nothing else.
    """

    def __init__(self, columns: int, above_zero: bool = False) -> None:
        self._columns, self._above_zero = columns, above_zero
        self._begin_again(0.0)

    def _begin_again(self, end):
        self._end, self._done, self._columns_done, self._kept, self._settled = end, 0, 0, np.empty(0, np.int64), 0

    def rows(self, x: np.ndarray, y: np.ndarray, end: float) -> tuple[np.ndarray, np.ndarray]:
        """The rows to draw now.

        Parameters
        ----------
        x : ndarray (rows,)
            Ascending, those of the last time first. The first is at the picture's left edge.
        y : ndarray (rows,)
            What the axis cannot show is a gap.
        end : float
            The picture's right edge, at or behind the last x.

        Returns
        -------
        settled, moving : ndarray of int
            Together ascending, at most four a column (of the last one eight) and those beside a gap; all rows
            where there are no more. The settled ones change in steps only, so that they need not be drawn anew
            with each new row.
        """
        rows = len(x)
        if rows <= 4 * self._columns or not end > x[0]:
            return np.arange(rows // BLOCK * BLOCK), np.arange(rows // BLOCK * BLOCK, rows)
        if end != self._end or rows < self._done:
            self._begin_again(end)
        width = (end - x[0]) / self._columns
        begun = min(int((x[-1] - x[0]) / width), self._columns - 1)
        if begun > self._columns_done:
            whole = self._done + int(np.searchsorted(x[self._done :], x[0] + width * begun))
            self._kept = np.concatenate([self._kept, self._of_columns(x, y, whole, width, begun)])
            if begun // BLOCK > self._columns_done // BLOCK:
                self._settled = len(self._kept)
            self._done, self._columns_done = whole, begun
        last = self._of_columns(x, y, rows, width, begun + 1)
        return self._kept[: self._settled], np.concatenate([self._kept[self._settled :], last])

    def _of_columns(self, x, y, rows, width, begun):
        """M4 of the columns behind those that are done, up to so many rows and columns."""
        new, edges = slice(self._done, rows), x[0] + width * np.array([self._columns_done, begun])
        is_drawn = shown_on_axis(y[new], self._above_zero)
        return self._done + _of_columns(x[new], y[new], is_drawn, edges, begun - self._columns_done)


def shown_on_axis(y: np.ndarray, above_zero: bool) -> np.ndarray:
    """Whether an axis can show these values, (rows,) of bool."""
    return np.isfinite(y) & (y > 0) if above_zero else np.isfinite(y)


def _of_columns(x, y, is_drawn, edges, columns):
    """M4 of the rows in some whole columns, which lie side by side between two edges."""
    rows = len(x)
    if not rows:
        return np.empty(0, np.int64)
    beside_gaps = np.flatnonzero(is_drawn[1:] != is_drawn[:-1])
    # Columns are cut between the first x and the last: a row of nothing at either edge holds them.
    x, y = (
        np.concatenate([edges[:1], x, edges[1:]]),
        np.concatenate([[np.nan], np.where(is_drawn, y, np.nan), [np.nan]]),
    )
    # It knows no single column: then of either half.
    kept = _downsample(x, y, n_out=4 * max(columns, 2)).astype(np.int64) - 1
    return np.unique(np.concatenate([kept[(kept >= 0) & (kept < rows)], beside_gaps, beside_gaps + 1, [0, rows - 1]]))


def step_up(x: float) -> float:
    """The end of an axis that grows in steps: from x on the next power of 2^(1/8), at most 9 % above it."""
    return float(2.0 ** (np.ceil(8.0 * np.log2(x)) / 8.0)) if x > 0 else 0.0


class Average:
    """Exponential average of a growing curve, without the pull of its beginning towards zero.

    s_t = weight s_(t-1) + (1 - weight) y_t with s = 0 before the first row, over the same sum
    of ones: a mean of the rows so far in which each weighs `weight` times as much as the next.

    Parameters
    ----------
    weight : float
        0 (the curve itself) up to, not including, 1.
    """

    def __init__(self, weight: float) -> None:
        self._weight, self._state, self._values = weight, np.zeros((2, 1)), np.empty(0)

    def of(self, y: np.ndarray) -> np.ndarray:
        """The average at each row of y, (rows,), those of the last time first; what is not finite is passed over."""
        from scipy.signal import lfilter  # loaded by who smooths

        new = y[len(self._values) :]
        is_known = np.isfinite(new)
        both = np.stack([np.where(is_known, new, 0.0), is_known])
        (sums, weights), self._state = lfilter([1.0 - self._weight], [1.0, -self._weight], both, zi=self._state)
        with np.errstate(invalid="ignore", divide="ignore"):
            self._values = np.concatenate([self._values, np.where(is_known, sums / weights, new)])
        return self._values
