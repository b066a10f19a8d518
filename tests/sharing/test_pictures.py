"""The pictures as files: whole, legible, escaped, and drawn without a network."""

import io
import re
from functools import lru_cache
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from toynet import Config, Trainer, train
from toynet.charts.curves import REST_COLUMNS
from toynet.charts.field import evaluate, image_url, plane
from toynet.charts.palette import CLASS_COLOURS
from toynet.history import COLUMNS, History
from toynet.network import Parameters
from toynet.sharing import pictures
from toynet.sharing.pictures import PICTURES, png, svg

NASTY = [
    "<script>alert(1)</script>",
    '{"a":1}',
    "a \"b\" \\ 'c'\nd",
    "\x00\x07&amp;",
    "x" * 300,
    "中 🐧",
    "datum.x + 1",
]


@lru_cache
def trained(**settings):
    return train(Config(samples=60, epochs=20, **settings))


def parts(text, name):
    return [part for part in ElementTree.fromstring(text).iter() if part.tag.endswith("}" + name)]


def words(text):
    return ["".join(part.itertext()) for part in parts(text, "text")]


def colours(picture, **options):
    """The colours of a PNG's pixels, (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(png(trained(), picture, **options))).convert("RGB"))


@pytest.mark.parametrize("picture", PICTURES)
def test_sizes_are_those_asked_for(picture):
    root = ElementTree.fromstring(svg(trained(), picture, width=500))
    assert root.get("width") == "500"
    assert colours(picture, width=500, scale=1.5).shape[1] == 750


def test_an_unknown_picture_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"'loss'.*boundary, losses"):
        svg(trained(), "loss")


def test_the_boundary_has_its_field_its_line_and_its_points():
    text = svg(trained(), "boundary")
    (image,) = parts(text, "image")
    assert image.get("{http://www.w3.org/1999/xlink}href").startswith("data:image/png;base64,")
    paths = parts(text, "path")
    assert any(path.get("stroke-dasharray") == "6,3" and len(path.get("d")) > 20 for path in paths)
    fills = [path.get("fill") for path in paths if path.get("stroke") in ("white", "#ffffff", "#111827")]
    assert min(fills.count("#f59322"), fills.count("#0877bd")) >= 30
    assert {"x1", "x2", "Class 0, training", "Class 1, test"} <= set(words(text))


def test_lines_apart_are_drawn_apart():
    """The network's one unit is on in a strip, so that there are two 0.5 lines: with a gap, and none to the corner."""
    W1, b1, W2 = np.array([[9.0, 0.0], [-9.0, 0.0]]), np.full((2, 1), 5.0), np.ones((1, 2))
    trainer = Trainer(Config(samples=60), parameters=Parameters(W1, b1, W2, np.full((1, 1), -1.0)))
    (line,) = [
        path.get("d") for path in parts(svg(trainer, "boundary"), "path") if path.get("stroke-dasharray") == "6,3"
    ]
    x = [float(place) for place in re.findall(r"[ML](-?[\d.]+)", line)]
    assert line.count("M") == 2 and len(set(np.round(x, -1))) == 2


def test_the_field_is_drawn_over_the_whole_plot():
    """The classes' colours are everywhere but around the plot and on its middle grey."""
    drawn = colours("boundary", width=400, scale=1.0)
    is_grey = np.ptp(drawn.astype(int), axis=2) < 12
    assert (~is_grey).mean() > 0.4


def test_curves_and_their_words():
    for picture, title, names in (
        ("losses", "Cross-entropy (nats)", {"Train", "Test"}),
        ("accuracies", "Accuracy", {"Train", "Test"}),
        ("norms", "Gradient norm", {"W1", "b1", "W2", "b2"}),
    ):
        text = svg(trained(), picture)
        assert {title, "Epoch"} | names <= set(words(text))
        curves = [p for p in parts(text, "path") if p.get("stroke-width") == "2" and p.get("d", "").count("L") >= 19]
        assert len(curves) == len(names)


def test_without_a_test_part_nothing_of_it_is_drawn():
    trainer = trained(test_fraction=0.0)
    assert "Test" not in words(svg(trainer, "losses")) and "Test" not in words(svg(trainer, "accuracies"))
    assert not any("test" in word for word in words(svg(trainer, "boundary")))


@pytest.mark.parametrize(("hidden_size", "drawn"), [(1, 1), (8, 8), (100, 32)])
def test_the_network_has_a_square_a_unit_with_its_gradient(hidden_size, drawn):
    text = svg(trained(hidden_size=hidden_size), "network")
    filled = [path.get("d") for path in parts(text, "path") if str(path.get("fill")).startswith("url(#")]
    assert len([square for square in filled if not square.startswith("M0,0")]) == drawn  # the output's is of no size
    assert len(parts(text, "linearGradient")) == len(filled)
    lines = [line for line in parts(text, "line") if line.get("stroke") in ("#f59322", "#0877bd")]
    assert len(lines) == 3 * drawn and {"x1", "x2", "ŷ"} <= set(words(text))


SPIRALS = {"dataset": "spirals", "classes": 6, "hidden_size": 8, "output": "softmax"}
WINE = {"dataset": "wine", "features": "alcohol;hue;proline", "feature_1": "alcohol", "feature_2": "hue"}


def test_the_boundary_of_many_classes_has_a_colour_and_a_sign_for_each():
    text = svg(trained(**SPIRALS), "boundary")
    (image,) = parts(text, "image")
    trainer = trained(**SPIRALS)
    y_hat = evaluate(trainer.parameters, plane(trainer.split), "tanh", output="softmax")[1]
    assert image.get("{http://www.w3.org/1999/xlink}href") == image_url(y_hat)
    signs = [path for path in parts(text, "path") if path.get("stroke") in ("white", "#ffffff", "#111827")]
    for c in range(6):
        assert len({path.get("d") for path in signs if path.get("fill") == CLASS_COLOURS[c]}) <= 3  # two in the legend
        assert sum(path.get("fill") == CLASS_COLOURS[c] for path in signs) >= 10
    assert {"Class 0", "Class 5", "Test part"} <= set(words(text))


@pytest.mark.parametrize(("settings", "d", "k"), [(SPIRALS, 2, 6), (WINE, 3, 3)])
def test_the_network_of_many_classes_has_an_image_for_each_output(settings, d, k):
    trainer = trained(**settings)
    text = svg(trainer, "network")
    assert len(parts(text, "image")) == k
    assert len([line for line in parts(text, "line") if line.get("stroke") in ("#f59322", "#0877bd")]) == 8 * (d + k)
    assert {*trainer.split.feature_names, *trainer.split.class_names} <= set(words(text)) and "ŷ" not in words(text)


def test_terms_and_the_units_that_they_bend_are_images():
    text = svg(trained(features="x1;x2;x1^2;x1 x2"), "network")
    assert len(parts(text, "image")) == 2 + 8
    assert {"x1", "x2", "x1^2", "x1 x2", "ŷ"} <= set(words(text))


def test_the_boundary_of_many_inputs_is_drawn_over_two():
    assert {"alcohol", "hue"} <= set(words(svg(trained(**WINE), "boundary")))


def test_the_confusion_matrix_has_a_figure_a_cell():
    trainer = trained(**SPIRALS)
    text = svg(trainer, "confusion")
    figures = [int(word) for word in words(text) if word.isdigit()]
    assert len(figures) == 36 and sum(figures) == trainer.split.y_test.size
    assert {"True class", "Predicted, of the test part", "class 5"} <= set(words(text))


def test_every_picture_of_many_classes_is_drawn():
    for trainer in (trained(**SPIRALS), trained(**WINE, test_fraction=0.0)):
        for picture in PICTURES:
            assert "NaN" not in svg(trainer, picture)


def test_runs_of_all_kinds_are_drawn():
    untrained, within = Trainer(Config(samples=60)), Trainer(Config(samples=60, batch_mode="stochastic"))
    within.step()
    diverged = train(Config(samples=60, activation="relu", learning_rate=1e6))
    assert diverged.diverged
    for trainer in (untrained, within, diverged, train(Config(samples=60, epochs=1))):
        for picture in PICTURES:
            assert "NaN" not in svg(trainer, picture).replace("<!--", "")


def test_marks_of_changes_are_told():
    trainer = Trainer(Config(samples=60, epochs=20))
    trainer.run(10)
    trainer.learning_rate = 1.0
    trainer.run(10)
    assert "η 1" in words(svg(trainer, "losses"))


def test_half_an_epoch_is_no_500m():
    assert {"0.5", "1"} <= set(words(svg(train(Config(samples=60, epochs=1)), "losses")))


def test_a_long_run_is_small_and_keeps_its_peaks(monkeypatch):
    trainer, rows = train(Config(samples=60, epochs=1)), 100_000
    columns = {name: np.ones(rows) for name in COLUMNS} | {"epoch": np.arange(rows), "update": np.arange(rows)}
    columns["train_loss"] = np.where(np.arange(rows) == 54_321, 9.0, 0.5 + 0.1 * np.sin(np.arange(rows)))
    monkeypatch.setattr(trainer, "recorded", History(columns))
    text = svg(trainer, "losses")
    top, bottom = (edge(map(float, re.findall(r",([\d.]+)", longest(text)))) for edge in (min, max))
    assert len(text) < 60 * REST_COLUMNS * 4 and bottom - top > 100, "the peak is as high as the axis"


def longest(text):
    """The path of most points."""
    return max((path.get("d", "") for path in parts(text, "path")), key=len)


def named(*names):
    trainer = train(Config(samples=60, epochs=2))
    trainer.split = trainer.split._replace(feature_names=names[:2], class_names=names[2:])
    return trainer


@pytest.mark.parametrize("at", range(0, len(NASTY) - 1, 2))
def test_names_are_text_whatever_they_are(at):
    first, second = NASTY[at : at + 2]
    trainer = named(first, second, second, first)
    for picture in ("boundary", "network"):
        text = svg(trainer, picture)
        assert not parts(text, "script") and "<script" not in text
        assert len(words(text)) >= 3
        assert png(trainer, picture, scale=0.5).startswith(b"\x89PNG")
    if at == 0:
        assert {NASTY[0], NASTY[1]} <= set(words(text))


def test_over_long_names_are_cut_and_leave_the_picture_its_room():
    short, long = (svg(named(name, name, "a", "b"), "boundary", width=400) for name in ("x", "x" * 5000))
    assert float(parts(long, "image")[0].get("width")) > 0.95 * float(parts(short, "image")[0].get("width"))
    assert (
        max(map(len, words(long))) < 120 and max(map(len, words(svg(named("x" * 5000, "y", "a", "b"), "network")))) < 60
    )


@pytest.mark.parametrize("picture", PICTURES)
def test_words_stand_out_from_the_ground_in_light_and_dark(picture):
    for is_dark, ground in ((False, (255, 255, 255)), (True, (0x16, 0x18, 0x1D))):
        drawn = colours(picture, width=300, scale=1.0, is_dark=is_dark)
        assert tuple(drawn[-1, 0]) == ground
    for is_dark in (False, True):
        texts = parts(svg(trained(), "losses", is_dark=is_dark), "text")
        fills = {word.text: word.get("fill") for word in texts if word.text in ("Epoch", "10", "Train")}
        assert [is_light(fill) for fill in fills.values()] == [is_dark] * 3


def is_light(colour):
    return sum(bytes.fromhex(colour[1:])) > 3 * 128


def test_nothing_is_loaded_from_anywhere(monkeypatch):
    """Should a spec ever name an address, it is refused, and not gone to."""
    for text in map(svg, [trained()] * len(PICTURES), PICTURES):
        assert set(re.findall(r'href="([^"]{5})', text)) <= {"data:"}
    spec = {"data": {"url": "http://127.0.0.1:9/points.csv"}, "mark": "point", "config": {}}
    monkeypatch.setattr(pictures, "_drawn", lambda *_: (spec, {}))
    with pytest.raises(ValueError, match="not allowed"):
        svg(trained(), "boundary")
