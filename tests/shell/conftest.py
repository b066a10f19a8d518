"""What the tests of the shell's commands share: signals that are heard, and a store of a test's own."""

import signal

import pytest

from toynet import Store
from toynet.shell import interrupts


@pytest.fixture(autouse=True)
def signals_are_heard():
    """Whatever started the tests: what a script runs in the background is told to ignore Ctrl-C."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in interrupts.ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def store(own_store):
    store = Store()
    yield store
    store.close()
