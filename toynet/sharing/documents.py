"""A run as JSON, of which it becomes a run again, and its settings and parameters as NPZ."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from toynet.datasets import Split
from toynet.engines import Progress
from toynet.measuring import measure
from toynet.network import Parameters
from toynet.state import Snapshot, State

KIND, VERSION = "toynet run", 2
"""What a document says of itself."""

READ = (1, VERSION)
"""The versions that can be read: the first had neither `velocity` nor the settings `records.LATER`."""


def to_json(state: State, split: Split | None = None, said: dict[str, Any] | None = None) -> bytes:
    """A run as JSON: settings, parameters, history and all that it needs to go on.

    Parameters
    ----------
    state : State
    split : Split, optional
        Its data: then the document says how inputs are standardised, what they and the classes are called, and what
        is measured at present.
    said : dict, optional
        What people say of it: `name`, `note`, `tags`; and `parent`, `parent_epoch`.

    Returns
    -------
    bytes
        UTF-8. Numbers keep every bit; what is not a number is null.
    """
    document = {
        "kind": KIND,
        "version": VERSION,
        "run": state.run_name,
        **(said or {}),
        "settings": state.config.to_dict(),
        "changes": [list(change) for change in state.changes],
        "engine": state.trained_by,
        "engine_asked": state.engine_asked,
        "seconds": state.seconds,
        "diverged": state.diverged,
        "data": state.data,
        **({} if split is None else {"inputs": _inputs(split), "present": _present(state, split)}),
        **_progress(state.progress),
        "snapshots": [{"engine": s.engine, **_progress(s.progress)} for s in _others(state)],
        "history": {name: _numbers(column) for name, column in state.history.items()},
    }
    # A line for each entry: what is short is found at a glance.
    lines = (f"{json.dumps(name)}: {json.dumps(value, allow_nan=False)}" for name, value in document.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def to_npz(state: State, split: Split) -> bytes:
    """Settings and parameters as an NPZ file.

    Parameters
    ----------
    state : State
    split : Split
        Its data.

    Returns
    -------
    bytes
        `W1` (h, d), `b1` (h, 1), `W2` (k, h), `b2` (k, 1); `mean` and `scale` (d,), with which inputs x are
        standardised, (x - mean) / scale; and `settings`, the rest as JSON, with `drawn` where inputs are made of
        others (see `Drawn`). `numpy.load` opens it.
    """
    settings = {"run": state.run_name, "epoch": state.progress.epoch, "update": state.progress.update}
    settings |= {"settings": state.config.to_dict() | {c.setting: c.value for c in state.changes}}
    settings |= {"feature_names": list(split.feature_names), "class_names": list(split.class_names)} | _drawn(split)
    sink = io.BytesIO()
    np.savez(
        sink,
        **state.progress.parameters._asdict(),
        mean=split.mean,
        scale=split.scale,
        settings=np.array(json.dumps(settings)),
    )
    return sink.getvalue()


def _others(state: State) -> list[Snapshot]:
    """The snapshots that are not the run's present moment."""
    return [s for s in state.snapshots if s.progress.update != state.progress.update or s.progress.update == 0]


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "epoch": progress.epoch,
        "update": progress.update,
        "position": progress.position,
        "parameters": _arrays(progress.parameters),
        **({"velocity": _arrays(progress.velocity)} if progress.velocity else {}),
        "order": progress.order,
    }


def _arrays(parameters: Parameters) -> dict[str, list]:
    return {name: array.tolist() for name, array in parameters._asdict().items()}


def _present(state: State, split: Split) -> dict[str, float | None]:
    """The losses, accuracies and norms of this moment, which no row of the history may be of."""
    measures = measure(state.progress.parameters, split, state.config.activation, state.config.output)._asdict()
    return {name: value if np.isfinite(value) else None for name, value in measures.items()}


def _inputs(split: Split) -> dict[str, Any]:
    """How inputs in their own units become those of the network: (x - mean) / scale."""
    return {
        "mean": split.mean.tolist(),
        "scale": split.scale.tolist(),
        "feature_names": list(split.feature_names),
        "class_names": list(split.class_names),
        **_drawn(split),
    }


def _drawn(split: Split) -> dict[str, Any]:
    """The two that are drawn, and what makes each input of them, where these are not the inputs themselves."""
    if split.drawn is None:
        return {}
    drawn = split.drawn
    units = {"mean": drawn.mean.tolist(), "scale": drawn.scale.tolist()}
    return {"drawn": {"names": list(drawn.names), **units, "sources": list(drawn.sources)}}


def _numbers(column: np.ndarray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in column.tolist()]
