"""The picture of a verdict: the difference on each seed, zero, and the mean with its interval."""

from __future__ import annotations

from functools import lru_cache

import altair as alt
import numpy as np

from toynet.charts import vega
from toynet.charts.palette import GREY, SERIES_COLOURS
from toynet.derivation.numerals import text
from toynet.many.verdict import HUGE, Verdict

HEIGHT = 150
"""Pixels."""

BINS = 48
"""Places along the axis; dots of the same place stand above each other."""

_LOW, _HIGH = (alt.expr(f"data('ends')[0].{end}") for end in ("low", "high"))


@lru_cache(vega.SPECS)
def verdict_chart(names: tuple[str, str] = ("A", "B"), what: str = "test loss") -> vega.Spec:
    """Spec of the picture, over the datasets of `verdict_tables`.

    Parameters
    ----------
    names : tuple of 2 str
    what : str
        As in the `Verdict`.
    """
    a, b = names
    shared = {
        "x": alt.X(
            "x:Q",
            title=f"Difference in {what} on each seed",
            scale=alt.Scale(domain=[_LOW, _HIGH], nice=False, zero=False),
            axis=alt.Axis(labelExpr=vega.short(), tickCount=6, grid=False, titleLimit=alt.expr("width"), **vega.CLOSE),
        ).to_dict(),
        "y": alt.Y("y:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None).to_dict(),
    }
    told = vega.tooltip(
        {name: f"datum.t{i}" for i, name in enumerate(["Seed", a, f"{b} " if b == a else b, "Difference"])}
    )
    dots = (
        alt.Chart(vega.dataset("dots"))
        .mark_point(size=70, fill=SERIES_COLOURS[0], fillOpacity=0.65, stroke="#ffffff", strokeWidth=1, tooltip=told)
        .encode(key=vega.KEY)
    )
    zero = (
        alt.Chart(vega.dataset("ends"))
        .mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=1.5)
        .encode(alt.X("zero:Q"), y=alt.value(18), y2=alt.value(alt.expr("height")), key=vega.KEY)
    )
    mean = alt.Chart(vega.dataset("mean"))
    tip = vega.tooltip({"Mean difference": "datum.t0", "95 %": "datum.t1"})
    bar = mean.mark_rule(color=SERIES_COLOURS[2], strokeWidth=4, strokeCap="butt", tooltip=tip)
    ends = mean.mark_tick(color=SERIES_COLOURS[2], orient="vertical", thickness=2.5, size=14)
    point = mean.mark_point(shape="diamond", size=130, fill=SERIES_COLOURS[2], stroke="#ffffff", tooltip=tip, opacity=1)
    layers = [
        zero,
        dots,
        bar.encode(alt.X("low:Q"), x2="high:Q", key=vega.KEY),
        ends.encode(alt.X("low:Q"), key=vega.KEY),
        ends.encode(alt.X("high:Q"), key=vega.KEY),
        point.encode(key=vega.KEY),
        _side(f"← lower: {a}", "left"),
        _side(f"→ lower: {b}", "right"),
    ]
    return vega.spec(alt.layer(*layers), HEIGHT, encoding=shared)


def _side(words: str, align: str) -> alt.Chart:
    """What a dot on that side says, at the upper edge."""
    mark = alt.Chart(vega.dataset("ends")).mark_text(
        align=align, baseline="top", fontSize=12, fill=GREY, limit=alt.expr("width / 2 - 8"), text=words
    )
    return mark.encode(alt.XValue(0 if align == "left" else alt.expr("width")), alt.YValue(0), key=vega.KEY)


def verdict_tables(verdict: Verdict) -> vega.Tables:
    """Datasets of `verdict_chart`; without a verdict the dots alone, of seeds whose losses are not beyond all bounds.

    Parameters
    ----------
    verdict : Verdict
    """
    losses = verdict.losses.reshape(2, -1)
    shown = np.flatnonzero((np.abs(losses) <= HUGE).all(axis=0))
    x = losses[0, shown] - losses[1, shown]
    has = bool(np.isfinite(verdict.low) and np.isfinite(verdict.high))
    interval = [verdict.low, verdict.high] if has else []
    low, high = _ends(np.concatenate([x, interval, [0.0]]))
    told = [
        [f"{verdict.seeds[i]}" for i in shown],
        *([text(loss, 5) for loss in part[shown]] for part in losses),
        [text(difference, 3) for difference in x],
    ]
    mean = np.array([verdict.difference] if has else [])
    between = f"{text(verdict.low, 3)} to {text(verdict.high, 3)}"
    return {
        "dots": vega.table({"x": x, "y": _heights(x, low, high)} | {f"t{i}": column for i, column in enumerate(told)}),
        "mean": vega.table(
            {
                "x": mean,
                "y": np.full(len(mean), 0.14),
                "low": np.array(interval[:1]),
                "high": np.array(interval[1:]),
                "t0": [text(verdict.difference, 3)] * len(mean),
                "t1": [between] * len(mean),
            }
        ),
        "ends": vega.table({"low": np.array([low]), "high": np.array([high]), "zero": np.zeros(1)}),
    }


def _ends(held: np.ndarray) -> tuple[float, float]:
    """Where the axis begins and ends: a little beyond all that it holds."""
    low, high = float(held.min()), float(held.max())
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _heights(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Of each dot how high it stands: those of the same place one above the other, in the order of seeds."""
    places = np.floor((x - low) / (high - low) * BINS).astype(int)
    levels = np.array([np.count_nonzero(places[:i] == place) for i, place in enumerate(places)], float)
    step = min(0.12, 0.45 / max(levels.max(initial=0.0), 1.0))
    return 0.34 + step * levels if len(x) else np.empty(0)
