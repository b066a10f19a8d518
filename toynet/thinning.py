"""Thin long curves for the screen: few rows, every peak kept."""

import numpy as np


def thin(columns, limit):
    """Which rows of some curves to draw.

    The rows are cut into the smallest equal buckets that will do; of each bucket the
    rows stay where a curve is lowest or highest in it, so a spike of one row
    survives. Bucket sizes are powers of two and buckets start at multiples of them:
    as rows are appended, what was drawn stays where it was.

    Parameters
    ----------
    columns : list of ndarray (rows,)
        The curves that share these rows. NaN counts as neither low nor high.
    limit : int
        The most rows to return, at least 2 + 4 per curve.

    Returns
    -------
    ndarray of int
        Ascending row numbers, first and last included; all where there are no
        more than `limit`.
    """
    rows = len(columns[0])
    if rows <= limit:
        return np.arange(rows)
    size = 2
    while rows / size > limit:
        size *= 2
    kept = _extremes(columns, size)
    while len(kept) > limit:
        size *= 2
        kept = _extremes(columns, size)
    return kept


def _extremes(columns, size):
    """First and last row, and where each curve is lowest and highest in each bucket of `size` rows."""
    rows = len(columns[0])
    whole = rows // size * size
    starts = np.arange(0, whole, size)
    kept = [np.array([0, rows - 1])]
    for column in columns:
        for fill, pick in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            filled = np.where(np.isnan(column), fill, column)
            kept.append(starts + pick(filled[:whole].reshape(-1, size), axis=1))
            if whole < rows:
                kept.append(np.array([whole + pick(filled[whole:])]))
    return np.unique(np.concatenate(kept))
