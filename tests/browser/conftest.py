"""One server and one Chromium for all browser tests; a fresh tab for each."""

import os

import pytest
from playwright.sync_api import expect

from tests import app

PATIENCE = 60_000
"""Milliseconds that anything may take: a busy machine is slow, not wrong."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def url():
    if not app.CHROMIUM:
        message = "no chromium on the PATH: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with app.server() as (address, _):
        yield address


@pytest.fixture(scope="session")
def browser(url):
    with app.chromium() as chromium:
        chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield chromium


@pytest.fixture
def tab(browser):
    """A page in a context of its own, that fails the test on any error in its console."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not errors
