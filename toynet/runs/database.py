"""The database of a store: opened at its newest version, and what is wrong with it in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from toynet.config import shown
from toynet.runs import schema
from toynet.runs.location import VARIABLE, StoreError, url_of

PATIENCE = 5.0
"""Seconds to wait for others that write."""

PAGE = 16_384
"""Bytes of a page of SQLite's."""

MIGRATING = 7_014_001
"""The lock under which a PostgreSQL database goes over to another version: any number that nobody else uses."""


class Opened:
    """A store that is open: what stores of runs and of sweeps have in common.

    Parameters
    ----------
    url : str, optional
        As `open_database` takes it.
    """

    def __init__(self, url: str | None = None) -> None:
        self._engine = open_database(url)

    @property
    def name(self) -> str:
        """What messages call it."""
        return name_of(self._engine.url)

    def close(self) -> None:
        """Let go of its connections."""
        self._engine.dispose()


def open_database(url: str | None = None) -> sa.Engine:
    """The database at its newest version; one that is new is made.

    Parameters
    ----------
    url : str, optional
        As SQLAlchemy takes it; by default that of `TOYNET_DATABASE_URL`, else SQLite at data/runs.db.

    Raises
    ------
    StoreError
        If it cannot be opened, is damaged, or of a newer ToyNet.
    """
    address = url_of(url)
    with told(address):
        # A server that was started again meanwhile is connected to anew.
        engine = sa.create_engine(_parsed(address), pool_pre_ping=not address.startswith("sqlite"))
        if engine.dialect.name == "sqlite":
            _follow_sqlite(engine)
        try:
            with engine.connect() as connection:
                version = _version(connection)
            if version != schema.VERSION:
                _migrate(engine, address)
            if engine.dialect.name == "sqlite":
                _let_readers_and_a_writer_go_side_by_side(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _parsed(address):
    try:
        return sa.make_url(address)
    except ValueError as error:  # a port that is no number
        raise ArgumentError(str(error)) from error


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes: all of it or nothing."""
    with told(engine.url), engine.execution_options(writes=True).begin() as connection:
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that reads."""
    with told(engine.url), engine.connect() as connection:
        yield connection


# --- SQLite --------------------------------------------------------------------------


def _follow_sqlite(engine):
    """Who writes waits for others first, not in the middle."""

    @event.listens_for(engine, "connect")
    def connected(connection, _):
        connection.isolation_level = None  # transactions begin below
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
        connection.execute("PRAGMA foreign_keys = ON")
        # Of a file to come: larger pages are written in half the time.
        connection.execute(f"PRAGMA page_size = {PAGE}")
        # With a journal of this kind a killed process loses nothing, a power cut the last moments at most.
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection):
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _let_readers_and_a_writer_go_side_by_side(engine):
    """The file remembers it: it must be a store of ours, and no other program's."""
    connection = engine.raw_connection()
    try:
        with suppress(Exception):  # of a file that can only be read it stays as it is
            connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


# --- versions ------------------------------------------------------------------------


def _version(connection):
    """The version of its tables; "" where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or ""


def _check_is_ours(connection, address):
    """Raise StoreError where there are no tables of ours, but those of others that are in the way of them."""
    there, ours = set(sa.inspect(connection).get_table_names()), set(schema.metadata.tables)
    if there >= schema.FIRST:  # in some version: those of later ones may be missing yet
        return
    is_shared = connection.dialect.name != "sqlite" and "alembic_version" not in there
    others = there & ours if is_shared else there
    if others:
        raise StoreError(
            f"{name_of(address)} is another program's (it has a table {shown(min(others))}): "
            f"name another store in {VARIABLE}"
        )


def _migrate(engine, address):
    """Bring the tables to the newest version; of several at once one does it."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
        _check_is_ours(connection, address)
        version = _version(connection)
        if version:
            try:
                ScriptDirectory.from_config(config).get_revision(version)
            except CommandError as error:
                raise StoreError(
                    f"{name_of(address)} was made by a newer ToyNet (its version is {version}, the newest known here "
                    f"{schema.VERSION}): update ToyNet, or name another store in {VARIABLE}"
                ) from error
        if version != schema.VERSION:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


# --- what is wrong -------------------------------------------------------------------


def name_of(url: sa.URL | str) -> str:
    """What messages call a store: never with a password, which may also stand behind a question mark."""
    try:
        url = sa.make_url(url)
    except (ArgumentError, ValueError):
        return f"the store that {VARIABLE} names"
    if url.drivername.startswith("sqlite"):
        return f"the store {url.database or 'in memory'}"
    return f"the store {url.set(query={}).render_as_string(hide_password=True)}"


@contextmanager
def told(url: sa.URL | str) -> Iterator[None]:
    """What goes wrong within becomes a StoreError; a ValueError is one of reading what nobody has written so."""
    try:
        yield
    except StoreError:
        raise
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise StoreError(f"{name_of(url)} {_what(error)}") from error


FAULTS = {
    "readonly": "can only be read: give yourself the right to write it, or name another store in " + VARIABLE,
    "read-only": "can only be read: give yourself the right to write it, or name another store in " + VARIABLE,
    "unable to open": "cannot be opened: see whether its folder is there and can be written to, or name another store "
    "in " + VARIABLE,
    "disk is full": "has no room left on its disk: make room",
    "no space left": "has no room left on its disk: make room",
    "locked": "is locked by another program: what is missing is written when it lets go",
    "malformed": "is damaged: move it away to begin a new one (sqlite3's .recover may read what is left)",
    "could not decode": "is damaged: move it away to begin a new one (sqlite3's .recover may read what is left)",
    "not a database": "is damaged, or no store at all: move it away to begin a new one",
    "disk i/o error": "cannot be read or written: its disk answers with an error",
}
"""What a database says, in small letters -> what is wrong and what to do."""


def _what(error):
    if isinstance(error, NoSuchModuleError):
        return "is of a kind that is not known here: install its SQLAlchemy dialect, or use sqlite or postgresql"
    if isinstance(error, ArgumentError):
        return f"is no address of a database: {VARIABLE} should be like postgresql://user@host/name or sqlite:///path"
    if isinstance(error, ImportError):
        return f"needs a driver that is not installed: pip install {DRIVERS.get(error.name or '', error.name)}"
    if isinstance(error, UnicodeEncodeError):
        return "cannot hold this text: it is no UTF-8"
    if isinstance(error, ValueError):
        return FAULTS["malformed"]
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    for words, sentence in FAULTS.items():
        if words in said.lower():
            return sentence
    first = said.strip().partition("\n")[0][:200] or type(error).__name__
    kind = "cannot be used" if isinstance(error, DatabaseError) else "cannot be reached"
    return f"{kind}: {first}"


DRIVERS = {"psycopg": "'psycopg[binary]'", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""Module -> the package to install."""
