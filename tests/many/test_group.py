"""Groups: runs that are trained side by side are those that each would have been alone."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from toynet import Config, Trainer
from toynet.many.group import Group
from toynet.many.plan import Plan
from toynet.many.replays import Replays

MINI = Config(dataset="circles", samples=60, hidden_size=4, batch_mode="mini", batch_size=7, epochs=30)
MODES = Plan(setting="batch_mode", values=("full", "mini", "stochastic"))


def same(a, b):
    return a.update == b.update and all(np.array_equal(p, q) for p, q in zip(a.parameters, b.parameters, strict=True))


def to_the_end(group, epochs=30):
    while not group.is_done(epochs):
        before = [(run.update, run.diverged) for run in group.runs]
        group.run(epochs - group.leader.epoch, 0.01)
        assert [(run.update, run.diverged) for run in group.runs] != before, "nothing moves"
    return group


def test_one_run_is_a_group_of_one():
    group, alone = to_the_end(Group(Trainer(MINI))), Trainer(MINI)
    alone.run()
    assert same(group.own, alone) and group.is_level


def test_luck_is_the_runs_of_the_seeds():
    group = to_the_end(Group(Trainer(MINI), Plan(seeds=4)))
    assert group.labels == ["0", "1", "2", "3"]
    for seed, run in enumerate(group.runs):
        alone = Trainer(replace(MINI, data_seed=seed, init_seed=seed))
        alone.run()
        assert same(run, alone)
        assert np.array_equal(run.recorded["test_loss"], alone.recorded["test_loss"])


def test_luck_is_level_at_any_moment():
    group = Group(Trainer(MINI), Plan(seeds=3))
    group.step()
    assert [run.update for run in group.runs] == [1, 1, 1]
    group.run_epoch()
    assert [(run.epoch, run.samples_seen) for run in group.runs] == [(1, 45)] * 3
    group.run(5, 0.005)
    assert len({run.update for run in group.runs}) == 1 and group.is_level


def test_a_change_in_mid_run_is_everybodys():
    group, alone = Group(Trainer(MINI), Plan(seeds=3)), Trainer(replace(MINI, data_seed=2, init_seed=2))
    group.run_epoch()
    group.step()
    group.change("learning_rate", 0.05)
    group.change("batch_size", 20)  # from the next epoch on
    to_the_end(group)
    alone.run(updates=group.own.changes[0].update)
    alone.learning_rate, alone.batch_size = 0.05, 20
    alone.run()
    assert [run.changes for run in group.runs] == [group.own.changes] * 3
    assert same(group.runs[2], alone)


def test_who_comes_later_comes_to_the_same_place_through_the_same_changes():
    whole = Group(Trainer(MINI), Plan(seeds=3))
    for rate in (0.1, 1.0):
        whole.run(4, 10.0)
        whole.step()
        whole.change("learning_rate", rate)
    whole.run(3, 10.0)
    whole.change("batch_mode", "full")
    whole.run(3, 10.0)
    later = Group(Trainer.resume(whole.own.state()), Plan(seeds=3))
    assert not later.is_level
    while not later.follow(perf_counter() + 0.001):
        pass
    assert all(same(a, b) for a, b in zip(later.runs, whole.runs, strict=True))
    assert [run.changes for run in later.runs] == [whole.own.changes] * 3


@pytest.mark.parametrize("axis", ["epoch", "update", "samples_seen"])
def test_a_race_is_level_on_its_axis(axis):
    group = Group(Trainer(replace(MINI, batch_mode="full")), replace(MODES, axis=axis))
    group.run(3, 10.0)
    places = [getattr(run, axis) for run in group.runs]
    per_update = {"epoch": 1, "update": 1, "samples_seen": 45}[axis]
    assert places[0] == 3 * per_update and all(0 <= place - places[0] < per_update for place in places[1:])
    group.step()
    assert all(0 <= getattr(run, axis) - getattr(group.own, axis) < per_update for run in group.runs)


def test_a_race_in_seconds_lets_nobody_wait():
    group = Group(Trainer(replace(MINI, batch_mode="full", epochs=2000)), replace(MODES, axis="seconds"))
    to_the_end(group, 2000)
    assert all(run.seconds >= 0.999 * group.own.seconds for run in group.runs)


def test_the_lanes_of_a_race_are_the_runs_alone_from_the_same_weights():
    group = to_the_end(Group(Trainer(MINI), MODES))
    alone = Trainer(replace(MINI, batch_mode="stochastic"))
    alone.run()
    assert group.labels[2] == "stochastic" and same(group.runs[2], alone)


@pytest.mark.parametrize("setting", ["activation", "learning_rate", "batch_size"])
def test_lanes_start_at_the_same_weights(setting):
    values = {"activation": ("relu", "sigmoid"), "learning_rate": (0.1, 1.0), "batch_size": (3, 9)}[setting]
    runs = Group(Trainer(MINI), Plan(setting=setting, values=values)).runs
    assert len(runs) == 3 and all(np.array_equal(run.parameters.W1, runs[0].parameters.W1) for run in runs)
    assert all(run.split is runs[0].split for run in runs)


@pytest.mark.parametrize(
    ("setting", "values"), [("l2", (0.0, 0.1)), ("momentum", (0.0, 0.9)), ("output", ("sigmoid", "softmax"))]
)
def test_what_is_added_to_the_update_is_raced_from_the_same_weights(setting, values):
    config = replace(MINI, dataset="blobs", classes=3)
    group = Group(Trainer(config), Plan(setting=setting, values=values))
    assert all(np.array_equal(a, b) for a, b in zip(*(run.parameters for run in group.runs), strict=True))
    to_the_end(group)
    for value, run in zip(values, group.runs, strict=True):
        alone = Trainer(replace(config, **{setting: value}))
        alone.run()
        assert same(run, alone)
    assert not same(*group.runs)


def test_networks_of_other_sizes_start_at_their_own():
    runs = Group(Trainer(MINI), Plan(setting="hidden_size", values=(2, 4, 8))).runs
    assert [run.parameters.W1.shape[0] for run in runs] == [4, 2, 8]


def test_what_is_raced_stays_with_each_lane():
    group = Group(Trainer(MINI), Plan(setting="learning_rate", values=(0.3, 1.0)))
    group.run_epoch()
    group.change("learning_rate", 0.01)
    group.change("batch_size", 9)
    group.run(5, 10.0)
    assert [run.learning_rate for run in group.runs] == [0.01, 1.0]
    assert [run.batch_size for run in group.runs] == [9, 9]


def test_an_own_run_that_comes_to_a_rivals_value_is_still_told_from_it():
    group = Group(Trainer(replace(MINI, batch_mode="full")), MODES)
    group.change("batch_mode", "mini")
    assert group.labels == ["mini (yours)", "mini", "stochastic"]


def test_in_seconds_each_has_as_much_of_it_and_the_leader_ends_where_it_is_to_end():
    group = Group(Trainer(replace(MINI, batch_mode="full", epochs=400)), replace(MODES, axis="seconds"))
    group.run(400, 30.0)
    assert group.own.epoch == 400
    assert all(run.seconds >= 0.999 * group.own.seconds for run in group.runs)


def test_who_diverges_stands_and_the_others_go_on():
    wild = replace(MINI, activation="relu", learning_rate=1e6, batch_mode="full")
    group = to_the_end(Group(Trainer(wild), Plan(setting="learning_rate", values=(1e6, 0.1))))
    assert group.own.diverged and not group.diverged
    assert group.leader is group.runs[1] and group.runs[1].epoch == 30
    all_lost = to_the_end(Group(Trainer(wild), Plan(setting="learning_rate", values=(1e6, 9e5))))
    assert all_lost.leader is None and all_lost.diverged == all_lost.own.diverged
    all_lost.step()
    all_lost.run_epoch()
    assert all_lost.is_level


def test_data_that_were_given_stay_those_of_all():
    own = Trainer(MINI, split=Trainer(Config(samples=80)).split)
    runs = Group(own, Plan(seeds=3)).runs
    assert all(run.split is own.split for run in runs)
    assert not np.array_equal(runs[1].parameters.W1, runs[0].parameters.W1)


# --- looking back ------------------------------------------------------------------------


def test_the_past_of_luck_is_that_of_each_seed():
    group = Group(Trainer(MINI), Plan(seeds=3))
    group.run(5, 10.0)
    group.change("learning_rate", 0.05)
    group.run(15, 10.0)
    back = Replays(group)
    while not back.seek(9, 1e-4):
        pass
    then = Group(Trainer(MINI), Plan(seeds=3))
    then.run(5, 10.0)
    then.change("learning_rate", 0.05)
    then.run(4, 10.0)
    assert all(same(a, b) for a, b in zip(back.runs, then.runs, strict=True))
    assert back.is_of(group)
    group.step()
    assert not back.is_of(group)


def test_the_past_of_a_race_is_level_too():
    group = to_the_end(Group(Trainer(replace(MINI, batch_mode="full")), replace(MODES, axis="update")))
    back = Replays(group)
    assert back.seek(21)
    assert back.seconds[0] == group.own.recorded["seconds"][21] and back.seconds[2] == 0.0
    # 21 updates: of batches of 7 of 45 samples three epochs, of single samples none.
    assert [run.epoch for run in back.runs] == [21, 3, 0]
