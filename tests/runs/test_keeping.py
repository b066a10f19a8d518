"""The Keeper: what trains is handed over in a moment, and written whole, once, whatever the store does meanwhile."""

import threading

import numpy as np
import pandas as pd
import pytest

from toynet import Config, Store, Trainer
from toynet.runs import keeping
from toynet.runs.keeping import Keeper, Kept
from toynet.runs.location import Gone, StoreError, Taken
from toynet.runs.records import Source
from toynet.runs.records import holder as new_holder

LONG = 30
"""Seconds after which a test that waits gives up: it has failed."""


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "batch_size": 8, "epochs": 40, **changes})


def started(**changes):
    return Trainer(small(**changes), engine="numpy")


@pytest.fixture
def clock(monkeypatch):
    """The clock by which the Keeper takes records: a list whose only item is the time."""
    time = [0.0]
    monkeypatch.setattr(keeping.time, "monotonic", lambda: time[0])
    return time


class Desk:
    """A store that only takes what it is told: it can be closed for a while, fail, or refuse.

    Attributes
    ----------
    records : list of Record
        What was written.
    fails : list of Exception
        Raised one after the other, before anything is written.
    is_open : threading.Event
        Until it is set, writing takes for ever.
    is_reached : threading.Event
        Somebody waits for that.
    """

    def __init__(self, *fails, is_open=True):
        self.records, self.fails, self.opened = [], list(fails), 0
        self.is_open, self.is_reached = threading.Event(), threading.Event()
        if is_open:
            self.is_open.set()

    def __call__(self):
        self.opened += 1
        return self

    def close(self):
        pass

    def save(self, record):
        self.is_reached.set()
        assert self.is_open.wait(LONG)
        if self.fails:
            raise self.fails.pop(0)
        self.records.append(record)

    @property
    def statuses(self):
        return [record.status for record in self.records]

    @property
    def rows(self):
        """The rows told of, each once as a store keeps them; fails where one would be missing."""
        rows = []
        for record in self.records:
            assert record.first_row <= len(rows)
            rows[record.first_row :] = record.state.history["epoch"].tolist()
        return rows


@pytest.fixture
def desk():
    return Desk()


def has_failed(keeper, times=1):
    """Wait until writing has failed so many times."""
    with keeper._changed:
        return keeper._changed.wait_for(lambda: keeper._failures >= times, LONG)


@pytest.fixture
def patient(monkeypatch):
    """What failed is not tried again before somebody asks for it."""
    monkeypatch.setattr(keeping, "AGAIN", 10 * LONG)


def assert_is_kept(store, trainer):
    """Whether the store has the run as it is, bit for bit."""
    again = store.trainer(trainer.run_name)
    assert all(np.array_equal(a, b) for a, b in zip(again.parameters, trainer.parameters, strict=True))
    assert (again.update, again.changes, again.seconds) == (trainer.update, trainer.changes, trainer.seconds)
    pd.testing.assert_frame_equal(again.history, trainer.history, check_exact=True)


# --- what is handed over, and when ---------------------------------------------------


def test_what_trains_is_handed_over_so_often_that_what_is_stored_is_never_a_second_old(desk, clock):
    keeper, kept, trainer, was = Keeper(desk), Kept(), started(epochs=1000), {}
    for moment in np.arange(0.0, 10.0, 0.1).tolist():
        clock[0] = moment
        trainer.step()
        was[trainer.update] = moment
        keeper.note(kept, trainer, is_running=True)
        assert keeper.flush(LONG)
        assert moment - was[desk.records[-1].state.progress.update] < 1.0
    assert len(desk.records) <= 21 and set(desk.statuses) == {"running"}
    assert desk.rows == list(range(desk.records[-1].state.progress.epoch + 1))


def test_a_run_of_no_update_is_not_kept(desk):
    keeper, trainer = Keeper(desk), started()
    for is_running in (False, True):
        keeper.note(Kept(), trainer, is_running)
    assert keeper.flush(LONG) and keeper.close() and not desk.records and not desk.opened


def test_how_a_run_stands_is_told_at_once(desk, clock):
    keeper, kept, trainer = Keeper(desk), Kept(), started(epochs=3)
    for act, is_running in (
        (trainer.step, True),
        (lambda: None, False),
        (trainer.step, True),
        (trainer.step, False),
        (lambda: setattr(trainer, "epochs", 5), False),
        (trainer.run, False),
    ):
        act()
        keeper.note(kept, trainer, is_running)
        assert keeper.flush(LONG)
    assert desk.statuses == ["running", "paused", "running", "finished", "paused", "finished"]
    wild = Trainer(small(activation="relu", learning_rate=1e6, epochs=200), engine="numpy")
    wild.run()
    keeper.note(Kept(), wild, is_running=True)
    assert keeper.flush(LONG) and desk.statuses[-1] == "diverged"
    assert desk.records[-1].state.diverged == wild.diverged


def test_nothing_new_is_not_written_again(desk):
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    trainer.step()
    for _ in range(5):
        keeper.note(kept, trainer, is_running=False)
        assert keeper.flush(LONG)
    assert len(desk.records) == 1


def test_a_run_that_is_paused_tells_of_its_changes_and_its_present_numbers(desk):
    keeper, kept, trainer = Keeper(desk), Kept(Source("ann", "parent", 3)), started(record_every=7)
    trainer.run(epochs=3)
    for rate in (0.5, 0.25):
        trainer.learning_rate = rate
        keeper.note(kept, trainer, is_running=False)
        assert keeper.flush(LONG)
    first, last = desk.records
    assert [change.value for change in last.state.changes] == [0.25] and first.state.changes[0].value == 0.5
    assert last.present == trainer.present() and last.present["epoch"] == 3
    assert last.source == Source("ann", "parent", 3) and last.holder == kept.holder


def test_a_run_is_kept_as_it_trains_by_a_real_store(store, address, clock):
    keeper, kept, trainer = Keeper(lambda: Store(address)), Kept(), started(batch_mode="mini", epochs=1000)
    for n in range(60):
        clock[0] += 0.3
        trainer.run(updates=7)
        if n % 20 == 10:
            trainer.learning_rate = 0.1 + n / 100
        keeper.note(kept, trainer, is_running=True)
    assert keeper.flush(LONG) and store.status(trainer.run_name) == "running" and kept.rows > 0
    keeper.note(kept, trainer, is_running=False)
    assert keeper.close() and store.status(trainer.run_name) == "paused"
    assert_is_kept(store, trainer)
    assert len(trainer.changes) == 3 and (kept.rows, kept.update) == (len(trainer.recorded), trainer.update)


# --- training never waits ------------------------------------------------------------


def test_training_goes_on_while_the_store_takes_for_ever(clock):
    desk = Desk(is_open=False)
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    trainer.step()
    keeper.note(kept, trainer, is_running=True)
    assert desk.is_reached.wait(LONG)
    while trainer.epoch < trainer.epochs:  # had note waited, this would never end
        clock[0] += 1.0
        trainer.step()
        keeper.note(kept, trainer, is_running=True)
    keeper.note(kept, trainer, is_running=False)
    assert not desk.records and not keeper.flush(0.0)
    desk.is_open.set()
    assert keeper.flush(LONG) and desk.statuses == ["running", "finished"]
    assert desk.rows == list(range(41))


def test_what_is_handed_over_is_not_touched_by_what_trains_on(clock):
    desk = Desk(is_open=False)
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    trainer.step()
    was = trainer.parameters
    keeper.note(kept, trainer, is_running=True)
    trainer.run()
    desk.is_open.set()
    assert keeper.flush(LONG)
    progress = desk.records[0].state.progress
    assert progress.update == 1 and all(np.array_equal(a, b) for a, b in zip(progress.parameters, was, strict=True))


def test_several_runs_wait_for_each_other_and_not_for_what_fails(patient):
    """What one run holds that no store takes keeps the others from nothing."""
    desk = Desk(OverflowError("a number too large"), is_open=False)
    keeper, trainers = Keeper(desk), [started() for _ in range(3)]
    for trainer in trainers:
        trainer.step()
        keeper.note(Kept(), trainer, is_running=False)
    desk.is_open.set()
    assert has_failed(keeper) and "a number too large" in keeper.problem
    assert keeper.flush(LONG) and keeper.problem == ""
    names = [record.state.run_name for record in desk.records]
    assert names == [trainer.run_name for trainer in (*trainers[1:], trainers[0])]


# --- what cannot be written ----------------------------------------------------------


def test_what_could_not_be_written_is_written_later_and_nothing_is_lost_or_there_twice(patient, clock):
    desk = Desk(*[StoreError("the store is away") for _ in range(3)])
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    problems = []
    for n in range(10):
        clock[0] += 1.0
        trainer.step()
        keeper.note(kept, trainer, is_running=True)
        assert has_failed(keeper) if n == 0 else keeper.flush(LONG) == (n > 2)
        problems.append(keeper.problem)
    assert problems == ["the store is away"] * 3 + [""] * 7 and desk.opened == 4
    keeper.note(kept, trainer, is_running=False)
    assert keeper.close() and desk.rows == list(range(11)) and desk.statuses[-1] == "paused"


def test_it_is_tried_again_without_being_asked(monkeypatch):
    monkeypatch.setattr(keeping, "AGAIN", 0.0)
    written = threading.Event()
    desk = Desk(*[StoreError("the store is away") for _ in range(5)])
    monkeypatch.setattr(Desk, "save", lambda self, record, save=Desk.save: (save(self, record), written.set()))
    keeper, trainer = Keeper(desk), started()
    trainer.step()
    keeper.note(Kept(), trainer, is_running=False)
    assert written.wait(LONG) and keeper.flush(LONG) and not keeper.problem


def test_a_real_store_that_failed_has_the_whole_run_in_the_end(store, address, clock, monkeypatch):
    is_away, save = [], Store.save

    def saved(self, record):
        if is_away:
            raise StoreError("the store is away")
        save(self, record)

    monkeypatch.setattr(Store, "save", saved)
    keeper, kept, trainer = Keeper(lambda: Store(address)), Kept(), started(batch_mode="stochastic", epochs=1000)
    for n in range(30):
        clock[0] += 1.0
        is_away[:] = [True] * (n % 10 > 5)
        trainer.run(updates=17)
        keeper.note(kept, trainer, is_running=True)
        assert keeper.flush(LONG) != bool(is_away)
    is_away.clear()
    keeper.note(kept, trainer, is_running=False)
    assert keeper.close()
    assert_is_kept(store, trainer)


def test_a_store_that_has_lost_the_run_is_told_all_of_it_again(address, clock):
    """Somebody moves the store away, as messages advise, or throws the run away, while it trains."""
    keeper, kept, trainer = Keeper(lambda: Store(address)), Kept(), started()
    trainer.run(epochs=5)
    keeper.note(kept, trainer, is_running=True)
    assert keeper.flush(LONG)
    with Store(address)._engine.begin() as connection:
        for table in ("chunks", "snapshots", "runs"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    trainer.run(epochs=5)
    for _ in range(2):
        clock[0] += 1.0
        keeper.note(kept, trainer, is_running=True)
        assert keeper.flush(LONG) and not keeper.problem
    keeper.note(kept, trainer, is_running=False)
    assert keeper.close()
    store = Store(address)
    assert_is_kept(store, trainer)
    store.close()


def test_rows_that_would_leave_a_gap_are_refused(store):
    from toynet.runs.records import Record

    trainer = started()
    trainer.run(epochs=5)
    with pytest.raises(Gone, match="is no longer as it was in the store"):
        store.save(Record.of(trainer, since=3))
    assert store.runs().empty


# --- somebody else has it ------------------------------------------------------------


def test_a_run_that_somebody_else_took_up_is_told_and_left_alone(store, address, clock):
    keeper, kept, trainer = Keeper(lambda: Store(address)), Kept(), started()
    trainer.step()
    keeper.note(kept, trainer, is_running=False)
    assert keeper.flush(LONG) and not kept.taken
    other = Kept(holder=new_holder(), rows=2, update=1)
    store.claim(trainer.run_name, other.holder, 1)
    elsewhere = store.trainer(trainer.run_name)
    elsewhere.run(epochs=3)
    keeper.note(other, elsewhere, is_running=True)
    assert keeper.flush(LONG) and not other.taken
    trainer.step()
    keeper.note(kept, trainer, is_running=True)
    assert keeper.flush(LONG)
    assert kept.taken == f"run {trainer.run_name} is being trained in another place" and not keeper.problem
    for _ in range(3):
        clock[0] += 1.0
        trainer.step()
        keeper.note(kept, trainer, is_running=True)
    assert keeper.close()
    assert_is_kept(store, elsewhere)


def test_taken_is_no_problem_of_the_stores(desk):
    desk.fails.append(Taken("somebody has it"))
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    trainer.step()
    keeper.note(kept, trainer, is_running=True)
    assert keeper.flush(LONG) and (kept.taken, keeper.problem) == ("somebody has it", "")


# --- the end -------------------------------------------------------------------------


def test_closing_writes_what_is_left_and_ends_the_thread():
    desk = Desk(is_open=False)
    keeper, trainers = Keeper(desk), [started() for _ in range(4)]
    for trainer in trainers:
        trainer.step()
        keeper.note(Kept(), trainer, is_running=False)
    desk.is_open.set()
    assert keeper.close() and len(desk.records) == 4
    keeper._thread.join(LONG)
    assert not keeper._thread.is_alive()


def test_closing_tries_once_more_and_says_whether_that_was_enough(patient):
    for failures, is_written in ((1, True), (2, True), (9, False)):
        desk = Desk(*[StoreError("the store is away") for _ in range(failures)])
        keeper, trainer = Keeper(desk), started()
        trainer.step()
        keeper.note(Kept(), trainer, is_running=False)
        assert has_failed(keeper) and not (failures > 1 and keeper.flush(LONG))
        assert keeper.close() is is_written and bool(desk.records) is is_written
        assert keeper.problem == ("" if is_written else "the store is away")


def test_what_comes_after_closing_is_written_too(desk):
    keeper, kept, trainer = Keeper(desk), Kept(), started()
    for updates in (1, 2):
        trainer.step()
        keeper.note(kept, trainer, is_running=False)
        assert keeper.close() and len(desk.records) == updates
