"""How a person's hands and eyes work the app in a tab of Chromium."""

import re

from playwright.sync_api import expect


def open_at(tab, url, query=""):
    """Open the Train page and wait until it stands."""
    tab.goto(f"{url}/{query}")
    expect(button(tab, "Reset")).to_be_visible()
    expect(tab.locator("canvas")).to_have_count(4)


def button(tab, name):
    return tab.get_by_role("button", name=name, exact=True)


def link(tab, page, among="stTopNav"):
    """The link to a page, among those in the header or in the sidebar: while a page is drawn, it can be in both."""
    return tab.get_by_test_id(among).get_by_role("link", name=page, exact=True)


def metric(tab, label):
    """The number under a label, as a locator."""
    return tab.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{label}")).get_by_test_id("stMetricValue")


def number(tab, label):
    return float(metric(tab, label).inner_text().replace(",", "").rstrip("%"))


def wait_for_epoch(tab, least):
    tab.wait_for_function(
        """least => [...document.querySelectorAll('[data-testid="stMetric"]')].some(m =>
            m.innerText.startsWith('Epoch') && parseInt(m.innerText.split('\\n').pop().replace(/,/g, '')) >= least)""",
        arg=least,
    )


def at_rest(tab):
    """Wait until the page's script has run to its end."""
    expect(tab.locator("[data-test-script-state=notRunning]")).to_have_count(1)
