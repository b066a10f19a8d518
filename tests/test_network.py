"""The derivation: by hand, against scikit-learn, and its symmetries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from tests.problems import problem
from toynet import Config, Trainer
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.engines import reference
from toynet.network import (
    Forward,
    Gradients,
    Parameters,
    backward,
    cost,
    costs,
    forward,
    initialise,
    penalty,
    updated,
)

pytestmark = pytest.mark.filterwarnings("error")


def some(seed, m=9, d=2, h=5, activation="tanh"):
    """Random parameters (biases too), inputs and classes."""
    rng = np.random.default_rng(seed)
    parameters = initialise(d, h, rng, activation)
    parameters = parameters._replace(b1=rng.normal(size=(h, 1)), b2=rng.normal(size=(1, 1)))
    y = np.arange(m) % 2.0
    return parameters, rng.normal(size=(m, d)), rng.permutation(y)


def at(Z2):
    """A Forward of which the cost only sees Z2."""
    return Forward(None, None, None, np.atleast_2d(np.asarray(Z2, dtype=float)), None)


# --- one sample, four hidden units, by hand ----------------------------------------
#
#   x = (1, 2), y = 1, relu
#
#         |  1  1 |        |  0 |                        |  1 + 2 + 0 |   |  3 |               | 3 |
#   W1 =  |  1 -1 |   b1 = |  0 |   Z1 = W1 A0 + b1 =    |  1 - 2 + 0 | = | -1 |   A1 = relu = | 0 |
#         | -1  1 |        |  1 |                        | -1 + 2 + 1 |   |  2 |               | 2 |
#         |  2  0 |        | -1 |                        |  2 + 0 - 1 |   |  1 |               | 1 |
#
#   W2 = (1 2 -1 -1), b2 = ln 3:  Z2 = 3 + 0 - 2 - 1 + ln 3 = ln 3,  y_hat = 1 / (1 + 1/3) = 3/4
#   C = -ln(3/4) = ln(4/3)

X, Y = np.array([[1.0, 2.0]]), np.array([1.0])
BY_HAND = Parameters(
    W1=np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [2.0, 0.0]]),
    b1=np.array([[0.0], [0.0], [1.0], [-1.0]]),
    W2=np.array([[1.0, 2.0, -1.0, -1.0]]),
    b2=np.array([[np.log(3.0)]]),
)


def test_forward_pass_by_hand():
    passed = forward(BY_HAND, X, "relu")
    np.testing.assert_array_equal(passed.A0, [[1], [2]])
    np.testing.assert_array_equal(passed.Z1, [[3], [-1], [2], [1]])
    np.testing.assert_array_equal(passed.A1, [[3], [0], [2], [1]])
    np.testing.assert_allclose(passed.Z2, [[np.log(3)]], rtol=1e-15)
    np.testing.assert_allclose(passed.y_hat, [[3 / 4]], rtol=1e-15)
    assert cost(passed, Y) == pytest.approx(np.log(4 / 3), rel=1e-15)


def test_three_factors_of_the_chain_rule_multiply_to_sigma_minus_y_times_A1_T():
    # (1) dC/dy_hat   = (3/4 - 1) / (3/4 * 1/4) = -1/4 * 16/3 = -4/3
    # (2) dy_hat/dZ2  = 3/4 * 1/4 = 3/16                          (1) (2) = -1/4 = sigma - y
    # (3) dZ2/dW2     = A1.T = (3 0 2 1)
    # dC/dW2 = (1) (2) (3) = -1/4 (3 0 2 1) = (-3/4  0  -1/2  -1/4)
    passed = forward(BY_HAND, X, "relu")
    y_hat = passed.y_hat.item()
    one, two, three = (y_hat - 1) / (y_hat * (1 - y_hat)), y_hat * (1 - y_hat), passed.A1.T
    assert one == pytest.approx(-4 / 3) and two == pytest.approx(3 / 16) and three.shape == (1, 4)
    assert one * two == pytest.approx(y_hat - 1) == pytest.approx(-1 / 4)
    dC_dW2 = backward(BY_HAND, passed, Y, "relu").dC_dW2
    assert dC_dW2.shape == (1, 4)
    np.testing.assert_allclose(dC_dW2, one * two * three, rtol=1e-14)
    np.testing.assert_allclose(dC_dW2, (y_hat - 1) * passed.A1.T, rtol=1e-14)
    np.testing.assert_allclose(dC_dW2, [[-3 / 4, 0, -1 / 2, -1 / 4]], rtol=1e-14)


def test_gradient_of_the_hidden_layer_by_hand():
    # dC_dZ2 = -1/4                 dC_db2 = -1/4
    # W2.T dC_dZ2 = (-1/4 -1/2 1/4 1/4).T,  g'(Z1) = (1 0 1 1).T, so dC_dZ1 = dC_db1 = (-1/4 0 1/4 1/4).T
    # dC_dW1 = dC_dZ1 (1 2)
    gradients = backward(BY_HAND, forward(BY_HAND, X, "relu"), Y, "relu")
    np.testing.assert_allclose(gradients.dC_db2, [[-1 / 4]], rtol=1e-14)
    np.testing.assert_allclose(gradients.dC_db1, [[-1 / 4], [0], [1 / 4], [1 / 4]], rtol=1e-14)
    expected = [[-1 / 4, -1 / 2], [0, 0], [1 / 4, 1 / 2], [1 / 4, 1 / 2]]
    np.testing.assert_allclose(gradients.dC_dW1, expected, rtol=1e-14)


def test_one_update_by_hand():
    # eta = 4: W2 + (3 0 2 1), b2 + 1, W1 - 4 dC_dW1, b1 - 4 dC_db1
    after, _ = updated(BY_HAND, backward(BY_HAND, forward(BY_HAND, X, "relu"), Y, "relu"), 4.0)
    np.testing.assert_allclose(after.W2, [[4, 2, 1, 0]], atol=1e-14)
    np.testing.assert_allclose(after.b2, [[np.log(3) + 1]], rtol=1e-14)
    np.testing.assert_allclose(after.W1, [[2, 3], [1, -1], [-2, -1], [1, -2]], atol=1e-14)
    np.testing.assert_allclose(after.b1, [[1], [0], [0], [-2]], atol=1e-14)


def test_two_samples_by_hand_average_their_gradients():
    # The same x once more, now with y = 0: sigma - y = 3/4, so the mean is (-1/4 + 3/4) / 2 = 1/4.
    # C = (-ln(3/4) - ln(1/4)) / 2
    both, y = np.repeat(X, 2, axis=0), np.array([1.0, 0.0])
    passed = forward(BY_HAND, both, "relu")
    gradients = backward(BY_HAND, passed, y, "relu")
    np.testing.assert_allclose(gradients.dC_dW2, [[3 / 4, 0, 1 / 2, 1 / 4]], rtol=1e-14)
    np.testing.assert_allclose(gradients.dC_db2, [[1 / 4]], rtol=1e-14)
    assert cost(passed, y) == pytest.approx(-(np.log(3 / 4) + np.log(1 / 4)) / 2, rel=1e-14)


# --- shapes and start --------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize("m", [1, 6])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_shapes_are_those_of_the_derivation(activation, m, d):
    parameters, X, y = some(0, m, d, h=3, activation=activation)
    passed = forward(parameters, X, activation)
    assert [a.shape for a in passed] == [(d, m), (3, m), (3, m), (1, m), (1, m)]
    gradients = backward(parameters, passed, y, activation)
    assert [g.shape for g in gradients] == [p.shape for p in parameters] == [(3, d), (3, 1), (1, 3), (1, 1)]
    assert isinstance(cost(passed, y), float)


def test_forward_and_backward_change_nothing_that_they_are_given():
    parameters, X, y = some(1)
    before = [a.copy() for a in (*parameters, X, y)]
    backward(parameters, forward(parameters, X, "tanh"), y, "tanh")
    for a, b in zip((*parameters, X, y), before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("activation", "gain"), [("tanh", 1.0), ("sigmoid", 4.0), ("relu", np.sqrt(2.0))])
def test_initial_weights_have_the_stated_spread_and_zero_biases(activation, gain):
    d, h = 50, 4000
    W1, b1, W2, b2 = initialise(d, h, np.random.default_rng(0), activation)
    assert W1.std() == pytest.approx(gain / np.sqrt(d), rel=0.01) and abs(W1.mean()) < 0.01
    assert W2.std() == pytest.approx(1 / np.sqrt(h), rel=0.05)
    assert not b1.any() and not b2.any()


def test_initial_weights_are_seeded():
    def draw(seed):
        return initialise(2, 3, np.random.default_rng(seed))

    assert all(np.array_equal(a, b) for a, b in zip(draw(5), draw(5), strict=True))
    assert not np.array_equal(draw(5).W1, draw(6).W1)


# --- the cost ----------------------------------------------------------------------


def test_cost_at_huge_Z2_is_the_exact_limit():
    assert cost(at(1e4), np.array([1.0])) == 0.0
    assert cost(at(1e4), np.array([0.0])) == 1e4
    assert cost(at(-1e4), np.array([0.0])) == 0.0
    assert cost(at(-1e4), np.array([1.0])) == 1e4
    assert cost(at([1e4, -1e4, 1e4, -1e4]), np.array([1.0, 0.0, 0.0, 1.0])) == 5e3


def test_cost_undecided_is_ln_2():
    assert cost(at([0.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(np.log(2), rel=1e-15)


def test_network_with_saturated_output_has_exact_cost_and_finite_gradient():
    parameters = Parameters(np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 1e4), np.zeros((1, 1)))
    X, y = np.array([[1.0], [-1.0]]), np.array([0.0, 1.0])
    parameters = parameters._replace(W2=parameters.W2 / np.tanh(1.0))
    passed = forward(parameters, X, "tanh")
    assert cost(passed, y) == pytest.approx(1e4, rel=1e-14)
    assert all(np.isfinite(g).all() for g in backward(parameters, passed, y, "tanh"))


@given(st.integers(0, 10_000))
def test_cost_is_the_cross_entropy_of_the_formula_and_of_scikit_learn(seed):
    parameters, X, y = some(seed)
    passed = forward(parameters, X, "tanh")
    y_hat = passed.y_hat[0]
    formula = -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    assert cost(passed, y) == pytest.approx(formula, rel=1e-12)
    assert cost(passed, y) == pytest.approx(log_loss(y, y_hat), rel=1e-12)


# --- symmetries --------------------------------------------------------------------

anything = {"seed": st.integers(0, 10_000), "activation": st.sampled_from(list(ACTIVATIONS))}


def assert_same_gradients(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


@given(**anything)
def test_permuting_samples_leaves_cost_and_gradient(seed, activation):
    parameters, X, y = some(seed, activation=activation)
    order = np.random.default_rng(seed).permutation(y.size)
    one, other = forward(parameters, X, activation), forward(parameters, X[order], activation)
    assert cost(one, y) == pytest.approx(cost(other, y[order]), rel=1e-13)
    assert_same_gradients(backward(parameters, one, y, activation), backward(parameters, other, y[order], activation))


@given(**anything, copies=st.integers(2, 4))
def test_duplicating_every_sample_leaves_cost_and_gradient(seed, activation, copies):
    parameters, X, y = some(seed, activation=activation)
    X_more, y_more = np.tile(X, (copies, 1)), np.tile(y, copies)
    one, other = forward(parameters, X, activation), forward(parameters, X_more, activation)
    assert cost(one, y) == pytest.approx(cost(other, y_more), rel=1e-13)
    assert_same_gradients(backward(parameters, one, y, activation), backward(parameters, other, y_more, activation))


@given(**anything)
def test_permuting_hidden_units_permutes_the_gradient_and_leaves_y_hat(seed, activation):
    parameters, X, y = some(seed, activation=activation)
    order = np.random.default_rng(seed).permutation(parameters.b1.size)

    def permuted(W1, b1, W2, b2):
        return Parameters(W1[order], b1[order], W2[:, order], b2)

    one, other = forward(parameters, X, activation), forward(permuted(*parameters), X, activation)
    np.testing.assert_allclose(one.y_hat, other.y_hat, rtol=1e-12)
    assert cost(one, y) == pytest.approx(cost(other, y), rel=1e-12)
    assert_same_gradients(
        permuted(*backward(parameters, one, y, activation)),
        backward(permuted(*parameters), other, y, activation),
    )


@given(**anything)
def test_swapping_the_classes_and_the_sign_of_the_output_leaves_the_cost(seed, activation):
    parameters, X, y = some(seed, activation=activation)
    swapped = parameters._replace(W2=-parameters.W2, b2=-parameters.b2)
    one, other = cost(forward(parameters, X, activation), y), cost(forward(swapped, X, activation), 1 - y)
    assert one == pytest.approx(other, rel=1e-13)


# --- agreement with scikit-learn ---------------------------------------------------

NAMES = {"tanh": "tanh", "sigmoid": "logistic", "relu": "relu"}


def twin(trainer):
    """scikit-learn's network with the trainer's parameters and plain gradient descent."""
    net = MLPClassifier(
        (trainer.config.hidden_size,),
        activation=NAMES[trainer.config.activation],
        solver="sgd",
        alpha=0.0,
        learning_rate="constant",
        learning_rate_init=trainer.config.learning_rate,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        random_state=0,
    )
    net.partial_fit(trainer.split.X_train, trainer.split.y_train, classes=[0.0, 1.0])
    W1, b1, W2, b2 = (p.copy() for p in trainer.parameters)
    net.coefs_, net.intercepts_ = [W1.T.copy(), W2.T.copy()], [b1[:, 0], b2[:, 0]]
    return net


@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_same_start_and_batches_give_the_weights_of_scikit_learn(monkeypatch, activation, batch_mode):
    config = Config(samples=60, activation=activation, batch_mode=batch_mode, batch_size=7, hidden_size=5)
    trainer = Trainer(config, engine="reference")
    net = twin(trainer)
    start = trainer.parameters.W1.copy()
    batches = []

    def spy(parameters, passed, y, activation):
        batches.append((passed.A0.T.copy(), y.copy()))
        return backward(parameters, passed, y, activation)

    monkeypatch.setattr(reference, "backward", spy)
    trainer.run(epochs=6)
    assert len(batches) == trainer.update == 6 * {"full": 1, "mini": 7, "stochastic": 45}[batch_mode]
    for X, y in batches:
        net.set_params(batch_size=len(y)).partial_fit(X, y)
    W1, b1, W2, b2 = trainer.parameters
    assert np.abs(W1 - start).max() > 1e-2
    for mine, theirs in ((W1.T, net.coefs_[0]), (W2.T, net.coefs_[1]), (b1[:, 0], net.intercepts_[0])):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(b2[0], net.intercepts_[1], rtol=1e-10, atol=1e-11)
    y_hat = forward(trainer.parameters, trainer.split.X_test, activation).y_hat[0]
    np.testing.assert_allclose(y_hat, net.predict_proba(trainer.split.X_test)[:, 1], rtol=1e-9)


# --- several outputs, and the update's other terms -------------------------------------


LN2 = np.log(2.0)
THREE = Parameters(
    np.array([[1.0, 0.0], [0.0, 1.0]]),
    np.zeros((2, 1)),
    np.array([[LN2, 0.0], [0.0, LN2], [0.0, 0.0]]),
    np.zeros((3, 1)),
)
THREE_X, THREE_Y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.0, 2.0])
"""k = 3, m = 2, relu, for paper. A1 = [1 0; 0 2], so Z2 = [ln 2, 0; 0, 2 ln 2; 0, 0], a column for each sample."""


def test_three_outputs_by_hand_with_softmax():
    """exp(Z2) = [2 1; 1 4; 1 1]: y_hat = [2/4 1/6; 1/4 4/6; 1/4 1/6], C = (ln 2 + ln 6) / 2."""
    passed = forward(THREE, THREE_X, "relu", "softmax")
    np.testing.assert_allclose(passed.y_hat, [[1 / 2, 1 / 6], [1 / 4, 2 / 3], [1 / 4, 1 / 6]], rtol=1e-15)
    assert cost(passed, THREE_Y, "softmax") == pytest.approx((np.log(2) + np.log(6)) / 2, rel=1e-15)
    gradients = backward(THREE, passed, THREE_Y, "relu")
    # dC_dZ2 = (y_hat - Y) / 2, times A1.T = [1 0; 0 2].
    dC_dZ2 = np.array([[-1 / 4, 1 / 12], [1 / 8, 1 / 3], [1 / 8, -5 / 12]])
    np.testing.assert_allclose(gradients.dC_dW2, dC_dZ2 * [1, 2], rtol=1e-14)
    np.testing.assert_allclose(gradients.dC_db2, dC_dZ2.sum(axis=1, keepdims=True), rtol=1e-14)
    # W2.T dC_dZ2 is ln 2 times its first two rows; only unit 1 is on for the first sample, unit 2 for the second.
    np.testing.assert_allclose(gradients.dC_dW1, LN2 * np.array([[-1 / 4, 0], [0, 2 / 3]]), rtol=1e-14)


def test_three_outputs_by_hand_with_sigmoid():
    """sigma(ln 2) = 2/3, sigma(0) = 1/2, sigma(2 ln 2) = 4/5; the costs -ln of what is said of the truth, summed."""
    passed = forward(THREE, THREE_X, "relu", "sigmoid")
    np.testing.assert_allclose(passed.y_hat, [[2 / 3, 1 / 2], [1 / 2, 4 / 5], [1 / 2, 1 / 2]], rtol=1e-15)
    first, second = -np.log(2 / 3) - 2 * np.log(1 / 2), -2 * np.log(1 / 2) - np.log(1 / 5)
    assert cost(passed, THREE_Y) == pytest.approx((first + second) / 2, rel=1e-15)
    dC_dZ2 = np.array([[-1 / 6, 1 / 4], [1 / 4, 2 / 5], [1 / 4, -1 / 4]])
    np.testing.assert_allclose(backward(THREE, passed, THREE_Y, "relu").dC_dW2, dC_dZ2 * [1, 2], rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("outputs", [1, 3, 5])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_gradient_is_that_of_the_cost_with_its_penalty_by_finite_differences(activation, output, outputs, l2):
    """The update itself is differentiated: theta - updated(theta), with eta = 1, is the gradient."""
    parameters, X, _ = problem(activation)
    rng = np.random.default_rng(outputs)
    parameters = parameters._replace(W2=rng.normal(size=(outputs, 4)), b2=rng.normal(size=(outputs, 1)))
    y = rng.integers(0, max(outputs, 2), len(X)).astype(float)

    def C(changed):
        return cost(forward(changed, X, activation, output), y, output) + penalty(changed, l2)

    gradients = backward(parameters, forward(parameters, X, activation, output), y, activation)
    after, _ = updated(parameters, gradients, 1.0, l2)
    for name, values in parameters._asdict().items():
        for place in np.ndindex(values.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[place] += step
                sides.append(C(parameters._replace(**{name: moved})))
            derived = (values - getattr(after, name))[place]
            assert derived == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5, abs=1e-8), (name, place)


def test_softmax_of_one_output_is_sigma_and_costs_the_same():
    parameters, X, y = problem()
    one, other = forward(parameters, X, "tanh", "sigmoid"), forward(parameters, X, "tanh", "softmax")
    np.testing.assert_array_equal(one.y_hat, other.y_hat)
    assert cost(one, y, "sigmoid") == cost(other, y, "softmax")


def test_softmax_and_its_cost_do_not_overflow():
    Z2 = np.array([[1e4, -1e4], [0.0, 0.0], [-1e4, 1e4]])
    np.testing.assert_array_equal(OUTPUTS["softmax"](Z2), [[1, 0], [0, 0], [0, 1]])
    passed = Forward(Z2, Z2, Z2, Z2, Z2)
    np.testing.assert_array_equal(costs(passed, np.array([0.0, 0.0]), "softmax"), [[0.0, 2e4]])


def test_momentum_by_hand():
    """v = 1, then 0.5 * 1 + 1 = 1.5, then 1.75, of a gradient that is always 1; eta = 2."""
    ones = Parameters(*(np.ones_like(p) for p in THREE))
    parameters, v, total = THREE, None, 0.0
    for step in (1.0, 1.5, 1.75):
        parameters, v = updated(parameters, Gradients(*ones), 2.0, momentum=0.5, v=v)
        total += 2.0 * step
        for before, after in zip(THREE, parameters, strict=True):
            np.testing.assert_allclose(before - after, total, rtol=1e-15)


def test_l2_leaves_the_biases_alone():
    nothing = Gradients(*(np.zeros_like(p) for p in THREE))
    parameters = THREE._replace(b1=np.ones((2, 1)), b2=np.ones((3, 1)))
    after, _ = updated(parameters, nothing, 0.5, l2=0.1)
    np.testing.assert_allclose(after.W1, 0.95 * THREE.W1)
    np.testing.assert_allclose(after.W2, 0.95 * THREE.W2)
    assert (after.b1 == 1).all() and (after.b2 == 1).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("l2", "momentum"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.8), (0.02, 0.8)])
def test_softmax_l2_and_momentum_are_those_of_scikit_learn(activation, l2, momentum):
    """The same start, the same full batches: MLPClassifier divides its penalty by the samples of the batch."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(30, 2)), np.arange(30) % 3
    parameters = initialise(2, 6, rng, activation, 3)
    named = {"sigmoid": "logistic"}.get(activation, activation)
    theirs = MLPClassifier(
        6, activation=named, solver="sgd", alpha=30 * l2, momentum=momentum, nesterovs_momentum=False,
        learning_rate_init=0.1, batch_size=30, shuffle=False,
    )  # fmt: skip
    theirs.partial_fit(X, y, classes=[0, 1, 2])
    start = [parameters.W1.T, parameters.W2.T], [parameters.b1[:, 0], parameters.b2[:, 0]]
    theirs.coefs_, theirs.intercepts_ = [a.copy() for a in start[0]], [a.copy() for a in start[1]]
    theirs._optimizer.velocities = [np.zeros_like(a) for a in [*theirs.coefs_, *theirs.intercepts_]]
    v = None
    for _ in range(20):
        theirs.partial_fit(X, y)
        gradients = backward(parameters, forward(parameters, X, activation, "softmax"), y.astype(float), activation)
        parameters, v = updated(parameters, gradients, 0.1, l2, momentum, v)
    np.testing.assert_allclose(parameters.W1, theirs.coefs_[0].T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(parameters.W2, theirs.coefs_[1].T, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(parameters.b2[:, 0], theirs.intercepts_[1], rtol=1e-10, atol=1e-12)
