"""The metrics table as CSV text that no spreadsheet takes for formulas, and back.

A column or a class that a person called =HYPERLINK(...) would be run by whoever opens the table. Such a text gets an
apostrophe before it, with which spreadsheets mark a text; `original` takes it away again.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from toynet.config import Config

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def guarded(text: str) -> str:
    """The text as a cell: with an apostrophe before what a spreadsheet would run, or `original` would shorten."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def original(cell: str) -> str:
    """The text that `guarded` made a cell of."""
    return cell[1:] if _GUARDED.match(cell) else cell


def text(frame: pd.DataFrame) -> str:
    """The table as CSV text.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `History.frame`, or any other of numbers and text.

    Returns
    -------
    str
        Lines end with a newline alone.
    """
    safe = frame.copy(deep=False)
    for place, dtype in enumerate(frame.dtypes):
        if dtype.kind not in "iufb":
            safe.isetitem(place, frame.iloc[:, place].map(guarded))
    safe.columns = [guarded(str(name)) for name in frame.columns]
    return safe.to_csv(index=False, lineterminator="\n")


def read(file: str | Path | IO[str]) -> pd.DataFrame:
    """A metrics CSV as the table that it was made of: every number to its last bit, every text as it was.

    Parameters
    ----------
    file : path or file
        Of a CSV that the dashboard, the shell or `text` has written.

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    texts = ["run", "engine", *(f.name for f in dataclasses.fields(Config) if f.type is str)]
    converters = dict.fromkeys(texts, original)
    return pd.read_csv(file, converters=converters, float_precision="round_trip")
