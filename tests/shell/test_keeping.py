"""`train --keep` and `resume`: runs that are kept as they train, and go on."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.shell.commands import SMALL, run, said, small, trained
from toynet import Store, Trainer, metrics_csv, train
from toynet.runs import database, location
from toynet.runs.records import Record, holder
from toynet.shell import interrupts

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def csv(tmp_path):
    return tmp_path / "out.csv"


def only(store):
    """The name of the only run that is kept."""
    (name,) = store.runs().run
    return name


def assert_same_run(one, other, *, but=("run", "seconds")):
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    columns = one.history.columns.drop(list(but))
    pd.testing.assert_frame_equal(one.history[columns], other.history[columns], check_exact=True)


# --- train --keep --------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "mini", "stochastic"])
def test_a_kept_run_is_the_one_whose_metrics_are_written(store, csv, capsys, mode):
    assert run("train", *SMALL, "--batch-mode", mode, "--keep", "--csv", csv) == 0
    name = only(store)
    assert f"Kept as run {name}." in capsys.readouterr().err and store.status(name) == "finished"
    pd.testing.assert_frame_equal(metrics_csv.read(csv), store.history(name), check_exact=True, check_dtype=False)
    assert_same_run(store.trainer(name), train(small(batch_mode=mode, batch_size=32)))


def test_without_keep_nothing_is_kept_and_no_store_is_made(own_store, csv, tmp_path):
    assert run("train", *SMALL, "--csv", csv) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_without_keep_no_database_is_loaded():
    code = "import sys; from toynet.shell.command import main; main(sys.argv[1:]); print('sqlalchemy' in sys.modules)"
    command = [sys.executable, "-c", code, "train", *SMALL, "--csv", os.devnull]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_diverged_run_is_kept_as_such_and_cannot_go_on(store, csv, capsys):
    options = ["--samples", 40, "--activation", "relu", "--learning-rate", "1e6", "--epochs", 200]
    assert run("train", *options, "--keep", "--csv", csv) == 1
    name = only(store)
    assert store.status(name) == "diverged"
    capsys.readouterr()
    assert run("resume", name, "--epochs", 900) == 2
    assert f"run {name} cannot go on. Diverged at update" in said(capsys)


@pytest.mark.parametrize("number", interrupts.ENDING, ids=lambda number: number.name)
def test_a_run_that_a_signal_ends_is_paused_and_goes_on_bit_for_bit(store, csv, monkeypatch, number):
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "run", lambda self, **_: [self.step() for _ in range(7)] and signal.raise_signal(number))
        options = ["--batch-mode", "mini", "--batch-size", "8", "--epochs", "20"]
        assert run("train", *SMALL, *options, "--keep", "--csv", csv) == 128 + number
    name = only(store)
    assert store.status(name) == "paused" and store.trainer(name).update == 7
    assert run("resume", name, "--csv", csv, "--force") == 0
    assert store.status(name) == "finished"
    assert_same_run(store.trainer(name), train(small(batch_mode="mini", epochs=20)))
    assert metrics_csv.read(csv).epoch.tolist() == list(range(21))


def test_a_run_that_ends_before_its_first_update_is_not_kept(store, csv, monkeypatch, capsys):
    monkeypatch.setattr(Trainer, "prepare", lambda self: signal.raise_signal(signal.SIGINT))
    assert run("train", *SMALL, "--keep", "--csv", csv) == 130
    assert "The run has no update, so it is not kept." in capsys.readouterr().err and store.runs().empty


def test_while_it_trains_it_is_running(store, csv, monkeypatch):
    monkeypatch.setattr(Store, "save", recording(seen := []))
    assert run("train", *SMALL, "--keep", "--csv", csv) == 0
    assert seen[-1] == "finished" and set(seen[:-1]) <= {"running"}
    store.keep(trained(3, run="mine"))
    seen.clear()
    train_on = Trainer.run
    monkeypatch.setattr(Trainer, "run", lambda self, **more: (until(seen), train_on(self, **more)))
    assert run("resume", "mine", "--csv", os.devnull) == 0
    assert seen[0] == "running" and seen[-1] == "finished"


def until(seen, seconds=60):
    """Wait until something is noted: a run that is resumed is marked before it trains."""
    give_up = time.monotonic() + seconds
    while not seen and time.monotonic() < give_up:
        time.sleep(0.005)


def recording(seen, save=Store.save):
    """A Store.save that notes the status of each record."""

    def saved(self, record):
        seen.append(record.status)
        save(self, record)

    return saved


# --- the store is away ---------------------------------------------------------------


def test_what_is_wrong_with_the_store_is_told_and_training_goes_on(monkeypatch, csv, capsys, tmp_path):
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path}/no/runs.db")
    assert run("train", *SMALL, "--keep", "--csv", csv) == 1
    err = capsys.readouterr().err
    assert err.count("could not be kept") == 1 and "cannot be opened: see whether its folder is there" in err
    assert len(metrics_csv.read(csv)) == 6


def test_it_is_told_once_and_what_is_kept_in_the_end_is_told_too(own_store, csv, capsys, monkeypatch):
    from toynet.runs import keeping
    from toynet.runs.location import StoreError

    monkeypatch.setattr(keeping, "AGAIN", 1000.0)
    away, save, step = [StoreError("the store is away")] * 4, Store.save, Trainer.run

    def saved(self, record):
        if away:
            raise away.pop()
        save(self, record)

    def training(self, **_):
        step(self, epochs=1)
        keepers[0].flush(30)

    keepers, made = [], keeping.Keeper.__init__
    monkeypatch.setattr(keeping.Keeper, "__init__", lambda self: made(self) or keepers.append(self))
    monkeypatch.setattr(Store, "save", saved)
    monkeypatch.setattr(Trainer, "run", training)
    assert run("train", *SMALL, "--keep", "--csv", csv) == 0
    err = capsys.readouterr().err
    assert err.count("The run is not kept at present: the store is away. It trains on.") == 1
    store = Store()
    assert f"Kept as run {only(store)}." in err and len(store.history(only(store))) == 6 and not away
    store.close()


def test_a_store_that_is_locked_to_the_end_is_told_and_the_exit_code_says_so(store, csv, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    other = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert run("train", *SMALL, "--keep", "--csv", csv) == 1
    assert "could not be kept: the store" in capsys.readouterr().err and len(metrics_csv.read(csv)) == 6
    other.close()
    assert store.runs().empty


def test_an_address_with_a_password_is_never_told(monkeypatch, csv, capsys):
    monkeypatch.setenv("TOYNET_DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:1/runs")
    for command in (["runs"], ["resume", "x"], ["export", "x", "--csv", csv], ["import", __file__]):
        assert run(*command) == 2
        assert "secret" not in said(capsys)
    assert run("train", *SMALL, "--keep", "--csv", csv) == 1
    err = capsys.readouterr().err
    assert "secret" not in err and "Connection refused" in err


# --- resume --------------------------------------------------------------------------


def test_resume_goes_on_to_the_epoch_that_is_asked_for(store, csv):
    store.keep(trained(3, run="mine"))
    assert run("resume", "mine", "--csv", csv) == 0
    assert (store.trainer("mine").epoch, store.status("mine")) == (5, "finished")
    assert run("resume", "mine", "--epochs", 9, "--csv", csv, "--force") == 0
    assert store.trainer("mine").epoch == 9 and metrics_csv.read(csv).epoch.tolist() == list(range(10))
    assert_same_run(store.trainer("mine"), trained(9, epochs=9))
    assert [change.setting for change in store.trainer("mine").changes] == ["epochs"]


def test_resume_finds_a_run_by_the_name_that_people_gave_it(store, capsys):
    names = ["my run", "=1+1", "-x", "η\n$x$", "a'; DROP TABLE runs; --"]
    for n, name in enumerate(names):
        store.keep(trained(3, run=f"run{n}"))
        store.describe(f"run{n}", name=name)
    for n, name in enumerate(names):
        assert run("resume", "--csv", os.devnull, "--", name) == 0
        assert store.trainer(f"run{n}").epoch == 5
    store.keep(trained(3, run="twin"))
    store.describe("twin", name="my run")
    capsys.readouterr()
    assert run("resume", "my run") == 2
    assert "2 runs are called my run: " in said(capsys)


@pytest.mark.parametrize("name", ["nonsense", "", "a\nb", "\x1b[31m", "x" * 10_000, "\udcff", "%s {} \\"])
def test_a_run_that_is_not_there_is_said_to_be_missing(store, capsys, name):
    store.keep(trained(3, run="mine"))
    for command in (["resume", name], ["export", name, "--csv", os.devnull]):
        assert run(*command) == 2
        assert "there is no run" in (line := said(capsys)) or "cannot hold this text" in line
    assert store.trainer("mine").epoch == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", "3"], "run mine is at epoch 3: give a later one with --epochs"),
        (["--epochs", "0"], "epochs must be"),
        (["--epochs", "many"], "epochs must be"),
        (["--epochs", "9" * 5000], "epochs must be"),
        (["--epochs", "-7"], "epochs"),
        (["--csv", "no/such/folder/out.csv"], "there is no folder"),
        (["--csv", __file__], "exists: choose another name, or add --force"),
        (["--csv", os.path.dirname(__file__)], "Is a directory"),
        (["--csv", "/dev/full"], "No space left on device"),
        (["--colour"], "--colour"),
    ],
)  # fmt: skip
def test_bad_options_of_resume_change_nothing(store, capsys, options, says):
    store.keep(trained(3, run="mine"))
    assert run("resume", "mine", *options) == 2
    assert says in said(capsys)
    assert (store.trainer("mine").epoch, store.status("mine"), store.trainer("mine").changes) == (3, "paused", ())


def test_a_finished_run_asks_for_a_later_epoch(store, capsys):
    store.keep(trained(5, run="mine"))
    assert run("resume", "mine") == 2
    assert "run mine is at epoch 5: give a later one with --epochs" in said(capsys)


def test_a_run_that_trains_elsewhere_is_left_alone(store, capsys):
    trainer = trained(3, run="theirs")
    store.save(Record.of(trainer, is_running=True, holder=holder()))
    assert run("resume", "theirs") == 2
    assert "run theirs is being trained in another place" in said(capsys)
    assert store.status("theirs") == "running"


def test_of_two_that_go_on_with_a_run_at_once_one_keeps_it(store, csv, monkeypatch, capsys):
    """The other one comes between its first look and its first update: it trains on, unkept, and says so."""
    store.keep(trained(3, run="shared", epochs=50))
    own, step, others = trained(50, epochs=50), Trainer.run, []

    def training(self, **_):
        if not others:
            others.append(True)
            assert run("resume", "shared", "--csv", os.devnull) == 0
        step(self, epochs=1)

    monkeypatch.setattr(Trainer, "run", training)
    monkeypatch.setattr("toynet.shell.training._Keeping.note", not_before(others))
    assert run("resume", "shared", "--csv", csv) == 1
    assert "could not be kept: run shared" in capsys.readouterr().err
    assert_same_run(store.trainer("shared"), own)
    assert len(store.history("shared")) == 51


def not_before(others):
    """A note that tells nothing before the other one has come."""
    from toynet.shell.training import _Keeping

    note = _Keeping.note
    return lambda self, trainer, is_running: note(self, trainer, is_running) if others else None


def test_an_imported_run_goes_on_where_its_parameters_came_with_it(store, csv, tmp_path, capfd):
    from toynet.sharing import documents, tables

    own = trained(3, run="mine")
    (tmp_path / "whole.json").write_bytes(documents.to_json(own.state(), own.split))
    (tmp_path / "curves.csv").write_bytes(tables.csv([trained(3, run="curves").history]))
    assert run("import", tmp_path / "whole.json") == 0 and run("import", tmp_path / "curves.csv") == 0
    assert run("resume", "mine", "--csv", csv) == 0
    assert store.status("mine") == "finished" and store.trainer("mine").epoch == 5
    capfd.readouterr()
    assert run("resume", "curves", "--epochs", "9") == 2
    assert "run curves was imported without its parameters: only its curves are here" in said(capfd)


def test_data_that_have_changed_are_told(store, tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    store.keep(trained(3, run="mine", dataset="csv", data_file=str(data)))
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 5},{i % 2}\n" for i in range(30)))
    assert run("resume", "mine") == 2
    assert "are no longer those that run mine was trained on" in said(capsys)
    data.unlink()
    assert run("resume", "mine") == 2
    assert "there is no file" in said(capsys)


def test_the_runs_own_data_file_is_not_overwritten(store, tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    content = data.read_bytes()
    store.keep(trained(3, run="mine", dataset="csv", data_file=str(data)))
    assert run("resume", "mine", "--csv", data, "--force") == 2
    assert "own data file" in said(capsys) and data.read_bytes() == content
    assert run("export", "mine", "--script", data, "--force") == 2
    assert "--script" in said(capsys) and data.read_bytes() == content


@pytest.mark.parametrize("command", [("resume", "mine", "--epochs", "9"), ("runs",), ("export", "mine")])
def test_the_store_is_not_overwritten(store, command, capsys):
    store.keep(trained(3, run="mine"))
    path = location.file_of()
    assert run(*command, "--csv", path, "--force") == 2
    assert "is the store of runs: choose another name" in said(capsys)
    assert store.runs().run.tolist() == ["mine"]
