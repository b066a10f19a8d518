"""The commands `export` and `import`: kept runs in a form that others read, and back."""

import errno
import os
import sys
from pathlib import Path

from toynet.config import shown
from toynet.shell import outputs

PICTURES = ("boundary", "losses", "accuracies", "norms", "network")
"""Those of `toynet.sharing.pictures`, which takes a while to load."""


def export(top, options):
    """Write one run, or several where the form can hold them."""
    from toynet.runs.store import Store

    kind = next(kind for kind in KINDS if getattr(options, kind))
    make, path = KINDS[kind][0], getattr(options, kind)
    try:
        store = Store()
        names = list(dict.fromkeys(store.find(name) for name in options.names))
        if options.epoch is not None and kind in (*OF_SEVERAL, "tensorboard"):
            raise ValueError(f"--{kind} holds all epochs: leave --epoch away")
        if len(names) > 1 and kind not in OF_SEVERAL:
            raise ValueError(f"--{kind} is of one run: for several take --{' or --'.join(OF_SEVERAL)}")
        if kind == "tensorboard":
            return _to_trackers(store, names[0], path)
        output = outputs.choose(path, options.force, option=f"--{kind}")
        content = make(store, names if kind in OF_SEVERAL else _taken_up(store, names[0], options), options)
    except (ValueError, OSError) as error:
        top.error(str(error))
    return outputs.put(output, content)


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


def _csv(store, names, options):
    from toynet.sharing import tables

    return tables.csv(store.history(name) for name in names)


def _parquet(store, names, options):
    from toynet.sharing import tables

    return tables.parquet(store.history(name) for name in names)


def _json(store, trainer, options):
    from toynet.sharing import documents

    return documents.to_json(trainer.state(), trainer.split, store.said(trainer.run_name))


def _npz(store, trainer, options):
    from toynet.sharing import documents

    return documents.to_npz(trainer.state(), trainer.split)


def _script(store, trainer, options):
    from toynet.sharing.script import numpy_script

    return numpy_script(trainer.state(), trainer.split).encode()


def _sklearn(store, trainer, options):
    from toynet.sharing.code import sklearn_code

    return sklearn_code(trainer.state(), trainer.split).encode()


def _pytorch(store, trainer, options):
    from toynet.sharing.pytorch import pytorch_script

    return pytorch_script(trainer.state(), trainer.split).encode()


def _svg(store, trainer, options):
    from toynet.sharing import pictures

    return pictures.svg(trainer, options.picture).encode()


def _png(store, trainer, options):
    from toynet.sharing import pictures

    return pictures.png(trainer, options.picture)


def _gif(store, trainer, options):
    from toynet.sharing import animation

    return animation.of_run(trainer.state(), trainer.split)


KINDS = {
    "csv": (_csv, "the metrics, of several runs in one tidy table"),
    "parquet": (_parquet, "the same as Parquet"),
    "json": (_json, "the whole run, which `import` reads"),
    "npz": (_npz, "settings and parameters for NumPy"),
    "script": (_script, "a Python script that trains the run again with NumPy alone"),
    "sklearn": (_sklearn, "scikit-learn code of this network"),
    "pytorch": (_pytorch, "a PyTorch script that trains the run again"),
    "png": (_png, "a picture (see --picture)"),
    "svg": (_svg, "a picture (see --picture)"),
    "gif": (_gif, "how the boundary moved, animated"),
    "tensorboard": (None, "event files for TensorBoard, and a trackio.csv for trackio's import_csv"),
}
"""What follows `--` -> what makes its bytes of a store, a Trainer (of `OF_SEVERAL` names) and the options; its help."""

OF_SEVERAL = ("csv", "parquet")


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
