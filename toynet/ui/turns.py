"""Who may train now: one tab after the other, in the order in which they asked."""

import threading
from collections import deque
from contextlib import contextmanager
from time import perf_counter


class Turns:
    """A lock that is first come, first served.

    With `threading.Lock` whoever has just let go often gets it again, and of five tabs
    that train some starve.
    """

    def __init__(self):
        self._guard, self._waiting, self._taken = threading.Lock(), deque(), False
        self._last = float("-inf")

    def was_taken_within(self, seconds):
        """Whether somebody has the lock, or had it so lately."""
        return self._taken or perf_counter() - self._last < seconds

    @contextmanager
    def turn(self):
        """Hold the lock; yields the seconds that were waited for it."""
        started = perf_counter()
        self._acquire()
        try:
            yield perf_counter() - started
        finally:
            self._release()

    def _acquire(self):
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until `_release` hands the turn on

    def _release(self):
        with self._guard:
            self._last = perf_counter()
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
