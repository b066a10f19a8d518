"""Summaries as arrays."""

import numpy as np
import pytest

from toynet.many.grid import Grid
from toynet.many.results import MEASURED, Results
from toynet.many.summary import trained

RELU = {"activation": "relu", "samples": 60, "noise": 0.6, "epochs": 40}
GRID = Grid.of({"hidden_size": [8, 9], "learning_rate": [0.1, 1.0, 1e6]} | RELU, 2)


@pytest.fixture(scope="module")
def found():
    """Every run, the last first."""
    return [trained(number, GRID.config(number)) for number in reversed(range(GRID.runs))]


def test_what_was_added_is_found_at_its_number(found):
    results = Results(GRID)
    for some in (found[:5], [], found[5:]):
        results.add(some)
    for summary in found:
        same = results.summary(summary.number)
        assert repr(same) == repr(summary._replace(best_epoch=float(summary.best_epoch)))
        assert all(results[name][summary.number] == getattr(summary, name) for name in MEASURED)
        assert results.reached[summary.number].tolist() == list(summary.reached)
    assert results.done.all() and results.diverged.tolist() == [False, False, True] * 4
    assert results.engines == {summary.number: summary.engine for summary in found}


def test_what_is_not_done_is_open(found):
    results = Results(GRID)
    assert results.left().tolist() == list(range(12))
    results.add(found[:2])  # runs 11 and 10
    assert results.left().tolist() == list(range(10))
    assert np.isnan(results["test_loss"][:10]).all() and np.isfinite(results["test_loss"][10:]).all()
    with pytest.raises(ValueError, match="run 0 is not done"):
        results.summary(0)


def test_a_row_a_seed_and_a_column_a_cell(found):
    results = Results(GRID)
    results.add(found)
    table = results.by_cell(results["test_loss"])
    assert table.shape == (2, 6)
    for summary in found:
        assert table[GRID.seed(summary.number), summary.number % GRID.cells] == summary.test_loss
