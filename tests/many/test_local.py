"""The threads that train a sweep: how they end, what they read ahead, and what they share."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toynet import datasets
from toynet.many import local
from toynet.many.grid import Grid
from toynet.many.summary import trained

ROOT = Path(__file__).parents[2]
TINY = {"samples": 20, "hidden_size": 1, "epochs": 1}
ENDLESS = {"samples": 2000, "batch_mode": "stochastic", "epochs": [1, 1_000_000]}
"""The first run takes a moment, the second one days."""


def at_work():
    """The threads of sweeps that there are."""
    return [thread for thread in threading.enumerate() if thread.name == local.NAME]


def numbers_of(found):
    return sorted(summary.number for summaries in found for summary in summaries)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_run_is_trained_once(jobs):
    grid = Grid.of(TINY | {"learning_rate": [0.1, 0.2, 0.3]}, 40)
    assert numbers_of(local.run(grid, range(120), jobs)) == list(range(120))
    assert at_work() == []


def test_only_the_numbers_asked_for_are_trained():
    assert numbers_of(local.run(Grid.of(TINY, 30), [3, 29, 4], 2)) == [3, 4, 29]


def test_what_has_ended_is_there_while_other_runs_go_on():
    found = local.run(Grid.of(ENDLESS), range(2), 2)
    assert [summary.number for summary in next(found)] == [0]
    assert at_work() != []
    found.close()
    assert at_work() == []


def test_threads_end_where_nobody_has_the_iterator():
    found = local.run(Grid.of(ENDLESS), range(2), 2)
    next(found)
    del found
    assert at_work() == []


def test_threads_end_where_what_takes_the_summaries_fails():
    with pytest.raises(ZeroDivisionError):
        for _ in local.run(Grid.of(ENDLESS), range(2), 2):
            1 / 0  # noqa: B018
    assert at_work() == []


def test_an_iterator_that_was_never_begun_has_no_threads():
    found = local.run(Grid.of(ENDLESS), range(2), 2)
    assert at_work() == []
    found.close()


def test_nothing_is_read_far_ahead_of_who_takes_it(monkeypatch):
    """Of endlessly many numbers only as many as may wait, and those that are trained, even while nobody takes any."""
    monkeypatch.setattr(local, "MOST_WAITING", 20)
    grid, read, has_read = Grid.of(TINY), [], threading.Event()

    def numbers():
        for count in itertools.count(1):
            read.append(count)
            if count >= seen + 20:
                has_read.set()
            yield 0

    seen = 0
    found = local.run(grid, numbers(), 3)
    for summaries in itertools.islice(found, 4):
        seen += len(summaries)
        has_read.clear()
        assert has_read.wait(30)
        for _ in range(20):  # time enough for many more
            trained(0, grid.config(0))
        assert len(read) <= seen + 20 + 3
    found.close()


def test_the_error_of_a_run_ends_the_sweep():
    """What ended before is handed over; an endless run beside it is given up."""
    settings = {"dataset": ["moons", "csv"], "data_file": "nothing.csv", "epochs": [1, 1_000_000], "samples": 2000}
    grid = Grid.of(settings | {"batch_mode": "stochastic"})
    found = []
    with pytest.raises(ValueError, match=r"no file 'nothing\.csv'"):
        for summaries in local.run(grid, [0, 1, 2], 2):
            found += summaries
    assert [summary.number for summary in found] == [0]
    assert at_work() == []


def test_an_error_of_the_numbers_ends_the_sweep():
    def numbers():
        yield 0
        raise LookupError("no more numbers")

    with pytest.raises(LookupError, match="no more numbers"):
        list(local.run(Grid.of(TINY), numbers(), 2))
    with pytest.raises(ValueError, match="there is no run 7"):
        list(local.run(Grid.of(TINY), [7], 2))


def test_the_sweep_ends_where_it_is_not_to_go_on():
    """In mid-run too; what has ended by then is handed over."""
    wanted = threading.Event()
    wanted.set()
    found = local.run(Grid.of(ENDLESS), range(2), 2, go_on=wanted.is_set)
    first = next(found)
    wanted.clear()
    assert [summary.number for summary in itertools.chain(first, *found)] == [0]
    assert at_work() == []


def test_an_error_of_who_is_asked_ends_the_sweep():
    def go_on():
        raise LookupError("nobody knows")

    with pytest.raises(LookupError, match="nobody knows"):
        list(local.run(Grid.of(ENDLESS), range(2), 2, go_on=go_on))
    assert at_work() == []


def test_data_are_made_once_a_seed(monkeypatch):
    made, points = [], datasets.points
    monkeypatch.setattr(datasets, "points", lambda config: made.append(config.data_seed) or points(config))
    monkeypatch.setattr(datasets, "_kept", type(datasets._kept)())
    grid = Grid.of(TINY | {"noise": 0.123, "learning_rate": [0.1, 0.2, 0.3]}, 40)
    list(local.run(grid, range(grid.runs), 3))
    assert sorted(made) == list(range(40))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows priorities of threads")
@pytest.mark.parametrize("is_background", [True, False])
def test_in_the_background_its_threads_come_last(is_background):
    """And no other thread does."""
    own, found = os.getpriority(os.PRIO_PROCESS, 0), set()

    def go_on():
        found.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return True

    list(local.run(Grid.of(TINY, 20), range(20), 2, is_background, go_on))
    assert found == {max(own, local.LOW_PRIORITY) if is_background else own}
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_a_program_ends_while_a_sweep_goes_on():
    code = f"from toynet import sweep; rows = sweep({ENDLESS}, jobs=2); print(next(rows)['state'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "finished\n", "")
