"""What history records of a network: losses, accuracies and gradient norms over whole splits."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from toynet.datasets import Split
from toynet.network import Forward, Parameters, backward, cost, forward


class Measures(NamedTuple):
    """What is measured of a network; the names are those of the history's columns.

    Attributes
    ----------
    train_loss, test_loss : float
        In nats; of the test part NaN where it is empty, and so its accuracy.
    train_accuracy, test_accuracy : float
        0 to 1.
    grad_norm_W1, grad_norm_b1, grad_norm_W2, grad_norm_b2, grad_norm : float
        Norms of the gradient of train_loss: of each parameter's part, and of all of it.
    """

    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float
    grad_norm_W1: float
    grad_norm_b1: float
    grad_norm_W2: float
    grad_norm_b2: float
    grad_norm: float


OF_TEST = tuple(name for name in Measures._fields if name.startswith("test_"))
"""The measures that are open where no samples are held back."""


def measure(parameters: Parameters, split: Split, activation: str, output: str = "sigmoid") -> Measures:
    """Measure these parameters on all rows of the split.

    Losses are C without a penalty, so that runs of any penalty can be compared; norms are those of its gradient.
    """
    test_loss = test_accuracy = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        train = forward(parameters, split.X_train, activation, output)
        gradients = backward(parameters, train, split.y_train, activation)
        W1, b1, W2, b2 = (float(np.linalg.norm(g)) for g in gradients)
        train_loss, train_accuracy = cost(train, split.y_train, output), accuracy(train, split.y_train)
        if split.y_test.size:
            test = forward(parameters, split.X_test, activation, output)
            test_loss, test_accuracy = cost(test, split.y_test, output), accuracy(test, split.y_test)
        whole = float(np.linalg.norm((W1, b1, W2, b2)))
    return Measures(train_loss, test_loss, train_accuracy, test_accuracy, W1, b1, W2, b2, whole)


def accuracy(forward: Forward, y: np.ndarray) -> float:
    """Share of samples whose class is the `predicted` one."""
    return float(np.mean(predicted(forward) == y))


def predicted(forward: Forward) -> np.ndarray:
    """The class that each sample is taken for, (m,): 1 from y_hat = 0.5 on; of several outputs the largest Z2's, the
    first of equal ones."""
    Z2 = forward.Z2
    return Z2[0] >= 0 if len(Z2) == 1 else Z2.argmax(axis=0)


def is_finite(row: Mapping[str, Any], split: Split) -> Any:
    """Whether measured figures are all finite (but for those of a test part that is empty).

    Parameters
    ----------
    row : mapping of str to float or ndarray (rows,)
        The fields of `Measures` among its names.

    Returns
    -------
    ndarray (rows,) of bool, or bool
    """
    open_ones = () if split.y_test.size else OF_TEST
    return np.logical_and.reduce([np.isfinite(row[name]) for name in Measures._fields if name not in open_ones])
