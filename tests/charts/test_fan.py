"""The fan: every seed, their band and their median, and what a place tells."""

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from tests.charts.sweeps import column
from toynet.charts.comparison import MEASURES
from toynet.charts.curves import View
from toynet.charts.fan import POINTS, TOLD, band, fan_chart, fan_tables

pytestmark = pytest.mark.filterwarnings("error")


def history(rows=11, height=1.0):
    x = np.arange(float(rows))
    losses = height / (1.0 + x)
    return {
        "epoch": x, "update": 2 * x, "samples_seen": 300 * x, "seconds": x / 100, "grad_norm": losses,
        "test_loss": losses, "train_loss": losses, "test_accuracy": 1 - losses / 2, "train_accuracy": 1 - losses / 2,
    }  # fmt: skip


def seeds(count=5, rows=11):
    return [history(rows, 1.0 + i / 10) for i in range(count)]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("view", [View("seconds"), View("update", log=True, smoothing=0.9)])
def test_there_is_a_dataset_for_each_that_the_chart_draws(measure, view):
    assert_fits(fan_chart(view, measure), fan_tables(seeds(), view, measure))
    assert_fits(fan_chart(view, measure), fan_tables(seeds(1), view, measure))


def test_the_median_and_the_band_are_those_of_the_seeds():
    tables = fan_tables(seeds(), View())
    at = np.array([h["test_loss"] for h in seeds()])
    np.testing.assert_allclose(column(tables["curve2"], "y"), np.median(at, axis=0), rtol=1e-6)
    outline = tables["curve1"].to_pydict()
    low, high = np.quantile(at, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(outline["y"], np.concatenate([high, low[::-1]]))
    assert outline["x"] == [*range(11), *range(10, -1, -1)]


def test_all_seeds_are_one_line_with_a_gap_behind_each():
    table = fan_tables(seeds(3), View())["curve0"].to_pydict()
    assert [i for i, y in enumerate(table["y"]) if y is None] == [11, 23, 35]
    np.testing.assert_allclose(table["y"][12:23], 1.1 / (1.0 + np.arange(11)), rtol=1e-6)


def test_seeds_are_pale_and_the_band_is_filled():
    layers = {layer["data"].get("name"): layer["mark"] for layer in fan_chart(View())["layer"] if "mark" in layer}
    assert (
        layers["curve0"]["opacity"] < 0.6
        and layers["curve1"]["fillOpacity"] > 0
        and layers["curve1"]["strokeWidth"] == 0
    )
    assert layers["curve2"]["strokeWidth"] > layers["curve0"]["strokeWidth"]


def test_beyond_its_end_a_seed_that_diverged_is_infinitely_bad_and_another_is_left_out():
    some = [history(11, 1.0), history(11, 2.0), history(5, 3.0)]
    of = lambda *flags: column(fan_tables(some, View(), diverged=flags)["curve2"], "y")  # noqa: E731
    np.testing.assert_allclose(of()[[4, 10]], [2 / 5, 1.5 / 11], rtol=1e-6)
    np.testing.assert_allclose(of(False, False, True)[[4, 10]], [2 / 5, 2 / 11], rtol=1e-6)
    told = fan_tables(some, View(), diverged=(False, False, True))["hover"].to_pylist()[-1]
    assert told["t3"] == "0.090909 to diverged" and told["t4"] == "3"
    rows = fan_tables([history(5), history(5), history(11)], View(), diverged=(True, True, False))["curve2"].to_pydict()
    assert rows["y"][-1] is None, "half of the seeds and more have diverged"
    worse = fan_tables(some, View(), "test_accuracy", (False, False, True))["hover"].to_pylist()[-1]
    assert worse["t3"].startswith("diverged")


def test_the_band_of_few_and_of_infinite_values():
    low, high = band(np.array([[1.0, 1.0, np.nan], [3.0, np.inf, np.nan], [2.0, np.inf, np.nan]]))
    np.testing.assert_allclose(low, [1.2, np.inf, np.nan])
    np.testing.assert_allclose(high, [2.8, np.inf, np.nan])
    assert [end.tolist() for end in band(np.array([[5.0]]))] == [[5.0], [5.0]]


def test_a_place_tells_median_band_extremes_and_how_many_seeds():
    hover = fan_tables(seeds(), View())["hover"].to_pylist()[0]
    assert len(TOLD) == 4 and [hover[f"t{i}"] for i in range(5)] == ["0", "1.2", "1.04 to 1.36", "1 to 1.4", "5"]


def test_long_histories_of_many_seeds_are_few_rows():
    tables = fan_tables(seeds(32, 50_000), View())
    assert tables["curve0"].num_rows <= 1.2 * POINTS and tables["curve2"].num_rows < 2_000
    assert tables["hover"].num_rows <= 180
    assert column(tables["curve2"], "x")[[0, -1]].tolist() == [0.0, 49_999.0]


def test_without_a_seed_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="no seeds"):
        fan_tables([], View())
