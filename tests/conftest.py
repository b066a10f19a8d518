"""What all tests share: how hypothesis runs, and that no engine is ready before it is asked for."""

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


@pytest.fixture(autouse=True)
def nothing_prepared(monkeypatch):
    """Each test starts where no compiled engine is ready: what it trains with is what it asks for."""
    monkeypatch.setattr(engines, "_ready", threading.Event())
    yield
    for thread in threading.enumerate():
        if thread.name == engines.PREPARING:
            thread.join()
