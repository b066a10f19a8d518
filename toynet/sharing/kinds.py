"""The forms in which a run leaves ToyNet: what they are called, and what makes their bytes."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toynet.training import Trainer

PICTURES = ("boundary", "losses", "accuracies", "norms", "network", "confusion")
"""Those of `pictures`, which takes a while to load."""


@dataclass(frozen=True)
class Kind:
    """One form.

    Attributes
    ----------
    title : str
    suffix : str
        Of its files.
    mime : str
    about : str
        What it is good for.
    make : callable
        (Trainer as it stands, what people say of the run, picture) -> bytes.
    """

    title: str
    suffix: str
    mime: str
    about: str
    make: Callable[[Trainer, Mapping[str, Any], str], bytes]


def _csv(trainer, said, picture):
    from toynet.sharing import tables

    return tables.csv([trainer.history])


def _parquet(trainer, said, picture):
    from toynet.sharing import tables

    return tables.parquet([trainer.history])


def _json(trainer, said, picture):
    from toynet.sharing import documents

    return documents.to_json(trainer.state(), trainer.split, dict(said))


def _npz(trainer, said, picture):
    from toynet.sharing import documents

    return documents.to_npz(trainer.state(), trainer.split)


def _script(trainer, said, picture):
    from toynet.sharing.script import numpy_script

    return numpy_script(trainer.state(), trainer.split).encode()


def _sklearn(trainer, said, picture):
    from toynet.sharing.code import sklearn_code

    return sklearn_code(trainer.state(), trainer.split).encode()


def _pytorch(trainer, said, picture):
    from toynet.sharing.pytorch import pytorch_script

    return pytorch_script(trainer.state(), trainer.split).encode()


def _svg(trainer, said, picture):
    from toynet.sharing import pictures

    return pictures.svg(trainer, picture).encode()


def _png(trainer, said, picture):
    from toynet.sharing import pictures

    return pictures.png(trainer, picture)


def _gif(trainer, said, picture):
    from toynet.sharing import animation

    return animation.of_run(trainer.state(), trainer.split)


def _tensorboard(trainer, said, picture):
    from toynet.sharing import trackers

    with tempfile.TemporaryDirectory() as folder:
        trackers.tensorboard(folder, trainer.run_name, trainer.history)
        return zipped((str(p.relative_to(folder)), p.read_bytes()) for p in Path(folder).rglob("*") if p.is_file())


KINDS = {
    "csv": Kind("CSV", "csv", "text/csv", "the metrics, of several runs in one tidy table", _csv),
    "parquet": Kind("Parquet", "parquet", "application/vnd.apache.parquet", "the same as Parquet", _parquet),
    "json": Kind("JSON", "json", "application/json", "the whole run, which import reads", _json),
    "npz": Kind("NPZ", "npz", "application/octet-stream", "settings and parameters for NumPy", _npz),
    "script": Kind("NumPy script", "py", "text/x-python", "trains the run again with NumPy alone", _script),
    "sklearn": Kind("scikit-learn code", "sklearn.py", "text/x-python", "this network as an MLPClassifier", _sklearn),
    "pytorch": Kind("PyTorch script", "torch.py", "text/x-python", "trains the run again with PyTorch", _pytorch),
    "png": Kind("PNG", "png", "image/png", "a picture", _png),
    "svg": Kind("SVG", "svg", "image/svg+xml", "a picture", _svg),
    "gif": Kind("GIF", "gif", "image/gif", "how the boundary moved, animated", _gif),
    "tensorboard": Kind(
        "TensorBoard",
        "zip",
        "application/zip",
        "event files for TensorBoard, and a trackio.csv for trackio",
        _tensorboard,
    ),
}
"""By the name of the shell's option."""


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Files by name as one ZIP."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return sink.getvalue()
