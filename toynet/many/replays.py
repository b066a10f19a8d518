"""Replays: a group as it was at any epoch of its own run."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from toynet.many.group import Group
from toynet.replay import Replay
from toynet.state import State
from toynet.training import Trainer


class Replays:
    """A group that is looked at where it was; of a group of one, its `Replay`.

    The runs beside the own one are each at the last epoch that they had ended by then, on the axis by which the group
    is level.

    Parameters
    ----------
    group : Group

    Attributes
    ----------
    own : Replay

    Raises
    ------
    ValueError
        As `Replay`.
    """

    def __init__(self, group: Group) -> None:
        self._group, self._runs = group, group.runs
        self.own = Replay(group.own.state(), group.own.split)
        self._update = group.own.update
        self._others = [Replay(run.state(), run.split) for run in group.runs[1:]]

    def is_of(self, group: Group) -> bool:
        """Whether this is the past of a group as it is now."""
        return self._runs is group.runs and self._update == group.own.update

    @property
    def trainer(self) -> Trainer:
        """The own run, as it was."""
        return self.own.trainer

    @property
    def runs(self) -> tuple[Trainer, ...]:
        """All runs, as they were, in the group's order."""
        return (self.own.trainer, *(replay.trainer for replay in self._others))

    def seek(self, epoch: int, seconds: float | None = None) -> bool:
        """Go to the end of an epoch, or for so many seconds towards it (see `Replay.seek`)."""
        started = perf_counter()
        goals = [(self.own, epoch)]
        goals += [(r, self._epoch(run, epoch)) for r, run in zip(self._others, self._runs[1:], strict=True)]
        for replay, goal in goals:
            left = None if seconds is None else seconds - (perf_counter() - started)
            if (left is not None and left <= 0) or not replay.seek(goal, left):
                return False
        return True

    def _epoch(self, run: Trainer, epoch: int) -> int:
        """The epoch that a run had ended when the own one ended this one."""
        own, axis = self._group.own.recorded, self._group.axis
        place = np.interp(epoch, own["epoch"], own[axis])
        rows = run.recorded
        return int(np.interp(place, rows[axis], rows["epoch"]) + 1e-9)

    def moment(self) -> State:
        """The own run's State, as it was."""
        return self.own.moment()

    @property
    def seconds(self) -> tuple[float, ...]:
        """How long each run had trained by then, in the group's order."""
        return (self.own.seconds, *(replay.seconds for replay in self._others))
