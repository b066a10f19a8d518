"""History: the measurements of a run, a row an epoch, as numbers and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from toynet.measuring import Measures

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("epoch", "update", "samples_seen")
COLUMNS = (*COUNTS, "seconds", *Measures._fields, "learning_rate")
"""What a row holds, in the order of the CSV, where `run` stands before it and the
other settings behind it."""

_PLACES = {name: place for place, name in enumerate(COLUMNS)}


class History:
    """Rows of `COLUMNS` in one growing array, column by column; a column is a contiguous view into it.

    Attributes
    ----------
    rate_changes : list of int
        The rows from which on the learning rate is another one.
    """

    def __init__(self, columns: Mapping[str, Any] | None = None) -> None:
        self._columns = np.empty((len(COLUMNS), 256))
        self._length = 0
        self.rate_changes: list[int] = []
        if columns:
            self.extend(columns)

    def __len__(self) -> int:
        return self._length

    def append(self, row: Mapping[str, float]) -> None:
        """Add one row: a number for each of `COLUMNS`."""
        self.extend({name: [row[name]] for name in COLUMNS})

    def extend(self, columns: Mapping[str, Any]) -> None:
        """Add rows: for each of `COLUMNS` an array (rows,)."""
        rows = len(columns[COLUMNS[0]])
        length = self._length + rows
        room = self._columns.shape[1]
        if length > room:
            larger = np.empty((len(COLUMNS), max(length, 2 * room)))
            larger[:, :room] = self._columns
            self._columns = larger
        for name, place in _PLACES.items():
            self._columns[place, self._length : length] = columns[name]
        self._note_rates(self._length, length)
        self._length = length

    def _note_rates(self, first: int, last: int) -> None:
        """Which of the new rows have another learning rate than the row before."""
        first = max(first, 1)
        rates = self._columns[_PLACES["learning_rate"], first - 1 : last]
        self.rate_changes += (first + np.flatnonzero(rates[1:] != rates[:-1])).tolist()

    def __getitem__(self, column: str) -> np.ndarray:
        """The values of one column, ndarray (rows,); not a copy, not to be written to."""
        return self._columns[_PLACES[column], : self._length]

    @property
    def last(self) -> dict[str, float]:
        """The last row: column -> number."""
        return dict(zip(COLUMNS, self._columns[:, self._length - 1].tolist(), strict=True))

    def columns(self) -> dict[str, np.ndarray]:
        """All rows as they stand now: column -> array (rows,) of its own."""
        return {name: self[name].copy() for name in COLUMNS}

    def copy(self) -> History:
        """The rows as they stand now, safe from what is appended later."""
        return History(self.columns())

    def frame(self, run: str, settings: Mapping[str, Any]) -> pd.DataFrame:
        """The metrics table as it is exported.

        Parameters
        ----------
        run : str
            The run's name, the first column.
        settings : dict
            Constant columns behind `learning_rate`, such as `Config.to_dict()`;
            its own `learning_rate` is left out, for the history records that one.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd  # loaded by who wants a table: it takes as long as many runs take

        measured = {c: self[c].astype("int64") if c in COUNTS else self[c].copy() for c in COLUMNS}
        constant = {name: value for name, value in settings.items() if name != "learning_rate"}
        return pd.DataFrame({"run": run, **measured, **constant}, index=range(len(self)))
