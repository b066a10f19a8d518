"""The charts: valid Vega-Lite, fed by small tables that match them."""

import base64
import dataclasses
import json
from functools import lru_cache

import numpy as np
import pytest

from tests.charts.checking import assert_fits, dicts
from toynet import Config, Trainer, datasets, train
from toynet.charts.boundary import MOST_POINTS, boundary_chart, boundary_tables, shown
from toynet.charts.curves import LOSSES, MOST_ROWS, NORMS, X_AXES, curve_tables, loss_chart, norm_chart
from toynet.charts.field import evaluate, half_line, plane
from toynet.history import COLUMNS, History
from toynet.network import forward

pytestmark = pytest.mark.filterwarnings("error")

KINDS = {"loss": LOSSES, "norm": NORMS}
NASTY = ['a "b" \\', "it's [x] {y}", "</script><b>", "ü 中 🐧", "%s {{}}", "datum.c", "a\nb", ""]


@lru_cache
def trained():
    return train(Config(samples=100, epochs=40))


def boundary(trainer, split=None, images=()):
    split = split or trainer.split
    p = plane(split)
    tables, images = boundary_tables(
        trainer.parameters, trainer.config.activation, split, p, shown(split), list(images)
    )
    return (
        boundary_chart(split.feature_names, split.class_names, (p.x_range, p.y_range), split.y_test.size > 0),
        tables,
        images,
    )


def places(table):
    """A table's points, (rows, 2)."""
    return table.to_pandas()[["x", "y"]].to_numpy(float)


def curve(kind, history, x_column="epoch", **present):
    chart = loss_chart(x_column, True) if kind == "loss" else norm_chart(x_column)
    return chart, curve_tables(history, KINDS[kind], x_column, **present)


def made_history(rows, **columns):
    """A history of so many rows: ones, but for the columns given."""
    counts = {"epoch": np.arange(rows), "update": np.arange(rows)}
    return History({c: np.ones(rows) for c in COLUMNS} | counts | columns)


# --- the boundary ------------------------------------------------------------------


def test_boundary_spec_is_valid_and_its_tables_match():
    spec, tables, _ = boundary(trained())
    assert_fits(spec, tables)
    assert set(tables) == {"field", "half", "points"}


def test_points_are_the_samples_in_their_own_units_with_class_part_and_probability():
    trainer = trained()
    spec, tables, _ = boundary(trainer)
    points = tables["points"].to_pandas()
    split = trainer.split
    X = np.concatenate([split.X_train, split.X_test])
    np.testing.assert_allclose(places(tables["points"]), split.own_units(X), rtol=1e-6, atol=1e-6)
    assert "transform" not in json.dumps(spec), "Vega never forgets rows that it has calculated a column for"
    np.testing.assert_array_equal(points.kind % 2, np.concatenate([split.y_train, split.y_test]))
    np.testing.assert_array_equal(points.kind // 2, np.repeat([0, 1], [75, 25]))
    np.testing.assert_array_equal(points.p, (1e4 * forward(trainer.parameters, X, "tanh").y_hat[0]).round())
    assert "datum.p / 10000" in json.dumps(spec)


def test_points_of_ten_thousand_samples_are_a_fixed_few():
    trainer = Trainer(Config(samples=10_000))
    rows = shown(trainer.split)
    assert len(rows) == len(set(rows)) == MOST_POINTS and (np.diff(rows) > 0).all() and rows[-1] < 10_000
    np.testing.assert_array_equal(rows, shown(trainer.split))
    points = boundary(trainer)[1]["points"]
    own = trainer.split.own_units(np.concatenate([trainer.split.X_train, trainer.split.X_test]))
    np.testing.assert_allclose(places(points), own[rows], rtol=1e-5, atol=1e-6)
    assert set(points.to_pydict()["kind"]) == {0, 1, 2, 3}


@pytest.mark.parametrize("dataset", ["moons", "spirals"])
def test_boundary_tables_are_small(dataset):
    _, tables, images = boundary(train(Config(dataset=dataset, samples=10_000, epochs=3, hidden_size=256)))
    assert sum(table.nbytes for table in tables.values()) < 30_000
    assert tables["field"].num_rows == len(images) == 1


def test_last_images_stay_behind_the_new_one_and_no_more_of_them():
    trainer, images, numbers = Trainer(Config(samples=40, learning_rate=3)), [], []
    for _ in range(6):
        _, tables, images = boundary(trainer, images=images)
        field = tables["field"].to_pydict()
        sent = [url for _, url in images]
        assert field["url"] == (["", *sent[1:]] if len(sent) == 3 else sent), "the oldest is known to the browser"
        assert field["n"] == [n for n, _ in images] and field["k"] == [n % 3 for n in field["n"]]
        numbers.append(field["n"])
        trainer.run(epochs=20)
    assert numbers == [[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]


def test_same_field_is_not_drawn_again():
    _, tables, images = boundary(trained())
    _, again, same = boundary(trained(), images=images)
    assert same == images and again["field"] == tables["field"]


def test_half_line_table_is_in_own_units_and_ordered():
    trainer = train(Config(dataset="xor", samples=100, epochs=200))
    spec, tables, _ = boundary(trainer)
    half = tables["half"].to_pandas()
    p = plane(trainer.split)
    lines = half_line(evaluate(trainer.parameters, p, "tanh")[0], p)
    expected = np.concatenate([np.append(line, [[np.nan, np.nan]], axis=0) for line in lines])
    assert len(lines) > 1 and len(half) > 10
    np.testing.assert_allclose(half[["x", "y"]], expected, rtol=1e-6, atol=1e-6)
    assert any(d.get("type") == "line" and d.get("order") is False for d in dicts(spec)), "drawn in the rows' order"


def test_half_line_table_is_empty_where_nothing_is_undecided():
    trainer = Trainer(Config(samples=40))
    trainer = Trainer(trainer.config, parameters=trainer.parameters._replace(b2=np.array([[100.0]])))
    spec, tables, _ = boundary(trainer)
    assert tables["half"].num_rows == 0
    assert_fits(spec, tables)


@pytest.mark.parametrize("name", NASTY)
def test_names_with_odd_characters_leave_the_spec_whole(name):
    trainer = Trainer(Config(samples=40))
    split = trainer.split._replace(class_names=(name, f"not {name}"), feature_names=(name, f"{name}2"))
    spec, tables, _ = boundary(trainer, split)
    assert_fits(spec, tables)
    names = f"{name} (class 0)", f"not {name} (class 1)"
    labels = [f"{n}, {part}" for part in ("training", "test") for n in names]
    assert [p["value"] for p in spec["params"] if p["name"] == "labels"] == [labels]
    assert all(d["tooltip"]["expr"].isascii() for d in dicts(spec) if isinstance(d.get("tooltip"), dict))


def test_class_0_is_the_orange_circle_and_class_1_the_blue_square():
    spec, _, _ = boundary(trained())
    ranges = {tuple(d["range"]) for d in dicts(spec) if d.get("domain") == [0, 1, 2, 3]}
    assert {("#f59322", "#0877bd") * 2, ("circle", "square") * 2} <= ranges


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_parameters_that_are_not_finite_do_not_raise(value):
    config = Config(samples=40, activation="relu")
    parameters = Trainer(config).parameters
    for name in parameters._fields:
        parameters = parameters._replace(**{name: np.full_like(getattr(parameters, name), value)})
        spec, tables, _ = boundary(Trainer(config, parameters=parameters))
        assert_fits(spec, tables)


def test_field_is_a_picture():
    (url,) = boundary(trained())[1]["field"].to_pydict()["url"]
    assert base64.b64decode(url.split(",")[1])[8:12] == b"WEBP"


@pytest.mark.parametrize("size", [1e-60, 1e-30, 1e30, 1e60])
def test_inputs_of_any_size_are_drawn(size):
    points = datasets.points(Config(samples=40))
    split = datasets.split(points._replace(X=points.X * size), 0.25, 0)
    drawn = boundary(Trainer(Config(samples=40), split=split))[1]["points"].to_pandas()
    assert np.isfinite(drawn[["x", "y"]]).all(axis=None) and drawn.x.nunique() == drawn.y.nunique() == 40


# --- the curves --------------------------------------------------------------------


@pytest.mark.parametrize("x_column", X_AXES)
@pytest.mark.parametrize("kind", KINDS)
def test_curve_spec_is_valid_and_its_tables_match(kind, x_column):
    spec, tables = curve(kind, trained().recorded, x_column)
    assert_fits(spec, tables)
    rows = tables["curve"].to_pandas()
    np.testing.assert_allclose(rows.x, trained().recorded[x_column], rtol=1e-6)
    for column, name in KINDS[kind].items():
        np.testing.assert_allclose(rows[name], trained().recorded[column], rtol=1e-6)
    assert set(X_AXES.values()) >= {d["title"] for d in dicts(spec) if d.get("field") == "x" and "title" in d}


def test_loss_chart_without_a_test_part_draws_no_test_curve():
    assert "Test" in json.dumps(loss_chart("epoch", True))
    spec = loss_chart("epoch", False)
    assert '"Test"' not in json.dumps(spec)
    assert_fits(spec, curve_tables(train(Config(epochs=3, test_fraction=0.0)).recorded, LOSSES, "epoch"))


@pytest.mark.parametrize("kind", KINDS)
def test_curves_of_a_long_run_are_small_and_keep_their_peaks(kind):
    columns = {c: np.random.default_rng(0).random(100_000) + 0.1 for s in KINDS.values() for c in s}
    spike = next(iter(KINDS[kind]))
    columns[spike][54_321] = 99.0
    table = curve(kind, made_history(100_000, **columns))[1]["curve"]
    assert table.num_rows <= MOST_ROWS and table.nbytes < 10_000
    drawn = table.to_pandas()
    assert drawn.x[drawn[KINDS[kind][spike]].idxmax()] == 54_321


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, -np.inf, np.nan, 1e-60, 5e-324], ids=str)
def test_log_axis_gets_no_zeros_and_nothing_negative_or_infinite(bad):
    values = np.array([1.0, bad, 1e-3])
    table = curve("norm", made_history(3, **dict.fromkeys(NORMS, values)))[1]["curve"].to_pandas()
    for name in NORMS.values():
        shown = table[name].dropna()
        assert (shown > 0).all() and np.isfinite(shown).all()
        assert list(shown.iloc[[0, -1]]) == pytest.approx([1.0, 1e-3])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("huge", [1e39, 1e300, np.inf, np.nan])
def test_huge_values_are_left_out_or_drawn_but_never_infinite(kind, huge):
    values = np.array([1.0, 2.0, huge])
    table = curve(kind, made_history(3, **dict.fromkeys(KINDS[kind], values)))[1]["curve"].to_pandas()
    for name in KINDS[kind].values():
        assert not np.isinf(table[name]).any() and list(table[name][:2]) == [1.0, 2.0]


def test_curves_of_a_diverged_run_can_be_drawn():
    trainer = train(Config(samples=40, activation="relu", learning_rate=1e6, epochs=200))
    assert trainer.diverged
    for kind in KINDS:
        spec, tables = curve(kind, trainer.recorded)
        assert_fits(spec, tables)
        assert not np.isinf(tables["curve"].to_pandas()).any(axis=None)


def test_missing_test_loss_is_a_gap():
    table = curve("loss", train(Config(epochs=3, test_fraction=0.0)).recorded)[1]["curve"]
    assert table["Test"].null_count == 4 and table["Train"].null_count == 0


def test_present_moment_is_drawn_behind_the_last_row_only_once_it_is_later():
    trainer = Trainer(Config(samples=40, batch_mode="stochastic"))
    trainer.run(epochs=2)

    def drawn():
        present = trainer.present()
        return curve("loss", trainer.recorded, "update", present=present)[1]["curve"].to_pandas()

    assert list(drawn().x) == [0, 30, 60]
    trainer.step()
    assert list(drawn().x) == [0, 30, 60, 61]
    assert drawn().Train.iloc[-1] == pytest.approx(trainer.present()["train_loss"], rel=1e-6)


def drawn_marks(history, marks, x_column="epoch"):
    """(x, label) of the marks to be seen; rows without a label are there to hold the axis."""
    changes = curve("norm", history, x_column, marks=marks)[1]["changes"].to_pydict()
    return [(x, label) for x, label in zip(changes["x"], changes["label"], strict=True) if label]


def test_changes_in_mid_run_leave_labelled_marks():
    trainer = Trainer(Config(samples=40))
    for rate, batch_mode in ((0.3, "full"), (0.05, "full"), (2.0, "stochastic")):
        trainer.learning_rate, trainer.batch_mode = rate, batch_mode
        trainer.run(epochs=3)
    assert drawn_marks(trainer.recorded, trainer.marks()) == [(3.0, "η 0.05"), (6.0, "η 2, stochastic")]


@pytest.mark.parametrize("x_column", X_AXES)
def test_marks_follow_the_axis(x_column):
    history = made_history(5, **{x_column: np.arange(5) * 10.0})
    assert drawn_marks(history, [(2, "batch 10")], x_column) == [(20.0, "batch 10")]


def test_marks_are_bounded_and_none_without_a_change():
    assert drawn_marks(trained().recorded, trained().marks()) == []
    restless = [(row, f"η {row}") for row in range(1000)]
    drawn = drawn_marks(made_history(1000), restless)
    assert 0 < len(drawn) <= 50 and drawn[-1] == (999.0, "η 999")


def test_spec_depends_on_the_settings_only_and_not_on_the_moment():
    one = Trainer(Config(samples=40))
    before = boundary(one)[0], loss_chart("epoch", True), norm_chart("update")
    one.run(epochs=5)
    assert before == (boundary(one)[0], loss_chart("epoch", True), norm_chart("update"))


def test_tables_are_views_of_no_state_that_training_changes():
    trainer = Trainer(dataclasses.replace(Config(samples=40), epochs=5))
    tables = [*boundary(trainer)[1].values(), *curve("loss", trainer.recorded)[1].values()]
    before = [str(t.to_pydict()) for t in tables]
    trainer.run()
    assert [str(t.to_pydict()) for t in tables] == before
