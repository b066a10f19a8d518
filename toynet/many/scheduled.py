"""The runs of a sweep on other machines: chunks of them are tasks of a Dask scheduler's workers."""

from __future__ import annotations

import hashlib
import pickle
import queue
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from toynet import datasets, engines, files
from toynet.config import Config
from toynet.datasets import csv_files
from toynet.many.grid import Grid
from toynet.many.summary import COLUMNS, Summary, trained

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 5.0
"""Seconds in which a scheduler must answer."""

STARTING = 2.0
"""Seconds in which a first worker must be there."""

GONE = 30.0
"""Seconds without any worker after which a sweep is given up."""

LOOK = 0.1
"""Seconds from one look at what goes on to the next, at most."""

CHUNK = 0.75
"""Seconds of work, about, that make a task: what Dask does for it, some milliseconds, is then little."""

ADDRESS = re.compile(r"(\w+://)?(\[[0-9a-fA-F:.%\w]+\]|[^\s/:]+):\d{1,5}/?")
"""What an address looks like."""

GROWTH = 8
"""A chunk has at most so many times as many runs as the one that was measured."""

WINDOW = 3
"""Chunks for each of the workers' threads that the scheduler has at once: one is trained, the others wait."""

TRIES = 10
"""How often a chunk may lose its workers. Dask counts it as the chunk's fault even where it only waited there."""


class Work(NamedTuple):
    """What a worker is to do.

    Attributes
    ----------
    grid : Grid
    numbers : tuple of int
    seconds : float
        How long NumPy would train for the whole sweep.
    data_files : tuple of str
        The data files that these runs need, in the order in which their contents come.
    """

    grid: Grid
    numbers: tuple[int, ...]
    seconds: float
    data_files: tuple[str, ...]


class Chunk(NamedTuple):
    """What was asked of the scheduler: the runs, and how often before."""

    numbers: tuple[int, ...]
    tries: int = 0


def run(
    grid: Grid, numbers: Iterable[int], address: str, seconds: float, go_on: Callable[[], bool] | None = None
) -> Generator[list[Summary], None, None]:
    """Train these runs where a Dask scheduler's workers are; yields what has ended, chunk by chunk.

    A worker that is lost loses nothing: its chunks are trained again. Where the iterator is closed, or nobody has it
    any more, the workers give up what they are at.

    Parameters
    ----------
    grid : Grid
    numbers : iterable of int
        Read as far ahead as the scheduler's window reaches.
    address : str
    seconds : float
        About how long NumPy would train for all of them.
    go_on : callable, optional
        Asked ten times a second; where it says False the sweep ends.

    Raises
    ------
    ValueError
        At the call: where there is no such scheduler, or none of its workers can train.
    """
    found = _run(grid, numbers, address, seconds, go_on)
    next(found)  # connects: it says now what is wrong
    return found


def _run(
    grid: Grid, numbers: Iterable[int], address: str, seconds: float, go_on: Callable[[], bool] | None
) -> Generator[list[Summary], None, None]:
    client = _connected(address)
    from distributed.comm import CommClosedError

    try:
        _check_workers(client, address)
        yield []
        for summaries in _Sweep(client, address, grid, seconds).run(iter(numbers)):
            if summaries:
                yield summaries
            if go_on and not go_on():
                return
    except CommClosedError as error:
        raise _gone(address) from error
    finally:
        client.close()  # what nobody waits for any more the scheduler forgets, and its workers give it up


def _gone(address: str) -> ValueError:
    return ValueError(f"the scheduler at {address} is gone: start it again, and then the sweep")


def _connected(address: str) -> Client:
    wrong = f"scheduler: no Dask scheduler answers at {address}: start one, or correct the address"
    if not ADDRESS.fullmatch(address):  # Dask's own client would complain of it, and once more when it is thrown away
        raise ValueError(wrong)
    try:
        from distributed import Client
    except ImportError as error:
        raise ValueError(f"scheduler {address} needs Dask: pip install 'dask[distributed]'") from error
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # no answer, or no address
        raise ValueError(wrong) from error


def _check_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=STARTING)
    except TimeoutError as error:
        raise ValueError(f"scheduler {address} has no workers: start one with `dask worker {address}`") from error
    for worker, answer in client.run(_columns, on_error="return").items():
        # One that was lost just now does not matter.
        if isinstance(answer, Exception) and not isinstance(answer, OSError):
            raise _unable(f"worker {worker}", answer)
        if not isinstance(answer, Exception) and answer != COLUMNS:
            raise ValueError(f"worker {worker} has another version of ToyNet: give it this one")


def _columns() -> tuple[str, ...]:
    """Asked of a worker: it has ToyNet where it can answer, and the same settings where its answer is ours."""
    return COLUMNS


def _unable(who: str, error: Exception) -> ValueError:
    return ValueError(f"{who} cannot import ToyNet ({error}): start workers in its folder, with PYTHONPATH set to it")


class _Sweep:
    """The chunks that the scheduler has, and how large the next one is to be."""

    def __init__(self, client: Client, address: str, grid: Grid, seconds: float) -> None:
        self._client, self._address, self._grid, self._seconds = client, address, grid, seconds
        self._flying: dict[Future, Chunk] = {}
        self._landed: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._contents: dict[str, Future] = {}
        self._again: list[Chunk] = []
        self._pace, self._most = 0.0, 1  # seconds a run, and runs a chunk may have
        self._window, self._looked, self._worked = WINDOW, 0.0, perf_counter()

    def run(self, numbers: Iterator[int]) -> Iterator[list[Summary]]:
        """All summaries; at each look at what goes on a list, perhaps an empty one."""
        while True:
            self._look()
            while len(self._flying) < self._window and (chunk := self._next(numbers)):
                self._submit(chunk)
            if not self._flying:
                return
            yield [summary for future in self._ended() for summary in self._taken(future)]

    def _look(self) -> None:
        """Once a second: how many threads there are. Raises ValueError where nobody is left."""
        if self._client.status != "running":
            raise _gone(self._address)
        now = perf_counter()
        if now - self._looked < 1.0:
            return
        self._looked, threads = now, sum(self._client.nthreads().values())
        if threads:
            self._window, self._worked = WINDOW * threads, now
        elif now - self._worked > GONE:
            raise self._nobody()

    def _nobody(self) -> ValueError:
        return ValueError(f"scheduler {self._address} has had no workers for {GONE:g} seconds: start some, and go on")

    def _next(self, numbers: Iterator[int]) -> Chunk | None:
        if self._again:
            return self._again.pop()
        size = min(self._most, max(1, round(CHUNK / self._pace))) if self._pace else 1
        some = tuple(map(int, islice(numbers, size)))
        return Chunk(some) if some else None

    def _submit(self, chunk: Chunk) -> None:
        data_files = self._data_files(chunk)
        work = Work(self._grid, chunk.numbers, self._seconds, data_files)
        # As bytes: Dask would look for tasks in each of the numbers.
        contents = [self._content(name) for name in data_files]
        future = self._client.submit(_train, pickle.dumps(work), *contents, pure=False)
        self._flying[future] = chunk
        future.add_done_callback(self._landed.put)

    def _data_files(self, chunk: Chunk) -> tuple[str, ...]:
        if self._grid.base.dataset != "csv" and all(name != "dataset" for name, _ in self._grid.axes):
            return ()
        configs = map(self._grid.config, chunk.numbers)
        return tuple(dict.fromkeys(config.data_file for config in configs if config.dataset == "csv"))

    def _content(self, name: str) -> Future:
        """A file's bytes, of which Dask can hand out as many copies as it needs, and make lost ones again."""
        if name not in self._contents:
            content = csv_files.find(name).read_bytes()
            self._contents[name] = self._client.submit(bytes, content, pure=False)
        return self._contents[name]

    def _ended(self) -> Iterator[Future]:
        """The chunks that have ended since; waits for one a little."""
        try:
            yield self._landed.get(timeout=LOOK)
            while True:
                yield self._landed.get_nowait()
        except queue.Empty:
            return

    def _taken(self, future: Future) -> list[Summary]:
        """What a chunk came to; one that was lost is to be trained again."""
        from distributed import CancelledError, KilledWorker

        chunk = self._flying.pop(future)
        try:
            result = future.result(timeout=GONE)
        except (KilledWorker, CancelledError):
            result = None
        except TimeoutError as error:  # lost after it had ended, and nobody is there to train it again
            raise self._nobody() from error
        except ImportError as error:
            raise _unable("a worker", error) from error
        if result is None:
            if chunk.tries >= TRIES:
                raise ValueError(f"workers at {self._address} were lost {TRIES} times with run {chunk.numbers[0]}")
            self._again.append(chunk._replace(tries=chunk.tries + 1))
            return []
        seconds, summaries = result
        pace = seconds / len(summaries)
        self._pace = (self._pace + 3 * pace) / 4 if self._pace else pace
        self._most = max(self._most, GROWTH * len(summaries))
        return summaries


# --- in the workers ------------------------------------------------------------------


def _train(pickled: bytes, *contents: bytes) -> tuple[float, list[Summary]] | None:
    """What a task is: seconds and what the runs came to; or None where nobody wants them any more."""
    work: Work = pickle.loads(pickled)
    paths = {name: _here(name, content) for name, content in zip(work.data_files, contents, strict=True)}
    configs = [_with_path(work.grid.config(number), paths) for number in work.numbers]
    _make_ready(configs[0], work.seconds)
    go_on, summaries, started = _is_wanted(), [], perf_counter()
    for number, config in zip(work.numbers, configs, strict=True):
        summary = trained(number, config, go_on=go_on)
        if summary is None:
            return None
        summaries.append(summary)
    return perf_counter() - started, summaries


def _here(name: str, content: bytes) -> Path:
    """Where this worker has a data file of this content."""
    from distributed import get_worker

    folder = Path(get_worker().local_directory) / "toynet" / hashlib.sha256(content).hexdigest()[:16]
    path = folder / Path(name).name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        files.write(path, content)
    return path


def _with_path(config: Config, paths: dict[str, Path]) -> Config:
    return replace(config, data_file=str(paths[config.data_file])) if config.dataset == "csv" else config


def _make_ready(config: Config, seconds: float) -> None:
    """Have compiled code where the whole sweep is worth it."""
    config = datasets.resolved(config)
    engines.make_ready(seconds, engines.task(config, datasets.load(config)))


def _is_wanted() -> Callable[[], bool]:
    """A function that says whether the task that this thread is at is still waited for, and its worker still there."""
    from distributed import Status, get_worker

    worker = get_worker()
    key, tasks, here = worker.get_current_task(), worker.state.tasks, (Status.running, Status.paused)
    return lambda: key in tasks and tasks[key].state == "executing" and worker.status in here
