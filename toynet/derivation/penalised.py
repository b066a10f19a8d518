"""The gradient of C with its penalty, as the update descends it."""

from toynet.network import Gradients, Parameters, updated


def gradient(parameters: Parameters, gradients: Gradients, l2: float) -> Gradients:
    """g of `network.updated`: dC/dtheta, and lambda theta more for W1 and W2.

    Parameters
    ----------
    parameters : Parameters
    gradients : Gradients
        Of C alone, as `network.backward` gives them; or stacked, (batches, ...) of each.
    l2 : float
        lambda.

    Returns
    -------
    Gradients
        The same values where lambda is 0.
    """
    if not l2:
        return gradients
    _, g = updated(parameters, gradients, 1.0, l2)  # without momentum v is g
    return Gradients(*g)
