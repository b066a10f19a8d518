"""The datasets that are made: functions (samples, noise, seed) -> X (samples, 2), y of two classes; some of more.

scikit-learn is loaded by the first that needs it: it takes longer than most runs.
"""

import numpy as np


def moons(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles."""
    from sklearn.datasets import make_moons

    return make_moons(samples, noise=noise, random_state=seed)


def circles(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A circle inside another; half the noise, for they are close."""
    from sklearn.datasets import make_circles

    return make_circles(samples, noise=noise / 2, factor=0.5, random_state=seed)


def blobs(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Round clouds, deviation 0.5 + 4 noise; their centres lie on a circle, neighbours 4 sqrt(2) apart."""
    from sklearn.datasets import make_blobs

    angles = np.pi * (2 * np.arange(classes) / classes - 0.75)
    reach = np.sqrt(8) / np.sin(np.pi / classes)
    centres = [(reach * np.cos(angle), reach * np.sin(angle)) for angle in angles]
    if classes == 2:
        centres = [(-2.0, -2.0), (2.0, 2.0)]  # the same, without rounding
    return make_blobs(samples, centers=centres, cluster_std=0.5 + 4 * noise, random_state=seed)


def quantiles(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """The inner and the outer half of one round cloud; of more classes as many rings with as many samples each."""
    from sklearn.datasets import make_gaussian_quantiles

    X, y = make_gaussian_quantiles(n_samples=samples, n_classes=classes, random_state=seed)
    return X + np.random.default_rng(seed).normal(0.0, noise / 2, X.shape), y


def xor(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A square cut in four; class 1 where x1 and x2 differ in sign."""
    rng = np.random.default_rng(seed)
    quadrant = np.arange(samples) % 4
    signs = np.stack([1 - 2 * (quadrant % 2), 1 - 2 * (quadrant // 2)], axis=1)
    X = signs * rng.uniform(0.05, 1.0, (samples, 2))
    return X + rng.normal(0.0, noise / 2, X.shape), signs.prod(axis=1) < 0


def spirals(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Arms wound around each other: two of 1.75 turns each, more of fewer turns, as far apart as two."""
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    reach = np.sqrt(rng.uniform(0.01, 1.0, samples))
    angle = 3.5 * np.pi * reach * (2 / classes) + 2 * np.pi * y / classes
    X = reach[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + rng.normal(0.0, noise / 4, X.shape), y


GENERATORS = {f.__name__: f for f in (moons, circles, blobs, quantiles, xor, spirals)}
"""Dataset name -> function (samples, noise, seed) -> X, y; those of `OF_MORE_CLASSES` also take how many classes."""
