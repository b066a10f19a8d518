"""The probability field and its 0.5 line."""

import base64
import io

import contourpy
import numpy as np
import pytest
from PIL import Image, ImageColor

from toynet import Config, datasets, train
from toynet.activations import sigma
from toynet.charts.field import GRID, evaluate, half_line, image_url, plane
from toynet.charts.palette import BLUE, MIDDLE, ORANGE
from toynet.network import Parameters, forward

pytestmark = pytest.mark.filterwarnings("error")

PREFIX = "data:image/png;base64,"


def pixels(url):
    """(GRID, GRID, 3) RGB of a data URL, first row on top."""
    assert url.startswith(PREFIX)
    image = Image.open(io.BytesIO(base64.b64decode(url.removeprefix(PREFIX), validate=True)))
    assert image.format == "PNG" and image.size == (GRID, GRID)
    return np.asarray(image.convert("RGB"))


def rgb(colour):
    return np.array(ImageColor.getrgb(colour))


@pytest.fixture(scope="module")
def trainer():
    return train(Config(dataset="blobs", epochs=100))


def linear(a, b, c):
    """A network of two relu units with Z2 = a x1 + b x2 + c for every standardised x."""
    w = np.array([a, b])
    return Parameters(np.array([w, -w]), np.zeros((2, 1)), np.array([[1.0, -1.0]]), np.array([[c]]))


def test_class_0_is_orange_class_1_blue_and_the_undecided_middle_grey():
    assert (ORANGE, MIDDLE, BLUE) == ("#f59322", "#e8eaeb", "#0877bd")


@pytest.mark.parametrize(("probability", "colour"), [(0.0, ORANGE), (1.0, BLUE)])
def test_certain_field_has_the_colour_of_its_class(probability, colour):
    assert (pixels(image_url(np.full((GRID, GRID), probability))) == rgb(colour)).all()


def test_undecided_field_is_the_middle_colour():
    drawn = pixels(image_url(np.full((GRID, GRID), 0.5))).astype(int)
    assert np.abs(drawn - rgb(MIDDLE)).max() <= 2


def test_first_row_of_the_picture_is_the_highest_y_and_its_first_column_the_lowest_x():
    y_hat = np.zeros((GRID, GRID))
    y_hat[-1, 0] = 1.0
    drawn = pixels(image_url(y_hat))
    assert (drawn[0, 0] == rgb(BLUE)).all()
    assert (drawn[-1, 0] == rgb(ORANGE)).all() and (drawn[0, -1] == rgb(ORANGE)).all()


def test_bluer_is_more_probable_all_the_way():
    y_hat = np.tile(np.linspace(0, 1, GRID), (GRID, 1))
    red, _, blue = pixels(image_url(y_hat))[0].astype(int).T
    assert (np.diff(red) <= 0).all()
    assert (np.diff(blue[: GRID // 2]) >= 0).all()


def test_network_that_looks_at_height_only_paints_stripes_blue_on_top(trainer):
    p = plane(trainer.split)
    drawn = pixels(image_url(evaluate(linear(0.0, 50.0, 0.0), p, "relu")[1]))
    assert (drawn == drawn[:, :1]).all()
    assert (drawn[0] == rgb(BLUE)).all() and (drawn[-1] == rgb(ORANGE)).all()


def test_plane_covers_all_samples_with_a_margin_in_own_units():
    config = Config(dataset="breast_cancer")
    split, own = datasets.load(config), datasets.points(config).X
    p = plane(split, margin=0.1)
    for (low, high), column in zip((p.x_range, p.y_range), own.T, strict=True):
        reach = column.max() - column.min()
        assert low == pytest.approx(column.min() - 0.1 * reach) and high == pytest.approx(column.max() + 0.1 * reach)
        assert type(low) is type(high) is float


def centres(p):
    """x and y of the pixels' centres, in own units, (2, GRID)."""
    low, high = np.array([p.x_range, p.y_range]).T[..., None]
    return low + (high - low) * (np.arange(GRID) + 0.5) / GRID


def test_grid_is_made_of_pixel_centres(trainer):
    p = plane(trainer.split)
    x, y = centres(p)
    assert p.X.shape == (GRID * GRID, 2)
    own = trainer.split.own_units(p.X).reshape(GRID, GRID, 2)
    np.testing.assert_allclose(own, np.stack(np.meshgrid(x, y), axis=-1))
    assert x[0] - p.x_range[0] == pytest.approx((p.x_range[1] - p.x_range[0]) / GRID / 2) and p.y_range[1] > y[-1]


def test_field_is_the_networks_probability_at_the_pixel_centres(trainer):
    p = plane(trainer.split)
    Z2, y_hat = evaluate(trainer.parameters, p, "tanh")
    for row, column in ((0, 0), (7, 50), (GRID - 1, GRID - 1)):
        x = (np.array([[centres(p)[0, column], centres(p)[1, row]]]) - trainer.split.mean) / trainer.split.scale
        passed = forward(trainer.parameters, x, "tanh")
        assert y_hat[row, column] == pytest.approx(passed.y_hat.item(), rel=1e-12)
        assert Z2[row, column] == pytest.approx(passed.Z2.item(), rel=1e-12)


def test_the_field_is_as_fine_where_neighbours_in_own_units_are_one_number(trainer):
    """Integers from 1e15 on: the plane is 4.6 wide, the numbers there 0.125 apart."""
    far = trainer.split._replace(mean=np.full(2, 1e15 + 2), scale=np.ones(2), X_train=np.eye(2) * 4 - 2)
    X = plane(far).X.reshape(GRID, GRID, 2)
    assert np.ptp(np.diff(X[0, :, 0])) < 1e-9 and (np.diff(X[:, 0, 1]) > 0).all()


@pytest.mark.parametrize("dataset", ["moons", "blobs", "circles", "xor"])
def test_half_line_lies_where_the_probability_is_one_half(dataset):
    trainer = train(Config(dataset=dataset, epochs=300))
    p = plane(trainer.split)
    lines = half_line(evaluate(trainer.parameters, p, "tanh")[0], p)
    along = np.linspace(0.0, 1.0, 20)[:, None, None]
    points = np.concatenate([(line[:-1] + along * (line[1:] - line[:-1])).reshape(-1, 2) for line in lines])
    X = (points - trainer.split.mean) / trainer.split.scale
    assert np.ptp(points, axis=0).max() > (p.x_range[1] - p.x_range[0]) / 4
    assert np.abs(forward(trainer.parameters, X, "tanh").y_hat - 0.5).max() < 0.02


def test_half_line_has_few_vertices_and_none_moved():
    """What is left of a winding line stays within a tenth of a pixel of all that it had."""
    trainer = train(Config(dataset="circles", hidden_size=16, epochs=300))
    p = plane(trainer.split)
    Z2, _ = evaluate(trainer.parameters, p, "tanh")
    x, y = centres(p)
    whole = contourpy.contour_generator(x, y, Z2).lines(0.0)
    fewer = half_line(Z2, p)
    pixel = np.array([x[1] - x[0], y[1] - y[0]])
    assert sum(map(len, fewer)) < 0.7 * sum(map(len, whole))
    for all_of_it, line in zip(whole, fewer, strict=True):
        assert {tuple(v) for v in line.round(9)} <= {tuple(v) for v in all_of_it.round(9)}
        along = np.linspace(0.0, 1.0, 200)[:, None, None]
        drawn = ((line[:-1] + along * (line[1:] - line[:-1])) / pixel).reshape(-1, 2)
        gaps = [np.hypot(*(drawn - vertex).T).min() for vertex in all_of_it / pixel]
        assert max(gaps) < 0.15


def test_half_line_of_a_straight_boundary_is_straight_and_exact(trainer):
    p, split = plane(trainer.split), trainer.split
    lines = half_line(evaluate(linear(1.0, -2.0, 0.3), p, "relu")[0], p)
    assert len(lines) == 1
    x1, x2 = ((lines[0] - split.mean) / split.scale).T
    np.testing.assert_allclose(x1 - 2 * x2 + 0.3, 0, atol=1e-10)
    assert x1.max() - x1.min() > 1


def test_there_is_no_half_line_where_nothing_is_undecided(trainer):
    p = plane(trainer.split)
    assert half_line(np.ones((GRID, GRID)), p) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e308])
def test_parameters_that_are_not_finite_still_give_a_picture(trainer, value):
    p = plane(trainer.split)
    for name in Parameters._fields:
        parameters = trainer.parameters._replace(**{name: np.full_like(getattr(trainer.parameters, name), value)})
        for activation in ("tanh", "relu"):
            Z2, y_hat = evaluate(parameters, p, activation)
            assert pixels(image_url(y_hat)).shape == (GRID, GRID, 3)
            half_line(Z2, p)


def test_missing_probability_is_painted_as_undecided():
    drawn = pixels(image_url(np.full((GRID, GRID), np.nan))).astype(int)
    assert np.abs(drawn - rgb(MIDDLE)).max() <= 2


def test_half_line_goes_around_what_is_not_a_number(trainer):
    p = plane(trainer.split)
    Z2 = np.tile(np.linspace(-1, 1, GRID), (GRID, 1))
    Z2[:10] = np.nan
    (line,) = half_line(Z2, p)
    assert line[:, 1].min() >= centres(p)[1, 9] and np.isfinite(line).all()
    assert sigma(0.0) == 0.5


@pytest.mark.parametrize("hidden_size", [1, 8, 256])
def test_single_precision_is_right_to_a_thousandth_of_a_shade(hidden_size):
    trainer = train(Config(dataset="spirals", hidden_size=hidden_size, epochs=300, learning_rate=1))
    p = plane(trainer.split)
    (_, double), (_, single) = (evaluate(trainer.parameters, p, "tanh", kind) for kind in (np.float64, np.float32))
    assert single.dtype == np.float32 and np.abs(single - double).max() < 1e-5
