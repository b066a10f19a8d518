"""Squared error beside cross-entropy, against differences and by hand."""

import math

import numpy as np
import pytest

from tests.problems import problem
from toynet import network
from toynet.activations import ACTIVATIONS
from toynet.derivation import squared_error
from toynet.derivation.squared_error import COSTS, both, dC_dZ2, positions, table
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
