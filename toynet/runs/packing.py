"""Arrays as bytes for a store, and back: histories in compressed columns, parameters as they are."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from toynet.datasets import Drawn, Split
from toynet.history import COLUMNS, COUNTS

# Measured numbers hardly shrink, whatever packs them: this one takes the least time.
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def pack_rows(columns: Mapping[str, np.ndarray]) -> bytes:
    """Rows of a history, for each of its `COLUMNS` an array (rows,), as an Arrow stream of compressed columns.

    Of a count it has the first one and the steps from row to row, which are mostly the same.
    """
    arrays = [_steps(columns[name]) if name in COUNTS else columns[name] for name in COLUMNS]
    batch = pa.record_batch(arrays, names=list(COLUMNS))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


def _steps(counts):
    return np.diff(counts.astype(np.int64), prepend=0)


def unpack_rows(contents: Iterable[bytes], names: Iterable[str] = COLUMNS) -> dict[str, np.ndarray]:
    """The rows of several packs, one behind the other: column -> array (rows,) of float."""
    names = list(names)
    options = pa.ipc.IpcReadOptions(included_fields=[COLUMNS.index(name) for name in names])
    try:
        parts = [pa.ipc.open_stream(content, options=options).read_all() for content in contents]
        return {name: np.concatenate([np.empty(0), *(_column(part, name) for part in parts)]) for name in names}
    except (pa.ArrowException, LookupError, OSError, MemoryError) as error:  # damaged ones may claim any size
        raise ValueError("these bytes are no rows of a history") from error


def _column(part, name):
    values = part[name].to_numpy()
    return values.cumsum() if name in COUNTS else values


def pack_arrays(arrays: Iterable[np.ndarray]) -> bytes:
    """Arrays of numbers as float64, little-endian, one behind the other."""
    return b"".join(np.ascontiguousarray(array, "<f8").tobytes() for array in arrays)


def unpack_arrays(content: bytes, shapes: Mapping[str, Iterable[int]]) -> list[dict[str, np.ndarray]]:
    """The arrays of these shapes by name; several such sets may lie one behind the other.

    Raises
    ------
    ValueError
        If these bytes are no such sets.
    """
    numbers = np.frombuffer(content, "<f8")
    sizes = {name: int(np.prod(tuple(shape))) for name, shape in shapes.items()}
    size, ends = sum(sizes.values()), np.cumsum([*sizes.values()])
    if not size or not numbers.size or numbers.size % size:
        raise ValueError("these bytes are not the arrays of these shapes")
    found = []
    for of_set in numbers.reshape(-1, size):
        parts = zip(shapes.items(), np.split(of_set, ends[:-1]), strict=True)
        found.append({name: part.reshape(tuple(shape)).astype(float) for (name, shape), part in parts})
    return found


def pack_named(arrays: Mapping[str, np.ndarray], texts: Mapping[str, Any]) -> bytes:
    """Arrays, and what JSON can say, as an NPZ file."""
    sink = io.BytesIO()
    np.savez_compressed(sink, _texts=np.array(json.dumps(texts)), **arrays)  # type: ignore[arg-type]
    return sink.getvalue()


def unpack_named(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The inverse of `pack_named`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != "_texts"}
        return arrays, json.loads(str(file["_texts"]))


# --- data that were given by hand ----------------------------------------------------


def pack_split(split: Split) -> bytes:
    """A split, and the two inputs that are drawn of it where these are others."""
    arrays = dict(zip(Split._fields[:6], split[:6], strict=True))
    texts: dict[str, Any] = {"feature_names": split.feature_names, "class_names": split.class_names}
    if split.drawn:
        arrays |= {_DRAWN + name: array for name, array in zip(Drawn._fields[:4], split.drawn[:4], strict=True)}
        texts |= {_DRAWN + "names": split.drawn.names, _DRAWN + "sources": split.drawn.sources}
    return pack_named(arrays, texts)


def unpack_split(content: bytes) -> Split:
    """The inverse of `pack_split`."""
    arrays, texts = unpack_named(content)
    known: dict[str, Any] = {**arrays, **{name: tuple(names) for name, names in texts.items()}}
    of_drawn = {name.removeprefix(_DRAWN): known.pop(name) for name in list(known) if name.startswith(_DRAWN)}
    return Split(**known, drawn=Drawn(**of_drawn) if of_drawn else None)


_DRAWN = "drawn_"
"""What stands before the names of the parts of `Drawn`."""
