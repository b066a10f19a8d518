"""The pictures beside the derivation: valid Vega-Lite that shows the numbers handed in."""

import json

import altair as alt
import numpy as np
import pytest

from tests.derivation.several import several
from tests.problems import problem
from toynet import Config, Trainer
from toynet.charts.explaining import bins, comparison_chart, cosine_chart, error_chart, norm_ratio_chart, step_chart
from toynet.derivation.batch_gradients import Spread, compare
from toynet.derivation.gradient_check import error_by_step
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.squared_error import lead
from toynet.network import forward, one_hot

pytestmark = pytest.mark.filterwarnings("error")


def tables(chart):
    """The rows of each layer, after the chart has passed as JSON Vega-Lite."""
    spec = chart.to_dict()
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    alt.LayerChart.from_dict(spec)
    return [spec["datasets"][layer["data"]["name"]] for layer in spec["layer"]]


def test_error_chart_has_both_costs_and_the_samples_own_position():
    parameters, X, y = problem("tanh", 1)
    curves, ring, dot, *names = tables(error_chart(parameters, X, y, "tanh"))
    assert len(curves) == 4 * 161
    passed = forward(parameters, X, "tanh")
    assert [row["Z2"] for row in ring + dot] == [passed.Z2[0, 0]] * 2
    assert ring[0]["dC_dZ2"] == (passed.y_hat - y)[0, 0]
    assert [(row["of"], row["Z2"] > 0) for (row,) in names] == [("y = 0", True), ("y = 1", False)]


def test_error_chart_shows_both_markers_where_the_costs_agree():
    spec = error_chart(*problem("tanh", 1), "tanh").to_dict()
    ring, dot = (layer["mark"] for layer in spec["layer"][1:3])
    assert not ring["filled"] and dot["filled"] and ring["size"] > 2 * dot["size"]


@pytest.mark.parametrize(
    ("Z2", "at", "told"), [(-39.456, -39.456, "−39.46"), (1e200, 100.0, "1e200"), (-np.inf, -100.0, "−∞")]
)
def test_error_chart_reaches_as_far_as_the_sample_or_shows_it_at_the_edge(Z2, at, told):
    parameters, X, y = problem("tanh", 1)
    parameters = parameters._replace(W2=np.zeros((1, 4)), b2=np.array([[Z2]]))
    curves, ring, *_ = tables(error_chart(parameters, X, y, "tanh"))
    assert (ring[0]["Z2"], ring[0]["told"]) == (at, told)
    assert max(abs(row["Z2"]) for row in curves) >= abs(at)


def test_error_chart_leaves_out_what_is_no_number():
    parameters, X, y = problem("tanh", 1)
    curves, ring, dot, *_ = tables(error_chart(parameters._replace(b2=np.array([[np.nan]])), X, y, "tanh"))
    assert curves and not ring and not dot


def test_step_chart_marks_the_step_that_is_used():
    curve = error_by_step(*problem("tanh", 30), "tanh")
    chart = step_chart(curve)
    line, rule, text = tables(chart)
    assert [(row["step"], row["error"]) for row in line] == [tuple(pair) for pair in curve.tolist()]
    assert rule[0]["step"] == 1e-6 and text[0]["label"] == "used: 1e-6"
    encoding = chart.to_dict()["layer"][0]["encoding"]
    assert encoding["x"]["scale"]["type"] == encoding["y"]["scale"]["type"] == "log"


def test_log_axes_get_no_zero_and_nothing_infinite():
    line = tables(step_chart(np.array([[0.1, 0.0], [0.01, np.inf], [0.001, np.nan], [1e-4, 1e-5]])))[0]
    assert [row["step"] for row in line] == [0.1, 1e-4] and line[0]["error"] > 0


@pytest.mark.parametrize("chart", [cosine_chart, norm_ratio_chart])
def test_distributions_show_shares_of_both_modes(chart):
    bars = tables(chart(compare(*problem("tanh", 30), "tanh", batch_size=8)))[0]
    for mode in ("Mini-batch", "Single sample"):
        assert sum(row["share"] for row in bars if row["mode"] == mode) == pytest.approx(1)


def test_bins_by_hand():
    # Width 1/20: 0 lies in the bin from 0, 3 in the last, NaN in none.
    rows = bins(np.array([0.0, 0.01, 3.0, np.nan]), -1.0, 1.0)
    assert rows.share[20] == pytest.approx(2 / 3) and rows.left[20] == pytest.approx(0)
    assert rows.share.iloc[-1] == pytest.approx(1 / 3) and rows.share.sum() == pytest.approx(1)


@pytest.mark.parametrize("chart", [cosine_chart, norm_ratio_chart])
def test_undefined_distributions_are_empty(chart):
    nothing = Spread(1, np.full(3, np.nan), np.full(3, np.nan))
    bars = tables(chart({"mini": nothing, "stochastic": nothing}))[0]
    assert {row["share"] for row in bars} == {0}


@pytest.mark.parametrize("name", ["wrong_sign", "extra_sigma_prime"])
def test_comparison_chart_has_the_two_runs_losses(name):
    config = Config(samples=60, epochs=30, learning_rate=3.0)
    own, copy = Trainer(config), Trainer(config, rule=MISTAKES[name].backward)
    own.run()
    copy.run()
    title = MISTAKES[name].title
    for a, b in ((own.recorded, copy.recorded), (own.history, copy.history)):
        chart = comparison_chart(a, b, title)
        lines, ends = tables(chart)
        for run, label in ((own, "Right rule"), (copy, title)):
            shown = [(row["epoch"], row["loss"]) for row in lines if row["rule"] == label]
            assert shown == list(zip(run.history.epoch, run.history.train_loss, strict=True))
        assert len(ends) == 2
    is_log = "scale" in chart.to_dict()["layer"][0]["encoding"]["y"]
    losses = np.concatenate([own.history.train_loss, copy.history.train_loss])
    assert is_log == (losses.max() > 20 * losses.min())


def test_pictures_are_as_wide_as_the_page_and_of_one_height_that_a_small_window_shows_whole():
    given = *problem("tanh", 30), "tanh"
    history, spreads = Trainer(Config(samples=60)).history, compare(*given, batch_size=8)
    charts = {
        "error": error_chart(*given),
        "step": step_chart(error_by_step(*given)),
        "cosine": cosine_chart(spreads),
        "norm ratio": norm_ratio_chart(spreads),
        "comparison": comparison_chart(history, history, "No g'"),
    }
    specs = {name: chart.to_dict() for name, chart in charts.items()}
    assert not [name for name, spec in specs.items() if any("width" in part for part in (spec, *spec["layer"]))]
    heights = {name: spec.get("height") for name, spec in specs.items()}
    assert len(set(heights.values())) == 1, heights
    assert 300 <= heights["error"] <= 400  # of a window's 700, beside a heading and a sentence


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_error_chart_of_several_outputs_has_a_point_for_each_of_them(output):
    parameters, X, y = several(m=5)
    curves, ring, dot, *names = tables(error_chart(parameters, X, y, "tanh", output))
    assert len(curves) == (4 if output == "sigmoid" else 2) * 161
    assert len(ring) == len(dot) == 15
    passed, Y = forward(parameters, X, "tanh", output), one_hot(y, 3)
    np.testing.assert_allclose([row["dC_dZ2"] for row in ring], (passed.y_hat - Y).ravel())
    places = lead(passed.Z2) if output == "softmax" else passed.Z2
    np.testing.assert_allclose([row["Z2"] for row in dot], places.ravel())
    assert [row["of"] for (row,) in names] == ["Y = 0", "Y = 1"]
    assert {row["of"] for row in ring} == {"Y = 0", "Y = 1"}


def test_error_chart_of_softmax_says_what_runs_along_its_axis():
    x, y = (
        error_chart(*several(m=5), "tanh", "softmax").to_dict()["layer"][0]["encoding"][axis]["title"] for axis in "xy"
    )
    assert (x, y) == ("Z2 ahead of the others", "dC/dZ2, one output of one sample")
