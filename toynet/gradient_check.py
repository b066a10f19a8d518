"""Central differences against `backward`: the proof that the derivation is right."""

import numpy as np

from toynet.network import Parameters, backward, cost, forward

STEP = 1e-6
"""Half-width of the difference. Its truncation error is about STEP^2, its rounding
error about 1e-16 / STEP: 1e-6 keeps both below 1e-9 for a cost of order 1."""

FLOOR = 0.01
"""Smallest magnitude that an error is divided by. Rounding alone puts about 1e-10
into a difference, so a derivative far below this has no meaningful relative error."""


def numerical_gradients(parameters, X, y, activation, step=STEP):
    """dC/dtheta of every single parameter by central differences.

    (C(theta + step) - C(theta - step)) / (2 step), one parameter at a time.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
    step : float

    Returns
    -------
    dict of str to ndarray
        "W1", "b1", "W2", "b2", each in its parameter's shape.
    """
    theta = Parameters(*(p.copy() for p in parameters))
    numerical = {}
    for name, values in theta._asdict().items():
        gradient = np.empty_like(values)
        for index in np.ndindex(values.shape):
            kept = values[index]
            values[index] = kept + step
            above = cost(forward(theta, X, activation), y)
            values[index] = kept - step
            below = cost(forward(theta, X, activation), y)
            values[index] = kept
            gradient[index] = (above - below) / (2 * step)
        numerical[name] = gradient
    return numerical


def relative_errors(parameters, X, y, activation, step=STEP):
    """How far the derived gradient is from central differences.

    The error of one derivative is |derived - numerical| divided by the larger of
    the two magnitudes, or by `FLOOR` where both are smaller.

    Parameters
    ----------
    parameters : Parameters
    X : ndarray (m, d)
    y : ndarray (m,)
    activation : {"tanh", "sigmoid", "relu"}
        relu has a kink: a sample within `step` of it spoils the difference there.
    step : float

    Returns
    -------
    dict of str to float
        Parameter name -> its largest relative error; about 1e-9 when all is well.
    """
    derived = backward(parameters, forward(parameters, X, activation), y, activation)
    numerical = numerical_gradients(parameters, X, y, activation, step)
    errors = {}
    for (name, n), a in zip(numerical.items(), derived, strict=True):
        scale = np.maximum(np.maximum(np.abs(a), np.abs(n)), FLOOR)
        errors[name] = float(np.max(np.abs(a - n) / scale))
    return errors
