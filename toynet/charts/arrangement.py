"""Which cell of a sweep stands where in its pictures, and what its settings are called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from toynet.derivation.numerals import text
from toynet.many.grid import Grid


class Axis(NamedTuple):
    """One setting of a sweep as people see it.

    Attributes
    ----------
    title : str
    labels : tuple of str
        Of its values.
    """

    title: str
    labels: tuple[str, ...]


class Layout(NamedTuple):
    """Which cell of a sweep stands where.

    Attributes
    ----------
    x, y, pictures : Axis
        Of columns, of lines, and of pictures; y and pictures have one label at least, and none of them shows where the
        axis has no title.
    cells : ndarray (pictures, lines, columns) of int
    """

    x: Axis
    y: Axis
    pictures: Axis
    cells: np.ndarray

    @property
    def axes(self) -> tuple[Axis, Axis, Axis]:
        """What a chart is made for."""
        return self.x, self.y, self.pictures


NONE = Axis("", ("",))


def label(value: Any) -> str:
    """A setting's value as people write it."""
    return text(value, 6) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def axis(name: str, values: Sequence[Any], titles: Mapping[str, str] | None = None) -> Axis:
    """A setting as people see it."""
    plain = name.replace("_", " ").capitalize()
    return Axis((titles or {}).get(name, plain), tuple(map(label, values)))


def layout(
    grid: Grid,
    x: str | None = None,
    y: str | None = None,
    pictures: str | None = None,
    fixed: Mapping[str, Any] | None = None,
    titles: Mapping[str, str] | None = None,
) -> Layout:
    """Which settings run along, down, and from picture to picture.

    Parameters
    ----------
    grid : Grid
    x, y, pictures : str, optional
        Settings of the sweep; by default its first three that are not named yet, in this order.
    fixed : dict, optional
        Values of those that are left; by default their first ones.
    titles : dict, optional
        Setting -> what people call it.

    Raises
    ------
    ValueError
        If the sweep does not vary a setting that is named, or one is named twice.
    """
    varied = dict(grid.axes)
    named = [name for name in (x, y, pictures) if name is not None]
    for name in named:
        if name not in varied:
            raise ValueError(f"{name} does not vary in this sweep; what varies is {', '.join(varied) or 'nothing'}")
    if len(set(named)) < len(named):
        raise ValueError(f"x, y and pictures must be different settings, not {', '.join(named)}")
    free = [name for name in varied if name not in named and name not in (fixed or {})]
    chosen = [name if name is not None else (free.pop(0) if free else None) for name in (x, y, pictures)]
    at = {name: some[0] for name, some in varied.items()} | dict(fixed or {})
    columns, lines, rows = (((None,) if name is None else varied[name]) for name in chosen)

    def cell(*placed: Any) -> int:
        return grid.cell(at | {name: value for name, value in zip(chosen, placed, strict=True) if name is not None})

    cells = np.array([[[cell(c, line, row) for c in columns] for line in lines] for row in rows])
    shown = [NONE if name is None else axis(name, varied[name], titles) for name in chosen]
    return Layout(shown[0], shown[1], shown[2], cells)
