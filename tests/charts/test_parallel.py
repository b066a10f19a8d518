"""Parallel coordinates: a line a cell, where it stands on each axis, which are left out, and that a click names it."""

from itertools import pairwise

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from tests.charts.sweeps import THREE, TWO, column, swept
from toynet.charts.parallel import BEYOND, SPREAD, axes_of, drawn, note, parallel_chart, parallel_tables
from toynet.many.grid import Grid

pytestmark = pytest.mark.filterwarnings("error")


def tables_of(results, measure="test_loss", **more):
    return parallel_tables(results, axes_of(results.grid), measure, **more)


def line(tables, cell):
    """How high a cell's line stands on each axis."""
    pieces = [row for row in tables["lines"].to_pylist() if row["cell"] == cell]
    assert [(row["x"], row["x2"]) for row in pieces] == [(i, i + 1) for i in range(len(pieces))]
    assert all(one["y2"] == other["y"] for one, other in pairwise(pieces))
    return [pieces[0]["y"], *(row["y2"] for row in pieces)]


@pytest.mark.parametrize("measure", ["test_loss", "test_accuracy", "reached", "diverged"])
@pytest.mark.parametrize("is_log", [False, True])
def test_there_is_a_dataset_for_each_that_the_chart_draws(measure, is_log):
    results = swept(THREE, done=0.6)
    spec = parallel_chart(axes_of(results.grid), measure, 0.2, is_log)
    assert_fits(spec, tables_of(results, measure, level=0.2, is_log=is_log, chosen=(1, 2)))


def test_before_any_run_is_done_there_are_axes_without_lines():
    tables = tables_of(swept(THREE, done=0.0), chosen=(0,))
    assert tables["lines"].num_rows == tables["chosen"].num_rows == 0 and tables["axes"].num_rows == 4
    assert_fits(parallel_chart(axes_of(Grid.of(THREE)), "test_loss"), tables)


def test_a_line_goes_through_its_settings_and_ends_at_its_figure():
    results = swept(THREE, seeds=1)  # losses from 0.1 to 0.33 by cell
    tables = tables_of(results)
    values = {"learning_rate": 0.1, "hidden_size": 32, "activation": "relu"}
    cell = results.grid.cell(values)
    heights = line(tables, cell)
    assert heights[:3] == pytest.approx([1 / 3, 1.0, 1.0], abs=SPREAD)
    assert heights[3] == pytest.approx(cell / 23)
    row = next(row for row in tables["lines"].to_pylist() if row["cell"] == cell)
    assert row["t0"] == "Learning rate 0.1, Hidden size 32, Activation relu" and row["t1"] == "0.21"


def test_lines_through_the_same_value_lie_beside_each_other_in_the_order_of_their_figures():
    tables = tables_of(swept(THREE, seeds=1))
    relu = [row["y"] for row in sorted(tables["lines"].to_pylist(), key=lambda row: row["cell"]) if row["x"] == 2][1::2]
    assert len(set(relu)) == len(relu) == 12 and relu == sorted(relu)


def test_cells_that_diverged_stand_beyond_the_axis():
    results = swept(TWO, diverged=lambda values, seed: values["learning_rate"] == 10)
    lost = results.grid.cell({"learning_rate": 10.0, "hidden_size": 8})
    for measure, height in (("test_loss", 1 + BEYOND), ("test_accuracy", -BEYOND)):
        tables = tables_of(results, measure)
        assert line(tables, lost)[-1] == pytest.approx(height)
        assert "diverged" in column(tables["ticks"], "text")
        assert column(tables["lines"], "is_beyond").sum() == 3 * 2
    assert "never" in column(tables_of(results, "reached", level=0.15)["ticks"], "text")


def test_the_best_are_drawn_last_and_what_is_left_out_is_said():
    figures = np.array([0.5, np.nan, 0.1, np.inf, 0.3])
    assert drawn(figures, "test_loss").tolist() == [3, 0, 4, 2]
    assert drawn(figures, "test_loss", 2).tolist() == [4, 2]
    assert drawn(np.array([0.5, 0.9, -np.inf]), "test_accuracy", 2).tolist() == [0, 1]
    results = swept(TWO)
    assert set(column(tables_of(results, most=5)["lines"], "cell")) == {0, 1, 2, 3, 4}
    assert note(results, "test_loss", most=5) == "The best 5 of 12 combinations are drawn."
    assert note(results, "test_loss") == ""


def test_values_stand_beside_their_axes_and_of_many_some():
    results = swept(
        {"learning_rate": np.geomspace(0.01, 1, 40).tolist(), "hidden_size": [2, 8], "noise": [0.1, 0.3]}, 1
    )
    ticks = tables_of(results)["ticks"].to_pylist()
    assert 10 <= sum(row["x"] == 0 for row in ticks) <= 14
    assert [(row["y"], row["text"]) for row in ticks if row["x"] == 1] == [(0.0, "2"), (1.0, "8")]
    assert all(0 <= row["y"] <= 1 for row in ticks)
    names = column(tables_of(results)["axes"], "text").tolist()
    assert names == ["Learning rate", "Hidden size", "Noise", "Final test loss ↓"]
    assert column(tables_of(results, "test_accuracy")["axes"], "text")[-1] == "Final test accuracy ↑"


def test_chosen_cells_have_a_letter_at_the_end_of_their_line():
    tables = tables_of(swept(TWO, seeds=1, done=0.5), chosen=(5, 11, 2))  # cell 11 is not done
    chosen = tables["chosen"].to_pylist()
    assert [row["name"] for row in chosen] == ["", "A", "", "C"]
    assert [row["y2"] for row in chosen if row["name"]] == [line(tables, 5)[-1], line(tables, 2)[-1]]


def test_a_click_is_the_selection_of_a_cell():
    axes = axes_of(Grid.of(THREE))
    (selection,) = parallel_chart(axes, "test_loss")["params"]
    assert selection["name"] == "cell" and selection["select"]["fields"] == ["cell"]
    assert "params" not in parallel_chart(axes, "test_loss", can_pick=False)
