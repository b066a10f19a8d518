"""An experiment on the screen: a trainer, its transport and what its pictures keep from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from toynet import metrics_csv
from toynet.charts.boundary import boundary_chart, boundary_tables, shown
from toynet.charts.curves import LOSSES, MOST_ROWS, NORMS, curve_tables
from toynet.charts.field import Plane, plane
from toynet.charts.network import network_chart, network_tables
from toynet.charts.thinning import Thinning
from toynet.charts.vega import Spec, Tables
from toynet.config import Config
from toynet.training import Trainer
from toynet.ui.train.badge import Badge
from toynet.ui.turns import Turns

TRAINING = Turns()
"""Held while a tab trains, so that of the machine's cores all but one are left for drawing."""

PERIOD = 0.1
"""Seconds from frame to frame."""

BUSY = 0.4
"""Of a period, what training and drawing may take of this machine: the rest sends, and leaves others room."""

SPEEDS = {"1": 1, "10": 10, "100": 100, "Max": None}
"""Label -> epochs a frame at most (None: as many as fit)."""


@dataclass
class Picture:
    """What one run's charts keep from frame to frame."""

    plane: Plane
    boundary: Spec
    network: Spec
    shown: np.ndarray
    images: list[tuple[int, str]] = field(default_factory=list)
    thinnings: tuple[Thinning, Thinning] = field(default_factory=lambda: (Thinning(MOST_ROWS), Thinning(MOST_ROWS)))


@dataclass
class Experiment:
    """A trainer with its transport and its pictures."""

    trainer: Trainer
    target: int
    picture: Picture
    running: bool = False
    drawing: float = 0.02
    """Seconds that the last frame took to draw."""
    badge: Badge = field(default_factory=Badge)
    lock: Turns = field(default_factory=Turns)
    """Held by whoever uses the trainer: an old run of the script may still be at it when the next one starts."""

    @classmethod
    def of(cls, config: Config) -> Experiment:
        """A fresh, untrained experiment. Raises ValueError where the data cannot be used."""
        trainer = Trainer(config)
        area = plane(trainer.split)
        names, classes = trainer.split.feature_names, trainer.split.class_names
        boundary = boundary_chart(names, classes, (area.x_range, area.y_range), has_test=trainer.split.y_test.size > 0)
        network = network_chart(names, config.hidden_size, config.activation)
        picture = Picture(area, boundary, network, shown(trainer.split))
        return cls(trainer, config.epochs, picture)

    def train(self) -> None:
        """Start, or go on; at the end, go on for as many epochs again."""
        with self.lock.turn():
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
            self.trainer.step()

    def one_epoch(self) -> None:
        """To the end of the epoch."""
        with self.lock.turn():
            self.trainer.run_epoch()

    def change(self, learning_rate: float, epochs: int) -> None:
        """Another learning rate from the next update on, and another end."""
        with self.lock.turn():
            self.trainer.learning_rate = learning_rate
            if epochs != self.trainer.epochs:
                self.trainer.epochs = epochs
                self.target = max(epochs, self.trainer.epoch)

    def advance(self, epochs: int | None) -> None:
        """Train for one frame: up to so many epochs, in the time that drawing and the other tabs leave."""
        left = self.target - self.trainer.epoch
        with TRAINING.turn() as waited:
            budget = max(BUSY * PERIOD - self.drawing - waited, 0.005)
            self.trainer.run(left if epochs is None else min(epochs, left), budget)
        if self.trainer.epoch >= self.target or self.trainer.diverged:
            self.running = False

    def tables(self, x_column: str) -> tuple[dict[str, float], Tables, Tables, Tables, Tables]:
        """The present row and the datasets of the four charts, all of the same moment."""
        trainer, picture = self.trainer, self.picture
        present = trainer.present()
        boundary, picture.images = boundary_tables(
            trainer.parameters, trainer.config.activation, trainer.split, picture.plane, picture.shown, picture.images
        )
        network = network_tables(trainer.parameters, trainer.config.activation, trainer.split, picture.plane)
        curves = (LOSSES, NORMS)
        # The curves' last point may lie within an epoch.
        moment = present | {"epoch": present["samples_seen"] / trainer.split.y_train.size}
        losses, norms = (
            curve_tables(trainer.recorded, series, x_column, moment, thinning)
            for series, thinning in zip(curves, picture.thinnings, strict=True)
        )
        return present, boundary, losses, norms, network

    def csv(self) -> bytes:
        """The metrics so far as CSV bytes; training goes on while they are written."""
        with self.lock.turn():
            rows, run, settings = self.trainer.rows(), self.trainer.run_name, self.trainer.settings()
        return metrics_csv.text(rows.frame(run, settings)).encode()
