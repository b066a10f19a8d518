"""The Trainer: batches, epochs, history, changes in mid-run, divergence, and going on where it stopped."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toynet import Config, Trainer, datasets, train, training
from toynet.engines import ENGINES, reference
from toynet.history import Change
from toynet.network import backward, cost, forward

pytestmark = pytest.mark.filterwarnings("error")

SMALL = {"samples": 40, "hidden_size": 3, "epochs": 6}
M = 30  # training samples of SMALL
MODES = ("full", "mini", "stochastic")
DIVERGING = Config(samples=40, activation="relu", learning_rate=1e6, epochs=200)
modes = pytest.mark.parametrize("batch_mode", MODES)


def small(**settings):
    return Config(**{**SMALL, "batch_size": 8, **settings})


def same_parameters(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))


def numbers(trainer):
    """The history without what differs from run to run."""
    return trainer.history.drop(columns=["run", "seconds"])


def assert_same_run(one, other):
    assert same_parameters(one, other)
    assert (one.epoch, one.update, one.samples_seen) == (other.epoch, other.update, other.samples_seen)
    pd.testing.assert_frame_equal(numbers(one), numbers(other), check_exact=True)


@pytest.fixture
def batches(monkeypatch):
    """The (X, y) of each update that the reference engine makes after this, in order."""
    seen = []

    def spy(parameters, passed, y, activation):
        seen.append((passed.A0.T.copy(), y.copy()))
        return backward(parameters, passed, y, activation)

    monkeypatch.setattr(reference, "backward", spy)
    return seen


# --- batches -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch_mode", "size", "sizes"),
    [
        ("full", 8, [30]),
        ("mini", 8, [8, 8, 8, 6]),
        ("mini", 10, [10, 10, 10]),
        ("mini", 29, [29, 1]),
        ("mini", 30, [30]),
        ("mini", 10_000, [30]),
        ("mini", 1, [1] * 30),
        ("stochastic", 8, [1] * 30),
    ],
)
def test_an_epoch_visits_every_sample_once_in_batches_of_the_right_size(batches, batch_mode, size, sizes):
    trainer = Trainer(small(batch_mode=batch_mode, batch_size=size), engine="reference")
    for epoch in (1, 2, 3):
        batches.clear()
        trainer.run_epoch()
        assert [len(y) for _, y in batches] == sizes
        visited = np.column_stack([np.concatenate(part) for part in zip(*batches, strict=True)])
        everyone = np.column_stack([trainer.split.X_train, trainer.split.y_train])
        np.testing.assert_array_equal(visited[np.lexsort(visited.T)], everyone[np.lexsort(everyone.T)])
        assert (trainer.epoch, trainer.update, trainer.samples_seen) == (epoch, epoch * len(sizes), epoch * M)


@pytest.mark.parametrize("batch_mode", ["mini", "stochastic"])
def test_each_epoch_has_a_fresh_seeded_order(batches, batch_mode):
    def orders(**settings):
        batches.clear()
        Trainer(small(batch_mode=batch_mode, **settings), engine="reference").run(epochs=3)
        return np.concatenate([X for X, _ in batches]).reshape(3, M, 2)

    one = orders()
    assert not np.array_equal(one[0], one[1]) and not np.array_equal(one[1], one[2])
    np.testing.assert_array_equal(one, orders())
    assert not np.array_equal(one, orders(init_seed=1))


def test_samples_seen_counts_the_last_smaller_batch_by_its_size():
    trainer = Trainer(small(batch_mode="mini"))
    seen = []
    for _ in range(5):
        trainer.step()
        seen.append(trainer.samples_seen)
    assert seen == [8, 16, 24, 30, 38]


@modes
def test_an_update_is_the_learning_rate_times_the_gradient_averaged_over_its_own_batch(batches, batch_mode):
    trainer = Trainer(small(batch_mode=batch_mode, learning_rate=0.7), engine="reference")
    for _ in range(5):
        before = trainer.parameters
        trainer.step()
        X, y = batches.pop()
        rows = [(X[i : i + 1], y[i : i + 1]) for i in range(len(y))]
        each = [backward(before, forward(before, x, "tanh"), c, "tanh") for x, c in rows]
        for k, (old, new) in enumerate(zip(before, trainer.parameters, strict=True)):
            np.testing.assert_allclose(new, old - 0.7 * np.mean([g[k] for g in each], axis=0), rtol=1e-12, atol=1e-15)


def test_one_full_update_lowers_the_cost_and_leaves_the_old_parameters_as_they_were():
    trainer = Trainer(small(learning_rate=0.1))
    before = trainer.parameters
    copies = [p.copy() for p in before]
    trainer.step()
    X, y = trainer.split.X_train, trainer.split.y_train
    assert cost(forward(trainer.parameters, X, "tanh"), y) < cost(forward(before, X, "tanh"), y)
    assert all(np.array_equal(a, b) for a, b in zip(before, copies, strict=True))


# --- history -----------------------------------------------------------------------


def test_history_has_the_run_what_is_measured_the_settings_and_the_engine_and_no_more():
    measured = ["run", "epoch", "update", "samples_seen", "seconds"]
    measured += ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    measured += ["grad_norm_W1", "grad_norm_b1", "grad_norm_W2", "grad_norm_b2", "grad_norm", "learning_rate"]
    settings = [f.name for f in dataclasses.fields(Config) if f.name != "learning_rate"]
    config = small(batch_mode="mini", noise=0.1)
    history = train(config).history
    assert list(history) == [*measured, *settings, "engine"]
    for name in settings:
        assert (history[name] == getattr(config, name)).all()


def test_history_starts_before_any_update():
    trainer = Trainer(small())
    row = trainer.history.iloc[0]
    assert len(trainer.history) == 1
    assert (row.epoch, row["update"], row.samples_seen, row.seconds) == (0, 0, 0, 0.0)
    assert row.train_loss == cost(forward(trainer.parameters, trainer.split.X_train, "tanh"), trainer.split.y_train)


@modes
def test_a_row_holds_what_is_true_at_the_end_of_its_epoch(batch_mode):
    trainer = Trainer(small(batch_mode=batch_mode))
    for _ in range(3):
        trainer.run_epoch()
        row, split = trainer.history.iloc[-1], trainer.split
        for part, X, y in (("train", split.X_train, split.y_train), ("test", split.X_test, split.y_test)):
            y_hat = forward(trainer.parameters, X, "tanh").y_hat[0]
            assert row[f"{part}_loss"] == pytest.approx(-np.mean(np.log(np.where(y == 1, y_hat, 1 - y_hat))), rel=1e-12)
            assert row[f"{part}_accuracy"] == np.mean((y_hat >= 0.5) == y)
        passed = forward(trainer.parameters, split.X_train, "tanh")
        norms = [np.sqrt((g**2).sum()) for g in backward(trainer.parameters, passed, split.y_train, "tanh")]
        for name, norm in zip(("W1", "b1", "W2", "b2"), norms, strict=True):
            assert row[f"grad_norm_{name}"] == pytest.approx(norm, rel=1e-12)
        assert row.grad_norm == pytest.approx(np.sqrt(np.sum(np.square(norms))), rel=1e-12)
        assert (row.epoch, row["update"], row.samples_seen) == (trainer.epoch, trainer.update, trainer.samples_seen)


@pytest.mark.parametrize(
    ("record_every", "epochs"),
    [(1, [0, 1, 2, 3, 4, 5, 6]), (2, [0, 2, 4, 6]), (4, [0, 4, 6]), (6, [0, 6]), (100, [0, 6])],
)
def test_record_every_keeps_the_first_and_the_last_row(record_every, epochs):
    history = train(small(record_every=record_every)).history
    assert list(history.epoch) == epochs
    assert len(history) == len(history.drop_duplicates("epoch"))


def test_the_last_row_is_there_however_far_a_run_has_gone():
    trainer = train(small(record_every=4))
    trainer.run(epochs=5)
    assert list(trainer.history.epoch) == [0, 4, 6, 8, 11]
    assert trainer.history.train_loss.iloc[-1] == trainer.present()["train_loss"]
    trainer.run(epochs=1)
    assert list(trainer.history.epoch) == [0, 4, 6, 8, 12]
    beyond = Trainer(small(record_every=4))
    beyond.run(epochs=11)  # through the end that the settings ask for, whose row stays
    assert list(beyond.history.epoch) == [0, 4, 6, 8, 11]
    lowered = Trainer(small(record_every=100))
    lowered.run(epochs=3)
    lowered.epochs = 3
    assert list(lowered.history.epoch) == [0, 3]


@modes
def test_record_every_does_not_change_the_numbers(batch_mode):
    often, seldom = train(small(batch_mode=batch_mode)), train(small(batch_mode=batch_mode, record_every=4))
    assert same_parameters(often, seldom)
    kept = often.history[often.history.epoch.isin(seldom.history.epoch)].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        kept.drop(columns=["run", "seconds", "record_every"]),
        seldom.history.drop(columns=["run", "seconds", "record_every"]),
        check_exact=True,
    )


@modes
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_same_config_gives_the_same_numbers(activation, batch_mode):
    config = small(activation=activation, batch_mode=batch_mode)
    assert_same_run(train(config), train(config))
    assert not same_parameters(train(config), train(dataclasses.replace(config, init_seed=1)))


def test_reading_history_and_the_present_in_mid_run_disturbs_nothing():
    watched, alone = Trainer(small(batch_mode="mini")), train(small(batch_mode="mini"))
    while watched.epoch < watched.config.epochs:
        watched.step()
        watched.present()
        copy = watched.history
        copy["train_loss"] = -1.0
    assert_same_run(watched, alone)


def test_no_test_share_leaves_the_test_figures_open_and_never_counts_as_divergence():
    trainer = train(small(test_fraction=0.0))
    assert trainer.history[["test_loss", "test_accuracy"]].isna().all(axis=None)
    assert not trainer.diverged and trainer.epoch == 6 and trainer.samples_seen == 6 * 40
    assert trainer.history.drop(columns=["test_loss", "test_accuracy"]).notna().all(axis=None)


def test_runs_have_names_of_their_own_or_the_given_one():
    assert Trainer(small()).history.run[0] != Trainer(small()).history.run[0]
    assert train(small(), run="mine").history.run.unique().tolist() == ["mine"]


def test_seconds_are_those_of_training_and_are_shared_out_over_the_epochs(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(training, "perf_counter", lambda: float(next(clock)))
    trainer = Trainer(small(batch_mode="mini"))
    trainer.step()
    assert trainer.seconds == 1
    trainer.run()
    seconds = trainer.history.seconds
    assert seconds.iloc[0] == 0 and seconds.is_monotonic_increasing
    assert seconds.iloc[-1] == pytest.approx(trainer.seconds)


def test_data_of_ones_own_can_be_trained_on():
    split = datasets.load(Config(dataset="circles", samples=60))
    trainer = Trainer(small(), split=split)
    assert trainer.split is split
    trainer.run()
    assert trainer.samples_seen == 6 * 45


@pytest.mark.parametrize("dataset", ["moons", "blobs", "xor", "circles"])
def test_defaults_learn(dataset):
    history = train(Config(dataset=dataset, noise=0.1)).history
    assert history.train_loss.iloc[-1] < history.train_loss.iloc[0] / 2
    assert history.test_accuracy.iloc[-1] > 0.85


# --- changes in mid-run ------------------------------------------------------------


@modes
def test_changed_learning_rate_applies_at_once_and_is_recorded(batch_mode):
    trainer, other = Trainer(small(batch_mode=batch_mode)), Trainer(small(batch_mode=batch_mode))
    for t in (trainer, other):
        t.run(epochs=2)
    start = [p.copy() for p in trainer.parameters]
    trainer.learning_rate = 0.03
    trainer.step()
    other.step()
    for a, slow, fast in zip(start, trainer.parameters, other.parameters, strict=True):
        np.testing.assert_allclose((slow - a) * 10, fast - a, rtol=1e-6, atol=1e-12)
    trainer.run()
    assert list(trainer.history.learning_rate) == [0.3] * 3 + [0.03] * 4
    assert trainer.config.learning_rate == trainer.learning_rate == 0.03


def test_learning_rate_changed_in_mid_epoch_counts_for_the_rest_of_it():
    trainer = Trainer(small(batch_mode="mini"))
    trainer.step()
    before = trainer.parameters
    trainer.learning_rate = 1e-6
    trainer.run_epoch()
    assert max(np.abs(a - b).max() for a, b in zip(before, trainer.parameters, strict=True)) < 1e-4
    assert list(trainer.history.learning_rate) == [0.3, 1e-6]


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), "0.1", None])
def test_bad_learning_rate_is_refused_and_the_old_one_stays(value):
    trainer = Trainer(small())
    with pytest.raises(ValueError, match="learning_rate"):
        trainer.learning_rate = value
    assert trainer.learning_rate == 0.3


def test_more_epochs_can_be_asked_for_after_the_end():
    trainer = train(small())
    trainer.run()
    assert trainer.epoch == 6
    trainer.epochs = 9
    trainer.run()
    assert list(trainer.history.epoch) == list(range(10))
    pd.testing.assert_frame_equal(numbers(trainer), numbers(train(small(epochs=9))), check_exact=True)


# --- stopping and going on ---------------------------------------------------------


@modes
@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 40), max_size=4), data=st.data())
def test_training_cut_anywhere_and_resumed_is_bit_for_bit_the_uninterrupted_training(batch_mode, cuts, data):
    config = small(batch_mode=batch_mode)
    trainer = Trainer(config)
    for cut in cuts:
        how = data.draw(st.sampled_from(["steps", "epoch", "no time", "run"]))
        if how == "steps":
            for _ in range(min(cut, 6 * M - trainer.update)):
                if trainer.epoch < config.epochs:
                    trainer.step()
        elif trainer.epoch < config.epochs:
            {"epoch": trainer.run_epoch, "no time": lambda: trainer.run(seconds=0), "run": lambda: trainer.run(2)}[
                how
            ]()
        if trainer.epoch >= config.epochs:
            break
    trainer.epochs = max(config.epochs, trainer.epoch)
    trainer.run()
    assert_same_run(trainer, train(dataclasses.replace(config, epochs=trainer.epoch)))


def test_step_is_one_update_and_the_epoch_ends_with_its_last():
    trainer = Trainer(small(batch_mode="mini"))
    for update in (1, 2, 3):
        trainer.step()
        assert (trainer.update, trainer.epoch, len(trainer.history)) == (update, 0, 1)
    trainer.step()
    assert (trainer.update, trainer.epoch, len(trainer.history)) == (4, 1, 2)


def test_run_epoch_in_mid_epoch_makes_the_updates_that_are_left():
    trainer = Trainer(small(batch_mode="mini"))
    trainer.step()
    trainer.run_epoch()
    assert (trainer.epoch, trainer.update) == (1, 4)
    trainer.run_epoch()
    assert (trainer.epoch, trainer.update) == (2, 8)


def test_run_stops_when_its_seconds_are_over_and_goes_on_where_it_stopped(monkeypatch):
    clock = iter(range(100_000))
    monkeypatch.setattr(training, "perf_counter", lambda: float(next(clock)))
    trainer = Trainer(small(batch_mode="mini"), engine="numpy")
    stops = []
    while trainer.epoch < 6:
        trainer.run(seconds=8)
        stops.append(trainer.update)
    assert 3 < len(stops) < 24 and stops[0] % 4 != 0
    assert_same_run(trainer, train(small(batch_mode="mini"), engine="numpy"))


def test_run_without_time_makes_one_update():
    trainer = Trainer(small(batch_mode="stochastic"))
    trainer.run(seconds=0)
    assert trainer.update == 1
    trainer.run(epochs=1, seconds=0)
    assert trainer.update == 2


# --- divergence --------------------------------------------------------------------


def test_divergence_ends_the_run_at_its_update_and_says_what_to_lower():
    trainer = train(DIVERGING)
    named = int(re.fullmatch(r"Diverged at update ([\d,]+): .*", trainer.diverged)[1].replace(",", ""))
    assert trainer.update == named - 1 and 1 < named < 200
    assert trainer.history["update"].iloc[-1] == named - 1
    assert "learning rate" in trainer.diverged and "1e+06" in trainer.diverged and "tanh" in trainer.diverged


def test_diverged_run_keeps_finite_parameters_and_a_finite_history():
    trainer = train(DIVERGING)
    assert all(np.isfinite(p).all() for p in trainer.parameters)
    assert np.isfinite(trainer.history.select_dtypes("number")).all(axis=None)
    assert list(trainer.history.epoch) == list(range(len(trainer.history))) and len(trainer.history) > 1


@modes
def test_divergence_does_not_depend_on_which_epochs_are_recorded(batch_mode):
    often, seldom = (train(dataclasses.replace(DIVERGING, batch_mode=batch_mode, record_every=n)) for n in (1, 1000))
    assert often.diverged == seldom.diverged
    assert same_parameters(often, seldom)


def test_nothing_happens_after_divergence():
    trainer = train(DIVERGING)
    before, parameters, message = trainer.history, trainer.parameters, trainer.diverged
    trainer.step()
    trainer.run_epoch()
    trainer.run(epochs=3, seconds=1)
    trainer.run()
    assert all(np.array_equal(a, b) for a, b in zip(trainer.parameters, parameters, strict=True))
    assert trainer.diverged == message
    pd.testing.assert_frame_equal(trainer.history.drop(columns="seconds"), before.drop(columns="seconds"))


@modes
def test_divergence_is_the_same_however_the_run_was_cut(batch_mode):
    config = dataclasses.replace(DIVERGING, batch_mode=batch_mode, hidden_size=3)
    trainer, whole = Trainer(config, engine="numpy"), train(config, engine="numpy")
    while trainer.epoch < 200 and not trainer.diverged:
        trainer.run(seconds=0)
    assert trainer.diverged == whole.diverged
    assert_same_run(trainer, whole)


def test_parameter_that_overflows_ends_the_run_and_its_update_is_not_taken():
    config = small(activation="relu", learning_rate=1e6)
    # Z2 is tiny, yet W2 carries an infinite step back into W1 and b1.
    W1, b1, W2 = np.zeros((3, 2)), np.full((3, 1), 1e-310), np.full((1, 3), 1e305)
    before = Trainer(config).parameters._replace(W1=W1, b1=b1, W2=W2)
    trainer = Trainer(config, parameters=before)
    trainer.step()
    assert "update 1:" in trainer.diverged
    assert trainer.update == 0 and len(trainer.history) == 1
    assert all(np.array_equal(a, b) for a, b in zip(trainer.parameters, before, strict=True))


def test_bounded_hidden_units_do_not_diverge_at_a_huge_rate():
    trainer = train(small(learning_rate=1e6, epochs=50))
    assert not trainer.diverged and trainer.epoch == 50
    assert np.isfinite(trainer.history.select_dtypes("number")).all(axis=None)


def test_run_whose_very_last_update_diverges_says_so():
    failing = train(DIVERGING).update + 1
    trainer = train(dataclasses.replace(DIVERGING, epochs=failing))
    assert trainer.history.epoch.iloc[-1] == failing - 1
    assert trainer.diverged
    assert not train(dataclasses.replace(DIVERGING, epochs=failing - 1)).diverged


@modes
@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_shown_of_a_diverged_run_is_finite_and_of_the_update_before(engine, batch_mode):
    trainer = train(dataclasses.replace(DIVERGING, batch_mode=batch_mode, batch_size=7), engine=engine)
    present = trainer.present()
    assert f"Diverged at update {present['update'] + 1:,}:" in trainer.diverged
    assert all(np.isfinite(value) for value in present.values())
    for run in (trainer, Trainer.resume(trainer.state())):
        history = run.history
        assert np.isfinite(history.select_dtypes("number")).all(axis=None)
        # All epochs that ended are there, the last one too.
        assert list(history.epoch) == list(range(run.epoch + 1))
        assert run.present() == present


def test_a_run_goes_on_however_large_its_numbers_are_while_they_are_finite():
    start = Trainer(small(activation="relu")).parameters
    trainer = Trainer(small(activation="relu"), parameters=start._replace(b2=np.full((1, 1), 1e70)))
    trainer.run(epochs=2)
    assert trainer.epoch == 2 and not trainer.diverged
    assert all(np.isfinite(value) for value in trainer.present().values())


# --- other batches in mid-run ------------------------------------------------------


def test_other_batches_hold_from_the_next_epoch_on(batches):
    trainer = Trainer(small(batch_mode="mini"), engine="reference")
    trainer.step()
    trainer.batch_mode = "stochastic"
    assert trainer.batch_mode == trainer.config.batch_mode == "stochastic"
    trainer.run_epoch()
    assert [len(y) for _, y in batches] == [8, 8, 8, 6]
    batches.clear()
    trainer.batch_size = 7  # between two epochs: at once, though for no update as yet
    trainer.run_epoch()
    assert [len(y) for _, y in batches] == [1] * 30
    batches.clear()
    trainer.batch_mode = "mini"
    trainer.run_epoch()
    assert [len(y) for _, y in batches] == [7, 7, 7, 7, 2]
    assert (trainer.epoch, trainer.update, trainer.samples_seen) == (3, 4 + 30 + 5, 3 * M)
    assert trainer.changes == (
        Change(4, "batch_mode", "stochastic"), Change(4, "batch_size", 7), Change(34, "batch_mode", "mini"),
    )  # fmt: skip


def test_the_network_goes_on_with_other_batches_and_every_epoch_has_its_row():
    trainer = Trainer(small())
    trainer.run(epochs=2)
    before = trainer.parameters
    trainer.batch_mode = "mini"
    assert all(np.array_equal(a, b) for a, b in zip(trainer.parameters, before, strict=True))
    trainer.run(epochs=2)
    trainer.batch_size = 10
    trainer.run()
    history = trainer.history
    assert list(history.epoch) == list(range(7)) and list(history["update"]) == [0, 1, 2, 6, 10, 13, 16]
    assert list(history.samples_seen) == [30 * epoch for epoch in range(7)]
    assert list(history.batch_mode) == ["full"] * 3 + ["mini"] * 4
    assert list(history.batch_size) == [8] * 5 + [10] * 2
    assert history.seconds.is_monotonic_increasing
    assert trainer.marks() == [(2, "batch 8"), (4, "batch 10")]


def test_a_change_taken_back_before_the_epoch_ends_leaves_no_trace_in_the_numbers():
    trainer = Trainer(small(batch_mode="mini"))
    trainer.step()
    trainer.batch_mode = "full"
    trainer.step()
    trainer.batch_mode = "mini"
    trainer.run()
    assert_same_run(trainer, train(small(batch_mode="mini")))
    assert trainer.marks() == []


def test_orders_of_batches_go_on_where_they_were(batches):
    """Epochs in full batch draw no order; those of mini and stochastic are one sequence."""
    trainer = Trainer(small(batch_mode="full"), engine="reference")
    for mode in ("full", "stochastic", "full", "mini"):
        trainer.batch_mode = mode
        trainer.run_epoch()
    seen = np.concatenate([X for X, _ in batches]).reshape(4, M, 2)
    batches.clear()
    Trainer(small(batch_mode="mini"), engine="reference").run(epochs=2)
    np.testing.assert_array_equal(seen[[1, 3]], np.concatenate([X for X, _ in batches]).reshape(2, M, 2))


def test_another_pace_is_found_for_other_batches(monkeypatch):
    """So many updates of a thousand samples as there have been of one would take a thousand times as long."""
    trainer = Trainer(small(batch_mode="stochastic", epochs=10_000))
    monkeypatch.setattr(training, "perf_counter", lambda: 0.0)  # updates seem to cost nothing: the pace soars
    trainer.run(epochs=1000)
    asked = []
    trainer.batch_mode = "full"
    monkeypatch.setattr(trainer, "_advance", lambda updates: asked.append(updates) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer.run()
    assert asked[0] <= 10


@pytest.mark.parametrize(("name", "value"), [("batch_mode", "some"), ("batch_size", 0)])
def test_batches_that_are_none_are_refused_and_change_nothing(name, value):
    trainer = Trainer(small())
    with pytest.raises(ValueError, match=f"{name} must be"):
        setattr(trainer, name, value)
    assert trainer.changes == () and trainer.config == small()


@modes
def test_a_seldom_recorded_run_keeps_its_last_row_through_other_batches(batch_mode):
    trainer = Trainer(small(record_every=4, epochs=11))
    trainer.run(epochs=3)
    trainer.batch_mode = batch_mode
    trainer.run()
    assert list(trainer.history.epoch) == [0, 4, 8, 11]
    assert trainer.history["update"].iloc[-1] == trainer.update


def test_what_cannot_change_in_mid_run_says_so():
    trainer = Trainer(small())
    for name, value in (("l2", 0.5), ("momentum", 0.9), ("hidden_size", 3), ("output", "softmax")):
        with pytest.raises(AttributeError, match=f"{name} cannot change in mid-run"):
            setattr(trainer, name, value)


def test_what_made_a_run_diverge_is_named():
    config = small(dataset="blobs", classes=3, epochs=500)
    with_l2 = train(dataclasses.replace(config, l2=1000.0)).diverged
    assert "or a smaller L2 (it was 1000)." in with_l2
    fast = train(dataclasses.replace(config, activation="relu", momentum=0.99, learning_rate=1e6)).diverged
    assert "or a lower momentum (it was 0.99) or tanh instead of relu." in fast
