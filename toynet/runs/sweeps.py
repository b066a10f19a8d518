"""Sweeps: what the runs of a sweep came to, kept as they finish, listed, and gone on with."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from toynet.config import Config
from toynet.many.grid import Grid
from toynet.many.results import Results
from toynet.many.summary import LEVELS, Summary
from toynet.runs.database import Opened, reading, told, writing
from toynet.runs.location import StoreError
from toynet.runs.records import LATER
from toynet.runs.schema import summaries, sweeps
from toynet.runs.store import BIN
from toynet.training import new_name

KINDS = ("sweep", "luck", "race")
"""What runs can be many for."""

CHUNK = 2048
"""Summaries in a chunk, at most."""

_LISTED = ("key", "kind", "name", "owner", "created", "heartbeat", "grid", "runs", "done", "changes", "data")


class Sweeps(Opened):
    """Kept sweeps, and other groups of runs that a Grid numbers.

    Parameters
    ----------
    url : str, optional
        The database, as `Store` takes it.

    Raises
    ------
    StoreError
        A ValueError of one sentence, from each method: it cannot be opened, read or written, or
        there is no such sweep.
    """

    # --- keeping -----------------------------------------------------------------------

    def begin(self, grid: Grid, kind: str = "sweep", owner: str = "", data: str = "", changes: Iterable = ()) -> str:
        """Keep a sweep of which no run is done yet.

        Parameters
        ----------
        grid : Grid
        kind : str
            One of `KINDS`.
        owner : str
            Whose it is; "": the machine's.
        data : str
            The fingerprint of the first run's data: with others it must not go on.
        changes : iterable of (int, str, value)
            What was changed in mid-run, of each run alike: after which update, which setting, its new value.

        Returns
        -------
        str
            Its key: a name that never changes.
        """
        assert kind in KINDS
        key, now = new_name(), time.time()
        values = {"key": key, "kind": kind, "name": "", "owner": owner, "data": data, "created": now, "heartbeat": now}
        values |= {"changes": [list(change) for change in changes], "done": 0, "numbers": _packed(np.zeros(0, bool))}
        with writing(self._engine) as connection:
            connection.execute(sa.insert(sweeps).values({**values, **_of_grid(grid)}))
        return key

    def find_same(self, grid: Grid, kind: str = "sweep", owner: str = "") -> str | None:
        """The newest kept one of the same settings and values, whatever its seeds; none that was changed in mid-run."""
        wanted = sa.select(sweeps.c.key, sweeps.c.changes).where(
            sweeps.c.deleted.is_(None),
            sweeps.c.settings == _settings(grid),
            sweeps.c.kind == kind,
            sweeps.c.owner == owner,
        )
        with reading(self._engine) as connection:
            found = connection.execute(wanted.order_by(sweeps.c.created.desc(), sweeps.c.id.desc())).all()
        return next((row.key for row in found if not row.changes), None)

    def add(self, key: str, finished: Iterable[Summary]) -> None:
        """Keep what some runs came to, all of it or nothing; of a run that is kept already the first stays.

        Raises
        ------
        StoreError
            Also for a run that the sweep has not.
        """
        batch = {summary.number: summary for summary in finished}
        if not batch:
            return
        with writing(self._engine) as connection:
            row = self._row(connection, key, lock=True)
            done = _unpacked(row.numbers, row.runs)
            if min(batch) < 0 or max(batch) >= row.runs:
                raise StoreError(f"sweep {key} has {row.runs:,} runs, and not all of those that were to be kept")
            new = [summary for number, summary in batch.items() if not done[number]]
            done[list(batch)] = True
            _append(connection, row.id, row.done, new)
            values = {"heartbeat": time.time(), "done": row.done + len(new), "numbers": _packed(done)}
            connection.execute(sa.update(sweeps).where(sweeps.c.id == row.id).values(values))

    def grow(self, key: str, grid: Grid) -> None:
        """Give a sweep more seeds; one that has as many stays as it is.

        Raises
        ------
        StoreError
            Also if it has other settings or values.
        """
        with writing(self._engine) as connection:
            row = self._row(connection, key, lock=True)
            if row.settings != _settings(grid):
                raise StoreError(f"sweep {key} has other settings: only seeds can be added to it")
            if grid.runs > row.runs:
                connection.execute(sa.update(sweeps).where(sweeps.c.id == row.id).values(_of_grid(grid)))

    # --- reading -----------------------------------------------------------------------

    def load(self, key: str) -> Results:
        """All that is kept of a sweep."""
        results = Results(self.about(key)["grid"])
        for chunk in self.summaries(key):
            # A seed may have been added since the grid was read.
            results.add(summary for summary in chunk if summary.number < results.grid.runs)
        return results

    def summaries(self, key: str) -> Iterator[list[Summary]]:
        """What its runs came to, some thousands at once; what is added meanwhile comes last."""
        with reading(self._engine) as connection:
            sweep_id = self._row(connection, key).id
        position = 0
        while found := self._next(sweep_id, position):
            first_row, content = found
            with told(self._engine.url):
                chunk = unpack(content)
            chunk = chunk[position - first_row :]  # the part that was read before it was merged with more
            position += len(chunk)
            yield chunk

    def _next(self, sweep_id: int, position: int) -> tuple[int, bytes] | None:
        """The chunk with the row at that position."""
        wanted = sa.select(summaries.c.first_row, summaries.c.content).where(
            summaries.c.sweep_id == sweep_id, summaries.c.first_row + summaries.c.rows > position
        )
        with reading(self._engine) as connection:
            row = connection.execute(wanted.order_by(summaries.c.first_row).limit(1)).first()
        return (row.first_row, row.content) if row else None

    def done(self, key: str) -> np.ndarray:
        """Whether each run is kept: (runs,) of bool."""
        with reading(self._engine) as connection:
            row = self._row(connection, key)
            return _unpacked(row.numbers, row.runs)

    def all(self, owner: str | None = None) -> list[dict[str, Any]]:
        """All kept ones, or one person's, the newest first.

        Returns
        -------
        list of dict
            Of each `key`, `kind`, `name` (what people call it), `owner`, `created` and `heartbeat` (when something
            of it was last written; both seconds since 1970), `grid` (a Grid), `runs` and how many are `done`, `changes`
            and `data` (see `begin`).
        """
        with reading(self._engine) as connection:
            wanted = _selected(owner).order_by(sweeps.c.created.desc(), sweeps.c.id.desc())
            return [_described(row) for row in connection.execute(wanted)]

    def about(self, key: str) -> dict[str, Any]:
        """The same of one."""
        with reading(self._engine) as connection:
            return _described(self._row(connection, key))

    def find(self, text: str, owner: str | None = None) -> str:
        """The key of the sweep of this name: its key, or what people call it.

        Raises
        ------
        StoreError
            If there is none, or several.
        """
        wanted = _selected(owner).where(sa.or_(sweeps.c.key == text, sweeps.c.name == text))
        with reading(self._engine) as connection:
            found = [row.key for row in connection.execute(wanted)] if text else []
        if text in found:
            return text
        if len(found) != 1:
            several = f"{len(found)} sweeps are called {text}: {', '.join(found[:3])}"
            raise StoreError(several if found else f"there is no sweep {text or 'without a name'} in {self.name}")
        return found[0]

    def files_in_use(self) -> set[str]:
        """The data files of all kept ones."""
        with reading(self._engine) as connection:
            grids = connection.execute(sa.select(sweeps.c.grid)).scalars().all()
        values = (values for grid in grids for name, values in grid["axes"] if name == "data_file")
        return {grid["base"]["data_file"] for grid in grids}.union(*values) - {""}

    # --- what people do with them --------------------------------------------------------

    def describe(self, key: str, name: str) -> None:
        """Note what people call it."""
        self._change([key], {"name": name})

    def delete(self, keys: Iterable[str]) -> None:
        """Throw sweeps away. For a day `restore` brings them back."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(sweeps).where(sweeps.c.deleted < time.time() - BIN))
        self._change(keys, {"deleted": time.time()})

    def restore(self, keys: Iterable[str]) -> None:
        """Bring back what was deleted."""
        self._change(keys, {"deleted": None})

    def _change(self, keys: Iterable[str], values: dict[str, Any]) -> None:
        with writing(self._engine) as connection:
            connection.execute(sa.update(sweeps).where(sweeps.c.key.in_(list(keys))).values(values))

    def _row(self, connection: sa.Connection, key: str, lock: bool = False) -> sa.Row:
        wanted = sa.select(sweeps).where(sweeps.c.key == key)
        row = connection.execute(wanted.with_for_update() if lock else wanted).first()
        if row is None:
            raise StoreError(f"there is no sweep {key} in {self.name}")
        return row


def _selected(owner: str | None) -> sa.Select:
    """What is told of those that are not deleted."""
    wanted = sa.select(*(sweeps.c[name] for name in _LISTED)).where(sweeps.c.deleted.is_(None))
    return wanted if owner is None else wanted.where(sweeps.c.owner == owner)


def _described(row: sa.Row) -> dict[str, Any]:
    known = {name: getattr(row, name) for name in _LISTED}
    changes = [(update, setting, value) for update, setting, value in row.changes]
    return {**known, "grid": Grid.from_dict(row.grid), "changes": changes}


def _of_grid(grid: Grid) -> dict[str, Any]:
    return {"grid": grid.to_dict(), "settings": _settings(grid), "runs": grid.runs}


def _settings(grid: Grid) -> str:
    """A hash of all that numbers the runs of a seed; it is what it was before there were the `LATER` settings."""
    plain, usual = grid.to_dict(), Config().to_dict()
    base = {name: value for name, value in plain["base"].items() if name not in LATER or value != usual[name]}
    return hashlib.sha256(json.dumps([base, plain["axes"]]).encode()).hexdigest()


def _append(connection: sa.Connection, sweep_id: int, stored: int, new: list[Summary]) -> None:
    """Summaries behind those that are there: into the last chunk, and next ones where that is full."""
    of_sweep = summaries.c.sweep_id == sweep_id
    # Only the last one can have room.
    last = connection.execute(sa.select(summaries).where(of_sweep, summaries.c.rows < CHUNK)).first()
    if last and new:
        stored, new = last.first_row, unpack(last.content) + new
        connection.execute(sa.delete(summaries).where(of_sweep, summaries.c.first_row == stored))
    for start in range(0, len(new), CHUNK):
        some = new[start : start + CHUNK]
        chunk = {"sweep_id": sweep_id, "first_row": stored + start, "rows": len(some), "content": pack(some)}
        connection.execute(sa.insert(summaries).values(chunk))


# --- as bytes --------------------------------------------------------------------------

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")
_FLAT = [name for name in Summary._fields if name not in ("number", "engine", "state", "reached")]
_COUNTS = ("epoch", "update")


def pack(finished: Iterable[Summary]) -> bytes:
    """Summaries as an Arrow stream of compressed columns, one for each field and each of `LEVELS`."""
    fields = dict(zip(Summary._fields, zip(*finished, strict=True), strict=True))
    columns: dict[str, Any] = {"number": np.diff(np.array(fields["number"], np.int64), prepend=0)}
    columns |= {name: np.array(fields[name], np.int64 if name in _COUNTS else float) for name in _FLAT}
    columns |= {name: pa.array(fields[name]).dictionary_encode() for name in ("state", "engine")}
    columns |= {f"{level:g}": column for level, column in zip(LEVELS, np.array(fields["reached"]).T, strict=True)}
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


def unpack(content: bytes) -> list[Summary]:
    """The inverse of `pack`. Raises ValueError for bytes that it has not made."""
    try:
        table = pa.ipc.open_stream(content).read_all()
        table.validate(full=True)  # texts that lie outside would be the end of the process
        columns = {name: table[name].to_pylist() for name in ("state", "engine")}
        columns |= {name: table[name].to_numpy().tolist() for name in _FLAT}
        columns["number"] = table["number"].to_numpy().cumsum().tolist()
        columns["reached"] = list(zip(*(table[f"{level:g}"].to_numpy().tolist() for level in LEVELS), strict=True))
    except (pa.ArrowException, LookupError, OSError, MemoryError) as error:  # damaged ones may claim any size
        raise ValueError("these bytes are no summaries") from error
    return [Summary(*fields) for fields in zip(*(columns[name] for name in Summary._fields), strict=True)]


def _packed(done: np.ndarray) -> bytes:
    return zlib.compress(np.packbits(done).tobytes(), 1)


def _unpacked(content: bytes, runs: int) -> np.ndarray:
    """Whether each of so many runs is done, of which the last ones may not be noted yet."""
    try:
        bits = np.unpackbits(np.frombuffer(zlib.decompress(content), np.uint8))[:runs]
    except zlib.error as error:
        raise ValueError("these bytes are no numbers of runs") from error
    return np.pad(bits, (0, runs - len(bits))).astype(bool)
