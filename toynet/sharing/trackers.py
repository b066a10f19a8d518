"""A run's metrics for the tools that people compare runs with: event files for TensorBoard, a CSV file for Trackio."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorboardX import summary
from tensorboardX.crc32c import CRC_TABLE
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

from toynet.history import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

TAGS = {
    "train_loss": "loss/train",
    "test_loss": "loss/test",
    "train_accuracy": "accuracy/train",
    "test_accuracy": "accuracy/test",
    "grad_norm_W1": "grad_norm/W1",
    "grad_norm_b1": "grad_norm/b1",
    "grad_norm_W2": "grad_norm/W2",
    "grad_norm_b2": "grad_norm/b2",
    "grad_norm": "grad_norm/all",
    "learning_rate": "learning_rate",
    "update": "progress/update",
    "seconds": "progress/seconds",
}
"""Column of the metrics CSV -> TensorBoard's tag, where what goes before the slash is a group. Samples seen are the
step's multiple, and are left out."""

SHORT = {"accuracy": "acc", "grad_norm": "grad", "learning_rate": "rate"}
"""Trackio cuts a name after ten letters, digits and slashes: in its file these words stand for the long ones."""

LONGEST = 80
"""Characters of a folder's name, and a hash."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def tensorboard(folder: str | Path, run: str, frame: pd.DataFrame) -> Path:
    """Write a run into a folder of its own, where TensorBoard and Trackio find it: the whole of it, or nothing.

    Parameters
    ----------
    folder : str or Path
        Of all runs, `tensorboard --logdir folder` shows them side by side.
    run : str
        The run's name.
    frame : pandas.DataFrame
        `Trainer.history`.

    Returns
    -------
    Path
        The run's folder, of its name where that is one for a folder. In it are an event file and `trackio.csv`, which
        `trackio.import_csv(csv_path=..., project=..., name=...)` reads.

    Raises
    ------
    FileExistsError
        If there is something in that folder.
    OSError
        Where it cannot be written.
    """
    target = Path(folder) / folder_name(run)
    _check_is_free(target)
    temporary = target.parent / f".toynet-{secrets.token_hex(8)}.tmp"
    temporary.mkdir(parents=True)
    try:
        began, numbers = _began(run), _numbers(frame)
        times = began + np.nan_to_num(frame["seconds"].to_numpy(float))
        _write_events(temporary, frame, numbers, times)
        _write_csv(temporary / "trackio.csv", frame, numbers, times)
        _check_is_free(target)
        if target.is_dir():  # and empty: Windows would not rename onto it
            target.rmdir()
        os.rename(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def folder_name(run: str) -> str:
    """The run's name, if it is one for a folder on every system; else what is left of it, and a hash of all of it."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", run[:LONGEST]).strip("._")
    if safe and safe == run and not _RESERVED.fullmatch(safe):
        return safe
    return f"{safe or 'run'}-{hashlib.sha256(run.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _check_is_free(target):
    if os.path.lexists(target) and not (target.is_dir() and not target.is_symlink() and not any(target.iterdir())):
        raise FileExistsError(f"{target} exists already and is not empty: nothing was written")


def _began(run):
    """When the run started, in seconds since 1970: its name begins with it; else now."""
    try:
        return datetime.strptime(run[:15], "%Y%m%d-%H%M%S").timestamp()
    except (ValueError, OverflowError, OSError):
        return datetime.now().timestamp()


def _numbers(frame) -> dict[str, np.ndarray]:
    """Column -> values (rows,) of what is measured, but for measures that are open throughout."""
    batch = ["batch_size"] if "batch_size" in frame and frame["batch_size"].nunique() > 1 else []
    columns = {name: frame[name].to_numpy(float) for name in [*TAGS, *batch] if name in frame}
    return {name: values for name, values in columns.items() if not np.isnan(values).all()}


# --- TensorBoard -------------------------------------------------------------------------


def _write_events(folder, frame, numbers, times):
    """One event file. TensorBoard's own name for it would tell everyone this machine's."""
    events = [event.SerializeToString() for event in _events(frame, numbers, times)]
    lengths = [struct.pack("<Q", len(event)) for event in events]
    with open(folder / f"events.out.tfevents.{int(times[0])}.toynet", "xb") as file:
        for record in zip(lengths, _checksums(lengths), events, _checksums(events), strict=True):
            file.writelines(record)
        file.flush()
        os.fsync(file.fileno())


def _checksums(texts: list[bytes]) -> list[bytes]:
    """CRC-32C of each, masked as in event files: for those of one length at once, else they would take all the time."""
    table, lengths = np.array(CRC_TABLE, np.uint32), np.array([len(text) for text in texts])
    found = np.empty(len(texts), np.uint32)
    for length in np.unique(lengths):
        those = np.flatnonzero(lengths == length)
        crc = np.full(len(those), 0xFFFFFFFF, np.uint32)
        for column in np.frombuffer(b"".join(texts[i] for i in those), np.uint8).reshape(-1, length).T:
            crc = table[(crc ^ column) & 0xFF] ^ (crc >> 8)
        found[those] = ~crc
    masked = ((found >> 15) | (found << 17)) + np.uint32(0xA282EAD8)
    return [bytes(four) for four in masked.astype("<u4")[:, None].view(np.uint8)]


def _events(frame, numbers, times) -> Iterator[Event]:
    """The settings, then an event a row with all of its values; times are seconds since 1970."""
    settings = _settings(frame)
    tags = [TAGS.get(name, name) for name in numbers]
    yield Event(wall_time=times[0], file_version="brain.Event:2")
    yield Event(wall_time=times[0], step=0, summary=summary.text("settings", _markdown(settings)))
    for part in summary.hparams(settings, dict.fromkeys(tags)):
        yield Event(wall_time=times[0], step=0, summary=part)
    with np.errstate(over="ignore", under="ignore"):  # beyond its float32 TensorBoard knows 0 and infinity
        rows = np.stack(list(numbers.values()), axis=1).astype(np.float32)
    for wall_time, step, row in zip(times.tolist(), frame["epoch"].tolist(), rows.tolist(), strict=True):
        values = [
            Summary.Value(tag=tag, simple_value=value)
            for tag, value in zip(tags, row, strict=True)
            if value == value  # NaN is open, and no point
        ]
        yield Event(wall_time=wall_time, step=step, summary=Summary(value=values))


def _settings(frame) -> dict[str, Any]:
    """Name -> number or text of what is set and not measured, as it was at the end."""
    last = frame.iloc[-1]
    names = [name for name in frame if name not in COLUMNS or name == "learning_rate"]
    values = {name: last[name] for name in names}
    return {name: _text(v) if isinstance(v, str) else float(v) for name, v in values.items()}


def _text(value):
    """Text that is UTF-8, whatever it was."""
    return value.encode("utf-8", "replace").decode()


def _markdown(settings: Mapping[str, Any]) -> str:
    """The settings as a table. TensorBoard would draw an image that a name asks for: signs are told by number."""
    rows = [(name, f"{value:g}" if isinstance(value, float) else value) for name, value in settings.items()]
    lines = [" | ".join(re.sub(r"[^A-Za-z0-9 ]", _numbered, cell) for cell in row) for row in rows]
    return "\n".join(["setting | value", "--- | ---", *lines])


def _numbered(sign):
    """A sign as HTML's reference to it by number."""
    return f"&#{ord(sign[0])};"


# --- Trackio -----------------------------------------------------------------------------


def _write_csv(path, frame, numbers, times):
    """A CSV file with the columns that `trackio.import_csv` asks for; what is not finite is an empty cell."""
    stamps = [datetime.fromtimestamp(time, UTC).isoformat() for time in times.tolist()]
    columns = {"step": frame["epoch"].to_numpy(), "timestamp": stamps}
    columns |= {_short(TAGS.get(name, name)): np.where(np.isfinite(v), v, np.nan) for name, v in numbers.items()}
    with open(path, "x", encoding="utf-8", newline="") as file:
        type(frame)(columns).to_csv(file, index=False, lineterminator="\n")
        file.flush()
        os.fsync(file.fileno())


def _short(tag):
    for long, short in SHORT.items():
        tag = tag.replace(long, short)
    return tag.removeprefix("progress/")
