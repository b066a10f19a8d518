"""Runs whose code is tested, and what a script prints when it runs where there is no ToyNet."""

import json
import subprocess
import sys

import numpy as np

from toynet import Config, Trainer, datasets

HOSTILE = (
    '"""\nimport os; raise SystemExit(3)',
    "'\r\nraise SystemExit(4) #",
    "coding: utf-7 \u2028 \x0c ${g} $data {h} \\",
)
"""Names that would be code, or end a comment, if they stood in a script as they are."""


SEVERAL = {
    "softmax": {"dataset": "blobs", "classes": 3, "output": "softmax"},
    "sigmoids": {"dataset": "spirals", "classes": 5, "activation": "sigmoid", "l2": 0.01},
    "all": {"dataset": "blobs", "classes": 3, "output": "softmax", "activation": "relu", "l2": 0.02, "momentum": 0.9},
    "L2": {"l2": 0.1},
    "momentum": {"momentum": 0.8, "activation": "sigmoid"},
    "terms": {"features": "x1;x1^2;x2^2;x1 x2;sin x1;sin x2"},
    "columns": {"dataset": "wine", "output": "softmax", "features": "malic_acid;x2^2;x2;hue", "momentum": 0.5},
}
"""Settings of several outputs, of what is added to the update, and of inputs made of others, by a name for them."""


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "batch_size": 7, "epochs": 6, "learning_rate": 0.5, **changes})


def trained(updates=None, **changes):
    """A small run after so many updates, or at its end."""
    trainer = Trainer(small(**changes))
    if updates is None:
        trainer.run()
    for _ in range(updates or 0):
        trainer.step()
    return trainer


def restless(**changes):
    """A run whose rate and batches change in mid-run; it stands within an epoch, with a change to come."""
    trainer = trained(0, batch_mode="mini", **changes)
    trainer.learning_rate = 0.3
    for updates, setting, value in (
        (2, "learning_rate", 1.5),
        (5, "batch_size", 4),
        (1, "batch_mode", "stochastic"),
        (60, "learning_rate", 0.05),
        (3, "batch_mode", "mini"),
        (0, "epochs", 50),
        (40, "batch_mode", "full"),
        (9, "batch_mode", "mini"),
        (4, "batch_mode", "stochastic"),
    ):
        for _ in range(updates):
            trainer.step()
        setattr(trainer, setting, value)
    assert trainer._at.position > 0 and trainer.changes[-1].update > trainer.update
    return trainer


def given(names, run):
    """A run on data of three inputs given by hand, with these names for its inputs and its classes."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), np.arange(30) % 2.0
    split = datasets.Split(X[:20], y[:20], X[20:], y[20:], np.arange(3.0), np.full(3, 2.0), names, names[:2])
    trainer = Trainer(small(batch_mode="mini"), split=split, run=run)
    trainer.run()
    return trainer


def made_of(names):
    """A run on data of three columns and classes of these names, of which inputs are made."""
    rng = np.random.default_rng(0)
    points = datasets.Points(rng.normal(3, 2, (60, 3)), np.arange(60) % 3.0, names, names, 0, ("x1", "x1 x2", names[2]))
    trainer = Trainer(small(batch_mode="mini", l2=0.01), split=datasets.split(points, 0.25, 0), run="made")
    trainer.run()
    return trainer


def printed(source, folder):
    """The lines that a script prints, run by itself in this folder: no warning, no error, and no ToyNet to import."""
    (folder / "script.py").write_text(source, encoding="utf-8", newline="")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "script.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def agrees(lines, trainer):
    """Whether the last line is the run's losses, to 1e-9 of theirs or in nats."""
    losses = json.loads(lines[-1], parse_constant=lambda name: name)
    assert list(losses) == ["train_loss", "test_loss"]
    present = trainer.present()
    np.testing.assert_allclose(losses["train_loss"], present["train_loss"], rtol=1e-9, atol=1e-9)
    if trainer.split.y_test.size:
        np.testing.assert_allclose(losses["test_loss"], present["test_loss"], rtol=1e-9, atol=1e-9)
    else:
        assert losses["test_loss"] is None
    return True
