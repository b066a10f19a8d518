"""What a script needs of a run to train it again: how it started, its settings, its changes, its data."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from toynet.datasets import Split
from toynet.history import OF_BATCHES, Change
from toynet.measuring import Measures, measure
from toynet.network import Parameters, initialise
from toynet.sharing import literals
from toynet.state import State

OF_UPDATES = ("learning_rate", *OF_BATCHES)
"""The settings that may change in mid-run and on which updates depend."""


def start(state: State, split: Split) -> Parameters | None:
    """The parameters that a run started from; None where its seed draws them.

    Raises
    ------
    ValueError
        If no script can repeat the run: it trained with another rule than the derived gradient, or from
        parameters given by hand that the state no longer holds.
    """
    if state.rule is not None:
        raise ValueError("this run was not trained with the derived gradient: no script can repeat it")
    config = state.config
    rng = np.random.default_rng(np.random.SeedSequence(config.init_seed).spawn(2)[0])
    seeded = initialise(split.X_train.shape[1], config.hidden_size, rng, config.activation)
    for known in (*(snapshot.progress for snapshot in state.snapshots), state.progress):
        if known.update == 0:
            is_seeded = all(np.array_equal(a, b) for a, b in zip(known.parameters, seeded, strict=True))
            return None if is_seeded else known.parameters
    if not _began_as(seeded, state, split):
        raise ValueError("this run started from parameters that were given by hand and are no longer known")
    return None


def _began_as(parameters: Parameters, state: State, split: Split) -> bool:
    """Whether the history begins, before any update, with what is measured of these."""
    if not state.history["update"].size or state.history["update"][0] > 0:
        return False
    first = [state.history[name][0] for name in Measures._fields]
    measured = measure(parameters, split, state.config.activation)
    return np.allclose(first, measured, rtol=1e-9, atol=1e-12, equal_nan=True)


def felt(state: State) -> list[Change]:
    """The changes in mid-run that updates have felt: not those of `epochs`, and none that is still to come."""
    return [c for c in state.changes if c.setting in OF_UPDATES and c.update < state.progress.update]


def settings(state: State) -> str:
    """What updates depend on when the run starts: the lines of a dict."""
    return _lines(f'"{name}": {json.dumps(getattr(state.config, name))},' for name in OF_UPDATES)


def changes(state: State) -> str:
    """What was changed in mid-run, after so many updates, and to what: the lines of a dict of dicts."""
    then: dict[int, dict[str, Any]] = {}
    for change in felt(state):
        then.setdefault(change.update, {})[change.setting] = change.value
    return _lines(f"{update}: {json.dumps(new)}," for update, new in then.items())


def _lines(entries: Iterable[str]) -> str:
    return "".join(f"    {entry}\n" for entry in entries)


def comment(state: State, split: Split) -> str:
    """Which run it is and on which data, as lines of comment."""
    config = state.config
    file = f", {literals.text(config.data_file)}" if config.data_file else ""
    classes = ", ".join(f"{number} is {literals.text(name)}" for number, name in enumerate(split.class_names))
    losses = measure(state.progress.parameters, split, config.activation)
    inputs = zip(split.feature_names, split.mean.tolist(), split.scale.tolist(), strict=False)
    return "\n".join(
        [
            f"# Run {literals.text(state.run_name)} on {literals.text(config.dataset)}{file}",
            f"# After {state.progress.update} updates: train loss {losses.train_loss}, test loss {losses.test_loss}.",
            f"# Samples: {split.y_train.size} to train, {split.y_test.size} to test. Classes: {classes}.",
            "# Inputs, standardised as (own units - mean) / scale:",
            *(f"#   {literals.text(name)}: mean {mean!r}, scale {scale!r}" for name, mean, scale in inputs),
        ]
    )


def data(split: Split) -> str:
    """The samples, standardised: X_train, y_train, X_test and y_test."""
    train = literals.array(np.column_stack([split.X_train, split.y_train]))
    test = literals.array(np.column_stack([split.X_test, split.y_test]))
    return (
        f"train = {train}\ntest = {test}\n"
        "X_train, y_train = train[:, :-1].copy(), train[:, -1].copy()\n"
        "X_test, y_test = test[:, :-1].copy(), test[:, -1].copy()"
    )
