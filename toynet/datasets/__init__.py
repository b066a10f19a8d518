"""Datasets of two and more classes, drawn in a plane, and their seeded, stratified train/test split."""

import threading
from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache

from toynet.config import DATA_SETTINGS, GIVEN, OF_MORE_CLASSES, Config
from toynet.datasets import features, real
from toynet.datasets.generated import GENERATORS
from toynet.datasets.samples import Drawn, Points, Split, split

__all__ = ["GENERATORS", "Drawn", "Points", "Split", "is_loaded", "load", "points", "resolved", "split"]


def points(config: Config) -> Points:
    """The samples that a Config asks for, in their own units.

    Raises
    ------
    ValueError
        Where the file or its columns cannot be used: one sentence that says why.
    """
    if config.dataset in GENERATORS:
        more = (config.classes,) if config.dataset in OF_MORE_CLASSES else ()
        if config.classes != 2 and not more:
            others = ", ".join(OF_MORE_CLASSES)
            raise ValueError(f"classes must be 2 for {config.dataset}, not {config.classes}; {others} can have up to 6")
        X, y = GENERATORS[config.dataset](config.samples, config.noise, config.data_seed, *more)
        classes = tuple(f"class {c}" for c in range(config.classes))
        return Points(X, y.astype(float), ("x1", "x2"), classes, 0, features.parse(config.features))
    if config.dataset in real.REAL:
        return real.points(config)
    if config.dataset == GIVEN:
        raise ValueError("dataset given is data that a Trainer was handed as `split`: hand them in again")
    from toynet.datasets import csv_files  # pandas, which takes as long to load as many runs take

    return csv_files.points(csv_files.read(csv_files.find(config.data_file)), config)


def resolved(config: Config) -> Config:
    """The same settings with the columns of real data named, where they were left to us.

    Raises
    ------
    ValueError
        As `points`.
    """
    if config.dataset in real.REAL:
        return real.named(config)
    if config.dataset == "csv":
        chosen = config.target, config.feature_1, config.feature_2, features.parse(config.features)
        feature_1, feature_2, target = _suggested(config.data_file, chosen, *_file_version(config))
        return replace(config, feature_1=feature_1, feature_2=feature_2, target=target)
    return config


@lru_cache
def _suggested(data_file: str, chosen: tuple[str, str, str, tuple[str, ...]], *version: int) -> tuple[str, str, str]:
    """The columns of a file in one of its versions."""
    from toynet.datasets import csv_files

    return csv_files.suggest(csv_files.read(csv_files.find(data_file)), *chosen)


def _file_version(config: Config) -> tuple[int, int]:
    """What changes where a file's content does."""
    from toynet.datasets import csv_files

    stat = csv_files.find(config.data_file).stat()
    return stat.st_mtime_ns, stat.st_size


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
    for part in (*loaded[:6], *(loaded.drawn[:4] if loaded.drawn else ())):
        part.flags.writeable = False
    with _lock:
        _kept[key] = loaded
        while len(_kept) > 1 and (len(_kept) > MOST_SPLITS or sum(map(_rows, _kept.values())) > MOST_ROWS):
            _kept.popitem(last=False)
    return loaded


def _rows(split: Split) -> int:
    return split.y_train.size + split.y_test.size


def is_loaded(config: Config, split: Split) -> bool:
    """Whether these are the rows that `load` has given for these settings."""
    try:
        kept = _kept.get(_key(resolved(config))) if config.dataset != GIVEN else None
    except ValueError:  # there is no such file
        return False
    return kept is split or (kept is not None and kept.fingerprint() == split.fingerprint())


MOST_ROWS = 500_000
"""Of all splits that are kept, some 15 MB: making one takes longer than a run of a few hundred epochs on it."""

MOST_SPLITS = 500
"""That are kept: counting the rows of many takes longer than making a small one."""

_kept: OrderedDict[tuple, Split] = OrderedDict()
_lock = threading.Lock()


def _key(config: Config) -> tuple:
    """The settings that make the data, and what changes where a file's content does."""
    settings = tuple(getattr(config, name) for name in DATA_SETTINGS)
    return (*settings, *_file_version(config)) if config.dataset == "csv" else settings
