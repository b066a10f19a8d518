"""Keeping runs while they train: what is new is handed over in a moment, and written by a thread of its own."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from toynet.runs.database import StoreError
from toynet.runs.records import Record, Source, holder, status
from toynet.runs.store import Store, Taken
from toynet.training import Trainer

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
    is_stored : bool
        Whether anything is.
    taken : str
        Empty, or a sentence: somebody else has taken the run up.
    """

    source: Source = field(default_factory=Source)
    holder: str = field(default_factory=holder)
    rows: int = 0
    update: int = 0
    is_stored: bool = False
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
        Gives the Store; called by the thread that writes, until it succeeds.

    Attributes
    ----------
    problem : str
        Empty, or one sentence: why runs are not kept at present.
    """

    def __init__(self, store: Callable[[], Store] = Store) -> None:
        self.problem = ""
        self._open = store
        self._store: Store | None = None
        self._changed = threading.Condition()
        self._waiting: deque[Kept] = deque()
        self._thread: threading.Thread | None = None
        self._is_writing = self._is_closing = False

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
        """Wait until all that was handed over is written, or has failed; returns whether it is written."""
        with self._changed:
            self._changed.wait_for(lambda: self.problem or not (self._waiting or self._is_writing), seconds)
            return not (self.problem or self._waiting or self._is_writing)

    def close(self) -> None:
        """Write what is left, and end. What cannot be written is tried once more."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(10.0)

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="toynet keeps runs", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _work(self) -> None:
        """One record after the other; after a failure a moment later, from the one that failed on."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    return
                kept = self._waiting.popleft()
                record, kept._record, kept._is_queued = kept._record, None, False
                self._is_writing = True
            problem = self._write(kept, record)
            with self._changed:
                self.problem, self._is_writing = problem, False
                if problem:
                    kept._record = kept._record or record
                    if not kept._is_queued:
                        kept._is_queued = True
                        self._waiting.appendleft(kept)
                self._changed.notify_all()
                if problem:
                    if self._is_closing:
                        return
                    self._changed.wait_for(lambda: self._is_closing, AGAIN)

    def _write(self, kept: Kept, record: Record | None) -> str:
        """Write a record; returns what is wrong, or ""."""
        try:
            if record:
                self._store = self._store or self._open()
                self._store.save(record)
                kept.rows = record.first_row + len(record.state.history["epoch"])
                kept.update, kept.is_stored = record.state.progress.update, True
        except Taken as error:
            kept.taken = str(error)
        except StoreError as error:
            return str(error)
        return ""
