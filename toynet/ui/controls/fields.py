"""The control of one setting: it starts at the present one, and says what its Config field says."""

import dataclasses

from toynet.config import Config
from toynet.ui import keys
from toynet.ui.controls import choices

HELP = {f.name: f.metadata["help"] for f in dataclasses.fields(Config)}
RANGE = {f.name: (f.metadata["low"], f.metadata["high"]) for f in dataclasses.fields(Config) if "low" in f.metadata}


def slider(label, name, config, options, **more):
    """A slider over chosen values."""
    return choices.slider(label, keys.setting(name), options, getattr(config, name), help=HELP[name], **more)


def number(label, name, config, step=1):
    """A number of the setting's range."""
    value, (low, high) = getattr(config, name), RANGE[name]
    return choices.number(label, keys.setting(name), low, high, value, step=step, help=HELP[name])


def select(label, name, value, options, help="", **more):
    """A select box."""
    return choices.select(label, keys.setting(name), options, value, help=help or HELP[name], **more)


def segments(label, name, config, options):
    """A segmented control as wide as there is room."""
    value = getattr(config, name)
    return choices.segments(label, keys.setting(name), options, value, help=HELP[name], width="stretch")


def several(label, name, value, options, help="", **more):
    """A choice of several."""
    return choices.several(label, keys.setting(name), options, value, help=help or HELP[name], **more)
