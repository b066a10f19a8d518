"""The derivation against finite differences and the complex step; and that a wrong one is caught."""

from itertools import product

import numpy as np
import pytest

from tests.derivation.several import several
from tests.problems import problem
from toynet import Config, datasets, train
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.derivation import gradient_check, verdicts
from toynet.derivation.gradient_check import (
    check,
    error_by_step,
    few_rows,
    numerical_gradients,
    relative_errors,
    smooth_rows,
)
from toynet.derivation.mistakes import MISTAKES
from toynet.network import Gradients, Parameters, backward, cost, costs, forward, initialise, one_hot, penalty

pytestmark = pytest.mark.filterwarnings("error")

ALL = 60
"""More samples than entries."""


def test_derived_gradient_agrees_with_finite_differences():
    for activation, m, d in product(ACTIVATIONS, (1, 2, 7, ALL), (1, 2, 3, 4)):
        errors = relative_errors(*problem(activation, m, d=d), activation)
        assert list(errors) == ["W1", "b1", "W2", "b2"]
        assert max(errors.values()) < 1e-7, (activation, m, d, errors)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_derived_gradient_agrees_with_the_complex_step_to_rounding(activation):
    # C(theta + i e) / e has the derivative as its imaginary part, and no rounding error of a difference.
    g = {"tanh": np.tanh, "sigmoid": lambda Z: 1 / (1 + np.exp(-Z))}[activation]

    def textbook_cost(W1, b1, W2, b2):
        y_hat = 1 / (1 + np.exp(-(W2 @ g(W1 @ X.T + b1) + b2)))
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))

    for m in (1, 7, ALL):
        parameters, X, y = problem(activation, m)
        derived = backward(parameters, forward(parameters, X, activation), y, activation)
        for k, gradient in enumerate(derived):
            for index in np.ndindex(gradient.shape):
                theta = [p.astype(complex) for p in parameters]
                theta[k][index] += 1e-30j
                stepped = textbook_cost(*theta).imag / 1e-30
                assert gradient[index] == pytest.approx(stepped, rel=1e-10, abs=1e-15), (m, derived._fields[k], index)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_gradients_stay_right_after_training_on_real_data(activation):
    trainer = train(Config(dataset="breast_cancer", activation=activation, epochs=30, hidden_size=4))
    errors = relative_errors(trainer.parameters, trainer.split.X_train, trainer.split.y_train, activation)
    assert max(errors.values()) < 1e-7


def test_checking_leaves_the_parameters_alone():
    parameters, X, y = problem(m=ALL)
    before = [p.copy() for p in parameters]
    relative_errors(parameters, X, y, "tanh")
    assert all(np.array_equal(a, b) for a, b in zip(parameters, before, strict=True))


def test_numerical_gradients_have_their_parameters_shapes():
    parameters, X, y = problem(d=3)
    shapes = {name: gradient.shape for name, gradient in numerical_gradients(parameters, X, y, "tanh").items()}
    assert shapes == {name: p.shape for name, p in parameters._asdict().items()}


# --- classical mistakes ------------------------------------------------------------


def no_mean(parameters, passed, y, activation):
    return Gradients(*(g * y.size for g in backward(parameters, passed, y, activation)))


def wrong_sign(parameters, passed, y, activation):
    return Gradients(*(-g for g in backward(parameters, passed, y, activation)))


def by_hand(parameters, passed, y, activation, output=1.0, g_prime_at=None, W2=None):
    A0, _, A1, _, y_hat = passed
    dC_dZ2 = (y_hat - y) / y.size * output
    back = (parameters.W2 if W2 is None else W2).T @ dC_dZ2
    dC_dZ1 = back * (1.0 if g_prime_at is None else ACTIVATIONS[activation].g_prime(g_prime_at))
    return Gradients(dC_dZ1 @ A0.T, dC_dZ1.sum(1, keepdims=True), dC_dZ2 @ A1.T, dC_dZ2.sum(1, keepdims=True))


def extra_sigma_prime(parameters, passed, y, activation):
    return by_hand(parameters, passed, y, activation, passed.y_hat * (1 - passed.y_hat), passed.Z1)


def g_prime_of_A1(parameters, passed, y, activation):
    return by_hand(parameters, passed, y, activation, g_prime_at=passed.A1)


def no_g_prime(parameters, passed, y, activation):
    return by_hand(parameters, passed, y, activation)


def W2_already_updated(parameters, passed, y, activation):
    dC_dW2 = backward(parameters, passed, y, activation).dC_dW2
    return by_hand(parameters, passed, y, activation, g_prime_at=passed.Z1, W2=parameters.W2 - 0.3 * dC_dW2)


def summed_hidden_bias_missing(parameters, passed, y, activation):
    right = backward(parameters, passed, y, activation)
    return right._replace(dC_db1=right.dC_db1 / y.size)


WRONG_EVERYWHERE, WRONG_HIDDEN = {"W1", "b1", "W2", "b2"}, {"W1", "b1"}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_classical_mistakes_are_caught_at_the_parameters_that_they_spoil(activation):
    spoilt = {
        no_mean: WRONG_EVERYWHERE,
        wrong_sign: WRONG_EVERYWHERE,
        extra_sigma_prime: WRONG_EVERYWHERE,
        g_prime_of_A1: WRONG_HIDDEN,
        no_g_prime: WRONG_HIDDEN,
        W2_already_updated: WRONG_HIDDEN,
        summed_hidden_bias_missing: {"b1"},
    }
    for mistake, where in spoilt.items():
        errors = relative_errors(*problem(activation), activation, backward=mistake)
        assert {name for name, error in errors.items() if error > 1e-3} == where, mistake.__name__
        assert all(error < 1e-7 for name, error in errors.items() if name not in where), mistake.__name__


def test_mistake_in_a_single_component_is_caught():
    def one_off(*arguments):
        right = backward(*arguments)
        right.dC_dW1[2, 1] *= 1.001
        return right

    assert relative_errors(*problem(m=ALL), "tanh", backward=one_off)["W1"] > 1e-5


def test_check_runs_on_the_data_and_parameters_of_a_fresh_run():
    config = Config(samples=50)
    split = datasets.load(config)
    parameters = initialise(2, config.hidden_size, np.random.default_rng(0))
    assert isinstance(parameters, Parameters)
    assert max(relative_errors(parameters, split.X_train, split.y_train, "tanh").values()) < 1e-7


# --- the check itself --------------------------------------------------------------


def test_central_differences_are_those_of_one_parameter_at_a_time():
    for activation, (m, h, d) in product(ACTIVATIONS, [(1, 4, 2), (7, 4, 2), (7, 1, 3), (ALL, 5, 1)]):
        parameters, X, y = problem(activation, m, h, d)
        numerical = numerical_gradients(parameters, X, y, activation, step=1e-4)
        for name, values in parameters._asdict().items():
            for index in np.ndindex(values.shape):
                sides = []
                for step in (1e-4, -1e-4):
                    moved = values.copy()
                    moved[index] += step
                    sides.append(cost(forward(parameters._replace(**{name: moved}), X, activation), y))
                # Rounding of C, about 1e-16, over 2e-4.
                one = pytest.approx((sides[0] - sides[1]) / 2e-4, rel=1e-9, abs=1e-11)
                assert numerical[name][index] == one, (activation, m, h, d, name, index)


def test_costs_of_a_stack_are_the_networks_costs():
    rng = np.random.default_rng(0)
    Z2, y = rng.normal(0, 20, (5, 1, 9)), rng.integers(0, 2, 9).astype(float)
    passed = forward(*problem()[:2], "tanh")
    each = [cost(passed._replace(Z2=z), y) for z in Z2]
    np.testing.assert_allclose(costs(passed._replace(Z2=Z2), y).mean(axis=(-2, -1)), each, rtol=1e-15)


def test_check_tells_where_the_largest_error_is_and_what_both_say_there():
    def one_off(*arguments):
        right = backward(*arguments)
        right.dC_dW1[2, 1] += 0.5
        return right

    parameters, X, y = problem(m=ALL)
    checked = check(parameters, X, y, "tanh", one_off)
    right = backward(parameters, forward(parameters, X, "tanh"), y, "tanh").dC_dW1[2, 1]
    worst = checked["W1"]
    assert worst.place == (2, 1)
    assert worst.derived == pytest.approx(right + 0.5)
    assert worst.numerical == pytest.approx(right, abs=1e-8)
    assert worst.error == pytest.approx(0.5 / max(abs(right + 0.5), abs(right)), rel=1e-6)
    assert {name: w.passes for name, w in checked.items()} == {"W1": False, "b1": True, "W2": True, "b2": True}


def test_rule_whose_gradient_is_not_finite_is_wrong_and_quiet_about_it():
    def nothing(*arguments):
        return Gradients(*(np.full_like(g, np.nan) for g in backward(*arguments)))

    parameters, X, y = problem(m=ALL)
    checked = check(parameters, X, y, "tanh", nothing)
    assert all(w.error == np.inf and not w.passes for w in checked.values())


def one_wrong_sign(*arguments):
    right = backward(*arguments)
    right.dC_dW1[2, 1] *= -1
    return right


def test_error_of_a_wrong_sign_is_2_however_small_the_derivative():
    parameters, X, y = problem(m=ALL)
    # With W2 a thousandth, so are the derivatives by W1.
    small = parameters._replace(W2=parameters.W2 / 1000)
    worst = check(small, X, y, "tanh", one_wrong_sign)["W1"]
    assert worst.place == (2, 1) and abs(worst.derived) < 1e-3
    assert worst.error == pytest.approx(2, rel=1e-4) and not worst.passes


def test_relative_errors_by_hand():
    # |1 - 1.5| / 1.5, |0.001 + 0.001| / 0.001, 0 for two zeros, |0 - 1e-12| / 1e-12.
    derived, numerical = np.array([[1.0, 0.001, 0.0, 0.0]]), np.array([[1.5, -0.001, 0.0, 1e-12]])
    assert gradient_check._relative(derived, numerical)[0] == pytest.approx([1 / 3, 2, 0, 1])
    # Divided by at least 0.01: 0.002 / 0.01 and 1e-12 / 0.01.
    assert gradient_check._relative(derived, numerical, 0.01)[0] == pytest.approx([1 / 3, 0.2, 0, 1e-10])


def test_rounding_allows_more_the_smaller_a_derivative_is():
    # Rounding 1e-9: of 1 it allows 1e-9 more, of 1e-6 1e-3 more. Errors: 0, and half of the allowed 1.01e-3.
    found = gradient_check._worst(np.array([[1.0, 1e-6]]), np.array([[1.0, 1e-6 - 0.505e-9]]), 1e-9)
    assert found.place == (0, 1) and found.passes
    assert (found.error, found.allowed) == (pytest.approx(0.505e-3), pytest.approx(1.01e-3))
    assert found.rank == pytest.approx(0.5)
    assert (found.difference, found.largest) == (pytest.approx(0.505e-9), 1)
    # An error of 2e-5 where 1e-5 is allowed is worse than one of 1e-4 where 1e-3 is.
    found = gradient_check._worst(np.array([[1.0, 1e-6]]), np.array([[1.0 - 2e-5, 1e-6 - 1e-10]]), 1e-9)
    assert found.place == (0, 0) and not found.passes
    zeros = gradient_check._worst(np.zeros((1, 2)), np.zeros((1, 2)), 1e-9)
    assert zeros.error == 0 and zeros.passes


def test_overall_is_the_largest_difference_over_the_largest_derivative():
    one = gradient_check._worst(np.array([[2.0]]), np.array([[2.0 + 1e-9]]), 1e-9)
    two = gradient_check._worst(np.array([[1e-3]]), np.array([[1e-3 + 4e-9]]), 1e-9)
    assert gradient_check.overall({"W1": one, "b1": two}) == pytest.approx(4e-9 / 2)


@pytest.mark.parametrize("rule", [backward, one_wrong_sign])
def test_what_is_no_longer_finite_cannot_be_checked(rule):
    parameters, X, y = problem()
    for huge in (np.inf, np.nan, 1e308):
        lost = parameters._replace(W2=np.full_like(parameters.W2, huge), b2=np.array([[huge]]))
        with np.errstate(all="ignore"):
            checked, curve = check(lost, X, y, "tanh", rule), error_by_step(lost, X, y, "tanh")
        assert not any(w.is_known or w.passes for w in checked.values()), huge
        assert not np.isfinite(curve[:, 1]).any(), huge


@pytest.mark.parametrize("learning_rate", [1e3, 1e6])
def test_of_a_cost_whose_differences_are_all_rounding_no_rule_is_said_to_be_right(learning_rate):
    run = train(Config(activation="relu", learning_rate=learning_rate, epochs=200))
    at = run.parameters, run.split.X_train, run.split.y_train, "relu"
    for rule in (backward, *(mistake.backward for mistake in MISTAKES.values())):
        with np.errstate(all="ignore"):
            assert verdicts.badge(check(*at, rule))[0] == "unknown"


def test_unknown_entry_is_named_before_one_that_passes_and_after_one_that_fails():
    derived = np.array([[1.0, 2.0, 3.0]])
    assert gradient_check._worst(derived, np.array([[1.0, np.nan, 3.0]]), 0.0).place == (0, 1)
    assert gradient_check._worst(derived, np.array([[1.0, np.nan, 4.0]]), 0.0).place == (0, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_single_entry_that_is_not_finite_beside_finite_differences_is_wrong(value):
    def one_lost(*arguments):
        right = backward(*arguments)
        right.dC_db1[1] = value
        return right

    checked = check(*problem(m=ALL), "tanh", one_lost)
    assert checked["b1"].error == np.inf and checked["b1"].place == (1, 0)
    assert checked["b1"].is_known and not checked["b1"].passes and checked["W1"].passes


def test_right_rule_passes_after_training_with_large_steps():
    for activation, learning_rate in product(ACTIVATIONS, (3.0, 100.0)):
        run = train(Config(activation=activation, learning_rate=learning_rate, epochs=100, hidden_size=16))
        checked = check(run.parameters, run.split.X_train, run.split.y_train, activation)
        assert all(w.passes for w in checked.values()), (activation, learning_rate)


def test_right_rule_passes_where_rounding_of_a_huge_Z2_drowns_the_difference():
    parameters, X, y = problem(m=ALL)
    huge = parameters._replace(W2=parameters.W2 * 1e7)
    assert all(w.passes for w in check(huge, X, y, "tanh").values())


def test_samples_on_the_kink_of_relu_are_left_out():
    parameters, X, y = problem("relu")
    # b1_0 such that Z1_0 is exactly 0 for sample 3: the difference sees half the slope there.
    b1 = parameters.b1.copy()
    b1[0] = -(parameters.W1[0] @ X[3])
    on_kink = parameters._replace(b1=b1)
    assert smooth_rows(on_kink, X, "relu").tolist() == [True, True, True, False, True, True, True]
    assert all(w.passes for w in check(on_kink, X, y, "relu").values())
    assert smooth_rows(on_kink, X, "tanh").all() and smooth_rows(on_kink, X[3:4], "relu").all()


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_error_over_steps_is_a_v(activation):
    curve = error_by_step(*problem(activation, ALL), activation)
    assert curve[:, 0] == pytest.approx(10.0 ** -np.arange(1, 13))
    errors = dict(zip(range(1, 13), curve[:, 1], strict=True))
    # Truncation falls with the square of the step, rounding rises as one over it.
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.2)
    assert errors[2] / errors[3] == pytest.approx(100, rel=0.2)
    assert 1e3 < errors[11] / errors[7] < 1e5
    assert min(errors, key=errors.get) in (5, 6)
    assert errors[6] < 1e-7


def test_quick_check_goes_through_all_rows_in_turns():
    assert few_rows(300, 16).tolist() == list(range(300))
    turns = [few_rows(333, 256, turn) for turn in range(7)]
    assert {len(rows) for rows in turns} == {50}
    assert set(np.concatenate(turns).tolist()) == set(range(333))


# --- several outputs, and the penalty ------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_combination_of_output_activation_and_penalty_agrees_with_finite_differences(activation, output):
    for k, l2, d, m in product((1, 3, 6), (0.0, 0.01, 3.0), (2, 5), (1, 40)):
        given = *several(activation, m, 4, d, k), activation
        errors = relative_errors(*given, output, l2)
        assert max(errors.values()) < 2e-7, (k, l2, d, m, errors)
        assert all(c.passes for c in check(*given, output=output, l2=l2).values()), (k, l2, d, m)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("k", [1, 3])
def test_differences_are_those_of_one_parameter_at_a_time_of_the_cost_with_its_penalty(output, k):
    for m, h, d, l2 in [(1, 4, 2, 0.0), (7, 1, 3, 0.5), (40, 3, 4, 2.0)]:
        parameters, X, y = several("tanh", m, h, d, k)

        def C(changed, given=(X, y, l2)):
            X, y, l2 = given
            return cost(forward(changed, X, "tanh", output), y, output) + penalty(changed, l2)

        numerical = numerical_gradients(parameters, X, y, "tanh", 1e-4, output, l2)
        for name, values in parameters._asdict().items():
            assert numerical[name].shape == values.shape
            for index in np.ndindex(values.shape):
                sides = []
                for step in (1e-4, -1e-4):
                    moved = values.copy()
                    moved[index] += step
                    sides.append(C(parameters._replace(**{name: moved})))
                one = pytest.approx((sides[0] - sides[1]) / 2e-4, rel=1e-9, abs=1e-10)
                assert numerical[name][index] == one, (m, name, index)


def test_softmax_gradient_agrees_with_the_complex_step_to_rounding():
    parameters, X, y = several("tanh", 7, k=4)
    Y = one_hot(y, 4)

    def textbook_cost(W1, b1, W2, b2):
        e = np.exp(W2 @ np.tanh(W1 @ X.T + b1) + b2)
        return -np.mean((Y * np.log(e / e.sum(axis=0))).sum(axis=0))

    derived = backward(parameters, forward(parameters, X, "tanh", "softmax"), y, "tanh")
    for place, gradient in enumerate(derived):
        for index in np.ndindex(gradient.shape):
            theta = [p.astype(complex) for p in parameters]
            theta[place][index] += 1e-30j
            stepped = textbook_cost(*theta).imag / 1e-30
            assert gradient[index] == pytest.approx(stepped, rel=1e-10, abs=1e-15), (place, index)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_penalty_that_the_rule_has_already_or_on_the_biases_is_caught(output):
    """lambda theta is added to what a rule says, as the update adds it: a rule that has it too is twice as far."""

    def twice(parameters, passed, y, activation):
        right = backward(parameters, passed, y, activation)
        return right._replace(dC_dW1=right.dC_dW1 + 0.1 * parameters.W1)

    def biases_too(parameters, passed, y, activation):
        right = backward(parameters, passed, y, activation)
        return right._replace(dC_db1=right.dC_db1 + 0.1 * parameters.b1)

    given = *several(), "tanh"
    for rule, name in ((twice, "W1"), (biases_too, "b1")):
        errors = relative_errors(*given, output, 0.1, backward=rule)
        assert [n for n, error in errors.items() if error > 1e-3] == [name]
        checked = check(*given, rule, output=output, l2=0.1)
        assert [n for n, c in checked.items() if not c.passes] == [name]


def test_the_other_output_s_cost_is_not_the_one_whose_gradient_this_is():
    """y_hat of the one with the cost of the other: the error is y_hat - Y either way, and only one of them is right."""
    parameters, X, y = several(m=ALL)
    rounded = {}
    for made, output in product(OUTPUTS, OUTPUTS):

        def rule(parameters, passed, y, activation, made=made):
            return backward(parameters, forward(parameters, X, activation, made), y, activation)

        rounded[made, output] = max(relative_errors(parameters, X, y, "tanh", output, backward=rule).values()) < 1e-6
    assert rounded == {(made, output): made == output for made, output in product(OUTPUTS, OUTPUTS)}


def test_right_rule_of_several_outputs_passes_after_training_with_large_steps():
    for output, k, momentum in product(OUTPUTS, (3, 6), (0.0, 0.9)):
        config = Config(
            dataset="blobs", classes=k, output=output, momentum=momentum, learning_rate=10.0, epochs=60, hidden_size=16
        )
        run = train(config, engine="numpy")
        checked = check(run.parameters, run.split.X_train, run.split.y_train, "tanh", output=output)
        assert all(w.passes for w in checked.values()), (output, k, momentum)


def test_a_large_penalty_hides_no_mistake():
    checked = check(*several(m=ALL), "tanh", MISTAKES["no_g_prime"].backward, output="softmax", l2=100.0)
    assert not checked["b1"].passes


@pytest.mark.parametrize("output", OUTPUTS)
def test_error_over_steps_is_a_v_of_several_outputs_too(output):
    curve = error_by_step(*several(m=ALL), "tanh", output=output, l2=0.1)
    errors = dict(zip(range(1, 13), curve[:, 1], strict=True))
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.3)
    assert min(errors, key=errors.get) in (5, 6) and errors[6] < 1e-7


def test_quick_check_looks_at_fewer_rows_where_there_are_more_outputs():
    assert len(few_rows(10_000, 16)) == 800 and len(few_rows(10_000, 16, outputs=4)) == 200
    assert len(few_rows(10_000, 256, outputs=10)) == 5


@pytest.mark.parametrize("size", [1.0, 1e3, 1e6, 1e9, 1e12, 1e74])
@pytest.mark.parametrize("l2", [1.0, 1000.0])
def test_a_penalty_of_large_weights_is_no_false_alarm(size, l2):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), np.arange(30) % 3.0
    parameters = initialise(2, 4, rng, "tanh", 3)
    parameters = parameters._replace(W1=size * parameters.W1, W2=size * parameters.W2)
    with np.errstate(all="ignore"):
        checked = check(parameters, X, y, "tanh", output="softmax", l2=l2)
    assert all(found.passes or not found.is_known for found in checked.values())


def test_y_that_is_no_class_is_told():
    parameters = initialise(2, 4, np.random.default_rng(0), "tanh", 3)
    X, y = np.zeros((6, 2)), [0, 1, 2, 0, 1, 2]
    assert max(relative_errors(parameters, X.tolist(), y, "tanh", "softmax").values()) < 1e-6
    with pytest.raises(ValueError, match="class numbers from 0 to 2"):
        relative_errors(parameters, X, np.add(y, 1), "tanh", "softmax")
