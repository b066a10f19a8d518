"""Pages by their own address, and in narrow windows, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import at_rest, button, link
from toynet.ui.derivation.page import SECTIONS


@pytest.fixture
def narrow(browser):
    """A tab 480 pixels wide."""
    context = browser.new_context(viewport={"width": 480, "height": 900})
    page = context.new_page()
    yield page
    context.close()


def among_the_pages(tab, page):
    """The link to a page beside the closed sidebar of a narrow window."""
    return tab.locator(".st-key-pages").get_by_role("link", name=page, exact=True)


def sidebar_lies_over_the_page(tab):
    return tab.get_by_test_id("stSidebar").evaluate("s => s.getBoundingClientRect().right > 0")


@pytest.mark.parametrize(("path", "shows"), [("derivation", "Walk through"), ("", "Epochs a frame")])
def test_a_page_opened_by_its_address_asks_for_nothing_that_is_not_there(tab, url, path, shows):
    answers = []
    tab.on("response", lambda response: answers.append((response.status, response.url)))
    tab.goto(f"{url}/{path}?hidden_size=4")
    expect(tab.get_by_text(shows, exact=True)).to_be_visible()
    at_rest(tab)
    assert any("_stcore/health" in address for _, address in answers)
    assert [answer for answer in answers if answer[0] >= 400] == []  # the tab itself fails on errors in its console


def test_settings_of_a_page_opened_by_its_address_stay_in_it(tab, url):
    tab.goto(f"{url}/derivation?hidden_size=4")
    expect(tab.get_by_text("h = 4, g = tanh")).to_be_visible()
    link(tab, "Train").click()
    expect(button(tab, "Reset")).to_be_visible()
    tab.wait_for_url(re.compile(r"^http://[^/]*/\?hidden_size=4$"))


def test_narrow_windows_show_the_pages_beside_the_closed_sidebar(narrow, url):
    narrow.goto(url)
    expect(button(narrow, "Reset")).to_be_visible()
    among_the_pages(narrow, "Derivation").click()
    expect(narrow.get_by_role("radio", name="Walk through", exact=True)).to_be_visible()
    among_the_pages(narrow, "Train").click()
    expect(button(narrow, "Reset")).to_be_visible()
    assert not sidebar_lies_over_the_page(narrow)


def test_a_page_chosen_in_the_sidebar_closes_it_and_every_section_can_be_pressed(narrow, url):
    narrow.goto(url)
    narrow.get_by_test_id("stExpandSidebarButton").click()
    narrow.wait_for_function("document.querySelector('.stSidebar').getBoundingClientRect().left >= 0")
    link(narrow, "Derivation", among="stSidebarNav").click()
    narrow.wait_for_function("document.querySelector('.stSidebar').getBoundingClientRect().right <= 0")
    for section in [*list(SECTIONS)[1:], "Walk through"]:
        narrow.get_by_role("radio", name=section, exact=True).click()
        expect(narrow.get_by_role("radio", name=section, exact=True)).to_be_checked()


AT_ONCE = """
new MutationObserver((_, observer) => {
  const sidebar = document.querySelector('[data-testid="stSidebar"][data-collapsed="false"]');
  const link = sidebar?.querySelector('[data-testid="stSidebarNavLink"][href$="/derivation"]');
  if (link) observer.disconnect();
  (link ?? (sidebar ? null : document.querySelector('[data-testid="stExpandSidebarButton"]')))?.click();
}).observe(document, {childList: true, subtree: true, attributes: true});
"""


def test_sidebar_closes_over_a_page_chosen_in_it_before_anything_else_is_drawn(narrow, url):
    narrow.add_init_script(AT_ONCE)
    narrow.goto(url)
    expect(narrow.get_by_role("radio", name="Walk through", exact=True)).to_be_visible()
    narrow.wait_for_function("document.querySelector('.stSidebar').getBoundingClientRect().right <= 0")


def test_wide_windows_show_each_page_once_and_leave_the_sidebar_open(tab, url):
    tab.goto(url)
    expect(button(tab, "Reset")).to_be_visible()
    link(tab, "Derivation").click()
    expect(tab.get_by_role("radio", name="Walk through", exact=True)).to_be_visible()
    assert sidebar_lies_over_the_page(tab)


@pytest.mark.parametrize("width", [1400, 480])
def test_dark_sidebar_has_the_hue_of_the_page(browser, url, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark")
    tab = context.new_page()
    tab.goto(f"{url}/derivation")
    expect(tab.get_by_text("h = 8, g = tanh")).to_be_visible()
    colour = "e => getComputedStyle(e).backgroundColor.match(/[0-9]+/g).map(Number)"
    for part in (tab.get_by_test_id("stSidebar"), tab.get_by_test_id("stApp")):
        red, green, blue = part.evaluate(colour)[:3]
        assert red < green < blue < 64
    context.close()
