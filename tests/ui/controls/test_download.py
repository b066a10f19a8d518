"""Downloads outlive the redrawing of the page."""

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from toynet.ui.controls import download


def make():
    return b"a,b\n1,2\n"


@pytest.fixture
def session(monkeypatch):
    """Whose script runs, as Streamlit sees it; nobody's in the thread that makes a file."""
    now = ["a tab"]
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: now[0])
    return now


@pytest.fixture
def manager(session):
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def redraw(manager):
    """What Streamlit does when a script runs that draws no button."""
    manager.clear_session_refs()
    manager.remove_orphaned_files()


def test_the_last_ids_can_still_be_clicked(manager):
    functions = [lambda n=n: f"{n}\n" for n in range(download.IDS + 1)]
    ids = []
    for function in functions:
        ids.append(manager.add_deferred(function, "text/csv", "1.(0)"))
        download._keep_id(manager, function)
        redraw(manager)
    assert all(manager.execute_deferred(id_) for id_ in ids[1:])
    with pytest.raises(MediaFileStorageError):
        manager.execute_deferred(ids[0])


def test_without_that_streamlit_forgets(manager):
    id_ = manager.add_deferred(make, "text/csv", "1.(0)")
    redraw(manager)
    with pytest.raises(MediaFileStorageError):
        manager.execute_deferred(id_)


def test_the_last_files_can_still_be_fetched(manager, session, monkeypatch):
    monkeypatch.setattr(download, "get_instance", lambda: type("Runtime", (), {"media_file_mgr": manager}))
    monkeypatch.setattr(download, "exists", lambda: True)
    clicked = []
    monkeypatch.setattr(download.st, "download_button", lambda *_, data, **__: clicked.append(data))
    files = [f"{n}\n".encode() for n in range(download.FILES + 1)]
    for content in files:
        download.button("Download", lambda content=content: content, "a.csv", "text/csv")
        id_ = manager.add_deferred(clicked[-1], "text/csv", "1.(0)", "a.csv")
        session[0] = "nobody"
        name = manager.execute_deferred(id_).rsplit("/", 1)[1]
        session[0] = "a tab"
        for _ in range(3):
            redraw(manager)
        assert manager.read_file(name).content == content
    assert manager.read_file(name).content == files[-1]
