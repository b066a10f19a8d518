"""What one tab is at on the page Sweep."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from toynet import Trainer
from toynet.ui.sweep.job import Job

AT_ONCE = 2.0
"""Seconds of training up to which a cell's seeds are trained again without being asked."""

MOST_FANS = 8
"""Cells whose trained runs are at hand."""


@dataclass(eq=False)
class Swept:
    """A tab's sweep, and what is looked at.

    Attributes
    ----------
    job : Job or None
    cells : list of int
        Those that are chosen, A and B.
    fans : dict
        Cell -> its runs, trained again, seed by seed.
    wanted : bool
        Whether the chosen cells are trained again though it takes a while.
    groups : list of str
        Kept groups that are compared.
    deleted : list of str
        What was deleted last.
    """

    job: Job | None = None
    cells: list[int] = field(default_factory=list)
    fans: dict[int, list[Trainer]] = field(default_factory=dict)
    wanted: bool = False
    groups: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def show(self, job: Job) -> None:
        """Another sweep in the place of this one, which stops."""
        if self.job:
            self.job.stop()
        self.job, self.cells, self.fans, self.wanted = job, [], {}, False

    def seconds(self, cell: int) -> float:
        """How long all seeds of a cell trained."""
        assert self.job
        return float(self.job.results.by_cell(self.job.results["seconds"])[:, cell].sum())

    def runs(self, cell: int, until: float = float("inf")) -> list[Trainer]:
        """The runs of a cell, trained again: those that are there until a moment of `time.monotonic`."""
        assert self.job
        grid = self.job.grid
        found = self.fans.setdefault(cell, [])
        while len(self.fans) > MOST_FANS:
            self.fans.pop(next(iter(self.fans)))
        while len(found) < grid.seeds and time.monotonic() < until:
            trainer = Trainer(grid.config(len(found) * grid.cells + cell))
            trainer.run()
            found.append(trainer)
        return found
