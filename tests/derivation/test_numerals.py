"""Numbers as people read them."""

import pytest

from toynet.derivation.numerals import latex, text

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (0.123456, 4, "0.1235"),
        (-4.0, 4, "−4"),
        (-0.0, 4, "0"),
        (-1.23456e-5, 4, "−1.235e-5"),
        (1e22, 4, "1e22"),
        (2.1e-9, 1, "2e-9"),
        (0.31, 1, "0.3"),
        (1.23456789012, 9, "1.23456789"),
        (INF, 4, "∞"),
        (-INF, 4, "−∞"),
        (NAN, 4, "–"),
    ],
)
def test_a_number_is_short_and_has_a_true_minus(value, digits, written):
    assert text(value, digits) == written


def test_latex_writes_powers_of_ten():
    assert latex(1e-7) == r"1 \cdot 10^{-7}" and latex(-0.5) == "-0.5" and latex(-INF) == r"-\infty"
