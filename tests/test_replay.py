"""A run looked at again at any of its epochs: bit for bit as it was, and as it went on."""

import numpy as np
import pytest

from toynet import Config, Trainer
from toynet.replay import Replay
from toynet.state import GROWTH, MOST, Snapshots
from toynet.training import IN_MID_RUN

ENGINES = ("compiled", "numpy")
MODES = ("full", "mini", "stochastic")


def restless(batch_mode, engine, epochs=40):
    """A run whose settings change, also within epochs, and its parameters at each epoch's end."""
    trainer = Trainer(
        Config(samples=40, hidden_size=3, batch_size=8, batch_mode=batch_mode, epochs=epochs), engine=engine
    )
    was = {0: trainer.parameters}
    while trainer.epoch < epochs:
        n = trainer.update
        if n % 23 == 7:
            trainer.learning_rate = 0.1 + n % 10 / 10
        if n % 31 == 17:
            trainer.batch_mode = MODES[n % 3]
        epoch = trainer.epoch
        trainer.step()
        if trainer.epoch > epoch:
            was[trainer.epoch] = trainer.parameters
    return trainer, was


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_mode", MODES)
def test_every_epoch_is_found_again_bit_for_bit_in_any_order(engine, batch_mode):
    trainer, was = restless(batch_mode, engine)
    replay = Replay(trainer.state())
    for epoch in [*range(41), *np.random.default_rng(0).permutation(41).tolist()]:
        assert replay.seek(epoch)
        assert replay.trainer.epoch == epoch and same(replay.trainer.parameters, was[epoch])


@pytest.mark.parametrize("engine", ENGINES)
def test_what_goes_on_from_an_epoch_with_the_same_changes_is_the_same_run(engine):
    trainer, _ = restless("mini", engine)
    replay = Replay(trainer.state())
    replay.seek(23)
    again = Trainer.resume(replay.moment())
    assert again.epoch == 23 and again.history["epoch"].tolist() == list(range(24))
    assert again.history["seconds"].iloc[-1] == again.seconds
    for change in (c for c in trainer.changes if c.update >= again.update):
        again.run(updates=change.update - again.update)
        setattr(again, change.setting, change.value)
    again.run()
    assert same(again.parameters, trainer.parameters)
    columns = [c for c in trainer.history if c != "seconds"]
    assert again.history[columns].equals(trainer.history[columns])


def test_settings_are_those_of_the_epoch():
    trainer = Trainer(Config(samples=40, epochs=30, learning_rate=0.3))
    trainer.run(epochs=10)
    trainer.learning_rate = 0.7
    trainer.run(epochs=10)
    replay = Replay(trainer.state())
    rates = {}
    for epoch in (5, 10, 11, 20):
        replay.seek(epoch)
        rates[epoch] = replay.trainer.learning_rate
    assert rates == {5: 0.3, 10: 0.7, 11: 0.7, 20: 0.7}
    assert set(IN_MID_RUN) == {"learning_rate", "epochs", "batch_mode", "batch_size"}


def test_it_goes_on_from_the_nearest_snapshot_and_not_from_the_start(monkeypatch):
    monkeypatch.setattr("toynet.state.WORTH", 0.0)
    trainer = Trainer(Config(samples=40, epochs=200), engine="numpy")
    while trainer.epoch < 200:
        trainer.step()
    state = trainer.state()
    epochs = [s.progress.epoch for s in state.snapshots]
    assert epochs[:9] == [0, 1, 2, 3, 4, 5, 6, 7, 8] and 100 < epochs[-1] <= 200
    replay = Replay(state)
    made = []
    run = Trainer.run
    monkeypatch.setattr(Trainer, "run", lambda self, *a: (made.append(self.update), run(self, *a)))
    replay.seek(180)
    assert min(made) >= 180 / GROWTH - 1


def test_it_can_be_broken_off_and_goes_on(monkeypatch):
    monkeypatch.setattr("toynet.state.WORTH", 1e9)
    trainer = Trainer(Config(samples=400, batch_mode="stochastic", epochs=4), engine="numpy")
    trainer.run()
    replay, calls = Replay(trainer.state()), 1
    while not replay.seek(3, seconds=1e-4):
        calls += 1
    then = Trainer(trainer.config, engine="numpy")
    then.run(epochs=3)
    assert calls > 1 and same(replay.trainer.parameters, then.parameters)


def test_the_end_is_there_without_training(monkeypatch):
    monkeypatch.setattr("toynet.state.WORTH", 1e9)
    trainer = Trainer(Config(batch_mode="mini", epochs=30), engine="numpy")
    trainer.run()
    replay = Replay(trainer.state())
    monkeypatch.setattr(Trainer, "run", None)
    assert replay.seek(30) and same(replay.trainer.parameters, trainer.parameters)


def test_a_diverged_run_is_seen_up_to_its_last_epoch():
    trainer = Trainer(Config(activation="relu", learning_rate=1e6, epochs=200), engine="numpy")
    trainer.run()
    replay = Replay(trainer.state())
    replay.seek(10**9)
    assert trainer.diverged and not replay.trainer.diverged and replay.trainer.epoch == trainer.epoch


def test_there_are_never_too_many_snapshots_and_the_start_and_the_last_stay():
    start = Trainer(Config()).state().snapshots
    kept = Snapshots(start)
    for n in range(1, 1000):
        progress = start[0].progress._replace(update=n * n, epoch=n * n)
        kept.take(progress, "numpy", float(n))
    updates = [s.progress.update for s in kept.all()]
    assert len(updates) == MOST and updates[0] == 0 and updates[-1] == 999**2
    ratios = np.array(updates[20:]) / np.array(updates[19:-1])
    assert ratios.max() < 1.5


def test_a_run_keeps_where_another_engine_took_over(monkeypatch):
    from toynet import engines

    trainer = Trainer(Config(samples=40, batch_mode="mini", epochs=30))
    trainer.run(epochs=10)
    assert engines.load_from_disk() or engines.prepare().join() is None
    at = trainer.update
    was = {}
    for _ in range(20):
        trainer.run_epoch()
        was[trainer.epoch] = trainer.parameters
    assert trainer.engine == "numpy+compiled"
    found = [(s.progress.update, s.engine) for s in trainer.state().snapshots]
    assert found[0] == (0, "numpy") and (at, "compiled") in found
    replay = Replay(trainer.state())
    for epoch in (30, 12, 11, 25):
        replay.seek(epoch)
        assert same(replay.trainer.parameters, was[epoch])
