"""Every engine makes the reference's updates: the same parameters after each, the same rows, the same end."""

import dataclasses
from functools import lru_cache
from itertools import product

import numpy as np
import pytest

from toynet import Config, Trainer, datasets, engines, train
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.config import BATCH_MODES
from toynet.datasets import Split
from toynet.engines.compiled import CompiledEngine
from toynet.engines.reference import ReferenceEngine
from toynet.engines.vectorised import NumpyEngine
from toynet.network import Parameters, initialise

FAST = [name for name in engines.ENGINES if name != "reference"]
fast = pytest.mark.parametrize("engine", FAST)


def scattered(seed, d, m, m_test):
    """A split of random points in d dimensions, standardised, classes at random."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.normal(size=(m, d)), rng.normal(size=(m_test, d))
    y, y_test = rng.integers(0, 2, m).astype(float), rng.integers(0, 2, m_test).astype(float)
    return Split(X, y, X_test, y_test, np.zeros(d), np.ones(d), ("x1", "x2"), ("class 0", "class 1"))


NUMBERS = range(100)


@lru_cache
def experiment(number):
    """One of 100 random configurations: every activation and mode, odd sizes, 1 to 4 inputs."""
    rng = np.random.default_rng(number)
    config = Config(
        activation=tuple(ACTIVATIONS)[number % 3],
        batch_mode=BATCH_MODES[number // 3 % 3],
        batch_size=int(rng.integers(1, 70)),
        hidden_size=int(rng.integers(1, 41)),
        learning_rate=float(10 ** rng.uniform(-2, 0)),
        init_seed=number,
    )
    m = int(rng.integers(3, 150))
    return config, scattered(number, int(rng.integers(1, 5)), m, int(rng.integers(0, 40)))


def both(engine, *arguments, **more):
    """A trainer with an engine, and the reference's."""
    return [Trainer(*arguments, engine=name, **more) for name in (engine, "reference")]


def assert_close(mine, theirs, case, tolerance=1e-12):
    """Parameters agree relative to the largest of them: one that passes through 0 has no relative error of its own."""
    scale = max(np.abs(b).max() for b in theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=str(case))


def test_experiments_are_of_every_activation_and_mode_and_of_few_and_many_inputs():
    tried = [experiment(number) for number in NUMBERS]
    pairs = {(config.activation, config.batch_mode) for config, _ in tried}
    assert pairs == set(product(ACTIVATIONS, BATCH_MODES))
    assert {split.X_train.shape[1] for _, split in tried} == {1, 2, 3, 4}


@fast
def test_parameters_agree_after_every_update_of_100_experiments(engine):
    for number in NUMBERS:
        config, split = experiment(number)
        mine, reference = both(engine, config, split)
        for update in range(30):
            mine.step()
            reference.step()
            case = f"update {update} of experiment {number}: {config}"
            assert (mine.epoch, mine.update, mine.samples_seen) == (
                reference.epoch, reference.update, reference.samples_seen,
            ), case  # fmt: skip
            assert_close(mine.parameters, reference.parameters, case)


@fast
def test_histories_agree(engine):
    for number in NUMBERS[::7]:
        config, split = experiment(number)
        config = dataclasses.replace(config, epochs=7, record_every=1 + number % 3)
        trainers = both(engine, config, split)
        for trainer in trainers:
            trainer.run()
        left_out = ["run", "seconds", "engine"]
        a, b = (t.history.drop(columns=left_out).select_dtypes("number") for t in trainers)
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13, err_msg=f"experiment {number}: {config}")
        assert trainers[0].history.engine.unique().tolist() == [engine]


@fast
def test_divergence_is_found_at_the_same_update(engine):
    for learning_rate, batch_mode in product([30.0, 1e3, 1e5, 1e6], BATCH_MODES):
        case = learning_rate, batch_mode
        config = Config(activation="relu", learning_rate=learning_rate, batch_mode=batch_mode, noise=0.6, epochs=40)
        mine, reference = (train(config, engine=name) for name in (engine, "reference"))
        assert mine.update == reference.update, case
        assert bool(mine.diverged) == bool(reference.diverged), case
        if learning_rate == 1e6:
            assert mine.diverged == reference.diverged != "", case
        assert all(np.isfinite(p).all() for p in mine.parameters), case


@fast
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_huge_sums_swallow_no_ordinary_cost(engine, sign):
    """A third of the Z2 are huge, of the right sign, and cost nothing; the others' costs are ordinary."""
    split = datasets.load(Config(samples=300, test_fraction=0.0))
    X, y = np.zeros_like(split.X_train), np.arange(300) % 2.0
    X[::3, 0], y[::3] = 1e70, max(sign, 0.0)
    config = Config(activation="relu", hidden_size=3, learning_rate=1e-6, epochs=1)
    start = Trainer(config).parameters
    start = start._replace(W1=np.ones_like(start.W1), W2=sign * np.ones_like(start.W2), b2=np.full((1, 1), 2.0))
    trainer = Trainer(config, split._replace(X_train=X, y_train=y), engine=engine, parameters=start)
    trainer.run()
    assert trainer.recorded.last["train_loss"] == pytest.approx(trainer.present()["train_loss"], rel=1e-9)
    assert 0.6 < trainer.present()["train_loss"] < 0.9


@fast
def test_numbers_that_are_not_finite_end_the_run_alike(engine):
    """Whatever the activation and the mode, in whichever parameter they stand."""
    for activation, batch_mode in product(ACTIVATIONS, BATCH_MODES):
        config = Config(samples=40, hidden_size=3, activation=activation, batch_mode=batch_mode, batch_size=7)
        start = Trainer(config).parameters
        for broken, value in product(Parameters._fields, (np.inf, np.nan, 1e300)):
            case = activation, batch_mode, broken, value
            lost = start._replace(**{broken: np.full_like(getattr(start, broken), value)})
            mine, reference = both(engine, config, parameters=lost)
            for trainer in (mine, reference):
                trainer.run(epochs=2)
            assert mine.update == reference.update, case
            assert bool(mine.diverged) == bool(reference.diverged), case


@fast
@pytest.mark.parametrize("batch_mode", BATCH_MODES)
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
    trainers = both(engine, Config(samples=60, epochs=9))
    for trainer in trainers:
        for rate in (0.1, 2.0, 0.5):
            trainer.learning_rate = rate
            trainer.run(epochs=3)
    assert_close(*(t.parameters for t in trainers), "after three rates")
    assert trainers[0].history.learning_rate.tolist() == [0.3, *[0.1] * 3, *[2.0] * 3, *[0.5] * 3]


@fast
def test_batches_can_change_between_epochs(engine):
    trainers = both(engine, Config(samples=60, epochs=12, batch_size=7))
    for trainer in trainers:
        for batch_mode in ("mini", "stochastic", "full", "mini"):
            trainer.step()
            trainer.batch_mode = batch_mode
            trainer.run(epochs=3)
        trainer.batch_size = 20
        trainer.run(epochs=3)
    assert_close(*(t.parameters for t in trainers), "after all modes")
    a, b = (t.history[["epoch", "update", "batch_mode", "batch_size"]] for t in trainers)
    assert a.equals(b) and set(a.batch_mode) == set(BATCH_MODES) and a.batch_size.iloc[-1] == 20


# --- several outputs, and the update's other terms -------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("outputs", [1, 3, 6])
@pytest.mark.parametrize(("l2", "momentum"), [(0.0, 0.0), (0.01, 0.9)])
def test_numpy_trains_several_outputs_penalty_and_momentum_as_the_reference_does(output, outputs, l2, momentum):
    """An odd batch, and a smaller last one; put down in mid-epoch and taken up again, bit for bit."""
    k = max(outputs, 2)
    rng = np.random.default_rng(outputs)
    classes = tuple(f"class {c}" for c in range(k))
    X, y = rng.normal(size=(50, 3)), (np.arange(50) % k).astype(float)
    split = Split(X[:40], y[:40], X[40:], y[40:], np.zeros(3), np.ones(3), ("x1", "x2", "x3"), classes)
    task = engines.Task(split, "tanh", 7, True, 1, output=output, l2=l2, momentum=momentum)
    begun = engines.Progress(initialise(3, 5, rng, "tanh", split.outputs), engines.order_state(rng))
    ended = []
    for engine in (ReferenceEngine, NumpyEngine):
        whole, first = engine(task, begun), engine(task, begun)
        assert whole.advance(100, 0.1) and first.advance(33, 0.1)
        rest = engine(task, first.state())
        rest.advance(67, 0.1)
        for a, b in zip(whole.parameters, rest.parameters, strict=True):
            np.testing.assert_array_equal(a, b)
        ended.append((whole.state(), whole.take_rows()))
    (theirs, rows), (mine, my_rows) = ended
    assert_close(mine.parameters, theirs.parameters, (output, outputs, l2))
    assert (mine.velocity is None) == (momentum == 0)
    if mine.velocity:
        assert_close(mine.velocity, theirs.velocity, (output, outputs, l2))
    for name in rows:
        np.testing.assert_allclose(my_rows[name], rows[name], rtol=1e-10, err_msg=name)


def test_compiled_code_can_train_all_but_other_rules_and_other_activations():
    _, split = experiment(0)
    plain = engines.Task(split, "tanh", 7, True)
    three = split._replace(class_names=("a", "b", "c"))
    for task in (plain, plain._replace(split=three), plain._replace(l2=0.1), plain._replace(momentum=0.5)):
        assert CompiledEngine.can(task)
    for other in (plain._replace(rule=lambda *_: None), plain._replace(activation="softplus")):
        assert not CompiledEngine.can(other)
