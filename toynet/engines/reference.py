"""The training loop in plain words: `network.py` called once for each update.

The yardstick of the faster engines, and the one that can train with another rule than
the derived gradient.
"""

from typing import ClassVar

import numpy as np

from toynet.engines.engine import FARTHEST, Task
from toynet.engines.stepwise import StepwiseEngine
from toynet.network import Parameters, backward, forward, updated


class ReferenceEngine(StepwiseEngine):
    """Trains by forward, backward and updated, as they stand in `network.py`."""

    name: ClassVar[str] = "reference"

    @staticmethod
    def can(task: Task) -> bool:
        """It can train whatever there is."""
        return True

    @property
    def parameters(self) -> Parameters:
        """The present ones, as copies."""
        return Parameters(*(p.copy() for p in self._parameters))

    @property
    def velocity(self) -> Parameters | None:
        """v of the last update, as copies (see `Progress`)."""
        return Parameters(*(v.copy() for v in self._v)) if self._v and self.task.momentum else None

    def _begin(self, parameters: Parameters, velocity: Parameters | None) -> None:
        self._parameters, self._v = Parameters(*parameters), velocity
        self._X, self._y = self.task.split.X_train, self.task.split.y_train

    def _arrange(self, order: np.ndarray) -> None:
        self._X, self._y = self.task.split.X_train[order], self.task.split.y_train[order]

    def _descend(self, batch: slice, learning_rate: float) -> bool:
        X, y, task = self._X[batch], self._y[batch], self.task
        passed = forward(self._parameters, X, task.activation, task.output)
        gradients = (task.rule or backward)(self._parameters, passed, y, task.activation)
        after, v = updated(self._parameters, gradients, learning_rate, task.l2, task.momentum, self._v)
        # The cost is finite just where Z2 is.
        if not (np.isfinite(passed.Z2).all() and sum(np.sum(p * p) for p in after) <= FARTHEST**2):
            return False
        self._parameters, self._v = after, v
        return True
