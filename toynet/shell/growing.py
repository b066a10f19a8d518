"""A CSV file that grows row by row: beside its place while it does, and in its place in the end, whatever happens.

The rows go to FILE.part. What a killed process has left there is taken over by the next one; a lock,
which the system takes away from a process that ends, keeps two from writing it at once.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from toynet import files

ENDING = ".part"

CHOOSE = "choose another name, or add --force to replace it"

AT_ONCE = 1000
"""Rows that are copied in one go."""

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class Kind(NamedTuple):
    """What a file must hold to be gone on with.

    Attributes
    ----------
    columns : sequence of str
        Its header.
    number : callable
        The number of the row that these cells are, 0 to `rows` - 1. Raises ValueError, half a
        sentence, where they are none of its rows.
    rows : int
        How many there can be.
    since : float
        Seconds since 1970: rows that were written earlier are of other data.
    """

    columns: Sequence[str]
    number: Callable[[list[str]], int]
    rows: int
    since: float = 0.0


class Growing:
    """An ordinary file that rows are added to.

    Parameters
    ----------
    path : str
    force : bool
        Whether a file of another kind may be replaced.
    kind : Kind
    option : str
        The option of the command line that named it.

    Attributes
    ----------
    name, rest : str
        What messages call it, and the file that the rows are in until the end.
    breaks : bool
        Whether a signal may break off the writing.
    """

    breaks = False

    def __init__(self, path: str, force: bool, kind: Kind, option: str = "--csv") -> None:
        self.name, self.rest = f"{option} {path}", f"{option} {path}{ENDING}"
        self._path, self._force, self._kind = path, force, kind
        self._target = Path(os.path.realpath(path))
        self._part = self._target.with_name(self._target.name + ENDING)
        self._file: io.FileIO | None = None
        self._found: tuple | None = None
        self._news = 0  # rows that only the part has
        self._goes_on = 0  # where the rows end that are taken over from the file in its place

    def begin(self, size: int) -> np.ndarray:
        """Take over the rows that are there; make sure that there is room for so many bytes.

        Returns
        -------
        ndarray (rows,) of bool
            Which rows it has.

        Raises
        ------
        ValueError
            One sentence: the file is of another kind, or is being written by somebody else.
        OSError
        """
        files.check(self._path, size)
        file = self._file = self._locked()
        is_new = os.fstat(file.fileno()).st_size == 0
        try:
            self._found = _identity(self._target)
            there, self._goes_on = self._rows_of(self._target, self.name)
            own, end = self._rows_of(self._part, self.rest)
            file.truncate(end)  # the last row may be cut off
            file.seek(end)
            self._news = int((own & ~there).sum())
            if not end:
                self._write([as_line(self._kind.columns)])
            self._copy(there & ~own)
            return there | own
        except BaseException:
            if is_new:
                self.discard()
            raise

    def put(self, lines: Sequence[bytes]) -> None:
        """Add some rows: all of them, or as many as there is room for. Raises OSError."""
        self._news += len(lines)
        self._write(lines)

    def _write(self, lines: Sequence[bytes]) -> None:
        assert self._file
        end, rest = self._file.tell(), memoryview(b"".join(lines))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            written = self._file.tell()
            whole = max(place for place in accumulate(map(len, lines), initial=end) if place <= written)
            self._file.truncate(whole)
            self._file.seek(whole)
            raise

    def finish(self) -> None:
        """Put it in its place, with the rows so far.

        Raises
        ------
        OSError
            If it cannot be, or somebody else has put a file there meanwhile: the rows are in FILE.part.
        """
        assert self._file
        there = _identity(self._target)
        if there and there == self._found and not self._news and self._goes_on:
            return self.discard()
        os.fsync(self._file.fileno())
        if there not in (None, self._found) and not self._force:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self._target))
        _hand_on_permissions(self._target, self._part)
        if sys.platform == "win32":  # where no open file is renamed
            self.close()
        os.replace(self._part, self._target)

    def discard(self) -> None:
        """Leave what is in its place as it is, and nothing beside it but rows that are nowhere else."""
        if sys.platform == "win32":
            self.close()
        if not self._news:
            with suppress(OSError):
                self._part.unlink()

    def close(self) -> None:
        """There is no more to come."""
        if self._file:
            self._file.close()

    def _locked(self) -> io.FileIO:
        """The part, open and nobody else's."""
        while True:
            flags = os.O_RDWR | os.O_CREAT | _NO_LINKS | _BINARY
            file = os.fdopen(os.open(self._part, flags, 0o666), "r+b", buffering=0)
            try:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ValueError(f"{self.rest} is no file: choose another name")
                _lock(file)
                # Whoever held it may have put it in its place, or thrown it away, meanwhile.
                if _is_at(file, self._part):
                    return file
                file.close()
            except BlockingIOError as error:
                file.close()
                raise ValueError(f"{self.name} is being written by another process: choose another name") from error
            except BaseException:
                file.close()
                raise

    def _rows_of(self, path: Path, name: str) -> tuple[np.ndarray, int]:
        """Which rows a file has, and where the last whole one ends; none where it is missing, or to be replaced."""
        nothing = np.zeros(self._kind.rows, bool), 0
        try:
            with open(path, "rb") as file:
                return self._read(file, name) or nothing
        except FileNotFoundError:
            return nothing
        except ValueError:
            if not self._force:
                raise
            return nothing

    def _read(self, file: BinaryIO, name: str) -> tuple[np.ndarray, int] | None:
        """The same of an open file; None of a part that was hardly begun. Raises ValueError if it has other rows."""
        header = as_line(self._kind.columns)
        if name == self.rest and header.startswith(file.read(len(header))) and not file.read(1):
            return None
        if os.fstat(file.fileno()).st_mtime < self._kind.since:
            raise ValueError(f"{name} is older than the data file: {CHOOSE}")
        found, end, count = np.zeros(self._kind.rows, bool), 0, 0
        try:
            for cells, after in records(file):
                if end:
                    found[self._kind.number(cells)] = True
                    count += 1
                elif cells != [*self._kind.columns]:
                    break
                end = after
        except ValueError as error:
            if end:
                raise ValueError(f"{name} exists, and its row {count + 1:,} {error}: {CHOOSE}") from error
        if not end:
            raise ValueError(f"{name} exists, and is no table of a sweep: {CHOOSE}")
        return found, end

    def _copy(self, wanted: np.ndarray) -> None:
        """Add these rows of the file in its place."""
        if not wanted.any():
            return
        lines: list[bytes] = []
        with open(self._target, "rb") as file:
            of_file = records(file)
            next(of_file)
            for cells, _ in of_file:
                number = self._kind.number(cells)
                if wanted[number]:
                    wanted[number] = False  # it may be there twice
                    lines.append(as_line(cells))
                if len(lines) == AT_ONCE:
                    self._write(lines)
                    lines.clear()
        self._write(lines)


def records(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    """The whole records of a CSV file, each with the place where it ends; one that was cut off at the end is none.

    Raises
    ------
    ValueError
        Half a sentence, where it is no CSV.
    """
    end, last = 0, b""

    def lines() -> Iterator[str]:
        nonlocal end, last
        for last in file:
            text = last.decode("utf-8" if end else "utf-8-sig")
            end += len(last)
            yield text

    file.seek(0)
    try:
        for cells in csv.reader(lines(), strict=True):
            if cells and last.endswith(b"\n"):
                yield cells, end
    except UnicodeDecodeError as error:
        if last.endswith(b"\n"):  # else it was cut within a letter
            raise ValueError("is no text in UTF-8") from error
    except csv.Error as error:
        if file.read(1):  # else it was cut within a text
            raise ValueError("is no row of a CSV file") from error


class _Line(list):
    """What a csv.writer writes a line to; here it ends as on every system."""

    def write(self, line: str) -> None:
        self.append(line[:-2] + "\n")


def as_line(cells: Sequence) -> bytes:
    """Cells as a line of CSV."""
    line = _Line()
    # A carriage return is put in quotes only where it is part of what ends a line.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line[0].encode()


def _is_at(file: io.FileIO, path: Path) -> bool:
    """Whether an open file is the one of this name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _identity(path: Path) -> tuple | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _hand_on_permissions(old: Path, new: Path) -> None:
    """Where there is an old file, and the file system and its owner let us."""
    with suppress(OSError):
        found = os.stat(old)
        os.chmod(new, found.st_mode & 0o7777)
        if hasattr(os, "chown"):
            os.chown(new, found.st_uid, found.st_gid)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: io.FileIO) -> None:
        """Raises BlockingIOError if somebody else has it."""
        file.seek(2**31 - 2)  # behind all rows: what is locked there nobody can read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EAGAIN, "locked") from error

else:
    import fcntl

    def _lock(file: io.FileIO) -> None:
        """Raises BlockingIOError if somebody else has it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            return
