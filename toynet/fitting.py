"""Training on data of any size and any number of classes, which no Config describes: what the estimator's fits are."""

from time import perf_counter

import numpy as np

from toynet import engines
from toynet.ctrl_c import held_back
from toynet.datasets import Split
from toynet.engines import Engine, Progress, Rows, Task
from toynet.engines.vectorised import NumpyEngine
from toynet.history import COLUMNS, History
from toynet.measuring import Measures, accuracy, measure
from toynet.network import Gradients, Parameters, backward, cost, forward
from toynet.pacing import Pace

PART = 2**20
"""Numbers of one layer that are computed at once, about: 8 MB."""

LARGE = 2**26
"""Bytes of samples from which on compiled code is waited for however short the training is: NumPy's engine works on
copies of them, compiled code does not."""

_seconds_in_numpy = 0.0
"""How long NumPy has trained fits in this process: of a search's short ones the sum is worth compiled code."""


class Fitting:
    """Whole epochs of training, and what they come to.

    Parameters
    ----------
    task : Task
        `record_every` counts the epochs of `progress`, too.
    progress : Progress
        Where to begin, between two epochs.
    learning_rate : float
    engine : {"compiled", "numpy", "reference"}, optional
        By default the fastest that is ready, compiled code where it pays.
    seconds : float
        Time spent before.
    samples_seen : int
        Samples that updates saw before.

    Attributes
    ----------
    rows : History
        What was measured.
    seconds : float
    engine : str
        What trained, several joined by "+".
    diverged : bool
        Whether an update was refused: the parameters are those before it.
    """

    def __init__(
        self,
        task: Task,
        progress: Progress,
        learning_rate: float,
        engine: str | None = None,
        seconds: float = 0.0,
        samples_seen: int = 0,
    ) -> None:
        self.task, self.learning_rate, self.seconds = task, learning_rate, seconds
        self.rows, self.engine, self.diverged = History(), "", False
        self._asked, self._began, self._seen_before = engine, progress, samples_seen
        self._at: Progress | Engine = progress
        self._pace = Pace()

    @property
    def updates_an_epoch(self) -> int:
        """Batches that the training samples make, the smaller last one included."""
        return -(-self.task.split.y_train.size // self.task.batch)

    @property
    def epochs(self) -> int:
        """Epochs completed here."""
        return self._at.epoch - self._began.epoch

    @property
    def epochs_to_row(self) -> int:
        """Epochs until the next one that is recorded."""
        return self.task.record_every - self._at.epoch % self.task.record_every

    @property
    def samples_seen(self) -> int:
        """Samples that updates have seen, those before included."""
        return self._seen_before + self.epochs * self.task.split.y_train.size + self._at.position

    @property
    def parameters(self) -> Parameters:
        """The present ones."""
        return self._at.parameters

    def state(self) -> Progress:
        """Where it stands, for other data to go on from: of an epoch that broke off the rest is dropped."""
        return self._at.state()._replace(position=0)

    def prepare(self, epochs: int) -> None:
        """Have compiled code ready where so many epochs, with what NumPy has trained before, are worth it."""
        if self._asked is None:
            seconds = NumpyEngine.seconds(self.task, len(self.parameters.W1), epochs * self.updates_an_epoch)
            is_large = self.task.split.X_train.nbytes >= LARGE
            engines.make_ready(engines.WORTH_COMPILING if is_large else _seconds_in_numpy + seconds, self.task)

    def advance(self, epochs: int) -> int:
        """Train for so many epochs, or until an update is refused; returns how many rows were measured."""
        measured, last = len(self.rows), self._at.update + epochs * self.updates_an_epoch
        while self._at.update < last and not self.diverged:
            with held_back():
                self._advance(last)
        return len(self.rows) - measured

    def _advance(self, last: int) -> None:
        """Some of the updates up to the last one, timed, and their epochs into the rows."""
        engine = self._ready()
        update, started = engine.update, perf_counter()
        self.diverged = not engine.advance(min(self._pace.fitting(np.inf), last - update), self.learning_rate)
        took = perf_counter() - started
        self._pace.note(engine.update - update or 1, took)
        self._record(engine.take_rows(), update, took)
        _note(engine, took)

    def record(self) -> None:
        """Add the row of this moment, where it is not the last one already."""
        if len(self.rows) and self.rows["update"][-1] == self._at.update:
            return
        counts = {"epoch": self._at.epoch, "update": self._at.update, "samples_seen": self.samples_seen}
        measures = measured(self.parameters, self.task.split, self.task.activation, self.task.output)
        spent = {"seconds": self.seconds, "learning_rate": self.learning_rate}
        self.rows.append({**counts, **spent, **measures._asdict()})

    def _ready(self) -> Engine:
        """What trains next: what began in NumPy goes over to compiled code when that is ready."""
        at = self._at
        if not isinstance(at, Progress) and (self._asked or at.name != "numpy"):
            return at
        choice = engines.choose(self._asked, self.task)
        if not isinstance(at, Progress) and isinstance(at, choice):
            return at
        self._at = engine = choice(self.task, at.state())
        self.engine, self._pace = "+".join(filter(None, (self.engine, engine.name))), Pace()
        return engine

    def _record(self, rows: Rows, update: int, took: float) -> None:
        """Measured rows with their counts; their seconds are interpolated."""
        epochs = rows["epoch"] - self._began.epoch
        updates = self._began.update + epochs * self.updates_an_epoch
        seconds = self.seconds + took * (updates - update) / max(self._at.update - update, 1)
        counts = {"update": updates, "samples_seen": self._seen_before + epochs * self.task.split.y_train.size}
        rates = np.full(len(epochs), self.learning_rate)
        columns = {**rows, **counts, "seconds": seconds, "learning_rate": rates}
        self.rows.extend({name: columns[name] for name in COLUMNS})
        self.seconds += took


def _note(engine: Engine, seconds: float) -> None:
    global _seconds_in_numpy
    if engine.name == "numpy":
        _seconds_in_numpy += seconds


class Patience:
    """Whether it is worth going on: not after so many scores in a row, none better than the best by more than tol.

    Attributes
    ----------
    best : float
        The highest score.
    """

    def __init__(self, tol: float, most: int) -> None:
        self.best, self._tol, self._most, self._waited = -np.inf, tol, most, 0

    def note(self, score: float) -> bool:
        """Take the next score, the higher the better; returns whether it is the best."""
        is_best = score > self.best
        self._waited = 0 if score > self.best + self._tol else self._waited + 1
        self.best = max(self.best, score)
        return is_best

    @property
    def is_over(self) -> bool:
        """Whether to stop."""
        return self._waited >= self._most


# --- large data, part by part --------------------------------------------------------


def parts(m: int, parameters: Parameters) -> list[slice]:
    """Rows of m samples that are handed through a network at once, so that no layer takes more than some 8 MB."""
    size = max(PART // max(*parameters.W1.shape, len(parameters.W2)), 1)
    return [slice(first, min(first + size, m)) for first in range(0, m, size)]


def measured(parameters: Parameters, split: Split, activation: str, output: str) -> Measures:
    """`measure`, with memory that does not grow with the samples."""
    if len(parts(max(len(split.y_train), len(split.y_test)), parameters)) <= 1:
        return measure(parameters, split, activation, output)
    with np.errstate(over="ignore", invalid="ignore"):
        loss, right, gradients = _of(parameters, split.X_train, split.y_train, activation, output)
        test_loss, test_right, _ = _of(parameters, split.X_test, split.y_test, activation, output)
        W1, b1, W2, b2 = (float(np.linalg.norm(g)) for g in gradients)
        whole = float(np.linalg.norm((W1, b1, W2, b2)))
    return Measures(loss, test_loss, right, test_right, W1, b1, W2, b2, whole)


def _of(
    parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, output: str
) -> tuple[float, float, Gradients]:
    """Cost, accuracy and gradient over samples, NaN of none: the parts' means, each weighted by its size."""
    loss = right = 0.0 if len(y) else np.nan
    total = Gradients(*(np.zeros_like(p) for p in parameters))
    for part in parts(len(y), parameters):
        weight = (part.stop - part.start) / len(y)
        passed = forward(parameters, X[part], activation, output)
        loss, right = loss + weight * cost(passed, y[part], output), right + weight * accuracy(passed, y[part])
        gradients = backward(parameters, passed, y[part], activation)
        total = Gradients(*(t + weight * g for t, g in zip(total, gradients, strict=True)))
    return loss, right, total


def outputs(parameters: Parameters, X: np.ndarray, activation: str) -> np.ndarray:
    """Z2 (m, k) of these samples: a row each, as scikit-learn has it."""
    Z2 = np.empty((len(X), len(parameters.W2)))
    with np.errstate(over="ignore", invalid="ignore"):
        for part in parts(len(X), parameters):
            Z2[part] = forward(parameters, np.asarray(X[part], dtype=float), activation).Z2.T
    return Z2
