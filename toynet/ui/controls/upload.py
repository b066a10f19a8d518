"""People's own CSV files: checked, then kept under a name made of their content."""

import hashlib
import re
from pathlib import Path

import streamlit as st

from toynet.datasets import csv_files
from toynet.datasets.tables import shortened
from toynet.ui import keys, session

UPLOADS = csv_files.DATA / "uploads"
MOST_FILES = 100
"""Uploads kept; of more, the ones unused for longest go."""

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
        UPLOADS.mkdir(exist_ok=True)
        path.write_bytes(content)
        for old in sorted(UPLOADS.glob("*.csv"), key=lambda p: p.stat().st_mtime)[:-MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(f"{name} could not be stored in {UPLOADS.parent.name}/uploads: {error.strerror}") from error
    return f"uploads/{path.name}"


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
