"""What is measured of a network, and when it counts as finite."""

import numpy as np
import pytest

from toynet import Config, Trainer, datasets
from toynet.measuring import Measures, accuracy, is_finite, measure, predicted
from toynet.network import Forward


@pytest.mark.parametrize("name", Measures._fields)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_figure_that_is_not_finite_counts_unless_it_is_of_an_empty_test_part(name, value):
    split, whole = datasets.load(Config()), datasets.load(Config(test_fraction=0.0))
    row = dict.fromkeys(Measures._fields, 1.0) | {name: value}
    assert not is_finite(row, split)
    assert is_finite(row, whole) == name.startswith("test_")
    columns = {column: np.array([1.0, figure]) for column, figure in row.items()}
    assert is_finite(columns, split).tolist() == [True, False]


def test_every_column_has_the_name_of_what_is_measured():
    trainer = Trainer(Config(samples=40))
    measured = measure(trainer.parameters, trainer.split, "tanh")._asdict()
    assert {name: trainer.recorded.last[name] for name in measured} == measured
    assert measured["grad_norm"] ** 2 == pytest.approx(
        sum(measured[f"grad_norm_{name}"] ** 2 for name in ("W1", "b1", "W2", "b2"))
    )


def test_the_largest_of_several_outputs_is_the_class_and_the_first_of_equal_ones():
    Z2 = np.array([[3.0, 0.0, 1.0, 2.0], [1.0, 5.0, 1.0, -1.0], [2.0, 4.0, 0.0, 2.5]])
    passed = Forward(Z2, Z2, Z2, Z2, Z2)
    np.testing.assert_array_equal(predicted(passed), [0, 1, 0, 2])
    assert accuracy(passed, np.array([0.0, 2.0, 0.0, 2.0])) == 0.75
