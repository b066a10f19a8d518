"""An experiment on the screen: a trainer, its transport and what its pictures keep from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from toynet import metrics_csv
from toynet.config import Config
from toynet.many.group import Group
from toynet.many.plan import Plan
from toynet.many.replays import Replays
from toynet.runs.keeping import Kept
from toynet.training import IN_MID_RUN, Trainer, new_name
from toynet.ui import keeping
from toynet.ui.picture import Frame, Look, Picture
from toynet.ui.train.badge import Badge
from toynet.ui.train.stuck import Watch
from toynet.ui.turns import Turns

TRAINING = Turns()
"""Held while a tab trains, so that of the machine's cores all but one are left for drawing."""

PERIOD = 0.1
"""Seconds from frame to frame."""

FRAMES = 10
"""Frames that are drawn at one request of the browser's: each request has it look through the whole page."""

BUSY = 0.4
"""Of a period, what training and drawing may take of this machine: the rest sends, and leaves others room."""

SPEEDS = {"1": 1, "10": 10, "100": 100, "Max": None}
"""Label -> epochs a frame at most (None: as many as fit)."""


@dataclass
class Experiment:
    """A run, and those beside it, with their transport and their pictures.

    Attributes
    ----------
    group : Group
    target : int
        The epoch to end at.
    picture : Picture
    kept : Kept
        How the own run is kept as it trains.
    running : bool
    back : Replays or None
        Where one looks back at, if one does.
    wanted : int or None
        The epoch that one wants to look back at, until one does.
    playing : float
        While the run is played: epochs a frame. Else 0.
    turn : int
        How often the slider has been moved from elsewhere.
    damage : str
        Why one could not look back where one wanted to last, or "".
    """

    group: Group
    target: int
    picture: Picture
    kept: Kept
    running: bool = False
    back: Replays | None = None
    wanted: int | None = None
    playing: float = 0.0
    turn: int = 0
    damage: str = ""
    _played: float = 0.0
    _luck_kept: tuple[int, int] = (0, 0)
    drawing: float = 0.02
    """Seconds that the last frame took to draw."""
    badge: Badge = field(default_factory=Badge)
    watch: Watch = field(default_factory=Watch)
    lock: Turns = field(default_factory=Turns)
    """Held by whoever uses the trainer: an old run of the script may still be at it when the next one starts."""

    @classmethod
    def of(cls, config: Config, plan: Plan | None = None) -> Experiment:
        """A fresh, untrained experiment. Raises ValueError where the data cannot be used."""
        return cls.around(Trainer(config), keeping.new(), plan)

    @classmethod
    def around(cls, trainer: Trainer, kept: Kept, plan: Plan | None = None) -> Experiment:
        """A trainer as it is, paused, with those that the plan puts beside it."""
        group = Group(trainer, plan)
        return cls(group, max(trainer.config.epochs, trainer.epoch), Picture.of(group), kept)

    @property
    def trainer(self) -> Trainer:
        """The person's own run."""
        return self.group.own

    @property
    def plan(self) -> Plan:
        """Which runs are trained beside it."""
        return self.group.plan

    def put_beside(self, plan: Plan) -> None:
        """Train other runs beside the own one: they come to where it is. Raises ValueError, changing nothing."""
        with self.lock.turn():
            self._be(Group(self.trainer, plan))

    def _be(self, group: Group) -> None:
        self.group, self.picture = group, Picture.of(group)
        self.back, self.wanted, self.playing = None, None, 0.0

    def train(self) -> None:
        """Start, or go on; at the end, go on for as many epochs again."""
        with self.lock.turn():
            self._go_on()
            leader = self.group.leader
            if leader and leader.epoch >= self.target:
                self.target = leader.epoch + self.trainer.epochs
            self.running = leader is not None

    def pause(self) -> None:
        """Stop where it is."""
        with self.lock.turn():
            self.running = False

    def step(self) -> None:
        """One update."""
        with self.lock.turn():
            self._go_on()
            self.group.step()

    def one_epoch(self) -> None:
        """To the end of the epoch."""
        with self.lock.turn():
            self._go_on()
            self.group.run_epoch()

    def _go_on(self) -> None:
        """From its end on, wherever one looks; what another tab has taken up goes on as a run of its own."""
        self.back, self.wanted, self.playing, self.damage = None, None, 0.0, ""
        if self.kept.taken:
            self.kept = keeping.new(self.trainer.run_name, self.trainer.epoch)
            self._be(Group(Trainer.resume(replace(self.trainer.state(), run_name=new_name())), self.plan))

    def note(self, is_in_view: bool = True) -> None:
        """Hand over what is new of it to be kept; a run that another tab has taken up stands still.

        It trains while it is in view alone.
        """
        keeping.keeper().note(self.kept, self.trainer, self.running and is_in_view)
        if self.kept.taken:
            self.running = False

    def keep_luck(self) -> None:
        """Keep what the seeds have come to, once all have trained to their end: found again on the page Sweep."""
        with self.lock.turn():
            end = (self.trainer.update, self.target)
            is_there = self.group.is_done(self.target) and self.group.is_level
            if self.plan.kind == "luck" and is_there and end != self._luck_kept:
                self._luck_kept = end
                keeping.keep_luck(self.group)

    # --- looking back ------------------------------------------------------------------

    @property
    def shown(self) -> Trainer:
        """The own run, as it is on the screen: now, or as it was."""
        return self.back.trainer if self.back else self.trainer

    def look_at(self, epoch: int, seconds: float | None = None) -> bool:
        """Look at the end of an epoch, or come closer to that for so many seconds; returns whether it is there.

        The run's own present is its last one; what cannot be looked back at leaves it there, and says why in `damage`.
        """
        with self.lock.turn():
            self.damage = ""
            if epoch >= self.trainer.epoch:
                self.back = None
                return True
            if self.back is None or not self.back.is_of(self.group):
                self.back = Replays(self.group)
            try:
                return self.back.seek(epoch, seconds)
            except ValueError as error:
                self.back, self.playing, self.damage = None, 0.0, str(error)
                return True

    def play(self, epochs: float) -> None:
        """Show the run again from where one looks, or from its start, so many epochs a frame."""
        self.wanted = self.back.trainer.epoch if self.back else 0
        self.playing, self._played = epochs, float(self.wanted)

    def play_on(self) -> None:
        """The next frame of that."""
        self._played += self.playing
        self.look_at(int(self._played))
        if self.back is None:  # it has come to the present
            self.playing = 0.0

    @property
    def moves(self) -> bool:
        """Whether the next frame follows at once."""
        return self.running or self.playing > 0 or self.comes_level

    @property
    def comes_level(self) -> bool:
        """Whether runs beside the own one are still on their way to where it is."""
        return not (self.back or self.group.is_level)

    def branch(self) -> Experiment:
        """A run of its own that goes on from where one looks."""
        with self.lock.turn():
            state = self.back.moment() if self.back else self.trainer.state()
            kept = keeping.new(self.trainer.run_name, state.progress.epoch)
            return Experiment.around(Trainer.resume(replace(state, run_name=new_name())), kept, self.plan)

    def change(self, config: Config) -> None:
        """What of these settings may change in mid-run (`IN_MID_RUN`): rate, batches and another end."""
        with self.lock.turn():
            ends_elsewhere = config.epochs != self.trainer.epochs
            for setting in IN_MID_RUN:
                self.group.change(setting, getattr(config, setting))
            if ends_elsewhere:
                self.target = max(config.epochs, self.trainer.epoch)

    def advance(self, epochs: int | None) -> None:
        """Train for one frame: up to so many epochs, in the time that drawing and the other tabs leave."""
        leader = self.group.leader
        left = self.target - (leader.epoch if leader else self.target)
        with TRAINING.turn() as waited:
            budget = max(BUSY * PERIOD - self.drawing - waited, 0.005)
            if self.running:
                self.group.run(left if epochs is None else min(epochs, left), budget)
            else:
                self.group.follow(perf_counter() + budget)
        if self.running and self.group.is_done(self.target):
            self.running = False

    def frame(self, look: Look) -> Frame:
        """What is to be drawn now."""
        return self.picture.frame(look, self.target, self.back)

    def csv(self) -> bytes:
        """The metrics so far as CSV bytes, of all runs; training goes on while they are written.

        Of runs that differ by their seeds a column `seed` says which each row is of.
        """
        with self.lock.turn():
            runs = [(run, run.rows(), run.run_name) for run in self.group.runs]
            tables = [rows.frame(name, run.settings(rows)) for run, rows, name in runs]
        if self.plan.kind == "luck":
            for seed, table in enumerate(tables):
                table.insert(1, "seed", seed)
        return metrics_csv.text(_one_behind_the_other(tables)).encode()


def _one_behind_the_other(tables: list) -> Any:
    import pandas as pd  # loaded by who downloads

    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
