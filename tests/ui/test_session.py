"""What a tab is at: settings reach its experiment whole or not at all, and its keys are ToyNet's own."""

import dataclasses

import pytest

from tests.pages import opened
from toynet import Config
from toynet.ui import keys
from toynet.ui.session import Session


def test_settings_that_cannot_be_used_change_nothing():
    tab = Session()
    tab.start(Config(samples=40))
    before = tab.experiment
    with pytest.raises(ValueError, match="there is no file"):
        tab.apply(Config(dataset="csv", data_file="gone.csv", learning_rate=2.0, epochs=7))
    assert tab.experiment is before and before.target == 500
    assert (before.trainer.learning_rate, before.trainer.epochs) == (0.3, 500)


def test_rate_and_epochs_change_in_mid_run_and_anything_else_is_another_experiment():
    tab = Session()
    tab.start(Config(samples=40))
    before = tab.experiment
    before.step()
    tab.apply(dataclasses.replace(before.trainer.config, learning_rate=2.0, epochs=7))
    assert tab.experiment is before and (before.trainer.learning_rate, before.target) == (2.0, 7)
    tab.apply(dataclasses.replace(before.trainer.config, hidden_size=3))
    assert tab.experiment is not before and tab.experiment.trainer.learning_rate == 2.0


def test_every_key_of_a_tab_has_the_prefix():
    app = opened(batch_mode="mini")
    names = [name for name in app.session_state.to_dict() if not name.startswith("$$")]
    assert keys.SESSION in names and keys.setting("batch_size") in names
    assert [name for name in names if not name.startswith(keys.PREFIX)] == []
