"""M4: few rows that draw the same picture, and do not shimmer as the curve grows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config, train
from toynet.charts.aggregation import BLOCK, Aggregation, Average, m4, step_down, step_up
from toynet.charts.curves import LIVE_COLUMNS, NORMS, Curves, View

pytestmark = pytest.mark.filterwarnings("error")


def curve(rows, seed=0):
    rng = np.random.default_rng(seed)
    return np.exp(-np.arange(rows) / rows) + rng.normal(0, 0.1, rows)


def places(kind, rows, seed=0):
    """x of rows that come evenly, or in fits and starts as seconds do."""
    steps = np.random.default_rng(seed).exponential(size=rows) ** 3 if kind == "uneven" else np.ones(rows)
    return np.cumsum(steps) - steps[0]


def extents(x, y, end, columns, start=None):
    """Lowest and highest point of the drawn line in each column of pixels, (2, columns)."""
    start = x[0] if start is None else start
    edges = np.linspace(start, end, columns + 1)
    inside, seen = edges[(edges > x[0]) & (edges < x[-1])], (x >= start) & (x <= end)
    at, heights = np.concatenate([x[seen], inside]), np.concatenate([y[seen], np.interp(inside, x, y)])
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    for side in ("left", "right"):  # what lies on an edge belongs to both of its columns
        column = np.clip(np.searchsorted(edges, at, side) - 1, 0, columns - 1)
        np.minimum.at(low, column, heights)
        np.maximum.at(high, column, heights)
    return np.stack([low, high])


@pytest.mark.parametrize("kind", ["even", "uneven"])
@pytest.mark.parametrize("columns", [1, 50, 467, 934])
@pytest.mark.parametrize("rows", [2, 3001, 40_000])
def test_every_column_of_pixels_is_covered_as_by_all_rows(rows, columns, kind):
    x, y = places(kind, rows), curve(rows)
    for end in (x[-1], step_up(x[-1])):
        kept = m4(x, y, x[0], end, columns)
        assert len(kept) <= 4 * columns + 8
        assert kept[0] == 0 and kept[-1] == rows - 1 and (np.diff(kept) > 0).all()
        all_rows, few = extents(x, y, end, columns), extents(x[kept], y[kept], end, columns)
        np.testing.assert_allclose(few, all_rows, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "norms"),
    [({}, 0.04), ({"dataset": "spirals", "hidden_size": 16, "learning_rate": 1.0}, 0.04)],
    ids=["default", "noisy"],
)
def test_moving_curves_are_hardly_apart_from_their_rows(settings, norms):
    """Losses by at most a hundredth of the height; the norms' noise, a log axis full of it, by four."""
    history = train(Config(batch_mode="mini", epochs=3000, **settings)).recorded
    x = history["epoch"]
    for column in ("train_loss", "test_loss", *NORMS):
        is_norm = column in NORMS
        y = np.log10(history[column]) if is_norm else history[column]
        kept = np.concatenate(Curves(View()).rows(x, history[column], column, 3000.0, is_norm))
        apart = np.abs(extents(x, y, 3000.0, 467) - extents(x[kept], y[kept], 3000.0, 467))
        assert 250 <= len(kept) <= 2 * 1.5 * LIVE_COLUMNS and apart.mean() <= (norms if is_norm else 0.01) * np.ptp(y)


@given(
    rows=st.integers(1, 4000), columns=st.integers(1, 60), seed=st.integers(0, 99), holes=st.sampled_from([0, 0.3, 1])
)
def test_gaps_stay_gaps_and_extremes_are_kept(rows, columns, seed, holes):
    x, y = places("uneven", rows, seed), curve(rows, seed)
    is_gap = np.random.default_rng(seed).random(rows) < holes
    y[is_gap] = [np.nan, np.inf, -np.inf][seed % 3]
    kept = m4(x, y, x[0], step_up(x[-1]), columns)
    assert (np.diff(kept) > 0).all() and kept[0] == 0 and kept[-1] == rows - 1
    if not is_gap.all():
        assert y[kept][~is_gap[kept]].max() == y[~is_gap].max() and y[kept][~is_gap[kept]].min() == y[~is_gap].min()
    for row in np.flatnonzero(is_gap[1:] != is_gap[:-1]):
        assert {row, row + 1} <= set(kept)


@pytest.mark.parametrize("kind", ["even", "uneven"])
@pytest.mark.parametrize("columns", [467, 448.875])
@pytest.mark.parametrize("zoom", [3, 77, 4000])
def test_zoomed_at_rest_every_column_of_pixels_is_covered_as_by_all_rows(zoom, columns, kind):
    """In the window and as far again on either side, to which a drag may have moved it."""
    x, y, whole = places(kind, 40_000), curve(40_000), int(np.ceil(columns))
    start, end = x[25_000], x[25_000] + x[-1] / zoom
    kept = Curves(View(), columns).rows(x, y, "loss", x[-1], False, (start, end))[1]
    assert len(kept) <= 4 * 4 * (columns + 2) and (np.diff(kept) > 0).all()
    for shift in (-whole, 0, whole):
        pixels = (x - start) / (end - start) * columns - shift
        of_all, of_few = (extents(pixels[rows], y[rows], whole, whole, 0) for rows in (slice(None), kept))
        np.testing.assert_allclose(of_few, of_all, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["even", "uneven"])
def test_growing_curve_is_drawn_as_a_complete_one_and_what_has_settled_stays(kind):
    x, y, growing, before = places(kind, 20_000), curve(20_000), Aggregation(256), np.empty(0)
    width, changes = x[-1] / 256, 0
    for rows in range(1100, 20_001, 37):
        settled, moving = growing.rows(x[:rows], y[:rows], width)
        np.testing.assert_array_equal(settled[: len(before)], before)
        changes += len(settled) != len(before)
        before = settled
        assert len(moving) <= 2 * (BLOCK + 2) + 2
        whole = np.concatenate(Aggregation(256).rows(x[:rows], y[:rows], width))
        np.testing.assert_array_equal(np.concatenate([settled, moving]), whole)
    assert changes <= 256 / BLOCK + 1, "drawn anew as seldom as blocks are filled"


@pytest.mark.parametrize("kind", ["even", "uneven"])
def test_lowest_and_highest_of_each_column_are_kept(kind):
    x, y = places(kind, 20_000), curve(20_000)
    settled, moving = Aggregation(100).rows(x, y, x[-1] / 100)
    kept = np.concatenate([settled, moving])
    column = np.clip((x / x[-1] * 100).astype(int), 0, 100)
    for c in np.unique(column):
        of_column, of_kept = y[column == c], y[kept][column[kept] == c]
        assert of_kept.min() == of_column.min() and of_kept.max() == of_column.max()
    assert len(kept) <= 2 * 101 + 2 and kept[0] == 0 and kept[-1] == 19_999


def test_a_row_that_is_new_is_all_that_is_looked_at():
    x, growing = np.arange(100_000.0), Aggregation(256)
    y = curve(100_000)
    growing.rows(x[:99_000], y[:99_000], 512.0)
    y[:90_000] = np.nan  # would leave gaps, were it looked at again
    settled, moving = growing.rows(x, y, 512.0)
    assert len(settled) + len(moving) < 500


@given(st.floats(1e-3, 1e12))
def test_columns_of_what_moves_widen_seldom(x):
    assert step_down(x) <= x * (1 + 1e-12) and x <= 1.4143 * step_down(x)


@given(st.floats(1e-3, 1e12))
def test_axis_ends_at_most_an_eighth_ahead(x):
    assert x <= step_up(x) * (1 + 1e-12) and step_up(x) <= 1.1225 * x


def test_average_is_the_debiased_exponential_mean_and_continues():
    y, weight = curve(300), 0.9
    weights = weight ** np.arange(300)
    expected = [np.dot(weights[: t + 1], y[t::-1]) / weights[: t + 1].sum() for t in range(300)]
    np.testing.assert_allclose(Average(weight).of(y), expected, rtol=1e-10)
    growing = Average(weight)
    for rows in (1, 2, 50, 300):
        grown = growing.of(y[:rows])
    np.testing.assert_allclose(grown, expected, rtol=1e-10)


def test_average_passes_over_what_is_not_finite():
    np.testing.assert_allclose(Average(0.5).of(np.array([1, 2, np.nan, 4.0])), [1, 5 / 3, np.nan, 47 / 14], rtol=0.01)
