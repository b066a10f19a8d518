"""How good a batch's gradient is: its direction and length against the gradient of all samples."""

from typing import NamedTuple

import numpy as np

from toynet.derivation import penalised
from toynet.network import Gradients, Parameters, backward, forward, hidden_error, one_hot

MOST = 300
"""Batches, and single samples, that are looked at; of more, a seeded random choice."""


class Spread(NamedTuple):
    """Batches of one size against all samples, one entry a batch.

    Attributes
    ----------
    size : int
        Samples in a batch.
    cosine : ndarray
        Of the angle between the batch's gradient and the full one, all parameters as one
        vector: 1 is the same direction. NaN where either gradient is zero and has none, or is not finite.
    norm_ratio : ndarray
        |batch's gradient| / |full gradient|. NaN where the full one is zero, or either is not finite.
    """

    size: int
    cosine: np.ndarray
    norm_ratio: np.ndarray


def compare(
    parameters: Parameters,
    X: np.ndarray,
    y: np.ndarray,
    activation: str,
    batch_size: int = 32,
    seed: int = 0,
    most: int = MOST,
    output: str = "sigmoid",
    l2: float = 0.0,
) -> dict[str, Spread]:
    """Mini-batch and single-sample gradients against the full one, at the same parameters: of C with its penalty.

    Batches are drawn as training draws them: consecutive pieces of random permutations,
    but for the last, smaller one. Over one permutation, or all single samples, the
    gradients average to the full one, so that mean(cosine * norm_ratio) = 1.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    batch_size : int
        Of the mini-batches; at most m are used.
    seed : int
    most : int
        Batches of each kind at most.
    output : {"sigmoid", "softmax"}
    l2 : float
        lambda; every batch has the whole penalty, as an update does.

    Returns
    -------
    dict of str to Spread
        "mini" and "stochastic".
    """
    m, rng = y.size, np.random.default_rng(seed)
    size = min(batch_size, m)
    right = backward(parameters, forward(parameters, X, activation, output), y, activation)
    full = _flat(penalised.gradient(parameters, right, l2))[0]
    batches = {"mini": _mini_batches(m, size, most, rng), "stochastic": _single_samples(m, most, rng)}
    spreads = {}
    for mode, rows in batches.items():
        found = penalised.gradient(parameters, gradients(parameters, X, y, activation, rows, output), l2)
        spreads[mode] = Spread(rows.shape[1], *_against(full, _flat(found)))
    return spreads


def _mini_batches(m, size, most, rng):
    """Row numbers (batches, size): whole permutations cut up, until there are enough."""
    each = m // size
    permutations = [rng.permutation(m)[: each * size] for _ in range(-(-most // each))]
    return np.concatenate(permutations).reshape(-1, size)[:most]


def _single_samples(m, most, rng):
    """Row numbers (batches, 1), each sample once."""
    return (np.arange(m) if m <= most else rng.choice(m, most, replace=False))[:, None]


def gradients(
    parameters: Parameters, X: np.ndarray, y: np.ndarray, activation: str, rows: np.ndarray, output: str = "sigmoid"
) -> Gradients:
    """The derived gradient of C of each of many batches, all at once.

    Each sample goes forward once. With shares (batches, samples), 1 / size where a sample is in
    a batch, the sums over a batch's samples in `network.backward` become products with it.

    Parameters
    ----------
    parameters, X, y, activation
        Those of `compare`.
    rows : ndarray (batches, size) of int
        Row numbers of X; none twice in a batch.
    output : {"sigmoid", "softmax"}

    Returns
    -------
    Gradients
        Of all batches: dC_dW1 (batches, h, d), dC_db1 (batches, h, 1), dC_dW2 (batches, k, h), dC_db2 (batches, k, 1).
    """
    used, places = np.unique(rows, return_inverse=True)
    passed = forward(parameters, X[used], activation, output)
    error = passed.y_hat - one_hot(y[used], len(passed.y_hat))  # of each sample by itself: the mean is in the shares
    dC_dZ1 = hidden_error(parameters, passed, error, activation)
    shares = np.zeros((len(rows), used.size))
    np.put_along_axis(shares, places.reshape(rows.shape), 1.0 / rows.shape[1], axis=1)
    dC_dW1 = np.stack([(shares * inputs) @ dC_dZ1.T for inputs in passed.A0], axis=-1)
    dC_db1, dC_db2 = shares @ dC_dZ1.T, shares @ error.T
    dC_dW2 = np.stack([(shares * of_output) @ passed.A1.T for of_output in error], axis=1)
    return Gradients(dC_dW1, dC_db1[:, :, None], dC_dW2, dC_db2[:, :, None])


def _flat(gradients):
    """All parameters of each batch as one vector: (batches, number of parameters)."""
    return np.concatenate([np.reshape(g, (-1, g.shape[-2] * g.shape[-1])) for g in gradients], axis=1)


def _against(full, batches):
    """Cosine with the full gradient, and ratio of the norms, of each row; NaN where undefined or not finite.

    Vectors are divided by their largest entries first: squares of huge ones would overflow, and of tiny ones vanish.
    """
    (full, length, peak), (batches, lengths, peaks) = _scaled(full[None]), _scaled(batches)
    known = (length > 0) & np.isfinite(peak) & np.isfinite(peaks)
    unknown = np.full(len(batches), np.nan)
    cosine = np.divide(batches @ full[0], length * lengths, out=unknown.copy(), where=known & (lengths > 0))
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.divide(lengths * (peaks / (peak or 1.0)), length, out=unknown.copy(), where=known)
    return np.clip(cosine, -1.0, 1.0), ratio


def _scaled(vectors):
    """Rows by their largest magnitudes, the norms of these, and the magnitudes; rows that are not finite as 0."""
    peaks = np.abs(vectors).max(axis=1)
    scaled = np.divide(
        vectors, peaks[:, None], out=np.zeros_like(vectors), where=(np.isfinite(peaks) & (peaks > 0))[:, None]
    )
    return scaled, np.linalg.norm(scaled, axis=1), peaks
