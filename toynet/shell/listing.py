"""The command `runs`: what is kept, as a table for people or a CSV for programs."""

import sys
from datetime import datetime

from toynet import metrics_csv
from toynet.shell import outputs

SHOWN = ("run", "name", "state", "epoch", "train_loss", "test_loss", "test_accuracy", "started")
"""Columns of the table for people; then the settings in which the runs differ."""

SETTINGS = 4
"""Of these settings at most so many."""


def runs(top, options):
    """List the kept runs, the latest first."""
    from toynet.runs.store import Store

    try:
        listed = Store().runs(with_sketches=False)
        is_looked_at = options.csv is None and sys.stdout is not None and sys.stdout.isatty()
        output = None if is_looked_at else outputs.choose(options.csv, options.force)
    except ValueError as error:
        top.error(str(error))
    if is_looked_at:
        encoding = sys.stdout.encoding
        print(table(listed).encode(encoding, "replace").decode(encoding))
        return 0
    return outputs.put(output, csv(listed))


def csv(listed):
    """All columns as a CSV file, as bytes; what is not known is an empty cell."""
    known = listed.assign(tags=listed.tags.map(", ".join), parent=listed.parent.fillna(""))
    known["best_test_loss"] = known.best_test_loss.astype(float)
    epochs = dict.fromkeys(("best_epoch", "parent_epoch"), "Int64")
    return metrics_csv.text(known.astype(epochs)).encode("utf-8", "replace")


def table(listed):
    """The runs as a table that fits a terminal, as text."""
    from toynet.config import Config

    if listed.empty:
        return "No run is kept yet: `python -m toynet train --keep`, or train one in the dashboard."
    differing = [name for name in Config().to_dict() if listed[name].nunique() > 1][:SETTINGS]
    started = listed.created.map(lambda seconds: f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}")
    shown = listed.assign(started=started)[[*SHOWN, *differing]]
    if not shown.name.any():
        shown = shown.drop(columns="name")
    numbers = dict.fromkeys(("train_loss", "test_loss", "test_accuracy"), "{:.4f}".format)
    text = shown.to_string(index=False, formatters=numbers, na_rep="–", max_colwidth=40)
    # What people call a run must not move the cursor.
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)
