"""What cells are looked at by: the figures of all their runs, and their middle."""

import numpy as np
import pytest

from toynet.many.grid import Grid
from toynet.many.measures import MEASURES, from_best, medians, summaries, title, values
from toynet.many.results import Results
from toynet.many.summary import LEVELS, Summary

GRID = Grid.of({"learning_rate": [0.1, 1.0], "hidden_size": [2, 4, 8]}, seeds=2)


def summary(number, loss=0.3, state="finished", reached=()):
    reached = tuple(reached) + (-1,) * (len(LEVELS) - len(reached))
    return Summary(number, 100, 100, 0.5, 0.2, loss, 0.9, 0.8, 0.25, 40.0, state, "compiled", reached)


def some():
    results = Results(GRID)
    results.add(
        [summary(0, 0.3), summary(6, 0.5), summary(1, 0.2, "diverged", [30, 60]), summary(7, 0.4, "finished", [10])]
    )
    return results


def test_values_stand_seed_by_seed_and_cell_by_cell():
    found = values(some(), "train_loss")
    assert found.shape == (2, 6)
    np.testing.assert_array_equal(np.isnan(found), [[False, False, True, True, True, True]] * 2)


def test_a_run_that_diverged_is_infinitely_bad_at_its_end_and_not_before():
    assert values(some(), "test_loss")[:, 1].tolist() == [np.inf, 0.4]
    assert values(some(), "test_accuracy")[:, 1].tolist() == [-np.inf, 0.8]
    assert values(some(), "best_test_loss")[:, 1].tolist() == [0.25, 0.25]
    np.testing.assert_array_equal(values(some(), "diverged")[:, :3], [[0, 1, np.nan], [0, 0, np.nan]])


def test_epochs_to_a_loss_are_infinite_where_a_run_never_came_there():
    assert values(some(), "reached", LEVELS[0])[:, 1].tolist() == [30, 10]
    assert values(some(), "reached", LEVELS[1])[:, 1].tolist() == [60, np.inf]
    assert values(some(), "reached", LEVELS[1])[:, 0].tolist() == [np.inf, np.inf]


@pytest.mark.filterwarnings("error")
def test_medians_are_of_the_seeds_that_are_there():
    columns = {
        1.0: [1, 1, 1],
        2.0: [3, np.nan, 1],
        5.0: [np.nan, np.nan, 5],
        np.inf: [1, np.inf, np.nan],
        7.0: [7, np.inf, 2],
    }
    np.testing.assert_array_equal(medians(np.array(list(columns.values())).T), list(columns))
    assert np.isnan(medians(np.full((3, 2), np.nan))).all()
    assert medians(np.array([[-np.inf], [0.9]])).tolist() == [-np.inf] and medians(np.full((2, 1), np.inf)) == np.inf
    assert medians(np.array([[1e308], [1.2e308]])) == pytest.approx(1.1e308)


def test_of_divergence_the_share_counts():
    found = summaries(values(some(), "diverged"), "diverged")
    np.testing.assert_array_equal(found, [0.0, 0.5, *[np.nan] * 4])


def test_from_the_best_on():
    figures = np.array([0.5, np.nan, 0.9, np.inf, 0.1])
    assert from_best(figures, "test_loss").tolist() == [4, 0, 2, 3, 1]
    assert from_best(np.where(np.isinf(figures), -np.inf, figures), "test_accuracy").tolist() == [2, 0, 4, 3, 1]


def test_what_there_is_not_is_named():
    with pytest.raises(ValueError, match=r"measure 'loss'.*test_loss"):
        values(some(), "loss")
    with pytest.raises(ValueError, match=r"level=0\.35 .*0\.3"):
        values(some(), "reached", 0.35)


def test_every_measure_has_values_and_a_title():
    for measure in MEASURES:
        assert values(some(), measure).shape == (2, 6) and title(measure)
    assert title("reached", 0.05) == "Epochs to a loss of 0.05"
