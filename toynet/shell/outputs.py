"""Where the shell's metrics go: a file, which is written whole or not at all, or a stream."""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from toynet import files
from toynet.datasets import csv_files
from toynet.runs import location


class Output:
    """What both are: `begin` before training, `finish` after it, `close` in any case.

    Attributes
    ----------
    name : str
        What messages call it.
    breaks : bool
        Whether a signal may break off the writing.
    """

    name, breaks = "", False

    def begin(self, metrics, rows):
        """Before training, with the metrics of epoch 0: make sure that so many rows can be written. Raises OSError."""

    def finish(self, metrics):
        """Write the metrics, header included, as bytes. Raises OSError."""

    def close(self):
        """There is no more to come."""

    def spare(self):
        """Where the metrics can go instead, or None."""


class File(Output):
    """An ordinary file.

    Parameters
    ----------
    path : str
    overwrite : bool
        Whether one that is there may be replaced.
    option : str
        The option of the command line that named it.
    """

    def __init__(self, path, overwrite, option="--csv"):
        self.name, self._path, self._overwrite = f"{option} {path}", path, overwrite

    def begin(self, metrics, rows):
        files.check(self._path, len(metrics) * rows)

    def finish(self, metrics):
        files.write(self._path, metrics, self._overwrite)

    def spare(self):
        """Standard output: the disk may have filled up, or the file come to be, while it trained."""
        return None if sys.stdout is None else Stream("standard output", _standard_output)


class Stream(Output):
    """Standard output, a pipe or a device: its header goes ahead, so that one that is full is found before training.

    Parameters
    ----------
    name : str
    open : callable
        Gives its binary file, without a buffer: what could not be written would be tried again as Python ends.
        To open a pipe is to wait for its reader.
    """

    def __init__(self, name, open):
        self.name, self._open, self._file, self._written = name, open, None, 0

    def begin(self, metrics, rows):
        self._put(memoryview(metrics)[: metrics.index(b"\n") + 1])

    def finish(self, metrics):
        self._put(memoryview(metrics)[self._written :])

    def add(self, lines):
        """Some bytes more, where there is no end yet. Raises OSError."""
        self._put(memoryview(lines))

    def _put(self, rest):
        while rest:
            written = self._opened().write(rest)
            self._written, rest = self._written + written, rest[written:]

    def _opened(self):
        self._file = self._file or self._open()
        return self._file

    @property
    def breaks(self):
        """What reads it may never do so; a file takes all at once."""
        return not stat.S_ISREG(os.fstat(self._opened().fileno()).st_mode)

    def close(self):
        if self._file:
            self._file.close()


def choose(path, force, configs=(), option="--csv"):
    """The output that was asked for.

    Parameters
    ----------
    path : str or None
        None or empty: standard output.
    force : bool
        Whether a file that is there may be replaced.
    configs : iterable of Config
        Of runs whose data files are never replaced; nor is the store.
    option : str
        The option that named it, for messages.

    Returns
    -------
    File or Stream

    Raises
    ------
    ValueError
        One sentence: the file is there already, or is none that can be written.
    """
    mode = _mode(path, option) if path else 0
    for what, spared in _spared(configs) if mode else ():
        if os.path.samefile(path, spared):
            raise ValueError(f"{option} {path} is {what}: choose another name")
    if not path or _is_standard_output(path):
        if sys.stdout is None:
            raise ValueError("standard output is closed: say with --csv FILE where the metrics go")
        return Stream("standard output", _standard_output)
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return Stream(f"{option} {path}", lambda: open(path, "wb", buffering=0))
    if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ValueError(f"{option} {path} is neither a file nor a pipe")
    if not Path(path).parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {Path(path).parent}")
    if stat.S_ISREG(mode) and not force:
        raise ValueError(f"{option} {path} exists: choose another name, or add --force to replace it")
    return File(path, force, option)


def _spared(configs):
    """Files that are there and never replaced, and what they are."""
    store = location.file_of()
    if store and store.is_file():
        yield "the store of runs", store
    for name in {config.data_file for config in configs if config.dataset == "csv"}:
        with suppress(ValueError):
            yield "the run's own data file", csv_files.find(name)


def _mode(path, option):
    """What kind of thing a path leads to; 0 for nothing."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise ValueError(f"{option} {path} cannot be written: {error.strerror}") from error
    except ValueError as error:  # a null character
        raise ValueError(f"{option} {path!r} cannot be written: {error}") from error


def _is_standard_output(path):
    """Whether this is /dev/stdout or another name of where standard output goes: that is written to, not replaced."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):  # no such file, or no such output
        return False


def _standard_output():
    return open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)


def tell(text):
    """Write to standard error; where nobody can read that any more a run goes on untold."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


class Told:
    """Standard error as a file for a progress bar."""

    write = staticmethod(tell)

    def __getattr__(self, name):
        return getattr(sys.stderr, name)


def put(output, content):
    """Write what is ready to an output, and close it; returns the exit code."""
    try:
        output.finish(content)
    except BrokenPipeError:
        return 141
    except OSError as error:
        tell(f"{output.name} could not be written: {error.strerror}\n")
        return 1
    finally:
        output.close()
    return 0
