"""The chain rule's three factors of one sample, multiplied number by number."""

from dataclasses import dataclass

import numpy as np

from toynet import network
from toynet.derivation.outputs import dC_dy_hat, multiplied_out
from toynet.network import Parameters


@dataclass(frozen=True)
class Factors:
    """The chain rule's three factors for one sample, and that their product simplifies.

    Attributes
    ----------
    dC_dy_hat, dy_hat_dZ2 : float, or ndarray (k, 1) and (k, k)
        (1), with m = 1, and (2); of several outputs (2) is their Jacobian.
    dZ2_dW2 : ndarray (1, h)
        (3), A1.T.
    product : ndarray (k, h)
        (1) * (2) * (3), multiplied out as it stands; of several outputs (2).T (1) (3).
    error : float or ndarray (k, 1)
        y_hat - y.
    simplified : ndarray (k, h)
        (y_hat - y) A1.T, what `network.backward` computes.
    difference : float
        Largest |product - simplified|: rounding only. NaN where the product does not exist.
    saturated : bool
        Of one output: y_hat is 0 or 1 to the last digit, so that (2) is 0. Of several: an own probability is, so
        that the product has no value.
    note : str
        Empty, or what saturation does to the product.
    """

    dC_dy_hat: float | np.ndarray
    dy_hat_dZ2: float | np.ndarray
    dZ2_dW2: np.ndarray
    product: np.ndarray
    error: float | np.ndarray
    simplified: np.ndarray
    difference: float
    saturated: bool
    note: str


def factors(parameters: Parameters, x: np.ndarray, y: float, activation: str, output: str = "sigmoid") -> Factors:
    """The three `Factors` at one sample.

    Parameters
    ----------
    parameters : Parameters
    x : ndarray (d,)
    y : float
        The class: 0.0 or 1.0 of a single output, else 0 .. k-1.
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}

    Returns
    -------
    Factors
    """
    passed = network.forward(parameters, np.reshape(x, (1, -1)), activation, output)
    return _of_one(passed, y) if len(parameters.W2) == 1 else _of_several(passed, y, output)


def _of_one(passed, y):
    y_hat = float(passed.y_hat[0, 0])
    one, two, three = float(dC_dy_hat(y_hat, y, 1)), y_hat * (1 - y_hat), passed.A1.T
    with np.errstate(invalid="ignore"):
        product = np.float64(one) * two * three
        simplified = (y_hat - y) * three
        difference = float(np.max(np.abs(product - simplified)))
    note = _saturation(y_hat, y)
    return Factors(one, two, three, product, y_hat - y, simplified, difference, note != "", note)


def _saturation(y_hat, y):
    if 0.0 < y_hat < 1.0:
        return ""
    if y_hat == y:
        return f"ŷ is {y_hat:g} to the last digit, as is y: factor (2) is 0, and so is every product with it."
    return (
        f"ŷ is {y_hat:g} to the last digit and y is {y:g}: factor (1) is infinite and (2) is 0, so their product "
        f"has no value. Only the simplified ŷ - y = {y_hat - y:g} gives the gradient."
    )


def _of_several(passed, y, output):
    three = passed.A1.T
    out = multiplied_out(passed.Z2, network.one_hot(np.array([y]), len(passed.Z2)), output)
    with np.errstate(invalid="ignore"):
        product, simplified = out.dC_dZ2 @ three, out.error @ three
        difference = float(np.max(np.abs(product - simplified)))
    return Factors(
        out.dC_dy_hat, out.dy_hat_dZ2, three, product, out.error, simplified, difference, out.note != "", out.note
    )  # fmt: skip
