"""The Train page as a person uses it, in a real Chromium."""

import io
import re
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app import server
from tests.browser.driving import at_rest, button, metric, number, open_at, wait_for_epoch
from tests.charts.test_aggregation import extents
from toynet import Config, Trainer, train
from toynet.charts import field, network, palette
from toynet.charts.curves import AROUND, LOSSES, NORMS
from toynet.charts.palette import INK, SERIES_COLOURS
from toynet.derivation.numerals import text
from toynet.network import forward
from toynet.ui import keys
from toynet.ui.controls.upload import UPLOADS

POINTS = "a,b,kind\n" + "\n".join(f"{i % 9},{i * i % 13},{'red' if i % 9 > 4 else 'green'}" for i in range(80))


def downloaded(tab):
    """The metrics table that Download CSV gives."""
    with tab.expect_download() as download:
        button(tab, "Download CSV").click()
    return pd.read_csv(Path(download.value.path()), keep_default_na=False, na_values=[])


def upload(tab, name, content):
    tab.set_input_files("input[type=file]", files=[{"name": name, "mimeType": "text/csv", "buffer": content}])


def field_colours(tab):
    """How many different colours the boundary picture shows."""
    return tab.evaluate(
        """() => { const c = document.querySelector('canvas'), g = c.getContext('2d'), seen = new Set();
            for (let x = 0.2; x < 0.9; x += 0.05) for (let y = 0.2; y < 0.8; y += 0.05)
                seen.add(g.getImageData(c.width * x | 0, c.height * y | 0, 1, 1).data.join());
            return seen.size; }"""
    )


def test_opens_on_the_data_and_the_untrained_field(tab, url):
    open_at(tab, url)
    assert number(tab, "Epoch") == 0
    tab.wait_for_timeout(300)
    assert field_colours(tab) > 20
    first = train(Config(epochs=1)).history.iloc[0]
    expect(metric(tab, "Train loss")).to_have_text(f"{first.train_loss:.4f}")
    expect(metric(tab, "Test accuracy")).to_have_text(f"{first.test_accuracy:.1%}")


def test_page_names_all_files_that_it_is_drawn_with(tab, url):
    """So that none is waited for once its element is to be drawn."""
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    open_at(tab, url)
    at_rest(tab)
    files = {address.rsplit("/", 1)[1] for address in asked if "/static/js/" in address}
    assert len(files) > 100
    assert files - set(re.findall(r'static/js/([^"]+)"', tab.request.get(url).text())) == set()


def test_trains_live_pauses_and_goes_on_to_the_end(tab, url):
    open_at(tab, url, "?epochs=400")
    button(tab, "Train").click()
    expect(button(tab, "Pause")).to_be_visible()
    wait_for_epoch(tab, 10)
    button(tab, "Pause").click()
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    paused = number(tab, "Epoch")
    tab.wait_for_timeout(400)
    assert number(tab, "Epoch") == paused
    button(tab, "Train").click()
    wait_for_epoch(tab, 400)
    expect(button(tab, "Train")).to_be_visible()
    last = train(Config(epochs=400)).history.iloc[-1]
    expect(metric(tab, "Train loss")).to_have_text(f"{last.train_loss:.4f}")
    expect(metric(tab, "Gradient norm")).to_have_text(text(last.grad_norm, 3))


def test_after_the_end_train_goes_on_for_as_many_again(tab, url):
    open_at(tab, url, "?epochs=20")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    expect(tab.get_by_text("Epoch 20 of 20")).to_be_visible()
    button(tab, "Train").click()
    wait_for_epoch(tab, 40)
    expect(tab.get_by_text("Epoch 40 of 40")).to_be_visible()


def test_step_is_one_update_and_one_epoch_completes_it(tab, url):
    open_at(tab, url, "?batch_mode=mini&batch_size=64")
    button(tab, "Step (one update)").click()
    expect(metric(tab, "Update")).to_have_text("1")
    expect(metric(tab, "Epoch")).to_have_text("0")
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    expect(metric(tab, "Update")).to_have_text("5")


def test_reset_gives_the_same_start_again(tab, url):
    open_at(tab, url)
    start = metric(tab, "Train loss").inner_text()
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    button(tab, "Reset").click()
    expect(metric(tab, "Epoch")).to_have_text("0")
    expect(metric(tab, "Train loss")).to_have_text(start)


def network_canvas(tab):
    canvas = tab.locator("canvas").nth(3)
    canvas.scroll_into_view_if_needed()
    return canvas


@pytest.mark.parametrize(("h", "activation"), [(5, "tanh"), (5, "sigmoid"), (5, "relu"), (18, "tanh")])
def test_a_hidden_units_square_has_the_colours_of_its_field(tab, url, h, activation):
    """At five places of each square: the colour of A1 there or nearby, which network.py computes."""
    open_at(tab, url, f"?hidden_size={h}&activation={activation}")
    canvas = network_canvas(tab)
    trainer = Trainer(Config(hidden_size=h, activation=activation))
    plane = field.plane(trainer.split)
    A1 = forward(trainer.parameters, plane.X, activation).A1.reshape(h, field.GRID, field.GRID)[:, ::-1]
    width, rows = canvas.evaluate("c => parseFloat(c.style.width)"), 1 if h <= network.A_ROW else 2
    pitch = width / (h + rows - 1)
    side = 2 * int(min(32, 0.35 * rows * pitch))
    for unit in range(h):
        left = round(pitch * (unit + rows / 2)) - side / 2
        top = network.UNITS + (unit % rows) * network.ROW
        for u, v in ((0.5, 0.5), (0.2, 0.2), (0.8, 0.2), (0.7, 0.8), (0.3, 0.6)):
            x, y = left + u * side, top + v * side
            pixel = canvas.evaluate(
                "(c, [x, y]) => { const k = c.width / parseFloat(c.style.width);"
                " return [...c.getContext('2d').getImageData(x * k, y * k, 1, 1).data.slice(0, 3)]; }",
                [x, y],
            )
            row, column = int(v * field.GRID), int(u * field.GRID)
            near = A1[unit, row - 2 : row + 3, column - 2 : column + 3].ravel()  # a pixel and a half on the screen
            if activation == "relu":
                near = near / max(A1[unit].max(), 1e-9)
            colours = np.array([[int(palette.shade(a)[i : i + 2], 16) for i in (1, 3, 5)] for a in near])
            assert (pixel >= colours.min(axis=0) - 12).all() and (pixel <= colours.max(axis=0) + 12).all(), (unit, u, v)


def test_hovering_a_bias_tells_its_value(tab, url):
    open_at(tab, url, "?hidden_size=2")
    one = Trainer(Config(hidden_size=2))
    one.run_epoch()
    button(tab, "One epoch").click()
    expect(metric(tab, "Epoch")).to_have_text("1")
    at_rest(tab)
    canvas = network_canvas(tab)
    box, width = canvas.bounding_box(), canvas.evaluate("c => parseFloat(c.style.width)")
    tab.mouse.move(box["x"] + round(width / 4) - 32, box["y"] + network.UNITS + 64)
    told = tab.locator("#vg-tooltip-element.visible")
    expect(told).to_contain_text("b1, unit 1")
    shown = float(re.search(r"Value\s*(\S+)", told.inner_text()).group(1).replace("−", "-"))
    np.testing.assert_allclose(shown, one.parameters.b1[0, 0], rtol=1e-5)


@pytest.mark.parametrize(("place", "series"), [(1, LOSSES), (2, NORMS)])
@pytest.mark.parametrize("axis", ["Epoch", "Update"])
def test_hovering_a_curve_reads_all_curves_at_one_epoch(tab, url, place, series, axis):
    open_at(tab, url, "?epochs=30&batch_mode=mini")
    button(tab, "Curves").click()
    tab.get_by_role("radio", name=axis, exact=True).click()
    tab.keyboard.press("Escape")
    button(tab, "Train").click()
    wait_for_epoch(tab, 30)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    history = train(Config(epochs=30, batch_mode="mini")).history
    box, tooltip, told = tab.locator("canvas").nth(place).bounding_box(), tab.locator("#vg-tooltip-element.visible"), ""
    for across in (0.3, 0.5, 0.8):
        tab.mouse.move(box["x"] + across * box["width"], box["y"] + 0.5 * box["height"])
        expect(tooltip).not_to_have_text(told)
        told = tooltip.inner_text()
        said = dict(zip(*2 * [iter(re.split(r"[\t\n]+", told.strip()))], strict=True))
        said = {name.rstrip(":"): float(value.replace(",", "").replace("−", "-")) for name, value in said.items()}
        row = history.iloc[int(said["Epoch"])]
        assert said[axis] == row[axis.lower()]
        np.testing.assert_allclose([said[name] for name in series.values()], [row[c] for c in series], rtol=1e-4)


def columns_with(canvas, colour):
    """Share of a picture's pixel columns that have a pixel of this colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return canvas.evaluate(
        """(c, rgb) => {
            const {data, width} = c.getContext('2d').getImageData(0, 0, c.width, c.height), seen = new Set();
            for (let i = 0; i < data.length; i += 4)
                if (rgb.every((value, j) => Math.abs(data[i + j] - value) < 12)) seen.add(i / 4 % width);
            return seen.size / width; }""",
        rgb,
    )


def test_every_curve_and_the_half_line_are_drawn_while_training_goes_on(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 300)
    button(tab, "Pause").click()
    at_rest(tab)
    boundary, losses, norms = (tab.locator("canvas").nth(i) for i in range(3))
    for canvas, series in ((losses, LOSSES), (norms, NORMS)):
        for colour in SERIES_COLOURS[: len(series)]:
            assert columns_with(canvas, colour) > 0.15, colour  # the legend's stroke takes a twentieth
    assert columns_with(boundary, INK) > 0.15


def share_of(canvas, colour):
    """Share of a picture's pixels that have nearly this colour."""
    return canvas.evaluate(
        """(c, rgb) => {
            const {data} = c.getContext('2d').getImageData(0, 0, c.width, c.height);
            let seen = 0;
            for (let i = 0; i < data.length; i += 4)
                seen += rgb.every((value, j) => Math.abs(data[i + j] - value) < 25);
            return 4 * seen / data.length; }""",
        palette.rgb(colour),
    )


def test_three_classes_come_apart_in_every_picture(tab, url):
    tab.set_viewport_size({"width": 1400, "height": 900})
    tab.goto(f"{url}/?dataset=blobs&classes=3&epochs=600&learning_rate=1")
    expect(tab.locator("canvas")).to_have_count(5)
    at_rest(tab)
    assert max(below(tab, i) for i in range(5)) <= 900
    button(tab, "Train").click()
    wait_for_epoch(tab, 600)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    tab.wait_for_timeout(300)
    boundary, network_picture, confusion = (tab.locator("canvas").nth(i) for i in (0, 3, 4))
    for c, colour in enumerate(palette.CLASS_COLOURS[:3]):
        assert share_of(boundary, colour) > 0.05, c
        assert share_of(network_picture, colour) > 0.0015, c
    assert columns_with(boundary, INK) > 0.15
    assert share_of(confusion, palette.RIGHT) > 0.1


def test_hovering_a_sample_tells_the_class_that_it_is_taken_for(tab, url):
    tab.goto(f"{url}/?dataset=blobs&classes=3&samples=20&test_fraction=0")
    expect(tab.locator("canvas")).to_have_count(5)
    at_rest(tab)
    box, told = tab.locator("canvas").nth(0).bounding_box(), tab.locator("#vg-tooltip-element.visible")
    for y in range(110, int(box["height"]) - 50, 5):  # down the picture, until a sample is met
        for x in range(60, int(box["width"]) - 30, 6):
            tab.mouse.move(box["x"] + x, box["y"] + y)
            if told.count():
                assert re.search(
                    r"Is\s*:?\s*Class \d, training\s*Predicted\s*:?\s*Class \d\s*Its probability", told.inner_text()
                )
                return
    raise AssertionError("no sample was met")


FIELDS = """(() => {
    window.fields = [];
    const P = CanvasRenderingContext2D.prototype, { clearRect, drawImage, beginPath, moveTo, lineTo, stroke } = P;
    let image, line;
    P.clearRect = function (...a) { image = null; return clearRect.apply(this, a); };
    P.drawImage = function (...a) {
        if (a[0].complete && a[0].naturalWidth) image = { src: a[0].src, width: a[3], height: a[4] };
        return drawImage.apply(this, a);
    };
    P.beginPath = function () { line = []; return beginPath.call(this); };
    P.moveTo = function (x, y) { line?.push([x, y]); return moveTo.call(this, x, y); };
    P.lineTo = function (x, y) { line?.push([x, y]); return lineTo.call(this, x, y); };
    P.stroke = function (...a) {
        if (image && this.strokeStyle === "INK" && this.getLineDash().join() === "6,3" && line.length > 9)
            fields.push({ ...image, line });
        return stroke.apply(this, a);
    };
})()""".replace("INK", INK)
"""Lists the pictures of the field that are drawn, each with the 0.5 line that is drawn upon it."""


def test_field_and_line_are_of_one_moment_in_every_picture(browser, url):
    """Each line lies along the middle colour of the field that it is drawn upon, and of no other field so well.

    A busy browser takes in several frames at once: then the line is drawn again as soon as its field is loaded.
    """
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.add_init_script(FIELDS)
    open_at(tab, url, "?dataset=circles&learning_rate=1&epochs=1000000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 30)
    tab.evaluate("fields.length = 0")
    tab.wait_for_function("new Set(fields.map(f => f.src)).size > 12")
    seen = tab.evaluate("fields")
    tab.close()
    pixels = {f["src"]: np.array(Image.open(io.BytesIO(urlopen(f["src"]).read())).convert("RGB")) for f in seen}
    middle = [int(palette.MIDDLE[i : i + 2], 16) for i in (1, 3, 5)]
    right = {}
    for drawn in seen:
        places = np.array(drawn["line"]) / [drawn["width"], drawn["height"]] * field.GRID
        column, row = np.clip(places.astype(int), 0, field.GRID - 1).T
        off = {src: np.abs(rgb[row, column] - np.array(middle)).mean() for src, rgb in pixels.items()}
        right[str(drawn["line"])] = off[drawn["src"]] <= min(off.values()) + 0.5  # as it was drawn last
    *before, _ = right.values()
    assert len(before) > 5 and all(before)


def test_learning_rate_changes_in_mid_run_and_is_recorded(tab, url):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    thumb = tab.get_by_role("slider", name="Learning rate")
    thumb.focus()
    thumb.press("ArrowRight")
    tab.wait_for_url(re.compile("learning_rate=0.5"))
    wait_for_epoch(tab, int(number(tab, "Epoch")) + 30)
    button(tab, "Pause").click()
    rates = downloaded(tab).learning_rate
    assert rates.iloc[0] == 0.3
    assert rates.iloc[-1] == 0.5
    assert rates.is_monotonic_increasing


def test_downloads_the_numbers_of_the_shell_while_training(tab, url):
    open_at(tab, url, "?dataset=circles&epochs=100000&batch_mode=mini")
    button(tab, "Train").click()
    wait_for_epoch(tab, 30)
    table = downloaded(tab)
    expect(button(tab, "Pause")).to_be_visible()
    seen = number(tab, "Epoch")
    wait_for_epoch(tab, seen + 10)
    config = Config(dataset="circles", batch_mode="mini", epochs=len(table) - 1)
    same = train(config).history
    same = pd.read_csv(io.StringIO(same.to_csv(index=False)), keep_default_na=False)
    # The app may have trained with the compiled engine by now: it agrees with the shell's to rounding.
    left_out = ["run", "seconds", "epochs", "engine"]
    pd.testing.assert_frame_equal(table.drop(columns=left_out), same.drop(columns=left_out), rtol=1e-9)
    assert list(table.columns) == list(same.columns)


def test_downloads_at_any_moment(tab, url):
    """Straight after a click that redraws the page, while another tab trains: Streamlit alone would have forgotten."""
    for page in (tab.context.new_page(), tab):
        open_at(page, url, "?epochs=100000&batch_mode=mini")
        button(page, "Train").click()
        wait_for_epoch(page, 1)
    last = 0
    for _ in range(3):
        for label in ("Pause", "Train"):
            button(tab, label).click()
            rows = len(downloaded(tab))
            assert rows >= last
            last = rows


def test_a_link_reopens_the_same_experiment(tab, url):
    open_at(tab, url)
    tab.get_by_role("radio", name="relu").click()
    tab.get_by_role("radio", name="stochastic").click()
    tab.wait_for_url(re.compile("activation=relu.*batch_mode=stochastic"))
    at_rest(tab)
    loss = metric(tab, "Train loss").inner_text()
    tab.reload()
    expect(metric(tab, "Train loss")).to_have_text(loss)
    assert "batch_mode=stochastic" in tab.url
    expect(tab.get_by_role("slider", name="Batch size")).to_have_count(0)


def test_a_click_before_the_sidebar_stands_changes_no_setting(tab, url):
    """On a server that has just been started, where the first run of the script is slow enough to be cut short."""
    with server() as (cold, _):
        tab.goto(f"{cold}/?dataset=circles&samples=600&epochs=9")
        button(tab, "Step (one update)").click()
        expect(metric(tab, "Update")).to_have_text("1")
        at_rest(tab)
        button(tab, "One epoch").click()
        expect(metric(tab, "Epoch")).to_have_text("2")  # in full batches a step is an epoch
        at_rest(tab)
        *settings, run = tab.url.split("?")[-1].split("&")
        assert set(settings) == {"dataset=circles", "samples=600", "epochs=9"} and run.startswith("run=")
        tab.goto("about:blank")  # a page whose server ends complains of it in its console


def test_nonsense_in_the_address_gives_the_default_and_says_so(tab, url):
    open_at(tab, url, "?hidden_size=-3&dataset=circles&colour=red&data_file=../../etc/passwd")
    expect(tab.get_by_text("hidden_size must be a whole number from 1 to 256, not -3")).to_be_visible()
    expect(tab.get_by_text("there is no setting 'colour'")).to_be_visible()
    tab.wait_for_url(re.compile(r"\?dataset=circles$"))


def test_no_file_outside_data_opens_by_address(tab, url):
    open_at(tab, url, "?dataset=csv&data_file=/etc/passwd")
    expect(tab.get_by_text("there is no file '/etc/passwd' here")).to_be_visible()
    assert number(tab, "Epoch") == 0


def test_an_uploaded_csv_trains_and_its_link_opens_it_again(tab, url):
    open_at(tab, url)
    upload(tab, "my points.csv", POINTS.encode())
    tab.wait_for_url(re.compile("data_file=uploads"))
    name = re.search(r"uploads%2F([\w-]+\.csv)", tab.url).group(1)
    try:
        expect(tab.get_by_role("combobox", name="Dataset")).to_have_value("my-points.csv")
        button(tab, "One epoch").click()
        expect(metric(tab, "Epoch")).to_have_text("1")
        loss = metric(tab, "Train loss").inner_text()
        tab.goto(re.sub("&run=[^&]*", "", tab.url))  # not the run, which may be kept by now
        expect(metric(tab, "Epoch")).to_have_text("0")
        button(tab, "One epoch").click()
        expect(metric(tab, "Train loss")).to_have_text(loss)
        assert downloaded(tab)["class_1"].iloc[0] == ""
    finally:
        (UPLOADS / name).unlink()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0", "picture.csv is not a text file"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("numbers.csv", b"1,2,0\n3,4,1\n", "numbers.csv has no header"),
    ],
)
def test_a_broken_upload_is_explained_and_leaves_the_run_alone(tab, url, name, content, message):
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 10)
    upload(tab, name, content)
    expect(tab.get_by_text(message)).to_be_visible()
    expect(button(tab, "Pause")).to_be_visible()
    wait_for_epoch(tab, number(tab, "Epoch") + 20)


def test_a_file_above_the_limit_is_refused(tab, url):
    open_at(tab, url)
    upload(tab, "big.csv", b"a,b,c\n" + b"1,2,0\n" * 1_900_000)
    why = tab.get_by_role("alert")
    expect(why).to_contain_text("or smaller")
    assert why.bounding_box()["height"] > 10
    assert number(tab, "Epoch") == 0


def test_double_clicks_and_second_tabs_do_no_harm(tab, url):
    open_at(tab, url)
    other = tab.context.new_page()
    open_at(other, url, "?dataset=circles")
    button(tab, "One epoch").dblclick()
    expect(metric(tab, "Epoch")).to_have_text(re.compile("[12]"))
    button(tab, "Reset").dblclick()
    expect(metric(tab, "Epoch")).to_have_text("0")
    assert number(other, "Epoch") == 0
    assert "dataset=circles" in other.url


def test_a_diverged_run_says_so_and_keeps_its_history(tab, url):
    open_at(tab, url, "?activation=relu&learning_rate=1000000&noise=0.5")
    button(tab, "Train").click()
    expect(tab.get_by_text(re.compile("Diverged at update .*Start again with a lower learning rate"))).to_be_visible()
    expect(button(tab, "Train")).to_be_disabled()
    table = downloaded(tab)
    assert len(table) >= 1
    assert np.isfinite(table.train_loss).all()
    button(tab, "Reset").click()
    expect(tab.get_by_text("Diverged")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (480, "dark")])
def test_nothing_is_wider_than_the_window(browser, url, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    tab = context.new_page()
    open_at(tab, url)
    tab.wait_for_timeout(500)
    assert tab.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    context.close()


# --- what is in view ----------------------------------------------------------------------


def below(tab, i):
    """Lower edge of a chart, in pixels from the window's upper one."""
    box = tab.locator("canvas").nth(i).bounding_box()
    return box["y"] + box["height"]


def test_all_pictures_and_what_to_do_are_in_view_when_the_page_opens(tab, url):
    tab.set_viewport_size({"width": 1400, "height": 900})
    open_at(tab, url)
    at_rest(tab)
    assert max(below(tab, i) for i in range(4)) <= 900
    expect(tab.get_by_text("press Train and watch")).to_be_in_viewport()


def test_boundary_and_loss_are_in_view_while_training_in_a_small_window(tab, url):
    tab.set_viewport_size({"width": 1000, "height": 800})
    open_at(tab, url, "?epochs=1000000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    assert max(below(tab, i) for i in (0, 1)) <= 800


def test_a_charts_buttons_cover_no_number(tab, url):
    open_at(tab, url)
    at_rest(tab)
    numbers = tab.locator(".numbers").bounding_box()
    for i in range(4):
        tab.locator("canvas").nth(i).hover()
        chart = tab.locator("[data-testid=stElementContainer]:has(canvas)").nth(i)
        bar = chart.locator("[data-testid=stElementToolbar]").bounding_box()
        assert bar["y"] >= numbers["y"] + numbers["height"]
        if i in (1, 2):  # above these plots stands what settings became
            assert bar["y"] >= tab.locator("canvas").nth(i).bounding_box()["y"] + AROUND["top"]


def test_the_numbers_keep_their_height_whatever_the_check_says(tab, url):
    tab.set_viewport_size({"width": 1400, "height": 900})
    open_at(tab, url)
    at_rest(tab)
    numbers = tab.locator(".numbers")
    before = numbers.bounding_box()["height"]
    for words in ("Gradient check ✓", "Gradient check ✓ relative error 3.6e-7 in W1, over 12,800 of 30,000"):
        tab.locator(".numbers .progress .right").evaluate("(verdict, words) => verdict.textContent = words", words)
        assert numbers.bounding_box()["height"] == before


TEXTS = """(() => {
    window.texts = new Map();
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (...a) {
        texts.set(this.canvas, (texts.get(this.canvas) ?? new Set()).add(a[0]));
        return fillText.apply(this, a);
    };
    window.words = i => [...(texts.get(document.querySelectorAll(".stMain canvas")[i]) ?? [])];
})()"""
"""Notes what words are written on each canvas until `texts.clear()`."""


def test_the_wheel_zooms_and_a_double_click_shows_all_again(browser, url):
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.add_init_script(TEXTS)
    open_at(tab, url, "?epochs=100")
    button(tab, "Train").click()
    wait_for_epoch(tab, 100)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    tab.locator("canvas").nth(1).hover()
    tab.evaluate("texts.clear()")
    for _ in range(5):
        tab.mouse.wheel(0, -300)
    tab.wait_for_function("() => words(1).includes('52')")
    tab.locator("canvas").nth(1).dblclick()
    tab.evaluate("texts.clear()")
    tab.mouse.move(5, 5)
    tab.wait_for_function("() => words(1).includes('100')")
    tab.locator("canvas").nth(1).hover()
    for _ in range(5):  # as who scrolls the page, with a chart under the pointer
        tab.mouse.wheel(0, 300)
    tab.wait_for_timeout(200)
    tab.evaluate("texts.clear()")
    tab.mouse.move(5, 5)
    tab.wait_for_function("() => words(1).includes('100')")
    assert not [word for word in tab.evaluate("words(1)") if word.startswith(("-", "−")) or word == "120"]
    tab.close()


def test_a_zoom_stays_while_training_goes_on(browser, url):
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.add_init_script(TEXTS)
    open_at(tab, url, "?epochs=1000000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 50)
    for i in (1, 2):
        tab.locator("canvas").nth(i).hover()
        for _ in range(5):
            tab.mouse.wheel(0, -300)
    tab.wait_for_timeout(200)
    tab.evaluate("texts.clear()")
    wait_for_epoch(tab, number(tab, "Epoch") + 50)
    for i in (1, 2):
        drawn = tab.evaluate("i => words(i)", i)
        assert "Epoch" in drawn and "0" not in drawn, drawn
    tab.locator("canvas").nth(1).dblclick()
    tab.wait_for_function("() => words(1).includes('0') && !words(2).includes('0')")
    tab.close()


def test_of_changes_close_to_each_other_the_last_is_told_and_not_cut(browser, url):
    tab = browser.new_page(viewport={"width": 1000, "height": 800})
    tab.add_init_script(TEXTS)
    open_at(tab, url, "?dataset=circles&samples=40&epochs=1000")
    for epochs, mode in ((12, "stochastic"), (1, "mini"), (1, None)):
        tab.evaluate("texts.clear()")
        for _ in range(epochs):
            done = number(tab, "Epoch")
            button(tab, "One epoch").click()
            wait_for_epoch(tab, done + 1)
        if mode:
            tab.get_by_role("radio", name=mode, exact=True).click()
            at_rest(tab)
    for i in (1, 2):
        tab.wait_for_function("i => words(i).includes('batch 32')", arg=i)
        assert "stochastic" not in tab.evaluate("i => words(i)", i)
    tab.close()


STROKES = """(() => {
    window.strokes = new Map();
    const P = CanvasRenderingContext2D.prototype, { beginPath, moveTo, lineTo, stroke } = P, pieces = new WeakMap();
    P.beginPath = function () { pieces.set(this, []); return beginPath.call(this); };
    P.moveTo = function (x, y) { pieces.get(this)?.push([x, y]); return moveTo.call(this, x, y); };
    P.lineTo = function (x, y) { pieces.get(this)?.push([x, y]); return lineTo.call(this, x, y); };
    P.stroke = function (...path) {
        const corners = pieces.get(this) ?? [];
        if (corners.length > 2) // the legend has lines of the same colours
            strokes.set(this.canvas, { ...strokes.get(this.canvas), [this.strokeStyle]: corners });
        return stroke.apply(this, path);
    };
})()"""
"""Keeps the corners of the last curve of each colour that was drawn on each canvas."""


@pytest.mark.parametrize("width", [1400, 1237])
def test_at_rest_each_column_of_pixels_is_that_of_all_rows_zoomed_or_not(browser, url, width):
    """The corners of the line that the browser drew against all rows of the run."""
    config = Config(dataset="spirals", hidden_size=16, batch_mode="mini", learning_rate=1.0, epochs=6000)
    history = train(config).recorded
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.add_init_script(STROKES)
    query = "&".join(f"{name}={getattr(config, name)}" for name in ("dataset", "hidden_size", "batch_mode", "epochs"))
    open_at(tab, url, f"?{query}&learning_rate=1")
    tab.get_by_role("radio", name="Max", exact=True).click()
    button(tab, "Train").click()
    wait_for_epoch(tab, 6000)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    canvas = tab.locator("canvas").nth(1)
    columns = canvas.evaluate("c => parseFloat(c.style.width)") - AROUND["left"] - AROUND["right"]
    assert_drawn_as_all_rows(canvas, history, 0, 6000, columns, most=4 * columns + 8)
    over(tab, canvas, 0.6)
    for _ in range(5):
        tab.mouse.wheel(0, -300)
    window = zoomed_to(tab, "losses")
    assert window[1] - window[0] < 6000 / 4
    assert_drawn_as_all_rows(canvas, history, *window, columns, most=len(history["epoch"]) - 1)
    tab.mouse.dblclick(*over(tab, canvas, 0.6))
    tab.wait_for_function("key => !document.querySelector(key).value", arg=f".st-key-{keys.zoomed('losses')}")
    assert_drawn_as_all_rows(canvas, history, 0, 6000, columns, most=4 * columns + 8)
    tab.close()


def over(tab, canvas, share):
    """Move the mouse to this share of a chart's width, half its height."""
    box = canvas.bounding_box()
    place = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    tab.mouse.move(*place)
    return place


def zoomed_to(tab, name):
    """From where to where a curve chart is zoomed, once that has stood for a moment."""
    return tab.evaluate(
        """async key => {
            const box = document.querySelector(key);
            for (let before; !before || String(before) !== String(box.value);) {
                before = box.value;
                await new Promise(done => setTimeout(done, 300));
            }
            return box.value;
        }""",
        f".st-key-{keys.zoomed(name)}",
    )


def assert_drawn_as_all_rows(canvas, history, start, end, columns, most):
    """The losses' lines, between these epochs, cover of each column of pixels what all rows would, with few of them."""
    whole = int(np.ceil(columns))
    epoch = history["epoch"]
    for i, column in enumerate(LOSSES):
        y = history[column]
        all_rows = extents((epoch - start) / (end - start) * columns, y, whole, whole, 0)
        for _ in range(40):
            x, height = np.array(canvas.evaluate("(c, colour) => strokes.get(c)[colour]", SERIES_COLOURS[i])).T
            drawn = epoch[0] + (x - x[0]) / (x[-1] - x[0]) * (epoch[-1] - epoch[0])
            value = y[0] + (height - height[0]) / (height[-1] - height[0]) * (y[-1] - y[0])
            drawn = extents((drawn - start) / (end - start) * columns, value, whole, whole, 0)
            if len(x) < most and np.allclose(drawn, all_rows, rtol=0, atol=1e-4):
                break
            canvas.page.wait_for_timeout(100)
        np.testing.assert_allclose(drawn, all_rows, rtol=0, atol=1e-4)
        assert len(x) < most < len(y)


def test_accuracy_log_axis_and_smoothing_can_be_chosen(browser, url):
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.add_init_script(TEXTS)
    open_at(tab, url)
    button(tab, "One epoch").click()
    for choice, seen in (("Accuracy", "Accuracy"), ("Loss", "Cross-entropy (nats)")):
        button(tab, "Curves").click()
        tab.get_by_role("radio", name=choice, exact=True).click()
        tab.keyboard.press("Escape")
        tab.wait_for_function("seen => words(1).includes(seen)", arg=seen)
    button(tab, "Curves").click()
    for choice in ("Log", "More"):
        tab.get_by_role("radio", name=choice, exact=True).click()
        at_rest(tab)
    expect(tab.locator(".stMain canvas")).to_have_count(4)
    tab.close()
