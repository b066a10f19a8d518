"""The classical mistakes as backward rules: each can be checked, and can train, in the place of the right one.

A rule has the signature of `network.backward`, so the check that proves the right one
right proves these wrong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from toynet import network
from toynet.activations import ACTIVATIONS
from toynet.derivation import squared_error
from toynet.network import Forward, Gradients, Parameters, Rule


@dataclass(frozen=True)
class Mistake:
    """One way to get the derivation wrong.

    Attributes
    ----------
    title, explanation : str
    latex : str
        The wrong formula, without dollar signs.
    backward : callable
        The wrong rule: (parameters, forward, y, activation) -> Gradients.
    applies : callable
        (parameters, m, activation) -> bool: whether the rule differs from the right one
        on a batch of m samples.
    spoils : tuple of str
        Parameters whose gradient is wrong.
    """

    title: str
    explanation: str
    latex: str
    backward: Rule
    applies: Callable[[Parameters, int, str], bool]
    spoils: tuple[str, ...]


def no_mean(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """dC_dZ2 = y_hat - y: the derivative of the sum over samples, not of the mean."""
    error = forward.y_hat - network.one_hot(y, len(forward.y_hat))
    return network.backward_from(parameters, forward, error, activation)


def wrong_sign(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """dC_dZ2 = (y - y_hat) / m: descent climbs."""
    return network.backward_from(parameters, forward, -network.output_error(forward, y), activation)


def g_prime_of_A1(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """dC_dZ1 = (W2.T @ dC_dZ2) * g'(A1): backward takes g' of what it finds as Z1."""
    return network.backward(parameters, forward._replace(Z1=forward.A1), y, activation)


def no_g_prime(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """dC_dZ1 = W2.T @ dC_dZ2: as if the hidden units were linear."""
    dC_dZ1 = parameters.W2.T @ network.output_error(forward, y)
    right = network.backward(parameters, forward, y, activation)
    return right._replace(dC_dW1=dC_dZ1 @ forward.A0.T, dC_db1=dC_dZ1.sum(axis=1, keepdims=True))


def no_transpose(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """A1 for A1.T and A0 for A0.T, pressed into the shape that the product needs.

    With m = h, A1 fits as it is (and with m = d, A0); with any other m NumPy refuses,
    and `reshape` silences it. It keeps the order of the numbers, so that they meet the
    errors of other samples. Where m = h the reshape changes nothing: it is the missing
    transpose itself.
    """
    A0, A1 = forward.A0, forward.A1
    dC_dZ2 = network.output_error(forward, y)
    dC_dZ1 = network.hidden_error(parameters, forward, dC_dZ2, activation)
    right = network.backward_from(parameters, forward, dC_dZ2, activation)
    return right._replace(
        dC_dW1=dC_dZ1 @ np.ascontiguousarray(A0).reshape(A0.shape[::-1]), dC_dW2=dC_dZ2 @ A1.reshape(A1.shape[::-1])
    )


def reshaped_W2(parameters: Parameters, forward: Forward, y: np.ndarray, activation: str) -> Gradients:
    """W2 pressed into the shape of its transpose: what hands each output's error back are other weights.

    Of a row W2, and of a column, the reshape is the transpose. With k = h it changes nothing, and W2 stands
    where W2.T belongs.
    """
    W2 = parameters.W2
    turned = np.ascontiguousarray(W2).reshape(W2.shape[::-1]).T
    right = network.backward(parameters, forward, y, activation)
    wrong = network.backward(parameters._replace(W2=turned), forward, y, activation)
    return right._replace(dC_dW1=wrong.dC_dW1, dC_db1=wrong.dC_db1)


def _always(parameters, m, activation):
    return True


def _several_samples(parameters, m, activation):
    return m > 1


def _slope_differs(parameters, m, activation):
    """Whether g' at g(Z) is another one than at Z: with relu both are 1 or 0 alike."""
    Z, g, g_prime = np.linspace(-3.0, 3.0, 13), ACTIVATIONS[activation].g, ACTIVATIONS[activation].g_prime
    return not np.array_equal(g_prime(g(Z)), g_prime(Z))


def _shuffles(parameters, m, activation):
    """One sample, one hidden unit, one input: a vector has the same numbers in the same order transposed."""
    return m > 1 and parameters.W1.size > 1


def _has_a_matrix_for_W2(parameters, m, activation):
    """Several outputs and several hidden units: a vector has the same numbers in the same order transposed."""
    return min(parameters.W2.shape) > 1


EVERYWHERE, HIDDEN = ("W1", "b1", "W2", "b2"), ("W1", "b1")

MISTAKES = {
    "no_mean": Mistake(
        "No 1/m",
        "The cost is a mean over the samples, so its derivative is one too. Without 1/m every gradient is m times as "
        "large: the learning rate means something else for every batch size. The direction is right, so this mistake "
        "can even win: it descends as the right rule does with m η. With η / m it would draw the right rule's curve.",
        r"\frac{\partial C}{\partial Z_2} = \hat{y} - y",
        no_mean,
        _several_samples,
        EVERYWHERE,
    ),
    "no_transpose": Mistake(
        "Missing transpose",
        "Each error must meet the activations of its own sample. Without the transpose the shapes fit only where m = h "
        "(A1) or m = d (A0); elsewhere NumPy refuses, and people silence it with reshape, which is what is done here: "
        "the right shape, filled with the numbers of other samples.",
        r"\frac{\partial C}{\partial W_2} = \frac{\partial C}{\partial Z_2} A_1, \quad "
        r"\frac{\partial C}{\partial W_1} = \frac{\partial C}{\partial Z_1} A_0",
        no_transpose,
        _shuffles,
        ("W1", "W2"),
    ),
    "reshaped_W2": Mistake(
        "W2 for W2ᵀ",
        "With one output W2 is a row, and its transpose looks like a matter of taste: reshape(h, 1) has the same "
        "numbers in the same order, so this mistake is none and stays unnoticed. With three and more W2 is a matrix. "
        "Without the transpose NumPy refuses, unless k = h; pressed into shape with W2.reshape(h, k), which is what is "
        "done here, the product runs, and hands the error of each output back through the weights of others. W2 "
        "itself still learns by the right rule, which hides it. The transpose there is that of A1: one number times A1 "
        "could do without it, the product of matrices (ŷ - Y) A1ᵀ cannot.",
        r"\frac{\partial C}{\partial Z_1}"
        r" = \left( \text{reshape}(W_2) \frac{\partial C}{\partial Z_2} \right) \odot g'(Z_1)",
        reshaped_W2,
        _has_a_matrix_for_W2,
        HIDDEN,
    ),
    "extra_sigma_prime": Mistake(
        "An extra σ'",
        "With cross-entropy, factor (2) = σ'(Z2) cancels against the denominator of (1). Multiplied in once more it is "
        "the gradient of the squared error, half the mean of (ŷ - y)²: samples that are surely wrong stop teaching.",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} (\hat{y} - y)\, \sigma'(Z_2)",
        squared_error.backward,
        _always,
        EVERYWHERE,
    ),
    "wrong_sign": Mistake(
        "Wrong sign",
        "y - ŷ instead of ŷ - y: the update climbs the cost instead of descending.",
        r"\frac{\partial C}{\partial Z_2} = \frac{1}{m} (y - \hat{y})",
        wrong_sign,
        _always,
        EVERYWHERE,
    ),
    "g_prime_of_A1": Mistake(
        "g'(A1) for g'(Z1)",
        "g' is taken at the pre-activation Z1. Taken at A1 = g(Z1) the slope is that of another point. With relu both "
        "are 1 or 0 alike, so there it is no mistake.",
        r"\frac{\partial C}{\partial Z_1}"
        r" = \left( W_2^\top \frac{\partial C}{\partial Z_2} \right) \odot g'(A_1)",
        g_prime_of_A1,
        _slope_differs,
        HIDDEN,
    ),
    "no_g_prime": Mistake(
        "No g'",
        "The chain rule passes through g: without its slope the hidden units are treated as if they were linear.",
        r"\frac{\partial C}{\partial Z_1} = W_2^\top \frac{\partial C}{\partial Z_2}",
        no_g_prime,
        _always,
        HIDDEN,
    ),
}
"""Name -> Mistake, in the words of one output."""

EXTRA_JACOBIAN = (
    "An extra Jacobian",
    "With cross-entropy, factor (2), softmax's Jacobian, cancels against the ŷ under (1). Multiplied in once more it "
    "is the gradient of the squared error, half the mean of |ŷ - Y|²: samples that are surely wrong stop teaching.",
    r"\frac{\partial C}{\partial Z_2} = \frac{1}{m}"
    r" \left( \text{diag}(\hat{y}) - \hat{y} \hat{y}^\top \right) (\hat{y} - Y)",
)


NO_MEAN_BESIDE_L2 = (
    "The cost is a mean over the samples, so its derivative is one too. Without 1/m it is m times as large, while "
    "lambda W, the penalty's derivative, keeps its size: L2 weighs m times less, and the descent ends elsewhere, at "
    "whatever learning rate."
)
"""What is said of no_mean where L2 is on: then the whole gradient is no longer a multiple of the right one."""


def offered(
    parameters: Parameters, m: int, activation: str, output: str = "sigmoid", l2: float = 0.0
) -> dict[str, Mistake]:
    """The mistakes that differ from the right rule on a batch of m samples, as they are made with this output.

    Parameters
    ----------
    parameters : Parameters
    m : int
    activation : {"tanh", "sigmoid", "relu"}
    output : {"sigmoid", "softmax"}
    l2 : float

    Returns
    -------
    dict of str to Mistake
        Of several outputs the classes are Y; an extra derivative of softmax is its Jacobian.
    """
    k = len(parameters.W2)
    applying = (name for name, mistake in MISTAKES.items() if mistake.applies(parameters, m, activation))
    return {name: adapted(name, k, output, l2) for name in applying}


def adapted(name: str, k: int, output: str, l2: float = 0.0) -> Mistake:
    """One of `MISTAKES` as it is made with k outputs of this kind, beside a penalty of l2."""
    mistake = MISTAKES[name]
    if name == "no_mean" and l2 > 0:
        mistake = replace(mistake, explanation=NO_MEAN_BESIDE_L2)
    if k == 1:
        return mistake
    if name == "extra_sigma_prime" and output == "softmax":
        title, explanation, latex = EXTRA_JACOBIAN
        rule = partial(squared_error.backward, output=output)
        return replace(mistake, title=title, explanation=explanation, latex=latex, backward=rule)
    explanation, latex = (re.sub(r"(?<![\w{\\])y(?![\w}])", "Y", text) for text in (mistake.explanation, mistake.latex))
    return replace(mistake, explanation=explanation, latex=latex)
