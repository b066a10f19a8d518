"""Training: the Trainer, a run that can stop after any update, be put down as a `State`, and go on."""

from __future__ import annotations

import secrets
from dataclasses import fields, replace
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from toynet import datasets, engines
from toynet.activations import ACTIVATIONS
from toynet.config import GIVEN, Config, shown
from toynet.ctrl_c import held_back
from toynet.datasets import Split
from toynet.datasets.features import join
from toynet.engines import Engine, Progress, Rows
from toynet.engines.vectorised import NumpyEngine
from toynet.history import COLUMNS, OF_BATCHES, Change, History, marks, settings
from toynet.measuring import is_finite, measure
from toynet.network import Parameters, Rule
from toynet.pacing import Pace
from toynet.state import Snapshot, Snapshots, State, batches, check

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 1.0
"""Seconds of training in NumPy after which a run asks for compiled code to be made ready in the background."""


LARGE_MOMENTUM = 0.9
"""From here on a step grows to ten times the gradient's and more: the advice after a divergence names it."""

IN_MID_RUN = ("learning_rate", "epochs", *OF_BATCHES)
"""The settings that may change in mid-run: the network and the data stay the same."""

FIXED = frozenset(f.name for f in fields(Config)) - {*IN_MID_RUN}
"""The others."""


class Trainer:
    """A run: it trains, can stop after any update and go on, and keeps its history.

    Copies and pickles go through its `State`: they go on as it would.

    Parameters
    ----------
    config : Config
    split : Split, optional
        Data to train on instead of `datasets.load(config)`. The run's settings then say
        "given" for the dataset, and name the data by a hash of their rows.
    run : str, optional
        The run's name in its CSV; by default the time of its start and a random tail.
    engine : {"compiled", "numpy", "reference"}, optional
        What trains; by default the fastest that is ready, compiled code where it pays.
    parameters : Parameters, optional
        Where to start instead of the seeded initialisation.
    rule : callable, optional
        What to train with instead of `network.backward`, with its signature; the reference
        engine trains. The history's norms stay those of the true gradient.

    Attributes
    ----------
    config : Config
        Names the columns of real data that were left open; follows `learning_rate`, `epochs`,
        `batch_mode` and `batch_size` when they are changed in mid-run.
    split : Split
    run_name : str
    seconds : float
        Time spent training, measuring included.
    diverged : str
        Empty, or why the run ended: which update failed and what to lower. The failed update
        is not taken: parameters, `present()`, history and CSV end with the last one before it, all of them finite.
    recorded : History
        The rows recorded so far; `history` is the same as a DataFrame.

    Raises
    ------
    ValueError
        If the data cannot be used, or there is no such engine.
    """

    def __init__(
        self,
        config: Config,
        split: Split | None = None,
        run: str | None = None,
        engine: str | None = None,
        parameters: Parameters | None = None,
        rule: Rule | None = None,
    ) -> None:
        engines.check(engine)
        given = None if split is None or datasets.is_loaded(config, split) else split
        config = datasets.resolved(config) if given is None else _given(config, given)
        split = split or datasets.load(config)
        if parameters is not None:
            config = replace(config, hidden_size=parameters.W1.shape[0])
        progress = begin(config, split.X_train.shape[1], split.outputs)
        if parameters is not None:
            progress = progress._replace(parameters=_copies(parameters))
        name = run or new_name()
        asked = "reference" if rule else engine
        start = (Snapshot(progress),)
        self._take_up(State(name, config, (), asked, "", progress, {}, 0.0, "", "", given, rule, start), split)
        self.recorded.append(self.present())

    def _take_up(self, state: State, split: Split) -> None:
        """Be the run of this state."""
        self.run_name, self.seconds, self.diverged = state.run_name, state.seconds, state.diverged
        changed = {change.setting: change.value for change in state.changes}
        self.config = replace(state.config, **changed) if changed else state.config
        self.split, self.recorded = split, History(state.history)
        self._start, self._changes, self._data = state.config, state.changes, state.data
        self._given, self._asked, self._trained_by = state.split, state.engine_asked, state.trained_by
        self._at: Progress | Engine = _own(state.progress)
        self._has_called_for_compiled = False
        self._snapshots = Snapshots(state.snapshots or (Snapshot(state.progress),), state.seconds)
        self._begin_batches(state.rule)

    def _begin_batches(self, rule: Rule | None) -> None:
        """Go on with the batches that hold by now, from where on they do."""
        m = self.split.y_train.size
        config, *begun = batches(self._start, self._changes, self.update, m)
        self._task = engines.task(config, self.split, rule)
        self._batches_since = tuple(begun)
        self._at, self._pace = self._at.state(), Pace()

    # --- put down and taken up ---------------------------------------------------------

    def state(self, since: int = 0) -> State:
        """Everything that this run's future depends on, with arrays of its own.

        Parameters
        ----------
        since : int
            Rows of the history that are left out, from the first on: for who has these already.
        """
        progress = self._at.state()
        self._data = self._data or self.split.fingerprint()
        return State(
            self.run_name,
            self._start,
            self._changes,
            self._asked,
            self._trained_by,
            _own(progress),
            self.recorded.columns(since),
            self.seconds,
            self.diverged,
            self._data,
            self._given,
            self._task.rule,
            self._snapshots.all(),
        )

    @classmethod
    def resume(cls, state: State) -> Trainer:
        """The run of a state, where it stood: it goes on as if it had never been stopped, bit for bit.

        Where compiled code trained it last and cannot be had at once, NumPy goes on, to rounding.

        Raises
        ------
        ValueError
            If its data are no longer to be had, or are no longer the same; if its numbers do not fit together.
        """
        split = state.split or datasets.load(state.config)
        if split.fingerprint() != state.data:
            raise ValueError(
                f"the data of {state.config.dataset} {state.config.data_file}".rstrip()
                + f" are no longer those that run {state.run_name} was trained on"
            )
        m, d = split.X_train.shape
        try:
            check(state, m, d, split.outputs)
        except ValueError as error:
            raise ValueError(f"run {state.run_name} is damaged: {error}") from error
        return cls._of(state, split)

    @classmethod
    def _of(cls, state: State, split: Split) -> Trainer:
        trainer = cls.__new__(cls)
        trainer._take_up(state, split)
        return trainer

    def __copy__(self) -> Trainer:
        return self._of(self.state(), self.split)

    def __deepcopy__(self, memo: dict) -> Trainer:
        return self.__copy__()

    def __getstate__(self) -> dict:
        return {"state": self.state()}

    def __setstate__(self, saved: dict) -> None:
        self.__dict__.update(Trainer.resume(saved["state"]).__dict__)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED:
            raise AttributeError(f"{name} cannot change in mid-run: begin a new run with Config({name}={shown(value)})")
        object.__setattr__(self, name, value)

    # --- what it is at ---------------------------------------------------------------

    @property
    def parameters(self) -> Parameters:
        """The present Parameters, as copies."""
        parameters = self._at.parameters
        return _copies(parameters) if isinstance(self._at, Progress) else parameters

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return self._at.epoch

    @property
    def update(self) -> int:
        """Updates completed."""
        return self._at.update

    @property
    def samples_seen(self) -> int:
        """Samples that updates have seen, counted again each time."""
        return self.epoch * self.split.y_train.size + self._at.position

    @property
    def engine(self) -> str:
        """What trains this run, or would if it started now; of a run that changed over, all joined by "+"."""
        return self._trained_by or engines.choose(self._asked, self._task).name

    @property
    def learning_rate(self) -> float:
        """The step eta. May be set between updates; it holds at once, and the history records it."""
        return self.config.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._change("learning_rate", value)

    @property
    def epochs(self) -> int:
        """How many epochs the settings ask for. May be set at any time."""
        return self.config.epochs

    @epochs.setter
    def epochs(self, value: int) -> None:
        self._change("epochs", value)

    @property
    def batch_mode(self) -> str:
        """Samples an update sees: "full", "mini" or "stochastic". Set within an epoch it holds from the next one on."""
        return self.config.batch_mode

    @batch_mode.setter
    def batch_mode(self, value: str) -> None:
        self._change("batch_mode", value)

    @property
    def batch_size(self) -> int:
        """Samples an update sees in batch mode mini. Set within an epoch it holds from the next one on."""
        return self.config.batch_size

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self._change("batch_size", value)

    def _change(self, setting: str, value: Any) -> None:
        """Another value from here on, or from the next epoch; of several after the same update the last one counts."""
        config = replace(self.config, **{setting: value})
        if config == self.config:
            return
        self.config = config
        waits = setting in OF_BATCHES and self._at.position > 0
        update = self.updates_to(self.epoch + 1) if waits else self.update
        others = [c for c in self._changes if (c.update, c.setting) != (update, setting)]
        new = Change(update, setting, getattr(config, setting))
        self._changes = tuple(sorted([*others, new], key=lambda change: change.update))
        if setting in OF_BATCHES and not waits:
            self._begin_batches(self._task.rule)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed in mid-run, in the order in which it holds; batches perhaps after an update to come."""
        return self._changes

    def marks(self) -> list[tuple[int, str]]:
        """The rows of `recorded` after which a changed setting shows, and in which words (see `history.marks`)."""
        return marks(self.recorded["update"], self._start.to_dict(), self._changes)

    def present(self) -> dict[str, float]:
        """A history row of this very moment: column -> number."""
        counts = {"epoch": self.epoch, "update": self.update, "samples_seen": self.samples_seen}
        measures = measure(self.parameters, self.split, self.config.activation, self.config.output)._asdict()
        return {**counts, "seconds": self.seconds, **measures, "learning_rate": self.learning_rate}

    @property
    def history(self) -> pd.DataFrame:
        """All rows so far as a DataFrame: the metrics CSV, column for column."""
        rows = self.rows()
        return rows.frame(self.run_name, self.settings(rows))

    def rows(self) -> History:
        """A copy of what is recorded; where an epoch has ended since, the present row too: the last one always."""
        rows = self.recorded.copy()
        if self._at.position == 0 and rows["epoch"][-1] < self.epoch:
            present = self.present()
            if is_finite(present, self.split):
                rows.append(present)
        return rows

    def settings(self, rows: History) -> dict[str, Any]:
        """The columns of the metrics CSV behind the learning rate, for these rows (see `history.settings`)."""
        return settings(rows["update"], self._start.to_dict(), self._changes) | {"engine": self.engine}

    # --- training --------------------------------------------------------------------

    def step(self) -> None:
        """One update. The update that completes an epoch also records it."""
        self._advance(1)

    def run_epoch(self) -> None:
        """Go on to the end of the epoch: all its updates, or those that are left of it."""
        self.run(epochs=1)

    def run(self, epochs: int | None = None, seconds: float | None = None, updates: int | None = None) -> None:
        """Train for up to so many epochs or updates, or until so many seconds have passed.

        Stops early where the run diverges. Where time runs out in mid-epoch, the
        next call goes on from there: cut up or in one piece, the numbers are the same.
        A long run without a time limit first waits for compiled code (see `prepare`).

        Parameters
        ----------
        epochs : int, optional
            By default as many as are left of `config.epochs`. A begun epoch counts as one.
        seconds : float, optional
            By default no limit. At least one update is made.
        updates : int, optional
            By default no limit.
        """
        last = max(self.config.epochs, self.epoch) if epochs is None else self.epoch + epochs
        last_update = np.inf if updates is None else self.update + updates
        if seconds is None:
            self.prepare(last - self.epoch)
        deadline = perf_counter() + (np.inf if seconds is None else seconds)
        while self.epoch < last and self.update < last_update and not self.diverged:
            started = perf_counter()
            # The last epoch that the settings ask for is recorded whatever `record_every`: stop there.
            stop = self.config.epochs if self.epoch < self.config.epochs < last else last
            # And an epoch that ends with other batches to come.
            stop = self.epoch + 1 if self._changes and self._changes[-1].update > self.update else stop
            pace = self._pace
            left = min(self.updates_to(stop), last_update) - self.update
            some = min(pace.fitting(deadline - started), left)
            self._advance(some)
            now = perf_counter()
            pace.note(some, now - started)
            if now >= deadline:
                return

    def prepare(self, epochs: int | None = None) -> None:
        """Have compiled code ready where so many epochs (by default those that are left) are worth waiting for it."""
        epochs = self.config.epochs - self.epoch if epochs is None else epochs
        if self._asked is None and not engines.is_ready(self._task):
            hidden_size, updates = self.parameters.W1.shape[0], epochs * self.updates_an_epoch
            engines.make_ready(NumpyEngine.seconds(self._task, hidden_size, updates), self._task)

    @property
    def updates_an_epoch(self) -> int:
        """Batches that the training samples make, the smaller last one included."""
        return -(-self.split.y_train.size // self._task.batch)

    def updates_to(self, epoch: Any) -> Any:
        """How many updates there have been when so many epochs (a number or an array) have ended in present batches."""
        since_epoch, since_update = self._batches_since
        return since_update + (epoch - since_epoch) * self.updates_an_epoch

    def _advance(self, updates: int) -> None:
        """Up to so many updates, timed, and their epochs into the history: an interrupt comes before or after."""
        if not self.diverged:
            with held_back():
                self._advance_timed(updates)

    def _advance_timed(self, updates: int) -> None:
        engine = self._engine()
        before, started = (self.update, self.seconds), perf_counter()
        fine = engine.advance(updates, self.learning_rate)
        self.seconds += perf_counter() - started
        self._record(engine.take_rows(), *before)
        if not fine:
            self.diverged = _divergence(self.update + 1, self.config)
        if self._snapshots.are_due(self.epoch, self.seconds):
            self._snapshots.take(engine.state(), engine.name, self.seconds)
        since = self._batches_since[1]
        if any(since < c.update <= self.update for c in self._changes if c.setting in OF_BATCHES):
            self._begin_batches(self._task.rule)

    def _engine(self) -> Engine:
        """What makes the next updates: a run that began in NumPy goes over to compiled code when that is ready."""
        last = self._trained_by.rpartition("+")[2]
        if isinstance(self._at, Progress):
            self._at = self._chosen(last)(self._task, self._at)
        elif last == "numpy" and self._asked is None:
            if engines.is_ready(self._task):
                choice = engines.choose(None, self._task)
                if not isinstance(self._at, choice):
                    self._at = choice(self._task, self._at.state())
            elif self.seconds > PATIENCE and not self._has_called_for_compiled:
                self._has_called_for_compiled = True
                engines.prepare(task=self._task)
        if self._at.name != last:
            self._trained_by = "+".join(filter(None, (self._trained_by, self._at.name)))
            self._snapshots.take(self._at.state(), self._at.name, self.seconds)
        return self._at

    def _chosen(self, last: str) -> type[Engine]:
        """The engine to begin or go on with: one that compiled code has trained stays with it where it can be had."""
        if self._asked is None and last == "compiled":
            engines.load_from_disk(self._task)
        return engines.choose(self._asked, self._task)

    def _record(self, rows: Rows, update: int, seconds: float) -> None:
        """Measured rows into the history; what lies between two looks at the clock is interpolated."""
        pace = (self.seconds - seconds) / max(self.update - update, 1)
        epochs = rows["epoch"]
        updates = self.updates_to(epochs)
        self._keep(
            rows
            | {
                "update": updates,
                "samples_seen": epochs * self.split.y_train.size,
                "seconds": seconds + pace * (updates - update),
                "learning_rate": np.full(len(epochs), self.learning_rate),
            }
        )
        ended = self.epoch == self.config.epochs and self._at.position == 0
        if ended and self.recorded["epoch"][-1] < self.epoch:
            present = {name: np.array([value]) for name, value in self.present().items()}
            if not self._keep(present):
                self.diverged = _divergence(self.update, self.config)

    def _keep(self, rows: Rows) -> bool:
        """Add the rows whose figures are finite: after the others the next update will find that the run diverged."""
        fine = is_finite(rows, self.split)
        self.recorded.extend({name: rows[name][fine] for name in COLUMNS})
        return bool(fine.all())


def begin(config: Config, d: int, outputs: int = 1) -> Progress:
    """Where a run of these settings begins, for d inputs and k outputs: its seeded weights, its batches' order."""
    return engines.begin(config.init_seed, d, config.hidden_size, config.activation, outputs)


def new_name() -> str:
    """What a run is called by default: the time of its start, and a random tail."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _given(config: Config, split: Split) -> Config:
    """The settings of data that no settings make: named as such, by a hash of the rows."""
    split.check()
    names: dict[str, Any] = dict.fromkeys(("feature_1", "feature_2", "target", "class_0", "class_1", "features"), "")
    names |= dict(
        zip(
            ("feature_1", "feature_2"),
            map(str, split.drawn.names if split.drawn else split.feature_names),
            strict=False,
        )
    )
    if len(split.class_names) == 2:
        names |= dict(zip(("class_0", "class_1"), map(str, split.class_names), strict=True))
    if len(split.feature_names) != 2 or split.drawn:
        names["features"] = join(map(str, split.feature_names))
    m, m_test = len(split.y_train), len(split.y_test)
    sizes: dict[str, Any] = {
        "samples": m + m_test,
        "test_fraction": m_test / (m + m_test),
        "noise": 0.0,
        "data_seed": 0,
        "classes": 2,
    }
    return replace(config, dataset=GIVEN, data_file=f"sha256:{split.fingerprint()}", **sizes, **names)


def _own(progress: Progress) -> Progress:
    """The same with arrays of its own."""
    v = progress.velocity
    return progress._replace(parameters=_copies(progress.parameters), velocity=_copies(v) if v else None)


def _copies(parameters: Parameters) -> Parameters:
    return Parameters(*(np.array(p, dtype=float) for p in parameters))


def _divergence(update: int, config: Config) -> str:
    """One sentence for a run that has left the finite numbers."""
    others = [] if ACTIVATIONS[config.activation].ends else [f"tanh instead of {config.activation}"]
    if config.learning_rate * config.l2 > 2 * (1 + config.momentum):  # then it shrinks weights beyond 0, and grows them
        others.insert(0, f"a smaller L2 (it was {config.l2:g})")
    elif config.momentum >= LARGE_MOMENTUM:
        others.insert(0, f"a lower momentum (it was {config.momentum:g})")
    return (
        f"Diverged at update {update:,}: the parameters grew beyond all bounds. The numbers are those after update "
        f"{update - 1:,}, the last finite ones. "
        f"Start again with a lower learning rate (it was {config.learning_rate:g})"
        + "".join(f" or {other}" for other in others)
        + "."
    )


def train(config: Config, run: str | None = None, engine: str | None = None) -> Trainer:
    """Run an experiment to its end: the Trainer after `config.epochs` epochs, or diverged."""
    trainer = Trainer(config, run=run, engine=engine)
    trainer.run()
    return trainer
