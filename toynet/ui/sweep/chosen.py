"""Which sweep is wanted: some settings, their values, and seeds; all else is as in the sidebar."""

from dataclasses import fields, replace

import streamlit as st

from toynet import datasets
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.config import BATCH_MODES, Config, parse, range_text
from toynet.many import data
from toynet.many.grid import Grid
from toynet.ui import keys
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.controls.data import CLASSES, SAMPLES, SHARES
from toynet.ui.controls.fields import HELP
from toynet.ui.controls.sidebar import BATCHES, HIDDEN, MOMENTA, PENALTIES, RATES
from toynet.ui.runs import words
from toynet.ui.train.beside import NO_BATCHES

NOISES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
EPOCHS = (50, 100, 200, 500, 1000, 2000, 5000)

OFFERED = {
    "learning_rate": RATES,
    "hidden_size": HIDDEN,
    "batch_mode": BATCH_MODES,
    "batch_size": BATCHES,
    "activation": tuple(ACTIVATIONS),
    "l2": PENALTIES,
    "momentum": MOMENTA,
    "output": tuple(OUTPUTS),
    "epochs": EPOCHS,
    "samples": SAMPLES,
    "noise": NOISES,
    "test_fraction": SHARES,
    "classes": tuple(CLASSES),
    "dataset": tuple(datasets.GENERATORS),
}
"""Settings that can be swept, and values of each that are usual; numbers are typed."""

USUAL = {
    "learning_rate": (0.03, 0.1, 0.3, 1.0, 3.0),
    "hidden_size": (2, 4, 8, 16),
    "batch_size": (8, 32, 128),
    "l2": (0.0, 0.001, 0.01, 0.1),
    "momentum": (0.0, 0.5, 0.9),
    "epochs": (100, 200, 500, 1000),
    "samples": (100, 200, 400, 1000),
    "noise": (0.1, 0.2, 0.3),
    "test_fraction": (0.2, 0.3, 0.5),
    "dataset": ("moons", "circles", "xor", "spirals"),
}
"""Values of a sweep where nobody chooses others; else all that are offered."""

PLURALS = {
    "epochs": "numbers of epochs",
    "samples": "numbers of samples",
    "batch_size": "batch sizes",
    "classes": "numbers of classes",
    "l2": "L2 penalties",
    "momentum": "momenta",
    "dataset": "data sets",
}
"""Of a setting, where it is not its name and an s."""

FIRST = ("learning_rate", "hidden_size")
"""Settings of a sweep where nobody chooses others."""

OF_MADE_DATA = ("samples", "noise", "classes", "dataset")

SEEDS, MOST_SEEDS = 10, 100

MOST_SETTINGS, MOST_VALUES = 5, 40

FIELDS = {f.name: f for f in fields(Config)}

ACROSS = 3
"""Settings whose values stand side by side."""

MOST_RUNS = 200_000
"""Of a sweep on this page: the shell has no bound."""


def choose(trainer):
    """Draw the choice.

    Parameters
    ----------
    trainer : Trainer
        Has all other settings.

    Returns
    -------
    Grid or None
        None where what is chosen makes no sweep: then the page says why.
    """
    config = trainer.config
    left_out = () if config.dataset in datasets.GENERATORS else OF_MADE_DATA
    if trainer.split.outputs == 1:  # both do the same
        left_out += ("output",)
    offered = [name for name in OFFERED if name not in left_out]
    with st.container(horizontal=True, vertical_alignment="bottom", key="swept"):
        usual = [name for name in choices.remembered(keys.SWEPT, FIRST) if name in offered]
        names = st.multiselect(
            "Settings: across, up, from picture to picture, and more", offered, usual, key=keys.SWEPT,
            format_func=words.setting, max_selections=MOST_SETTINGS, width=420,
        )  # fmt: skip
        choices.remember(keys.SWEPT, names)
        seeds = choices.number(
            "Seeds", keys.SWEEP_SEEDS, 1, MOST_SEEDS, default=SEEDS, width=130,
            help="Each is added to data seed and initial seed; of six and more a verdict can be given.",
        )  # fmt: skip
    try:
        settings = _settings(names, config)
        if not settings:
            raise ValueError("Choose a setting that is to vary")
        base = replace(config, **{name: values[0] for name, values in settings.items()})
        several = tuple((name, values) for name, values in settings.items() if len(values) > 1)
        grid = Grid(base, several, seeds)
        data.check(grid)
        if grid.runs > MOST_RUNS:
            raise ValueError(
                f"These are {grid.runs:,} runs: here at most {MOST_RUNS:,} can be watched, `python -m toynet sweep` "
                "trains any number"
            )
        if "batch_size" in settings and "mini" not in settings.get("batch_mode", [base.batch_mode]):
            st.caption(NO_BATCHES)
        return grid
    except ValueError as error:
        st.error(f"{as_text(str(error))}.")
        return None


def _settings(names, config):
    """Each setting with its values, side by side."""
    columns, typed = st.columns(min(max(len(names), 1), ACROSS)), {}
    for place, name in enumerate(names):
        with columns[place % len(columns)]:
            typed[name] = _typed(name, config)
    return {name: _values(name, texts) for name, texts in typed.items()}


def described(grid):
    """A sweep in one line: how many runs of what."""
    if not grid.axes:
        return f"{grid.seeds:,} seeds" if grid.seeds > 1 else "1 run"
    cells = " × ".join(f"{len(values):,} {_plural(name)}" for name, values in grid.axes)  # each has two or more
    seeds = f" × {grid.seeds:,} seeds" if grid.seeds > 1 else ""
    return f"{cells}{seeds} = {grid.runs:,} runs"


def _plural(name):
    return PLURALS.get(name, f"{words.setting(name).lower()}s")


def others(grid):
    """The settings that all its runs have in common, where they are not the usual ones."""
    swept, usual, base = [name for name, _ in grid.axes], Config(), grid.base
    told = [] if "dataset" in swept else [f"dataset {words.value(base.data_file or base.dataset)}"]
    told += [
        f"{words.setting(f.name).lower()} {words.value(getattr(base, f.name))}"
        for f in fields(base)
        if f.name not in (*swept, "dataset", "data_file") and getattr(base, f.name) != getattr(usual, f.name)
    ]
    return ", ".join(told) or "all else as usual"


def _typed(name, config):
    """Draw the values of one setting: numbers are typed, as in the shell; names are chosen."""
    key, names = keys.sweep_values(name), OFFERED[name]
    started = choices.remembered(key)
    if isinstance(names[0], str):
        usual = [value for value in started or USUAL.get(name, names) if value in names]
        chosen = st.multiselect(words.setting(name), names, usual, key=key, placeholder="Choose values")
        return choices.remember(key, chosen)
    started = ", ".join(map(words.value, USUAL.get(name, names))) if started is None else started
    text = st.text_input(
        words.setting(name), started, key=key, placeholder="values separated by commas",
        help=f"{HELP[name]} Values separated by commas, each {range_text(FIELDS[name])}.",
    )  # fmt: skip
    return [part for part in map(str.strip, choices.remember(key, text).split(",")) if part]


def _values(name, texts):
    """What is chosen and typed as values. Raises ValueError where one is none."""
    if not texts:
        raise ValueError(f"{words.setting(name)} has no values: give some")
    if len(texts) > MOST_VALUES:
        raise ValueError(f"{words.setting(name)} has {len(texts):,} values: at most {MOST_VALUES} have room")
    values = [parse(name, text) for text in texts]
    return tuple(dict.fromkeys(sorted(values, key=_order(name))))


def _order(name):
    """As they are offered: names in their order, numbers by size."""
    names = OFFERED[name]
    return names.index if isinstance(names[0], str) else float
