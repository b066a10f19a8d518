"""The real data that scikit-learn ships: the breast cancer set."""

from dataclasses import replace
from functools import cache
from typing import Any

from toynet.config import Config, shown
from toynet.datasets.samples import Points

BREAST_CANCER_FEATURES = ("mean radius", "mean concave points")
"""The pair that separates the classes well at a glance; any two of the 30 may be chosen."""


@cache
def _bunch() -> Any:
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer()


def breast_cancer_features() -> list[str]:
    """Names of the 30 features of scikit-learn's breast cancer set."""
    return [str(name) for name in _bunch().feature_names]


def named(config: Config) -> Config:
    """The same settings with the usual features where they were left open."""
    chosen = zip((config.feature_1, config.feature_2), BREAST_CANCER_FEATURES, strict=True)
    feature_1, feature_2 = (name or usual for name, usual in chosen)
    return replace(config, feature_1=feature_1, feature_2=feature_2)


def breast_cancer(config: Config) -> Points:
    """Two features of the breast cancer set.

    Raises
    ------
    ValueError
        If there is no such feature, or both are the same.
    """
    config, known = named(config), breast_cancer_features()
    names = config.feature_1, config.feature_2
    for name in names:
        if name not in known:
            raise ValueError(f"breast_cancer has no feature {shown(name)}; it has {', '.join(known)}")
    if names[0] == names[1]:
        raise ValueError(f"feature_1 and feature_2 are both {shown(names[0])}: choose two different ones")
    # scikit-learn codes malignant as 0; the finding is class 1 here.
    columns = _bunch().data[:, [known.index(n) for n in names]]
    return Points(columns, 1.0 - _bunch().target, names, ("benign", "malignant"))
