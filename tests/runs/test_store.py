"""The store, on SQLite and on PostgreSQL: what is kept is found again, bit for bit."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from toynet import Config, Store, Trainer, datasets, train
from toynet.derivation.mistakes import MISTAKES
from toynet.runs import schema
from toynet.runs import store as stores
from toynet.runs.database import open_database, reading, writing
from toynet.runs.location import StoreError
from toynet.runs.records import LATER, Record, Source, holder
from toynet.runs.store import CHUNK, Taken


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "batch_size": 8, "epochs": 5, **changes})


def restless():
    """A run with changes in mid-run that stands within an epoch."""
    trainer = Trainer(small(batch_mode="mini", epochs=30, record_every=2), engine="numpy")
    trainer.run(epochs=7)
    trainer.learning_rate = 0.123456789012345
    trainer.run(epochs=4)
    trainer.batch_mode = "stochastic"
    trainer.run(epochs=3)
    trainer.step()
    return trainer


def assert_same_run(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    assert (one.run_name, one.config, one.changes, one.engine, one.seconds) == (
        other.run_name, other.config, other.changes, other.engine, other.seconds,
    )  # fmt: skip
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)


# --- what is kept is found again -----------------------------------------------------


def test_a_kept_run_is_taken_up_as_it_was_and_goes_on_bit_for_bit(store):
    own = restless()
    store.keep(own)
    again = store.trainer(own.run_name)
    assert_same_run(again, own)
    for trainer in (own, again):
        trainer.run()
    assert np.array_equal(again.parameters.W1, own.parameters.W1)
    columns = [name for name in own.history if name != "seconds"]
    pd.testing.assert_frame_equal(again.history[columns], own.history[columns], check_exact=True)


def test_its_history_is_the_metrics_csvs_table(store):
    for trainer in (
        restless(),
        train(small()),
        train(small(test_fraction=0.0)),
        train(small(record_every=3, epochs=4)),
    ):
        store.keep(trainer)
        pd.testing.assert_frame_equal(store.history(trainer.run_name), trainer.history, check_exact=True)


def test_it_is_found_as_it_was_at_an_epoch(store):
    own, was = Trainer(small(batch_mode="mini", epochs=30), engine="numpy"), {}
    for epoch in range(14):
        was[epoch] = own.parameters
        own.learning_rate = 0.1 + epoch / 20
        own.run_epoch()
    store.keep(own)
    for epoch in (0, 3, 9, 13):
        found = store.trainer(own.run_name, epoch)
        assert found.epoch == epoch == found.history["epoch"].iloc[-1]
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, was[epoch], strict=True))
    for epoch in (15, -1):
        with pytest.raises(ValueError, match="has the epochs 0 to 14"):
            store.trainer(own.run_name, epoch)


def test_what_is_written_in_pieces_is_what_is_written_at_once(store, monkeypatch):
    monkeypatch.setattr(stores, "CHUNK", 7)
    trainer = Trainer(small(epochs=60), run="pieces", engine="numpy")
    rows = 0
    for epochs in (1, 1, 3, 20, 7, 8, 1, 19):
        trainer.run(epochs=epochs)
        record = Record.of(trainer, is_running=True, since=rows)
        store.save(record)
        store.save(record)  # told twice: written once
        if epochs != 3:  # what was not acknowledged is told again
            rows = len(trainer.recorded)
        pd.testing.assert_frame_equal(store.history("pieces"), trainer.history, check_exact=True)
    assert store.runs()["rows"].tolist() == [61]
    assert CHUNK > 7


def test_data_given_by_hand_are_kept_with_it(store):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), np.arange(12) % 2.0
    split = datasets.Split(X[:8], y[:8], X[8:], y[8:], np.zeros(3), np.ones(3), ("a", "b", "c"), ("no", "yes"))
    own = Trainer(small(), split=split, run="given")
    own.run(epochs=2)
    store.keep(own)
    assert_same_run(store.trainer("given"), own)


def test_a_diverged_run_is_kept_as_such(store):
    own = train(small(activation="relu", learning_rate=1e6, epochs=200))
    store.keep(own)
    assert store.runs().state.tolist() == ["diverged"] and store.trainer(own.run_name).diverged == own.diverged


# --- several outputs, momentum, further inputs ------------------------------------------

SEVERAL = {"dataset": "blobs", "classes": 3, "output": "softmax", "l2": 0.01, "momentum": 0.9}


@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_a_run_with_momentum_goes_on_bit_for_bit(store, batch_mode):
    own = Trainer(small(batch_mode=batch_mode, epochs=20, features="x1;x2;x1 x2", **SEVERAL), engine="numpy")
    own.run(epochs=9)
    own.step()
    store.keep(own)
    again = store.trainer(own.run_name)
    kept, wanted = again.state().progress.velocity, own.state().progress.velocity
    assert all(np.array_equal(a, b) for a, b in zip(kept, wanted, strict=True))
    assert [p.shape for p in kept] == [(3, 3), (3, 1), (3, 3), (3, 1)]
    for trainer in (own, again):
        trainer.run()
    assert all(np.array_equal(a, b) for a, b in zip(again.parameters, own.parameters, strict=True))


def test_each_snapshot_has_its_own_v(store):
    own, was = Trainer(small(batch_mode="mini", epochs=30, **SEVERAL), engine="numpy"), {}
    for epoch in range(14):
        was[epoch] = own.parameters
        own.run_epoch()
        own._snapshots.take(own.state().progress, "numpy", own.seconds)
    store.keep(own)
    assert [s.progress.velocity is None for s in store.state(own.run_name).snapshots] == [True, *[False] * 14]
    for epoch in (3, 13):
        found = store.trainer(own.run_name, epoch)
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, was[epoch], strict=True))
        found.run(epochs=1)
        after = was.get(epoch + 1, own.parameters)
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, after, strict=True))


def test_data_given_by_hand_are_kept_with_what_is_drawn_of_them(store):
    split = datasets.load(Config(dataset="wine", features="x1;x1^2;malic_acid;hue"))
    given = split._replace(X_train=split.X_train[1:].copy(), y_train=split.y_train[1:].copy(),
                           drawn=split.drawn._replace(P_train=split.drawn.P_train[1:].copy()))  # fmt: skip
    own = Trainer(small(), split=given, run="given")
    own.run(epochs=2)
    store.keep(own)
    again = store.trainer("given")
    assert_same_run(again, own)
    assert again.split.class_names == given.class_names and again.split.drawn.sources == ("x1", "x1^2", "", "")
    assert all(np.array_equal(a, b) for a, b in zip(again.split.pictured[:6], given.pictured[:6], strict=True))
    assert np.array_equal(again.split.inputs(given.drawn.P_train), given.inputs(given.drawn.P_train))


def test_bytes_that_are_no_set_of_parameters_are_told(store):
    store.keep(Trainer(small(), run="short"))
    for content in (b"", b"12345678" * 12, b"12345678" * 39, b"123"):
        with writing(store._engine) as connection:
            connection.execute(sa.update(schema.runs).values(parameters=content))
        with pytest.raises(StoreError, match="is damaged"):
            store.state("short")


def as_an_older_version_wrote(store):
    """Take from all rows what settings have come since."""
    with writing(store._engine) as connection:
        for row in connection.execute(sa.select(schema.runs)).all():
            config = {name: value for name, value in row.config.items() if name not in LATER}
            assert list(config)[-1] == "class_1" and len(config) == len(row.config) - len(LATER)
            of_run = schema.runs.c.id == row.id
            connection.execute(sa.update(schema.runs).where(of_run).values(config=config))
            sizes = [len(row.parameters), len(row.split or b"") > 0]
            assert sizes == [8 * sum(int(np.prod(shape)) for shape in row.shapes.values()), row.run == "given"]


def test_what_an_older_version_wrote_is_read_and_goes_on(store):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), np.arange(12) % 2.0
    split = datasets.Split(X[:8], y[:8], X[8:], y[8:], np.zeros(3), np.ones(3), ("a", "b", "c"), ("no", "yes"))
    own, given = restless(), Trainer(small(features="a;b;c"), split=split, run="given")
    for trainer in (own, given):
        trainer.run(epochs=2)
        store.keep(trainer)
    as_an_older_version_wrote(store)
    row = store.runs().iloc[1]
    assert (row.run, row.classes, row.output, row.l2, row.momentum, row.features) == (
        own.run_name, 2, "sigmoid", 0.0, 0.0, "",
    )  # fmt: skip
    assert store.latest(2)[1]["config"] == store.brief(own.run_name)["config"] == own.state().config.to_dict()
    assert_same_run(store.trainer(own.run_name), own)
    pd.testing.assert_frame_equal(store.history(own.run_name), own.history, check_exact=True)
    for name, trainer in ((own.run_name, own), ("given", given)):
        again = store.trainer(name)
        for each in (again, trainer):
            each.run()
        assert all(np.array_equal(a, b) for a, b in zip(again.parameters, trainer.parameters, strict=True))


# --- the table of runs ---------------------------------------------------------------


def test_runs_are_listed_with_what_was_measured_and_every_setting(store):
    trainers = [train(small(hidden_size=h)) for h in (2, 5)]
    for trainer in trainers:
        store.keep(trainer)
    listed = store.runs()
    assert listed.columns[:4].tolist() == ["run", "state", "epoch", "update"]
    assert listed.run.tolist() == [trainer.run_name for trainer in reversed(trainers)]
    assert listed.hidden_size.tolist() == [5, 2] and set(Config().to_dict()) <= set(listed.columns)
    row, history = listed.iloc[1], trainers[0].history
    assert (row.state, row["epoch"], row["update"]) == ("finished", 5, 5)
    assert row.test_loss == history.test_loss.iloc[-1] and row.best_test_loss == history.test_loss.min()
    assert row.best_epoch == history.epoch[history.test_loss.idxmin()]
    assert np.allclose(row.sketch, history.test_loss, rtol=1e-3)


def test_settings_are_those_that_hold_by_now(store):
    own = restless()
    store.keep(own)
    row = store.runs().iloc[0]
    assert (row.learning_rate, row.batch_mode, row.changes) == (own.learning_rate, "stochastic", 2)


def test_runs_are_one_persons_where_people_log_in(store):
    for owner in ("ann", "bob"):
        store.keep(train(small(), run=owner), Source(owner))
    assert store.runs("ann").run.tolist() == ["ann"] and len(store.runs()) == 2
    with pytest.raises(StoreError, match="there is no run bob"):
        store.find("bob", "ann")


def test_people_name_runs_and_find_them_by_that_name(store):
    store.keep(train(small(), run="one"))
    store.describe("one", name="$\\frac1\\$ <b>first</b>", note="a\nb", tags=["x", "=y"])
    row = store.runs().iloc[0]
    assert (row["name"], row.note, row.tags) == ("$\\frac1\\$ <b>first</b>", "a\nb", ["x", "=y"])
    assert store.find("$\\frac1\\$ <b>first</b>") == "one"
    store.describe("one", note="")
    assert store.runs().iloc[0]["name"] == "$\\frac1\\$ <b>first</b>" and store.runs().iloc[0].note == ""
    store.keep(train(small(), run="two"))
    store.describe("two", name="$\\frac1\\$ <b>first</b>")
    with pytest.raises(StoreError, match="2 runs are called"):
        store.find("$\\frac1\\$ <b>first</b>")


def test_what_is_deleted_comes_back_until_a_day_has_passed(store, monkeypatch):
    for name in ("one", "two"):
        store.keep(train(small(), run=name))
    store.delete(["one"])
    assert store.runs().run.tolist() == ["two"]
    store.restore(["one"])
    assert set(store.runs().run) == {"one", "two"} and len(store.history("one")) == 6
    store.delete(["one"])
    monkeypatch.setattr(stores, "BIN", -1.0)
    store.delete(["two"])
    store.restore(["one", "two"])
    assert store.runs().run.tolist() == ["two"]
    with reading(store._engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.chunks)).scalar() == 1


def test_a_run_that_is_not_there_is_said_to_be_missing(store):
    for ask in (store.find, store.history, store.state, store.trainer, store.status):
        with pytest.raises(ValueError, match="there is no run nonsense in the store"):
            ask("nonsense")


# --- who trains a run ----------------------------------------------------------------


def test_a_run_that_trains_in_one_place_is_trained_there_alone(store):
    here, there = holder(), holder()
    trainer = Trainer(small())
    trainer.run(epochs=1)
    store.save(Record.of(trainer, is_running=True, holder=here))
    assert store.status(trainer.run_name) == "running"
    with pytest.raises(Taken, match="is being trained in another place"):
        store.claim(trainer.run_name, there, trainer.update)
    store.save(Record.of(trainer, holder=here))
    store.claim(trainer.run_name, there, trainer.update)
    store.save(Record.of(trainer, is_running=True, holder=there, before=trainer.update))
    with pytest.raises(Taken, match="is being trained in another place"):
        store.save(Record.of(trainer, holder=here, before=trainer.update))
    again = store.trainer(trainer.run_name)
    again.run(epochs=1)
    store.save(Record.of(again, holder=there))
    with pytest.raises(Taken, match="has been trained on in another place: it is at update 2"):
        store.claim(trainer.run_name, here, trainer.update)
    with pytest.raises(Taken, match="has been trained on in another place: it is at update 2"):
        store.save(Record.of(trainer, holder=here, before=trainer.update))
    assert store.trainer(trainer.run_name).update == 2


def test_whoever_knows_a_run_as_it_is_stored_may_go_on_with_it(store):
    trainer = Trainer(small())
    trainer.run(epochs=1)
    store.save(Record.of(trainer, holder=holder()))
    again = store.trainer(trainer.run_name)
    again.run(epochs=1)
    store.save(Record.of(again, holder=holder(), before=trainer.update))
    assert store.trainer(trainer.run_name).update == 2


def test_a_run_whose_heart_has_stopped_is_interrupted_and_can_be_taken_up(store, monkeypatch):
    trainer = Trainer(small())
    trainer.run(epochs=1)
    store.save(Record.of(trainer, is_running=True, holder=holder()))
    monkeypatch.setattr(stores, "STALE", -1.0)
    assert store.runs().state.tolist() == ["interrupted"] == [store.status(trainer.run_name)]
    store.claim(trainer.run_name, holder(), trainer.update)


def test_a_run_of_a_process_that_has_ended_is_interrupted_at_once(store):
    trainer = Trainer(small())
    trainer.run(epochs=1)
    host, pid, started, own = holder().split("/")
    store.save(Record.of(trainer, is_running=True, holder=f"{host}/{pid}/{float(started) - 60}/{own}"))
    assert store.status(trainer.run_name) == "interrupted"
    other = replace(Record.of(trainer, is_running=True, holder=f"elsewhere/{pid}/{started}/{own}"))
    other = replace(other, state=replace(other.state, run_name="other"))
    store.save(other)
    assert store.status("other") == "running"


# --- versions of the tables ----------------------------------------------------------


def test_the_tables_are_those_that_the_migrations_make(address):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = open_database(address)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_a_store_of_an_older_version_becomes_one_of_this_and_keeps_its_runs(address):
    from alembic import command
    from alembic.config import Config as Alembic

    store = Store(address)
    store.keep(train(small(epochs=3), run="old"))
    store.describe("old", name="an old one")
    store.close()
    engine, older = open_database(address), Alembic()
    older.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with writing(engine) as connection:
        older.attributes["connection"] = connection
        command.downgrade(older, "0001")
    engine.dispose()
    store = Store(address)
    assert store.runs()[["run", "name", "epoch"]].values.tolist() == [["old", "an old one", 3]]
    before = store.stamp()
    store.describe("old", note="still here")
    assert store.stamp() != before
    store.close()


def test_a_store_of_a_newer_version_is_left_alone(address):
    Store(address).close()
    engine = open_database(address)
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"made by a newer ToyNet \(its version is 9999"):
        Store(address)


def test_several_that_open_a_new_store_at_once_make_it_once(address):
    problems = []

    def open_it():
        try:
            Store(address).close()
        except StoreError as error:
            problems.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    store = Store(address)
    assert store.runs().empty
    store.close()


def test_a_run_with_a_rule_of_its_own_is_not_kept(store):
    trainer = Trainer(Config(samples=40, epochs=2), rule=MISTAKES["wrong_sign"].backward)
    trainer.run()
    with pytest.raises(ValueError, match="rules are code"):
        store.keep(trainer)
    assert store.runs().empty
