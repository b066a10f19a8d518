"""One server and one Chromium for all browser tests; a fresh tab for each."""

import os

import pytest
from playwright.sync_api import expect

from tests import app

# A busy machine is slow, not wrong: what is waited for may take its time.
expect.set_options(timeout=20_000)


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
        yield chromium


@pytest.fixture
def tab(browser):
    """A page in a context of its own, that fails the test on any error in its console."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not errors
