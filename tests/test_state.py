"""A run put down as a State and taken up again, copied, pickled: it goes on as if it had never been stopped."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toynet import Config, Trainer, datasets, engines, train
from toynet.derivation.mistakes import MISTAKES
from toynet.history import Change

ROOT = Path(__file__).parents[1]
MODES = ("full", "mini", "stochastic")
every_engine = pytest.mark.parametrize("engine", engines.ENGINES)


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "batch_size": 8, "epochs": 5, **changes})


def assert_same_run(one, other):
    """Bit for bit, but for the time that it took."""
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    assert (one.epoch, one.update, one.samples_seen) == (other.epoch, other.update, other.samples_seen)
    assert (one.run_name, one.config, one.changes, one.engine) == (
        other.run_name, other.config, other.changes, other.engine,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        one.history.drop(columns="seconds"), other.history.drop(columns="seconds"), check_exact=True
    )


# --- going on ------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("batch_mode", MODES)
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_a_run_cut_at_any_updates_and_resumed_is_the_run_that_was_never_stopped(engine, batch_mode, cuts):
    config = small(batch_mode=batch_mode, record_every=2)
    whole = train(config, run="one", engine=engine)
    cut = Trainer(config, run="one", engine=engine)
    for updates in cuts:
        for _ in range(min(updates, 5 * cut.updates_an_epoch - cut.update)):
            cut.step()
        cut = Trainer.resume(cut.state())
    cut.run()
    assert_same_run(cut, whole)


@every_engine
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("batch_mode", MODES)
def test_several_outputs_with_all_that_is_added_to_the_update_go_on(engine, output, batch_mode):
    config = small(
        dataset="blobs", classes=4, output=output, batch_mode=batch_mode, l2=0.01, momentum=0.9, features="x1;x2;x1 x2"
    )
    whole, cut = train(config, run="one", engine=engine), Trainer(config, run="one", engine=engine)
    assert whole.parameters.W1.shape == (3, 3) and whole.parameters.W2.shape == (4, 3)
    for updates in (1, 2, 4):
        cut.run(updates=updates)
        cut = pickle.loads(pickle.dumps(cut))
    cut.run()
    assert_same_run(cut, whole)
    without = train(dataclasses.replace(config, momentum=0.0), engine=engine)
    assert not np.allclose(without.parameters.W2, whole.parameters.W2)


def test_a_state_whose_velocity_does_not_fit_is_refused():
    trainer = Trainer(small(momentum=0.5))
    trainer.step()
    state = trainer.state()
    v = state.progress.velocity
    wrong = state.progress._replace(velocity=v._replace(W2=v.W2[:, 1:]))
    with pytest.raises(ValueError, match="3 hidden units and 2 inputs"):
        Trainer.resume(dataclasses.replace(state, progress=wrong))


def test_data_of_several_classes_that_came_by_hand():
    split = datasets.load(small(dataset="blobs", classes=3, features="x1;x2;x1^2"))
    trainer = Trainer(small(output="softmax", epochs=100), split=split._replace(class_names=("a", "b", "c")))
    assert (trainer.config.features, trainer.config.class_1) == ("x1;x2;x1^2", "")
    trainer.run()
    again = Trainer.resume(trainer.state())
    assert again.split.class_names == ("a", "b", "c") and again.present()["train_accuracy"] > 0.9


def restless(trainer, updates):
    """So many updates, in which settings change: always at the same updates, most of them within an epoch."""
    for _ in range(updates):
        number = trainer.update
        if number % 9 == 4:
            trainer.batch_mode = MODES[number // 9 % 3]
        if number % 7 == 3:
            trainer.batch_size = 5 + number % 6
        if number % 11 == 5:
            trainer.learning_rate = 0.1 + number / 100
        trainer.step()


@every_engine
@pytest.mark.parametrize("batch_mode", MODES)
@settings(max_examples=8)
@given(cuts=st.lists(st.integers(1, 40), max_size=4))
def test_a_run_whose_batches_change_may_be_cut_anywhere_even_while_a_change_waits(engine, batch_mode, cuts):
    config = small(batch_mode=batch_mode, record_every=2)
    whole, cut = Trainer(config, run="one", engine=engine), Trainer(config, run="one", engine=engine)
    restless(whole, 100)
    for updates in cuts:
        restless(cut, min(updates, 100 - cut.update))
        cut = pickle.loads(pickle.dumps(cut)) if updates % 2 else Trainer.resume(cut.state())
    restless(cut, 100 - cut.update)
    assert_same_run(cut, whole)
    assert len({change.update for change in cut.changes if change.setting != "learning_rate"}) >= 4
    again = Trainer(config, run="one", engine=engine)
    for change in whole.changes:
        while again.update < min(change.update, 100):
            again.step()
        setattr(again, change.setting, change.value)
    while again.update < 100:
        again.step()
    assert all(np.array_equal(a, b) for a, b in zip(again.parameters, whole.parameters, strict=True))


@every_engine
def test_a_run_goes_on_in_another_process(tmp_path, engine):
    """All modes, cut in mid-epoch, with the rate changed before and after; one process for them all."""
    cut = []
    for batch_mode in MODES:
        trainer = Trainer(small(batch_mode=batch_mode), run=batch_mode, engine=engine)
        for rate, updates in ((0.3, 1), (0.7, 8)):
            trainer.learning_rate = rate
            for _ in range(updates if batch_mode != "full" else 1):
                trainer.step()
        cut.append(trainer)
    (tmp_path / "states").write_bytes(pickle.dumps([trainer.state() for trainer in cut]))
    code = (
        "import pickle, sys; from toynet import Trainer\n"
        "trainers = [Trainer.resume(state) for state in pickle.load(open(sys.argv[1], 'rb'))]\n"
        "for trainer in trainers: trainer.learning_rate = 0.1; trainer.run()\n"
        "pickle.dump([trainer.state() for trainer in trainers], open(sys.argv[1], 'wb'))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "states")], cwd=ROOT, check=True)
    for state, trainer in zip(pickle.loads((tmp_path / "states").read_bytes()), cut, strict=True):
        trainer.learning_rate = 0.1
        trainer.run()
        assert_same_run(Trainer.resume(state), trainer)


@every_engine
def test_a_run_begins_anew_from_a_state_of_no_update(engine):
    config = small(batch_mode="mini")
    assert_same_run(
        _run(Trainer.resume(Trainer(config, run="one", engine=engine).state())), train(config, "one", engine)
    )


def _run(trainer):
    trainer.run()
    return trainer


def test_a_diverged_run_stays_diverged():
    trainer = train(small(activation="relu", learning_rate=1e6, epochs=200))
    again = Trainer.resume(trainer.state())
    again.run()
    assert trainer.diverged and again.diverged == trainer.diverged
    assert_same_run(again, trainer)


def test_a_run_with_another_rule_keeps_it():
    config, rule = small(batch_mode="mini"), MISTAKES["no_g_prime"].backward
    whole, cut = Trainer(config, run="one", rule=rule), Trainer(config, run="one", rule=rule)
    whole.run()
    cut.step()
    assert_same_run(_run(pickle.loads(pickle.dumps(cut))), whole)


# --- what a State holds --------------------------------------------------------------


def test_a_state_is_plain_values_and_arrays_of_its_own():
    trainer = Trainer(small(batch_mode="mini"), engine="numpy")
    trainer.run(epochs=2)
    trainer.step()
    state = trainer.state()
    before = [p.copy() for p in state.progress.parameters], state.history["train_loss"].copy()
    trainer.run()
    trainer.recorded["train_loss"][0] = -1
    assert all(np.array_equal(a, b) for a, b in zip(state.progress.parameters, before[0], strict=True))
    assert np.array_equal(state.history["train_loss"], before[1])
    assert (state.progress.epoch, state.progress.update, state.progress.position) == (2, 9, 8)
    assert set(state.progress.order) == {"bit_generator", "state", "has_uint32", "uinteger"}


def test_a_state_holds_the_settings_of_the_start_and_each_change_with_its_update():
    trainer = Trainer(small(batch_mode="mini"))
    trainer.learning_rate = 0.5
    trainer.step()
    for rate in (0.6, 0.7, 0.3):  # at one and the same update: the last one counts
        trainer.learning_rate = rate
    trainer.run(epochs=1)
    trainer.learning_rate = 0.3  # no change
    trainer.epochs = 9
    state = trainer.state()
    assert state.config == small(batch_mode="mini")
    assert state.changes == (Change(0, "learning_rate", 0.5), Change(1, "learning_rate", 0.3), Change(4, "epochs", 9))
    assert Trainer.resume(state).config == trainer.config == small(batch_mode="mini", epochs=9)


def test_a_run_trained_again_with_its_changes_is_the_same_run():
    trainer = Trainer(small(batch_mode="stochastic"), run="one", engine="numpy")
    for updates, rate in ((7, 0.1), (40, 2.0)):
        for _ in range(updates):
            trainer.step()
        trainer.learning_rate = rate
    trainer.run()
    again = Trainer(trainer.state().config, run="one", engine="numpy")
    for change in trainer.changes:
        while again.update < change.update:
            again.step()
        setattr(again, change.setting, change.value)
    again.run()
    assert_same_run(again, trainer)


def test_data_that_are_no_longer_the_same_are_refused(tmp_path):
    file = tmp_path / "own.csv"
    rows = [f"{i},{i * i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(30)]
    file.write_text("a,b,kind\n" + "".join(rows))
    trainer = Trainer(Config(dataset="csv", data_file=str(file)))
    trainer.step()
    state = trainer.state()
    assert_same_run(Trainer.resume(state), trainer)
    file.write_text("a,b,kind\n" + "".join(rows[:-1]))
    with pytest.raises(ValueError, match=r"own\.csv are no longer those that run .* was trained on"):
        Trainer.resume(state)
    file.unlink()
    with pytest.raises(ValueError, match="there is no file"):
        Trainer.resume(state)


# --- copies and pickles --------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copy_learns_and_leaves_the_original_alone(engine, copied):
    own = Trainer(small(batch_mode="mini"), run="one", engine=engine)
    own.run(epochs=1)
    own.step()
    before = [np.array(p) for p in own.parameters]
    other = copied(own)
    other.run()
    assert_same_run(other, train(small(batch_mode="mini"), "one", engine))
    assert own.epoch == 1 and len(own.history) == 2
    assert all(np.array_equal(a, b) for a, b in zip(own.parameters, before, strict=True))


def test_a_copy_needs_no_file(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("a,b,kind\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    own = Trainer(Config(dataset="csv", data_file=str(file), epochs=3), run="one")
    file.unlink()
    assert_same_run(_run(copy.deepcopy(own)), _run(own))


# --- data given by hand --------------------------------------------------------------


def test_data_given_by_hand_are_named_as_such_by_a_hash_of_their_rows():
    split = datasets.load(Config(dataset="circles", samples=100, test_fraction=0.2))
    trainer = Trainer(small(), split=split)
    row = _run(trainer).history.iloc[-1]
    assert row.dataset == "given" and row.data_file == f"sha256:{split.fingerprint()}"
    assert (row.samples, row.test_fraction, row.noise) == (100, 0.2, 0.0)
    assert [row.feature_1, row.feature_2, row.class_0, row.class_1] == ["x1", "x2", "class 0", "class 1"]
    other = split._replace(X_train=split.X_train + 1e-9)
    assert Trainer(small(), split=other).config.data_file != row.data_file


def test_settings_of_given_data_survive_a_dict_however_few_or_many_rows_they_are():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), np.arange(12) % 2.0
    split = datasets.Split(X[:4], y[:4], X[4:], y[4:], np.zeros(3), np.ones(3), ("a", 2, "c"), (0, 1))
    config = _run(Trainer(small(), split=split)).config
    assert (config.samples, config.test_fraction) == (12, 8 / 12)
    assert (config.feature_1, config.feature_2, config.class_0, config.class_1) == ("a", "2", "0", "1")
    assert Config.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"y_train": np.zeros(29)}, r"y_train \(m,\), not \(30, 2\) and \(29,\)"),
        ({"y_train": np.full(30, 2.0)}, "y_train must be 0 and 1 only"),
        ({"X_train": np.full((30, 2), np.nan)}, "X_train has values that are not finite"),
        ({"X_test": np.zeros((10, 3))}, "X_train has 2 columns and X_test 3"),
        ({"X_train": np.zeros((0, 2)), "y_train": np.zeros(0)}, "there are no training samples"),
    ],
)
def test_given_data_that_cannot_be_trained_on_are_refused_in_a_sentence(changes, says):
    split = datasets.load(small())._replace(**changes)
    with pytest.raises(ValueError, match=says):
        Trainer(small(), split=split)


def test_parameters_given_by_hand_are_copied_and_say_their_hidden_size():
    start = Trainer(small(hidden_size=5)).parameters
    trainer = Trainer(small(), parameters=start, engine="reference")
    assert trainer.config.hidden_size == 5
    for parameters in (start, trainer.parameters, trainer.state().progress.parameters):
        parameters.W1[:] = 9.0
    trainer.step()
    trainer.parameters.W1[:] = 9.0
    assert np.abs(trainer.parameters.W1).max() < 9.0


def test_the_split_that_the_settings_load_is_theirs():
    config = small()
    assert Trainer(config, split=datasets.load(config)).history.dataset[0] == "moons"
    same = datasets.load(config)._replace(X_train=datasets.load(config).X_train.copy())
    assert Trainer(config, split=same).history.dataset[0] == "moons"
    other = same._replace(y_train=1.0 - same.y_train)
    assert Trainer(config, split=other).history.dataset[0] == "given"


def test_a_run_on_data_given_by_hand_carries_them_along():
    split = datasets.load(Config(dataset="circles", samples=60))
    own = Trainer(small(batch_mode="mini"), split=split, run="one")
    own.step()
    assert_same_run(_run(pickle.loads(pickle.dumps(own))), _run(own))
    with pytest.raises(ValueError, match="hand them in again"):
        Trainer(dataclasses.replace(own.config))
