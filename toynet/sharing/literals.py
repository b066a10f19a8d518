"""Values as Python source: what a script is given to work on, whatever people called it."""

import base64
import textwrap
from typing import Any

import numpy as np

from toynet.config import shown

PACKED = 4000
"""Numbers from which on an array is written as bytes in base64: shorter than digits, and no less exact."""

WIDTH = 110
"""Of a line of numbers."""


def array(values: np.ndarray) -> str:
    """An array as an expression of NumPy that keeps every bit.

    Parameters
    ----------
    values : ndarray (r, c)
        Finite.

    Returns
    -------
    str
        Nested lists, a row a line where it fits; of `PACKED` numbers and more the bytes of their float64, for which
        the script must import base64 (`imports`).
    """
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        return f"np.empty({values.shape})"
    if values.size < PACKED:
        return f"np.array([\n{''.join(map(_row, values.tolist()))}])"
    lines = "\n".join(textwrap.wrap(base64.b64encode(values.astype("<f8").tobytes()).decode(), WIDTH))
    return f'np.frombuffer(base64.b64decode("""\n{lines}\n"""), "<f8").astype(float).reshape{values.shape}'


def _row(numbers: list[float]) -> str:
    """One row of a nested list; a long one goes on below."""
    row = "[" + ", ".join(map(repr, numbers)) + "],"
    return textwrap.fill(row, WIDTH, initial_indent="    ", subsequent_indent="     ", break_on_hyphens=False) + "\n"


def imports(source: str) -> str:
    """What arrays in this source need imported, as lines."""
    return "import base64\n" if "base64.b64decode" in source else ""


def text(value: Any) -> str:
    """What people typed, in quotes and cut where it is long: for a comment, which no line break in it can end.

    Never for the first two lines of a file: there a comment may name the encoding of all that follows.
    """
    return shown(str(value))
