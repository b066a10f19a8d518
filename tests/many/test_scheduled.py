"""A sweep on a Dask scheduler: a real one, with two worker processes."""

import itertools
import operator
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.many.test_summary import COLUMNS
from toynet import engines, sweep
from toynet.many import scheduled
from toynet.many.grid import Grid
from toynet.many.sweep import SCHEDULER, run

distributed = pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
HERE = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
SETTINGS = {"dataset": "circles", "samples": 60, "hidden_size": [2, 3], "learning_rate": [0.1, 1.0], "epochs": 100}
TINY = {"samples": 20, "hidden_size": 1, "epochs": 1}
MANY = TINY | {"learning_rate": [0.01 * k for k in range(1, 51)]}
ENDLESS = {"samples": 2000, "batch_mode": "stochastic", "epochs": [1, 1_000_000]}
"""The first run takes a moment, the second one days."""


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes in the repository's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("PYTHONPATH", str(ROOT))
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **HERE) as cluster:
            yield cluster


@pytest.fixture
def address(cluster):
    """Of the scheduler, with both its workers there."""
    cluster.wait_for_workers(2, timeout=60)
    return cluster.scheduler_address


@pytest.fixture
def client(address):
    """To look at the scheduler, and at the workers, beside the sweep's own."""
    with distributed.Client(address, set_as_default=False) as client:
        yield client


@pytest.fixture
def alone():
    """A scheduler without workers, in this process."""
    with distributed.LocalCluster(n_workers=0, processes=False, **HERE) as cluster:
        yield cluster


def held(client):
    """How many tasks the scheduler has."""
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def workers(client):
    """The worker processes' numbers."""
    return list(client.run(os.getpid).values())


def numbers_of(found):
    return sorted(summary.number for summaries in found for summary in summaries)


def assert_same(mine, theirs):
    """Rows of the same runs, to 1e-9, but for what depends on where a run is trained."""
    key = operator.itemgetter("run")
    mine, theirs = sorted(mine, key=key), sorted(theirs, key=key)
    assert len(mine) == len(theirs)
    for own, other in zip(mine, theirs, strict=True):
        for name in set(COLUMNS) - {"seconds", "engine"}:
            is_number = isinstance(own[name], float)
            assert other[name] == (pytest.approx(own[name], rel=1e-9) if is_number else own[name]), name


def test_rows_are_those_of_this_machine(address):
    mine, theirs = list(sweep(SETTINGS, 5, jobs=1)), list(sweep(SETTINGS, 5, scheduler=address))
    assert all(list(row) == COLUMNS for row in theirs)
    assert len(theirs) == 20
    assert_same(mine, theirs)


def test_workers_train_with_compiled_code_where_the_sweep_is_worth_it(address):
    engines.prepare().join()
    assert {row["engine"] for row in sweep(SETTINGS | {"epochs": 500}, 200, scheduler=address)} == {"compiled"}


def test_the_environment_names_the_scheduler(client, address, monkeypatch):
    """Whoever trains, it is one of the workers."""
    monkeypatch.setenv(SCHEDULER, address)
    before = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.clients))
    rows = sweep(TINY, 3)
    assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.clients)) == before + 1
    assert len(list(rows)) == 3


def test_a_file_need_not_be_where_the_workers_are(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = (f"{x},{(7 * x) % 11},{'odd' if x * x % 7 > 2 else 'even'}" for x in range(60))
    Path("own.csv").write_text("\n".join(["width,height,kind", *lines]))
    settings = {"dataset": ["csv", "moons"], "data_file": "own.csv", "samples": 20, "epochs": 5, "hidden_size": 2}
    theirs = list(sweep(settings, 4, scheduler=address))
    assert len(theirs) == 8
    assert_same(list(sweep(settings, 4)), theirs)


def test_the_scheduler_never_has_more_than_a_window(client, address, monkeypatch):
    """Of thousands of runs: no more chunks than the window has room for, none of them read before."""
    monkeypatch.setattr(scheduled, "CHUNK", 0.05)
    grid, read, chunks = Grid.of(MANY, 60), [], []

    def numbers():
        for number in range(grid.runs):
            read.append(number)
            yield number

    seen, window = [], scheduled.WINDOW * 2
    for summaries in run(grid, numbers(), scheduler=address):
        seen += [summary.number for summary in summaries]
        chunks.append(len(summaries))
        assert held(client) <= window
        assert len(read) - len(seen) <= window * scheduled.GROWTH * max(chunks)
        assert len(read) < grid.runs or len(seen) > grid.runs / 4
    assert sorted(seen) == list(range(grid.runs))
    assert held(client) == 0


def test_chunks_become_as_long_as_they_are_to_be(client, address, monkeypatch):
    """Hundreds of tiny runs, but one run of many epochs."""
    monkeypatch.setattr(scheduled, "CHUNK", 0.1)
    submitted = []
    submit = distributed.Client.submit

    def noted(self, function, *arguments, **more):
        if function is scheduled._train:
            submitted.append(len(scheduled.pickle.loads(arguments[0]).numbers))
        return submit(self, function, *arguments, **more)

    monkeypatch.setattr(distributed.Client, "submit", noted)
    numbers_of(run(Grid.of(MANY, 30), scheduler=address))
    assert submitted[0] == 1 and max(submitted) >= 64
    submitted.clear()
    numbers_of(run(Grid.of({"epochs": 3000, "samples": 400, "hidden_size": 64}, 12), scheduler=address))
    assert submitted == [1] * 12


def test_a_worker_that_is_killed_loses_nothing(client, address):
    """Each run is there once, whatever the worker was at, and the scheduler has nothing left."""
    grid = Grid.of(SETTINGS | {"epochs": 300}, 100)
    found = run(grid, scheduler=address)
    first = next(found)
    os.kill(workers(client)[0], signal.SIGKILL)
    assert numbers_of([first, *found]) == list(range(grid.runs))
    assert held(client) == 0


def test_a_chunk_is_not_to_blame_for_the_workers_that_it_lost(client, address):
    """Dask gives up a task whose workers died more often than it allows; here that is not even once."""
    allow = "allowed_failures"
    client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, allow, 0))
    grid = Grid.of(SETTINGS | {"epochs": 300}, 100)
    found = run(grid, scheduler=address)
    first = next(found)
    os.kill(workers(client)[0], signal.SIGKILL)
    assert numbers_of([first, *found]) == list(range(grid.runs))
    client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, allow, 3))


@pytest.mark.parametrize("how", ["close", "go_on"])
def test_workers_give_up_what_nobody_wants(client, address, how):
    """Two runs of days: after them both workers are free for another sweep."""
    grid, wanted = Grid.of(ENDLESS), threading.Event()
    wanted.set()
    found = run(grid, [0, 1, 1], scheduler=address, go_on=wanted.is_set)
    first = next(found)
    if how == "close":
        found.close()
    else:
        wanted.clear()
    assert numbers_of([first, *found]) == [0]
    assert held(client) == 0
    assert numbers_of(run(Grid.of(TINY, 8), scheduler=address)) == list(range(8))


def test_the_error_of_a_run_ends_the_sweep(client, address):
    grid = Grid.of(TINY | {"dataset": "breast_cancer", "feature_1": ["mean radius", "mean mistake"]}, 4)
    with pytest.raises(ValueError, match="breast_cancer has no feature 'mean mistake'"):
        numbers_of(run(grid, scheduler=address))
    with pytest.raises(ValueError, match="there is no run 99"):
        numbers_of(run(grid, [99], scheduler=address))
    assert held(client) == 0


def test_a_file_that_is_not_there_is_said(address):
    with pytest.raises(ValueError, match=r"no file 'nothing\.csv'"):
        numbers_of(run(Grid.of({"dataset": "csv", "data_file": "nothing.csv"}), scheduler=address))


# --- schedulers that cannot be used ---------------------------------------------------


@pytest.mark.parametrize("nowhere", ["tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1"])
def test_a_scheduler_that_does_not_answer_is_said_at_the_call(nowhere, monkeypatch):
    monkeypatch.setattr(scheduled, "PATIENCE", 0.2)
    with pytest.raises(ValueError, match=f"no Dask scheduler answers at {nowhere}"):
        sweep(TINY, scheduler=nowhere)


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"needs Dask: pip install 'dask\[distributed\]'"):
        sweep(TINY, scheduler="tcp://127.0.0.1:8786")


def test_a_scheduler_without_workers_is_said(alone, monkeypatch):
    monkeypatch.setattr(scheduled, "STARTING", 0.1)
    with pytest.raises(ValueError, match="has no workers: start one"):
        sweep(TINY, scheduler=alone.scheduler_address)


def started(program, folder, *arguments):
    """A process of Dask's own, in this folder."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--host", "127.0.0.1", "--no-dashboard", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)


def test_workers_that_have_no_toynet_are_said(alone, tmp_path):
    with started("dask_worker", tmp_path, alone.scheduler_address, "--no-nanny", "--nthreads", "1") as worker:
        try:
            alone.wait_for_workers(1, timeout=60)
            with pytest.raises(ValueError, match=r"worker tcp://.* cannot import ToyNet .*PYTHONPATH"):
                sweep(TINY, scheduler=alone.scheduler_address)
        finally:
            worker.kill()


def test_a_scheduler_that_is_killed_is_said(tmp_path):
    file = ["--scheduler-file", str(tmp_path / "scheduler.json")]
    with (
        started("dask_scheduler", ROOT, "--port", "0", *file) as scheduler,
        started("dask_worker", ROOT, *file, "--no-nanny", "--nthreads", "1") as worker,
    ):
        try:
            with distributed.Client(scheduler_file=file[1], timeout=60, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=60)
                address = client.scheduler.address
            found = run(Grid.of(ENDLESS), [0, 1], scheduler=address)
            assert numbers_of([next(found)]) == [0]
            scheduler.kill()
            with pytest.raises(ValueError, match=r"the scheduler at .* is gone"):
                next(found)
        finally:
            scheduler.kill()
            worker.kill()


def test_a_scheduler_that_goes_is_said(alone):
    alone.scale(1)
    found = run(Grid.of(ENDLESS), [0, 1], scheduler=alone.scheduler_address)
    assert numbers_of([next(found)]) == [0]
    alone.close()
    with pytest.raises(ValueError, match=r"the scheduler at .* is gone"):
        next(found)


def test_a_sweep_does_not_wait_forever_for_workers(alone, monkeypatch):
    monkeypatch.setattr(scheduled, "GONE", 0.1)
    alone.scale(1)
    found = run(Grid.of(ENDLESS), [0, 1], scheduler=alone.scheduler_address)
    assert numbers_of([next(found)]) == [0]
    alone.scale(0)
    with pytest.raises(ValueError, match=r"no workers for 0\.1 seconds"):
        list(itertools.islice(found, 1))
