"""What luck alone does: the chance of a mean difference by flipping signs, its interval, and many chances at once.

The intervals are approximations, so a verdict goes by the chance. Of 10,000 samples each so many of the intervals of
95 % held the mean (of differences that are normal; lognormal; Student's t with three degrees of freedom):

    6 or 8 seeds, t   95 %, 83 %, 96 %
    10 seeds, BCa     90 %, 82 %, 87 %
    20 seeds, BCa     92 %, 87 %, 89 %
    50 seeds, BCa     94 %, 91 %, 91 %

So a few seeds' interval is rather too narrow than too wide, the more so where some seeds are far worse than the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ALPHA = 0.05
"""How often luck alone may be taken for a difference."""

EXACT = 16
"""Pairs up to which all sign flips are made."""

FLIPS, RESAMPLES = 99_999, 9_999
"""Random sign flips of more pairs, and resamples of the bootstrap; always the same ones."""

BOOTSTRAP_FROM = 10
"""Pairs from which on the interval is bootstrapped; of fewer it is Student's t."""

AT_ONCE = 4_000_000
"""Numbers of the flips' distribution that are in memory at once."""


def least(k: int) -> float:
    """The smallest chance that k pairs can come to."""
    return 2.0 / 2.0**k if k <= EXACT else 1.0 / (FLIPS + 1)


def chances(differences: np.ndarray, slack: np.ndarray | float = 0.0) -> np.ndarray:
    """Of each column the chance of a mean at least as far from zero, if every sign were as likely as the other.

    Parameters
    ----------
    differences : ndarray (k, columns)
    slack : ndarray (columns,) or float
        How far means may be apart and still count as equal: what rounding does must not lose ties.

    Returns
    -------
    ndarray (columns,)
        Above 0, at most 1. Up to `EXACT` pairs the share of all sign flips; else of random ones and the observed one.
    """
    from scipy.stats import permutation_test

    k, columns = differences.shape
    slack = np.broadcast_to(np.asarray(slack, float), columns)
    width = max(1, AT_ONCE // min(2**k, FLIPS + 1))
    found = np.empty(columns)
    for start in range(0, columns, width):
        part = differences[:, start : start + width]
        # To swap a pair's two runs is to turn its difference's sign: so signs are swapped, once for all columns.
        test = permutation_test(
            (np.ones(k), -np.ones(k)),
            lambda signs, opposite, axis, part=part: (signs - opposite) @ part / (2.0 * k),
            permutation_type="samples",
            vectorized=True,
            n_resamples=2**k if k <= EXACT else FLIPS,
            batch=10_000,
            rng=np.random.default_rng(0),
        )
        observed = np.abs(part.mean(axis=0)) - slack[start : start + width] - 1e-15 * np.abs(part).mean(axis=0)
        as_far = (np.abs(test.null_distribution) >= observed).sum(axis=0)
        found[start : start + width] = as_far / 2.0**k if k <= EXACT else (as_far + 1) / (FLIPS + 1)
    return found


def intervals(differences: np.ndarray, slack: np.ndarray | float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Of each column from where to where its true mean may lie, at 1 - `ALPHA`.

    Parameters
    ----------
    differences : ndarray (k, columns)
    slack : ndarray (columns,) or float
        How far differences may be apart and still count as equal: then both ends are their mean.

    Returns
    -------
    low, high : ndarray (columns,)
        Never NaN.
    """
    from scipy.stats import t

    k = len(differences)
    means = differences.mean(axis=0)
    means = np.where(np.abs(means) <= slack, 0.0, means)
    half = t.ppf(1.0 - ALPHA / 2.0, k - 1) * differences.std(axis=0, ddof=1) / np.sqrt(k)
    low, high = means - half, means + half
    varied = np.ptp(differences, axis=0) > slack
    low, high = np.where(varied, low, means), np.where(varied, high, means)
    if k >= BOOTSTRAP_FROM:
        width = max(1, AT_ONCE // k // 100)
        places = np.flatnonzero(varied)
        for some in (places[start : start + width] for start in range(0, len(places), width)):
            ends = _bootstrapped(differences[:, some])
            fine = np.isfinite(ends).all(axis=0)
            low[some[fine]], high[some[fine]] = ends[:, fine]
    return low, high


def _bootstrapped(differences: np.ndarray) -> np.ndarray:
    """BCa ends (2, columns). Seeds are what is drawn again, the same ones for all columns."""
    from scipy.stats import bootstrap

    by_column = np.ascontiguousarray(differences.T)
    found = bootstrap(
        (np.arange(differences.shape[0]),),
        lambda seeds, axis: by_column[:, seeds].mean(axis=-1),
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=100,
        confidence_level=1.0 - ALPHA,
        method="BCa",
        rng=np.random.default_rng(0),
    )
    return np.stack([found.confidence_interval.low, found.confidence_interval.high])


def holm(ps: Sequence[float] | np.ndarray) -> np.ndarray:
    """Chances among several comparisons, (m,): Holm's, each at least as large as its own alone, at most 1.

    Those at most alpha are together wrong at most that often, whichever of the differences are real.

    Parameters
    ----------
    ps : array_like (m,)
        NaN where there was no comparison: it stays, and does not count.
    """
    ps = np.asarray(ps, float)
    adjusted = np.full(ps.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(ps))
    order = tested[np.argsort(ps[tested], kind="stable")]
    steps = ps[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
