"""A small network with data, at random: what the tests of the derivation are tried on."""

import numpy as np

from toynet.network import forward, initialise

CLEAR = 1e-3
"""How far every Z1 stays from 0: relu has no derivative there, which a difference would show."""

ON = 0.1
"""What Z1 of some unit exceeds where every sample is to turn one on."""


def problem(activation="tanh", m=7, h=4, d=2, seed=0, some_unit_on=False):
    """Random parameters, none of them zero, and m random samples of d inputs with classes.

    Parameters
    ----------
    activation : {"tanh", "sigmoid", "relu"}
    m, h, d : int
        Samples, hidden units, inputs.
    seed : int
    some_unit_on : bool
        Every sample turns some relu unit on. Of a sample that turns none on, no gradient of W1 or W2 tells anything.

    Returns
    -------
    Parameters, ndarray (m, d), ndarray (m,)
        Parameters, X and y, as most of `toynet.derivation` takes them.
    """
    rng = np.random.default_rng(seed)
    parameters = initialise(d, h, rng, activation)
    parameters = parameters._replace(b1=rng.normal(0, 0.5, (h, 1)), b2=rng.normal(0, 0.5, (1, 1)))
    X = rng.normal(size=(200 + 2 * m, d))
    Z1 = forward(parameters, X, activation).Z1
    fits = np.abs(Z1).min(axis=0) > CLEAR
    if some_unit_on:
        fits &= Z1.max(axis=0) > ON
    X = X[fits][:m]
    assert len(X) == m, f"only {len(X)} of {m} samples fit: another seed is needed"
    return parameters, X, rng.integers(0, 2, m).astype(float)
