"""Training: batches, one update, one epoch, and the Trainer that runs and measures them."""

import secrets
from dataclasses import replace
from datetime import datetime
from time import perf_counter

import numpy as np

from toynet import datasets
from toynet.history import COLUMNS, History
from toynet.network import Parameters, backward, cost, forward, initialise


def batch_size(config, m):
    """Samples an update sees, of m training samples."""
    return {"full": m, "mini": min(config.batch_size, m), "stochastic": 1}[config.batch_mode]


def updated(parameters, gradients, learning_rate):
    """One step of gradient descent, theta <- theta - eta * dC_dtheta; returns new Parameters."""
    return Parameters(*(p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)))


def measure(parameters, split, activation):
    """What history records of these parameters, on all rows of the split.

    Returns
    -------
    tuple of 9 floats
        In the order of `history.MEASURES`: losses in nats, accuracies in 0..1, norms
        of the gradient of train_loss. Test figures are NaN without test samples.
    """
    test_loss = test_accuracy = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        train = forward(parameters, split.X_train, activation)
        gradients = backward(parameters, train, split.y_train, activation)
        norms = [float(np.linalg.norm(g)) for g in gradients]
        train_loss, train_accuracy = cost(train, split.y_train), accuracy(train, split.y_train)
        if split.y_test.size:
            test = forward(parameters, split.X_test, activation)
            test_loss, test_accuracy = cost(test, split.y_test), accuracy(test, split.y_test)
    return (train_loss, test_loss, train_accuracy, test_accuracy, *norms, float(np.linalg.norm(norms)))


def accuracy(forward, y):
    """Share of samples on the right side of y_hat = 0.5 (which counts as class 1)."""
    return float(np.mean((forward.Z2 >= 0) == y))


class Trainer:
    """A run: it trains, can stop after any update and go on, and keeps its history.

    Parameters
    ----------
    config : Config
    split : Split, optional
        Data to train on instead of `datasets.load(config)`.
    run : str, optional
        The run's name in its CSV; by default the time of its start and a random tail.

    Attributes
    ----------
    config : Config
        Follows `learning_rate` and `epochs` when they are changed in mid-run.
    split : Split
    parameters : Parameters
    epoch, update, samples_seen : int
        Completed so far.
    seconds : float
        Time spent on updates.
    diverged : str
        Empty, or why the run ended: which update failed and what to lower. The
        failed update is not taken, so the parameters stay finite.

    Raises
    ------
    ValueError
        If the data cannot be used.
    """

    def __init__(self, config, split=None, run=None):
        self.config = config
        self.split = datasets.load(config) if split is None else split
        self.run_name = run or f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        init_seed, order_seed = np.random.SeedSequence(config.init_seed).spawn(2)
        self._order_rng = np.random.default_rng(order_seed)
        self.parameters = initialise(
            self.split.X_train.shape[1], config.hidden_size, np.random.default_rng(init_seed), config.activation
        )
        self.epoch = self.update = self.samples_seen = 0
        self.seconds = 0.0
        self.diverged = ""
        self._position = 0
        self._order = None
        self.metrics = History()
        self.metrics.append(self.present())

    @property
    def learning_rate(self):
        """The step eta. May be set between updates; the history records it."""
        return self.config.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.config = replace(self.config, learning_rate=value)

    @property
    def epochs(self):
        """How many epochs the settings ask for. May be set at any time."""
        return self.config.epochs

    @epochs.setter
    def epochs(self, value):
        self.config = replace(self.config, epochs=value)

    def step(self):
        """One update. The update that completes an epoch also records it."""
        started = perf_counter()
        completes_epoch = self._update()
        self.seconds += perf_counter() - started
        if completes_epoch:
            self._complete_epoch()

    def run_epoch(self):
        """Go on to the end of the epoch: all its updates, or those that are left of it."""
        self.run(epochs=1)

    def run(self, epochs=None, seconds=None):
        """Train for up to so many epochs or until so many seconds have passed.

        Stops early where the run diverges. Where time runs out in mid-epoch, the
        next call goes on from there: cut up or in one piece, the numbers are the same.

        Parameters
        ----------
        epochs : int, optional
            By default as many as are left of `config.epochs`. A begun epoch counts as one.
        seconds : float, optional
            By default no limit. At least one update is made.
        """
        last = max(self.config.epochs, self.epoch) if epochs is None else self.epoch + epochs
        deadline = perf_counter() + (np.inf if seconds is None else seconds)
        while self.epoch < last and not self.diverged:
            self.step()
            if perf_counter() >= deadline:
                return

    def present(self):
        """A history row (in the order of `history.COLUMNS`) of this very moment."""
        measures = measure(self.parameters, self.split, self.config.activation)
        return (self.epoch, self.update, self.samples_seen, self.seconds, *measures, self.learning_rate)

    @property
    def history(self):
        """All rows so far as a DataFrame: the metrics CSV, column for column."""
        return self.metrics.frame(self.run_name, self.config.to_dict())

    def _update(self):
        """Take one update; return whether it completed the epoch."""
        if self.diverged:
            return False
        split, m = self.split, self.split.y_train.size
        size = batch_size(self.config, m)
        if size == m and self.config.batch_mode == "full":
            X, y = split.X_train, split.y_train
        else:
            if self._position == 0:
                self._order = self._order_rng.permutation(m)
            batch = self._order[self._position : self._position + size]
            X, y = split.X_train[batch], split.y_train[batch]
        with np.errstate(over="ignore", invalid="ignore"):
            passed = forward(self.parameters, X, self.config.activation)
            gradients = backward(self.parameters, passed, y, self.config.activation)
            after = updated(self.parameters, gradients, self.learning_rate)
        if not _finite(passed.Z2, after):
            self.diverged = _divergence(self.update + 1, passed.Z2, after, self.config)
            return False
        self.parameters = after
        self.update += 1
        self.samples_seen += y.size
        self._position = (self._position + y.size) % m
        return self._position == 0

    def _complete_epoch(self):
        self.epoch += 1
        if self.epoch % self.config.record_every and self.epoch != self.config.epochs:
            return
        row = self.present()
        if _measurable(row, self.split):
            self.metrics.append(row)


def _measurable(row, split):
    """Whether a history row is finite (but for the test figures where nothing is held back)."""
    return all(
        np.isfinite(v) or (c.startswith("test") and not split.y_test.size) for c, v in zip(COLUMNS, row, strict=True)
    )


def _finite(Z2, parameters):
    """Whether cost (finite just where Z2 is) and parameters are finite."""
    return np.isfinite(Z2).all() and all(np.isfinite(p).all() for p in parameters)


def _divergence(update, Z2, parameters, config):
    """One sentence for a run that has left the finite numbers."""
    infinite = [name for name, p in parameters._asdict().items() if not np.isfinite(p).all()]
    if infinite and np.isfinite(Z2).all():
        what = f"{' and '.join(infinite)} {'is' if len(infinite) == 1 else 'are'}"
    else:
        what = "the cost is"
    return (
        f"Diverged at update {update:,}: {what} no longer finite. Start again with a lower learning rate "
        f"(now {config.learning_rate:g})" + (" or tanh instead of relu." if config.activation == "relu" else ".")
    )


def train(config, run=None):
    """Run an experiment to its end: the Trainer after `config.epochs` epochs, or diverged."""
    trainer = Trainer(config, run=run)
    trainer.run()
    return trainer
