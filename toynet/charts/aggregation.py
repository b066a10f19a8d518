"""Few rows of a long curve that draw the same picture.

Of the rows that fall into one column of pixels only the first, the lowest, the highest
and the last leave a trace on the screen: between columns the line runs from a last row
to a first one, and within a column it covers what lies between lowest and highest: M4
(U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).
Where the columns need not be those of the screen, the lowest and the highest of half as wide ones are
as many rows, and nearer to the picture of all.
"""

import numpy as np

BLOCK = 64
"""Columns, or rows where all are drawn, that settle together."""


def m4(x: np.ndarray, y: np.ndarray, start: float, end: float, columns: float, above_zero: bool = False) -> np.ndarray:
    """Rows that draw a curve from start to end, in so many columns of pixels, exactly as all would.

    Parameters
    ----------
    x, y : ndarray (rows,)
        x ascending. What the y axis cannot show is a gap.
    start, end : float
        The picture's edges, on the x axis.
    columns : float
    above_zero : bool
        Whether the y axis is logarithmic and shows nothing else.

    Returns
    -------
    ndarray of int
        Ascending: all, where they are no more than four a column; else at most four a column, those beside a gap, and
        the two from and to which the line leaves the picture.
    """
    first, stop = max(int(np.searchsorted(x, start)) - 1, 0), int(np.searchsorted(x, end, side="right")) + 1
    x, y = x[first:stop], y[first:stop]
    if len(x) <= 4 * columns:
        return np.arange(first, first + len(x))
    edges = start + (end - start) / columns * np.arange(np.ceil(columns) + 1)
    starts = np.unique(np.concatenate([[0], np.searchsorted(x, edges), [len(x) - 1]]))
    return first + _of_parts(y, shown_on_axis(y, above_zero), starts[starts < len(x)], with_ends=True)


class Aggregation:
    """The lowest and the highest row of each column of a growing curve: only rows that are new are looked at.

    Parameters
    ----------
    columns : float
        Where there are no more rows than would be kept of so many columns, all are drawn. At least 1.
    above_zero : bool
        Whether the axis is logarithmic and shows nothing else.
    """

    def __init__(self, columns: float, above_zero: bool = False) -> None:
        self._few, self._above_zero = 2 * columns, above_zero
        self._begin_again(0.0)

    def _begin_again(self, width):
        self._width, self._done, self._columns_done, self._kept, self._settled = width, 0, 0, np.zeros(1, np.int64), 0

    def rows(self, x: np.ndarray, y: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
        """The rows to draw now.

        Parameters
        ----------
        x : ndarray (rows,)
            Ascending, those of the last time first. The first is at the picture's left edge.
        y : ndarray (rows,)
            What the axis cannot show is a gap.
        width : float
            Of a column, on the x axis. While it stays, so do the columns: what was drawn stays where it was.

        Returns
        -------
        settled, moving : ndarray of int
            Together ascending, two a column (of the last one four) and those beside a gap;
            all rows where there are no more. The settled ones change in steps only, so that they need not be drawn
            anew with each new row.
        """
        rows = len(x)
        if rows <= self._few or not width > 0:
            return np.arange(rows // BLOCK * BLOCK), np.arange(rows // BLOCK * BLOCK, rows)
        if width != self._width or rows < self._done:
            self._begin_again(width)
        begun = int((x[-1] - x[0]) / width)
        if begun > self._columns_done:
            whole = self._done + int(np.searchsorted(x[self._done :], x[0] + width * begun))
            self._kept = np.union1d(self._kept, self._of_columns(x, y, whole, begun))
            if begun // BLOCK > self._columns_done // BLOCK:
                self._settled = len(self._kept)
            self._done, self._columns_done = whole, begun
        last = np.append(self._of_columns(x, y, rows, begun + 1), rows - 1)
        return self._kept[: self._settled], np.unique(np.concatenate([self._kept[self._settled :], last]))

    def _of_columns(self, x, y, rows, begun):
        """Those of the columns behind those that are done, up to so many rows and columns."""
        new, columns = slice(self._done, rows), np.arange(self._columns_done, begun)
        starts = np.unique(np.searchsorted(x[new], x[0] + self._width * columns))
        is_drawn = shown_on_axis(y[new], self._above_zero)
        return self._done + _of_parts(y[new], is_drawn, starts[starts < len(is_drawn)])


def shown_on_axis(y: np.ndarray, above_zero: bool) -> np.ndarray:
    """Whether an axis can show these values, (rows,) of bool."""
    return np.isfinite(y) & (y > 0) if above_zero else np.isfinite(y)


def _of_parts(y, is_drawn, starts, with_ends=False):
    """Lowest and highest row of each part of y, first and last too if need be, and those beside a gap."""
    if not len(starts):
        return np.empty(0, np.int64)
    beside_gaps = np.flatnonzero(is_drawn[1:] != is_drawn[:-1])
    kept = [beside_gaps, beside_gaps + 1]
    if with_ends:
        kept += [starts, np.append(starts[1:], len(y)) - 1]
    part = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(y)))
    for extreme, nothing in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        values = np.where(is_drawn, y, nothing)
        reached = np.flatnonzero((values == extreme.reduceat(values, starts)[part]) & is_drawn)
        kept.append(reached[np.diff(part[reached], prepend=-1) > 0])  # of a part's the first one
    return np.unique(np.concatenate(kept))


def step_up(x: float) -> float:
    """The end of an axis that grows in steps: from x on the next power of 2^(1/6), at most 12 % above it."""
    return float(2.0 ** (np.ceil(6.0 * np.log2(x)) / 6.0)) if x > 0 else 0.0


def step_down(x: float) -> float:
    """The last power of 2^(1/2) up to x: what changes much more seldom than `step_up`."""
    return float(2.0 ** (np.floor(2.0 * np.log2(x)) / 2.0)) if x > 0 else 0.0


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
