"""How the server serves ToyNet: a page stands soon, and asks for nothing that is not there.

Streamlit's front end looks for the server below the address that was opened, /derivation/_stcore/health,
and only after a 404 above it. A page that names the server's address is believed. The front end asks for what it draws
an element with when it first draws one, some seventy files, those that others import after these; and what it has
to wait for, it shows 0.3 s later at the earliest. A page that names the files has them loaded while it starts, and
none of them waits in the server.
"""

import gc
import re
import socket
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit import cli_util
from streamlit.web.server import server_util

SHELL = Path(st.__file__).parent / "static" / "index.html"
"""Streamlit's page, into which its front end draws."""

LINK = '<link rel="modulepreload" fetchpriority="low" crossorigin href="./static/js/{}">'
"""Asks for a file after those that the page cannot start without."""

ASKED_FOR = re.compile(r'"\./static/js/([^"/]+)"')
IMPORTED = re.compile(r'(?:from|import)"\./([^"/]+\.js)"')

ELEMENTS = (
    "ArrowVegaLiteChart",
    "Html",
    "PageLink",
    "Button",
    "ButtonGroup",
    "DownloadButton",
    "Selectbox",
    "FileUploader",
    "Slider",
    "NumberInput",
    "Multiselect",
)
"""What every page is made of, by the names of the front end's files."""

MORE = {"runs": ("DataFrame", "TextInput"), "sweep": ("TextInput",)}
"""What a page has besides, by its name."""

WHERE = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
"""The server is where the page's own files are: one level above the page's name."""

TCP = (socket.AF_INET, socket.AF_INET6)


def pages(*paths):
    """Routes that serve the pages of these names.

    Parameters
    ----------
    paths : str
        As in `st.Page(url_path=...)`; "" is the default page.

    Returns
    -------
    list of starlette.routing.Route
    """
    base = st.get_option("server.baseUrlPath").strip("/")
    return [Route(f"/{base}/{path}" if base else f"/{path}", _page(path)) for path in paths]


def needed(html, elements):
    """The files of the front end that elements are drawn with, apart from those that the page asks for itself.

    Parameters
    ----------
    html : str
        Streamlit's page.
    elements : iterable of str

    Returns
    -------
    list of str
        Names of files, each before those that it imports. What this Streamlit does not have is left out.
    """
    folder = SHELL.parent / "static" / "js"
    known, found = set(ASKED_FOR.findall(html)), []
    wanted = [path.name for element in elements for path in folder.glob(f"{element}.*.js")]
    while wanted:
        name = wanted.pop(0)
        if name not in known:
            known.add(name)
            found.append(name)
            wanted += IMPORTED.findall((folder / name).read_text("utf-8"))
    return found


def _page(path):
    """What answers for a page."""

    def answer(_request):
        # Read anew: an upgraded Streamlit has other files behind other names.
        html = SHELL.read_text("utf-8")
        links = "".join(LINK.format(name) for name in needed(html, (*ELEMENTS, *MORE.get(path, ()))))
        html = html.replace("<head>", f"<head>{WHERE}", 1).replace("</head>", f"{links}</head>", 1)
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    return answer


@asynccontextmanager
async def lifespan(_app):
    """What a server that is about to listen does first, as a Starlette lifespan."""
    _send_at_once()
    _show_in_browser()
    yield


def _send_at_once():
    """Let nothing that the server sends wait for the browser's word that it has what was sent before.

    Every answer goes out in two pieces, and TCP holds the second until the first is acknowledged, 40 ms later
    (Nagle's algorithm). asyncio switches that off where a socket was made for TCP by name, which the one that
    Streamlit listens on is not (uvicorn's issue 3149). Connections inherit the option from it.
    """
    # Nobody hands that socket to an app.
    for thing in gc.get_objects():
        if type(thing) is socket.socket and thing.fileno() >= 0 and thing.family in TCP:
            thing.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _show_in_browser():
    """As `streamlit run` does for a script alone."""
    if not st.get_option("server.headless"):
        address = st.get_option("browser.serverAddress")
        if not st.config.is_manually_set("browser.serverAddress"):
            address = server_util.get_display_address(st.get_option("server.address") or "localhost")
        threading.Timer(0.5, cli_util.open_browser, [server_util.get_url(address)]).start()
