"""The network picture of several outputs and of more than two inputs, and its small images."""

import base64
import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tests.charts.checking import assert_fits, dicts
from toynet import Config, Trainer
from toynet.charts import field
from toynet.charts.network import (
    INPUT,
    MOST_INPUTS,
    MOST_UNITS,
    gradient_ends,
    network_chart,
    network_images,
    network_tables,
)
from toynet.charts.palette import BLUE, CLASS_COLOURS, MIDDLE, ORANGE, rgb
from toynet.charts.thumbnails import COARSE, FINE, MANY, bent, class_url, look, signed_url, some_of
from toynet.config import DATASETS
from toynet.network import Parameters, backward, forward

pytestmark = pytest.mark.filterwarnings("error")

TERMS = "x1;x2;x1^2;x1 x2;sin x1"

CASES = {
    "two classes": {"samples": 40},
    "three classes": {"dataset": "blobs", "classes": 3, "hidden_size": 4},
    "six classes, 32 units": {"dataset": "spirals", "classes": 6, "hidden_size": 32, "output": "softmax"},
    "terms": {"features": TERMS},
    "terms and classes": {
        "dataset": "spirals",
        "classes": 6,
        "hidden_size": 40,
        "features": TERMS,
        "activation": "relu",
    },
    "all at once": {
        "dataset": "spirals",
        "classes": 6,
        "hidden_size": 32,
        "features": "x1;x2;x1^2;x2^2;x1 x2;sin x1;sin x2",
    },
    "columns": {"dataset": "wine", "features": "alcohol;hue;proline", "hidden_size": 3},
}


def drawn(case, before=(), ahead=False, steps=5):
    """The trainer, its spec and tables, and the moments of its images."""
    trainer = Trainer(Config(**CASES[case]))
    trainer.run(steps)
    split, config, plane = trainer.split, trainer.config, field.plane(trainer.split)
    at = trainer.parameters, config.activation, split, plane, config.output
    images, moments = network_images(*at, before, ahead)
    is_bent = bool(bent(split))
    spec = network_chart(split.feature_names, config.hidden_size, config.activation, split.class_names, is_bent)
    return trainer, spec, network_tables(*at) | images, moments


def pixels(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")).astype(int)


@pytest.mark.parametrize("case", CASES)
def test_the_spec_reads_what_the_tables_have(case):
    _, spec, tables, _ = drawn(case)
    assert_fits(spec, tables)


@pytest.mark.parametrize("case", CASES)
def test_weights_and_biases_with_their_gradients(case):
    trainer, _, tables, _ = drawn(case)
    parameters, split, config = trainer.parameters, trainer.split, trainer.config
    passed = forward(parameters, split.X_train, config.activation, config.output)
    gradients = backward(parameters, passed, split.y_train, config.activation)
    d, n = parameters.W1.shape[1], min(config.hidden_size, MOST_UNITS)
    weights = tables["weights"].to_pandas()
    for column, (W1, W2) in {"value": (parameters.W1, parameters.W2), "gradient": gradients[::2]}.items():
        of_lines = weights[column].to_numpy().reshape(-1, n)
        np.testing.assert_array_equal(of_lines[:d], W1.T[:, :n].astype(np.float32))
        np.testing.assert_array_equal(of_lines[d:], W2[:, :n].astype(np.float32))
    units = tables["units"].to_pandas()
    np.testing.assert_array_equal(units.value[:n], parameters.b1[:n, 0].astype(np.float32))
    np.testing.assert_array_equal(units.value[n:], parameters.b2[:, 0].astype(np.float32))
    np.testing.assert_array_equal(units.gradient[n:], gradients.dC_db2[:, 0].astype(np.float32))


def test_each_output_has_a_line_from_every_unit_that_says_which():
    _, spec, tables, _ = drawn("three classes")
    told = [d["tooltip"]["expr"] for d in dicts(spec) if d.get("type") == "rule" and "tooltip" in d]
    assert all(f"W2, to class {c} from unit " in told[0] for c in range(3))
    assert tables["weights"].num_rows == 4 * (2 + 3)


def test_of_many_inputs_the_first_are_drawn():
    d = MOST_INPUTS + 3
    names = tuple(f"column {i}" for i in range(d))
    split = Trainer(Config(samples=40)).split
    rng = np.random.default_rng(0)
    wide = split._replace(X_train=rng.normal(size=(30, d)), X_test=rng.normal(size=(10, d)), feature_names=names)
    parameters = Parameters(rng.normal(size=(3, d)), np.zeros((3, 1)), rng.normal(size=(1, 3)), np.zeros((1, 1)))
    plane = field.Plane((0.0, 1.0), (0.0, 1.0), np.zeros((field.GRID**2, d)))
    tables = network_tables(parameters, "tanh", wide, plane)
    assert tables["weights"].num_rows == 3 * (MOST_INPUTS + 1)
    spec = network_chart(names, 3, "tanh")
    assert_fits(spec, tables)
    words = [row["name"] for d in dicts(spec) for row in d.get("values", []) if isinstance(row, dict)]
    assert words == [*names[:MOST_INPUTS], "ŷ"]


def test_a_units_gradient_of_colours_is_its_field_where_other_columns_are_at_their_mean():
    trainer, _, _, _ = drawn("columns")
    plane = field.plane(trainer.split)
    n = plane.grid
    Z1 = forward(trainer.parameters, plane.X, "tanh").Z1.reshape(3, n, n)[:, ::-1]
    u, v = np.meshgrid(*2 * [(np.arange(n) + 0.5) / n])
    for unit, (x1, y1, x2, y2) in enumerate(gradient_ends(trainer.parameters, "tanh", plane)):
        along = ((u - x1) * (x2 - x1) + (v - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
        np.testing.assert_allclose(-3 + along * 6, Z1[unit], rtol=1e-9, atol=1e-9)


# --- images ------------------------------------------------------------------------------


def test_two_classes_of_two_inputs_have_no_images():
    _, spec, tables, moments = drawn("two classes")
    assert "images" not in tables and moments == () and '"image"' not in str(spec)


@pytest.mark.parametrize(
    ("case", "inputs", "units", "outputs"),
    [
        ("three classes", [], 0, 3),
        ("terms", [2, 3, 4], 8, 0),
        ("terms and classes", [2, 3, 4], 32, 6),
        ("columns", [], 0, 3),
    ],
)
def test_there_is_an_image_for_whatever_no_gradient_of_colours_draws(case, inputs, units, outputs):
    trainer, _, tables, _ = drawn(case)
    d, n = trainer.parameters.W1.shape[1], min(trainer.config.hidden_size, MOST_UNITS)
    expected = [*inputs, *(d + j for j in range(units)), *(d + n + c for c in range(outputs))]
    assert tables["images"]["at"].to_pylist() == expected
    assert {f"{c}" for c in ("x1", "y1")} <= set(tables["units"].column_names) or units


def test_an_outputs_image_is_its_probability_from_grey_to_its_classs_colour():
    trainer, _, tables, _ = drawn("three classes", steps=100)
    X = some_of(field.plane(trainer.split), FINE)
    y_hat = forward(trainer.parameters, X, "tanh").y_hat
    for c, url in enumerate(tables["images"]["url"].to_pylist()):
        share = y_hat[c].reshape(FINE.pixels, FINE.pixels)[::-1, :, None]
        expected = (1 - share) * rgb(MIDDLE) + share * rgb(CLASS_COLOURS[c])
        assert np.abs(pixels(url) - expected).max() < 9, "a step of fifteen"


def test_a_units_image_is_its_activation_and_a_terms_is_the_term():
    trainer, _, tables, _ = drawn("terms")
    X = some_of(field.plane(trainer.split), FINE)
    A1 = forward(trainer.parameters, X, "tanh").A1
    urls = dict(zip(tables["images"]["at"].to_pylist(), tables["images"]["url"].to_pylist(), strict=True))
    for j in range(8):
        is_blue, is_orange = (
            (A1[j] > 0.8).reshape(FINE.pixels, FINE.pixels)[::-1],
            (A1[j] < -0.8).reshape(FINE.pixels, FINE.pixels)[::-1],
        )
        picture = pixels(urls[5 + j])
        assert (picture[is_blue][:, 2] > picture[is_blue][:, 0]).all()
        assert (picture[is_orange][:, 2] < picture[is_orange][:, 0]).all()
    square = pixels(urls[2])
    assert (square == square[:1]).all(), "x1^2 does not change with x2"
    assert np.abs(square[0, 0] - rgb(BLUE)).max() < 40 or np.abs(square[0, -1] - rgb(BLUE)).max() < 40
    product = pixels(urls[3])
    lower_left, upper_left = product[-1, 0], product[0, 0]
    assert lower_left[2] > lower_left[0] and upper_left[2] < upper_left[0], "x1 x2: like signs are blue"


def test_images_have_their_ends_where_they_should():
    ends = np.concatenate([np.full(FINE.pixels**2 // 2, -2.0), np.full(FINE.pixels**2 // 2, 1.0)])
    picture = pixels(signed_url(ends, FINE))
    assert picture[-1, 0].tolist() == rgb(ORANGE) and picture[0, 0].tolist() == rgb(BLUE), "rows from the lowest y"
    assert (pixels(signed_url(np.full(FINE.pixels**2, np.nan), FINE)) == rgb(MIDDLE)).all()
    assert (pixels(class_url(np.full(FINE.pixels**2, np.nan), 2, FINE)) == rgb(MIDDLE)).all()


def test_where_there_are_many_images_each_is_coarser():
    assert look(MANY) == FINE and look(MANY + 1) == COARSE
    for fineness in (FINE, COARSE):
        assert fineness.signed[0].tolist() == rgb(ORANGE) and fineness.signed[-1].tolist() == rgb(BLUE)
    assert len(COARSE.signed) <= 16 >= COARSE.shades, "half a byte a pixel"


def test_images_are_sent_a_frame_before_they_are_shown():
    trainer, moments, seen = Trainer(Config(dataset="blobs", classes=3, samples=60)), (), []
    plane = field.plane(trainer.split)
    for _ in range(4):
        at = trainer.parameters, "tanh", trainer.split, plane, "sigmoid"
        tables, moments = network_images(*at, moments, ahead=True)
        images = tables["images"].to_pandas()
        assert images.k.is_unique and len(images) == 3 * len(moments)
        top = images[images.order == images.order.max()]
        seen.append((top.url.tolist(), list(moments[-1].urls)))
        trainer.run(20)
    for (_, sent), (shown, _) in pairwise(seen):
        assert shown == sent
    again, same = network_images(*at, moments)
    assert same is moments and again["images"].to_pandas().url.tolist()[-3:] == list(moments[-1].urls)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_parameters_that_are_not_finite_still_give_images(value, activation):
    trainer = Trainer(Config(dataset="blobs", classes=3, samples=60, features=TERMS, activation=activation))
    plane = field.plane(trainer.split)
    for name in Parameters._fields:
        parameters = trainer.parameters._replace(**{name: np.full_like(getattr(trainer.parameters, name), value)})
        tables, _ = network_images(parameters, activation, trainer.split, plane)
        assert tables["images"].num_rows == 3 + 8 + 3
        network_tables(parameters, activation, trainer.split, plane)


def test_the_worst_pictures_are_small():
    for case, most in (("three classes", 4_000), ("six classes, 32 units", 11_000), ("all at once", 30_000)):
        _, _, tables, _ = drawn(case, steps=50)
        assert sum(table.nbytes for table in tables.values()) < most, case


def test_no_dataset_of_two_inputs_bends():
    for dataset in DATASETS:
        if dataset != "csv":
            assert not bent(Trainer(Config(dataset=dataset)).split)
    assert INPUT < 26, "an input's image reaches from below its name"
