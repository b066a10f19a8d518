"""Many runs at once in a real browser: luck, a race, a sweep watched to its end, a verdict."""

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.app import server
from tests.browser.driving import at_rest, button, link, number, open_at, wait_for_epoch
from toynet import Trainer
from toynet.many.grid import Grid
from toynet.many.summary import COLUMNS
from toynet.runs.sweeps import Sweeps


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server with an empty store of its own: its address, and the store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path_factory.mktemp('store')}/runs.db")
        with server() as (address, _):
            store = Sweeps()
            yield address, store
            store.close()


def choose_plan(tab, name):
    tab.get_by_role("radio", name=name, exact=True).or_(tab.get_by_role("button", name=name, exact=True)).first.click()


def download(tab, tmp_path):
    with tab.expect_download() as made:
        button(tab, "Download CSV").click()
    made.value.save_as(tmp_path / "table.csv")
    return pd.read_csv(tmp_path / "table.csv")


def test_luck_is_watched_paused_and_taken_away(own, tab, tmp_path):
    url, store = own
    open_at(tab, url, "?dataset=circles&samples=100&hidden_size=4&epochs=300")
    choose_plan(tab, "Luck")
    expect(tab.locator(".strip i")).to_have_count(10)
    button(tab, "Train").click()
    wait_for_epoch(tab, 20)
    button(tab, "Pause").click()
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    epoch = number(tab, "Epoch")
    table = download(tab, tmp_path)
    assert table.groupby("seed").epoch.max().tolist() == [epoch] * 10
    button(tab, "Train").click()
    wait_for_epoch(tab, 300)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    expect(tab).to_have_url(re.compile("luck=10"))
    expect(tab.locator(".stAlert")).to_have_count(0)
    tab.wait_for_function("() => document.querySelectorAll('canvas').length === 4")
    assert [(one["kind"], one["done"]) for one in store.all()] == [("luck", 10)]
    tab.reload()
    expect(tab.locator(".strip i")).to_have_count(10)
    expect(tab.get_by_text("10 seeds: median")).to_be_visible()


def test_a_race_is_watched_and_its_lead_judged(own, tab):
    url, _ = own
    open_at(tab, url, "?dataset=circles&samples=100&hidden_size=4&epochs=40")
    choose_plan(tab, "Race")
    expect(tab.locator(".standing tr")).to_have_count(4)
    button(tab, "Train").click()
    wait_for_epoch(tab, 40)
    expect(button(tab, "Train")).to_be_visible()
    at_rest(tab)
    rows = [row.split("\t") for row in tab.locator(".standing table").inner_text().splitlines()[1:]]
    assert len(rows) == 3 and all(row[2] == "40" for row in rows)
    losses = [float(row[6]) for row in rows]
    assert losses == sorted(losses) and {row[3] for row in rows} == {"40", "120", "3,000"}
    tab.get_by_text("Larger than luck?", exact=True).click()
    button(tab, "Train and compare").click()
    expect(tab.get_by_text(re.compile("shared seeds"))).to_be_visible()


def test_a_sweep_of_200_cells_is_watched_to_its_end_and_two_of_them_are_judged(own, tab, tmp_path):
    url, store = own
    open_at(tab, url, "?dataset=circles&samples=60&epochs=60")
    link(tab, "Sweep").click()
    rates = [f"{0.05 * (k + 1):.2f}" for k in range(20)]
    with_values(tab, "Learning rate", rates)
    with_values(tab, "Hidden size", [f"{h}" for h in range(1, 11)])
    tab.get_by_test_id("stNumberInput").filter(has_text="Seeds").get_by_role("spinbutton").fill("6")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("20 learning rates × 10 hidden sizes × 6 seeds = 1,200 runs").first).to_be_visible()
    button(tab, "Sweep").click()
    expect(button(tab, "Stop")).to_be_visible()
    expect(tab.get_by_text(re.compile(r"^1,200 of 1,200 runs"))).to_be_visible(timeout=120_000)
    expect(button(tab, "Sweep")).to_be_visible()
    at_rest(tab)
    table = download(tab, tmp_path)
    assert list(table.columns) == list(COLUMNS) and len(table) == 1200 and not table.duplicated("run").any()
    cell = table[(table.learning_rate == 0.25) & (table.hidden_size == 3) & (table.seed == 4)].iloc[0]
    grid = Grid.of({"dataset": "circles", "samples": 60, "epochs": 60, "learning_rate": 0.25, "hidden_size": 3}, 6)
    alone = Trainer(grid.config(4))
    alone.run()
    assert cell.test_loss == pytest.approx(alone.recorded["test_loss"][-1], rel=1e-9)
    kept = next(one for one in store.all() if one["kind"] == "sweep")
    assert kept["done"] == 1200
    click_cells(tab, (0.1, 0.2), (0.9, 0.9))
    expect(tab.get_by_text(re.compile("6 shared seeds"))).to_be_visible()
    button(tab, "Open on Train").first.click()
    expect(button(tab, "Reset")).to_be_visible()
    expect(tab.locator(".strip i")).to_have_count(6)
    assert number(tab, "Epoch") == 60


def with_values(tab, setting, values):
    """Type the values of a setting in the place of those that are there."""
    field = tab.get_by_test_id("stTextInput").filter(has_text=re.compile(f"^{setting}")).get_by_role("textbox")
    field.fill(", ".join(values))
    tab.keyboard.press("Enter")
    at_rest(tab)


def click_cells(tab, *places):
    """Click cells of the map, at shares of its width and height."""
    for across, down in places:
        canvas = tab.locator("canvas").first
        box = canvas.bounding_box()
        tab.mouse.click(box["x"] + box["width"] * (0.1 + 0.85 * across), box["y"] + 60 + (box["height"] - 130) * down)
        at_rest(tab)
