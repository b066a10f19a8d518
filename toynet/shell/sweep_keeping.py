"""A sweep that is kept as it runs, and gone on with; whatever is wrong with the store, it runs on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from toynet import datasets
from toynet.many.grid import Grid
from toynet.many.summary import Summary
from toynet.runs.location import StoreError
from toynet.shell import outputs

if TYPE_CHECKING:
    from toynet.runs.sweeps import Sweeps

EVERY = 0.5
"""Seconds from one writing into the store to the next."""

AGAIN = 2.0
"""Seconds after which what could not be written is tried again."""

MOST_WAITING = 50_000
"""Summaries that wait for the store, at most."""


class Keeping:
    """Writes what the runs of a sweep come to into the store.

    Parameters
    ----------
    grid : Grid

    Attributes
    ----------
    known : ndarray (runs,) of bool, or None
        Which runs are kept already; None where nobody can say.
    problem : str
        Empty, or one sentence: why the sweep is not kept at present.

    Raises
    ------
    ValueError
        If the store has this sweep on other data.
    """

    def __init__(self, grid: Grid) -> None:
        config = datasets.resolved(grid.config(0))
        self._grid, self._data = grid, datasets.load(config).fingerprint()
        self._sweeps: Sweeps | None = None
        self._waiting: list[Summary] = []
        self._key, self._lost = "", 0
        self._next, self._is_told, self.problem = 0.0, False, ""
        self.known: np.ndarray | None = self._look()

    def _look(self) -> np.ndarray | None:
        known = np.zeros(self._grid.runs, bool)
        try:
            sweeps = self._opened()
            key = sweeps.find_same(self._grid)
            if key is None:
                return known
            data = sweeps.about(key)["data"]
            done = sweeps.done(key)[: self._grid.runs]
        except StoreError as error:
            self._tell(error)
            return None
        if data not in ("", self._data):
            raise ValueError(
                f"the data are no longer those that the kept sweep {key} was trained on: put them back, give the new "
                "ones another name, or sweep without --keep"
            )
        known[: len(done)] = done
        self._key = key
        return known

    def rows(self) -> Iterator[list[Summary]]:
        """What is kept of the runs that are asked for; ends where the store fails."""
        if self.known is None or not self.known.any():
            return
        try:
            for some in self._opened().summaries(self._key):
                yield [finished for finished in some if finished.number < self._grid.runs]
        except StoreError as error:
            self._tell(error)

    def note(self, finished: list[Summary]) -> None:
        """Hand over what is new."""
        self._waiting += finished
        self._lost += max(0, len(self._waiting) - MOST_WAITING)
        del self._waiting[:-MOST_WAITING]
        if time.monotonic() >= self._next:
            self._write()

    def finish(self) -> bool:
        """Write what waits, and say under which key; returns whether all is kept."""
        if self._waiting or self._key:
            self._write()
        if self._waiting:  # what could not be written is tried once more
            self._write()
        if self._sweeps:
            self._sweeps.close()
        if self.problem:
            outputs.tell(f"The sweep could not be kept: {self.problem}.\n")
        elif self._lost:
            outputs.tell(f"{self._lost:,} runs could not be kept in time: the same command keeps them.\n")
        if self.problem or self._lost:
            return False
        outputs.tell(f"Kept as sweep {self._key}.\n" if self._key else "No run is done, so the sweep is not kept.\n")
        return True

    def _write(self) -> None:
        try:
            sweeps = self._opened()
            key = self._key or sweeps.find_same(self._grid) or sweeps.begin(self._grid, data=self._data)
            if sweeps.about(key)["data"] not in ("", self._data):
                raise StoreError(f"the data are no longer those that the kept sweep {key} was trained on")
            sweeps.grow(key, self._grid)
            sweeps.add(key, self._waiting)
        except StoreError as error:
            self._tell(error)
            self._key, self._next = "", time.monotonic() + AGAIN  # it may have been deleted: then another is begun
        else:
            self._key, self._waiting, self._next, self.problem = key, [], time.monotonic() + EVERY, ""

    def _opened(self) -> Sweeps:
        from toynet.runs.sweeps import Sweeps  # SQLAlchemy: loaded by who keeps

        self._sweeps = self._sweeps or Sweeps()
        return self._sweeps

    def _tell(self, error: Exception) -> None:
        """What is wrong, once; the store is opened anew, for its file may be another one by then."""
        self.problem, sweeps, self._sweeps = str(error), self._sweeps, None
        if sweeps:
            sweeps.close()
        if not self._is_told:
            self._is_told = True
            outputs.tell(f"\nThe sweep is not kept at present: {error}. It goes on.\n")
