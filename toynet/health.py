"""Hidden units that have stopped learning: dead, or saturated; which they are, and in words what follows from it."""

from typing import NamedTuple

import numpy as np

from toynet.activations import ACTIVATIONS

NEAR = 0.005
"""Of the range of g: how near to one of its ends A1 counts as there. For tanh |A1| > 0.99."""

MOST = 0.95
"""Share of the samples at an end from which on a unit counts as saturated."""

MOST_NAMED = 5
"""Units named one by one, at most."""


class Stuck(NamedTuple):
    """Hidden units that hardly learn, each ndarray (h,) of bool.

    Attributes
    ----------
    dead : ndarray
        A1 = 0 for every sample.
    saturated : ndarray
        A1 stands at an end of g's range for nearly all samples.
    """

    dead: np.ndarray
    saturated: np.ndarray


def stuck(A1: np.ndarray, activation: str) -> Stuck:
    """Which hidden units are dead or saturated.

    Parameters
    ----------
    A1 : ndarray (h, m)
        Of all training samples.
    activation : str
        A name of `ACTIVATIONS`. One without `ends` has no units that are saturated.
    """
    dead = np.max(np.abs(A1), axis=1) == 0
    ends = ACTIVATIONS[activation].ends
    if ends is None:
        return Stuck(dead, np.zeros_like(dead))
    middle, reach = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) * (0.5 - NEAR)
    at_an_end = np.count_nonzero(np.abs(A1 - middle) > reach, axis=1)
    return Stuck(np.zeros_like(dead), at_an_end >= MOST * A1.shape[1])


def sentences(units: Stuck, activation: str, momentum: float = 0.0) -> str:
    """What is to be said of these units: which they are, why they do not learn, and what to change; or "".

    Parameters
    ----------
    units : Stuck
    activation : str
    momentum : float
        Of the update, which is the larger by it.

    Returns
    -------
    str
        Plain text, in the derivation's terms.
    """
    rate = "the learning rate or the momentum" if momentum else "the learning rate"
    other = f" or tanh instead of {activation}" if activation != "tanh" else ""
    remedy = f"lower {rate} and press Reset, or try another initial seed{other}."
    if units.dead.any():
        return f"{_of_dead(units.dead)} {remedy[0].upper()}{remedy[1:]}"
    return f"{_of_saturated(units.saturated, activation)} {remedy}" if units.saturated.any() else ""


def _of_dead(dead):
    if dead.all():
        return (
            "The hidden layer is dead: A1 = 0 for all training samples, so g'(Z1) = 0, and dC_dW1, dC_db1 and dC_dW2 "
            "are 0. Only b2 still learns."
        )
    are, their = ("is", "its") if dead.sum() == 1 else ("are", "their")
    return (
        f"{_named(dead)} {are} dead: A1 = 0 for all training samples, so g'(Z1) = 0 there, and {their} part of dC_dW1, "
        "dC_db1 and dC_dW2 is 0."
    )


def _of_saturated(saturated, activation):
    low, high = ACTIVATIONS[activation].ends
    near = NEAR * (high - low)
    where = f"|A1| > {high - near:g}" if low == -high else f"A1 < {low + near:g} or A1 > {high - near:g}"
    who = "The whole hidden layer" if saturated.all() else _named(saturated)
    is_one = saturated.all() or saturated.sum() == 1
    return (
        f"{who} {'is' if is_one else 'are'} saturated: {where} for at least {MOST:.0%} of the training samples, where "
        f"g'(Z1) is nearly 0, and with it {'its' if is_one else 'their'} part of dC_dW1 and dC_db1. If the loss stands "
        "still:"
    )


def _named(which):
    """The units by their numbers, counted from 1 as they are drawn."""
    numbers = (np.flatnonzero(which) + 1).tolist()
    if len(numbers) == 1:
        return f"Hidden unit {numbers[0]}"
    shown = [f"{number}" for number in numbers[:MOST_NAMED]]
    left = len(numbers) - len(shown)
    if left:
        return f"Hidden units {', '.join(shown)} and {left} more"
    return f"Hidden units {', '.join(shown[:-1])} and {shown[-1]}"
