"""The lines of `network.py` that compute the quantities, read from its source: what is shown is what runs."""

import ast
import inspect
from functools import cache
from typing import NamedTuple

from toynet import network
from toynet.derivation.form import PENALISED, PLAIN, Form, order
from toynet.network import Parameters


class Line(NamedTuple):
    """A line of a source file: its number there, and its text without indentation."""

    number: int
    text: str


WITHIN = {
    "dC_dy_hat": ("dC_dZ2", "cancelled against (2) in"),
    "dy_hat_dZ2": ("dC_dZ2", "cancelled against (1) in"),
    "dZ2_dW2": ("dC_dW2", "A1.T inside"),
    "g_prime_Z1": ("dC_dZ1", "g_prime(Z1) inside"),
}
"""What has no line of its own -> the quantity in whose line it stands, and how."""


@cache
def source_lines(form: Form = PLAIN) -> dict[str, tuple[Line, ...]]:
    """Symbol -> the `Line`s of `network.py` that compute it, for all that it computes.

    A quantity's line is the first one that assigns its name; where names are only unpacked
    (W1, b1, W2, b2) it is that one. What is `WITHIN` another has that one's. What a function
    returns without naming it (C as a mean, the new parameters) has its return line.
    """
    found: dict[str, tuple[Line, ...]] = {}
    for function in (
        network.forward, network.costs, network.output_error, network.hidden_error, network.backward_from
    ):  # fmt: skip
        for target, line in assignments(function):
            found.setdefault(target, (line,))
    found["C"] = (*_of_samples(form), _returned(network.cost))
    found["penalty"] = (_returned(network.penalty),)
    found |= {symbol: found[host] for symbol, (host, _) in WITHIN.items()}
    (with_l2,), v = _branch(network.updated), dict(assignments(network.updated))["v"]
    found |= {f"g_{name}": (with_l2,) for name in PENALISED}
    for name in Parameters._fields:
        found |= {f"new_v_{name}": (v,), f"new_{name}": (_returned(network.updated),)}
    return {s: found[s] for s in order(form) if s in found and s != "y"}


def _of_samples(form):
    """The lines that make each sample's cost."""
    if form.is_softmax:
        return _branch(network.costs)
    each = (dict(assignments(network.costs))["C"],)
    return each if form.k == 1 else (*each, _returned(network.costs))


def assignments(function):
    """(name, Line) of every assignment in a function, those of a single name first."""
    body, line_of = _parsed(function)
    single, unpacked = [], []
    for node in body:
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name):
                single.append((target.id, line_of(node)))
            else:
                unpacked += [(element.id, line_of(node)) for element in target.elts]
    return single + unpacked


def _returned(function):
    """The `Line` of a function's return."""
    body, line_of = _parsed(function)
    return line_of(next(node for node in body if isinstance(node, ast.Return)))


def _branch(function):
    """The `Line`s under a function's first condition."""
    body, line_of = _parsed(function)
    return tuple(line_of(node) for node in next(node for node in body if isinstance(node, ast.If)).body)


def _parsed(function):
    """A function's statements, and how to make a `Line` of one."""
    lines, first = inspect.getsourcelines(function)
    source = "".join(lines)

    def line_of(node):
        text = " ".join(part.strip() for part in ast.get_source_segment(source, node).splitlines())
        return Line(first + node.lineno - 1, text)

    return ast.parse(source).body[0].body, line_of
