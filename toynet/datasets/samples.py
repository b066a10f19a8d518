"""Samples in their own units, and split into a training and a test part with standardised inputs."""

import hashlib
from typing import NamedTuple

import numpy as np

from toynet.config import shown
from toynet.datasets.features import PAIR, TERMS, sources

LARGEST = 1e150
"""Inputs above this are refused: the margins and grids of the pictures must not overflow."""

FINEST = 1e-75
"""Inputs that differ by less are refused: an axis would have ticks of more decimals than a browser writes."""


class Points(NamedTuple):
    """Samples in their own units: X (m, c) of c columns, the first two of which are drawn, and y (m,) of 0.0 ..
    k-1, with their names; and the names of the inputs that are made of these columns (none: the two)."""

    X: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    dropped: int = 0
    inputs: tuple[str, ...] = ()


class Drawn(NamedTuple):
    """The two inputs that a picture shows, of a split whose network is handed others.

    Attributes
    ----------
    P_train, P_test : ndarray (m, 2)
        Standardised.
    mean, scale : ndarray (2,)
        In own units.
    names : tuple of 2 str
    sources : tuple of d str
        What makes each of the network's inputs of these two: a name of `features.TERMS`, or "" for none.
    """

    P_train: np.ndarray
    P_test: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    names: tuple[str, ...]
    sources: tuple[str, ...]


class Split(NamedTuple):
    """Training and test samples, the inputs standardised.

    Attributes
    ----------
    X_train, X_test : ndarray (m, d)
        (own units - mean) / scale.
    y_train, y_test : ndarray (m,)
        The classes' numbers: 0.0 or 1.0, up to k - 1 where there are k.
    mean, scale : ndarray (d,)
        The training inputs' mean and standard deviation, in own units; of a term such as x1^2, whose
        x1 is standardised already, in the term's.
    feature_names : tuple of d str
    class_names : tuple of k str
    dropped : int
        Rows of a CSV file left out because a cell was missing.
    drawn : Drawn or None
        What is drawn, where that is not the network's two inputs.
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
    drawn: Drawn | None = None

    @property
    def outputs(self) -> int:
        """k, the outputs that these classes need: one for two of them, else one for each."""
        k = len(self.class_names)
        return 1 if k == 2 else k

    def inputs(self, P: np.ndarray) -> np.ndarray:
        """The network's inputs (m, d) at standardised places (m, 2) of the two that are drawn, others at their mean."""
        drawn = self._drawn()
        return (
            np.stack([self._input(i, source, *P.T) for i, source in enumerate(drawn.sources)], axis=1) if drawn else P
        )

    def _input(self, i: int, source: str, x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
        if not source:
            return np.zeros_like(x1)
        term = TERMS[source](x1, x2)
        return term if source in PAIR else (term - self.mean[i]) / self.scale[i]

    @property
    def pictured(self) -> "Split":
        """The same samples with the two inputs that are drawn."""
        drawn = self._drawn()
        if drawn is None:
            return self
        P_train, P_test, mean, scale, names, _ = drawn
        return Split(P_train, self.y_train, P_test, self.y_test, mean, scale, names, self.class_names, self.dropped)

    def _drawn(self) -> Drawn | None:
        """What is drawn where that is not the network's two inputs: of more, by hand, the first two."""
        if self.drawn or self.X_train.shape[1] == 2:
            return self.drawn
        if self.X_train.shape[1] < 2:
            raise ValueError("there is one input: no plane to draw, only curves")
        two, d = slice(0, 2), self.X_train.shape[1]
        parts = self.X_train[:, two], self.X_test[:, two], self.mean[two], self.scale[two]
        return Drawn(*parts, tuple(self.feature_names[two]), (*PAIR, *[""] * (d - 2)))

    def own_units(self, X: np.ndarray) -> np.ndarray:
        """Standardised inputs (m, d) back in the units that they came in."""
        return X * self.scale + self.mean

    def check(self) -> None:
        """Raise ValueError, one sentence, if a network cannot be trained on this."""
        k = len(self.class_names)
        if k < 2:
            raise ValueError(f"class_names must name the classes, two or more, not {shown(self.class_names)}")
        for part, X, y in (("train", self.X_train, self.y_train), ("test", self.X_test, self.y_test)):
            if np.ndim(X) != 2 or np.shape(y) != (len(X),):
                raise ValueError(f"X_{part} must be (m, d) and y_{part} (m,), not {np.shape(X)} and {np.shape(y)}")
            if not np.isfinite(X).all():
                raise ValueError(f"X_{part} has values that are not finite")
            if not np.isin(y, np.arange(k)).all():
                raise ValueError(f"y_{part} must be {'0 and 1' if k == 2 else f'class numbers from 0 to {k - 1}'} only")
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
        Where there are too few rows, an input is the same everywhere or too large, or there is none of its name.
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
            sizes, word = np.unique(y, return_counts=True)[1], "smaller" if len(points.class_names) == 2 else "smallest"
            raise ValueError(
                f"{y.size} rows ({min(sizes, default=0)} in the {word} class) are too few "
                f"to hold back a test share of {test_fraction:g}; set it to 0"
            ) from error
    mean, scale = _mean_and_scale(X_train, points.feature_names)
    X_train, X_test = (np.ascontiguousarray((part - mean) / scale) for part in (X_train, X_test))
    whole = Split(X_train, y_train, X_test, y_test, mean, scale, *points[2:5])
    return _of_inputs(whole, points.inputs) if points.inputs else whole


def _of_inputs(columns: Split, names: tuple[str, ...]) -> Split:
    """The split whose network is handed the inputs of these names, of one of columns, two of which are drawn."""
    known = columns.feature_names
    for name in names:
        if name not in (*known, *TERMS):
            raise ValueError(f"features has {shown(name)}; it may have {', '.join(dict.fromkeys((*TERMS, *known)))}")
    of_pair = sources(names, known)
    parts = []
    for X in (columns.X_train, columns.X_test):
        made = [
            TERMS[source](*X.T[:2]) if source else X[:, known.index(name)]
            for name, source in zip(names, of_pair, strict=True)
        ]
        parts.append(np.stack(made, axis=1))
    mean, scale = _mean_and_scale(parts[0], names)
    X_train, X_test = ((part - mean) / scale for part in parts)
    for i, (name, source) in enumerate(zip(names, of_pair, strict=True)):
        if source in ("", *PAIR):  # standardised already, and to be so bit for bit
            place = known.index(name) if name in known else PAIR.index(source)
            X_train[:, i], X_test[:, i] = columns.X_train[:, place], columns.X_test[:, place]
            mean[i], scale[i] = columns.mean[place], columns.scale[place]
    (P_train, P_test), names_drawn = (columns.X_train[:, :2], columns.X_test[:, :2]), known[:2]
    drawn = Drawn(
        np.ascontiguousarray(P_train), np.ascontiguousarray(P_test), columns.mean[:2], columns.scale[:2],
        names_drawn, of_pair,
    )  # fmt: skip
    return columns._replace(X_train=X_train, X_test=X_test, mean=mean, scale=scale, feature_names=names, drawn=drawn)


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
