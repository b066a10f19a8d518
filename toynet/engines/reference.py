"""The training loop in plain words: `network.py` called once for each update.

The yardstick of the faster engines, and the one that can train with another rule than
the derived gradient.
"""

import numpy as np

from toynet.history import MEASURES
from toynet.measuring import measure
from toynet.network import Parameters, backward, forward, updated


class ReferenceEngine:
    """Trains by forward, backward and updated, as they stand in `network.py`.

    Parameters and attributes are those of `NumpyEngine`, and `rule`: what to train
    with instead of `network.backward`.
    """

    name = "reference"

    def __init__(self, parameters, split, activation, batch, rng, record_every, rule=None):
        self.parameters = Parameters(*parameters)
        self.epoch = self.position = self.update = 0
        self._split, self._activation, self._rng, self._rule = split, activation, rng, rule
        self._shuffles, self._batch = batch > 0, batch or split.y_train.size
        self._record_every, self._rows = record_every, []
        self._order = slice(None)

    def advance(self, updates, learning_rate):
        """Make up to so many updates; False if one was refused (see `NumpyEngine`)."""
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(updates):
                if not self._update(learning_rate):
                    return False
                if self.position == 0 and self.epoch % self._record_every == 0:
                    self._rows.append((self.epoch, *measure(self.parameters, self._split, self._activation)))
        return True

    def take_rows(self):
        """What was measured since the last call: ndarray (rows, 10) of epoch and `history.MEASURES`."""
        rows, self._rows = self._rows, []
        return np.array(rows).reshape(len(rows), 1 + len(MEASURES))

    def _update(self, learning_rate):
        m = self._split.y_train.size
        if self.position == 0:
            self._order = self._rng.permutation(m) if self._shuffles else np.arange(m)
        batch = self._order[self.position : self.position + self._batch]
        X, y = self._split.X_train[batch], self._split.y_train[batch]
        passed = forward(self.parameters, X, self._activation)
        gradients = (self._rule or backward)(self.parameters, passed, y, self._activation)
        after = updated(self.parameters, gradients, learning_rate)
        # The cost is finite just where Z2 is.
        if not all(np.isfinite(values).all() for values in (passed.Z2, *after)):
            return False
        self.parameters = after
        self.update += 1
        self.position = (self.position + y.size) % m
        self.epoch += self.position == 0
        return True
