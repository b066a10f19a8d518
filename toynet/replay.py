"""Replay: a run as it was at any of its epochs, bit for bit, trained again from the snapshot before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toynet import engines
from toynet.datasets import Split
from toynet.state import Snapshot, State
from toynet.training import Trainer

RARELY = 1_000_000
"""A history row every so many epochs: what is trained again has its rows already."""


class Replay:
    """A run that is looked at where it was.

    Parameters
    ----------
    state : State
        With its whole history.
    split : Split, optional
        Its data; by default what its settings load.

    Attributes
    ----------
    trainer : Trainer
        The run as it was where `seek` has led: parameters, settings, epoch, update. Its own history is
        empty but for a row: that of the run stands in `state`.

    Raises
    ------
    ValueError
        If its data are no longer to be had, or are no longer the same.
    """

    def __init__(self, state: State, split: Split | None = None) -> None:
        whole = replace(state, split=split or state.split)
        self.state, self._split = state, Trainer.resume(whole).split
        self.trainer = self._from(state.snapshots[0])

    def seek(self, epoch: int, seconds: float | None = None) -> bool:
        """Go to the end of an epoch, or for so many seconds towards it; the next call goes on from there.

        Parameters
        ----------
        epoch : int
            0, before any update, to `state.progress.epoch`; beyond these the nearest.
        seconds : float, optional
            By default no limit.

        Returns
        -------
        bool
            Whether it is there.

        Raises
        ------
        ValueError
            If what is stored of it does not lead there.
        """
        epoch = min(max(epoch, 0), self.state.progress.epoch)
        self._begin(epoch)
        while self.trainer.epoch < epoch:
            self._follow_changes()
            later = [c.update for c in self.state.changes if c.update > self.trainer.update]
            before = self.trainer.seconds
            updates = later[0] - self.trainer.update if later else None
            self.trainer.run(epoch - self.trainer.epoch, seconds, updates)
            if self.trainer.diverged:
                raise ValueError(f"run {self.state.run_name} does not come to epoch {epoch:,} again: it is damaged")
            if seconds is not None:
                seconds -= self.trainer.seconds - before
                if seconds <= 0 and self.trainer.epoch < epoch:
                    return False
        self._follow_changes()
        return True

    def moment(self) -> State:
        """The run's State as it was where `seek` has led: what goes on from here goes on as the run did."""
        at = self.trainer.update
        rows = int(np.searchsorted(self.state.history["update"], at, side="right"))
        history = {name: column[:rows] for name, column in self.state.history.items()}
        return replace(
            self.state,
            changes=tuple(c for c in self.state.changes if c.update <= at),
            trained_by=self.trainer.state().trained_by,
            progress=self.trainer.state().progress,
            history=history,
            seconds=self.seconds,
            diverged="",
            snapshots=tuple(s for s in self.state.snapshots if s.progress.update <= at),
        )

    @property
    def seconds(self) -> float:
        """How long the run had trained by then."""
        history = self.state.history
        return float(np.interp(self.trainer.update, history["update"], history["seconds"]))

    def _begin(self, epoch: int) -> None:
        """Be where the way to this epoch's end is shortest."""
        end = Snapshot(self.state.progress, self.state.trained_by.rpartition("+")[2])
        places = self.state.snapshots if self.state.diverged else (*self.state.snapshots, end)
        before = [s for s in places if _is_before(s.progress.epoch, s.progress.position, epoch)]
        nearest, now = before[-1], self.trainer.state().progress
        if not _is_before(now.epoch, now.position, epoch) or now.update < nearest.progress.update:
            self.trainer = self._from(nearest)

    def _from(self, snapshot: Snapshot) -> Trainer:
        """The run at a snapshot, to be trained on by what trained it then."""
        progress, engine, state = snapshot.progress, snapshot.engine, self.state
        has_engine = engine != "compiled" or engines.load_from_disk(engines.task(state.config, self._split))
        return Trainer.resume(
            replace(
                state,
                config=replace(state.config, record_every=RARELY),
                changes=tuple(c for c in state.changes if c.update <= progress.update),
                engine_asked=engine if engine and has_engine else state.engine_asked,
                trained_by=engine,
                progress=progress,
                history={name: column[:1] for name, column in state.history.items()},
                seconds=0.0,
                diverged="",
                split=self._split,
                snapshots=(snapshot,),
            )
        )

    def _follow_changes(self) -> None:
        """Set what was set after this update."""
        for change in self.state.changes:
            if change.update == self.trainer.update:
                setattr(self.trainer, change.setting, change.value)


def _is_before(epoch: int, position: int, end: int) -> bool:
    """Whether a place in a run lies before an epoch's end, or is it."""
    return epoch < end or (epoch == end and position == 0)
