"""Ctrl-C, kill and a closed terminal: signals that end a run, but not before its metrics are written."""

import os
import signal
from contextlib import contextmanager

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def leave_at_once():
    """From here on a signal ends the process without a word: there is nothing to lose yet."""
    for number in _heard():
        signal.signal(number, lambda number, _: os._exit(exit_code(number)))


def ignore():
    """From here on there is nothing to end but Python itself, which would do it with a traceback."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def exit_code(number):
    """What a shell is told by a command that a signal ended."""
    return 128 + number


def _heard():
    """The signals that nobody has asked us to ignore, as `nohup` does."""
    return [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]


class Interrupts:
    """As a context: a signal only leaves its number, for the run to end when it looks next.

    So no update and no line of a file is cut in two, however often Ctrl-C is pressed.

    Attributes
    ----------
    number : int
        Of the first signal that came, or 0.
    """

    def __init__(self):
        self.number, self._breaks, self._before = 0, False, {}

    def __enter__(self):
        self._before = {number: signal.signal(number, self._note) for number in _heard()}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number, _):
        self.number = self.number or number
        if self._breaks:
            self._breaks = False  # once: what is cleaned up after the first one is not broken off
            raise KeyboardInterrupt

    @contextmanager
    def breaking(self):
        """Within: a signal breaks off the wait for something that may take for ever, by a KeyboardInterrupt."""
        self._breaks = True
        try:
            yield
        finally:
            self._breaks = False
