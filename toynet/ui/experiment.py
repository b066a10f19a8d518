"""An experiment on the screen: a trainer, its transport and what its pictures keep from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from toynet import metrics_csv
from toynet.charts.boundary import Moment, boundary_chart, field_tables, points_table, shown
from toynet.charts.comparison import behind_tables, heights_of
from toynet.charts.curves import NORMS, Curves, Seen, View, axis_end, curve_tables, hover_table
from toynet.charts.field import Plane, plane
from toynet.charts.network import network_chart, network_tables
from toynet.charts.vega import Spec, Tables
from toynet.config import Config
from toynet.replay import Replay
from toynet.runs.keeping import Kept
from toynet.training import IN_MID_RUN, Trainer, new_name
from toynet.ui import keeping
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


class Frame(NamedTuple):
    """What is on the screen: the present row, and the tables of the four charts, all of one moment."""

    present: dict[str, float]
    boundary: Tables
    measures: Tables
    norms: Tables
    network: Tables


@dataclass
class Picture:
    """What one run's charts keep from frame to frame.

    Attributes
    ----------
    plane : Plane
    boundary, network : dict
        Specs.
    shown : ndarray of int
        Samples that are drawn.
    moments : tuple of Moment
        Fields that the browser has.
    curves : Curves
        As they were drawn last.
    hovered : tuple of pyarrow.Table
        Samples, and rows of both curve charts, with what they tell when hovered.
    """

    plane: Plane
    boundary: Spec
    network: Spec
    shown: np.ndarray
    moments: tuple[Moment, ...] = ()
    curves: Curves = field(default_factory=lambda: Curves(View()))
    hovered: tuple[pa.Table, ...] = ()


@dataclass
class Experiment:
    """A trainer with its transport and its pictures.

    Attributes
    ----------
    trainer : Trainer
    target : int
        The epoch to end at.
    picture : Picture
    kept : Kept
        How it is kept as it trains.
    running : bool
    back : Replay or None
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

    trainer: Trainer
    target: int
    picture: Picture
    kept: Kept
    running: bool = False
    back: Replay | None = None
    wanted: int | None = None
    playing: float = 0.0
    turn: int = 0
    damage: str = ""
    _played: float = 0.0
    drawing: float = 0.02
    """Seconds that the last frame took to draw."""
    badge: Badge = field(default_factory=Badge)
    watch: Watch = field(default_factory=Watch)
    lock: Turns = field(default_factory=Turns)
    """Held by whoever uses the trainer: an old run of the script may still be at it when the next one starts."""

    @classmethod
    def of(cls, config: Config) -> Experiment:
        """A fresh, untrained experiment. Raises ValueError where the data cannot be used."""
        return cls.around(Trainer(config), keeping.new())

    @classmethod
    def around(cls, trainer: Trainer, kept: Kept) -> Experiment:
        """A trainer as it is, paused."""
        config = trainer.config
        area = plane(trainer.split)
        names, classes = trainer.split.feature_names, trainer.split.class_names
        boundary = boundary_chart(names, classes, (area.x_range, area.y_range), has_test=trainer.split.y_test.size > 0)
        network = network_chart(names, config.hidden_size, config.activation)
        picture = Picture(area, boundary, network, shown(trainer.split))
        return cls(trainer, max(config.epochs, trainer.epoch), picture, kept)

    def train(self) -> None:
        """Start, or go on; at the end, go on for as many epochs again."""
        with self.lock.turn():
            self._go_on()
            if self.trainer.epoch >= self.target:
                self.target = self.trainer.epoch + self.trainer.epochs
            self.running = not self.trainer.diverged

    def pause(self) -> None:
        """Stop where it is."""
        with self.lock.turn():
            self.running = False

    def step(self) -> None:
        """One update."""
        with self.lock.turn():
            self._go_on()
            self.trainer.step()

    def one_epoch(self) -> None:
        """To the end of the epoch."""
        with self.lock.turn():
            self._go_on()
            self.trainer.run_epoch()

    def _go_on(self) -> None:
        """From its end on, wherever one looks; what another tab has taken up goes on as a run of its own."""
        self.back, self.wanted, self.playing, self.damage = None, None, 0.0, ""
        if self.kept.taken:
            self.kept = keeping.new(self.trainer.run_name, self.trainer.epoch)
            self.trainer = Trainer.resume(replace(self.trainer.state(), run_name=new_name()))

    def note(self, is_in_view: bool = True) -> None:
        """Hand over what is new of it to be kept; a run that another tab has taken up stands still.

        It trains while it is in view alone.
        """
        keeping.keeper().note(self.kept, self.trainer, self.running and is_in_view)
        if self.kept.taken:
            self.running = False

    # --- looking back ------------------------------------------------------------------

    @property
    def shown(self) -> Trainer:
        """The trainer whose moment is on the screen: as it is, or as it was."""
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
            if self.back is None or self.back.state.progress.update != self.trainer.update:
                self.back = Replay(self.trainer.state(), self.trainer.split)
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
        return self.running or self.playing > 0

    def branch(self) -> Experiment:
        """A run of its own that goes on from where one looks."""
        with self.lock.turn():
            state = self.back.moment() if self.back else self.trainer.state()
            kept = keeping.new(self.trainer.run_name, state.progress.epoch)
            return Experiment.around(Trainer.resume(replace(state, run_name=new_name())), kept)

    def change(self, config: Config) -> None:
        """What of these settings may change in mid-run (`IN_MID_RUN`): rate, batches and another end."""
        with self.lock.turn():
            ends_elsewhere = config.epochs != self.trainer.epochs
            for setting in IN_MID_RUN:
                setattr(self.trainer, setting, getattr(config, setting))
            if ends_elsewhere:
                self.target = max(config.epochs, self.trainer.epoch)

    def advance(self, epochs: int | None) -> None:
        """Train for one frame: up to so many epochs, in the time that drawing and the other tabs leave."""
        left = self.target - self.trainer.epoch
        with TRAINING.turn() as waited:
            budget = max(BUSY * PERIOD - self.drawing - waited, 0.005)
            self.trainer.run(left if epochs is None else min(epochs, left), budget)
        if self.trainer.epoch >= self.target or self.trainer.diverged:
            self.running = False

    def frame(
        self,
        view: View,
        seen: Seen | None,
        is_first: bool = True,
        ahead: bool = False,
        others: Sequence[Mapping[str, np.ndarray]] = (),
    ) -> Frame:
        """What is to be drawn now.

        Parameters
        ----------
        view : View
        seen : Seen or None
            What the browser shows of the curves; None while the next frame follows at once: what moves is drawn
            less finely.
        is_first : bool
            Whether what is only read on hovering is made anew too.
        ahead : bool
            Whether the field is only sent, and that of the moment before shown: see `field_tables`.
        others : sequence of dict
            Histories of the runs whose curves are drawn behind.
        """
        trainer, picture, split = self.shown, self.picture, self.trainer.split
        at = trainer.parameters, trainer.config.activation
        present = trainer.present()
        columns = seen.columns if seen else None
        precision = np.float64 if seen else np.float32
        if (picture.curves.view, picture.curves.columns) != (view, columns):
            picture.curves = Curves(view, columns)
        fields, picture.moments = field_tables(*at, picture.plane, picture.moments, ahead, precision)
        # The curves' last point may lie within an epoch.
        m = split.y_train.size
        moment = present | {"epoch": present["samples_seen"] / m}
        if self.back:
            moment["seconds"] = self.back.seconds
        last = self._last(view.x_column)
        series = dict(list(view.series.items())[: 2 if split.y_test.size else 1])
        history, curves = self.trainer.recorded, picture.curves
        marks, is_past = self._marks(), self.back is not None
        end = axis_end(history.last[view.x_column] if is_past else moment[view.x_column], last)
        zooms = (seen.measures, seen.norms) if seen else (None, None)
        tables = []
        for drawn, is_log, zoom in ((series, view.is_log, zooms[0]), (NORMS, True, zooms[1])):
            behind = behind_tables(
                others, list(series) if drawn is series else ["grad_norm"], view.x_column, end, is_log
            )
            also = heights_of(behind)
            tables.append(
                curve_tables(history, drawn, curves, is_log, moment, last, marks, zoom, is_past, also) | behind
            )
        measures, norms = tables
        if is_first or not picture.hovered:
            picture.hovered = (
                points_table(*at, split, picture.plane, picture.shown),
                *(
                    hover_table(history, drawn, curves, end, zoom)
                    for drawn, zoom in zip((series, NORMS), zooms, strict=True)
                ),
            )
        points, measures["hover"], norms["hover"] = picture.hovered
        network = network_tables(*at, split, picture.plane)
        return Frame(present, fields | {"points": points}, measures, norms, network)

    def _marks(self) -> list[tuple[int, str]]:
        """What stands on the curves: changed settings, and where one looks back at."""
        marks = self.trainer.marks()
        if self.back:
            row = int(np.searchsorted(self.trainer.recorded["update"], self.back.trainer.update))
            marks = sorted([*marks, (row, f"looking at epoch {self.back.trainer.epoch:,}")])
        return marks

    def _last(self, x_column: str) -> float | None:
        """Where the run ends on an axis, if that is known."""
        m, config = self.trainer.split.y_train.size, self.trainer.config
        updates = -(-m // config.batch(m))
        return {"epoch": self.target, "samples_seen": self.target * m, "update": self.target * updates}.get(x_column)

    def csv(self) -> bytes:
        """The metrics so far as CSV bytes; training goes on while they are written."""
        with self.lock.turn():
            rows, run = self.trainer.rows(), self.trainer.run_name
            settings = self.trainer.settings(rows)
        return metrics_csv.text(rows.frame(run, settings)).encode()
