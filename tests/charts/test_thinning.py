"""Thinning: few rows, every peak kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet.charts.thinning import Thinning, thin

pytestmark = pytest.mark.filterwarnings("error")


def curves(rows, count=2, seed=0):
    rng = np.random.default_rng(seed)
    return [np.exp(-np.arange(rows) / rows) + rng.normal(0, 0.1, rows) for _ in range(count)]


shapes = {
    "rows": st.integers(1, 5000),
    "count": st.integers(1, 4),
    "limit": st.integers(20, 400),
    "seed": st.integers(0, 1000),
    "holes": st.sampled_from([0.0, 0.3, 1.0]),
    "flat": st.booleans(),
}


@given(**shapes)
def test_first_last_and_every_curves_extremes_are_kept_within_the_limit(rows, count, limit, seed, holes, flat):
    columns = curves(rows, count, seed)
    for column in columns:
        column[np.random.default_rng(seed).random(rows) < holes] = np.nan
        if flat:
            column.round(1, out=column)
    kept = thin(columns, limit)
    assert 0 < len(kept) <= max(limit, 1) and kept[0] == 0 and kept[-1] == rows - 1
    assert (np.diff(kept) > 0).all() and np.issubdtype(kept.dtype, np.integer)
    for column in columns:
        if not np.isnan(column).all():
            assert np.nanmin(column[kept]) == np.nanmin(column)
            assert np.nanmax(column[kept]) == np.nanmax(column)


@pytest.mark.parametrize("rows", [1, 2, 299, 300])
def test_all_rows_are_kept_where_there_is_room(rows):
    np.testing.assert_array_equal(thin(curves(rows), 300), np.arange(rows))


@pytest.mark.parametrize("rows", [301, 302, 1023, 1024, 1025, 100_000])
def test_limit_is_kept_and_used(rows):
    assert 300 / 4 <= len(thin(curves(rows), 300)) <= 300


@pytest.mark.parametrize("at", [1, 511, 512, 513, 50_000, 65_535, 99_998])
@pytest.mark.parametrize("height", [5.0, -5.0, np.inf])
def test_spike_of_one_row_in_a_hundred_thousand_survives(at, height):
    columns = curves(100_000, 4)
    columns[2][at] = height
    assert at in thin(columns, 300)


def test_local_peaks_survive_not_only_the_highest():
    column = np.zeros(100_000)
    peaks = np.arange(10) * 10_000 + 5_003
    column[peaks] = np.arange(1.0, 11.0)
    assert set(peaks) <= set(thin([column], 300))


def test_one_curves_spike_is_kept_for_all_of_them():
    one, other = np.zeros(10_000), np.zeros(10_000)
    one[1234], other[8765] = 1.0, -1.0
    assert {1234, 8765} <= set(thin([one, other], 100))


def test_curve_that_is_all_missing_disturbs_nothing():
    (column,) = curves(5000, 1)
    kept = thin([column, np.full(5000, np.nan)], 300)
    assert {0, column.argmin(), column.argmax(), 4999} <= set(kept)


@given(st.integers(0, 100), st.integers(9, 13), st.integers(1, 3))
def test_rows_drawn_do_not_come_back_or_move_as_a_run_doubles(seed, power, doublings):
    long = curves(2 ** (power + doublings), 2, seed)
    before = thin([c[: 2**power] for c in long], 300)
    after = thin(long, 300)
    assert set(after[after < 2**power]) <= set(before)


def test_what_is_drawn_stays_as_rows_are_appended():
    columns = curves(6000, 2)
    limit, bucket = 300, 256  # no bucket of a run this long is larger
    drawn = thin([c[:3000] for c in columns], limit)
    changed = 0
    for rows in range(3001, 6000, 7):
        now = thin([c[:rows] for c in columns], limit)
        settled = (rows - 8) // bucket * bucket
        assert set(now[now < settled]) <= set(drawn) | set(range(settled - bucket, rows))
        changed += not set(drawn[drawn < settled - bucket]) <= set(now)
        drawn = now
    assert changed <= 3  # only where the buckets double


def test_curves_are_not_changed():
    columns = curves(5000)
    columns[0][7] = np.nan
    copies = [c.copy() for c in columns]
    thin(columns, 100)
    for a, b in zip(columns, copies, strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=12), st.integers(20, 200), st.integers(0, 100))
def test_growing_curves_keep_their_extremes_whatever_the_steps(steps, limit, seed):
    columns = curves(sum(steps), 2, seed)
    columns[0][seed % sum(steps)] = 50.0
    thinning, rows = Thinning(limit), 0
    for step in steps:
        rows += step
        now = [column[:rows] for column in columns]
        kept = thinning.rows(now)
        assert len(kept) <= limit and kept[0] == 0 and kept[-1] == rows - 1
        for column in now:
            assert column[kept].min() == column.min() and column[kept].max() == column.max()


def test_only_new_rows_are_looked_at():
    columns = curves(100_000)
    thinning = Thinning(100)
    thinning.rows([column[:99_000] for column in columns])
    for column in columns:
        column[:98_000:7] = np.nan  # what has been drawn is not read again but where it was kept
    kept = thinning.rows(columns)
    assert len(kept) > 25 and kept[-1] == 99_999
