"""The page Sweep through AppTest: chosen, trained, looked at, compared, kept and found again."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.pages import choose, go, opened, press, session
from toynet import Config, Trainer
from toynet.many.measures import OTHER_DATA, OTHER_SUMS
from toynet.many.plan import Plan
from toynet.many.summary import COLUMNS
from toynet.runs.location import StoreError
from toynet.runs.sweeps import Sweeps
from toynet.ui import keeping, keys
from toynet.ui.sweep import page
from toynet.ui.train.beside import NO_BATCHES


@pytest.fixture(autouse=True)
def store(own_store):
    store = Sweeps(own_store)
    yield store
    keeping.keeper().close()
    store.close()


SMALL = {"samples": "60", "epochs": "20", "dataset": "circles"}


def at_sweep(seeds=3, rates=("0.1", "1"), sizes=("2", "4"), **query):
    """The page with a small sweep chosen."""
    app = go(opened(**{**SMALL, **query}), "Sweep")
    app.number_input(key=keys.SWEEP_SEEDS).set_value(seeds).run()
    typed(app, "learning_rate", *rates)
    typed(app, "hidden_size", *sizes)
    return app


def typed(app, setting, *values):
    """Type the values of a setting."""
    app.text_input(key=keys.sweep_values(setting)).set_value(", ".join(values)).run()


def ended(app, error=""):
    """Wait for the sweep to end, and show it."""
    job(app).wait(60)
    assert not job(app).running and job(app).error == error
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def job(app):
    return session(app).swept.job


def swept(**more):
    return ended(press(at_sweep(**more), keys.SWEEP_START))


def texts(app):
    return " ".join(part.proto.body for part in app.get("html"))


def names(app, place=0):
    return {data.name for data in app.get("vega_lite_chart")[place].proto.datasets}


def pick(app, *cells):
    for cell in cells:
        session(app).swept.cells.append(cell)
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def test_a_sweep_is_all_combinations_with_all_seeds_and_each_run_is_what_it_would_be_alone():
    app = swept()
    results = job(app).results
    assert results.done.all() and results.grid.axes == (("learning_rate", (0.1, 1.0)), ("hidden_size", (2, 4)))
    assert "12 of 12 runs" in texts(app) and names(app) >= {"cells", "domain"}
    alone = Trainer(Config(dataset="circles", samples=60, epochs=20, learning_rate=1.0, hidden_size=2, data_seed=1,
                           init_seed=1))  # fmt: skip
    alone.run()
    number = results.grid.number(alone.config)
    assert results["test_loss"][number] == alone.recorded["test_loss"][-1]


def test_what_does_not_vary_is_as_in_the_sidebar():
    app = at_sweep(activation="relu", batch_mode="mini")
    press(app, keys.SWEEP_START)
    assert (job(app).grid.base.activation, job(app).grid.base.batch_mode) == ("relu", "mini")
    job(app).wait(60)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("nan", "learning_rate must be a number from 1e-06"),
        ("much", "learning_rate must be a number"),
        ("-1", "learning_rate must be a number"),
        ("[x](http://a)", "learning_rate must be a number"),
    ],
)
def test_a_value_that_is_none_is_told_and_nothing_can_be_swept(typed, told):
    app = at_sweep(rates=("0.1", typed))
    assert told in app.error[0].value and app.button(key=keys.SWEEP_START).disabled
    assert "[x](" not in app.error[0].value


def test_no_values_no_settings_and_too_many_runs_are_told():
    app = at_sweep(rates=())
    assert app.error[0].value == "Learning rate has no values: give some."
    app = at_sweep()
    app.multiselect(key=keys.SWEPT).set_value([]).run()
    assert app.error[0].value == "Choose a setting that is to vary."
    app = go(opened(), "Sweep")
    for setting in ("learning_rate", "hidden_size"):
        typed(app, setting, *(f"{i}" for i in range(1, 41)))
    app.number_input(key=keys.SWEEP_SEEDS).set_value(100).run()
    app.multiselect(key=keys.SWEPT).set_value(["learning_rate", "hidden_size", "samples", "noise"]).run()
    assert "here at most 200,000 can be watched" in app.error[0].value


def test_outputs_are_swept_of_three_classes_and_compared_by_what_can_be():
    app = go(opened(**SMALL), "Sweep")
    assert "Output" not in app.multiselect(key=keys.SWEPT).options
    app = go(opened(**{**SMALL, "dataset": "blobs", "classes": "3"}), "Sweep")
    app.multiselect(key=keys.SWEPT).set_value(["output"]).run()
    app.number_input(key=keys.SWEEP_SEEDS).set_value(6).run()
    app = pick(ended(press(app, keys.SWEEP_START)), 0, 1)
    assert [option for option in app.selectbox(key=keys.SWEEP_MEASURE).options if "loss" in option.lower()] == [
        "Epoch of the best test loss"
    ]
    assert OTHER_SUMS in [c.value for c in app.caption] and not verdicts(app)


def verdicts(app):
    return [m.value for m in app.markdown if m.value.startswith("**Larger than luck?**")]


def test_cells_of_one_output_are_compared_whatever_else_is_swept():
    app = go(opened(**{**SMALL, "dataset": "blobs", "classes": "3"}), "Sweep")
    app.multiselect(key=keys.SWEPT).set_value(["learning_rate", "output"]).run()
    typed(app, "learning_rate", "0.1", "1", "3")
    app.number_input(key=keys.SWEEP_SEEDS).set_value(6).run()
    app = ended(press(app, keys.SWEEP_START))
    softmax = [c for c in range(6) if job(app).grid.values(c)["output"] == "softmax"]
    pick(app, *softmax[:2])
    assert "6 shared seeds" in verdicts(app)[0] and OTHER_SUMS not in [c.value for c in app.caption]
    assert "A against every cell whose losses are like its" in [e.label for e in app.expander]
    table = next(d.value for d in app.dataframe if "Cell" in d.value)
    assert len(table) == 2 and table.Cell.str.contains("softmax").all()


def test_groups_of_other_outputs_and_of_other_data_are_not_judged(store):
    several = {"dataset": "blobs", "classes": "3"}
    for query in ({"output": "sigmoid"}, {"output": "softmax"}, {"classes": "4"}):
        press(opened(**{**SMALL, "epochs": "1", **several, **query}, luck="6"), keys.ONE_EPOCH)
    app, found = go(opened(), "Sweep"), []
    fourth, softmax, sigmoid = (one["key"] for one in sorted(store.all(), key=lambda one: -one["created"]))
    for groups in ([sigmoid, softmax], [sigmoid, fourth]):
        session(app).swept.groups = groups
        app.run()
        assert not verdicts(app)
        found += [c.value for c in app.caption if c.value in (OTHER_SUMS, OTHER_DATA)]
    assert found == [OTHER_SUMS, OTHER_DATA]


def test_batch_sizes_that_no_run_uses_are_told():
    app = go(opened(**SMALL), "Sweep")
    app.multiselect(key=keys.SWEPT).set_value(["batch_size"]).run()
    assert NO_BATCHES in [c.value for c in app.caption]
    app.multiselect(key=keys.SWEPT).set_value(["batch_size", "batch_mode"]).run()
    assert NO_BATCHES not in [c.value for c in app.caption]


def test_the_csv_has_a_row_a_run():
    app = swept()
    table = pd.read_csv(io.BytesIO(page.csv(job(app).results)))
    assert list(table.columns) == list(COLUMNS) and len(table) == 12
    assert table.groupby(["learning_rate", "hidden_size"]).seed.apply(sorted).tolist() == [[0, 1, 2]] * 4
    assert (table.state == "finished").all()


def test_a_click_on_a_cell_shows_its_seeds_and_a_second_one_compares_them():
    app = pick(swept(seeds=6), 0)
    assert len(app.get("vega_lite_chart")) == 2 and {"curve0", "curve1", "curve2"} <= names(app, 1)
    pick(app, 3)
    assert len(app.get("vega_lite_chart")) == 4
    words = next(m.value for m in app.markdown if m.value.startswith("**Larger than luck?**"))
    assert "6 shared seeds" in words
    app.button(key=keys.sweep_let_go("A")).click().run()
    assert session(app).swept.cells == [3]


def test_too_few_seeds_give_no_verdict_and_say_why():
    app = pick(swept(), 0, 3)
    words = next(m.value for m in app.markdown if m.value.startswith("**Larger than luck?**"))
    assert "2/2" in words and "at least 6 seeds" in words


def test_a_cell_opens_on_train_as_a_trained_run_with_its_luck(monkeypatch):
    app = pick(swept(), 3)
    app.button(key=keys.sweep_open("A")).click().run()
    experiment = session(app).experiment
    assert experiment.trainer.epoch == 20 and experiment.plan == Plan(seeds=3)
    config = experiment.trainer.config
    assert (config.learning_rate, config.hidden_size, config.dataset) == (1.0, 4, "circles")
    first = job(app).results["test_loss"][3]
    assert experiment.trainer.recorded["test_loss"][-1] == pytest.approx(first, rel=1e-9)


def test_a_sweep_is_kept_and_found_again_and_the_same_one_is_not_trained_twice(store):
    first = swept()
    assert [one["done"] for one in store.all()] == [12]
    again = swept()
    assert job(again).found == 12 and job(again).trained == 0 and "12 were kept already" in texts(again)
    np.testing.assert_array_equal(job(again).results["test_loss"], job(first).results["test_loss"])
    more = swept(seeds=5)
    assert job(more).found == 12 and job(more).trained == 8 and [one["done"] for one in store.all()] == [20]


def test_a_sweep_that_was_stopped_goes_on_with_what_is_left():
    app = press(at_sweep(seeds=40, epochs="5000"), keys.SWEEP_START)
    press(app, keys.SWEEP_START)  # Stop
    ended(app)
    stopped = job(app)
    done = stopped.done
    assert done < stopped.grid.runs and not app.button(key=keys.SWEEP_GO_ON).disabled
    kept = stopped.results.done.copy()
    before = stopped.results["seconds"].copy()
    press(app, keys.SWEEP_GO_ON)
    stopped.stop()
    stopped.wait(60)
    assert stopped.results.done[kept].all()
    np.testing.assert_array_equal(stopped.results["seconds"][kept], before[kept])


def test_a_page_loaded_anew_finds_the_last_sweep_that_was_not_ended(store):
    app = press(at_sweep(seeds=40, epochs="5000"), keys.SWEEP_START)
    press(app, keys.SWEEP_START)  # Stop
    ended(app)
    if not job(app).done:  # it was stopped before its first run
        press(app, keys.SWEEP_GO_ON)
        while not job(app).done:
            job(app).wait(0.05)
        job(app).stop()
        ended(app)
    again = go(opened(), "Sweep")
    assert job(again) is None
    press(again, keys.SWEEP_LAST)
    assert job(again).done == job(app).done and not again.button(key=keys.SWEEP_GO_ON).disabled


def test_what_is_swept_is_not_told_as_if_it_were_fixed():
    app = at_sweep()
    app.multiselect(key=keys.SWEPT).set_value(["dataset", "hidden_size"]).run()
    ended(press(app, keys.SWEEP_START))
    assert "dataset circles" not in texts(app) and "samples 60" in texts(app)


def test_three_settings_and_more_have_parallel_coordinates_and_the_third_rows_of_pictures():
    app = at_sweep(seeds=1)
    app.multiselect(key=keys.SWEPT).set_value(["learning_rate", "hidden_size", "activation", "noise"]).run()
    typed(app, "noise", "0.1", "0.3")
    ended(press(app, keys.SWEEP_START))
    assert job(app).grid.runs == 24 and "headings" in names(app)
    app.selectbox(key=keys.sweep_at("noise")).set_value(0.3).run()
    assert not app.exception
    choose(app, keys.SWEEP_VIEW, "lines")
    assert "lines" in names(app)


@pytest.mark.parametrize("measure", ["best_test_loss", "test_accuracy", "reached", "diverged", "seconds"])
def test_cells_show_what_is_chosen(measure):
    app = swept()
    app.selectbox(key=keys.SWEEP_MEASURE).set_value(measure).run()
    choose(app, keys.SWEEP_COLOURS, "Log")
    assert not app.exception and "cells" in names(app)


def test_no_test_part_offers_no_test_figures_and_gives_no_verdict():
    app = pick(swept(seeds=6, test_fraction="0"), 0, 3)
    assert "test_loss" not in app.selectbox(key=keys.SWEEP_MEASURE).options
    words = next(m.value for m in app.markdown if m.value.startswith("**Larger than luck?**"))
    assert "held back" in words


def test_a_store_that_cannot_be_opened_is_said_and_the_sweep_goes_on(monkeypatch, tmp_path):
    monkeypatch.setenv("TOYNET_DATABASE_URL", f"sqlite:///{tmp_path}/none/there/runs.db")
    app = swept()
    assert job(app).results.done.all() and any("The sweep is not kept" in w.value for w in app.warning)


def test_what_could_not_be_written_for_a_moment_is_written_in_the_end(store, monkeypatch):
    away, add = [StoreError("the store is away")], Sweeps.add

    def adding(self, key, finished):
        if away:
            raise away.pop()
        add(self, key, finished)

    monkeypatch.setattr(Sweeps, "add", adding)
    app = swept()
    assert not job(app).problem and [one["done"] for one in store.all()] == [12] and not app.warning


def test_data_that_cannot_be_used_are_told_before_anything_is_trained():
    app = at_sweep()
    app.multiselect(key=keys.SWEPT).set_value(["samples", "test_fraction"]).run()
    typed(app, "samples", "20")
    typed(app, "test_fraction", "0.01")
    told = "20 rows (10 in the smaller class) are too few to hold back a test share of 0.01; set it to 0"
    assert told in app.error[0].value and app.button(key=keys.SWEEP_START).disabled
    app.multiselect(key=keys.SWEPT).set_value(["classes"]).run()
    assert "classes must be 2 for circles, not 3" in app.error[0].value and app.button(key=keys.SWEEP_START).disabled


def test_the_luck_of_a_run_is_kept_and_two_of_them_are_compared(store):
    for rate in ("0.1", "1.0"):
        app = opened(**{**SMALL, "epochs": "3"}, luck="6", learning_rate=rate)
        for _ in range(3):
            press(app, keys.ONE_EPOCH)
    kept = store.all()
    assert [(one["kind"], one["done"]) for one in kept] == [("luck", 6)] * 2
    go(app, "Sweep")
    session(app).swept.groups = [one["key"] for one in kept]
    app.run()
    words = next(m.value for m in app.markdown if m.value.startswith("**Larger than luck?**"))
    assert "6 shared seeds" in words
    alone = Trainer(
        replace(Config(samples=60, dataset="circles", epochs=3, learning_rate=1.0), data_seed=4, init_seed=4)
    )
    alone.run()
    assert store.load(kept[0]["key"])["test_loss"][4] == pytest.approx(alone.recorded["test_loss"][-1], rel=1e-12)


def test_a_race_tells_whether_a_lead_is_larger_than_luck():
    app = opened(**{**SMALL, "epochs": "5"}, race="learning_rate", lanes="0.1,3.0", learning_rate="0.1")
    for _ in range(5):
        press(app, keys.ONE_EPOCH)
    app.session_state[keys.CHANCE] = True
    app.run()
    press(app, keys.CHANCE_START)
    words = next(m.value for m in app.markdown if m.value.startswith("**Larger than luck?**"))
    assert "10 shared seeds" in words and "learning rate 0.1" in words
