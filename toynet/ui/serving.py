"""How the server serves ToyNet: a page opened by its own address asks for nothing that is not there.

Streamlit's front end looks for the server below the address that was opened, /derivation/_stcore/health,
and only after a 404 above it. A page that names the server's address is believed.
"""

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

WHERE = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
"""The server is where the page's own files are: one level above the page's name."""


def pages(*paths):
    """Routes that serve the pages of these names.

    Parameters
    ----------
    paths : str
        As in `st.Page(url_path=...)`; the default page, at /, needs none.

    Returns
    -------
    list of starlette.routing.Route
    """
    base = st.get_option("server.baseUrlPath").strip("/")
    return [Route(f"/{base}/{path}" if base else f"/{path}", _page) for path in paths]


def _page(_request):
    # Read anew: an upgraded Streamlit has other files behind other names.
    html = SHELL.read_text("utf-8").replace("<head>", f"<head>{WHERE}", 1)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


@asynccontextmanager
async def opening(_app):
    """Show the dashboard in a browser once the server listens, as `streamlit run` does for a script alone."""
    if not st.get_option("server.headless"):
        address = st.get_option("browser.serverAddress")
        if not st.config.is_manually_set("browser.serverAddress"):
            address = server_util.get_display_address(st.get_option("server.address") or "localhost")
        threading.Timer(0.5, cli_util.open_browser, [server_util.get_url(address)]).start()
    yield
