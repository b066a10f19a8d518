"""`sweep`: a row a run, each once, whatever ends it and however often it is started again."""

import csv
import dataclasses
import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.shell.commands import run, said
from toynet import Config, datasets, metrics_csv
from toynet.many import local
from toynet.many.grid import Grid
from toynet.many.summary import COLUMNS, row, trained
from toynet.runs import location, sweeps
from toynet.runs.location import StoreError
from toynet.runs.sweeps import Sweeps
from toynet.shell import growing, interrupts, sweep_keeping, sweep_rows, sweeping

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("error")

SMALL = ["--samples", "40", "--epochs", "5"]
GRID = Grid.of({"samples": 40, "epochs": 5, "hidden_size": [2, 3, 4], "learning_rate": [0.1, 0.5]}, 2)
OPTIONS = [*SMALL, "--hidden-size", "2,3,4", "--learning-rate", "0.1,0.5", "--seeds", "2"]
RUNS = 12


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.csv"


@pytest.fixture
def kept(own_store):
    kept = Sweeps()
    yield kept
    kept.close()


@pytest.fixture
def untrained(monkeypatch):
    """Fails where anything is trained."""

    def train(*_, **__):
        raise AssertionError("it was trained")

    monkeypatch.setattr(local, "run", train)


def read(path):
    """The rows of a sweep's CSV as texts, by the run's name: each is there once."""
    with open(path, encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    assert tuple(columns) == COLUMNS
    by_name = {cells[0]: dict(zip(columns, cells, strict=True)) for cells in rows}
    assert len(by_name) == len(rows)
    return by_name


def expected(grid):
    """The same of a grid that is trained here, one run after the other."""
    rows = (row(grid, trained(number, grid.config(number))) for number in range(grid.runs))
    return {one["run"]: one for one in rows}


def assert_same(found, wanted):
    """But for times, and for what rounds differently in another engine."""
    assert found.keys() == wanted.keys()
    for name, cells in found.items():
        for column in (c for c in COLUMNS if c not in ("seconds", "engine")):
            cell, value = cells[column], wanted[name][column]
            if isinstance(value, float) or column.endswith(("loss", "accuracy")):
                np.testing.assert_allclose(number(cell), number(value), rtol=1e-9, err_msg=column)
            else:
                assert metrics_csv.original(cell) == f"{value}" or cell == f"{value}", column


def number(cell):
    return float("nan" if cell == "" else cell)


def only_files(folder, *names):
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


# --- rows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "seeds"),
    [
        ({"hidden_size": [2, 3], "learning_rate": [0.1, 0.5]}, 3),
        ({"batch_mode": ["full", "mini", "stochastic"], "batch_size": 7, "init_seed": [3, 5]}, 1),
        ({"test_fraction": [0.0, 0.25], "noise": 0.0}, 2),
        ({"dataset": ["csv", "breast_cancer"], "data_file": "penguins.csv"}, 1),
        ({}, 1),
    ],
)
def test_each_run_has_the_row_that_its_training_gives(out, settings, seeds, capsys):
    settings = {"samples": 40, "epochs": 5, "hidden_size": 3} | settings
    options = [f"--{name.replace('_', '-')}={text(values)}" for name, values in settings.items()]
    assert run("sweep", *options, "--seeds", seeds, "--csv", out) == 0
    assert_same(read(out), expected(Grid.of(settings, seeds)))
    assert only_files(out.parent, "out.csv")
    printed, err = capsys.readouterr()
    assert printed == "" and "runs/s" in err


def text(values):
    return ",".join(map(str, values)) if isinstance(values, list) else str(values)


def test_pandas_opens_it(out):
    run("sweep", *OPTIONS, "--csv", out)
    table = pd.read_csv(out)
    assert tuple(table) == COLUMNS and sorted(table.seed) == [0] * 6 + [1] * 6 and table.test_loss.dtype == float


def test_a_diverged_run_is_a_result(out):
    options = ["--samples", 40, "--activation", "relu", "--learning-rate", "0.1,1e6", "--epochs", 50]
    assert run("sweep", *options, "--csv", out) == 0
    assert sorted(one["state"] for one in read(out).values()) == ["diverged", "finished"]


def test_without_csv_the_rows_go_to_standard_output(capfd, out):
    assert run("sweep", *OPTIONS) == 0
    printed, err = capfd.readouterr()
    out.write_text(printed)
    assert_same(read(out), expected(GRID))
    assert f"{RUNS}/{RUNS}" in err and "best test loss 0." in err


def test_dev_stdout_and_pipes_are_written_to_as_they_are(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    sweep = f"{sys.executable} -m toynet sweep {' '.join(OPTIONS)}"
    script = (
        f"cat {tmp_path}/pipe & {sweep} --csv {tmp_path}/pipe && wait && {sweep} --csv /dev/stdout >> {tmp_path}/out"
    )
    (tmp_path / "out").write_text("before\n")
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == 1 + RUNS and (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "out").read_text().splitlines()[:2] == ["before", ",".join(COLUMNS)]
    assert only_files(tmp_path, "pipe", "out")


def test_a_reader_that_goes_ends_it_quietly():
    command = [sys.executable, "-m", "toynet", "sweep", *SMALL, "--seeds", "10000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == sweep_rows.HEADER
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 141 and b"Traceback" not in err and b"Exception" not in err


# --- options -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("hidden_size", "2, 4 ,8", [2, 4, 8]),
        ("learning_rate", "1e-3,.5", [0.001, 0.5]),
        ("batch_mode", "full,mini", ["full", "mini"]),
        ("target", '"length, mm",width', ["length, mm", "width"]),
        ("target", '"a ""b""",c d, e', ['a "b"', "c d", " e"]),
        ("class_1", "", [""]),
        ("class_1", '"two\nlines"', ["two\nlines"]),
        ("data_file", "blüten.csv", ["blüten.csv"]),
    ],
)
def test_values_are_cells_of_a_line_of_csv(name, given, meant):
    assert sweeping.values(name, given) == meant


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--hidden-size", "2,x"], "hidden_size must be a whole number from 1 to 256, not 'x'"),
        (["--hidden-size", "2,"], "hidden_size must be"),
        (["--noise", "0.1,2"], "noise must be a number from 0 to 1, not 2"),
        (["--batch-mode", "full;mini"], "batch_mode must be one of full, mini, stochastic"),
        (["--target", 'a,"b'], "target: a text with a comma, a double quote or a line break in it stands in double"),
        (["--target", "a\nb"], "stands in double quotes, those in it doubled"),
        (["--seeds", "0"], "seeds must be a whole number from 1 to 10,000, not 0"),
        (["--seeds", "many"], "seeds must be a whole number from 1 to 10,000, not 'many'"),
        (["--seeds", "2", "--data-seed", "1,2"], "data_seed cannot have several values beside several seeds"),
        (["--jobs", "0"], "jobs must be a whole number"),
        (["--jobs", "two"], "jobs must be a whole number"),
        (["--scheduler", ""], "scheduler must be an address"),
        (["--dataset", "csv"], "data_file is empty"),
        (["--dataset", "moons,csv", "--data-file", "nowhere.csv"], "there is no file 'nowhere.csv'"),
        (["--dataset", "csv", "--data-file", "penguins.csv", "--feature-1", "bill_length_mm,wings"], "wings"),
        (["--dataset", "csv", "--data-file", "penguins.csv", "--target", ",sex"], "target has an empty value beside"),
        (["--seeds", "10000", "--epochs", ",".join(map(str, range(1, 1002)))], "these are 10,010,000 runs"),
        (["--csv", "no/such/folder/out.csv"], "there is no folder"),
        (["--csv", os.path.dirname(__file__)], "Is a directory"),
        (["--csv", "/dev/full"], "No space left on device"),
        (["--csv", __file__], "is no table of a sweep: choose another name, or add --force"),
        (["--csv", "x" * 252], "File name too long"),
        (["--colour", "red"], "--colour"),
    ],
    ids=lambda v: " ".join(v)[:40].encode("unicode_escape").decode() if isinstance(v, list) else "",
)
def test_bad_options_exit_with_2_and_one_clear_line(capfd, untrained, options, says):
    before = Path(__file__).read_bytes()
    assert run("sweep", *options) == 2
    assert says in said(capfd)
    assert Path(__file__).read_bytes() == before and not Path(f"{__file__}.part").exists()


def test_help_has_every_setting_and_says_how_texts_with_commas_are_given(capsys):
    assert run("sweep", "--help") == 0
    printed, err = capsys.readouterr()
    assert err == "" and """--target '"length, mm",width'""" in " ".join(printed.split())
    for name in (*(f.name for f in dataclasses.fields(Config)), "seeds", "jobs", "scheduler", "csv", "force", "keep"):
        assert f"--{name.replace('_', '-')} " in printed


# --- going on ------------------------------------------------------------------------


def test_started_again_there_is_nothing_left_and_the_file_stays_as_it_is(out, capsys, monkeypatch):
    run("sweep", *OPTIONS, "--csv", out)
    before, content = out.stat(), out.read_bytes()  # to read it changes when it was read last, and nothing else
    capsys.readouterr()
    monkeypatch.setattr(local, "run", None)  # nothing is trained
    assert run("sweep", *OPTIONS, "--csv", out) == 0
    assert "Nothing is left to train: all 12 runs are done." in capsys.readouterr().err
    after = out.stat()
    for name in ("st_ino", "st_mode", "st_size", "st_mtime_ns", "st_ctime_ns"):
        assert getattr(after, name) == getattr(before, name), name
    assert out.read_bytes() == content and only_files(out.parent, "out.csv")


def test_more_values_and_seeds_train_what_is_missing(out, capsys):
    run("sweep", *OPTIONS, "--csv", out)
    before = read(out)
    more = [*SMALL, "--hidden-size", "7,4,3,2", "--learning-rate", "0.5,0.1", "--seeds", 3]
    assert run("sweep", *more, "--csv", out) == 0
    best = min(float(one["best_test_loss"]) for one in read(out).values())
    assert f"best test loss {best:.4f}" in capsys.readouterr().err.splitlines()[-1]
    larger = Grid.of({"samples": 40, "epochs": 5, "hidden_size": [7, 4, 3, 2], "learning_rate": [0.5, 0.1]}, 3)
    assert_same(after := read(out), expected(larger))
    assert {name: after[name] for name in before} == before  # its seconds too: it was not trained again


HOSTILE = "=1+1,a;=b \"c\", 'ü'"


def hostile(folder):
    """A data file whose class, and whose name, no spreadsheet and no shell should meet."""
    data = folder / "=d,\na.csv"
    with open(data, "w", newline="", encoding="utf-8") as file:
        rows = ([i, i * i % 7, HOSTILE if i % 2 else "-2+3"] for i in range(30))
        csv.writer(file).writerows([["@x", "y", "z"], *rows])
    os.utime(data, (1e9, 1e9))
    return data


def test_texts_are_no_formulas_and_are_known_again(out, tmp_path, capsys):
    data = hostile(tmp_path)
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    options = ["--dataset", "csv", "--data-file", f'"{data}"', "--class-1", f"{quoted},-2+3", "--epochs", 3]
    assert run("sweep", *options, "--seeds", 2, "--csv", out) == 0
    rows = read(out)
    assert {metrics_csv.original(one["class_1"]) for one in rows.values()} == {HOSTILE, "-2+3"}
    assert all(cell[:1] not in ("=", "@", "-") for one in rows.values() for cell in one.values())
    assert all(one["feature_1"] == "'@x" for one in rows.values())
    assert run("sweep", *options, "--seeds", 3, "--csv", out) == 0
    assert len(read(out)) == 6 and rows.items() <= read(out).items()


def test_a_row_is_known_by_its_settings_however_they_are_written():
    grid, numbers = GRID, sweep_rows.Numbers(GRID)
    finished = trained(0, GRID.config(0))
    for number in range(RUNS):
        (cells,) = csv.reader([sweep_rows.line(grid, finished._replace(number=number)).decode()])
        assert numbers(cells) == number
        rate, size = COLUMNS.index("learning_rate"), COLUMNS.index("samples")
        assert numbers([*cells[:rate], f"{cells[rate]}0", *cells[rate + 1 :]]) == number
        assert numbers([*cells[:size], "+40", *cells[size + 1 :]]) == number
    assert numbers.best == finished.best_test_loss
    for column, other in {
        "init_seed": "0",
        "data_seed": "2",
        "epochs": "6",
        "class_1": "x",
        "hidden_size": "5",
    }.items():
        others = [other if name == column else cell for name, cell in zip(COLUMNS, cells, strict=True)]
        with pytest.raises(ValueError, match="is a run that this sweep does not have"):
            numbers(others)


def part_of(out):
    return out.with_name("out.csv.part")


@pytest.mark.parametrize("share", [0, 0.05, 0.1, 0.4, 0.7, 0.999])
def test_what_a_killed_one_has_left_is_taken_over_to_its_last_whole_row(out, tmp_path, share):
    data = hostile(tmp_path)  # of rows that go over several lines
    options = ["--dataset", "csv", "--data-file", f'"{data}"', "--epochs", 3, "--seeds", 4]
    run("sweep", *options, "--csv", out)
    content, whole = out.read_bytes(), read(out)
    out.unlink()
    part_of(out).write_bytes(content[: int(share * len(content))])
    assert run("sweep", *options, "--csv", out) == 0
    after = read(out)
    assert only_files(tmp_path, "out.csv", data.name) and after.keys() == whole.keys()
    again = [name for name in whole if after[name] != whole[name]]
    records = list(growing.records(io.BytesIO(content[: int(share * len(content))])))
    assert len(again) == 4 - max(0, len(records) - 1)


def test_a_cut_anywhere_leaves_the_whole_rows_before_it():
    lines = [
        growing.as_line(["a", "b\r\nc", 'd "ü"']),
        growing.as_line(["", "x\n", "y"]),
        growing.as_line(["1", "2", "3"]),
    ]
    content = b"".join(lines)
    for place in range(len(content) + 1):
        found = list(growing.records(io.BytesIO(content[:place])))
        ends = [len(b"".join(lines[: n + 1])) for n in range(3)]
        assert [end for _, end in found] == [end for end in ends if end <= place]


def test_a_file_and_what_is_left_beside_it_are_taken_over(out):
    larger = [*SMALL, "--hidden-size", "2,3,4", "--learning-rate", "0.1,0.5", "--seeds", "4"]
    run("sweep", *OPTIONS, "--csv", out)
    first = read(out)
    run("sweep", *larger, "--csv", out)
    whole = out.read_bytes().splitlines(keepends=True)
    all_rows = read(out)
    out.write_bytes(b"".join([*whole[:6], whole[2]]))  # one is there twice
    part_of(out).write_bytes(b"".join([whole[0], *whole[4:9], whole[9][:50]]))
    assert run("sweep", *larger, "--csv", out) == 0
    after = read(out)
    assert after.keys() == all_rows.keys() and first.keys() < after.keys() and only_files(out.parent, "out.csv")
    assert sum(after[name] == all_rows[name] for name in after) == 8


# --- other files -----------------------------------------------------------------------


OTHERS = {
    "precious\n": "is no table of a sweep",
    "": "is no table of a sweep",
    b"\xff\xfe\x00\x01\n": "is no table of a sweep",
    ",".join(COLUMNS) + "\nx\n": "its row 1 is no run",
    ",".join(COLUMNS) + "\n" + "x," * 31 + "x\n": "its row 1 is no run",
    ",".join(COLUMNS) + '\n"x"y\nz\n': "its row 1 is no row of a CSV file",
    ",".join(COLUMNS) + "\n\udcff\n": "its row 1 is no text in UTF-8",
}


KINDS = [(content, beside) for content in OTHERS for beside in (False, True) if content or not beside]


@pytest.mark.parametrize(("content", "beside"), KINDS, ids=range(len(KINDS)))
def test_a_file_of_another_kind_is_replaced_only_by_force(out, capsys, content, beside):
    path = part_of(out) if beside else out
    bytes_ = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    path.write_bytes(bytes_)
    assert run("sweep", *OPTIONS, "--csv", out) == 2
    assert OTHERS[content] in (line := said(capsys)) and "add --force to replace it" in line
    assert path.read_bytes() == bytes_ and only_files(out.parent, path.name)
    assert run("sweep", *OPTIONS, "--csv", out, "--force") == 0
    assert len(read(out)) == RUNS and only_files(out.parent, "out.csv")


def test_rows_of_another_sweep_are_replaced_only_by_force(out, capsys):
    run("sweep", *OPTIONS, "--csv", out)
    out.chmod(0o640)
    content = out.read_bytes()
    for other in (
        [*SMALL, "--hidden-size", "2,3", "--learning-rate", "0.1,0.5", "--seeds", 2],
        [*OPTIONS, "--noise", "0.1"],
    ):
        capsys.readouterr()
        assert run("sweep", *other, "--csv", out) == 2
        assert "is a run that this sweep does not have" in said(capsys) and out.read_bytes() == content
    assert run("sweep", *other, "--csv", out, "--force") == 0
    assert {one["noise"] for one in read(out).values()} == {"0.1"} and len(read(out)) == RUNS
    assert out.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("more", [("--feature-1", "flipper_length_mm"), ("--class-1", "female")])
def test_rows_of_other_columns_and_classes_are_none_of_a_sweep_that_leaves_them_open(out, capsys, more):
    options = ["--dataset", "csv", "--data-file", "penguins.csv", "--epochs", 3, "--csv", out]
    assert run("sweep", *options, *more) == 0
    capsys.readouterr()
    assert run("sweep", *options) == 2
    assert "its row 1 is a run that this sweep does not have" in said(capsys)


def test_rows_that_are_older_than_the_data_are_not_gone_on_with(out, tmp_path, capsys):
    data = hostile(tmp_path)
    options = ["--dataset", "csv", "--data-file", f'"{data}"', "--epochs", 3, "--csv", out]
    run("sweep", *options)
    before, later = read(out), out.stat().st_mtime + 10
    os.utime(data, (later, later))
    capsys.readouterr()
    assert run("sweep", *options) == 2
    assert "out.csv is older than the data file" in said(capsys)
    assert run("sweep", *options, "--force") == 0
    assert read(out).keys() == before.keys() and read(out) != before


@pytest.mark.parametrize("ending", ["", ".part"])
def test_data_and_store_are_never_replaced(kept, tmp_path, capsys, monkeypatch, ending):
    data = tmp_path / f"data.csv{ending}"
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    content, store = data.read_bytes(), location.file_of().rename(tmp_path / f"runs{ending}")
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{store}")
    before = store.read_bytes()
    options = ["--dataset", "moons,csv", "--data-file", data, "--epochs", 1, "--force"]
    assert run("sweep", *options, "--csv", tmp_path / "data.csv") == 2
    assert "is the run's own data file" in said(capsys) and data.read_bytes() == content
    assert run("sweep", *options, "--csv", tmp_path / "runs") == 2
    assert "is the store of runs" in said(capsys) and store.read_bytes() == before


def whenever(monkeypatch, act):
    """Do something when the first run has come to its end, and been handed over by itself."""
    real = local.run

    def running(*arguments, **more):
        for count, one in enumerate(one for some in real(*arguments, **more) for one in some):
            yield [one]
            if not count:
                act()

    monkeypatch.setattr(local, "run", running)


def test_a_file_that_came_to_be_meanwhile_stays_and_nothing_is_lost(out, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        whenever(patch, lambda: out.write_text("another's"))
        assert run("sweep", *OPTIONS, "--csv", out) == 1
    assert "out.csv could not be written: File exists; rows are in --csv" in capsys.readouterr().err
    assert out.read_text() == "another's" and len(read(part_of(out))) == RUNS
    assert run("sweep", *OPTIONS, "--csv", out) == 2
    monkeypatch.setattr(local, "run", None)  # nothing is trained
    assert run("sweep", *OPTIONS, "--csv", out, "--force") == 0
    assert_same(read(out), expected(GRID))


def test_data_that_fail_in_mid_sweep_are_told_and_the_rows_so_far_are_there(out, capsys, monkeypatch):
    def fail():
        raise ValueError("the data are gone")

    whenever(monkeypatch, fail)
    assert run("sweep", *OPTIONS, "--csv", out) == 1
    assert "\nthe data are gone\n" in capsys.readouterr().err
    assert len(read(out)) > 0 and only_files(out.parent, "out.csv")


def test_a_link_stays_a_link(out, tmp_path):
    (tmp_path / "there").mkdir()
    out.symlink_to(tmp_path / "there" / "real.csv")
    assert run("sweep", *OPTIONS, "--csv", out) == 0
    assert out.is_symlink() and len(read(tmp_path / "there" / "real.csv")) == RUNS
    part_of(out).symlink_to(tmp_path / "there" / "precious")
    part = tmp_path / "there" / "real.csv.part"
    part.symlink_to(tmp_path / "there" / "precious")
    assert run("sweep", *OPTIONS, "--noise", "0.1", "--force", "--csv", out) == 2
    assert not (tmp_path / "there" / "precious").exists()


# --- killed and ended ------------------------------------------------------------------

LONG = ["--samples", "40", "--epochs", "400", "--hidden-size", "2,3", "--seeds", "60", "--jobs", "1"]
MANY = 120


def started(*options, **more):
    command = [sys.executable, "-m", "toynet", "sweep", *map(str, options)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, **more)


def until(process, least):
    """Wait until its bar says that so many runs are done; how many it then says."""
    heard = b""
    while byte := process.stderr.read(1):
        heard += byte
        counts = [int(number) for number in re.findall(rb"(\d+)/\d+ \[", heard)]
        if counts and counts[-1] >= least:
            assert counts[-1] < MANY, "it was too fast to be ended"
            return counts[-1]
    raise AssertionError(heard.decode())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "out.csv"
    with started(*LONG, "--csv", path) as process:
        process.communicate()
    assert process.returncode == 0
    return read(path)


def test_a_killed_sweep_goes_on_where_it_was(out, uninterrupted):
    with started(*LONG, "--csv", out) as process:
        seen = until(process, 1)
        process.kill()
    assert only_files(out.parent, "out.csv.part")
    written = dict(list(read(part_of(out)).items()))
    assert seen <= len(written) < MANY
    with started(*LONG, "--csv", out) as process:
        process.communicate()
    assert process.returncode == 0 and only_files(out.parent, "out.csv")
    assert_same(read(out), uninterrupted)
    assert written.items() <= read(out).items()


@pytest.mark.parametrize("number", interrupts.ENDING, ids=lambda number: number.name)
def test_a_sweep_that_a_signal_ends_has_its_rows_in_place_and_goes_on(out, uninterrupted, number):
    with started(*LONG, "--csv", out) as process:
        seen = until(process, 1)
        process.send_signal(number)
        err = process.stderr.read().decode()
    assert process.returncode == 128 + number and only_files(out.parent, "out.csv")
    written = read(out)
    assert seen <= len(written) < MANY and f"Ended early: {len(written)} of 120 runs are done.\n" in err
    assert "Traceback" not in err
    with started(*LONG, "--csv", out) as process:
        process.communicate()
    assert process.returncode == 0 and only_files(out.parent, "out.csv")
    assert_same(read(out), uninterrupted)
    assert written.items() <= read(out).items()


def test_two_at_once_do_not_mix(out, capsys):
    with started(*LONG, "--csv", out) as process:
        until(process, 1)
        process.send_signal(signal.SIGSTOP)
        assert run("sweep", *LONG, "--csv", out) == 2
        assert "out.csv is being written by another process" in said(capsys)
        assert run("sweep", *LONG, "--csv", out, "--force") == 2
        process.send_signal(signal.SIGCONT)
        process.stderr.read()
    assert process.returncode == 0 and len(read(out)) == MANY and only_files(out.parent, "out.csv")


def test_a_part_that_was_put_in_its_place_while_it_was_opened_is_left_alone(out, monkeypatch):
    """Another process ends between the opening and the locking."""
    run("sweep", *OPTIONS, "--csv", out)
    content, lock = out.read_bytes(), growing._lock
    out.rename(part_of(out))

    def locking(file):
        if not out.exists():
            part_of(out).rename(out)
        lock(file)

    monkeypatch.setattr(growing, "_lock", locking)
    assert run("sweep", *OPTIONS, "--csv", out) == 0
    assert out.read_bytes() == content and only_files(out.parent, "out.csv")


def test_a_file_that_cannot_grow_has_its_whole_rows_and_the_rest_comes_later(out, tmp_path):
    import resource

    folder = tmp_path.joinpath(*["x" * 200] * 6)  # long rows
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "penguins.csv", folder)
    options = ["--dataset", "csv", "--data-file", folder / "penguins.csv", "--epochs", 3, "--seeds", 20]
    most = 10_000

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    with started(*options, "--csv", out, preexec_fn=limited) as process:
        err = process.stderr.read().decode()
    assert process.returncode == 1, err
    assert "out.csv could not be written: File too large" in err and "Traceback" not in err
    written = read(out)
    assert 0 < len(written) < 20 and most - 2000 < out.stat().st_size <= most
    assert only_files(tmp_path, "x" * 200, "out.csv")
    assert run("sweep", *options, "--csv", out) == 0
    assert len(read(out)) == 20 and written.items() <= read(out).items()


# --- kept ----------------------------------------------------------------------------


def only(kept):
    (one,) = kept.all()
    return one


def lines_of(kept):
    """What is kept as lines of a CSV."""
    one = only(kept)
    return {sweep_rows.line(one["grid"], finished) for some in kept.summaries(one["key"]) for finished in some}


def test_a_kept_sweep_is_the_one_whose_rows_are_written(kept, out, capsys):
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) == 0
    one = only(kept)
    assert f"Kept as sweep {one['key']}.\n" in capsys.readouterr().err
    assert (one["grid"], one["kind"], one["runs"], one["done"]) == (GRID, "sweep", RUNS, RUNS)
    assert one["data"] == datasets.load(GRID.config(0)).fingerprint()
    assert {sweep_rows.HEADER, *lines_of(kept)} == set(out.read_bytes().splitlines(keepends=True))


def test_without_keep_no_database_is_loaded():
    code = "import sys; from toynet.shell.command import main; main(sys.argv[1:]); print('sqlalchemy' in sys.modules)"
    command = [sys.executable, "-c", code, "sweep", *SMALL, "--csv", os.devnull]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_what_is_kept_is_written_without_training_it_again(kept, out, capsys, monkeypatch):
    run("sweep", *OPTIONS, "--keep", "--csv", out)
    before = read(out)
    out.unlink()
    capsys.readouterr()
    monkeypatch.setattr(local, "run", None)  # nothing is trained
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) == 0
    err = capsys.readouterr().err
    assert "Nothing is left to train" in err and f"Kept as sweep {only(kept)['key']}." in err
    assert read(out) == before
    fewer = [*OPTIONS[:-1], "1"]
    assert run("sweep", *fewer, "--keep", "--csv", out.with_name("fewer.csv")) == 0
    assert read(out.with_name("fewer.csv")).items() < before.items() and only(kept)["runs"] == RUNS


def test_more_seeds_make_the_kept_sweep_larger(kept, out):
    run("sweep", *OPTIONS, "--keep", "--csv", out)
    before = read(out)
    assert run("sweep", *OPTIONS, "--seeds", 5, "--keep", "--csv", out.with_name("more.csv")) == 0
    assert (only(kept)["runs"], only(kept)["done"]) == (30, 30)
    assert before.items() < read(out.with_name("more.csv")).items()


def test_runs_that_only_the_file_has_are_kept_too(kept, out):
    run("sweep", *OPTIONS, "--csv", out)
    before = read(out)
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) == 0
    assert only(kept)["done"] == RUNS and read(out) == before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")
def test_a_killed_sweep_goes_on_from_the_store(kept, out, uninterrupted):
    with started(*LONG, "--keep", "--csv", out) as process:
        until(process, 20)
        process.kill()
    stored = {
        sweep_rows.line(one["grid"], s) for one in kept.all() for some in kept.summaries(one["key"]) for s in some
    }
    assert 0 < len(stored) < MANY
    other = out.with_name("other.csv")
    with started(*LONG, "--keep", "--csv", other) as process:
        process.communicate()
    assert process.returncode == 0 and only(kept)["done"] == MANY
    assert_same(read(other), uninterrupted)
    assert stored <= set(other.read_bytes().splitlines(keepends=True))


def test_a_kept_sweep_does_not_go_on_with_other_data(kept, out, tmp_path, capsys):
    data = tmp_path / "data.csv"
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    options = ["--dataset", "csv", "--data-file", data, "--epochs", 3, "--keep"]
    assert run("sweep", *options, "--csv", out) == 0
    data.write_text("a,b,class\n" + "".join(f"{i},{i * i % 5},{i % 2}\n" for i in range(30)))
    capsys.readouterr()
    assert run("sweep", *options, "--seeds", 2, "--csv", out.with_name("other.csv")) == 2
    assert f"no longer those that the kept sweep {only(kept)['key']} was trained on" in said(capsys)
    assert only(kept)["runs"] == 1 and not out.with_name("other.csv").exists()


def test_a_store_that_is_away_is_told_once_and_the_sweep_goes_on(out, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path}/no/runs.db")
    monkeypatch.setattr(sweep_keeping, "AGAIN", 0.0)
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) == 1
    err = capsys.readouterr().err
    assert err.count("The sweep is not kept at present: ") == 1 and err.count("The sweep could not be kept: ") == 1
    assert_same(read(out), expected(GRID))


def test_a_store_that_fails_in_mid_sweep_is_told_once_and_has_all_in_the_end(kept, out, monkeypatch, capsys):
    away, add = [StoreError("the store is away")], Sweeps.add

    def adding(self, key, finished):
        if away:
            raise away.pop()
        add(self, key, finished)

    monkeypatch.setattr(Sweeps, "add", adding)
    for name in ("AGAIN", "EVERY"):
        monkeypatch.setattr(sweep_keeping, name, 0.0)
    more = [*OPTIONS, "--epochs", "300", "--seeds", "10", "--jobs", "1"]
    assert run("sweep", *more, "--keep", "--csv", out) == 0
    err = capsys.readouterr().err
    assert err.count("The sweep is not kept at present: the store is away. It goes on.") == 1 and not away
    assert f"Kept as sweep {only(kept)['key']}." in err and only(kept)["done"] == 60 == len(read(out))


def test_what_waits_for_a_store_is_bounded_and_what_is_lost_is_said_and_kept_later(kept, out, monkeypatch, capsys):
    away, add = [StoreError("the store is away")], Sweeps.add

    def adding(self, key, finished):
        if away:
            raise away.pop()
        add(self, key, finished)

    monkeypatch.setattr(Sweeps, "add", adding)
    monkeypatch.setattr(sweep_keeping, "MOST_WAITING", 5)
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) == 1
    assert "runs could not be kept in time: the same command keeps them." in capsys.readouterr().err
    assert only(kept)["done"] == 5 and len(read(out)) == RUNS
    assert run("sweep", *OPTIONS, "--keep", "--csv", out) in (0, 1)
    assert only(kept)["done"] > 5


def test_a_kept_sweep_that_is_deleted_for_good_meanwhile_is_begun_anew(kept, out, monkeypatch, capsys):
    for name in ("AGAIN", "EVERY"):
        monkeypatch.setattr(sweep_keeping, name, 0.0)
    monkeypatch.setattr(sweeps, "BIN", -1.0)
    first = []

    def delete():
        first.extend(one["key"] for one in kept.all())
        kept.delete(first)
        kept.delete([])  # what was deleted before is gone

    whenever(monkeypatch, delete)
    assert run("sweep", *OPTIONS, "--epochs", "300", "--seeds", "10", "--jobs", "1", "--keep", "--csv", out) == 0
    assert f"Kept as sweep {only(kept)['key']}." in capsys.readouterr().err
    assert first != [only(kept)["key"]] and only(kept)["done"] > 0 and len(read(out)) == 60
