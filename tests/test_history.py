"""History: a growing table, and its CSV."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config, train
from toynet.history import COLUMNS, COUNTS, Change, History, by_row, marks
from toynet.measuring import Measures

pytestmark = pytest.mark.filterwarnings("error")


def row(n):
    return {column: n * 100 + k for k, column in enumerate(COLUMNS)}


def filled(rows):
    history = History()
    for n in range(rows):
        history.append(row(n))
    return history


def read_back(frame):
    """Through a CSV file's text and back; only what is text by nature stays text."""
    text = frame.to_csv(index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of pandas are always exact, and say so
        back = pd.read_csv(io.StringIO(text), float_precision="round_trip")
    texts = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]
    return back.assign(**{c: back[c].astype(object).fillna("").astype(str) for c in texts}), texts


def assert_round_trip(frame):
    back, texts = read_back(frame)
    assert list(back) == list(frame)
    for column in frame:
        if column in texts:
            assert list(back[column]) == list(frame[column])
        else:
            assert back[column].dtype == frame[column].dtype or frame[column].isna().all()
            np.testing.assert_array_equal(back[column], frame[column])


def test_columns_are_the_counters_the_measures_and_the_learning_rate():
    measures = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    measures += [f"grad_norm{name}" for name in ("_W1", "_b1", "_W2", "_b2", "")]
    expected = ["epoch", "update", "samples_seen", "seconds", *measures, "learning_rate"]
    assert list(COLUMNS) == expected and list(Measures._fields) == measures


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 1000])
def test_history_grows_without_losing_a_row(rows):
    history = filled(rows)
    assert len(history) == rows
    for k, column in enumerate(COLUMNS):
        np.testing.assert_array_equal(history[column], [n * 100 + k for n in range(rows)])


def test_copy_stays_as_it_was():
    history = filled(3)
    copy = history.copy()
    history.append(row(9))
    history["epoch"][0] = -1
    assert len(copy) == 3 and copy["epoch"][0] == 0
    copy.append(row(7))
    assert len(history) == 4 and copy["epoch"][3] == 700 and copy.last == row(7)


def test_frame_is_a_copy_with_the_settings_behind_and_the_run_before():
    history = filled(2)
    frame = history.frame("mine", {"hidden_size": 3, "learning_rate": 99, "note": "a"})
    assert list(frame) == ["run", *COLUMNS, "hidden_size", "note"]
    assert list(frame.run) == ["mine", "mine"] and list(frame.hidden_size) == [3, 3]
    assert list(frame.learning_rate) == list(history["learning_rate"])
    history["train_loss"][0] = -1
    assert frame.train_loss[0] != -1
    assert all(frame[c].dtype == "int64" for c in COUNTS)


def test_frame_without_rows_has_all_columns():
    frame = History().frame("mine", Config().to_dict())
    assert len(frame) == 0 and list(frame)[:2] == ["run", "epoch"]


counts = st.integers(0, 2**53)
numbers = st.floats(allow_nan=False, allow_infinity=False)
tests = numbers | st.just(np.nan)
rows = st.tuples(counts, counts, counts, numbers, numbers, tests, numbers, tests, *[numbers] * 6)


@given(st.lists(rows, min_size=1, max_size=5))
def test_any_numbers_survive_the_csv(rows):
    history = History()
    for r in rows:
        history.append(dict(zip(COLUMNS, r, strict=True)))
    assert_round_trip(history.frame("20250102-030405-ab12", Config(noise=0.1 + 0.2).to_dict()))


@pytest.mark.parametrize(
    "config",
    [
        Config(epochs=20, batch_mode="mini", samples=40),
        Config(epochs=3, test_fraction=0.0),
        Config(epochs=3, dataset="breast_cancer", feature_1="worst area"),
    ],
)
def test_history_of_a_run_survives_the_csv(config):
    assert_round_trip(train(config).history)


def test_csv_file_is_opened_by_plain_pandas(tmp_path):
    history = train(Config(epochs=5)).history
    history.to_csv(tmp_path / "run.csv", index=False)
    plain = pd.read_csv(tmp_path / "run.csv")
    assert list(plain) == list(history) and list(plain.epoch) == list(range(6))
    np.testing.assert_allclose(plain.train_loss, history.train_loss, rtol=1e-14)


# --- settings that changed in mid-run ------------------------------------------------

UPDATES = np.array([0, 1, 2, 6, 10, 40, 70])  # full, full, mini of four batches an epoch, then stochastic
CHANGES = (
    Change(2, "batch_mode", "mini"),
    Change(2, "learning_rate", 0.1),
    Change(4, "learning_rate", 2.0),
    Change(10, "batch_mode", "stochastic"),
    Change(70, "batch_mode", "full"),
)


def test_by_row_tells_what_held_for_the_updates_that_led_to_each_row():
    modes = by_row(UPDATES, "batch_mode", "full", CHANGES)
    assert modes.tolist() == ["full"] * 3 + ["mini"] * 2 + ["stochastic"] * 2
    assert by_row(UPDATES, "batch_size", 8, CHANGES).tolist() == [8] * 7
    assert by_row(UPDATES, "batch_size", 8, [Change(6, "batch_size", 10)]).tolist() == [8] * 4 + [10] * 3
    assert by_row(UPDATES[:1], "batch_mode", "full", CHANGES).tolist() == ["full"]


def test_marks_name_each_change_at_the_row_before_it():
    start = Config(batch_size=10).to_dict()
    # Of the two rates between one row and the next the last one counts; what no row follows is not there yet.
    assert marks(UPDATES, start, CHANGES) == [(2, "η 2, batch 10"), (4, "stochastic")]
    assert marks(np.append(UPDATES, 71), start, CHANGES)[-1] == (6, "full batch")
    assert marks(UPDATES[:3], start, CHANGES) == [] and marks(UPDATES, start, ()) == []


@pytest.mark.parametrize(
    "changes",
    [
        [Change(2, "batch_size", 99)],  # in full batch
        [Change(2, "epochs", 99)],
        [Change(3, "learning_rate", 0.1), Change(4, "learning_rate", 0.3)],  # and back before a row
    ],
)
def test_what_changes_nothing_that_a_row_tells_leaves_no_mark(changes):
    assert marks(UPDATES, Config(learning_rate=0.3).to_dict(), changes) == []


def test_frame_takes_settings_by_row():
    frame = filled(2).frame("mine", {"hidden_size": 3, "batch_mode": np.array(["full", "mini"], dtype=object)})
    assert list(frame.batch_mode) == ["full", "mini"] and list(frame.hidden_size) == [3, 3]
