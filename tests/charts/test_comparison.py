"""Runs over each other: what their chart draws, tells and is called."""

import json

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from toynet.charts.comparison import MEASURES, Curve, behind_tables, comparison_chart, comparison_tables, heights_of
from toynet.charts.curves import View


def curve(rows, height=1.0):
    return Curve(np.arange(float(rows)), height / (1.0 + np.arange(rows)))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("view", [View(), View("update", log=True, smoothing=0.9)])
def test_there_is_a_dataset_for_each_that_the_chart_draws(measure, view):
    assert_fits(comparison_chart(("a", "b"), view, measure), comparison_tables([curve(9), curve(5)], view, measure))


def test_runs_are_called_by_their_names_whatever_these_are():
    legends = []
    for names in (("one", '"two" <b>'), ("three", "title")):
        spec = comparison_chart(names, View(), "test_loss")
        legends += [layer["data"]["values"] for layer in spec["layer"] if "values" in layer.get("data", {})]
        (told,) = (layer["mark"]["tooltip"]["expr"] for layer in spec["layer"] if "tooltip" in layer.get("mark", {}))
        assert all(json.dumps(name).strip('"') in told for name in names) and told.count("datum.datum") == 3
    assert legends == [["one", '"two" <b>'], ["three", "title"]]


def test_a_place_tells_every_run_and_of_one_that_has_ended_nothing():
    hover = comparison_tables([curve(5), curve(9, 2.0)], View(), "test_loss")["hover"].to_pydict()
    place = hover["x"].index(4), hover["x"].index(8)
    assert hover["t0"][place[0]] == "4" and hover["t1"][place[0]] == "0.2" and hover["t2"][place[0]] == "0.4"
    assert (hover["t1"][place[1]], hover["t2"][place[1]]) == ("–", "0.22222")


def test_axes_hold_all_runs():
    marks = comparison_tables([curve(5), curve(9, 2.0)], View(), "test_loss")["marks"].to_pydict()
    assert marks["end"][0] >= 8 and marks["high"][0] >= 2.0 and marks["low"][0] == 0.0


def test_curves_behind_end_with_the_axis_and_the_y_axis_holds_them():
    x = np.arange(1000.0)
    run = {"epoch": x, "train_loss": 5.0 - x / 1000, "test_loss": np.full(1000, np.nan)}
    tables = behind_tables([run], ["train_loss", "test_loss"], "epoch", 100.0, False)
    table = tables["behind0"].to_pydict()
    assert max(table["x"]) <= 101 and len(table["x"]) < 700 and None in table["y"]
    assert heights_of(tables).max() == 5.0 and heights_of({}).size == 0
