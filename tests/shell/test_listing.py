"""`runs`: what is kept, as a CSV for programs and a table for people."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.shell.commands import run, said, trained
from toynet import Config, metrics_csv
from toynet.runs.records import Record, Source, holder
from toynet.sharing import importing, tables
from toynet.shell import listing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def full(store):
    """A store with a run of each kind."""
    store.keep(trained(5, run="finished"))
    store.keep(trained(3, run="paused", learning_rate=0.7), Source("", "finished", 2))
    store.keep(trained(200, run="diverged", activation="relu", learning_rate=1e6, epochs=200))
    store.save(Record.of(trained(2, run="running"), is_running=True, holder=holder()))
    store.save(Record.of(trained(2, run="interrupted"), is_running=True, holder=f"{holder()}"))
    gone = holder().replace(f"/{os.getpid()}/", "/999999999/")
    store.save(Record.of(trained(3, run="killed"), is_running=True, holder=gone))
    (found,) = importing.read(tables.csv([trained(4, run="imported", test_fraction=0.0).history]))
    store.take_in(found.record, found.said)
    store.describe("paused", name="=1+1", note='a "b"\nc', tags=["x", "@y"])
    return store


def listed(capfdbinary):
    assert run("runs") == 0
    out, err = capfdbinary.readouterr()
    assert err == b""
    return pd.read_csv(io.BytesIO(out)).set_index("run")


def test_the_columns_are_as_documented(full, capfdbinary):
    table = listed(capfdbinary).reset_index()
    first = ["run", "state", "epoch", "update", "train_loss", "test_loss", "test_accuracy"]
    settings = list(Config().to_dict())
    assert list(table)[:7] == first and list(table)[-len(settings) - 1 :] == [*settings, "engine"]
    assert not table.columns.duplicated().any() and "sketch" not in table


def test_every_run_is_there_as_it_stands(full, capfdbinary):
    table = listed(capfdbinary)
    assert table.state.to_dict() == {
        "finished": "finished", "paused": "paused", "diverged": "diverged", "running": "running",
        "interrupted": "running", "killed": "interrupted", "imported": "imported",
    }  # fmt: skip
    assert table.epoch.drop("diverged").to_dict() == {
        "finished": 5, "paused": 3, "running": 2, "interrupted": 2, "killed": 3, "imported": 4,
    }  # fmt: skip
    own = trained(5)
    row = table.loc["finished"]
    assert (row.train_loss, row.test_loss) == (own.present()["train_loss"], own.present()["test_loss"])
    assert row.best_test_loss == own.history.test_loss.min() and row.hidden_size == 3
    assert table.loc["paused", ["parent", "parent_epoch", "learning_rate"]].tolist() == ["finished", 2, 0.7]
    assert pd.isna(table.loc["imported", ["test_loss", "best_test_loss", "best_epoch"]]).all()
    assert table.loc["imported", "train_loss"] > 0


def test_what_people_typed_is_no_formula_and_comes_back_exactly(full, tmp_path):
    assert run("runs", "--csv", tmp_path / "runs.csv") == 0
    content = (tmp_path / "runs.csv").read_bytes()
    assert b",=" not in content and b"'=1+1" in content
    cells = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False).set_index("run")
    row = cells.loc["paused"].map(metrics_csv.original)
    assert (row["name"], row.note, row.tags) == ("=1+1", 'a "b"\nc', "x, @y")


def test_an_empty_store_has_a_header_alone(store, capfdbinary):
    table = listed(capfdbinary)
    assert table.empty and "test_loss" in table


def test_what_is_deleted_is_not_listed(full, capfdbinary):
    full.delete(["paused"])
    assert "paused" not in listed(capfdbinary).index


def test_the_file_is_written_as_that_of_train(full, tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("precious")
    assert run("runs", "--csv", path) == 2
    assert "exists: choose another name, or add --force to replace it" in said(capsys)
    assert path.read_text() == "precious"
    assert run("runs", "--csv", path, "--force") == 0 and len(pd.read_csv(path)) == 7
    for place, says in ((tmp_path, "Is a directory"), (tmp_path / "no" / "x.csv", "there is no folder")):
        code = run("runs", "--csv", place)
        out, err = capsys.readouterr()
        assert code in (1, 2) and out == "" and len(err.splitlines()) == 1 and says in err
    assert run("runs", "--csv", "/dev/full") == 1
    assert "No space left on device" in capsys.readouterr().err


def test_a_store_that_cannot_be_read_is_told(monkeypatch, tmp_path, capsys):
    (tmp_path / "bad.db").write_bytes(b"nonsense" * 1000)
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path}/bad.db")
    assert run("runs") == 2
    assert "is damaged, or no store at all" in said(capsys)


# --- for people ----------------------------------------------------------------------


def test_the_table_shows_what_differs(full):
    lines = listing.table(full.runs()).splitlines()
    assert len(lines) == 8
    assert lines[0].split()[:4] == ["run", "name", "state", "epoch"]
    for name in ("learning_rate", "test_fraction", "activation"):
        assert name in lines[0]
    assert "hidden_size" not in lines[0] and "samples" not in lines[0]
    assert "–" in next(line for line in lines if " imported " in line)


def test_without_names_there_is_no_column_for_them_and_without_runs_a_word(store):
    assert "No run is kept yet" in listing.table(store.runs())
    store.keep(trained(5, run="one"))
    assert "name" not in listing.table(store.runs()).splitlines()[0].split()


def test_what_people_typed_moves_no_cursor_and_makes_no_line(store):
    store.keep(trained(5, run="one"))
    store.describe("one", name="\x1b[2J\x07red\nnext\r\tend\u202e" + "x" * 100)
    text = listing.table(store.runs())
    assert len(text.splitlines()) == 2 and all(sign.isprintable() or sign == "\n" for sign in text)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_gets_the_table(full, encoding):
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "toynet", "runs"]
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=slave, stderr=subprocess.PIPE, check=False)
    os.close(slave)
    shown = os.read(master, 100_000).decode(encoding)
    os.close(master)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(shown.splitlines()) == 8 and "," not in shown.splitlines()[0]
