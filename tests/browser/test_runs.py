"""Runs in a real browser: kept while they train, found again, compared, replayed, branched, shared, deleted."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app import server
from tests.browser.driving import at_rest, button, link, metric, number, open_at, wait_for_epoch
from toynet import Store


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A server with an empty store of its own: its address, its process and the store."""
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path}/runs.db")
    with server() as (address, process):
        store = Store()
        yield address, process, store
        store.close()


def train_for(tab, url, query, epochs):
    """Train a run to its end."""
    open_at(tab, url, f"?epochs={epochs}&{query}")
    button(tab, "Train").click()
    wait_for_epoch(tab, epochs)
    expect(button(tab, "Train")).to_be_visible()
    expect(tab).to_have_url(re.compile("run="))
    at_rest(tab)


def slider(tab, name="Look back at epoch"):
    return tab.get_by_role("slider", name=re.compile(f"^{name}"))


def choose_rows(tab, *rows):
    """Click the check boxes of these rows of the table, from 1; none is chosen before."""
    table = tab.get_by_test_id("stDataFrame")
    for count, row in enumerate(rows, 1):
        told = button(tab, f"Choose none of {count}" if count > 1 else "Choose none")
        for _ in range(5):  # the table is painted onto a canvas: nothing tells when it takes clicks
            at_rest(tab)
            box = table.bounding_box()
            tab.mouse.click(box["x"] + 17, box["y"] + 37 + 35 * row - 17)
            with contextlib.suppress(AssertionError):
                expect(told).to_be_visible(timeout=5_000)
                break
        at_rest(tab)
    expect(told).to_be_visible()


def test_a_run_is_found_again_after_a_reload_and_goes_on(browser, own):
    url, _, store = own
    tab = browser.new_page()  # whose console may tell that the page went while its timer was about to ask
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    wait_for_epoch(tab, 50)
    before = number(tab, "Epoch")
    tab.reload()
    expect(tab.get_by_text(re.compile("as it stood at epoch"))).to_be_visible()
    epoch = number(tab, "Epoch")
    assert epoch >= before - 100 and len(store.runs()) == 1
    button(tab, "Train").click()
    wait_for_epoch(tab, epoch + 20)
    button(tab, "Pause").click()
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    assert store.runs().state.tolist() == ["paused"] and store.runs().epoch[0] == number(tab, "Epoch")
    tab.close()


def test_a_killed_server_loses_a_second_at_most_and_the_run_goes_on_elsewhere(browser, own):
    url, process, store = own
    tab = browser.new_page()  # whose console may tell that there is no server
    open_at(tab, url, "?epochs=100000&batch_mode=mini")
    button(tab, "Train").click()
    wait_for_epoch(tab, 60)
    address = tab.url
    seen = number(tab, "Epoch")
    tab.goto("about:blank")  # a tab that is left trains no more, and complains of no server
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    row = store.runs().iloc[0]
    assert row.state == "interrupted" and row.epoch >= seen - 100
    whole = store.trainer(row.run)
    with server() as (again, _):
        tab.goto(f"{again}/?{address.partition('?')[2]}")
        expect(metric(tab, "Epoch")).to_have_text(f"{row.epoch:,}")
        button(tab, "One epoch").click()
        expect(metric(tab, "Epoch")).to_have_text(f"{whole.epoch + 1:,}")
        at_rest(tab)
        whole.run_epoch()
        found = store.trainer(row.run)
        assert all(np.array_equal(a, b) for a, b in zip(found.parameters, whole.parameters, strict=True))
    tab.close()


def test_a_run_in_training_is_looked_at_in_another_tab_and_trained_on_there_as_another(own, tab, browser):
    url, _, store = own
    open_at(tab, url, "?epochs=100000")
    button(tab, "Train").click()
    expect(tab).to_have_url(re.compile("run="))
    wait_for_epoch(tab, 50)
    other = browser.new_page()
    try:
        other.goto(tab.url)
        expect(other.get_by_text(re.compile("is being trained in another tab"))).to_be_visible()
        epoch = number(other, "Epoch")
        assert epoch > 0
        button(other, "One epoch").click()
        expect(metric(other, "Epoch")).to_have_text(f"{epoch + 1:,.0f}")
        at_rest(other)
        expect(button(tab, "Pause")).to_be_visible()
        assert sorted(store.runs().state) == ["paused", "running"]
    finally:
        other.close()


def test_looking_back_playing_and_branching(own, tab):
    url, _, store = own
    train_for(tab, url, "learning_rate=1", 60)
    end = metric(tab, "Train loss").inner_text()
    slider(tab).focus()
    tab.keyboard.press("Home")
    expect(metric(tab, "Epoch")).to_have_text("0")
    assert metric(tab, "Train loss").inner_text() != end
    at_rest(tab)
    tab.get_by_role("combobox", name="Whole run in").click()
    tab.get_by_role("option", name="in 5 s").click()
    button(tab, "Play").click()
    expect(metric(tab, "Epoch")).to_have_text("60")
    expect(button(tab, "Play")).to_be_visible()
    expect(metric(tab, "Train loss")).to_have_text(end)
    at_rest(tab)
    slider(tab).focus()
    tab.keyboard.press("PageDown")
    expect(metric(tab, "Epoch")).not_to_have_text("60")
    at_rest(tab)
    epoch = int(number(tab, "Epoch"))
    link(tab, "Derivation").click()
    expect(tab.get_by_text(f"after epoch {epoch}, update {epoch} (looking back)")).to_be_visible()
    link(tab, "Train").click()
    button(tab, "Go on from here").click()
    expect(tab.get_by_text(re.compile(f"goes on from epoch {epoch} of"))).to_be_visible()
    at_rest(tab)
    listed = store.runs()
    assert listed.epoch.tolist() == [epoch, 60] and listed.parent[0] == listed.run[1]


def test_three_runs_are_compared_opened_named_deleted_and_brought_back(own, tab):
    url, _, store = own
    for rate in ("0.1", "0.3", "1"):
        train_for(tab, url, f"learning_rate={rate}", 40)
    link(tab, "Runs").click()
    choose_rows(tab, 1, 2, 3)
    expect(tab.get_by_text("These runs differ only in learning rate.")).to_be_visible()
    expect(tab.locator("canvas.marks")).to_have_count(4)
    expect(tab.get_by_text(re.compile("^Epoch 40: train loss"))).to_have_count(3)
    slider(tab, "Epoch").focus()
    tab.keyboard.press("Home")
    expect(tab.get_by_text(re.compile("^Epoch 0: train loss"))).to_have_count(3)
    button(tab, "Delete 3").click()
    expect(tab.get_by_text("3 runs are deleted.")).to_be_visible()
    assert store.runs().empty
    button(tab, "Undo").click()
    expect(tab.get_by_text("These runs differ only in learning rate.")).to_be_visible()
    assert len(store.runs()) == 3
    button(tab, "Choose none of 3").click()
    expect(button(tab, "Choose none of 3")).to_be_hidden()
    at_rest(tab)
    choose_rows(tab, 2)
    tab.get_by_role("button", name="Name, note, tags").click()
    tab.get_by_label("Name", exact=True).fill("The <b>middle</b> one")
    button(tab, "Save").click()
    expect(tab.get_by_text("The <b>middle</b> one").last).to_be_visible()
    opens = tab.get_by_role("button", name="Open at")
    expect(opens).to_have_text("Open at epoch 0")
    slider(tab, "Epoch").focus()
    tab.keyboard.press("PageUp")
    expect(opens).not_to_have_text("Open at epoch 0")
    at_rest(tab)
    opened = int(re.search(r"Open at epoch (\d+)", opens.inner_text()).group(1))
    assert 0 < opened < 40
    tab.get_by_role("button", name="Open at").click()
    expect(metric(tab, "Epoch")).to_have_text(str(opened))
    assert store.runs()["name"].tolist() == ["", "", "The <b>middle</b> one", ""]


def downloaded(tab, label):
    with tab.expect_download(timeout=120_000) as download:
        tab.get_by_role("button", name=label, exact=True).click()
    return download.value.path(), download.value.suggested_filename


def test_each_form_is_exported_and_opens_again(own, tab, tmp_path):
    url, _, store = own
    train_for(tab, url, "batch_mode=mini", 12)
    run = store.runs().run[0]
    last = store.history(run).iloc[-1]
    link(tab, "Runs").click()
    choose_rows(tab, 1)
    tab.get_by_role("button", name="Export").click()
    path, name = downloaded(tab, "CSV")
    assert name == f"toynet-{run}.csv" and pd.read_csv(path).train_loss.iloc[-1] == last.train_loss
    assert pd.read_parquet(downloaded(tab, "Parquet")[0]).equals(store.history(run))
    document, _ = downloaded(tab, "JSON")
    assert json.loads(document.read_bytes())["run"] == run
    assert np.load(downloaded(tab, "NPZ")[0])["W1"].shape == (8, 2)
    script = tmp_path / "again.py"
    script.write_bytes(downloaded(tab, "NumPy script")[0].read_bytes())
    printed = subprocess.run([sys.executable, "-I", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert abs(json.loads(printed.stdout.splitlines()[-1])["train_loss"] - last.train_loss) < 1e-9
    for label in ("scikit-learn code", "PyTorch script"):
        compile(downloaded(tab, label)[0].read_text("utf-8"), label, "exec")
    assert Image.open(downloaded(tab, "GIF")[0]).n_frames == 13
    assert Image.open(downloaded(tab, "PNG")[0]).width > 1000
    assert downloaded(tab, "SVG")[0].read_bytes().startswith(b"<svg")
    tab.keyboard.press("Escape")
    copy = tmp_path / "copy.json"
    copy.write_bytes(document.read_bytes())
    tab.get_by_role("button", name="Import").click()
    tab.locator("input[type=file]").last.set_input_files(copy)
    expect(tab.get_by_text(re.compile("^Imported: "))).to_be_visible()
    assert sorted(store.runs().state) == ["finished", "imported"]


def test_the_whole_page_fits_a_narrow_window(own, tab):
    url = own[0]
    train_for(tab, url, "", 10)
    tab.set_viewport_size({"width": 480, "height": 900})
    tab.goto(f"{url}/runs")
    choose_rows(tab, 1)
    expect(tab.get_by_text(re.compile("^Epoch 10: train loss"))).to_be_visible()
    wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth - document.documentElement.clientWidth"
    assert tab.evaluate(wide) <= 0
