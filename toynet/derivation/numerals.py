"""How numbers are written for people: so many significant digits, short exponents, a true minus, ∞."""

import math


def text(value: float, digits: int = 4) -> str:
    """A number as text: "0.31", "−4", "2.1e-9", "∞"; "–" for what is no number.

    Parameters
    ----------
    value : float
    digits : int
        Significant digits, at most.

    Returns
    -------
    str
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    mantissa, exponent = _parts(value, digits)
    return mantissa.replace("-", "−") + (f"e{exponent}" if exponent else "")


def latex(value: float, digits: int = 6) -> str:
    r"""A number as LaTeX: 1 \cdot 10^{-7}, \infty."""
    if math.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    mantissa, exponent = _parts(value, digits)
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa


def _parts(value: float, digits: int) -> tuple[str, int]:
    """Mantissa as text, without a -0, and exponent of ten, 0 where none is written."""
    mantissa, _, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    return mantissa, int(exponent or 0)
