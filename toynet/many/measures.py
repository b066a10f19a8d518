"""What the cells of a sweep can be looked at by, and the figures of all their runs."""

from __future__ import annotations

import numpy as np

from toynet.config import Config
from toynet.many.results import Results
from toynet.many.summary import LEVELS

MEASURES = {
    "test_loss": "Final test loss",
    "best_test_loss": "Best test loss",
    "test_accuracy": "Final test accuracy",
    "train_loss": "Final train loss",
    "train_accuracy": "Final train accuracy",
    "reached": "Epochs to a loss",
    "best_epoch": "Epoch of the best test loss",
    "diverged": "Share diverged",
    "seconds": "Seconds of training",
}
"""Name -> what people call it."""

HIGHER_IS_BETTER = ("test_accuracy", "train_accuracy")

SHARES = (*HIGHER_IS_BETTER, "diverged")
"""Those from 0 to 1."""

EPOCHS = ("reached", "best_epoch")
"""Those that are counts of epochs."""

OF_TEST = ("test_loss", "best_test_loss", "test_accuracy", "best_epoch")
"""Those that need samples that are held back."""

OF_LOSS = ("test_loss", "best_test_loss", "train_loss", "reached")
"""Those that cannot be compared across outputs."""

OTHER_SUMS = "Losses of different outputs are different sums and cannot be compared: look at the accuracies."

OTHER_DATA = "Losses on different data cannot be compared."

WHICH_DATA = ("dataset", "data_file", "target", "class_0", "class_1", "classes")
"""Settings that make other data, rather than more or noisier ones of the same."""

OF_THE_END = ("test_loss", "train_loss", "test_accuracy", "train_accuracy")
"""Those that a run which diverged has only of its last finite update."""


def why_unlike(a: Config, b: Config) -> str:
    """Why the losses of two settings cannot be compared: a sentence, or "" where they can."""
    if any(getattr(a, name) != getattr(b, name) for name in WHICH_DATA):
        return OTHER_DATA
    return OTHER_SUMS if a.output != b.output else ""


def title(measure: str, level: float | None = None) -> str:
    """What people call a measure; of `reached` with its level."""
    return f"Epochs to a loss of {level:g}" if measure == "reached" and level is not None else MEASURES[measure]


def values(results: Results, measure: str, level: float = LEVELS[0]) -> np.ndarray:
    """A measure of all runs, (seeds, cells).

    NaN where a run is not done, or has no such figure. A run that diverged has an infinite final loss, and -inf for a
    final accuracy: what its last finite update came to says nothing, and a median must not be the better for it. Its
    best loss is the one that it did come to. A run that never came down to a level has infinitely many epochs to it.

    Parameters
    ----------
    results : Results
    measure : str
        A key of `MEASURES`; `diverged` is 1 or 0.
    level : float
        One of `LEVELS`, for `reached`.

    Raises
    ------
    ValueError
        If there is no such measure or level.
    """
    if measure not in MEASURES:
        raise ValueError(f"there is no measure {measure!r}; the measures are {', '.join(MEASURES)}")
    if measure == "diverged":
        found = results.diverged.astype(float)
    elif measure == "reached":
        if level not in LEVELS:
            raise ValueError(f"level={level!r} is none of {', '.join(f'{known:g}' for known in LEVELS)}")
        epochs = results.reached[:, LEVELS.index(level)].astype(float)
        found = np.where(epochs < 0, np.inf, epochs)
    else:
        found = results[measure]
        if measure in OF_THE_END:
            worst = -np.inf if measure in HIGHER_IS_BETTER else np.inf
            found = np.where(results.diverged & ~np.isnan(found), worst, found)
    return results.by_cell(np.where(results.done, found, np.nan))


def medians(values: np.ndarray) -> np.ndarray:
    """The median over the seeds that are there, (cells,); NaN where there is none.

    Of even many the mean of both in the middle: infinite where half of the seeds are infinite, or more.

    Parameters
    ----------
    values : ndarray (seeds, cells)
        From `values`.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    counts = (~np.isnan(values)).sum(axis=0)
    cells = np.arange(values.shape[1])
    low, high = (ordered[np.maximum(place, 0), cells] for place in ((counts - 1) // 2, counts // 2 - (counts == 0)))
    with np.errstate(invalid="ignore", over="ignore"):
        middle = low / 2.0 + high / 2.0
    return np.where(counts == 0, np.nan, np.where(low == high, low, middle))


def summaries(values: np.ndarray, measure: str) -> np.ndarray:
    """What a cell is coloured by, (cells,): the median over its seeds, of `diverged` their mean.

    Parameters
    ----------
    values : ndarray (seeds, cells)
        From `values`.
    measure : str
    """
    if measure != "diverged":
        return medians(values)
    counts = (~np.isnan(values)).sum(axis=0)
    return np.where(counts > 0, np.nansum(values, axis=0) / np.maximum(counts, 1), np.nan)


def from_best(figures: np.ndarray, measure: str) -> np.ndarray:
    """Cells from the best on, those without a figure last.

    Parameters
    ----------
    figures : ndarray (cells,)
        From `summaries`.
    measure : str
    """
    return np.argsort(-figures if measure in HIGHER_IS_BETTER else figures, kind="stable")
