"""What a change of settings takes away and gives back, in a real Chromium: Undo, Back, and batches in mid-run."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import at_rest, button, link, metric, number, open_at, wait_for_epoch


def move(tab, label, key="ArrowRight"):
    """Move a slider by a key, and wait for what the app makes of it."""
    before = tab.url
    thumb = tab.get_by_role("slider", name=label)
    thumb.focus()
    thumb.press(key)
    tab.wait_for_url(lambda url: url != before)
    at_rest(tab)


def choose_dataset(tab, name):
    tab.get_by_role("combobox", name="Dataset").click()
    tab.get_by_role("option", name=name, exact=True).click()
    at_rest(tab)


def trained(tab, url, query=""):
    open_at(tab, url, query)
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    at_rest(tab)


def entries(tab):
    return tab.evaluate("history.length")


# --- Undo ------------------------------------------------------------------------------


def test_undo_brings_the_run_its_controls_and_its_address_back_and_nothing_jumps(tab, url):
    trained(tab, url, "?dataset=circles")
    loss, top = metric(tab, "Train loss").inner_text(), metric(tab, "Epoch").bounding_box()["y"]
    move(tab, "Hidden size")
    expect(tab.get_by_text("Hidden size is now 10: a new run starts.")).to_be_visible()
    expect(metric(tab, "Epoch")).to_have_text("0")
    assert metric(tab, "Epoch").bounding_box()["y"] == top
    button(tab, "Undo").dblclick()
    expect(metric(tab, "Epoch")).to_have_text("1")
    expect(metric(tab, "Train loss")).to_have_text(loss)
    expect(button(tab, "Undo")).to_have_count(0)
    expect(tab.get_by_role("slider", name="Hidden size")).to_have_attribute("aria-valuetext", "8")
    tab.wait_for_url(re.compile(r"\?dataset=circles&run=[\w-]+$"))
    at_rest(tab)
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("2")


def test_a_running_run_comes_back_paused_from_either_page(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    link(tab, "Derivation").click()
    expect(tab.get_by_text("training stands still while you are here")).to_be_visible()
    at_rest(tab)
    move(tab, "Hidden size")
    expect(tab.get_by_text("h = 10, g = tanh")).to_contain_text("after epoch 0")
    button(tab, "Undo").click()
    expect(tab.get_by_text("h = 8, g = tanh")).to_contain_text("(paused)")
    link(tab, "Train").click()
    expect(button(tab, "Train")).to_be_visible()
    assert number(tab, "Epoch") >= 20


def test_reset_in_full_run_is_undone_and_the_offer_goes_with_the_first_update(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    button(tab, "Reset").click()
    expect(metric(tab, "Epoch")).to_have_text("0")
    button(tab, "Undo").click()
    expect(metric(tab, "Epoch")).not_to_have_text("0")
    at_rest(tab)
    button(tab, "Reset").click()
    expect(button(tab, "Undo")).to_be_visible()
    button(tab, "Train").click()
    expect(button(tab, "Undo")).to_have_count(0)


# --- Back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["", "?dataset=breast_cancer", "?learning_rate=1&samples=400", "?hidden_size=-3&colour=red"]
)
def test_back_after_changes_of_settings_leaves_at_the_first_press(tab, url, query):
    tab.goto("about:blank")
    open_at(tab, url, query)
    at_rest(tab)
    if "colour" in query:
        tab.wait_for_url(re.compile("/$"))
    before = entries(tab)
    choose_dataset(tab, "Circles")
    tab.wait_for_url(re.compile("dataset=circles"))
    move(tab, "Hidden size")
    assert entries(tab) == before
    tab.go_back()
    assert tab.url == "about:blank"


def test_back_from_the_derivation_page_shows_the_train_page_with_the_present_settings(tab, url):
    trained(tab, url, "?dataset=circles")
    before = entries(tab)
    link(tab, "Derivation").click()
    tab.wait_for_url(re.compile(r"/derivation\?dataset=circles&run=[\w-]+$"))
    at_rest(tab)
    assert entries(tab) == before + 1
    move(tab, "Learning rate")
    assert entries(tab) == before + 1
    tab.go_back()
    expect(metric(tab, "Epoch")).to_have_text("1")
    tab.wait_for_url(re.compile(r"/\?dataset=circles&learning_rate=0.5&run=[\w-]+$"))
    tab.go_forward()
    expect(tab.get_by_text("η = 0.5")).to_be_visible()


# --- batches in mid-run ----------------------------------------------------------------


def test_batches_change_while_training_goes_on(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    tab.get_by_role("radio", name="stochastic").click()
    tab.wait_for_url(re.compile("batch_mode=stochastic"))
    expect(button(tab, "Pause")).to_be_visible()
    wait_for_epoch(tab, number(tab, "Epoch") + 20)
    button(tab, "Pause").click()
    at_rest(tab)
    assert number(tab, "Update") > 20 + 20 * 300
    expect(button(tab, "Undo")).to_have_count(0)
