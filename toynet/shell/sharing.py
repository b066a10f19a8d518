"""The commands `export` and `import`: kept runs in a form that others read, and back."""

import errno
import os
import sys
from pathlib import Path

from toynet.config import Config, shown
from toynet.sharing import tables
from toynet.sharing.kinds import KINDS
from toynet.shell import outputs

OF_SEVERAL = ("csv", "parquet")
"""The forms that hold several runs."""


def export(top, options):
    """Write one run, or several where the form can hold them."""
    from toynet.runs.store import Store

    kind = next(kind for kind in KINDS if getattr(options, kind) is not None)
    path = getattr(options, kind)
    try:
        store = Store()
        names = list(dict.fromkeys(store.find(name) for name in options.names))
        if options.epoch is not None and kind in (*OF_SEVERAL, "tensorboard"):
            raise ValueError(f"--{kind} holds all epochs: leave --epoch away")
        if len(names) > 1 and kind not in OF_SEVERAL:
            raise ValueError(f"--{kind} is of one run: for several take --{' or --'.join(OF_SEVERAL)}")
        if kind == "tensorboard":
            return _to_trackers(store, names[0], path)
        configs = [Config.from_dict(store.brief(name)["config"]) for name in names]
        output = outputs.choose(path, options.force, configs, f"--{kind}")
        content = _made(kind, store, names, options)
    except (ValueError, OSError) as error:
        top.error(str(error))
    return outputs.put(output, content)


def _made(kind, store, names, options):
    """The bytes: of several runs' metrics, or of one run in any form."""
    if kind in OF_SEVERAL:
        return getattr(tables, kind)(store.history(name) for name in names)
    trainer = _taken_up(store, names[0], options)
    return KINDS[kind].make(trainer, store.said(names[0]), options.picture)


def _taken_up(store, name, options):
    """The run as it stands, or as it was at an epoch."""
    if options.epoch is None:
        return store.trainer(name)
    if not (options.epoch.isascii() and options.epoch.isdecimal() and len(options.epoch) < 20):
        raise ValueError(f"--epoch must be a whole number, not {shown(options.epoch)}")
    try:
        return store.trainer(name, int(options.epoch))
    except ValueError as error:
        raise ValueError(f"--epoch {options.epoch}: {error}") from error


def _to_trackers(store, name, folder):
    from toynet.sharing import trackers

    try:
        trackers.tensorboard(folder, name, store.history(name))
    except FileExistsError as error:
        raise ValueError(f"--tensorboard {folder}: {error}") from error
    except OSError as error:
        outputs.tell(f"--tensorboard {folder} could not be written: {error.strerror or error}\n")
        return 1
    return 0


def take_in(top, options):
    """Keep the runs of an exported file; prints what they are called here."""
    from toynet.runs.store import Store
    from toynet.sharing import importing

    try:
        path = Path(options.file)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        found = importing.read(path.read_bytes())
        store = Store()
        names = [store.take_in(run.record, run.said) for run in found]
    except OSError as error:
        top.error(f"{options.file} cannot be read: {error.strerror}")
    except ValueError as error:
        top.error(f"{options.file}: {error}")
    if sys.stdout is None:
        return 0
    return outputs.put(outputs.choose(None, force=False), "".join(f"{name}\n" for name in names).encode())
