"""The confusion matrix: what is counted, and how it is drawn."""

import numpy as np
import pytest

from tests.charts.checking import assert_fits, dicts
from toynet import Config, Trainer, train
from toynet.charts.confusion import confusion, confusion_chart, confusion_table, part_of
from toynet.network import Parameters, forward


@pytest.fixture(scope="module")
def trained():
    return train(Config(dataset="blobs", classes=4, noise=0.6, output="softmax", epochs=40))


def counted(trainer, X, y):
    taken_for = forward(trainer.parameters, X, "tanh").Z2.argmax(axis=0)
    return [[int(((y == row) & (taken_for == column)).sum()) for column in range(4)] for row in range(4)]


def test_rows_are_what_samples_of_the_test_part_are_and_columns_what_they_are_taken_for(trained):
    split = trained.split
    counts = confusion(trained.parameters, "tanh", split, "softmax")
    assert counts.tolist() == counted(trained, split.X_test, split.y_test)
    assert np.trace(counts) / counts.sum() == pytest.approx(trained.present()["test_accuracy"])
    assert not np.array_equal(counts, counts.T), "an exchange of both would show"


def test_without_a_test_part_the_training_part_is_counted(trained):
    split = trained.split._replace(X_test=trained.split.X_test[:0], y_test=trained.split.y_test[:0])
    assert confusion(trained.parameters, "tanh", split).tolist() == counted(trained, split.X_train, split.y_train)
    assert (part_of(split), part_of(trained.split)) == ("train", "test")
    (title,) = {d["title"] for d in dicts(confusion_chart(split.class_names, "train")) if "part" in str(d.get("title"))}
    assert title == "Predicted, of the training part"


def test_of_two_classes_it_is_two_by_two():
    trainer = train(Config(samples=100, epochs=20))
    counts = confusion(trainer.parameters, "tanh", trainer.split)
    assert counts.shape == (2, 2) and counts.sum() == 25
    assert np.trace(counts) / 25 == pytest.approx(trainer.present()["test_accuracy"])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e308])
def test_parameters_that_are_not_finite_are_counted_too(value):
    split = Trainer(Config(dataset="blobs", classes=3, samples=60)).split
    wrong = Parameters(*(np.full(shape, value) for shape in ((2, 2), (2, 1), (3, 2), (3, 1))))
    assert confusion(wrong, "relu", split).sum() == split.y_test.size


def test_table_has_a_cell_a_row_and_the_share_of_its_class():
    cells = confusion_table(np.array([[3, 1, 0], [0, 0, 0], [2, 0, 8]])).to_pandas()
    assert len(cells) == 9
    wrong = cells[(cells.y == 2.5) & (cells.x == 0.5)].iloc[0]
    assert (wrong["count"], wrong.share) == (2, pytest.approx(0.2))
    assert cells.share.tolist()[3:6] == [0, 0, 0], "of a class without samples"


@pytest.mark.parametrize("names", [("a", "b", "c"), ('a "b" \\', "</script>", "datum.x", "中 🐧\n")])
def test_the_spec_is_valid_and_its_table_matches(names):
    k = len(names)
    assert_fits(confusion_chart(names, "test"), {"confusion": confusion_table(np.eye(k, dtype=int))})


def axes(names):
    encoding = confusion_chart(names, "test")["encoding"]
    return [encoding[c]["axis"]["labelExpr"] for c in "xy"]


def test_long_names_are_numbered_where_columns_have_no_room_for_them():
    across, down = axes(("a", "b", "c"))
    assert across == down == '["a", "b", "c"][floor(datum.value)]'
    across, down = axes(tuple(f"species of grass {c}" for c in range(6)))
    assert across.startswith('["0", "1"') and '"5  species of grass 5"' in down


def test_right_is_green_and_wrong_is_red():
    fills = [str(d["fill"]) for d in dicts(confusion_chart(("a", "b", "c"), "test")) if "fill" in d]
    assert any('== floor(datum.y) ? "#2e9e5b" : "#d64545"' in fill for fill in fills)
