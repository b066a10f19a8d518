"""The runs of a sweep on this machine: threads of this process, for compiled code lets go of the interpreter."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

from toynet import datasets
from toynet.many.grid import Grid
from toynet.many.summary import Summary, trained

HANDING_OVER = 0.1
"""Seconds after which what has ended is handed over, at most."""

MOST_WAITING = 10_000
"""Summaries that wait to be taken (some 5 MB); where there are more, no run begins."""

NAME = "toynet sweeps"
"""Name of the threads."""

LOW_PRIORITY = 10
"""Of 19, the lowest. Not that one: a thread that waits for the processor may hold the interpreter meanwhile."""


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(
    grid: Grid,
    numbers: Iterable[int],
    jobs: int,
    is_background: bool = False,
    go_on: Callable[[], bool] | None = None,
) -> Iterator[list[Summary]]:
    """Train these runs in so many threads; yields what has ended, every tenth of a second.

    Where the iterator is closed, or nobody has it any more, the threads end within some tenths of a second.
    """
    crew = _Crew(grid, numbers, jobs, go_on)
    threads = [threading.Thread(target=crew.work, args=(is_background,), name=NAME) for _ in range(jobs)]
    try:
        for thread in threads:
            thread.start()
        while True:
            summaries, is_all = crew.take()
            if summaries:
                yield summaries
            if is_all:
                break
        if crew.error:
            raise crew.error
    finally:
        crew.is_stopped = True
        for thread in threads:
            # Rubbish may be collected in any thread.
            if thread.ident and thread is not threading.current_thread():
                thread.join()


class _Crew:
    """What the threads of a sweep share: where the numbers come from, and what has ended."""

    def __init__(self, grid: Grid, numbers: Iterable[int], jobs: int, go_on: Callable[[], bool] | None) -> None:
        self._grid, self._numbers, self._asked = grid, iter(numbers), go_on
        self._taking, self._loading, self._change = threading.Lock(), threading.Lock(), threading.Condition()
        self._ended: list[Summary] = []
        self.working, self.is_stopped = jobs, False
        self.error: BaseException | None = None

    def work(self, is_background: bool) -> None:
        """What each thread does: one run after the other."""
        try:
            if is_background:
                _step_back()
            while self._go_on() and (number := self._next()) is not None:
                self._hand_in(self._train(number))
        except BaseException as error:  # raised again where the summaries are taken
            self.error, self.is_stopped = self.error or error, True
        with self._change:
            self.working -= 1
            self._change.notify_all()

    def take(self) -> tuple[list[Summary], bool]:
        """What has ended by now, after a short wait; and whether that is all there will be."""
        with self._change:
            self._change.wait_for(lambda: not self.working or len(self._ended) >= MOST_WAITING, HANDING_OVER)
            ended, self._ended = self._ended, []
            self._change.notify_all()
            return ended, not self.working

    def _go_on(self) -> bool:
        # Threads that are not waited for would die within compiled code when the program ends.
        if not threading.main_thread().is_alive() or (self._asked and not self._asked()):
            self.is_stopped = True
        return not self.is_stopped

    def _next(self) -> int | None:
        with self._taking:
            number = next(self._numbers, None)
            return None if number is None else int(number)

    def _train(self, number: int) -> Summary | None:
        config = self._grid.config(number)
        with self._loading:  # or two threads would make the same data at once
            datasets.load(datasets.resolved(config))
        return trained(number, config, go_on=self._go_on)

    def _hand_in(self, summary: Summary | None) -> None:
        if summary is None:
            return
        with self._change:
            self._ended.append(summary)
            if len(self._ended) >= MOST_WAITING:
                self._change.notify_all()
            while len(self._ended) >= MOST_WAITING and self._go_on():
                self._change.wait(HANDING_OVER)


def _step_back() -> None:
    """Let all else that wants the processor have it first; only Linux knows priorities of threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(LOW_PRIORITY, os.getpriority(os.PRIO_PROCESS, thread)))
