"""Keeping runs while they train: what is new is handed over in a moment, and written by a thread of its own."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toynet.runs.location import Gone, StoreError, Taken
from toynet.runs.records import Record, Source, holder, status
from toynet.training import Trainer

if TYPE_CHECKING:
    from toynet.runs.store import Store

EVERY = 0.5
"""Seconds from one record of a run that trains to the next: what is stored is never a second old."""

AGAIN = 2.0
"""Seconds after which what could not be written is tried again."""


@dataclass(eq=False)
class Kept:
    """One run in the hands of its `Keeper`.

    Attributes
    ----------
    source : Source
    holder : str
        Who trains it: nobody else writes it meanwhile.
    rows, update : int
        Of its history, and at which update, it is written so far.
    taken : str
        Empty, or a sentence: somebody else has taken the run up.
    """

    source: Source = field(default_factory=Source)
    holder: str = field(default_factory=holder)
    rows: int = 0
    update: int = 0
    taken: str = ""
    _told: tuple = ()
    _next: float = 0.0
    _record: Record | None = None
    _is_queued: bool = False


class Keeper:
    """Writes runs into a store; whatever is wrong with that, training goes on.

    Parameters
    ----------
    store : callable
        Gives the Store; called by the thread that writes, until it succeeds. By default the default one.

    Attributes
    ----------
    problem : str
        Empty, or one sentence: why runs are not kept at present.
    """

    def __init__(self, store: Callable[[], Store] | None = None) -> None:
        self.problem = ""
        self._open = store or _default
        self._store: Store | None = None
        self._changed = threading.Condition()
        self._waiting: deque[Kept] = deque()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._is_working = self._is_writing = self._is_hurried = self._is_closing = False

    def note(self, kept: Kept, trainer: Trainer, is_running: bool) -> None:
        """Look whether there is something new of a run, and hand it over. A run of no update is not kept.

        To be called by who trains it, between two updates: takes what copying the new rows takes.
        """
        told = (trainer.update, status(trainer, is_running), trainer.changes)
        now = time.monotonic()
        if trainer.update == 0 or told == kept._told or kept.taken:
            return
        is_same = kept._told and told[1] == kept._told[1]
        if is_running and is_same and (now < kept._next or kept._is_queued):
            return
        more = {"source": kept.source, "holder": kept.holder, "before": kept.update}
        record = Record.of(trainer, is_running, kept.rows, **more)
        kept._told, kept._next = told, now + EVERY
        with self._changed:
            kept._record = record
            if not kept._is_queued:
                kept._is_queued = True
                self._waiting.append(kept)
            self._start()
            self._changed.notify_all()

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until all that was handed over is written, or has failed again; returns whether it is written."""
        with self._changed:
            failures, self._is_hurried = self._failures, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_idle() or self._failures > failures, seconds)
            return self._is_idle()

    def close(self, seconds: float = 15.0) -> bool:
        """Write what is left, and end; what cannot be written is tried once more. Returns whether all is written."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_working, seconds)
            return self._is_idle()

    def _is_idle(self) -> bool:
        return not (self._waiting or self._is_writing)

    def _start(self) -> None:
        if not (self._thread and self._thread.is_alive() and self._is_working):
            if self._thread is None:
                atexit.register(self.close)
            self._is_working = True
            self._thread = threading.Thread(target=self._work, name="toynet keeps runs", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """One record after the other; after a failure a moment later, beginning with those of other runs."""
        while self._write_next():
            pass

    def _write_next(self) -> bool:
        """Wait for a record and write it; returns whether there is more to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            is_last_try = self._is_closing
            self._is_working = bool(self._waiting)
            if not self._waiting:
                self._let_go()
                self._changed.notify_all()
                return False
            kept = self._waiting.popleft()
            record, kept._record, kept._is_queued = kept._record, None, False
            self._is_writing, self._is_hurried = True, False
        problem = self._write(kept, record)
        with self._changed:
            self.problem, self._is_writing = problem, False
            if problem:
                self._failures += 1
                self._put_back(kept, record)
                self._is_working = not is_last_try
            self._changed.notify_all()
            if problem and not is_last_try:
                self._changed.wait_for(lambda: self._is_closing or self._is_hurried, AGAIN)
            return self._is_working

    def _put_back(self, kept: Kept, record: Record | None) -> None:
        """What could not be written waits again, unless there is something newer: that holds all of it."""
        kept._record = kept._record or record
        if not kept._is_queued:
            kept._is_queued = True
            self._waiting.append(kept)

    def _write(self, kept: Kept, record: Record | None) -> str:
        """Write a record; returns what is wrong, or ""."""
        try:
            if record:
                self._store = self._store or self._open()
                self._store.save(record)
                kept.rows = record.first_row + len(record.state.history["epoch"])
                kept.update = record.state.progress.update
        except Taken as error:
            kept.taken = str(error)
        except Gone:  # the next record is the whole run again
            kept.rows, kept.update, kept._told = 0, 0, ()
        except StoreError as error:
            self._let_go()
            return str(error)
        except Exception as error:  # whatever it is, other runs are written on
            return f"a run could not be written ({type(error).__name__}: {error})"
        return ""

    def _let_go(self) -> None:
        """Of the store: it is opened anew, for its file may be another one by then."""
        if self._store:
            self._store.close()
            self._store = None


def _default() -> Store:
    from toynet.runs.store import Store  # SQLAlchemy, which takes a while to load

    return Store()
