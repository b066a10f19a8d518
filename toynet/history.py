"""History: the measurements of a run, a row an epoch, as numbers and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from toynet.measuring import Measures

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("epoch", "update", "samples_seen")
COLUMNS = (*COUNTS, "seconds", *Measures._fields, "learning_rate")
"""What a row holds, in the order of the CSV, where `run` stands before it and the
other settings behind it."""

OF_BATCHES = ("batch_mode", "batch_size")
"""The settings whose change waits for the end of the epoch."""

_PLACES = {name: place for place, name in enumerate(COLUMNS)}


class Change(NamedTuple):
    """A setting that was changed in mid-run, and after which update its new value holds.

    Of batch mode and batch size that is the end of an epoch, which may be still to come.
    """

    update: int
    setting: str
    value: Any


class History:
    """Rows of `COLUMNS` in one growing array, column by column; a column is a contiguous view into it."""

    def __init__(self, columns: Mapping[str, Any] | None = None) -> None:
        self._columns = np.empty((len(COLUMNS), 256))
        self._length = 0
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
        self._length = length

    def __getitem__(self, column: str) -> np.ndarray:
        """The values of one column, ndarray (rows,); not a copy, not to be written to."""
        return self._columns[_PLACES[column], : self._length]

    @property
    def last(self) -> dict[str, float]:
        """The last row: column -> number."""
        return dict(zip(COLUMNS, self._columns[:, self._length - 1].tolist(), strict=True))

    def columns(self, since: int = 0) -> dict[str, np.ndarray]:
        """The rows as they stand now, all or from one on: column -> array (rows,) of its own."""
        return {name: self[name][since:].copy() for name in COLUMNS}

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
            The columns behind `learning_rate`, such as `Config.to_dict()`: one value, or an array
            (rows,); its own `learning_rate` is left out, for the history records that one.

        Returns
        -------
        pandas.DataFrame
        """
        import pandas as pd  # loaded by who wants a table: it takes as long as many runs take

        measured = {c: self[c].astype("int64") if c in COUNTS else self[c].copy() for c in COLUMNS}
        behind = {name: value for name, value in settings.items() if name != "learning_rate"}
        return pd.DataFrame({"run": run, **measured, **behind}, index=range(len(self)))


# --- settings that changed in mid-run ------------------------------------------------


def by_row(updates: np.ndarray, setting: str, start: Any, changes: Sequence[Change]) -> np.ndarray:
    """What a setting was for the updates that led to each row.

    Parameters
    ----------
    updates : ndarray (rows,)
        The history's column `update`.
    setting : str
    start : int or str
        Its value when the run began.
    changes : sequence of Change
        In order.

    Returns
    -------
    ndarray (rows,)
        Of numbers, or of texts as objects.
    """
    values = np.full(len(updates), start, dtype=object if isinstance(start, str) else None)
    for change in changes:
        if change.setting == setting:
            values[_first_row(updates, change) :] = change.value
    return values


def settings(updates: np.ndarray, start: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The settings of a run as columns behind its rows.

    Parameters
    ----------
    updates : ndarray (rows,)
        The history's column `update`.
    start : dict
        The settings when the run began, `Config.to_dict()`.
    changes : sequence of Change
        In order.

    Returns
    -------
    dict
        Name -> value, as it is by now; of batch mode and batch size, where they were changed, an array (rows,) of
        what they were for the updates that led to each row.
    """
    now = {change.setting: change.value for change in changes}
    batches = {name: by_row(updates, name, start[name], changes) for name in OF_BATCHES if name in now}
    return {**start, **now, **batches}


def marks(updates: np.ndarray, start: Mapping[str, Any], changes: Sequence[Change]) -> list[tuple[int, str]]:
    """Where a run's curves tell of a changed setting, and in which words.

    Parameters
    ----------
    updates : ndarray (rows,)
        The history's column `update`.
    start : dict
        The settings when the run began, `Config.to_dict()`.
    changes : sequence of Change
        In order.

    Returns
    -------
    list of (int, str)
        The last row before the change, and a text such as "η 0.1", "batch 10" or "η 0.1, stochastic". A change that
        no row follows as yet has none.
    """
    then: dict[int, dict[str, Any]] = {}
    now = dict(start)
    for change in changes:
        now[change.setting] = change.value
        then[_first_row(updates, change)] = dict(now)
    then.pop(len(updates), None)
    found, before = [], _described(start)
    for row, settings in then.items():
        after = _described(settings)
        text = ", ".join(word for word, was in zip(after, before, strict=True) if word != was)
        if text:
            found.append((row - 1, text))
        before = after
    return found


def _first_row(updates: np.ndarray, change: Change) -> int:
    """The first row that a changed setting has led to."""
    return int(np.searchsorted(updates, change.update, side="right"))


def _described(settings: Mapping[str, Any]) -> tuple[str, str]:
    """The settings that leave marks, in words: the rate, and what an update sees."""
    batches = {"full": "full batch", "mini": f"batch {settings['batch_size']:,}", "stochastic": "stochastic"}
    return f"η {settings['learning_rate']:g}", batches[settings["batch_mode"]]
