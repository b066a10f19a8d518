"""The rows of a sweep's table as CSV, and which run a row is of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from toynet import datasets, metrics_csv
from toynet.config import Config, parse
from toynet.many import summary as summaries
from toynet.many.grid import SEEDS, Grid
from toynet.many.summary import COLUMNS, Summary
from toynet.shell import growing, outputs

HEADER = growing.as_line(COLUMNS)

BEST = COLUMNS.index("best_test_loss")

ROW = 300
"""Bytes of a row, about."""

NAMED = ("feature_1", "feature_2", "target")
"""The settings of real data that are found where they are left open."""


def line(grid: Grid, finished: Summary) -> bytes:
    """A run's row; what is not known is an empty cell."""
    return growing.as_line([_cell(value) for value in summaries.row(grid, finished).values()])


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return metrics_csv.guarded(value)
    return value if value == value else ""


class Numbers:
    """Which run a row is of, by its settings.

    Parameters
    ----------
    grid : Grid

    Attributes
    ----------
    best : float
        The lowest test loss of the rows that were asked for.
    """

    def __init__(self, grid: Grid) -> None:
        self.best = float("inf")
        self._grid, base, varying = grid, grid.base.to_dict(), dict(grid.axes)
        is_real = not set(varying.get("dataset", [grid.base.dataset])) <= set(datasets.GENERATORS)
        self._open = [name for name in NAMED if is_real and base[name] == ""]
        added = SEEDS if grid.seeds > 1 else ()
        # Columns of real data that were left open are named in the rows: they are looked at last.
        fixed = {name: value for name, value in base.items() if name not in varying and name not in added}
        self._fixed = [(COLUMNS.index(name), f"{_cell(fixed[name])}") for name in fixed if name not in self._open]
        self._axes = [
            (COLUMNS.index(name), {f"{_cell(value)}": place for place, value in enumerate(values)})
            for name, values in grid.axes
        ]
        self._seeds = [(COLUMNS.index(name), base[name]) for name in added]

    def __call__(self, cells: list[str]) -> int:
        """The number of the run.

        Raises
        ------
        ValueError
            Half a sentence, where it is none of the sweep's.
        """
        number = self._as_written(cells)
        if number is None or self._open:
            number = self._as_read(cells)
        with suppress(ValueError):  # there is none where nothing is held back
            self.best = min(self.best, float(cells[BEST]))
        return number

    def _as_written(self, cells: list[str]) -> int | None:
        """The same of cells that are letter by letter what `line` writes: found in a moment."""
        if len(cells) != len(COLUMNS) or any(cells[place] != text for place, text in self._fixed):
            return None
        if not all(cells[place].isdecimal() for place, _ in self._seeds):
            return None
        seed, *others = {int(cells[place]) - base for place, base in self._seeds} or {0}
        if others or not 0 <= seed < self._grid.seeds:
            return None
        cell = 0
        for place, places in self._axes:
            if cells[place] not in places:
                return None
            cell = cell * len(places) + places[cells[place]]
        return seed * self._grid.cells + cell

    def _as_read(self, cells: list[str]) -> int:
        """The same of cells that mean the settings, however they are written."""
        try:
            row = dict(zip(COLUMNS, cells, strict=True))
            config = Config(**{f.name: _setting(f, row[f.name]) for f in dataclasses.fields(Config)})
        except ValueError as error:
            raise ValueError("is no run") from error
        number = self._grid.number(config)
        # A text that was left open stands for one column, and not for any.
        if number is None or datasets.resolved(self._grid.config(number)) != config:
            raise ValueError("is a run that this sweep does not have")
        return number


def _setting(f: dataclasses.Field, cell: str) -> Any:
    return parse(f.name, metrics_csv.original(cell) if f.type is str else cell)


class Through:
    """Standard output, a pipe or a device as where rows go: they cannot be taken over."""

    def __init__(self, output: outputs.Stream, runs: int) -> None:
        self.name, self.rest, self._output, self._runs = output.name, "", output, runs

    @property
    def breaks(self) -> bool:
        """Whether a signal may break off the writing."""
        return self._output.breaks

    def begin(self, _size: int) -> np.ndarray:
        """Its header goes ahead. Raises OSError."""
        self._output.begin(HEADER, 0)
        return np.zeros(self._runs, bool)

    def put(self, lines: Sequence[bytes]) -> None:
        """Write some rows. Raises OSError."""
        self._output.add(b"".join(lines))

    def finish(self) -> None:
        """All is written."""

    def discard(self) -> None:
        """What is written is written."""

    def close(self) -> None:
        """There is no more to come."""
        self._output.close()
