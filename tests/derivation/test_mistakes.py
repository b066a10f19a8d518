"""The classical mistakes: proven wrong by the check that proves the truth right, and able to train."""

import dataclasses
import pickle
from itertools import product

import numpy as np
import pytest

from tests.derivation.several import several
from tests.problems import problem
from toynet import Config, Trainer
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.derivation.gradient_check import check
from toynet.derivation.mistakes import MISTAKES, offered
from toynet.network import Parameters, backward, forward, updated

pytestmark = pytest.mark.filterwarnings("error")

every = pytest.mark.parametrize("name", MISTAKES)


def test_the_five_of_the_page_are_there():
    assert {"no_mean", "no_transpose", "extra_sigma_prime", "wrong_sign", "g_prime_of_A1"} <= set(MISTAKES)


@every
def test_check_finds_it_where_it_applies_and_only_at_what_it_spoils(name):
    mistake = MISTAKES[name]
    for activation, m in product(ACTIVATIONS, (1, 2, 4, 7)):
        parameters, X, y = problem(activation, m, some_unit_on=True)
        checked = check(parameters, X, y, activation, mistake.backward)
        wrong = {parameter for parameter, worst in checked.items() if not worst.passes}
        expected = set(mistake.spoils) if mistake.applies(parameters, m, activation) else set()
        assert wrong == expected, (activation, m)
        errors = {parameter: worst.error for parameter, worst in checked.items()}
        assert all(errors[p] > 1e-2 if p in wrong else errors[p] < 5e-6 for p in errors), (activation, m, errors)
        assert all(worst.passes for worst in check(parameters, X, y, activation).values()), (activation, m)


def differing(rule, parameters, X, y, activation):
    """The parameters whose gradient a rule gets wrong by a millionth or more; the others it gets right to rounding."""
    passed = forward(parameters, X, activation)
    pairs = zip(parameters._fields, backward(parameters, passed, y, activation),
                rule(parameters, passed, y, activation), strict=True)  # fmt: skip
    wrong = set()
    for parameter, right, given in pairs:
        assert given.shape == right.shape
        if np.abs(given - right).max() > 1e-6 * np.abs(right).max():
            wrong.add(parameter)
        else:
            np.testing.assert_allclose(given, right, rtol=1e-12, atol=1e-15, err_msg=parameter)
    return wrong


@every
def test_it_differs_from_the_truth_exactly_in_what_it_spoils_and_where_it_applies(name):
    """With tanh and sigmoid in every problem; with relu, whose units may be on or off all together, in some of ten."""
    mistake = MISTAKES[name]
    for activation, m, h, d in product(ACTIVATIONS, (1, 5), (1, 3), (1, 2)):
        problems = [problem(activation, m, h, d, seed) for seed in range(10)]
        found = [differing(mistake.backward, *given, activation) for given in problems]
        expected = set(mistake.spoils) if mistake.applies(problems[0][0], m, activation) else set()
        if name == "no_transpose":  # of one unit A1 is a vector, of one input A0: it has no other order
            expected -= ({"W2"} if h == 1 else set()) | ({"W1"} if d == 1 else set())
        if activation == "relu":
            found = [set().union(*found)]
        assert all(wrong == expected for wrong in found), (activation, m, h, d, found)


def by_hand():
    """One hidden unit, one sample: sigmoid with Z1 = 0, A1 = 1/2; Z2 = 0, y_hat = 1/2, y = 1."""
    one = np.array([[1.0]])
    parameters = Parameters(2 * one, -2 * one, 4 * one, -2 * one)
    return parameters, forward(parameters, np.array([[1.0]]), "sigmoid"), np.array([1.0])


SIGMA_PRIME_OF_HALF = np.exp(-0.5) / (1 + np.exp(-0.5)) ** 2


def test_numbers_by_hand():
    # Right: dC_dZ2 = -1/2, dC_dW2 = -1/2 * 1/2 = -1/4, dC_dW1 = 4 * -1/2 * g'(0) = -2 * 1/4 = -1/2.
    paper = {
        "right": (-1 / 2, -1 / 4),
        "no_mean": (-1 / 2, -1 / 4),
        "no_transpose": (-1 / 2, -1 / 4),
        "reshaped_W2": (-1 / 2, -1 / 4),
        "extra_sigma_prime": (-1 / 8, -1 / 16),  # sigma'(0) = 1/4
        "wrong_sign": (1 / 2, 1 / 4),
        "g_prime_of_A1": (-2 * SIGMA_PRIME_OF_HALF, -1 / 4),
        "no_g_prime": (-2, -1 / 4),
    }
    rules = {"right": backward} | {name: mistake.backward for name, mistake in MISTAKES.items()}
    assert set(rules) == set(paper)
    for name, rule in rules.items():
        gradients = rule(*by_hand(), "sigmoid")
        assert (gradients.dC_dW1.item(), gradients.dC_dW2.item()) == pytest.approx(paper[name]), name


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
def test_broken_rule_trains_a_copy_and_leaves_the_experiment_alone(name):
    for batch_mode in ("full", "mini"):
        config = Config(samples=60, hidden_size=4, epochs=20, batch_mode=batch_mode, batch_size=16)
        own = Trainer(config)
        own.run(epochs=5)
        before = [p.copy() for p in own.parameters]
        copy = Trainer(config, split=own.split, parameters=own.parameters, rule=MISTAKES[name].backward)
        assert copy.engine == "reference", batch_mode
        copy.run(epochs=5)
        assert all(np.array_equal(a, b) for a, b in zip(own.parameters, before, strict=True)), batch_mode
        assert copy.epoch == 5 or copy.diverged, batch_mode
        assert copy.history.engine.unique().tolist() == ["reference"], batch_mode
        assert not all(np.allclose(a, b) for a, b in zip(copy.parameters, before, strict=True)), batch_mode


def test_one_update_with_a_rule_is_that_rules_gradient():
    for name, mistake in MISTAKES.items():
        trainer = Trainer(Config(samples=40, hidden_size=4, learning_rate=0.5), rule=mistake.backward)
        start, split = trainer.parameters, trainer.split
        passed = forward(start, split.X_train, "tanh")
        wrong = mistake.backward(start, passed, split.y_train, "tanh")
        trainer.step()
        for after, before, g in zip(trainer.parameters, start, wrong, strict=True):
            np.testing.assert_allclose(after, before - 0.5 * g, rtol=1e-14, atol=1e-16, err_msg=name)


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


def test_each_is_explained():
    for name, mistake in MISTAKES.items():
        assert all(getattr(mistake, f.name) for f in dataclasses.fields(mistake)), name
        assert mistake.latex.count("{") == mistake.latex.count("}"), name


# --- several outputs -------------------------------------------------------------------


def differing_of_several(mistake, parameters, X, y, activation, output):
    """As `differing`, with this output."""
    passed = forward(parameters, X, activation, output)
    pairs = zip(parameters._fields, backward(parameters, passed, y, activation),
                mistake.backward(parameters, passed, y, activation), strict=True)  # fmt: skip
    return {name for name, right, given in pairs if np.abs(given - right).max() > 1e-6 * np.abs(right).max()}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_each_that_is_offered_spoils_what_it_says_and_the_check_finds_it(output, activation):
    for m, h, k in [(1, 4, 3), (9, 4, 3), (9, 3, 3), (9, 2, 6)]:
        parameters, X, y = several(activation, m, h, 2, k)
        for name, mistake in offered(parameters, m, activation, output).items():
            case = name, m, h, k
            assert differing_of_several(mistake, parameters, X, y, activation, output) == set(mistake.spoils), case
            checked = check(parameters, X, y, activation, mistake.backward, output=output, l2=0.01)
            assert {n for n, c in checked.items() if not c.passes} == set(mistake.spoils), case


def test_reshaped_W2_is_harmless_while_it_is_a_row_and_wrong_once_it_is_a_matrix():
    """The remark under the derivation that all this started from: a row has the same numbers in the same order."""
    mistake = MISTAKES["reshaped_W2"]
    for m, h in [(1, 4), (7, 4), (7, 1)]:
        given = several("tanh", m, h, 2, 1)
        assert differing(mistake.backward, *given, "tanh") == set() and not mistake.applies(given[0], m, "tanh")
    given = several("tanh", 7, 1, 2, 3)
    assert differing(mistake.backward, *given, "tanh") == set() and not mistake.applies(given[0], 7, "tanh")
    for k in (3, 4, 6):
        given = several("tanh", 7, 4, 2, k)
        assert differing(mistake.backward, *given, "tanh") == {"W1", "b1"} and mistake.applies(given[0], 7, "tanh")


def test_reshaped_W2_by_hand():
    """W2 = [1 2; 3 4; 5 6] has the transpose [1 3 5; 2 4 6]; reshape makes [1 2 3; 4 5 6] of it.

    Z1 = 1 and relu, so W2.T dC_dZ2 is dC_db1; b2 makes Z2 = 0 and y_hat = 1/2, with y = 0 the errors
    (-1/2, 1/2, 1/2): right (-1 + 3 + 5) / 2 and (-2 + 4 + 6) / 2, wrong (-1 + 2 + 3) / 2 and (-4 + 5 + 6) / 2.
    """
    W2 = np.arange(1.0, 7.0).reshape(3, 2)
    parameters = Parameters(np.ones((2, 1)), np.zeros((2, 1)), W2, -W2.sum(axis=1, keepdims=True))
    passed, y = forward(parameters, np.ones((1, 1)), "relu"), np.zeros(1)
    assert backward(parameters, passed, y, "relu").dC_db1.tolist() == [[3.5], [4]]
    assert MISTAKES["reshaped_W2"].backward(parameters, passed, y, "relu").dC_db1.tolist() == [[2], [3.5]]


def test_where_k_is_h_reshaped_W2_is_W2_itself():
    parameters, X, y = several("tanh", 7, 3, 2, 3)
    passed = forward(parameters, X, "tanh", "softmax")
    dC_dZ1 = parameters.W2 @ ((passed.y_hat - (y == np.arange(3)[:, None])) / 7) * (1 - passed.A1**2)
    wrong = MISTAKES["reshaped_W2"].backward(parameters, passed, y, "tanh")
    np.testing.assert_allclose(wrong.dC_db1, dC_dZ1.sum(axis=1, keepdims=True), rtol=1e-13)


def test_an_extra_derivative_of_softmax_is_its_jacobian():
    parameters, X, y = several(m=1)
    passed = forward(parameters, X, "tanh", "softmax")
    p = passed.y_hat[:, 0]
    error = (np.diag(p) - np.outer(p, p)) @ (p - (y == np.arange(3)))
    rule = offered(parameters, 1, "tanh", "softmax")["extra_sigma_prime"].backward
    np.testing.assert_allclose(rule(parameters, passed, y, "tanh").dC_db2[:, 0], error, rtol=1e-13)


def test_of_one_output_the_words_are_those_of_the_list_and_of_several_the_classes_are_Y():
    one = offered(several(k=1)[0], 7, "tanh", "softmax")
    assert one == {name: MISTAKES[name] for name in one} and "reshaped_W2" not in one
    for output in OUTPUTS:
        found = offered(several()[0], 7, "tanh", output)
        assert list(found) == list(MISTAKES)
        assert not [name for name, m in found.items() if " y" in m.latex or "(y" in m.latex or "- y" in m.explanation]
        assert found["wrong_sign"].latex.endswith(r"(Y - \hat{y})")
    assert found["extra_sigma_prime"].title == "An extra Jacobian"


def test_beside_a_penalty_no_mean_is_not_said_to_have_the_right_direction():
    assert "The direction is right" in offered(several()[0], 7, "tanh")["no_mean"].explanation
    found = offered(several()[0], 7, "tanh", l2=0.1)
    assert "L2 weighs m times less" in found["no_mean"].explanation and "direction" not in found["no_mean"].explanation
    assert found["no_transpose"] == offered(several()[0], 7, "tanh")["no_transpose"]


@pytest.mark.parametrize("output", OUTPUTS)
def test_broken_rules_train_copies_of_several_outputs_with_the_terms_of_the_update(output):
    config = Config(
        dataset="blobs", classes=3, samples=60, hidden_size=4, output=output, l2=0.1, momentum=0.9, learning_rate=0.5
    )
    own = Trainer(config)
    for name, mistake in offered(own.parameters, 45, "tanh", output).items():
        copy = Trainer(config, split=own.split, parameters=own.parameters, rule=mistake.backward)
        parameters, v = own.parameters, None
        for _ in range(3):
            passed = forward(parameters, own.split.X_train, "tanh", output)
            wrong = mistake.backward(parameters, passed, own.split.y_train, "tanh")
            parameters, v = updated(parameters, wrong, 0.5, 0.1, 0.9, v)
            copy.step()
        for mine, theirs in zip(copy.parameters, parameters, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14, err_msg=name)
        assert pickle.loads(pickle.dumps(mistake.backward)) is not None
