"""Settings as code: what is printed runs, on the same data, and comes to the same accuracy."""

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest

from tests.sharing.running import SEVERAL, given, small
from toynet import Config, Trainer, datasets, metrics_csv
from toynet.config import parse
from toynet.datasets import csv_files, features
from toynet.sharing import as_code

ROOT = Path(__file__).parents[2]

HARD = "a'b\"c; $(x) `y` \\ η\n%d"
"""A name that a shell, an address and Python would each take for something else."""


@pytest.fixture
def hard(tmp_path):
    """The settings of a CSV file whose columns and classes are called so."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=[HARD, "--noise", "x3"])
    frame["-t"] = np.resize(["-1", "b 'c'", "d"], 60)
    path = tmp_path / "a b.csv"
    frame.to_csv(path, index=False)
    feature_1 = next(iter(csv_files.read(path).columns))
    assert '"' in feature_1 and "$(x)" in feature_1
    inputs = {"feature_1": feature_1, "feature_2": "--noise"}
    return {"dataset": "csv", "data_file": str(path), **inputs, "target": "-t", "class_1": "-1"}


def trained(**settings):
    trainer = Trainer(small(epochs=12, **settings), engine="numpy")
    trainer.run()
    return trainer


def run_python(source):
    """What each part of a script's output says, by its name."""
    printed = io.StringIO()
    names = {"print": lambda *words: print(*words, file=printed)}
    exec(compile(source, "as_code.py", "exec"), names)
    return dict(re.findall(r"^(\w+) accuracy: (\S+)$", printed.getvalue(), re.MULTILINE)), names


def assert_same_accuracy(trainer):
    found, names = run_python(as_code.estimator_code(trainer.config, trainer.split))
    present, parts = trainer.present(), ["train", "test"] if trainer.split.y_test.size else ["train"]
    assert list(found) == parts
    for part in parts:
        assert float(found[part]) == pytest.approx(present[f"{part}_accuracy"], abs=1e-12)
    network = names["classifier"][-1]
    np.testing.assert_allclose(network.coefs_[0].T, trainer.parameters.W1, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(network.coefs_[1].T, trainer.parameters.W2, rtol=1e-7, atol=1e-9)


# --- the estimator -------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_mode": "mini", "test_fraction": 0.0, "init_seed": 4},
        {"batch_mode": "stochastic", "activation": "relu", "data_seed": 3, "noise": 0.1, "learning_rate": 0.05},
        {"dataset": "breast_cancer", "features": "mean radius;mean texture;mean area"},
        {"dataset": "csv", "data_file": "penguins.csv", "target": "species"},
        {"dataset": "csv", "data_file": "penguins.csv", "target": "species", "class_1": "Gentoo"},
        *SEVERAL.values(),
    ],
    ids=lambda settings: ",".join(map(str, settings.values())) or "usual",
)
def test_the_estimator_comes_to_the_parameters_of_the_run(settings):
    assert_same_accuracy(trained(**settings))


def test_it_has_the_settings_as_they_are_by_now():
    trainer = trained(batch_mode="mini")
    trainer.learning_rate, trainer.epochs = 0.125, 77
    source = as_code.estimator_code(trainer.config, trainer.split)
    assert "learning_rate=0.125," in source and "epochs=77," in source


def test_what_is_off_is_not_in_it():
    source = as_code.estimator_code(Config(), datasets.load(Config()))
    for word in ("output", "l2", "momentum", "batch_size", "numpy", "FunctionTransformer"):
        assert word not in source
    assert 'activation="tanh",' in source
    sigmoids = small(**SEVERAL["sigmoids"])
    assert 'output="sigmoid",' in as_code.estimator_code(sigmoids, datasets.load(sigmoids))


def test_names_that_would_be_code_stay_names(hard):
    assert_same_accuracy(trained(**hard, features=features.join(["x1^2", hard["feature_1"], "x3"])))
    trainer = trained(**{**hard, "class_1": ""})
    assert trainer.split.outputs == 3
    assert_same_accuracy(trainer)


def test_it_runs_as_a_script(tmp_path):
    trainer = trained(**SEVERAL["columns"])
    source = as_code.estimator_code(trainer.config, trainer.split)
    done = subprocess.run([sys.executable, "-W", "error", "-c", source], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"test accuracy: {trainer.present()['test_accuracy']}"


# --- the shell -----------------------------------------------------------------------


def test_of_usual_settings_the_command_is_short():
    assert as_code.shell_command(Config()) == "python -m toynet train"
    assert as_code.shell_command(Config(l2=0.01, features="x1;x1^2")) == (
        "python -m toynet train --l2 0.01 --features 'x1;x1^2'"
    )


@pytest.mark.parametrize("with_hard_names", [False, True])
def test_the_command_runs_and_trains_with_these_settings(tmp_path, hard, with_hard_names):
    config = small(**(hard if with_hard_names else SEVERAL["all"]))
    command = as_code.shell_command(config)
    assert command.startswith("python -m toynet train ")
    command = command.replace("python", shlex.quote(sys.executable), 1)
    environment = os.environ | {"TOYNET_DATABASE_URL": f"sqlite:///{tmp_path}/runs.db"}
    done = subprocess.run(
        ["sh", "-c", f"{command} --csv {shlex.quote(str(tmp_path / 'm.csv'))}"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    last = metrics_csv.read(tmp_path / "m.csv").iloc[-1]
    assert {name: last[name] for name in config.to_dict()} == config.to_dict()


# --- the link ------------------------------------------------------------------------


def test_the_link_says_all_that_is_not_usual(hard):
    for config in (Config(), small(**SEVERAL["all"]), small(**hard, features="x1;x2;x1 x2")):
        parts = urlsplit(as_code.link(config, "https://toy.example/net", {"luck": "10"}))
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "toy.example", "/net")
        found = {name: texts[0] for name, texts in parse_qs(parts.query, strict_parsing=True).items()}
        assert found.pop("luck") == "10"
        assert Config(**{name: parse(name, text) for name, text in found.items()}) == config
        assert set(found) == {n for n, value in config.to_dict().items() if value != Config().to_dict()[n]}
    assert as_code.link(Config(), "http://localhost:8501") == "http://localhost:8501"


def test_data_given_by_hand_have_no_code():
    trainer = given(("a", "b", "c"), run="given")
    for make in (
        lambda: as_code.estimator_code(trainer.config, trainer.split),
        lambda: as_code.shell_command(trainer.config),
        lambda: as_code.link(trainer.config, "http://localhost:8501"),
    ):
        with pytest.raises(ValueError, match="given by hand"):
            make()
