"""The metrics of runs as one tidy table: CSV and Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from toynet import metrics_csv

if TYPE_CHECKING:
    import pandas as pd


def csv(histories: Iterable[pd.DataFrame]) -> bytes:
    """The metrics of runs, one below the other, as a metrics CSV.

    Parameters
    ----------
    histories : iterable of pandas.DataFrame
        From `Trainer.history` or `Store.history`.

    Returns
    -------
    bytes
        UTF-8; a text that a spreadsheet would run is guarded (see `metrics_csv`).
    """
    return metrics_csv.text(together(histories)).encode()


def parquet(histories: Iterable[pd.DataFrame]) -> bytes:
    """The same as a Parquet file, in which every number keeps its last bit and every text is as it was."""
    sink = io.BytesIO()
    together(histories).to_parquet(sink, engine="pyarrow", index=False, compression="zstd")
    return sink.getvalue()


def together(histories: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Histories one below the other: their column `run` tells them apart."""
    import pandas as pd

    return pd.concat(list(histories), ignore_index=True)
