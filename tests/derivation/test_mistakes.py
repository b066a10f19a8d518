"""The classical mistakes: proven wrong by the check that proves the truth right, and able to train."""

import dataclasses

import numpy as np
import pytest

from toynet import Config, Trainer, network
from toynet.activations import ACTIVATIONS
from toynet.derivation.gradient_check import check
from toynet.derivation.mistakes import MISTAKES
from toynet.network import Parameters, backward, forward

pytestmark = pytest.mark.filterwarnings("error")

every = pytest.mark.parametrize("name", MISTAKES)


def problem(activation, m=7, h=4, d=2, seed=0):
    rng = np.random.default_rng(seed)
    parameters = network.initialise(d, h, rng, activation)
    parameters = parameters._replace(b1=rng.normal(0, 0.5, (h, 1)), b2=rng.normal(0, 0.5, (1, 1)))
    X = rng.normal(size=(200, d))
    # With relu some unit is on for every sample: where all are off, nothing can be wrong with W1.
    X = X[forward(parameters, X, activation).Z1.max(axis=0) > 0.1][:m]
    return parameters, X, rng.integers(0, 2, m).astype(float)


def test_the_five_of_the_page_are_there():
    assert {"no_mean", "no_transpose", "extra_sigma_prime", "wrong_sign", "g_prime_of_A1"} <= set(MISTAKES)


@every
@pytest.mark.parametrize("m", [1, 2, 4, 7])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_check_finds_it_where_it_applies_and_only_at_what_it_spoils(name, activation, m):
    mistake = MISTAKES[name]
    parameters, X, y = problem(activation, m)
    checked = check(parameters, X, y, activation, mistake.backward)
    wrong = {parameter for parameter, worst in checked.items() if not worst.passes}
    assert wrong == (set(mistake.spoils) if mistake.applies(parameters, m, activation) else set())
    assert all(checked[parameter].error > 1e-2 for parameter in wrong)
    assert all(worst.error < 1e-6 for parameter, worst in checked.items() if parameter not in wrong)
    assert all(worst.passes for worst in check(parameters, X, y, activation).values())


@every
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("m", "h", "d"), [(1, 1, 1), (1, 3, 2), (5, 1, 1), (5, 3, 2)])
def test_it_coincides_with_the_truth_where_it_does_not_apply_and_keeps_the_shapes(name, activation, m, h, d):
    parameters, X, y = problem(activation, m, h, d)
    passed = forward(parameters, X, activation)
    right = backward(parameters, passed, y, activation)
    wrong = MISTAKES[name].backward(parameters, passed, y, activation)
    assert [g.shape for g in wrong] == [p.shape for p in parameters]
    same = all(np.allclose(a, b, rtol=1e-12, atol=1e-15) for a, b in zip(right, wrong, strict=True))
    if not MISTAKES[name].applies(parameters, m, activation):
        assert same


def by_hand():
    """One hidden unit, one sample: sigmoid with Z1 = 0, A1 = 1/2; Z2 = 0, y_hat = 1/2, y = 1."""
    one = np.array([[1.0]])
    parameters = Parameters(2 * one, -2 * one, 4 * one, -2 * one)
    return parameters, forward(parameters, np.array([[1.0]]), "sigmoid"), np.array([1.0])


SIGMA_PRIME_OF_HALF = np.exp(-0.5) / (1 + np.exp(-0.5)) ** 2


@pytest.mark.parametrize(
    ("name", "dC_dW1", "dC_dW2"),
    [
        # Right: dC_dZ2 = -1/2, dC_dW2 = -1/2 * 1/2 = -1/4, dC_dW1 = 4 * -1/2 * g'(0) = -2 * 1/4 = -1/2.
        (None, -1 / 2, -1 / 4),
        ("no_mean", -1 / 2, -1 / 4),
        ("no_transpose", -1 / 2, -1 / 4),
        ("extra_sigma_prime", -1 / 8, -1 / 16),  # sigma'(0) = 1/4
        ("wrong_sign", 1 / 2, 1 / 4),
        ("g_prime_of_A1", -2 * SIGMA_PRIME_OF_HALF, -1 / 4),
        ("no_g_prime", -2, -1 / 4),
    ],
)
def test_numbers_by_hand(name, dC_dW1, dC_dW2):
    rule = MISTAKES[name].backward if name else backward
    gradients = rule(*by_hand(), "sigmoid")
    assert gradients.dC_dW1.item() == pytest.approx(dC_dW1)
    assert gradients.dC_dW2.item() == pytest.approx(dC_dW2)


def test_no_mean_is_m_times_the_truth():
    parameters, X, y = problem("tanh", 7)
    passed = forward(parameters, X, "tanh")
    pairs = zip(MISTAKES["no_mean"].backward(parameters, passed, y, "tanh"),
                backward(parameters, passed, y, "tanh"), strict=True)  # fmt: skip
    assert all(np.allclose(a, 7 * b) for a, b in pairs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_where_shapes_fit_the_missing_transpose_is_just_that(activation):
    parameters, X, y = problem(activation, m=4, h=4)
    passed = forward(parameters, X, activation)
    wrong = MISTAKES["no_transpose"].backward(parameters, passed, y, activation)
    assert np.array_equal(wrong.dC_dW2, (passed.y_hat - y) / 4 @ passed.A1)  # (1, m) @ (h, m) with m = h
    parameters, X, y = problem(activation, m=2, h=3)
    passed = forward(parameters, X, activation)
    dC_dZ1 = parameters.W2.T @ ((passed.y_hat - y) / 2) * ACTIVATIONS[activation].g_prime(passed.Z1)
    wrong = MISTAKES["no_transpose"].backward(parameters, passed, y, activation)
    np.testing.assert_allclose(wrong.dC_dW1, dC_dZ1 @ passed.A0, rtol=1e-14)  # (h, m) @ (d, m) with m = d


@every
@pytest.mark.parametrize("batch_mode", ["full", "mini"])
def test_broken_rule_trains_a_copy_and_leaves_the_experiment_alone(name, batch_mode):
    config = Config(samples=60, hidden_size=4, epochs=20, batch_mode=batch_mode, batch_size=16)
    own = Trainer(config)
    own.run(epochs=5)
    before = [p.copy() for p in own.parameters]
    copy = Trainer(config, split=own.split, parameters=own.parameters, rule=MISTAKES[name].backward)
    assert copy.engine == "reference"
    copy.run(epochs=5)
    assert all(np.array_equal(a, b) for a, b in zip(own.parameters, before, strict=True))
    assert copy.epoch == 5 or copy.diverged
    assert copy.history.engine.unique().tolist() == ["reference"]
    assert not all(np.allclose(a, b) for a, b in zip(copy.parameters, before, strict=True))


@every
def test_one_update_with_a_rule_is_that_rules_gradient(name):
    config = Config(samples=40, hidden_size=4, learning_rate=0.5)
    trainer = Trainer(config, rule=MISTAKES[name].backward)
    start, split = trainer.parameters, trainer.split
    passed = forward(start, split.X_train, "tanh")
    wrong = MISTAKES[name].backward(start, passed, split.y_train, "tanh")
    trainer.step()
    for after, before, g in zip(trainer.parameters, start, wrong, strict=True):
        np.testing.assert_allclose(after, before - 0.5 * g, rtol=1e-14, atol=1e-16)


def test_right_rule_trains_as_without_a_rule():
    config = Config(samples=40, epochs=10, batch_mode="mini", batch_size=9)
    plain, ruled = Trainer(config, engine="reference"), Trainer(config, rule=backward)
    for trainer in (plain, ruled):
        trainer.run()
    assert all(np.array_equal(a, b) for a, b in zip(plain.parameters, ruled.parameters, strict=True))


def test_wrong_sign_climbs():
    trainer = Trainer(Config(samples=60, epochs=20), rule=MISTAKES["wrong_sign"].backward)
    trainer.run()
    losses = trainer.history.train_loss
    assert losses.is_monotonic_increasing and losses.iloc[-1] > 2 * losses.iloc[0]


@every
def test_it_is_explained(name):
    mistake = MISTAKES[name]
    assert all(getattr(mistake, f.name) for f in dataclasses.fields(mistake))
    assert mistake.latex.count("{") == mistake.latex.count("}")
