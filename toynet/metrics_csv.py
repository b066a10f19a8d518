"""The metrics table as CSV text that no spreadsheet takes for formulas, and back.

A column or a class that a person called =HYPERLINK(...) would be run by whoever opens the table. Such a text gets an
apostrophe before it, with which spreadsheets mark a text; `original` takes it away again.
"""

from __future__ import annotations

import csv
import dataclasses
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from toynet.config import Config

if TYPE_CHECKING:
    import pandas as pd

_RUNS = r"(?='*[=+\-@\t\r])"
# A spreadsheet whose lists are separated by semicolons begins a cell behind each of these, quotes or not.
_BEGINS = re.compile(rf"(^|[;\t\r\n]){_RUNS}")
_GUARDED = re.compile(rf"(^|[;\t\r\n])'{_RUNS}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def guarded(text: str) -> str:
    """The text as a cell: an apostrophe before whatever a spreadsheet would run, or `original` would shorten."""
    return text if _NUMBER.fullmatch(text) else _BEGINS.sub(r"\1'", text)


def original(cell: str) -> str:
    """The text that `guarded` made a cell of."""
    return _GUARDED.sub(r"\1", cell)


def text(frame: pd.DataFrame) -> str:
    """The table as CSV text, of which `read` makes the table again.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `History.frame`, or any other of numbers and text.

    Returns
    -------
    str
        Lines end with a newline alone, on every system.
    """
    cells = {guarded(name): frame[name] for name in frame}
    texts = {name: cells[name].map(guarded) for name in cells if cells[name].dtype.kind not in "iufb"}
    # pandas would write a carriage return as it is, and that ends a row.
    has_return = any(column.str.contains("\r", regex=False).any() for column in texts.values())
    quoting = csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL
    return type(frame)({**cells, **texts}).to_csv(index=False, lineterminator="\n", quoting=quoting)


def read(file: str | Path | IO[str]) -> pd.DataFrame:
    """A metrics CSV, or a sweep's, as the table that it was made of: numbers to their last bit, texts as they were.

    Parameters
    ----------
    file : path or file
        What the dashboard, the shell or `text` has written.

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    words = {"run", "state", "engine", *(f.name for f in dataclasses.fields(Config) if f.type is str)}
    cells = pd.read_csv(file, dtype=str, keep_default_na=False)
    return cells.apply(lambda column: column.map(original) if column.name in words else pd.to_numeric(column))
