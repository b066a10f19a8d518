"""The shell command."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toynet import Config, Trainer, train
from toynet.__main__ import main

pytestmark = pytest.mark.filterwarnings("error")

ROOT = Path(__file__).parent.parent
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


def test_without_csv_the_metrics_go_to_standard_output_and_the_bar_does_not(capsys, tmp_path):
    assert run(*SMALL) == 0
    out, err = capsys.readouterr()
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
    return {"noise": 0.1, "test_fraction": 0.5, "learning_rate": 0.7}.get(f.name, 21) if "low" in f.metadata else "abc"


@pytest.mark.parametrize("f", dataclasses.fields(Config), ids=lambda f: f.name)
def test_option_reaches_its_setting(monkeypatch, f):
    seen = []

    class Seen(Exception):
        pass

    def catch(config):
        seen.append(config)
        raise Seen

    monkeypatch.setattr("toynet.__main__.Trainer", catch)
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
        (["--dataset", "csv", "--data-file", "penguins.csv", "--target", "species"], "Gentoo"),
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


def test_file_that_cannot_be_written_exits_with_1_and_says_so(capsys, tmp_path):
    assert run(*SMALL, "--csv", tmp_path) != 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert str(tmp_path) in last and "Traceback" not in last


def test_diverged_run_exits_with_1_says_why_and_writes_its_csv(capsys, tmp_path):
    options = ["--samples", 40, "--activation", "relu", "--learning-rate", "1e6", "--epochs", 200]
    assert run(*options, "--csv", tmp_path / "out.csv") == 1
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("Diverged at update ")
    config = Config(samples=40, activation="relu", learning_rate=1e6, epochs=200)
    table = read(tmp_path / "out.csv")
    assert_is_history_of(table, config)
    assert 1 < len(table) < 200


def test_interrupted_run_exits_with_130_and_writes_what_there_is(monkeypatch, tmp_path):
    def interrupted(self, **_):
        for _ in range(3):
            self.step()
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "run", interrupted)
    assert run(*SMALL, "--csv", tmp_path / "out.csv") == 130
    assert list(read(tmp_path / "out.csv").epoch) == [0, 1, 2, 3]
