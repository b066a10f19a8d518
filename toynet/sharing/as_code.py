"""Settings as code: a scikit-learn pipeline around ToyNetClassifier, the shell's command, a link."""

import shlex
from collections.abc import Mapping
from string import Template
from typing import Any
from urllib.parse import quote, urlencode

from toynet.config import DATA_SETTINGS, GIVEN, Config
from toynet.datasets import Split
from toynet.sharing import literals, run

ESTIMATOR = Template('''\
"""A network of ToyNet in a scikit-learn pipeline: save this in ToyNet's folder and run it there."""

${numpy}${split_import}from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import $transformers

from toynet import Config, ToyNetClassifier
from toynet.datasets import points

$made# X (samples, columns) in their own units, y with the classes' numbers:
$classes
X, y, *_ = points($data)
${split}classifier = make_pipeline(
$steps    ToyNetClassifier(
$settings    ),
)
classifier.fit($train)
$scores
''')

SPLIT = Template("""\
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=$test_fraction, stratify=y, random_state=$data_seed
)
""")

MAKING = """\
    FunctionTransformer(made),
    StandardScaler(),
"""
"""The steps that make the network's inputs of the standardised columns."""

SHORT = 90
"""Characters of a Config that stands on one line."""


def estimator_code(config: Config, split: Split) -> str:
    """A Python script that trains a `ToyNetClassifier` with these settings on these data and prints its accuracy.

    Parameters
    ----------
    config : Config
    split : Split
        Its data: their classes, and how inputs are made.

    Returns
    -------
    str
        Source text for whoever has ToyNet. It makes the updates of the run that the settings ask for; inputs are
        standardised by scikit-learn, which may round otherwise.

    Raises
    ------
    ValueError
        For data that were given by hand.
    """
    _check(config)
    has_test = config.test_fraction > 0
    more = {"test_fraction": repr(config.test_fraction), "data_seed": config.data_seed}
    scores = [f'print("{part} accuracy:", classifier.score(X_{part}, y_{part}))' for part in ("train", "test")]
    alone = 'print("train accuracy:", classifier.score(X, y))'
    return ESTIMATOR.substitute(
        numpy="import numpy as np\n" if split.drawn else "",
        split_import="from sklearn.model_selection import train_test_split\n" if has_test else "",
        transformers="FunctionTransformer, StandardScaler" if split.drawn else "StandardScaler",
        made=_made(split),
        classes="\n".join(f"#   {c} is {literals.text(name)}" for c, name in enumerate(split.class_names)),
        data=_config(_of_data(config)),
        split=SPLIT.substitute(more) if has_test else "",
        steps="    StandardScaler(),\n" + (MAKING if split.drawn else ""),
        settings=_arguments(_of_network(config, split), 8),
        train="X_train, y_train" if has_test else "X, y",
        scores="\n".join(scores) if has_test else alone,
    )


def shell_command(config: Config) -> str:
    """The shell's command that trains with these settings, quoted for a POSIX shell.

    Raises
    ------
    ValueError
        For data that were given by hand.
    """
    _check(config)
    options = []
    for name, value in unusual(config).items():
        option = f"--{name.replace('_', '-')}"
        # What begins like an option must stand in one word with its own.
        options += [f"{option}={value}"] if value.startswith("-") else [option, value]
    return shlex.join(["python", "-m", "toynet", "train", *options])


def link(config: Config, address: str, more: Mapping[str, str] | None = None) -> str:
    """The address at which the dashboard opens with these settings.

    Parameters
    ----------
    config : Config
    address : str
        The dashboard's own, such as http://localhost:8501.
    more : dict, optional
        Further parameters, as texts.

    Raises
    ------
    ValueError
        For data that were given by hand.
    """
    _check(config)
    query = urlencode(unusual(config) | dict(more or {}), quote_via=quote)
    return f"{address}?{query}" if query else address


def unusual(config: Config) -> dict[str, str]:
    """The settings that are not the default, as the shell and an address take them."""
    settings, usual = config.to_dict(), Config().to_dict()
    return {name: f"{value}" for name, value in settings.items() if value != usual[name]}


def _check(config: Config) -> None:
    if config.dataset == GIVEN:
        raise ValueError("these data were given by hand, and no settings make them again: no code can load them")


def _of_data(config: Config) -> dict[str, str]:
    """The settings that say which samples there are, as source; `train_test_split` is told of the rest."""
    usual, settings = Config(), {}
    for name in DATA_SETTINGS:
        value = getattr(config, name)
        if name == "dataset" or (name != "test_fraction" and value != getattr(usual, name)):
            settings[name] = _source(value)
    return settings


def _of_network(config: Config, split: Split) -> dict[str, str]:
    """The estimator's settings, as source: the usual ones always, others where they are on."""
    left_out = {
        "batch_size": config.batch_mode != "mini",
        "output": split.outputs == 1,  # of which both are the same
        "l2": config.l2 == 0,
        "momentum": config.momentum == 0,
    }
    names = ("hidden_size", "activation", "learning_rate", "batch_mode", "batch_size", "epochs", *left_out)
    settings = {name: _source(getattr(config, name)) for name in names if not left_out.get(name)}
    return settings | {"random_state": repr(config.init_seed)}


def _made(split: Split) -> str:
    """The function that makes the network's inputs, where these are not the columns."""
    if not split.drawn:
        return ""
    return f"\n{run.made(split, split.drawn)}\n\n\n"


def _config(arguments: Mapping[str, str]) -> str:
    """What makes a Config, on one line where that is short."""
    line = f"Config({', '.join(f'{key}={value}' for key, value in arguments.items())})"
    return line if len(line) <= SHORT else f"\n    Config(\n{_arguments(arguments, 8)}    )\n"


def _arguments(arguments: Mapping[str, str], indent: int) -> str:
    """Arguments, a line each."""
    return "".join(f"{' ' * indent}{key}={value},\n" for key, value in arguments.items())


def _source(value: Any) -> str:
    """A setting as Python source, texts in double quotes where they need no other."""
    source = repr(value)
    return f'"{value}"' if source == f"'{value}'" and '"' not in source else source
