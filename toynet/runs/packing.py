"""Arrays as bytes for a store, and back: histories in compressed columns, parameters as they are."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

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


def unpack_arrays(content: bytes, shapes: Mapping[str, Iterable[int]]) -> dict[str, np.ndarray]:
    """The arrays of these shapes by name."""
    numbers, arrays, start = np.frombuffer(content, "<f8"), {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(tuple(shape)))
        arrays[name] = numbers[start : start + size].reshape(tuple(shape)).astype(float)
        start += size
    return arrays


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
