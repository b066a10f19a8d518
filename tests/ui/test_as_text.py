"""What people typed is shown letter by letter: as Markdown for Streamlit, wherever a page shows it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pages import derivation, opened, show
from toynet.ui import keys
from toynet.ui.as_text import JOINER, MOST, as_text
from toynet.ui.controls import upload
from toynet.ui.derivation.page import SECTIONS

IMAGE = "![x](http://127.0.0.1/x.svg)"
NAMES = [IMAGE, "$a_1$", ":red[www.evil.org]"]


def read(markdown):
    """The text that Markdown with nothing but escapes shows."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


@given(st.text(alphabet=st.sampled_from("a1 :/.@w$*_[](){}!<>#-+=~|&`\\\n"), max_size=40) | st.text(max_size=40))
def test_any_text_is_there_and_its_marks_are_escaped(text):
    markdown = as_text(text)
    if JOINER not in text and text.isprintable():
        assert read(markdown) == " ".join(text.split())
    bare = re.sub(r"\\.", "", markdown)
    assert not re.search(r"[`*\[\]<>$~|&]|:[^\s\u2060]|www\.|[^\u2060]@|^\d+[.)]|--|->|>=", bare, re.IGNORECASE)
    assert not re.search(r"(?<!\\)((?<![^\W_])_|_(?![^\W_]))", markdown)
    assert not markdown or markdown[0] not in "#+=-"
    assert "\n" not in markdown


@pytest.mark.parametrize(
    "text", ["one.csv: column 'c' has one value; a target needs two", "12 of 300 (4 %)", "η = 0.3"]
)
def test_plain_words_stay_as_they_are(text):
    assert as_text(text) == text


@pytest.mark.parametrize("text", ["x" * 5_000_000, "$" * 5_000_000, " x" * 5000])
def test_long_texts_are_cut(text):
    assert read(as_text(text)).endswith("…") and len(as_text(text)) <= 3 * MOST


def test_characters_that_hide_or_turn_others_are_not_shown():
    assert as_text("a\u202eb\x00c\x1b") == "a b c"


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """A stored upload all of whose names are marks of Markdown; its name for an address."""
    monkeypatch.setattr(upload.csv_files, "DATA", tmp_path)
    monkeypatch.setattr(upload, "UPLOADS", tmp_path / "uploads")
    rows = "".join(f'{i},{i % 7},"{NAMES[i % 2]}",{IMAGE if i == 9 else i}\n' for i in range(60))
    return upload.keep(f'{NAMES[0]},{NAMES[1]},{NAMES[2]},"{IMAGE} too"\n{rows}'.encode(), f"{IMAGE}.csv")


def assert_all_is_text(app):
    """No element but those that take no Markdown has the names as they are."""
    for part in (app.main, app.sidebar):
        for element in part:
            if element.type not in ("selectbox", "multiselect", "vega_lite_chart", "arrow_vega_lite_chart", "code"):
                told = str(element.proto if hasattr(element, "proto") else "")
                for name in NAMES:
                    assert name not in told.replace("\\\\", "\\"), (element.type, told)


def test_names_of_columns_classes_and_files_are_text_on_both_pages(hostile):
    query = {"dataset": "csv", "data_file": hostile}
    app = opened(**query)
    assert app.selectbox(key=keys.setting("feature_1")).value == IMAGE
    assert any(as_text(IMAGE[:30]) in caption.value for caption in app.sidebar.caption)
    assert_all_is_text(app)
    app = derivation(**query)
    for section in SECTIONS:
        show(app, section)
        assert_all_is_text(app)


@pytest.mark.parametrize("page", ["train", "derivation"])
@pytest.mark.parametrize("place", ["key", "value", "file", "column"])
def test_addresses_are_text(hostile, page, place):
    query = {
        "key": {IMAGE: "1"},
        "value": {"dataset": IMAGE},
        "file": {"dataset": "csv", "data_file": IMAGE},
        "column": {"dataset": "csv", "data_file": hostile, "target": f"{IMAGE}{IMAGE}"},
    }[place]
    app = opened(**query) if page == "train" else derivation(**query)
    assert app.warning or page == "derivation"
    assert_all_is_text(app)


def test_a_choice_that_cannot_be_is_told_as_text(hostile):
    app = opened(dataset="csv", data_file=hostile)
    app.selectbox(key=keys.setting("target")).set_value("$a_1$").run()
    assert as_text("'$a_1$' leaves fewer than two numeric columns") in app.error[0].value
    assert_all_is_text(app)


def test_an_upload_that_cannot_be_used_is_told_as_text():
    app = opened()
    app.file_uploader(key=keys.UPLOAD).set_value((f"{IMAGE}.csv", b"a,b\n1,2\n", "text/csv")).run()
    (error,) = app.error
    assert as_text(IMAGE) in error.value
    assert_all_is_text(app)


def test_a_typed_answer_is_told_as_text():
    app = derivation("Your turn")
    app.text_area[0].set_value("$a_1$ 1 2 3")
    next(b for b in app.button if b.label == "Check").click().run()
    assert as_text("$a_1$") in app.warning[0].value
    assert_all_is_text(app)
