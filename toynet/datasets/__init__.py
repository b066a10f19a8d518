"""Two-class datasets in the plane, and their seeded, stratified train/test split."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import sklearn.datasets
from sklearn.model_selection import train_test_split

from toynet.datasets import csv_files

BREAST_CANCER_FEATURES = ("mean radius", "mean concave points")
"""The pair that separates the classes well at a glance; any two of the 30 may be chosen."""


LARGEST = 1e150
"""Inputs above this are refused: the margins and grids of the pictures must not overflow."""


class Points(NamedTuple):
    """Samples in their own units: X (m, 2) and y (m,) of 0.0 and 1.0, with their names."""

    X: np.ndarray
    y: np.ndarray
    feature_names: tuple
    class_names: tuple
    dropped: int = 0


class Split(NamedTuple):
    """Training and test samples, the inputs standardised.

    Attributes
    ----------
    X_train, X_test : ndarray (m, 2)
        (own units - mean) / scale.
    y_train, y_test : ndarray (m,)
        0.0 or 1.0.
    mean, scale : ndarray (2,)
        The training inputs' mean and standard deviation, in own units.
    feature_names, class_names : tuple of 2 str
    dropped : int
        Rows of a CSV file left out because a cell was missing.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    feature_names: tuple
    class_names: tuple
    dropped: int = 0

    def own_units(self, X):
        """Standardised inputs (m, 2) back in the units that they came in."""
        return X * self.scale + self.mean


def moons(samples, noise, seed):
    """Two interleaved half circles."""
    return sklearn.datasets.make_moons(samples, noise=noise, random_state=seed)


def circles(samples, noise, seed):
    """A circle inside another; half the noise, for they are close."""
    return sklearn.datasets.make_circles(samples, noise=noise / 2, factor=0.5, random_state=seed)


def blobs(samples, noise, seed):
    """Two round clouds, centres 4 sqrt(2) apart, deviation 0.5 + 4 noise."""
    centres = [(-2.0, -2.0), (2.0, 2.0)]
    return sklearn.datasets.make_blobs(samples, centers=centres, cluster_std=0.5 + 4 * noise, random_state=seed)


def quantiles(samples, noise, seed):
    """The inner and the outer half of one round cloud."""
    X, y = sklearn.datasets.make_gaussian_quantiles(n_samples=samples, n_classes=2, random_state=seed)
    return X + np.random.default_rng(seed).normal(0.0, noise / 2, X.shape), y


def xor(samples, noise, seed):
    """A square cut in four; class 1 where x1 and x2 differ in sign."""
    rng = np.random.default_rng(seed)
    quadrant = np.arange(samples) % 4
    signs = np.stack([1 - 2 * (quadrant % 2), 1 - 2 * (quadrant // 2)], axis=1)
    X = signs * rng.uniform(0.05, 1.0, (samples, 2))
    return X + rng.normal(0.0, noise / 2, X.shape), signs.prod(axis=1) < 0


def spirals(samples, noise, seed):
    """Two arms wound around each other, 1.75 turns each."""
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % 2
    reach = np.sqrt(rng.uniform(0.01, 1.0, samples))
    angle = 3.5 * np.pi * reach + np.pi * y
    X = reach[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + rng.normal(0.0, noise / 4, X.shape), y


GENERATORS = {f.__name__: f for f in (moons, circles, blobs, quantiles, xor, spirals)}
"""Dataset name -> function (samples, noise, seed) -> X, y."""


def breast_cancer_features():
    """Names of the 30 features of scikit-learn's breast cancer set."""
    return [str(name) for name in sklearn.datasets.load_breast_cancer().feature_names]


def points(config):
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
        return _breast_cancer(config)
    return Points(*csv_files.points(csv_files.read(csv_files.find(config.data_file)), config))


def resolved(config):
    """The same settings with the columns of real data named, where they were left to us.

    Raises
    ------
    ValueError
        As `points`.
    """
    if config.dataset == "breast_cancer":
        chosen = zip((config.feature_1, config.feature_2), BREAST_CANCER_FEATURES, strict=True)
        feature_1, feature_2 = (name or usual for name, usual in chosen)
        return replace(config, feature_1=feature_1, feature_2=feature_2)
    if config.dataset == "csv":
        table = csv_files.read(csv_files.find(config.data_file))
        columns = csv_files.suggest(table, config.target, config.feature_1, config.feature_2)
        return replace(config, **dict(zip(("feature_1", "feature_2", "target"), columns, strict=True)))
    return config


def _breast_cancer(config):
    bunch = sklearn.datasets.load_breast_cancer()
    config = resolved(config)
    names = config.feature_1, config.feature_2
    known = list(bunch.feature_names)
    for name in names:
        if name not in known:
            raise ValueError(f"breast_cancer has no feature {name!r}; it has {', '.join(known)}")
    if names[0] == names[1]:
        raise ValueError(f"feature_1 and feature_2 are both {names[0]!r}: choose two different ones")
    # scikit-learn codes malignant as 0; the finding is class 1 here.
    return Points(bunch.data[:, [known.index(n) for n in names]], 1.0 - bunch.target, names, ("benign", "malignant"))


def load(config):
    """The standardised train/test split of a Config.

    Stratified (both parts keep the classes' shares) and seeded by `data_seed`.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        Where the data cannot be used: one sentence that says why.
    """
    return split(points(config), config.test_fraction, config.data_seed)


def split(points, test_fraction, seed):
    """Points -> Split; see `load`. A test fraction of 0 leaves the test part empty."""
    X, y = np.asarray(points.X, dtype=float), points.y
    X_train, y_train, X_test, y_test = X, y, X[:0], y[:0]
    if test_fraction > 0:
        try:
            X_train, X_test, y_train, y_test = train_test_split(
                X, y, test_size=test_fraction, stratify=y, random_state=seed
            )
        except ValueError as error:
            raise ValueError(
                f"{y.size} rows ({int(min(y.sum(), y.size - y.sum()))} in the smaller class) are too few "
                f"to hold back a test share of {test_fraction:g}; set it to 0"
            ) from error
    mean, scale = _mean_and_scale(X_train, points.feature_names)
    standardised = [np.ascontiguousarray((part - mean) / scale) for part in (X_train, X_test)]
    return Split(standardised[0], y_train, standardised[1], y_test, mean, scale, *points[2:])


def _mean_and_scale(X, names):
    """Mean and standard deviation of each input, computed on X / max|X|, whose squares cannot under- or overflow."""
    largest = np.abs(X).max(axis=0)
    for name, column, peak in zip(names, X.T, largest, strict=True):
        if peak > LARGEST:
            raise ValueError(f"the values of {name!r} are too large to compute with")
        # A constant's deviation is rounding noise, not always exactly 0.
        if np.ptp(column) <= 1e-12 * peak:
            raise ValueError(f"every training value of {name!r} is the same ({column[0]:g}): nothing to learn from it")
    return largest * (X / largest).mean(axis=0), largest * (X / largest).std(axis=0)
