"""Group: several runs trained as one value. A person's own run comes first, and the others go where it goes."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

import numpy as np

from toynet.many.plan import Plan
from toynet.pacing import Pace
from toynet.training import Trainer

NO_END = 1_000_000_000
"""Epochs."""

FIRST_UPDATE = 1e-5
"""Seconds that an update takes, where none has been made yet."""

NEAR = 1e-9
"""Places on an axis that are closer to each other, relative to their size, are the same one."""


class Group:
    """A person's own run and those that its plan puts beside it; one run is a group of one.

    The first run that has not diverged leads: the others are trained up to where it is, on the plan's axis, with the
    settings that the own run had there. So a group is its own run and its plan: taken up, or looked at anew, the
    others come to the same places again.

    Parameters
    ----------
    own : Trainer
    plan : Plan, optional
        By default a group of one.

    Attributes
    ----------
    plan : Plan
    runs : tuple of Trainer
        The own one first.

    Raises
    ------
    ValueError
        If the data of one of them cannot be used.
    """

    def __init__(self, own: Trainer, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.runs = (own, *_others(own, self.plan))
        self._pace, self._turn = Pace(), 0

    @property
    def own(self) -> Trainer:
        """The person's own run."""
        return self.runs[0]

    @property
    def axis(self) -> str:
        """What all are level by: a history column. Runs that differ by their seeds make the same updates."""
        return self.plan.axis if self.plan.setting else "update"

    @property
    def labels(self) -> list[str]:
        """What tells each run from the others, the own one first: it may have come to a rival's value in mid-run."""
        own, *others = (self.plan.label(run.config) for run in self.runs)
        return [f"{own} (yours)" if own in others else own, *others]

    @property
    def leader(self) -> Trainer | None:
        """Whom the others follow: the first that has not diverged; None where all have."""
        return next((run for run in self.runs if not run.diverged), None)

    @property
    def diverged(self) -> str:
        """Empty, or why nothing goes on: all have diverged."""
        return "" if self.leader else self.own.diverged

    @property
    def is_level(self) -> bool:
        """Whether all are where the first is."""
        return not self._behind()

    def is_done(self, epoch: int) -> bool:
        """Whether that epoch has come to its end, or nothing can go on."""
        leader = self.leader
        return leader is None or leader.epoch >= epoch

    # --- training ----------------------------------------------------------------------

    def run(self, epochs: int, seconds: float) -> None:
        """Train for up to so many epochs of who leads, or until about so many seconds have passed.

        Whoever is behind comes first; then all go on side by side, in steps.
        """
        if len(self.runs) == 1:
            self.own.run(epochs, seconds)
            return
        deadline, leader = perf_counter() + seconds, self.leader
        if leader is None:
            return
        last = leader.epoch + epochs
        self.follow(deadline)
        while leader.epoch < last and not leader.diverged:
            started = perf_counter()
            if started >= deadline:
                return
            some = min(self._pace.fitting(deadline - started), leader.updates_to(last) - leader.update)
            before = leader.update
            if self.axis == "seconds":
                self._spend(leader, some, last)
            else:
                leader.run(last - leader.epoch, math.inf, some)
                self.follow()
            self._pace.note(max(leader.update - before, 1), perf_counter() - started)

    def _spend(self, leader: Trainer, updates: int, last: int) -> None:
        """Give each run the time that so many updates of the leader take; it ends at an epoch.

        Who comes first finds the processor's caches cold, so each does in turn.
        """
        each = leader.seconds / leader.update if leader.update else FIRST_UPDATE
        goal, self._turn = leader.seconds + updates * each, self._turn + 1
        first = self._turn % len(self.runs)
        for run in (*self.runs[first:], *self.runs[:first]):
            while not (run.diverged or self._is_at(run, goal)) and leader.epoch < last:
                self._bring(run, math.inf, goal, last - run.epoch if run is leader else NO_END)
        self.follow()

    def step(self) -> None:
        """One update of who leads; the others follow."""
        if self.leader:
            self.leader.step()
            self.follow()

    def run_epoch(self) -> None:
        """To the end of the epoch of who leads; the others follow."""
        if self.leader:
            self.leader.run_epoch()
            self.follow()

    def follow(self, deadline: float = math.inf) -> bool:
        """Train those behind up to where the first is, until a moment of `perf_counter`; returns whether they are."""
        if len(self.runs) == 1:
            return True
        behind = self._behind()
        while behind and perf_counter() < deadline:
            for run in behind:
                assert self.leader
                self._bring(run, max(deadline - perf_counter(), 0.0) / len(behind), self.place(self.leader))
            behind = self._behind()
        return not behind

    def change(self, setting: str, value: Any) -> None:
        """Set one of `training.IN_MID_RUN` for all; what is raced is the own run's alone."""
        # The others have it when they are where the own run is: now, or once they have come there.
        setattr(self.own, setting, value)
        if self.leader and setting != self.plan.setting:
            setattr(self.leader, setting, value)

    # --- who is where -------------------------------------------------------------------

    def place(self, run: Trainer) -> float:
        """Where a run is on the axis."""
        if self.axis == "epoch":
            return run.samples_seen / run.split.y_train.size
        return float(getattr(run, self.axis))

    def _behind(self) -> list[Trainer]:
        leader = self.leader
        if leader is None or len(self.runs) == 1:
            return []
        goal = self.place(leader)
        return [run for run in self.runs if not (run is leader or run.diverged or self._is_at(run, goal))]

    def _is_at(self, run: Trainer, place: float) -> bool:
        return self.place(run) >= place - NEAR * max(place, 1.0)

    def _bring(self, run: Trainer, seconds: float, goal: float, epochs: int = NO_END) -> None:
        """Train a run towards a place: to where the own run's settings change at most, or for some time."""
        now = {}
        for place, setting, value in self._changes() if run is not self.own else ():
            if not self._is_at(run, place):
                goal = min(goal, place)
                break
            now[setting] = value
        for setting, value in now.items():
            setattr(run, setting, value)
        run.run(epochs, seconds, max(self._update_at(run, goal) - run.update, 1))

    def _changes(self) -> list[tuple[float, str, Any]]:
        """Where on the axis the own run's settings changed, and to what, in order; but for what is raced."""
        own = self.own
        updates = np.append(own.recorded["update"], own.update)
        places = updates if self.axis == "update" else np.append(own.recorded[self.axis], self.place(own))
        return [
            (float(np.interp(change.update, updates, places)), change.setting, change.value)
            for change in own.changes
            if change.setting != self.plan.setting and change.update <= own.update
        ]

    def _update_at(self, run: Trainer, place: float) -> int:
        """The first update after which a run is at a place of the axis, or behind it; in seconds on the way there."""
        if self.axis == "seconds":  # an update takes what the others took, about
            return run.update + int(0.7 * (place - run.seconds) * run.update / max(run.seconds, 1e-9))
        if self.axis == "update":
            return math.ceil(place - NEAR * max(place, 1.0))
        m = run.split.y_train.size
        epochs = place / m if self.axis == "samples_seen" else place
        whole = math.floor(epochs + NEAR * max(epochs, 1.0))
        begun = max(epochs - whole, 0.0) * m
        return int(run.updates_to(whole)) + math.ceil((begun - NEAR * max(place, 1.0)) / run.config.batch(m) - NEAR)


def _others(own: Trainer, plan: Plan) -> list[Trainer]:
    """Fresh runs beside a person's own: in a race from the same weights, where these have the same shapes."""
    state = own.state()
    begun, start = state.config, state.snapshots[0].progress.parameters
    others = []
    for config in plan.others(begun):
        is_rival = plan.setting in RIVALS and config.hidden_size == begun.hidden_size
        name = f"{own.run_name}-{plan.label(config)}"
        split = own.split if plan.setting or state.split else None
        others.append(Trainer(config, split, name, parameters=start if is_rival else None))
    return others


RIVALS = ("batch_mode", "learning_rate", "batch_size", "activation")
"""Raced settings of which the values can begin at the same weights."""
