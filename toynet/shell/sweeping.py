"""The command `sweep`: every combination of some settings' values, a row a run, whatever ends it."""

from __future__ import annotations

import csv
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from typing import Any

import numpy as np
from tqdm import tqdm

from toynet.config import Config, parse
from toynet.many import data
from toynet.many.grid import Grid
from toynet.many.summary import COLUMNS, Summary
from toynet.many.sweep import run
from toynet.shell import growing, interrupts, outputs
from toynet.shell.sweep_keeping import Keeping
from toynet.shell.sweep_rows import NAMED, ROW, Numbers, Through, line
from toynet.shell.training import CLOSED_PIPE

MOST_RUNS = 10_000_000
"""Runs of a sweep: what is done is noted in some bytes a run."""


def sweep(top, options):
    """`sweep`: train what is not done yet."""
    try:
        grid = _grid(options)
        data.check(grid)
        numbers = Numbers(grid)
        table = _table(grid, numbers, options)
        how = {"jobs": _whole(options.jobs), "scheduler": options.scheduler}
        run(grid, (), **how).close()  # before anything is written: there are so many threads, or such a scheduler
        keeping = Keeping(grid) if options.keep else None
    except ValueError as error:
        top.error(str(error))
    with interrupts.Interrupts() as stop:
        code = _Sweep(grid, table, numbers, keeping, stop).run(top, how)
    return interrupts.exit_code(stop.number) if stop.number and code != 1 else code


# --- what is asked for -----------------------------------------------------------------


def _grid(options) -> Grid:
    """The grid of the options. Raises ValueError."""
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(Config)}
    settings = {name: values(name, text) for name, text in given.items() if text is not None}
    grid = Grid.of(settings, _whole(options.seeds))
    if grid.runs > MOST_RUNS:
        raise ValueError(f"these are {grid.runs:,} runs: give fewer values or seeds, {MOST_RUNS:,} runs at most")
    for name, possible in grid.axes:
        if name in NAMED and "" in possible:  # its rows would be those of the column that it stands for
            raise ValueError(f"{name} has an empty value beside others: name the column")
    return grid


def values(name: str, text: str) -> list:
    """The values that an option gives to a setting: cells of a line of CSV.

    Raises
    ------
    ValueError
        If they are none, or one is out of range.
    """
    try:
        cells = next(csv.reader([text], strict=True), []) or [""]
    except csv.Error as error:
        said = "a text with a comma, a double quote or a line break in it stands in double quotes, those in it doubled"
        raise ValueError(f"{name}: {said}") from error
    is_text = isinstance(getattr(Config(), name), str)
    return [parse(name, cell if is_text else cell.strip()) for cell in cells]


def _whole(text: str | None) -> Any:
    """A whole number where it is one: who takes it says what else is wrong."""
    is_whole = text is not None and text.isascii() and text.isdecimal() and len(text) < 20
    return int(text) if text is not None and is_whole else text


def _table(grid: Grid, numbers: Numbers, options) -> growing.Growing | Through:
    """Where the rows go. Raises ValueError."""
    files = {config.data_file: config for config in data.each(grid) if config.dataset == "csv"}
    output = outputs.choose(options.csv, True, files.values())
    if isinstance(output, outputs.Stream):
        return Through(output, grid.runs)
    outputs.choose(f"{options.csv}{growing.ENDING}", True, files.values())
    kind = growing.Kind(COLUMNS, numbers, grid.runs, _changed(files))
    return growing.Growing(options.csv, options.force, kind)


def _changed(files: Sequence[str] | dict) -> float:
    """When data files were last changed."""
    from toynet.datasets import csv_files

    return max((csv_files.find(name).stat().st_mtime for name in files), default=0.0)


# --- the sweep -------------------------------------------------------------------------


class _Sweep:
    """One sweep from what is there of it to its end, or to a signal."""

    def __init__(self, grid: Grid, table, numbers: Numbers, keeping: Keeping | None, stop) -> None:
        self._grid, self._table, self._keeping, self._stop = grid, table, keeping, stop
        self._written, self._numbers = np.zeros(grid.runs, bool), numbers
        self._best, self._is_failed = np.inf, False

    def run(self, top, how: dict[str, Any]) -> int:
        """All of it; returns the exit code."""
        code = 0
        try:
            self._begin(top)
            try:
                self._write_kept()
                self._train(top, how)
            except BrokenPipeError:
                code = CLOSED_PIPE
            except KeyboardInterrupt:  # while it waited for a pipe or the compiler
                pass
            if self._stop.number:
                outputs.tell(f"Ended early: {self._written.sum():,} of {self._grid.runs:,} runs are done.\n")
            is_written = self._finish()
            is_kept = self._keeping.finish() if self._keeping else True
            return code or (0 if is_written and is_kept else 1)
        except KeyboardInterrupt:  # while it waited for a pipe to be read at all
            return 0
        except BrokenPipeError:
            return CLOSED_PIPE
        finally:
            self._table.close()

    def _begin(self, top) -> None:
        """Take over what the file has, or find that it cannot be written, before anything is trained."""
        try:
            with self._stop.breaking():
                self._written = self._table.begin(self._grid.runs * ROW)
            self._best = self._numbers.best
        except BrokenPipeError:
            raise
        except OSError as error:
            top.error(f"{self._table.name} cannot be written: {error.strerror}")
        except ValueError as error:
            top.error(str(error))

    def _write_kept(self) -> None:
        """Rows of what the store has and the file has not."""
        for some in self._keeping.rows() if self._keeping else ():
            if self._stop.number or not self._put(some):
                break

    def _put(self, finished: list[Summary]) -> bool:
        """Add the rows that are not there yet; returns whether they could be."""
        new = [one for one in finished if not self._written[one.number]]
        lines = [line(self._grid, one) for one in new]
        try:
            with self._stop.breaking() if self._table.breaks else nullcontext():
                self._table.put(lines)
        except BrokenPipeError:
            raise
        except OSError as error:
            self._is_failed = True
            outputs.tell(f"\n{self._table.name} could not be written: {error.strerror}\n")
            return False
        self._written[[one.number for one in new]] = True
        self._best = min(
            (one.best_test_loss for one in finished if one.best_test_loss < self._best), default=self._best
        )
        return True

    def _left(self) -> np.ndarray:
        """Whether each run is to be trained: that has no row, or is not kept and should be."""
        known = self._keeping.known if self._keeping else None
        return ~self._written if known is None else ~(self._written & known)

    def _train(self, top, how: dict[str, Any]) -> None:
        """Train what is left, under a progress bar."""
        left = self._left()
        if self._is_failed or self._stop.number:
            return
        if not left.any():
            outputs.tell(f"Nothing is left to train: all {self._grid.runs:,} runs are done.\n")
            return
        more = {"initial": int((~left).sum()), "unit": " runs", "file": outputs.Told(), "dynamic_ncols": True}
        try:
            with self._stop.breaking():
                found = run(self._grid, _Wanted(left), **how, go_on=self._goes_on)
            with closing(found), tqdm(total=self._grid.runs, **more) as bar:
                with self._stop.breaking():  # the first ones may have to wait for the compiler
                    first = next(found, [])
                for some in itertools.chain([first], found):
                    self._take(some, bar)
        except ValueError as error:
            self._refuse(top, error)

    def _goes_on(self) -> bool:
        return not (self._stop.number or self._is_failed)

    def _take(self, finished: list[Summary], bar: tqdm) -> None:
        if self._keeping:
            self._keeping.note(finished)
        if not self._is_failed:
            self._put(finished)
        if np.isfinite(self._best):
            bar.set_postfix_str(f"best test loss {self._best:.4f}", refresh=False)
        bar.update(len(finished))

    def _refuse(self, top, error: ValueError) -> None:
        """What cannot be trained: bad options where nothing is done yet, else the end of the sweep."""
        if not self._written.any():
            self._table.discard()
            top.error(str(error))
        self._is_failed = True
        outputs.tell(f"\n{error}\n")

    def _finish(self) -> bool:
        """Put the file in its place; returns whether all could be written."""
        try:
            self._table.finish()
        except OSError as error:
            outputs.tell(f"{self._table.name} could not be written: {error.strerror}; rows are in {self._table.rest}\n")
            return False
        return not self._is_failed


class _Wanted:
    """Numbers of runs, one by one as they are needed."""

    def __init__(self, wanted: np.ndarray) -> None:
        self._numbers = np.flatnonzero(wanted)

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return map(int, self._numbers)
