"""What tests of the pages share: an empty store of their own, where they keep something."""

import pytest

from toynet import Store
from toynet.ui import keeping


@pytest.fixture
def store(own_store):
    """The store that the app keeps its runs in."""
    store = Store(own_store)
    yield store
    keeping.keeper().close()
    store.close()
