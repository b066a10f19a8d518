"""Ctrl-C, held back while something is done that must not be cut in two."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def held_back() -> Iterator[None]:
    """Within: an interrupt waits until the end, and then does what it would have done.

    Outside the main thread, where none arrives, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread() or not _is_pythons():
        yield
        return
    came: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(*came[0])


@cache
def _is_pythons() -> bool:
    """Whether Python can put the handler back that it takes away. Asked once: it takes as long as an update."""
    return signal.getsignal(signal.SIGINT) is not None
