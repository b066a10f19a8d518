"""Samples in their own units, and split into a training and a test part with standardised inputs."""

import hashlib
from typing import NamedTuple

import numpy as np

from toynet.config import shown

LARGEST = 1e150
"""Inputs above this are refused: the margins and grids of the pictures must not overflow."""

FINEST = 1e-75
"""Inputs that differ by less are refused: an axis would have ticks of more decimals than a browser writes."""


class Points(NamedTuple):
    """Samples in their own units: X (m, 2) and y (m,) of 0.0 and 1.0, with their names."""

    X: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    dropped: int = 0


class Split(NamedTuple):
    """Training and test samples, the inputs standardised.

    Attributes
    ----------
    X_train, X_test : ndarray (m, d)
        (own units - mean) / scale. d is 2 for every dataset of ToyNet's own, and for what is drawn.
    y_train, y_test : ndarray (m,)
        0.0 or 1.0.
    mean, scale : ndarray (d,)
        The training inputs' mean and standard deviation, in own units.
    feature_names : tuple of d str
    class_names : tuple of 2 str
    dropped : int
        Rows of a CSV file left out because a cell was missing.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    dropped: int = 0

    @property
    def outputs(self) -> int:
        """k, the outputs that these classes need: one for two of them, else one for each."""
        k = len(self.class_names)
        return 1 if k == 2 else k

    def own_units(self, X: np.ndarray) -> np.ndarray:
        """Standardised inputs (m, 2) back in the units that they came in."""
        return X * self.scale + self.mean

    def check(self) -> None:
        """Raise ValueError, one sentence, if a network cannot be trained on this."""
        for part, X, y in (("train", self.X_train, self.y_train), ("test", self.X_test, self.y_test)):
            if np.ndim(X) != 2 or np.shape(y) != (len(X),):
                raise ValueError(f"X_{part} must be (m, d) and y_{part} (m,), not {np.shape(X)} and {np.shape(y)}")
            if not np.isfinite(X).all():
                raise ValueError(f"X_{part} has values that are not finite")
            if not np.isin(y, (0, 1)).all():
                raise ValueError(f"y_{part} must be 0 and 1 only")
        if len(self.y_train) == 0:
            raise ValueError("there are no training samples")
        if self.X_train.shape[1] != self.X_test.shape[1]:
            raise ValueError(f"X_train has {self.X_train.shape[1]} columns and X_test {self.X_test.shape[1]}")

    def fingerprint(self) -> str:
        """Hash of the rows trained and tested on, 16 hexadecimal digits: other rows, another hash."""
        digest = hashlib.sha256()
        for part in self[:4]:
            digest.update(f"{part.shape}".encode())
            digest.update(np.ascontiguousarray(part, dtype="<f8").tobytes())
        return digest.hexdigest()[:16]


def split(points: Points, test_fraction: float, seed: int) -> Split:
    """Points -> Split, stratified: both parts keep the classes' shares. A share of 0 leaves the test part empty.

    Raises
    ------
    ValueError
        Where there are too few rows, or an input is the same everywhere or too large.
    """
    X, y = np.asarray(points.X, dtype=float), points.y
    X_train, y_train, X_test, y_test = X, y, X[:0], y[:0]
    if test_fraction > 0:
        from sklearn.model_selection import train_test_split

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


def _mean_and_scale(X: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each input.

    Computed on (X - min X) / (max X - min X), whose squares cannot under- or overflow, and in which
    no digit is lost where large values differ by little.
    """
    low, spread = X.min(axis=0), np.zeros(X.shape[1])
    for place, (name, column) in enumerate(zip(names, X.T, strict=True)):
        peak = np.abs(column).max()
        if peak > LARGEST:
            raise ValueError(f"the values of {shown(name)} are too large to compute with")
        spread[place] = np.ptp(column)
        # Numbers that were computed as a constant may differ in their last digit.
        if spread[place] <= 2 * np.spacing(peak):
            raise ValueError(
                f"every training value of {shown(name)} is the same ({column[0]:g}): nothing to learn from it"
            )
        if spread[place] < FINEST:
            raise ValueError(f"the values of {shown(name)} differ by less than {FINEST:g}: give them in a smaller unit")
    relative = (X - low) / spread
    return low + spread * relative.mean(axis=0), spread * relative.std(axis=0)
