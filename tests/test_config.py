"""Config: defaults, ranges, and errors that name the setting, the value and the range."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config
from toynet.config import BATCH_MODES, DATASETS, parse, range_text

FIELDS = {f.name: f for f in dataclasses.fields(Config)}
NUMBERS = [name for name, f in FIELDS.items() if "low" in f.metadata]
WHOLE = [name for name in NUMBERS if FIELDS[name].type is int]
CHOICES = [name for name, f in FIELDS.items() if "options" in f.metadata]
TEXTS = [name for name, f in FIELDS.items() if name not in NUMBERS + CHOICES]
RANGES = {
    "samples": (20, 10_000),
    "noise": (0.0, 1.0),
    "test_fraction": (0.0, 0.5),
    "data_seed": (0, 2**32 - 1),
    "hidden_size": (1, 256),
    "init_seed": (0, 2**32 - 1),
    "learning_rate": (1e-6, 1e6),
    "batch_size": (1, 10_000),
    "epochs": (1, 1_000_000),
    "record_every": (1, 1_000_000),
}


def message(**settings):
    with pytest.raises(ValueError) as caught:
        Config(**settings)
    return str(caught.value)


def assert_names(text, name, value):
    """The message is one line and names the setting, the value and the range."""
    assert name in text and range_text(FIELDS[name]) in text and repr(value)[:40] in text
    assert len(text.splitlines()) == 1


def test_defaults_are_those_of_the_design():
    expected = {
        "dataset": "moons",
        "samples": 400,
        "noise": 0.2,
        "test_fraction": 0.25,
        "data_seed": 0,
        "hidden_size": 8,
        "activation": "tanh",
        "init_seed": 0,
        "learning_rate": 0.3,
        "batch_mode": "full",
        "batch_size": 32,
        "epochs": 500,
        "record_every": 1,
    }
    given = Config().to_dict()
    assert list(given)[: len(expected)] == list(expected)
    assert {name: given[name] for name in expected} == expected
    assert all(given[name] == "" for name in TEXTS)


def test_choices_and_ranges_are_those_of_the_design():
    assert set(DATASETS) >= {"moons", "circles", "blobs", "quantiles", "xor", "spirals", "breast_cancer", "csv"}
    assert BATCH_MODES == ("full", "mini", "stochastic")
    assert FIELDS["activation"].metadata["options"] == ("tanh", "sigmoid", "relu")
    assert {name: (FIELDS[name].metadata["low"], FIELDS[name].metadata["high"]) for name in NUMBERS} == RANGES


def test_every_field_has_a_help_text():
    assert all(f.metadata["help"].endswith(".") for f in FIELDS.values())


@pytest.mark.parametrize("name", NUMBERS)
def test_both_ends_of_a_range_are_allowed(name):
    for value in RANGES[name]:
        assert getattr(Config(**{name: value}), name) == value


@pytest.mark.parametrize("name", NUMBERS)
def test_number_just_outside_its_range_is_refused(name):
    low, high = RANGES[name]
    below, above = (low - 1, high + 1) if name in WHOLE else (math.nextafter(low, -1), math.nextafter(high, 1e9))
    for value in (below, above, -(10**400), 10**400):
        assert_names(message(**{name: value}), name, value)


NOT_NUMBERS = [True, False, None, "3", "", "three", float("nan"), float("inf"), -float("inf"), [1], {}, 1j, b"3"]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", NUMBERS)
def test_wrong_type_for_a_number_is_refused(name, value):
    assert_names(message(**{name: value}), name, value)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [1.5, 30.0, np.float64(30.0)], ids=str)
def test_float_for_a_whole_number_is_refused(name, value):
    assert_names(message(**{name: value}), name, value)


@pytest.mark.parametrize("name", CHOICES + TEXTS)
@pytest.mark.parametrize(
    "value", [None, True, 3, 1.5, float("nan"), 10**400, b"moons", ["moons"]], ids=lambda v: str(v)[:9]
)
def test_wrong_type_for_a_text_is_refused(name, value):
    assert_names(message(**{name: value}), name, value)


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["", "Moons", "moons ", "nonsense", "a\nb"])
def test_unknown_choice_is_refused_and_the_choices_are_named(name, value):
    text = message(**{name: value})
    assert_names(text, name, value)
    assert all(option in text for option in FIELDS[name].metadata["options"])


@pytest.mark.parametrize("name", ["samples", "noise"])
def test_number_too_long_for_python_to_print_is_refused_by_name(name):
    assert name in message(**{name: 10**5000})


def test_csv_without_a_file_is_refused():
    assert "data_file" in message(dataset="csv")
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
    **{name: st.floats(*RANGES[name]) for name in NUMBERS if name not in WHOLE},
    **{name: st.sampled_from(FIELDS[name].metadata["options"]) for name in CHOICES},
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


@pytest.mark.parametrize("key", ["smaples", "Samples", "", "to_dict", 3, None])
def test_unknown_key_is_refused_by_name_and_the_settings_are_named(key):
    with pytest.raises(ValueError) as caught:
        Config.from_dict({key: 7})
    text = str(caught.value)
    assert str(key) in text and "7" in text and "samples" in text and len(text.splitlines()) == 1


def test_bad_value_in_a_dict_is_refused_as_by_the_constructor():
    with pytest.raises(ValueError) as caught:
        Config.from_dict({"hidden_size": 0})
    assert_names(str(caught.value), "hidden_size", 0)


# --- text from a shell or an address -----------------------------------------------


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "text", ["", "three", "nan", "inf", "-1e99", "1e999", "9" * 400, "9" * 5000, "True", "0x10", "1;2"]
)
def test_text_that_is_no_such_number_is_refused(name, text):
    with pytest.raises(ValueError) as caught:
        parse(name, text)
    assert name in str(caught.value) and range_text(FIELDS[name]) in str(caught.value)


@pytest.mark.parametrize("name", WHOLE)
def test_text_of_a_float_is_no_whole_number(name):
    with pytest.raises(ValueError, match=name):
        parse(name, "30.0")


def test_text_for_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="smaples"):
        parse("smaples", "3")
