"""Colours of a sweep's figures: one scale that can be told apart without red and green, brighter for what is better."""

from __future__ import annotations

import altair as alt
import numpy as np
import pyarrow as pa

from toynet.charts import vega
from toynet.charts.palette import GREY
from toynet.derivation.numerals import text
from toynet.many.measures import EPOCHS, HIGHER_IS_BETTER, SHARES

SCHEME = "viridis"

BRIGHT = 0.5
"""Share of the scale from which on words on it must be dark."""

PALE = "rgba(138,143,152,0.28)"
"""What is beyond the colours, beneath its cross: `GREY`, so that either ground shows."""

TICKS = 5
"""Numbers beside the colours, at most."""

_LOW, _HIGH = "data('domain')[0].low", "data('domain')[0].high"

_WRITTEN = "[" + ", ".join(f"data('domain')[0].tick{i}" for i in range(TICKS)) + "]"

NONE_YET, BEYOND = "not done yet", {"reached": "half or more never came there", "": "half or more diverged"}
"""What cells without a colour are."""


def goes_by_log(measure: str, is_log: bool) -> bool:
    """Whether a measure's colours go by the logarithm where that is asked for: shares never do."""
    return is_log and measure not in SHARES


def colour(channel: type, measure: str, heading: str, is_log: bool) -> alt.Fill | alt.Stroke:
    """The encoding of the column `value` as a colour, over the dataset `domain` of `domain_table`.

    Parameters
    ----------
    channel : type
        `altair.Fill` or `altair.Stroke`.
    measure : str
    heading : str
        Of the legend.
    is_log : bool
    """
    is_log = goes_by_log(measure, is_log)
    number = "format(datum.value, '.3~p')" if measure in SHARES else vega.short()
    better = "higher" if measure in HIGHER_IS_BETTER else "lower"
    scale = alt.Scale(
        type="log" if is_log else "linear",
        scheme=alt.SchemeParams(name=SCHEME),
        reverse=measure not in HIGHER_IS_BETTER,
        domain=[alt.expr(_LOW), alt.expr(_HIGH)],
        clamp=True,
        nice=False,
        **({} if is_log else {"zero": False}),
    )
    legend = alt.Legend(
        orient="top",
        direction="horizontal",
        title=f"{heading} (median; {better} is better)" if measure != "diverged" else f"{heading} ({better} is better)",
        titleFontWeight="normal",
        titleLimit=380,
        gradientLength=alt.expr("clamp(width - 40, 80, 320)"),
        gradientThickness=10,
        gradientOpacity=1,
        labelExpr=number,
        labelOverlap="greedy",
        labelSeparation=6,
        values=alt.expr(_WRITTEN),
        offset=8,
    )
    return channel("value:Q", scale=scale, legend=legend)


def domain(figures: np.ndarray, measure: str, is_log: bool) -> tuple[float, float]:
    """From where to where the colours go: all finite figures, of shares diverged 0 to 1. Always a little wide.

    Parameters
    ----------
    figures : ndarray
    measure : str
    is_log : bool
        Then what is not above 0 has the colour of the lowest that is.
    """
    if measure == "diverged":
        return 0.0, 1.0
    is_log = goes_by_log(measure, is_log)
    shown = figures[np.isfinite(figures) & ((figures > 0) | (not is_log))]
    if not len(shown):
        return (0.1, 1.0) if is_log else (0.0, 1.0)
    low, high = float(shown.min()), float(shown.max())
    if high - low > 1e-9 * high:
        return low, high
    return (low / 1.1, high * 1.1) if low > 0 else (0.0, 1.0)


def domain_layer() -> alt.Chart:
    """A layer that draws nothing: it brings the dataset that the colours' ends are read from."""
    nothing = alt.Chart(vega.dataset("domain")).mark_point(opacity=0)
    return nothing.encode(alt.XValue(0), alt.YValue(0), key=vega.KEY)


def domain_table(ends: tuple[float, float], measure: str, is_log: bool) -> pa.Table:
    """Dataset `domain`: both ends, and the numbers that are written beside the colours."""
    columns = {"low": ends[0], "high": ends[1]} | {
        f"tick{i}": at for i, at in enumerate(_ticks(*ends, goes_by_log(measure, is_log)))
    }
    return vega.table({name: np.array([value]) for name, value in columns.items()})


def _ticks(low: float, high: float, is_log: bool) -> list[float]:
    """`TICKS` round numbers between both ends, the last one more than once where there are fewer."""
    by_powers = is_log and high / low > 4.0
    first = int(np.floor(np.log10(low if by_powers else high - low))) - 1
    if by_powers:
        powers = [10.0**power for power in range(first, int(np.ceil(np.log10(high))) + 1)]
        several = [[step * power for power in powers for step in steps] for steps in ((1, 2, 5), (1, 3), (1,))]
        several += [powers[::every] for every in (2, 3, 5, 10, 20, 50, 100)]
    else:
        steps = [step * 10.0 ** (first + more) for more in (0, 1, 2) for step in (1, 2, 5)]
        several = [(step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)).tolist() for step in steps]
    within = [[float(at) for at in some if low <= at <= high] for some in several]
    found = next((some for some in within if 1 <= len(some) <= TICKS), [low])
    return (found + found[-1:] * TICKS)[:TICKS]


def places(figures: np.ndarray, ends: tuple[float, float], measure: str, is_log: bool) -> np.ndarray:
    """Where figures lie on the colours, 0 dark to 1 bright; NaN for what has none."""
    is_log = goes_by_log(measure, is_log)
    low, high = np.log(ends) if is_log else np.array(ends)
    shown = np.clip(figures, *ends)
    share = ((np.log(shown) if is_log else shown) - low) / (high - low)
    share = np.where(np.isfinite(figures), share, np.nan)
    return share if measure in HIGHER_IS_BETTER else 1.0 - share


def column(figures: np.ndarray, ends: tuple[float, float]) -> pa.Array:
    """The column `value`: null for what has no colour; within the ends, for a log scale has no place for 0."""
    return pa.array(np.clip(figures, *ends), mask=~np.isfinite(figures))


def told(figure: float, measure: str, digits: int = 4) -> str:
    """A figure as text."""
    if np.isinf(figure):
        return "never" if measure == "reached" else "diverged"
    if np.isnan(figure):
        return "–"
    if measure in SHARES:
        return f"{figure:.1%}"
    return f"{figure:,.0f}" if measure in EPOCHS else text(figure, digits)


def beyond(measure: str) -> str:
    """What cells with an infinite figure are called."""
    return BEYOND.get(measure, BEYOND[""])


CROSS = "M-0.6,-0.6L0.6,0.6M-0.6,0.6L0.6,-0.6"
"""The sign of what is beyond the colours, as a path."""


def signs_legend(words: list[str]) -> alt.Chart:
    """A layer that draws nothing but the legend of what has no colour: an empty square, and a cross.

    Parameters
    ----------
    words : list of 1 or 2 str
        What an empty cell is, and what one with a cross.
    """
    shapes = alt.Scale(domain=words, range=["square", CROSS][: len(words)])
    legend = alt.Legend(
        orient="bottom", title=None, symbolStrokeColor=GREY, symbolFillColor="transparent", symbolStrokeWidth=1.5,
        symbolSize=110, symbolOpacity=1, labelLimit=230, offset=6, columnPadding=16,
    )  # fmt: skip
    return (
        alt.Chart(alt.Data(values=words))
        .mark_point(opacity=0)
        .encode(x=alt.value(0), y=alt.value(0), shape=alt.Shape("data:N", sort=None, scale=shapes, legend=legend))
    )
