"""Metrics of runs as CSV and Parquet: tidy, exact, and no formula for a spreadsheet."""

import io

import numpy as np
import pandas as pd
import pytest

from tests.sharing.running import HOSTILE, given, restless, trained
from toynet import metrics_csv
from toynet.sharing import tables

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1", "a;=1+1", "'=1", "a\r\n=2")


def histories():
    return [restless().history, trained(test_fraction=0.0).history, trained(record_every=4).history]


@pytest.mark.parametrize(
    ("form", "read"),
    [(tables.csv, lambda content: metrics_csv.read(io.BytesIO(content))),
     (tables.parquet, lambda content: pd.read_parquet(io.BytesIO(content)))],
)  # fmt: skip
def test_several_runs_are_one_tidy_table_to_the_last_bit(form, read):
    own = histories()
    table = read(form(own))
    assert list(table) == list(own[0]) and table.run.nunique() == 3
    for history in own:
        rows = table[table.run == history.run.iloc[0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, history, check_exact=True, check_dtype=False)


def test_plain_pandas_reads_both():
    own = histories()
    rows = sum(map(len, own))
    csv = pd.read_csv(io.BytesIO(tables.csv(own)))
    parquet = pd.read_parquet(io.BytesIO(tables.parquet(own)))
    for table in (csv, parquet):
        assert len(table) == rows and table.epoch.dtype == "int64" and table.train_loss.dtype == "float64"
        assert np.isnan(table.test_loss).sum() == len(own[1])


@pytest.mark.parametrize("names", [FORMULAS[:3], FORMULAS[3:6], FORMULAS[5:], HOSTILE], ids=["1", "2", "3", "hostile"])
def test_what_people_typed_is_no_formula_and_comes_back_exactly(names):
    history = given(tuple(names), run="=RUN()").history
    content = tables.csv([history])
    cells = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False).to_numpy().ravel()
    running = ("=", "+", "-", "@", "\t", "\r")
    for cell in cells:
        parts = cell.replace("\r", ";").replace("\n", ";").replace("\t", ";").split(";")
        assert all(metrics_csv._NUMBER.fullmatch(part) or not part.startswith(running) for part in parts), cell
    pd.testing.assert_frame_equal(
        metrics_csv.read(io.BytesIO(content)), history, check_exact=True, check_dtype=False
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(tables.parquet([history]))), history, check_exact=True, check_dtype=False
    )
