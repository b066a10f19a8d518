"""Config: defaults, ranges, and errors that name the setting, the value and the range."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config
from toynet.config import parse, range_text

SETTINGS = {
    "dataset": (
        "moons",
        ("moons", "circles", "blobs", "quantiles", "xor", "spirals", "breast_cancer", "iris", "wine", "csv"),
    ),
    "samples": (400, 20, 10_000),
    "noise": (0.2, 0.0, 1.0),
    "test_fraction": (0.25, 0.0, 0.5),
    "data_seed": (0, 0, 2**32 - 1),
    "hidden_size": (8, 1, 256),
    "activation": ("tanh", ("tanh", "sigmoid", "relu")),
    "init_seed": (0, 0, 2**32 - 1),
    "learning_rate": (0.3, 1e-6, 1e6),
    "batch_mode": ("full", ("full", "mini", "stochastic")),
    "batch_size": (32, 1, 10_000),
    "epochs": (500, 1, 1_000_000),
    "record_every": (1, 1, 1_000_000),
    **dict.fromkeys(("data_file", "feature_1", "feature_2", "target", "class_0", "class_1"), ("",)),
    "classes": (2, 2, 6),
    "output": ("sigmoid", ("sigmoid", "softmax")),
    "l2": (0.0, 0.0, 1000.0),
    "momentum": (0.0, 0.0, 0.9999),
    "features": ("",),
}
"""Every setting, in order: its default, and the least and the most it may be, or all that it may be, or any text."""

RANGES = {name: tuple(rest) for name, (_, *rest) in SETTINGS.items() if len(rest) == 2}
CHOICES = {name: rest[0] for name, (_, *rest) in SETTINGS.items() if len(rest) == 1}
TEXTS = [name for name in SETTINGS if name not in RANGES and name not in CHOICES]
WHOLE = [name for name in RANGES if isinstance(SETTINGS[name][0], int)]
FIELDS = {f.name: f for f in dataclasses.fields(Config)}


def complaint(make, *arguments, **settings):
    """What a ValueError says of settings that are refused."""
    with pytest.raises(ValueError) as caught:
        pytest.fail(f"accepted: {make(*arguments, **settings)}")
    return str(caught.value)


def assert_refused(name, value):
    """The message is one line and names the setting, the value and the range."""
    text = complaint(Config, **{name: value})
    for told in (name, range_text(FIELDS[name]), repr(value)[:40]):
        assert told in text, (name, value)
    assert len(text.splitlines()) == 1, (name, value)


# --- what may be set ---------------------------------------------------------------


def test_every_setting_has_its_default_and_its_place():
    defaults = {name: default for name, (default, *_) in SETTINGS.items()}
    assert list(Config().to_dict().items()) == list(defaults.items())
    assert {name: f.type for name, f in FIELDS.items()} == {name: type(value) for name, value in defaults.items()}


def test_every_setting_has_a_help_text():
    assert [name for name, f in FIELDS.items() if not f.metadata["help"].endswith(".")] == []


def test_numbers_may_be_all_of_their_range_and_nothing_beyond():
    for name, (low, high) in RANGES.items():
        for value in (low, high):
            assert getattr(Config(**{name: value}), name) == value, (name, value)
        below, above = (low - 1, high + 1) if name in WHOLE else (math.nextafter(low, -1), math.nextafter(high, 1e9))
        for value in (below, above, -(10**400), 10**400):
            assert_refused(name, value)


def test_choices_may_be_all_of_theirs_and_nothing_else():
    for name, options in CHOICES.items():
        assert FIELDS[name].metadata["options"] == options
        for option in options:
            assert getattr(Config(**{"data_file": "xor.csv", name: option}), name) == option, (name, option)
        for value in ("", "Moons", "moons ", "nonsense", "a\nb"):
            assert_refused(name, value)
            assert all(option in complaint(Config, **{name: value}) for option in options), (name, value)


def test_a_refusal_says_what_would_do():
    assert complaint(Config, hidden_size=0) == "hidden_size must be a whole number from 1 to 256, not 0"
    assert complaint(Config, samples=1.5) == "samples must be a whole number from 20 to 10,000, not 1.5"
    assert complaint(Config, learning_rate=0.0) == "learning_rate must be a number from 1e-06 to 1e+06, not 0.0"
    assert complaint(Config, activation="Relu") == "activation must be one of tanh, sigmoid, relu, not 'Relu'"
    assert complaint(Config, target=3) == "target must be text, not 3"


def test_what_is_no_number_is_refused():
    for name in RANGES:
        for value in (True, False, None, "3", "", "three", math.nan, math.inf, -math.inf, [1], {}, 1j, b"3"):
            assert_refused(name, value)


def test_float_for_a_whole_number_is_refused():
    for name in WHOLE:
        for value in (1.5, 30.0, np.float64(30.0)):
            assert_refused(name, value)


def test_bytes_that_are_no_text_are_refused():
    """What Python makes of a file's name that is not in the locale's encoding."""
    with pytest.raises(ValueError, match=r"data_file must be text, not 'z\\udcff.csv'"):
        Config(dataset="csv", data_file="z\udcff.csv")


def test_what_is_no_text_is_refused():
    for name in [*CHOICES, *TEXTS]:
        for value in (None, True, 3, 1.5, math.nan, 10**400, b"moons", ["moons"]):
            assert_refused(name, value)


def test_number_too_long_for_python_to_print_is_refused_by_name():
    for name in ("samples", "noise"):
        assert name in complaint(Config, **{name: 10**5000})


def test_csv_without_a_file_is_refused():
    assert "data_file" in complaint(Config, dataset="csv")
    assert Config(dataset="csv", data_file="xor.csv").data_file == "xor.csv"


def test_numpy_numbers_become_plain_ones():
    config = Config(samples=np.int64(50), noise=np.float32(0.5), hidden_size=np.uint8(3), learning_rate=1)
    assert type(config.samples) is type(config.hidden_size) is int
    assert type(config.noise) is type(config.learning_rate) is float
    assert config == Config(samples=50, noise=0.5, hidden_size=3, learning_rate=1.0)


def test_config_cannot_be_changed_and_can_be_a_key():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().samples = 30
    assert len({Config(), Config(), Config(samples=30)}) == 2


# --- dicts -------------------------------------------------------------------------

strategies = {
    **{name: st.integers(*RANGES[name]) for name in WHOLE},
    **{name: st.floats(*RANGES[name]) for name in RANGES if name not in WHOLE},
    **{name: st.sampled_from(options) for name, options in CHOICES.items()},
    **{name: st.text(max_size=8) for name in TEXTS},
    "data_file": st.text(min_size=1, max_size=8),
}


@given(st.fixed_dictionaries({}, optional=strategies))
def test_any_config_survives_a_dict_and_json(settings):
    config = Config(**{"data_file": "xor.csv", **settings})
    d = config.to_dict()
    assert list(d) == list(FIELDS)
    assert Config.from_dict(d) == config
    assert Config.from_dict(json.loads(json.dumps(d))) == config


@given(st.fixed_dictionaries(strategies))
def test_every_value_is_parsed_back_from_its_text(settings):
    assert {name: parse(name, str(value)) for name, value in settings.items()} == settings


def test_fields_left_out_of_a_dict_get_their_default():
    assert Config.from_dict({"samples": 50}) == Config(samples=50)
    assert Config.from_dict({}) == Config()


def test_unknown_key_is_refused_by_name_and_the_settings_are_named():
    for key in ("smaples", "Samples", "", "to_dict", 3, None):
        text = complaint(Config.from_dict, {key: 7})
        assert text == f"{key}=7 is not a setting; the settings are {', '.join(FIELDS)}"


def test_bad_value_in_a_dict_is_refused_as_by_the_constructor():
    assert complaint(Config.from_dict, {"hidden_size": 0}) == complaint(Config, hidden_size=0)


# --- text from a shell or an address -----------------------------------------------


def test_text_that_is_no_such_number_is_refused():
    texts = ("", "three", "nan", "inf", "-1e99", "1e999", "9" * 400, "9" * 5000, "True", "0x10", "1;2")
    for name in RANGES:
        for text in texts:
            said = complaint(parse, name, text)
            assert name in said and range_text(FIELDS[name]) in said, (name, text[:9])


def test_text_of_a_float_is_no_whole_number():
    for name in WHOLE:
        assert name in complaint(parse, name, "30.0")


def test_text_for_an_unknown_setting_is_refused():
    assert "smaples" in complaint(parse, "smaples", "3")
