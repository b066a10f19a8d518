"""The picture of a verdict: a dot a seed, the mean with its interval, and an axis that holds them and zero."""

import json

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from tests.charts.sweeps import column
from toynet.charts.verdict import verdict_chart, verdict_tables
from toynet.many.verdict import verdict

pytestmark = pytest.mark.filterwarnings("error")

RNG = np.random.default_rng(0)
B = 0.3 + 0.02 * RNG.normal(size=10)
A = B - 0.02 + 0.01 * RNG.normal(size=10)

FOUND = {
    "a verdict": verdict(A, B, seeds=range(5, 15)),
    "few seeds": verdict(A[:3], B[:3]),
    "no seed": verdict([], []),
    "not held back": verdict(np.full(4, np.nan), B[:4]),
    "diverged": verdict(np.r_[np.inf, A[1:]], B),
    "equal": verdict(B, B),
    "always the same": verdict(B + 0.1, B),
    "tiny": verdict(A * 1e-300, B * 1e-300),
}


@pytest.mark.parametrize("kind", FOUND)
def test_whatever_was_found_there_is_a_dataset_for_each_that_the_chart_draws(kind):
    found = FOUND[kind]
    tables = verdict_tables(found)
    assert_fits(verdict_chart(found.names, found.what), tables)
    ends = tables["ends"].to_pylist()[0]
    x = column(tables["dots"], "x")
    assert ends["low"] < 0 < ends["high"] and ((x > ends["low"]) & (x < ends["high"])).all()
    heights = column(tables["dots"], "y")
    assert ((heights > 0.2) & (heights < 0.85)).all()


def test_dots_are_the_differences_and_tell_their_seed():
    dots = verdict_tables(FOUND["a verdict"])["dots"]
    np.testing.assert_allclose(column(dots, "x"), A - B)
    row = dots.to_pylist()[2]
    assert row["t0"] == "7" and float(row["t1"]) == pytest.approx(A[2], rel=1e-4)
    assert float(row["t2"]) == pytest.approx(B[2], rel=1e-4)
    assert float(row["t3"].replace("−", "-")) == pytest.approx(A[2] - B[2], rel=1e-2)


def test_the_mean_has_its_interval_and_there_is_none_without_a_verdict():
    found = FOUND["a verdict"]
    (mean,) = verdict_tables(found)["mean"].to_pylist()
    assert (mean["x"], mean["low"], mean["high"]) == (found.difference, found.low, found.high)
    assert " to " in mean["t1"]
    for kind in ("few seeds", "no seed", "not held back", "diverged"):
        assert verdict_tables(FOUND[kind])["mean"].num_rows == 0
    assert verdict_tables(FOUND["few seeds"])["dots"].num_rows == 3
    assert verdict_tables(FOUND["diverged"])["dots"].num_rows == 9


def test_dots_of_the_same_place_stand_above_each_other():
    dots = verdict_tables(FOUND["always the same"])["dots"]
    assert len(set(column(dots, "y"))) == 10


def test_the_picture_says_which_side_is_lower_for_whom():
    spec = json.dumps(verdict_chart(("tanh", 'a "quoted" one'), "test loss"), ensure_ascii=False)
    assert "← lower: tanh" in spec and '→ lower: a \\"quoted\\" one' in spec and "Difference in test loss" in spec
