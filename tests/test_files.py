"""Files are written whole or not at all, and leave nothing else behind."""

import errno
import os

import pytest

from toynet import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def failing(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_new_file_has_the_permissions_that_any_new_file_has(tmp_path):
    (tmp_path / "other").write_text("")
    files.write(tmp_path / "new", b"abc")
    assert (tmp_path / "new").read_bytes() == b"abc" and names(tmp_path) == ["new", "other"]
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_whatever_stops_it_the_old_content_stays_and_no_temporary_file(tmp_path, monkeypatch, call, error):
    def stop(*_):
        raise error

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, call, stop)
    with pytest.raises(type(error)):
        files.write(path, b"new and longer")
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]


def test_the_name_stands_for_the_whole_content_only_once_it_is_on_the_disk(tmp_path, monkeypatch):
    path, seen, fsync = tmp_path / "file", [], os.fsync

    def sync(descriptor):
        seen.append((path.exists(), os.fstat(descriptor).st_size))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    files.write(path, b"abc")
    assert seen == [(False, 3)]


def test_permissions_and_links_outlive_what_they_lead_to(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o604)
    link.symlink_to(target)
    files.write(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new" and target.stat().st_mode & 0o777 == 0o604
    target.unlink()
    files.write(link, b"newer")
    assert link.is_symlink() and target.read_bytes() == b"newer"
    assert names(tmp_path) == ["folder", "link"] and names(tmp_path / "folder") == ["target"]


def test_what_exists_stays_where_it_must_not_be_replaced(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        files.write(path, b"new", overwrite=False)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]
    files.write(tmp_path / "other", b"new", overwrite=False)


def test_check_finds_what_write_would_and_leaves_nothing(tmp_path, monkeypatch):
    files.check(tmp_path / "file", 10**9)
    with pytest.raises(FileNotFoundError):
        files.check(tmp_path / "no" / "file")
    with pytest.raises(IsADirectoryError):
        files.check(tmp_path)
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space left"):
        files.check(tmp_path / "file")
    assert names(tmp_path) == []


@pytest.mark.parametrize("does", [files.check, lambda path: files.write(path, b"new")])
def test_a_file_that_is_closed_to_writing_is_not_replaced_by_way_of_its_folder(tmp_path, monkeypatch, does):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # to root every file is open
    with pytest.raises(PermissionError):
        does(path)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]


def test_the_longest_name_that_a_file_can_have(tmp_path):
    files.write(tmp_path / ("x" * 255), b"abc")
    for does in (files.check, lambda path: files.write(path, b"")):
        with pytest.raises(OSError, match="too long"):
            does(tmp_path / ("x" * 256))
