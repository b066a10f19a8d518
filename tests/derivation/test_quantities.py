"""The derivation as data: on paper, in `network.py`, and on screen the same."""

import inspect
import math
import re
from pathlib import Path

import numpy as np
import pytest

from tests.derivation.several import KINDS, form, several, velocity
from tests.problems import problem
from toynet import network
from toynet.activations import ACTIVATIONS, sigma
from toynet.derivation.factors import factors
from toynet.derivation.form import ORDER, PHASES, Form, order, phases
from toynet.derivation.formulas import latex_name, plain_name
from toynet.derivation.outputs import dC_dy_hat
from toynet.derivation.quantities import quantities
from toynet.derivation.source_lines import WITHIN, Line, source_lines
from toynet.network import Parameters

pytestmark = pytest.mark.filterwarnings("error")

LN3 = math.log(3)


def seed_example():
    """The example of the question that started this: one sample, four hidden units, numbers for paper.

    x = (1, 2), relu, W1 = [1 0; 0 1; 1 1; -1 0], b1 = (0, -1, 0, 0):
    Z1 = (1, 2 - 1, 3, -1), A1 = (1, 1, 3, 0).
    W2 = (ln 3, ln 3, -ln 3, 5), b2 = 2 ln 3: Z2 = ln 3 (1 + 1 - 3) + 2 ln 3 = ln 3.
    y_hat = 1 / (1 + 1/3) = 3/4.
    """
    W1 = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0]])
    b1 = np.array([[0.0], [-1.0], [0.0], [0.0]])
    W2 = np.array([[LN3, LN3, -LN3, 5.0]])
    return Parameters(W1, b1, W2, np.array([[2 * LN3]])), np.array([[1.0, 2.0]])


def test_seed_example_as_on_paper():
    parameters, X = seed_example()
    paper = {
        "A0": [[1], [2]],
        "Z1": [[1], [1], [3], [-1]],
        "A1": [[1], [1], [3], [0]],
        "Z2": [[LN3]],
        "y_hat": [[3 / 4]],
        "y": [[1]],
        "C": math.log(4 / 3),  # -log(3/4)
        "dC_dy_hat": [[-4 / 3]],  # (3/4 - 1) / (3/4 * 1/4)
        "dy_hat_dZ2": [[3 / 16]],
        "dZ2_dW2": [[1, 1, 3, 0]],
        "dC_dZ2": [[-1 / 4]],
        "dC_dW2": [[-1 / 4, -1 / 4, -3 / 4, 0]],
        "dC_db2": [[-1 / 4]],
        "g_prime_Z1": [[1], [1], [1], [0]],
        "dC_dZ1": [[-LN3 / 4], [-LN3 / 4], [LN3 / 4], [0]],  # W2.T times -1/4, where the unit is on
        "dC_dW1": [[-LN3 / 4, -LN3 / 2], [-LN3 / 4, -LN3 / 2], [LN3 / 4, LN3 / 2], [0, 0]],
        "dC_db1": [[-LN3 / 4], [-LN3 / 4], [LN3 / 4], [0]],
        "new_W2": [[LN3 + 1 / 8, LN3 + 1 / 8, -LN3 + 3 / 8, 5]],  # eta = 1/2
        "new_b2": [[2 * LN3 + 1 / 8]],
        "new_b1": [[LN3 / 8], [-1 + LN3 / 8], [-LN3 / 8], [0]],
    }
    found = quantities(parameters, X, np.array([1.0]), "relu", 0.5)
    for symbol, value in paper.items():
        np.testing.assert_allclose(found[symbol].value, value, rtol=1e-14, atol=1e-15, err_msg=symbol)
    assert found["W2"].shape_text == "(1, h) = (1, 4)"
    assert found["A1"].shape_text == "(h, m) = (4, 1)"
    assert found["dC_dW2"].shape_text == "(1, h) = (1, 4)"
    assert found["C"].shape_text == "scalar"


def test_three_factors_of_the_seed_example_multiply_to_the_error_times_A1_transposed():
    parameters, X = seed_example()
    f = factors(parameters, X[0], 1.0, "relu")
    assert (f.dC_dy_hat, f.dy_hat_dZ2) == (pytest.approx(-4 / 3), pytest.approx(3 / 16))
    assert f.dZ2_dW2.tolist() == [[1, 1, 3, 0]]
    assert f.error == pytest.approx(-1 / 4)
    np.testing.assert_allclose(f.product, [[-1 / 4, -1 / 4, -3 / 4, 0]], rtol=1e-14)
    np.testing.assert_allclose(f.simplified, [[-1 / 4, -1 / 4, -3 / 4, 0]], rtol=1e-14)
    assert f.difference < 1e-15 and not f.saturated and f.note == ""


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_product_of_the_factors_is_what_backward_computes(activation, y):
    parameters, X, _ = problem(activation, m=1)
    f = factors(parameters, X[0], y, activation)
    passed = network.forward(parameters, X, activation)
    gradient = network.backward(parameters, passed, np.array([y]), activation).dC_dW2
    assert np.array_equal(f.simplified, gradient)
    np.testing.assert_allclose(f.product, gradient, rtol=1e-13)


@pytest.mark.parametrize("Z2", [800.0, -800.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_saturated_factors_say_so_without_a_warning(Z2, y):
    parameters, X = seed_example()
    f = factors(parameters._replace(b2=np.array([[Z2]])), X[0], y, "relu")
    wrong = y != (Z2 > 0)
    assert f.saturated and f.dy_hat_dZ2 == 0
    assert f.error == ((1 - 2 * y) if wrong else 0)
    if wrong:
        assert f.dC_dy_hat == (-np.inf if y else np.inf)
        assert np.isnan(f.product).all() and math.isnan(f.difference) and "infinite" in f.note
    else:
        assert f.dC_dy_hat == (-1 if y else 1)
        assert f.difference == 0 and "infinite" not in f.note
    assert len(quantities(parameters._replace(b2=np.array([[Z2]])), X, np.array([y]), "relu", 0.1)) == len(ORDER)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_new_parameters_lower_the_cost_shown_by_what_their_gradients_say(activation):
    # To first order C falls by eta |dC/dtheta|^2: with every parameter moved, and with one of them alone.
    for m in (1, 5):
        parameters, X, y = problem(activation, m, some_unit_on=True)
        found = {symbol: q.value for symbol, q in quantities(parameters, X, y, activation, 1e-6).items()}
        whole = Parameters(*(found[f"new_{name}"] for name in parameters._fields))
        moves = {"all": whole} | {p: parameters._replace(**{p: found[f"new_{p}"]}) for p in parameters._fields}
        squares = {p: (found[f"dC_d{p}"] ** 2).sum() for p in parameters._fields}
        squares["all"] = sum(squares.values())
        for name, moved in moves.items():
            fallen = found["C"] - quantities(moved, X, y, activation, 1e-6)["C"].value
            assert fallen / 1e-6 == pytest.approx(squares[name], rel=1e-4), (m, name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_inner_values_lead_to_networks_gradients_bit_for_bit(activation):
    parameters, X, y = problem(activation)
    v = {symbol: q.value for symbol, q in quantities(parameters, X, y, activation, 0.3).items()}
    assert np.array_equal(v["dC_dZ2"] @ v["dZ2_dW2"], v["dC_dW2"])
    assert np.array_equal(v["dC_dZ1"] @ v["A0"].T, v["dC_dW1"])
    assert np.array_equal(v["dC_dZ1"].sum(axis=1, keepdims=True), v["dC_db1"])
    np.testing.assert_allclose(v["dC_dy_hat"] * v["dy_hat_dZ2"], v["dC_dZ2"], rtol=1e-13)
    np.testing.assert_allclose((v["dC_dy_hat"] * v["dy_hat_dZ2"]) @ v["dZ2_dW2"], v["dC_dW2"], rtol=1e-12)


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("m", [1, 3])
def test_factors_one_and_two_are_derivatives_of_the_same_cost(y, m):
    """Each probability moved by itself: what C, the mean of all, does."""
    y_hat, step = np.array([0.1, 0.5, 0.8])[:m], 1e-6

    def C(p):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    moves = step * np.eye(m)
    differences = [(C(y_hat + move) - C(y_hat - move)) / (2 * step) for move in moves]
    np.testing.assert_allclose(dC_dy_hat(y_hat, y, m), differences, rtol=1e-8)
    Z2 = np.log(y_hat / (1 - y_hat))
    slope = (sigma(Z2 + step) - sigma(Z2 - step)) / (2 * step)
    np.testing.assert_allclose(y_hat * (1 - y_hat), slope, rtol=1e-8)


@pytest.mark.parametrize("m", [1, 5])
def test_shapes_shown_are_the_values_shapes(m):
    for symbol, q in quantities(*problem("tanh", m), "tanh", 0.1).items():
        numbers = q.shape_text.rpartition("= ")[2]
        assert numbers == ("scalar" if symbol == "C" else str(q.value.shape)), symbol


# --- the lines -----------------------------------------------------------------------

NOT_NAMED_IN_NETWORK = {"dC_dy_hat", "dy_hat_dZ2", "dZ2_dW2", "g_prime_Z1"}


def test_everything_that_network_computes_has_its_line():
    computed = {*network.Parameters._fields, *network.Forward._fields, *network.Gradients._fields, "C"}
    computed |= {"dC_dZ2", "dC_dZ1"} | {f"new_{name}" for name in network.Parameters._fields}
    assert computed | NOT_NAMED_IN_NETWORK == set(source_lines()) == set(ORDER) - {"y"}
    for symbol, q in quantities(*problem("tanh"), "tanh", 0.1).items():
        assert q.lines == source_lines().get(symbol, ())


def test_lines_stand_in_the_file_under_their_numbers():
    file = Path(inspect.getsourcefile(network)).read_text("utf-8").splitlines()
    for symbol, lines in source_lines().items():
        for line in lines:
            assert file[line.number - 1].strip() == line.text, symbol


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("m", [1, 5])
def test_a_line_computes_its_quantity(activation, m):
    # Run each line on the other quantities: it must give the value that is shown beside it.
    parameters, X, y = problem(activation, m)
    found = quantities(parameters, X, y, activation, 0.3)
    names = {**vars(network), **{s: q.value for s, q in found.items()}, "parameters": parameters, "X": X}
    names |= {"y": y, "Y": y[None, :], "m": y.size, "activation": activation, "output": "sigmoid"}
    for symbol, q in found.items():
        if q.lines and symbol not in NOT_NAMED_IN_NETWORK | {"C"} and not symbol.startswith("new_"):
            scope = dict(names)
            exec(q.lines[0].text, scope)
            assert np.array_equal(scope[symbol], q.value), symbol
    for name in parameters._fields:
        expected = parameters._asdict()[name] - 0.3 * found[f"dC_d{name}"].value
        assert np.array_equal(found[f"new_{name}"].value, expected), name
    C, mean = found["C"].lines
    scope = dict(names)
    exec(C.text, scope)
    scope["forward"] = network.forward(parameters, X, activation)
    assert eval(mean.text.removeprefix("return "), scope) == found["C"].value


def test_what_stands_inside_another_line_has_that_line():
    lines = source_lines()
    assert set(WITHIN) == NOT_NAMED_IN_NETWORK
    for symbol, host, part in (
        ("dC_dy_hat", "dC_dZ2", "y_hat - Y"),
        ("dy_hat_dZ2", "dC_dZ2", "y_hat - Y"),
        ("dZ2_dW2", "dC_dW2", "A1.T"),
        ("g_prime_Z1", "dC_dZ1", "g_prime(Z1)"),
    ):
        assert lines[symbol] == lines[host] and part in lines[symbol][0].text, symbol


def test_lines_of_the_update_and_of_handed_in_parameters():
    lines = source_lines()
    assert len({lines[f"new_{name}"] for name in network.Parameters._fields}) == 1
    assert "p - learning_rate * step" in lines["new_W1"][0].text
    assert lines["W1"] == lines["b2"] and lines["W1"][0].text == "W1, b1, W2, b2 = parameters"
    assert isinstance(lines["Z1"][0], Line) and lines["Z1"][0].text == "Z1 = W1 @ A0 + b1"


# --- phases and formulas ---------------------------------------------------------------


def test_every_quantity_becomes_known_in_one_phase():
    symbols = [symbol for phase in PHASES for symbol in phase.symbols]
    assert sorted(symbols) == sorted(ORDER)
    assert [phase.name for phase in PHASES] == ["forward", "error", "output", "hidden", "update"]
    found = quantities(*problem("tanh"), "tanh", 0.1)
    assert list(found) == list(ORDER)
    for phase in PHASES:
        assert {found[symbol].phase for symbol in phase.symbols} == {phase.name}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_formulas_are_complete_latex(activation):
    for symbol, q in quantities(*problem(activation), activation, 0.1).items():
        depth = 0
        for character in q.latex:
            depth += {"{": 1, "}": -1}.get(character, 0)
            assert depth >= 0, symbol
        assert depth == 0 and "{{" not in q.latex.replace(r"{\hat{y}", ""), symbol
        assert q.latex.count(r"\left") - q.latex.count(r"\leftarrow") == q.latex.count(r"\right"), symbol
        assert q.meaning, symbol


def written(symbol):
    """A symbol as mathematicians write it: W1 is W_1, dC_dW1 a fraction."""
    above, _, below = symbol.removeprefix("d").partition("_d")
    if below:
        return rf"\frac{{\partial {written(above)}}}{{\partial {written(below)}}}"
    return {"y_hat": r"\hat{y}", "g_prime_Z1": "g'(Z_1)"}.get(symbol, re.sub(r"(\d)", r"_\1", symbol))


def test_names_in_mathematics_and_in_plain_text():
    for symbol in ORDER:
        if not symbol.startswith("new_"):
            inline = re.sub(r"\\frac\{(.*)\}\{(\\partial .*)\}$", r"\1/\2", written(symbol))
            assert latex_name(symbol) == inline, symbol
    assert (latex_name("new_W1"), latex_name("dC_dy_hat")) == (r"W_1^{\text{new}}", r"\partial C/\partial \hat{y}")
    assert [plain_name(s) for s in ("A0", "dC_dy_hat", "dZ2_dW2", "g_prime_Z1", "new_b2", "C")] == [
        "A₀", "∂C/∂ŷ", "∂Z₂/∂W₂", "g′(Z₁)", "b₂ new", "C",
    ]  # fmt: skip
    assert not any("_" in plain_name(symbol) for symbol in ORDER)


def test_every_sum_says_what_it_runs_over():
    for symbol, q in quantities(*problem(), "tanh", 0.1).items():
        assert q.latex.count(r"\sum") == q.latex.count(r"\sum_{i=1}^{m}"), symbol
        assert (r"\sum" in q.latex) == (symbol in ("C", "dC_db1", "dC_db2")), symbol


def test_the_mean_is_in_factor_one_and_in_what_it_becomes():
    found = quantities(*problem(), "tanh", 0.1)
    with_mean = {symbol for symbol, q in found.items() if r"\frac{1}{m}" in q.latex}
    assert with_mean == {"C", "dC_dy_hat", "dC_dZ2"}


def test_every_formula_says_on_its_left_what_it_is_of():
    for symbol, q in quantities(*problem(), "tanh", 0.1).items():
        left, _, right = re.sub(r"^\(\d\)\\quad ", "", q.latex).partition(" = ")
        if symbol.startswith("new_"):
            old = written(symbol.removeprefix("new_"))
            assert left == rf"{old} \leftarrow {old} - \eta {written(symbol.replace('new_', 'dC_d'))}", symbol
        else:
            assert left == written(symbol), symbol
            assert bool(right) == (symbol not in ("W1", "b1", "W2", "b2", "y")), symbol


AS_CODE = {
    r"\tanh^2(Z_1)": "np.tanh(Z1) ** 2",
    r"\tanh(Z_1)": "np.tanh(Z1)",
    r"\sigma(Z_1)": "sigma(Z1)",
    r"\max(Z_1, 0)": "np.maximum(Z1, 0)",
    "[Z_1 > 0]": "(Z1 > 0)",
    r"\left(": "* (",
    r"\right)": ")",
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_formulas_of_the_hidden_activation_and_its_slope_give_the_values(activation):
    found = quantities(*problem(activation), activation, 0.1)
    for symbol in ("A1", "g_prime_Z1"):
        code = found[symbol].latex.rpartition(" = ")[2]
        for latex, python in AS_CODE.items():
            code = code.replace(latex, python)
        value = eval(code, {"np": np, "sigma": sigma, "Z1": found["Z1"].value})
        np.testing.assert_allclose(value, found[symbol].value, rtol=1e-12, err_msg=f"{symbol}: {code}")


# --- several outputs, and the update's terms -------------------------------------------

kinds = pytest.mark.parametrize(("k", "output", "l2", "momentum"), KINDS)


def found_of(k, output, l2, momentum, m=5, activation="tanh", learning_rate=0.3):
    """Problem, velocity and quantities of a kind."""
    parameters, X, y = several(activation, m, 4, 3, k)
    v = velocity(parameters) if momentum else None
    found = quantities(parameters, X, y, activation, learning_rate, output, l2, momentum, v)
    return (parameters, X, y), v, found


def test_three_outputs_as_on_paper():
    """k = 3, m = 2, relu: A1 = [1 0; 0 2], W2 = [ln 2, 0; 0, ln 2; 0, 0], classes 0 and 2.

    Z2 = [ln 2, 0; 0, 2 ln 2; 0, 0], exp(Z2) = [2 1; 1 4; 1 1]: softmax says [2/4 1/6; 1/4 4/6; 1/4 1/6].
    """
    ln2 = math.log(2)
    W2 = np.array([[ln2, 0], [0, ln2], [0, 0]])
    parameters = Parameters(np.eye(2), np.zeros((2, 1)), W2, np.zeros((3, 1)))
    X, y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.0, 2.0])
    paper = {
        "Y": [[1, 0], [0, 0], [0, 1]],
        "y_hat": [[1 / 2, 1 / 6], [1 / 4, 2 / 3], [1 / 4, 1 / 6]],
        "C": (math.log(2) + math.log(6)) / 2,
        "penalty": 0.05 * (2 + 2 * ln2**2),  # lambda = 0.1
        "dC_dy_hat": [[-1, 0], [0, 0], [0, -3]],  # -1/(1/2)/2, -1/(1/6)/2
        "dy_hat_dZ2": np.hstack(
            [
                np.array([[4, -2, -2], [-2, 3, -1], [-2, -1, 3]]) / 16,  # 1/2 - 1/4, -1/2 * 1/4, 1/4 - 1/16
                np.array([[5, -4, -1], [-4, 8, -4], [-1, -4, 5]]) / 36,  # 1/6 - 1/36, -1/6 * 2/3, 2/3 - 4/9
            ]
        ),
        "dC_dZ2": [[-1 / 4, 1 / 12], [1 / 8, 1 / 3], [1 / 8, -5 / 12]],
        "dC_dW2": [[-1 / 4, 1 / 6], [1 / 8, 2 / 3], [1 / 8, -5 / 6]],
        "dC_db2": [[-1 / 6], [11 / 24], [-7 / 24]],
        "dC_dZ1": [[-ln2 / 4, 0], [0, ln2 / 3]],
        "dC_dW1": [[-ln2 / 4, 0], [0, 2 * ln2 / 3]],
        "g_W1": [[-ln2 / 4 + 0.1, 0], [0, 2 * ln2 / 3 + 0.1]],
        "g_W2": [[-1 / 4 + 0.1 * ln2, 1 / 6], [1 / 8, 2 / 3 + 0.1 * ln2], [1 / 8, -5 / 6]],
        "new_v_b2": [[1 / 3], [23 / 24], [5 / 24]],  # half of 1, and the gradient
        "new_b2": [[-2 / 3], [-23 / 12], [-5 / 12]],  # eta = 2
    }
    ones = Parameters(*(np.ones_like(p) for p in parameters))
    found = quantities(parameters, X, y, "relu", 2.0, "softmax", 0.1, 0.5, ones)
    for symbol, value in paper.items():
        np.testing.assert_allclose(found[symbol].value, value, rtol=1e-13, atol=1e-15, err_msg=symbol)
    texts = {s: found[s].shape_text for s in ("W2", "b2", "Y", "y_hat", "dy_hat_dZ2", "v_W2", "penalty")}
    assert texts == {
        "W2": "(k, h) = (3, 2)", "b2": "(k, 1) = (3, 1)", "Y": "(k, m) = (3, 2)", "y_hat": "(k, m) = (3, 2)",
        "dy_hat_dZ2": "(k, k m) = (3, 6)", "v_W2": "(k, h) = (3, 2)", "penalty": "scalar",
    }  # fmt: skip


@kinds
def test_what_is_off_is_not_there_and_what_is_on_is(k, output, l2, momentum):
    _, _, found = found_of(k, output, l2, momentum)
    assert ("penalty" in found) == ("g_W1" in found) == (l2 > 0)
    assert ("v_W1" in found) == ("new_v_b2" in found) == (momentum > 0)
    assert ("Y" in found) == (k > 1) != ("y" in found)
    assert list(found) == list(order(form(k, output, l2, momentum)))
    if not l2 and not momentum and k == 1:
        assert list(found) == list(ORDER)


@kinds
@pytest.mark.parametrize("m", [1, 5])
def test_shapes_shown_are_the_values_shapes_in_every_form(k, output, l2, momentum, m):
    for symbol, q in found_of(k, output, l2, momentum, m)[2].items():
        numbers = q.shape_text.rpartition("= ")[2]
        assert numbers == ("scalar" if symbol in ("C", "penalty") else str(q.value.shape)), symbol
        assert len(q.axes.split()) == np.ndim(q.value), symbol


@kinds
def test_every_quantity_of_every_form_becomes_known_in_one_phase(k, output, l2, momentum):
    kind = form(k, output, l2, momentum)
    symbols = [symbol for phase in phases(kind) for symbol in phase.symbols]
    assert sorted(symbols) == sorted(order(kind)) and len(set(symbols)) == len(symbols)
    found = found_of(k, output, l2, momentum)[2]
    for phase in phases(kind):
        assert {found[symbol].phase for symbol in phase.symbols} == {phase.name}


@kinds
def test_both_factors_make_the_error_and_that_the_gradients(k, output, l2, momentum):
    (_, _, y), _, found = found_of(k, output, l2, momentum)
    v = {symbol: q.value for symbol, q in found.items()}
    one, two = v["dC_dy_hat"], v["dy_hat_dZ2"]
    if output == "softmax":
        error = np.hstack([two[:, k * i : k * i + k].T @ one[:, i : i + 1] for i in range(y.size)])
    else:
        error = one * two
    np.testing.assert_allclose(error, v["dC_dZ2"], rtol=1e-12)
    assert np.array_equal(v["dC_dZ2"] @ v["dZ2_dW2"], v["dC_dW2"])
    assert np.array_equal(v["dC_dZ1"] @ v["A0"].T, v["dC_dW1"])


@kinds
def test_new_parameters_are_those_of_the_update(k, output, l2, momentum):
    (parameters, X, y), v, found = found_of(k, output, l2, momentum)
    gradients = network.backward(parameters, network.forward(parameters, X, "tanh", output), y, "tanh")
    new, new_v = network.updated(parameters, gradients, 0.3, l2, momentum, v)
    for name in parameters._fields:
        assert np.array_equal(found[f"new_{name}"].value, getattr(new, name))
        if momentum:
            assert np.array_equal(found[f"v_{name}"].value, getattr(v, name))
            assert np.array_equal(found[f"new_v_{name}"].value, getattr(new_v, name))


def test_before_the_first_update_the_velocity_is_0():
    parameters, X, y = several()
    found = quantities(parameters, X, y, "tanh", 0.3, "softmax", 0.0, 0.9, None)
    assert not found["v_W2"].value.any()
    assert np.array_equal(found["new_v_W2"].value, found["dC_dW2"].value)


@kinds
@pytest.mark.parametrize("m", [1, 5])
def test_a_line_computes_its_quantity_in_every_form(k, output, l2, momentum, m):
    (parameters, X, y), v, found = found_of(k, output, l2, momentum, m)
    passed = network.forward(parameters, X, "tanh", output)
    Y = network.one_hot(y, k)
    names = {**vars(network), **{s: q.value for s, q in found.items()}, "parameters": parameters, "X": X, "Y": Y}
    names |= {"y": y, "m": m, "k": k, "activation": "tanh", "output": output, "forward": passed, "l2": l2}
    for symbol, q in found.items():
        if symbol in (*parameters._fields, "y", *(f"v_{n}" for n in parameters._fields)):
            assert q.lines == (() if symbol[0] in "yv" else source_lines()[symbol])
        elif symbol not in NOT_NAMED_IN_NETWORK | {"C", "penalty"} and not symbol.startswith(("new_", "g_")):
            scope = dict(names) | ({"forward": network.forward} if symbol in ("Z1", "A1") else {})
            exec(q.lines[0].text, scope)
            assert np.array_equal(scope[symbol], q.value), symbol
    _run_costs(found, names)
    _run_update(found, names, v, momentum)


def _run_costs(found, names):
    """The lines of C one after the other, and that of the penalty."""
    *each, mean = found["C"].lines
    scope = dict(names)
    for line in each:
        if line.text.startswith("return "):
            scope["C"] = eval(line.text.removeprefix("return "), scope)
        else:
            exec(line.text, scope)
    scope["costs"] = lambda *given: scope["C"]
    assert eval(mean.text.removeprefix("return "), scope) == found["C"].value
    if "penalty" in found:
        (line,) = found["penalty"].lines
        assert eval(line.text.removeprefix("return "), dict(names)) == found["penalty"].value


def _run_update(found, names, v, momentum):
    """The lines of the update in order: L2's, momentum's, and the step's."""
    fields = Parameters._fields
    scope = {**names, "learning_rate": 0.3, "momentum": momentum, "v": v, "g": None}
    scope["g"] = Parameters(*(found[f"dC_d{name}"].value for name in fields))
    for symbols, result in ((("g_W1", "g_W2"), "g"), ([f"new_v_{name}" for name in fields], "v")):
        if symbols[0] in found:
            (text,) = {line.text for symbol in symbols for line in found[symbol].lines}
            exec(text, scope)
            for symbol in symbols:
                assert np.array_equal(getattr(scope[result], symbol[-2:]), found[symbol].value), symbol
        elif result == "v":
            scope["v"] = scope["g"]
    (text,) = {line.text for name in fields for line in found[f"new_{name}"].lines}
    new, _ = eval(text.removeprefix("return "), scope)
    for name in fields:
        assert np.array_equal(getattr(new, name), found[f"new_{name}"].value)


def test_lines_of_every_form_stand_in_the_file_under_their_numbers():
    file = Path(inspect.getsourcefile(network)).read_text("utf-8").splitlines()
    for kind in KINDS:
        for symbol, lines in source_lines(form(*kind)).items():
            for line in lines:
                assert file[line.number - 1].strip().startswith(line.text[:40]), symbol
    softmax, sigmoids = (source_lines(Form(3, output))["C"] for output in ("softmax", "sigmoid"))
    assert "np.exp(Z2 - top)" in softmax[1].text and "log1p" in sigmoids[0].text and "sum" in sigmoids[1].text
    assert softmax[-1] == sigmoids[-1] == source_lines()["C"][-1]


@kinds
def test_formulas_of_every_form_are_complete_and_say_on_their_left_what_they_are_of(k, output, l2, momentum):
    for symbol, q in found_of(k, output, l2, momentum)[2].items():
        depth = 0
        for character in q.latex:
            depth += {"{": 1, "}": -1}.get(character, 0)
            assert depth >= 0, symbol
        assert depth == 0 and "{{" not in q.latex.replace(r"{\hat{y}", ""), symbol
        assert q.latex.count(r"\left") - q.latex.count(r"\leftarrow") == q.latex.count(r"\right"), symbol
        assert q.latex.count(r"\sum") == len(re.findall(r"\\sum_\{(i=1|c=0)\}\^\{(m|k-1)\}", q.latex)), symbol
        left = re.split(r" = | \\leftarrow ", re.sub(r"^\(\d\)\\quad ", "", q.latex))[0]
        expected = {"Y": "Y_{ci}"}.get(symbol) or (
            latex_name(symbol.removeprefix("new_")) if "_d" not in symbol else written(symbol)
        )
        assert left == expected, symbol
        assert q.meaning, symbol
        if k > 1:
            assert not re.search(r"(?<![\\{])y(?![\w}_])", q.latex), symbol


def test_formulas_of_the_update_have_the_terms_that_are_on_and_no_others():
    def new(name, l2, momentum):
        return found_of(3, "softmax", l2, momentum)[2][f"new_{name}"].latex

    dC = r"\frac{\partial C}{\partial %s}"
    assert new("W1", 0, 0) == rf"W_1 \leftarrow W_1 - \eta {dC % 'W_1'}"
    assert new("W1", 0.1, 0) == r"W_1 \leftarrow W_1 - \eta g_{W_1}" and new("b1", 0.1, 0).endswith(dC % "b_1")
    assert new("b2", 0.1, 0.9) == r"b_2 \leftarrow b_2 - \eta v_{b_2}"
    found = found_of(3, "softmax", 0.1, 0.9)[2]
    assert found["g_W2"].latex == rf"g_{{W_2}} = {dC % 'W_2'} + \lambda W_2"
    assert found["new_v_W2"].latex == r"v_{W_2} \leftarrow \mu v_{W_2} + g_{W_2}"
    assert found["new_v_b1"].latex == rf"v_{{b_1}} \leftarrow \mu v_{{b_1}} + {dC % 'b_1'}"
    alone = found_of(1, "sigmoid", 0, 0.9)[2]
    assert alone["new_v_W1"].latex.endswith(dC % "W_1")


def test_names_of_the_terms():
    assert [latex_name(s) for s in ("v_W1", "g_W2", "new_v_b1", "penalty", "Y")] == [
        "v_{W_1}", "g_{W_2}", r"v_{b_1}^{\text{new}}", "P", "Y",
    ]  # fmt: skip
    assert [plain_name(s) for s in ("v_W1", "g_W2", "new_v_b1", "penalty", "Y")] == [
        "v of W₁", "g of W₂", "v of b₁ new", "P", "Y",
    ]  # fmt: skip


def test_softmax_of_one_output_is_told_as_the_sigmoid_that_it_is():
    given = *problem(), "tanh", 0.3
    one, other = quantities(*given), quantities(*given, "softmax")
    assert list(one) == list(other)
    for symbol in one:
        assert one[symbol].latex == other[symbol].latex and np.array_equal(one[symbol].value, other[symbol].value)
