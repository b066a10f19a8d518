"""The data of a sweep: which they are, and that all of them can be used."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from toynet import datasets
from toynet.config import Config
from toynet.many.grid import Grid

NAMED_BY = (
    "dataset", "data_file", "feature_1", "feature_2", "target", "class_0", "class_1", "classes", "features",
)  # fmt: skip
"""The settings that say which data they are; the others say how many, and which rows."""


def each(grid: Grid) -> Iterator[Config]:
    """Settings with each combination of those that name the data: of others the first value."""
    axes = [(name, possible) for name, possible in grid.axes if name in NAMED_BY]
    for combination in itertools.product(*(possible for _, possible in axes)):
        yield replace(grid.base, **dict(zip((name for name, _ in axes), combination, strict=True)))


def check(grid: Grid) -> None:
    """See that all data can be used, before hours are spent on others. Raises ValueError."""
    for config in each(grid):
        datasets.load(datasets.resolved(config))
