"""The app's runs are kept, and found again by their name in the address."""

import threading
from unittest.mock import Mock

import numpy as np
import pytest

from tests.pages import go, numbers, opened, press, session, trainer
from toynet import Config, Store, Trainer, train
from toynet.runs.records import Record, holder
from toynet.ui import keeping, keys

pytestmark = pytest.mark.usefixtures("store")


def told(app):
    return [*(m.value for m in app.warning), *(m.value for m in app.info), *(m.value for m in app.error)]


def written(app):
    """The page, once what is new of its run is stored."""
    assert keeping.keeper().flush()
    return app


def test_a_run_is_kept_from_its_first_update_on_and_not_before(store):
    app = opened(epochs="30", noise="0.15")
    assert store.runs().empty and "run" not in app.query_params
    written(press(app, keys.ONE_EPOCH))
    own = trainer(app)
    assert app.query_params["run"] == own.run_name
    row = store.runs().iloc[0]
    assert (row.run, row.state, row.epoch, row.noise, row.owner) == (own.run_name, "paused", 1, 0.15, "")
    assert np.array_equal(store.trainer(own.run_name).parameters.W1, own.parameters.W1)


def test_a_run_that_ends_is_finished(store):
    app = opened(epochs="2")
    for _ in range(2):
        press(app, keys.ONE_EPOCH)
    written(app)
    assert store.runs().state.tolist() == ["finished"]


def test_a_changed_rate_is_kept_with_its_update(store):
    app = opened(epochs="30")
    press(app, keys.ONE_EPOCH)
    app.select_slider(keys.setting("learning_rate")).set_value(1.0).run()
    written(press(app, keys.ONE_EPOCH))
    assert [tuple(change) for change in store.state(trainer(app).run_name).changes] == [(1, "learning_rate", 1.0)]


def test_a_page_loaded_anew_shows_the_run_where_it_stood_paused_with_a_word(store):
    first = opened(epochs="30", batch_mode="mini")
    press(first, keys.ONE_EPOCH)
    written(press(first, keys.STEP))
    again = opened(**dict(first.query_params.items()))
    assert numbers(again) == numbers(first) and trainer(again).update == trainer(first).update
    assert not session(again).experiment.running
    assert any("as it stood at epoch 1, update 11" in words for words in told(again))
    for app in (first, again):
        press(app, keys.ONE_EPOCH)
    assert not any("as it stood" in words for words in told(again))
    assert np.array_equal(trainer(again).parameters.W1, trainer(first).parameters.W1)


def test_a_page_loaded_anew_before_its_run_was_ever_written_finds_it(store, monkeypatch):
    save, flush, goes_on = Store.save, keeping.Keeper.flush, threading.Event()
    monkeypatch.setattr(Store, "save", lambda *record: goes_on.wait() and save(*record))
    first = press(opened(epochs="30"), keys.ONE_EPOCH)
    assert store.runs().empty
    monkeypatch.setattr(keeping.Keeper, "flush", lambda *seconds: goes_on.set() or flush(*seconds))
    again = opened(**dict(first.query_params.items()))
    assert trainer(again).run_name == trainer(first).run_name and numbers(again) == numbers(first)


def test_settings_of_the_run_win_over_those_of_the_address(store):
    store.keep(train(Config(epochs=5, hidden_size=3), run="kept"))
    app = opened(run="kept", hidden_size="16")
    assert trainer(app).config.hidden_size == 3
    app.run()
    assert trainer(app).run_name == "kept" and app.select_slider(keys.setting("hidden_size")).value == 3


def test_a_run_that_is_not_here_is_said_and_its_settings_begin_anew(store):
    app = opened(run="![x](http://127.0.0.1:1/leak.svg)", hidden_size="16")
    assert trainer(app).config.hidden_size == 16 and trainer(app).epoch == 0
    assert any("there is no run" in words and "![x]" not in words for words in told(app))


def test_a_run_of_somebody_else_is_not_here(store, monkeypatch):
    from toynet.runs.records import Source

    store.keep(train(Config(epochs=5), run="kept"), Source("bob@example.org"))
    monkeypatch.setattr(keeping, "owner", lambda: "ann@example.org")
    assert any("there is no run" in words for words in told(opened(run="kept")))
    monkeypatch.setattr(keeping, "owner", lambda: "bob@example.org")
    assert trainer(opened(run="kept")).epoch == 5


def test_a_run_that_trains_elsewhere_is_looked_at_here_and_goes_on_as_one_of_its_own(store):
    other = Trainer(Config(epochs=30), run="elsewhere")
    other.run(epochs=3)
    store.save(Record.of(other, is_running=True, holder=f"another-machine/1/2.0/{holder()[-8:]}"))
    app = opened(run="elsewhere")
    assert numbers(app)["Epoch"] == "3" and any("is being trained in another tab" in words for words in told(app))
    written(press(app, keys.ONE_EPOCH))
    own = trainer(app)
    assert own.run_name != "elsewhere" and own.epoch == 4 and not any("another tab" in words for words in told(app))
    listed = store.runs().set_index("run")
    assert listed.loc["elsewhere", "epoch"] == 3 and listed.loc["elsewhere", "state"] == "running"
    assert tuple(listed.loc[own.run_name, ["parent", "parent_epoch"]]) == ("elsewhere", 3)


def test_a_run_that_another_tab_has_trained_on_is_not_overwritten(store):
    app = opened(epochs="30")
    written(press(app, keys.ONE_EPOCH))
    name = trainer(app).run_name
    other = opened(run=name)
    for _ in range(3):
        press(other, keys.ONE_EPOCH)
    written(other)
    press(app, keys.ONE_EPOCH)
    keeping.keeper().flush()
    app.run()
    assert any("has been trained on in another place" in words for words in told(app))
    assert store.runs().set_index("run").loc[name, "epoch"] == 4
    written(press(app, keys.ONE_EPOCH))
    assert store.runs().set_index("run").loc[trainer(app).run_name, "parent"] == name


def test_what_a_tab_that_was_loaded_anew_still_had_to_write_is_written_before_its_run_is_shown(store, monkeypatch):
    first = opened(epochs="30")
    written(press(first, keys.ONE_EPOCH))
    experiment, keeper, save, flush = session(first).experiment, keeping.keeper(), Store.save, keeping.Keeper.flush
    goes_on = threading.Event()
    monkeypatch.setattr(Store, "save", lambda *record: goes_on.wait() and save(*record))
    experiment.trainer.run_epoch()
    keeper.note(experiment.kept, experiment.trainer, is_running=True)
    monkeypatch.setattr(keeping.Keeper, "flush", lambda *seconds: goes_on.set() or flush(*seconds))
    monkeypatch.setattr(keeping, "runtime", Mock())
    keeping.runtime.get_instance().is_active_session.return_value = False
    again = opened(run=experiment.trainer.run_name)
    assert trainer(again).epoch == 2 and not any("another" in words for words in told(again))
    experiment.trainer.run_epoch()
    keeper.note(experiment.kept, experiment.trainer, is_running=True)  # the tab that is gone, a last time
    written(press(again, keys.ONE_EPOCH))
    again.run()
    assert trainer(again).run_name == experiment.trainer.run_name and not any("another" in w for w in told(again))
    assert store.runs().epoch.tolist() == [3]


def test_a_store_that_cannot_be_used_is_told_once_and_training_goes_on(tmp_path, monkeypatch):
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database " * 100)
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{bad}")
    app = opened(epochs="30")
    assert told(app) == []
    for epoch in (1, 2, 3):
        press(app, keys.ONE_EPOCH)
        keeping.keeper().flush()
        app.run()
        assert trainer(app).epoch == epoch
        assert sum("Runs are not kept at present" in words and "is damaged" in words for words in told(app)) == 1
    go(app, "Runs")
    assert any("Runs cannot be shown" in words for words in told(app))
    assert bad.read_bytes() == b"no database " * 100


def test_a_run_of_a_file_that_is_no_longer_offered_is_said(store, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("a,b,kind\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    store.keep(train(Config(dataset="csv", data_file=str(file), epochs=3), run="own"))
    app = opened(run="own")
    assert any("the file of run own is no longer here" in words for words in told(app)) and trainer(app).epoch == 0
