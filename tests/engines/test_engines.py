"""Every engine makes the reference's updates: the same parameters after each, the same rows, the same end."""

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from toynet import Config, Trainer, engines, train
from toynet.datasets import Split
from toynet.network import Parameters

FAST = [name for name in engines.ENGINES if name != "reference"]
fast = pytest.mark.parametrize("engine", FAST)


def scattered(seed, d, m, m_test):
    """A split of random points in d dimensions, standardised, classes at random."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.normal(size=(m, d)), rng.normal(size=(m_test, d))
    y, y_test = rng.integers(0, 2, m).astype(float), rng.integers(0, 2, m_test).astype(float)
    return Split(X, y, X_test, y_test, np.zeros(d), np.ones(d), ("x1", "x2"), ("class 0", "class 1"))


@lru_cache
def experiment(number):
    """One of 100 random configurations: every activation and mode, odd sizes, 1 to 4 inputs."""
    rng = np.random.default_rng(number)
    config = Config(
        activation=("tanh", "sigmoid", "relu")[number % 3],
        batch_mode=("full", "mini", "stochastic")[number // 3 % 3],
        batch_size=int(rng.integers(1, 70)),
        hidden_size=int(rng.integers(1, 41)),
        learning_rate=float(10 ** rng.uniform(-2, 0)),
        init_seed=number,
    )
    m = int(rng.integers(3, 150))
    return config, scattered(number, int(rng.integers(1, 5)), m, int(rng.integers(0, 40)))


def assert_close(mine, theirs, tolerance=1e-12):
    """Parameters agree relative to the largest of them: one that passes through 0 has no relative error of its own."""
    scale = max(np.abs(b).max() for b in theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


@fast
@pytest.mark.parametrize("number", range(100))
def test_parameters_agree_after_every_update(engine, number):
    config, split = experiment(number)
    mine, reference = (Trainer(config, split, engine=name) for name in (engine, "reference"))
    for _ in range(30):
        mine.step()
        reference.step()
        assert (mine.epoch, mine.update, mine.samples_seen) == (
            reference.epoch, reference.update, reference.samples_seen,
        )  # fmt: skip
        assert_close(mine.parameters, reference.parameters)


@fast
@pytest.mark.parametrize("number", range(0, 100, 7))
def test_histories_agree(engine, number):
    config, split = experiment(number)
    config = dataclasses.replace(config, epochs=7, record_every=1 + number % 3)
    mine, reference = (Trainer(config, split, engine=name) for name in (engine, "reference"))
    mine.run()
    reference.run()
    left_out = ["run", "seconds", "engine"]
    a, b = (t.history.drop(columns=left_out).select_dtypes("number") for t in (mine, reference))
    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    assert mine.history.engine.unique().tolist() == [engine]


@fast
@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
@pytest.mark.parametrize("learning_rate", [30.0, 1e3, 1e5, 1e6])
def test_divergence_is_found_at_the_same_update(engine, batch_mode, learning_rate):
    config = Config(activation="relu", learning_rate=learning_rate, batch_mode=batch_mode, noise=0.6, epochs=40)
    mine, reference = (train(config, engine=name) for name in (engine, "reference"))
    assert mine.update == reference.update
    assert bool(mine.diverged) == bool(reference.diverged)
    if learning_rate == 1e6:
        assert mine.diverged == reference.diverged != ""
    assert all(np.isfinite(p).all() for p in mine.parameters)


@fast
@pytest.mark.parametrize("broken", ["W1", "b1", "W2", "b2"])
@pytest.mark.parametrize("value", [np.inf, np.nan, 1e300])
@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_numbers_that_are_not_finite_end_the_run_alike(engine, broken, value, batch_mode, activation):
    config = Config(samples=40, hidden_size=3, activation=activation, batch_mode=batch_mode, batch_size=7)
    start = Trainer(config).parameters
    start = Parameters(**{**start._asdict(), broken: np.full_like(getattr(start, broken), value)})
    mine, reference = (Trainer(config, parameters=start, engine=name) for name in (engine, "reference"))
    for trainer in (mine, reference):
        trainer.run(epochs=2)
    assert mine.update == reference.update
    assert bool(mine.diverged) == bool(reference.diverged)


@fast
@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_cut_up_or_in_one_piece_is_the_same_bit_for_bit(engine, batch_mode):
    config = Config(samples=70, batch_mode=batch_mode, batch_size=9, epochs=6)
    whole, cut = train(config, engine=engine), Trainer(config, engine=engine)
    rng = np.random.default_rng(0)
    while cut.epoch < 6:
        (cut.step, cut.run_epoch, lambda: cut.run(seconds=0))[rng.integers(3)]()
    assert all(np.array_equal(a, b) for a, b in zip(whole.parameters, cut.parameters, strict=True))
    same = whole.history.drop(columns=["run", "seconds"]), cut.history.drop(columns=["run", "seconds"])
    np.testing.assert_array_equal(same[0].select_dtypes("number"), same[1].select_dtypes("number"))


@fast
def test_learning_rate_can_change_between_updates(engine):
    trainers = [Trainer(Config(samples=60, epochs=9), engine=name) for name in (engine, "reference")]
    for trainer in trainers:
        for rate in (0.1, 2.0, 0.5):
            trainer.learning_rate = rate
            trainer.run(epochs=3)
    assert_close(*(t.parameters for t in trainers))
    assert trainers[0].history.learning_rate.tolist() == [0.3, *[0.1] * 3, *[2.0] * 3, *[0.5] * 3]
