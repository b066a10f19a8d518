"""What history records of a network: losses, accuracies and gradient norms over whole splits."""

import numpy as np

from toynet.network import backward, cost, forward


def measure(parameters, split, activation):
    """Measure these parameters on all rows of the split.

    Returns
    -------
    tuple of 9 floats
        In the order of `history.MEASURES`: losses in nats, accuracies in 0..1, norms
        of the gradient of train_loss. Test figures are NaN without test samples.
    """
    test_loss = test_accuracy = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        train = forward(parameters, split.X_train, activation)
        gradients = backward(parameters, train, split.y_train, activation)
        norms = [float(np.linalg.norm(g)) for g in gradients]
        train_loss, train_accuracy = cost(train, split.y_train), accuracy(train, split.y_train)
        if split.y_test.size:
            test = forward(parameters, split.X_test, activation)
            test_loss, test_accuracy = cost(test, split.y_test), accuracy(test, split.y_test)
    return (train_loss, test_loss, train_accuracy, test_accuracy, *norms, float(np.linalg.norm(norms)))


def accuracy(forward, y):
    """Share of samples on the right side of y_hat = 0.5 (which counts as class 1)."""
    return float(np.mean((forward.Z2 >= 0) == y))


def is_finite(measures, split):
    """Whether measured figures are all finite (but for those of a test part that is empty).

    Parameters
    ----------
    measures : array_like (..., 9)
        In the order of `history.MEASURES`.

    Returns
    -------
    ndarray (...) of bool
    """
    figures = np.asarray(measures)
    return np.isfinite(figures if split.y_test.size else np.delete(figures, (1, 3), axis=-1)).all(axis=-1)
