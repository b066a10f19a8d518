"""The datasets that are made: functions (samples, noise, seed) -> X (samples, 2), y of two classes.

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


def blobs(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two round clouds, centres 4 sqrt(2) apart, deviation 0.5 + 4 noise."""
    from sklearn.datasets import make_blobs

    centres = [(-2.0, -2.0), (2.0, 2.0)]
    return make_blobs(samples, centers=centres, cluster_std=0.5 + 4 * noise, random_state=seed)


def quantiles(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The inner and the outer half of one round cloud."""
    from sklearn.datasets import make_gaussian_quantiles

    X, y = make_gaussian_quantiles(n_samples=samples, n_classes=2, random_state=seed)
    return X + np.random.default_rng(seed).normal(0.0, noise / 2, X.shape), y


def xor(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A square cut in four; class 1 where x1 and x2 differ in sign."""
    rng = np.random.default_rng(seed)
    quadrant = np.arange(samples) % 4
    signs = np.stack([1 - 2 * (quadrant % 2), 1 - 2 * (quadrant // 2)], axis=1)
    X = signs * rng.uniform(0.05, 1.0, (samples, 2))
    return X + rng.normal(0.0, noise / 2, X.shape), signs.prod(axis=1) < 0


def spirals(samples: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two arms wound around each other, 1.75 turns each."""
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % 2
    reach = np.sqrt(rng.uniform(0.01, 1.0, samples))
    angle = 3.5 * np.pi * reach + np.pi * y
    X = reach[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return X + rng.normal(0.0, noise / 4, X.shape), y


GENERATORS = {f.__name__: f for f in (moons, circles, blobs, quantiles, xor, spirals)}
"""Dataset name -> function (samples, noise, seed) -> X, y."""
