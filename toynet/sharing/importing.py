"""A run that was exported becomes a run again: JSON whole, a metrics CSV with its curves alone."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from toynet import metrics_csv
from toynet.config import GIVEN, Config, shown
from toynet.datasets import features
from toynet.datasets.real import REAL
from toynet.engines import ENGINES, Progress
from toynet.history import COLUMNS, COUNTS, OF_BATCHES, Change
from toynet.measuring import OF_TEST, Measures
from toynet.network import Parameters
from toynet.runs.records import LATER, Record, Source, sketch
from toynet.sharing.documents import KIND, READ
from toynet.state import Snapshot, State, check, parameters_of
from toynet.training import IN_MID_RUN, new_name

LARGEST = 1_000_000_000
"""Bytes of a file that is read at most."""

_NAME = re.compile(r"\w[\w.~-]{0,79}")
"""What a run may be called: it stands in addresses and file names."""

MOST = 2**53
"""What counts are below: floats hold them exactly, and databases too."""

SAID = ("name", "note")
"""What people say of a run, in texts."""


@dataclasses.dataclass(frozen=True)
class Imported:
    """A run from a file.

    Attributes
    ----------
    record : Record
        For `Store.take_in`.
    said : dict
        `name`, `note` and `tags`, as far as they are known.
    """

    record: Record
    said: dict[str, Any]


def read(content: bytes) -> list[Imported]:
    """The runs of an exported file.

    Parameters
    ----------
    content : bytes
        JSON of `documents.to_json`, or a metrics CSV of one run or several.

    Returns
    -------
    list of Imported

    Raises
    ------
    ValueError
        One sentence that says what is wrong with it.
    """
    if len(content) > LARGEST:
        raise ValueError(f"the file is larger than {LARGEST // 1_000_000:,} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is neither JSON nor CSV in UTF-8, as ToyNet exports runs") from error
    if text.lstrip()[:1] in ("{", "["):
        return [_from_json(text)]
    return _from_csv(text)


# --- JSON ----------------------------------------------------------------------------


def _from_json(text: str) -> Imported:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no whole JSON: {error}") from error
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise ValueError("it is JSON, but no run that ToyNet has exported")
    version = document.get("version")
    if type(version) is not int or version not in READ:
        known = " and ".join(map(str, READ))
        raise ValueError(f"it is of version {shown(version)}, and {known} are the ones known here")
    config = _config(_get(document, "settings", dict))
    changes = _changes(_get(document, "changes", list), config)
    progress = _progress(document, config)
    history = _history(_get(document, "history", dict))
    state = State(
        _run_name(document.get("run")),
        config,
        changes,
        _one_engine(document.get("engine_asked")) or None,
        _engine(document.get("engine")),
        progress,
        history,
        _seconds(document),
        plain(_get(document, "diverged", str))[:1000],
        plain(_get(document, "data", str))[:64],
        None,
        snapshots=_snapshots(_get(document, "snapshots", list), config, progress),
    )
    _check_together(state)
    said: dict[str, Any] = {name: plain(document[name]) for name in SAID if isinstance(document.get(name), str)}
    if isinstance(document.get("tags"), list):
        said["tags"] = [plain(tag) for tag in document["tags"] if isinstance(tag, str)]
    present = _present(document.get("present"), state)
    return _imported(state, said | _as_said(document.get("run"), said), present, _source(document))


def _get(document: Mapping[str, Any], name: str, kind: type) -> Any:
    value = document.get(name)
    is_number = kind is float and isinstance(value, int) and not isinstance(value, bool)
    if not (is_number or (isinstance(value, kind) and not (kind is int and isinstance(value, bool)))):
        raise ValueError(f"{name} is missing, or not what it should be")
    return value


def plain(text: str) -> str:
    """The text without what no database and no file in UTF-8 holds: zeros, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _source(document: Mapping[str, Any]) -> Source:
    """The run that it went on from, which may not be here."""
    match document:
        case {"parent": str() as parent, "parent_epoch": int() as epoch} if (
            _NAME.fullmatch(parent) and 0 <= epoch < MOST
        ):
            return Source("", parent, int(epoch))
    return Source()


def _seconds(document: Mapping[str, Any]) -> float:
    seconds = _get(document, "seconds", float)
    if not 0 <= seconds < MOST:  # nor NaN
        raise ValueError("its seconds are no time")
    return float(seconds)


def _present(found: Any, state: State) -> dict[str, float]:
    """The row of a history that the run is at: what was measured then, else the last one recorded."""
    history, progress = state.history, state.progress
    present = {name: float(column[-1]) for name, column in history.items()}
    if not isinstance(found, dict) or progress.update == history["update"][-1]:
        return present
    values = {name: [found.get(name)] for name in Measures._fields}
    measured = {name: float(column[0]) for name, column in measures(values, "present").items()}
    rates = [change.value for change in state.changes if change.setting == "learning_rate"]
    samples = history["samples_seen"][-1] + (progress.epoch - history["epoch"][-1]) * _samples(history)
    counts = {"epoch": progress.epoch, "update": progress.update, "samples_seen": samples + progress.position}
    rate = rates[-1] if rates else state.config.learning_rate
    return {**present, **counts, "seconds": state.seconds, **measured, "learning_rate": rate}


def _samples(history: Mapping[str, np.ndarray]) -> int:
    """How many samples an epoch has, as far as its history tells; else 0."""
    samples = np.unique(history["samples_seen"][1:] / history["epoch"][1:])
    if len(samples) > 1 or (samples % 1).any() or (samples < 1).any():
        raise ValueError("its history's samples_seen are not as many in each epoch")
    return int(samples[0]) if len(samples) else 0


def _check_together(state: State) -> None:
    """Whether a run's parts are of one run: as far as can be told without its data."""
    history, progress = state.history, state.progress
    if history["epoch"][-1] > progress.epoch or history["update"][-1] > progress.update:
        raise ValueError("its history goes beyond its present epoch")
    d, k = progress.parameters.W1.shape[1], len(progress.parameters.W2)
    for known in (progress, *(snapshot.progress for snapshot in state.snapshots)):
        for arrays in filter(None, (known.parameters, known.velocity)):
            if (arrays.W1.shape[1], len(arrays.W2)) != (d, k):
                raise ValueError("its parameters, its v and those of its snapshots are not of the same shapes")
    _check_data(state.config, d, k)
    samples = _samples(history)
    if samples:
        check(state, samples, d, k)


def _check_data(config: Config, d: int, k: int) -> None:
    """Whether such data can have d inputs and k outputs: as far as can be told without the file."""
    if config.dataset == GIVEN:
        return
    wanted = len(features.parse(config.features)) or 2
    if d != wanted:
        raise ValueError(f"its parameters are those of {d} inputs, and its settings name {wanted}")
    possible = _possible_outputs(config)
    if k not in possible:
        needed = " or ".join(map(str, possible))
        raise ValueError(f"its parameters are those of {k} outputs, and its data need {needed}")


def _possible_outputs(config: Config) -> tuple[int, ...]:
    if config.dataset == "csv":
        from toynet.datasets.csv_files import MOST_AT_ONCE  # pandas, which takes a while to load

        return (1,) if config.class_1 else (1, *range(3, MOST_AT_ONCE + 1))
    classes = len(REAL[config.dataset].order) if config.dataset in REAL else config.classes
    return (1,) if classes == 2 else (classes,)


def _changes(found: list, config: Config) -> tuple[Change, ...]:
    changes, last = [], 0
    for change in found:
        match change:
            case [int() as update, str() as setting, value] if last <= update < MOST and setting in IN_MID_RUN:
                config = dataclasses.replace(config, **{setting: value})  # raises where it is out of range
                changes.append(Change(update, setting, getattr(config, setting)))
                last = update
            case _:
                raise ValueError(f"its change {shown(change)} is none")
    return tuple(changes)


def _progress(document: Mapping[str, Any], config: Config) -> Progress:
    counts = {name: _get(document, name, int) for name in ("epoch", "update", "position")}
    if not all(0 <= count < MOST for count in counts.values()):
        raise ValueError(f"epoch, update and position must not be negative, nor beyond {MOST:,}")
    parameters, velocity = _parameters(document, "parameters", config), None
    if config.momentum and counts["update"]:
        velocity = _parameters(document, "velocity", config)
    order = _order(_get(document, "order", dict))
    return Progress(parameters, order, **counts, velocity=velocity)


def _parameters(document: Mapping[str, Any], what: str, config: Config) -> Parameters:
    """What is learned, or v of momentum, in the same shapes."""
    words = "parameters" if what == "parameters" else "velocities"
    arrays = {name: numbers(name, values) for name, values in _get(document, what, dict).items()}
    W1, W2 = (arrays.get(name, np.empty(0)) for name in ("W1", "W2"))
    (h, d), k = W1.shape if W1.ndim == 2 else (0, 0), len(W2) if W2.ndim == 2 else 0
    shapes = {"W1": (config.hidden_size, d), "b1": (h, 1), "W2": (k, h), "b2": (k, 1)}
    if {name: array.shape for name, array in arrays.items()} != shapes or d < 1 or k < 1 or k == 2:
        raise ValueError(f"its {words} are not those of a network with {config.hidden_size} hidden units")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError(f"its {words} are not all finite")
    return parameters_of(arrays)


def _order(order: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a PCG64, and nothing else."""
    match order:
        case {
            "bit_generator": "PCG64",
            "state": {"state": int() as state, "inc": int() as inc},
            "has_uint32": int() as has,
            "uinteger": int() as left,
        } if min(state, inc, has, left) >= 0 and max(state, inc) < 2**128 and has < 2 and left < 2**32 and inc % 2:
            return {
                "bit_generator": "PCG64",
                "state": {"state": state, "inc": inc},
                "has_uint32": has,
                "uinteger": left,
            }
    raise ValueError("its order is not the state of a PCG64 generator")


def _snapshots(found: list, config: Config, progress: Progress) -> tuple[Snapshot, ...]:
    snapshots = []
    for document in found:
        if not isinstance(document, dict):
            raise ValueError("its snapshots are not what they should be")
        snapshots.append(Snapshot(_progress(document, config), _one_engine(document.get("engine"))))
    updates = [snapshot.progress.update for snapshot in snapshots]
    if not updates or updates[0] != 0 or updates != sorted(set(updates)) or updates[-1] > progress.update:
        raise ValueError("its snapshots do not begin at its start, or are not in order")
    return tuple(snapshots)


def _engine(name: Any) -> str:
    names = name.split("+") if isinstance(name, str) and name else []
    if not (name is None or isinstance(name, str)) or not set(names) <= set(ENGINES):
        raise ValueError(f"its engine {shown(name)} is none")
    return "+".join(names)


def _one_engine(name: Any) -> str:
    if "+" in _engine(name):
        raise ValueError(f"its engine {shown(name)} is not one")
    return _engine(name)


# --- CSV -----------------------------------------------------------------------------


def _from_csv(text: str) -> list[Imported]:
    import pandas as pd

    settings = (name for name in Config().to_dict() if name not in ("learning_rate", *LATER))
    known = ["run", *COLUMNS, *settings, "engine"]
    try:
        header = pd.read_csv(io.StringIO(text), nrows=0)
        missing = [name for name in known if name not in header]
        if missing:
            some = ", ".join(missing[:3]) + (" and others" if len(missing) > 3 else "")
            raise ValueError(f"there is no column {some}")
        frame = metrics_csv.read(io.StringIO(text))
    except (ValueError, TypeError, pd.errors.ParserError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"it is no metrics CSV of ToyNet's: {said}") from error
    if not len(frame):
        raise ValueError("it has no rows")
    return [_of_rows(rows) for _, rows in frame.groupby("run", sort=False)]


def _of_rows(rows: Any) -> Imported:
    """A run of the rows of a metrics CSV: its curves, and settings with their changes as the rows tell of them."""
    history = _history({name: rows[name].tolist() for name in COLUMNS})
    last = rows.iloc[-1]
    settings = {f.name: _plain(last[f.name], f.type) for f in dataclasses.fields(Config) if f.name in rows}
    changing = ("learning_rate", *OF_BATCHES)
    start = settings | {name: _plain(rows[name].iloc[0], type(settings[name])) for name in changing}
    config, changes = _config(start), []
    for name in changing:
        values = rows[name].to_numpy()
        for place in np.flatnonzero(values[1:] != values[:-1]).tolist():
            value = _plain(values[place + 1], type(settings[name]))
            changes.append([int(history["update"][place]), name, value])
    changes.sort(key=lambda change: change[0])
    epoch, update = int(history["epoch"][-1]), int(history["update"][-1])
    # There are no parameters: its curves are all that it has.
    progress = Progress(cast(Any, None), {}, epoch, update)
    seconds = float(history["seconds"][-1])
    run, engine = str(last["run"]), _engine(str(last["engine"]))
    found = _changes(changes, config)
    state = State(_run_name(run), config, found, None, engine, progress, history, seconds, "", "", None)
    return _imported(state, _as_said(run, {}), {name: float(column[-1]) for name, column in history.items()})


def _plain(value: Any, kind: Any) -> Any:
    """A cell as the setting's own type, or as it is, for Config to refuse."""
    try:
        own = kind(value)
    except (TypeError, ValueError, OverflowError):
        return value
    return own if kind is str or own == value else value


# --- both ----------------------------------------------------------------------------


def _history(columns: Mapping[str, list]) -> dict[str, np.ndarray]:
    """The rows of a history, if they are those of one."""
    history = measures({name: columns.get(name) for name in COLUMNS}, "history")
    for name in (*COUNTS, "seconds"):
        first, steps = history[name][0], np.diff(history[name])
        is_whole = name == "seconds" or (first == 0 and not (history[name] % 1).any())
        is_ordered = first >= 0 and (steps >= 0).all() and not (name == "epoch" and (steps == 0).any())
        if not (is_ordered and is_whole and history[name][-1] < MOST):
            raise ValueError(f"its history's {name} must begin at the start and grow from row to row")
    return history


def measures(columns: Mapping[str, Any], what: str) -> dict[str, np.ndarray]:
    """Columns of numbers, each (rows,), finite but where there is no test part."""
    found: dict[str, np.ndarray] = {}
    for name, values in columns.items():
        if not isinstance(values, list) or not values:
            raise ValueError(f"its {what} has no {name}")
        column = numbers(f"{what}'s {name}", [np.nan if value is None else value for value in values])
        if column.ndim != 1 or any(len(column) != len(other) for other in found.values()):
            raise ValueError(f"its {what}'s {name} has not as many rows as others")
        is_open = np.isnan(column) & (name in OF_TEST)
        if not (np.isfinite(column) | is_open).all():
            raise ValueError(f"its {what}'s {name} is not all finite")
        found[name] = column
    return found


def numbers(name: str, values: Any) -> np.ndarray:
    """An array of what JSON says, if that is all numbers."""
    try:
        array = np.array(values)
        if array.dtype.kind in "iuf" and not _holds_truths(values):
            return array.astype(float)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"its {name} is not all numbers")


def _holds_truths(values: Any) -> bool:
    return any(map(_holds_truths, values)) if isinstance(values, list) else isinstance(values, bool)


def _imported(state: State, said: dict[str, Any], present: dict[str, float], source: Source | None = None) -> Imported:
    losses = sketch(state.history["test_loss"], state.history["train_loss"])
    return Imported(Record(state, 0, "imported", present, losses, source or Source()), said)


def _config(settings: Mapping[str, Any]) -> Config:
    config = Config.from_dict(settings)
    if "\0" in config.data_file:
        raise ValueError("its data_file is no name of a file")
    return config


def _run_name(name: Any) -> str:
    return name if isinstance(name, str) and _NAME.fullmatch(name) else new_name()


def _as_said(run: Any, said: Mapping[str, Any]) -> dict[str, str]:
    """A run name that cannot be one becomes what people call it."""
    is_other = isinstance(run, str) and run and not _NAME.fullmatch(run) and not said.get("name")
    return {"name": plain(run)[:200]} if is_other else {}
