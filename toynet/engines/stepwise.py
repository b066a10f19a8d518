"""What the engines in plain Python share: the walk through batches and epochs, one update after the other."""

from abc import ABC, abstractmethod

import numpy as np

from toynet.engines.engine import Progress, Rows, Task, order_generator, order_state
from toynet.measuring import Measures, measure
from toynet.network import Parameters


class StepwiseEngine(ABC):
    """An `Engine` but for how samples are put in order and what an update does with a batch of them."""

    def __init__(self, task: Task, progress: Progress) -> None:
        self.task = task
        self.m = task.split.y_train.size
        self.epoch, self.update, self.position = progress.epoch, progress.update, progress.position
        self._rng, self._order = order_generator(progress.order), progress.order
        self._rows: list[tuple] = []
        self._begin(progress.parameters, progress.velocity)
        if self.position > 0:
            self._draw_order()

    @property
    @abstractmethod
    def parameters(self) -> Parameters:
        """The present ones, as copies."""

    @property
    @abstractmethod
    def velocity(self) -> Parameters | None:
        """v of the last update, as copies (see `Progress`)."""

    @abstractmethod
    def _begin(self, parameters: Parameters, velocity: Parameters | None) -> None:
        """Take the parameters to start from, and v where there is one."""

    @abstractmethod
    def _arrange(self, order: np.ndarray) -> None:
        """Put the samples in this order, (m,) row numbers."""

    @abstractmethod
    def _descend(self, batch: slice, learning_rate: float) -> bool:
        """Update on these of the ordered samples; False, and nothing changed, if that leads beyond `FARTHEST`."""

    def advance(self, updates: int, learning_rate: float) -> bool:
        """Make up to so many updates; False if one was refused (see `Engine`)."""
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(updates):
                if self.position == 0:
                    self._draw_order()
                batch = slice(self.position, min(self.position + self.task.batch, self.m))
                if not self._descend(batch, learning_rate):
                    return False
                self.update += 1
                self.position = batch.stop % self.m
                if self.position == 0:
                    self.epoch += 1
                    if self.epoch % self.task.record_every == 0:
                        measures = measure(self.parameters, self.task.split, self.task.activation, self.task.output)
                        self._rows.append((self.epoch, *measures))
        return True

    def _draw_order(self) -> None:
        """Draw the order of the epoch that begins, where there is one to draw."""
        if self.task.is_shuffled:
            self._order = order_state(self._rng)
            self._arrange(self._rng.permutation(self.m))

    def take_rows(self) -> Rows:
        """What was measured since the last call."""
        rows, self._rows = self._rows, []
        columns = np.array(rows).reshape(len(rows), 1 + len(Measures._fields)).T
        return dict(zip(("epoch", *Measures._fields), columns, strict=True))

    def state(self) -> Progress:
        """How far it has come (see `Engine`)."""
        order = self._order if self.position > 0 else order_state(self._rng)
        return Progress(self.parameters, order, self.epoch, self.update, self.position, self.velocity)
