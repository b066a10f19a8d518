"""Sweeps: all runs of a grid, trained by the threads of this machine or the workers of a Dask scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sized
from contextlib import closing, suppress
from typing import Any

from toynet import datasets, engines
from toynet.config import shown
from toynet.engines import Task
from toynet.engines.vectorised import NumpyEngine
from toynet.many import local
from toynet.many.grid import Grid
from toynet.many.summary import Summary, row, updates_of

SCHEDULER = "TOYNET_SCHEDULER"
"""Environment variable with the address of a Dask scheduler."""

MOST_JOBS = 1024

SAMPLED = 8
"""Cells that are looked at to tell how long a sweep takes, at most."""

GOLDEN = 0.618034
"""Its multiples fill a unit evenly."""


def sweep(
    settings: Mapping[str, Any], seeds: int = 1, jobs: int | None = None, scheduler: str | None = None
) -> Iterator[dict[str, Any]]:
    """Train every combination of some settings' values, with every seed.

    Parameters
    ----------
    settings : mapping
        Name of a `Config` field -> its value, or a list of values.
    seeds : int, optional
        Seed s = 0 .. seeds - 1 is added to `data_seed` and to `init_seed`.
    jobs : int, optional
        Threads, 1 to `MOST_JOBS`; by default as many as this process may use processors. A scheduler's workers have
        threads of their own.
    scheduler : str, optional
        Address of a Dask scheduler (`tcp://host:8786`) whose workers train. By default that of the
        environment variable TOYNET_SCHEDULER; where that is not set, this machine trains.

    Yields
    ------
    dict
        A row a run, as they come to their end: `many.summary.COLUMNS`.

    Raises
    ------
    ValueError
        At the call: for settings, seeds, jobs or a scheduler that cannot be used. Later: for data that cannot.
    """
    grid = Grid.of(settings, seeds)
    return _rows(grid, run(grid, None, jobs, scheduler))


def _rows(grid: Grid, found: Generator[list[Summary], None, None]) -> Iterator[dict[str, Any]]:
    with closing(found):
        for summaries in found:
            for summary in summaries:
                yield row(grid, summary)


def run(
    grid: Grid,
    numbers: Iterable[int] | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    is_background: bool = False,
    go_on: Callable[[], bool] | None = None,
) -> Generator[list[Summary], None, None]:
    """Train runs of a grid.

    Where the iterator is closed, fails or is no longer held, all work stops within some tenths of a second.

    Parameters
    ----------
    grid : Grid
    numbers : iterable of int, optional
        Which runs; by default all. Taken one by one as they are needed, perhaps in other threads.
    jobs, scheduler : optional
        As in `sweep`.
    is_background : bool, optional
        Whether this machine's threads leave the processors to whatever else wants them (on Linux).
    go_on : callable, optional
        Asked several times a second, perhaps by other threads; where it says False the sweep ends.

    Yields
    ------
    list of Summary
        Those that have ended since, in any order: on this machine at most a tenth of a second ago,
        elsewhere with the others of their chunk.

    Raises
    ------
    ValueError
        At the call: for jobs or a scheduler that cannot be used. Later: for data that cannot, or where the scheduler
        is gone.
    """
    jobs, scheduler = _checked_jobs(jobs), _checked_scheduler(scheduler)
    numbers = range(grid.runs) if numbers is None else numbers
    if scheduler is None:
        return _here(grid, numbers, jobs, is_background, go_on)
    from toynet.many import scheduled

    return scheduled.run(grid, numbers, scheduler, sum(seconds for seconds, _ in _estimated(grid, numbers)), go_on)


def _checked_jobs(jobs: int | None) -> int:
    if jobs is None:
        return local.processors()
    if not isinstance(jobs, int) or isinstance(jobs, bool) or not 1 <= jobs <= MOST_JOBS:
        raise ValueError(f"jobs must be a whole number from 1 to {MOST_JOBS:,}, not {shown(jobs)}")
    return jobs


def _checked_scheduler(scheduler: str | None) -> str | None:
    if scheduler is None:
        return os.environ.get(SCHEDULER, "").strip() or None
    if not isinstance(scheduler, str) or not scheduler.strip():
        raise ValueError(f"scheduler must be an address such as tcp://127.0.0.1:8786, not {shown(scheduler)}")
    return scheduler.strip()


def _here(
    grid: Grid, numbers: Iterable[int], jobs: int, is_background: bool, go_on: Callable[[], bool] | None
) -> Generator[list[Summary], None, None]:
    for seconds, task in _estimated(grid, numbers):
        engines.make_ready(seconds, task)
    yield from local.run(grid, numbers, jobs, is_background, go_on)


def _estimated(grid: Grid, numbers: Iterable[int]) -> list[tuple[float, Task]]:
    """About how many seconds NumPy would train for these runs, going by some cells: for those of each kind of compiled
    loops by itself, with what one of them has to do."""
    runs = len(numbers) if isinstance(numbers, Sized) else grid.runs
    kinds: dict[str, tuple[Task, list[float]]] = {}
    # A fixed step might meet the same value of a setting each time.
    for cell in {int(grid.cells * (GOLDEN * k % 1)) for k in range(SAMPLED if runs else 0)}:
        with suppress(ValueError):  # data that cannot be used: the run will say so, where it is wanted
            config = datasets.resolved(grid.config(cell))
            task = engines.task(config, datasets.load(config))
            seconds = NumpyEngine.seconds(task, config.hidden_size, updates_of(config, task))
            kinds.setdefault(task.loops, (task, []))[1].append(seconds)
    sampled = sum(len(seconds) for _, seconds in kinds.values())
    return [(runs * sum(seconds) / sampled, task) for task, seconds in kinds.values()]
