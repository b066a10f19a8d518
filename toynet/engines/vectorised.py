"""The training loop in NumPy: what network.py derives, with few calls and no new arrays.

A NumPy call costs a microsecond whatever it computes, so the biases are folded in: a
row of ones under A0 and under A1 makes [W1 b1] and [W2 b2] one matrix each, and both lie
in one vector theta that a single subtraction updates.
"""

from typing import ClassVar

import numpy as np

from toynet.activations import ACTIVATIONS, softmax
from toynet.engines.engine import FARTHEST, Task
from toynet.engines.stepwise import StepwiseEngine
from toynet.network import Parameters, one_hot

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
        return _read(self._theta1, self._theta2)

    @property
    def velocity(self) -> Parameters | None:
        """v of the last update, as copies (see `Progress`)."""
        return None if self._v is None else _read(*_matrices(self._v, len(self._theta1), self._theta1.shape[1] - 1))

    def _begin(self, parameters: Parameters, velocity: Parameters | None) -> None:
        split, (h, d), k = self.task.split, parameters.W1.shape, len(parameters.W2)
        self._activation = ACTIVATIONS[self.task.activation]
        self._A0 = np.concatenate([split.X_train.T, np.ones((1, self.m))])
        self._Y = one_hot(np.asarray(split.y_train, dtype=float), k)
        self._ordered = (np.empty_like(self._A0), np.empty_like(self._Y))
        if not self.task.is_shuffled:
            self._ordered = self._A0, self._Y
        self._theta, self._after, self._gradient = np.empty((3, h * (d + 1) + k * (h + 1)))
        self._theta1, self._theta2 = _write(parameters, self._theta)
        self._gradient1, self._gradient2 = _matrices(self._gradient, h, d)
        self._v: np.ndarray | None = None
        if velocity is not None:
            self._v = np.empty_like(self._theta)
            _write(velocity, self._v)
        if self.task.l2 > 0:
            self._l2 = np.zeros_like(self._theta)  # lambda for weights, 0 for biases
            for layer in _matrices(self._l2, h, d):
                layer[:, :-1] = self.task.l2
        self._zeros = np.zeros(k * self.task.batch)
        self._rooms: dict[int, tuple[np.ndarray, ...]] = {}

    def _arrange(self, order: np.ndarray) -> None:
        np.take(self._A0, order, axis=1, out=self._ordered[0])
        np.take(self._Y, order, axis=1, out=self._ordered[1])

    def _descend(self, batch: slice, learning_rate: float) -> bool:
        A0, Y = self._ordered[0][:, batch], self._ordered[1][:, batch]
        Z2 = self._differentiate(A0, Y, self._room(Y.shape[1]))
        step = self._terms()
        np.multiply(step, learning_rate, out=self._after)
        np.subtract(self._theta, self._after, out=self._after)
        # 0 times inf or nan is nan, and so is a sum with it, which is then at most nothing.
        if not Z2.reshape(-1) @ self._zeros[: Z2.size] + self._after @ self._after <= FARTHEST**2:
            return False
        self._theta[:] = self._after
        if self.task.momentum > 0:
            self._v = step.copy() if self._v is None else step
        return True

    def _terms(self) -> np.ndarray:
        """v of `network.updated`, from the gradient: with what L2 and momentum add to it."""
        g = self._gradient
        if self.task.l2 > 0:
            g += self._l2 * self._theta
        if self.task.momentum > 0 and self._v is not None:
            return self.task.momentum * self._v + g
        return g

    def _room(self, size: int) -> tuple[np.ndarray, ...]:
        """Work space for a batch of this size: A1 over a row of ones, dC_dZ1, Z2 and dC_dZ2."""
        if size not in self._rooms:
            h, k = len(self._theta1), len(self._theta2)
            self._rooms[size] = (np.ones((h + 1, size)), np.empty((h, size)), np.empty((k, size)), np.empty((k, size)))
        return self._rooms[size]

    def _differentiate(self, A0: np.ndarray, Y: np.ndarray, room: tuple[np.ndarray, ...]) -> np.ndarray:
        """Leave the gradient of the batch in `_gradient`; return Z2."""
        A1_and_1, dC_dZ1, Z2, dC_dZ2 = room
        A1 = A1_and_1[:-1]
        np.dot(self._theta1, A0, out=A1)
        self._activation.activate(A1, dC_dZ1)  # Z1 becomes A1, and g'(Z1) stands in dC_dZ1
        np.dot(self._theta2, A1_and_1, out=Z2)
        if self.task.output == "softmax" and len(Z2) > 1:
            np.subtract(softmax(Z2), Y, out=dC_dZ2)
            dC_dZ2 /= Y.shape[1]
        else:
            # sigma(Z2) = (1 + tanh(Z2 / 2)) / 2: one call, and it cannot overflow.
            np.multiply(Z2, 0.5, out=dC_dZ2)
            np.tanh(dC_dZ2, out=dC_dZ2)
            dC_dZ2 += 1.0 - 2.0 * Y
            dC_dZ2 *= 0.5 / Y.shape[1]
        np.dot(dC_dZ2, A1_and_1.T, out=self._gradient2)
        if len(Z2) == 1:  # a product with one row and one column is no sum: two cheap calls
            dC_dZ1 *= self._theta2[:, :-1].T
            dC_dZ1 *= dC_dZ2
        else:
            dC_dZ1 *= self._theta2[:, :-1].T @ dC_dZ2
        np.dot(dC_dZ1, A0.T, out=self._gradient1)
        return Z2


def _matrices(theta: np.ndarray, h: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Views of [W1 b1] (h, d + 1) and [W2 b2] (k, h + 1) into a vector."""
    return theta[: h * (d + 1)].reshape(h, d + 1), theta[h * (d + 1) :].reshape(-1, h + 1)


def _write(parameters: Parameters, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters into a vector; returns its `_matrices`."""
    W1, b1, W2, b2 = parameters
    theta1, theta2 = _matrices(theta, *W1.shape)
    theta1[:], theta2[:] = np.hstack([W1, b1]), np.hstack([W2, b2])
    return theta1, theta2


def _read(theta1: np.ndarray, theta2: np.ndarray) -> Parameters:
    """The inverse of `_write`, as copies."""
    theta1, theta2 = theta1.copy(), theta2.copy()
    return Parameters(theta1[:, :-1], theta1[:, -1:], theta2[:, :-1], theta2[:, -1:])
