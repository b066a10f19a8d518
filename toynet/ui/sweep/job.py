"""Job: a sweep of one tab. Threads of its own train it, whatever page is shown; it is kept as it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING

from toynet import datasets
from toynet.many import local, sweep
from toynet.many.grid import Grid
from toynet.many.results import Results
from toynet.many.summary import Summary
from toynet.runs.location import StoreError
from toynet.ui.experiment import TRAINING

if TYPE_CHECKING:
    from toynet.runs.sweeps import Sweeps

LATELY, WAY = 0.5, 0.04
"""Seconds for which a tab counts as training, and which a sweep then rests before each tenth of a second of its own."""

NAME = "toynet sweeps for a tab"
"""Name of the threads."""


@dataclass(eq=False)
class Job:
    """A sweep, and what its runs have come to so far.

    Attributes
    ----------
    results : Results
    key : str
        Its name in the store, "" where it is not kept.
    problem : str
        Why it is not kept, or "".
    error : str
        Why it ended before its end, or "".
    found : int
        Runs that had been kept before, and were not trained again.
    began, trained : float, int
        When it went on last, and how many runs it has trained since.
    """

    results: Results
    key: str = ""
    problem: str = ""
    error: str = ""
    found: int = 0
    began: float = 0.0
    trained: int = 0
    seconds: float = 0.0
    _thread: threading.Thread | None = None
    _is_stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def grid(self) -> Grid:
        """Its runs."""
        return self.results.grid

    @property
    def running(self) -> bool:
        """Whether it is being trained."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def done(self) -> int:
        """How many runs are done."""
        return int(self.results.done.sum())

    def start(self, store: Callable[[], Sweeps], owner: str, is_wanted: Callable[[], bool]) -> None:
        """Train what is left, in the background.

        Parameters
        ----------
        store : callable
            Gives the store; called by the thread that writes.
        owner : str
            Whose sweep it is.
        is_wanted : callable
            Asked now and then: where nobody is there any more the sweep stops.
        """
        with self._lock:
            if self.running:
                return
            self._is_stopped, self.error, self.trained, self.began = False, "", 0, monotonic()
            # Not the main one's child only: a server that ends waits for it, and `is_wanted` says no then.
            self._thread = threading.Thread(target=self._work, args=(store, owner, is_wanted), name=NAME, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End where it is; what is done stays."""
        self._is_stopped = True

    def wait(self, seconds: float | None = None) -> None:
        """Until it has ended, or so many seconds have passed."""
        if self._thread:
            self._thread.join(seconds)

    def _work(self, store: Callable[[], Sweeps], owner: str, is_wanted: Callable[[], bool]) -> None:
        def go_on() -> bool:
            if TRAINING.was_taken_within(LATELY):  # a run is watched as it trains: its frames need the processors
                sleep(WAY)
            return not self._is_stopped and is_wanted()

        sweeps = self._keep(store, owner)
        left = self.results.left().tolist()
        try:
            # All but one: a page is drawn meanwhile, and the threads step back for whatever else there is to do.
            jobs = max(1, local.processors() - 1)
            for summaries in sweep.run(self.grid, left, jobs, is_background=True, go_on=go_on):
                self._take(summaries, sweeps)
        except ValueError as error:
            self.error = str(error)
        except Exception as error:  # whatever it is, the page says so
            self.error = f"the sweep ended ({type(error).__name__}: {error})"
        self.seconds = monotonic() - self.began
        if self.problem:  # once more
            self._keep(store, owner)

    def _take(self, summaries: list[Summary], sweeps: Sweeps | None) -> None:
        self.results.add(summaries)
        self.trained += len(summaries)
        self.seconds = monotonic() - self.began
        if sweeps and self.key and not self.problem:
            try:
                sweeps.add(self.key, summaries)
            except StoreError as error:
                self.problem = str(error)

    def _keep(self, store: Callable[[], Sweeps], owner: str) -> Sweeps | None:
        """Begin to be kept, or go on with what is kept of the same settings: that is not trained again."""
        try:
            sweeps = store()
            if not self.key:
                self.key = self._same(sweeps, owner) or sweeps.begin(self.grid, "sweep", owner, _data(self.grid))
            if self.problem:  # what could not be written before
                sweeps.add(self.key, self._summaries())
                self.problem = ""
            return sweeps
        except StoreError as error:
            self.problem = str(error)
            return None
        except ValueError as error:  # data that cannot be used: the first run says so
            self.error = str(error)
            return None

    def _summaries(self) -> list[Summary]:
        return [self.results.summary(number) for number in self.results.done.nonzero()[0].tolist()]

    def _same(self, sweeps: Sweeps, owner: str) -> str:
        """The key of a kept sweep of the same settings and data, whose runs are taken over; "" where there is none."""
        key = sweeps.find_same(self.grid, "sweep", owner)
        if not key or sweeps.about(key)["data"] not in ("", _data(self.grid)):
            return ""
        sweeps.grow(key, self.grid)
        for chunk in sweeps.summaries(key):
            wanted = [summary for summary in chunk if summary.number < self.grid.runs]
            self.results.add(wanted)
        self.found = self.done
        return key


def _data(grid: Grid) -> str:
    """What says whether data are still the same: a hash of the first run's."""
    return datasets.load(datasets.resolved(grid.config(0))).fingerprint()
