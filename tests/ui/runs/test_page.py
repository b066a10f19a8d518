"""The page Runs through AppTest: what it lists, narrows, compares, says, deletes, exports and takes in."""

import io
import json
import re
import zipfile

import pandas as pd
import pytest

from tests.pages import go, opened, press, session, trainer
from toynet import Config, Store, Trainer, train
from toynet.many.measures import OTHER_DATA, OTHER_SUMS
from toynet.sharing import documents
from toynet.sharing.kinds import KINDS
from toynet.ui import keeping, keys
from toynet.ui.runs import share, table, words

pytestmark = pytest.mark.usefixtures("store")


def kept(store, **runs):
    """Keep trained runs by name, each with its settings."""
    for name, settings in runs.items():
        store.keep(train(Config(**{"epochs": 6, "samples": 40, "hidden_size": 3, **settings}), run=name))


def page(chosen=()):
    app = opened()
    go(app, "Runs")
    return choose(app, chosen)


def choose(app, runs):
    session(app).chosen = list(runs)
    session(app).cleared += 1
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def shown(app):
    return app.dataframe[0].value


def said(app):
    return " ".join(m.value for kind in ("caption", "info", "error", "success", "markdown") for m in app.get(kind))


def captions(app):
    """What stands above each boundary, but for the name."""
    return [word for m in app.get("html") for word in re.findall("<small>(.*?)</small>", m.proto.body)]


# --- the table -------------------------------------------------------------------------


def test_an_empty_store_says_how_a_run_comes_to_be_kept():
    assert "No run is kept yet" in said(page())


def test_a_row_a_run_with_what_differs_and_what_it_came_to(store):
    kept(store, one={"learning_rate": 0.1}, two={"learning_rate": 0.5})
    app = page()
    frame = shown(app)
    assert frame.columns[:5].tolist() == ["label", "sketch", "created", "state", "learning_rate"]
    assert {"epoch", "test_loss", "best_test_loss", "best_epoch", "test_accuracy", "seconds"} <= set(frame)
    assert frame.label.tolist() == ["two", "one"] and frame.learning_rate.tolist() == [0.5, 0.1]
    assert frame.test_loss.tolist() == [store.history(run).test_loss.iloc[-1] for run in ("two", "one")]
    folded = next(c.value for c in app.caption if c.value.startswith("All 2"))
    assert "hidden size 3" in folded and "noise" in folded and "learning rate" not in folded


def test_settings_that_make_no_difference_to_any_of_the_runs_are_not_told(store):
    kept(store, one={"dataset": "iris", "learning_rate": 0.1, "noise": 0.1, "batch_size": 5}, two={"dataset": "wine"})
    app = page()
    frame = shown(app)
    assert {"learning_rate", "dataset"} <= set(frame) and not {"noise", "batch_size"} & set(frame)
    folded = next(c.value for c in app.caption if c.value.startswith("All 2"))
    assert not [word for word in ("samples", "noise", "classes", "batch size") if word in folded]


def test_rows_are_searched_filtered_and_sorted(store):
    kept(store, one={"learning_rate": 0.1}, two={"learning_rate": 0.5}, three={"dataset": "circles"})
    store.describe("two", name="The second", tags=["seminar"])
    app = page()
    for text, found in (
        ("seminar", ["The second"]),
        ("circles", ["three"]),
        ("learning_rate=0.1", ["one"]),
        ("x y", []),
    ):
        app.text_input(key=keys.RUNS_SEARCH).set_value(text).run()
        assert (shown(app).label.tolist() if app.dataframe else []) == found
    app.text_input(key=keys.RUNS_SEARCH).set_value("").run()
    app.multiselect(key=keys.runs_with("dataset")).set_value(["moons"]).run()
    assert sorted(shown(app).label) == ["The second", "one"]
    app.multiselect(key=keys.runs_with("dataset")).set_value([]).run()
    app.selectbox(key=keys.RUNS_SORT).set_value("Learning rate").run()
    assert shown(app).learning_rate.tolist() == [0.1, 0.3, 0.5]
    app.button_group(key=keys.RUNS_ORDER).set_value("Highest").run()
    assert shown(app).learning_rate.tolist() == [0.5, 0.3, 0.1]


def test_columns_can_be_chosen(store):
    kept(store, one={})
    app = page()
    app.multiselect(key=keys.RUNS_COLUMNS).set_value(["label", "grad_norm", "engine"]).run()
    assert shown(app).columns.tolist() == ["label", "grad_norm", "engine"]


def test_many_runs_have_pages_and_what_is_chosen_stays_chosen(store, monkeypatch):
    monkeypatch.setattr(table, "PAGE", 2)
    kept(store, **{f"run{n}": {"init_seed": n} for n in range(5)})
    app = page(["run4", "run0"])
    assert shown(app).label.tolist() == ["run4", "run3"]
    app.number_input(key=keys.RUNS_PAGE).set_value(3).run()
    assert shown(app).label.tolist() == ["run0"] and session(app).chosen == ["run4", "run0"]


def test_other_peoples_runs_are_not_shown(store, monkeypatch):
    from toynet.runs.records import Source

    store.keep(train(Config(epochs=2), run="hers"), Source("ann"))
    monkeypatch.setattr(keeping, "owner", lambda: "bob")
    assert "No run is kept yet" in said(page())


def test_what_is_said_of_a_run_elsewhere_is_seen_here(store):
    kept(store, one={})
    app = page()
    store.describe("one", name="a name", note="a note")
    app.run()
    assert (shown(app).label.tolist(), shown(app).note.tolist()) == (["a name"], ["a note"])
    store.describe("one", name="")
    app.run()
    assert shown(app).label.tolist() == ["one"]


# --- the chosen ones -------------------------------------------------------------------


def test_chosen_runs_are_compared_in_words_and_pictures(store):
    kept(store, one={"learning_rate": 0.1}, two={"learning_rate": 0.5})
    app = page(["one", "two"])
    assert "These runs differ only in learning rate." in said(app)
    assert len(app.get("vega_lite_chart")) == 3
    app.button_group(key=keys.RUNS_MEASURE).set_value("grad_norm").run()
    app.slider(key=keys.runs_at("epoch")).set_value(2).run()
    assert not app.exception
    assert [c.partition(":")[0] for c in captions(app)] == ["Epoch 2", "Epoch 2"]
    loss = Store(None).history("one").train_loss.iloc[2]
    assert f"train loss {loss:.4f}" in captions(app)[0]


def test_a_run_that_ended_before_stands_at_its_end_and_updates_are_told_apart_from_epochs(store):
    kept(store, short={"epochs": 3}, long={"epochs": 9, "batch_mode": "stochastic"})
    app = page(["short", "long"])
    assert [c.partition(":")[0] for c in captions(app)] == ["Epoch 3", "Epoch 9"]
    app.button_group(key=keys.RUNS_BY).set_value("update").run()
    app.slider(key=keys.runs_at("update")).set_value(60).run()
    assert [c.partition(":")[0] for c in captions(app)] == ["Epoch 3", "Epoch 2"]


def test_labels_tell_runs_apart_and_are_all_different():
    rows = pd.DataFrame([{**Config().to_dict(), "name": "", "run": run} for run in ("a", "b", "c")])
    assert words.labels(rows) == ["a", "b", "c"]
    rows["learning_rate"] = [0.1, 0.1, 0.5]
    assert words.labels(rows) == ["learning rate 0.1", "learning rate 0.1 (b)", "learning rate 0.5"]
    rows["name"] = ["mine", "", ""]
    assert words.labels(rows)[0] == "mine"


def test_of_runs_whose_file_is_gone_the_tables_can_be_had(store, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i % 7},{i % 5},{i % 2}\n" for i in range(60)))
    kept(store, one={"dataset": "csv", "data_file": str(path)}, two={})
    ids = [keys.export(name) for name in KINDS]

    def disabled():
        return {b.key: b.proto.disabled for b in page(["one"]).get("download_button") if b.key in ids}

    assert not any(disabled().values())
    path.unlink()
    now = disabled()
    assert now[keys.export("json")] and now[keys.export("png")] and not now[keys.export("csv")]
    assert any("is no longer here: without it only the tables" in c.value for c in page(["one"]).caption)


def test_settings_of_some_of_the_runs_are_not_told_of_all(store):
    kept(store, one={"dataset": "iris"}, two={})
    folded = next(c.value for c in page().caption if c.value.startswith("All 2"))
    assert "noise" not in folded and "hidden size 3" in folded


def rows_of(*settings):
    rows = [{**Config(**each).to_dict(), "name": "", "run": f"{n}"} for n, each in enumerate(settings)]
    return pd.DataFrame(rows)


def test_labels_name_the_settings_that_tell_runs_apart():
    blobs = {"dataset": "blobs", "classes": 3, "output": "softmax", "hidden_size": 4, "l2": 0.01}
    rows = rows_of({}, {"dataset": "circles"}, blobs)
    assert words.labels(rows) == [
        "hidden size 8, dataset moons",
        "hidden size 8, dataset circles",
        "hidden size 4, dataset blobs",
    ]


def test_losses_that_cannot_be_compared_are_said_to_be_such():
    assert words.why_unlike(rows_of({}, {"l2": 0.1, "output": "softmax"})) == ""  # of two classes both do the same
    assert words.why_unlike(rows_of({"dataset": "iris"}, {"dataset": "iris", "output": "softmax"})) == OTHER_SUMS
    assert words.why_unlike(rows_of({}, {"dataset": "circles"})) == OTHER_DATA
    several = {"dataset": "blobs", "classes": 3}
    assert words.why_unlike(rows_of(several, {**several, "classes": 4})) == OTHER_DATA
    assert words.why_unlike(rows_of(several, {**several, "output": "softmax"})) == OTHER_SUMS


def test_curves_of_runs_with_other_outputs_are_drawn_with_a_word_on_it(store):
    kept(store, one={"dataset": "iris"}, two={"dataset": "iris", "output": "softmax"})
    assert f"These runs differ only in output. {OTHER_SUMS}" in [c.value for c in page(["one", "two"]).caption]


def test_name_note_and_tags_are_kept_and_shown_as_text(store):
    kept(store, one={})
    app = page(["one"])
    key = keys.describe("one")
    app.text_input(key=f"{key}_name").set_value("![x](http://127.0.0.1:1/x.svg)")
    app.text_area(key=f"{key}_note").set_value("=1+1")
    app.text_input(key=f"{key}_tags").set_value("a, b ,a,, ")
    next(b for b in app.button if b.label == "Save").click().run()
    row = store.runs().iloc[0]
    assert (row["name"], row.note, row.tags) == ("![x](http://127.0.0.1:1/x.svg)", "=1+1", ["a", "b"])
    assert shown(app).label.tolist() == ["![x](http://127.0.0.1:1/x.svg)"]
    assert not any("![x](" in m.value for m in [*app.markdown, *app.caption])


def test_deleted_runs_come_back_by_undo(store):
    kept(store, one={}, two={})
    app = page(["one"])
    press(app, keys.RUNS_DELETE)
    assert shown(app).label.tolist() == ["two"] and store.runs().run.tolist() == ["two"] and session(app).chosen == []
    press(app, keys.UNDO_DELETE)
    assert sorted(shown(app).label) == ["one", "two"] and session(app).chosen == ["one"]


def test_a_run_that_is_being_trained_is_not_deleted(store):
    from toynet.runs.records import Record

    other = Trainer(Config(epochs=30), run="elsewhere")
    other.run(epochs=3)
    store.save(Record.of(other, is_running=True, holder="another-machine/1/2.0/x"))
    app = page(["elsewhere"])
    press(app, keys.RUNS_DELETE)
    assert store.runs().run.tolist() == ["elsewhere"] and "is not deleted: pause it first" in said(app)


def test_open_begins_a_run_of_its_own_at_the_sliders_epoch(store):
    kept(store, one={"batch_mode": "mini"})
    app = page(["one"])
    app.slider(key=keys.runs_at("epoch")).set_value(2).run()
    app.button(key=keys.RUNS_OPEN).click().run()
    assert trainer(app).epoch == 2 and trainer(app).run_name != "one"
    assert session(app).experiment.kept.source.parent == "one"


def test_go_on_takes_up_the_very_run(store):
    kept(store, one={})
    app = page(["one"])
    app.button(key=keys.RUNS_GO_ON).click().run()
    assert trainer(app).run_name == "one" and trainer(app).epoch == 6


# --- away and back ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [name for name in KINDS if name not in ("svg", "png", "gif", "tensorboard")])
def test_each_form_of_one_run_and_of_several(store, kind):
    kept(store, one={}, two={"learning_rate": 0.5})
    assert share.made(kind, ["one"])
    several = share.made(kind, ["one", "two"])
    if kind in share.OF_SEVERAL:
        assert b"one" in several and b"two" in several
    else:
        assert len(zipfile.ZipFile(io.BytesIO(several)).namelist()) == 2


@pytest.mark.parametrize("kind", ["svg", "gif"])
def test_what_takes_a_while_is_made_elsewhere(store, kind):
    kept(store, one={})
    made = share.made(kind, ["one"], "losses")
    assert made[:4] in (b"<svg", b"GIF8")


def test_an_exported_run_is_imported_once(store):
    own = train(Config(epochs=4), run="own")
    app = page()
    upload(app, "run.json", documents.to_json(own.state(), own.split, {"name": "Mine"}))
    assert store.runs().state.tolist() == ["imported"] and shown(app).label.tolist() == ["Mine"]
    app.run()
    assert len(store.runs()) == 1 and session(app).chosen == ["own"]


@pytest.mark.parametrize("content", [b"", b"{", b"a,b\n1,2\n", json.dumps({"kind": "other"}).encode()])
def test_what_is_no_run_is_refused_in_a_sentence_and_changes_nothing(store, content):
    app = page()
    upload(app, "![x](http://127.0.0.1:1/x.svg).json", content)
    assert "cannot be imported" in said(app) and "![x](" not in said(app)
    assert store.runs().empty


def upload(app, name, content):
    app.file_uploader(key=keys.IMPORT).set_value((name, content, "application/json")).run()
    assert not app.exception, [e.value for e in app.exception]


# --- behind the live curves ------------------------------------------------------------


def test_kept_runs_stand_behind_the_live_curves(store):
    kept(store, one={}, two={"learning_rate": 0.5})
    app = opened()
    session(app).behind = ["one", "gone", "two"]
    app.run()
    assert session(app).behind == ["one", "two"]
    spec = json.loads(app.get("vega_lite_chart")[1].proto.spec)
    assert sum("behind" in json.dumps(layer.get("data", {})) for layer in spec["layer"]) == 2
    legend = next(part.proto.body for part in app.get("html") if "Behind" in part.proto.body)
    assert "moons, h 3, η 0.5, full" in legend
