"""Training: the Trainer, a run that can stop after any update and go on, and keeps its history."""

import secrets
from dataclasses import replace
from datetime import datetime
from time import perf_counter

import numpy as np

from toynet import datasets, engines
from toynet.history import History
from toynet.measuring import is_finite, measure
from toynet.network import initialise

LONGEST = 0.1
"""Seconds of training between two looks at the clock, at most, about."""


class Trainer:
    """A run: it trains, can stop after any update and go on, and keeps its history.

    Parameters
    ----------
    config : Config
    split : Split, optional
        Data to train on instead of `datasets.load(config)`.
    run : str, optional
        The run's name in its CSV; by default the time of its start and a random tail.
    engine : str, optional
        Name of the engine that trains; by default the fastest that is ready at the first update.
    parameters : Parameters, optional
        Where to start instead of the seeded initialisation.
    rule : callable, optional
        What to train with instead of `network.backward`, with its signature; the reference
        engine trains. The history's norms stay those of the true gradient.

    Attributes
    ----------
    config : Config
        Names the columns of real data that were left open; follows `learning_rate` and
        `epochs` when they are changed in mid-run.
    split : Split
    seconds : float
        Time spent training, measuring included.
    diverged : str
        Empty, or why the run ended: which update failed and what to lower. The
        failed update is not taken, so the parameters stay finite.
    metrics : History
        The rows recorded so far; `history` is the same as a DataFrame.

    Raises
    ------
    ValueError
        If the data cannot be used.
    """

    def __init__(self, config, split=None, run=None, engine=None, parameters=None, rule=None):
        self.config = datasets.resolved(config) if split is None else config
        self.split = datasets.load(config) if split is None else split
        self.run_name = run or f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.seconds = 0.0
        self.diverged = ""
        init_seed, self._order_seed = np.random.SeedSequence(config.init_seed).spawn(2)
        d, rng = self.split.X_train.shape[1], np.random.default_rng(init_seed)
        self._start = parameters or initialise(d, config.hidden_size, rng, config.activation)
        self._wanted_engine = "reference" if rule else engine
        self._rule = {"rule": rule} if rule else {}
        self._engine = None
        self._done, self._pace = 1, 0.0  # updates made at once, and the seconds that one took
        self.metrics = History()
        self.metrics.append(self.present())

    # --- what it is at ---------------------------------------------------------------

    @property
    def parameters(self):
        """The present Parameters (copies)."""
        return self._engine.parameters if self._engine else self._start

    @property
    def epoch(self):
        """Epochs completed."""
        return self._engine.epoch if self._engine else 0

    @property
    def update(self):
        """Updates completed."""
        return self._engine.update if self._engine else 0

    @property
    def samples_seen(self):
        """Samples that updates have seen, counted again each time."""
        return self.epoch * self.split.y_train.size + self._engine.position if self._engine else 0

    @property
    def engine(self):
        """Name of the engine that trains this run, or would if it started now."""
        return self._engine.name if self._engine else engines.choose(self._wanted_engine).name

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

    def present(self):
        """A history row (in the order of `history.COLUMNS`) of this very moment."""
        measures = measure(self.parameters, self.split, self.config.activation)
        return (self.epoch, self.update, self.samples_seen, self.seconds, *measures, self.learning_rate)

    @property
    def history(self):
        """All rows so far as a DataFrame: the metrics CSV, column for column."""
        return self.metrics.frame(self.run_name, self.settings())

    def settings(self):
        """The constant columns of the metrics CSV."""
        return {**self.config.to_dict(), "engine": self.engine}

    # --- training --------------------------------------------------------------------

    def step(self):
        """One update. The update that completes an epoch also records it."""
        self._advance(1)

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
            started = perf_counter()
            # The last epoch that the settings ask for is recorded whatever `record_every`: stop there.
            stop = self.config.epochs if self.epoch < self.config.epochs < last else last
            self._done = min(self._fitting(deadline - started), stop * self.updates_an_epoch - self.update)
            self._advance(self._done)
            now = perf_counter()
            self._pace = (now - started) / self._done
            if now >= deadline:
                return

    def _fitting(self, seconds):
        """How many updates take the better part of these seconds, going by the last ones.

        Few visits to the interpreter, since it may be busy with another tab's picture.
        """
        wanted = 0.6 * min(seconds, LONGEST)
        return max(1, min(int(wanted / max(self._pace, 1e-9)), 8 * self._done))

    @property
    def updates_an_epoch(self):
        """Batches that the training samples make, the smaller last one included."""
        return -(-self.split.y_train.size // (self._batch or self.split.y_train.size))

    @property
    def _batch(self):
        """Samples an update sees; 0 for all."""
        return {"full": 0, "mini": self.config.batch_size, "stochastic": 1}[self.config.batch_mode]

    def _advance(self, updates):
        """Up to so many updates, timed, and their epochs into the history."""
        if self.diverged:
            return
        if self._engine is None:
            rng, every = np.random.default_rng(self._order_seed), self.config.record_every
            choice = engines.choose(self._wanted_engine)
            self._engine = choice(
                self._start, self.split, self.config.activation, self._batch, rng, every, **self._rule
            )
        before, started = (self.update, self.seconds), perf_counter()
        fine = self._engine.advance(updates, self.learning_rate)
        self.seconds += perf_counter() - started
        self._record(self._engine.take_rows(), *before)
        if not fine:
            self.diverged = _divergence(self.update + 1, self.config)

    def _record(self, rows, update, seconds):
        """Measured rows into the history; what lies between two looks at the clock is interpolated."""
        pace = (self.seconds - seconds) / max(self.update - update, 1)
        epochs, updates = rows[:, 0], rows[:, 0] * self.updates_an_epoch
        times = seconds + pace * (updates - update)
        rates = np.full(len(rows), self.learning_rate)
        self._keep(np.column_stack([epochs, updates, epochs * self.split.y_train.size, times, rows[:, 1:], rates]))
        ended = self.epoch == self.config.epochs and self.update == self.epoch * self.updates_an_epoch
        if ended and self.metrics["epoch"][-1] < self.epoch and not self._keep(np.array([self.present()])):
            self.diverged = _divergence(self.update, self.config)

    def _keep(self, rows):
        """Add the rows whose figures are finite: after the others the next update will find that the run diverged."""
        fine = is_finite(rows[:, 4:-1], self.split)
        self.metrics.extend(rows[fine])
        return fine.all()


def _divergence(update, config):
    """One sentence for a run that has left the finite numbers."""
    return (
        f"Diverged at update {update:,}: the cost or a parameter is no longer finite. Start again with a lower "
        f"learning rate (it was {config.learning_rate:g})"
        + (" or tanh instead of relu." if config.activation == "relu" else ".")
    )


def train(config, run=None, engine=None):
    """Run an experiment to its end: the Trainer after `config.epochs` epochs, or diverged."""
    trainer = Trainer(config, run=run, engine=engine)
    trainer.run()
    return trainer
