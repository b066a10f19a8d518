"""SIGKILL while the app trains: the store is whole, the run is interrupted and goes on, bit for bit."""

import os
import random
import signal
import sqlite3
import time

import numpy as np
import pytest

from tests.app import server
from tests.benchmarks.websocket_session import Session
from toynet import Config, Store, Trainer, engines
from toynet.ui import keys

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed here")

KILLS = 7
MODES = ("full", "mini", "stochastic")
"""Of three tabs that train at once: with so many kills, 21 moments."""

LONG = 120
"""Seconds after which a test that waits gives up: it has failed."""


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compiled code is on the disk."""
    engines.prepare().join()


def settings(batch_mode):
    return Config(epochs=1_000_000, batch_mode=batch_mode, samples=80, record_every=10)


STORED = "SELECT \"update\" FROM runs WHERE status = 'running' AND json_extract(config, '$.batch_mode') = ?"


def killed(path, batch_mode, update):
    """Train in three tabs until the store shows so many updates of one, then kill the server.

    Returns by batch mode which update each tab saw last, and how many frames it saw.
    """
    with server() as (url, process):
        tabs = {mode: Session(url, f"epochs=1000000&batch_mode={mode}&samples=80&record_every=10") for mode in MODES}
        for tab in tabs.values():
            tab.press(keys.TRAIN_PAUSE)
        looking, started, stored = sqlite3.connect(path, timeout=LONG), time.monotonic(), (0,)
        while stored[0] < update and time.monotonic() < started + LONG:
            time.sleep(0.005)
            stored = looking.execute(STORED, [batch_mode]).fetchone() or stored
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        looking.close()
        for tab in tabs.values():
            tab.close()
        return {mode: (int(tab.numbers["Update"].replace(",", "")), len(tab.frames)) for mode, tab in tabs.items()}


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_servers_runs_are_found_where_they_stood_and_go_on(number, own_store):
    moment, batch_mode = random.Random(number), MODES[number % 3]
    store = Store(own_store)
    others = Trainer(settings(batch_mode), run="another")
    others.run(epochs=3)
    store.keep(others)
    path = own_store.removeprefix("sqlite:///")
    seen = killed(path, batch_mode, moment.randint(1, 200 if batch_mode == "full" else 2000))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    listed = store.runs().set_index("run").drop("another")
    assert set(listed.state) == {"interrupted"} and batch_mode in set(listed.batch_mode)
    for name, row in listed.iterrows():
        update, frames = seen[row.batch_mode]
        # Of what was seen a second of frames at most is not there.
        assert 0 < row["update"] >= update * (1 - 10 / max(frames, 10)) - 1
        assert_goes_on(store, name, settings(row.batch_mode))
    assert np.array_equal(store.trainer("another").parameters.W1, others.parameters.W1)
    store.close()


def assert_goes_on(store, name, config):
    """It is the run that was never stopped, and goes on bit for bit, twice the same."""
    found, whole = store.trainer(name), Trainer(config, engine="reference")
    whole.run(updates=found.update)
    assert all(np.allclose(a, b, atol=1e-9) for a, b in zip(found.parameters, whole.parameters, strict=True))
    for change in (10, 13):
        found.run(updates=change)
        again = store.trainer(name)
        again.run(updates=found.update - again.update)
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, again.parameters, strict=True))
