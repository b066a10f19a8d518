"""What is wrong with a derivative, in words that its numbers give."""

import numpy as np
import pytest

from tests.problems import problem
from toynet.derivation.gradient_check import Checked, check, worst
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.numerals import text
from toynet.derivation.verdicts import badge, how_wrong, sentence

pytestmark = pytest.mark.filterwarnings("error")


def found(derived, numerical):
    error = abs(derived - numerical) / max(abs(derived), abs(numerical)) if np.isfinite(derived) else np.inf
    return Checked(error, (1, 0), derived, numerical, 1e-5, abs(derived - numerical), 1.0)


@pytest.mark.parametrize(
    ("derived", "numerical", "words"),
    [
        (0.31, -0.31, "the sign is wrong"),
        (-0.31, 0.3100001, "the sign is wrong"),
        (3.0, -1.0, "the sign is wrong and it is 3 times as large as it should be"),
        (-0.02, 0.1, "the sign is wrong and it is only 0.2 of what it should be"),
        (90.0, 0.3, "it is 300 times as large as it should be"),
        (-90.0, -0.3, "it is 300 times as large as it should be"),
        (0.05, 0.2, "it is only 0.25 of what it should be"),
        (1.001, 1.0, "it is off by 0.1 %"),
        (0.5, 0.0, "it should be 0"),
        (0.5, 1e-11, "it should be 0"),
        (0.0, 0.5, "it is 0 and should not be"),
        (np.nan, 0.5, "it is not finite"),
        (np.inf, 0.5, "it is not finite"),
    ],
)
def test_what_is_wrong_is_read_off_the_numbers(derived, numerical, words):
    assert how_wrong(found(derived, numerical)) == words


def test_a_wrong_sign_is_said_to_be_one_and_a_forgotten_mean_to_be_m_times_too_large():
    given = problem("tanh")
    m = given[2].size
    wrong, large = (check(*given, "tanh", MISTAKES[name].backward) for name in ("wrong_sign", "no_mean"))
    kind, said = sentence(wrong)
    assert kind == "wrong" and said.startswith("Gradient check ✗: wrong for W1, b1, W2, b2. In ")
    assert "the sign is wrong: derived " in said and "the error is" not in said
    assert f"it is {m} times as large as it should be: derived " in sentence(large)[1]


@pytest.mark.parametrize("rule", ["right", "no_g_prime", "wrong_sign"])
def test_badge_and_sentence_name_the_same_error_of_the_same_parameter(rule):
    more = [] if rule == "right" else [MISTAKES[rule].backward]
    checked = check(*problem("tanh"), "tanh", *more)
    name, entry = worst(checked)
    said = f"relative error {text(entry.error, 2)} in {name}"
    for kind, line in (badge(checked), sentence(checked)):
        assert said in line and kind == ("right" if rule == "right" else "wrong")


def test_what_cannot_be_checked_is_neither():
    unknown = {"W1": found(1.0, 1.0)._replace(error=np.nan)}
    assert badge(unknown)[0] == sentence(unknown)[0] == "unknown"
    assert "says nothing about the rule" in sentence(unknown)[1]
