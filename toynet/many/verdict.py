"""Verdict: whether the difference between two settings is larger than luck.

Both have been trained with the same seeds, and what is looked at is fixed beforehand: the final loss on the samples
held back, two-sided, at `ALPHA`. Seeds are pairs, since a seed makes data and initial weights alike for both
(X. Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", arXiv 2103.03098: compare over as much
of what varies as possible, and pair). The chance of so large a difference comes from flipping signs, which needs no
normal distribution; of fewer than six pairs no flip is seldom enough (C. Colas et al., "How Many Random Seeds?", arXiv
1806.08295: what so few seeds can tell, and how often tests of them are wrong). Sign flips of the seeds' differences
with a BCa interval beside them are the protocol of W. Du, "When +1% Is Not Enough", arXiv 2511.19794.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from toynet.many.luck import ALPHA, BOOTSTRAP_FROM, EXACT, FLIPS, RESAMPLES, chances, holm, intervals, least
from toynet.many.wording import sizes, times

FEWEST = 6
"""Pairs of which the smallest chance possible, 2/2^k, is below `ALPHA`."""

ROUNDING = 1e-13
"""Share of the losses up to which differences are those of rounding: then they are equal."""

HUGE = 1e150
"""A loss beyond it is that of a run that diverged."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is known of the difference between two settings, A and B.

    Attributes
    ----------
    names : tuple of 2 str
        What A and B are called.
    what : str
        What was measured; lower is better.
    seeds : tuple of int
        Those that both were trained with, k of them.
    losses : ndarray (2, k)
        Of A and of B, paired by seed.
    difference : float
        Mean of A's loss less B's; NaN where there is none.
    low, high : float
        Its 95 % interval; NaN where there is no verdict.
    p : float
        The chance of a difference at least as large, either way, if the setting made none; NaN without a verdict.
    p_holm : float or None
        The same among `comparisons` (Holm), if it is one of several.
    comparisons : int
    method : str
        How p and the interval came about; empty without a verdict.
    why_not : str
        Why there is no verdict; empty where there is one.
    """

    names: tuple[str, str]
    what: str
    seeds: tuple[int, ...]
    losses: np.ndarray
    difference: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    p_holm: float | None = None
    comparisons: int = 1
    method: str = ""
    why_not: str = ""

    @property
    def differences(self) -> np.ndarray:
        """A's loss less B's, (k,), seed by seed."""
        return self.losses[0] - self.losses[1]

    @property
    def is_told_apart(self) -> bool:
        """Whether the difference is larger than luck: False too where there is no verdict."""
        return bool((self.p if self.p_holm is None else self.p_holm) <= ALPHA)  # NaN is not

    @property
    def words(self) -> str:
        """The verdict in words, for people."""
        if self.why_not:
            return self.why_not
        size = f"over {len(self.seeds)} shared seeds {self._size()}"
        would = f"a gap this large would appear {self._chance()}."
        if self.is_told_apart:
            told = [f"O{size[1:]}. If the setting made no difference, {would}"]
        else:
            told = [f"These seeds cannot tell them apart: {size}. By luck alone {would}", self._hopeless()]
        if self.p_holm is None and self.is_told_apart == (self.low <= 0.0 <= self.high):
            told.append("The interval is an approximation, close to the edge here; the verdict goes by the chance.")
        return " ".join(filter(None, told))

    def _size(self) -> str:
        """Which is lower, by how much, and from where to where that may be."""
        a, b = self.names
        way, other = ("lower", "higher") if self.difference < 0 else ("higher", "lower")
        sign = -1.0 if self.difference < 0 else 1.0
        first, last = sorted((sign * self.low, sign * self.high))
        by, *ends = sizes(abs(self.difference), first, last)
        share = "95 %" if self.p_holm is None else "95 % for this pair alone"
        interval = (
            f"{share}: {ends[0]} to {ends[1]}" if first >= 0 else f"{share}: {ends[0]} {other} to {ends[1]} {way}"
        )
        if self.low == self.high:
            interval = "the same on every seed"
        if self.difference == 0.0:
            return f"{a} and {b} have the same mean {self.what} ({interval})"
        return f"{a}'s {self.what} is {way} by {by} ({interval})"

    def _chance(self) -> str:
        alone = times(self.p)
        if self.p_holm is None:
            return alone
        return f"{alone}; over all {self.comparisons} comparisons (Holm) up to {times(self.p_holm, is_most=True)}"

    def _hopeless(self) -> str:
        """Where no difference whatever could be told apart: how many seeds it takes."""
        if self.p_holm is None or self.comparisons * least(len(self.seeds)) <= ALPHA:
            return ""
        needed = int(np.ceil(np.log2(2.0 * self.comparisons / ALPHA)))
        return f"Among {self.comparisons} comparisons so few seeds cannot tell any apart: it takes {needed}."


def verdict(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    seeds: Sequence[int] | None = None,
    names: tuple[str, str] = ("A", "B"),
    what: str = "test loss",
    diverged: tuple[Sequence[bool] | np.ndarray, Sequence[bool] | np.ndarray] | None = None,
) -> Verdict:
    """Whether the difference between two settings' losses is larger than luck.

    Parameters
    ----------
    a, b : array_like (n,)
        Final losses on held-back samples, seed by seed; NaN where a run has none: then the pair is left out.
    seeds : sequence of int, optional
        Of the n pairs; by default 0, 1, ...
    names : tuple of 2 str
    what : str
        What was measured, in words.
    diverged : tuple of 2 array_like (n,) of bool, optional
        Whether A's and B's runs diverged. A loss that is not finite, or is huge, counts as such a run's anyway.

    Raises
    ------
    ValueError
        If these are not as many losses for either.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 1 or a.shape != b.shape or (seeds is not None and len(seeds) != len(a)):
        more = "" if seeds is None else f" for {len(seeds)} seeds"
        raise ValueError(f"the losses of A and B must be as many, paired by seed, not {a.shape} and {b.shape}{more}")
    seeds = range(len(a)) if seeds is None else seeds
    both = np.stack([b, a], axis=1)
    flags = None if diverged is None else np.stack([np.asarray(part, bool) for part in diverged[::-1]], axis=1)
    (found,) = _compared(both, 0, [1], seeds, names[1], [names[0]], what, flags)
    return found


def against(
    losses: np.ndarray,
    cell: int,
    seeds: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    what: str = "test loss",
    diverged: np.ndarray | None = None,
) -> list[Verdict]:
    """Every other cell of a sweep (A) against one of them (B), with Holm over all these comparisons.

    Comparisons that have no verdict are none of those that Holm counts.

    Parameters
    ----------
    losses : ndarray (seeds, cells)
        As for `verdict`.
    cell : int
        B.
    seeds : sequence of int, optional
    names : sequence of str, optional
        Of the cells; by default their numbers.
    what : str
    diverged : ndarray (seeds, cells) of bool, optional

    Returns
    -------
    list of Verdict
        One for each other cell, in order.
    """
    losses = np.asarray(losses, float)
    cells = losses.shape[1]
    names = [f"cell {i}" for i in range(cells)] if names is None else list(names)
    seeds = range(len(losses)) if seeds is None else seeds
    others = [i for i in range(cells) if i != cell]
    found = _compared(losses, cell, others, seeds, names[cell], [names[i] for i in others], what, diverged)
    adjusted = holm([one.p for one in found])
    count = int(np.isfinite(adjusted).sum())
    return [
        one if one.why_not else replace(one, p_holm=float(p), comparisons=count)
        for one, p in zip(found, adjusted, strict=True)
    ]


# --- several pairs at once ---------------------------------------------------------------


def _compared(
    losses: np.ndarray,
    cell: int,
    others: Sequence[int],
    seeds: Sequence[int],
    name: str,
    names: Sequence[str],
    what: str,
    diverged: np.ndarray | None,
) -> list[Verdict]:
    """A verdict for each of the other columns (A) against that one (B), without Holm."""
    diverged = np.zeros(losses.shape, bool) if diverged is None else np.asarray(diverged, bool)
    diverged = diverged | (np.abs(losses) > HUGE)  # NaN is not
    known = ~np.isnan(losses)
    found: dict[int, Verdict] = {}
    alike: dict[bytes, list[int]] = {}  # cells that share the same seeds with it are computed together
    for place, other in enumerate(others):
        shared = known[:, other] & known[:, cell]
        pair = np.ascontiguousarray(losses[shared][:, [other, cell]].T)
        pair.setflags(write=False)
        had = tuple(int(seed) for seed, is_shared in zip(seeds, shared, strict=True) if is_shared)
        start = Verdict((names[place], name), what, had, pair)
        why_not = _why_not(start, diverged[shared][:, [other, cell]].sum(axis=0))
        found[place] = replace(start, why_not=why_not)
        if not diverged[shared][:, [other, cell]].any() and had:
            alike.setdefault(shared.tobytes(), []).append(place)
    for places in alike.values():
        _fill(found, places)
    return [found[place] for place in range(len(others))]


def _why_not(pair: Verdict, diverged: np.ndarray) -> str:
    """Why there can be no verdict, or nothing."""
    (a, b), k = pair.names, len(pair.seeds)
    if not k:
        return (
            f"No verdict: no shared seed has a {pair.what} of both. Either no samples are held back to test on, "
            "or no runs of both are done."
        )
    if diverged.any():
        told = [f"on {count} of {k} seeds" if count else "on none" for count in diverged]
        return (
            f"No verdict on the {pair.what}: {a} diverged {told[0]}, {b} {told[1]}. "
            "Where runs diverge, a mean of losses says nothing."
        )
    if k < FEWEST:
        some = "1 shared seed" if k == 1 else f"{k} shared seeds"
        return (
            f"No verdict: with {some} the smallest chance that could come out is 2/2^{k} = {least(k):g}, "
            f"and more than {ALPHA:g} is too often. It takes at least {FEWEST} seeds."
        )
    return ""


def _fill(found: dict[int, Verdict], places: list[int]) -> None:
    """Difference, chance and interval of pairs that share the same seeds."""
    pairs = np.stack([found[place].losses for place in places], axis=2)  # (2, k, cells)
    scale = np.abs(pairs).max(axis=(0, 1))
    scale = np.where(scale > 0, scale, 1.0)
    differences = pairs[0] / scale - pairs[1] / scale
    slack = ROUNDING * (np.abs(pairs) / scale).sum(axis=0).mean(axis=0)
    means = differences.mean(axis=0)
    means = np.where(np.abs(means) <= slack, 0.0, means)
    k = len(differences)
    if k < FEWEST:
        for i, place in enumerate(places):
            found[place] = replace(found[place], difference=float(means[i] * scale[i]))
        return
    ps, (low, high) = chances(differences, slack), intervals(differences, slack)
    flips = f"all {2**k:,} sign flips" if k <= EXACT else f"{FLIPS:,} random sign flips"
    interval = "Student's t" if k < BOOTSTRAP_FROM else f"BCa bootstrap of {RESAMPLES:,} resamples"
    for i, place in enumerate(places):
        numbers = {"difference": means[i] * scale[i], "low": low[i] * scale[i], "high": high[i] * scale[i], "p": ps[i]}
        more = {name: float(value) for name, value in numbers.items()}
        found[place] = replace(found[place], **more, method=f"{flips}; {interval}")  # type: ignore[arg-type]
