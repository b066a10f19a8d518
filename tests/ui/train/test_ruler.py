"""The width that a browser tells."""

import pytest

from tests.pages import opened, session
from toynet.charts.curves import REST_COLUMNS
from toynet.ui.train.ruler import sensible


@pytest.mark.parametrize("told", [None, "wide", [], -3, 0, float("nan"), float("inf"), 1e30], ids=str)
def test_what_is_no_width_counts_as_none_told(told):
    assert sensible(told) == REST_COLUMNS


def test_width_is_kept_with_its_fraction():
    assert sensible(448.875) == 448.875


@pytest.mark.parametrize(("rows", "is_asked"), [(4 * REST_COLUMNS, False), (4 * REST_COLUMNS + 1, True)])
def test_the_browser_is_asked_only_where_not_all_rows_are_drawn(rows, is_asked):
    app = opened(epochs=rows - 1, samples=20)
    session(app).experiment.trainer.run(epochs=rows - 1)
    app.run()
    assert not app.exception
    assert bool(app.get("bidi_component")) == is_asked
