"""The pages through Streamlit's own AppTest: which controls there are, and what they do to the experiment."""

import pytest

from tests.pages import go, numbers, opened, press, session, trainer
from toynet.config import Config
from toynet.ui import keys
from toynet.ui.controls import upload


@pytest.fixture
def app():
    return opened()


def settings(app):
    """Names of the settings whose controls the sidebar shows."""
    kinds = ("selectbox", "select_slider", "number_input", "button_group", "multiselect")
    shown = (widget.key for kind in kinds for widget in app.sidebar.get(kind))
    return {key.removeprefix(keys.setting("")) for key in shown}


def test_numbers_that_matter_are_in_view(app):
    assert list(numbers(app)) == ["Epoch", "Update", "Train loss", "Test loss", "Test accuracy", "Gradient norm"]


def test_four_pictures(app):
    assert len(app.get("vega_lite_chart")) == 4


def test_sidebar_has_three_sections(app):
    assert [header.value for header in app.sidebar.header] == ["Data", "Network", "Training"]


def test_every_control_has_a_help_text(app):
    for kind in ("selectbox", "select_slider", "number_input", "button_group", "file_uploader"):
        for widget in app.sidebar.get(kind):
            assert widget.proto.help, widget.key


def test_a_browser_that_sees_a_control_late_shows_its_present_value(app):
    """Each control has its present value as its default, in every run and not in the first alone."""
    app.select_slider(key=keys.setting("hidden_size")).set_value(3).run()
    app.selectbox(key=keys.setting("dataset")).set_value("circles").run()
    app.button_group(key=keys.SPEED).set_value("100").run()
    assert app.select_slider(key=keys.setting("hidden_size")).proto.default == [2.0]
    for slider in app.select_slider:
        (place,) = slider.proto.default
        assert list(slider.options)[int(place)] in (f"{slider.value}", f"{slider.value:g}"), slider.key
    for number in app.number_input:
        assert number.proto.default == number.value, number.key
    for box in app.selectbox:
        assert box.proto.default == box.index, box.key
    for group in app.button_group:
        assert list(group.proto.default) == group.indices, group.key


def test_controls_are_labelled_with_what_they_set_and_buttons_with_what_they_do(app):
    labels = {w.label for kind in ("selectbox", "select_slider", "number_input") for w in app.sidebar.get(kind)}
    labels |= {w.proto.label for w in app.sidebar.get("button_group")}
    wanted = {"Dataset", "Samples", "Noise", "Hidden size", "Activation", "Learning rate", "Batch mode", "Epochs"}
    assert wanted <= labels
    assert [b.label for b in app.main.button] == [
        "Reset", "Train", "Step (one update)", "One epoch", "Play", "Go on from here",
    ]  # fmt: skip


def test_batch_size_is_offered_in_mini_batches_only(app):
    assert "batch_size" not in settings(app)
    assert "batch_size" in settings(opened(batch_mode="mini"))


def test_noise_and_samples_are_offered_for_generated_data_only():
    assert {"samples", "noise"} <= settings(opened(dataset="xor"))
    assert not {"samples", "noise"} & settings(opened(dataset="breast_cancer"))


def test_learning_rate_changes_without_a_new_run(app):
    app.button(key=keys.ONE_EPOCH).click().run()
    before = trainer(app)
    app.select_slider(key=keys.setting("learning_rate")).set_value(1.0).run()
    assert trainer(app) is before
    assert before.learning_rate == 1.0
    app.button(key=keys.ONE_EPOCH).click().run()
    assert before.recorded["learning_rate"].tolist() == [0.3, 0.3, 1.0]


def test_epochs_change_without_a_new_run(app):
    app.button(key=keys.ONE_EPOCH).click().run()
    before = trainer(app)
    app.number_input(key=keys.setting("epochs")).set_value(700).run()
    assert trainer(app) is before
    assert session(app).experiment.target == 700


def test_batches_change_without_a_new_run_and_leave_their_marks_in_the_table(app):
    app.button(key=keys.ONE_EPOCH).click().run()
    before = trainer(app)
    app.button_group(key=keys.setting("batch_mode")).set_value("mini").run()
    app.button(key=keys.ONE_EPOCH).click().run()
    app.button(key=keys.STEP).click().run()
    app.select_slider(key=keys.setting("batch_size")).set_value(64).run()
    assert trainer(app) is before and app.query_params["batch_size"] == "64"
    for _ in range(2):
        app.button(key=keys.ONE_EPOCH).click().run()
    assert not app.exception and keys.UNDO not in {button.key for button in app.button}
    assert before.history.batch_mode.tolist() == ["full"] * 2 + ["mini"] * 3
    assert before.history.batch_size.tolist() == [32] * 4 + [64]
    assert before.marks() == [(1, "batch 32"), (3, "batch 64")]


# --- undo ------------------------------------------------------------------------------


@pytest.fixture
def trained(app):
    """Trained for an epoch, at settings of its own."""
    app.select_slider(key=keys.setting("test_fraction")).set_value(0.4).run()
    app.button_group(key=keys.setting("batch_mode")).set_value("mini").run()
    app.button(key=keys.ONE_EPOCH).click().run()
    return app


def undo(app):
    app.button(key=keys.UNDO).click().run()
    assert not app.exception


def test_undo_brings_back_run_numbers_controls_and_address(trained):
    app, before, shown, query = trained, trainer(trained), numbers(trained), dict(trained.query_params)
    app.select_slider(key=keys.setting("hidden_size")).set_value(16).run()
    app.select_slider(key=keys.setting("test_fraction")).set_value(0.1).run()
    app.selectbox(key=keys.setting("dataset")).set_value("penguins.csv").run()
    app.button_group(key=keys.setting("activation")).set_value("relu").run()
    app.button_group(key=keys.setting("batch_mode")).set_value("full").run()
    assert trainer(app).epoch == 0 and any("a new run starts." in m.value for m in app.markdown)
    undo(app)
    assert trainer(app) is before and numbers(app) == shown and dict(app.query_params) == query
    assert app.select_slider(key=keys.setting("hidden_size")).value == 8
    assert app.select_slider(key=keys.setting("test_fraction")).value == 0.4
    assert app.selectbox(key=keys.setting("dataset")).value == "moons"
    assert app.button_group(key=keys.setting("activation")).value == "tanh"
    assert app.button_group(key=keys.setting("batch_mode")).value == "mini"
    assert keys.UNDO not in {button.key for button in app.button}
    app.run()
    assert trainer(app) is before


def test_reset_offers_undo_and_training_on_ends_the_offer(trained):
    app, before = trained, trainer(trained)
    app.button(key=keys.RESET).click().run()
    undo(app)
    assert trainer(app) is before
    app.button(key=keys.RESET).click().run()
    app.button(key=keys.STEP).click().run()
    assert keys.UNDO not in {button.key for button in app.button}


def test_undo_from_the_derivation_page(trained):
    app, before = trained, trainer(trained)
    go(app, "Derivation")
    app.select_slider(key=keys.setting("hidden_size")).set_value(16).run()
    assert "h = 16" in " ".join(m.value for m in app.markdown)
    undo(app)
    assert trainer(app) is before and "h = 8" in " ".join(m.value for m in app.markdown)
    go(app, "Train")
    assert trainer(app) is before and app.select_slider(key=keys.setting("hidden_size")).value == 8


def test_an_untrained_run_is_replaced_without_a_word(app):
    app.select_slider(key=keys.setting("hidden_size")).set_value(3).run()
    assert keys.UNDO not in {button.key for button in app.button}


# --- units that are stuck --------------------------------------------------------------


def test_a_dead_layer_is_named_on_the_train_page():
    app = opened(dataset="xor", activation="relu", learning_rate="10", batch_mode="stochastic", hidden_size="16")
    assert not app.warning
    app.button(key=keys.ONE_EPOCH).click().run()
    (warning,) = app.warning
    assert "dead: A1 = 0 for all training samples" in warning.value
    app.button(key=keys.RESET).click().run()
    assert not app.warning


@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_a_diverged_run_shows_its_last_finite_update_and_one_message(batch_mode):
    app = opened(activation="relu", learning_rate="1000000", noise="0.5", batch_mode=batch_mode)
    for _ in range(20):
        if not trainer(app).diverged:
            app.button(key=keys.ONE_EPOCH).click().run()
    (error,) = app.error
    assert f"Diverged at update {trainer(app).update + 1:,}:" in error.value
    assert f"after update {trainer(app).update:,}, the last finite" in error.value and not app.warning
    shown = numbers(app)
    assert shown["Update"] == f"{trainer(app).update:,}" and shown["Epoch"] == f"{trainer(app).epoch:,}"
    assert not {"nan", "inf"} & {word for value in shown.values() for word in value.lower().split()}


@pytest.mark.parametrize(
    ("name", "value"), [("hidden_size", 3), ("samples", 100), ("noise", 0.5), ("test_fraction", 0.5)]
)
def test_another_network_or_other_data_is_a_new_run(app, name, value):
    app.button(key=keys.ONE_EPOCH).click().run()
    app.select_slider(key=keys.setting(name)).set_value(value).run()
    assert trainer(app).epoch == 0
    assert getattr(trainer(app).config, name) == value
    assert app.query_params[name] == str(value)


def test_settings_come_from_the_address():
    app = opened(dataset="spirals", hidden_size="9", learning_rate="0.25", batch_mode="mini", batch_size="7")
    config = trainer(app).config
    assert (config.dataset, config.hidden_size, config.learning_rate) == ("spirals", 9, 0.25)
    assert (config.batch_mode, config.batch_size) == ("mini", 7)


def test_nonsense_in_the_address_is_said_once_and_the_rest_is_kept():
    app = opened(hidden_size="many", noise="nan", epochs="99")
    (warning,) = app.warning
    assert "hidden_size must be a whole number from 1 to 256, not 'many'" in warning.value
    assert "noise must be a number from 0 to 1, not nan" in warning.value
    assert trainer(app).config.epochs == 99


def test_a_files_columns_are_offered_without_what_another_has_taken():
    app = opened(dataset="csv", data_file="penguins.csv")
    first, second = app.selectbox(key=keys.setting("feature_1")), app.selectbox(key=keys.setting("feature_2"))
    assert first.value not in second.options
    app.selectbox(key=keys.setting("target")).set_value("species").run()
    assert "class_1" in settings(app) and "class_0" not in settings(app)
    assert trainer(app).split.class_names == ("Adelie", "Chinstrap", "Gentoo")
    app.selectbox(key=keys.setting("class_1")).set_value("Chinstrap").run()
    app.selectbox(key=keys.setting("class_0")).set_value("").run()
    assert trainer(app).split.class_names == ("not Chinstrap", "Chinstrap")
    assert "2 rows were left out" in " ".join(c.value for c in app.sidebar.caption)


def test_inputs_are_chosen_among_terms_and_columns(app):
    app.multiselect(key=keys.setting("features")).set_value(["x1", "x2", "x1^2", "sin x2"]).run()
    assert trainer(app).config.features == "x1;x2;x1^2;sin x2" and trainer(app).parameters.W1.shape[1] == 4
    app.selectbox(key=keys.setting("dataset")).set_value("wine").run()
    inputs = app.multiselect(key=keys.setting("features"))
    assert inputs.value == list(trainer(app).split.feature_names) == ["alcohol", "flavanoids"]
    inputs.set_value([*inputs.value, "hue", "x1 x2"]).run()
    assert trainer(app).split.feature_names == ("alcohol", "flavanoids", "hue", "x1 x2") and not app.exception
    app.selectbox(key=keys.setting("feature_1")).set_value("ash").run()
    assert trainer(app).split.feature_names == ("alcohol", "flavanoids", "hue", "x1 x2")  # as chosen
    app.multiselect(key=keys.setting("features")).set_value([]).run()
    app.selectbox(key=keys.setting("feature_1")).set_value("hue").run()
    assert app.multiselect(key=keys.setting("features")).value == ["hue", "flavanoids"]
    assert trainer(app).split.feature_names == ("hue", "flavanoids")
    app.selectbox(key=keys.setting("dataset")).set_value("circles").run()
    app.multiselect(key=keys.setting("features")).set_value(["x1^2", "x2^2"]).run()
    app.selectbox(key=keys.setting("dataset")).set_value("xor").run()
    assert trainer(app).config.features == "x1^2;x2^2"
    app.multiselect(key=keys.setting("features")).set_value([]).run()
    assert trainer(app).config.features == "" and trainer(app).split.drawn is None


def test_more_classes_bring_more_outputs_and_their_choice(app):
    assert "output" not in settings(app) and "classes" not in settings(app)
    app.selectbox(key=keys.setting("dataset")).set_value("blobs").run()
    app.button_group(key=keys.setting("classes")).set_value("4").run()
    assert trainer(app).parameters.W2.shape[0] == 4 and not app.exception
    app.button_group(key=keys.setting("output")).set_value("softmax").run()
    app.select_slider(key=keys.setting("l2")).set_value(0.01).run()
    app.select_slider(key=keys.setting("momentum")).set_value(0.9).run()
    config = trainer(app).config
    assert (config.classes, config.output, config.l2, config.momentum) == (4, "softmax", 0.01, 0.9)
    app.selectbox(key=keys.setting("dataset")).set_value("moons").run()
    assert trainer(app).config.classes == 2 and trainer(app).parameters.W2.shape[0] == 1 and not app.error
    app.selectbox(key=keys.setting("dataset")).set_value("spirals").run()
    assert trainer(app).config.classes == 4  # as before


@pytest.mark.parametrize(
    "settings",
    [
        {"dataset": "wine", "features": "x1;x2;x1^2"},
        {"dataset": "iris", "features": "x1; x2 ;petal length (cm);sepal width (cm)"},
        {"dataset": "iris", "features": "petal length (cm);petal width (cm)"},
        {"dataset": "csv", "data_file": "penguins.csv", "target": "species", "features": "x1;x2;x1 x2"},
        {"features": "x1;x2"},
        {"features": "x2;x1;sin x1"},
    ],
    ids=str,
)
def test_inputs_stay_in_the_words_of_a_link(settings):
    app = opened(**settings)
    assert trainer(app).config.features == settings["features"] and not app.error
    press(app, keys.STEP)
    assert trainer(app).config.features == settings["features"] and trainer(app).update == 1


def test_a_file_too_small_to_split_is_trained_on_whole(app):
    app.selectbox(key=keys.setting("dataset")).set_value("xor.csv").run()
    assert not app.exception
    assert not app.error
    assert trainer(app).split.y_train.size == 4
    assert numbers(app)["Test loss"] == "–"


def test_the_test_share_comes_back_after_a_file_too_small_to_split(app):
    app.select_slider(key=keys.setting("test_fraction")).set_value(0.4).run()
    for dataset in ("xor.csv", "moons", "xor.csv", "breast_cancer"):
        app.selectbox(key=keys.setting("dataset")).set_value(dataset).run()
        assert trainer(app).config.test_fraction == (0.0 if dataset == "xor.csv" else 0.4)


def test_breast_cancer_opens_on_its_own_features_after_a_file():
    app = opened(dataset="csv", data_file="penguins.csv")
    app.selectbox(key=keys.setting("dataset")).set_value("breast_cancer").run()
    assert trainer(app).split.feature_names == ("mean radius", "mean concave points")


def test_a_link_whose_data_cannot_be_split_gives_the_default_and_says_so():
    app = opened(samples="20", test_fraction="0.01")
    (warning,) = app.warning
    assert "too few to hold back a test share of 0.01" in warning.value
    assert trainer(app).config == Config()


def test_batches_are_smaller_than_the_training_part():
    app = opened(batch_mode="mini", samples="100")
    assert app.select_slider(key=keys.setting("batch_size")).options[-1] == "64"


def test_fewer_epochs_than_there_have_been_end_the_run_where_it_is(app):
    for _ in range(3):
        app.button(key=keys.ONE_EPOCH).click().run()
    app.number_input(key=keys.setting("epochs")).set_value(2).run()
    assert session(app).experiment.target == 3


def test_back_from_a_file_to_generated_data():
    app = opened(dataset="csv", data_file="penguins.csv")
    app.selectbox(key=keys.setting("dataset")).set_value("moons").run()
    assert trainer(app).config.dataset == "moons"
    assert trainer(app).config.data_file == ""


def test_an_upload_becomes_the_data_and_a_broken_one_changes_nothing(app, tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "UPLOADS", tmp_path / "uploads")
    monkeypatch.setattr(upload.csv_files, "DATA", tmp_path)
    before = trainer(app)
    app.file_uploader(key=keys.UPLOAD).set_value(("broken.csv", b"\x89PNG\0", "text/csv")).run()
    assert [e.value for e in app.error] == ["broken.csv is not a text file; export the table as CSV (UTF-8)."]
    one_class = "a,b,c\n" + "".join(f"{i % 7},{i % 5},x\n" for i in range(50))
    app.file_uploader(key=keys.UPLOAD).set_value(("one.csv", one_class.encode(), "text/csv")).run()
    assert [e.value for e in app.error] == ["one.csv: column 'c' has one value; a target needs two."]
    assert trainer(app) is before
    rows = "".join(f"{i % 7},{i % 5},{'a' if i % 7 > 3 else 'b'}\n" for i in range(50))
    app.file_uploader(key=keys.UPLOAD).set_value(("good.csv", f"x,y,c\n{rows}".encode(), "text/csv")).run()
    assert not app.error
    assert trainer(app).split.feature_names == ("x", "y")
    assert trainer(app).config.data_file.startswith("uploads/good-")


@pytest.mark.parametrize("dataset", ["moons", "circles", "blobs", "quantiles", "xor", "spirals", "breast_cancer"])
def test_every_dataset_opens(dataset):
    app = opened(dataset=dataset)
    assert not app.error
    assert not app.warning


def test_what_was_done_with_a_file_is_said_beside_its_columns(app, tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "UPLOADS", tmp_path / "uploads")
    monkeypatch.setattr(upload.csv_files, "DATA", tmp_path)
    rows = "".join(f"{i % 7},5;{i % 5};{'NA' if i == 9 else 'ja' if i % 2 else 'nein'}\n" for i in range(50))
    app.file_uploader(key=keys.UPLOAD).set_value(("mess.csv", f"x;x;c\n{rows}".encode(), "text/csv")).run()
    captions = [c.value for c in app.sidebar.caption]
    assert "Columns of the same name are numbered from left to right: 'x (2)'." in captions
    assert "Commas in 'x' are read as decimal points." in captions
    assert "1 row was left out because of missing cells (NA counts as missing); 49 are used." in captions


def test_reset_after_the_file_is_gone_says_so_and_leaves_the_run(monkeypatch, tmp_path):
    monkeypatch.setattr(upload, "UPLOADS", tmp_path / "uploads")
    monkeypatch.setattr(upload.csv_files, "DATA", tmp_path)
    app = opened()
    rows = "".join(f"{i % 7},{i % 5},{i % 2}\n" for i in range(60))
    app.file_uploader(key=keys.UPLOAD).set_value(("mine.csv", f"a,b,kind\n{rows}".encode(), "text/csv")).run()
    press(app, keys.ONE_EPOCH)
    next((tmp_path / "uploads").glob("*.csv")).unlink()
    press(app, keys.RESET)
    assert not app.exception and trainer(app).epoch == 1
    assert any("there is no file" in e.value for e in app.error)
