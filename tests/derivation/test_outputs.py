"""Why both outputs give y_hat - Y: by hand, against differences, and that what is shown is what ran."""

import inspect
import math
import re
from pathlib import Path

import numpy as np
import pytest

from tests.derivation.several import several
from toynet import network
from toynet.activations import OUTPUTS
from toynet.derivation import outputs
from toynet.derivation.factors import factors
from toynet.derivation.outputs import FORMULAS, dC_dy_hat, dy_hat_dZ2, lines, multiplied_out, side_by_side

pytestmark = pytest.mark.filterwarnings("error")

LN2 = math.log(2)
Z2 = np.array([[LN2], [2 * LN2], [0.0]])
Y = np.array([[1.0], [0.0], [0.0]])
"""exp(Z2) = (2, 4, 1): softmax says (2, 4, 1)/7, sigmoids say 2/3, 4/5 and 1/2; the class is 0."""

each = pytest.mark.parametrize("output", OUTPUTS)


def test_sigmoids_by_hand():
    found = multiplied_out(Z2, Y, "sigmoid")
    np.testing.assert_allclose(found.y_hat, [[2 / 3], [4 / 5], [1 / 2]], rtol=1e-15)
    np.testing.assert_allclose(found.dC_dy_hat, [[-3 / 2], [5], [2]], rtol=1e-14)  # -1/y_hat, 1/(1 - y_hat)
    np.testing.assert_allclose(found.dy_hat_dZ2, np.diag([2 / 9, 4 / 25, 1 / 4]), rtol=1e-14)
    np.testing.assert_allclose(found.dC_dZ2, [[-1 / 3], [4 / 5], [1 / 2]], rtol=1e-14)
    assert found.difference < 1e-15 and found.note == ""


def test_softmax_by_hand():
    found = multiplied_out(Z2, Y, "softmax")
    np.testing.assert_allclose(found.y_hat, [[2 / 7], [4 / 7], [1 / 7]], rtol=1e-15)
    np.testing.assert_allclose(found.dC_dy_hat, [[-7 / 2], [0], [0]], rtol=1e-14)
    jacobian = np.array([[10, -8, -2], [-8, 12, -4], [-2, -4, 6]]) / 49  # 2/7 - 4/49 = 10/49, -2/7 * 4/7 = -8/49
    np.testing.assert_allclose(found.dy_hat_dZ2, jacobian, rtol=1e-14)
    np.testing.assert_allclose(found.dC_dZ2, [[-5 / 7], [4 / 7], [1 / 7]], rtol=1e-14)  # 10/49 * -7/2 = -5/7
    assert found.difference < 1e-15 and found.note == ""


def test_side_by_side_they_have_the_same_Z2_and_each_its_own_probabilities():
    parameters, X, y = several(m=1)
    passes = {output: network.forward(parameters, X, "tanh", output) for output in OUTPUTS}
    shown = side_by_side(passes["sigmoid"].Z2, network.one_hot(y, 3))
    assert list(shown) == list(OUTPUTS)
    for output, found in shown.items():
        assert np.array_equal(found.y_hat, passes[output].y_hat)
        assert np.array_equal(found.error, network.output_error(passes[output], y))
        np.testing.assert_allclose(found.dC_dZ2, found.error, rtol=1e-13)
    assert not np.allclose(shown["sigmoid"].y_hat, shown["softmax"].y_hat)


@each
def test_both_factors_are_derivatives(output):
    rng, step = np.random.default_rng(0), 1e-6
    for k in (3, 6):
        z, classes = rng.normal(size=(k, 1)), network.one_hot(np.array([1.0]), k)
        found = multiplied_out(z, classes, output)

        def C(p, classes=classes):
            own = (classes * np.log(p)).sum()
            return -own if output == "softmax" else -own - ((1 - classes) * np.log(1 - p)).sum()

        moves = step * np.eye(k)[:, :, None]
        slopes = [(OUTPUTS[output](z + e) - OUTPUTS[output](z - e)) / (2 * step) for e in moves]
        np.testing.assert_allclose(found.dy_hat_dZ2, np.hstack(slopes), rtol=1e-7, atol=1e-10)
        by_y_hat = [(C(found.y_hat + e) - C(found.y_hat - e)) / (2 * step) for e in moves]
        np.testing.assert_allclose(found.dC_dy_hat[:, 0], by_y_hat, rtol=1e-6, atol=1e-8)


@each
def test_the_factors_of_a_batch_are_those_of_its_samples_over_m(output):
    rng = np.random.default_rng(2)
    z, y = rng.normal(size=(3, 5)), rng.integers(0, 3, 5).astype(float)
    classes = network.one_hot(y, 3)
    one, two = dC_dy_hat(OUTPUTS[output](z), classes, 5, output), dy_hat_dZ2(OUTPUTS[output](z), output)
    for i in range(5):
        found = multiplied_out(z[:, i : i + 1], classes[:, i : i + 1], output)
        np.testing.assert_allclose(5 * one[:, i : i + 1], found.dC_dy_hat, rtol=1e-14)
        block = two[:, 3 * i : 3 * i + 3] if output == "softmax" else np.diag(two[:, i])
        np.testing.assert_allclose(block, found.dy_hat_dZ2, rtol=1e-14)


def test_saturation_that_leaves_no_product_is_said_without_a_warning():
    far = np.array([[-800.0], [800.0], [0.0]])
    for output in OUTPUTS:
        found = multiplied_out(far, Y, output)
        assert "ŷ of class 0 is 0 to the last digit and Y is 1" in found.note and math.isnan(found.difference)
        assert np.isfinite(found.error).all()
        assert "no longer a number" in multiplied_out(np.full((3, 1), np.nan), Y, output).note
    sure = multiplied_out(-far, Y, "softmax")
    assert sure.note == "" and sure.difference == 0


@each
def test_the_three_factors_of_several_outputs_multiply_to_what_backward_computes(output):
    parameters, X, y = several("sigmoid", 1)
    found = factors(parameters, X[0], y[0], "sigmoid", output)
    gradient = network.backward(parameters, network.forward(parameters, X, "sigmoid", output), y, "sigmoid").dC_dW2
    assert np.array_equal(found.simplified, gradient) and not found.saturated
    np.testing.assert_allclose(found.product, gradient, rtol=1e-12)
    assert found.dy_hat_dZ2.shape == (3, 3) and found.product.shape == (3, 4)
    np.testing.assert_allclose(found.dy_hat_dZ2.T @ found.dC_dy_hat @ found.dZ2_dW2, gradient, rtol=1e-12)


# --- what is shown ---------------------------------------------------------------------


@each
def test_lines_that_are_shown_are_the_files_and_compute_what_stands_beside_them(output):
    file = Path(inspect.getsourcefile(outputs)).read_text("utf-8").splitlines()
    scope, found = {**vars(outputs), "Z2": Z2, "Y": Y}, multiplied_out(Z2, Y, output)
    shown = lines(output)
    assert list(shown) == ["y_hat", "dC_dy_hat", "dy_hat_dZ2", "dC_dZ2"]
    for symbol, line in shown.items():
        assert file[line.number - 1].strip() == line.text
        exec(line.text, scope)
        assert np.array_equal(scope[symbol], getattr(found, symbol)), symbol


AS_CODE = {
    r"\odot": "*",
    r"\text{softmax}": "softmax",
    r"\text{diag}": "np.diagflat",
    r"\sigma": "sigma",
    r"(2)^\top (1)": "two.T @ one",
    r"\hat{y} \hat{y}^\top": "y_hat @ y_hat.T",
    r"\sum_{c=0}^{k-1} Y_c": "* Y.sum()",
    r"\hat{y} (1": "y_hat * (1",
    r"\hat{y}": "y_hat",
}


@each
def test_every_expression_of_a_formula_gives_the_value(output):
    found = multiplied_out(Z2, Y, output)
    names = {**vars(outputs), "Z2": Z2, "Y": Y, "y_hat": found.y_hat, "one": found.dC_dy_hat, "two": found.dy_hat_dZ2}
    tried = 0
    for symbol in ("y_hat", "dC_dy_hat", "dy_hat_dZ2", "dC_dZ2"):
        for expression in FORMULAS[output][symbol].split(" = ")[1:]:
            if "e^" in expression:
                continue
            code = re.sub(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"((\1) / (\2))", expression)
            code = code.replace("Z_2", "Z2")
            for latex, python in AS_CODE.items():
                code = code.replace(latex, python)
            np.testing.assert_allclose(eval(code, names), getattr(found, symbol), rtol=1e-13, err_msg=code)
            tried += 1
    assert tried == 6
