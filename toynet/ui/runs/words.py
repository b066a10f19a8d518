"""What runs and their settings are called on the page Runs."""

from toynet import datasets
from toynet.config import DATA_SETTINGS, GIVEN, OF_MORE_CLASSES, Config
from toynet.datasets.real import REAL
from toynet.many.measures import OTHER_DATA, OTHER_SUMS, WHICH_DATA
from toynet.ui import changed

_ALL = tuple(Config().to_dict())
_LAST = ("epochs", "record_every")
SETTINGS = (
    *(name for name in _ALL if name not in (*DATA_SETTINGS, *_LAST)),
    *(name for name in DATA_SETTINGS if name not in changed.OF_DATA),
    *_LAST,
    *changed.OF_DATA,
)
"""Those of Config, what people compare first: the network and its training, the data, and what follows from these."""

MOST = 3
"""Settings that a run is told apart by in its label, at most."""


OF_SEVERAL = (*(name for name, real in REAL.items() if len(real.order) > 2), "csv", GIVEN)
"""Data that have, or may have, more classes than two, whatever the setting `classes` says."""


def setting(name):
    """A setting as its control is labelled."""
    return changed.LABELS.get(name, name.replace("_", " ").capitalize())


def differing(runs):
    """The settings in which these rows of `Store.runs` differ."""
    return [name for name in in_use(runs) if runs[name].nunique() > 1]


def in_use(runs, by=any):
    """The settings that make a difference to any (or to all) of these rows: not noise, say, where no data are made."""
    made = runs.dataset.isin(datasets.GENERATORS)
    of_some = {
        "samples": made | (runs.dataset == GIVEN),
        "noise": made,
        "classes": runs.dataset.isin(OF_MORE_CLASSES),
        "batch_size": runs.batch_mode == "mini",
        "output": runs.dataset.isin(OF_SEVERAL) | (runs.dataset.isin(OF_MORE_CLASSES) & (runs.classes > 2)),
    }
    return [name for name in SETTINGS if name not in of_some or by(of_some[name])]


def why_unlike(runs):
    """Why the losses of these rows cannot be compared, or "" where they can."""
    names = differing(runs)
    if any(name in WHICH_DATA for name in names):
        return OTHER_DATA
    return OTHER_SUMS if "output" in names else ""


def labels(runs):
    """What each of these rows is called: its own name, else what it differs by, else its run. All are different.

    Returns
    -------
    list of str
    """
    told = _telling(runs)
    found = []
    for row in runs.to_dict("records"):
        label = row["name"] or ", ".join(f"{setting(name).lower()} {value(row[name])}" for name in told) or row["run"]
        found.append(label if label not in found else f"{label} ({row['run']})")
    return found


def _telling(runs):
    """Of the settings in which these rows differ those that tell them apart, as few as do."""
    told, kinds = [], 1
    for name in differing(runs):
        more = len(runs[[*told, name]].drop_duplicates())
        if more > kinds and len(told) < MOST:
            told, kinds = [*told, name], more
    return told


def value(of):
    """A setting's value as people write it."""
    return f"{of:g}" if isinstance(of, float) else str(of)


def sentence(runs):
    """In what these runs differ."""
    names = [setting(name).lower() for name in differing(runs)]
    if not names:
        return "These runs have the same settings."
    if len(names) == 1:
        return f"These runs differ only in {names[0]}."
    return f"These runs differ in {', '.join(names[:-1])} and {names[-1]}."
