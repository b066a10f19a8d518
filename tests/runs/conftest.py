"""Stores of both kinds, SQLite and PostgreSQL, each empty."""

import os

import pytest
import sqlalchemy as sa

from tests.runs import postgres
from toynet import Store


@pytest.fixture(scope="session")
def postgresql():
    """The address of a PostgreSQL database."""
    if not postgres.programs():
        message = "no PostgreSQL server: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    found = request.getfixturevalue("postgresql")
    engine = sa.create_engine(found)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return found


@pytest.fixture
def store(address):
    """An empty store of either kind."""
    store = Store(address)
    yield store
    store.close()
