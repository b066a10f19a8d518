"""Why a new run starts, in plain English."""

from dataclasses import fields, replace

import pytest

from tests.pages import opened
from toynet import Config
from toynet.training import IN_MID_RUN
from toynet.ui import keys
from toynet.ui.changed import LABELS, sentence


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden_size": 16}, "Hidden size is now 16: a new run starts."),
        ({"noise": 0.3}, "Noise is now 0.3: a new run starts."),
        ({"samples": 2000}, "Samples is now 2,000: a new run starts."),
        ({"activation": "relu"}, "Activation is now relu: a new run starts."),
        ({"dataset": "xor"}, "Dataset is now Exclusive-or: a new run starts."),
        ({"noise": 0.3, "hidden_size": 3}, "Noise is now 0.3 and Hidden size is now 3: a new run starts."),
        (
            {"samples": 50, "noise": 0.3, "data_seed": 2, "hidden_size": 3, "init_seed": 1},
            "Samples is now 50, Noise is now 0.3, Data seed is now 2 and 2 more changed: a new run starts.",
        ),
        ({}, "The run starts again from its initial weights."),
        ({"learning_rate": 2.0, "batch_mode": "mini"}, "The run starts again from its initial weights."),
    ],
)
def test_the_sentence_names_the_settings_that_did_it(changes, said):
    assert sentence(Config(), replace(Config(), **changes)) == said


def test_words_from_files_are_not_in_it():
    hostile = "![x](http://127.0.0.1/x)"
    file = Config(dataset="csv", data_file=f"{hostile}.csv", target="kind")
    assert sentence(Config(), file) == "Dataset is now a CSV file: a new run starts."
    assert sentence(file, replace(file, data_file="b.csv")) == "Dataset is now another CSV file: a new run starts."
    assert sentence(file, replace(file, target=hostile)) == "Target is now another one: a new run starts."


def test_every_setting_that_starts_a_new_run_has_the_name_of_its_control():
    assert set(LABELS) == {f.name for f in fields(Config)} - {*IN_MID_RUN, "data_file"}
    shown = {}
    files = opened(dataset="csv", data_file="penguins.csv", target="species", class_1="Gentoo")
    for app in (opened(), opened(dataset="spirals", classes="3"), files):
        kinds = ("selectbox", "select_slider", "number_input", "button_group", "multiselect")
        shown |= {widget.key: widget.proto.label for kind in kinds for widget in app.sidebar.get(kind)}
    named = {name: label for name, label in LABELS.items() if keys.setting(name) in shown}
    assert named == LABELS
    assert all(shown[keys.setting(name)].startswith(label) for name, label in named.items())
