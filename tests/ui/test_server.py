"""The server as `.streamlit/config.toml` sets it up: private, quiet, and closed to strangers."""

import asyncio
import itertools
import os
import pty
import re
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
import websocket
from streamlit.web.server.starlette import starlette_server

from tests import app, pages
from toynet.ui import serving


@pytest.fixture(scope="module")
def server():
    with app.server() as (url, process):
        yield url, process


def connect(url, host, origin):
    """Status of a WebSocket handshake that claims this Host and Origin."""
    address = url.replace("http", "ws") + "/_stcore/stream"
    try:
        websocket.create_connection(address, host=host, origin=origin, timeout=10).close()
    except websocket.WebSocketBadStatusException as refused:
        return refused.status_code
    return 101


def test_listens_on_this_machine_only(server):
    _, process = server
    listening = [c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_serves_its_own_host_and_refuses_foreign_ones(server):
    url, _ = server
    own = url.removeprefix("http://")
    port = own.split(":")[1]
    assert connect(url, own, url) == 101
    assert connect(url, f"rebound.example:{port}", f"http://rebound.example:{port}") == 403
    assert connect(url, own, "http://elsewhere.example") == 403


def test_every_page_is_served_by_its_own_address():
    """Without its route a page logs two 404 where it is opened directly."""
    import dashboard

    addresses = {page["url_pathname"] for page in pages.opened()._registered_pages.values()}
    assert addresses >= {"", "derivation"}
    assert {route.path.strip("/") for route in dashboard.app._user_routes} == addresses


def test_pages_are_served_below_the_servers_base_path(monkeypatch):
    monkeypatch.setattr(serving.st, "get_option", {"server.baseUrlPath": "/toy/"}.get)
    assert [route.path for route in serving.pages("", "derivation")] == ["/toy/", "/toy/derivation"]


@pytest.mark.parametrize("address", ["/", "/?hidden_size=4", "/derivation?hidden_size=4", "/runs"])
def test_pages_name_the_servers_address_and_their_files_are_there(server, address):
    url, _ = server
    html = urllib.request.urlopen(url + address).read().decode()
    assert html.count("BACKEND_BASE_URL") == 1
    paths = re.findall(r'(?:src|href)="\./(static/[^"]+)"', html)
    assert len(paths) == len(set(paths))
    assert any("/DataFrame." in path for path in paths) == address.startswith("/runs")
    for path in paths:
        assert urllib.request.urlopen(f"{url}/{path}").status == 200


def test_every_element_of_the_pages_is_one_of_the_front_ends_and_brings_what_it_imports():
    """A Streamlit that calls its files otherwise is still served, only later: this test is who notices."""
    html = serving.SHELL.read_text()
    for element in (*serving.ELEMENTS, *itertools.chain(*serving.MORE.values())):
        assert serving.needed(html, [element])[0].startswith(f"{element}."), element
    assert any(name.startswith("embed.") for name in serving.needed(html, ["ArrowVegaLiteChart"]))
    assert serving.needed(html, ["NoSuchElement"]) == []


def test_what_the_server_sends_waits_for_no_acknowledgement(monkeypatch):
    """On the socket that Streamlit itself listens on, made before the app's lifespan begins."""
    monkeypatch.setattr(serving, "_show_in_browser", lambda: None)

    async def begin():
        async with serving.lifespan(None):
            pass

    with starlette_server._bind_socket("127.0.0.1", 0, 5) as listening:
        asyncio.run(begin())
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_first_start_on_a_terminal_asks_nothing(tmp_path):
    """A new home folder, a terminal for standard input: the app must come up by itself."""
    ours, theirs = pty.openpty()
    port = app.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard.py", f"--server.port={port}"],
        cwd=app.ROOT,
        env={**os.environ, "HOME": str(tmp_path), "BROWSER": "true"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline, os.read(ours, 4000).decode()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        printed = os.read(ours, 4000).decode().lower()
        assert "email" not in printed
        assert "usage statistics" not in printed
    finally:
        process.terminate()
        process.wait(timeout=10)
