"""The real data that scikit-learn ships: breast cancer, iris and wine."""

from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from toynet.config import Config, shown
from toynet.datasets import features
from toynet.datasets.features import TERMS
from toynet.datasets.samples import Points


class Real(NamedTuple):
    """One of these sets: its name in `sklearn.datasets`, the two features that are drawn unless others are chosen
    (they separate the classes well at a glance), and the classes' order by scikit-learn's numbers."""

    loader: str
    usual: tuple[str, str]
    order: tuple[int, ...]


REAL = {
    # scikit-learn codes malignant as 0; the finding is class 1 here.
    "breast_cancer": Real("load_breast_cancer", ("mean radius", "mean concave points"), (1, 0)),
    "iris": Real("load_iris", ("petal length (cm)", "petal width (cm)"), (0, 1, 2)),
    "wine": Real("load_wine", ("alcohol", "flavanoids"), (0, 1, 2)),
}
"""Dataset name -> Real."""


@cache
def _bunch(dataset: str) -> Any:
    from sklearn import datasets

    return getattr(datasets, REAL[dataset].loader)()


def feature_names(dataset: str) -> list[str]:
    """Names of all features of a real dataset."""
    return [str(name) for name in _bunch(dataset).feature_names]


def named(config: Config) -> Config:
    """The same settings with the usual features where they were left open."""
    chosen = zip((config.feature_1, config.feature_2), REAL[config.dataset].usual, strict=True)
    feature_1, feature_2 = (name or usual for name, usual in chosen)
    return replace(config, feature_1=feature_1, feature_2=feature_2)


def points(config: Config) -> Points:
    """Two features of a real dataset, and those further ones that the network is handed.

    Raises
    ------
    ValueError
        If there is no such feature, or both drawn ones are the same.
    """
    config, known = named(config), feature_names(config.dataset)
    inputs = features.parse(config.features)
    drawn = config.feature_1, config.feature_2
    for name in (*drawn, *(name for name in inputs if name not in TERMS)):
        if name not in known:
            raise ValueError(f"{config.dataset} has no feature {shown(name)}; it has {', '.join(known)}")
    if drawn[0] == drawn[1]:
        raise ValueError(f"feature_1 and feature_2 are both {shown(drawn[0])}: choose two different ones")
    names = (*drawn, *(name for name in inputs if name in known and name not in drawn))
    bunch, order = _bunch(config.dataset), REAL[config.dataset].order
    columns = bunch.data[:, [known.index(n) for n in names]]
    y = np.argsort(order)[bunch.target].astype(float)
    return Points(columns, y, names, tuple(str(bunch.target_names[i]) for i in order), 0, inputs)
