"""The Derivation page as a person uses it, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.driving import at_rest, button, link, metric, open_at, wait_for_epoch
from toynet.ui.derivation.page import SECTIONS, sections


def show(tab, section):
    tab.get_by_role("radio", name=section, exact=True).click()
    expect(tab.get_by_role("radio", name=section, exact=True)).to_be_checked()


def open_derivation(tab, url, query=""):
    open_at(tab, url, query)
    link(tab, "Derivation").click()
    expect(tab.get_by_role("radio", name="Walk through", exact=True)).to_be_visible()


def test_opens_from_the_train_page_and_back_with_everything_kept(tab, url):
    open_at(tab, url, "?dataset=circles&hidden_size=4")
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    tab.get_by_role("radio", name="100", exact=True).click()
    loss = metric(tab, "Train loss").inner_text()
    link(tab, "Derivation").click()
    expect(tab.get_by_text("h = 4, g = tanh")).to_contain_text("after epoch 1")
    tab.wait_for_url(re.compile(r"/derivation\?dataset=circles&hidden_size=4&run=[\w-]+$"))
    link(tab, "Train").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    expect(metric(tab, "Train loss")).to_have_text(loss)
    expect(tab.get_by_role("radio", name="100", exact=True)).to_be_checked()
    expect(tab.get_by_role("combobox", name="Dataset")).to_have_value("Circles")
    tab.wait_for_url(re.compile(r"\?dataset=circles&hidden_size=4&run=[\w-]+$"))


def test_a_run_goes_on_after_a_look_at_its_derivation(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 10)
    link(tab, "Derivation").click()
    expect(tab.get_by_text("training stands still while you are here")).to_be_visible()
    link(tab, "Train").click()
    expect(button(tab, "Pause")).to_be_visible()
    seen = int(metric(tab, "Epoch").inner_text().replace(",", ""))
    wait_for_epoch(tab, seen + 20)
    expect(tab.get_by_text(re.compile(r"Gradient check ✓ relative error \d\S* in \w+"))).to_be_visible()


def test_formulas_are_rendered_and_steps_lead_to_the_three_factors(tab, url):
    open_derivation(tab, url, "?hidden_size=4")
    expect(tab.locator(".katex").first).to_be_visible()
    assert tab.locator(".katex").count() >= 11
    for _ in range(2):
        button(tab, "Next").click()
    expect(tab.get_by_text("The same, all 4 numbers")).to_be_visible()
    assert tab.locator(".katex-error").count() == 0
    assert tab.locator(".matrix-card .matrix").count() >= 6


def test_a_broken_rule_turns_red_and_trains_beside_the_right_one(tab, url):
    open_derivation(tab, url, "?hidden_size=4")
    show(tab, "Break it")
    expect(tab.get_by_text("wrong for W1, b1, W2, b2")).to_be_visible()
    button(tab, "Train both").click()
    expect(tab.get_by_text("Train loss at the end")).to_be_visible()
    link(tab, "Train").click()
    expect(metric(tab, "Epoch")).to_have_text("0")


def test_both_texts_show_their_copy_button_without_a_hover(tab, url):
    open_derivation(tab, url, "?hidden_size=4")
    show(tab, "Take it away")
    expect(tab.get_by_test_id("stCode")).to_have_count(2)
    for name in ("derivation.md", "derivation.py"):
        expect(button(tab, f"Download {name}")).to_be_visible()
    # Only what is visible has a role.
    copying = tab.get_by_role("button", name="Copy to clipboard")
    expect(copying).to_have_count(2)
    opacity = "e => { let o = 1; for (; e; e = e.parentElement) o *= getComputedStyle(e).opacity; return o }"
    assert [button.evaluate(opacity) for button in copying.all()] == [1, 1]


def test_an_answer_is_marked(tab, url):
    open_derivation(tab, url)
    show(tab, "Your turn")
    tab.get_by_role("textbox", name="Your numbers").fill("1 2 3")
    button(tab, "Check").click()
    expect(tab.get_by_text("4 numbers wanted (4 × 1), 3 found")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (480, "dark"), (360, "light")])
@pytest.mark.parametrize("hidden_size", [4, 32])
def test_opens_by_link_and_nothing_is_wider_than_the_window(browser, url, width, scheme, hidden_size):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(f"{url}/derivation?hidden_size={hidden_size}")
    expect(tab.get_by_text(f"h = {hidden_size}, g = tanh")).to_be_visible()
    for section in SECTIONS:
        show(tab, section)
        nothing_is_cut_off(tab, width)
    context.close()


def nothing_is_cut_off(tab, width):
    tab.wait_for_timeout(500)
    assert tab.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    cut_off = "[...document.querySelectorAll('.katex')].filter(f => f.getBoundingClientRect().right > innerWidth)"
    assert tab.evaluate(f"{cut_off}.length") == 0
    wide = "[...document.querySelectorAll('.matrix-box, .checks')].filter(b =>"
    assert tab.evaluate(f"{wide} b.getBoundingClientRect().right > innerWidth).length") == 0
    assert tab.locator(".katex-error").count() == 0
    expect(tab.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize(("classes", "hidden_size", "width", "scheme"), [(3, 4, 1400, "light"), (6, 32, 480, "dark")])
def test_several_outputs_with_all_terms_fit_the_window(browser, url, classes, hidden_size, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    terms = f"dataset=blobs&classes={classes}&output=softmax&l2=0.01&momentum=0.9&hidden_size={hidden_size}"
    tab.goto(f"{url}/derivation?{terms}")
    expect(tab.get_by_text(f"g = tanh, k = {classes} (softmax)")).to_be_visible()
    for _ in range(4):
        nothing_is_cut_off(tab, width)
        button(tab, "Next").click()
    nothing_is_cut_off(tab, width)
    for section in list(sections(classes))[1:]:
        show(tab, section)
        nothing_is_cut_off(tab, width)
        if section == "Both outputs":
            expect(tab.get_by_text(f"The same, all {classes} numbers")).to_have_count(2)
            tops = [tab.locator(f".st-key-output_{output}").bounding_box()["y"] for output in ("sigmoid", "softmax")]
            assert (tops[0] == pytest.approx(tops[1], abs=2)) == (width > 1000)
    context.close()


@pytest.mark.parametrize("width", [1400, 480])
def test_matrix_of_all_samples_scrolls_as_one_bracket_under_the_samples_numbers(browser, url, width):
    context = browser.new_context(viewport={"width": width, "height": 900})
    tab = context.new_page()
    tab.goto(f"{url}/derivation?hidden_size=2")
    tab.get_by_role("radio", name="All training samples").click()
    for symbol in ("A0", "A1"):
        box = tab.locator(f".st-key-quantity_{symbol} .matrix-box")
        expect(box.locator("td")).to_have_count(602)
        assert box.locator(".open").count() == box.locator(".close").count() == 1
        assert box.evaluate("b => b.scrollWidth > 5 * b.clientWidth && b.scrollHeight <= b.clientHeight + 1")
        last, number = box.locator("tr").nth(1).locator("td").nth(-2), box.get_by_text("300", exact=True)
        expect(last).not_to_be_in_viewport()
        last.scroll_into_view_if_needed()
        expect(last).to_be_in_viewport()
        cell, over = last.bounding_box(), number.bounding_box()
        assert over["x"] == pytest.approx(cell["x"], abs=1) and over["y"] + over["height"] <= cell["y"] + 1
    context.close()


def test_numbers_of_rows_and_columns_stay_in_view(tab, url):
    open_derivation(tab, url, "?hidden_size=32")
    tab.get_by_role("radio", name="All training samples").click()
    box = tab.locator(".st-key-quantity_A1 .matrix-box")
    expect(box.locator("td")).to_have_count(32 * 75 + 2)
    at_rest(tab)
    box.scroll_into_view_if_needed()
    box.evaluate("b => b.scrollTo(b.scrollWidth, b.scrollHeight)")
    frame, last, over = (
        part.bounding_box() for part in (box, box.locator("tr").last, box.locator("th", has_text="75"))
    )
    row = box.locator("tr").last.locator("th").bounding_box()
    assert last["y"] + last["height"] <= frame["y"] + frame["height"] + 1
    assert frame["x"] - 1 <= row["x"] < frame["x"] + 20
    assert frame["y"] - 1 <= over["y"] < frame["y"] + 30
    assert frame["x"] < over["x"] < frame["x"] + frame["width"]


@pytest.mark.parametrize("step", [0, 2])
def test_w1_a1_and_dc_dw2_of_32_units_are_shown_in_the_step_that_introduces_them(tab, url, step):
    open_derivation(tab, url, "?hidden_size=32")
    for _ in range(step):
        button(tab, "Next").click()
    for symbol, numbers in {0: {"W1": 64, "A1": 32}, 2: {"dC_dW2": 32}}[step].items():
        box = tab.locator(f".st-key-quantity_{symbol} .matrix-box")
        expect(box).to_be_visible()
        assert box.locator("td").count() == numbers + 2


def test_names_in_the_strip_are_mathematics(tab, url):
    open_derivation(tab, url)
    strip = tab.locator(".st-key-overview")
    expect(strip.locator(".katex")).to_have_count(25)
    assert not re.search(r"dC_d|y_hat", strip.locator(".katex-html").first.inner_text())
    assert tab.locator(".katex-error").count() == 0


def test_a_click_in_the_boundary_picture_picks_a_sample(tab, url):
    open_derivation(tab, url, "?hidden_size=4&samples=20&noise=0")
    button(tab, "Pick in the picture").click()
    picture = tab.locator("[data-testid=stPopoverBody] canvas")
    expect(picture).to_be_visible()
    at_rest(tab)
    number, place = (
        tab.get_by_role("spinbutton", name="Sample, 1 to"),
        tab.get_by_text("A0 holds the standardised inputs"),
    )
    expect(number).to_have_value("1")
    box, first = picture.bounding_box(), place.inner_text()
    told = tab.locator("#vg-tooltip-element.visible")
    spots = [(x, y) for y in range(110, 330, 6) for x in range(80, 500, 6)]
    for x, y in spots:
        tab.mouse.move(box["x"] + x, box["y"] + y)
        if told.count() and "training" in told.inner_text():
            tab.mouse.click(box["x"] + x, box["y"] + y)
            break
    expect(number).not_to_have_value("1")
    expect(place).not_to_have_text(first)
