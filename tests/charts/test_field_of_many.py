"""The field of three classes and more, the lines between them, and the plane of more than two inputs."""

import base64
import io

import contourpy
import numpy as np
import pytest
from PIL import Image

from toynet import Config, Trainer, datasets, train
from toynet.activations import softmax
from toynet.charts.field import GRID, GRID_OF_MANY, borders, class_lines, evaluate, half_line, image_url, mixed, plane
from toynet.charts.palette import CLASS_COLOURS, MIDDLE, SHADES, colours, rgb
from toynet.datasets.features import TERMS
from toynet.network import Parameters, forward

pytestmark = pytest.mark.filterwarnings("error")

N = GRID_OF_MANY


@pytest.fixture(scope="module")
def spirals():
    return train(Config(dataset="spirals", classes=5, hidden_size=16, output="softmax", learning_rate=2.0, epochs=400))


@pytest.fixture(scope="module")
def blobs():
    return train(Config(dataset="blobs", classes=3, epochs=50))


def pixels(url):
    image = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1], validate=True)))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


def at(*p, n=4):
    """These probabilities at every pixel, (k, n, n)."""
    return np.tile(np.array(p, float)[:, None, None], (1, n, n))


def linear(*rows):
    """A network of four relu units with Z2_c = a x1 + b x2 + c for each row (a, b, c)."""
    W1 = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], float)
    a, b, c = np.array(rows, float).T
    return Parameters(W1, np.zeros((4, 1)), np.stack([a, -a, b, -b], axis=1), c[:, None])


# --- the colours -----------------------------------------------------------------------


@pytest.mark.parametrize("k", [3, 6, 10])
def test_where_a_class_is_certain_the_field_has_its_colour(k):
    for c in range(k):
        drawn = pixels(image_url(at(*np.eye(k)[c])))
        assert np.abs(drawn - rgb(CLASS_COLOURS[c])).max() <= 1


@pytest.mark.parametrize("p", [(1 / 3,) * 3, (0.0, 0.0, 0.0), (np.nan,) * 3, (0.2,) * 5])
def test_where_nothing_is_known_the_field_is_grey(p):
    assert np.abs(pixels(image_url(at(*p))) - rgb(MIDDLE)).max() <= 1


def test_colours_are_mixed_by_what_a_class_has_beyond_chance():
    """Of three classes 0.5, 0.5, 0: each has (3 / 2 - 1) / 2 = a quarter, grey has the half."""
    expected = (
        0.25 * np.array(rgb(CLASS_COLOURS[0])) + 0.25 * np.array(rgb(CLASS_COLOURS[1])) + 0.5 * np.array(rgb(MIDDLE))
    )
    np.testing.assert_allclose(mixed(at(0.5, 0.5, 0.0)), np.tile(expected, (4, 4, 1)), atol=1e-9)


def test_of_two_classes_the_mixture_would_be_the_field_that_two_classes_have():
    p = np.linspace(0, 1, SHADES)[None, :]
    np.testing.assert_allclose(mixed(np.stack([1 - p, p]))[0], colours, atol=0.51)


def test_outputs_that_say_yes_each_for_itself_count_by_their_share_of_all():
    np.testing.assert_allclose(mixed(at(0.9, 0.9, 0.0)), mixed(at(0.1, 0.1, 0.0)), atol=1e-9)


def test_first_row_of_the_picture_is_the_highest_y():
    y_hat = at(1.0, 0.0, 0.0)
    y_hat[:, -1, 0] = 0.0, 0.0, 1.0
    drawn = pixels(image_url(y_hat))
    assert np.abs(drawn[0, 0] - rgb(CLASS_COLOURS[2])).max() <= 1
    assert np.abs(drawn[-1, 0] - rgb(CLASS_COLOURS[0])).max() <= 1


def test_shares_in_bands_are_whole_parts():
    p = np.linspace(0, 1, 200)[None, :]
    assert len(np.unique(mixed(np.stack([p, (1 - p) / 2, (1 - p) / 2]), 4)[0], axis=0)) <= 8


def test_a_field_that_moves_is_small(spirals):
    y_hat = evaluate(spirals.parameters, plane(spirals.split), "tanh", np.float32, "softmax")[1]
    fine, rough = image_url(y_hat.astype(np.float64)), image_url(y_hat)
    assert len(rough) < 16_000 and len(rough) < 0.85 * len(fine)
    assert np.abs(pixels(rough) - pixels(fine)).max() <= 4


# --- what is evaluated --------------------------------------------------------------------


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_field_is_the_networks_probabilities_at_the_pixel_centres(spirals, output):
    p = plane(spirals.split)
    Z2, y_hat = evaluate(spirals.parameters, p, "tanh", output=output)
    passed = forward(spirals.parameters, p.X, "tanh", output)
    assert Z2.shape == y_hat.shape == (5, N, N)
    np.testing.assert_allclose(Z2.reshape(5, -1), passed.Z2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y_hat.reshape(5, -1), passed.y_hat, rtol=1e-12, atol=1e-15)
    single = evaluate(spirals.parameters, p, "tanh", np.float32, output)[1]
    assert single.dtype == np.float32 and np.abs(single - y_hat).max() < 1e-4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_parameters_that_are_not_finite_still_give_a_picture(blobs, value, output):
    p = plane(blobs.split, grid=16)
    for name in Parameters._fields:
        parameters = blobs.parameters._replace(**{name: np.full_like(getattr(blobs.parameters, name), value)})
        for activation in ("tanh", "relu"):
            Z2, y_hat = evaluate(parameters, p, activation, output=output)
            assert pixels(image_url(y_hat)).shape == (16, 16, 3)
            borders(Z2, p)


# --- the lines ----------------------------------------------------------------------------


def test_lines_of_three_directions_are_three_rays_that_meet(blobs):
    """The first class's is a line around it, along two of the rays; the third ray is left for the others."""
    p, split = plane(blobs.split), blobs.split
    angles = 0.3 + 2 * np.pi * np.arange(3) / 3
    directions = np.stack([np.cos(angles), np.sin(angles), np.zeros(3)], axis=1)
    lines = class_lines(evaluate(linear(*directions), p, "relu")[0], p)
    assert len(lines) == 2
    pixel, places, ends = np.hypot(*np.ptp(p.X, axis=0)) / N, [], []
    for line in lines:
        x = (line - split.mean) / split.scale
        places += [place for place in x if np.hypot(*place) > 1.5 * pixel]
        ends += [x[0], x[-1]]
    Z2 = np.sort(directions[:, :2] @ np.array(places).T, axis=0)
    assert (Z2[2] - Z2[1]).max() < 1e-9
    far = np.array([end for end in ends if np.hypot(*end) > 1])
    assert len(far) == 3 and sum(np.hypot(*end) < 1.5 * pixel for end in ends) == 1
    told = np.degrees(np.arctan2(*far.T[::-1])) % 360
    np.testing.assert_allclose(sorted(told), sorted(np.degrees(angles + np.pi) % 360), atol=1e-6)


def test_a_class_that_is_nowhere_the_likeliest_has_no_line(blobs):
    p = plane(blobs.split)
    lines = class_lines(evaluate(linear((1, 0, 0), (0, 0, -50), (-1, 0, 0)), p, "relu")[0], p)
    assert len(lines) == 1
    x1, _ = ((lines[0] - blobs.split.mean) / blobs.split.scale).T
    np.testing.assert_allclose(x1, 0, atol=1e-9)


def length(lines):
    return sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)


def test_every_line_is_drawn_once_and_none_is_missing(spirals):
    """Each class's own outline, all around it, has every line twice: once from either side."""
    p = plane(spirals.split)
    Z2, _ = evaluate(spirals.parameters, p, "tanh", output="softmax")
    low, high = np.array(p.area).T
    outlines = []
    for c in range(5):
        others = np.delete(Z2, c, axis=0).max(axis=0)
        found = contourpy.contour_generator(z=Z2[c] - others).lines(0.0)
        outlines += [low + (high - low) * (line + 0.5) / N for line in found]
    assert length(class_lines(Z2, p)) == pytest.approx(length(outlines) / 2, rel=0.02)


def test_lines_lie_where_the_two_largest_are_equal(spirals):
    p = plane(spirals.split)
    lines = class_lines(evaluate(spirals.parameters, p, "tanh", output="softmax")[0], p)
    X = (np.concatenate(lines) - spirals.split.mean) / spirals.split.scale
    y_hat = np.sort(softmax(forward(spirals.parameters, X, "tanh").Z2), axis=0)
    assert np.quantile(y_hat[-1] - y_hat[-2], 0.9) < 0.05, "but for where three meet"


def test_a_part_of_a_line_that_leaves_and_returns_is_two():
    """Z2_0 is largest in a strip: the line between classes 1 and 2 is broken there."""
    y, x = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41), indexing="ij")
    p = plane(datasets.load(Config(samples=20)), grid=41)
    lines = class_lines(np.stack([0.5 - 4 * np.abs(y), -x, x]), p)
    along = [line for line in lines if np.ptp(line[:, 0]) < 1e-6]
    assert len(along) == 2
    (_, (low, high)) = p.area
    heights = sorted((float(y) - low) / (high - low) for line in along for y in (line[0, 1], line[-1, 1]))
    np.testing.assert_allclose(
        heights, [0.5 / 41, 0.5 - 0.0625 * 40 / 41, 0.5 + 0.0625 * 40 / 41, 1 - 0.5 / 41], atol=0.006
    )


def test_one_output_has_its_half_line():
    trainer = train(Config(samples=60, epochs=50))
    p = plane(trainer.split)
    Z2, _ = evaluate(trainer.parameters, p, "tanh")
    assert Z2.shape == (GRID, GRID)
    for one, other in zip(borders(Z2, p), half_line(Z2, p), strict=True):
        np.testing.assert_array_equal(one, other)


# --- more inputs --------------------------------------------------------------------------


def test_the_plane_of_terms_hands_the_network_what_they_are_there():
    split = datasets.load(Config(features="x1;x2;x1^2;x1 x2;sin x2"))
    plain = datasets.load(Config())
    p, q = plane(split), plane(plain)
    assert p.area == q.area and p.X.shape == (GRID * GRID, 5)
    np.testing.assert_array_equal(p.X[:, :2], q.X)
    for column, name in enumerate(split.feature_names[2:], 2):
        term = TERMS[name](*q.X.T)
        np.testing.assert_allclose(p.X[:, column], (term - split.mean[column]) / split.scale[column])


def test_columns_that_are_not_drawn_are_at_their_mean():
    names = "alcohol;hue;proline"
    split = datasets.load(Config(dataset="wine", features=names, feature_1="proline", feature_2="alcohol"))
    p = plane(split)
    assert p.X.shape == (N * N, 3) and np.ptp(p.X[:, 1]) == 0 == p.X[0, 1]
    own = split.pictured.own_units(p.X[:, [2, 0]])
    (low, _), (_, high) = p.area
    wide, tall = (float(np.ptp(side)) for side in p.area)
    assert own[0, 0] == pytest.approx(low + wide / N / 2) and own[-1, 1] == pytest.approx(high - tall / N / 2)


def test_a_network_of_more_inputs_is_drawn():
    trainer = Trainer(Config(features="x1^2;x2^2", hidden_size=3))
    Z2, _ = evaluate(trainer.parameters, plane(trainer.split), "tanh")
    assert Z2.shape == (GRID, GRID)
