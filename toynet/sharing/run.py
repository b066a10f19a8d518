"""What a script needs of a run to train it again: how it started, its settings, its changes, its data."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from toynet.datasets import Drawn, Split
from toynet.datasets.features import PAIR
from toynet.history import OF_BATCHES, Change
from toynet.measuring import Measures, measure
from toynet.network import Parameters, initialise
from toynet.sharing import literals
from toynet.state import State

OF_UPDATES = ("learning_rate", *OF_BATCHES)
"""The settings that may change in mid-run and on which updates depend."""

TERMS = {
    "x1": "x1",
    "x2": "x2",
    "x1^2": "x1**2",
    "x2^2": "x2**2",
    "x1 x2": "x1 * x2",
    "sin x1": "np.sin(x1)",
    "sin x2": "np.sin(x2)",
}
"""Name of `features.TERMS` -> the same in NumPy."""


class Form(NamedTuple):
    """What a run trains beside one output and its plain gradient: on this the lines of a script depend.

    Attributes
    ----------
    k : int
        Outputs, 1 for two classes.
    is_softmax : bool
        Of a single output it is sigmoid, which is the same.
    l2, momentum : float
        0 for none.
    """

    k: int
    is_softmax: bool
    l2: float
    momentum: float

    @classmethod
    def of(cls, state: State, split: Split) -> "Form":
        """That of a run."""
        config, k = state.config, split.outputs
        return cls(k, config.output == "softmax" and k > 1, config.l2, config.momentum)

    @property
    def outputs(self) -> str:
        """What a sentence calls them."""
        return "a sigmoid output" if self.k == 1 else f"{'softmax' if self.is_softmax else 'sigmoid'} outputs"

    @property
    def rows(self) -> str:
        """How a script writes k."""
        return "1" if self.k == 1 else "k"

    def constants(self) -> str:
        """Lines that name what is not as usual."""
        return "".join(
            [
                f"k = {self.k}  # outputs, one for each class\n" if self.k > 1 else "",
                f"l2 = {self.l2!r}  # lambda: the penalty lambda/2 |W|^2, of both layers' weights\n" if self.l2 else "",
                f"momentum = {self.momentum!r}  # mu: what is left of the step before\n" if self.momentum else "",
            ]
        )


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
    seeded = initialise(split.X_train.shape[1], config.hidden_size, rng, config.activation, split.outputs)
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
    measured = measure(parameters, split, state.config.activation, state.config.output)
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
    named = [f"{number} is {literals.text(name)}" for number, name in enumerate(split.class_names)]
    classes = f" {', '.join(named)}." if len(named) == 2 else "".join(f"\n#   {name}" for name in named)
    losses = measure(state.progress.parameters, split, config.activation, config.output)
    return "\n".join(
        [
            f"# Run {literals.text(state.run_name)} on {literals.text(config.dataset)}{file}",
            f"# After {state.progress.update} updates: train loss {losses.train_loss}, test loss {losses.test_loss}.",
            f"# Samples: {split.y_train.size} to train, {split.y_test.size} to test. Classes:{classes}",
            *(_of_drawn(split.drawn) if split.drawn else []),
            "# Inputs, standardised as (own units - mean) / scale:",
            *_standardised(split.feature_names, split.mean, split.scale),
        ]
    )


def _of_drawn(drawn: Drawn) -> list[str]:
    """The two that terms are made of, as lines of comment."""
    return ["# The two that are drawn, standardised likewise, are x1 and x2 of what is made of them:",
            *_standardised(drawn.names, drawn.mean, drawn.scale)]  # fmt: skip


def _standardised(names: Iterable[str], mean: np.ndarray, scale: np.ndarray) -> list[str]:
    inputs = zip(names, mean.tolist(), scale.tolist(), strict=False)
    return [f"#   {literals.text(name)}: mean {mean!r}, scale {scale!r}" for name, mean, scale in inputs]


def data(split: Split) -> str:
    """The samples, standardised: X_train, y_train, X_test and y_test; and the lines that make further inputs."""
    train, test, functions = split.X_train, split.X_test, ""
    if split.drawn:
        train, test = columns(split, split.drawn)
        functions = f"\n\n{inputs(split, split.drawn)}\n\n\n"
    of = "inputs({}[:, :-1])" if split.drawn else "{}[:, :-1].copy()"
    return (
        f"train = {literals.array(np.column_stack([train, split.y_train]))}\n"
        f"test = {literals.array(np.column_stack([test, split.y_test]))}\n{functions}"
        f"X_train, y_train = {of.format('train')}, train[:, -1].copy()\n"
        f"X_test, y_test = {of.format('test')}, test[:, -1].copy()"
    )


# --- inputs that are made of others ----------------------------------------------------


def columns(split: Split, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """What inputs are made of, standardised, to train and to test: the two that are drawn, then the further ones."""
    further = _further(drawn)
    return (
        np.column_stack([drawn.P_train, split.X_train[:, further]]),
        np.column_stack([drawn.P_test, split.X_test[:, further]]),
    )


def units(split: Split, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of these columns, in own units."""
    further = _further(drawn)
    return np.append(drawn.mean, split.mean[further]), np.append(drawn.scale, split.scale[further])


def units_of_inputs(split: Split, drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Mean and scale of inputs made of these columns: 0 and 1 of what is standardised already."""
    is_made = [source not in ("", *PAIR) for source in drawn.sources]
    return np.where(is_made, split.mean, 0.0), np.where(is_made, split.scale, 1.0)


def inputs(split: Split, drawn: Drawn) -> str:
    """A function `inputs(columns)` of a script, (m, c) -> (m, d), standardised."""
    return (
        f"means, scales = {literals.array(np.stack(units_of_inputs(split, drawn)))}\n\n\n"
        "def inputs(columns):\n"
        '    """What the network is handed: made of the two that are drawn, and further columns."""\n'
        f"    return (made(columns) - means) / scales\n\n\n{made(split, drawn)}"
    )


def made(split: Split, drawn: Drawn) -> str:
    """A function `made(columns)` of a script: the inputs, where terms are not standardised yet."""
    places = {i: 2 + place for place, i in enumerate(_further(drawn))}
    lines = [
        f"        {TERMS[source] if source else f'columns[:, {places[i]}]'},  # {literals.text(name)}\n"
        for i, (source, name) in enumerate(zip(drawn.sources, split.feature_names, strict=True))
    ]
    return (
        "def made(columns):\n    x1, x2 = columns[:, 0], columns[:, 1]\n"
        f"    return np.column_stack([\n{''.join(lines)}    ])"
    )


def _further(drawn: Drawn) -> list[int]:
    """The inputs that are columns beside the two that are drawn."""
    return [i for i, source in enumerate(drawn.sources) if not source]
