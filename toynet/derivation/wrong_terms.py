"""What the classical mistakes would answer where an exercise asks for a term that L2 or momentum adds."""

from typing import Any

import numpy as np


def of(symbol: str, v: dict, exercise: Any) -> list[tuple[str, str, Any]]:
    """(name, message, wrong value) for the penalty, a g or a new velocity.

    Parameters
    ----------
    symbol : str
        "penalty", "g_W1", "new_v_b2" and the like.
    v : dict
        Symbol -> value of all quantities.
    exercise : Exercise
    """
    if symbol == "penalty":
        return _penalties(v, exercise.l2)
    if symbol.startswith("g_"):
        return _gradients(v, symbol.removeprefix("g_"), exercise.l2)
    return _velocities(v, symbol.removeprefix("new_v_"), exercise.momentum)


def _penalties(v, l2):
    P, biases = v["penalty"], np.sum(v["b1"] ** 2) + np.sum(v["b2"] ** 2)
    sizes = np.abs(v["W1"]).sum() + np.abs(v["W2"]).sum()
    return [
        ("no_half", "You forgot the ½.", 2 * P),
        ("no_lambda", "You forgot λ.", P / l2),
        ("biases_too", "The biases are free: only W1 and W2 are penalised.", P + 0.5 * l2 * biases),
        ("W1_alone", "W2 is penalised too.", 0.5 * l2 * np.sum(v["W1"] ** 2)),
        ("W2_alone", "W1 is penalised too.", 0.5 * l2 * np.sum(v["W2"] ** 2)),
        ("sizes", "That is λ times the sum of |w|, L1: L2 has the squares and a ½.", l2 * sizes),
    ]


def _gradients(v, name, l2):
    theta, dC = v[name], v[f"dC_d{name}"]
    return [
        ("no_penalty", f"That is ∂C/∂{name}: λ {name} is missing.", dC),
        ("penalty_alone", f"That is λ {name} alone: add ∂C/∂{name}.", l2 * theta),
        ("wrong_sign", f"λ {name} is added: the penalty grows with {name}.", dC - l2 * theta),
        ("half", "The ½ has cancelled against the 2 of the square.", dC + 0.5 * l2 * theta),
        ("no_lambda", "You forgot λ.", dC + theta),
    ]


def _velocities(v, name, momentum):
    old, g = v[f"v_{name}"], v.get(f"g_{name}", v[f"dC_d{name}"])
    return [
        ("no_velocity", "That is the gradient alone: μ v is missing.", g),
        ("velocity_alone", "That is μ v alone: add the gradient.", momentum * old),
        ("no_momentum", "You forgot μ: of the old v only that share stays.", old + g),
        ("wrong_sign", "The gradient is added to μ v; the minus comes in the update.", momentum * old - g),
        ("swapped", "μ belongs to the old v, not to the gradient.", old + momentum * g),
    ]
