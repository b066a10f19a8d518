"""How far seeds lie apart: bands, medians and 0.5 lines that are those of the runs."""

from dataclasses import replace

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from toynet import Config, Trainer
from toynet.charts import spread
from toynet.charts.boundary import boundary_chart, field_tables, points_table, shown
from toynet.charts.curves import WHOLE_NORM, Curves, View, curve_tables, hover_table, measure_chart, norm_chart
from toynet.charts.field import plane
from toynet.history import COLUMNS, History
from toynet.many.group import Group
from toynet.many.plan import Plan
from toynet.network import forward

pytestmark = pytest.mark.filterwarnings("error")

SMALL = Config(samples=60, hidden_size=4, epochs=20)


def history(values, column="test_loss"):
    rows = len(values)
    return History({c: np.ones(rows) for c in COLUMNS} | {"epoch": np.arange(rows), column: values})


def test_the_band_holds_what_numpy_says():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(7, 30))
    found = spread.Spread().of([history(v) for v in values], [False] * 7, "test_loss")
    np.testing.assert_allclose(found, np.quantile(values, [0.1, 0.5, 0.9], axis=0))


def test_rows_that_come_later_are_added_and_none_is_told_before_all_have_it():
    values = np.random.default_rng(1).normal(size=(3, 20))
    runs, seen = [history(v[:5]) for v in values], spread.Spread()
    assert seen.of(runs, [False] * 3, "test_loss").shape == (3, 5)
    for run, v in zip(runs[:2], values, strict=False):
        run.extend({c: history(v)[c][5:] for c in COLUMNS})
    assert seen.of(runs, [False] * 3, "test_loss").shape == (3, 5)
    assert seen.of(runs, [False, False, True], "test_loss").shape == (3, 20), "one that has ended is not waited for"


def test_who_has_diverged_counts_as_worst():
    runs = [history(np.full(10, 0.1)), history(np.full(10, 0.2)), history(np.full(4, 0.3))]
    low, middle, high = spread.Spread().of(runs, [False, False, True], "test_loss")
    assert (middle[:4] == 0.2).all() and (middle[4:] == 0.2).all()
    assert np.isinf(high[4:]).all() and np.isfinite(high[:4]).all() and np.isfinite(low).all()
    shares = [history(np.full(n, 0.9), "test_accuracy") for n in (10, 10, 4)]
    assert spread.Spread().of(shares, [False, False, True], "test_accuracy")[0][9] < 0.9


def test_another_group_begins_anew():
    seen = spread.Spread()
    seen.of([history(np.zeros(9))], [False], "test_loss")
    assert (seen.of([history(np.ones(9))], [False], "test_loss") == 1).all()


@pytest.mark.parametrize("columns", [None, 50.0])
def test_the_band_that_is_drawn_holds_every_row(columns):
    rng = np.random.default_rng(2)
    values = rng.normal(size=(5, 4000))
    band = spread.Spread().of([history(v) for v in values], [False] * 5, "test_loss")
    x = np.arange(4000.0)
    table = spread.spread_tables([band], x, 4000.0, False, columns)["spread0"].to_pandas()
    assert len(table) <= 1.6 * (columns or spread.LIVE_COLUMNS) and table.x.iloc[-1] == 3999
    place = np.searchsorted(table.x, x)
    assert (table.low.to_numpy()[place] <= band[0] + 1e-6).all() and (
        table.high.to_numpy()[place] >= band[2] - 1e-6
    ).all()
    np.testing.assert_allclose(table.mid, band[1][table.x.to_numpy().astype(int)], rtol=1e-6)


def test_few_rows_are_drawn_as_they_are_and_what_an_axis_cannot_show_is_a_gap():
    band = np.array([[0.0, 0.1, 0.1], [0.1, 0.2, np.inf], [0.2, np.inf, np.inf]])
    table = spread.spread_tables([band], np.arange(3.0), 3.0, True, None)["spread0"]
    assert table["low"].null_count == 3 and table["mid"].to_pylist()[:2] == pytest.approx([0.1, 0.2])
    assert spread.heights_of({"spread0": table}).size == 0
    linear = spread.spread_tables([band], np.arange(3.0), 3.0, False, None)
    np.testing.assert_allclose(spread.heights_of(linear), [0.0, 0.2], rtol=1e-6)


def test_specs_are_valid_and_their_tables_match():
    group = Group(Trainer(SMALL), Plan(seeds=3))
    group.run(20, 10.0)
    view, own = View(smoothing=0.6), group.own
    seen = spread.Spread()
    for series, is_log, chart in (
        (view.series, False, measure_chart(view, True, 0, True)),
        (WHOLE_NORM, True, norm_chart(view, 0, True)),
    ):
        curves = Curves(view)
        bands = [seen.of([run.recorded for run in group.runs], [False] * 3, column) for column in series]
        tables = curve_tables(own.recorded, series, curves, is_log)
        tables |= spread.spread_tables(bands, own.recorded["epoch"], 20.0, is_log, None)
        assert_fits(chart, tables | {"hover": hover_table(own.recorded, series, curves, 20.0)})


def test_other_lines_lie_where_the_other_networks_are_undecided():
    own = Trainer(replace(SMALL, dataset="circles", epochs=300, learning_rate=1.0))
    group = Group(own, Plan(seeds=3))
    group.run(300, 30.0)
    area = plane(own.split)
    planes = spread.coarse_planes([run.split for run in group.runs[1:]], area.area)
    table = spread.others_table([(run.parameters, "tanh") for run in group.runs[1:]], planes)
    lines = table.to_pandas().to_numpy(float)
    gaps = np.flatnonzero(np.isnan(lines[:, 0]))
    assert len(gaps) >= 2
    first, run = lines[: gaps[0]], group.runs[1]
    X = (first - run.split.mean) / run.split.scale
    assert np.abs(forward(run.parameters, X, "tanh").y_hat - 0.5).max() < 0.06
    tables = field_tables(own.parameters, "tanh", area)[0] | {"others": table}
    tables["points"] = points_table(own.parameters, "tanh", own.split, area, shown(own.split))
    names = own.split.feature_names, own.split.class_names
    assert_fits(boundary_chart(*names, area.area, True, has_others=True), tables)
