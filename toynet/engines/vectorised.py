"""The training loop in NumPy: what network.py derives, with few calls and no new arrays.

A NumPy call costs a microsecond whatever it computes, so the biases are folded in: a
row of ones under A0 and under A1 makes [W1 b1] and [W2 b2] one matrix each, and both lie
in one vector theta that a single subtraction updates.
"""

from typing import ClassVar

import numpy as np

from toynet.activations import ACTIVATIONS
from toynet.engines.engine import FARTHEST, Task
from toynet.engines.stepwise import StepwiseEngine
from toynet.network import Parameters

UPDATE, ACTIVATED, ROW = 11e-6, 2.5e-9, 60e-6
"""Seconds that an update, a hidden activation in it, and a measured row take, on a processor of 2025."""


class NumpyEngine(StepwiseEngine):
    """Trains a network update by update; the fast engine that is always there."""

    name: ClassVar[str] = "numpy"

    @staticmethod
    def can(task: Task) -> bool:
        """All but rules that are not the derived one."""
        return task.rule is None

    @staticmethod
    def seconds(task: Task, hidden_size: int, updates: int) -> float:
        """About how long so many updates take, their measurements included."""
        m, rows = task.split.y_train.size, task.split.y_train.size + task.split.y_test.size
        measured = updates * task.batch / m / task.record_every
        of_updates = updates * (UPDATE + ACTIVATED * hidden_size * task.batch)
        return of_updates + measured * (ROW + ACTIVATED * hidden_size * rows)

    @property
    def parameters(self) -> Parameters:
        """The present ones, as copies."""
        theta1, theta2 = self._theta1.copy(), self._theta2.copy()
        return Parameters(theta1[:, :-1], theta1[:, -1:], theta2[:, :-1], theta2[:, -1:])

    def _begin(self, parameters: Parameters) -> None:
        split, (h, d) = self.task.split, parameters.W1.shape
        self._activation = ACTIVATIONS[self.task.activation]
        self._A0 = np.concatenate([split.X_train.T, np.ones((1, self.m))])
        self._y = np.ascontiguousarray(split.y_train, dtype=float)
        self._ordered = (np.empty_like(self._A0), np.empty_like(self._y))
        if not self.task.is_shuffled:
            self._ordered = self._A0, self._y
        self._theta, self._after, self._gradient = np.empty((3, h * (d + 1) + h + 1))
        self._theta1, self._theta2 = _matrices(self._theta, h, d)
        self._theta1[:] = np.hstack([parameters.W1, parameters.b1])
        self._theta2[:] = np.hstack([parameters.W2, parameters.b2])
        self._gradient1, self._gradient2 = _matrices(self._gradient, h, d)
        self._zeros = np.zeros(self.task.batch)
        self._rooms: dict[int, tuple[np.ndarray, ...]] = {}

    def _arrange(self, order: np.ndarray) -> None:
        np.take(self._A0, order, axis=1, out=self._ordered[0])
        np.take(self._y, order, out=self._ordered[1])

    def _descend(self, batch: slice, learning_rate: float) -> bool:
        A0, y = self._ordered[0][:, batch], self._ordered[1][batch]
        Z2 = self._differentiate(A0, y, self._room(y.size))
        self._gradient *= learning_rate
        np.subtract(self._theta, self._gradient, out=self._after)
        # 0 times inf or nan is nan, and so is a sum with it, which is then at most nothing.
        if not Z2[0] @ self._zeros[: y.size] + self._after @ self._after <= FARTHEST**2:
            return False
        self._theta[:] = self._after
        return True

    def _room(self, size: int) -> tuple[np.ndarray, ...]:
        """Work space for a batch of this size: A1 over a row of ones, dC_dZ1, Z2 and dC_dZ2."""
        if size not in self._rooms:
            h = self._theta1.shape[0]
            self._rooms[size] = (np.ones((h + 1, size)), np.empty((h, size)), np.empty((1, size)), np.empty((1, size)))
        return self._rooms[size]

    def _differentiate(self, A0: np.ndarray, y: np.ndarray, room: tuple[np.ndarray, ...]) -> np.ndarray:
        """Leave the gradient of the batch in `_gradient`; return Z2."""
        A1_and_1, dC_dZ1, Z2, dC_dZ2 = room
        A1 = A1_and_1[:-1]
        np.dot(self._theta1, A0, out=A1)
        self._activation.activate(A1, dC_dZ1)  # Z1 becomes A1, and g'(Z1) stands in dC_dZ1
        np.dot(self._theta2, A1_and_1, out=Z2)
        # sigma(Z2) = (1 + tanh(Z2 / 2)) / 2: one call, and it cannot overflow.
        np.multiply(Z2, 0.5, out=dC_dZ2)
        np.tanh(dC_dZ2, out=dC_dZ2)
        dC_dZ2 += 1.0 - 2.0 * y
        dC_dZ2 *= 0.5 / y.size
        np.dot(dC_dZ2, A1_and_1.T, out=self._gradient2)
        dC_dZ1 *= self._theta2[:, :-1].T
        dC_dZ1 *= dC_dZ2
        np.dot(dC_dZ1, A0.T, out=self._gradient1)
        return Z2


def _matrices(theta: np.ndarray, h: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Views of [W1 b1] (h, d + 1) and [W2 b2] (1, h + 1) into a vector."""
    return theta[: h * (d + 1)].reshape(h, d + 1), theta[h * (d + 1) :].reshape(1, h + 1)
