"""`export` and `import`: every form is written, opens, and says what it should; what goes wrong is one line."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.shell.commands import run, said, trained
from toynet import Store, metrics_csv
from toynet.sharing import documents, tables
from toynet.shell.sharing import KINDS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(own_store):
    store = Store()
    store.keep(trained(5, run="mine", batch_mode="mini"))
    store.describe("mine", name="my run", tags=["a"])
    yield store
    store.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "out"


def export(kind, file, *options, name="mine"):
    return run("export", name, f"--{kind}", file, *options)


# --- every form ----------------------------------------------------------------------


def opens_as_csv(file, own):
    pd.testing.assert_frame_equal(metrics_csv.read(file), own.history, check_exact=True, check_dtype=False)


def opens_as_parquet(file, own):
    pd.testing.assert_frame_equal(pd.read_parquet(file), own.history, check_exact=True, check_dtype=False)


def opens_as_json(file, own):
    document = json.loads(file.read_text())
    assert (document["run"], document["name"], document["tags"]) == (own.run_name, "my run", ["a"])
    assert np.array_equal(document["parameters"]["W1"], own.parameters.W1)


def opens_as_npz(file, own):
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["W1"], own.parameters.W1)


def opens_as_a_script_that_ends_at_its_losses(file, own):
    done = subprocess.run(
        [sys.executable, "-I", file.name], cwd=file.parent, capture_output=True, text=True, check=True
    )
    losses = json.loads(done.stdout.splitlines()[-1])
    assert losses["train_loss"] == pytest.approx(own.present()["train_loss"], rel=1e-9)


def opens_as_python(file, own):
    compile(file.read_text(), file.name, "exec")


def opens_as_png(file, own):
    assert Image.open(file).format == "PNG"


def opens_as_svg(file, own):
    assert ElementTree.parse(file).getroot().tag.endswith("svg")


def opens_as_gif(file, own):
    with Image.open(file) as image:
        assert image.format == "GIF" and image.n_frames == own.epoch + 1


def opens_as_tensorboard(folder, own):
    names = sorted(path.name.split(".")[0] for path in (folder / "mine").iterdir())
    assert names == ["events", "trackio"]
    assert len(pd.read_csv(folder / "mine" / "trackio.csv")) == 6


OPENS = {
    "csv": opens_as_csv,
    "parquet": opens_as_parquet,
    "json": opens_as_json,
    "npz": opens_as_npz,
    "script": opens_as_a_script_that_ends_at_its_losses,
    "sklearn": opens_as_python,
    "pytorch": opens_as_python,
    "png": opens_as_png,
    "svg": opens_as_svg,
    "gif": opens_as_gif,
    "tensorboard": opens_as_tensorboard,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_exported_in_every_form_and_opens_again(store, file, capfd, kind):
    assert export(kind, file) == 0
    assert capfd.readouterr() == ("", "")
    OPENS[kind](file, store.trainer("mine"))


def test_the_run_is_the_one_after_so_many_epochs(store, file):
    assert export("json", file, "--epoch", 2) == 0
    document, was = json.loads(file.read_text()), trained(2, batch_mode="mini")
    assert document["epoch"] == 2 == document["history"]["epoch"][-1]
    assert np.array_equal(document["parameters"]["W1"], was.parameters.W1)
    assert export("gif", file, "--epoch", 2, "--force") == 0
    with Image.open(file) as image:
        assert image.n_frames == 3


def test_several_runs_are_one_table(store, file):
    store.keep(trained(3, run="other"))
    for kind, read in (("csv", metrics_csv.read), ("parquet", pd.read_parquet)):
        assert run("export", "mine", "other", "my run", f"--{kind}", file, "--force") == 0
        assert read(file).run.tolist() == ["mine"] * 6 + ["other"] * 4


def test_without_a_file_s_name_it_goes_to_standard_output(store, capfdbinary):
    assert export("csv", "/dev/stdout") == 0
    out, err = capfdbinary.readouterr()
    assert out == tables.csv([store.history("mine")]) and err == b""


def test_a_run_of_curves_alone_has_its_tables_and_nothing_else(store, tmp_path, file, capfd):
    (tmp_path / "curves.csv").write_bytes(tables.csv([trained(3, run="curves").history]))
    assert run("import", tmp_path / "curves.csv") == 0
    assert capfd.readouterr().out == "curves\n"
    for kind in KINDS:
        code = export(kind, file / kind if kind == "tensorboard" else f"{file}.{kind}", name="curves")
        if kind in ("csv", "parquet", "tensorboard"):
            assert code == 0
        else:
            assert code == 2 and "only its curves are here" in said(capfd)
            assert not Path(f"{file}.{kind}").exists()


# --- what goes wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "required"),
        (["mine"], "required"),
        (["mine", "--csv"], "expected one argument"),
        (["mine", "--csv", "a", "--json", "b"], "not allowed with"),
        (["--csv", "a"], "RUN"),
        (["mine", "--csv", "a", "--stl", "b"], "--stl"),
        (["mine", "other", "--json", "a"], "--json is of one run: for several take --csv or --parquet"),
        (["mine", "--json", "a", "--epoch", "6"], "run mine has the epochs 0 to 5, not 6"),
        (["mine", "--json", "a", "--epoch", "-1"], "--epoch"),
        (["mine", "--json", "a", "--epoch", "1.5"], "--epoch must be a whole number, not '1.5'"),
        (["mine", "--json", "a", "--epoch", "last"], "--epoch must be a whole number, not 'last'"),
        (["mine", "--json", "a", "--epoch", ""], "--epoch must be a whole number, not ''"),
        (["mine", "--json", "a", "--epoch", "1_0"], "--epoch must be a whole number"),
        (["mine", "--json", "a", "--epoch", "٣"], "--epoch must be a whole number"),
        (["mine", "--json", "a", "--epoch", "9" * 5000], "--epoch must be a whole number"),
        (["mine", "--json", "a", "--epoch", "a\nb"], "--epoch must be a whole number"),
        (["mine", "--csv", "a", "--epoch", "3"], "--csv holds all epochs: leave --epoch away"),
        (["mine", "--tensorboard", "a", "--epoch", "3"], "--tensorboard holds all epochs"),
        (["mine", "--png", "a", "--picture", "moon"], "--picture"),
    ],
    ids=lambda value: " ".join(value)[:50].encode("unicode_escape").decode() if isinstance(value, list) else None,
)
def test_bad_options_are_one_line_and_write_nothing(store, tmp_path, monkeypatch, capfd, options, says):
    store.keep(trained(2, run="other"))
    monkeypatch.chdir(tmp_path)
    assert run("export", *options) == 2
    assert says in said(capfd)
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"runs"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tensorboard"])
def test_a_file_that_exists_is_replaced_only_where_that_is_asked_for(store, file, capfd, kind):
    file.write_text("precious")
    assert export(kind, file) == 2
    assert f"--{kind} {file} exists: choose another name, or add --force to replace it" in said(capfd)
    assert file.read_text() == "precious"
    assert export(kind, file, "--force") == 0
    OPENS[kind](file, store.trainer("mine"))


def test_a_folder_of_events_that_exists_is_left_alone(store, file, capfd):
    for code in (0, 2):
        assert export("tensorboard", file) == code
    assert "exists already and is not empty: nothing was written" in said(capfd)
    assert len(list((file / "mine").iterdir())) == 2


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (lambda folder: folder, "Is a directory"),
        (lambda folder: f"{folder}/out/", "Is a directory"),
        (lambda folder: folder / "no" / "out", "there is no folder"),
        (lambda folder: folder / ("x" * 303), "File name too long"),
        (lambda folder: f"{folder}/a\0b", "null"),
        (lambda folder: __file__ + "/out", "Not a directory"),
        (lambda folder: "/dev/full", "No space left on device"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_that_cannot_be_written_is_one_line(store, tmp_path, capfd, path, says, kind):
    code = export(kind, path(tmp_path))
    out, err = capfd.readouterr()
    assert code in (1, 2) and out == "" and len(err.splitlines()) == 1 and says in err
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"runs"}


@pytest.mark.parametrize("name", ["-x.csv", "a b.csv", "η\n$x$.csv", "=1+1.csv", "..csv", "\udcff.csv"])
def test_hostile_names_of_files_are_names(store, tmp_path, monkeypatch, capfd, name):
    monkeypatch.chdir(tmp_path)
    assert run("export", "mine", f"--csv={name}") == 0
    opens_as_csv(tmp_path / name, store.trainer("mine"))
    assert run("import", "--", name) == 0
    assert capfd.readouterr().err == "" and len(store.runs()) == 2


def test_a_full_disk_leaves_what_was_there(store, file, monkeypatch, capfd):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file.write_text("precious")
    monkeypatch.setattr(os, "fsync", full)
    assert export("json", file, "--force") == 1
    assert capfd.readouterr() == ("", f"--json {file} could not be written: No space left on device\n")
    assert file.read_text() == "precious"
    assert export("tensorboard", f"{file}.folder") == 1
    assert capfd.readouterr().err.endswith("could not be written: No space left on device\n")
    assert not list(Path(f"{file}.folder").glob("*"))


def test_a_reader_that_goes_away_is_no_fault(store):
    there, here = os.pipe()
    os.close(there)
    command = [sys.executable, "-m", "toynet", "export", "mine", "--csv", "/dev/stdout"]
    done = subprocess.run(command, cwd=ROOT, stdout=here, stderr=subprocess.PIPE, check=False)
    os.close(here)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_run_whose_data_are_gone_has_its_tables_and_says_so_otherwise(store, tmp_path, file, capfd):
    data = tmp_path / "data.csv"
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    store.keep(trained(3, run="theirs", dataset="csv", data_file=str(data)))
    data.unlink()
    assert export("json", file, name="theirs") == 2
    assert "there is no file" in said(capfd) and not file.exists()
    assert export("csv", file, name="theirs") == 0 and len(metrics_csv.read(file)) == 4


# --- import --------------------------------------------------------------------------


def test_what_was_exported_is_imported_under_a_name_that_is_printed(store, tmp_path, file, capfd):
    assert export("json", file) == 0
    assert run("import", file) == 0
    (name,) = capfd.readouterr().out.split()
    assert name != "mine" and store.status(name) == "imported" and store.said(name)["name"] == "my run"
    assert np.array_equal(store.trainer(name).parameters.W1, store.trainer("mine").parameters.W1)
    store.keep(trained(3, run="other"))
    assert run("export", "mine", "other", "--csv", file, "--force") == 0 and run("import", file) == 0
    names = capfd.readouterr().out.split()
    assert len(names) == 2 and [len(store.history(n)) for n in names] == [6, 4] and len(store.runs()) == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is no metrics CSV of ToyNet's"),
        (b"\xff\xfe\x00", "it is neither JSON nor CSV in UTF-8"),
        (b"{}", "it is JSON, but no run that ToyNet has exported"),
        (b'{"kind": "toynet run",\n"version": 1,\n', "it is no whole JSON"),
        ((ROOT / "data" / "penguins.csv").read_bytes(), "there is no column run, epoch, update and others"),
        (b"a\nb\n", "there is no column"),
    ],
    ids=range(6),
)
def test_a_file_that_is_something_else_is_one_line_and_nothing_is_kept(store, file, capfd, content, says):
    file.write_bytes(content)
    assert run("import", file) == 2
    line = said(capfd)
    assert f"{file}: " in line and says in line
    assert store.runs().run.tolist() == ["mine"]


def test_nothing_is_kept_where_one_of_several_runs_is_none(store, file, capfd):
    good, bad = trained(3, run="good").history, trained(3, run="bad").history
    bad["batch_size"] = [8, 8, 8, -8]
    file.write_bytes(tables.csv([good, bad]))
    assert run("import", file) == 2
    assert "batch_size must be" in said(capfd) and store.runs().run.tolist() == ["mine"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (lambda folder: folder, "Is a directory"),
        (lambda folder: folder / "nowhere.json", "No such file"),
        (lambda folder: folder / "a\nb.json", "No such file"),
        (lambda folder: __file__ + "/x", "Not a directory"),
        (lambda folder: f"{folder}/a\0b", "null"),
        (lambda folder: folder / ("x" * 303), "File name too long"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(store, tmp_path, capfd, path, says):
    assert run("import", path(tmp_path)) == 2
    assert says in said(capfd)


def test_a_store_that_cannot_be_written_is_told(store, file, monkeypatch, tmp_path, capfd):
    file.write_bytes(documents.to_json(trained(3).state()))
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///file:{tmp_path}/runs.db?mode=ro&uri=true")
    assert run("import", file) == 2
    assert "can only be read" in said(capfd) and len(store.runs()) == 1


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">/dev/full"])
def test_where_nobody_listens_a_run_is_imported_all_the_same(store, file, redirect):
    file.write_bytes(documents.to_json(trained(3, run="other").state()))
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m toynet import {file} {redirect}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if "full" in redirect else 0) and "Traceback" not in done.stderr
    assert set(store.runs().run) == {"mine", "other"}
