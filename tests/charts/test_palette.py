"""The classes' colours: told apart by everybody, the colour-blind too; and their signs."""

from itertools import combinations

import numpy as np
import pytest

from toynet.charts.palette import BLUE, CLASS_COLOURS, CLASS_SHAPES, CORNERS, MIDDLE, ORANGE, rgb, shades_to

SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""Linear RGB as who lacks one kind of cone sees it: the matrices of Machado, Oliveira and Fernandes (2009)."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, seen_by):
    """CIELAB of a colour as they see it: lightness, and two axes of hue, of which 2.3 is a just noticeable step."""
    share = np.array(rgb(colour)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    t = TO_XYZ @ np.clip(np.asarray(SEEN_BY[seen_by]) @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colours, seen_by):
    """The smallest distance of any two."""
    seen = [lab(colour, seen_by) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize(("k", "apart"), [(3, 30), (6, 22), (10, 19)])
def test_classes_and_the_undecided_grey_are_told_apart(seen_by, k, apart):
    assert nearest([*CLASS_COLOURS[:k], MIDDLE], seen_by) >= apart


def test_the_eye_that_this_is_measured_with_takes_red_for_green():
    """As the names say: without one kind of cone these are near each other, and to everybody else far."""
    assert nearest(["#c06a3a", "#7f8a2a"], "deuteranopia") < 15 < 40 < nearest(["#c06a3a", "#7f8a2a"], "everybody")


def test_the_first_two_are_those_of_two_classes():
    assert CLASS_COLOURS[:2] == (ORANGE, BLUE) and CLASS_SHAPES[:2] == ("circle", "square")


def test_every_class_has_a_colour_and_a_sign_of_its_own():
    assert len(set(CLASS_COLOURS)) == len(set(CLASS_SHAPES)) == len(CLASS_COLOURS) == len(CORNERS) == 10


def area(corners):
    x, y = corners.T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def test_signs_are_of_about_one_size():
    for corners in CORNERS[1:]:
        assert 1.5 < area(corners) < 3.2  # the circle's is 3.14
        assert np.abs(corners).max() <= 1.4


def test_shades_go_from_grey_to_the_colour():
    shades = shades_to(CLASS_COLOURS[2], 5).tolist()
    assert (shades[0], shades[-1], len(shades)) == (rgb(MIDDLE), rgb(CLASS_COLOURS[2]), 5)
