"""The charts: valid Vega-Lite, fed by small tables that match them."""

import base64
import dataclasses
import json
from functools import lru_cache
from itertools import pairwise
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest

from tests.charts.checking import assert_fits, dicts
from toynet import Config, Trainer, datasets, train
from toynet.charts.aggregation import Average
from toynet.charts.boundary import MOST_POINTS, boundary_chart, field_tables, points_table, shown
from toynet.charts.curves import (
    ACCURACIES,
    AROUND,
    HEIGHT,
    LINE,
    LIVE_COLUMNS,
    LOSSES,
    NORMS,
    X_AXES,
    Curves,
    View,
    curve_tables,
    hover_table,
    measure_chart,
    norm_chart,
)  # fmt: skip
from toynet.charts.field import evaluate, half_line, plane
from toynet.history import COLUMNS, History
from toynet.network import forward

pytestmark = pytest.mark.filterwarnings("error")

KINDS = {"loss": LOSSES, "norm": NORMS, "accuracy": ACCURACIES}
NASTY = ['a "b" \\', "it's [x] {y}", "</script><b>", "ü 中 🐧", "%s {{}}", "datum.c", "a\nb", ""]


@lru_cache
def trained():
    return train(Config(samples=100, epochs=40))


def boundary(trainer, split=None, before=(), **options):
    split = split or trainer.split
    p = plane(split)
    tables, moments = field_tables(trainer.parameters, trainer.config.activation, p, before, **options)
    tables["points"] = points_table(trainer.parameters, trainer.config.activation, split, p, shown(split))
    return (
        boundary_chart(split.feature_names, split.class_names, (p.x_range, p.y_range), split.y_test.size > 0),
        tables,
        moments,
    )


def places(table):
    """A table's points, (rows, 2)."""
    return table.to_pandas()[["x", "y"]].to_numpy(float)


def curve(kind, history, x_column="epoch", columns=10_000, log=False, smoothing=0.0, has_test=True, **more):
    """Spec and tables of a curve chart."""
    view = View(x_column, "accuracy" if kind == "accuracy" else "loss", log, smoothing)
    series, is_log = (NORMS, True) if kind == "norm" else (view.series, view.is_log)
    chart = norm_chart(view) if kind == "norm" else measure_chart(view, has_test)
    series = dict(list(series.items())[: None if has_test else 1])
    curves = Curves(view, columns)
    tables = curve_tables(history, series, curves, is_log, **more)
    end = tables["marks"]["end"][0].as_py()
    return chart, tables | {"hover": hover_table(history, series, curves, end)}


def drawn(tables, kind=""):
    """The curves that some tables draw, settled rows and the rest behind them: a DataFrame each."""
    found = []
    for i in range(sum(name.startswith(f"{kind}curve") for name in tables)):
        settled, moving = (tables[f"{kind}{part}{i}"].to_pandas() for part in ("curve", "tail"))
        found.append(pd.concat([settled, moving.iloc[1:] if len(settled) else moving], ignore_index=True))
    return found


def made_history(rows, **columns):
    """A history of so many rows: ones, but for the columns given."""
    counts = {"epoch": np.arange(rows), "update": np.arange(rows)}
    return History({c: np.ones(rows) for c in COLUMNS} | counts | columns)


# --- the boundary ------------------------------------------------------------------


def test_boundary_spec_is_valid_and_its_tables_match():
    spec, tables, _ = boundary(trained())
    assert_fits(spec, tables)
    assert set(tables) == {"field", "half", "points"}


def test_numbers_beside_the_boundary_can_be_told_apart_however_large_or_small():
    def axes(*ranges):
        encoding = boundary_chart(("a", "b"), ("0", "1"), ranges, has_test=True)["encoding"]
        return [(encoding[c]["title"], encoding[c]["axis"].get("labelExpr", "")) for c in "xy"]

    (title, number), (plain, none) = axes((1e15 - 0.32, 1e15 + 4.32), (-1.0, 2.0))
    assert title == "a − 1000000000000000" and "datum.value - 1000000000000000.0" in number
    assert (plain, none) == ("b", "")
    for domain in ((1e-30, 4e-30), (-3e12, 5e12)):
        title, number = axes(domain, domain)[0]
        assert title == "a" and number.startswith("datum.value == 0")
    assert axes((1000.01, 1000.02), (1e7, 1e7 + 50)) == [("a", ""), ("b − 10000000", ANY)]
    assert axes((7.001, 7.0010000001), (0.0, 1.0))[0] == ("a − 7.001", ANY)


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
    _, tables, _ = boundary(train(Config(dataset=dataset, samples=10_000, epochs=3, hidden_size=256)))
    assert sum(table.nbytes for table in tables.values()) < 30_000
    assert tables["field"].num_rows == 1


def fields(tables):
    """(number, whether its address is sent), from the lowest picture to the one on top."""
    rows = sorted(tables["field"].to_pylist(), key=lambda row: row["order"])
    return [(row["k"], bool(row["url"])) for row in rows]


def test_a_field_is_sent_a_frame_before_it_is_shown_with_its_own_line():
    trainer, moments, sent = Trainer(Config(samples=40, learning_rate=3)), (), []
    for frame in range(6):
        _, tables, moments = boundary(trainer, before=moments, ahead=True)
        *_, (on_top, _) = fields(tables)
        seen = moments[-2] if frame else moments[-1]
        assert on_top == seen.n % 3 and tables["half"] is seen.half, "field and line are of one moment"
        sent.append(fields(tables))
        trainer.run(epochs=20)
    assert sent[:4] == [
        [(0, True)],
        [(1, True), (0, True)],
        [(2, True), (0, False), (1, True)],
        [(0, True), (1, False), (2, True)],
    ], "beneath what is shown the newest; the browser keeps the others"
    _, tables, _ = boundary(trainer, before=moments)
    assert fields(tables)[-1][1] and tables["half"] is not moments[-1].half, "at rest the newest is shown"
    *_, newest = moments = boundary(trainer, before=moments)[2]
    assert boundary(trainer, before=moments, ahead=True)[1]["half"] is newest.half, "and one that was sent before"


def test_same_field_is_not_drawn_again():
    _, tables, moments = boundary(trained())
    _, again, same = boundary(trained(), before=moments)
    assert same[-1] is moments[-1] and again["field"] == tables["field"] and again["half"] is tables["half"]


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
    assert base64.b64decode(url.split(",")[1])[1:4] == b"PNG"


@pytest.mark.parametrize("size", [1e-60, 1e-30, 1e30, 1e60])
def test_inputs_of_any_size_are_drawn(size):
    points = datasets.points(Config(samples=40))
    split = datasets.split(points._replace(X=points.X * size), 0.25, 0)
    drawn = boundary(Trainer(Config(samples=40), split=split))[1]["points"].to_pandas()
    assert np.isfinite(drawn[["x", "y"]]).all(axis=None) and drawn.x.nunique() == drawn.y.nunique() == 40


# --- the curves --------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
@pytest.mark.parametrize("x_column", X_AXES)
@pytest.mark.parametrize(("kind", "log"), [("loss", False), ("loss", True), ("accuracy", False), ("norm", True)])
def test_curve_spec_is_valid_and_its_tables_match(kind, log, x_column, smoothing):
    history = trained().recorded
    spec, tables = curve(kind, history, x_column, log=log, smoothing=smoothing)
    assert_fits(spec, tables)
    for rows, column in zip(drawn(tables), KINDS[kind], strict=True):
        np.testing.assert_allclose(rows.x, history[x_column], rtol=1e-6)
        np.testing.assert_allclose(rows.y, history[column], rtol=1e-6)
    for rows, column in zip(drawn(tables, "smooth"), KINDS[kind] if smoothing else (), strict=True):
        np.testing.assert_allclose(rows.y, Average(smoothing).of(history[column]), rtol=1e-6)
    assert set(X_AXES.values()) >= {d["title"] for d in dicts(spec) if d.get("field") == "x" and "title" in d}


def test_loss_chart_without_a_test_part_draws_no_test_curve():
    assert "Test" in json.dumps(measure_chart(View(), True))
    spec, tables = curve("loss", train(Config(epochs=3, test_fraction=0.0)).recorded, has_test=False)
    assert '"Test"' not in json.dumps(spec)
    assert_fits(spec, tables)


@pytest.mark.parametrize("kind", ["loss", "norm"])
def test_curves_of_a_long_run_are_small_and_keep_their_peaks(kind):
    columns = {c: np.random.default_rng(0).random(100_000) + 0.1 for s in KINDS.values() for c in s}
    spike = next(iter(KINDS[kind]))
    columns[spike][54_321] = 99.0
    tables = curve(kind, made_history(100_000, **columns), columns=None)[1]
    assert sum(table.nbytes for table in tables.values()) < 30_000
    rows = drawn(tables)[0]
    assert 250 <= len(rows) <= 3 * LIVE_COLUMNS + 8 and rows.x[rows.y.idxmax()] == 54_321


def test_every_curve_moves_by_its_own_rows():
    """A peak of one curve costs the others nothing."""
    columns = {c: np.random.default_rng(i).random(50_000) for i, c in enumerate(LOSSES)}
    one, other = drawn(curve("loss", made_history(50_000, **columns), columns=50)[1])
    assert set(one.x) != set(other.x)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, -np.inf, np.nan, 1e-60, 5e-324], ids=str)
def test_log_axis_gets_no_zeros_and_nothing_negative_or_infinite(bad):
    values = np.array([1.0, bad, 1e-3])
    spec, tables = curve("norm", made_history(3, **dict.fromkeys(NORMS, values)))
    assert_fits(spec, tables)
    for rows in drawn(tables):
        shown = rows.y.dropna()
        assert (shown > 0).all() and np.isfinite(shown).all()
        assert list(shown.iloc[[0, -1]]) == pytest.approx([1.0, 1e-3])
    assert tables["zeros"].num_rows == (4 if bad == 0.0 else 0)


def test_exact_zeros_are_marked_at_the_foot_of_a_log_axis_and_bounded():
    zeros = curve("norm", made_history(30_000, grad_norm_W1=np.zeros(30_000)))[1]["zeros"].to_pandas()
    assert 20 < len(zeros) <= 41 and zeros.colour.nunique() == 1 and zeros.x.max() > 29_000


def test_no_curve_reaches_down_to_the_signs_of_zeros():
    """Dead hidden units: three norms are 0 and b2's alone goes on, over the lowest fifth of its own range."""
    zeros = dict.fromkeys(list(NORMS)[:3], np.zeros(100))
    tables = curve("norm", made_history(100, grad_norm_b2=np.geomspace(1, 1e-6, 100), **zeros))[1]
    axes, signs = tables["marks"].to_pylist()[0], tables["zeros"].to_pandas()
    lowest = np.log(1e-6 / axes["low"]) / np.log(axes["high"] / axes["low"])  # as shares of the plot's height
    plot = HEIGHT - AROUND["top"] - AROUND["bottom"]
    assert signs.line.nunique() == 3 and lowest > LINE * (signs.line.max() + 0.5) / plot


@pytest.mark.parametrize("kind", ["loss", "norm"])
@pytest.mark.parametrize("huge", [1e39, 1e300, np.inf, np.nan])
def test_huge_values_are_left_out_or_drawn_but_never_infinite(kind, huge):
    values = np.array([1.0, 2.0, huge])
    spec, tables = curve(kind, made_history(3, **dict.fromkeys(KINDS[kind], values)))
    assert_fits(spec, tables)
    for rows in drawn(tables):
        assert not np.isinf(rows.y).any() and list(rows.y[:2]) == [1.0, 2.0]
        assert (len(rows.y.dropna()) == 3) == np.isfinite(huge)


@pytest.mark.parametrize("kind", ["loss", "norm", "accuracy"])
def test_axes_hold_every_row_and_stay_while_they_can(kind):
    trainer, ends = Trainer(Config(samples=40)), set()
    for _ in range(60):
        trainer.run(epochs=2)
        tables = curve(kind, trainer.recorded)[1]
        axes = tables["marks"].slice(0, 1).to_pylist()[0]
        y = pd.concat(drawn(tables)).y
        assert axes["low"] <= y.min() and y.max() <= axes["high"] and axes["end"] >= trainer.epoch
        ends.add(axes["end"])
    assert len(ends) < 45, "the axis grows in steps"


def test_the_axis_ends_where_the_run_does():
    tables = curve("loss", trained().recorded, last=40.1)[1]
    assert tables["marks"]["end"][0].as_py() == 40.1
    assert tables["marks"]["x"][0].as_py() == 0


def test_curves_of_a_diverged_run_can_be_drawn():
    trainer = train(Config(samples=40, activation="relu", learning_rate=1e6, epochs=200))
    assert trainer.diverged
    for kind in KINDS:
        spec, tables = curve(kind, trainer.recorded)
        assert_fits(spec, tables)
        assert not any(np.isinf(rows.y).any() for rows in drawn(tables))


def test_an_untrained_run_shows_a_dot_on_each_curve():
    for kind, series in KINDS.items():
        tips = curve(kind, Trainer(Config(samples=40)).recorded)[1]["tips"].to_pandas()
        assert len(tips) == len(series) and (tips.x == 0).all() and np.isfinite(tips.y).all()


def test_present_moment_is_drawn_behind_the_last_row_only_once_it_is_later():
    trainer = Trainer(Config(samples=40, batch_mode="stochastic"))
    trainer.run(epochs=2)

    def now():
        tables = curve("loss", trainer.recorded, "update", present=trainer.present())[1]
        return drawn(tables)[0], tables["tips"]["x"][0].as_py()

    assert list(now()[0].x) == [0, 30, 60]
    trainer.step()
    rows, tip = now()
    assert list(rows.x) == [0, 30, 60, 61] and tip == 61
    assert rows.y.iloc[-1] == pytest.approx(trainer.present()["train_loss"], rel=1e-6)


def test_hovered_rows_tell_their_numbers_as_people_write_them():
    history = made_history(3, train_loss=np.array([0.5, 227043.1825, 1e-9]), test_loss=np.array([1.0, 2.0, 3.0]))
    spec, tables = curve("loss", history, "update")
    hover = tables["hover"].to_pandas()
    assert list(hover.t0) == ["0", "1", "2"] and list(hover.t2) == ["0.5", "2.2704e5", "1e-9"]
    assert any('"Train": (datum.datum || datum).t2' in str(d.get("expr")) for d in dicts(spec))


def marks(trainer, x_column="epoch"):
    """(x, label) of the marks to be seen."""
    table = curve("norm", trainer.recorded, x_column, marks=trainer.marks())[1]["marks"].to_pydict()
    return list(zip(table["x"], table["label"], strict=True))[1:]


def test_changes_of_settings_leave_labelled_marks():
    trainer = Trainer(Config(samples=40))
    for rate in (0.3, 0.05, 2.0):
        trainer.learning_rate = rate
        trainer.run(epochs=3)
    trainer.batch_mode = "stochastic"
    trainer.run(epochs=3)
    assert marks(trainer) == [(3.0, "η 0.05"), (6.0, "η 2"), (9.0, "stochastic")]
    assert marks(trainer, "samples_seen") == [(90.0, "η 0.05"), (180.0, "η 2"), (270.0, "stochastic")]
    assert marks(trained()) == []


def test_labels_stand_above_the_plot_and_know_the_next():
    history = made_history(1000)
    changes = [(row, f"η {row}") for row in range(100, 140)] + [(800, "η 8")]
    spec, tables = curve("norm", history, marks=changes)
    table = tables["marks"].to_pylist()[1:]
    assert len(table) <= 50 and table[-1]["label"] == "η 8" and table[-1]["next"] is None
    for before, after in pairwise(table):
        assert (before["next"], before["next_length"]) == (after["x"], len(after["label"]))
    (text,) = [d for d in dicts(spec) if d.get("type") == "text"]
    assert text["y"] < 0 and text["baseline"] == "bottom" and text["clip"] is False


def test_what_has_settled_is_sent_as_it_was():
    """The browser draws nothing anew of a table with the same bytes."""
    trainer, curves, same = Trainer(Config(samples=40, batch_mode="mini")), Curves(View(), 64), 0
    before = {}
    for _ in range(100):
        trainer.run(epochs=20)
        tables = curve_tables(trainer.recorded, LOSSES, curves, False, last=2000)
        same += tables["curve0"] == before.get("curve0") and tables["marks"] == before.get("marks")
        before = tables
    assert same > 50


def test_spec_depends_on_the_settings_only_and_not_on_the_moment():
    one = Trainer(Config(samples=40))
    before = boundary(one)[0], measure_chart(View(), True), norm_chart(View("update"))
    one.run(epochs=5)
    assert before == (boundary(one)[0], measure_chart(View(), True), norm_chart(View("update")))


def test_tables_are_views_of_no_state_that_training_changes():
    trainer = Trainer(dataclasses.replace(Config(samples=40), epochs=5))
    tables = [*boundary(trainer)[1].values(), *curve("loss", trainer.recorded)[1].values()]
    before = [str(t.to_pydict()) for t in tables]
    trainer.run()
    assert [str(t.to_pydict()) for t in tables] == before
