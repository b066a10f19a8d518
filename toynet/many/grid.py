"""Grid: the runs of a sweep, numbered: every combination of some settings' values, each with so many seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from toynet.config import Config, shown

SEEDS = ("data_seed", "init_seed")
"""The settings that seeds are added to."""

MOST_SEEDS = 10_000

LARGEST = 2**32 - 1
"""Seed."""


@dataclass(frozen=True)
class Grid:
    """The runs of a sweep. Run `number` has cell `number % cells` and seed `number // cells`.

    So the first runs are those of all cells with the first seed: a picture of the whole is there
    soon, and data are made once a seed. Seeds that come later are numbers behind those that are there.

    Attributes
    ----------
    base : Config
        The settings that all runs have in common; of the others the first value.
    axes : tuple of (str, tuple)
        Settings and their values, at least one each; the last one's change fastest from cell to cell.
    seeds : int
        1 to `MOST_SEEDS`: seed s is added to `data_seed` and `init_seed`, for s = 0, 1, ...

    Raises
    ------
    ValueError
        Names the setting, the value it was given and the range it must lie in.
    """

    base: Config
    axes: tuple[tuple[str, tuple], ...] = ()
    seeds: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.seeds, int) or isinstance(self.seeds, bool) or not 1 <= self.seeds <= MOST_SEEDS:
            raise ValueError(f"seeds must be a whole number from 1 to {MOST_SEEDS:,}, not {shown(self.seeds)}")
        object.__setattr__(self, "axes", tuple((name, self._checked(name, values)) for name, values in self.axes))
        names = [name for name, _ in self.axes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} is given twice")
            if self.seeds > 1 and name in SEEDS:
                raise ValueError(f"{name} cannot have several values beside several seeds, which are added to it")
        for name in SEEDS:
            last = getattr(self.base, name) + self.seeds - 1
            if last > LARGEST:
                raise ValueError(f"{name} must be at most {LARGEST:,} with all seeds added, not {last:,}")

    def _checked(self, name: str, values: Iterable) -> tuple:
        """An axis's values as the setting's own type, equal ones once."""
        checked = tuple(dict.fromkeys(getattr(_one(self.base, name, value), name) for value in values))
        if not checked:
            raise ValueError(f"{name} has no values")
        return checked

    @classmethod
    def of(cls, settings: Mapping[str, Any], seeds: int = 1) -> Grid:
        """The grid of a dict: name of a setting -> its value, or a list of values; equal ones count once.

        Raises
        ------
        ValueError
            As the class; or for a key that is no setting.
        """
        lists = {name: _values(name, given) for name, given in settings.items()}
        base = Config.from_dict({name: values[0] for name, values in lists.items()})
        axes = ((name, cls(base)._checked(name, values)) for name, values in lists.items())
        return cls(base, tuple((name, values) for name, values in axes if len(values) > 1), seeds)

    @cached_property
    def cells(self) -> int:
        """How many combinations of values there are."""
        return prod(len(values) for _, values in self.axes)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return self.cells * self.seeds

    def values(self, cell: int) -> dict[str, Any]:
        """What a cell has of each setting that varies."""
        found = {}
        for name, values in reversed(self.axes):
            cell, place = divmod(cell, len(values))
            found[name] = values[place]
        return dict(reversed(found.items()))

    def cell(self, values: Mapping[str, Any]) -> int:
        """The cell that has these values. Raises ValueError where there is none."""
        cell = 0
        for name, possible in self.axes:
            if values[name] not in possible:
                raise ValueError(f"{name}={shown(values[name])} is not in the sweep")
            cell = cell * len(possible) + possible.index(values[name])
        return cell

    def seed(self, number: int) -> int:
        """The seed of a run: 0, 1, ..."""
        return number // self.cells

    def config(self, number: int) -> Config:
        """The settings of a run. Raises ValueError for a number that there is not."""
        if not 0 <= number < self.runs:
            raise ValueError(f"there is no run {number}: the sweep has {self.runs:,}")
        seed, cell = divmod(int(number), self.cells)
        settings = self.values(cell)
        settings |= {name: self._seed_of(settings, name) + seed for name in SEEDS}
        # As `replace`, but these values have been checked, and checking takes as long as a short run.
        config = object.__new__(Config)
        config.__dict__.update(self.base.__dict__, **settings)
        return config

    def _seed_of(self, settings: Mapping[str, Any], name: str) -> int:
        return settings.get(name, getattr(self.base, name))

    def number(self, config: Config) -> int | None:
        """Which run has these settings, or None. Columns of real data that were left open may be named by now."""
        values = {name: getattr(config, name) for name, _ in self.axes}
        try:
            cell = self.cell(values)
        except ValueError:
            return None
        seed = config.data_seed - self._seed_of(values, "data_seed")
        if not 0 <= seed < self.seeds:
            return None
        number = seed * self.cells + cell
        own = self.config(number)
        same = (getattr(own, f.name) in ("", getattr(config, f.name)) for f in dataclasses.fields(config))
        return number if all(same) else None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "base": self.base.to_dict(),
            "axes": [[name, list(values)] for name, values in self.axes],
            "seeds": self.seeds,
        }

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Grid:
        """The inverse of `to_dict`. Raises ValueError where these are not its values."""
        try:
            axes = tuple((name, tuple(values)) for name, values in d["axes"])
            return cls(Config.from_dict(d["base"]), axes, d["seeds"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no sweep: {shown(d)}") from error


def _one(base: Config, name: str, value: Any) -> Config:
    """These settings with another value of one."""
    return Config.from_dict(base.to_dict() | {name: value})


def _values(name: str, given: Any) -> list:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        return [given]
    values = list(given)
    if not values:
        raise ValueError(f"{name} has no values")
    return values
