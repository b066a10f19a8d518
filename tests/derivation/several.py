"""A small network of several outputs with data, at random; and every kind of derivation to try things on."""

import numpy as np

from tests.problems import problem
from toynet.derivation.form import Form
from toynet.network import Parameters

KINDS = [
    (1, "sigmoid", 0.0, 0.0),
    (1, "sigmoid", 0.3, 0.9),
    (3, "sigmoid", 0.0, 0.0),
    (3, "softmax", 0.0, 0.0),
    (3, "sigmoid", 0.3, 0.0),
    (5, "softmax", 0.0, 0.9),
    (3, "softmax", 0.3, 0.9),
]
"""(k, output, l2, momentum), of each kind some."""


def several(activation="tanh", m=7, h=4, d=2, k=3, seed=0, some_unit_on=False):
    """As `problem`, with k outputs and classes 0 .. k-1; of one output the same."""
    parameters, X, y = problem(activation, m, h, d, seed, some_unit_on)
    if k > 1:
        rng = np.random.default_rng([seed, k])
        parameters = parameters._replace(W2=rng.normal(size=(k, h)), b2=rng.normal(0, 0.5, (k, 1)))
        y = rng.integers(0, k, m).astype(float)
    return parameters, X, y


def velocity(parameters, seed=0):
    """Some v in the shapes of the parameters."""
    rng = np.random.default_rng(seed)
    return Parameters(*(rng.normal(size=p.shape) for p in parameters))


def form(k, output, l2, momentum):
    return Form(k, output, l2 > 0, momentum > 0)
