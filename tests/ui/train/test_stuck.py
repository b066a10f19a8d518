"""When something is said of units that have stopped learning: at once at rest, steadily while training."""

from itertools import pairwise

import pytest

from toynet import Config, Trainer
from toynet.ui.train import stuck


@pytest.fixture
def watched(monkeypatch):
    """A trainer, a watch, its clock, and what a look at the units finds."""
    clock, finds = [0.0], [""]
    monkeypatch.setattr(stuck, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(stuck, "sentences", lambda *_: finds[0])
    return Trainer(Config(samples=40)), stuck.Watch(), clock, finds


def frames(watched, found, is_running=True):
    """What is said in ten frames of a second's training, in which looks find these in turn."""
    trainer, watch, clock, finds = watched
    said = []
    for i in range(10):
        clock[0] += 0.101
        finds[0] = found[i % len(found)]
        trainer.step()
        said.append(watch.refresh(trainer, is_running))
    return said


def test_what_comes_and_goes_from_frame_to_frame_does_not_flicker(watched):
    said = [text for _ in range(5) for text in frames(watched, ["dead", ""])]
    assert sum(one != other for one, other in pairwise(said)) <= 1


def test_what_stays_is_said_after_two_looks_and_taken_away_after_two(watched):
    assert set(frames(watched, [""])) == {""}
    said = frames(watched, ["dead"]) + frames(watched, ["dead"]) + frames(watched, ["dead"])
    assert said[0] == "" and said[-1] == "dead"
    gone = frames(watched, [""]) + frames(watched, [""]) + frames(watched, [""])
    assert gone[0] == "dead" and gone[-1] == ""


def test_at_rest_what_is_said_is_true_at_once(watched):
    trainer, watch, _, finds = watched
    frames(watched, [""])
    finds[0] = "dead"
    trainer.step()
    assert watch.refresh(trainer, is_running=False) == "dead"
    assert watch.refresh(trainer, is_running=False) == "dead"


def test_a_look_is_taken_once_a_second_at_most_while_training(watched, monkeypatch):
    looks = []
    monkeypatch.setattr(stuck, "sentences", lambda *_: looks.append(1) or "")
    for _ in range(5):
        frames(watched, [""])
    assert len(looks) <= 6
