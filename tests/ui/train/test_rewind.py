"""Looking back at a run on the Train page: as it was, played again, gone on from."""

from dataclasses import replace

import numpy as np
import pytest

from tests.pages import go, numbers, opened, press, session, trainer
from toynet import Config, Trainer
from toynet.network import Parameters
from toynet.state import Snapshot
from toynet.ui import keeping, keys

pytestmark = pytest.mark.usefixtures("store")


def trained(epochs=12):
    app = opened(epochs="50", batch_mode="mini")
    for _ in range(epochs):
        press(app, keys.ONE_EPOCH)
    return app


def slider(app):
    return next(s for s in app.slider if s.label == "Look back at epoch")


def was(epoch):
    again = Trainer(Config(epochs=50, batch_mode="mini"))
    again.run(epochs=epoch)
    return again


def test_before_the_first_epoch_there_is_nothing_to_look_back_at():
    app = opened()
    assert slider(app).disabled and app.button(key=keys.PLAY).disabled and app.button(key=keys.BRANCH).disabled


@pytest.mark.parametrize("epoch", [0, 5])
def test_pictures_and_numbers_are_those_of_the_epoch(epoch):
    app = trained()
    slider(app).set_value(epoch).run()
    then = was(epoch)
    assert numbers(app)["Epoch"] == str(epoch) and numbers(app)["Train loss"] == f"{then.present()['train_loss']:.4f}"
    assert np.array_equal(session(app).experiment.shown.parameters.W1, then.parameters.W1)
    assert trainer(app).epoch == 12


def test_the_derivation_is_that_of_the_epoch_too():
    app = trained()
    slider(app).set_value(5).run()
    go(app, "Derivation")
    assert any("after epoch **5**" in m.value and "looking back" in m.value for m in app.markdown)


def test_at_its_end_one_looks_at_the_present_and_training_goes_on_from_there():
    app = trained()
    slider(app).set_value(5).run()
    slider(app).set_value(12).run()
    assert session(app).experiment.back is None
    slider(app).set_value(3).run()
    press(app, keys.ONE_EPOCH)
    assert trainer(app).epoch == 13 and numbers(app)["Epoch"] == "13"
    assert np.array_equal(trainer(app).parameters.W1, was(13).parameters.W1)


def test_go_on_from_here_begins_a_run_that_knows_its_parent_and_undo_brings_that_back(store):
    app = trained()
    parent = trainer(app).run_name
    slider(app).set_value(5).run()
    press(app, keys.BRANCH)
    own = trainer(app)
    assert own.run_name != parent and own.epoch == 5 and own.history["epoch"].tolist() == list(range(6))
    press(app, keys.ONE_EPOCH)
    assert np.array_equal(trainer(app).parameters.W1, was(6).parameters.W1)
    assert keeping.keeper().flush()
    listed = store.runs().set_index("run")
    assert tuple(listed.loc[own.run_name, ["parent", "parent_epoch", "epoch"]]) == (parent, 5, 6)
    assert listed.loc[parent, "epoch"] == 12


def test_undo_of_a_branch_brings_the_whole_run_back():
    app = trained()
    parent = trainer(app).run_name
    slider(app).set_value(5).run()
    press(app, keys.BRANCH)
    press(app, keys.UNDO)
    assert trainer(app).run_name == parent and trainer(app).epoch == 12


def test_settings_follow_the_branch():
    app = trained(4)
    app.select_slider(keys.setting("learning_rate")).set_value(1.0).run()
    for _ in range(4):
        press(app, keys.ONE_EPOCH)
    slider(app).set_value(2).run()
    press(app, keys.BRANCH)
    assert trainer(app).learning_rate == 0.3 == app.select_slider(keys.setting("learning_rate")).value


def test_play_goes_to_the_end():
    app = trained()
    experiment = session(app).experiment
    experiment.play(5.0)
    seen = []
    while experiment.playing:
        experiment.play_on()
        seen.append(experiment.shown.epoch)
    assert seen == [5, 10, 12] and experiment.back is None


def test_a_damaged_run_says_so_and_stays_where_it_is(store):
    whole = Trainer(Config(epochs=50, batch_mode="mini"), run="damaged")
    whole.run(epochs=12)
    state = whole.state()
    start = state.snapshots[0].progress
    no_numbers = start._replace(parameters=Parameters(*(np.full_like(values, np.nan) for values in start.parameters)))
    store.keep(Trainer.resume(replace(state, snapshots=(Snapshot(no_numbers),))))
    app = opened(run="damaged")
    slider(app).set_value(5).run()
    assert any("it is damaged" in m.value for m in app.warning) and not app.exception
    assert numbers(app)["Epoch"] == "12"
    press(app, keys.ONE_EPOCH)
    assert trainer(app).epoch == 13 and not any("it is damaged" in m.value for m in app.warning)
