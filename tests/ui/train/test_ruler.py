"""What a browser tells of the curves."""

import pytest

from tests.pages import opened, session
from toynet.charts.curves import HOVER_PLACES, Seen
from toynet.ui.train.ruler import sensible

NO_NUMBERS = [None, "wide", [], -3, 0, float("nan"), float("inf"), 1e30]
NO_WINDOWS = [None, "wide", 7, [], [1], [1, 2, 3], [2, 1], [1, 1], ["a", "b"], [None, 1], [0, float("inf")]]


@pytest.mark.parametrize("told", [*NO_NUMBERS, {}, *({"columns": n} for n in NO_NUMBERS)], ids=str)
def test_what_is_no_width_counts_as_none_told(told):
    assert sensible(told) == Seen()


@pytest.mark.parametrize("window", NO_WINDOWS, ids=str)
def test_what_is_no_part_of_an_axis_counts_as_not_zoomed(window):
    assert sensible({"columns": 448.875, "measures": window, "norms": window}) == Seen(448.875)


def test_width_and_zoom_are_kept_with_their_fractions():
    told = {"columns": 448.875, "measures": [0, 1.5], "norms": [-3.25, 7]}
    assert sensible(told) == Seen(448.875, (0.0, 1.5), (-3.25, 7.0))


@pytest.mark.parametrize(("rows", "is_asked"), [(HOVER_PLACES, False), (HOVER_PLACES + 1, True)])
def test_the_browser_is_asked_only_where_not_all_rows_are_drawn_or_hovered(rows, is_asked):
    app = opened(epochs=rows - 1, samples=20)
    session(app).experiment.trainer.run(epochs=rows - 1)
    app.run()
    assert not app.exception
    assert bool(app.get("bidi_component")) == is_asked
