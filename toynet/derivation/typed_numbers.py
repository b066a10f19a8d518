"""Numbers that a person types, as an array."""

import re

import numpy as np


def parse_numbers(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Typed numbers as an array: "0.1, -0.2; 3", one per line, or a row per line.

    Commas, semicolons, spaces and line breaks separate. Rows of lines or semicolons
    that make `shape`, or for a matrix its transpose, are taken as they stand; anything
    else fills `shape` row by row.

    Parameters
    ----------
    text : str
    shape : tuple of 2 int

    Returns
    -------
    ndarray
        Of `shape`, or of a matrix typed transposed the transposed shape.

    Raises
    ------
    ValueError
        One sentence: which word is no number, or how many numbers are wanted.
    """
    text = re.sub(r"[\[\]()|]", " ", text.replace("−", "-"))
    rows = [[_number(word) for word in re.split(r"[,\s]+", row) if word] for row in re.split(r"[;\n]", text)]
    rows = [row for row in rows if row]
    numbers = [number for row in rows for number in row]
    wanted = shape[0] * shape[1]
    if len(numbers) != wanted:
        raise ValueError(_count_message(len(numbers), shape))
    layout = (len(rows), len(rows[0]))
    is_matrix = min(shape) > 1 and all(len(row) == layout[1] for row in rows)
    return np.array(numbers).reshape(layout if is_matrix and layout == shape[::-1] else shape)


def _number(word):
    # float() would also take "nan", "inf" and "1_000".
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", word) or not np.isfinite(float(word)):
        raise ValueError(f"{word!r} is not a number.")
    return float(word)


def _count_message(found, shape):
    wanted = shape[0] * shape[1]
    grid = "" if wanted == 1 else f" ({shape[0]} × {shape[1]})"
    hint = " Write decimals with a point: 0.5." if found == 2 * wanted else ""
    return f"{wanted} number{'s' * (wanted > 1)} wanted{grid}, {found} found.{hint}"
