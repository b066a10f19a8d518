"""Addresses and files that attack, in a real Chromium: they are text, and nothing is asked for elsewhere."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.driving import at_rest, button, link, metric, open_at
from tests.browser.test_train import field_colours
from toynet.ui.as_text import as_text
from toynet.ui.controls.upload import UPLOADS
from toynet.ui.derivation.page import SECTIONS


@pytest.fixture
def elsewhere():
    """Another server on this machine: its address, and the paths that were asked for."""
    asked = []

    class Note(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Note)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


UPLOADED = set()
"""Ends of the names of the files that were uploaded here."""


@pytest.fixture
def no_traces():
    """What a test uploads goes with it; other tests' files stay, which may be at work in another process."""
    yield
    for mine in UPLOADED:
        for path in UPLOADS.glob(f"*-{mine}.csv"):
            path.unlink()


def marks(place):
    """Texts that Markdown or Streamlit would make something of."""
    return [
        f"![x]({place}/image.svg)",
        f"[Session expired, sign in]({place}/login)",
        f"{place}/bare",
        f"<img src={place}/html.svg>",
        "www.example.org/x",
        "someone@example.org",
        "$a_1$",
        ":red[x]",
        ":material/home:",
        ":smile:",
        "**b** `c` ~~d~~",
    ]


def assert_is_all_text(tab):
    """Neither links nor images of others, no mathematics beside the page's own, and nothing of Markdown."""
    found = tab.evaluate(
        """() => [...document.querySelectorAll('a[href], img, iframe')].map(e => e.href || e.src)
            .filter(to => to && !to.startsWith(location.origin) && !to.startsWith('data:'))"""
    )
    assert found == []
    told = (
        "[data-testid=stAlert], [data-testid=stCaptionContainer], [data-testid=stToast], [data-testid=stSidebar] label"
    )
    inside = ".katex, strong, em, del, code, [data-testid=stIconMaterial]:not([data-testid=stAlertDynamicIcon] *)"
    for part in tab.locator(told).all():
        assert part.locator(inside).count() == 0, part.inner_html()
    assert tab.get_by_text("😄").count() == 0


def hover_charts(tab):
    """Move over every chart until each has told something, or all of it was passed."""
    at_rest(tab)
    told = tab.locator("#vg-tooltip-element.visible")
    seen = []
    for chart in tab.locator(".stMain canvas").all():
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        for x in range(40, int(box["width"]) - 20, 45):
            for y in range(40, int(box["height"]) - 30, 45):
                tab.mouse.move(box["x"] + x, box["y"] + y)
                if told.count():
                    seen.append(told.first.evaluate("e => e.innerHTML", timeout=5000))
    return seen


@pytest.mark.parametrize("path", ["", "derivation"])
@pytest.mark.parametrize("where", ["key", "value", "data_file", "target"])
def test_addresses_are_shown_as_text(browser, url, elsewhere, path, where):
    place, asked = elsewhere
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    for mark in marks(place):
        query = {
            "key": f"{quote(mark, safe='')}=1",
            "value": f"dataset={quote(mark, safe='')}",
            "data_file": f"dataset=csv&data_file={quote(mark, safe='')}",
            "target": f"dataset=csv&data_file=penguins.csv&target={quote(mark, safe='')}",
        }[where]
        tab.goto(f"{url}/{path}?{query}")
        warning = tab.get_by_test_id("stAlert")
        expect(warning.first).to_be_visible()
        at_rest(tab)
        assert mark in warning.first.inner_text().replace("\u2060", "")
        assert_is_all_text(tab)
    tab.close()
    assert asked == []


def named(place):
    """A CSV whose names are marks, and that has classes and a missing cell to be told of."""
    image, link, bare, html, *_, maths, red, icon, smile, _ = marks(place)
    header = f'{image},"{maths}","{link}","{bare}"\n'
    rows = "".join(f'{i % 9},{i * i % 13},"{(html, icon, red)[i % 3]}","{smile if i == 3 else i}"\n' for i in range(80))
    return f"{header}{rows},1,{html},1\n"


def upload(tab, name, content):
    UPLOADED.add(hashlib.sha256(content.encode()).hexdigest()[:16])
    tab.set_input_files("input[type=file]", files=[{"name": name, "mimeType": "text/csv", "buffer": content.encode()}])


def test_names_in_files_are_shown_as_text_on_every_page_and_section(tab, url, elsewhere, no_traces):
    place, asked = elsewhere
    open_at(tab, url, "?hidden_size=3")
    upload(tab, f"![x]({place}/name.svg).csv".replace("/", "∕"), named(place))
    expect(tab.get_by_role("combobox", name="Feature 1 (across)")).to_have_value(marks(place)[0])
    at_rest(tab)
    for label in ("Feature 1 (across)", "Class 1 (blue)", "Class 0 (orange)"):
        box = tab.get_by_role("combobox", name=label)
        box.click()
        tab.keyboard.press("ArrowDown")
        expect(tab.get_by_role("option").first).to_be_visible()
        assert_is_all_text(tab)
        # Against class 0 there is one only where class 1 is chosen.
        tab.keyboard.press("Enter" if label == "Class 1 (blue)" else "Escape")
    assert any(marks(place)[0].split("(")[0] in html for html in hover_charts(tab))
    link(tab, "Derivation").click()
    for section in SECTIONS:
        tab.get_by_role("radio", name=section, exact=True).click()
        expect(tab.get_by_role("radio", name=section, exact=True)).to_be_checked()
        at_rest(tab)
        assert_is_all_text(tab)
        hover_charts(tab)
    assert asked == []


def test_a_column_called_image_is_no_image_in_a_tooltip(tab, url, elsewhere, no_traces):
    place, asked = elsewhere
    rows = "".join(f"{i % 9},{i * i % 13},{place}/{i % 2}.svg\n" for i in range(80))
    open_at(tab, url, "?hidden_size=3")
    upload(tab, "named.csv", f"image,title,kind\n{rows}")
    expect(tab.get_by_role("combobox", name="Feature 1 (across)")).to_have_value("image")
    at_rest(tab)
    seen = hover_charts(tab)
    assert any("image" in html for html in seen)
    assert not any("<img" in html or "<h2" in html for html in seen)
    assert asked == []


def as_told(mark):
    """The text of a mark on the page: with joiners, but without escapes."""
    return re.sub(r"\\(.)", r"\1", as_text(mark))


def test_errors_about_files_are_shown_as_text(tab, url, elsewhere, no_traces):
    place, asked = elsewhere
    open_at(tab, url)
    for mark in marks(place):
        upload(tab, f"{mark}.csv".replace("/", "∕"), f'"{mark}",b,kind\n1,1,"{mark}"\n2,2,"{mark}"\n')
        error = tab.get_by_test_id("stSidebar").get_by_test_id("stAlert")
        expect(error).to_contain_text(as_told(mark.replace("/", "∕")[:20]))
        at_rest(tab)
        assert_is_all_text(tab)
    assert asked == []


def test_a_file_of_separators_is_refused_and_its_names_make_no_long_address(tab, url, no_traces):
    open_at(tab, url)
    good = "a,b,kind\n" + "".join(f"{i % 9},{i * i % 13},{i % 2}\n" for i in range(80))
    upload(tab, "separators.csv", good + "," * 60_000 + "x")
    expect(tab.get_by_test_id("stSidebar").get_by_test_id("stAlert")).to_contain_text("line 82 has 60001 cells")
    upload(tab, "long.csv", good.replace("a,b", f"{'n' * 90_000},b"))
    tab.wait_for_function("location.search.includes('data_file=uploads')")
    assert len(tab.url) < 500


@pytest.mark.parametrize(
    "values", [[10**15 + i for i in range(5)], [f"{i}e-70" for i in range(1, 6)], [f"{i}e149" for i in range(1, 6)]]
)
def test_very_large_and_very_small_inputs_are_drawn(tab, url, values, no_traces):
    """Any error in the console fails the test."""
    open_at(tab, url)
    rows = "".join(f"{values[i % 5]},{i * i % 13},{'red' if i % 5 > 2 else 'green'}\n" for i in range(80))
    upload(tab, "extreme.csv", f"a,b,kind\n{rows}")
    expect(tab.get_by_role("combobox", name="Feature 1 (across)")).to_have_value("a")
    at_rest(tab)  # a click that comes before the new run stands is the old one's
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    at_rest(tab)
    assert field_colours(tab) > 20
    hover_charts(tab)


def test_inputs_too_close_for_a_picture_are_refused(tab, url, no_traces):
    open_at(tab, url)
    rows = "".join(f"{i % 5}e-310,{i * i % 13},{'red' if i % 5 > 2 else 'green'}\n" for i in range(80))
    upload(tab, "tiny.csv", f"a,b,kind\n{rows}")
    expect(tab.get_by_text("give them in a smaller unit")).to_be_visible()
