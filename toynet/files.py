"""Files that are written whole or not at all."""

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path

LARGEST_TRIAL = 4_000_000
"""Bytes that `check` writes at most to see whether there is room."""


def write(path, content, overwrite=True):
    """Write a file so that its name always stands for all of the old content or all of the new.

    The content goes to a temporary file in the same folder, onto the disk, and only then
    under the name. A symbolic link is followed, and stays; a file that is replaced hands on
    its permissions.

    Parameters
    ----------
    path : str or Path
    content : bytes
    overwrite : bool
        Whether a file that has the name already may be replaced.

    Raises
    ------
    OSError
        Where it cannot be written; what was there is as it was, and no temporary file is left.
    """
    target = _target(path)
    with _beside(target) as file:
        _hand_on_permissions(target, file.name)
        _put(file, content)
        file.close()  # or Windows would not rename it
        if not overwrite and os.path.lexists(target):
            raise _error(FileExistsError, errno.EEXIST, path)
        os.replace(file.name, target)


def check(path, size=0):
    """Find out whether `write` could, with so many bytes; leaves nothing behind.

    Raises
    ------
    OSError
        As `write` would.
    """
    with _beside(_target(path)) as file:
        _put(file, bytes(min(size, LARGEST_TRIAL)))


def _target(path):
    """Where the content goes: the path behind symbolic links. Raises OSError where no file can be there."""
    path = os.fspath(path)
    if os.path.isdir(path) or not os.path.basename(path):
        raise _error(IsADirectoryError, errno.EISDIR, path)
    with suppress(FileNotFoundError):
        os.stat(path)
        # Renaming asks the folder's permission only.
        if not os.access(path, os.W_OK):
            raise _error(PermissionError, errno.EACCES, path)
    return Path(os.path.realpath(path))


def _error(kind, number, path):
    return kind(number, os.strerror(number), str(path))


@contextmanager
def _beside(target):
    """A new file in the target's folder, gone in the end unless it was renamed."""
    temporary = target.parent / f".toynet-{secrets.token_hex(8)}.tmp"
    try:
        with open(temporary, "xb") as file:
            yield file
    finally:
        # Where it could not be made there may not even be a folder.
        with suppress(OSError):
            temporary.unlink()


def _put(file, content):
    """Onto the disk, not only into its cache: a full disk may be found no sooner."""
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _hand_on_permissions(old, new):
    """Where there is an old file, and the file system and its owner let us."""
    with suppress(OSError):
        stat = os.stat(old)
        os.chmod(new, stat.st_mode & 0o7777)
        if hasattr(os, "chown"):
            os.chown(new, stat.st_uid, stat.st_gid)
