"""Kept sweeps, on SQLite and on PostgreSQL: each run once, whoever writes, and all of it found again."""

import contextlib
import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from toynet import Config, Store, train
from toynet.many.grid import Grid
from toynet.many.summary import LEVELS, Summary, trained
from toynet.runs import schema, sweeps
from toynet.runs.database import open_database, reading, writing
from toynet.runs.location import StoreError
from toynet.runs.records import LATER
from toynet.runs.sweeps import Sweeps, pack, unpack

GRID = Grid.of({"hidden_size": [2, 3], "learning_rate": [0.1, 0.2, 0.3], "samples": 40, "epochs": 5}, seeds=4)


@pytest.fixture
def kept(address):
    """An empty store of sweeps of either kind."""
    kept = Sweeps(address)
    yield kept
    kept.close()


def summary(number, **changes):
    """Figures of a run that nobody has trained, each its own to the last bit."""
    dice = np.random.default_rng(abs(number))
    reached = (3, 70, *dice.integers(-1, 500, len(LEVELS) - 2).tolist())
    known = Summary(number, 500, 6000, *dice.random(6).tolist(), 37.0, "finished", "compiled", reached)
    return known._replace(**changes)


def all_of(kept, key):
    return [one for chunk in kept.summaries(key) for one in chunk]


# --- what is kept is found again -----------------------------------------------------


def test_what_runs_came_to_is_found_again_bit_for_bit(kept):
    configs = [Config(samples=40, epochs=5, **more) for more in ({}, {"test_fraction": 0.0}, {"record_every": 2})]
    configs.append(Config(samples=40, activation="relu", learning_rate=1e6, epochs=50))
    own = [trained(number, config) for number, config in enumerate(configs)]
    assert own[3].state == "diverged" and np.isnan(own[1].test_loss)
    key = kept.begin(GRID)
    kept.add(key, own)
    assert repr(all_of(kept, key)) == repr(own)  # NaN is not equal to itself


OLD = "54af84d364ca63ea4559722987a50440c4b496416e539e653c7951d266f97159"
"""The hash of this sweep before there were `LATER` settings."""


def test_a_sweep_that_an_older_version_kept_is_found_and_gone_on_with(kept):
    grid = Grid.of({"hidden_size": [2, 4], "epochs": 20}, seeds=2)
    key = kept.begin(grid)
    with writing(kept._engine) as connection:
        plain = grid.to_dict()
        plain["base"] = {name: value for name, value in plain["base"].items() if name not in LATER}
        connection.execute(sa.update(schema.sweeps).values(grid=plain, settings=OLD))
    kept.add(key, [summary(3)])
    assert kept.find_same(grid) == key and kept.about(key)["grid"] == grid and kept.load(key).done[3]
    kept.grow(key, Grid(grid.base, grid.axes, 3))
    for other in ({"momentum": 0.5}, {"features": "x1;x2;x1^2"}, {"l2": [0.0, 0.1]}):
        assert kept.find_same(Grid.of({"hidden_size": [2, 4], "epochs": 20, **other})) is None


def test_a_loaded_sweep_knows_what_is_done_and_what_is_left(kept):
    key = kept.begin(GRID)
    kept.add(key, [summary(5), summary(1, state="diverged")])
    results = kept.load(key)
    assert results.grid == GRID and np.flatnonzero(results.done).tolist() == [1, 5]
    assert results.left().tolist() == [n for n in range(24) if n not in (1, 5)]
    assert results.summary(5) == summary(5) and results.diverged.nonzero()[0].tolist() == [1]
    assert kept.done(key).tolist() == results.done.tolist()


def test_what_is_added_in_pieces_lies_in_full_chunks(kept, address, monkeypatch):
    monkeypatch.setattr(sweeps, "CHUNK", 5)
    key, other = kept.begin(GRID), kept.begin(GRID)
    own = [summary(n) for n in range(24)]
    for start, end in ((0, 1), (1, 3), (3, 8), (8, 8), (8, 23), (23, 24)):
        kept.add(key, own[start:end])
    kept.add(other, own[::-1])
    assert all_of(kept, key) == own and all_of(kept, other) == own[::-1]
    engine = open_database(address)
    with reading(engine) as connection:
        wanted = sa.select(schema.summaries.c.rows).order_by(schema.summaries.c.sweep_id, schema.summaries.c.first_row)
        assert connection.execute(wanted).scalars().all() == [5, 5, 5, 5, 4] * 2
    engine.dispose()
    assert [len(chunk) for chunk in kept.summaries(key)] == [5, 5, 5, 5, 4]


def test_a_run_is_kept_once_and_the_first_stays(kept):
    key = kept.begin(GRID)
    kept.add(key, [summary(0), summary(7)])
    kept.add(key, [summary(7, seconds=9.0), summary(2), summary(2, seconds=1.0)])
    assert [one.number for one in all_of(kept, key)] == [0, 7, 2] and all_of(kept, key)[1] == summary(7)
    assert kept.about(key)["done"] == 3


def test_a_run_that_the_sweep_has_not_is_refused_and_nothing_is_kept(kept):
    key = kept.begin(GRID)
    for number in (24, -1):
        with pytest.raises(StoreError, match=f"sweep {key} has 24 runs, and not all"):
            kept.add(key, [summary(3), summary(number)])
    assert all_of(kept, key) == [] and kept.about(key)["done"] == 0


def test_what_is_merged_while_it_is_read_is_read_once(kept, monkeypatch):
    monkeypatch.setattr(sweeps, "CHUNK", 10)
    key = kept.begin(GRID)
    kept.add(key, [summary(n) for n in range(3)])
    reader = kept.summaries(key)
    assert len(next(reader)) == 3
    kept.add(key, [summary(n) for n in range(3, 21)])
    assert [one.number for chunk in reader for one in chunk] == list(range(3, 21))


def test_two_that_write_at_once_keep_every_run_once(kept, address):
    key, problems = kept.begin(GRID), []

    def write(start):
        own = Sweeps(address)
        try:
            for n in range(start, 24):
                own.add(key, [summary(n), summary((n + 9) % 24)])
        except StoreError as error:
            problems.append(error)
        own.close()

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 0, 8, 16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems and sorted(all_of(kept, key)) == [summary(n) for n in range(24)]
    assert kept.about(key)["done"] == 24 and kept.done(key).all()


# --- more seeds ----------------------------------------------------------------------


def test_a_sweep_that_grows_keeps_its_runs_under_their_numbers(kept):
    key, larger = kept.begin(GRID), Grid(GRID.base, GRID.axes, 9)
    kept.add(key, map(summary, range(24)))
    kept.grow(key, larger)
    assert (kept.about(key)["runs"], kept.about(key)["done"], kept.about(key)["grid"]) == (54, 24, larger)
    assert kept.load(key).left().tolist() == list(range(24, 54))
    kept.add(key, [summary(53)])
    assert kept.load(key).summary(53) == summary(53)
    kept.grow(key, GRID)  # fewer: somebody else has grown it meanwhile
    assert kept.about(key)["grid"] == larger


def test_other_values_are_another_sweep(kept):
    key = kept.begin(GRID)
    for other in ({"hidden_size": [2, 4]}, {"hidden_size": [2, 3], "epochs": 6}):
        with pytest.raises(StoreError, match="has other settings: only seeds can be added"):
            kept.grow(key, Grid.of({"learning_rate": [0.1, 0.2, 0.3], "samples": 40, "epochs": 5, **other}, 9))
    assert kept.about(key)["grid"] == GRID


def test_the_newest_of_the_same_settings_is_found_whatever_its_seeds(kept):
    grid = Grid(GRID.base, GRID.axes, 2)
    assert kept.find_same(grid) is None
    first, second = kept.begin(GRID), kept.begin(grid)
    kept.begin(Grid(GRID.base, GRID.axes[:1], 2))
    kept.begin(GRID, kind="luck")
    kept.begin(GRID, owner="ada")
    kept.begin(GRID, changes=[(7, "learning_rate", 0.5)])
    assert kept.find_same(GRID) == kept.find_same(grid) == second
    kept.delete([second])
    assert kept.find_same(grid) == first


# --- listing -------------------------------------------------------------------------


def test_sweeps_are_listed_with_the_newest_first_and_are_one_persons(kept):
    changes = [(7, "learning_rate", 0.5), (9, "batch_mode", "mini")]
    old = kept.begin(GRID, data="abc")
    new = kept.begin(Grid(Config(), (), 8), "luck", "ada", changes=changes)
    kept.add(old, [summary(3)])
    kept.describe(new, "η = 0,3")
    assert [one["key"] for one in kept.all()] == [new, old] and [one["key"] for one in kept.all("ada")] == [new]
    one, other = kept.all()
    assert one["changes"] == changes and other["changes"] == []
    assert [one[what] for what in ("kind", "name", "owner", "runs", "done")] == ["luck", "η = 0,3", "ada", 8, 0]
    assert [other[what] for what in ("kind", "name", "data", "runs", "done")] == ["sweep", "", "abc", 24, 1]
    assert (other["grid"], other) == (GRID, kept.about(old)) and other["heartbeat"] >= one["created"]


def test_people_name_sweeps_and_find_them_by_that_name(kept):
    key, other = kept.begin(GRID), kept.begin(GRID, owner="ada")
    kept.describe(key, "rates")
    assert kept.find(key) == kept.find("rates") == key
    for text, owner in (("nothing", None), ("", None), ("rates", "ada"), (key, "ada")):
        with pytest.raises(StoreError, match="there is no sweep"):
            kept.find(text, owner)
    kept.describe(other, "rates")
    assert kept.find("rates", "ada") == other
    with pytest.raises(StoreError, match="2 sweeps are called rates"):
        kept.find("rates")


def test_what_is_deleted_comes_back_until_a_day_has_passed(kept, address, monkeypatch):
    key, other = kept.begin(GRID), kept.begin(GRID)
    kept.add(key, [summary(3)])
    kept.delete([key])
    assert [one["key"] for one in kept.all()] == [other] and kept.files_in_use() == set()
    kept.add(key, [summary(4)])  # who trains it has not heard of it
    kept.restore([key])
    assert all_of(kept, key) == [summary(3), summary(4)] and len(kept.all()) == 2
    kept.delete([key])
    monkeypatch.setattr(sweeps, "BIN", -1.0)
    kept.delete([other])
    kept.restore([key])
    with pytest.raises(StoreError, match=f"there is no sweep {key}"):
        kept.add(key, [summary(5)])
    engine = open_database(address)
    with reading(engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.summaries)).scalar() == 0
    engine.dispose()


def test_a_sweep_that_is_not_there_is_said_to_be_missing(kept):
    asked = [
        kept.load,
        kept.about,
        kept.done,
        lambda key: kept.add(key, [summary(1)]),
        lambda key: kept.grow(key, GRID),
    ]
    for ask in (*asked, lambda key: all_of(kept, key)):
        with pytest.raises(StoreError, match="there is no sweep nothing in the store"):
            ask("nothing")


def test_the_data_files_that_sweeps_are_of_are_known(kept):
    kept.begin(Grid.of({"dataset": "csv", "data_file": "uploads/a.csv"}))
    kept.begin(Grid.of({"dataset": "csv", "data_file": ["uploads/b.csv", "uploads/c.csv"]}))
    kept.begin(GRID)
    assert kept.files_in_use() == {"uploads/a.csv", "uploads/b.csv", "uploads/c.csv"}


# --- damage, and older versions --------------------------------------------------------


def test_bytes_that_are_damaged_are_no_summaries():
    """Each byte of the head, which says how large the parts are, as another one."""
    content = pack(map(summary, range(3)))
    for place in range(min(len(content), 3000)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with contextlib.suppress(ValueError):
            unpack(bytes(damaged))


@pytest.mark.parametrize("column", ["numbers", "content"])
def test_what_is_damaged_in_the_store_is_told(kept, address, column):
    key, engine = kept.begin(GRID), open_database(address)
    kept.add(key, [summary(1)])
    table = schema.sweeps if column == "numbers" else schema.summaries
    with writing(engine) as connection:
        connection.execute(sa.update(table).values({column: b"nonsense"}))
    engine.dispose()
    with pytest.raises(StoreError, match="is damaged"):
        kept.add(key, [summary(2)])
    with pytest.raises(StoreError, match="is damaged"):
        kept.done(key) if column == "numbers" else kept.load(key)


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_a_store_of_an_older_version_keeps_its_runs_and_takes_sweeps(address, version):
    from alembic import command
    from alembic.config import Config as Alembic

    store = Store(address)
    store.keep(train(Config(samples=40, epochs=3), run="old"))
    store.close()
    engine, older = open_database(address), Alembic()
    older.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with writing(engine) as connection:
        older.attributes["connection"] = connection
        command.downgrade(older, version)
    with reading(engine) as connection:
        assert not {"sweeps", "summaries"} & set(sa.inspect(connection).get_table_names())
    engine.dispose()
    kept, store = Sweeps(address), Store(address)
    key = kept.begin(GRID)
    kept.add(key, [summary(1)])
    assert all_of(kept, key) == [summary(1)] and store.runs()[["run", "epoch"]].values.tolist() == [["old", 3]]
    kept.close()
    store.close()
