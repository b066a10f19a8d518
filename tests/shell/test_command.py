"""The shell command."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toynet import Config, Trainer, train
from toynet.shell import interrupts, outputs
from toynet.shell.command import main

pytestmark = pytest.mark.filterwarnings("error")

ROOT = Path(__file__).parents[2]


SMALL = ["--samples", "40", "--epochs", "5", "--hidden-size", "3"]


def run(*arguments):
    """Exit code of the command, however it ends."""
    try:
        return int(main(["train", *map(str, arguments)]))
    except SystemExit as stop:
        return stop.code


def read(source):
    table = pd.read_csv(source)
    texts = [c for c in table if c in Config().to_dict() and isinstance(Config().to_dict()[c], str)]
    return table.assign(**{c: table[c].astype(object).fillna("").astype(str) for c in texts})


def assert_is_history_of(table, config):
    expected = train(config).history
    assert list(table) == list(expected)
    for column in table.columns.drop(["run", "seconds"]):
        if table[column].dtype.kind in "if":
            np.testing.assert_allclose(table[column], expected[column], rtol=1e-14)
        else:
            assert list(table[column]) == list(expected[column])
    assert (table.seconds.diff().dropna() >= 0).all() and table.run.nunique() == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_mode": "mini", "batch_size": 7, "record_every": 2, "learning_rate": 0.05},
        {"dataset": "spirals", "activation": "relu", "batch_mode": "stochastic", "noise": 0.0, "init_seed": 3},
        {"dataset": "breast_cancer", "feature_1": "worst area", "test_fraction": 0.0},
        {"dataset": "csv", "data_file": "penguins.csv", "target": "species", "class_1": "Gentoo", "data_seed": 5},
    ],
)
def test_csv_holds_the_history_of_its_config(tmp_path, settings):
    settings = {"samples": 40, "epochs": 5, "hidden_size": 3, **settings}
    options = [text for name, value in settings.items() for text in (f"--{name.replace('_', '-')}", value)]
    assert run(*options, "--csv", tmp_path / "out.csv") == 0
    assert_is_history_of(read(tmp_path / "out.csv"), Config(**settings))


def test_csv_names_the_columns_that_were_trained_on(tmp_path):
    assert run("--dataset", "csv", "--data-file", "penguins.csv", "--epochs", 1, "--csv", tmp_path / "out.csv") == 0
    row = read(tmp_path / "out.csv").iloc[0]
    assert [row.feature_1, row.feature_2, row.target] == ["bill_length_mm", "bill_depth_mm", "sex"]


def test_command_runs_as_a_module_and_writes_utf_8(tmp_path):
    data = tmp_path / "blüten.csv"
    rows = [f"{i},{i * i % 7},{'süß' if i % 2 else 'herb'}\n" for i in range(30)]
    data.write_text("länge,breite,art\n" + "".join(rows), "utf-8")
    options = [
        "--dataset",
        "csv",
        "--data-file",
        data,
        "--class-1",
        "süß",
        "--epochs",
        "3",
        "--csv",
        tmp_path / "o.csv",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "toynet", "train", *options], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"" and b"3/3" in done.stderr
    assert "süß" in (tmp_path / "o.csv").read_bytes().decode("utf-8")
    config = Config(dataset="csv", data_file=str(data), class_1="süß", epochs=3)
    assert_is_history_of(read(tmp_path / "o.csv"), config)


def test_without_csv_the_metrics_go_to_standard_output_and_the_bar_does_not(capfd, tmp_path):
    assert run(*SMALL) == 0
    out, err = capfd.readouterr()
    (tmp_path / "out.csv").write_text(out)
    assert_is_history_of(read(tmp_path / "out.csv"), Config(samples=40, epochs=5, hidden_size=3))
    assert "epochs" in err and "5/5" in err


def test_with_csv_standard_output_stays_empty(capsys, tmp_path):
    run(*SMALL, "--csv", tmp_path / "out.csv")
    out, err = capsys.readouterr()
    assert out == "" and "5/5" in err


def test_every_setting_has_an_option_and_help_exits_with_0(capsys):
    assert run("--help") == 0
    out, err = capsys.readouterr()
    assert err == ""
    for f in dataclasses.fields(Config):
        assert f"--{f.name.replace('_', '-')} " in out
    assert "--csv" in out


def test_help_of_the_whole_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0 and "train" in capsys.readouterr().out


def other_value(f):
    """Some allowed value that is not the default, the cheapest at hand."""
    if "options" in f.metadata:
        return {"dataset": "blobs"}.get(f.name, f.metadata["options"][1])
    usual = {"noise": 0.1, "test_fraction": 0.5, "learning_rate": 0.7, "classes": 3, "momentum": 0.9}
    return usual.get(f.name, 21) if "low" in f.metadata else "abc"


@pytest.mark.parametrize("f", dataclasses.fields(Config), ids=lambda f: f.name)
def test_option_reaches_its_setting(monkeypatch, f):
    seen = []

    class Seen(Exception):
        pass

    def catch(config):
        seen.append(config)
        raise Seen

    monkeypatch.setattr("toynet.shell.training.Trainer", catch)
    value = other_value(f)
    for option in ([f"--{f.name.replace('_', '-')}", str(value)], [f"--{f.name.replace('_', '-')}={value}"]):
        with pytest.raises(Seen):
            main(["train", *option])
    assert seen == [Config(**{f.name: value})] * 2 and value != f.default


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--samples", "19"], "samples"),
        (["--samples", "many"], "samples"),
        (["--samples", "30.5"], "samples"),
        (["--samples"], "--samples"),
        (["--noise", "-1"], "noise"),
        (["--noise", "nan"], "noise"),
        (["--learning-rate", "0"], "learning_rate"),
        (["--learning-rate", "inf"], "learning_rate"),
        (["--learning-rate", "-1e-3"], "learning"),
        (["--epochs", "9" * 5000], "epochs"),
        (["--hidden-size", ""], "hidden_size"),
        (["--dataset", "moon"], "moons"),
        (["--dataset", "a\nb"], "moons"),
        (["--batch-mode", "batch"], "stochastic"),
        (["--dataset", "csv"], "data_file"),
        (["--dataset", "csv", "--data-file", "nowhere.csv"], "nowhere.csv"),
        (["--dataset", "csv", "--data-file", "penguins.csv", "--target", "species", "--class-0", "Gentoo"], "class_1"),
        (["--classes", "3"], "classes must be 2 for moons, not 3"),
        (["--features", "x1;x3"], "'x3'"),
        (["--dataset", "csv", "--data-file", "penguins.csv", "--feature-1", "wings"], "wings"),
        (["--dataset", "breast_cancer", "--feature-1", "radius"], "radius"),
        (["--colour", "red"], "--colour"),
        (["stray"], "stray"),
        (["--csv", "no/such/folder/out.csv"], "no/such/folder"),
        (["--csv"], "--csv"),
    ],
    ids=lambda v: " ".join(v)[:50].encode("unicode_escape").decode() if isinstance(v, list) else None,
)
def test_bad_option_exits_with_2_and_one_clear_line(capsys, options, says):
    assert run(*options) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("\n") and len(err.splitlines()) == 1
    assert says in err and "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["fit"], ["--samples", "40"]])
def test_missing_or_unknown_command_exits_with_2_and_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    out, err = capsys.readouterr()
    assert stop.value.code == 2 and out == "" and len(err.splitlines()) == 1


def test_bad_option_leaves_an_existing_file_alone(tmp_path):
    (tmp_path / "out.csv").write_text("precious")
    assert run("--samples", "1", "--csv", tmp_path / "out.csv") == 2
    assert (tmp_path / "out.csv").read_text() == "precious"


def test_diverged_run_exits_with_1_says_why_and_writes_its_csv(capsys, tmp_path):
    options = ["--samples", 40, "--activation", "relu", "--learning-rate", "1e6", "--epochs", 200]
    assert run(*options, "--csv", tmp_path / "out.csv") == 1
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("Diverged at update ")
    config = Config(samples=40, activation="relu", learning_rate=1e6, epochs=200)
    table = read(tmp_path / "out.csv")
    assert_is_history_of(table, config)
    assert 1 < len(table) < 200


SIGNALS = pytest.mark.parametrize("number", interrupts.ENDING, ids=lambda number: number.name)


def interrupt_after_3_updates(monkeypatch, number):
    def interrupted(self, **_):
        for _ in range(3):
            self.step()
        signal.raise_signal(number)

    monkeypatch.setattr(Trainer, "run", interrupted)


@SIGNALS
def test_interrupted_run_exits_with_the_signals_code_and_writes_what_there_is(monkeypatch, tmp_path, number):
    interrupt_after_3_updates(monkeypatch, number)
    before = signal.getsignal(number)
    assert run(*SMALL, "--csv", tmp_path / "out.csv") == 128 + number
    assert list(read(tmp_path / "out.csv").epoch) == [0, 1, 2, 3]
    assert signal.getsignal(number) == before


@SIGNALS
def test_signals_while_the_file_is_written_lose_nothing(monkeypatch, tmp_path, number):
    real = {name: getattr(os, name) for name in ("fsync", "replace")}

    def impatient(name):
        def act(*arguments):
            signal.raise_signal(number)
            done = real[name](*arguments)
            signal.raise_signal(number)
            return done

        return act

    def interrupted(self, **_):
        for _ in range(3):
            self.step()
        for name in real:
            monkeypatch.setattr(os, name, impatient(name))

    monkeypatch.setattr(Trainer, "run", interrupted)
    assert run(*SMALL, "--epochs", 3, "--csv", tmp_path / "out.csv") == 128 + number
    assert list(read(tmp_path / "out.csv").epoch) == [0, 1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_signal_that_is_to_be_ignored_ends_nothing(monkeypatch, tmp_path):
    def interrupted(self, **_):
        signal.raise_signal(signal.SIGINT)
        self.step()

    monkeypatch.setattr(Trainer, "run", interrupted)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run(*SMALL, "--csv", tmp_path / "out.csv") == 0
    assert list(read(tmp_path / "out.csv").epoch) == [0, 1, 2, 3, 4, 5]


def test_signal_breaks_off_the_wait_for_the_compiler(monkeypatch, tmp_path):
    def waiting(self):
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("still waiting")

    monkeypatch.setattr(Trainer, "prepare", waiting)
    assert run(*SMALL, "--csv", tmp_path / "out.csv") == 130
    assert list(read(tmp_path / "out.csv").epoch) == [0]


# --- where the metrics go ----------------------------------------------------------------


@pytest.fixture
def untrained(monkeypatch):
    """Fails where anything is trained."""

    def trained(*_, **__):
        raise AssertionError("it was trained")

    monkeypatch.setattr(Trainer, "run", trained)
    monkeypatch.setattr(Trainer, "prepare", trained)


def assert_one_line(capsys, *says):
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("\n") and len(err.splitlines()) == 1
    assert all(word in err for word in says), err


def loop(folder):
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    return folder / "loop.csv"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (lambda folder: folder, "Is a directory"),
        (lambda folder: f"{folder}/out.csv/", "Is a directory"),
        (lambda folder: folder / ("x" * 303), "File name too long"),
        (lambda folder: "/proc/x", "No such file"),
        (lambda folder: "/dev/full", "No space left on device"),
        (loop, "symbolic links"),
        (lambda folder: folder / "no" / "out.csv", "there is no folder"),
        (lambda folder: __file__ + "/out.csv", "Not a directory"),
        (lambda folder: f"{folder}/a\0b", "null"),
    ],
)
def test_csv_that_cannot_be_written_is_found_before_training(capsys, tmp_path, untrained, path, says):
    path = str(path(tmp_path))
    if not os.path.exists("/dev/full") or not os.path.isdir("/proc"):
        pytest.skip("not on this system")
    assert run(*SMALL, "--csv", path) == 2
    assert_one_line(capsys, path[:20], says)
    assert [p.name for p in tmp_path.iterdir() if p.name != "loop.csv"] == []


def full_disk(monkeypatch, least=0):
    """A disk without room for files of so many bytes and more."""
    fsync = os.fsync

    def full(descriptor):
        if os.fstat(descriptor).st_size > least:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)


def test_full_disk_is_found_before_training_by_what_the_run_will_need(monkeypatch, capsys, tmp_path, untrained):
    full_disk(monkeypatch, least=100_000)
    assert run(*SMALL, "--epochs", 1000, "--csv", tmp_path / "out.csv") == 2
    assert_one_line(capsys, "out.csv", "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_disk_that_fills_up_meanwhile_sends_the_metrics_to_standard_output(monkeypatch, capfd, tmp_path):
    stepping = Trainer.run

    def filling(self, **_):
        stepping(self, epochs=5)
        full_disk(monkeypatch)

    monkeypatch.setattr(Trainer, "run", filling)
    assert run(*SMALL, "--csv", tmp_path / "out.csv") == 1
    out, err = capfd.readouterr()
    last = err.splitlines()[-1]
    assert "out.csv could not be written: No space left on device; the metrics go to standard output" in last
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "rescued.csv").write_text(out)
    assert_is_history_of(read(tmp_path / "rescued.csv"), Config(samples=40, epochs=5, hidden_size=3))


def test_file_that_exists_is_replaced_only_by_force(capsys, tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("precious")
    path.chmod(0o640)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "run", None)
        assert run(*SMALL, "--csv", path) == 2
    assert_one_line(capsys, "out.csv exists", "--force")
    assert path.read_text() == "precious"
    assert run(*SMALL, "--csv", path, "--force") == 0
    assert len(read(path)) == 6 and path.stat().st_mode & 0o777 == 0o640
    assert run(*SMALL, "--csv", tmp_path / "new.csv", "--force") == 0


def test_file_that_came_to_be_meanwhile_stays(capfd, tmp_path, monkeypatch):
    path, training = tmp_path / "out.csv", Trainer.run

    def meanwhile(self, **options):
        path.write_text("another's")
        training(self, **options)

    monkeypatch.setattr(Trainer, "run", meanwhile)
    assert run(*SMALL, "--csv", path) == 1
    out, err = capfd.readouterr()
    assert "File exists; the metrics go to standard output" in err and len(out.splitlines()) == 7
    assert path.read_text() == "another's" and [p.name for p in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("name", ["data.csv", "link.csv", "hard.csv", "sub/../data.csv"])
def test_the_runs_own_data_file_is_never_replaced(capsys, tmp_path, untrained, name, force):
    data = tmp_path / "data.csv"
    data.write_text("a,b,c\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)))
    content = data.read_bytes()
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(data)
    os.link(data, tmp_path / "hard.csv")
    options = ["--dataset", "csv", "--data-file", data, "--csv", tmp_path / name]
    assert run(*options, *force) == 2
    assert_one_line(capsys, name, "own data file")
    assert data.read_bytes() == content


def shell(command, **environment):
    """Standard output, standard error and exit code of a line in a shell where $train trains a little."""
    train = f"{sys.executable} -m toynet train {' '.join(SMALL)}"
    environment = os.environ | {"train": train} | environment
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False)
    return done.stdout.decode("utf-8"), done.stderr.decode("utf-8"), done.returncode


ROWS = 7
"""Lines of SMALL's metrics."""


@pytest.mark.parametrize("when", ["before training", "while training"])
def test_closed_pipe_ends_quietly(monkeypatch, capsys, when):
    there, here = os.pipe()
    stream = open(here, "wb", buffering=0)  # noqa: SIM115 (the run closes it)
    monkeypatch.setattr(outputs, "_standard_output", lambda: stream)
    if when == "before training":
        os.close(there)
    else:
        training = Trainer.run
        monkeypatch.setattr(Trainer, "run", lambda self, **_: os.close(there) or training(self, epochs=5))
    assert run(*SMALL) == 141
    lines = capsys.readouterr().err.splitlines()
    assert all("epochs/s" in line for line in lines if line), lines


def test_closed_pipe_leaves_nothing_for_the_end_of_python_to_complain_of():
    there, here = os.pipe()
    os.close(there)
    command = [sys.executable, "-m", "toynet", "train", *SMALL]
    done = subprocess.run(command, cwd=ROOT, stdout=here, stderr=subprocess.PIPE, check=False)
    os.close(here)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("redirect", "says"),
    [
        (">/dev/full", "standard output cannot be written: No space left on device"),
        (">&-", "standard output is closed"),
    ],
)
def test_standard_output_that_takes_nothing_is_named_before_training(redirect, says):
    out, err, code = shell(f"$train {redirect}")
    assert code == 2 and out == "" and len(err.splitlines()) == 1 and says in err


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_standard_error_that_takes_nothing_stops_no_run(redirect):
    out, _, code = shell(f"$train {redirect}")
    assert code == 0 and len(out.splitlines()) == ROWS
    out, _, code = shell(f"$train --samples 1 {redirect}")
    assert code == 2 and out == ""


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}]
)
def test_standard_output_in_ascii_still_gets_utf_8(tmp_path, environment):
    data = tmp_path / "data.csv"
    data.write_text("länge,breite,art\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(30)), "utf-8")
    out, err, code = shell(f"$train --dataset csv --data-file {data}", **environment)
    assert code == 0 and "länge" in out.splitlines()[1] and "Traceback" not in err


def test_a_pipe_by_name_is_written_to_and_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    out, _, code = shell(f"cat {tmp_path}/pipe & $train --csv {tmp_path}/pipe; code=$?; wait; exit $code")
    assert code == 0 and len(out.splitlines()) == ROWS and (tmp_path / "pipe").is_fifo()


def test_dev_stdout_is_standard_output_even_where_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("before\n")
    for _ in range(2):
        assert shell(f"$train --csv /dev/stdout >> {tmp_path}/out")[2] == 0
    assert len((tmp_path / "out").read_text().splitlines()) == 1 + 2 * ROWS


def test_a_pipe_that_nobody_reads_can_be_interrupted(monkeypatch, capsys, tmp_path, untrained):
    os.mkfifo(tmp_path / "pipe")

    def waiting(self, metrics, rows):
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("still waiting")

    monkeypatch.setattr(outputs.Stream, "begin", waiting)
    assert run(*SMALL, "--csv", tmp_path / "pipe") == 143
    assert capsys.readouterr() == ("", "")


STARTED = """
import runpy, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name in {names}: signal.raise_signal({number})
sys.argv = ["toynet", "train", "--epochs", "5"]
sys.meta_path.insert(0, Interrupting())
runpy.run_module("toynet", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(("name", "number"), [("numpy", 2), ("pandas._libs", 2), ("tqdm", 15)])
def test_signal_while_loading_ends_without_a_traceback(name, number):
    code = STARTED.format(names={name}, number=number)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"")
