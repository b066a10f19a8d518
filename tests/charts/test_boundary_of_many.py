"""The boundary picture, lanes and others' lines of three classes and more, and of more than two inputs."""

import json

import numpy as np
import pytest

from tests.charts.checking import assert_fits, dicts
from toynet import Config, train
from toynet.charts import spread
from toynet.charts.boundary import boundary_chart, field_tables, points_table, shown
from toynet.charts.field import evaluate, plane
from toynet.charts.lanes import lane_points, lanes_chart, lanes_tables
from toynet.charts.palette import CLASS_COLOURS, CLASS_SHAPES, OUTLINE
from toynet.network import forward

pytestmark = pytest.mark.filterwarnings("error")

NASTY = ['a "b" \\', "it's [x] {y}", "</script><b>", "%s {{}}", "datum.c", "a\nb", ""]


@pytest.fixture(scope="module")
def trained():
    return train(Config(dataset="spirals", classes=4, samples=120, output="softmax", epochs=60))


@pytest.fixture(scope="module")
def wine():
    return train(Config(dataset="wine", features="alcohol;hue;proline", feature_1="proline", feature_2="hue", epochs=9))


def boundary(trainer, class_names=None, **options):
    split, output = trainer.split, trainer.config.output
    names, p = class_names or split.class_names, plane(split)
    tables, moments = field_tables(trainer.parameters, "tanh", p, output=output)
    tables["points"] = points_table(trainer.parameters, "tanh", split, p, shown(split), output)
    spec = boundary_chart(split.pictured.feature_names, names, p.area, split.y_test.size > 0, **options)
    return spec, tables, moments


def test_the_spec_is_valid_and_its_tables_match(trained, wine):
    for trainer in (trained, wine):
        assert_fits(*boundary(trainer)[:2])


def test_points_tell_what_they_are_and_what_they_are_taken_for(trained):
    split, points = trained.split, boundary(trained)[1]["points"].to_pandas()
    y_hat = forward(trained.parameters, np.concatenate([split.X_train, split.X_test]), "tanh", "softmax").y_hat
    np.testing.assert_array_equal(points.kind % 4, np.concatenate([split.y_train, split.y_test]))
    np.testing.assert_array_equal(points.kind // 4, np.repeat([0, 1], [90, 30]))
    np.testing.assert_array_equal(points.predicted, y_hat.argmax(axis=0))
    np.testing.assert_array_equal(points.p, (1e4 * y_hat.max(axis=0)).round())


def test_a_sample_tells_the_class_it_is_taken_for_and_its_probability(trained):
    (told,) = [d["tooltip"]["expr"] for d in dicts(boundary(trained)[0]) if d.get("type") == "point" and "tooltip" in d]
    assert "datum.predicted" in told and "Its probability" in told and "of class 1" not in told


@pytest.mark.parametrize("k", [3, 10])
def test_every_class_has_its_colour_its_sign_and_a_line_in_the_legend(k):
    names = tuple(f"name {c}" for c in range(k))
    spec = boundary_chart(("a", "b"), names, ((0.0, 1.0), (0.0, 1.0)), has_test=True)
    kinds = list(range(2 * k))
    ranges = [d["range"] for d in dicts(spec) if d.get("domain") == kinds]
    assert [*CLASS_COLOURS[:k]] * 2 in ranges and [*CLASS_SHAPES[:k]] * 2 in ranges
    assert ["#ffffff"] * k + [OUTLINE] * k in ranges
    (legend,) = [d["legend"] for d in dicts(spec) if d.get("legend")]
    assert legend["values"] == list(range(k + 1))
    assert all(json.dumps(f"{name} (class {c})") in legend["labelExpr"] for c, name in enumerate(names))


def test_without_a_test_part_the_legend_has_the_classes_alone():
    spec = boundary_chart(("a", "b"), ("x", "y", "z"), ((0.0, 1.0), (0.0, 1.0)), has_test=False)
    (legend,) = [d["legend"] for d in dicts(spec) if d.get("legend")]
    assert legend["values"] == [0, 1, 2] and "Test" not in legend["labelExpr"]


@pytest.mark.parametrize("name", NASTY)
def test_names_with_odd_characters_leave_the_spec_whole(trained, name):
    spec, tables, _ = boundary(trained, (name, f"not {name}", name * 2, "z"))
    assert_fits(spec, tables)
    assert all(d["tooltip"]["expr"].isascii() for d in dicts(spec) if isinstance(d.get("tooltip"), dict))


def test_lines_between_classes_are_one_table_with_gaps(trained):
    half = boundary(trained)[1]["half"].to_pandas().to_numpy(float)
    gaps = np.isnan(half[:, 0])
    assert gaps.sum() >= 2 and gaps[-1]
    X = (half[~gaps] - trained.split.mean) / trained.split.scale
    y_hat = np.sort(forward(trained.parameters, X, "tanh", "softmax").y_hat, axis=0)
    assert np.median(y_hat[-1] - y_hat[-2]) < 1e-3


def test_samples_of_more_inputs_stand_where_the_two_that_are_drawn_are(wine):
    split, points = wine.split, boundary(wine)[1]["points"].to_pandas()
    drawn = np.concatenate([split.X_train, split.X_test])[:, [2, 1]] * split.scale[[2, 1]] + split.mean[[2, 1]]
    np.testing.assert_allclose(points[["x", "y"]], drawn, rtol=1e-5)
    encoding = boundary(wine)[0]["encoding"]
    assert [encoding[c]["title"] for c in "xy"] == ["proline", "hue"]
    # Their probability is that of all their inputs, not that of the field beneath them.
    y_hat = forward(wine.parameters, np.concatenate([split.X_train, split.X_test]), "tanh").y_hat
    np.testing.assert_array_equal(points.predicted, y_hat.argmax(axis=0))


def test_the_same_field_is_not_drawn_again_and_one_of_another_output_is(trained):
    p = plane(trained.split)
    _, moments = field_tables(trained.parameters, "tanh", p, output="softmax")
    assert field_tables(trained.parameters, "tanh", p, moments, output="softmax")[1] is moments
    assert len(field_tables(trained.parameters, "tanh", p, moments, output="sigmoid")[1]) == 2


# --- races and luck -----------------------------------------------------------------------


def test_lanes_have_their_own_outputs_and_all_classes_samples(trained):
    area = plane(trained.split, grid=64)
    networks = [(trained.parameters, "tanh", "softmax"), (trained.parameters, "tanh", "sigmoid")]
    tables, moments = lanes_tables(networks, ["a", "b"], ["", ""], area)
    tables["points"] = lane_points(trained.split, area.area, 2)
    assert_fits(lanes_chart(2, classes=4), tables)
    one, other = (field_tables(trained.parameters, "tanh", area, output=output)[1] for _, _, output in networks)
    assert [m[-1].url for m in moments] == [one[-1].url, other[-1].url] and one[-1].url != other[-1].url
    kinds = tables["points"].to_pandas().kind.to_numpy().reshape(2, -1)
    assert (kinds[0] == kinds[1]).all() and set(kinds[0]) == set(range(8))
    ranges = [d["range"] for d in dicts(lanes_chart(2, classes=4)) if d.get("domain") == list(range(8))]
    assert [*CLASS_SHAPES[:4]] * 2 in ranges


def test_lanes_of_more_inputs_show_the_two_that_are_drawn(wine):
    area = plane(wine.split, grid=64)
    points = lane_points(wine.split, area.area, 2).to_pandas()
    assert points.x.between(0, 2).all() and points.y.between(0, 1).all()


def test_lines_of_other_seeds_are_all_that_lie_between_their_classes(trained):
    p = plane(trained.split)
    (coarse,) = spread.coarse_planes([trained.split], p.area)
    table = spread.others_table([(trained.parameters, "tanh", "softmax")], [coarse])
    lines = table.to_pandas().dropna().to_numpy(float)
    Z2, _ = evaluate(trained.parameters, coarse, "tanh", output="softmax")
    assert len(lines) > 20 and len(np.unique(Z2.argmax(axis=0))) == 4
    X = (lines - trained.split.mean) / trained.split.scale
    y_hat = np.sort(forward(trained.parameters, X, "tanh", "softmax").y_hat, axis=0)
    assert np.median(y_hat[-1] - y_hat[-2]) < 0.01
