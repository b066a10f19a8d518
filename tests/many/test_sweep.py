"""`toynet.sweep`: its rows, what it refuses, and which engine trains."""

import threading
from itertools import product

import pytest

import toynet
from tests.many.test_summary import COLUMNS
from toynet import engines, sweep
from toynet.many import local
from toynet.many.grid import Grid
from toynet.many.sweep import MOST_JOBS, SCHEDULER, run

SETTINGS = {"dataset": "circles", "samples": 40, "hidden_size": [2, 3], "learning_rate": [0.1, 1.0], "epochs": 20}


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch):
    """This machine trains."""
    monkeypatch.delenv(SCHEDULER, raising=False)


def by_run(rows):
    """The rows in the order of their runs, without how long they took."""
    return sorted(({**row, "seconds": 0} for row in rows), key=lambda row: row["run"])


def test_a_row_a_run():
    rows = list(sweep(SETTINGS, seeds=3))
    assert all(list(row) == COLUMNS for row in rows)
    assert len({row["run"] for row in rows}) == 12
    combinations = {(row["hidden_size"], row["learning_rate"], row["seed"]) for row in rows}
    assert combinations == set(product([2, 3], [0.1, 1.0], [0, 1, 2]))
    assert all(row["data_seed"] == row["init_seed"] == row["seed"] for row in rows)
    assert {row["state"] for row in rows} == {"finished"}
    for row in rows:
        config = toynet.Config(**{name: row[name] for name in toynet.Config().to_dict()})
        assert row["test_loss"] == pytest.approx(toynet.train(config).recorded.last["test_loss"], rel=1e-12)


def test_rows_do_not_depend_on_how_many_threads_train():
    rows = [by_run(sweep(SETTINGS, seeds=3, jobs=jobs)) for jobs in (1, 2, 4)]
    assert rows[0] == rows[1] == rows[2]


def test_rows_left_alone_end_the_threads():
    rows = sweep(SETTINGS | {"batch_mode": "stochastic", "samples": 2000, "epochs": [1, 1_000_000]}, jobs=2)
    next(rows)
    rows.close()
    assert not [thread for thread in threading.enumerate() if thread.name == local.NAME]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"settings": {"hidden_size": [2, 0]}}, ("hidden_size", "0", "256")),
        ({"settings": {"size": 2}}, ("size", "not a setting")),
        ({"seeds": 0}, ("seeds", "0")),
        ({"jobs": 0}, ("jobs", "0", f"{MOST_JOBS:,}")),
        ({"jobs": 1.0}, ("jobs", "1.0")),
        ({"jobs": True}, ("jobs", "True")),
        ({"jobs": MOST_JOBS + 1}, ("jobs", f"{MOST_JOBS + 1}")),
        ({"scheduler": " "}, ("scheduler", "' '", "tcp://")),
        ({"scheduler": 8786}, ("scheduler", "8786", "tcp://")),
    ],
)
def test_what_cannot_be_is_refused_at_the_call(arguments, words):
    with pytest.raises(ValueError) as caught:
        sweep(**({"settings": SETTINGS} | arguments))
    assert all(word in str(caught.value) for word in words), caught.value


def test_data_that_cannot_be_used_are_said_with_the_rows():
    rows = sweep({"dataset": "csv", "data_file": "nothing.csv"})
    with pytest.raises(ValueError, match=r"no file 'nothing\.csv'"):
        next(rows)


def test_one_cell_that_cannot_be_used_does_not_concern_those_that_are_asked_for():
    grid = Grid.of({"dataset": ["moons", "csv"], "data_file": "nothing.csv", "samples": 20, "epochs": 1}, 2)
    numbers = [summary.number for summaries in run(grid, [0, 2]) for summary in summaries]
    assert sorted(numbers) == [0, 2]


@pytest.fixture
def on_disk(monkeypatch):
    """Compiled code is on the disk, and not yet loaded."""
    engines.prepare().join()
    monkeypatch.setattr(engines, "_ready", threading.Event())


def test_compiled_code_is_made_ready_where_the_whole_sweep_is_worth_it(on_disk):
    """Not one of its runs would be."""
    short = SETTINGS | {"epochs": 100}
    assert {row["engine"] for row in sweep(short)} == {"numpy"}
    assert {row["engine"] for row in sweep(short, seeds=200)} == {"compiled"}


def test_what_is_left_of_a_sweep_may_not_be_worth_it(on_disk):
    grid = Grid.of(SETTINGS | {"epochs": 100}, 200)
    found = [summary.engine for summaries in run(grid, [1, 2, 3]) for summary in summaries]
    assert found == ["numpy"] * 3
