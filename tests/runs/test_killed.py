"""SIGKILL while a run is kept: the store is whole, and the run goes on as if nothing had happened, bit for bit.

How old what is stored may be at most, tests/runs/test_keeping.py shows by a clock of its own.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toynet import Config, Store, Trainer, engines, train
from toynet.shell.command import main

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")

ROOT = Path(__file__).parents[2]
LONG = 120
"""Seconds after which a test that waits gives up: it has failed."""

KILLS, GROUPS = 20, 4
MODES = ("full", "mini", "stochastic")
UPDATES = 100_000
"""Within so many, about, a run is killed."""

MORE = 500
"""Epochs after the one where it was killed."""


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compiled code is on the disk: every run is trained by it from its first update on."""
    engines.prepare().join()


def never_ending(batch_mode):
    """A run that is always killed before its end, and that NumPy would need minutes for."""
    return Config(samples=80, hidden_size=4, batch_size=16, batch_mode=batch_mode, epochs=1_000_000, record_every=100)


def killed(path, config, update, looks):
    """Train until the store shows so many updates, look so many times more, and kill: the run's name and update."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in config.to_dict().items() if value != ""]
    command = [sys.executable, "-m", "toynet", "train", "--keep", "--csv", os.devnull, *options]
    looking = sqlite3.connect(path, timeout=LONG)
    started, seen = time.monotonic(), ("", -1)
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while looks > 0 and time.monotonic() < started + LONG:
            with pytest.raises(subprocess.TimeoutExpired):  # it never ends by itself
                process.wait(0.002)
            seen = looking.execute("SELECT run, \"update\" FROM runs WHERE status = 'running'").fetchone() or seen
            looks -= seen[1] >= update
        os.kill(process.pid, signal.SIGKILL)
    looking.close()
    return seen


def rows(path, runs):
    """What is stored of these runs, all of it."""
    connection = sqlite3.connect(path)
    of_runs = f"SELECT id FROM runs WHERE run IN ({', '.join(map(repr, runs))})"
    found = [connection.execute(f"SELECT * FROM runs WHERE id IN ({of_runs}) ORDER BY id").fetchall()]
    for table in ("chunks", "snapshots"):
        found.append(connection.execute(f"SELECT * FROM {table} WHERE run_id IN ({of_runs}) ORDER BY 1, 2").fetchall())
    connection.close()
    return found


def never_stopped(config, update, epochs):
    """The run that somebody asked for other epochs after an update, in one go."""
    engines.load_from_disk()
    trainer = Trainer(config)
    trainer.run(updates=update)
    trainer.epochs = epochs
    trainer.run()
    return trainer


def assert_same_but_for_time(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    columns = one.history.columns.drop(["run", "seconds"])
    pd.testing.assert_frame_equal(one.history[columns], other.history[columns], check_exact=True)


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_killed_run_is_found_interrupted_and_goes_on_bit_for_bit(own_store, tmp_path, capsys, group):
    path, dice = tmp_path / "runs.db", random.Random(group)
    store = Store()
    for mode in MODES:
        store.keep(train(Config(samples=40, epochs=200, batch_mode=mode), run=f"old {mode}"))
    others = [f"old {mode}" for mode in MODES]
    for n in range(group, KILLS, GROUPS):
        config = never_ending(MODES[n % len(MODES)])
        before = rows(path, others)
        run, seen = killed(path, config, dice.randrange(UPDATES), dice.randrange(1, 100))
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        assert store.status(run) == "interrupted" and rows(path, others) == before
        stored = store.trainer(run)
        assert stored.update >= seen and stored.engine == "compiled"
        last = stored.epoch + MORE
        assert main(["resume", run, "--epochs", str(last), "--csv", os.devnull]) == 0
        assert "Kept as run" in capsys.readouterr().err and store.status(run) == "finished"
        assert_same_but_for_time(store.trainer(run), never_stopped(config, stored.update, last))
        others.append(run)
    store.close()
