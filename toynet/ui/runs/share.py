"""Runs leave and come: downloads in every form, and files that become runs again."""

import streamlit as st

from toynet.datasets import csv_files
from toynet.sharing import elsewhere, importing, tables
from toynet.sharing.kinds import KINDS, PICTURES, zipped
from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices, download

LARGEST = 200
"""MB of a file that is imported."""

OF_SEVERAL = {"csv": tables.csv, "parquet": tables.parquet}
"""Forms that hold several runs in one file."""


def export(chosen):
    """Draw the button Export of these rows of `Store.runs`."""
    runs = chosen.run.tolist()
    several = f"{len(runs):,} runs" if len(runs) > 1 else "this run"
    gone = sorted(name for name in set(chosen.data_file) if name and not _is_there(name))
    with st.popover("Export", help=f"Take {several} away.", key=keys.EXPORT_POPOVER):
        if gone:
            st.caption(f"{as_text(', '.join(gone), 300)} is no longer here: without it only the tables can be had.")
        columns = st.columns(2)
        for place, name in enumerate(name for name in KINDS if name not in ("svg", "png")):
            with columns[place % 2]:
                _button(name, runs, KINDS[name].title, KINDS[name].about, gone)
        picture = choices.segments("Picture", keys.EXPORT_PICTURE, list(PICTURES))
        with st.container(horizontal=True):
            for name in ("svg", "png"):
                _button(name, runs, KINDS[name].title, f"The picture {picture}.", gone, picture)


def _is_there(data_file):
    try:
        return csv_files.find(data_file).is_file()
    except ValueError:
        return False


def _button(name, runs, label, help, gone, picture=PICTURES[0]):
    kind = KINDS[name]
    is_archive = len(runs) > 1 and name not in OF_SEVERAL
    stem = f"toynet-{runs[0]}" if len(runs) == 1 else f"toynet-{len(runs)}-runs"
    suffix = f"{kind.suffix}.zip" if is_archive and kind.suffix != "zip" else kind.suffix
    stem += f"-{picture}" if name in ("svg", "png") else ""
    download.button(
        f"{label} (zip)" if is_archive else label,
        lambda: made(name, runs, picture),
        f"{stem}.{suffix}",
        "application/zip" if is_archive else kind.mime,
        key=keys.export(name),
        help=help[:1].upper() + help[1:],
        width="stretch",
        disabled=bool(gone) and name not in OF_SEVERAL,
    )


def made(name, runs, picture=PICTURES[0]):
    """The bytes of a form: one file of all runs where it can hold them, else a ZIP with one of each."""
    store = keeping.store()
    if name in OF_SEVERAL:
        return OF_SEVERAL[name](store.history(run) for run in runs)
    kind = KINDS[name]

    def one(run):
        trainer, said = store.trainer(run), store.said(run)
        if name in elsewhere.SLOW:
            return elsewhere.make(name, trainer, said, picture)
        return kind.make(trainer, said, picture)

    if len(runs) == 1:
        return one(runs[0])
    return zipped((f"{run}.{kind.suffix}", one(run)) for run in runs)


def take_in():
    """Draw the control that imports."""
    with st.popover(
        "Import", help="A run that was exported as JSON or CSV becomes a run again.", key=keys.IMPORT_POPOVER
    ):
        file = st.file_uploader("Exported run", type=["json", "csv"], key=keys.IMPORT, max_upload_size=LARGEST)
        tab = session.current()
        if file and file.file_id != tab.last_import[0]:
            tab.last_import = (file.file_id, *_read(file))
            st.rerun()


def told():
    """Draw what came of the last import: on the page, for its control may stand elsewhere by now."""
    tab = session.current()
    number, is_good, words = tab.last_import
    if words:
        (st.success if is_good else st.error)(as_text(words))
        tab.last_import = number, True, ""


def _read(file):
    """Keep the runs of a file; returns whether that could be done, and a sentence."""
    try:
        found = importing.read(file.getvalue())
        names = [keeping.store().take_in(run.record, run.said, keeping.owner()) for run in found]
    except ValueError as error:
        return False, f"{file.name} cannot be imported: {error}."
    session.current().chosen = names
    return True, f"Imported: {', '.join(names)}."
