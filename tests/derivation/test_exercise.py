"""Your turn: exercises that can be done by hand, answers marked, classical mistakes named."""

import ast
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.derivation.several import form
from toynet import network
from toynet.activations import ACTIVATIONS, sigma, softmax
from toynet.derivation import exercise, worked_example, wrong_answers
from toynet.derivation.exercise import HIDEABLE, Exercise, ask, hideable, mark, needed
from toynet.derivation.form import ORDER, order
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.quantities import quantities
from toynet.derivation.typed_numbers import parse_numbers
from toynet.network import Parameters

pytestmark = pytest.mark.filterwarnings("error")

EXERCISES = tuple(product(HIDEABLE, ACTIVATIONS))
"""Everything that can be asked for, with every activation."""


def three_digits(value):
    """As a person writes it: each entry with three significant digits."""
    return np.vectorize(lambda v: float(f"{v:.3g}"))(np.atleast_2d(value))


# --- asking --------------------------------------------------------------------------


def test_exercise_has_tidy_numbers_and_shows_what_comes_before_and_is_needed():
    for quantity, activation in EXERCISES:
        case = quantity, activation
        asked = ask(3, quantity, activation=activation)
        for values in (*asked.parameters, asked.X):
            assert np.array_equal(values, np.round(values, 1)) and np.abs(values).min() >= 0.1, case
        assert asked.hidden.symbol == quantity, case
        assert set(asked.shown) <= set(ORDER[: ORDER.index(quantity)]) and len(asked.shown) <= 3, case
        assert asked.parameters.W2.shape == (1, 4) and asked.X.shape == (1, 2), case
        true = quantities(asked.parameters, asked.X, asked.y, activation, asked.learning_rate)
        assert np.array_equal(asked.hidden.value, true[quantity].value), case
        sizes = np.abs(np.atleast_2d(asked.hidden.value))
        assert np.all((sizes == 0) | (sizes >= exercise.SMALLEST)), case


def test_what_is_shown_suffices_and_all_of_it_is_needed():
    for quantity, activation in EXERCISES:
        case = f"{quantity} with {activation}"
        asked = ask(0, quantity, activation=activation)
        code = code_of(quantity, activation)
        names = {"np": np, "sigma": sigma, "m": 1, "eta": asked.learning_rate}
        shown = {symbol: q.value for symbol, q in asked.shown.items()}
        value = eval(code, names | shown)
        np.testing.assert_allclose(np.squeeze(value), np.squeeze(asked.hidden.value), rtol=1e-12, err_msg=case)
        read = {node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)}
        assert set(shown) <= read, case


def code_of(quantity, activation):
    """What computes a quantity from what a person is shown, as Python."""
    lines = worked_example.code() | {"dC_db2": "y_hat - y", "dC_db1": "(W2.T @ dC_dZ2) * g_prime_Z1"}
    g, g_prime = ACTIVATIONS[activation].code
    # The cost is written in Z2, the slope and A1.T as other quantities: here in what a person is shown.
    code = {"C": "-np.log(np.where(y == 1, y_hat, 1 - y_hat))"}.get(quantity, lines[quantity])
    return code.replace("g_prime_Z1", "({g_prime})").format(g=g, g_prime=g_prime)


def test_same_seed_asks_the_same_and_another_seed_something_else():
    first, again, other = ask(1, "dC_dW2"), ask(1, "dC_dW2"), ask(2, "dC_dW2")
    assert np.array_equal(first.hidden.value, again.hidden.value)
    assert not np.array_equal(first.hidden.value, other.hidden.value)


def test_what_is_handed_in_is_not_asked_for():
    with pytest.raises(ValueError, match=r"quantity must be one of Z1, A1, .*not 'W1'"):
        ask(0, "W1")


def test_other_hidden_sizes():
    for hidden_size in (1, 2, 6):
        assert ask(0, "dC_dW1", hidden_size).shape == (hidden_size, 2)
        assert ask(0, "C", hidden_size).shape == (1, 1)


# --- marking -------------------------------------------------------------------------


def test_three_significant_digits_are_right():
    for (quantity, activation), seed in product(EXERCISES, range(4)):
        asked = ask(seed, quantity, activation=activation)
        marking = mark(asked, three_digits(asked.hidden.value))
        assert marking.correct and marking.mistake is None, (quantity, activation, seed)
        assert marking.right.shape == asked.shape, (quantity, activation, seed)


def test_each_classical_mistake_is_recognised_from_three_digits():
    for (quantity, activation), seed in product(EXERCISES, range(4)):
        asked = ask(seed, quantity, activation=activation)
        candidates = wrong_answers.of(asked)
        assert len({c.name for c in candidates}) == len(candidates) >= 2, (quantity, activation, seed)
        for candidate in candidates:
            marking = mark(asked, three_digits(candidate.value))
            case = quantity, activation, seed, candidate.name
            assert (marking.mistake, marking.message) == (candidate.name, candidate.message), case
            assert not marking.correct, case


@pytest.mark.parametrize("name", ["wrong_sign", "extra_sigma_prime", "g_prime_of_A1", "no_g_prime"])
def test_gradient_of_a_broken_rule_is_recognised_by_that_rules_name(name):
    mistake, recognised = MISTAKES[name], set()
    for parameter, activation in product(Parameters._fields, ACTIVATIONS):
        asked = ask(5, f"dC_d{parameter}", activation=activation)
        passed = network.forward(asked.parameters, asked.X, activation)
        wrong = mistake.backward(asked.parameters, passed, asked.y, activation)._asdict()[f"dC_d{parameter}"]
        marking = mark(asked, wrong)
        if parameter in mistake.spoils and not np.allclose(wrong, asked.hidden.value):
            assert marking.mistake == name, (parameter, activation)
            recognised.add(parameter)
        else:
            assert marking.correct, (parameter, activation)
    assert recognised == set(mistake.spoils)


def on_paper(symbol):
    """One sample, four hidden units, relu: Z1 = (1, 1, 3, -1), A1 = (1, 1, 3, 0), y_hat = 3/4, y = 1."""
    ln3 = math.log(3)
    W1, b1 = np.array([[1.0, 0], [0, 1], [1, 1], [-1, 0]]), np.array([[0.0], [-1], [0], [0]])
    parameters = Parameters(W1, b1, np.array([[ln3, ln3, -ln3, 5]]), np.array([[2 * ln3]]))
    X, y = np.array([[1.0, 2.0]]), np.array([1.0])
    everything = quantities(parameters, X, y, "relu", 0.5)
    return Exercise(everything[symbol], {}, everything, parameters, X, y, "relu", 0.5)


MARKED = [
    ("dC_dW2", [[-0.25, -0.25, -0.75, 0]], None),  # (3/4 - 1) (1, 1, 3, 0)
    ("dC_dW2", [[0.25, 0.25, 0.75, 0]], "wrong_sign"),
    ("dC_dW2", [[-0.0469, -0.0469, -0.141, 0]], "extra_sigma_prime"),  # times 3/4 * 1/4 = 3/16
    ("dC_dW2", [[-1.33, -1.33, -4, 0]], "no_sigma_prime"),  # -1 / (3/4) = -4/3
    ("dC_dW2", [[-0.25], [-0.25], [-0.75], [0]], "transposed"),
    ("dC_dW2", [[-0.25, -0.25, -0.75, 0.25]], "Z1_for_A1"),
    ("dC_dW2", [[1, 1, 3, 0]], "no_error"),
    ("dC_dZ2", [[-0.25]], None),
    ("dC_dZ2", [[0.25]], "wrong_sign"),
    ("dC_dZ2", [[0.75]], "no_y"),
    ("Z1", [[1], [2], [3], [-1]], "no_bias"),
    ("Z2", [[-1.10]], "no_bias"),  # -ln 3
    ("y_hat", [[0.25]], "wrong_sign"),
    ("y_hat", [[1.10]], "no_sigma"),
    ("C", 0.288, None),  # ln(4/3)
    ("C", -0.288, "no_minus"),
    ("C", 1.39, "other_class"),  # ln 4
    ("C", 0.125, "log10"),
    ("C", 0.0625, "squared_error"),
    ("dC_dy_hat", [[-0.25]], "no_denominator"),
    ("dC_dy_hat", [[-0.333]], "half_denominator"),  # -1/4 / (3/4)
    ("dC_dZ1", [[-0.275], [-0.275], [0.275], [-1.25]], "no_g_prime"),  # the fourth unit is off
    ("dC_dZ1", [[-0.25], [-0.25], [-0.25], [0]], "no_W2"),
    ("dC_dW1", [[-0.275, -0.275, 0.275, 0], [-0.549, -0.549, 0.549, 0]], "transposed"),
    ("new_b2", [[2.32]], None),  # 2 ln 3 + 1/8
    ("new_b2", [[2.07]], "wrong_sign"),
    ("new_b2", [[2.45]], "no_learning_rate"),
]
"""(what is asked for, an answer to it, the mistake it shows or None) of the exercise on paper."""


def test_answers_by_hand_are_right_or_show_their_mistake():
    for symbol, answer, mistake in MARKED:
        marking = mark(on_paper(symbol), answer)
        assert marking.mistake == mistake, (symbol, answer)
        assert marking.correct == (mistake is None), (symbol, answer)


def test_slip_in_one_entry_is_located_and_is_no_classical_mistake():
    marking = mark(on_paper("dC_dW2"), [[-0.25, -0.25, -0.57, 0]])
    assert marking.right.tolist() == [[True, True, False, True]]
    assert marking.mistake is None and marking.message == "3 of 4 right; the first that is not: row 1, column 3."


def test_tolerance_has_an_end():
    # -0.75 may be off by 1 %, 0 by 0.0006.
    assert mark(on_paper("dC_dW2"), [[-0.25, -0.25, -0.757, 0.0005]]).correct
    assert mark(on_paper("dC_dW2"), [[-0.25, -0.25, -0.76, 0.001]]).right.tolist() == [[True, True, False, False]]


def test_wrong_numbers_in_the_transposed_shape():
    marking = mark(on_paper("dC_dW2"), [[1], [2], [3], [4]])
    assert not marking.right.any() and marking.mistake is None
    assert marking.message == "The shape is 1 × 4, not 4 × 1."


def test_answer_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(1, 4\), not \(1, 3\)"):
        mark(on_paper("dC_dW2"), [[1, 2, 3]])


# --- what a person types -------------------------------------------------------------


def test_numbers_are_read_however_they_are_typed():
    typed = {
        ("0.1, -0.2; 3", (1, 3)): [[0.1, -0.2, 3]],
        ("0.1, -0.2; 3", (3, 1)): [[0.1], [-0.2], [3]],
        ("0.1\n-0.2\n\n3\n", (1, 3)): [[0.1, -0.2, 3]],
        ("1 2\n3 4\n5 6", (3, 2)): [[1, 2], [3, 4], [5, 6]],
        ("1, 2; 3, 4; 5, 6", (3, 2)): [[1, 2], [3, 4], [5, 6]],
        ("1 3 5\n2 4 6", (3, 2)): [[1, 3, 5], [2, 4, 6]],  # transposed: left to `mark`
        ("1 2 3 4 5 6", (3, 2)): [[1, 2], [3, 4], [5, 6]],
        ("1\n2\n3\n4\n5\n6", (3, 2)): [[1, 2], [3, 4], [5, 6]],
        ("1 2 3\n4 5\n6", (3, 2)): [[1, 2], [3, 4], [5, 6]],
        ("[[1, 2], [3, 4]]", (2, 2)): [[1, 2], [3, 4]],
        (" −.5 ", (1, 1)): [[-0.5]],
        ("+1e-3", (1, 1)): [[0.001]],
        ("2.", (1, 1)): [[2]],
    }
    assert {given: parse_numbers(*given).tolist() for given in typed} == typed


def complaint(text, shape):
    """What is said of a text that is no numbers of that shape."""
    with pytest.raises(ValueError) as caught:
        pytest.fail(f"{text!r} was read as {parse_numbers(text, shape)}")
    return str(caught.value)


def test_what_cannot_be_read_is_said_in_one_sentence():
    said = {
        ("", (1, 1)): "1 number wanted, 0 found.",
        ("1, 2, 3", (1, 4)): "4 numbers wanted (1 × 4), 3 found.",
        ("0,5", (1, 1)): "1 number wanted, 2 found. Write decimals with a point: 0.5.",
        ("1, x, 3", (1, 3)): "'x' is not a number.",
        ("nan", (1, 1)): "'nan' is not a number.",
        ("1e999", (1, 1)): "'1e999' is not a number.",
        ("1_0", (1, 1)): "'1_0' is not a number.",
        ("--1", (1, 1)): "'--1' is not a number.",
    }
    assert {given: complaint(*given) for given in said} == said


@given(st.text(max_size=30), st.sampled_from([(1, 1), (1, 4), (4, 1), (4, 2)]))
def test_any_text_gives_numbers_or_a_sentence(text, shape):
    try:
        numbers = parse_numbers(text, shape)
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert numbers.shape in (shape, shape[::-1]) and np.isfinite(numbers).all()


# --- several outputs, and the update's terms -------------------------------------------

OTHERS = [
    (3, "sigmoid", 0.0, 0.0),
    (3, "softmax", 0.0, 0.0),
    (3, "softmax", 0.1, 0.5),
    (1, "sigmoid", 0.1, 0.0),
    (1, "sigmoid", 0.0, 0.5),
]
others = pytest.mark.parametrize(("k", "output", "l2", "momentum"), OTHERS)


def asked_of(seed, quantity, activation, k, output, l2, momentum):
    return ask(seed, quantity, 2 if k > 1 else 4, activation, output, k, l2, momentum)


@others
def test_all_that_an_update_computes_can_be_asked_for(k, output, l2, momentum):
    kind = form(k, output, l2, momentum)
    given = {"A0", "y", "Y", "dZ2_dW2", *Parameters._fields, *(f"v_{name}" for name in Parameters._fields)}
    assert hideable(kind) == tuple(symbol for symbol in order(kind) if symbol not in given)


@others
def test_exercises_of_every_form_have_tidy_numbers_and_show_what_suffices(k, output, l2, momentum):
    kind = form(k, output, l2, momentum)
    for quantity, activation in product(hideable(kind), ACTIVATIONS):
        case = quantity, activation
        asked = asked_of(1, quantity, activation, k, output, l2, momentum)
        for values in (*asked.parameters, asked.X, *(asked.v or ())):
            assert np.array_equal(values, np.round(values, 1)) and np.abs(values).min() >= 0.1, case
        assert asked.hidden.symbol == quantity and tuple(asked.shown) == needed(kind)[quantity], case
        lines = worked_example.code(kind) | {"dC_db2": "y_hat - y", "dC_db1": "(W2.T @ dC_dZ2) * g_prime_Z1"}
        lines["C"] = (
            "-(Y * np.log(y_hat)).sum()" if kind.is_softmax else "-np.log(np.where(y == 1, y_hat, 1 - y_hat)).sum()"
        )
        g, g_prime = ACTIVATIONS[activation].code
        shown = {symbol: q.value for symbol, q in asked.shown.items()}
        names = {"np": np, "sigma": sigma, "softmax": softmax, "m": 1, "eta": asked.learning_rate, "l2": l2}
        names |= {"mu": momentum, "y": shown.get(kind.classes)} | shown
        value = eval(lines[quantity].replace("g_prime_Z1", "({g_prime})").format(g=g, g_prime=g_prime), names)
        np.testing.assert_allclose(np.squeeze(value), np.squeeze(asked.hidden.value), rtol=1e-12, err_msg=str(case))


@others
def test_each_classical_mistake_of_every_form_is_recognised_from_three_digits(k, output, l2, momentum):
    for quantity, activation in product(hideable(form(k, output, l2, momentum)), ACTIVATIONS):
        asked = asked_of(2, quantity, activation, k, output, l2, momentum)
        assert mark(asked, three_digits(asked.hidden.value)).correct, (quantity, activation)
        candidates = wrong_answers.of(asked)
        assert candidates and len({c.name for c in candidates}) == len(candidates), (quantity, activation)
        for candidate in candidates:
            marking = mark(asked, three_digits(candidate.value))
            assert (marking.mistake, marking.correct) == (candidate.name, False), (quantity, activation)


def on_paper_of_three(symbol, output, l2=0.0):
    """k = 3, relu, one sample of class 0: A1 = (1, 2), W2 = [ln 2, 0; 0, ln 2; 0, 0], Z2 = (ln 2, 2 ln 2, 0)."""
    ln2 = math.log(2)
    W2 = np.array([[ln2, 0], [0, ln2], [0, 0]])
    parameters = Parameters(np.eye(2), np.zeros((2, 1)), W2, np.zeros((3, 1)))
    given = parameters, np.array([[1.0, 2.0]]), np.array([0.0]), "relu", 0.5, output, l2, 0.0, None
    everything = quantities(*given)
    return Exercise(everything[symbol], {}, everything, *given)


MARKED_OF_THREE = [
    ("y_hat", "softmax", [[2 / 7], [4 / 7], [1 / 7]], None),
    ("y_hat", "softmax", [[2 / 3], [4 / 5], [1 / 2]], "sigma_for_softmax"),
    ("y_hat", "softmax", [[2], [4], [1]], "no_sum"),
    ("y_hat", "sigmoid", [[2 / 3], [4 / 5], [1 / 2]], None),
    ("C", "softmax", 1.253, None),  # ln(7/2)
    ("C", "softmax", 0.418, "mean_over_outputs"),
    ("C", "sigmoid", 2.708, None),  # ln(3/2 * 5 * 2)
    ("C", "sigmoid", 0.4055, "own_class_alone"),  # ln(3/2)
    ("dC_dy_hat", "softmax", [[-3.5], [0], [0]], None),
    ("dC_dy_hat", "softmax", [[-3.5], [7 / 3], [7 / 6]], "as_sigmoids"),
    ("dy_hat_dZ2", "softmax", [[0.2041, 0, 0], [0, 0.2449, 0], [0, 0, 0.1224]], "diagonal_alone"),
    ("dC_dZ2", "softmax", [[-5 / 7], [4 / 7], [1 / 7]], None),
    ("dC_dZ2", "softmax", [[-5 / 7], [0], [0]], "diagonal_alone"),  # 2/7 * 5/7 * -7/2
    ("dC_dW2", "softmax", [[-0.714, -1.43], [0.571, 1.14], [0.143, 0.286]], None),
    ("dC_dW2", "softmax", [[-0.714, 0.571, 0.143], [-1.43, 1.14, 0.286]], "transposed"),
    ("dC_db1", "softmax", [[-0.495], [0.396]], None),  # ln 2 times -5/7, 4/7
    ("dC_db1", "softmax", [[-0.495], [-0.495]], "reshaped_W2"),  # ln 2 [1 0 0; 1 0 0] for ln 2 [1 0 0; 0 1 0]
]


def test_answers_of_three_outputs_by_hand_are_right_or_show_their_mistake():
    for symbol, output, answer, mistake in MARKED_OF_THREE:
        marking = mark(on_paper_of_three(symbol, output), answer)
        assert marking.mistake == mistake, (symbol, output, answer)
        assert marking.correct == (mistake is None), (symbol, output, answer)


def test_terms_by_hand():
    # lambda = 0.1: P = 0.05 (2 + 2 ln^2 2), g_W2 = dC_dW2 + 0.1 W2.
    P = 0.1 * (1 + math.log(2) ** 2)
    asked = on_paper_of_three("penalty", "softmax", 0.1)
    answers = {P: None, 2 * P: "no_half", 10 * P: "no_lambda", 0.1: "W1_alone"}
    assert {answer: mark(asked, answer).mistake for answer in answers} == answers
    asked = on_paper_of_three("new_b2", "softmax", 0.1)
    assert mark(asked, [[5 / 14], [-2 / 7], [-1 / 14]]).correct


def test_what_a_form_has_not_is_not_asked_for():
    for quantity, more in (("Y", {}), ("penalty", {}), ("new_v_W1", {"l2": 0.1}), ("y", {"outputs": 3})):
        with pytest.raises(ValueError, match="quantity must be one of Z1, A1"):
            ask(0, quantity, **more)
