"""The app's pages through Streamlit's own AppTest: how to open them and what is read from them."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from toynet.ui import keys

SCRIPT = str(Path(__file__).parent.parent / "dashboard.py")


def opened(**query):
    """The Train page, at an address with these settings."""
    app = AppTest.from_file(SCRIPT, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def session(app):
    """The tab's session."""
    return app.session_state[keys.SESSION]


def trainer(app):
    """The trainer of the page's experiment."""
    return session(app).experiment.trainer


def numbers(app):
    """Label -> text of the numbers in view."""
    return dict(re.findall(r'MetricLabel">(.*?)</div><div data-testid="stMetricValue">(.*?)</div>', numbers_html(app)))


def numbers_html(app):
    """The numbers, the bar and the gradient check beside it, as they are sent."""
    return next(part.proto.body for part in app.get("html") if 'class="numbers"' in part.proto.body)


def go(app, page):
    """Follow the navigation's link; as in a browser, it takes no settings along in the address."""
    # AppTest.switch_page knows pages that are files only.
    app._page_hash = next(h for h, info in app._registered_pages.items() if info["page_name"] == page)
    for name in list(app.query_params):
        del app.query_params[name]
    app.run()
    assert not app.exception
    return app


def derivation(section="Walk through", **query):
    """A section of the Derivation page, reached from the Train page at an address with these settings."""
    app = go(opened(**query), "Derivation")
    return show(app, section)


def show(app, section):
    """Choose a section of the Derivation page."""
    choose(app, keys.SECTION, section)
    return app


def choose(app, key, value):
    """Choose in a segmented control."""
    app.button_group(key=key).set_value(value).run()
    assert not app.exception


def press(app, key):
    """Press a button."""
    app.button(key=key).click().run()
    assert not app.exception, [e.value for e in app.exception]
    return app
