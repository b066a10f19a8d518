"""The worked example: the script prints the derivation's numbers, the Markdown shows them."""

import subprocess
import sys
from ast import literal_eval

import numpy as np
import pytest

from tests.derivation.several import KINDS, form, several, velocity
from tests.problems import problem
from toynet.activations import ACTIVATIONS
from toynet.derivation import numerals
from toynet.derivation.form import ORDER, PHASES, order, phases
from toynet.derivation.quantities import quantities
from toynet.derivation.worked_example import markdown, matrix, script
from toynet.network import Parameters

pytestmark = pytest.mark.filterwarnings("error")


def example(activation, m=1):
    """What script and markdown take: a problem, its activation and a learning rate."""
    return *problem(activation, m), activation, 0.3


def printed(source):
    """What a script prints, as name -> numbers; it must be silent on stderr."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {name: eval(numbers, {"inf": np.inf, "nan": np.nan}) for name, _, numbers in lines}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("m", [1, 3])
def test_script_prints_the_derivations_numbers(activation, m):
    given = example(activation, m)
    numbers = printed(script(*given))
    assert tuple(numbers) == ORDER
    for symbol, quantity in quantities(*given).items():
        np.testing.assert_allclose(numbers[symbol], quantity.value, rtol=1e-12, atol=1e-15, err_msg=symbol)


def test_factors_of_the_script_multiply_to_the_output_error():
    numbers = printed(script(*example("tanh", 3)))
    product = np.multiply(numbers["dC_dy_hat"], numbers["dy_hat_dZ2"])
    np.testing.assert_allclose(product, numbers["dC_dZ2"], rtol=1e-12)


def test_saturated_sample_among_others_has_its_share_of_the_mean():
    parameters, X, y, activation, rate = example("tanh", 3)
    certain = parameters._replace(b2=np.array([[900.0]]))
    found = np.ravel(printed(script(certain, X, y, activation, rate))["dC_dy_hat"])
    np.testing.assert_allclose(found, np.where(y == 1, -1 / 3, np.inf))


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_script_of_a_saturated_sample_prints_infinity_and_no_warning(y):
    parameters, X, _, activation, rate = example("tanh")
    given = parameters._replace(b2=np.array([[900.0]])), X, np.array([y]), activation, rate
    numbers = printed(script(*given))
    assert numbers["dC_dy_hat"] == ([[-1.0]] if y else [[np.inf]])
    assert numbers["C"] == quantities(*given)["C"].value


def test_script_needs_numpy_alone():
    source = script(*example("tanh"))
    imports = [line for line in source.splitlines() if line.startswith(("import", "from"))]
    assert imports == ["import numpy as np"]
    assert max(map(len, source.splitlines())) <= 400


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_markdown_has_every_formula_with_its_numbers(activation):
    given = example(activation, 2)
    text = markdown(*given)
    for symbol, quantity in quantities(*given).items():
        shown = f"`{symbol}`: {quantity.meaning}"
        assert shown in text
        assert f"$$\n{quantity.latex} = {matrix(quantity.value)}\n$$" in text
    assert text.count("$$") == 2 * len(ORDER)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [phase.title for phase in PHASES]
    assert text.count("{") == text.count("}")


def test_markdown_of_the_seed_example_as_on_paper():
    # relu, Z1 = (1, 1, 3, -1), y_hat = 3/4, y = 1: dC/dW2 = -1/4 (1, 1, 3, 0).
    ln3 = np.log(3)
    W1, b1 = np.array([[1.0, 0], [0, 1], [1, 1], [-1, 0]]), np.array([[0.0], [-1], [0], [0]])
    parameters = Parameters(W1, b1, np.array([[ln3, ln3, -ln3, 5]]), np.array([[2 * ln3]]))
    text = markdown(parameters, np.array([[1.0, 2.0]]), np.array([1.0]), "relu", 0.5)
    assert r"A_1 = g(Z_1) = \max(Z_1, 0) = \begin{pmatrix} 1 \\ 1 \\ 3 \\ 0 \end{pmatrix}" in text
    assert r"\frac{\partial C}{\partial Z_2} A_1^\top = \begin{pmatrix} -0.25 & -0.25 & -0.75 & 0 \end{pmatrix}" in text
    assert r"\frac{1}{1 + e^{-Z_2}} = 0.75" in text
    assert "m = 1, d = 2, h = 4, g = relu" in text


@pytest.mark.parametrize(
    ("value", "latex"),
    [
        (0.1234567, "0.123457"),
        (-2.0, "-2"),
        (1.5e-7, r"1.5 \cdot 10^{-7}"),
        (-3e20, r"-3 \cdot 10^{20}"),
        (-0.0, "0"),
        (np.inf, r"\infty"),
        (-np.inf, r"-\infty"),
    ],
)
def test_numbers_in_latex(value, latex):
    assert numerals.latex(value) == latex


def test_numbers_of_the_script_are_the_parameters_to_the_last_digit():
    given = example("tanh")
    source = script(*given)
    line = next(line for line in source.splitlines() if line.startswith("W1 = "))
    assert np.array_equal(literal_eval(line.removeprefix("W1 = np.array(").removesuffix(")")), given[0].W1)


# --- several outputs, and the update's terms -------------------------------------------

kinds = pytest.mark.parametrize(("k", "output", "l2", "momentum"), KINDS)


def example_of(k, output, l2, momentum, m=3, activation="tanh"):
    parameters, X, y = several(activation, m, 4, 3, k)
    v = velocity(parameters) if momentum else None
    return parameters, X, y, activation, 0.3, output, l2, momentum, v


@kinds
@pytest.mark.parametrize("m", [1, 3])
def test_script_prints_the_numbers_of_every_form(k, output, l2, momentum, m):
    given = example_of(k, output, l2, momentum, m)
    numbers = printed(script(*given))
    assert tuple(numbers) == order(form(k, output, l2, momentum))
    for symbol, quantity in quantities(*given).items():
        np.testing.assert_allclose(numbers[symbol], quantity.value, rtol=1e-12, atol=1e-15, err_msg=symbol)


def test_script_of_softmax_with_sigmoid_units_has_both_functions():
    given = example_of(3, "softmax", 0.0, 0.0, activation="sigmoid")
    numbers = printed(script(*given))
    np.testing.assert_allclose(numbers["y_hat"], quantities(*given)["y_hat"].value, rtol=1e-12)
    assert "def sigma" not in script(*example_of(3, "softmax", 0.0, 0.0))


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_script_of_saturated_outputs_prints_infinity_and_no_warning(output):
    parameters, X, _, *more = example_of(3, output, 0.0, 0.0, 2)
    given = parameters._replace(b2=np.array([[900.0], [-900.0], [0.0]])), X, np.array([1.0, 0.0]), *more
    numbers = printed(script(*given))
    assert numbers["dC_dy_hat"][1][0] == -np.inf
    assert numbers["C"] == quantities(*given)["C"].value
    np.testing.assert_allclose(numbers["dC_dZ2"], quantities(*given)["dC_dZ2"].value, atol=1e-15)


@kinds
def test_markdown_of_every_form_has_every_formula_with_its_numbers(k, output, l2, momentum):
    given = example_of(k, output, l2, momentum)
    text, kind = markdown(*given), form(k, output, l2, momentum)
    for quantity in quantities(*given).values():
        assert f"$$\n{quantity.latex} = {matrix(quantity.value)}\n$$" in text
    assert text.count("$$") == 2 * len(order(kind)) and text.count("{") == text.count("}")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [p.title for p in phases(kind)]
    head = text.split("\n\n")[1]
    assert (f"k = {k}, " in head) == (f"output {output}" in head) == (k > 1)
    assert (r"$\lambda$ = 0.3" in head) == (l2 > 0) and (r"$\mu$ = 0.9" in head) == (momentum > 0)
