"""The Train page of three classes and more, and of more than two inputs: which pictures, and what is said of them."""

import pytest

from tests.charts.checking import assert_fits
from tests.pages import go, opened, press, session
from toynet import Config, Trainer
from toynet.charts.curves import Seen, View
from toynet.many.group import Group
from toynet.many.plan import Plan
from toynet.many.replays import Replays
from toynet.ui import keys
from toynet.ui.picture import Look, Picture

pytestmark = pytest.mark.usefixtures("store")

TERMS = "x1;x2;x1^2;sin x2"

CASES = {
    "classes": {"dataset": "blobs", "classes": 3, "output": "softmax"},
    "terms": {"features": TERMS},
    "both": {"dataset": "quantiles", "classes": 4, "features": TERMS},
    "columns": {"dataset": "wine", "features": "alcohol;hue;proline"},
}
PLANS = {
    "one run": Plan(),
    "luck": Plan(seeds=3),
    "race": Plan(setting="hidden_size", values=(2, 3)),
    "race of outputs": Plan(setting="output", values=("sigmoid", "softmax")),
}


@pytest.mark.parametrize(
    ("case", "plan"), [*((case, "one run") for case in CASES), *(("both", p) for p in PLANS), ("columns", "luck")]
)
def test_every_picture_of_every_plan_reads_what_its_tables_have(case, plan):
    group = Group(Trainer(Config(samples=60, hidden_size=3, **CASES[case])), PLANS[plan])
    picture, look = Picture.of(group), Look(View(), Seen(400.0), ahead=True)
    group.run(8, 20.0)
    for back in (None, Replays(group)):
        if back:
            back.seek(4)
        frame = picture.frame(look, 20, back)
        assert ("confusion" in frame.charts) == (case != "terms")
        for name in ("boundary", "network", *(["confusion"] if case != "terms" else [])):
            assert_fits(*frame.charts[name])


def test_while_it_moves_what_is_seen_is_of_the_frame_before_in_every_picture():
    group = Group(Trainer(Config(samples=60, **CASES["classes"])), Plan())
    picture, look = Picture.of(group), Look(View(), None, ahead=True)
    before: dict[str, set[str]] = {}
    for _ in range(3):
        charts = picture.frame(look, 100, None).charts
        shown = {}
        for name, table in (("boundary", "field"), ("network", "images")):
            rows = charts[name][1][table].to_pandas()
            shown[name] = set(rows[rows.order == rows.order.max()].url)
        assert not before or shown == before
        before = {"boundary": {picture.moments[0][-1].url}, "network": set(picture.images[-1].urls)}
        assert picture.newest == [picture.moments[0][-1], picture.images[-1]]
        group.run(20, 20.0)


def test_images_of_all_hidden_units_follow_less_often_while_they_move_and_at_once_at_rest():
    group = Group(Trainer(Config(samples=60, **CASES["both"])), Plan())
    picture, newest = Picture.of(group), []
    for _ in range(9):
        picture.frame(Look(View(), None, ahead=True), 100, None)
        newest.append(picture.images[-1].n)
        group.run(20, 20.0)
    assert newest[-1] == 3 and sorted(newest) == newest
    picture.frame(Look(View(), Seen()), 100, None)
    assert picture.images[-1].n == 4


def names_of(app):
    """The datasets of each chart, in the order in which they are drawn."""
    return [{data.name for data in chart.proto.datasets} for chart in app.get("vega_lite_chart")]


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def test_two_classes_have_four_pictures_and_the_words_that_they_had():
    app = opened(samples="60")
    assert len(names_of(app)) == 4 and "tell two classes apart" in captions(app)
    how_to_read = next(caption.value for caption in app.caption if "Lines are weights" in caption.value)
    assert how_to_read.endswith("A1: orange −1, grey 0, blue 1.")


def test_three_classes_have_a_confusion_matrix_that_moves():
    app = opened(dataset="blobs", classes="3", samples="60")
    assert names_of(app)[3:] == [{"weights", "units", "images"}, {"confusion"}]
    assert "tell three classes apart" in captions(app) and "the probability of each class" in captions(app)

    def drawn():
        return next(data.data.data for data in app.get("vega_lite_chart")[4].proto.datasets)

    before = drawn()
    for _ in range(8):
        press(app, keys.ONE_EPOCH)
    assert drawn() != before
    assert session(app).experiment.trainer.epoch == 8


def test_what_is_at_its_mean_is_said():
    app = opened(dataset="wine", features="alcohol;hue;proline;magnesium", feature_1="alcohol", feature_2="hue")
    assert "drawn over alcohol and hue, with the 2 other inputs at their mean" in captions(app)
    app = opened(dataset="wine", features="alcohol;hue;proline", feature_1="alcohol", feature_2="hue")
    assert "with the other input at its mean" in captions(app)
    assert "mean" not in captions(opened(features=TERMS))


def test_terms_are_said_to_have_a_square():
    assert "not a straight line" in captions(opened(features=TERMS))
    assert "not a straight line" not in captions(opened(features="x1;x2"))


def test_many_inputs_and_classes_are_said_to_be_drawn_in_part():
    columns = "mean radius;mean texture;mean perimeter;mean area;mean smoothness;mean compactness;mean concavity"
    more = "worst radius;worst texture;worst perimeter;worst area;worst smoothness;worst compactness;worst concavity"
    app = opened(dataset="breast_cancer", features=f"{columns};{more}")
    assert "The first 12 of 14 inputs are drawn." in captions(app)


def test_kept_runs_of_many_classes_are_seen_side_by_side(store):
    for name, case in CASES.items():
        trainer = Trainer(Config(samples=60, hidden_size=3, epochs=6, **case), run=name)
        trainer.run()
        store.keep(trainer)
    app = opened()
    go(app, "Runs")
    session(app).chosen = list(CASES)
    session(app).cleared += 1
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    assert sum({"field", "half", "points"} == names for names in names_of(app)) == len(CASES)
