"""Squared error beside cross-entropy, against differences and by hand."""

import math

import numpy as np
import pytest

from tests.derivation.several import several
from tests.problems import problem
from toynet import network
from toynet.activations import ACTIVATIONS, OUTPUTS, sigma, softmax
from toynet.derivation import squared_error
from toynet.derivation.form import Form
from toynet.derivation.squared_error import COSTS, FORMULAS, both, dC_dZ2, lead, positions, table, texts
from toynet.network import Forward, Parameters, forward

pytestmark = pytest.mark.filterwarnings("error")


def test_by_hand():
    # Z2 = ln 3: y_hat = 3/4, sigma' = 3/16. y = 1: error -1/4, C = 1/32, dC/dZ2 = -1/4 * 3/16 = -3/64.
    Z2 = np.array([[math.log(3)]])
    assert squared_error.cost(Forward(None, None, None, Z2, np.array([[0.75]])), np.array([1.0])) == 1 / 32
    found = dC_dZ2(Z2, 1.0)
    assert found["Cross-entropy"] == pytest.approx(-1 / 4)
    assert found["Squared error"] == pytest.approx(-3 / 64)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("m", [1, 5])
def test_gradient_agrees_with_differences_of_its_cost(activation, m):
    parameters, X, y = problem(activation, m)
    derived = both(parameters, X, y, activation)["Squared error"]
    for (name, values), gradient in zip(parameters._asdict().items(), derived, strict=True):
        for index in np.ndindex(values.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[index] += step
                passed = forward(Parameters(**{**parameters._asdict(), name: moved}), X, activation)
                sides.append(squared_error.cost(passed, y))
            assert gradient[index] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-9)


def test_both_are_at_the_same_parameters():
    parameters, X, y = problem("tanh")
    gradients = both(parameters, X, y, "tanh")
    assert tuple(gradients) == COSTS
    right = network.backward(parameters, forward(parameters, X, "tanh"), y, "tanh")
    assert all(np.array_equal(a, b) for a, b in zip(gradients["Cross-entropy"], right, strict=True))


def test_certain_and_wrong_sample_has_no_gradient_under_squared_error():
    found = dC_dZ2(np.array([40.0, -800.0]), np.array([0.0, 1.0]))
    assert found["Cross-entropy"].tolist() == [1, -1]
    # sigma'(40) = e^-40 = 4.2e-18; sigma'(-800) underflows to 0.
    assert found["Squared error"] == pytest.approx([math.exp(-40), 0], rel=1e-9)


def test_table_covers_both_classes_and_costs():
    rows = table()
    assert list(rows.columns) == ["Z2", "y", "cost", "dC_dZ2"]
    assert rows.groupby(["y", "cost"]).size().to_dict() == {(y, cost): 161 for y in (0, 1) for cost in COSTS}
    assert (rows.Z2.min(), rows.Z2.max()) == (-8, 8)
    at = rows[(rows.Z2 == 0)].set_index(["y", "cost"]).dC_dZ2.to_dict()
    # y_hat = 1/2, sigma' = 1/4
    assert at == {(0, COSTS[0]): 0.5, (0, COSTS[1]): 0.125, (1, COSTS[0]): -0.5, (1, COSTS[1]): -0.125}


def test_positions_are_the_samples_own():
    parameters, X, y = problem("tanh")
    passed = forward(parameters, X, "tanh")
    rows = positions(passed, y)
    assert list(rows.columns) == list(table().columns) and len(rows) == 2 * y.size
    own = rows[rows.cost == "Cross-entropy"]
    np.testing.assert_array_equal(own.Z2, passed.Z2[0])
    np.testing.assert_allclose(own.dC_dZ2, (passed.y_hat - y)[0])
    assert own.y.tolist() == y.tolist()


# --- several outputs -------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("m", [1, 5])
def test_gradient_of_several_outputs_agrees_with_differences_of_its_cost(output, m):
    parameters, X, y = several("tanh", m)
    derived = both(parameters, X, y, "tanh", output)["Squared error"]
    for (name, values), gradient in zip(parameters._asdict().items(), derived, strict=True):
        for index in np.ndindex(values.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[index] += step
                passed = forward(parameters._replace(**{name: moved}), X, "tanh", output)
                sides.append(squared_error.cost(passed, y))
            assert gradient[index] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-9)


def test_three_outputs_by_hand():
    # y_hat = (1/2, 1/4, 1/4), class 0: error (-1/2, 1/4, 1/4), C = (1/4 + 1/16 + 1/16) / 2 = 3/16.
    # softmax: y_hat . error = -1/4 + 1/8 = -1/8, so (1/2)(-3/8), (1/4)(3/8), (1/4)(3/8).
    y_hat, y = np.array([[0.5], [0.25], [0.25]]), np.array([0.0])
    parameters = Parameters(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((3, 1)), np.log(4 * y_hat))
    assert squared_error.cost(Forward(None, None, None, np.log(y_hat), y_hat), y) == 3 / 16
    found = both(parameters, np.ones((1, 1)), y, "tanh", "softmax")
    np.testing.assert_allclose(found["Cross-entropy"].dC_db2, [[-1 / 2], [1 / 4], [1 / 4]], rtol=1e-14)
    np.testing.assert_allclose(found["Squared error"].dC_db2, [[-3 / 16], [3 / 32], [3 / 32]], rtol=1e-14)


def test_softmax_is_sigma_of_the_lead():
    Z2 = np.random.default_rng(0).normal(0, 3, (4, 9))
    np.testing.assert_allclose(sigma(lead(Z2)), softmax(Z2), rtol=1e-12)
    assert lead(np.array([[900.0], [0.0], [-900.0]]))[:, 0].tolist() == [900, -900, -1800]


@pytest.mark.parametrize("output", OUTPUTS)
def test_positions_are_those_of_every_output_of_every_sample(output):
    parameters, X, y = several()
    passed = forward(parameters, X, "tanh", output)
    rows = positions(passed, y, output)
    assert list(rows.columns) == list(table().columns) and len(rows) == 2 * 3 * y.size
    own = rows[rows.cost == "Cross-entropy"]
    Y = network.one_hot(y, 3)
    np.testing.assert_allclose(own.dC_dZ2, (passed.y_hat - Y).ravel(), rtol=1e-14)
    assert own.y.tolist() == Y.ravel().tolist()
    # Each on the curve: of softmax over the lead.
    np.testing.assert_allclose(sigma(own.Z2.to_numpy()) - Y.ravel(), own.dC_dZ2, rtol=1e-9)
    np.testing.assert_array_equal(own.Z2, (lead(passed.Z2) if output == "softmax" else passed.Z2).ravel())
    squared = rows[rows.cost == "Squared error"].dC_dZ2.to_numpy().reshape(3, -1)
    of_each = [both(parameters, X[i : i + 1], y[i : i + 1], "tanh", output)["Squared error"].dC_db2 for i in range(7)]
    np.testing.assert_allclose(squared, np.hstack(of_each), rtol=1e-12)


def test_texts_of_several_outputs_sum_over_them_and_have_the_jacobian_of_softmax():
    assert texts() == FORMULAS
    for output in OUTPUTS:
        found = texts(Form(3, output))
        assert list(found) == list(COSTS)
        assert all(r"\sum_{c=0}^{k-1}" in cost and "Y" in product for cost, product in found.values())
        assert (r"\text{diag}" in found["Squared error"][1]) == (output == "softmax")
