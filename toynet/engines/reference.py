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

    def _begin(self, parameters: Parameters) -> None:
        self._parameters = Parameters(*parameters)
        self._X, self._y = self.task.split.X_train, self.task.split.y_train

    def _arrange(self, order: np.ndarray) -> None:
        self._X, self._y = self.task.split.X_train[order], self.task.split.y_train[order]

    def _descend(self, batch: slice, learning_rate: float) -> bool:
        X, y, activation = self._X[batch], self._y[batch], self.task.activation
        passed = forward(self._parameters, X, activation)
        gradients = (self.task.rule or backward)(self._parameters, passed, y, activation)
        after = updated(self._parameters, gradients, learning_rate)
        # The cost is finite just where Z2 is.
        if not (np.isfinite(passed.Z2).all() and sum(np.sum(p * p) for p in after) <= FARTHEST**2):
            return False
        self._parameters = after
        return True
