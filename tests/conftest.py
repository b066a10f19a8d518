"""What all tests share: how hypothesis runs, a store of their own, and that no engine is ready unless asked for."""

import os
import tempfile
import threading

import pytest
from hypothesis import HealthCheck, settings

from toynet import engines

settings.register_profile(
    "toynet",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("toynet")


# Before anything opens the store: what tests train is not a person's.
_FOLDER = tempfile.TemporaryDirectory(prefix="toynet-tests-")
os.environ["TOYNET_DATABASE_URL"] = f"sqlite:///{_FOLDER.name}/runs.db"


@pytest.fixture
def own_store(tmp_path, monkeypatch):
    """The address of an empty store, which is the default one during a test."""
    address = f"sqlite:///{tmp_path}/runs.db"
    monkeypatch.setenv("TOYNET_DATABASE_URL", address)
    return address


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch):
    """Each test starts where no compiled engine is ready: what it trains with is what it asks for."""
    monkeypatch.setattr(engines, "_ready", threading.Event())
    monkeypatch.setattr(engines, "_ready_general", threading.Event())
    yield
    for thread in threading.enumerate():
        if thread.name == engines.PREPARING:
            thread.join()
