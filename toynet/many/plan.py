"""Plan: which runs are trained beside a person's own: none, the same with other seeds, or rivals in a race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from toynet.config import Config, parse, shown

MOST_SEEDS = 32
"""Seeds of a run's luck, its own included."""

MOST_LANES = 9
"""Runs of a race, a person's own included: as many pictures as can be read side by side."""

RACED = (
    "batch_mode", "learning_rate", "batch_size", "hidden_size", "activation", "init_seed", "l2", "momentum", "output",
)  # fmt: skip
"""The settings that can be raced: those of the network and its training. The data stay the same."""

AXES = ("epoch", "update", "samples_seen", "seconds")
"""What lanes can be level by: history columns."""


@dataclass(frozen=True)
class Plan:
    """Which runs are trained together.

    Attributes
    ----------
    seeds : int
        1 to `MOST_SEEDS`: of the luck of a run, seed s added to `data_seed` and `init_seed`, for s = 0, 1, ...
    setting : str
        What is raced, one of `RACED`; "" for no race.
    values : tuple
        Of that setting, 2 to `MOST_LANES`.
    axis : str
        One of `AXES`: all lanes are at the same place on it.

    Raises
    ------
    ValueError
        Names the setting, the value it was given and the range it must lie in.
    """

    seeds: int = 1
    setting: str = ""
    values: tuple = ()
    axis: str = "epoch"

    def __post_init__(self) -> None:
        if not isinstance(self.seeds, int) or not 1 <= self.seeds <= MOST_SEEDS:
            raise ValueError(f"luck must be a whole number of seeds from 1 to {MOST_SEEDS}, not {shown(self.seeds)}")
        if self.axis not in AXES:
            raise ValueError(f"level must be one of {', '.join(AXES)}, not {shown(self.axis)}")
        if self.setting and self.setting not in RACED:
            raise ValueError(f"race must be over one of {', '.join(RACED)}, not {shown(self.setting)}")
        if self.setting and self.seeds > 1:
            raise ValueError("a race has no seeds beside it: choose luck or a race")
        if self.setting and not 2 <= len(self.values) <= MOST_LANES:
            raise ValueError(f"a race has 2 to {MOST_LANES} values of {self.setting}, not {len(self.values)}")
        checked = (getattr(replace(Config(), **{self.setting: value}), self.setting) for value in self.values)
        object.__setattr__(self, "values", tuple(dict.fromkeys(checked)) if self.setting else ())

    @property
    def kind(self) -> str:
        """What it is: "one", "luck" or "race"."""
        return "race" if self.setting else "luck" if self.seeds > 1 else "one"

    def others(self, own: Config) -> tuple[Config, ...]:
        """The settings of the runs beside a person's own.

        Raises
        ------
        ValueError
            If a seed would be too large.
        """
        if self.setting:
            rivals = (value for value in self.values if value != getattr(own, self.setting))
            return tuple(replace(own, **{self.setting: value}) for value in rivals)[: MOST_LANES - 1]
        return tuple(
            replace(own, data_seed=own.data_seed + seed, init_seed=own.init_seed + seed)
            for seed in range(1, self.seeds)
        )  # fmt: skip

    def label(self, config: Config) -> str:
        """What tells a run of these settings from the others."""
        if self.setting:
            value = getattr(config, self.setting)
            return f"{value:g}" if isinstance(value, float) else f"{value}"
        return f"{config.data_seed}" if self.seeds > 1 else ""


# --- as texts, for an address ----------------------------------------------------------


PARAMETERS = ("luck", "race", "lanes", "level")


def texts(plan: Plan) -> dict[str, str]:
    """A plan as parameters of an address: those that `from_texts` reads."""
    if plan.setting:
        level = {} if plan.axis == "epoch" else {"level": plan.axis}
        return {"race": plan.setting, "lanes": ",".join(f"{value}" for value in plan.values), **level}
    return {"luck": f"{plan.seeds}"} if plan.seeds > 1 else {}


def from_texts(given: Mapping[str, str]) -> Plan:
    """The inverse of `texts`. Raises ValueError where they make no plan."""
    if "luck" in given and "race" in given:
        raise ValueError("luck and race exclude each other: give one of them")
    if "race" not in given and ("lanes" in given or "level" in given):
        raise ValueError("lanes and level belong to a race: say over which setting, as in race=batch_mode")
    if "race" in given:
        setting = given["race"]
        if setting not in RACED:
            raise ValueError(f"race must be over one of {', '.join(RACED)}, not {shown(setting)}")
        values = tuple(parse(setting, text) for text in given.get("lanes", "").split(",")[: 2 * MOST_LANES])
        return Plan(setting=setting, values=values, axis=given.get("level", "epoch"))
    if "luck" in given:
        text = given["luck"]
        if not (text.isdecimal() and len(text) < 5):
            raise ValueError(f"luck must be a whole number of seeds from 1 to {MOST_SEEDS}, not {shown(text)}")
        return Plan(seeds=int(text))
    return Plan()
