"""People's own CSV files: checked, then kept under a name made of their content."""

import hashlib
import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from time import time_ns

import streamlit as st

from toynet import files
from toynet.datasets import csv_files
from toynet.datasets.tables import shortened
from toynet.ui import keeping, keys, session

UPLOADS = csv_files.DATA / "uploads"
MOST_FILES, MOST_BYTES = 200, 500_000_000
"""Uploads kept; of more, those unused for longest go, but for what an open tab uses."""

_storing = threading.Lock()
_NAME = re.compile(r"uploads/[\w-]+-[0-9a-f]{16}\.csv")


def keep(content, name):
    """Check an uploaded file and store it.

    Parameters
    ----------
    content : bytes
    name : str
        What the person's file is called.

    Returns
    -------
    str
        Its name for `Config.data_file`: uploads/<stem>-<hash of content>.csv. The
        hash makes it unguessable, so a link opens it but nobody else finds it.

    Raises
    ------
    ValueError
        One sentence that says why it cannot be used.
    """
    name = shortened(name, 60)
    table = csv_files.parse(content, name)
    try:
        csv_files.suggest(table)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    stem = re.sub(r"\W+", "-", Path(name).stem).strip("-")[:40] or "file"
    path = UPLOADS / f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.csv"
    try:
        with _storing:
            UPLOADS.mkdir(exist_ok=True)
            if not path.is_file() or path.read_bytes() != content:
                files.write(path, content)
            csv_files.remember(path, table)
            note_use(f"uploads/{path.name}")
            _make_room(path.name)
    except OSError as error:
        raise ValueError(f"{name} could not be stored in {UPLOADS.parent.name}/uploads: {error.strerror}") from error
    return f"uploads/{path.name}"


def note_use(data_file):
    """Of an upload, that it is used now. Its time of change stays: it stands for its content."""
    path = csv_files.DATA / data_file
    if is_kept(data_file):
        with suppress(OSError):
            os.utime(path, ns=(time_ns(), path.stat().st_mtime_ns))


def _make_room(new):
    """Remove uploads, those unused for longest first, until what is left keeps to the bounds."""
    used = {f"uploads/{new}", *session.files_in_use(), *_of_kept_runs()}
    with suppress(OSError):  # somebody else may be tidying up too
        kept = [(path, path.stat()) for path in UPLOADS.iterdir() if path.is_file()]
        number, size = len(kept), sum(stat.st_size for _, stat in kept)
        for path, stat in sorted(kept, key=lambda file: max(file[1].st_atime_ns, file[1].st_mtime_ns)):
            if number <= MOST_FILES and size <= MOST_BYTES:
                break
            if f"uploads/{path.name}" not in used:
                path.unlink()
                number, size = number - 1, size - stat.st_size


def _of_kept_runs():
    """The files that kept runs and sweeps need to go on; where the store cannot say, all of them might be."""
    try:
        return keeping.store().files_in_use() | keeping.sweeps().files_in_use()
    except ValueError:
        return {f"uploads/{path.name}" for path in UPLOADS.iterdir()}


def is_kept(data_file):
    """Whether this is the name of a stored upload (and not a way to some other file)."""
    return bool(_NAME.fullmatch(data_file)) and (csv_files.DATA / data_file).is_file()


def label(data_file):
    """What people call the file: its own name, without the hash."""
    return re.sub(r"-[0-9a-f]{16}\.csv$", ".csv", data_file.removeprefix("uploads/"))


def receive(on_file):
    """Before the controls are drawn: a new file's stored name goes to `on_file`, or why it cannot be used is kept.

    Not the control's `on_change`: Streamlit may forget it where a frame is drawn at the same moment.
    """
    tab, file = session.current(), st.session_state.get(keys.UPLOAD)
    number = file.file_id if file else ""
    if number == tab.last_upload[0]:
        return
    problem = ""
    if file:
        try:
            on_file(keep(file.getvalue(), file.name))
        except ValueError as error:
            problem = f"{error}."
    tab.last_upload = (number, problem)


def control():
    """The upload control.

    Returns
    -------
    str
        Why the file that is in it now cannot be used, or "".
    """
    st.file_uploader(
        "Own CSV",
        type=["csv", "tsv", "txt"],
        key=keys.UPLOAD,
        help="A table with a header line, two numeric columns and a column with the classes. At most 10 MB.",
    )
    return session.current().last_upload[1]
