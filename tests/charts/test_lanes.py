"""The lanes of a race: each in its own square, field, line and samples alike."""

import numpy as np
import pytest

from tests.charts.checking import assert_fits
from toynet import Config, train
from toynet.charts.boundary import field_tables
from toynet.charts.field import plane
from toynet.charts.lanes import FINE, GAP, HEAD, MOST_POINTS, lane_points, lanes_chart, lanes_tables, shape

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def trained():
    return train(Config(samples=100, epochs=60, learning_rate=1.0))


def lanes(trained, number, **more):
    area = plane(trained.split, grid=FINE)
    networks = [(trained.parameters, "tanh")] * number
    tables, moments = lanes_tables(networks, [f"n{i}" for i in range(number)], ["told"] * number, area, **more)
    return tables | {"points": lane_points(trained.split, area.area, number)}, moments


@pytest.mark.parametrize(
    ("number", "rows", "columns"), [(2, 1, 2), (3, 2, 2), (4, 2, 2), (5, 2, 3), (7, 3, 3), (9, 3, 3)]
)
def test_every_lane_has_a_square_of_its_own(trained, number, rows, columns):
    assert shape(number) == (rows, columns)
    tables, _ = lanes(trained, number)
    assert_fits(lanes_chart(number), tables)
    places = tables["points"].to_pandas()
    each = len(places) // number
    for lane in range(number):
        row, column = divmod(lane, columns)
        of_lane = places.iloc[lane * each : (lane + 1) * each]
        assert of_lane.x.between(column + GAP, column + 1 - GAP).all()
        assert of_lane.y.between(row + HEAD, row + 1 - GAP).all()
    corners = tables["fields"].to_pandas()[["x", "y"]].to_numpy()
    np.testing.assert_allclose(corners, [(i % columns + GAP, i // columns + HEAD) for i in range(number)], atol=1e-6)


def test_samples_and_line_are_where_the_boundary_picture_has_them(trained):
    area = plane(trained.split, grid=FINE)
    own, (tables, _) = field_tables(trained.parameters, "tanh", area)[0]["half"].to_pandas(), lanes(trained, 4)
    lines = tables["halves"].to_pandas().to_numpy(float)
    last = lines[-len(own) :]
    (x_low, x_high), (y_low, y_high) = area.area
    np.testing.assert_allclose((last[:, 0] - 1 - GAP) / (1 - 2 * GAP) * (x_high - x_low) + x_low, own.x, atol=1e-5)
    np.testing.assert_allclose(y_high - (last[:, 1] - 1 - HEAD) / (1 - HEAD - GAP) * (y_high - y_low), own.y, atol=1e-5)


def test_of_many_samples_some_are_drawn_the_same_in_each_lane():
    split = train(Config(samples=2000, epochs=1)).split
    points = lane_points(split, plane(split).area, 3).to_pandas()
    assert len(points) == MOST_POINTS // 3 * 3
    kinds = points.kind.to_numpy().reshape(3, -1)
    assert (kinds == kinds[0]).all() and set(kinds[0]) == {0, 1, 2, 3}


def test_a_picture_is_sent_before_it_is_shown_and_stays_while_nothing_changes(trained):
    _, first = lanes(trained, 2)
    same, second = lanes(trained, 2, before=first, ahead=True)
    assert [m[-1].n for m in second] == [0, 0] and same["fields"].num_rows == 2
    other = train(Config(samples=100, epochs=61, learning_rate=1.0))
    area = plane(trained.split, grid=FINE)
    tables, third = lanes_tables([(other.parameters, "tanh")] * 2, ["a", "b"], ["", ""], area, second, ahead=True)
    fields = tables["fields"].to_pandas()
    assert [m[-1].n for m in third] == [1, 1] and fields.order.tolist() == [0, -1, 0, -1]
    assert fields.url.ne("").all() and fields.k.nunique() == 4
