"""History: the measurements of a run, a row an epoch, as numbers and as CSV."""

import numpy as np
import pandas as pd

MEASURES = (
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "grad_norm_W1",
    "grad_norm_b1",
    "grad_norm_W2",
    "grad_norm_b2",
    "grad_norm",
)
COUNTS = ("epoch", "update", "samples_seen")
COLUMNS = (*COUNTS, "seconds", *MEASURES, "learning_rate")
"""What a row holds, in the order of the CSV, where `run` stands before it and the
other settings behind it."""


class History:
    """Rows of `COLUMNS` in one growing array; a column is a view into it.

    Attributes
    ----------
    rate_changes : list of int
        The rows from which on the learning rate is another one.
    """

    def __init__(self):
        self._rows = np.empty((256, len(COLUMNS)))
        self._length = 0
        self.rate_changes = []

    def __len__(self):
        return self._length

    def append(self, row):
        """Add one row: a sequence of numbers in the order of `COLUMNS`."""
        self.extend(np.array([row], float))

    def extend(self, rows):
        """Add rows: ndarray (rows, columns)."""
        length = self._length + len(rows)
        if length > len(self._rows):
            more = np.empty((max(length, 2 * len(self._rows)) - len(self._rows), len(COLUMNS)))
            self._rows = np.concatenate([self._rows, more])
        self._rows[self._length : length] = rows
        self._note_rates(self._length, length)
        self._length = length

    def _note_rates(self, first, last):
        """Which of the new rows have another learning rate than the row before."""
        first = max(first, 1)
        rates = self._rows[first - 1 : last, -1]
        self.rate_changes += (first + np.flatnonzero(rates[1:] != rates[:-1])).tolist()

    def __getitem__(self, column):
        """The values of one column, ndarray (rows,); not a copy, not to be written to."""
        return self._rows[: self._length, COLUMNS.index(column)]

    def copy(self):
        """The rows as they stand now, safe from what is appended later."""
        kept = History()
        kept._rows, kept._length = self._rows[: self._length].copy(), self._length
        kept.rate_changes = list(self.rate_changes)
        return kept

    def frame(self, run, settings):
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
        measured = {c: self[c].astype("int64") if c in COUNTS else self[c].copy() for c in COLUMNS}
        constant = {name: value for name, value in settings.items() if name != "learning_rate"}
        return pd.DataFrame({"run": run, **measured, **constant}, index=range(len(self)))
