"""What else the network may be handed of the two inputs that are drawn: their squares, their product, their sines."""

import csv
from collections.abc import Callable, Iterable

import numpy as np

from toynet.config import shown

TERMS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1^2": lambda x1, x2: x1**2,
    "x2^2": lambda x1, x2: x2**2,
    "x1 x2": lambda x1, x2: x1 * x2,
    "sin x1": lambda x1, x2: np.sin(x1),
    "sin x2": lambda x1, x2: np.sin(x2),
}
"""Name -> function of the two drawn inputs, standardised, each (m,), to an input (m,) that is standardised again."""

PAIR = ("x1", "x2")
"""The terms that are the drawn inputs themselves."""


def parse(text: str) -> tuple[str, ...]:
    """The names in a setting `features`; one with a semicolon or a quote in it is quoted as in a CSV file.

    Raises
    ------
    ValueError
        If a name is there twice, or the text is no row of a CSV file.
    """
    try:
        (cells,) = csv.reader([" ".join(text.splitlines())], delimiter=";", skipinitialspace=True) if text else [[]]
    except csv.Error as error:
        raise ValueError(f"features must be names separated by semicolons, not {shown(text)}") from error
    names = tuple(cell.strip() for cell in cells if cell.strip())
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"features has {shown(name)} twice: name each input once")
    return names


def join(names: Iterable[str]) -> str:
    """The inverse of `parse`."""
    return ";".join(f'"{n.replace(chr(34), chr(34) * 2)}"' if set(n) & set(';"') else n for n in names)


def sources(names: Iterable[str], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Of each input the term that makes it of the drawn pair, or "" where it is a further column.

    Parameters
    ----------
    names : iterable of d str
        Names of inputs: columns, or `TERMS`.
    columns : tuple of str
        Names of the columns at hand, the drawn pair first: such a name means the column.
    """
    of_columns = dict(zip(columns, (*PAIR, *("" for _ in columns[2:])), strict=True))
    return tuple(of_columns.get(name, name) for name in names)
