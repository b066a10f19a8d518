"""Uploads are stored whole or not at all, and no more of them than the bounds allow; what a tab uses stays."""

import dataclasses
import errno
import gc
import os

import pytest

from tests.pages import opened, trainer
from toynet import Config, Store, train
from toynet.many.grid import Grid
from toynet.runs.sweeps import Sweeps
from toynet.ui import keys
from toynet.ui.controls import upload
from toynet.ui.session import files_in_use


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, own_store):
    """An empty folder for uploads, used by nobody: the tabs of earlier tests are closed."""
    gc.collect()
    monkeypatch.setattr(upload, "UPLOADS", tmp_path / "uploads")
    monkeypatch.setattr(upload.csv_files, "DATA", tmp_path)
    return tmp_path / "uploads"


def table(number, rows=40):
    """A file of its own for each number."""
    lines = (f"{i % 7 + 10 + number},{i % 5},{'ab'[i % 7 > 3]}\n" for i in range(rows))
    return ("x,y,kind\n" + "".join(lines)).encode()


def keep(number, rows=40):
    return upload.keep(table(number, rows), f"{number}.csv")


HOUR = 3600 * 10**9
"""In nanoseconds."""


def age(folder):
    """Make every upload an hour older."""
    for path in folder.iterdir():
        stat = path.stat()
        os.utime(path, ns=(stat.st_atime_ns - HOUR, stat.st_mtime_ns - HOUR))


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def numbers(folder):
    return sorted(int(path.name.partition("-")[0]) for path in folder.iterdir())


def test_a_full_disk_leaves_nothing_under_the_contents_name(folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match=r"1.csv could not be stored in .*/uploads: No space left on device"):
        keep(1)
    assert list(folder.iterdir()) == []


def test_the_same_file_again_on_a_full_disk_is_the_copy_that_is_there(folder, monkeypatch):
    name = keep(1)
    monkeypatch.setattr(os, "fsync", full)
    assert keep(1) == name
    assert (folder.parent / name).read_bytes() == table(1) and numbers(folder) == [1]


def test_a_copy_that_is_not_whole_is_mended(folder):
    path = folder.parent / keep(1)
    path.write_bytes(table(1)[:100])
    keep(1)
    assert path.read_bytes() == table(1)


def test_what_was_read_to_be_checked_is_not_read_again(folder, monkeypatch):
    name = keep(1)
    monkeypatch.setattr(upload.csv_files, "parse", lambda *_: pytest.fail("read again"))
    assert upload.csv_files.read(folder.parent / name).rows == 40


def test_the_bounds_are_those_that_the_readme_names():
    assert (upload.MOST_FILES, upload.MOST_BYTES) == (200, 500_000_000)


def test_of_too_many_the_ones_unused_for_longest_go(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 3)
    kept = {}
    for number in range(3):
        kept[number] = keep(number)
        age(folder)
    changed = (folder.parent / kept[0]).stat().st_mtime_ns
    upload.note_use(kept[0])
    assert (folder.parent / kept[0]).stat().st_mtime_ns == changed
    age(folder)
    keep(3)
    assert numbers(folder) == [0, 2, 3]
    age(folder)
    keep(4), keep(5)
    assert numbers(folder) == [3, 4, 5]


def test_of_too_much_the_ones_unused_for_longest_go(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_BYTES", 3 * len(table(0)))
    for number in range(5):
        keep(number)
        age(folder)
    assert numbers(folder) == [2, 3, 4]
    keep(5, rows=100)
    assert numbers(folder) == [5]


def test_what_two_tabs_use_stays_and_goes_when_they_use_it_no_longer(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    first, second = opened(), opened()
    for number, app in enumerate((first, second)):
        app.file_uploader(key=keys.UPLOAD).set_value((f"{number}.csv", table(number), "text/csv")).run()
        assert trainer(app).config.data_file.startswith(f"uploads/{number}-")
        age(folder)
    keep(2)
    assert numbers(folder) == [0, 1, 2]
    first.selectbox(key=keys.setting("dataset")).set_value("moons").run()
    keep(3)
    assert numbers(folder) == [1, 3]
    assert not second.run().error and trainer(second).config.data_file.startswith("uploads/1-")


def test_what_a_kept_run_needs_to_go_on_stays_until_it_is_deleted(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    store = Store()
    store.keep(train(Config(dataset="csv", data_file=keep(0), epochs=1), run="own"))
    for number in (1, 2):
        age(folder)
        keep(number)
    assert numbers(folder) == [0, 2]
    monkeypatch.setattr("toynet.runs.store.BIN", -1.0)
    for _ in range(2):
        store.delete(["own"])
    age(folder)
    keep(3)
    assert numbers(folder) == [3]
    store.close()


def test_what_a_kept_sweep_needs_to_go_on_stays(folder, monkeypatch, own_store):
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    sweeps = Sweeps(own_store)
    sweeps.begin(Grid(Config(dataset="csv", data_file=keep(0)), (), 2))
    for number in (1, 2):
        age(folder)
        keep(number)
    assert numbers(folder) == [0, 2]
    sweeps.close()


def test_where_the_store_cannot_say_nothing_goes(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    monkeypatch.setenv("TOYNET_DATABASE_URL", "nonsense")
    for number in range(3):
        keep(number)
        age(folder)
    assert numbers(folder) == [0, 1, 2]


def test_what_undo_would_bring_back_stays(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 1)
    app = opened()
    app.file_uploader(key=keys.UPLOAD).set_value(("1.csv", table(1), "text/csv")).run()
    age(folder)
    app.button(key=keys.STEP).click().run()
    app.selectbox(key=keys.setting("dataset")).set_value("moons").run()
    keep(2)
    assert numbers(folder) == [1, 2]


def test_a_tab_that_is_gone_uses_nothing():
    app = opened()
    trainer(app).config = dataclasses.replace(trainer(app).config, data_file="uploads/mine.csv")
    assert "uploads/mine.csv" in files_in_use()
    del app
    gc.collect()
    assert "uploads/mine.csv" not in files_in_use()


def test_showing_a_file_is_using_it(folder, monkeypatch):
    monkeypatch.setattr(upload, "MOST_FILES", 2)
    old = keep(0)
    age(folder)
    keep(1)
    age(folder)
    path = folder.parent / old
    upload.csv_files.read(path)  # from now on it is at hand: the system will see no use
    os.utime(path, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    app = opened(dataset="csv", data_file=old)
    assert not app.warning
    app.selectbox(key=keys.setting("dataset")).set_value("moons").run()
    keep(2)
    assert numbers(folder) == [0, 2]
