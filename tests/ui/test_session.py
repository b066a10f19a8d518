"""What a tab is at: settings reach its experiment whole or not at all, and its keys are ToyNet's own."""

import dataclasses

import pytest

from tests.pages import opened, session
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


def test_what_trains_the_network_changes_in_mid_run_and_anything_else_is_another_experiment():
    tab = Session()
    tab.start(Config(samples=40))
    before = tab.experiment
    before.step()
    changes = {"learning_rate": 2.0, "epochs": 7, "batch_mode": "mini", "batch_size": 10}
    tab.apply(dataclasses.replace(before.trainer.config, **changes))
    assert tab.experiment is before and before.target == 7 and tab.offer is None
    assert before.trainer.config == Config(samples=40, **changes)
    tab.apply(dataclasses.replace(before.trainer.config, hidden_size=3))
    assert tab.experiment is not before and tab.experiment.trainer.learning_rate == 2.0


@pytest.mark.parametrize("epochs_done", [0, 3])
def test_a_number_that_was_typed_just_before_the_press_comes_first(epochs_done):
    """Streamlit brings both at once; the run before is paused as it was, and the new one trains."""
    app = opened(samples=40, epochs=3)
    before = session(app).experiment
    before.trainer.run(epochs=epochs_done)
    app.number_input(key=keys.setting("data_seed")).set_value(9)
    app.button(key=keys.STEP).click().run()
    now = session(app).experiment
    assert (now.trainer.config.data_seed, now.trainer.update) == (9, 1)
    assert (before.trainer.epoch, before.target, before.running) == (epochs_done, 3, False)


# --- what can be undone ----------------------------------------------------------------


@pytest.fixture
def tab():
    """With a run that has been trained, and is running."""
    tab = Session()
    tab.start(Config(samples=40))
    tab.experiment.one_epoch()
    tab.experiment.train()
    return tab


def changed(tab, **changes):
    tab.apply(dataclasses.replace(tab.experiment.trainer.config, **changes))


def test_the_run_before_comes_back_whole_and_paused(tab):
    before, picture = tab.experiment, tab.experiment.picture
    numbers = before.trainer.present()
    changed(tab, hidden_size=16)
    assert tab.offer.why == "Hidden size is now 16: a new run starts." and not before.running
    tab.undo()
    assert tab.experiment is before and before.picture is picture and not before.running
    assert before.trainer.present() == numbers and before.target == 500
    assert tab.offer is None
    tab.undo()  # a second click
    assert tab.experiment is before


def test_reset_can_be_undone(tab):
    before = tab.experiment
    tab.start(before.trainer.config)
    assert tab.offer.why == "The run starts again from its initial weights."
    tab.undo()
    assert tab.experiment is before


def test_nothing_is_offered_for_a_run_of_no_update():
    tab = Session()
    tab.start(Config(samples=40))
    changed(tab, hidden_size=3)
    assert tab.offer is None
    tab.undo()
    assert tab.experiment.trainer.config.hidden_size == 3


def test_several_changes_in_a_row_are_undone_at_once(tab):
    before = tab.experiment
    changed(tab, hidden_size=10)
    changed(tab, hidden_size=12)
    changed(tab, noise=0.5)
    assert tab.offer.why == "Noise is now 0.5 and Hidden size is now 12: a new run starts."
    tab.undo()
    assert tab.experiment is before


def test_the_offer_stands_until_the_new_run_goes_on_and_a_late_click_loses_nothing(tab):
    before = tab.experiment
    changed(tab, hidden_size=10)
    after = tab.experiment
    after.train()
    assert tab.offer is None
    after.pause()
    after.step()
    assert tab.offer is None
    tab.undo()  # a click that was on its way
    assert tab.experiment is before and tab.offer.why == "The earlier run is back."
    tab.undo()
    assert tab.experiment is after and after.trainer.update == 1


def test_settings_that_cannot_be_used_leave_the_offer(tab):
    before = tab.experiment
    changed(tab, hidden_size=10)
    with pytest.raises(ValueError, match="there is no file"):
        tab.apply(Config(dataset="csv", data_file="gone.csv"))
    tab.undo()
    assert tab.experiment is before


def test_every_key_of_a_tab_has_the_prefix():
    app = opened(batch_mode="mini")
    names = [name for name in app.session_state.to_dict() if not name.startswith("$$")]
    assert keys.SESSION in names and keys.setting("batch_size") in names
    assert [name for name in names if not name.startswith(keys.PREFIX)] == []
