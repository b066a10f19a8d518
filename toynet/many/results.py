"""Results: the summaries of a sweep as arrays, a row a seed and a column a cell, filled as they come in."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from toynet.many.grid import Grid
from toynet.many.summary import LEVELS, Summary

MEASURED = (
    "epoch", "update", "seconds", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "best_test_loss",
    "best_epoch",
)  # fmt: skip
"""The figures of a `Summary`."""


class Results:
    """What is known of a sweep's runs.

    Parameters
    ----------
    grid : Grid

    Attributes
    ----------
    done, diverged : ndarray (runs,) of bool
    reached : ndarray (runs, len(LEVELS)) of int
        As in `Summary`.
    engines : set of str
        What trained them.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.done, self.diverged = np.zeros((2, grid.runs), bool)
        self.reached = np.full((grid.runs, len(LEVELS)), -1, np.int32)
        self.engines: dict[int, str] = {}
        self._columns = {name: np.full(grid.runs, np.nan) for name in MEASURED}

    def add(self, summaries: Iterable[Summary]) -> None:
        """Take in what some runs came to."""
        for summary in summaries:
            at = summary.number
            for name, column in self._columns.items():
                column[at] = getattr(summary, name)
            self.reached[at] = summary.reached
            self.diverged[at], self.done[at] = summary.state == "diverged", True
            self.engines[at] = summary.engine

    def __getitem__(self, name: str) -> np.ndarray:
        """One of `MEASURED` of all runs, (runs,): NaN where a run is not done."""
        return self._columns[name]

    def by_cell(self, values: np.ndarray) -> np.ndarray:
        """Values (runs,) as (seeds, cells)."""
        return values.reshape(self.grid.seeds, self.grid.cells)

    def left(self) -> np.ndarray:
        """Numbers of the runs that are not done."""
        return np.flatnonzero(~self.done)

    def summary(self, number: int) -> Summary:
        """One run's, as it was taken in. Raises ValueError where it is not done."""
        if not self.done[number]:
            raise ValueError(f"run {number} is not done")
        figures = {name: float(column[number]) for name, column in self._columns.items()}
        counts = {name: int(figures[name]) for name in ("epoch", "update")}
        state = "diverged" if self.diverged[number] else "finished"
        reached = tuple(map(int, self.reached[number]))
        more = {"number": number, "state": state, "engine": self.engines[number], "reached": reached}
        return Summary(**{**figures, **counts, **more})  # type: ignore[arg-type]
