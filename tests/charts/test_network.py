"""The network as a picture: what its tables say is what the network is."""

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from toynet.activations import ACTIVATIONS
from toynet.charts import field
from toynet.charts.network import FLAT, MOST_UNITS, gradient_ends, network_chart, network_tables
from toynet.config import Config
from toynet.datasets import load
from toynet.network import backward, forward, initialise


def drawn(hidden_size=3, activation="tanh", seed=0):
    """Parameters, split, plane, and the tables as lists."""
    split = load(Config(samples=40))
    parameters = initialise(2, hidden_size, np.random.default_rng(seed), activation)
    b1 = parameters.b1 + np.linspace(-1, 1, hidden_size)[:, None]
    parameters = parameters._replace(b1=b1, b2=parameters.b2 - 0.5)
    plane = field.plane(split)
    tables = network_tables(parameters, activation, split, plane)
    return parameters, split, plane, {name: table.to_pydict() for name, table in tables.items()}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_weights_and_biases_with_their_gradients(activation):
    parameters, split, _, tables = drawn(3, activation)
    passed = forward(parameters, split.X_train, activation)
    gradients = backward(parameters, passed, split.y_train, activation)
    weights = tables["weights"]
    for k, value, gradient in zip(*(weights[c] for c in ("k", "value", "gradient")), strict=True):
        i, j = divmod(k, 3)
        W, dW = (parameters.W1, gradients.dC_dW1) if i < 2 else (parameters.W2, gradients.dC_dW2)
        at = (j, i) if i < 2 else (0, j)
        assert (value, gradient) == (np.float32(W[at]), np.float32(dW[at]))
    assert weights["k"] == list(range(9))
    units = tables["units"]
    assert units["k"] == [0, 1, 2, 3]
    assert units["value"] == [*parameters.b1[:, 0].astype(np.float32), np.float32(parameters.b2[0, 0])]
    assert units["gradient"] == [*gradients.dC_db1[:, 0].astype(np.float32), np.float32(gradients.dC_db2[0, 0])]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_of_colours_is_the_units_field(activation):
    """At every pixel the place along the gradient, taken back to Z1, is what the network computes there."""
    parameters, _, plane, _ = drawn(5, activation)
    Z1 = forward(parameters, plane.X, activation).Z1.reshape(5, field.GRID, field.GRID)[:, ::-1]
    u, v = np.meshgrid(*2 * [(np.arange(field.GRID) + 0.5) / field.GRID])
    low, high = ACTIVATIONS[activation].span
    for unit, (x1, y1, x2, y2) in enumerate(gradient_ends(parameters, activation, plane)):
        along = ((u - x1) * (x2 - x1) + (v - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
        if activation == "relu":
            largest = max(Z1[unit].max(), FLAT)
            np.testing.assert_allclose(np.clip(along, 0, 1) * largest, np.maximum(Z1[unit], 0), atol=0.03 * largest)
        else:
            np.testing.assert_allclose(low + along * (high - low), Z1[unit], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scale", [0.0, 1e5, 1e9, 1e200, np.inf])
def test_flat_and_huge_units_have_finite_ends(activation, scale):
    parameters, split, plane, _ = drawn(3, activation)
    with np.errstate(invalid="ignore"):
        parameters = parameters._replace(W1=parameters.W1 * scale)
    units = network_tables(parameters, activation, split, plane)["units"].to_pydict()
    ends = np.array([units[c] for c in ("x1", "y1", "x2", "y2")])
    assert np.isfinite(ends).all()
    # A gradient of no length would paint nothing.
    assert ((ends[0] != ends[2]) | (ends[1] != ends[3]))[:3].all()


def test_no_more_units_than_there_is_room_for():
    _, _, _, tables = drawn(MOST_UNITS + 4)
    assert len(tables["weights"]["k"]) == 3 * MOST_UNITS
    assert len(tables["units"]["k"]) == MOST_UNITS + 1


@pytest.mark.parametrize("name", ['petal\'s "length"', "x1", "datum.q \\ {}"])
@pytest.mark.parametrize("hidden_size", [1, 16, 20])
def test_the_spec_reads_what_the_tables_have(name, hidden_size):
    parameters, split, plane, _ = drawn(hidden_size)
    split = split._replace(feature_names=(name, "y"))
    assert_fits(
        network_chart(split.feature_names, hidden_size, "tanh"), network_tables(parameters, "tanh", split, plane)
    )


@pytest.mark.parametrize(("hidden_size", "rows"), [(8, "width < 352 ? 2 : 1"), (16, "width < 704 ? 2 : 1"), (17, "2")])
def test_units_zigzag_where_one_row_has_no_room(hidden_size, rows):
    params = {p["name"]: p.get("expr") for p in network_chart(("a", "b"), hidden_size, "tanh")["params"]}
    assert params["rows"] == rows
