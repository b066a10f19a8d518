"""What can go wrong with a store: one sentence says it, training goes on, and nothing that is stored is lost."""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from tests.runs import postgres
from toynet import Config, Store, Trainer, train
from toynet.runs import database, keeping, schema
from toynet.runs import store as stores
from toynet.runs.keeping import Keeper, Kept
from toynet.runs.location import StoreError, Taken
from toynet.runs.packing import pack_rows, unpack_rows
from toynet.runs.records import Record, holder

ROOT = Path(__file__).parents[2]
LONG = 60
"""Seconds after which a test that waits gives up: it has failed."""


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "epochs": 40, **changes})


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits for others, and what failed is not tried again before somebody asks for it."""
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    monkeypatch.setattr(keeping, "AGAIN", 10 * LONG)


@pytest.fixture
def path(tmp_path):
    """A file in which a run called old is kept."""
    path = tmp_path / "runs.db"
    store = Store(f"sqlite:///{path}")
    store.keep(train(small(epochs=300), run="old", engine="numpy"))
    store.close()
    return path


def contents(path):
    """All that an SQLite file holds, but for the heartbeats."""
    with sqlite3.connect(path) as connection:
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in schema.metadata.tables}
    connection.close()
    return rows


def is_one_sentence(text):
    return text and "\n" not in text and not text.endswith(".") and len(text) < 700


def assert_same_run(one, other):
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)


def fault_of(address):
    """What is said where a store cannot be opened."""
    with pytest.raises(StoreError) as error:
        Store(address)
    assert is_one_sentence(str(error.value))
    return str(error.value)


class Training:
    """A run that trains and is handed to a Keeper after each epoch."""

    def __init__(self, address):
        self.trainer, self.kept = Trainer(small(epochs=10_000), engine="numpy"), Kept()
        self.keeper = Keeper(lambda: Store(address))

    def go_on(self):
        """Train an epoch; returns what is wrong with the store then."""
        self.trainer.run(epochs=1)
        self.keeper.note(self.kept, self.trainer, is_running=False)
        self.keeper.flush(LONG)
        return self.keeper.problem

    def end(self, address):
        """Whether the whole run is kept in the end, bit for bit."""
        assert self.go_on() == "" and self.keeper.close()
        store = Store(address)
        assert_same_run(store.trainer(self.trainer.run_name), self.trainer)
        store.close()


# --- no room -------------------------------------------------------------------------


def test_a_full_disk_is_told_and_what_is_stored_stays(path, monkeypatch):
    """SQLite is told that its disk holds no more pages than there are."""
    full = []

    @sa.event.listens_for(sa.Engine, "begin")
    def begun(connection):
        limit = 1 if full else 2**30  # one: no more than there are
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")

    try:
        address = f"sqlite:///{path}"
        training = Training(address)
        assert training.go_on() == ""
        before = contents(path)
        full.append(True)
        training.trainer.run(epochs=2000)  # more than there is room for in the pages that are there
        for _ in range(3):
            assert training.go_on() == f"the store {path} has no room left on its disk: make room"
        assert contents(path) == before
        full.clear()
        training.end(address)
        assert Store(address).trainer("old").epoch == 300
    finally:
        sa.event.remove(sa.Engine, "begin", begun)


FULL = """
import resource, signal, sys
from toynet import Config, Trainer
from toynet.runs import keeping
from toynet.runs.keeping import Keeper, Kept
keeping.AGAIN = 1000.0
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
trainer, kept, keeper = Trainer(Config(samples=40, epochs=100_000), run="new", engine="numpy"), Kept(), Keeper()
def go_on(epochs):
    trainer.run(epochs=epochs)
    keeper.note(kept, trainer, is_running=False)
    keeper.flush(60)
    print(trainer.epoch, keeper.problem)
go_on(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
go_on(3000)
go_on(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
go_on(1)
print(keeper.close())
"""


def test_files_that_cannot_grow_are_told_and_are_whole_afterwards(path):
    """The operating system itself refuses to write."""
    address = f"sqlite:///{path}"
    command = [sys.executable, "-c", FULL, str(path.stat().st_size + 20_000)]
    environment = os.environ | {"TOYNET_DATABASE_URL": address}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["1", "3001", "3002", "3003", "True"]
    assert lines[0] == "1 " and lines[3] == "3003 "
    for line in lines[1:3]:
        assert "disk" in line and str(path) in line and is_one_sentence(line)
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store = Store(address)
    own = Trainer(Config(samples=40, epochs=100_000), engine="numpy")
    own.run(epochs=3003)
    assert np.array_equal(store.trainer("new").parameters.W1, own.parameters.W1)
    assert len(store.history("new")) == 3004 and store.trainer("old").epoch == 300
    store.close()


# --- what can only be read -----------------------------------------------------------


def test_a_store_that_can_only_be_read_is_read_and_told(path):
    address = f"sqlite:///file:{path}?mode=ro&uri=true"
    store = Store(address)
    assert store.trainer("old").epoch == 300 and store.runs().run.tolist() == ["old"]
    for act in (lambda: store.keep(train(small())), lambda: store.delete(["old"]), lambda: store.describe("old", "x")):
        with pytest.raises(StoreError, match="can only be read: give yourself the right to write it"):
            act()
    store.close()
    before = contents(path)
    training = Training(address)
    assert all("can only be read" in training.go_on() for _ in range(3)) and training.trainer.epoch == 3
    assert not training.keeper.close() and contents(path) == before


def test_a_store_that_becomes_read_only_and_no_longer_is_has_the_whole_run(path, monkeypatch):
    is_fixed = []

    def opened():
        return Store(f"sqlite:///{path}" if is_fixed else f"sqlite:///file:{path}?mode=ro&uri=true")

    training = Training("")
    training.keeper = Keeper(opened)
    assert "can only be read" in training.go_on()
    is_fixed.append(True)
    training.end(f"sqlite:///{path}")


# --- damaged -------------------------------------------------------------------------


def damaged_by_random_bytes(path):
    path.write_bytes(random.Random(0).randbytes(50_000))


def damaged_head(path):
    path.write_bytes(b"not SQLite 3\0" + path.read_bytes()[13:])


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damaged_schema(path):
    content = path.read_bytes()
    path.write_bytes(content[:100] + random.Random(0).randbytes(database.PAGE - 100) + content[database.PAGE :])


@pytest.mark.parametrize("damage", [damaged_by_random_bytes, damaged_head, cut, damaged_schema])
def test_a_damaged_file_is_told_left_as_it_is_and_can_be_moved_away(path, damage):
    address = f"sqlite:///{path}"
    damage(path)
    before = path.read_bytes()
    said = fault_of(address)
    assert "is damaged" in said and "move it away to begin a new one" in said and str(path) in said
    training = Training(address)
    assert [training.go_on() for _ in range(3)] == [said] * 3
    assert path.read_bytes() == before
    path.rename(path.with_name("damaged.db"))
    training.end(address)
    assert path.with_name("damaged.db").read_bytes() == before


def test_a_file_damaged_in_the_middle_is_told_by_whatever_meets_it(path, monkeypatch):
    """Whichever page it is, and whatever is asked for: an answer, or a sentence; never another kind of error."""
    monkeypatch.setattr(stores, "CHUNK", 100)
    store = Store(f"sqlite:///{path}")
    trainers = [train(small(epochs=700, hidden_size=h), run=f"run{h}", engine="numpy") for h in (3, 200)]
    for trainer in trainers:
        store.keep(trainer)
        trainer.epochs += 1
        trainer.run()
    store.close()
    content, dice, met = path.read_bytes(), random.Random(0), 0
    for start in range(database.PAGE, len(content), database.PAGE):
        path.write_bytes(content[:start] + dice.randbytes(database.PAGE) + content[start + database.PAGE :])
        asked = [lambda store: store.runs(), lambda store: store.find("run3"), lambda store: store.files_in_use()]
        for trainer in trainers:
            asked += [
                lambda store, run=trainer.run_name: (store.history(run), store.said(run), store.status(run)),
                lambda store, run=trainer.run_name: store.trainer(run, 650),
                lambda store, trainer=trainer: store.save(Record.of(trainer, since=701)),
            ]
        for ask in asked:
            try:
                store = Store(f"sqlite:///{path}")
                ask(store)
            except ValueError as error:
                assert is_one_sentence(str(error))
                met += "is damaged" in str(error)
            finally:
                store.close()
        path.with_name("runs.db-wal").unlink(missing_ok=True)
    assert met > 3


def test_rows_that_are_damaged_are_none_whatever_size_they_claim():
    """Each byte of the head of a pack, which says how large its parts are, as another one."""
    content = pack_rows(Trainer(small()).recorded.columns())
    for place in range(min(len(content), 3000)):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        with contextlib.suppress(ValueError):
            unpack_rows([bytes(damaged)])


@pytest.mark.parametrize("table", ["runs", "people", "alembic_version"])
def test_a_database_of_another_program_is_left_alone(tmp_path, table):
    path = tmp_path / "others.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE {table} (version_num TEXT)")
        connection.execute(f"INSERT INTO {table} VALUES ('precious')")
    connection.close()
    before = path.read_bytes()
    said = fault_of(f"sqlite:///{path}")
    assert said == (
        f"the store {path} is another program's (it has a table '{table}'): name another store in TOYNET_DATABASE_URL"
    )
    training = Training(f"sqlite:///{path}")
    assert training.go_on() == said and training.trainer.epoch == 1
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["others.db"]


def test_on_a_server_tables_of_others_stand_beside_ours_but_not_in_their_place(address):
    if address.startswith("sqlite"):
        pytest.skip("a file is one program's")
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (name TEXT)")
    Store(address).close()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE runs (name TEXT)")
    assert "is another program's (it has a table 'runs')" in fault_of(address)
    engine.dispose()


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "runs.db").touch()
    store = Store(f"sqlite:///{tmp_path}/runs.db")
    assert store.runs().empty
    store.close()


def test_a_folder_and_a_folder_that_is_not_there_are_told(tmp_path):
    for place in (tmp_path, tmp_path / "no" / "runs.db", tmp_path / ("x" * 300), "/dev/null/runs.db"):
        assert "cannot be opened: see whether its folder is there" in fault_of(f"sqlite:///{place}")


# --- others that write ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_store_is_told_and_written_when_it_is_free(path, kind):
    address = f"sqlite:///{path}"
    training = Training(address)
    assert training.go_on() == ""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(f"BEGIN {kind}")
    for _ in range(3):
        said = training.go_on()
        assert said == f"the store {path} is locked by another program: what is missing is written when it lets go"
    store = Store(address)  # and it is read meanwhile
    assert set(store.runs().run) == {"old", training.trainer.run_name}
    store.close()
    other.execute("ROLLBACK")
    training.end(address)
    other.close()


def test_who_is_locked_out_at_first_waits_for_a_moment(path, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", float(LONG))
    store = Store(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    began = threading.Event()
    thread = threading.Thread(target=lambda: began.wait(LONG) and other.execute("COMMIT"))

    @sa.event.listens_for(store._engine, "before_cursor_execute")
    def executed(connection, cursor, statement, *_):
        if statement == "BEGIN IMMEDIATE":
            began.set()

    thread.start()
    store.keep(train(small(), run="new"))
    thread.join()
    assert set(store.runs().run) == {"old", "new"}
    store.close()
    other.close()


TWO = """
import sys
from toynet import Config, Store, Trainer
from toynet.runs import keeping
from toynet.runs.keeping import Keeper, Kept
keeping.EVERY = 0.0
keeper, runs = Keeper(), []
for n in range(3):
    config = Config(samples=40, hidden_size=3, batch_mode="mini", epochs=1500, init_seed=n)
    runs.append((Kept(), Trainer(config, run=f"{sys.argv[1]}{n}", engine="numpy")))
while any(trainer.epoch < trainer.epochs for _, trainer in runs):
    for kept, trainer in runs:
        trainer.run(updates=97)
        keeper.note(kept, trainer, is_running=True)
for kept, trainer in runs:
    keeper.note(kept, trainer, is_running=False)
print(keeper.close(), keeper.problem)
"""


def test_two_servers_on_one_store_keep_all_of_their_runs(address):
    environment = os.environ | {"TOYNET_DATABASE_URL": address}
    servers = [
        subprocess.Popen([sys.executable, "-c", TWO, name], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        for name in "ab"
    ]
    assert [server.communicate()[0].split() for server in servers] == [[b"True"]] * 2
    store = Store(address)
    assert set(store.runs().run) == {f"{name}{n}" for name in "ab" for n in range(3)}
    for n in range(3):
        config = small(batch_mode="mini", epochs=1500, init_seed=n)
        own = train(config, engine="numpy")
        for name in "ab":
            found = store.trainer(f"{name}{n}")
            assert all(np.array_equal(a, b) for a, b in zip(found.parameters, own.parameters, strict=True))
            columns = own.history.columns.drop(["run", "seconds"])
            pd.testing.assert_frame_equal(found.history[columns], own.history[columns], check_exact=True)
    assert store.runs().state.unique().tolist() == ["finished"]
    store.close()


def test_a_run_that_is_read_while_it_is_written_is_read_as_of_one_moment(store, monkeypatch):
    """Between the looks that a reader takes, the writer goes on."""
    trainer, row = Trainer(small(epochs=1000), run="live", engine="numpy"), Store._row
    trainer.run(epochs=5)
    store.save(Record.of(trainer, is_running=True, holder="me"))

    def read(self, run):
        found = row(self, run)
        trainer.run(epochs=50)
        self.save(Record.of(trainer, is_running=True, since=6, holder="me"))
        return found

    monkeypatch.setattr(Store, "_row", read)
    again = Trainer.resume(store.state("live"))
    assert again.epoch == 5 and again.history.epoch.tolist() == list(range(6))
    assert max(s.progress.update for s in again.state().snapshots) <= 5


def test_a_holder_that_writes_no_more_lets_others_go_on(path):
    """As a process would that was stopped for a while: it finds its run taken, and writes nothing over it."""
    store, mine, theirs = Store(f"sqlite:///{path}"), holder(), holder()
    trainer = Trainer(small(), run="shared", engine="numpy")
    trainer.run(epochs=1)
    store.save(Record.of(trainer, is_running=True, holder=mine))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "STALE", -1.0)
        store.claim("shared", theirs, 1)
    other = store.trainer("shared")
    other.run(epochs=5)
    store.save(Record.of(other, is_running=True, since=2, holder=theirs, before=1))
    trainer.run(epochs=1)
    with pytest.raises(Taken):
        store.save(Record.of(trainer, is_running=True, since=2, holder=mine, before=1))
    assert_same_run(store.trainer("shared"), other)
    store.close()


# --- versions ------------------------------------------------------------------------


def test_a_store_of_a_newer_version_is_told_and_left_as_it_is(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = contents(path)
    said = fault_of(f"sqlite:///{path}")
    assert "was made by a newer ToyNet (its version is 9999" in said and "update ToyNet" in said
    training = Training(f"sqlite:///{path}")
    assert training.go_on() == said == training.go_on() and contents(path) == before


# --- servers -------------------------------------------------------------------------


@pytest.fixture
def own_server():
    """A PostgreSQL server that a test may stop: its address, and two functions that stop and start it."""
    if not postgres.programs():
        pytest.skip("no PostgreSQL server")
    with postgres.server() as address:
        yield address, lambda: postgres.stop(address), lambda: postgres.start(address)


def test_a_server_that_stops_and_comes_back_has_the_whole_run(own_server):
    address, stop, start = own_server
    training = Training(address)
    assert training.go_on() == ""
    reader = Store(address)
    assert len(reader.runs()) == 1
    stop()
    for _ in range(3):
        said = training.go_on()
        assert "cannot be" in said and is_one_sentence(said)
    start()
    training.end(address)
    assert reader.trainer(training.trainer.run_name).epoch == 5  # without a failure first
    reader.close()


def test_a_server_that_is_not_there_is_told_without_the_password():
    for address in (
        "postgresql+psycopg://me:secret@127.0.0.1:1/runs",
        "postgresql+psycopg://me@127.0.0.1:1/runs?password=secret",
    ):
        said = fault_of(address)
        assert "secret" not in said and "127.0.0.1" in said and "Connection refused" in said


# --- addresses -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "is no address of a database"),
        ("://secret", "is no address of a database"),
        ("postgresql://me:secret@host:port/runs", "is no address of a database"),
        ("postgresql://me:secret@[::1/runs", "is no address of a database"),
        ("abacus://me:secret@host/runs", "is of a kind that is not known here"),
        ("mysql://me:secret@host/runs", "needs a driver that is not installed: pip install mysqlclient"),
        ("oracle://me:secret@host/runs", "needs a driver that is not installed: pip install oracledb"),
        ("postgresql+psycopg://me:secret@host/runs?colour=secret", "cannot be used"),
    ],
)
def test_an_address_that_is_none_is_told_without_what_is_secret_in_it(address, says):
    said = fault_of(address)
    assert says in said and "secret" not in said
    training = Training(address)
    assert training.go_on() == said == training.go_on() and training.trainer.epoch == 2


def test_texts_that_no_database_holds_are_told(store):
    store.keep(train(small(), run="one"))
    with pytest.raises(StoreError, match=r"cannot hold this text|cannot be used") as error:
        store.describe("one", name="half a character: \ud800")
    assert is_one_sentence(str(error.value)) and store.runs().iloc[0]["name"] == ""
