"""Config: every setting of an experiment, with its range, as one frozen value."""

import dataclasses
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toynet.activations import ACTIVATIONS, OUTPUTS

DATASETS = {
    "moons": "Moons",
    "circles": "Circles",
    "blobs": "Gaussian blobs",
    "quantiles": "Gaussian quantiles",
    "xor": "Exclusive-or",
    "spirals": "Spirals",
    "breast_cancer": "Breast cancer",
    "iris": "Iris",
    "wine": "Wine",
    "csv": "CSV file",
}
"""Dataset name -> what people call it. The first six are generated."""

GIVEN = "given"
"""The dataset of a run whose data came by hand; `samples` and `test_fraction` then say how many they were."""

OF_MORE_CLASSES = ("blobs", "quantiles", "spirals")
"""The generated datasets that can have more than two classes."""

BATCH_MODES = ("full", "mini", "stochastic")


def _choice(default: str, options: Iterable[str], help: str, **more: Any) -> Any:
    return field(default=default, metadata={"options": tuple(options), "help": help, **more})


def _number(default: float, low: float, high: float, help: str, **more: Any) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help, **more})


def _text(help: str, **more: Any) -> Any:
    return field(default="", metadata={"help": help, **more})


@dataclass(frozen=True)
class Config:
    """The settings of one run. Same Config, same numbers.

    Each field's range and meaning is in its metadata, shown by
    `python -m toynet train --help`.

    Raises
    ------
    ValueError
        Names the setting, the value it was given and the range it must lie in.
    """

    dataset: str = _choice("moons", DATASETS, "Which data the network learns.", data=True)
    samples: int = _number(400, 20, 10_000, "How many points to generate (generated data only).", data=True)
    noise: float = _number(0.2, 0.0, 1.0, "How far points stray from their shape (generated data only).", data=True)
    test_fraction: float = _number(0.25, 0.0, 0.5, "Share of the samples held back to test on.", data=True)
    data_seed: int = _number(0, 0, 2**32 - 1, "Seed of the generated points and of the train/test split.", data=True)
    hidden_size: int = _number(8, 1, 256, "How many hidden units, h.")
    activation: str = _choice("tanh", ACTIVATIONS, "The hidden units' activation g.")
    init_seed: int = _number(0, 0, 2**32 - 1, "Seed of the initial weights and of the order of batches.")
    learning_rate: float = _number(0.3, 1e-6, 1e6, "The step eta: theta <- theta - eta dC/dtheta.")
    batch_mode: str = _choice("full", BATCH_MODES, "Samples an update sees: all, a mini-batch, or one.")
    batch_size: int = _number(32, 1, 10_000, "Samples an update in batch mode mini.")
    epochs: int = _number(500, 1, 1_000_000, "How many passes over the training samples.")
    record_every: int = _number(1, 1, 1_000_000, "A history row every so many epochs.")
    data_file: str = _text("The CSV file of dataset csv: a path, or the name of one in data/.", data=True)
    feature_1: str = _text(
        "Horizontal input: a column of the file or of the real data (empty: a sensible one).", data=True
    )
    feature_2: str = _text("Vertical input, likewise.", data=True)
    target: str = _text("The file's column that holds the classes (empty: a sensible one).", data=True)
    class_0: str = _text("Target value of class 0 (empty: every value but class_1's).", data=True)
    class_1: str = _text("Target value of class 1 (empty: of two values the second, of more each a class).", data=True)
    classes: int = _number(2, 2, 6, "How many classes: of blobs, quantiles and spirals.", data=True)
    output: str = _choice("sigmoid", OUTPUTS, "What makes probabilities of the outputs, where there are several.")
    l2: float = _number(0.0, 0.0, 1e3, "The penalty lambda: lambda/2 |W|^2 is added to C, for W1 and W2.")
    momentum: float = _number(0.0, 0.0, 0.9999, "The momentum mu: v <- mu v + dC/dtheta, theta <- theta - eta v.")
    features: str = _text(
        "All inputs, separated by semicolons: x1, x2, x1^2, x2^2, x1 x2, sin x1, sin x2, columns (empty: the two "
        "that are drawn).",
        data=True,
    )

    def __post_init__(self) -> None:
        is_given = isinstance(self.dataset, str) and self.dataset == GIVEN
        for f in dataclasses.fields(self):
            if not (is_given and f.name == "dataset"):
                is_free = is_given and f.name in ("samples", "test_fraction")
                object.__setattr__(self, f.name, _checked(f, getattr(self, f.name), is_free))
        if self.dataset == "csv" and not self.data_file:
            raise ValueError("data_file is empty: dataset csv needs the name of a CSV file")

    def batch(self, m: int) -> int:
        """How many of m training samples an update sees."""
        return {"full": m, "mini": min(self.batch_size, m), "stochastic": 1}[self.batch_mode]

    def to_dict(self) -> dict[str, Any]:
        """Field name -> value, in the order of the fields."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> "Config":
        """The Config of a dict of field values; fields left out get their default.

        Raises
        ------
        ValueError
            For a key that is no setting, or a value out of range.
        """
        known = [f.name for f in dataclasses.fields(cls)]
        for key, value in d.items():
            if key not in known:
                raise ValueError(f"{key}={shown(value)} is not a setting; the settings are {', '.join(known)}")
        return cls(**d)


def parse(name: str, text: str) -> Any:
    """The value that `text` (from a shell or an address) means for field `name`.

    Raises
    ------
    ValueError
        If there is no such field, the text is no such value or it is out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(Config)}
    if name not in fields:
        raise ValueError(f"there is no setting {shown(name)}")
    f = fields[name]
    try:
        value = _type_of(f)(text)
    except (ValueError, OverflowError):
        value = text
    return _checked(f, value)


def range_text(f: dataclasses.Field) -> str:
    """In words, what a Config field may be."""
    if "options" in f.metadata:
        return f"one of {', '.join(f.metadata['options'])}"
    if "low" in f.metadata:
        kind, form = ("a whole number", ",") if f.type is int else ("a number", "g")
        return f"{kind} from {f.metadata['low']:{form}} to {f.metadata['high']:{form}}"
    return "text"


DATA_SETTINGS = tuple(f.name for f in dataclasses.fields(Config) if f.metadata.get("data"))
"""The settings that say what the data are; the others are the network's and its training's."""


def _checked(f: dataclasses.Field, value: Any, is_free: bool = False) -> Any:
    """The value as the field's own type, or a ValueError that says what it must be; of a free one only its type."""
    if f.type is str:
        good = isinstance(value, str) and value in f.metadata.get("options", (value,))
        if good and any("\ud800" <= c <= "\udfff" for c in value):  # bytes, as Python carries them
            raise ValueError(f"{f.name} must be text, not {shown(value)}; use names and a locale in UTF-8")
    else:
        kind = numbers.Integral if f.type is int else numbers.Real
        good = isinstance(value, kind) and not isinstance(value, bool)
        good = good and (is_free or f.metadata["low"] <= value <= f.metadata["high"])
    if not good:
        raise ValueError(f"{f.name} must be {range_text(f)}, not {shown(value)}")
    return _type_of(f)(value)


def _type_of(f: dataclasses.Field) -> type:
    assert isinstance(f.type, type)  # true as long as annotations are not postponed in this file
    return f.type


def shown(value: Any, most: int = 60) -> str:
    """A value as a message shows it: in quotes where it is text, and cut where it is long."""
    if isinstance(value, str) and len(value) > most:
        return repr(f"{value[:most]}…")
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python prints
        return "a number of thousands of digits"
    return text if len(text) <= most else f"{text[:most]}…"
