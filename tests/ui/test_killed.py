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

KILLS = 6
MODES = ("full", "mini", "stochastic")
LONG = 120
"""Seconds after which a test that waits gives up: it has failed."""


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compiled code is on the disk."""
    engines.prepare().join()


def settings(batch_mode):
    return Config(epochs=1_000_000, batch_mode=batch_mode, samples=80, record_every=10)


def killed(path, query, update):
    """Train in a tab until the store shows so many updates, then kill the server.

    Returns the update that the tab saw last, and how many frames it saw.
    """
    with server() as (url, process):
        tab = Session(url, query)
        tab.press(keys.TRAIN_PAUSE)
        looking, started, stored = sqlite3.connect(path, timeout=LONG), time.monotonic(), 0
        while stored < update and time.monotonic() < started + LONG:
            time.sleep(0.005)
            found = looking.execute("SELECT max(\"update\") FROM runs WHERE status = 'running'").fetchone()
            stored = found[0] or 0
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        looking.close()
        tab.close()
        return int(tab.numbers["Update"].replace(",", "")), len(tab.frames)


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_servers_run_is_found_where_it_stood_and_goes_on(number, own_store):
    moment = random.Random(number)
    batch_mode = MODES[number % 3]
    store = Store(own_store)
    others = Trainer(settings(batch_mode), run="another")
    others.run(epochs=3)
    store.keep(others)
    path = own_store.removeprefix("sqlite:///")
    query = f"epochs=1000000&batch_mode={batch_mode}&samples=80&record_every=10"
    seen, frames = killed(path, query, moment.randint(1, 200 if batch_mode == "full" else 2000))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    listed = store.runs().set_index("run")
    (name,) = set(listed.index) - {"another"}
    assert listed.loc[name, "state"] == "interrupted" and listed.loc[name, "update"] > 0
    # Of what was seen a second of frames at most is not there.
    assert listed.loc[name, "update"] >= seen * (1 - 10 / max(frames, 10)) - 1
    found, whole = store.trainer(name), Trainer(settings(batch_mode), engine="reference")
    whole.run(updates=found.update)
    assert all(np.allclose(a, b, atol=1e-9) for a, b in zip(found.parameters, whole.parameters, strict=True))
    for change in (10, 13):
        found.run(updates=change)
        again = store.trainer(name)
        again.run(updates=found.update - again.update)
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, again.parameters, strict=True))
    assert np.array_equal(store.trainer("another").parameters.W1, others.parameters.W1)
    store.close()
