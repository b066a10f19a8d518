"""Thin long curves for the screen: few rows, every peak kept."""

import numpy as np


def thin(columns: list[np.ndarray], limit: int) -> np.ndarray:
    """Which rows of some curves to draw: `Thinning` for curves that are complete."""
    return Thinning(limit).rows(columns)


class Thinning:
    """Which rows of some growing curves to draw.

    The rows are cut into equal buckets, as small as will do; of each bucket the rows
    stay where a curve is lowest or highest in it, so a spike of one row survives.
    Bucket sizes are powers of two and buckets start at multiples of them: as rows are
    appended, what was drawn stays where it was, and only new rows are looked at. When
    buckets must be larger, what two of them kept is thinned to what one would keep.

    Parameters
    ----------
    limit : int
        The most rows to draw, at least 2 + 4 per curve.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size, self._done, self._kept = 2, 0, np.empty(0, np.int64)

    def rows(self, columns: list[np.ndarray]) -> np.ndarray:
        """The rows to draw now.

        Parameters
        ----------
        columns : list of ndarray (rows,)
            The curves that share these rows, never fewer or other ones than last time.
            NaN counts as neither low nor high.

        Returns
        -------
        ndarray of int
            Ascending row numbers, first and last included; all where there are no
            more than the limit.
        """
        rows = len(columns[0])
        if rows <= self._limit:
            return np.arange(rows)
        while rows / self._size > self._limit:
            self._enlarge(columns)
        while True:
            self._take(columns, rows // self._size * self._size)
            rest = _extremes(columns, np.arange(self._done, rows), rows)
            kept = np.unique(np.concatenate([[0, rows - 1], self._kept, rest]))
            if len(kept) <= self._limit:
                return kept
            self._enlarge(columns)

    def _take(self, columns, whole):
        """Keep what the buckets up to row `whole` have that are new."""
        new = _extremes(columns, np.arange(self._done, whole), self._size)
        self._kept, self._done = np.concatenate([self._kept, new]), whole

    def _enlarge(self, columns):
        """Buckets of twice the size; of an odd number of them the last must wait for its other half."""
        self._size *= 2
        self._done = self._done // self._size * self._size
        self._kept = _extremes(columns, self._kept[self._kept < self._done], self._size)


def _extremes(columns, candidates, size):
    """Of ascending rows those where a curve is lowest or highest in its bucket of `size` rows."""
    if not len(candidates):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.diff(candidates // size, prepend=-1))
    kept = []
    for column in columns:
        values = column[candidates]
        for fill, reduce in ((np.inf, np.minimum.reduceat), (-np.inf, np.maximum.reduceat)):
            filled = np.where(np.isnan(values), fill, values)
            best = np.repeat(reduce(filled, starts), np.diff(starts, append=len(candidates)))
            hits = np.flatnonzero(filled == best)
            # The first hit of each bucket.
            first = np.searchsorted(hits, starts)
            kept.append(candidates[hits[first]])
    return np.unique(np.concatenate(kept))
