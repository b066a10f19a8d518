"""How a verdict's numbers are written: how large with the same decimals, and how often in a thousand."""

from __future__ import annotations

import math


def times(p: float, is_most: bool = False) -> str:
    """How often: "about 4 times in 1,000"; as a bound "4 times in 1,000"."""
    count = math.ceil(1000.0 * p - 1e-9) if is_most else round(1000.0 * p)
    about = "" if is_most else "about "
    if p >= 1.0 and not is_most:
        return "every time"
    if count > 1:
        return f"{about}{count:,} times in 1,000"
    return f"{about}once in 1,000" if p >= 0.00095 or is_most else "less than once in 1,000"


def sizes(size: float, low: float, high: float) -> tuple[str, str, str]:
    """A size and both ends of its interval, without signs, all to the same decimals: about two digits of the size.

    Parameters
    ----------
    size : float
        Not negative.
    low, high : float
        Finite.
    """
    largest = max(size, abs(low), abs(high))
    exponent = 0 if largest == 0.0 or 1e-3 <= largest < 1e5 else math.floor(math.log10(largest))
    values = [_scaled(value, exponent) for value in (size, abs(low), abs(high))]
    decimals = _decimals(values[0], (high / largest - low / largest) * _scaled(largest, exponent) if largest else 0.0)
    # An end that is not zero is not written as zero, where it says on which side of it the interval lies.
    most = decimals + 2
    while (low > 0 or high < 0) and min(values[1:]) < 0.5 * 10.0**-decimals and decimals < most:
        decimals += 1
    by, first, last = (f"{value:,.{decimals}f}" + (f"e{exponent}" if exponent else "") for value in values)
    if size and float(f"{values[0]:.{decimals}f}") == 0.0:
        by = f"less than {10.0**-decimals:.{decimals}f}" + (f"e{exponent}" if exponent else "")
    return by, first, last


def _scaled(value: float, exponent: int) -> float:
    """value / 10^exponent, where that power itself may be beyond the floats."""
    return value / 10.0 ** (exponent // 2) / 10.0 ** (exponent - exponent // 2)


def _decimals(size: float, width: float) -> int:
    """Those that show two digits of the size, but no more than four of the interval's width."""
    of_size, of_width = (math.floor(math.log10(value)) if value > 0 else None for value in (size, width))
    if of_size is None:
        return max(0, 1 - of_width) if of_width is not None else 0
    wanted = 1 - of_size
    return max(0, wanted if of_width is None else min(wanted, 3 - of_width))
