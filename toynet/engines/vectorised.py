"""The training loop in NumPy: what network.py derives, with few calls and no new arrays.

A NumPy call costs a microsecond whatever it computes, so the biases are folded in: a
row of ones under A0 and under A1 makes [W1 b1] and [W2 b2] one matrix each, and both lie
in one vector theta that a single subtraction updates.
"""

import math

import numpy as np

from toynet.history import MEASURES
from toynet.measuring import measure
from toynet.network import Parameters


class NumpyEngine:
    """Trains a network update by update; the one engine that is always there.

    Parameters
    ----------
    parameters : Parameters
        Where to start; copied.
    split : Split
    activation : {"tanh", "sigmoid", "relu"}
    batch : int
        Samples an update; 0 for all of them, in which case no order is drawn.
    rng : numpy.random.Generator
        Draws the order of the samples, once an epoch.
    record_every : int
        Measure at the end of every so many epochs.

    Attributes
    ----------
    epoch, position : int
        Epochs completed, and samples seen of the present one.
    update : int
        Updates completed.
    """

    name = "numpy"

    def __init__(self, parameters, split, activation, batch, rng, record_every):
        X, y = split.X_train, split.y_train
        self.m, d = X.shape
        h = parameters.W1.shape[0]
        self.epoch = self.position = self.update = 0
        self._split, self._record_every, self._rows = split, record_every, []
        self._batch, self._rng, self._activation = batch or self.m, rng, activation
        self._shuffles = batch > 0
        self._A0 = np.concatenate([X.T, np.ones((1, self.m))])
        self._y = np.ascontiguousarray(y, dtype=float)
        self._shuffled = (np.empty_like(self._A0), np.empty_like(self._y)) if self._shuffles else (self._A0, self._y)
        self._theta, self._after, self._gradient = np.empty((3, h * (d + 1) + h + 1))
        self._theta1, self._theta2 = _matrices(self._theta, h, d)
        self._theta1[:] = np.hstack([parameters.W1, parameters.b1])
        self._theta2[:] = np.hstack([parameters.W2, parameters.b2])
        self._gradient1, self._gradient2 = _matrices(self._gradient, h, d)
        self._zeros = np.zeros(max(self._theta.size, self._batch))
        self._rooms = {}

    @property
    def parameters(self):
        """The present Parameters, as copies."""
        theta1, theta2 = self._theta1.copy(), self._theta2.copy()
        return Parameters(theta1[:, :-1], theta1[:, -1:], theta2[:, :-1], theta2[:, -1:])

    def advance(self, updates, learning_rate):
        """Make up to so many updates, or fewer.

        Returns
        -------
        bool
            False if an update was refused because its cost or a parameter after it
            would not be finite; the parameters are those before it.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(updates):
                if self.position == 0 and self._shuffles:
                    self._shuffle()
                if not self._update(learning_rate):
                    return False
                if self.position == 0 and self.epoch % self._record_every == 0:
                    self._rows.append((self.epoch, *measure(self.parameters, self._split, self._activation)))
        return True

    def take_rows(self):
        """What was measured since the last call: ndarray (rows, 10) of epoch and `history.MEASURES`."""
        rows, self._rows = self._rows, []
        return np.array(rows).reshape(len(rows), 1 + len(MEASURES))

    def _shuffle(self):
        order = self._rng.permutation(self.m)
        np.take(self._A0, order, axis=1, out=self._shuffled[0])
        np.take(self._y, order, out=self._shuffled[1])

    def _update(self, learning_rate):
        size = min(self._batch, self.m - self.position)
        batch = slice(self.position, self.position + size)
        A0, y = self._shuffled[0][:, batch], self._shuffled[1][batch]
        Z2 = self._descend(A0, y, self._room(size))
        self._gradient *= learning_rate
        np.subtract(self._theta, self._gradient, out=self._after)
        # 0 times inf or nan is nan: one product finds any number that is not finite.
        broken = Z2[0] @ self._zeros[:size] + self._after @ self._zeros[: self._after.size]
        if not math.isfinite(broken):
            return False
        self._theta[:] = self._after
        self.update += 1
        self.position += size
        if self.position == self.m:
            self.position = 0
            self.epoch += 1
        return True

    def _room(self, size):
        """Work space for a batch of this size: A1 over a row of ones, dC_dZ1, Z2 and dC_dZ2."""
        if size not in self._rooms:
            h = self._theta1.shape[0]
            self._rooms[size] = (np.ones((h + 1, size)), np.empty((h, size)), np.empty((1, size)), np.empty((1, size)))
        return self._rooms[size]

    def _descend(self, A0, y, room):
        """Leave the gradient of the batch in `_gradient`; return Z2."""
        A1_and_1, dC_dZ1, Z2, dC_dZ2 = room
        A1 = A1_and_1[:-1]
        np.dot(self._theta1, A0, out=A1)
        g_prime = _activate(A1, dC_dZ1, self._activation)
        np.dot(self._theta2, A1_and_1, out=Z2)
        # sigma(Z2) = (1 + tanh(Z2 / 2)) / 2: one call, and it cannot overflow.
        np.multiply(Z2, 0.5, out=dC_dZ2)
        np.tanh(dC_dZ2, out=dC_dZ2)
        dC_dZ2 += 1.0 - 2.0 * y
        dC_dZ2 *= 0.5 / y.size
        np.dot(dC_dZ2, A1_and_1.T, out=self._gradient2)
        np.multiply(g_prime, self._theta2[:, :-1].T, out=dC_dZ1)
        dC_dZ1 *= dC_dZ2
        np.dot(dC_dZ1, A0.T, out=self._gradient1)
        return Z2


def _matrices(theta, h, d):
    """Views of [W1 b1] (h, d + 1) and [W2 b2] (1, h + 1) into a vector."""
    return theta[: h * (d + 1)].reshape(h, d + 1), theta[h * (d + 1) :].reshape(1, h + 1)


def _activate(A, room, activation):
    """Turn Z1 into A1 = g(Z1) in place; return g'(Z1), in `room`, from A1 alone."""
    if activation == "relu":
        np.maximum(A, 0.0, out=A)
        return np.greater(A, 0.0, out=room)
    if activation == "tanh":
        np.tanh(A, out=A)
        np.multiply(A, A, out=room)
        return np.subtract(1.0, room, out=room)
    A *= 0.5
    np.tanh(A, out=A)
    A += 1.0
    A *= 0.5
    np.subtract(1.0, A, out=room)
    room *= A
    return room
