"""What every engine is: it makes a run's updates, from any point of the run on, and measures at the epochs' ends."""

from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, cast

import numpy as np

from toynet.datasets import Split
from toynet.network import Parameters, Rule, initialise

FARTHEST = 1e75
"""Of all parameters together, the norm up to which a run goes on. Costs, gradients and their norms overflow long after
it, so what is measured of a network that a run has come to is finite: the last finite update is the last one made."""

PLAIN, GENERAL = LOOPS = "loops", "loops_general"
"""The modules of compiled loops: those of one output and a plain update, and those of everything else. Each becomes
ready on its own: a run waits for its own loops only."""

Rows: TypeAlias = dict[str, np.ndarray]
"""Measured rows by column: `epoch` and the fields of `Measures`, each (rows,)."""


class Task(NamedTuple):
    """What an engine trains on, and how.

    Attributes
    ----------
    split : Split
    activation : str
        A name of `ACTIVATIONS`.
    batch : int
        Samples an update sees; an epoch's last batch may be smaller.
    is_shuffled : bool
        Whether each epoch visits the samples in an order of its own.
    record_every : int
        Measure at the end of every so many epochs.
    rule : callable, optional
        What to train with instead of `network.backward`.
    output : str
        A name of `OUTPUTS`.
    l2, momentum : float
        As `network.updated` takes them.
    """

    split: Split
    activation: str
    batch: int
    is_shuffled: bool
    record_every: int = 1
    rule: Rule | None = None
    output: str = "sigmoid"
    l2: float = 0.0
    momentum: float = 0.0

    @property
    def loops(self) -> str:
        """Which of `LOOPS` compiled code needs for this."""
        return PLAIN if self.split.outputs == 1 and self.l2 == 0 and self.momentum == 0 else GENERAL


class Progress(NamedTuple):
    """How far a run has come: with its `Task`, all that its future depends on.

    Attributes
    ----------
    parameters : Parameters
    order : dict
        State of the generator (PCG64) that draws the samples' orders; of an epoch that has
        begun, that before its order was drawn.
    epoch, update : int
        Completed.
    position : int
        Samples seen of the epoch that has begun.
    velocity : Parameters or None
        v of `network.updated`, where there is momentum and there was an update.
    """

    parameters: Parameters
    order: dict[str, Any]
    epoch: int = 0
    update: int = 0
    position: int = 0
    velocity: Parameters | None = None

    def state(self) -> "Progress":
        """Itself, as an engine that has done nothing yet would say."""
        return self


class Engine(Protocol):
    """What trains: made of a `Task` and the `Progress` at which to begin.

    All engines make the same updates: their parameters agree to 1e-12.
    """

    name: ClassVar[str]

    def __init__(self, task: Task, progress: Progress) -> None: ...

    @staticmethod
    def can(task: Task) -> bool:
        """Whether this engine knows how to train this."""
        ...

    @property
    def parameters(self) -> Parameters:
        """The present ones, as copies."""
        ...

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        ...

    @property
    def update(self) -> int:
        """Updates completed."""
        ...

    @property
    def position(self) -> int:
        """Samples seen of the present epoch."""
        ...

    def advance(self, updates: int, learning_rate: float) -> bool:
        """Make up to so many updates.

        Returns
        -------
        bool
            False if an update was refused because its cost would not be finite or the
            parameters after it lie beyond `FARTHEST`; they are those before it.
        """
        ...

    def take_rows(self) -> Rows:
        """What was measured since the last call."""
        ...

    def state(self) -> Progress:
        """How far it has come; an engine made of that goes on as this one would, bit for bit."""
        ...


def begin(seed: int, d: int, hidden_size: int, activation: str, outputs: int = 1) -> Progress:
    """Where training begins: the weights that a seed gives, and the order of the batches that it gives.

    Parameters
    ----------
    seed : int
    d, hidden_size, outputs : int
        Inputs, hidden units h and outputs k.
    activation : str
        A name of `ACTIVATIONS`.
    """
    of_weights, of_order = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    return Progress(initialise(d, hidden_size, of_weights, activation, outputs), order_state(of_order))


def order_state(rng: np.random.Generator) -> dict[str, Any]:
    """The state of a PCG64 generator as plain values, of its own."""
    state = dict(rng.bit_generator.state)
    return state | {"state": dict(state["state"])}


def order_generator(state: dict[str, Any]) -> np.random.Generator:
    """The inverse of `order_state`."""
    bits = np.random.PCG64()
    bits.state = cast(Any, state)
    return np.random.Generator(bits)
