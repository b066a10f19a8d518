"""The Store: runs are kept in it as they train, listed, and taken up again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from toynet.config import Config
from toynet.engines import Progress
from toynet.history import COLUMNS, COUNTS, Change, History, settings
from toynet.replay import Replay
from toynet.runs.database import Opened, reading, told, writing
from toynet.runs.location import Gone, StoreError, Taken
from toynet.runs.packing import pack_arrays, pack_rows, pack_split, unpack_arrays, unpack_rows, unpack_split
from toynet.runs.records import Record, Source, is_gone, versions
from toynet.runs.schema import chunks, runs, snapshots
from toynet.state import Snapshot, State, parameters_of
from toynet.training import Trainer, new_name

if TYPE_CHECKING:
    import pandas as pd

STALE = 5.0
"""Seconds without a sign of life after which a run that runs by what is stored is interrupted."""

CHUNK = 2048
"""Rows of history from which on a chunk is left as it is and another one begun."""

BIN = 24 * 3600.0
"""Seconds for which what was deleted can be brought back."""

_LISTED = [
    column
    for column in runs.c
    if column.name not in ("id", "parameters", "split", "order_state", "shapes", "versions", "deleted", "said")
]


_BRIEF = (runs.c.run, runs.c.name, runs.c.created, runs.c.epoch, runs.c.config)


class Store(Opened):
    """Kept runs.

    Parameters
    ----------
    url : str, optional
        The database, as SQLAlchemy names it; by default that of the environment variable
        `TOYNET_DATABASE_URL`, else SQLite at data/runs.db.

    Raises
    ------
    StoreError
        A ValueError of one sentence, from each method: it cannot be opened, read or written.
    """

    # --- what is kept ------------------------------------------------------------------

    def runs(self, owner: str | None = None, with_sketches: bool = True) -> pd.DataFrame:
        """A row a run, the latest first.

        Parameters
        ----------
        owner : str, optional
            Only this person's.
        with_sketches : bool
            Without the column `sketch` the table is there in half the time.

        Returns
        -------
        pandas.DataFrame
            `run, state, epoch, update`, then what was measured last, the best test loss and its epoch; what people say
            of it (`name`, `note`, `tags`), where it comes from, `sketch` (some of its losses), and every field of
            Config, as it is by now; then `engine`.
        """
        import pandas as pd

        left_out = () if with_sketches else ("curve",)
        selected = [_as_text(column) for column in _LISTED if column.name not in left_out]
        wanted = sa.select(*selected).where(runs.c.deleted.is_(None))
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        with reading(self._engine) as connection:
            found = connection.execute(wanted.order_by(runs.c.created.desc(), runs.c.id.desc()))
            columns = _by_name(list(found.keys()), found.all())
        listed = _listed(columns, time.time())
        usual = None if columns["run"] else object
        return pd.DataFrame({name: listed[name] for name in _columns() if name in listed}, dtype=usual)

    def stamp(self, owner: str | None = None) -> tuple[tuple[int, int, float], float, int]:
        """What is read in a moment, and another once `runs` is.

        Which runs there are, with when people last said something of one; when one was written last; and how many
        run, by what is stored.
        """
        is_running = sa.case((runs.c.status == "running", 1))
        last = sa.func.max(runs.c.said), sa.func.max(runs.c.heartbeat)
        counts = sa.func.count(), sa.func.sum(runs.c.id), *last, sa.func.count(is_running)
        wanted = sa.select(*counts).where(runs.c.deleted.is_(None))
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        with reading(self._engine) as connection:
            number, of_them, said, written, running = connection.execute(wanted).one()
        return (number, of_them or 0, said or 0.0), written or 0.0, running

    def sketches(self, names: Iterable[str]) -> dict[str, list[float]]:
        """Some of the losses of each of these runs."""
        wanted = sa.select(runs.c.run, runs.c.curve).where(runs.c.run.in_(list(names)))
        with reading(self._engine) as connection:
            return {row.run: row.curve for row in connection.execute(wanted)}

    def latest(self, number: int, owner: str | None = None) -> list[dict[str, Any]]:
        """The latest runs, in brief: `run`, `name`, `created`, `epoch` and `config` (as at the start) of each."""
        wanted = sa.select(*_BRIEF).where(runs.c.deleted.is_(None)).order_by(runs.c.created.desc()).limit(number)
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        with reading(self._engine) as connection:
            return [_in_brief(row) for row in connection.execute(wanted)]

    def brief(self, run: str) -> dict[str, Any]:
        """The same of one run."""
        return _in_brief(self._row(run))

    def length(self, run: str) -> tuple[int, int]:
        """How many rows a run's history has, and how many epochs it."""
        row = self._row(run)
        return row.rows, row.epoch

    def history(self, run: str) -> pd.DataFrame:
        """The metrics of a run: the columns of the metrics CSV."""
        row, rows = self._row(run), self._rows(run)
        config, changes = Config.from_dict(row.config), _changes(row)
        columns = settings(rows["update"], config.to_dict(), changes) | {"engine": row.engine}
        return History(rows).frame(row.run, columns)

    def curves(self, run: str, names: Sequence[str]) -> dict[str, np.ndarray]:
        """Some columns of a run's history, each (rows,): sooner read than all of it."""
        return self._rows(run, names)

    def state(self, run: str) -> State:
        """A run as it was put down; `Trainer.resume` takes it up."""
        row = self._row(run)
        if row.parameters is None:
            raise StoreError(f"run {row.run} was imported without its parameters: only its curves are here")
        kept = sa.select(snapshots).where(snapshots.c.run_id == row.id, snapshots.c.update <= row.update)
        with reading(self._engine) as connection:
            found = connection.execute(kept.order_by(snapshots.c.update)).all()
        # What was written since the row was read is left out.
        history = {name: column[: row.rows] for name, column in self._rows(run, recorded=True).items()}
        config = Config.from_dict(row.config)
        with told(self._engine.url):
            if len(history["epoch"]) < row.rows:
                raise ValueError("rows are missing")
            return State(
                row.run,
                config,
                _changes(row),
                row.engine_asked,
                row.engine,
                _progress(row, row.shapes),
                history,
                row.seconds,
                row.diverged,
                row.data,
                unpack_split(row.split) if row.split else None,
                snapshots=tuple(Snapshot(_progress(s, row.shapes), s.engine) for s in found),
            )

    def trainer(self, run: str, epoch: int | None = None) -> Trainer:
        """A run taken up where it stands, or as it was at the end of an epoch.

        Parameters
        ----------
        run : str
        epoch : int, optional
            0 to the last that it has ended.

        Returns
        -------
        Trainer
            It goes on bit for bit as the run would have; what it trains is not kept unless it is told to `keep`.
        """
        state = self.state(run)
        if epoch is None:
            return Trainer.resume(state)
        if not 0 <= epoch <= state.progress.epoch:
            raise ValueError(f"run {run} has the epochs 0 to {state.progress.epoch:,}, not {epoch!r}")
        replay = Replay(state)
        replay.seek(epoch)
        return Trainer.resume(replay.moment())

    def source(self, run: str) -> Source:
        """Whose a run is, and which it went on from."""
        row = self._row(run)
        return Source(row.owner, row.parent, row.parent_epoch)

    def said(self, run: str) -> dict[str, Any]:
        """What people say of a run: its name, note and tags; and which run it went on from, where it did."""
        row = self._row(run)
        parent = {"parent": row.parent, "parent_epoch": row.parent_epoch} if row.parent else {}
        return {"name": row.name, "note": row.note, "tags": row.tags, **parent}

    def status(self, run: str) -> str:
        """How a run stands now."""
        row = self._row(run)
        return _status(row.status, row.holder, row.heartbeat, time.time())

    def files_in_use(self) -> set[str]:
        """The data files of all kept runs."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(runs.c.config["data_file"].as_string()).distinct()).scalars()
            return set(filter(None, found))

    # --- keeping -----------------------------------------------------------------------

    def keep(self, trainer: Trainer, source: Source | None = None) -> None:
        """Keep a run as it is now, whole."""
        self.save(Record.of(trainer, source=source or Source()))

    def save(self, record: Record, said: Mapping[str, Any] | None = None) -> None:
        """Write what is new of a run: all of it or nothing.

        Parameters
        ----------
        record : Record
        said : dict, optional
            What people say of a run that the store has not yet: some of `name`, `note`, `tags`.

        Raises
        ------
        Taken
            If somebody else has taken it up.
        Gone
            If rows before the record's are missing.
        StoreError
        """
        state = record.state
        with writing(self._engine) as connection:
            row = connection.execute(_named(state.run_name).with_for_update()).one_or_none()
            if row and record.holder:
                _check_holder(row, record.holder, record.before)
            if record.first_row > (row.rows if row else 0):
                raise Gone(f"run {state.run_name} is no longer as it was in {self.name}")
            best = (row.best_test_loss, row.best_epoch) if row else (None, None)
            values = _values(record, best)
            if row:
                run_id, stored = row.id, row.rows
                connection.execute(sa.update(runs).where(runs.c.id == run_id).values(values))
            else:
                first = {"run": state.run_name, "created": time.time(), "rows": 0}
                first |= {"name": "", "note": "", "tags": [], **(said or {})}
                first |= {"owner": record.source.owner, "parent": record.source.parent, "versions": versions()}
                first |= {"parent_epoch": record.source.parent_epoch}
                first |= {"split": pack_split(state.split) if state.split else None}
                made = connection.execute(sa.insert(runs).values({**first, **values}))
                assert made.inserted_primary_key
                run_id, stored = made.inserted_primary_key[0], 0
            _append(connection, run_id, stored, record)
            _keep_snapshots(connection, run_id, state.snapshots)

    def take_in(self, record: Record, said: Mapping[str, Any] | None = None, owner: str = "") -> str:
        """Keep a run that comes from elsewhere; where one has its name already, under another one.

        Parameters
        ----------
        record : Record
        said : dict, optional
            Some of `name`, `note`, `tags`.
        owner : str
            Whose it is.

        Returns
        -------
        str
            The run's name here.
        """
        with reading(self._engine) as connection:
            is_there = connection.execute(sa.select(runs.c.id).where(runs.c.run == record.state.run_name)).first()
        record = replace(record, source=replace(record.source, owner=owner))
        if is_there:
            record = replace(record, state=replace(record.state, run_name=new_name()))
        self.save(record, said)
        return record.state.run_name

    def claim(self, run: str, holder: str, update: int) -> None:
        """Take a run up, to train it here and nowhere else.

        Parameters
        ----------
        run : str
        holder : str
            From `records.holder`.
        update : int
            At which it is here.

        Raises
        ------
        Taken
            If it is being trained elsewhere, or has been trained on since.
        """
        with writing(self._engine) as connection:
            row = connection.execute(_named(run).with_for_update()).first()
            if row is None:
                raise StoreError(f"there is no run {run} in {self.name}")
            _check_holder(row, holder, update)
            changed = {"holder": holder, "heartbeat": time.time(), "deleted": None}
            connection.execute(sa.update(runs).where(runs.c.id == row.id).values(changed))

    def holder(self, run: str) -> str:
        """Who trains a run, or did last."""
        return self._row(run).holder

    def release(self, run: str, holder: str) -> None:
        """A run that this holder was training stands now where it is stored."""
        still = sa.and_(runs.c.run == run, runs.c.holder == holder, runs.c.status == "running")
        with writing(self._engine) as connection:
            connection.execute(sa.update(runs).where(still).values(status="interrupted"))

    # --- what people say of runs, and what they throw away --------------------------------

    def describe(
        self, run: str, name: str | None = None, note: str | None = None, tags: Sequence[str] | None = None
    ) -> None:
        """Give a run a name, a note or tags; what is left out stays."""
        said = {"name": name, "note": note, "tags": list(tags) if tags is not None else None}
        given = {what: value for what, value in said.items() if value is not None}
        if given:
            self._change([run], {**given, "said": time.time()})

    def delete(self, names: Iterable[str]) -> None:
        """Throw runs away. For a day `restore` brings them back."""
        with writing(self._engine) as connection:
            old = sa.delete(runs).where(runs.c.deleted < time.time() - BIN)
            connection.execute(old)
        self._change(names, {"deleted": time.time()})

    def restore(self, names: Iterable[str]) -> None:
        """Bring back what was deleted."""
        self._change(names, {"deleted": None})

    def _change(self, names, values):
        with writing(self._engine) as connection:
            connection.execute(sa.update(runs).where(runs.c.run.in_(list(names))).values(values))

    # --- rows of tables --------------------------------------------------------------------

    def find(self, name: str, owner: str | None = None) -> str:
        """The run of this name: its own, or the one that people gave it.

        Raises
        ------
        StoreError
            If there is none, or several.
        """
        wanted = sa.select(runs.c.run).where(runs.c.deleted.is_(None), sa.or_(runs.c.run == name, runs.c.name == name))
        if owner is not None:
            wanted = wanted.where(runs.c.owner == owner)
        with reading(self._engine) as connection:
            found = connection.execute(wanted).scalars().all() if name else []
        if name in found:
            return name
        if len(found) != 1:
            several = f"{len(found)} runs are called {name}: {', '.join(found[:3])}"
            raise StoreError(several if found else f"there is no run {name or 'without a name'} in {self.name}")
        return found[0]

    def _row(self, run):
        with reading(self._engine) as connection:
            row = connection.execute(_named(run)).first()
        if row is None:
            raise StoreError(f"there is no run {run} in {self.name}")
        return row

    def _rows(self, run, names=COLUMNS, recorded=False):
        """The history's columns; the present row behind what was recorded, where that is the end of a later epoch."""
        needed = dict.fromkeys(("epoch", *names))
        with reading(self._engine) as connection:
            row = connection.execute(_named(run)).first()
            if row is None:
                raise StoreError(f"there is no run {run} in {self.name}")
            wanted = sa.select(chunks.c.content).where(chunks.c.run_id == row.id).order_by(chunks.c.first_row)
            columns = unpack_rows(connection.execute(wanted).scalars(), needed)
        present = row.present
        is_later = row.position == 0 and (not len(columns["epoch"]) or present["epoch"] > columns["epoch"][-1])
        if is_later and not recorded and _is_whole(present):
            columns = {name: np.append(columns[name], _number(present[name])) for name in columns}
        return {name: columns[name] for name in names}


def _check_holder(row, holder: str, before: int) -> None:
    """Raise Taken unless this holder, who knows the run at that update, may go on with it."""
    if row.holder == holder:
        return
    if _status(row.status, row.holder, row.heartbeat, time.time()) == "running":
        raise Taken(f"run {row.run} is being trained in another place")
    if row.update != before:
        raise Taken(f"run {row.run} has been trained on in another place: it is at update {row.update:,}")


# --- records -> rows -------------------------------------------------------------------


def _values(record: Record, best: tuple) -> dict[str, Any]:
    """What is written of a run each time."""
    state, progress = record.state, record.state.progress
    arrays = progress.parameters._asdict() if progress.parameters is not None else None
    best_test_loss, best_epoch = _best(state.history, best)
    return {
        "status": record.status,
        "heartbeat": time.time(),
        "holder": record.holder,
        "deleted": None,
        "config": state.config.to_dict(),
        "changes": [list(change) for change in state.changes],
        "engine_asked": state.engine_asked,
        "engine": state.trained_by,
        "diverged": state.diverged,
        "data": state.data,
        "shapes": {name: list(array.shape) for name, array in arrays.items()} if arrays else sa.null(),
        "epoch": progress.epoch,
        "update": progress.update,
        "position": progress.position,
        "order_state": progress.order,
        "parameters": _arrays(progress) if arrays else None,
        "seconds": state.seconds,
        "present": {name: float(value) if np.isfinite(value) else None for name, value in record.present.items()},
        "best_test_loss": best_test_loss,
        "best_epoch": best_epoch,
        "curve": record.sketch,
    }


def _best(history: Mapping[str, np.ndarray], before: tuple) -> tuple:
    """The lowest test loss so far, and its epoch; None where there is no test part."""
    losses = history["test_loss"]
    if not np.isfinite(losses).any():
        return before
    place = int(np.nanargmin(losses))
    if before[0] is not None and before[0] <= losses[place]:
        return before
    return float(losses[place]), int(history["epoch"][place])


def _append(connection, run_id, stored, record):
    """Rows that are new behind those that are there: into the last chunk, or a next one where that is full."""
    rows = {name: column[max(stored - record.first_row, 0) :] for name, column in record.state.history.items()}
    new = len(rows["epoch"])
    if not new:
        return
    of_run = chunks.c.run_id == run_id
    # Only the last one can have room.
    last = connection.execute(sa.select(chunks).where(of_run, chunks.c.rows < CHUNK)).first()
    first_row = stored
    if last:
        first_row = last.first_row
        before = unpack_rows([last.content])
        rows = {name: np.concatenate([before[name], rows[name]]) for name in rows}
        connection.execute(sa.delete(chunks).where(of_run, chunks.c.first_row == first_row))
    chunk = {"run_id": run_id, "first_row": first_row, "rows": len(rows["epoch"]), "content": pack_rows(rows)}
    connection.execute(sa.insert(chunks).values(chunk))
    connection.execute(sa.update(runs).where(runs.c.id == run_id).values(rows=stored + new))


def _keep_snapshots(connection, run_id, kept: Iterable[Snapshot]):
    """The snapshots as they are now; those that are there already stay."""
    of_run = snapshots.c.run_id == run_id
    there = dict(connection.execute(sa.select(snapshots.c.update, snapshots.c.engine).where(of_run)).all())
    wanted = {snapshot.progress.update: snapshot for snapshot in kept}
    gone = [update for update, engine in there.items() if update not in wanted or wanted[update].engine != engine]
    if gone:
        connection.execute(sa.delete(snapshots).where(of_run, snapshots.c.update.in_(gone)))
    new = [_snapshot(run_id, wanted[update]) for update in wanted if update not in there or update in gone]
    if new:
        connection.execute(sa.insert(snapshots), new)


def _snapshot(run_id, snapshot):
    progress = snapshot.progress
    return {
        "run_id": run_id,
        "update": progress.update,
        "epoch": progress.epoch,
        "position": progress.position,
        "engine": snapshot.engine,
        "order_state": progress.order,
        "parameters": _arrays(progress),
    }


def _arrays(progress: Progress) -> bytes:
    """The parameters and, where there is momentum, its v behind them."""
    return pack_arrays((*progress.parameters, *(progress.velocity or ())))


# --- rows -> records -------------------------------------------------------------------


def _progress(row, shapes) -> Progress:
    parameters, *more = map(parameters_of, unpack_arrays(row.parameters, shapes))
    if len(more) > 1:
        raise ValueError("behind its parameters there is more than v")
    velocity = more[0] if more else None
    return Progress(parameters, row.order_state, row.epoch, row.update, row.position, velocity)


def _in_brief(row) -> dict[str, Any]:
    known = {column.name: getattr(row, column.name) for column in _BRIEF}
    return known | {"config": Config().to_dict() | row.config}  # an older ToyNet had fewer settings


def _changes(row) -> tuple[Change, ...]:
    return tuple(Change(update, setting, value) for update, setting, value in row.changes)


def _named(run):
    return sa.select(runs).where(runs.c.run == run)


def _is_whole(present):
    """Whether a row was measured where the run is, and finite, but for a test part that may be empty."""
    return all(value is not None for name, value in present.items() if not name.startswith("test_"))


def _number(value):
    return np.nan if value is None else value


# --- the table of runs -------------------------------------------------------------------

_FIRST = ("train_loss", "test_loss", "test_accuracy")
_NO_MEASURES = (*COUNTS, "seconds", "learning_rate")
_MEASURED = (*_FIRST, *(name for name in COLUMNS if name not in (*_FIRST, *_NO_MEASURES)))


def _columns() -> list[str]:
    settings = list(Config().to_dict())
    return [
        "run", "state", "epoch", "update", *_MEASURED, "best_test_loss", "best_epoch", "seconds", "created", "name",
        "note", "tags", "owner", "parent", "parent_epoch", "data", "diverged", "changes", "rows", "sketch",
        *settings, "engine",
    ]  # fmt: skip


def _as_text(column):
    """A column to be read; JSON as text, for all rows of it are decoded at once, which is far sooner done."""
    return sa.cast(column, sa.Text).label(column.name) if isinstance(column.type, sa.JSON) else column


def _by_name(names, rows) -> dict[str, Any]:
    """Column -> its values in all rows."""
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    decoded = [name for name in names if isinstance(runs.c[name].type, sa.JSON)]
    return {**columns, **{name: json.loads(f"[{','.join(columns[name])}]") for name in decoded}}


def _listed(columns, now) -> dict[str, Any]:
    """The columns of `Store.runs`."""
    changed = [{setting: value for _, setting, value in changes} for changes in columns["changes"]]
    # What a run of an older ToyNet does not say had what is the default now.
    usual = Config().to_dict()
    configs = [usual | config | more for config, more in zip(columns["config"], changed, strict=True)]
    stand = zip(columns["status"], columns["holder"], columns["heartbeat"], strict=True)
    return {
        **{name: [config[name] for config in configs] for name in usual},
        **columns,
        "parent": [parent or "" for parent in columns["parent"]],
        **{name: [*map(_number, columns[name])] for name in ("parent_epoch", "best_test_loss", "best_epoch")},
        **{name: [_number(present[name]) for present in columns["present"]] for name in _MEASURED},
        "state": [_status(*how, now) for how in stand],
        "changes": [len(changes) for changes in columns["changes"]],
        **({"sketch": columns["curve"]} if "curve" in columns else {}),
    }


def _status(status, holder, heartbeat, now) -> str:
    """How a run stands: one that runs by what is stored, and by nothing else, is interrupted."""
    if status == "running" and (now - heartbeat > STALE or is_gone(holder)):
        return "interrupted"
    return status
