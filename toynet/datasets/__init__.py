"""Two-class datasets in the plane, and their seeded, stratified train/test split."""

import threading
from collections import OrderedDict
from dataclasses import replace

from toynet.config import DATA_SETTINGS, Config
from toynet.datasets import real
from toynet.datasets.generated import GENERATORS
from toynet.datasets.samples import Points, Split, split

__all__ = ["GENERATORS", "Points", "Split", "is_loaded", "load", "points", "resolved", "split"]


def points(config: Config) -> Points:
    """The samples that a Config asks for, in their own units.

    Raises
    ------
    ValueError
        Where the file or its columns cannot be used: one sentence that says why.
    """
    if config.dataset in GENERATORS:
        X, y = GENERATORS[config.dataset](config.samples, config.noise, config.data_seed)
        return Points(X, y.astype(float), ("x1", "x2"), ("class 0", "class 1"))
    if config.dataset == "breast_cancer":
        return real.breast_cancer(config)
    if config.dataset == "given":
        raise ValueError("dataset given is data that a Trainer was handed as `split`: hand them in again")
    from toynet.datasets import csv_files  # pandas, which takes as long to load as many runs take

    return Points(*csv_files.points(csv_files.read(csv_files.find(config.data_file)), config))


def resolved(config: Config) -> Config:
    """The same settings with the columns of real data named, where they were left to us.

    Raises
    ------
    ValueError
        As `points`.
    """
    if config.dataset == "breast_cancer":
        return real.named(config)
    if config.dataset == "csv":
        from toynet.datasets import csv_files

        table = csv_files.read(csv_files.find(config.data_file))
        columns = csv_files.suggest(table, config.target, config.feature_1, config.feature_2)
        return replace(config, **dict(zip(("feature_1", "feature_2", "target"), columns, strict=True)))
    return config


def load(config: Config) -> Split:
    """The standardised train/test split of a Config.

    Stratified (both parts keep the classes' shares) and seeded by `data_seed`. The last
    ones are kept: the same settings give the same Split, whose arrays cannot be written to.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        Where the data cannot be used: one sentence that says why.
    """
    key = _key(config)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    loaded = split(points(config), config.test_fraction, config.data_seed)
    for part in loaded[:6]:
        part.flags.writeable = False
    with _lock:
        _kept[key] = loaded
        while len(_kept) > 1 and sum(map(_rows, _kept.values())) > MOST_ROWS:
            _kept.popitem(last=False)
    return loaded


def _rows(split: Split) -> int:
    return split.y_train.size + split.y_test.size


def is_loaded(config: Config, split: Split) -> bool:
    """Whether this is the very Split that `load` gives for these settings."""
    try:
        return _kept.get(_key(config)) is split
    except ValueError:  # there is no such file
        return False


MOST_ROWS = 500_000
"""Of all splits that are kept, some 15 MB: making one takes longer than a run of a few hundred epochs on it."""

_kept: OrderedDict[tuple, Split] = OrderedDict()
_lock = threading.Lock()


def _key(config: Config) -> tuple:
    """The settings that make the data, and what changes where a file's content does."""
    settings = tuple(getattr(config, name) for name in DATA_SETTINGS)
    if config.dataset != "csv":
        return settings
    from toynet.datasets import csv_files

    stat = csv_files.find(config.data_file).stat()
    return *settings, stat.st_mtime_ns, stat.st_size
