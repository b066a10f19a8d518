"""The metrics CSV: no spreadsheet runs its texts, and reading gives them back."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toynet import Config, metrics_csv, sweep, train
from toynet.datasets import csv_files
from toynet.history import History
from toynet.metrics_csv import guarded, original
from toynet.shell.command import main
from toynet.ui.experiment import Experiment

RUN_BY_SPREADSHEETS = re.compile(r"[=+\-@\t\r]")

texts = st.text(alphabet=st.sampled_from("'=+-@\t\r\n,;\"12.5eE a")) | st.text()


@given(texts)
@example("=HYPERLINK(1)")
@example("'=x")
@example("-1")
@example("'-1")
@example("-1-1")
@example("x;=1+1;y")
@example(";\t'=1\r\n@")
def test_any_text_comes_back_and_none_is_run(text):
    cell = guarded(text)
    assert original(cell) == text
    assert not RUN_BY_SPREADSHEETS.match(cell) or np.isfinite(float(cell)) or "e" in cell.lower()
    assert not any(RUN_BY_SPREADSHEETS.match(part) for part in re.split(r"[;\t\r\n]", cell)[1:])


@pytest.mark.parametrize("text", ["", "yes", "-1", "+1.5", "-.5e-3", "1=2", "'quoted'", "a@b"])
def test_harmless_texts_and_numbers_are_left_alone(text):
    assert guarded(text) == text == original(text)


@pytest.mark.parametrize("text", ["=1", "+a", "-a", "@a", "\ta", "\ra", "-1+cmd", "+", "=", "-٣"])
def test_formulas_get_an_apostrophe(text):
    assert guarded(text) == f"'{text}"


@given(texts, texts, texts)
@example("=a", "", "NA")
@example("a\r\nb", '"', " x ")
def test_history_comes_back_from_a_file(feature, target, class_1):
    settings = Config(dataset="csv", data_file="=x", feature_1=feature, target=target, class_1=class_1).to_dict()
    history = History({c: [0.1, 0.25] for c in History().columns()}).frame("20250102-030405-ab12", settings)
    back = metrics_csv.read(io.StringIO(metrics_csv.text(history), newline=""))
    assert list(back) == list(history)
    for name in history:
        assert back[name].tolist() == history[name].tolist(), name


def test_a_run_comes_back_to_the_last_bit(tmp_path):
    history = train(Config(epochs=5, test_fraction=0.0)).history
    (tmp_path / "run.csv").write_text(metrics_csv.text(history), "utf-8", newline="")
    pd.testing.assert_frame_equal(metrics_csv.read(tmp_path / "run.csv"), history, check_dtype=False)


def test_names_of_columns_are_guarded_and_the_table_in_memory_is_not():
    frame = pd.DataFrame({"=cmd()": ["@x", "y"], "n": [-1.5, 2.0]})
    rows = list(csv.reader(io.StringIO(metrics_csv.text(frame))))
    assert rows == [["'=cmd()", "n"], ["'@x", "-1.5"], ["y", "2.0"]]
    assert list(frame) == ["=cmd()", "n"] and frame["=cmd()"].tolist() == ["@x", "y"]


def test_a_csv_with_guarded_cells_is_data_with_the_originals():
    rows = "".join(f"{i},{i % 5},{guarded('=yes') if i % 2 else guarded('-no')}\n" for i in range(20))
    table = csv_files.parse(f"{guarded('=a')},{guarded('+b')},{guarded('@kind')}\n{rows}".encode(), "x.csv")
    assert list(table.columns) == ["=a", "+b", "@kind"]
    assert csv_files.values(table, "@kind") == ["-no", "=yes"]


def test_shell_and_download_write_guarded_cells(tmp_path):
    rows = "".join(f"{i},{i % 5},{'=yes' if i % 2 else 'no'}\n" for i in range(40))
    (tmp_path / "a.csv").write_text(f"+a,b,kind\n{rows}")
    settings = {"dataset": "csv", "data_file": str(tmp_path / "a.csv"), "class_1": "=yes", "epochs": 2}
    options = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    assert main(["train", *options, "--csv", str(tmp_path / "out.csv")]) == 0
    experiment = Experiment.of(Config(**settings))
    for content in ((tmp_path / "out.csv").read_bytes(), experiment.csv()):
        row = next(csv.DictReader(io.StringIO(content.decode())))
        assert (row["feature_1"], row["class_1"], row["target"]) == ("'+a", "'=yes", "kind")
        assert metrics_csv.read(io.BytesIO(content)).feature_1[0] == "+a"
    assert experiment.trainer.history.feature_1[0] == "+a"


def test_the_table_of_a_sweep_comes_back_too():
    rows = list(sweep({"samples": 40, "epochs": 3, "hidden_size": [2, 3]}, seeds=2))
    table = pd.DataFrame(rows)
    back = metrics_csv.read(io.StringIO(metrics_csv.text(table)))
    pd.testing.assert_frame_equal(back, table, check_dtype=False)
