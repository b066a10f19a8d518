"""The runs of a sweep and their numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config
from toynet.many.grid import MOST_SEEDS, Grid

VALUES = {
    "hidden_size": st.integers(1, 256),
    "learning_rate": st.floats(1e-6, 1e6),
    "noise": st.floats(0.0, 1.0),
    "batch_mode": st.sampled_from(("full", "mini", "stochastic")),
    "activation": st.sampled_from(("tanh", "sigmoid", "relu")),
    "samples": st.integers(20, 10_000),
}


@st.composite
def grids(draw):
    """Grids of up to four settings with up to four values each, and up to five seeds."""
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=4, unique=True))
    settings = {name: draw(st.lists(VALUES[name], min_size=1, max_size=4)) for name in names}
    firsts = {name: draw(st.integers(0, 2**31)) for name in ("data_seed", "init_seed")}
    return Grid.of(settings | firsts, draw(st.integers(1, 5)))


@given(grids())
def test_every_number_is_the_number_of_its_settings(grid):
    configs = [grid.config(number) for number in range(grid.runs)]
    assert [grid.number(config) for config in configs] == list(range(grid.runs))
    assert len(set(configs)) == grid.runs  # and no two runs are the same


@given(grids())
def test_a_grid_as_plain_values_is_the_same_grid(grid):
    assert Grid.from_dict(grid.to_dict()) == grid


@given(grids())
def test_settings_of_a_run_are_those_that_the_checks_would_give(grid):
    for number in range(grid.runs):
        config = grid.config(number)
        assert config == Config.from_dict(config.to_dict())
        assert list(map(type, config.to_dict().values())) == list(map(type, Config().to_dict().values()))


def test_first_come_all_cells_of_the_first_seed_the_last_setting_fastest():
    grid = Grid.of({"hidden_size": [4, 2], "learning_rate": [0.1, 0.2, 0.3], "data_seed": 7}, 2)
    runs = [grid.config(number) for number in range(grid.runs)]
    sizes = [4, 4, 4, 2, 2, 2]
    assert [run.hidden_size for run in runs] == sizes * 2
    assert [run.learning_rate for run in runs] == [0.1, 0.2, 0.3] * 4
    assert [(run.data_seed, run.init_seed) for run in runs] == [(7, 0)] * 6 + [(8, 1)] * 6
    assert [grid.seed(number) for number in range(grid.runs)] == [0] * 6 + [1] * 6
    assert (grid.cells, grid.runs) == (6, 12)
    assert [grid.cell(grid.values(cell)) for cell in range(6)] == list(range(6))


def test_numbers_of_an_array_give_the_same_settings():
    grid = Grid.of({"hidden_size": [2, 4]}, 3)
    assert repr(grid.config(np.int64(5))) == repr(grid.config(5))


def test_equal_values_count_once_and_are_of_the_settings_type():
    grid = Grid.of({"learning_rate": [1, 1.0, 0.5], "hidden_size": [2, 2], "epochs": np.array([3, 4])})
    assert repr(grid.axes) == repr((("learning_rate", (1.0, 0.5)), ("epochs", (3, 4))))
    assert grid.base.hidden_size == 2
    assert Grid(Config(), (("noise", (0, 0.0, 1)),)).axes == (("noise", (0.0, 1.0)),)


def test_a_text_is_one_value():
    assert Grid.of({"dataset": "circles"}).base.dataset == "circles"


@pytest.mark.parametrize(
    "settings, seeds, words",
    [
        ({"hidden_size": [2, 300]}, 1, ("hidden_size", "300", "256")),
        ({"hidden_size": [2, "many"]}, 1, ("hidden_size", "'many'", "whole number")),
        ({"batch_mode": "half"}, 1, ("batch_mode", "'half'", "stochastic")),
        ({"size": [1, 2]}, 1, ("size", "is not a setting", "hidden_size")),
        ({"noise": []}, 1, ("noise has no values",)),
        ({}, 0, ("seeds", "0", f"{MOST_SEEDS:,}")),
        ({}, MOST_SEEDS + 1, ("seeds", f"{MOST_SEEDS:,}")),
        ({}, 2.0, ("seeds", "2.0")),
        ({}, True, ("seeds", "True")),
        ({"data_seed": [1, 2]}, 2, ("data_seed", "several seeds")),
        ({"init_seed": [1, 2]}, 2, ("init_seed", "several seeds")),
        ({"init_seed": 2**32 - 2}, 3, ("init_seed", "4,294,967,295", "4,294,967,296")),
    ],
)
def test_what_cannot_be_is_refused_by_name(settings, seeds, words):
    with pytest.raises(ValueError) as caught:
        Grid.of(settings, seeds)
    assert all(word in str(caught.value) for word in words), caught.value


def test_seeds_may_be_a_setting_of_their_own():
    grid = Grid.of({"data_seed": [3, 5], "init_seed": [1, 2]})
    assert [(c.data_seed, c.init_seed) for c in map(grid.config, range(4))] == [(3, 1), (3, 2), (5, 1), (5, 2)]
    assert [grid.number(grid.config(number)) for number in range(4)] == [0, 1, 2, 3]


def test_settings_that_are_not_in_the_sweep_have_no_number():
    grid = Grid.of({"hidden_size": [2, 4], "noise": 0.1}, 2)
    one = grid.config(1)
    others = ({"hidden_size": 3}, {"noise": 0.2}, {"data_seed": 1}, {"init_seed": 1}, {"data_seed": 2, "init_seed": 2})
    assert grid.number(one) == 1
    assert [grid.number(replace(one, **other)) for other in others] == [None] * 5


def test_columns_that_were_left_open_may_be_named():
    grid = Grid.of({"dataset": "breast_cancer", "hidden_size": [2, 4]})
    named = replace(grid.config(1), feature_1="mean radius", feature_2="mean texture")
    assert grid.number(named) == 1


@pytest.mark.parametrize("number", [-1, 4])
def test_a_number_that_there_is_not_is_refused(number):
    with pytest.raises(ValueError, match=f"there is no run {number}: the sweep has 4"):
        Grid.of({"hidden_size": [2, 4]}, 2).config(number)


@pytest.mark.parametrize(
    "spoilt", [{"base": {"huh": 1}}, {"axes": 3}, {"axes": [["noise", [5]]]}, {"axes": [["noise", []]]}, {"seeds": "x"}]
)
def test_plain_values_that_are_no_grid_are_refused(spoilt):
    with pytest.raises(ValueError):
        Grid.from_dict(Grid.of({"noise": [0.1, 0.2]}).to_dict() | spoilt)


def test_a_setting_is_an_axis_once():
    with pytest.raises(ValueError, match="noise is given twice"):
        Grid(Config(), (("noise", (0.1, 0.2)), ("noise", (0.3,))))
