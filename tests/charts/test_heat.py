"""The heat map: which cell stands where, its colour, what it tells, and that a click names it."""

import json

import numpy as np
import pytest

from tests.charts.checking import assert_fits, dicts
from tests.charts.sweeps import THREE, TWO, column, swept
from toynet.charts import shading
from toynet.charts.arrangement import layout
from toynet.charts.heat import MOST_SEEDS, heat_chart, heat_tables
from toynet.many.grid import Grid

pytestmark = pytest.mark.filterwarnings("error")


def cells(results, measure="test_loss", where=None, **more):
    return heat_tables(results, where or layout(results.grid), measure, **more)["cells"].to_pylist()


@pytest.mark.parametrize("measure", ["test_loss", "test_accuracy", "reached", "diverged"])
@pytest.mark.parametrize("settings", [{"learning_rate": [0.1, 1.0]}, TWO, THREE])
def test_there_is_a_dataset_for_each_that_the_chart_draws(settings, measure):
    results = swept(settings, done=0.6)
    where = layout(results.grid)
    for is_log in (False, True):
        spec = heat_chart(where.axes, measure, 0.2, is_log)
        assert_fits(spec, heat_tables(results, where, measure, 0.2, is_log, chosen=(0, 1)))
        assert "facet" not in spec and "transform" not in json.dumps(spec)


def test_a_sweep_of_one_run_is_one_cell():
    results = swept({"learning_rate": 0.1}, seeds=1)
    where = layout(results.grid)
    assert_fits(heat_chart(where.axes, "test_loss"), heat_tables(results, where, "test_loss"))


# --- places -----------------------------------------------------------------------------


def test_settings_run_along_down_and_from_picture_to_picture():
    results = swept(THREE)
    for row in cells(results):
        values = results.grid.values(row["cell"])
        assert THREE["learning_rate"].index(values["learning_rate"]) == row["x"]
        picture, below = divmod(row["y"], 3 + (heading := 24 / 46))
        assert THREE["activation"].index(values["activation"]) == picture
        assert THREE["hidden_size"].index(values["hidden_size"]) == pytest.approx(below - heading, abs=1e-5)


def test_what_runs_where_can_be_chosen_and_the_rest_is_fixed():
    grid = Grid.of(THREE)
    where = layout(grid, "hidden_size", fixed={"activation": "relu"}, titles={"hidden_size": "Units"})
    assert where.cells.shape == (1, 4, 3) and where.x.title == "Units" and where.y.labels == ("0.01", "0.1", "1", "10")
    assert all(grid.values(cell)["activation"] == "relu" for cell in where.cells.ravel())
    assert grid.values(where.cells[0, 1, 2]) == {"learning_rate": 0.1, "hidden_size": 32, "activation": "relu"}
    four = Grid.of(THREE | {"noise": [0.1, 0.2]})
    assert {four.values(cell)["noise"] for cell in layout(four).cells.ravel()} == {0.1}
    for wrong in ({"x": "samples"}, {"x": "hidden_size", "y": "hidden_size"}):
        with pytest.raises(ValueError, match=next(iter(wrong.values()))):
            layout(grid, **wrong)


def test_values_are_written_as_people_write_them():
    grid = Grid.of({"learning_rate": [1e-6, 0.3, 10.0], "epochs": [100, 100_000], "activation": ["tanh", "relu"]})
    x, y, pictures = layout(grid).axes
    assert (x.labels, y.labels, pictures.labels) == (("1e-6", "0.3", "10"), ("100", "100000"), ("tanh", "relu"))


# --- colours ----------------------------------------------------------------------------


def test_a_cell_has_the_median_of_the_seeds_that_are_done():
    rows = cells(swept(TWO, seeds=3, done=0.5))  # 18 runs of 12 cells: one seed of all, two of six
    assert [row["value"] for row in rows if row["cell"] == 0] == [pytest.approx(0.1005)]
    assert [row["value"] for row in rows if row["cell"] == 11] == [pytest.approx(0.21)]
    assert {row["text"] for row in rows if row["cell"] == 11} == {"0.21"}


def test_cells_without_a_run_are_empty_and_the_colours_end_where_the_figures_do():
    results = swept(TWO, seeds=1, done=0.5)
    tables = heat_tables(results, layout(results.grid), "test_loss")
    rows = tables["cells"].to_pylist()
    empty = [row for row in rows if row["value"] is None]
    assert sorted(row["cell"] for row in empty) == [6, 7, 8, 9, 10, 11]
    assert {(row["text"], row["is_beyond"], row["t2"]) for row in empty} == {("", False, "not done yet")}
    domain = tables["domain"].to_pylist()[0]
    assert (domain["low"], domain["high"]) == (pytest.approx(0.1), pytest.approx(0.15))
    nothing = swept(TWO, done=0.0)
    assert heat_tables(nothing, layout(nothing.grid), "test_loss", is_log=True)["domain"]["low"].to_pylist() == [0.1]


def test_cells_of_which_half_diverged_are_beyond_the_colours_and_others_tell_how_many_did():
    def diverges(values, seed):
        return values["learning_rate"] == 10 and seed < (2 if values["hidden_size"] > 2 else 1)

    results = swept(TWO, seeds=3, diverged=diverges)
    rows = {row["cell"]: row for row in cells(results)}
    lost, some = (results.grid.cell({"learning_rate": 10.0, "hidden_size": size}) for size in (8, 2))
    assert rows[lost]["is_beyond"] and rows[lost]["value"] is None and rows[lost]["text"] == ""
    assert rows[lost]["t2"] == "diverged (median of 3 seeds, 2 diverged)"
    assert not rows[some]["is_beyond"] and "1 diverged" in rows[some]["t2"] and "diverged" in rows[some]["t3"]
    share = {row["cell"]: row["value"] for row in cells(results, "diverged")}
    assert share[lost] == pytest.approx(2 / 3) and share[0] == 0.0


def test_a_level_that_no_seed_came_to_is_never():
    rows = cells(swept(TWO), "reached", level=0.15)
    told = {row["cell"]: row["t2"] for row in rows}
    assert told[0].startswith("66 (") and told[11].startswith("never (")


def test_a_loss_of_zero_has_the_lowest_colour_of_a_log_scale():
    figures = np.array([0.0, 1e-3, 1.0, np.inf, np.nan])
    ends = shading.domain(figures, "test_loss", True)
    assert ends == (1e-3, 1.0)
    assert shading.column(figures, ends).to_pylist() == [1e-3, 1e-3, 1.0, None, None]
    np.testing.assert_allclose(shading.places(figures, ends, "test_loss", True), [1, 1, 0, np.nan, np.nan])
    assert shading.domain(np.zeros(3), "test_loss", False) == (0.0, 1.0)
    low, high = shading.domain(np.full(3, 0.5), "test_loss", True)
    assert low < 0.5 < high


def test_words_are_dark_on_bright_cells_and_better_is_brighter():
    rows = {row["cell"]: row for row in cells(swept(TWO))}
    assert rows[0]["is_bright"] and not rows[11]["is_bright"]
    rows = {row["cell"]: row for row in cells(swept(TWO), "train_accuracy")}
    assert rows[0]["is_bright"] and not rows[11]["is_bright"]
    for measure, reverse in (("test_loss", True), ("test_accuracy", False)):
        spec = heat_chart(layout(Grid.of(TWO)).axes, measure)
        (scale,) = [d["scale"] for d in dicts(spec) if d.get("field") == "value" and "scale" in d]
        assert scale["reverse"] == reverse and scale["scheme"]["name"] == "viridis"


@pytest.mark.parametrize(
    ("ends", "is_log", "ticks"),
    [
        ((0.05, 1.7), True, [0.05, 0.1, 0.2, 0.5, 1]),
        ((1e-5, 1.0), True, None),
        ((1e-300, 1.0), True, None),
        ((0.41, 0.5), False, [0.42, 0.44, 0.46, 0.48, 0.5]),
        ((0.0, 1.0), False, [0, 0.2, 0.4, 0.6, 0.8]),
        ((100.0, 101.0), True, None),
        ((0.0, 1e-30), False, None),
    ],
)
def test_numbers_beside_the_colours_are_round_and_lie_on_them(ends, is_log, ticks):
    row = shading.domain_table(ends, "test_loss", is_log).to_pylist()[0]
    found = sorted({row[f"tick{i}"] for i in range(shading.TICKS)})
    assert 2 <= len(found) <= shading.TICKS and ends[0] <= found[0] and found[-1] <= ends[1] * (1 + 1e-9)
    np.testing.assert_allclose(found, [float(f"{tick:.4g}") for tick in found], rtol=1e-12)
    if ticks and ends != (0.0, 1.0):
        np.testing.assert_allclose(found, ticks)


# --- told and chosen ----------------------------------------------------------------------


def test_a_cell_tells_its_settings_its_median_and_every_seed():
    results = swept(THREE, seeds=3)
    row = next(row for row in cells(results) if row["cell"] == 5)
    assert (row["t0"], row["t1"], row["t2"]) == ("0.01", "32", "relu")
    assert row["t3"] == "0.151 (median of 3 seeds)" and row["t4"] == "0.15, 0.151, 0.152"
    spec = json.dumps(heat_chart(layout(results.grid).axes, "test_loss"))
    for title in ("Learning rate", "Hidden size", "Activation", "Final test loss", "Seeds"):
        assert title in spec
    many = cells(swept({"learning_rate": [0.1, 1.0]}, seeds=40))[0]["t2"]
    assert many.endswith(", …") and many.count(",") == MOST_SEEDS


def test_names_of_settings_cannot_break_the_chart():
    grid = Grid.of({"target": ['a "b" \\', "</script><b>", "it's datum.c"], "noise": [0.1, 0.2]})
    where = layout(grid, titles={"target": 'title"]', "noise": "x'y"})
    results = swept({"target": ['a "b" \\', "</script><b>", "it's datum.c"], "noise": [0.1, 0.2]})
    spec = heat_chart(where.axes, "test_loss")
    assert_fits(spec, heat_tables(results, where, "test_loss"))
    assert json.dumps(list(where.x.labels)) in spec["encoding"]["x"]["axis"]["labelExpr"]


def test_a_click_is_the_selection_of_a_cell_which_the_page_can_find():
    axes = layout(Grid.of(TWO)).axes
    (selection,) = [param for param in heat_chart(axes, "test_loss")["params"] if param["name"] == "cell"]
    assert selection["select"]["fields"] == ["cell"] and selection["select"]["toggle"] == "event.shiftKey"
    assert "params" not in heat_chart(axes, "test_loss", can_pick=False)


def test_chosen_cells_are_a_and_b():
    results = swept(TWO)
    tables = heat_tables(results, layout(results.grid), "test_loss", chosen=(5, 0, 999))
    rows = {row["cell"]: row for row in tables["cells"].to_pylist()}
    chosen = tables["chosen"].to_pylist()
    assert [row["name"] for row in chosen] == ["A", "B"]
    assert [(row["x"], row["y"]) for row in chosen] == [(rows[cell]["x"], rows[cell]["y"]) for cell in (5, 0)]


def test_the_same_chart_is_made_once_and_its_tables_are_small():
    results = swept({"learning_rate": np.geomspace(0.01, 10, 20).tolist(), "hidden_size": list(range(1, 11))}, seeds=10)
    where = layout(results.grid)
    assert heat_chart(where.axes, "test_loss") is heat_chart(layout(results.grid).axes, "test_loss")
    tables = heat_tables(results, where, "test_loss")
    assert sum(table.nbytes for table in tables.values()) < 40_000
    assert len(set(column(tables["cells"], "cell"))) == 200


def test_shares_are_told_to_a_tenth_of_a_percent():
    assert [shading.told(share, "test_accuracy", 3) for share in (0.84, 0.845, 0.855, 1.0)] == [
        "84.0%", "84.5%", "85.5%", "100.0%",
    ]  # fmt: skip
